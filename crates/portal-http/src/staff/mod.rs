//! The pages of the workspace, for staff (W1): sign-in, reset, link, one's own sessions and password. They work without any script,
//! and neither read nor set a cookie of the portal (P4).

mod home;
mod link;
mod password;
mod sign_in;
mod words;

use std::sync::Arc;

use axum::{
    Router,
    extract::FromRequestParts,
    http::{HeaderValue, StatusCode, header, request::Parts},
    middleware,
    response::{IntoResponse, Response},
    routing::{self, MethodRouter},
};
use portal_domain::{
    event::Caller,
    session::WorkspaceToken,
    usecase::{CallContext, WorkspaceView},
};

use crate::{Inner, assets, caller::Visitor, guard, problem::Problem, workspace_cookie};

/// Whom a page is for (W3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// Whoever comes.
    Anybody,
    /// Whoever is signed in to the workspace, of either role.
    Staff,
}

/// A page: methods, path below `/workspace/{practice}`, whom it is for, and the handlers.
struct Page(&'static [&'static str], &'static str, Who, MethodRouter<Arc<Inner>>);

/// The one table of pages.
fn table() -> Vec<Page> {
    use Who::{Anybody, Staff};
    use routing::{get, post};
    const BOTH: &[&str] = &["GET", "POST"];
    vec![
        Page(&["GET"], "/me", Staff, get(home::page)),
        Page(BOTH, "/sign-in", Anybody, get(sign_in::page).post(sign_in::sign_in)),
        Page(BOTH, "/forgot", Anybody, get(sign_in::forgot).post(sign_in::ask)),
        Page(BOTH, "/link/{token}", Anybody, get(link::page).post(link::set_password)),
        Page(&["POST"], "/link/{token}/renew", Anybody, post(link::renew)),
        Page(&["POST"], "/sign-out", Anybody, post(home::sign_out)),
        Page(BOTH, "/password", Staff, get(password::page).post(password::change)),
        Page(&["POST"], "/sessions", Staff, post(home::end_others)),
        Page(&["POST"], "/sessions/{id}", Staff, post(home::end_one)),
    ]
}

/// Method, path and whether one has to be signed in, of every page of the workspace: for whoever walks them all.
pub fn workspace_page_table() -> Vec<(&'static str, String, bool)> {
    let rows = table().into_iter().flat_map(|Page(methods, path, who, _)| {
        methods.iter().map(move |method| (*method, format!("/workspace/{{practice}}{path}"), who == Who::Staff))
    });
    rows.collect()
}

/// The routes of the pages.
pub(crate) fn routes(app: &Arc<Inner>) -> Router<Arc<Inner>> {
    let pages = table().into_iter().fold(Router::new(), |routes, Page(_, path, who, handlers)| {
        let handlers = match who {
            Who::Anybody => handlers,
            Who::Staff => handlers.route_layer(middleware::from_extractor_with_state::<Member, _>(Arc::clone(app))),
        };
        routes.route(&format!("/workspace/{{practice}}{path}"), handlers)
    });
    pages.route_layer(middleware::from_fn_with_state(Arc::clone(app), guard::same_origin))
}

/// Staff with a valid session of this practice's workspace; whoever has none is led to the sign-in.
#[derive(Clone)]
struct Member {
    visitor: Visitor,
    token: WorkspaceToken,
    view: WorkspaceView,
    /// The context of what this session does.
    context: CallContext,
}

impl FromRequestParts<Arc<Inner>> for Member {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<Inner>) -> Result<Self, Response> {
        // Asked by the table's gate, it is not asked again by the page.
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let visitor = Visitor::from_request_parts(parts, app).await.map_err(IntoResponse::into_response)?;
        let elsewhere = || go_to(&visitor, "sign-in");
        let held = workspace_cookie::presented(&app.config.base_url, &visitor.practice.slug, &parts.headers);
        let token = held.ok_or_else(elsewhere)?;
        let view = match app.portal.use_workspace_session(&visitor.context, &token).await.map_err(Problem::from) {
            Ok(view) => view,
            Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => return Err(elsewhere()),
            Err(problem) => return Err(problem.into_response()),
        };
        let context = CallContext { caller: Caller::User(view.user.id), ..visitor.context.clone() };
        let member = Self { visitor, token, view, context };
        parts.extensions.insert(member.clone());
        Ok(member)
    }
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

/// What stands around every page.
struct Shell {
    css: String,
    practice: String,
    contact_line: String,
}

impl Shell {
    fn of(visitor: &Visitor) -> Self {
        let practice = &visitor.practice;
        Self {
            css: assets::css_path(),
            practice: practice.name.clone(),
            contact_line: practice.settings.contact_line.clone(),
        }
    }
}

/// The path of a page of the practice's workspace.
fn path(visitor: &Visitor, page: &str) -> String {
    format!("/workspace/{}/{page}", visitor.practice.slug)
}

/// On to another page of the workspace.
fn go_to(visitor: &Visitor, page: &str) -> Response {
    let place = HeaderValue::try_from(path(visitor, page)).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()
}
