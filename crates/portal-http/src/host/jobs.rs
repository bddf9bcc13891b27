//! What imports and activations have in common.

use std::collections::BTreeMap;

use portal_domain::{
    id::JobId,
    usecase::{JobAnswer, StartedJob},
};
use serde::Serialize;

use super::Answer;
use crate::{present, problem::Problem};

/// A job that is on its way, or what it would do.
#[derive(Serialize)]
pub(crate) struct Created {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    preview: BTreeMap<String, u64>,
}

impl From<StartedJob> for Created {
    fn from(started: StartedJob) -> Self {
        Self { id: started.job.map(|job| job.to_string()), preview: started.preview }
    }
}

/// Where a job is after a command.
#[derive(Serialize)]
pub(crate) struct Moved {
    id: String,
    outcome: &'static str,
    state: &'static str,
    done: u64,
}

impl Moved {
    pub(crate) fn new(id: JobId, answer: &JobAnswer) -> Self {
        let outcome = present::outcome(answer.changed);
        Self { id: id.to_string(), outcome, state: answer.state.code(), done: answer.progress.done }
    }
}

/// A job's id in a path; one that can't be one is unknown like any other.
pub(crate) fn parse_id(text: &str) -> Answer<JobId> {
    JobId::parse(text).ok_or_else(|| Problem::not_found("job"))
}
