//! The host API: what a practice's own program may ask and order, by its key.

mod clients;
mod contacts;
mod events;
mod portal;
mod settings;
mod users;

use std::sync::Arc;

use axum::{Json, Router, routing};
use serde::Serialize;

use crate::{Inner, problem::Problem};

type Answer<T> = Result<T, Problem>;

/// A list that was fetched from a view, presented.
fn list<T, P: Serialize>(
    items: Vec<T>,
    next_cursor: Option<String>,
    part: impl FnMut(T) -> P,
) -> Json<crate::present::List<P>> {
    Json(crate::present::List { items: items.into_iter().map(part).collect(), next_cursor })
}

/// All routes below `/api/v1`.
pub(crate) fn routes() -> Router<Arc<Inner>> {
    let contact = "/contacts/{ref}";
    let at = |rest: &str| format!("{contact}{rest}");
    Router::new()
        .route("/practice-users", routing::get(users::list))
        .route("/practice-users/{ref}", routing::get(users::one).put(users::put).delete(users::delete))
        .route("/clients", routing::get(clients::list))
        .route("/clients/{ref}", routing::get(clients::one).put(clients::put).delete(clients::delete))
        .route("/clients/{ref}/suspend", routing::post(clients::suspend))
        .route("/clients/{ref}/resume", routing::post(clients::resume))
        .route("/contacts", routing::get(contacts::list))
        .route(contact, routing::get(contacts::one).put(contacts::put).delete(contacts::delete).post(contacts::search))
        .route(&at("/emails"), routing::put(contacts::put_emails))
        .route(&at("/portal"), routing::get(portal::one))
        .route(&at("/portal/activate"), routing::post(portal::activate))
        .route(&at("/portal/resend"), routing::post(portal::resend))
        .route(&at("/portal/deactivate"), routing::post(portal::deactivate))
        .route(&at("/portal/reactivate"), routing::post(portal::reactivate))
        .route(&at("/portal/messages"), routing::get(portal::messages))
        .route(&at("/portal/events"), routing::get(portal::events))
        .route(&at("/portal/sessions"), routing::get(portal::sessions).delete(portal::end_sessions))
        .route("/events", routing::get(events::list))
        .route("/sessions", routing::delete(portal::end_all_sessions))
        .route("/settings", routing::get(settings::one).put(settings::put))
}
