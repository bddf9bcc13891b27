//! The very front: on to the only practice's portal, or, where there are several, by mail to one's own.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use portal_domain::{
    Door, decide, event::Caller, id::PracticeId, port::Page, practice::Practice, usecase::CallContext,
};

use super::{Shell, go_to, show};
use crate::{
    Inner,
    ask::Form,
    caller::{Origin, Speaks},
    observe,
    problem::Problem,
    words::Tongue,
};

/// So many practices are looked at together.
const BATCH: u32 = 50;

#[derive(Template)]
#[template(path = "front.html")]
struct FrontPage {
    shell: Shell,
    /// What was asked for, or why that was too much.
    asked: Asked,
}

enum Asked {
    /// Nothing yet.
    No,
    /// An address.
    Address(String),
    /// Too often from here (G2): how many seconds to wait.
    TooOften(u64),
}

#[derive(Template)]
#[template(path = "front_closed.html")]
struct ClosedPage {
    shell: Shell,
}

/// What there is to come in by.
enum Doors {
    None,
    /// One: the way to its portal.
    Only(String),
    /// Several: the first of them.
    Several(PracticeId),
}

/// Looks until it has found two that are open.
async fn doors(app: &Inner) -> Result<Doors, Problem> {
    let (mut after, mut first) = (None, None);
    loop {
        let page = app.views.practices(&Page { after, limit: BATCH }).await?;
        after = page.last().map(|practice| practice.slug.as_str().to_owned());
        let last = page.len() < BATCH as usize;
        for practice in page.into_iter().filter(|practice| decide::door_open(practice, Door::Portal).is_ok()) {
            match &first {
                None => first = Some(practice),
                Some(first) => return Ok(Doors::Several(first.id)),
            }
        }
        if last {
            return Ok(first.map_or(Doors::None, |practice| Doors::Only(sign_in_of(&practice))));
        }
    }
}

fn closed(tongue: Tongue) -> Response {
    show(StatusCode::NOT_FOUND, &ClosedPage { shell: Shell::bare().speaking(tongue) })
}

fn front(status: StatusCode, asked: Asked, tongue: Tongue) -> Response {
    show(status, &FrontPage { shell: Shell::bare().speaking(tongue), asked })
}

fn sign_in_of(practice: &Practice) -> String {
    format!("/portal/{}/sign-in", practice.slug)
}

pub(super) async fn page(State(app): State<Arc<Inner>>, Speaks(tongue): Speaks) -> Result<Response, Problem> {
    Ok(match doors(&app).await? {
        Doors::None => closed(tongue),
        Doors::Only(way) => go_to(way),
        Doors::Several(_) => front(StatusCode::OK, Asked::No, tongue),
    })
}

/// Whatever the address, the answer is the same (P2).
pub(super) async fn ask(
    State(app): State<Arc<Inner>>,
    Origin(origin): Origin,
    Speaks(tongue): Speaks,
    form: Form,
) -> Result<Response, Problem> {
    let email = form.field("email")?;
    let practice = match doors(&app).await? {
        Doors::None => return Ok(closed(tongue)),
        Doors::Only(way) => return Ok(go_to(way)),
        Doors::Several(first) => first,
    };
    let context = CallContext { origin, ..CallContext::new(practice, Caller::Anyone) };
    match app.portal.ask_for_portal_address(&context, email).await.map_err(Problem::from) {
        Ok(()) => Ok(front(StatusCode::OK, Asked::Address(email.to_owned()), tongue)),
        Err(problem) if problem.code() == "too_many_requests" => {
            observe::refused(problem.code());
            let mut response =
                front(problem.status(), Asked::TooOften(problem.retry_after().unwrap_or_default()), tongue);
            response.headers_mut().extend(problem.wait());
            Ok(response)
        }
        Err(problem) => Err(problem),
    }
}
