//! Answers, field by field as the contract names them.

use std::{borrow::Cow, collections::BTreeMap};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use portal_domain::{
    Named,
    contact::Access,
    decide::{self, Effects, PasswordEffect},
    email::EmailWarning,
    event::RecordedEvent,
    facts::LoginGlance,
    id::{ClientId, ContactId, Ref},
    link::{LinkState, TracedLink},
    message::{Delivery, DeliveryState, MessageKind},
    practice::{Client, PracticeUser, Role},
    returned::Reason,
    session::{PortalSession, ProfileId},
    status::{InvitationState, PortalPart, PortalStatus},
    time::Timestamp,
    usecase::{ContactAnswer, SessionView},
    view::ContactView,
};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use crate::{
    document::{self, answered, answered_words},
    observe,
};

/// A time as RFC 3339 in UTC.
pub(crate) fn time(at: Timestamp) -> String {
    let known = jiff::Timestamp::from_microsecond(at.as_micros());
    known.unwrap_or(jiff::Timestamp::MAX).to_string()
}

/// A list, or a part of one.
#[derive(Serialize)]
pub(crate) struct List<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next_cursor: Option<String>,
}

/// Who or what, by the host's id and by name.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct NamedPart {
    r#ref: String,
    name: String,
}

impl From<&Named> for NamedPart {
    fn from(named: &Named) -> Self {
        Self { r#ref: named.reference.as_str().to_owned(), name: named.name.clone() }
    }
}

/// A practice user.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserPart {
    r#ref: String,
    name: String,
    email: String,
    #[schema(schema_with = answered_words::<Role>)]
    role: &'static str,
}

