//! The pages of the workspace in one table: whom each is for (W3), and the gate that lets nobody else in.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    handler::Handler,
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{self, MethodRouter},
};
use portal_domain::practice::{Practice, Role};

use crate::{
    Inner,
    desk::{self, Member},
    guard,
    problem::Problem,
    staff,
};

/// Whom a page is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// Whoever comes.
    Anybody,
    /// Whoever is signed in to the workspace, of either role.
    Staff,
    /// An admin who is signed in.
    Admin,
}

impl Who {
    const fn name(self) -> &'static str {
        match self {
            Self::Anybody => "anybody",
            Self::Staff => "staff",
            Self::Admin => "admin",
        }
    }

    fn takes(self, role: Role) -> bool {
        self != Self::Admin || role == Role::Admin
    }
}

/// A page: method, path below `/workspace/{practice}`, whom it is for, and the handler.
pub(crate) struct Page(&'static str, &'static str, Who, MethodRouter<Arc<Inner>>);

pub(crate) fn look<T: 'static, H: Handler<T, Arc<Inner>>>(path: &'static str, who: Who, handler: H) -> Page {
    Page("GET", path, who, routing::get(handler))
}

pub(crate) fn deed<T: 'static, H: Handler<T, Arc<Inner>>>(path: &'static str, who: Who, handler: H) -> Page {
    Page("POST", path, who, routing::post(handler))
}

/// The one table of pages.
fn table() -> impl Iterator<Item = Page> {
    staff::pages().into_iter().chain(desk::pages())
}

/// Method, path, and whom it is for (`anybody`, `staff` or `admin`), of every page of the workspace: for whoever walks them all.
pub fn workspace_table() -> Vec<(&'static str, String, &'static str)> {
    let row = |Page(method, path, who, _)| (method, format!("/workspace/{{practice}}{path}"), who.name());
    table().map(row).collect()
}

/// The routes of the pages.
pub(crate) fn routes(app: &Arc<Inner>) -> Router<Arc<Inner>> {
    let pages = table().fold(Router::new(), |routes, Page(_, path, who, handler)| {
        let gate = Gate { app: Arc::clone(app), who };
        let handler = match who {
            Who::Anybody => handler,
            Who::Staff | Who::Admin => handler.route_layer(middleware::from_fn_with_state(gate, pass)),
        };
        routes.route(&format!("/workspace/{{practice}}{path}"), handler)
    });
    pages.route_layer(middleware::from_fn_with_state(Arc::clone(app), guard::same_origin))
}

/// What the gate has to know of a page.
#[derive(Clone)]
struct Gate {
    app: Arc<Inner>,
    who: Who,
}

/// Lets staff pass whose role is enough, and tells them in the workspace's own frame what went wrong.
async fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let member = match Member::enter(&mut parts, &gate.app).await {
        Ok(member) => member,
        Err(answer) => return answer,
    };
    if !gate.who.takes(member.user.role) {
        let detail = "only an admin of the practice may do this: ask one of them";
        return in_frame(&member, Problem::new("forbidden", detail).into_response());
    }
    parts.extensions.insert(member.clone());
    in_frame(&member, next.run(Request::from_parts(parts, body)).await)
}

fn in_frame(member: &Member, response: Response) -> Response {
    let Some(problem) = response.extensions().get::<Problem>() else { return response };
    desk::problem(member, problem, &response)
}

/// The path of a page of the practice's workspace.
pub(crate) fn path(practice: &Practice, page: &str) -> String {
    format!("/workspace/{}/{page}", practice.slug)
}

/// On to another page.
pub(crate) fn go_to(path: String) -> Response {
    let place = HeaderValue::try_from(path).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()
}
