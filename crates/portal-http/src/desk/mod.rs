//! The pages of the workspace on which staff work: who can get in, who can't, and what to do. They work without any script.

mod asked;
mod bulk;
mod clients;
mod confirm;
mod contact;
mod contacts;
mod details;
mod effects;
mod emails;
mod history;
mod member;
mod refused;
mod rollout;
mod words;

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
use portal_domain::practice::Role;

pub(crate) use self::member::Member;
use self::member::{Place, Shell};
use crate::{Inner, assets, guard, pages::show, problem::Problem};

/// A page: method, path below `/workspace/{practice}`, the least role that it takes (W3), and the handler.
struct Page(&'static str, &'static str, Role, MethodRouter<Arc<Inner>>);

impl Page {
    fn of(self, least: Role) -> Self {
        Self(self.0, self.1, least, self.3)
    }
}

fn look<T: 'static, H: Handler<T, Arc<Inner>>>(path: &'static str, handler: H) -> Page {
    Page("GET", path, Role::Staff, routing::get(handler))
}

fn deed<T: 'static, H: Handler<T, Arc<Inner>>>(path: &'static str, role: Role, handler: H) -> Page {
    Page("POST", path, role, routing::post(handler))
}

/// The one table of these pages.
fn table() -> Vec<Page> {
    use Role::{Admin, Staff};
    vec![
        look("", member::short),
        look("/", rollout::page),
        look("/contacts", contacts::page),
        look("/new-contact", contacts::form),
        deed("/new-contact", Staff, contacts::add),
        look("/contacts/{ref}", contact::page),
        deed("/contacts/{ref}/emails/preview", Staff, emails::preview),
        deed("/contacts/{ref}/emails", Staff, emails::save),
        look("/contacts/{ref}/access/{command}", contact::foresee),
        deed("/contacts/{ref}/access/{command}", Staff, contact::carry_out),
        look("/contacts/{ref}/details", details::form),
        deed("/contacts/{ref}/details", Staff, details::save),
        look("/contacts/{ref}/history", history::page),
        deed("/contacts/{ref}/sessions", Staff, contact::end_sessions),
        deed("/contacts/{ref}/sessions/{id}", Staff, contact::end_session),
        look("/clients", clients::page),
        deed("/clients", Staff, clients::add),
        look("/clients/{ref}", clients::one),
        deed("/clients/{ref}", Staff, clients::rename),
        deed("/clients/{ref}/suspend", Admin, clients::suspend),
        deed("/clients/{ref}/resume", Admin, clients::resume),
        look("/bulk/{command}", bulk::foresee).of(Admin),
        deed("/bulk/{command}", Admin, bulk::start),
        look("/jobs/{id}", bulk::job).of(Admin),
        deed("/jobs/{id}/pause", Admin, bulk::pause),
        deed("/jobs/{id}/resume", Admin, bulk::resume),
        deed("/jobs/{id}/cancel", Admin, bulk::cancel),
    ]
}

/// Method, path and least role of every page on which staff work, for whoever walks them all.
pub fn workspace_table() -> Vec<(&'static str, String, &'static str)> {
    let row = |Page(method, path, role, _)| (method, format!("/workspace/{{practice}}{path}"), Role::code(role));
    table().into_iter().map(row).collect()
}

/// The routes of the pages.
pub(crate) fn routes(app: &Arc<Inner>) -> Router<Arc<Inner>> {
    let pages = table().into_iter().fold(Router::new(), |routes, Page(_, path, least, handler)| {
        let gate = Gate { app: Arc::clone(app), least };
        let handler = handler.route_layer(middleware::from_fn_with_state(gate, pass));
        routes.route(&format!("/workspace/{{practice}}{path}"), handler)
    });
    pages.route_layer(middleware::from_fn_with_state(Arc::clone(app), guard::same_origin))
}

/// What the gate has to know of a page.
#[derive(Clone)]
struct Gate {
    app: Arc<Inner>,
    least: Role,
}

/// Lets staff pass whose role is enough, and tells them in the workspace's own frame what went wrong.
async fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let member = match Member::enter(&mut parts, &gate.app).await {
        Ok(member) => member,
        Err(answer) => return answer,
    };
    if gate.least == Role::Admin && member.user.role != Role::Admin {
        let detail = "only an admin of the practice may do this: ask one of them";
        return in_frame(&member, Problem::new("forbidden", detail).into_response());
    }
    parts.extensions.insert(member.clone());
    in_frame(&member, next.run(Request::from_parts(parts, body)).await)
}

fn in_frame(member: &Member, response: Response) -> Response {
    let Some(problem) = response.extensions().get::<Problem>() else { return response };
    refused::problem(member, problem, &response)
}

/// On to another page of the workspace.
fn go_to(path: String) -> Response {
    let place = HeaderValue::try_from(path).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()
}
