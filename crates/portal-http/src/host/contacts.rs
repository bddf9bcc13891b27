//! Contacts and their addresses.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use portal_domain::{
    Refusal,
    email::EmailAddress,
    id::{ClientId, Ref},
    usecase::{EmailsInput, Error, PutContactInput},
};

use super::{Answer, find};
use crate::{
    ask::{Command, Listing, Search, Sent, Tag, Wanted},
    caller::{Host, Reference},
    document::{Says, says},
    json::{Empty, Fields, FromFields},
    present::{CommandAnswer, ContactPart, List, PutContactAnswer, outcome},
    problem::Problem,
};

pub(super) const SAYS: &[Says] = &[
    says("GET /contacts", "Contacts, by reference, filtered").refuses(&["unknown_client"]),
    says("POST /contacts/{ref}", "The contacts that have this address, wherever in their list")
        .shown_at("/contacts/search")
        .refuses(&["invalid_email"]),
    says("GET /contacts/{ref}", "A contact"),
    says("PUT /contacts/{ref}", "Makes or changes a contact; what is left out stays").answers(&[200, 201]).refuses(&[
        "not_found",
        "invalid_email",
        "too_many_emails",
        "login_email_required",
        "practice_user_email",
        "login_email_taken",
        "unknown_client",
    ]),
    says("DELETE /contacts/{ref}", "Ends the contact's access without mail, and removes it"),
    says("POST /contacts/{ref}/erase", "Erases the contact, and all that is known of it"),
    says("PUT /contacts/{ref}/emails", "Replaces the ordered list; a new first address moves a live login").refuses(&[
        "invalid_email",
        "too_many_emails",
        "login_email_required",
        "practice_user_email",
        "login_email_taken",
    ]),
];

pub(crate) struct EmailsBody(EmailsInput);

impl FromFields for EmailsBody {
    fn from_fields(fields: &mut Fields) -> Result<Self, Problem> {
        let emails = fields.required("emails", Fields::texts)?;
        let (join, wrong_address) = flags(fields)?;
        let (join, wrong_address) = (join.unwrap_or(false), wrong_address.unwrap_or(false));
        Ok(Self(EmailsInput { emails, join, wrong_address }))
    }
}

fn flags(fields: &mut Fields) -> Result<(Option<bool>, Option<bool>), Problem> {
    Ok((fields.flag("join")?, fields.flag("wrong_address")?))
}

pub(crate) struct ContactBody(PutContactInput);

impl FromFields for ContactBody {
    fn from_fields(fields: &mut Fields) -> Result<Self, Problem> {
        let (join, wrong_address) = flags(fields)?;
        let (join, wrong_address) = (join.unwrap_or(false), wrong_address.unwrap_or(false));
        let emails = fields.texts("emails")?;
        Ok(Self(PutContactInput {
            name: fields.text("name")?,
            locale: fields.nullable("locale", Fields::text)?,
            clients: fields.texts("clients")?.map(references).transpose()?,
            emails: emails.map(|emails| EmailsInput { emails, join, wrong_address }),
        }))
    }
}

/// A text that can't be a reference names no client.
pub(super) fn references(texts: Vec<String>) -> Result<Vec<Ref>, Problem> {
    let parsed = texts.iter().enumerate().map(|(index, text)| {
        let unknown = || {
            let detail = format!("there is no client `{}`: create it first", text.escape_debug());
            Problem::new("unknown_client", detail).at(format!("clients[{index}]"))
        };
        Ref::parse(text).ok_or_else(unknown)
    });
    parsed.collect()
}

pub(super) async fn list(host: Host, sent: Sent<Wanted>) -> Answer<Json<List<ContactPart>>> {
    let Wanted { listing, filter, client } = sent.now()?;
    let page = listing.page(Ref::parse)?;
    let client = match client {
        Some(client) => Some(known_client(&host, &client).await?),
        None => None,
    };
    find::list(&host, &listing, &filter, client, page.after).await
}

async fn known_client(host: &Host, client: &str) -> Result<ClientId, Problem> {
    let unknown = || Problem::new("unknown_client", "there is no such client").at("client");
    let client = Ref::parse(client).ok_or_else(unknown)?;
    match host.app.portal.client(&host.context, &client).await {
        Ok(client) => Ok(client.id),
        Err(Error::Refused(_)) => Err(unknown()),
        Err(error) => Err(error.into()),
    }
}

/// The contacts that have an address, wherever in their list. Other names in its place have no such method: a contact may be
/// called `search`, and is reached by the others.
pub(super) async fn search(
    host: Host,
    Reference(word): Reference,
    sent: Sent<Search>,
) -> Result<Json<List<ContactPart>>, Response> {
    if word.as_str() != "search" {
        return Err(not_search());
    }
    let found = async {
        let Search { listing, email } = sent.now()?;
        let page = listing.page(Ref::parse)?;
        let address = EmailAddress::parse(&email).map_err(|fault| Refusal::InvalidEmail { index: None, fault })?;
        let refs = host.app.views.contacts_with(host.context.practice, address.key(), &page).await?;
        contacts(&host, &listing, refs).await
    };
    found.await.map_err(Problem::into_response)
}

/// A contact of another name has no method of the search.
pub(super) fn not_search() -> Response {
    ([(header::ALLOW, "GET,HEAD,PUT,DELETE")], Problem::other_methods()).into_response()
}

async fn contacts(host: &Host, listing: &Listing, mut refs: Vec<Ref>) -> Answer<Json<List<ContactPart>>> {
    let next_cursor = listing.cut(&mut refs, |reference| reference.as_str().to_owned());
    let contacts = host.app.portal.contact_views(&host.context, &refs).await?;
    Ok(Json(List { items: contacts.iter().map(ContactPart::from).collect(), next_cursor }))
}

pub(super) async fn one(host: Host, Reference(contact): Reference) -> Answer<(Tag, Json<ContactPart>)> {
    let contact = host.app.portal.contact_view(&host.context, &contact).await?;
    Ok((Tag::of(&contact), Json((&contact).into())))
}

pub(super) async fn put(
    host: Host,
    Reference(contact): Reference,
    sent: Sent<Command<ContactBody>>,
) -> Answer<(StatusCode, Tag, Json<PutContactAnswer>)> {
    let Command { preview, body: ContactBody(input) } = sent.now()?;
    let done = host.app.portal.put_contact(&host.asking(preview), &contact, &input).await?;
    let contact = done.contact.as_ref().ok_or_else(|| Problem::not_found("contact"))?;
    let answer = PutContactAnswer {
        contact: contact.into(),
        outcome: outcome(done.changed),
        preview,
        effects: (&done.effects).into(),
    };
    let status = if done.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Tag::of(contact), Json(answer)))
}

pub(super) async fn put_emails(
    host: Host,
    Reference(contact): Reference,
    sent: Sent<Command<EmailsBody>>,
) -> Answer<Json<CommandAnswer>> {
    let Command { preview, body: EmailsBody(input) } =
        sent.after(host.app.portal.contact(&host.context, &contact)).await?;
    let done = host.app.portal.put_emails(&host.asking(preview), &contact, &input).await?;
    Ok(Json(CommandAnswer::of(&done, preview)))
}

pub(super) async fn delete(
    host: Host,
    Reference(contact): Reference,
    sent: Sent<Command<Empty>>,
) -> Answer<Json<CommandAnswer>> {
    let Command { preview, .. } = sent.after(host.app.portal.contact(&host.context, &contact)).await?;
    let done = host.app.portal.delete_contact(&host.asking(preview), &contact).await?;
    Ok(Json(CommandAnswer::of(&done, preview)))
}
