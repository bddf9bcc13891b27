//! Looks of staff at the portal (V1), as they are found and forgotten.

use std::collections::BTreeSet;

use async_trait::async_trait;
use portal_domain::{
    id::{PracticeId, UserId},
    port::{StoreError, Viewings},
    time::Timestamp,
    viewing::{ViewHash, ViewingFacts},
};
use sqlx::SqliteConnection;

use crate::{SqliteStore, error::Fault, read::viewing, writer::Work};

#[async_trait]
impl Viewings for SqliteStore {
    async fn viewing(&self, practice: PracticeId, hash: &ViewHash) -> Result<Option<ViewingFacts>, StoreError> {
        let mut reader = self.reader().await?;
        let answer = viewing::viewing(&mut reader, practice, hash).await;
        reader.told(answer)
    }

    async fn viewers(&self, practice: PracticeId) -> Result<BTreeSet<UserId>, StoreError> {
        let mut reader = self.reader().await?;
        let answer = viewing::viewers(&mut reader, practice).await;
        reader.told(answer)
    }

    async fn forget_viewings(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        self.writing().write(ForgetViewings { before, most }).await
    }
}

/// Forgets views of every practice.
struct ForgetViewings {
    before: Timestamp,
    most: u32,
}

#[async_trait]
impl Work for ForgetViewings {
    type Answer = u64;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<u64, Fault> {
        let (before, most) = (self.before.as_micros(), self.most);
        let forget = sqlx::query!(
            "DELETE FROM portal_viewing WHERE (practice_id, viewing_id) IN
                 (SELECT practice_id, viewing_id FROM portal_viewing WHERE expires_at < ?1 LIMIT ?2)",
            before,
            most
        );
        Ok(forget.execute(connection).await?.rows_affected())
    }
}