impl From<&PracticeUser> for UserPart {
    fn from(user: &PracticeUser) -> Self {
        let (r#ref, name) = (user.reference.as_str().to_owned(), user.name.clone());
        Self { r#ref, name, email: user.email.as_str().to_owned(), role: user.role.code() }
    }
}

/// A client.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClientPart {
    r#ref: String,
    name: String,
    suspended: bool,
}

impl From<&Client> for ClientPart {
    fn from(client: &Client) -> Self {
        Self { r#ref: client.reference.as_str().to_owned(), name: client.name.clone(), suspended: client.suspended }
    }
}

/// Something that was put, with what became of it.
#[derive(Serialize)]
pub(crate) struct Put<T> {
    #[serde(flatten)]
    pub(crate) thing: T,
    pub(crate) outcome: &'static str,
}

/// `changed` or `unchanged`.
pub(crate) fn outcome(changed: bool) -> &'static str {
    let outcome = if changed { "changed" } else { "unchanged" };
    observe::outcome(outcome);
    outcome
}

/// The schema of [`outcome`].
pub(crate) fn outcomes() -> RefOr<Schema> {
    answered(json!({ "type": "string", "enum": ["changed", "unchanged"] }))
}

impl<T: ToSchema> ToSchema for List<T> {
    fn name() -> Cow<'static, str> {
        format!("{}List", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

impl<T: ToSchema> PartialSchema for List<T> {
    fn schema() -> RefOr<Schema> {
        answered(json!({
            "type": "object",
            "properties": {
                "items": { "type": "array", "items": document::reference(&T::name()) },
                "next_cursor": { "type": ["string", "null"] },
            },
            "required": ["items", "next_cursor"],
        }))
    }
}

impl<T: ToSchema> ToSchema for Put<T> {
    fn name() -> Cow<'static, str> {
        format!("Put{}", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
    }
}

impl<T: ToSchema> PartialSchema for Put<T> {
    fn schema() -> RefOr<Schema> {
        with_members::<T>(&[("outcome", document::value(&outcomes()))])
    }
}

/// The schema of a type that is answered with further members beside its own.
pub(crate) fn with_members<T: ToSchema>(members: &[(&str, Value)]) -> RefOr<Schema> {
    let mut schema = document::value(&T::schema());
    for (name, member) in members {
        schema["properties"][name] = member.clone();
        if let Some(required) = schema["required"].as_array_mut() {
            required.push((*name).into());
        }
    }
    answered(schema)
}

/// A contact.
#[derive(Serialize, ToSchema)]
pub(crate) struct ContactPart {
    r#ref: String,
    name: String,
    locale: Option<String>,
    #[schema(value_type = Vec<String>)]
    clients: Vec<Ref>,
    emails: Vec<EmailPart>,
    login_email: Option<String>,
    portal: PortalAnswer,
    refused_update: Option<RefusedUpdatePart>,
}

/// An update that was refused: what the host has and the portal has not.
#[derive(Serialize, ToSchema)]
struct RefusedUpdatePart {
    #[schema(format = DateTime)]
    at: String,
    code: String,
    emails: Option<Vec<String>>,
}

#[derive(Serialize, ToSchema)]
struct EmailPart {
    address: String,
    login: bool,
    trimmed: Option<String>,
    warnings: Vec<&'static str>,
}

impl From<&ContactView> for ContactPart {
    fn from(contact: &ContactView) -> Self {
        let emails = contact.emails.iter().enumerate().map(|(index, email)| EmailPart {
            address: email.as_str().to_owned(),
            login: index == 0,
            trimmed: email.removed().map(str::to_owned),
            warnings: email.warnings().iter().map(EmailWarning::code).collect(),
        });
        Self {
            r#ref: contact.reference.as_str().to_owned(),
            name: contact.name.clone(),
            locale: contact.locale.clone(),
            clients: contact.clients.clone(),
            emails: emails.collect(),
            login_email: contact.emails.first().map(|email| email.as_str().to_owned()),
            portal: (&contact.portal).into(),
            refused_update: contact.refused_update.as_ref().map(|refused| RefusedUpdatePart {
                at: time(refused.at),
                code: refused.code.clone(),
                emails: refused.emails.clone(),
            }),
        }
    }
}

/// The portal part of a contact.
#[derive(Serialize, ToSchema)]
pub(crate) struct PortalAnswer {
    #[schema(schema_with = answered_words::<Access>)]
    access: Access,
    #[schema(schema_with = answered_words::<PortalStatus>)]
    status: PortalStatus,
    refusal: Option<String>,
    #[schema(format = DateTime)]
    activated_at: Option<String>,
    #[schema(format = DateTime)]
    last_sign_in_at: Option<String>,
    password_set: bool,
    #[schema(format = DateTime)]
    locked_until: Option<String>,
    shared_with: Vec<NamedPart>,
    invitation: Option<InvitationAnswer>,
}

#[derive(Serialize, ToSchema)]
struct InvitationAnswer {
    #[schema(format = DateTime)]
    sent_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
    #[schema(schema_with = answered_words::<InvitationState>)]
    state: InvitationState,
}

impl From<&PortalPart> for PortalAnswer {
    fn from(part: &PortalPart) -> Self {
        Self {
            access: part.access,
            status: part.status,
            refusal: part.refusal.clone(),
            activated_at: part.activated_at.map(time),
            last_sign_in_at: part.last_sign_in_at.map(time),
            password_set: part.password_set,
            locked_until: part.locked_until.map(time),
            shared_with: part.shared_with.iter().map(NamedPart::from).collect(),
            invitation: part.invitation.map(|invitation| InvitationAnswer {
                sent_at: time(invitation.sent_at),
                expires_at: time(invitation.expires_at),
                state: invitation.state,
            }),
        }
    }
}

/// What a command does.
#[derive(Serialize, ToSchema)]
pub(crate) struct EffectsPart {
    login_before: Option<String>,
    login_after: Option<String>,
    shared_with: Vec<NamedPart>,
    #[schema(schema_with = answered_words::<PasswordEffect>)]
    password: &'static str,
    links_ended: usize,
    sessions_ended: usize,
    messages: Vec<EffectMessagePart>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct EffectMessagePart {
    #[schema(schema_with = answered_words::<MessageKind>)]
    kind: &'static str,
    to: String,
}

impl EffectMessagePart {
    pub(crate) const fn new(kind: MessageKind, to: String) -> Self {
        Self { kind: kind.code(), to }
    }
}

impl From<&Effects> for EffectsPart {
    fn from(effects: &Effects) -> Self {
        let messages = effects.messages.iter();
        Self {
            login_before: effects.login_before.clone(),
            login_after: effects.login_after.clone(),
            shared_with: effects.shared_with.iter().map(NamedPart::from).collect(),
            password: effects.password.code(),
            links_ended: effects.links_ended,
            sessions_ended: effects.sessions_ended,
            messages: messages.map(|message| EffectMessagePart::new(message.kind, message.to.clone())).collect(),
        }
    }
}

/// What a command answers.
#[derive(Serialize, ToSchema)]
pub(crate) struct CommandAnswer {
    #[schema(schema_with = outcomes)]
    outcome: &'static str,
    preview: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = PortalAnswer, required = false)]
    portal: Option<PortalAnswer>,
    effects: EffectsPart,
}

impl CommandAnswer {
    pub(crate) fn of(done: &ContactAnswer, preview: bool) -> Self {
        Self {
            outcome: outcome(done.changed),
            preview,
            portal: done.contact.as_ref().map(|contact| (&contact.portal).into()),
            effects: (&done.effects).into(),
        }
    }
}

/// What putting a contact answers: the contact, and what a command answers besides.
#[derive(Serialize)]
pub(crate) struct PutContactAnswer {
    #[serde(flatten)]
    pub(crate) contact: ContactPart,
    pub(crate) outcome: &'static str,
    pub(crate) preview: bool,
    pub(crate) effects: EffectsPart,
}

impl ToSchema for PutContactAnswer {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        ContactPart::schemas(schemas);
        schemas.push((EffectsPart::name().into_owned(), EffectsPart::schema()));
        EffectsPart::schemas(schemas);
    }
}

impl PartialSchema for PutContactAnswer {
    fn schema() -> RefOr<Schema> {
        let (outcome, effects) = (document::value(&outcomes()), document::reference(&EffectsPart::name()));
        with_members::<ContactPart>(&[("outcome", outcome), ("preview", document::flag()), ("effects", effects)])
    }
}

/// A message with its delivery so far.
#[derive(Serialize, ToSchema)]
pub(crate) struct MessagePart {
    id: String,
    #[schema(schema_with = answered_words::<MessageKind>)]
    kind: &'static str,
    to: String,
    #[schema(format = DateTime)]
    queued_at: String,
    #[schema(schema_with = answered_words::<DeliveryState>)]
    state: &'static str,
    attempts: Vec<AttemptPart>,
    link: Option<LinkPart>,
}

/// The link that a message carries, and what became of it (D5).
#[derive(Serialize, ToSchema)]
struct LinkPart {
    #[schema(schema_with = answered_words::<LinkState>)]
    state: &'static str,
    #[schema(format = DateTime)]
    expires_at: String,
    #[schema(format = DateTime)]
    opened_at: Option<String>,
    #[schema(format = DateTime)]
    last_opened_at: Option<String>,
    #[schema(format = DateTime)]
    used_at: Option<String>,
}

impl LinkPart {
    fn of(traced: &TracedLink, now: Timestamp) -> Self {
        Self {
            state: traced.link.state(now).code(),
            expires_at: time(traced.link.expires_at),
            opened_at: traced.opened.map(|opened| time(opened.first)),
            last_opened_at: traced.opened.map(|opened| time(opened.last)),
            used_at: traced.link.used_at.map(time),
        }
    }
}

#[derive(Serialize, ToSchema)]
struct AttemptPart {
    #[schema(format = DateTime)]
    at: String,
    #[schema(schema_with = answered_words::<DeliveryState>)]
    state: &'static str,
    reply: String,
    reason: Option<&'static str>,
}

impl MessagePart {
    pub(crate) fn of(delivery: &Delivery, links: &[TracedLink], now: Timestamp) -> Self {
        let message = &delivery.message;
        let attempts = delivery.attempts.iter().map(|attempt| AttemptPart {
            at: time(attempt.at),
            state: attempt.state.code(),
            reply: attempt.reply.clone(),
            reason: attempt.reason.map(Reason::code),
        });
        Self {
            id: message.id.to_string(),
            kind: message.kind().code(),
            to: message.to.as_str().to_owned(),
            queued_at: time(message.created_at),
            state: delivery.state.code(),
            attempts: attempts.collect(),
            link: links.iter().find(|it| Some(it.link.id) == message.link).map(|it| LinkPart::of(it, now)),
        }
    }
}

/// An event of the journal.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventPart {
    number: i64,
    id: String,
    #[schema(format = DateTime)]
    at: String,
    kind: String,
    caller: String,
    origin: Option<String>,
    contact: Option<String>,
    facts: BTreeMap<String, String>,
    personal: Option<BTreeMap<String, String>>,
}

