//! What was said of the columns of files.

use async_trait::async_trait;
use portal_domain::{
    id::PracticeId,
    job::{HeadsDigest, ToldColumns},
};
use sqlx::SqliteConnection;

use crate::{error::Fault, writer::Work};

/// Keeps what was said, and forgets what was said longest ago.
pub(crate) struct KeepColumns {
    pub(crate) practice: PracticeId,
    pub(crate) told: ToldColumns,
    pub(crate) most: u32,
}

#[async_trait]
impl Work for KeepColumns {
    type Answer = ();

    async fn run(&self, connection: &mut SqliteConnection) -> Result<(), Fault> {
        let practice = self.practice.to_bytes();
        let practice = practice.as_slice();
        let ToldColumns { heads: HeadsDigest(heads), said, told_at } = &self.told;
        let (heads, told_at) = (heads.as_slice(), told_at.as_micros());
        let keep = sqlx::query!(
            "INSERT INTO portal_import_columns (practice_id, heads, said, told_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (practice_id, heads) DO UPDATE SET said = excluded.said, told_at = excluded.told_at",
            practice,
            heads,
            said,
            told_at
        );
        keep.execute(&mut *connection).await?;
        let forget = sqlx::query!(
            "DELETE FROM portal_import_columns WHERE practice_id = ?1 AND heads IN
                 (SELECT heads FROM portal_import_columns WHERE practice_id = ?1
                  ORDER BY told_at DESC, heads LIMIT -1 OFFSET ?2)",
            practice,
            self.most
        );
        forget.execute(connection).await?;
        Ok(())
    }
}

pub(crate) async fn kept(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    HeadsDigest(heads): HeadsDigest,
) -> Result<Option<String>, Fault> {
    let practice = practice.to_bytes();
    let (practice, heads) = (practice.as_slice(), heads.as_slice());
    let said = sqlx::query_scalar!(
        "SELECT said FROM portal_import_columns WHERE practice_id = ?1 AND heads = ?2",
        practice,
        heads
    );
    Ok(said.fetch_optional(connection).await?)
}
