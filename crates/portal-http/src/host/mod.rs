//! The host API: what a practice's own program may ask and order, by its key; and the operator API, by keys of whoever runs the
//! service.

mod activations;
mod clients;
mod contacts;
mod credentials;
mod diagnosis;
mod erasure;
mod events;
mod export;
pub(crate) mod find;
mod imports;
mod jobs;
mod operators;
mod passages;
mod portal;
mod reports;
mod settings;
mod upload;
mod users;
mod webhooks;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{MatchedPath, OriginalUri},
    middleware,
    response::{IntoResponse, Response},
};
use portal_domain::practice::Scope;
use serde::Serialize;

pub use self::diagnosis::diagnosis_payload;
pub(crate) use self::imports::refused_rows;
use crate::{
    Inner,
    document::{Area, Handled, Operation, Says},
    gate::{self, Gate},
    problem::Problem,
};

type Answer<T> = Result<T, Problem>;

/// A list that was fetched from a view, presented.
fn list<T, P: Serialize>(
    items: Vec<T>,
    next_cursor: Option<String>,
    part: impl FnMut(T) -> P,
) -> Json<crate::present::List<P>> {
    Json(crate::present::List { items: items.into_iter().map(part).collect(), next_cursor })
}

/// A route: method, path below `/api/v1`, what the key has to allow (W3), and the handler.
struct Route(&'static str, &'static str, Scope, Handled);

/// The one table of routes.
fn table() -> Vec<Route> {
    use crate::document::{delete, get, post, put};
    use Scope::{Credentials, Operator, Read, SignIn, Write};
    vec![
        Route("GET", "/practice-users", Read, get(users::list)),
        Route("GET", "/practice-users/{ref}", Read, get(users::one)),
        Route("PUT", "/practice-users/{ref}", Write, put(users::put)),
        Route("DELETE", "/practice-users/{ref}", Write, delete(users::delete)),
        Route("POST", "/practice-users/{ref}/invite", Write, post(users::invite)),
        Route("GET", "/clients", Read, get(clients::list)),
        Route("GET", "/clients/{ref}", Read, get(clients::one)),
        Route("PUT", "/clients/{ref}", Write, put(clients::put)),
        Route("DELETE", "/clients/{ref}", Write, delete(clients::delete)),
        Route("POST", "/clients/{ref}/suspend", Write, post(clients::suspend)),
        Route("POST", "/clients/{ref}/resume", Write, post(clients::resume)),
        Route("GET", "/contacts", Read, get(contacts::list)),
        // A contact may be called `search`.
        Route("POST", "/contacts/{ref}", Read, post(contacts::search)),
        Route("GET", "/contacts/{ref}", Read, get(contacts::one)),
        Route("PUT", "/contacts/{ref}", Write, put(contacts::put)),
        Route("DELETE", "/contacts/{ref}", Write, delete(contacts::delete)),
        Route("POST", "/contacts/{ref}/erase", Write, post(erasure::erase)),
        Route("PUT", "/contacts/{ref}/emails", Write, put(contacts::put_emails)),
        Route("PUT", "/contacts/{ref}/credential", Credentials, put(credentials::put)),
        Route("GET", "/contacts/{ref}/export", Read, get(export::one)),
        Route("GET", "/contacts/{ref}/portal", Read, get(portal::one)),
        Route("POST", "/contacts/{ref}/portal/activate", Write, post(portal::activate)),
        Route("POST", "/contacts/{ref}/portal/resend", Write, post(portal::resend)),
        Route("POST", "/contacts/{ref}/portal/lift-suppression", Write, post(portal::lift_suppression)),
        Route("POST", "/contacts/{ref}/portal/deactivate", Write, post(portal::deactivate)),
        Route("POST", "/contacts/{ref}/portal/reactivate", Write, post(portal::reactivate)),
        Route("GET", "/contacts/{ref}/portal/diagnosis", Read, get(diagnosis::one)),
        Route("POST", "/diagnosis", Read, post(diagnosis::of_address)),
        Route("GET", "/contacts/{ref}/portal/messages", Read, get(portal::messages)),
        Route("GET", "/contacts/{ref}/portal/events", Read, get(portal::events)),
        Route("GET", "/contacts/{ref}/portal/sessions", Read, get(portal::sessions)),
        Route("DELETE", "/contacts/{ref}/portal/sessions", Write, delete(portal::end_sessions)),
        Route("DELETE", "/sessions", Write, delete(portal::end_all_sessions)),
        Route("POST", "/handoffs", SignIn, post(passages::hand_over)),
        Route("POST", "/sign-ins", SignIn, post(passages::sign_in)),
        Route("POST", "/imports", Write, post(imports::create)),
        Route("GET", "/imports/{id}", Read, get(imports::one)),
        Route("POST", "/imports/{id}/cancel", Write, post(imports::cancel)),
        Route("GET", "/imports/{id}/rows", Read, get(imports::rows)),
        Route("GET", "/imports/{id}/refused.csv", Read, get(imports::refused)),
        Route("POST", "/activations", Write, post(activations::create)),
        Route("GET", "/activations/{id}", Read, get(activations::one)),
        Route("POST", "/activations/{id}/pause", Write, post(activations::pause)),
        Route("POST", "/activations/{id}/resume", Write, post(activations::resume)),
        Route("POST", "/activations/{id}/cancel", Write, post(activations::cancel)),
        Route("GET", "/events", Read, get(events::list)),
        Route("GET", "/settings", Read, get(settings::one)),
        Route("PUT", "/settings", Write, put(settings::put)),
        Route("GET", "/operator/practices", Operator, get(operators::list)),
        Route("GET", "/operator/practices/{slug}", Operator, get(operators::one)),
        Route("PUT", "/operator/practices/{slug}", Operator, put(operators::put)),
        Route("POST", "/operator/practices/{slug}/suspend", Operator, post(operators::suspend)),
        Route("POST", "/operator/practices/{slug}/resume", Operator, post(operators::resume)),
        Route("GET", "/operator/practices/{slug}/api-keys", Operator, get(operators::keys)),
        Route("POST", "/operator/practices/{slug}/api-keys", Operator, post(operators::create_key)),
        Route("DELETE", "/operator/practices/{slug}/api-keys/{id}", Operator, delete(operators::revoke_key)),
        Route("POST", "/operator/delivery-reports", Operator, post(reports::take)),
        Route("GET", "/webhooks", Read, get(webhooks::list)),
        Route("GET", "/webhooks/{ref}", Read, get(webhooks::one)),
        Route("PUT", "/webhooks/{ref}", Write, put(webhooks::put)),
        Route("DELETE", "/webhooks/{ref}", Write, delete(webhooks::delete)),
        Route("POST", "/webhooks/{ref}/test", Write, post(webhooks::test)),
        Route("POST", "/webhooks/{ref}/recover", Write, post(webhooks::recover)),
        Route("GET", "/webhooks/{ref}/deliveries", Read, get(webhooks::deliveries)),
    ]
}

