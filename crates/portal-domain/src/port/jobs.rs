use async_trait::async_trait;

use super::{Page, StoreError};
use crate::{
    id::{JobId, PracticeId},
    job::{HeadsDigest, Job, JobRow, RowEffect, ToldColumns},
    time::Timestamp,
};

/// Jobs and their rows, as runners take them and people look at them. They are written by
/// [`PortalStore::commit`](super::PortalStore::commit).
#[async_trait]
pub trait Jobs: Send + Sync {
    /// A job of this practice, whatever its state.
    async fn job(&self, practice: PracticeId, job: JobId) -> Result<Option<Job>, StoreError>;

    /// Jobs of this practice that are not being staged, the newest first: by their ids, from the last one down. The key is the id.
    async fn list(&self, practice: PracticeId, page: &Page<JobId>) -> Result<Vec<Job>, StoreError>;

    /// Takes a due job, no dry run unless they are wanted too: due at `until` from now on, and of the next version. MUST take it of
    /// the practice of which none was taken for the longest, and of those the one that has been due longest. MUST NOT give a job to two runners before its lease ran out. A job that can't be read MUST
    /// NOT keep others waiting.
    async fn lease(&self, now: Timestamp, until: Timestamp, dry_too: bool) -> Result<Option<Job>, StoreError>;

    /// Rows that are not settled, of those after a place, in their order.
    async fn unsettled(&self, practice: PracticeId, job: JobId, page: &Page<i64>) -> Result<Vec<JobRow>, StoreError>;

    /// Rows of a job in their order; those that the filter wants.
    async fn rows(
        &self,
        practice: PracticeId,
        job: JobId,
        filter: &RowFilter,
        page: &Page<i64>,
    ) -> Result<Vec<JobRow>, StoreError>;

    /// Forgets up to `most` rows of jobs, of all practices, that are to be forgotten by `now`, and such jobs as have no rows left.
    /// MUST leave all others. Answers how many of both.
    async fn forget_jobs(&self, now: Timestamp, most: u32) -> Result<u64, StoreError>;

    /// Keeps what was said of columns, in place of what was said before of the same row of names. MUST keep no more than the `most`
    /// that were told last in this practice.
    async fn keep_columns(&self, practice: PracticeId, told: &ToldColumns, most: u32) -> Result<(), StoreError>;

    /// What was said in this practice of the columns under a row of names.
    async fn kept_columns(&self, practice: PracticeId, heads: HeadsDigest) -> Result<Option<String>, StoreError>;
}

/// Which rows are wanted; nothing asked, all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowFilter {
    /// Those of this outcome.
    pub outcome: Option<String>,
    /// Those of this effect.
    pub effect: Option<RowEffect>,
}
