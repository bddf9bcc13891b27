use async_trait::async_trait;

use super::StoreError;
use crate::{
    id::{OperatorKeyId, PracticeId, Slug},
    practice::{ApiKeyHash, OperatorKey},
    time::Timestamp,
};

/// What belongs to no practice: keys of whoever runs the service, and what becomes of practices that are to be deleted.
#[async_trait]
pub trait Operators: Send + Sync {
    /// The operator's key with that digest, unless it is revoked.
    async fn operator(&self, hash: &ApiKeyHash) -> Result<Option<OperatorKey>, StoreError>;

    /// All operators' keys, revoked ones too, oldest first.
    async fn operator_keys(&self) -> Result<Vec<OperatorKey>, StoreError>;

    /// Keeps a new key.
    async fn add_operator_key(&self, key: &OperatorKey) -> Result<(), StoreError>;

    /// Ends a key. Answers whether it worked until now.
    async fn revoke_operator_key(&self, key: OperatorKeyId, at: Timestamp) -> Result<bool, StoreError>;

    /// Practices whose time is over at `now`, and those whose deletion has begun.
    async fn doomed(&self, now: Timestamp) -> Result<Vec<PracticeId>, StoreError>;

    /// Begins to delete a practice for good, and leaves the receipt. MUST do nothing, and answer `false`, where its time is not
    /// over at `now`, or the deletion has begun. MUST from then on find no practice of that name or id, and none of its keys.
    /// A commit that relied on the practice as it was MUST be a conflict.
    async fn begin_deletion(&self, practice: PracticeId, now: Timestamp) -> Result<bool, StoreError>;

    /// Deletes up to `most` rows of each kind of a practice whose deletion has begun. Answers whether all is gone, and then the
    /// receipt says since when. MUST leave nothing of the practice in the end but the receipt, and of other practices everything.
    async fn delete_some(&self, practice: PracticeId, most: u32, now: Timestamp) -> Result<bool, StoreError>;

    /// What was deleted, the latest first.
    async fn deletions(&self) -> Result<Vec<Deletion>, StoreError>;
}

/// The receipt of a practice that was deleted: all that is left of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// The practice's id, as the journal named it.
    pub practice: PracticeId,
    /// Its name in addresses, which may be given anew.
    pub slug: Slug,
    /// Since when it was to be deleted.
    pub due_at: Timestamp,
    /// When the deletion began.
    pub begun_at: Timestamp,
    /// When all was gone.
    pub finished_at: Option<Timestamp>,
    /// How many contacts it had.
    pub contacts: u64,
    /// How many practice users.
    pub users: u64,
    /// How many clients.
    pub clients: u64,
    /// How many messages.
    pub messages: u64,
    /// How many events of the journal.
    pub events: u64,
}
