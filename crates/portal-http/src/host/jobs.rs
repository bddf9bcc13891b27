//! What imports and activations have in common.

use std::collections::BTreeMap;

use portal_domain::{
    id::JobId,
    job::{JobKind, JobState},
    usecase::{JobAnswer, StartedJob},
};
use serde::Serialize;
use serde_json::json;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

use super::Answer;
use crate::{
    ask::{Bare, Sent},
    caller::Host,
    document::answered,
    present::{self, outcomes},
    problem::Problem,
};

/// A job that is on its way, or what it would do.
#[derive(Serialize, ToSchema)]
#[schema(as = StartedJob)]
pub(crate) struct Created {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    id: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(required = false)]
    preview: BTreeMap<String, u64>,
}

impl From<StartedJob> for Created {
    fn from(started: StartedJob) -> Self {
        Self { id: started.job.map(|job| job.to_string()), preview: started.preview }
    }
}

/// Where a job is after a command.
#[derive(Serialize, ToSchema)]
#[schema(as = MovedJob)]
pub(crate) struct Moved {
    id: String,
    #[schema(schema_with = outcomes)]
    outcome: &'static str,
    #[schema(schema_with = states)]
    state: &'static str,
    done: u64,
}

/// Where a job can be seen to be: one that is still being staged is not there.
pub(super) fn states() -> RefOr<Schema> {
    let seen = JobState::ALL.into_iter().filter(|state| *state != JobState::Staging);
    answered(json!({ "type": "string", "enum": seen.map(JobState::code).collect::<Vec<_>>() }))
}

impl Moved {
    pub(crate) fn new(id: JobId, answer: &JobAnswer) -> Self {
        let outcome = present::outcome(answer.changed);
        Self { id: id.to_string(), outcome, state: answer.state.code(), done: answer.progress.done }
    }
}

/// The job of a command that says nothing else.
pub(super) async fn meant(host: &Host, kind: JobKind, id: &str, sent: Sent<Bare>) -> Answer<JobId> {
    let id = parse_id(id)?;
    sent.after(host.app.portal.job(&host.context, kind, id)).await?;
    Ok(id)
}

/// A job's id in a path; one that can't be one is unknown like any other.
pub(crate) fn parse_id(text: &str) -> Answer<JobId> {
    JobId::parse(text).ok_or_else(|| Problem::not_found("job"))
}
