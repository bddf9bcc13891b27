//! How much waits, of all practices: counted by indexes, and no further than asked.

use async_trait::async_trait;
use portal_domain::{
    job::{JobKind, JobState},
    message::DeliveryState,
    port::{Backlog, Backlogs, JobBacklog, MailBacklog, Pile, StoreError, WebhookBacklog},
    time::Timestamp,
};
use sqlx::PgConnection;

use crate::{
    PostgresStore,
    failure::store_error,
    row::{damaged, maybe_time},
    store::{end, whole},
};

#[async_trait]
impl Backlogs for PostgresStore {
    async fn backlog(&self, now: Timestamp, most: u32) -> Result<Backlog, StoreError> {
        let store = self.clone();
        whole(async move {
            let mut snapshot = store.snapshot().await?;
            let (now, most) = (now.as_micros(), i64::from(most));
            let backlog = Backlog {
                mail: mail(&mut snapshot, now, most).await?,
                enquiries: enquiries(&mut snapshot, most).await?,
                unsealed: unsealed(&mut snapshot, most).await?,
                webhooks: webhooks(&mut snapshot, most).await?,
                jobs: jobs(&mut snapshot, most).await?,
                oldest_due_job: oldest_due_job(&mut snapshot, now).await?,
            };
            end(snapshot).await;
            Ok(backlog)
        })
        .await
    }
}

async fn mail(connection: &mut PgConnection, now: i64, most: i64) -> Result<Vec<MailBacklog>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT lane, state, count(*) AS "count!", min(due_at) FILTER (WHERE due_at <= $1) AS since
           FROM (SELECT lane, state, due_at FROM portal.message
                 WHERE lane IN (0, 1) AND due_at IS NOT NULL AND practice_id NOT IN
                     (SELECT practice_id FROM portal.practice WHERE suspended_at IS NOT NULL)
                 ORDER BY lane, due_at LIMIT $2) AS backlog
           GROUP BY lane, state"#,
        now,
        most,
    )
    .fetch_all(connection)
    .await
    .map_err(store_error)?;
    let rows = rows.into_iter().map(|row| {
        let unknown = || damaged("message", &row.state, "its state is none");
        Ok(MailBacklog {
            awaited: row.lane == 0,
            state: DeliveryState::parse(&row.state).ok_or_else(unknown)?,
            count: row.count.unsigned_abs(),
            due_since: maybe_time(row.since),
        })
    });
    rows.collect()
}

async fn enquiries(connection: &mut PgConnection, most: i64) -> Result<Pile, StoreError> {
    let row = sqlx::query!(
        r#"SELECT count(*) AS "count!", min(at) AS oldest
           FROM (SELECT at FROM portal.enquiry ORDER BY due_at LIMIT $1) AS backlog"#,
        most,
    )
    .fetch_one(connection)
    .await
    .map_err(store_error)?;
    Ok(Pile { count: row.count.unsigned_abs(), oldest: maybe_time(row.oldest) })
}

async fn unsealed(connection: &mut PgConnection, most: i64) -> Result<Pile, StoreError> {
    let row = sqlx::query!(
        r#"SELECT count(*) AS "count!", min(at) AS oldest
           FROM (SELECT at FROM portal.event WHERE number IS NULL ORDER BY practice_id, ordinal LIMIT $1) AS backlog"#,
        most,
    )
    .fetch_one(connection)
    .await
    .map_err(store_error)?;
    Ok(Pile { count: row.count.unsigned_abs(), oldest: maybe_time(row.oldest) })
}

async fn webhooks(connection: &mut PgConnection, most: i64) -> Result<WebhookBacklog, StoreError> {
    let row = sqlx::query!(
        r#"SELECT count(*) FILTER (WHERE enabled AND may_go_on) AS "enabled!",
               count(*) FILTER (WHERE enabled AND NOT may_go_on) AS "stuck!",
               count(*) FILTER (WHERE NOT enabled) AS "disabled!",
               min(failing_since) FILTER (WHERE enabled) AS failing_since,
               coalesce(sum(ahead) FILTER (WHERE enabled AND ahead > 0), 0)::bigint AS "events!"
           FROM (SELECT w.enabled, w.may_go_on, w.failing_since, h.number - w.cursor_at AS ahead
                 FROM portal.webhook w
                 JOIN portal.practice p ON p.practice_id = w.practice_id AND p.suspended_at IS NULL
                 LEFT JOIN portal.journal_head h ON h.practice_id = w.practice_id
                 LIMIT $1) AS backlog"#,
        most,
    )
    .fetch_one(connection)
    .await
    .map_err(store_error)?;
    Ok(WebhookBacklog {
        enabled: row.enabled.unsigned_abs(),
        stuck: row.stuck.unsigned_abs(),
        disabled: row.disabled.unsigned_abs(),
        failing_since: maybe_time(row.failing_since),
        events: row.events.unsigned_abs(),
    })
}

async fn jobs(connection: &mut PgConnection, most: i64) -> Result<Vec<JobBacklog>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT kind, state, count(*) AS "count!"
           FROM (SELECT kind, state FROM portal.job LIMIT $1) AS backlog GROUP BY kind, state"#,
        most,
    )
    .fetch_all(connection)
    .await
    .map_err(store_error)?;
    let rows = rows.into_iter().map(|row| {
        let kind = match row.kind.as_str() {
            "import" => JobKind::Import,
            "activation" => JobKind::Activation,
            other => return Err(damaged("job", other, "its kind is none")),
        };
        let unknown = || damaged("job", &row.state, "its state is none");
        Ok(JobBacklog {
            kind,
            state: JobState::parse(&row.state).ok_or_else(unknown)?,
            count: row.count.unsigned_abs(),
        })
    });
    rows.collect()
}

async fn oldest_due_job(connection: &mut PgConnection, now: i64) -> Result<Option<Timestamp>, StoreError> {
    let oldest =
        sqlx::query_scalar!("SELECT min(due_at) FROM portal.job WHERE due_at IS NOT NULL AND due_at <= $1", now)
            .fetch_one(connection)
            .await
            .map_err(store_error)?;
    Ok(maybe_time(oldest))
}
