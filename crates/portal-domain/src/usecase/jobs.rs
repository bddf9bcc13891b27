//! Jobs as people ask for them: staged, started, looked at, paused, resumed, cancelled.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    ATTEMPTS, CallContext, Error, Portal,
    bulk::{BATCH, Bulk, Taken, Task},
    import::{Reader, RowFault},
    tries::FORGOTTEN_AT_ONCE,
};
use crate::{
    Refusal,
    change::{Change, Decision},
    decide::{self, Decided, Moment},
    facts::ContactFacts,
    id::{ClientId, JobId, Ref},
    job::{
        ActivationSpec, BulkAction, ImportInput, ImportSpec, Job, JobKind, JobRow, JobSpec, JobState, Progress,
        RowContent, RowReport, SettledRow,
    },
    port::{Commit, Page, PortalViews, RowFilter, StoreError},
    status::{PortalStatus, portal_part},
    time::Timestamp,
};

/// Rows of so many bytes are stored together, or earlier as many as are decided together.
const STAGED_BYTES: usize = 1 << 20;
/// So many contacts are listed together when they are chosen.
const CHOSEN: u32 = 200;
/// So many of them are looked at together: each comes with all who are behind its login.
const LOOKED_AT: usize = 16;
/// Of so many contacts it is said at once what would become of them.
const FORESEEN: usize = 2000;
/// What is said of the others.
const NOT_FORESEEN: &str = "not_foreseen";

/// A job that was asked for and is on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartedJob {
    /// The job; nothing where it was only asked what it would do.
    pub job: Option<JobId>,
    /// Of an activation, how many contacts would have which outcome now; of very many only the first, and how many others there are.
    pub preview: BTreeMap<String, u64>,
}

/// What is asked for many contacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivationOrder {
    /// The command.
    pub action: BulkAction,
    /// Those of one of these statuses; see [`BulkAction::usual_statuses`] where neither they nor contacts are named.
    pub statuses: Option<BTreeSet<PortalStatus>>,
    /// Those of one of these clients.
    pub clients: Option<Vec<Ref>>,
    /// These.
    pub contacts: Option<Vec<Ref>>,
    /// Not before.
    pub start_at: Option<Timestamp>,
    /// At most so many invitations in an hour.
    pub per_hour: Option<u32>,
}

impl ActivationOrder {
    fn wanted(&self) -> Option<BTreeSet<PortalStatus>> {
        let usual = || self.contacts.is_none().then(|| self.action.usual_statuses());
        self.statuses.clone().or_else(usual)
    }
}

/// A job whose rows are being stored.
pub struct Staging<'a> {
    portal: &'a Portal,
    context: CallContext,
    job: Job,
    reader: Reader,
    place: i64,
    refused: u64,
    rows: Vec<JobRow>,
    bytes: usize,
}

impl Portal {
    /// What the call was told, where it came before.
    pub async fn started_before(&self, context: &CallContext) -> Result<Option<StartedJob>, Error> {
        self.told_openly(context).await
    }