impl EventPart {
    /// An event, and the reference of the contact it is about, as far as that is there. A contact that is gone is named by the
    /// personal values of the event, as long as they are not erased.
    pub(crate) fn of(event: &RecordedEvent, contact: Option<&Ref>) -> Self {
        let RecordedEvent { number, id, at, kind, caller, origin, facts, personal, .. } = event.clone();
        let noted = || personal.as_ref()?.get("contact").cloned();
        let contact = contact.map(|contact| contact.as_str().to_owned()).or_else(noted);
        Self { number, id: id.to_string(), at: time(at), kind, caller, origin, contact, facts, personal }
    }
}

/// What is pushed of an event in the format of Standard Webhooks.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookPayload<'a> {
    r#type: &'a str,
    #[schema(format = DateTime)]
    timestamp: &'a str,
    data: &'a EventPart,
}

/// The body that is pushed of an event: its `data` is what `GET /events` answers.
///
/// ```
/// use portal_domain::{event::{RecordedEvent, Subject}, id::{EventId, Ref}, time::Timestamp};
/// let event = RecordedEvent {
///     number: 7,
///     id: EventId::from_bytes([1; 16]),
///     at: Timestamp::from_micros(0),
///     kind: "contact.activated".to_owned(),
///     caller: "worker".to_owned(),
///     origin: None,
///     subject: Subject::default(),
///     facts: Default::default(),
///     personal: None,
///     digest: [0; 32],
/// };
/// let body = portal_http::event_payload(&event, Ref::parse("c-17").as_ref());
/// assert!(body.starts_with(br#"{"type":"contact.activated","timestamp":"1970-01-01T00:00:00Z","data":{"number":7,"#));
/// ```
pub fn event_payload(event: &RecordedEvent, contact: Option<&Ref>) -> Vec<u8> {
    let data = EventPart::of(event, contact);
    let payload = WebhookPayload { r#type: &data.kind, timestamp: &data.at, data: &data };
    serde_json::to_vec(&payload).expect("text and numbers can be written as JSON")
}

/// A session, as its owner and staff see it.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionPart {
    pub(crate) id: String,
    #[schema(format = DateTime)]
    signed_in_at: String,
    #[schema(format = DateTime)]
    last_seen_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
    origin: Option<String>,
    user_agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    current: Option<bool>,
}

