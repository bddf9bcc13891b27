//! The pages: sign-in, reset, link, signed-in. They work without any script.

mod brand;
mod fault;
mod front;
mod handoff;
mod home;
mod link;
mod password;
mod problem;
mod returning;
mod say;
mod set_up;
mod sign_in;
mod view;

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

pub(crate) use self::problem::{problem, sentence};
use crate::{Inner, assets, config::BaseUrl, guard, words::Tongue};

/// The routes of the pages.
pub(crate) fn routes(app: &Arc<Inner>) -> Router<Arc<Inner>> {
    Router::new()
        .route("/setup", routing::get(set_up::page).post(set_up::set_up))
        .route("/", routing::get(front::page).post(front::ask))
        .route("/portal/{practice}", routing::get(home::short))
        .route("/portal/{practice}/", routing::get(home::page))
        .route("/portal/{practice}/profile", routing::post(home::choose))
        .route("/portal/{practice}/password", routing::get(password::page).post(password::change))
        .route("/portal/{practice}/sessions", routing::post(home::end_sessions))
        .route("/portal/{practice}/sign-out", routing::post(home::sign_out))
        .route("/portal/{practice}/sign-in", routing::get(sign_in::page).post(sign_in::sign_in))
        .route("/portal/{practice}/return", routing::get(returning::page).post(returning::go_back))
        .route("/portal/{practice}/handoff/{token}", routing::get(handoff::page).post(handoff::take_over))
        .route("/portal/{practice}/brand/{name}", routing::get(brand::style))
        .route("/portal/{practice}/logo/{name}", routing::get(brand::logo))
        .route("/portal/{practice}/view", routing::get(view::page))
        .route("/portal/{practice}/view/end", routing::post(view::end))
        .route("/portal/{practice}/forgot", routing::get(sign_in::forgot).post(sign_in::ask))
        .route("/portal/{practice}/link/{token}", routing::get(link::page).post(link::set_password))
        .route("/portal/{practice}/link/{token}/renew", routing::post(link::renew))
        .route_layer(middleware::from_fn_with_state(Arc::clone(app), guard::same_origin))
}

/// Whether people look at what is at a path, and not programs.
pub(crate) fn is_page(path: &str) -> bool {
    if path == "/" || path == "/setup" {
        return true;
    }
    let area = path.strip_prefix("/portal/").or_else(|| path.strip_prefix("/workspace/"));
    let Some(below) = area else { return false };
    below.split('/').nth(1) != Some("api")
}

/// What stands around every page, and the language in which it speaks.
pub(crate) struct Shell {
    pub(crate) css: String,
    pub(crate) js: String,
    pub(crate) practice: Option<Around>,
    tongue: Tongue,
}

/// The practice a page belongs to.
pub(crate) struct Around {
    pub(crate) name: String,
    pub(crate) contact_line: String,
    /// Where its colours are, if it has its own.
    pub(crate) style: Option<String>,
    /// Where its logo is.
    pub(crate) logo: Option<String>,
}

impl Shell {
    /// Around a page of a practice, in English.
    pub(crate) fn of(practice: &Practice) -> Self {
        let around = Around {
            name: practice.name.clone(),
            contact_line: practice.settings.contact_line.clone(),
            style: brand::sheet_path(practice),
            logo: brand::logo_path(practice),
        };
        Self { practice: Some(around), ..Self::bare() }
    }

    /// Around a page that belongs to no practice.
    pub(crate) fn bare() -> Self {
        Self { css: assets::css_path(), js: assets::js_path(), practice: None, tongue: Tongue::English }
    }

    /// The same in another language.
    pub(crate) fn speaking(self, tongue: Tongue) -> Self {
        Self { tongue, ..self }
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

#[derive(Template)]
#[template(path = "elsewhere.html")]
struct ElsewherePage<'a> {
    shell: Shell,
    place: &'a str,
    host: &'a str,
}

/// Set on an answer that says in words of its own what went wrong.
#[derive(Clone)]
pub(crate) struct Dressed;

/// What people see who came by a host that is not served: where the page is that they asked for.
pub(crate) fn elsewhere(base: &BaseUrl, path: &str, tongue: Tongue) -> Response {
    let host = base.as_str().split_once("://").map_or("", |(_, host)| host);
    let page =
        ElsewherePage { shell: Shell::bare().speaking(tongue), place: &format!("{}{path}", base.as_str()), host };
    show(StatusCode::MISDIRECTED_REQUEST, &page)
}
