//! Jobs and their rows.

use async_trait::async_trait;
use portal_domain::{
    event::Caller,
    id::{JobId, PracticeId},
    job::{HeadsDigest, Job, JobRow, JobState, RowReport, SettledRow, ToldColumns},
    port::{Jobs, Page, RowFilter, StoreError},
    time::Timestamp,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    PostgresStore,
    commit::column,
    failure::{Failure, store_error},
    row::{self, damaged, json, maybe_time, text, time},
};

fn every(met: u64, rows: usize) -> Result<(), Failure> {
    if usize::try_from(met).is_ok_and(|met| met == rows) { Ok(()) } else { Err(Failure::Conflict) }
}

/// Writes jobs: those of version 1 are new, each other takes the place of the version before.
pub(crate) async fn put(connection: &mut PgConnection, practice: Uuid, jobs: &[&Job]) -> Result<(), Failure> {
    let (new, replaced): (Vec<&Job>, Vec<&Job>) = jobs.iter().partition(|job| job.version <= 1);
    for job in new {
        let origin = job.origin.as_deref().map(text);
        sqlx::query!(
            "INSERT INTO portal.job (practice_id, job_id, kind, state, spec, caller, origin, total, progress, due_at,
                 forget_at, created_at, ended_at, version)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            practice,
            job.id.to_uuid(),
            job.spec.kind().code(),
            job.state.code(),
            json(&job.spec)?,
            job.caller.describe(),
            origin.as_deref(),
            signed(job.total),
            json(&job.progress)?,
            job.due_at.map(Timestamp::as_micros),
            job.forget_at.map(Timestamp::as_micros),
            job.created_at.as_micros(),
            job.ended_at.map(Timestamp::as_micros),
            job.version,
        )
        .execute(&mut *connection)
        .await?;
    }
    for job in replaced {
        let put = sqlx::query!(
            "UPDATE portal.job SET state = $3, total = $4, progress = $5, due_at = $6, forget_at = $7, ended_at = $8,
                 version = $9
             WHERE practice_id = $1 AND job_id = $2 AND version + 1 = $9",
            practice,
            job.id.to_uuid(),
            job.state.code(),
            signed(job.total),
            json(&job.progress)?,
            job.due_at.map(Timestamp::as_micros),
            job.forget_at.map(Timestamp::as_micros),
            job.ended_at.map(Timestamp::as_micros),
            job.version,
        );
        every(put.execute(&mut *connection).await?.rows_affected(), 1)?;
    }
    Ok(())
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Adds rows.
pub(crate) async fn stage(
    connection: &mut PgConnection,
    practice: Uuid,
    rows: &[(JobId, &JobRow)],
) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    let content = rows.iter().map(|(_, row)| json(&row.content)).collect::<Result<Vec<_>, _>>()?;
    let report = |row: &JobRow| row.settled.as_ref().map(|settled| json(&settled.report)).transpose();
    let reports = rows.iter().map(|(_, row)| report(row)).collect::<Result<Vec<_>, _>>()?;
    let settled = |of: fn(&SettledRow) -> Option<&str>| column(rows, |(_, row)| row.settled.as_ref().and_then(of));
    sqlx::query!(
        "INSERT INTO portal.job_row (practice_id, job_id, place, ref, content, outcome, effect, report, staged)
         SELECT $1, c.* FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[],
             $8::text[], $9::boolean[])
             AS c (job_id, place, ref, content, outcome, effect, report, staged)",
        practice,
        &column(rows, |(job, _)| job.to_uuid()),
        &column(rows, |(_, row)| row.place),
        &column(rows, |(_, row)| row.reference.as_str()) as &[&str],
        &content,
        &settled(|settled| Some(&settled.outcome)) as &[Option<&str>],
        &settled(|settled| settled.effect().map(|effect| effect.code())) as &[Option<&str>],
        &reports as &[Option<String>],
        &column(rows, |(_, row)| row.settled.is_some()),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes rows unsettled that were not staged settled, of each job so many at most.