/// Valid sessions, ordered by id. Their owner is told which one is this one.
pub(crate) fn sessions<'a>(
    valid: impl Iterator<Item = &'a PortalSession>,
    own: Option<&PortalSession>,
) -> Vec<SessionPart> {
    let mut parts: Vec<_> = valid
        .map(|session| SessionPart {
            id: session.id.to_string(),
            signed_in_at: time(session.created_at),
            last_seen_at: time(session.last_seen_at),
            expires_at: time(session.expires_at),
            origin: session.origin.clone(),
            user_agent: session.user_agent.clone(),
            current: own.map(|own| own.id == session.id),
        })
        .collect();
    parts.sort_by(|a, b| a.id.cmp(&b.id));
    parts
}

/// Who is signed in.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionAnswer {
    login_email: Option<String>,
    profiles: Vec<ProfilePart>,
    profile: Option<String>,
    #[schema(format = DateTime)]
    signed_in_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
}

#[derive(Serialize, ToSchema)]
struct ProfilePart {
    id: String,
    contact: NamedPart,
    client: NamedPart,
}

impl From<&SessionView> for SessionAnswer {
    fn from(view: &SessionView) -> Self {
        let profiles = view.login.profiles();
        let parts = profiles.iter().map(|profile| ProfilePart {
            id: profile_id(profile.id()),
            contact: named(profile.contact.reference.as_str(), &profile.contact.name),
            client: named(profile.client.reference.as_str(), &profile.client.name),
        });
        Self {
            login_email: signed_in_as(&view.login),
            profiles: parts.collect(),
            profile: decide::chosen_profile(&view.session, &view.login).map(profile_id),
            signed_in_at: time(view.session.created_at),
            expires_at: time(view.session.expires_at),
        }
    }
}

fn named(reference: &str, name: &str) -> NamedPart {
    NamedPart { r#ref: reference.to_owned(), name: name.to_owned() }
}

/// The address a login signs in with, as the contact longest behind it spells it.
pub(crate) fn signed_in_as(login: &LoginGlance) -> Option<String> {
    login.eldest()?.address.clone()
}

/// The language that the contact reads who was longest behind a login.
pub(crate) fn locale(login: &LoginGlance) -> Option<&str> {
    login.eldest()?.locale.as_deref()
}

/// A profile's id, which means nothing to anybody else.
pub(crate) fn profile_id(profile: ProfileId) -> String {
    let bytes = [profile.contact.to_bytes(), profile.client.to_bytes()].concat();
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads what [`profile_id`] writes.
pub(crate) fn read_profile_id(text: &str) -> Option<ProfileId> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (contact, client) = bytes.split_at_checked(16)?;
    let contact = ContactId::from_bytes(contact.try_into().ok()?);
    Some(ProfileId { contact, client: ClientId::from_bytes(client.try_into().ok()?) })
}