    /// Begins an import by a worker. Nothing of it is seen before [`Staging::start`].
    pub async fn begin_import(&self, context: &CallContext, spec: ImportSpec) -> Result<Staging<'_>, Error> {
        self.stage(context, JobSpec::Import(spec)).await
    }

    async fn stage(&self, context: &CallContext, spec: JobSpec) -> Result<Staging<'_>, Error> {
        self.practice(context).await?;
        let mend = matches!(&spec, JobSpec::Import(ImportSpec { mend: true, .. }));
        let job = decide::begin_job(context.practice, spec, &mut self.moment(context));
        self.insist(context, Change::PutJob(Box::new(job.clone()))).await?;
        let (context, reader) = (context.clone(), Reader::new(mend));
        Ok(Staging { portal: self, context, job, reader, place: 0, refused: 0, rows: Vec::new(), bytes: 0 })
    }

    /// Writes what nobody else writes.
    async fn insist(&self, context: &CallContext, change: Change) -> Result<(), Error> {
        let decision = Decision { changes: vec![change], ..Decision::default() };
        for _ in 0..ATTEMPTS {
            let commit = self.store.commit(context.practice, std::slice::from_ref(&decision), None).await?;
            if commit == Commit::Committed {
                return Ok(());
            }
        }
        Err(Error::Overloaded)
    }

    /// Chooses contacts, says what would become of them, and, unless that is all that was asked, starts a job.
    pub async fn start_activation(
        &self,
        context: &CallContext,
        views: &dyn PortalViews,
        order: &ActivationOrder,
    ) -> Result<StartedJob, Error> {
        if let Some(before) = self.told_openly(context).await? {
            return Ok(before);
        }
        let chosen = self.choose(context, views, order).await?;
        let spec = ActivationSpec {
            action: order.action,
            statuses: order.wanted(),
            start_at: order.start_at,
            per_hour: order.per_hour,
        };
        let preview = self.foresee(context, &spec, &chosen).await?;
        if context.preview {
            return Ok(StartedJob { job: None, preview });
        }
        let mut staging = self.stage(context, JobSpec::Activation(spec)).await?;
        for (contact, was) in chosen {
            staging.push(contact.as_str().to_owned(), RowContent::Contact { was }, None).await?;
        }
        staging.start_with(preview).await
    }

    /// The contacts that are meant, each with its status now.
    async fn choose(
        &self,
        context: &CallContext,
        views: &dyn PortalViews,
        order: &ActivationOrder,
    ) -> Result<BTreeMap<Ref, Option<PortalStatus>>, Error> {
        let practice = self.practice(context).await?;
        let (wanted, mut chosen) = (order.wanted(), BTreeMap::new());
        let clients = match &order.clients {
            Some(clients) => Some(self.known_clients(context, clients).await?),
            None => None,
        };
        let listed = match (&order.contacts, &clients) {
            (Some(named), _) => Some(named.clone()),
            (None, Some(clients)) => Some(self.of_clients(context, views, clients.values()).await?),
            (None, None) => None,
        };
        let mut named = listed.as_ref().map(|contacts| contacts.chunks(CHOSEN as usize));
        let mut page = Page { after: None, limit: CHOSEN };
        loop {
            let refs = match &mut named {
                Some(named) => named.next().map(<[Ref]>::to_vec).unwrap_or_default(),
                None => views.contacts(context.practice, &page).await?,
            };
            if refs.is_empty() {
                return Ok(chosen);
            }
            page.after = refs.last().cloned();
            let look = |facts: &ContactFacts| {
                let status = portal_part(&practice, facts, self.now()).map(|part| part.status);
                let of_client = clients
                    .as_ref()
                    .is_none_or(|clients| facts.clients.iter().any(|client| clients.contains_key(&client.reference)));
                // A trial client's person is meant only where it is named (V1).
                if order.contacts.is_none() && facts.contact.as_ref().is_some_and(|contact| contact.trial) {
                    return None;
                }
                // Who was named and is not there is told so.
                let right = wanted.as_ref().is_none_or(|wanted| status.is_none_or(|status| wanted.contains(&status)));
                (right && (of_client || status.is_none())).then_some(status)
            };
            for (contact, status) in self.look_at(context, refs, look).await? {
                if let Some(status) = status {
                    chosen.insert(contact, status);
                }
            }
        }
    }

    /// Looks at contacts, a few at a time, and fewer where that takes the store too long.
    async fn look_at<T: Send>(
        &self,
        context: &CallContext,
        refs: Vec<Ref>,
        look: impl Fn(&ContactFacts) -> T + Send + Sync,
    ) -> Result<Vec<(Ref, T)>, Error> {
        let (mut seen, mut at_once) = (Vec::new(), LOOKED_AT);
        while let Some(rest) = refs.get(seen.len()..).filter(|rest| !rest.is_empty()) {
            let some = rest.get(..at_once).unwrap_or(rest);
            match self.contacts(context, some).await {
                Err(Error::Store(StoreError::Unavailable(_))) if some.len() > 1 => at_once = some.len() / 2,
                facts => seen.extend(some.iter().cloned().zip(facts?.iter().map(&look))),
            }
        }
        Ok(seen)
    }

    async fn known_clients(&self, context: &CallContext, refs: &[Ref]) -> Result<BTreeMap<Ref, ClientId>, Error> {
        let known = self.store.clients(context.practice, refs).await?;
        let known: BTreeMap<_, _> = known.into_iter().map(|client| (client.reference, client.id)).collect();
        match refs.iter().enumerate().find(|(_, client)| !known.contains_key(client)) {
            Some((index, client)) => Err(Refusal::UnknownClient { index, client: client.clone() }.into()),
            None => Ok(known),
        }
    }

    /// The contacts of these clients, without a look at any other.
    async fn of_clients(
        &self,
        context: &CallContext,
        views: &dyn PortalViews,
        clients: impl Iterator<Item = &ClientId> + Send,
    ) -> Result<Vec<Ref>, Error> {
        let mut found = BTreeSet::new();
        for client in clients {
            let mut page = Page { after: None, limit: CHOSEN };
            loop {
                let listed = views.directory(context.practice, Some(*client), &page).await?;
                page.after = listed.last().map(|last| last.reference.clone());
                let whole = listed.len() == CHOSEN as usize;
                found.extend(listed.into_iter().map(|contact| contact.reference));
                if !whole {
                    break;
                }
            }
        }
        Ok(found.into_iter().collect())
    }

    /// How many contacts would have which outcome, each decided on what those before it would have left.
    async fn foresee(
        &self,
        context: &CallContext,
        spec: &ActivationSpec,
        chosen: &BTreeMap<Ref, Option<PortalStatus>>,
    ) -> Result<BTreeMap<String, u64>, Error> {
        let mut bulk = Bulk::new(self, CallContext { preview: true, request: None, ..context.clone() });
        for (place, (contact, was)) in (0..).zip(chosen.iter().take(FORESEEN)) {
            bulk.feed(place, task(spec, contact.clone(), *was));
        }
        bulk.fed();
        let others = chosen.len().saturating_sub(FORESEEN) as u64;
        let mut counts: BTreeMap<_, _> = (others > 0).then(|| (NOT_FORESEEN.to_owned(), others)).into_iter().collect();
        while bulk.remaining() > 0 {
            let batch = match bulk.next(BATCH).await {
                Err(Error::Store(StoreError::Unavailable(_))) if bulk.shrink() => continue,
                batch => batch?,
            };
            for taken in bulk.close(batch) {
                *counts.entry(outcome(&taken).to_owned()).or_default() += 1;
            }
        }
        Ok(counts)
    }

    /// A job of the practice; one that is still being staged is not there.
    pub async fn job(&self, context: &CallContext, kind: JobKind, job: JobId) -> Result<Job, Error> {
        let found = self.jobs.job(context.practice, job).await?;
        let seen = found.filter(|job| job.spec.kind() == kind && job.state != JobState::Staging);
        Ok(seen.ok_or(Refusal::NotFound { what: "job" })?)
    }

    /// Jobs of the practice, the newest first.
    pub async fn job_list(&self, context: &CallContext, page: &Page<JobId>) -> Result<Vec<Job>, Error> {
        Ok(self.jobs.list(context.practice, page).await?)
    }

    /// Rows of a job in their order.
    pub async fn job_rows(
        &self,
        context: &CallContext,
        job: JobId,
        filter: &RowFilter,
        page: &Page<i64>,
    ) -> Result<Vec<JobRow>, Error> {
        Ok(self.jobs.rows(context.practice, job, filter, page).await?)
    }

    /// See [`decide::pause_job`].
    pub async fn pause_job(&self, context: &CallContext, kind: JobKind, job: JobId) -> Result<JobAnswer, Error> {
        self.on_job(context, kind, job, decide::pause_job).await
    }

    /// See [`decide::resume_job`].
    pub async fn resume_job(&self, context: &CallContext, kind: JobKind, job: JobId) -> Result<JobAnswer, Error> {
        self.on_job(context, kind, job, decide::resume_job).await
    }

    /// See [`decide::cancel_job`].
    pub async fn cancel_job(&self, context: &CallContext, kind: JobKind, job: JobId) -> Result<JobAnswer, Error> {
        self.on_job(context, kind, job, decide::cancel_job).await
    }

    async fn on_job(
        &self,
        context: &CallContext,
        kind: JobKind,
        id: JobId,
        decide: impl Fn(&Job, &mut Moment) -> Decided<Job> + Send + Sync,
    ) -> Result<JobAnswer, Error> {
        let decide = &decide;
        let decided = || async move {
            let job = self.job(context, kind, id).await?;
            let Decided { decision, outcome } = decide(&job, &mut self.moment(context));
            let outcome = JobAnswer { changed: !decision.is_empty(), state: outcome.state, progress: outcome.progress };
            Ok(Decided { decision, outcome })
        };
        self.carry_out(context, decided).await
    }

    /// Forgets jobs that are long over, and stagings that broke off, a few rows at a time (J3). Answers how many rows and jobs.
    pub async fn forget_jobs(&self) -> Result<u64, Error> {
        let (now, mut all) = (self.clock.now(), 0);
        loop {
            let forgotten = self.jobs.forget_jobs(now, FORGOTTEN_AT_ONCE).await?;
            all += forgotten;
            if forgotten == 0 {
                return Ok(all);
            }
        }
    }
}