pub(crate) async fn restart(
    connection: &mut PgConnection,
    practice: Uuid,
    jobs: &[(JobId, u32)],
) -> Result<(), Failure> {
    for (job, most) in jobs {
        sqlx::query!(
            "UPDATE portal.job_row r SET outcome = NULL, effect = NULL, report = NULL
             FROM (SELECT place FROM portal.job_row
                   WHERE practice_id = $1 AND job_id = $2 AND NOT staged AND outcome IS NOT NULL LIMIT $3) AS c
             WHERE r.practice_id = $1 AND r.job_id = $2 AND r.place = c.place",
            practice,
            job.to_uuid(),
            i64::from(*most),
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Says what became of rows.
pub(crate) async fn settle(
    connection: &mut PgConnection,
    practice: Uuid,
    rows: &[(JobId, &SettledRow)],
) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    let reports = rows.iter().map(|(_, row)| json(&row.report)).collect::<Result<Vec<_>, _>>()?;
    let settled = sqlx::query!(
        "UPDATE portal.job_row r SET outcome = c.outcome, effect = c.effect, report = c.report
         FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[])
             AS c (job_id, place, outcome, effect, report)
         WHERE r.practice_id = $1 AND r.job_id = c.job_id AND r.place = c.place AND r.outcome IS NULL",
        practice,
        &column(rows, |(job, _)| job.to_uuid()),
        &column(rows, |(_, row)| row.place),
        &column(rows, |(_, row)| row.outcome.as_str()) as &[&str],
        &column(rows, |(_, row)| row.effect().map(|effect| effect.code())) as &[Option<&str>],
        &reports,
    );
    every(settled.execute(connection).await?.rows_affected(), rows.len())
}

pub(crate) struct Stored {
    pub(crate) practice_id: Uuid,
    pub(crate) job_id: Uuid,
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
        let fault = |what: &str| damaged("job", self.job_id, what);
        Ok(Job {
            id: row::id(self.job_id),
            practice: row::id(self.practice_id),
            spec: serde_json::from_str(&self.spec).map_err(|error| fault(&error.to_string()))?,
            state: JobState::parse(&self.state).ok_or_else(|| fault("its state is unknown"))?,
            caller: Caller::parse(&self.caller).ok_or_else(|| fault("its caller is unknown"))?,
            origin: self.origin,
            total: self.total.unsigned_abs(),
            progress: serde_json::from_str(&self.progress).map_err(|error| fault(&error.to_string()))?,
            due_at: maybe_time(self.due_at),
            forget_at: maybe_time(self.forget_at),
            created_at: time(self.created_at),
            ended_at: maybe_time(self.ended_at),
            version: self.version,
        })
    }
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
        // What a row says is personal, and so is the text of an error about it.
        let fault = || damaged("job_row", self.place, "it can't be read");
        let settled = match (self.outcome, self.report) {
            (Some(outcome), Some(report)) => {
                let report: RowReport = serde_json::from_str(&report).map_err(|_| fault())?;
                Some(SettledRow { place: self.place, outcome, report })
            }
            (None, None) => None,
            _ => return Err(fault()),
        };
        let content = serde_json::from_str(&self.content).map_err(|_| fault())?;
        Ok(JobRow { place: self.place, reference: self.reference, content, settled })
    }
}

#[async_trait]
impl Jobs for PostgresStore {
    async fn job(&self, practice: PracticeId, job: JobId) -> Result<Option<Job>, StoreError> {
        let found = sqlx::query_as!(
            Stored,
            "SELECT practice_id, job_id, state, spec, caller, origin, total, progress, due_at, forget_at, created_at,
                 ended_at, version
             FROM portal.job WHERE practice_id = $1 AND job_id = $2",
            row::uuid(practice),
            job.to_uuid(),
        );
        found.fetch_optional(self.pool()).await.map_err(store_error)?.map(Stored::read).transpose()
    }

