//! The portal as a contact sees it, for staff who look (V1). A look has a cookie of its own: no page here reads or sets that of the
//! portal or of the workspace, and no other page reads the look's (S8).

use std::{sync::Arc, time::Duration};

use askama::Template;
use axum::{
    extract::FromRequestParts,
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use portal_domain::{email::EmailAddress, practice::Place, usecase::ViewingView, viewing::ViewToken};

use super::{Shell, go_to, show};
use crate::{Inner, caller::Visitor, cookie, desk, problem::Problem, staff_pages};

#[derive(Template)]
#[template(path = "view.html")]
struct ViewPage {
    shell: Shell,
    base: String,
    user: String,
    contact: String,
    client: String,
    address: String,
    places: Vec<Place>,
    minutes: u64,
}

#[derive(Template)]
#[template(path = "view_over.html")]
struct OverPage {
    shell: Shell,
    workspace: String,
}

/// The look that the browser holds.
pub(super) struct Looks(Option<ViewToken>);

impl FromRequestParts<Arc<Inner>> for Looks {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<Inner>) -> Result<Self, Problem> {
        let visitor = Visitor::from_request_parts(parts, app).await?;
        Ok(Self(cookie::viewing(&app.config.base_url, &visitor.practice.slug, &parts.headers)))
    }
}

pub(super) async fn page(visitor: Visitor, Looks(held): Looks) -> Result<Response, Problem> {
    let Some(token) = held else { return Ok(over(&visitor)) };
    let view = match visitor.app.portal.viewing(&visitor.context, &token).await.map_err(Problem::from) {
        Ok(view) => view,
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => return Ok(over(&visitor)),
        Err(problem) => return Err(problem),
    };
    let ViewingView { viewing, user, contact, client, .. } = view;
    let left = viewing.expires_at.since(visitor.app.portal.now());
    let visitor = visitor.speaking(contact.locale.as_deref());
    let page = ViewPage {
        shell: visitor.shell(),
        base: visitor.path(""),
        user: user.name,
        address: contact.emails.first().map(EmailAddress::as_str).unwrap_or_default().to_owned(),
        contact: contact.name,
        client: client.name,
        places: visitor.practice.settings.places.clone(),
        minutes: whole_minutes(left),
    };
    Ok(show(StatusCode::OK, &page))
}

/// So many minutes are begun at most.
const fn whole_minutes(left: Duration) -> u64 {
    left.as_secs().div_ceil(60)
}

fn over(visitor: &Visitor) -> Response {
    let page = OverPage { shell: visitor.shell(), workspace: staff_pages::path(&visitor.practice, "") };
    show(StatusCode::UNAUTHORIZED, &page)
}

/// Ends the look, and leads back to the contact in the workspace. The browser is rid of the look whatever it was worth.
pub(super) async fn end(visitor: Visitor, Looks(held): Looks) -> Result<Response, Problem> {
    let contact = match held {
        Some(token) => visitor.app.portal.end_viewing(&visitor.context, &token).await?,
        None => None,
    };
    let back = contact.map_or_else(String::new, |contact| format!("contacts/{}", desk::segment(&contact)));
    let cookie = cookie::of_viewing(&visitor.app.config.base_url, &visitor.practice.slug, None);
    Ok(([(header::SET_COOKIE, cookie)], go_to(staff_pages::path(&visitor.practice, &back))).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_that_began_is_counted() {
        for (seconds, minutes) in [(0, 0), (1, 1), (60, 1), (61, 2), (1800, 30)] {
            assert_eq!(whole_minutes(Duration::from_secs(seconds)), minutes);
        }
    }
}
