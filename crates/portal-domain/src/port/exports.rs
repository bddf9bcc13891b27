use async_trait::async_trait;

use super::StoreError;
use crate::{
    export::{DossierFacts, Line, Part, PartPage},
    id::{PracticeId, Ref},
    journal::Mark,
    practice::Practice,
    throttle::TryMarks,
    time::Timestamp,
};

/// What leaves the portal as a whole. It MUST hold no secret and no digest of one: such columns are not even read where
/// nothing else needs them.
#[async_trait]
pub trait Exports: Send + Sync {
    /// A view on all that is committed by now of a practice, which stays as it is however long it is read. MUST keep nobody from
    /// writing. `None` where there is no such practice, or its deletion has begun.
    async fn open_export(&self, practice: PracticeId) -> Result<Option<Box<dyn Snapshot>>, StoreError>;

    /// All that is held about a contact, from one view; tries are found by their marks. MUST hold no name and no address of another person, but for those that
    /// its own rows, messages and events have. `None` where there is none of that reference.
    async fn dossier(
        &self,
        practice: PracticeId,
        contact: &Ref,
        marks: &TryMarks,
        now: Timestamp,
    ) -> Result<Option<DossierFacts>, StoreError>;
}

/// One consistent view of a practice. It ends when it is dropped.
#[async_trait]
pub trait Snapshot: Send {
    /// The practice.
    fn practice(&self) -> &Practice;

    /// The newest step of the schema.
    fn schema(&self) -> i64;

    /// The last sealed event; `None` where nothing was sealed yet.
    fn journal_head(&self) -> Option<Mark>;

    /// How many events are not sealed.
    fn unsealed(&self) -> u64;

    /// About how many lines all parts have together, to show how far an export is.
    fn lines(&self) -> u64;

    /// Lines of a part, in the order of their places. MUST show all that was committed when the view was opened, and nothing that
    /// came later; MUST take memory for no more than a page. An event that can't be read as one MUST come as
    /// [`Line::UnreadableEvent`]. Events that are not sealed MUST NOT come (J1).
    async fn page(&mut self, part: Part, page: &PartPage) -> Result<Vec<Line>, StoreError>;
}
