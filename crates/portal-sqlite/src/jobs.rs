//! Jobs and their rows.

use async_trait::async_trait;
use portal_domain::{
    event::Caller,
    id::{JobId, PracticeId},
    job::{HeadsDigest, Job, JobRow, JobState, RowReport, SettledRow, ToldColumns},
    port::{Jobs, Page, RowFilter, StoreError},
    time::Timestamp,
};
use serde::Serialize;
use sqlx::SqliteConnection;

use crate::{
    SqliteStore,
    columns::{self, KeepColumns},
    encode::{Hex, Rows, hex, json, micros},
    error::Fault,
    read::{damaged, from_json, id},
    writer::Work,
};

/// A job on its way into its table.
#[derive(Serialize)]
pub(crate) struct PutRow<'a> {
    id: Hex,
    kind: &'static str,
    state: &'static str,
    spec: String,
    caller: String,
    origin: Option<&'a str>,
    total: u64,
    progress: String,
    due_at: Option<i64>,
    forget_at: Option<i64>,
    created_at: i64,
    ended_at: Option<i64>,
    version: i64,
}

impl<'a> PutRow<'a> {
    pub(crate) fn new(job: &'a Job) -> Self {
        Self {
            id: hex(job.id),
            kind: job.spec.kind().code(),
            state: job.state.code(),
            spec: json(&job.spec),
            caller: job.caller.describe(),
            origin: job.origin.as_deref(),
            total: job.total,
            progress: json(&job.progress),
            due_at: micros(job.due_at),
            forget_at: micros(job.forget_at),
            created_at: job.created_at.as_micros(),
            ended_at: micros(job.ended_at),
            version: job.version,
        }
    }
}

/// A row on its way into its table.
#[derive(Serialize)]
pub(crate) struct StageRow<'a> {
    job: Hex,
    place: i64,
    r#ref: &'a str,
    content: String,
    outcome: Option<&'a str>,
    effect: Option<&'static str>,
    report: Option<String>,
    staged: u8,
}

impl<'a> StageRow<'a> {
    pub(crate) fn new(job: JobId, row: &'a JobRow) -> Self {
        let settled = row.settled.as_ref();
        Self {
            job: hex(job),
            place: row.place,
            r#ref: &row.reference,
            content: json(&row.content),
            outcome: settled.map(|settled| settled.outcome.as_str()),
            effect: settled.and_then(SettledRow::effect).map(|effect| effect.code()),
            report: settled.map(|settled| json(&settled.report)),
            staged: u8::from(settled.is_some()),
        }
    }
}

/// What became of a row, on its way into its table.
#[derive(Serialize)]
pub(crate) struct SettleRow<'a> {
    job: Hex,
    place: i64,
    outcome: &'a str,
    effect: Option<&'static str>,
    report: String,
}

impl<'a> SettleRow<'a> {
    pub(crate) fn new(job: JobId, row: &'a SettledRow) -> Self {
        let effect = row.effect().map(|effect| effect.code());
        Self { job: hex(job), place: row.place, outcome: &row.outcome, effect, report: json(&row.report) }
    }
}

/// What a commit writes of jobs.
#[derive(Debug)]
pub(crate) struct JobRows {
    pub(crate) new: Rows,
    pub(crate) replaced: Rows,
    pub(crate) staged: Rows,
    pub(crate) restarted: Vec<(JobId, u32)>,
    pub(crate) settled: Rows,
}

fn every(met: u64, rows: &Rows) -> Result<(), Fault> {
    if usize::try_from(met).is_ok_and(|met| met == rows.count) { Ok(()) } else { Err(Fault::Conflict) }
}

