use async_trait::async_trait;

use super::StoreError;
use crate::{
    job::{JobKind, JobState},
    message::DeliveryState,
    time::Timestamp,
};

/// How much waits to be done, of all practices together: for whoever runs the service. Rules never use it.
#[async_trait]
pub trait Backlogs: Send + Sync {
    /// What waits at `now`. MUST count no further than `most` of each kind, and tell nothing of any one practice. Mail and
    /// endpoints of suspended practices MUST NOT count: nothing is to be done for them.
    async fn backlog(&self, now: Timestamp, most: u32) -> Result<Backlog, StoreError>;
}

/// What waits to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Messages that are not settled for good, by urgency and state; what there is none of may be left out.
    pub mail: Vec<MailBacklog>,
    /// What anybody asked for, and what is not decided.
    pub enquiries: Pile,
    /// Events that are not sealed.
    pub unsealed: Pile,
    /// Endpoints of hosts.
    pub webhooks: WebhookBacklog,
    /// Jobs that are not forgotten, by kind and state; what there is none of may be left out.
    pub jobs: Vec<JobBacklog>,
    /// Since when the job that has been due longest could be taken by a runner.
    pub oldest_due_job: Option<Timestamp>,
}

/// Messages of one urgency and state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailBacklog {
    /// Whether somebody waits for them (D7).
    pub awaited: bool,
    /// Queued, being sent, or deferred.
    pub state: DeliveryState,
    /// How many.
    pub count: u64,
    /// Since when the one that has been due longest is due.
    pub due_since: Option<Timestamp>,
}

/// How many wait, and when the oldest of them was left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pile {
    /// How many.
    pub count: u64,
    /// When the oldest was left.
    pub oldest: Option<Timestamp>,
}

/// Endpoints of hosts, and how far they are behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WebhookBacklog {
    /// Endpoints to which new events may be pushed.
    pub enabled: u64,
    /// Endpoints that are enabled and take nothing new until something that failed was received.
    pub stuck: u64,
    /// Endpoints that are disabled.
    pub disabled: u64,
    /// Since when an event has failed without arriving, of those of enabled endpoints the one that has failed longest.
    pub failing_since: Option<Timestamp>,
    /// Sealed events that lie ahead of endpoints which are not disabled, all together.
    pub events: u64,
}

/// Jobs of one kind and state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobBacklog {
    /// The kind.
    pub kind: JobKind,
    /// The state.
    pub state: JobState,
    /// How many.
    pub count: u64,
}
