//! Jobs: begun, started, stepped, paused, resumed, cancelled.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::{Moment, outcome::Decided};
use crate::{
    change::{Change, Decision},
    event::Subject,
    id::PracticeId,
    job::{ActivationSpec, HeadsDigest, Job, JobKind, JobSpec, JobState, KEPT, Progress, STAGING_KEPT, SettledRow},
    time::Timestamp,
};

/// Which row of names of columns a file of this practice begins with. Nothing where an address stands in it: such a row is somebody's,
/// and the file has none of names.
///
/// ```
/// use portal_domain::{decide::heads_digest, id::PracticeId};
///
/// let of = |heads: &[&str]| heads_digest(PracticeId::from_bytes([7; 16]), &heads.iter().map(|&it| it.to_owned()).collect::<Vec<_>>());
/// assert!(of(&["Nr.", "Mail"]).is_some());
/// assert_eq!(of(&["7", "ada@mail.example"]), None);
/// ```
pub fn heads_digest(practice: PracticeId, heads: &[String]) -> Option<HeadsDigest> {
    if heads.iter().any(|head| head.contains('@')) {
        return None;
    }
    let mut digest = Sha256::new_with_prefix(b"portal heads v1\0");
    digest.update(practice.to_bytes());
    for head in heads {
        digest.update((head.len() as u64).to_be_bytes());
        digest.update(head);
    }
    Some(HeadsDigest(digest.finalize().into()))
}

/// A job whose rows are to be stored. Nobody sees or runs it before it is started.
pub fn begin_job(practice: PracticeId, spec: JobSpec, moment: &mut Moment) -> Job {
    Job {
        id: moment.ids.next(moment.now),
        practice,
        spec,
        state: JobState::Staging,
        caller: moment.caller.clone(),
        origin: moment.origin.clone(),
        total: 0,
        progress: Progress::default(),
        due_at: None,
        forget_at: Some(moment.now.after(STAGING_KEPT)),
        created_at: moment.now,
        ended_at: None,
        version: 1,
    }
}

/// Starts a job whose rows are stored, some of them settled already.
pub fn start_job(job: &Job, total: u64, settled: Progress, moment: &mut Moment) -> Decided<Job> {
    let due_at = moment.now.max(start_at(job).unwrap_or(moment.now));
    let mut after = next(job);
    after.total = total;
    after.progress = settled;
    after.state = JobState::Running;
    after.due_at = Some(due_at);
    after.forget_at = None;
    if after.progress.done >= total {
        end(&mut after, JobState::Done, moment.now);
    }
    told(after, "started", moment)
}

/// Notes what became of rows, and when to go on: at `due_at`, or after a pause of the job's own; never, where it is `over`. That
/// counts don't say: rows may have been erased with their contacts.
pub fn step_job(job: &Job, settled: Vec<SettledRow>, over: bool, due_at: Timestamp, now: Timestamp) -> Decided<Job> {
    let mut after = next(job);
    let mails = settled.iter().filter(|row| row.outcome == "changed").count();
    settled.iter().for_each(|row| after.progress.count(row));
    after.progress.not_before = pause_after(job, mails).map(|pause| now.after(pause));
    let due_at = after.progress.not_before.unwrap_or(due_at);
    after.due_at = Some(due_at);
    if over {
        end(&mut after, JobState::Done, now);
    }
    let mut changes = vec![Change::PutJob(Box::new(after.clone()))];
    if !settled.is_empty() {
        changes.push(Change::SettleRows { job: job.id, rows: settled });
    }
    Decided { decision: Decision { changes, ..Decision::default() }, outcome: after }
}

/// How many rows may be decided at once: of what goes out at so many in an hour, a minute's share.
pub fn share(job: &Job, most: usize) -> usize {
    match &job.spec {
        JobSpec::Activation(ActivationSpec { per_hour: Some(limit), .. }) => most.min((*limit as usize / 60).max(1)),
        _ => most,
    }
}

