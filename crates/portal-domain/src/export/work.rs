//! Endpoints of hosts and what was pushed to them; work on many contacts.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::When;
use crate::{
    id::{EventId, JobId, Ref, WebhookId},
    job::{BulkAction, Job, JobRow, JobSpec, JobState, RowContent, RowReport},
    status::PortalStatus,
    webhook::{EndReason, Webhook, WebhookDelivery},
};

/// An endpoint of a host, without its secrets. Of its address there is the host alone: the rest may hold a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookRecord {
    /// Our id.
    pub id: WebhookId,
    /// The host's id.
    pub r#ref: Ref,
    /// The host of its address.
    pub host: String,
    /// What it is for, in words.
    pub description: String,
    /// The kinds of events it wants; all where there are none.
    pub events: Vec<String>,
    /// Whether events are pushed to it.
    pub enabled: bool,
    /// Why it was disabled, where we did it.
    pub disabled: Option<DisabledRecord>,
    /// The number up to which the journal was served.
    pub cursor: i64,
    /// When it was made.
    pub created_at: When,
}

/// That an endpoint was disabled by us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisabledRecord {
    /// When.
    pub at: When,
    /// Why.
    pub reason: EndReason,
}

impl From<Webhook> for WebhookRecord {
    fn from(it: Webhook) -> Self {
        let Webhook { id, reference, enabled, terms, progress, .. } = it;
        Self {
            id,
            r#ref: reference,
            host: terms.host().to_owned(),
            description: terms.description,
            events: terms.kinds,
            enabled,
            disabled: terms.ended.map(|ended| DisabledRecord { at: When(ended.at), reason: ended.why }),
            cursor: progress.cursor,
            created_at: When(terms.created_at),
        }
    }
}

/// One try to push an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryRecord {
    /// The endpoint.
    pub webhook: WebhookId,
    /// The place in its log.
    pub place: i64,
    /// The event.
    pub event: EventId,
    /// The event's number.
    pub number: i64,
    /// The event's kind.
    pub kind: String,
    /// When the try began.
    pub at: When,
    /// How long it took, in milliseconds.
    pub took_ms: u32,
    /// Which try it was of this event.
    pub attempt: u32,
    /// Whether the event was received.
    pub received: bool,
    /// The status that was answered.
    pub status: Option<u16>,
    /// What happened, in our words.
    pub detail: String,
    /// When it is tried again.
    pub next_attempt_at: Option<When>,
}

impl From<WebhookDelivery> for DeliveryRecord {
    fn from(it: WebhookDelivery) -> Self {
        Self {
            webhook: it.webhook,
            place: it.place,
            event: it.event,
            number: it.number,
            kind: it.kind,
            at: When(it.at),
            took_ms: it.took_millis,
            attempt: it.attempt,
            received: it.received,
            status: it.status,
            detail: it.words,
            next_attempt_at: it.next_attempt_at.map(When),
        }
    }
}

/// Work on many contacts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobRecord {
    /// Our id.
    pub id: JobId,
    /// What is to be done.
    pub task: JobTask,
    /// Where it is.
    pub state: JobState,
    /// Who asked.
    pub caller: String,
    /// From where.
    pub origin: Option<String>,
    /// How many rows there are.
    pub total: u64,
    /// How far it is.
    pub progress: JobProgressRecord,
    /// When it was asked for.
    pub created_at: When,
    /// When it was done or cancelled.
    pub ended_at: Option<When>,
    /// From when on it is forgotten.
    pub forget_at: Option<When>,
}

/// What a job is to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum JobTask {
    /// Contacts of a file.
    Import {
        /// Only to say what it would do.
        dry_run: bool,
        /// Whether rows may ask for access.
        activate: bool,
        /// Whether rows may move live logins.
        move_logins: bool,
        /// Whether rows were mended.
        mend: bool,
        /// What the file was taken for.
        read_as: String,
    },
    /// Many at once.
    Activation {
        /// The command.
        action: BulkAction,
        /// The statuses that were asked for.
        statuses: Option<BTreeSet<PortalStatus>>,
        /// Not before.
        start_at: Option<When>,
        /// At most so many invitations in an hour.
        per_hour: Option<u32>,
    },
}

impl From<JobSpec> for JobTask {
    fn from(spec: JobSpec) -> Self {
        match spec {
            JobSpec::Import(it) => Self::Import {
                dry_run: it.dry_run,
                activate: it.activate,
                move_logins: it.move_logins,
                mend: it.mend,
                read_as: it.read_as,
            },
            JobSpec::Activation(it) => Self::Activation {
                action: it.action,
                statuses: it.statuses,
                start_at: it.start_at.map(When),
                per_hour: it.per_hour,
            },
        }
    }
}

/// How far a job is, in counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobProgressRecord {
    /// Rows that are settled.
    pub done: u64,
    /// By outcome.
    pub outcomes: BTreeMap<String, u64>,
    /// What became of the accesses that rows asked for.
    pub activations: BTreeMap<String, u64>,
    /// Mails, by kind.
    pub messages: BTreeMap<String, u64>,
    /// Rows whose contact joined a login.
    pub joins: u64,
    /// Rows that moved a login.
    pub moves: u64,
}

impl From<Job> for JobRecord {
    fn from(it: Job) -> Self {
        let progress = it.progress;
        Self {
            id: it.id,
            task: it.spec.into(),
            state: it.state,
            caller: it.caller.describe(),
            origin: it.origin,
            total: it.total,
            progress: JobProgressRecord {
                done: progress.done,
                outcomes: progress.outcomes,
                activations: progress.activations,
                messages: progress.messages,
                joins: progress.joins,
                moves: progress.moves,
            },
            created_at: When(it.created_at),
            ended_at: it.ended_at.map(When),
            forget_at: it.forget_at.map(When),
        }
    }
}

/// A row of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobRowRecord {
    /// The job.
    pub job: JobId,
    /// Its place, from nought.
    pub place: i64,
    /// The contact's reference, as it stands in the file.
    pub r#ref: String,
    /// What it says.
    pub content: RowContent,
    /// What became of it.
    pub outcome: Option<String>,
    /// The rest of that.
    pub report: Option<RowReport>,
}

impl JobRowRecord {
    /// The row of this job.
    pub fn of(job: JobId, row: JobRow) -> Self {
        let JobRow { place, reference, content, settled } = row;
        let (outcome, report) = settled.map(|settled| (settled.outcome, settled.report)).unzip();
        Self { job, place, r#ref: reference, content, outcome, report }
    }
}
