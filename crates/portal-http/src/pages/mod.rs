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
    handler::Handler,
    http::{HeaderValue, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::{self, MethodRouter},
};
use portal_domain::practice::Practice;

pub(crate) use self::problem::{problem, sentence};
use crate::{Inner, assets, config::BaseUrl, guard, words::Tongue};

/// A page of the portal, and what belongs to one: method, path and handler.
struct Page(&'static str, &'static str, MethodRouter<Arc<Inner>>);

fn look<T: 'static, H: Handler<T, Arc<Inner>>>(path: &'static str, handler: H) -> Page {
    Page("GET", path, routing::get(handler))
}

fn deed<T: 'static, H: Handler<T, Arc<Inner>>>(path: &'static str, handler: H) -> Page {
    Page("POST", path, routing::post(handler))
}

/// The one table of them.
fn table() -> Vec<Page> {
    vec![
        look("/setup", set_up::page),
        deed("/setup", set_up::set_up),
        look("/", front::page),
        deed("/", front::ask),
        look("/portal/{practice}", home::short),
        look("/portal/{practice}/", home::page),
        deed("/portal/{practice}/profile", home::choose),
        look("/portal/{practice}/password", password::page),
        deed("/portal/{practice}/password", password::change),
        deed("/portal/{practice}/sessions", home::end_sessions),
        deed("/portal/{practice}/sign-out", home::sign_out),
        look("/portal/{practice}/sign-in", sign_in::page),
        deed("/portal/{practice}/sign-in", sign_in::sign_in),
        look("/portal/{practice}/return", returning::page),
        deed("/portal/{practice}/return", returning::go_back),
        look("/portal/{practice}/handoff/{token}", handoff::page),
        deed("/portal/{practice}/handoff/{token}", handoff::take_over),
        look("/portal/{practice}/brand/{name}", brand::style),
        look("/portal/{practice}/logo/{name}", brand::logo),
        look("/portal/{practice}/view", view::page),
        deed("/portal/{practice}/view/end", view::end),
        look("/portal/{practice}/forgot", sign_in::forgot),
        deed("/portal/{practice}/forgot", sign_in::ask),
        look("/portal/{practice}/link/{token}", link::page),
        deed("/portal/{practice}/link/{token}", link::set_password),
        deed("/portal/{practice}/link/{token}/renew", link::renew),
    ]
}

/// Method and path of every page of the portal, and of what belongs to one: for whoever walks them all.
pub fn portal_table() -> Vec<(&'static str, &'static str)> {
    table().into_iter().map(|Page(method, path, _)| (method, path)).collect()
}

/// The routes of the pages.
pub(crate) fn routes(app: &Arc<Inner>) -> Router<Arc<Inner>> {
    let pages = table().into_iter().fold(Router::new(), |routes, Page(_, path, handler)| routes.route(path, handler));
    pages.route_layer(middleware::from_fn_with_state(Arc::clone(app), guard::same_origin))
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