/// Writes jobs, and what becomes of their rows.
pub(crate) async fn write(connection: &mut SqliteConnection, practice: &[u8], jobs: &JobRows) -> Result<(), Fault> {
    if !jobs.new.is_empty() {
        let new = sqlx::query!(
            "INSERT INTO portal_job (practice_id, job_id, kind, state, spec, caller, origin, total, progress, due_at,
                 forget_at, created_at, ended_at, version)
             SELECT ?1, unhex(value ->> 'id'), value ->> 'kind', value ->> 'state', value ->> 'spec',
                 value ->> 'caller', value ->> 'origin', value ->> 'total', value ->> 'progress', value ->> 'due_at',
                 value ->> 'forget_at', value ->> 'created_at', value ->> 'ended_at', value ->> 'version'
             FROM json_each(?2)",
            practice,
            jobs.new.json
        );
        new.execute(&mut *connection).await?;
    }
    if !jobs.replaced.is_empty() {
        let replaced = sqlx::query!(
            "UPDATE portal_job AS j SET state = e.value ->> 'state', total = e.value ->> 'total',
                 progress = e.value ->> 'progress', due_at = e.value ->> 'due_at',
                 forget_at = e.value ->> 'forget_at', ended_at = e.value ->> 'ended_at',
                 version = e.value ->> 'version'
             FROM json_each(?2) AS e
             WHERE j.practice_id = ?1 AND j.job_id = unhex(e.value ->> 'id')
                 AND j.version = e.value ->> 'version' - 1",
            practice,
            jobs.replaced.json
        );
        every(replaced.execute(&mut *connection).await?.rows_affected(), &jobs.replaced)?;
    }
    if !jobs.staged.is_empty() {
        let staged = sqlx::query!(
            "INSERT INTO portal_job_row (practice_id, job_id, place, ref, content, outcome, effect, report, staged)
             SELECT ?1, unhex(value ->> 'job'), value ->> 'place', value ->> 'ref', value ->> 'content',
                 value ->> 'outcome', value ->> 'effect', value ->> 'report', value ->> 'staged'
             FROM json_each(?2)",
            practice,
            jobs.staged.json
        );
        staged.execute(&mut *connection).await?;
    }
    for (job, most) in &jobs.restarted {
        let job = job.to_bytes();
        let job = job.as_slice();
        let restarted = sqlx::query!(
            "UPDATE portal_job_row SET outcome = NULL, effect = NULL, report = NULL
             WHERE practice_id = ?1 AND job_id = ?2 AND place IN
                 (SELECT place FROM portal_job_row
                  WHERE practice_id = ?1 AND job_id = ?2 AND staged = 0 AND outcome IS NOT NULL LIMIT ?3)",
            practice,
            job,
            most
        );
        restarted.execute(&mut *connection).await?;
    }
    if !jobs.settled.is_empty() {
        let settled = sqlx::query!(
            "UPDATE portal_job_row AS r SET outcome = e.value ->> 'outcome', effect = e.value ->> 'effect',
                 report = e.value ->> 'report'
             FROM json_each(?2) AS e
             WHERE r.practice_id = ?1 AND r.job_id = unhex(e.value ->> 'job') AND r.place = e.value ->> 'place'
                 AND r.outcome IS NULL",
            practice,
            jobs.settled.json
        );
        every(settled.execute(connection).await?.rows_affected(), &jobs.settled)?;
    }
    Ok(())
}

pub(crate) struct Stored {
    pub(crate) practice_id: Vec<u8>,
    pub(crate) job_id: Vec<u8>,
    pub(crate) state: String,
    pub(crate) spec: String,
    pub(crate) caller: String,
    pub(crate) origin: Option<String>,
    pub(crate) total: i64,
    pub(crate) progress: String,
    pub(crate) due_at: Option<i64>,
    pub(crate) forget_at: Option<i64>,
    pub(crate) created_at: i64,
    pub(crate) ended_at: Option<i64>,
    pub(crate) version: i64,
}

