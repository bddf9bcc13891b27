//! Endpoints of hosts, and what was pushed to them.

use std::collections::BTreeMap;

use async_trait::async_trait;
use portal_domain::{
    id::{Id, PracticeId, Ref, WebhookId},
    port::{Page, StoreError, Webhooks},
    time::Timestamp,
    webhook::{LOGGED, Webhook, WebhookDelivery},
};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::{
    PostgresStore,
    commit::lent,
    failure::{Failure, store_error},
    row::{self, damaged, json},
};

#[async_trait]
impl Webhooks for PostgresStore {
    async fn webhooks(&self, practice: PracticeId) -> Result<Vec<Webhook>, StoreError> {
        webhooks(self.pool(), practice).await
    }

    async fn due_webhooks(
        &self,
        now: Timestamp,
        latest: Timestamp,
        most: u32,
    ) -> Result<Vec<(PracticeId, Webhook)>, StoreError> {
        // Of all practices: there are few endpoints, and each head is one look. Those of a suspended practice wait.
        let rows = sqlx::query_as!(
            WebhookRow,
            r#"SELECT w.practice_id, w.webhook_id, w.ref AS reference, w.enabled, w.terms, w.progress, w.leased_until,
                   w.served_at, w.version
               FROM portal.webhook w
                   JOIN portal.practice p ON p.practice_id = w.practice_id AND p.suspended_at IS NULL
                   LEFT JOIN portal.journal_head h ON h.practice_id = w.practice_id
               WHERE w.enabled AND (w.leased_until IS NULL OR w.leased_until <= $1 OR w.leased_until > $2)
                   AND (w.due_at <= $1 OR w.due_at > $2 OR (w.may_go_on AND h.number > w.cursor_at))
               ORDER BY w.served_at, w.practice_id, w.webhook_id LIMIT $3"#,
            now.as_micros(),
            latest.as_micros(),
            i64::from(most),
        )
        .fetch_all(self.pool())
        .await
        .map_err(store_error)?;
        // One that can't be read must not keep all others from being served.
        let readable =
            |row: WebhookRow| row.read().inspect_err(|error| tracing::error!(%error, "a webhook can't be served")).ok();
        Ok(rows.into_iter().filter_map(readable).collect())
    }

    async fn deliveries(
        &self,
        practice: PracticeId,
        webhook: WebhookId,
        page: &Page<i64>,
    ) -> Result<Vec<WebhookDelivery>, StoreError> {
        let rows = sqlx::query!(
            "SELECT place, event_id, number, kind, at, took_millis, attempt, received, status, words, next_attempt_at
             FROM portal.webhook_delivery WHERE practice_id = $1 AND webhook_id = $2 AND place < $3
             ORDER BY place DESC LIMIT $4",
            row::uuid(practice),
            webhook.to_uuid(),
            page.after.unwrap_or(i64::MAX),
            i64::from(page.limit),
        )
        .fetch_all(self.pool())
        .await
        .map_err(store_error)?;
        let read = rows.into_iter().map(|it| {
            let status = it.status.map(u16::try_from).transpose();
            Ok(WebhookDelivery {
                webhook,
                place: it.place,
                event: row::id(it.event_id),
                number: it.number,
                kind: it.kind,
                at: row::time(it.at),
                took_millis: u32::try_from(it.took_millis).unwrap_or(u32::MAX),
                attempt: u32::try_from(it.attempt).unwrap_or(u32::MAX),
                received: it.received,
                status: status.map_err(|_| damaged("webhook_delivery", it.place, "its status is none"))?,
                words: it.words,
                next_attempt_at: row::maybe_time(it.next_attempt_at),
            })
        });
        read.collect()
    }

    async fn forget_deliveries(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        let over = sqlx::query!(
            "DELETE FROM portal.webhook_delivery d USING (
                 SELECT practice_id, webhook_id, place FROM portal.webhook_delivery WHERE at < $1 LIMIT $2
                 FOR UPDATE SKIP LOCKED) AS o
             WHERE d.practice_id = o.practice_id AND d.webhook_id = o.webhook_id AND d.place = o.place",
            before.as_micros(),
            i64::from(most),
        );
        Ok(over.execute(self.pool()).await.map_err(store_error)?.rows_affected())
    }
}

/// The endpoints of a practice, by reference.
pub(crate) async fn webhooks(executor: impl PgExecutor<'_>, practice: PracticeId) -> Result<Vec<Webhook>, StoreError> {
    let rows = sqlx::query_as!(
        WebhookRow,
        "SELECT practice_id, webhook_id, ref AS reference, enabled, terms, progress, leased_until, served_at, version
         FROM portal.webhook WHERE practice_id = $1 ORDER BY ref",
        row::uuid(practice),
    )
    .fetch_all(executor)
    .await
    .map_err(store_error)?;
    rows.into_iter().map(|row| Ok(row.read()?.1)).collect()
}

struct WebhookRow {
    practice_id: Uuid,
    webhook_id: Uuid,
    reference: String,
    enabled: bool,
    terms: String,
    progress: String,
    leased_until: Option<i64>,
    served_at: i64,
    version: i64,
}

