//! The runner of jobs: takes one that is due, and works on it batch by batch under a lease.

use std::{collections::BTreeMap, time::Duration};

use super::{
    CallContext, Error, Portal,
    bulk::{BATCH, Bulk, Taken, Task},
    import::{Mended, Parsed, RowFault, parse},
    jobs,
};
use crate::{
    change::Decision,
    decide::{self, ActivationOutcome, Decided, ImportOptions, RowOutcome},
    id::Ref,
    job::{ImportSpec, Job, JobRow, JobSpec, JobState, MendReport, RowContent, RowReport, SettledRow},
    port::{Commit, Page, StoreError},
};

/// So long nobody else works on a job after a batch. Whoever was killed is replaced then.
const LEASE: Duration = Duration::from_secs(10);
/// After so many batches others have their turn.
const TURN: usize = 20;

/// A job that is worked on.
struct Run<'a> {
    portal: &'a Portal,
    job: Job,
    context: CallContext,
    bulk: Bulk<'a>,
    /// The place up to which rows are fed.
    after: Option<i64>,
    more: bool,
    /// Of the rows that are fed and not settled what their report needs.
    notes: BTreeMap<i64, Note>,
    /// Rows that can't be decided, to be settled with the next batch.
    unreadable: Vec<SettledRow>,
}

struct Note {
    name: String,
    mended: Vec<Mended>,
}

/// How a step ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Rows were settled, and there is more to do.
    Settled,
    /// No row was settled, and there is more to do.
    Looked,
    /// Nothing to do for now, or for ever, or for somebody else.
    Rest,
}

impl Portal {
    /// Takes a job that is due and works on it until it is over, has to wait, or has had its turn, or `stop` says so. Answers
    /// whether there was one.
    ///
    /// What a job's rows do is what the same commands would do for one contact each, in the name of whoever asked for the job.
    /// Each batch is one commit with the outcome of its rows; killed in between, another runner goes on at the first row that is
    /// not settled.
    pub async fn run_next_job(&self, stop: &(dyn Fn() -> bool + Send + Sync)) -> Result<bool, Error> {
        self.run_a_job(true, stop).await
    }

    /// The same for a job that is no dry run: of those one that is long keeps its runner, as it has no turns.
    pub async fn run_next_lasting_job(&self, stop: &(dyn Fn() -> bool + Send + Sync)) -> Result<bool, Error> {
        self.run_a_job(false, stop).await
    }

    async fn run_a_job(&self, dry_too: bool, stop: &(dyn Fn() -> bool + Send + Sync)) -> Result<bool, Error> {
        let now = self.now();
        let Some(job) = self.jobs.lease(now, now.after(LEASE), dry_too).await? else { return Ok(false) };
        let dry = job.spec.is_dry();
        let Some(mut run) = Run::begin(self, job).await? else { return Ok(true) };
        let mut batches = 0;
        loop {
            let stopping = stop();
            // A dry run that is interrupted begins anew, so it has no turns. And which rows wait for others is forgotten at the
            // end of a turn, so that only those batches count that got further.
            let turn_over = !dry && batches + 1 >= TURN;
            match run.step(stopping, turn_over).await? {
                Step::Rest => return Ok(true),
                _ if stopping => return Ok(true),
                Step::Settled => batches += 1,
                Step::Looked => {}
            }
        }
    }
}

impl<'a> Run<'a> {
    /// Nothing where somebody else has the job by now.
    async fn begin(portal: &'a Portal, job: Job) -> Result<Option<Self>, Error> {
        let context = CallContext {
            origin: job.origin.clone(),
            preview: job.spec.is_dry(),
            ..CallContext::new(job.practice, job.caller.clone())
        };
        let bulk = Bulk::new(portal, context.clone());
        let mut run = Self {
            portal,
            job,
            context,
            bulk,
            after: None,
            more: true,
            notes: BTreeMap::new(),
            unreadable: Vec::new(),
        };
        while run.job.spec.is_dry() && run.job.progress.done > run.job.progress.staged {
            // What earlier rows would have left was kept in mind by whoever began it.
            let restarted = decide::restart_job(&run.job, run.portal.now().after(LEASE));
            if !run.commit(Vec::new(), restarted).await? {
                return Ok(None);
            }
        }
        Ok(Some(run))
    }

    /// One batch. What was too much for the store is tried again with less.
    async fn step(&mut self, stopping: bool, turn_over: bool) -> Result<Step, Error> {
        match self.batch(stopping, turn_over).await {
            Err(Error::Store(StoreError::Unavailable(_))) if self.bulk.shrink() => Ok(Step::Looked),
            done => done,
        }
    }

    async fn batch(&mut self, stopping: bool, turn_over: bool) -> Result<Step, Error> {
        self.refill().await?;
        let batch = self.bulk.next(decide::share(&self.job, BATCH)).await?;
        let mut settled: Vec<_> = batch.taken.iter().map(|taken| self.settled(taken)).collect();
        settled.extend(self.unreadable.iter().cloned());
        let now = self.portal.now();
        let settles = !settled.is_empty();
        let last = stopping || (turn_over && settles);
        let due_at = if last { now } else { now.after(LEASE) };
        let none_follow = !self.more || self.job.progress.done + settled.len() as u64 >= self.job.total;
        let over = none_follow && self.bulk.remaining() == batch.taken.len();
        let step = decide::step_job(&self.job, settled, over, due_at, now);
        let decisions = if self.context.preview { Vec::new() } else { batch.decisions.clone() };
        if !self.commit(decisions, step).await? {
            let present = self.portal.jobs.job(self.job.practice, self.job.id).await?;
            if present.is_none_or(|present| present.version != self.job.version) {
                return Ok(Step::Rest);
            }
            self.bulk.halve()?;
            return Ok(Step::Looked);
        }
        self.unreadable.clear();
        for taken in self.bulk.close(batch) {
            self.notes.remove(&taken.place);
        }
        let waits = self.job.progress.not_before.is_some();
        Ok(match (self.job.state == JobState::Running && !waits && !last, settles) {
            (false, _) => Step::Rest,
            (true, true) => Step::Settled,
            (true, false) => Step::Looked,
        })
    }

