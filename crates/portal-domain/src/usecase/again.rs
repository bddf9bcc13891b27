//! What is done with the rows of a file that are stored already: told apart, checked again, imported.

use std::collections::BTreeSet;

use super::{CallContext, Error, Portal, Staging, StartedJob};
use crate::{
    Refusal, decide,
    id::JobId,
    job::{ImportInput, ImportSpec, Job, JobKind, JobRow, JobSpec, JobState, RowContent, ToldColumns},
    port::{Page, RowFilter},
};

/// So many rows are taken over together.
const TOGETHER: u32 = 500;
/// Of so many rows of names a practice's word is kept.
const KEPT: u32 = 50;

/// How the rows of an import are taken over into another one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportAgain {
    /// Only to say what they would do (I4).
    pub dry_run: bool,
    /// Whether rows may ask for access.
    pub activate: bool,
    /// Whether rows may move live logins (I3).
    pub move_logins: bool,
    /// Whether all rows are mended where that is safe (I2).
    pub mend: bool,
    /// The places of rows that are mended, besides those that were before.
    pub mend_these: BTreeSet<i64>,
}

impl Portal {
    /// Imports, or checks, the rows of an import that is over, as they stood in its file. Rows that an erasure emptied are left out,
    /// and, where they are imported, those that were refused: nobody was shown what they would do.
    ///
    /// `PreconditionFailed` where they are to be imported and the check is too old: see [`Job::may_be_imported`].
    pub async fn import_again(
        &self,
        context: &CallContext,
        job: JobId,
        again: &ImportAgain,
    ) -> Result<StartedJob, Error> {
        if let Some(before) = self.started_before(context).await? {
            return Ok(before);
        }
        let checked = self.job(context, JobKind::Import, job).await?;
        let may_run = checked.may_be_imported(self.clock.now());
        let (before, spec) = import(checked)?;
        if before != JobState::Done {
            return Err(Refusal::NotFound { what: "job" }.into());
        }
        let ImportAgain { dry_run, activate, move_logins, mend, .. } = *again;
        if !dry_run && !may_run {
            return Err(Refusal::PreconditionFailed.into());
        }
        let mend = mend || spec.mend;
        let mut staging =
            self.begin_import(context, ImportSpec { dry_run, activate, move_logins, mend, ..spec }).await?;
        let mut page = Page { after: None, limit: TOGETHER };
        loop {
            let rows = self.job_rows(context, job, &RowFilter::default(), &page).await?;
            page.after = rows.last().map(|row| row.place);
            let whole = rows.len() == TOGETHER as usize;
            let refused = |row: &JobRow| row.settled.as_ref().is_some_and(|settled| settled.outcome == "refused");
            for row in rows.into_iter().filter(|row| dry_run || !refused(row)) {
                staging.take_over(row, &again.mend_these).await?;
            }
            if !whole {
                return staging.start().await;
            }
        }
    }

    /// Begins to keep a file whose columns nobody has told apart. It is kept for a day, and never started: see [`Staging::leave`].
    pub async fn begin_sheet(&self, context: &CallContext, spec: ImportSpec) -> Result<Staging<'_>, Error> {
        let heads = Some(spec.heads.unwrap_or_default());
        self.begin_import(context, ImportSpec { dry_run: true, heads, ..spec }).await
    }

    /// How a file is to be imported whose columns nobody has told apart, with their names.
    pub async fn sheet(&self, context: &CallContext, sheet: JobId) -> Result<(ImportSpec, Vec<String>), Error> {
        let gone = || Refusal::NotFound { what: "job" };
        let sheet = self.jobs.job(context.practice, sheet).await?;
        let (state, mut spec) = import(sheet.filter(|sheet| !sheet.is_forgotten(self.clock.now())).ok_or_else(gone)?)?;
        let heads = spec.heads.take().filter(|_| state == JobState::Staging);
        Ok((spec, heads.ok_or_else(gone)?))
    }

    /// Keeps what somebody said the columns of these names are, so that it can be offered when they come again.
    pub async fn keep_columns(&self, context: &CallContext, heads: &[String], said: String) -> Result<(), Error> {
        let Some(heads) = decide::heads_digest(context.practice, heads) else { return Ok(()) };
        let told = ToldColumns { heads, said, told_at: self.clock.now() };
        Ok(self.jobs.keep_columns(context.practice, &told, KEPT).await?)
    }

    /// What somebody said last the columns of these names are.
    pub async fn kept_columns(&self, context: &CallContext, heads: &[String]) -> Result<Option<String>, Error> {
        match decide::heads_digest(context.practice, heads) {
            Some(heads) => Ok(self.jobs.kept_columns(context.practice, heads).await?),
            None => Ok(None),
        }
    }
}

fn import(job: Job) -> Result<(JobState, ImportSpec), Refusal> {
    match job.spec {
        JobSpec::Import(spec) => Ok((job.state, spec)),
        JobSpec::Activation(_) => Err(Refusal::NotFound { what: "job" }),
    }
}

impl Staging<'_> {
    async fn take_over(&mut self, row: JobRow, mend_these: &BTreeSet<i64>) -> Result<(), Error> {
        match row.content {
            RowContent::Row { input, .. } if input == ImportInput::default() => Ok(()),
            RowContent::Row { line, input, mend } => {
                self.add_row(line, input, mend || mend_these.contains(&row.place)).await
            }
            RowContent::Cells { .. } | RowContent::Contact { .. } => Ok(()),
        }
    }
}
