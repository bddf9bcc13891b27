//! The list of contacts as a file, with what was asked for.

use axum::{body::Body, extract::RawQuery, response::Response};
use futures_util::stream;
use portal_domain::{time::Timestamp, view::ContactView};
use portal_import::record;

use super::{Member, asked::Asked, contacts, words};
use crate::{download, problem::Problem};

/// What stands in the first line.
const HEADS: [&str; 9] =
    ["ref", "name", "emails", "clients", "status", "status code", "reason", "access given", "last sign-in"];

/// The contacts that are asked for, all of them, as they are found. No cell speaks to a spreadsheet (S11).
pub(super) async fn download(member: Member, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let asked = Asked { after: None, ..Asked::parse(query.as_deref().unwrap_or_default()) };
    let client = match &asked.client {
        Some(client) => Some(member.app.portal.client(&member.context, client).await?.id),
        None => None,
    };
    let heads = format!("\u{feff}{}", record(HEADS));
    let lines = stream::try_unfold(Some((asked, heads)), move |state| {
        let member = member.clone();
        async move {
            let Some((asked, heads)) = state else { return Ok(None) };
            let found = contacts::find(&member, &asked, client).await;
            // What was sent so far can't be taken back: the connection ends, so that nobody takes a part for the whole.
            let (found, cursor) = found.map_err(|problem| std::io::Error::other(problem.detail().to_owned()))?;
            let text = found.iter().fold(heads, |text, contact| text + &line(contact));
            let rest = cursor.map(|cursor| asked.from(&cursor)).filter(|asked| asked.after.is_some());
            let next = rest.map(|asked| (asked, String::new()));
            Ok::<_, std::io::Error>(Some((text, next)))
        }
    });
    Ok(download::csv(Body::from_stream(lines), "attachment; filename=\"contacts.csv\""))
}

fn line(contact: &ContactView) -> String {
    let emails: Vec<_> = contact.emails.iter().map(|email| email.as_str()).collect();
    let clients: Vec<_> = contact.clients.iter().map(|client| client.as_str()).collect();
    let part = &contact.portal;
    let time = |at: Option<Timestamp>| at.map(words::moment).unwrap_or_default();
    record([
        contact.reference.as_str(),
        &contact.name,
        &emails.join(";"),
        &clients.join(";"),
        words::label(part.status),
        part.status.code(),
        &words::reason(part),
        &time(part.activated_at),
        &time(part.last_sign_in_at),
    ])
}