impl WebhookRow {
    fn read(self) -> Result<(PracticeId, Webhook), StoreError> {
        let fault = |what: &str| damaged("webhook", self.webhook_id, what);
        let webhook = Webhook {
            id: row::id(self.webhook_id),
            reference: Ref::parse(&self.reference).ok_or_else(|| fault("its reference is none"))?,
            enabled: self.enabled,
            terms: serde_json::from_str(&self.terms).map_err(|_| fault("its terms can't be read"))?,
            progress: serde_json::from_str(&self.progress).map_err(|_| fault("its progress can't be read"))?,
            leased_until: row::maybe_time(self.leased_until),
            served_at: row::time(self.served_at),
            version: self.version,
        };
        Ok((row::id(self.practice_id), webhook))
    }
}

/// Replaces at the version before, and at no other; whoever comes second waits for the first and then meets no row.
pub(crate) async fn put(connection: &mut PgConnection, practice: Uuid, webhooks: &[&Webhook]) -> Result<(), Failure> {
    for webhook in webhooks {
        let (terms, progress) = (json(&webhook.terms)?, json(&webhook.progress)?);
        let (cursor, may_go_on) = (webhook.progress.cursor, webhook.progress.is_open());
        let due_at = webhook.progress.due_at().map(Timestamp::as_micros);
        let failing_since = webhook.progress.failing_since().map(Timestamp::as_micros);
        let leased_until = webhook.leased_until.map(Timestamp::as_micros);
        let put = if webhook.version == 1 {
            sqlx::query!(
                "INSERT INTO portal.webhook (practice_id, webhook_id, ref, enabled, terms, progress, cursor_at, may_go_on,
                     due_at, leased_until, served_at, version, failing_since)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, $12)",
                practice,
                webhook.id.to_uuid(),
                webhook.reference.as_str(),
                webhook.enabled,
                terms,
                progress,
                cursor,
                may_go_on,
                due_at,
                leased_until,
                webhook.served_at.as_micros(),
                failing_since,
            )
            .execute(&mut *connection)
            .await?
        } else {
            sqlx::query!(
                "UPDATE portal.webhook SET enabled = $3, terms = $4, progress = $5, cursor_at = $6, may_go_on = $7,
                     due_at = $8, leased_until = $9, served_at = $10, version = $11,
                     failing_since = $13
                 WHERE practice_id = $1 AND webhook_id = $2 AND version = $12",
                practice,
                webhook.id.to_uuid(),
                webhook.enabled,
                terms,
                progress,
                cursor,
                may_go_on,
                due_at,
                leased_until,
                webhook.served_at.as_micros(),
                webhook.version,
                webhook.version - 1,
                failing_since,
            )
            .execute(&mut *connection)
            .await?
        };
        met(put.rows_affected())?;
    }
    Ok(())
}

/// Deletes at the version that was seen. The log goes with it.
pub(crate) async fn delete(
    connection: &mut PgConnection,
    practice: Uuid,
    webhooks: &[(WebhookId, i64)],
) -> Result<(), Failure> {
    for (webhook, version) in webhooks {
        let delete = sqlx::query!(
            "DELETE FROM portal.webhook WHERE practice_id = $1 AND webhook_id = $2 AND version = $3",
            practice,
            webhook.to_uuid(),
            version,
        );
        met(delete.execute(&mut *connection).await?.rows_affected())?;
    }
    Ok(())
}

fn met(rows: u64) -> Result<(), Failure> {
    if rows == 1 { Ok(()) } else { Err(Failure::Conflict) }
}

/// Notes tries, and forgets what stands too far back in a log.
pub(crate) async fn log(
    connection: &mut PgConnection,
    practice: Uuid,
    logged: &[&WebhookDelivery],
) -> Result<(), Failure> {
    if logged.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO portal.webhook_delivery (practice_id, webhook_id, place, event_id, number, kind, at, took_millis,
             attempt, received, status, words, next_attempt_at)
         SELECT $1, c.* FROM unnest($2::uuid[], $3::bigint[], $4::uuid[], $5::bigint[], $6::text[], $7::bigint[],
             $8::bigint[], $9::bigint[], $10::boolean[], $11::integer[], $12::text[], $13::bigint[])
             AS c (webhook_id, place, event_id, number, kind, at, took_millis, attempt, received, status, words,
                 next_attempt_at)",
        practice,
        &lent(logged, |it| it.webhook.to_uuid()),
        &lent(logged, |it| it.place),
        &lent(logged, |it| it.event.to_uuid()),
        &lent(logged, |it| it.number),
        &lent(logged, |it| it.kind.as_str()) as &[&str],
        &lent(logged, |it| it.at.as_micros()),
        &lent(logged, |it| i64::from(it.took_millis)),
        &lent(logged, |it| i64::from(it.attempt)),
        &lent(logged, |it| it.received),
        &lent(logged, |it| it.status.map(i32::from)) as &[Option<i32>],
        &lent(logged, |it| it.words.as_str()) as &[&str],
        &lent(logged, |it| it.next_attempt_at.map(Timestamp::as_micros)) as &[Option<i64>],
    )
    .execute(&mut *connection)
    .await?;
    let mut last: BTreeMap<Id<_>, i64> = BTreeMap::new();
    for it in logged {
        let place = last.entry(it.webhook).or_default();
        *place = it.place.max(*place);
    }
    for (webhook, last) in last.into_iter().filter(|(_, last)| *last > LOGGED) {
        let bound = sqlx::query!(
            "DELETE FROM portal.webhook_delivery WHERE practice_id = $1 AND webhook_id = $2 AND place <= $3",
            practice,
            webhook.to_uuid(),
            last - LOGGED,
        );
        bound.execute(&mut *connection).await?;
    }
    Ok(())
}
