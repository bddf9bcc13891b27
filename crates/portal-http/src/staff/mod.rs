//! The pages of the workspace, for staff (W1): sign-in, reset, link, one's own sessions and password. They work without any script,
//! and neither read nor set a cookie of the portal (P4).

mod home;
mod link;
mod password;
mod sign_in;

use std::sync::Arc;

use axum::{extract::FromRequestParts, http::request::Parts, response::Response};
use portal_domain::session::WorkspaceToken;

use crate::{
    Inner, assets,
    caller::Visitor,
    problem::Problem,
    staff_pages::{
        self, Page,
        Who::{Anybody, Staff},
        deed, look,
    },
    workspace_cookie,
};

/// The way in, and one's own pages.
pub(crate) fn pages() -> Vec<Page> {
    vec![
        look("/sign-in", Anybody, sign_in::page),
        deed("/sign-in", Anybody, sign_in::sign_in),
        look("/forgot", Anybody, sign_in::forgot),
        deed("/forgot", Anybody, sign_in::ask),
        look("/link/{token}", Anybody, link::page),
        deed("/link/{token}", Anybody, link::set_password),
        deed("/link/{token}/renew", Anybody, link::renew),
        deed("/sign-out", Anybody, home::sign_out),
        look("/me", Staff, home::page),
        look("/password", Staff, password::page),
        deed("/password", Staff, password::change),
        deed("/sessions", Staff, home::end_others),
        deed("/sessions/{id}", Staff, home::end_one),
    ]
}

/// The workspace cookie of this practice.
struct Held(Option<WorkspaceToken>);

impl FromRequestParts<Arc<Inner>> for Held {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<Inner>) -> Result<Self, Problem> {
        let visitor = Visitor::from_request_parts(parts, app).await?;
        Ok(Self(workspace_cookie::presented(&app.config.base_url, &visitor.practice.slug, &parts.headers)))
    }
}

/// What stands around the pages of whoever is not signed in.
struct Shell {
    css: String,
    js: String,
    practice: String,
    contact_line: String,
}

impl Shell {
    fn of(visitor: &Visitor) -> Self {
        let practice = &visitor.practice;
        Self {
            css: assets::css_path(),
            js: assets::js_path(),
            practice: practice.name.clone(),
            contact_line: practice.settings.contact_line.clone(),
        }
    }
}

/// The path of a page of the practice's workspace.
fn path(visitor: &Visitor, page: &str) -> String {
    staff_pages::path(&visitor.practice, page)
}

/// On to another page of the workspace.
fn go_to(visitor: &Visitor, page: &str) -> Response {
    staff_pages::go_to(path(visitor, page))
}