/// What is said of them beside their handlers.
const SAID: [&[Says]; 15] = [
    users::SAYS,
    clients::SAYS,
    contacts::SAYS,
    credentials::SAYS,
    export::SAYS,
    portal::SAYS,
    events::SAYS,
    settings::SAYS,
    passages::SAYS,
    diagnosis::SAYS,
    imports::SAYS,
    activations::SAYS,
    webhooks::SAYS,
    operators::SAYS,
    reports::SAYS,
];

/// The operations of all routes, for the document.
pub(crate) fn operations() -> Vec<Operation> {
    let said = SAID.concat();
    let operation = |Route(_, path, scope, handled): &Route| Operation::new(Area::Host(*scope), path, handled, &said);
    table().iter().map(operation).collect()
}

/// Told where a route, of this API or any other, has no such method; which it has, the router adds.
pub(crate) async fn other_methods(path: Option<MatchedPath>, OriginalUri(uri): OriginalUri) -> Response {
    let contact = path.is_some_and(|it| it.as_str() == "/api/v1/contacts/{ref}");
    if contact && !uri.path().ends_with("/search") {
        return contacts::not_search();
    }
    Problem::other_methods().into_response()
}

/// All routes below `/api/v1`, each behind its gate.
pub(crate) fn routes(app: &Arc<Inner>) -> Router<Arc<Inner>> {
    table().into_iter().fold(Router::new(), |routes, Route(method, path, scope, handled)| {
        let gate = Gate::new(app, scope, format!("{method} {path}"));
        routes.route(path, handled.router.route_layer(middleware::from_fn_with_state(gate, gate::pass)))
    })
}

/// Method, path and scope of every route, for the documents and for whoever walks them all.
pub fn route_table() -> Vec<(&'static str, String, &'static str)> {
    table().into_iter().map(|Route(method, path, scope, _)| (method, format!("/api/v1{path}"), scope.code())).collect()
}
