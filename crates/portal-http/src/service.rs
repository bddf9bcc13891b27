//! The two probes.

use std::sync::Arc;

use axum::{Json, Router, extract::State};
use portal_domain::port::StoreError;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    Inner,
    document::{self, Handled, Says, get, says},
    present,
    problem::Problem,
};

pub(crate) const SAYS: &[Says] = &[
    says("GET /healthz", "Whether the process answers"),
    says("GET /readyz", "Whether the database answers with the right schema, and since when the oldest message waits")
        .refuses(&["overloaded"]),
];

/// Path and handler of the two.
pub(crate) fn table() -> Vec<(&'static str, Handled)> {
    vec![("/healthz", get(health)), ("/readyz", get(ready))]
}

pub(crate) fn routes() -> Router<Arc<Inner>> {
    document::router(table())
}

#[derive(Serialize, ToSchema)]
struct Health {
    status: &'static str,
}

async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

#[derive(Serialize, ToSchema)]
struct Ready {
    status: &'static str,
    database: &'static str,
    schema: &'static str,
    #[schema(format = DateTime)]
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
