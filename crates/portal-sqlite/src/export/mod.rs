//! What leaves the portal as a whole: a practice, line by line, and everything about one contact.
//!
//! No statement here names a column that holds a secret or a digest of one, but for those that read a thing whole for others too.

mod dossier;
mod parts;
mod passages;

use async_trait::async_trait;
use portal_domain::{
    export::{DossierFacts, Line, Part, PartPage},
    id::{PracticeId, Ref},
    journal::Mark,
    port::{Exports, PracticeSelector, Snapshot, StoreError},
    practice::Practice,
    throttle::TryMarks,
    time::Timestamp,
};
use sqlx::{Connection, SqliteConnection};

use crate::{SqliteStore, error::Fault, journal, migrate, read::practice};

#[async_trait]
impl Exports for SqliteStore {
    async fn open_export(&self, of: PracticeId) -> Result<Option<Box<dyn Snapshot>>, StoreError> {
        let connection = self.own_reader().await?;
        let view = View::open(connection, of).await.map_err(Fault::into_store)?;
        Ok(view.map(|view| Box::new(view) as Box<dyn Snapshot>))
    }

    async fn dossier(
        &self,
        of: PracticeId,
        contact: &Ref,
        marks: &TryMarks,
        now: Timestamp,
    ) -> Result<Option<DossierFacts>, StoreError> {
        let mut reader = self.reader().await?;
        let answer = async { dossier::dossier(&mut *reader.begin().await?, of, contact, marks, now).await }.await;
        reader.told(answer)
    }
}

/// A transaction that reads, on a connection of its own, which is closed with it.
struct View {
    connection: SqliteConnection,
    practice: Practice,
    head: Option<Mark>,
    unsealed: u64,
    lines: u64,
}

impl View {
    async fn open(mut connection: SqliteConnection, of: PracticeId) -> Result<Option<Self>, Fault> {
        sqlx::query!("BEGIN").execute(&mut connection).await?;
        // The first statement that reads fixes what all others see.
        let Some(practice) = practice::practice(&mut connection, &PracticeSelector::Id(of)).await? else {
            return Ok(None);
        };
        let head = journal::head(&mut connection, of).await?.map(|head| head.last);
        let unsealed = journal::unsealed_count(&mut connection, of).await?;
        let lines = parts::count(&mut connection, of).await?;
        Ok(Some(Self { connection, practice, head, unsealed, lines }))
    }
}

#[async_trait]
impl Snapshot for View {
    fn practice(&self) -> &Practice {
        &self.practice
    }

    fn schema(&self) -> i64 {
        migrate::newest()
    }

    fn journal_head(&self) -> Option<Mark> {
        self.head
    }

    fn unsealed(&self) -> u64 {
        self.unsealed
    }

    fn lines(&self) -> u64 {
        self.lines
    }

    async fn page(&mut self, part: Part, page: &PartPage) -> Result<Vec<Line>, StoreError> {
        parts::page(&mut self.connection, &self.practice, part, page).await.map_err(Fault::into_store)
    }
}