/// What pausing, resuming and cancelling answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobAnswer {
    /// Whether anything changed (A1).
    pub changed: bool,
    /// Where the job is now.
    pub state: JobState,
    /// How far it is.
    pub progress: Progress,
}

impl Staging<'_> {
    /// Stores a row of the file, in its order. One that can't be read is settled with all its faults (I2).
    pub async fn add(&mut self, line: u64, input: ImportInput) -> Result<(), Error> {
        self.add_row(line, input, false).await
    }

    pub(super) async fn add_row(&mut self, line: u64, input: ImportInput, mend: bool) -> Result<(), Error> {
        let refused = self.reader.read(&input, mend).err().map(|faults| refused(self.place, &input, &faults));
        self.refused += u64::from(refused.is_some());
        self.push(input.reference.clone(), RowContent::Row { line, input, mend }, refused).await
    }

    /// Stores a row of a file whose columns nobody has told apart.
    pub async fn add_cells(&mut self, line: u64, cells: Vec<String>) -> Result<(), Error> {
        self.push(String::new(), RowContent::Cells { line, cells }, None).await
    }

    async fn push(&mut self, reference: String, content: RowContent, settled: Option<SettledRow>) -> Result<(), Error> {
        self.bytes += match &content {
            RowContent::Row { input, .. } => {
                // Each entry has its quotation marks and its comma.
                let lists = input.emails.iter().chain(&input.clients).map(|entry| entry.len() + 3);
                input.reference.len() + input.name.len() + input.activate.len() + lists.sum::<usize>()
            }
            RowContent::Cells { cells, .. } => cells.iter().map(|cell| cell.len() + 3).sum(),
            RowContent::Contact { .. } => reference.len(),
        };
        self.rows.push(JobRow { place: self.place, reference, content, settled });
        self.place += 1;
        if self.rows.len() >= BATCH || self.bytes >= STAGED_BYTES { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<(), Error> {
        let rows = std::mem::take(&mut self.rows);
        self.bytes = 0;
        if rows.is_empty() {
            return Ok(());
        }
        self.portal.insist(&self.context, Change::StageRows { job: self.job.id, rows }).await
    }

    /// Leaves the rows where they are, for a day: somebody is to say what the columns are. Answers their name.
    pub async fn leave(mut self) -> Result<JobId, Error> {
        self.flush().await?;
        Ok(self.job.id)
    }

    /// Starts the job: every row is stored.
    pub async fn start(self) -> Result<StartedJob, Error> {
        self.start_with(BTreeMap::new()).await
    }

    async fn start_with(mut self, preview: BTreeMap<String, u64>) -> Result<StartedJob, Error> {
        self.flush().await?;
        let Self { portal, context, job, place, refused, .. } = &self;
        let total = u64::try_from(*place).unwrap_or_default();
        let preview = &preview;
        let decided = || async move {
            let gone = || StoreError::Unavailable("the rows of a job were forgotten while they were stored".to_owned());
            let job = portal.jobs.job(context.practice, job.id).await?;
            let job = job.filter(|job| !job.is_forgotten(portal.clock.now())).ok_or_else(gone)?;
            let settled = Progress::of_staged(*refused);
            let Decided { decision, outcome } = decide::start_job(&job, total, settled, &mut portal.moment(context));
            Ok(Decided { decision, outcome: StartedJob { job: Some(outcome.id), preview: preview.clone() } })
        };
        portal.carry_out(context, decided).await
    }
}

pub(super) fn refused(place: i64, input: &ImportInput, faults: &[RowFault]) -> SettledRow {
    let report = RowReport {
        name: input.name.clone(),
        faults: faults.iter().map(RowFault::report).collect(),
        ..RowReport::default()
    };
    SettledRow { place, outcome: "refused".to_owned(), report }
}

/// What an activation does with a contact.
pub(super) fn task(spec: &ActivationSpec, contact: Ref, was: Option<PortalStatus>) -> Task {
    match spec.action {
        BulkAction::Activate => Task::Activate { contact, even_deactivated: was == Some(PortalStatus::Deactivated) },
        BulkAction::Resend => Task::Resend { contact, statuses: spec.statuses.clone() },
    }
}

/// What an activation came to for a contact.
pub(super) const fn outcome(taken: &Taken) -> &'static str {
    match &taken.verdict {
        Ok(Some(outcome)) if outcome.contact.changed => "changed",
        Ok(Some(_)) => "unchanged",
        Ok(None) => "skipped",
        Err(refusal) => refusal.code(),
    }
}
