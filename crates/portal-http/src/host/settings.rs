//! The settings of the practice.

use std::borrow::Cow;

use axum::Json;
use portal_domain::practice::{Place, ReturnAddress, SecondFactor, SessionsOnMove, Settings, SharedLogin};

use serde::Serialize;
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use super::Answer;
use crate::{
    ask::{Plain, Sent},
    caller::Host,
    document::{Says, answered, says},
    json::{self, Fields, FromFields},
    present::{Put, outcome},
    problem::Problem,
};

pub(super) const SAYS: &[Says] =
    &[says("GET /settings", "The settings"), says("PUT /settings", "Changes the settings that are given")];

/// What is to change; what is left out stays.
pub(crate) struct SettingsBody {
    shared_login: Option<SharedLogin>,
    sessions_on_move: Option<SessionsOnMove>,
    activation_link_hours: Option<u32>,
    reset_link_minutes: Option<u32>,
    session_idle_minutes: Option<u32>,
    session_absolute_hours: Option<u32>,
    password_min_length: Option<u32>,
    hint_mail: Option<bool>,
    reminder_days: Option<Vec<u32>>,
    mail_reply_to: Option<Option<String>>,
    contact_line: Option<String>,
    invitation_note: Option<String>,
    mails_per_hour: Option<Option<u32>>,
    locale: Option<String>,
    accent: Option<Option<String>>,
    logo: Option<Option<String>>,
    places: Option<Vec<PlaceBody>>,
    return_addresses: Option<Vec<ReturnBody>>,
    second_factor: Option<SecondFactor>,
}

/// A place; without a sentence it has an empty one.
struct PlaceBody(Place);

impl FromFields for PlaceBody {
    fn from_fields(fields: &mut Fields) -> Result<Self, Problem> {
        let name = fields.required("name", Fields::text)?;
        let address = fields.required("address", Fields::text)?;
        Ok(Self(Place { name, address, sentence: fields.text("sentence")?.unwrap_or_default() }))
    }
}

/// Where clients may be sent back to.
struct ReturnBody(ReturnAddress);

impl FromFields for ReturnBody {
    fn from_fields(fields: &mut Fields) -> Result<Self, Problem> {
        let name = fields.required("name", Fields::text)?;
        Ok(Self(ReturnAddress { name, address: fields.required("address", Fields::text)? }))
    }
}

impl FromFields for SettingsBody {
    fn from_fields(fields: &mut Fields) -> Result<Self, Problem> {
        Ok(Self {
            shared_login: fields.word("shared_login")?,
            sessions_on_move: fields.word("sessions_on_move")?,
            activation_link_hours: fields.number_within("activation_link_hours", &(1..=720))?,
            reset_link_minutes: fields.number_within("reset_link_minutes", &(10..=1440))?,
            session_idle_minutes: fields.number_within("session_idle_minutes", &(5..=1440))?,
            session_absolute_hours: fields.number_within("session_absolute_hours", &(1..=720))?,
            password_min_length: fields.number_within("password_min_length", &(8..=64))?,
            hint_mail: fields.flag("hint_mail")?,
            reminder_days: fields.numbers("reminder_days")?,
            mail_reply_to: fields.nullable("mail_reply_to", Fields::text)?,
            contact_line: fields.text("contact_line")?,
            invitation_note: fields.text("invitation_note")?,
            mails_per_hour: fields
                .nullable("mails_per_hour", |fields, name| fields.number_within(name, &(1..=1_000_000)))?,
            locale: fields.text("locale")?,
            accent: fields.nullable("accent", Fields::text)?,
            logo: fields.nullable("logo", Fields::text)?,
            places: fields.objects("places")?,
            return_addresses: fields.objects("return_addresses")?,
            second_factor: fields.word("second_factor")?,
        })
    }
}

impl SettingsBody {
    fn places(&self) -> Option<Vec<Place>> {
        let places = self.places.as_ref()?;
        Some(places.iter().map(|PlaceBody(place)| place.clone()).collect())
    }

    fn return_addresses(&self) -> Option<Vec<ReturnAddress>> {
        let addresses = self.return_addresses.as_ref()?;
        Some(addresses.iter().map(|ReturnBody(address)| address.clone()).collect())
    }

    fn over(&self, before: Settings) -> Settings {
        Settings {
            shared_login: self.shared_login.unwrap_or(before.shared_login),
            sessions_on_move: self.sessions_on_move.unwrap_or(before.sessions_on_move),
            activation_link_hours: self.activation_link_hours.unwrap_or(before.activation_link_hours),
            reset_link_minutes: self.reset_link_minutes.unwrap_or(before.reset_link_minutes),
            session_idle_minutes: self.session_idle_minutes.unwrap_or(before.session_idle_minutes),
            session_absolute_hours: self.session_absolute_hours.unwrap_or(before.session_absolute_hours),
            password_min_length: self.password_min_length.unwrap_or(before.password_min_length),
            hint_mail: self.hint_mail.unwrap_or(before.hint_mail),
            reminder_days: self.reminder_days.clone().unwrap_or(before.reminder_days),
            mail_reply_to: self.mail_reply_to.clone().unwrap_or(before.mail_reply_to),
            contact_line: self.contact_line.clone().unwrap_or(before.contact_line),
            invitation_note: self.invitation_note.clone().unwrap_or(before.invitation_note),
            mails_per_hour: self.mails_per_hour.unwrap_or(before.mails_per_hour),
            locale: self.locale.clone().unwrap_or(before.locale),
            accent: self.accent.clone().unwrap_or(before.accent),
            logo: self.logo.clone().unwrap_or(before.logo),
            places: self.places().unwrap_or(before.places),
            return_addresses: self.return_addresses().unwrap_or(before.return_addresses),
            second_factor: self.second_factor.unwrap_or(before.second_factor),
        }
    }
}

/// The settings, all of them.
#[derive(Serialize)]
pub(crate) struct SettingsAnswer(Settings);

impl ToSchema for SettingsAnswer {
    fn name() -> Cow<'static, str> {
        "Settings".into()
    }
}

impl PartialSchema for SettingsAnswer {
    /// What is taken is answered too, and nothing is left out.
    fn schema() -> RefOr<Schema> {
        let mut schema = json::schema::<SettingsBody>();
        whole(&mut schema);
        whole(&mut schema["properties"]["places"]["items"]);
        whole(&mut schema["properties"]["return_addresses"]["items"]);
        answered(schema)
    }
}

fn whole(schema: &mut Value) {
    let names = schema["properties"].as_object().map(|members| members.keys().cloned().collect::<Vec<_>>());
    schema["required"] = names.into();
    if let Some(members) = schema.as_object_mut() {
        members.remove("additionalProperties");
    }
}

pub(super) async fn one(host: Host) -> Answer<Json<SettingsAnswer>> {
    Ok(Json(SettingsAnswer(host.app.portal.practice(&host.context).await?.settings)))
}

pub(super) async fn put(host: Host, sent: Sent<Plain<SettingsBody>>) -> Answer<Json<Put<SettingsAnswer>>> {
    let Plain(body) = sent.now()?;
    let (settings, changed) = host.app.portal.put_settings(&host.context, |before| body.over(before)).await?;
    Ok(Json(Put { thing: SettingsAnswer(settings), outcome: outcome(changed) }))
}