    async fn list(&self, practice: PracticeId, page: &Page<JobId>) -> Result<Vec<Job>, StoreError> {
        let jobs = sqlx::query_as!(
            Stored,
            "SELECT practice_id, job_id, state, spec, caller, origin, total, progress, due_at, forget_at, created_at,
                 ended_at, version
             FROM portal.job
             WHERE practice_id = $1 AND job_id < coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
                 AND state <> 'staging'
             ORDER BY job_id DESC LIMIT $3",
            row::uuid(practice),
            page.after.map(|after| after.to_uuid()),
            i64::from(page.limit),
        );
        jobs.fetch_all(self.pool()).await.map_err(store_error)?.into_iter().map(Stored::read).collect()
    }

    async fn lease(&self, now: Timestamp, until: Timestamp, dry_too: bool) -> Result<Option<Job>, StoreError> {
        loop {
            let leased = sqlx::query_as!(
                Stored,
                r#"WITH due AS (
                     SELECT j.practice_id, j.job_id
                     FROM portal.job j LEFT JOIN portal.job_turn t ON t.practice_id = j.practice_id
                     WHERE j.due_at <= $1 AND ($3 OR strpos(j.spec, '"dry_run":true') = 0)
                     ORDER BY coalesce(t.turn, 0), j.due_at, j.job_id LIMIT 1 FOR NO KEY UPDATE OF j SKIP LOCKED),
                 served AS (
                     INSERT INTO portal.job_turn (practice_id, turn)
                     SELECT practice_id, coalesce((SELECT max(turn) FROM portal.job_turn), 0) + 1 FROM due
                     ON CONFLICT (practice_id) DO UPDATE SET turn = excluded.turn)
                 UPDATE portal.job j SET due_at = $2, version = version + 1 FROM due
                 WHERE j.practice_id = due.practice_id AND j.job_id = due.job_id
                 RETURNING j.practice_id, j.job_id, state, spec, caller, origin, total, progress, due_at, forget_at,
                     created_at, ended_at, version"#,
                now.as_micros(),
                until.as_micros(),
                dry_too,
            );
            let Some(leased) = leased.fetch_optional(self.pool()).await.map_err(store_error)? else { return Ok(None) };
            match leased.read() {
                Ok(job) => return Ok(Some(job)),
                // It is marked like another, so that it keeps nobody waiting, and comes up again later.
                Err(error) => tracing::error!(%error, "a job can't be read"),
            }
            if until <= now {
                return Ok(None);
            }
        }
    }

    async fn unsettled(&self, practice: PracticeId, job: JobId, page: &Page<i64>) -> Result<Vec<JobRow>, StoreError> {
        let rows = sqlx::query_as!(
            StoredRow,
            "SELECT place, ref AS reference, content, outcome, report FROM portal.job_row
             WHERE practice_id = $1 AND job_id = $2 AND outcome IS NULL AND place > $3 ORDER BY place LIMIT $4",
            row::uuid(practice),
            job.to_uuid(),
            page.after.unwrap_or(i64::MIN),
            i64::from(page.limit),
        );
        rows.fetch_all(self.pool()).await.map_err(store_error)?.into_iter().map(StoredRow::read).collect()
    }

    async fn rows(
        &self,
        practice: PracticeId,
        job: JobId,
        filter: &RowFilter,
        page: &Page<i64>,
    ) -> Result<Vec<JobRow>, StoreError> {
        let (practice, job) = (row::uuid(practice), job.to_uuid());
        let (after, limit) = (page.after.unwrap_or(i64::MIN), i64::from(page.limit));
        let (outcome, effect) = (filter.outcome.as_deref(), filter.effect.map(|effect| effect.code()));
        // One statement for each filter, so that each has its index.
        let rows = match (outcome, effect) {
            (Some(outcome), effect) => {
                let rows = sqlx::query_as!(
                    StoredRow,
                    "SELECT place, ref AS reference, content, outcome, report FROM portal.job_row
                     WHERE practice_id = $1 AND job_id = $2 AND outcome = $3
                         AND ($4::text IS NULL OR effect = $4) AND place > $5
                     ORDER BY place LIMIT $6",
                    practice,
                    job,
                    outcome,
                    effect,
                    after,
                    limit,
                );
                rows.fetch_all(self.pool()).await
            }
            (None, Some(effect)) => {
                let rows = sqlx::query_as!(
                    StoredRow,
                    "SELECT place, ref AS reference, content, outcome, report FROM portal.job_row
                     WHERE practice_id = $1 AND job_id = $2 AND effect = $3 AND place > $4 ORDER BY place LIMIT $5",
                    practice,
                    job,
                    effect,
                    after,
                    limit,
                );
                rows.fetch_all(self.pool()).await
            }
            (None, None) => {
                let rows = sqlx::query_as!(
                    StoredRow,
                    "SELECT place, ref AS reference, content, outcome, report FROM portal.job_row
                     WHERE practice_id = $1 AND job_id = $2 AND place > $3 ORDER BY place LIMIT $4",
                    practice,
                    job,
                    after,
                    limit,
                );
                rows.fetch_all(self.pool()).await
            }
        };
        rows.map_err(store_error)?.into_iter().map(StoredRow::read).collect()
    }

    async fn forget_jobs(&self, now: Timestamp, most: u32) -> Result<u64, StoreError> {
        let rows = sqlx::query!(
            "DELETE FROM portal.job_row r USING (
                 SELECT o.practice_id, o.job_id, o.place FROM portal.job j
                 JOIN portal.job_row o ON o.practice_id = j.practice_id AND o.job_id = j.job_id
                 WHERE j.forget_at <= $1 LIMIT $2 FOR UPDATE OF o SKIP LOCKED) AS o
             WHERE r.practice_id = o.practice_id AND r.job_id = o.job_id AND r.place = o.place",
            now.as_micros(),
            i64::from(most),
        );
        let rows = rows.execute(self.pool()).await.map_err(store_error)?.rows_affected();
        let jobs = sqlx::query!(
            "DELETE FROM portal.job j WHERE forget_at <= $1 AND NOT EXISTS
                 (SELECT FROM portal.job_row r WHERE r.practice_id = j.practice_id AND r.job_id = j.job_id)",
            now.as_micros(),
        );
        Ok(rows + jobs.execute(self.pool()).await.map_err(store_error)?.rows_affected())
    }

    async fn keep_columns(&self, practice: PracticeId, told: &ToldColumns, most: u32) -> Result<(), StoreError> {
        let keep = sqlx::query!(
            "INSERT INTO portal.import_columns (practice_id, heads, said, told_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (practice_id, heads) DO UPDATE SET said = excluded.said, told_at = excluded.told_at",
            row::uuid(practice),
            told.heads.0.as_slice(),
            told.said,
            told.told_at.as_micros(),
        );
        keep.execute(self.pool()).await.map_err(store_error)?;
        let forget = sqlx::query!(
            "DELETE FROM portal.import_columns WHERE practice_id = $1 AND heads IN
                 (SELECT heads FROM portal.import_columns WHERE practice_id = $1
                  ORDER BY told_at DESC, heads OFFSET $2)",
            row::uuid(practice),
            i64::from(most),
        );
        forget.execute(self.pool()).await.map_err(store_error)?;
        Ok(())
    }

    async fn kept_columns(&self, practice: PracticeId, heads: HeadsDigest) -> Result<Option<String>, StoreError> {
        let said = sqlx::query_scalar!(
            "SELECT said FROM portal.import_columns WHERE practice_id = $1 AND heads = $2",
            row::uuid(practice),
            heads.0.as_slice(),
        );
        said.fetch_optional(self.pool()).await.map_err(store_error)
    }
}
