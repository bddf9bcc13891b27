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
use sqlx::PgConnection;

use crate::{
    PostgresStore,
    facts::practice,
    failure::store_error,
    journal, schema,
    store::{end, whole},
};

#[async_trait]
impl Exports for PostgresStore {
    async fn open_export(&self, of: PracticeId) -> Result<Option<Box<dyn Snapshot>>, StoreError> {
        // Whoever reads an export may be slow, and a pooled connection has deadlines.
        let connection = self.lone_connection().await?;
        let view = View::open(connection, of).await?;
        Ok(view.map(|view| Box::new(view) as Box<dyn Snapshot>))
    }

    async fn dossier(
        &self,
        of: PracticeId,
        contact: &Ref,
        marks: &TryMarks,
        now: Timestamp,
    ) -> Result<Option<DossierFacts>, StoreError> {
        let (store, contact, marks) = (self.clone(), contact.clone(), marks.clone());
        whole(async move {
            let mut snapshot = store.snapshot().await?;
            let found = dossier::dossier(&mut snapshot, of, &contact, &marks, now).await?;
            end(snapshot).await;
            Ok(found)
        })
        .await
    }
}

/// A transaction that reads, on a connection of its own, which is closed with it.
struct View {
    connection: PgConnection,
    practice: Practice,
    head: Option<Mark>,
    unsealed: u64,
    lines: u64,
}

impl View {
    async fn open(mut connection: PgConnection, of: PracticeId) -> Result<Option<Self>, StoreError> {
        let begin = sqlx::query!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
        begin.execute(&mut connection).await.map_err(store_error)?;
        // The first statement that reads fixes what all others see.
        let Some(practice) = practice(&mut connection, &PracticeSelector::Id(of)).await? else { return Ok(None) };
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
        schema::newest()
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
        parts::page(&mut self.connection, &self.practice, part, page).await
    }
}
