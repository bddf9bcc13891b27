use async_trait::async_trait;

use super::StoreError;
use crate::{
    event::RecordedEvent,
    id::PracticeId,
    journal::{Head, JournalRow, Sealing},
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
}

/// What waits to be sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsealed {
    /// The head to go on from.
    pub head: Option<Head>,
    /// Events, numbered on from the head, without their personal values.
    pub events: Vec<RecordedEvent>,
}
