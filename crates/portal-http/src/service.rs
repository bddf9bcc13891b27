//! The two probes.

use std::sync::Arc;

use axum::{Json, Router, extract::State, routing};
use serde::Serialize;

use crate::{Inner, present, problem::Problem};

pub(crate) fn routes() -> Router<Arc<Inner>> {
    Router::new().route("/healthz", routing::get(health)).route("/readyz", routing::get(ready))
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

#[derive(Serialize)]
struct Ready {
    status: &'static str,
    database: &'static str,
    oldest_due_message: Option<String>,
}

/// Whether the database answers, and since when the oldest message waits.
async fn ready(State(app): State<Arc<Inner>>) -> Result<Json<Ready>, Problem> {
    let oldest = app.views.oldest_due(app.portal.now()).await?;
    Ok(Json(Ready { status: "ok", database: "ok", oldest_due_message: oldest.map(present::time) }))
}
