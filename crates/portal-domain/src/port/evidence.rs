use std::time::Duration;

use async_trait::async_trait;

use super::StoreError;
use crate::{
    Named,
    contact::Place,
    email::LoginKey,
    id::{ContactId, LinkId, PracticeId},
    link::TracedLink,
    message::Delivery,
    throttle::{RecordedTry, TryMark},
    time::Timestamp,
};

/// So long after a link was opened an opening counts as another. Who has a link can ask for its page as often as they like, and
/// costs no more than one write in that time.
pub const OPENED_ANEW: Duration = Duration::from_secs(1);

/// What a diagnosis looks at, beside the facts of rules (X1). Nothing here changes anything but [`note_opened`](Self::note_opened).
#[async_trait]
pub trait Evidence: Send + Sync {
    /// Up to `most` messages about a contact, the newest first, each with all its attempts.
    async fn newest_messages(
        &self,
        practice: PracticeId,
        contact: ContactId,
        most: u32,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// Up to `most` links that were written to a contact, whatever became of them, the newest first.
    async fn newest_links(
        &self,
        practice: PracticeId,
        contact: ContactId,
        most: u32,
    ) -> Result<Vec<TracedLink>, StoreError>;

    /// Up to `most` tries to sign in at any of these marks after `since`, the newest first, as far as they are remembered.
    async fn tries(
        &self,
        practice: PracticeId,
        marks: &[TryMark],
        since: Timestamp,
        most: u32,
    ) -> Result<Vec<RecordedTry>, StoreError>;

    /// Up to `most` contacts that have an address of any of these keys, or had it as their first while they had access (M2):
    /// by place, then by reference. A contact comes once for each key, with the place that comes first.
    async fn known_at(&self, practice: PracticeId, keys: &[LoginKey], most: u32) -> Result<Vec<KnownAt>, StoreError>;

    /// Notes that the page of a link was opened (D5): the first time and the last. MUST change nothing else, and nothing at all
    /// within [`OPENED_ANEW`] of the last time, or before it; harmless where there is no such link.
    async fn note_opened(&self, practice: PracticeId, link: LinkId, at: Timestamp) -> Result<(), StoreError>;
}

/// A contact that has an address, or had it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownAt {
    /// The key.
    pub key: LoginKey,
    /// Who.
    pub contact: Named,
    /// Where in the contact's list.
    pub place: Place,
}
