//! The portal part of a contact: commands, history, sessions.

use axum::Json;
use portal_domain::{
    Refusal, decide,
    id::Ref,
    port::Page,
    usecase::{CallContext, Error},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::Answer;
use crate::{
    Inner,
    ask::{Bare, Command, Listing, Sent},
    caller::{Host, Reference},
    document::{Says, says},
    json::Empty,
    present::{self, CommandAnswer, EventPart, List, MessagePart, PortalAnswer, SessionPart},
    problem::Problem,
};

pub(super) const SAYS: &[Says] = &[
    says("GET /contacts/{ref}/portal", "The portal part of a contact"),
    says("POST /contacts/{ref}/portal/activate", "Gives access, and sends one message").refuses(&[
        "no_email",
        "practice_user_email",
        "login_email_taken",
    ]),
    says("POST /contacts/{ref}/portal/resend", "Sends a new activation mail")
        .refuses(&["not_activated", "portal_deactivated"]),
    says(
        "POST /contacts/{ref}/portal/lift-suppression",
        "Lets mail go to the first address again after it came back, and sends a new activation mail",
    )
    .refuses(&["not_activated", "portal_deactivated"]),
    says("POST /contacts/{ref}/portal/deactivate", "Takes access away, without a word to anybody")
        .refuses(&["not_activated"]),
    says("POST /contacts/{ref}/portal/reactivate", "Gives access back, and sends one message").refuses(&[
        "not_activated",
        "no_email",
        "practice_user_email",
        "login_email_taken",
    ]),
    says("GET /contacts/{ref}/portal/messages", "The contact's messages, oldest first, with their delivery"),
    says("GET /contacts/{ref}/portal/events", "The contact's part of the journal"),
    says("GET /contacts/{ref}/portal/sessions", "The sessions of the login that the contact is behind"),
    says("DELETE /contacts/{ref}/portal/sessions", "Ends them all"),
    says("DELETE /sessions", "Ends all portal sessions of the practice"),
];

/// So many logins are listed together when all sessions of a practice end: few, since each is ended by the contact that was behind it
/// when it was listed.
const BATCH: u32 = 50;
/// So often what is open is looked at until nothing is; who signs in meanwhile keeps nobody waiting.
const WALKS: usize = 4;

pub(super) async fn one(host: Host, Reference(contact): Reference) -> Answer<Json<PortalAnswer>> {
    let contact = host.app.portal.contact_view(&host.context, &contact).await?;
    Ok(Json((&contact.portal).into()))
}

pub(super) async fn activate(
    host: Host,
    Reference(contact): Reference,
    sent: Sent<Command<Empty>>,
) -> Answer<Json<CommandAnswer>> {
    let preview = preview(&host, &contact, sent).await?;
    let done = host.app.portal.activate(&host.asking(preview), &contact).await?;
    Ok(Json(CommandAnswer::of(&done, preview)))
}

pub(super) async fn resend(
    host: Host,
    Reference(contact): Reference,
    sent: Sent<Command<Empty>>,
) -> Answer<Json<CommandAnswer>> {
    let preview = preview(&host, &contact, sent).await?;
    let done = host.app.portal.resend(&host.asking(preview), &contact).await?;
    Ok(Json(CommandAnswer::of(&done, preview)))
}

pub(super) async fn lift_suppression(
    host: Host,
    Reference(contact): Reference,
    sent: Sent<Command<Empty>>,
) -> Answer<Json<CommandAnswer>> {
    let preview = preview(&host, &contact, sent).await?;
    let done = host.app.portal.lift_suppression(&host.asking(preview), &contact).await?;
    Ok(Json(CommandAnswer::of(&done, preview)))
}

pub(super) async fn deactivate(
    host: Host,
    Reference(contact): Reference,
    sent: Sent<Command<Empty>>,
) -> Answer<Json<CommandAnswer>> {
    let preview = preview(&host, &contact, sent).await?;
    let done = host.app.portal.deactivate(&host.asking(preview), &contact).await?;
    Ok(Json(CommandAnswer::of(&done, preview)))
}

pub(super) async fn reactivate(
    host: Host,
    Reference(contact): Reference,
    sent: Sent<Command<Empty>>,
) -> Answer<Json<CommandAnswer>> {
    let preview = preview(&host, &contact, sent).await?;
    let done = host.app.portal.reactivate(&host.asking(preview), &contact).await?;
    Ok(Json(CommandAnswer::of(&done, preview)))
}

async fn preview(host: &Host, contact: &Ref, sent: Sent<Command<Empty>>) -> Result<bool, Problem> {
    Ok(sent.after(host.app.portal.contact(&host.context, contact)).await?.preview)
}

fn place(text: &str) -> Option<i64> {
    text.parse().ok()
}

pub(super) async fn messages(
    host: Host,
    Reference(contact): Reference,
    sent: Sent<Listing>,
) -> Answer<Json<List<MessagePart>>> {
    let (practice, facts) = host.app.portal.contact(&host.context, &contact).await?;
    let contact = facts.contact.ok_or_else(|| Problem::not_found("contact"))?;
    let listing = sent.now()?;
    let mut messages = host.app.views.messages(practice.id, contact.id, &listing.page(place)?).await?;
    let next = listing.cut(&mut messages, |(_, place)| place.to_string());
    let links = host.app.portal.evidence.newest_links(practice.id, contact.id, u32::MAX).await?;
    let now = host.app.portal.now();
    Ok(super::list(messages, next, |(delivery, _)| MessagePart::of(&delivery, &links, now)))
}

pub(super) async fn events(
    host: Host,
    Reference(contact): Reference,
    sent: Sent<Listing>,
) -> Answer<Json<List<EventPart>>> {
    let (practice, facts) = host.app.portal.contact(&host.context, &contact).await?;
    let contact = facts.contact.ok_or_else(|| Problem::not_found("contact"))?;
    let listing = sent.now()?;
    let mut events = host.app.views.events(practice.id, Some(contact.id), &listing.page(place)?).await?;
    let next = listing.cut(&mut events, |event| event.number.to_string());
    Ok(super::list(events, next, |event| EventPart::of(&event, Some(&contact.reference))))
}

pub(super) async fn sessions(
    host: Host,
    Reference(contact): Reference,
    sent: Sent<Listing>,
) -> Answer<Json<List<SessionPart>>> {
    let (_, facts) = host.app.portal.contact(&host.context, &contact).await?;
    let listing = sent.now()?;
    let Page { after, .. } = listing.page(|id| Some(id.to_owned()))?;
    let now = host.app.portal.now();
    let mut sessions = present::sessions(facts.login.iter().flat_map(|login| decide::valid_sessions(login, now)), None);
    sessions.retain(|session| after.as_ref().is_none_or(|after| session.id > *after));
    let next = listing.cut(&mut sessions, |session| session.id.clone());
    Ok(super::list(sessions, next, |session| session))
}

/// How many sessions ended.
#[derive(Serialize, ToSchema)]
pub(super) struct Ended {
    sessions_ended: usize,
}

pub(super) async fn end_sessions(host: Host, Reference(contact): Reference, sent: Sent<Bare>) -> Answer<Json<Ended>> {
    sent.after(host.app.portal.contact(&host.context, &contact)).await?;
    let sessions_ended = host.app.portal.end_contact_sessions(&host.context, &contact).await?;
    Ok(Json(Ended { sessions_ended }))
}

/// Ends every session of the practice, login by login; interrupted, it can be asked again. It is about no one contact, so that
/// `If-Match` says nothing.
pub(super) async fn end_all_sessions(host: Host, sent: Sent<Bare>) -> Answer<Json<Ended>> {
    sent.now()?;
    let Host { app, context } = &host;
    let context = &CallContext { expected: None, ..context.clone() };
    let sessions_ended = app.portal.once(context, async |context| end_page_by_page(app, &context).await).await?;
    Ok(Json(Ended { sessions_ended }))
}

async fn end_page_by_page(app: &Inner, context: &CallContext) -> Result<usize, Error> {
    // First, so that a session that begins by one of them is met below.
    app.portal.end_handoffs(context).await?;
    let mut sessions_ended = 0;
    for _ in 0..WALKS {
        let (logins, ended) = end_once(app, context).await?;
        sessions_ended += ended;
        if logins == 0 {
            break;
        }
    }
    Ok(sessions_ended)
}

/// Ends what is open now. Answers how many logins there were, and how many sessions ended.
///
/// Whoever was listed for a login may leave it before its turn comes: then others behind it are met by the next walk.
async fn end_once(app: &Inner, context: &CallContext) -> Result<(usize, usize), Error> {
    let mut page = Page { after: None, limit: BATCH };
    let (mut logins, mut sessions_ended) = (0, 0);
    loop {
        // Only what is open: cut short and asked again, it goes on where it was, however many there are.
        let signed_in = app.views.signed_in(context.practice, app.portal.now(), &page).await?;
        logins += signed_in.len();
        for (_, contact) in &signed_in {
            match app.portal.end_contact_sessions(context, contact).await {
                Ok(ended) => sessions_ended += ended,
                Err(Error::Refused(Refusal::NotFound { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        if signed_in.len() < BATCH as usize {
            return Ok((logins, sessions_ended));
        }
        page.after = signed_in.last().map(|(login, _)| *login);
    }
}
