use async_trait::async_trait;

use super::StoreError;
use crate::{
    event::RecordedEvent,
    id::PracticeId,
    journal::{Head, JournalRow, Sealing},
    time::Timestamp,
};

/// The journal's sealing, in two steps, since the store has no key: what waits is read, sealed by the rules, and written
/// back under the guard of the head that was seen. Any number of sealers on any number of instances may do so at once.
#[async_trait]
pub trait Journal: Send + Sync {
    /// The practices that have events which wait to be sealed.
    async fn unsealed_practices(&self) -> Result<Vec<PracticeId>, StoreError>;

    /// The head, and up to `most` events that wait, in the order in which they were written. MUST give events about one contact
    /// in the order of their commits. What is committed while others are being sealed MAY come after them.
    async fn unsealed(&self, practice: PracticeId, most: u32) -> Result<Unsealed, StoreError>;

    /// Writes the seals and the new head, all in one transaction. MUST change nothing and answer `false` where the head is no
    /// longer the one `seen`, or one of the events is sealed already. MUST NOT touch anything else of an event.
    async fn seal(&self, practice: PracticeId, seen: Option<&Head>, sealing: &Sealing) -> Result<bool, StoreError>;

    /// The head; `None` where nothing was sealed yet.
    async fn head(&self, practice: PracticeId) -> Result<Option<Head>, StoreError>;

    /// Up to `most` sealed events after a number, in the order of their numbers, with all that a verification needs. A row that
    /// can't be read as an event MUST be told as such and hide nothing else.
    async fn sealed(&self, practice: PracticeId, after: i64, most: u32) -> Result<Vec<JournalRow>, StoreError>;

    /// How many events wait to be sealed.
    async fn unsealed_count(&self, practice: PracticeId) -> Result<u64, StoreError>;

    /// How often what the roll-out is about happened on each day from `since` on, by kind and day. MUST count sealed events alone,
    /// the newest `most` of these kinds, and take no longer for a longer journal.
    async fn days(&self, practice: PracticeId, since: Timestamp, most: u32) -> Result<Vec<DayCount>, StoreError>;
}

/// What the roll-out is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Happening {
    /// An invitation was taken by the other server.
    Invited,
    /// A first password was set by link.
    PasswordSet,
    /// Somebody signed in.
    SignedIn,
}

impl Happening {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Invited, Self::PasswordSet, Self::SignedIn];

    /// The kind of event that tells of it.
    pub const fn event(self) -> &'static str {
        match self {
            Self::Invited => "message.accepted",
            Self::PasswordSet => "login.password_set",
            Self::SignedIn => "session.opened",
        }
    }

    /// The fact by which such an event tells of it, and not of something else.
    pub const fn fact(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Invited => Some(("message_kind", "activation")),
            Self::PasswordSet => Some(("replaced", "false")),
            Self::SignedIn => None,
        }
    }

    /// Reads what [`event`](Self::event) writes.
    pub fn of_event(kind: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|happening| happening.event() == kind)
    }
}

/// How often something happened on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DayCount {
    /// What.
    pub what: Happening,
    /// The day in UTC, counted from 1 January 1970.
    pub day: i64,
    /// How often.
    pub count: u64,
}

/// What waits to be sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsealed {
    /// The head to go on from.
    pub head: Option<Head>,
    /// Events, numbered on from the head, without their personal values.
    pub events: Vec<RecordedEvent>,
}