impl Stored {
    pub(crate) fn read(self) -> Result<Job, StoreError> {
        Ok(Job {
            id: id(&self.job_id, "job.job_id")?,
            practice: id(&self.practice_id, "job.practice_id")?,
            spec: from_json(&self.spec, "job.spec")?,
            state: JobState::parse(&self.state).ok_or_else(|| damaged("job.state"))?,
            caller: Caller::parse(&self.caller).ok_or_else(|| damaged("job.caller"))?,
            origin: self.origin,
            total: self.total.unsigned_abs(),
            progress: from_json(&self.progress, "job.progress")?,
            due_at: self.due_at.map(Timestamp::from_micros),
            forget_at: self.forget_at.map(Timestamp::from_micros),
            created_at: Timestamp::from_micros(self.created_at),
            ended_at: self.ended_at.map(Timestamp::from_micros),
            version: self.version,
        })
    }
}

/// A job, whatever its state.
pub(crate) async fn job(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    job: JobId,
) -> Result<Option<Job>, Fault> {
    let (practice, job) = (practice.to_bytes(), job.to_bytes());
    let (practice, job) = (practice.as_slice(), job.as_slice());
    let found = sqlx::query_as!(
        Stored,
        "SELECT practice_id, job_id, state, spec, caller, origin, total, progress, due_at, forget_at, created_at,
             ended_at, version
         FROM portal_job WHERE practice_id = ?1 AND job_id = ?2",
        practice,
        job
    );
    let found = found.fetch_optional(connection).await?;
    Ok(found.map(Stored::read).transpose()?)
}

/// Jobs that are not being staged, the newest first.
async fn list(connection: &mut SqliteConnection, practice: PracticeId, page: &Page<JobId>) -> Result<Vec<Job>, Fault> {
    let (practice, before) = (practice.to_bytes(), page.after.map_or([u8::MAX; 16], |after| after.to_bytes()));
    let (practice, before, limit) = (practice.as_slice(), before.as_slice(), i64::from(page.limit));
    let jobs = sqlx::query_as!(
        Stored,
        "SELECT practice_id, job_id, state, spec, caller, origin, total, progress, due_at, forget_at, created_at,
             ended_at, version
         FROM portal_job WHERE practice_id = ?1 AND job_id < ?2 AND state <> 'staging'
         ORDER BY job_id DESC LIMIT ?3",
        practice,
        before,
        limit
    );
    let jobs = jobs.fetch_all(connection).await?.into_iter();
    jobs.map(|job| job.read().map_err(Fault::from)).collect()
}

/// A row as it lies in its table.
pub(crate) struct StoredRow {
    pub(crate) place: i64,
    pub(crate) reference: String,
    pub(crate) content: String,
    pub(crate) outcome: Option<String>,
    pub(crate) report: Option<String>,
}

impl StoredRow {
    pub(crate) fn read(self) -> Result<JobRow, StoreError> {
        let settled = match (self.outcome, self.report) {
            (Some(outcome), Some(report)) => {
                let report: RowReport = from_json(&report, "job_row.report")?;
                Some(SettledRow { place: self.place, outcome, report })
            }
            (None, None) => None,
            _ => return Err(damaged("job_row.report")),
        };
        let content = from_json(&self.content, "job_row.content")?;
        Ok(JobRow { place: self.place, reference: self.reference, content, settled })
    }
}

