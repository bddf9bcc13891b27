//! The very front: on to the only practice's portal, or, where there are several, by mail to one's own.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use portal_domain::{
    Door, decide, event::Caller, id::PracticeId, port::Page, practice::Practice, usecase::CallContext,
};

use super::{Shell, go_to, set_up, show};
use crate::{
    Inner,
    ask::Form,
    caller::{Origin, Speaks},
    observe,
    problem::Problem,
    words::Tongue,
};

/// So many practices tell as a rule whether there is one or several.
const FIRST: u32 = 2;
/// So many more are looked at where one of the first is closed.
const MORE: u32 = 8;

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
    /// Whether the first practice can be set up.
    set_up: bool,
}

/// What there is to come in by.
enum Doors {
    None,
    /// One: the way to its portal.
    Only(String),
    /// Several: the first of them that is open, as far as one was seen.
    Several(PracticeId),
}

/// Looks at a few practices at most. Where these don't tell how many are open, there are many, and the way is mailed.
async fn doors(app: &Inner) -> Result<Doors, Problem> {
    let mut seen = app.views.practices(&Page { after: None, limit: FIRST }).await?;
    let mut all = seen.len() < FIRST as usize;
    if !all && !seen.iter().all(is_open) {
        let after = seen.last().map(|practice| practice.slug.as_str().to_owned());
        let more = app.views.practices(&Page { after, limit: MORE }).await?;
        all = more.len() < MORE as usize;
        seen.extend(more);
    }
    let mut open = seen.iter().filter(|practice| is_open(practice));
    Ok(match (open.next(), open.next()) {
        (Some(only), None) if all => Doors::Only(sign_in_of(only)),
        (None, _) if all => Doors::None,
        (first, _) => first.or(seen.first()).map_or(Doors::None, |practice| Doors::Several(practice.id)),
    })
}

fn is_open(practice: &Practice) -> bool {
    decide::door_open(practice, Door::Portal).is_ok()
}

async fn closed(app: &Inner, tongue: Tongue) -> Result<Response, Problem> {
    let page = ClosedPage { shell: Shell::bare().speaking(tongue), set_up: set_up::is_open(app).await? };
    Ok(show(StatusCode::NOT_FOUND, &page))
}

fn front(status: StatusCode, asked: Asked, tongue: Tongue) -> Response {
    show(status, &FrontPage { shell: Shell::bare().speaking(tongue), asked })
}

fn sign_in_of(practice: &Practice) -> String {
    format!("/portal/{}/sign-in", practice.slug)
}

pub(super) async fn page(State(app): State<Arc<Inner>>, Speaks(tongue): Speaks) -> Result<Response, Problem> {
    Ok(match doors(&app).await? {
        Doors::None => closed(&app, tongue).await?,
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
        Doors::None => return closed(&app, tongue).await,
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