/// The pause that so many mails pay for.
fn pause_after(job: &Job, mails: usize) -> Option<Duration> {
    let JobSpec::Activation(ActivationSpec { per_hour: Some(limit), .. }) = &job.spec else { return None };
    let each = Duration::from_secs(3600) / (*limit).max(1);
    (mails > 0).then(|| each * u32::try_from(mails).unwrap_or(u32::MAX))
}

/// So many rows are begun anew together.
const PORTION: u32 = 5000;

/// Begins rows of a job anew: what they would do is forgotten. Again, while more are done than were staged so.
pub fn restart_job(job: &Job, due_at: Timestamp) -> Decided<Job> {
    let mut after = next(job);
    let staged = job.progress.staged;
    after.progress.done = job.progress.done.saturating_sub(PORTION.into()).max(staged);
    if after.progress.done == staged {
        after.progress = Progress::of_staged(staged);
    }
    after.due_at = Some(due_at);
    let restart = Change::RestartRows { job: job.id, most: PORTION };
    let changes = vec![Change::PutJob(Box::new(after.clone())), restart];
    Decided { decision: Decision { changes, ..Decision::default() }, outcome: after }
}

/// Lets a job wait until it is resumed. What waits already, or is over, stays as it is (A1).
pub fn pause_job(job: &Job, moment: &mut Moment) -> Decided<Job> {
    if job.state != JobState::Running {
        return unchanged(job);
    }
    let mut after = next(job);
    after.state = JobState::Paused;
    after.due_at = None;
    told(after, "paused", moment)
}

/// Lets a job go on. What goes on already, or is over, stays as it is (A1).
pub fn resume_job(job: &Job, moment: &mut Moment) -> Decided<Job> {
    if job.state != JobState::Paused {
        return unchanged(job);
    }
    let mut after = next(job);
    after.state = JobState::Running;
    after.due_at = [start_at(job), job.progress.not_before, Some(moment.now)].into_iter().flatten().max();
    told(after, "resumed", moment)
}

/// Gives a job up. What is over stays as it is (A1).
pub fn cancel_job(job: &Job, moment: &mut Moment) -> Decided<Job> {
    if job.state.is_over() {
        return unchanged(job);
    }
    let mut after = next(job);
    end(&mut after, JobState::Cancelled, moment.now);
    told(after, "cancelled", moment)
}

fn start_at(job: &Job) -> Option<Timestamp> {
    match &job.spec {
        JobSpec::Activation(ActivationSpec { start_at, .. }) => *start_at,
        JobSpec::Import(_) => None,
    }
}

fn next(job: &Job) -> Job {
    Job { version: job.version + 1, ..job.clone() }
}

fn end(job: &mut Job, state: JobState, now: Timestamp) {
    job.state = state;
    job.due_at = None;
    job.ended_at = Some(now);
    job.forget_at = Some(now.after(KEPT));
}

fn unchanged(job: &Job) -> Decided<Job> {
    Decided { decision: Decision::default(), outcome: job.clone() }
}

fn told(job: Job, what: &str, moment: &mut Moment) -> Decided<Job> {
    let kind = match (job.spec.kind(), what) {
        (JobKind::Import, "started") => "import.started",
        (JobKind::Import, "paused") => "import.paused",
        (JobKind::Import, "resumed") => "import.resumed",
        (JobKind::Import, _) => "import.cancelled",
        (JobKind::Activation, "started") => "activation.started",
        (JobKind::Activation, "paused") => "activation.paused",
        (JobKind::Activation, "resumed") => "activation.resumed",
        (JobKind::Activation, _) => "activation.cancelled",
    };
    let mut event = moment.event(kind, Subject::default());
    event.facts.insert("job".to_owned(), job.id.to_string());
    event.facts.insert("rows".to_owned(), job.total.to_string());
    match &job.spec {
        JobSpec::Import(spec) => drop(event.facts.insert("dry_run".to_owned(), spec.dry_run.to_string())),
        JobSpec::Activation(spec) => drop(event.facts.insert("action".to_owned(), spec.action.code().to_owned())),
    }
    let decision =
        Decision { changes: vec![Change::PutJob(Box::new(job.clone()))], events: vec![event], ..Decision::default() };
    Decided { decision, outcome: job }
}
