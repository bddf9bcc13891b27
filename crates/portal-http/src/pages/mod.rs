//! The pages: sign-in, reset, link, signed-in. They work without any script.

mod handoff;
mod home;
mod link;
mod returning;
mod sign_in;

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    http::{HeaderValue, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing,
};
use portal_domain::practice::Practice;

use crate::{Inner, assets, guard, problem::Problem};

/// The routes of the pages.
pub(crate) fn routes(app: &Arc<Inner>) -> Router<Arc<Inner>> {
    Router::new()
        .route("/portal/{practice}", routing::get(home::short))
        .route("/portal/{practice}/", routing::get(home::page))
        .route("/portal/{practice}/profile", routing::post(home::choose))
        .route("/portal/{practice}/sign-out", routing::post(home::sign_out))
        .route("/portal/{practice}/sign-in", routing::get(sign_in::page).post(sign_in::sign_in))
        .route("/portal/{practice}/return", routing::get(returning::page).post(returning::go_back))
        .route("/portal/{practice}/handoff/{token}", routing::get(handoff::page).post(handoff::take_over))
        .route("/portal/{practice}/forgot", routing::get(sign_in::forgot).post(sign_in::ask))
        .route("/portal/{practice}/link/{token}", routing::get(link::page).post(link::set_password))
        .route("/portal/{practice}/link/{token}/renew", routing::post(link::renew))
        .route_layer(middleware::from_fn_with_state(Arc::clone(app), guard::same_origin))
}

/// Whether people look at what is at a path, and not programs.
pub(crate) fn is_page(path: &str) -> bool {
    let area = path.strip_prefix("/portal/").or_else(|| path.strip_prefix("/workspace/"));
    let Some(below) = area else { return false };
    below.split('/').nth(1) != Some("api")
}

/// What stands around every page of a practice.
pub(crate) struct Shell {
    pub(crate) css: String,
    pub(crate) practice: Option<Around>,
}

/// The practice a page belongs to.
pub(crate) struct Around {
    pub(crate) name: String,
    pub(crate) contact_line: String,
}

impl Shell {
    fn of(practice: &Practice) -> Self {
        let around = Around { name: practice.name.clone(), contact_line: practice.settings.contact_line.clone() };
        Self { css: assets::css_path(), practice: Some(around) }
    }

    /// Around a page that belongs to no practice.
    pub(crate) fn bare() -> Self {
        Self { css: assets::css_path(), practice: None }
    }
}

/// A page as an answer.
pub(crate) fn show(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response(),
        Err(error) => crate::broken(&error),
    }
}

/// On to another page.
fn go_to(path: String) -> Response {
    let place = HeaderValue::try_from(path).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()
}

/// A refusal's text, as people write sentences.
pub(crate) fn sentence(text: &str) -> String {
    let mut rest = text.trim_end_matches('.').chars();
    rest.next().map(|first| first.to_uppercase().chain(rest).chain(['.']).collect()).unwrap_or_default()
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    shell: Shell,
    title: &'a str,
    detail: &'a str,
}

/// Set on an answer that says in words of its own what went wrong.
#[derive(Clone)]
pub(crate) struct Dressed;

/// A problem in words for people.
pub(crate) fn problem(problem: &Problem) -> Response {
    let detail = match problem.code() {
        "not_found" => "Please check that the address is complete. If it came in a mail, open it from there again.",
        "overloaded" => "Too many people are here at once. Please try again in a few seconds.",
        "internal_error" => "This is our fault and not yours. Please try again later.",
        "method_not_allowed" => "This address is not meant to be opened by itself.",
        _ => problem.detail(),
    };
    let detail = &sentence(detail);
    let title = match problem.code() {
        "not_found" => "This page does not exist",
        _ => problem.title(),
    };
    show(problem.status(), &ProblemPage { shell: Shell::bare(), title, detail })
}
