//! The workspace's session cookie, for programs that sign their staff in themselves (P4, W1).
//!
//! Such a program authenticates a practice user in its own way, asks for a session with
//! [`Portal::open_workspace_session`](portal_domain::usecase::Portal::open_workspace_session), and gives the browser the cookie:
//!
//! ```
//! use portal_domain::{id::Slug, session::WorkspaceToken};
//! use portal_http::{BaseUrl, workspace_cookie};
//!
//! let base = BaseUrl::parse("https://portal.example").unwrap();
//! let practice = Slug::parse("smith").unwrap();
//! // … from `portal.open_workspace_session(&context, &user, user_agent, presented.as_ref())`:
//! let token = WorkspaceToken::from_entropy([7; 32]);
//! let header = workspace_cookie::given(&base, &practice, &token);
//! assert!(header.to_str().unwrap().starts_with("__Host-workspace-smith="));
//! ```
//!
//! The program has to be reached under the same host as the portal, since the cookie belongs to that host alone.

use axum::http::{HeaderMap, HeaderValue};
use portal_domain::{id::Slug, session::WorkspaceToken};

use crate::{
    config::BaseUrl,
    cookie::{self, Area},
};

/// The session of this practice's workspace that a browser has already: to be passed on as the one that is replaced.
pub fn presented(base: &BaseUrl, practice: &Slug, headers: &HeaderMap) -> Option<WorkspaceToken> {
    cookie::held(Area::Workspace, base, practice, headers).as_deref().and_then(WorkspaceToken::parse)
}

/// The value of the `Set-Cookie` header that gives the browser a session.
pub fn given(base: &BaseUrl, practice: &Slug, token: &WorkspaceToken) -> HeaderValue {
    cookie::line(Area::Workspace, base, practice, Some(&token.reveal()))
}

/// The value of the `Set-Cookie` header that takes it away.
pub fn taken(base: &BaseUrl, practice: &Slug) -> HeaderValue {
    cookie::line(Area::Workspace, base, practice, None)
}
