//! The two probes.

use std::sync::Arc;

use axum::{Json, Router, extract::State, routing};
use portal_domain::port::StoreError;
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
    schema: &'static str,
    oldest_due_message: Option<String>,
}

/// Whether the database answers with the schema that this program knows, and since when the oldest message waits.
async fn ready(State(app): State<Arc<Inner>>) -> Result<Json<Ready>, Problem> {
    let oldest = app.views.oldest_due(app.portal.now()).await.map_err(away)?;
    if !app.views.schema_fits().await.map_err(away)? {
        let detail = "the database has another schema than this program: run `portal migrate`, or a newer program";
        return Err(Problem::new("overloaded", detail));
    }
    Ok(Json(Ready { status: "ok", database: "ok", schema: "ok", oldest_due_message: oldest.map(present::time) }))
}

/// A database that doesn't answer is named. Why stands in the log alone.
fn away(error: StoreError) -> Problem {
    match error {
        StoreError::Unavailable(why) => {
            tracing::warn!(why, "the database is not available");
            Problem::new("overloaded", "the database can't be reached, or is too busy: try again in a second")
        }
        damaged @ StoreError::Damaged(_) => damaged.into(),
    }
}
