//! How much waits, of all practices: counted by indexes, and no further than asked.

use async_trait::async_trait;
use portal_domain::{
    job::{JobKind, JobState},
    message::DeliveryState,
    port::{Backlog, Backlogs, JobBacklog, MailBacklog, Pile, StoreError, WebhookBacklog},
    time::Timestamp,
};
use sqlx::{Connection, SqliteConnection};

use crate::{
    SqliteStore,
    error::Fault,
    read::{damaged, maybe_time},
};

#[async_trait]
impl Backlogs for SqliteStore {
    async fn backlog(&self, now: Timestamp, most: u32) -> Result<Backlog, StoreError> {
        let mut reader = self.reader().await?;
        let answer = async { backlog(&mut *reader.begin().await?, now, most).await }.await;
        reader.told(answer)
    }
}

async fn backlog(connection: &mut SqliteConnection, now: Timestamp, most: u32) -> Result<Backlog, Fault> {
    let (now, most) = (now.as_micros(), i64::from(most));
    Ok(Backlog {
        mail: mail(&mut *connection, now, most).await?,
        enquiries: enquiries(&mut *connection, most).await?,
        unsealed: unsealed(&mut *connection, most).await?,
        webhooks: webhooks(&mut *connection, most).await?,
        jobs: jobs(&mut *connection, most).await?,
        oldest_due_job: oldest_due_job(connection, now).await?,
    })
}

async fn mail(connection: &mut SqliteConnection, now: i64, most: i64) -> Result<Vec<MailBacklog>, Fault> {
    let rows = sqlx::query!(
        r#"SELECT lane AS "lane!: i64", state AS "state!: String", count(*) AS "count!: i64",
               min(CASE WHEN due_at <= ?1 THEN due_at END) AS "since?: i64"
           FROM (SELECT lane, state, due_at FROM portal_message
                 WHERE lane IN (0, 1) AND due_at IS NOT NULL AND practice_id NOT IN
                     (SELECT practice_id FROM portal_practice WHERE suspended_at IS NOT NULL)
                 ORDER BY lane, due_at LIMIT ?2) AS backlog
           GROUP BY lane, state"#,
        now,
        most
    );
    let rows = rows.fetch_all(connection).await?.into_iter().map(|row| {
        Ok(MailBacklog {
            awaited: row.lane == 0,
            state: DeliveryState::parse(&row.state).ok_or_else(|| damaged("message.state"))?,
            count: row.count.unsigned_abs(),
            due_since: maybe_time(row.since),
        })
    });
    rows.collect()
}

async fn enquiries(connection: &mut SqliteConnection, most: i64) -> Result<Pile, Fault> {
    let row = sqlx::query!(
        r#"SELECT count(*) AS "count!: i64", min(at) AS "oldest?: i64"
           FROM (SELECT at FROM portal_enquiry ORDER BY due_at LIMIT ?1) AS backlog"#,
        most
    );
    let row = row.fetch_one(connection).await?;
    Ok(Pile { count: row.count.unsigned_abs(), oldest: maybe_time(row.oldest) })
}

async fn unsealed(connection: &mut SqliteConnection, most: i64) -> Result<Pile, Fault> {
    let row = sqlx::query!(
        r#"SELECT count(*) AS "count!: i64", min(at) AS "oldest?: i64"
           FROM (SELECT at FROM portal_event WHERE number IS NULL ORDER BY practice_id, ordinal LIMIT ?1) AS backlog"#,
        most
    );
    let row = row.fetch_one(connection).await?;
    Ok(Pile { count: row.count.unsigned_abs(), oldest: maybe_time(row.oldest) })
}

async fn webhooks(connection: &mut SqliteConnection, most: i64) -> Result<WebhookBacklog, Fault> {
    let row = sqlx::query!(
        r#"SELECT count(*) FILTER (WHERE enabled = 1 AND may_go_on = 1) AS "enabled!: i64",
               count(*) FILTER (WHERE enabled = 1 AND may_go_on = 0) AS "stuck!: i64",
               count(*) FILTER (WHERE enabled = 0) AS "disabled!: i64",
               min(failing_since) FILTER (WHERE enabled = 1) AS "failing_since: i64",
               coalesce(sum(CASE WHEN enabled = 1 AND ahead > 0 THEN ahead END), 0) AS "events!: i64"
           FROM (SELECT w.enabled, w.may_go_on, w.failing_since, h.number - w.cursor_at AS ahead
                 FROM portal_webhook AS w
                 JOIN portal_practice AS p ON p.practice_id = w.practice_id AND p.suspended_at IS NULL
                 LEFT JOIN portal_journal_head AS h ON h.practice_id = w.practice_id
                 LIMIT ?1) AS backlog"#,
        most
    );
    let row = row.fetch_one(connection).await?;
    Ok(WebhookBacklog {
        enabled: row.enabled.unsigned_abs(),
        stuck: row.stuck.unsigned_abs(),
        disabled: row.disabled.unsigned_abs(),
        failing_since: maybe_time(row.failing_since),
        events: row.events.unsigned_abs(),
    })
}

async fn jobs(connection: &mut SqliteConnection, most: i64) -> Result<Vec<JobBacklog>, Fault> {
    let rows = sqlx::query!(
        r#"SELECT kind AS "kind!: String", state AS "state!: String", count(*) AS "count!: i64"
           FROM (SELECT kind, state FROM portal_job LIMIT ?1) AS backlog GROUP BY kind, state"#,
        most
    );
    let rows = rows.fetch_all(connection).await?.into_iter().map(|row| {
        let kind = match row.kind.as_str() {
            "import" => JobKind::Import,
            "activation" => JobKind::Activation,
            _ => return Err(damaged("job.kind").into()),
        };
        let state = JobState::parse(&row.state).ok_or_else(|| damaged("job.state"))?;
        Ok(JobBacklog { kind, state, count: row.count.unsigned_abs() })
    });
    rows.collect()
}

async fn oldest_due_job(connection: &mut SqliteConnection, now: i64) -> Result<Option<Timestamp>, Fault> {
    let oldest = sqlx::query_scalar!(
        r#"SELECT min(due_at) AS "oldest?: i64" FROM portal_job WHERE due_at IS NOT NULL AND due_at <= ?1"#,
        now
    );
    Ok(maybe_time(oldest.fetch_one(connection).await?))
}
