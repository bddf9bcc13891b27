use std::collections::BTreeSet;

use async_trait::async_trait;

use super::StoreError;
use crate::{
    id::{PracticeId, UserId},
    time::Timestamp,
    viewing::{ViewHash, ViewingFacts},
};

/// Looks of staff at the portal (V1). They are written by [`PortalStore::commit`](super::PortalStore::commit).
#[async_trait]
pub trait Viewings: Send + Sync {
    /// A view of this practice, valid or not, with who looks. MUST be of one picture, and MUST NOT find one of another practice.
    async fn viewing(&self, practice: PracticeId, hash: &ViewHash) -> Result<Option<ViewingFacts>, StoreError>;

    /// The practice users to whom it was granted to look. MUST list no others, nor any that are gone.
    async fn viewers(&self, practice: PracticeId) -> Result<BTreeSet<UserId>, StoreError>;

    /// Forgets up to `most` views, of all practices, that were over before a time. MUST leave all others. Answers how many.
    async fn forget_viewings(&self, before: Timestamp, most: u32) -> Result<u64, StoreError>;
}