    /// Commits decisions of rows with what becomes of the job; whether it was written.
    async fn commit(
        &mut self,
        mut decisions: Vec<Decision>,
        Decided { decision, outcome }: Decided<Job>,
    ) -> Result<bool, Error> {
        decisions.push(decision);
        let commit = self.portal.store.commit(self.job.practice, &decisions, None).await?;
        if commit == Commit::Committed {
            self.job = outcome;
        }
        Ok(commit == Commit::Committed)
    }

    /// Feeds rows until there is a batch.
    async fn refill(&mut self) -> Result<(), Error> {
        while self.more && self.bulk.in_hand() < BATCH {
            let page = Page { after: self.after, limit: BATCH as u32 };
            let rows = self.portal.jobs.unsettled(self.job.practice, self.job.id, &page).await?;
            self.more = rows.len() == BATCH;
            for row in rows {
                self.after = Some(row.place);
                self.feed(row);
            }
        }
        if !self.more {
            self.bulk.fed();
        }
        Ok(())
    }

    fn feed(&mut self, row: JobRow) {
        let place = row.place;
        let task = match (&self.job.spec, row.content) {
            (JobSpec::Import(spec), RowContent::Row { input, mend, .. }) => match parse(&input, spec.mend || mend) {
                Ok(Parsed { row, mended }) => {
                    self.notes.insert(place, Note { name: input.name, mended });
                    Some(Task::Import(row, options(spec)))
                }
                Err(faults) => {
                    self.unreadable.push(jobs::refused(place, &input, &faults));
                    None
                }
            },
            (JobSpec::Activation(spec), RowContent::Contact { was }) => {
                Ref::parse(&row.reference).map(|contact| jobs::task(spec, contact, was))
            }
            _ => None,
        };
        if let Some(task) = task {
            self.bulk.feed(place, task);
        } else if self.unreadable.last().is_none_or(|last| last.place != place) {
            // Nothing that this program has stored.
            let report = RowReport::default();
            self.unreadable.push(SettledRow { place, outcome: "invalid_request".to_owned(), report });
        }
    }

    fn settled(&self, taken: &Taken) -> SettledRow {
        if matches!(self.job.spec, JobSpec::Activation(_)) {
            return activated(taken);
        }
        let note = self.notes.get(&taken.place);
        let report = match &taken.verdict {
            Ok(Some(outcome)) => report(outcome),
            Ok(None) => RowReport::default(),
            Err(refusal) => RowReport { faults: vec![RowFault::of(refusal).report()], ..RowReport::default() },
        };
        let mended = note.iter().flat_map(|note| &note.mended).map(|mended| MendReport {
            field: mended.field.clone(),
            fault: mended.fault.to_owned(),
            mend: mended.mend.clone(),
        });
        let name = note.map(|note| note.name.clone()).filter(|name| !name.is_empty()).unwrap_or(report.name);
        let report = RowReport { name, mended: mended.collect(), ..report };
        SettledRow { place: taken.place, outcome: contact_outcome(taken).to_owned(), report }
    }
}

const fn options(spec: &ImportSpec) -> ImportOptions {
    ImportOptions { activate: spec.activate, move_logins: spec.move_logins, mend: spec.mend }
}

/// What became of a contact that was chosen: nothing of it is shown but in sums, so nothing personal is kept.
fn activated(taken: &Taken) -> SettledRow {
    let effects = taken.verdict.as_ref().ok().and_then(Option::as_ref).map(|outcome| &outcome.contact.effects);
    let messages = effects.iter().flat_map(|effects| &effects.messages);
    let report = RowReport {
        messages: messages.map(|message| message.kind.code().to_owned()).collect(),
        ..RowReport::default()
    };
    SettledRow { place: taken.place, outcome: jobs::outcome(taken).to_owned(), report }
}

/// What an import came to for a contact.
fn contact_outcome(taken: &Taken) -> &'static str {
    match &taken.verdict {
        Ok(Some(outcome)) if outcome.contact.created => "created",
        Ok(Some(outcome)) if outcome.contact_changed => "updated",
        Ok(_) => "unchanged",
        Err(_) => "refused",
    }
}

fn report(outcome: &RowOutcome) -> RowReport {
    let contact = outcome.contact.after.contact.as_ref();
    let first = contact.and_then(|contact| contact.emails.first());
    let (activation, refusal) = match &outcome.activation {
        None => (None, None),
        Some(Ok(done)) => (Some(done.code()), None),
        Some(Err(refusal)) => (Some(refusal.code()), Some(refusal.to_string())),
    };
    let report = RowReport {
        name: contact.map(|contact| contact.name.clone()).unwrap_or_default(),
        login_email: first.map(|email| email.as_str().to_owned()),
        emails: contact.map_or(0, |contact| contact.emails.len()),
        activation: activation.map(str::to_owned),
        refusal,
        joined: matches!(outcome.activation, Some(Ok(ActivationOutcome::Joined))),
        ..RowReport::default()
    };
    report.with(&outcome.contact.effects)
}