/// Rows that are not settled.
pub(crate) async fn unsettled(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    job: JobId,
    page: &Page<i64>,
) -> Result<Vec<JobRow>, Fault> {
    let (practice, job) = (practice.to_bytes(), job.to_bytes());
    let (practice, job) = (practice.as_slice(), job.as_slice());
    let (after, limit) = (page.after.unwrap_or(i64::MIN), i64::from(page.limit));
    let rows = sqlx::query_as!(
        StoredRow,
        "SELECT place, ref AS reference, content, outcome, report FROM portal_job_row
         WHERE practice_id = ?1 AND job_id = ?2 AND outcome IS NULL AND place > ?3 ORDER BY place LIMIT ?4",
        practice,
        job,
        after,
        limit
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    rows.map(|row| row.read().map_err(Fault::from)).collect()
}

/// Rows that the filter wants.
pub(crate) async fn rows(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    job: JobId,
    filter: &RowFilter,
    page: &Page<i64>,
) -> Result<Vec<JobRow>, Fault> {
    let (practice, job) = (practice.to_bytes(), job.to_bytes());
    let (practice, job) = (practice.as_slice(), job.as_slice());
    let (after, limit) = (page.after.unwrap_or(i64::MIN), i64::from(page.limit));
    let (outcome, effect) = (filter.outcome.as_deref(), filter.effect.map(|effect| effect.code()));
    // One statement for each filter, so that each has its index.
    let rows = match (outcome, effect) {
        (Some(outcome), _) => {
            let rows = sqlx::query_as!(
                StoredRow,
                "SELECT place, ref AS reference, content, outcome, report FROM portal_job_row
                 WHERE practice_id = ?1 AND job_id = ?2 AND outcome = ?3 AND (?4 IS NULL OR effect = ?4) AND place > ?5
                 ORDER BY place LIMIT ?6",
                practice,
                job,
                outcome,
                effect,
                after,
                limit
            );
            rows.fetch_all(connection).await?
        }
        (None, Some(effect)) => {
            let rows = sqlx::query_as!(
                StoredRow,
                "SELECT place, ref AS reference, content, outcome, report FROM portal_job_row
                 WHERE practice_id = ?1 AND job_id = ?2 AND effect = ?3 AND place > ?4 ORDER BY place LIMIT ?5",
                practice,
                job,
                effect,
                after,
                limit
            );
            rows.fetch_all(connection).await?
        }
        (None, None) => {
            let rows = sqlx::query_as!(
                StoredRow,
                "SELECT place, ref AS reference, content, outcome, report FROM portal_job_row
                 WHERE practice_id = ?1 AND job_id = ?2 AND place > ?3 ORDER BY place LIMIT ?4",
                practice,
                job,
                after,
                limit
            );
            rows.fetch_all(connection).await?
        }
    };
    rows.into_iter().map(|row| row.read().map_err(Fault::from)).collect()
}

/// Whether a job is due.
async fn due(connection: &mut SqliteConnection, now: Timestamp, dry_too: bool) -> Result<bool, Fault> {
    let now = now.as_micros();
    let due = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM portal_job
             WHERE due_at <= ?1 AND (?2 OR instr(spec, '"dry_run":true') = 0)) AS "due!: bool""#,
        now,
        dry_too
    );
    Ok(due.fetch_one(connection).await?)
}

/// Lends the job that has been due longest.
pub(crate) struct LeaseJob {
    pub(crate) now: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) dry_too: bool,
}

#[async_trait]
impl Work for LeaseJob {
    type Answer = Option<Job>;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<Option<Job>, Fault> {
        let (now, until) = (self.now.as_micros(), self.until.as_micros());
        loop {
            let due = sqlx::query_as!(
                Stored,
                r#"SELECT j.practice_id, j.job_id, state, spec, caller, origin, total, progress, due_at, forget_at,
                     created_at, ended_at, version
                 FROM portal_job AS j LEFT JOIN portal_job_turn AS t ON t.practice_id = j.practice_id
                 WHERE due_at <= ?1 AND (?2 OR instr(spec, '"dry_run":true') = 0)
                 ORDER BY coalesce(t.turn, 0), due_at, j.job_id LIMIT 1"#,
                now,
                self.dry_too
            );
            let Some(found) = due.fetch_optional(&mut *connection).await? else { return Ok(None) };
            let (practice, job) = (found.practice_id.clone(), found.job_id.clone());
            let mark = sqlx::query!(
                "UPDATE portal_job SET due_at = ?3, version = version + 1 WHERE practice_id = ?1 AND job_id = ?2",
                practice,
                job,
                until
            );
            mark.execute(&mut *connection).await?;
            let served = sqlx::query!(
                "INSERT INTO portal_job_turn (practice_id, turn)
                 SELECT ?1, coalesce((SELECT max(turn) FROM portal_job_turn), 0) + 1 WHERE true
                 ON CONFLICT (practice_id) DO UPDATE SET turn = excluded.turn",
                practice
            );
            served.execute(&mut *connection).await?;
            match found.read() {
                Ok(job) => return Ok(Some(Job { due_at: Some(self.until), version: job.version + 1, ..job })),
                // It is marked like another, so that it keeps nobody waiting, and comes up again later.
                Err(error) => tracing::error!(%error, "a job can't be read"),
            }
            if until <= now {
                return Ok(None);
            }
        }
    }
}

/// Forgets what is long over.
pub(crate) struct ForgetJobs {
    pub(crate) now: Timestamp,
    pub(crate) most: u32,
}

#[async_trait]
impl Work for ForgetJobs {
    type Answer = u64;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<u64, Fault> {
        let (now, most) = (self.now.as_micros(), self.most);
        let rows = sqlx::query!(
            "DELETE FROM portal_job_row WHERE (practice_id, job_id, place) IN
                 (SELECT r.practice_id, r.job_id, r.place FROM portal_job AS j
                  CROSS JOIN portal_job_row AS r ON r.practice_id = j.practice_id AND r.job_id = j.job_id
                  WHERE j.forget_at <= ?1 LIMIT ?2)",
            now,
            most
        );
        let rows = rows.execute(&mut *connection).await?.rows_affected();
        let jobs = sqlx::query!(
            "DELETE FROM portal_job WHERE forget_at <= ?1 AND NOT EXISTS
                 (SELECT 1 FROM portal_job_row AS r
                  WHERE r.practice_id = portal_job.practice_id AND r.job_id = portal_job.job_id)",
            now
        );
        Ok(rows + jobs.execute(connection).await?.rows_affected())
    }
}

#[async_trait]
impl Jobs for SqliteStore {
    async fn job(&self, practice: PracticeId, id: JobId) -> Result<Option<Job>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = job(&mut reader, practice, id).await;
        reader.told(answer)
    }

    async fn list(&self, practice: PracticeId, page: &Page<JobId>) -> Result<Vec<Job>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = list(&mut reader, practice, page).await;
        reader.told(answer)
    }

    async fn lease(&self, now: Timestamp, until: Timestamp, dry_too: bool) -> Result<Option<Job>, StoreError> {
        let mut reader = self.readers.take().await?;
        let waits = due(&mut reader, now, dry_too).await;
        // Only whoever would take one has to wait for the writer.
        if !reader.told(waits)? {
            return Ok(None);
        }
        self.writer.write(LeaseJob { now, until, dry_too }).await
    }

    async fn unsettled(&self, practice: PracticeId, job: JobId, page: &Page<i64>) -> Result<Vec<JobRow>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = unsettled(&mut reader, practice, job, page).await;
        reader.told(answer)
    }

    async fn rows(
        &self,
        practice: PracticeId,
        job: JobId,
        filter: &RowFilter,
        page: &Page<i64>,
    ) -> Result<Vec<JobRow>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = rows(&mut reader, practice, job, filter, page).await;
        reader.told(answer)
    }

    async fn forget_jobs(&self, now: Timestamp, most: u32) -> Result<u64, StoreError> {
        self.writer.write(ForgetJobs { now, most }).await
    }

    async fn keep_columns(&self, practice: PracticeId, told: &ToldColumns, most: u32) -> Result<(), StoreError> {
        self.writer.write(KeepColumns { practice, told: told.clone(), most }).await
    }

    async fn kept_columns(&self, practice: PracticeId, heads: HeadsDigest) -> Result<Option<String>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = columns::kept(&mut reader, practice, heads).await;
        reader.told(answer)
    }
}
