//! Endpoints of hosts, and what was pushed to them.

use std::collections::BTreeMap;

use async_trait::async_trait;
use portal_domain::{
    id::{PracticeId, WebhookId},
    port::{Page, StoreError, Webhooks},
    time::Timestamp,
    webhook::{LOGGED, Webhook, WebhookDelivery},
};
use serde::Serialize;
use sqlx::SqliteConnection;

use crate::{
    SqliteStore,
    encode::{Rows, json},
    error::Fault,
    read::{damaged, from_json, id, maybe_time, reference},
    writer::Work,
};

#[async_trait]
impl Webhooks for SqliteStore {
    async fn webhooks(&self, practice: PracticeId) -> Result<Vec<Webhook>, StoreError> {
        let mut reader = self.reader().await?;
        let answer = webhooks(&mut reader, practice).await;
        reader.told(answer)
    }

    async fn due_webhooks(
        &self,
        now: Timestamp,
        latest: Timestamp,
        most: u32,
    ) -> Result<Vec<(PracticeId, Webhook)>, StoreError> {
        let mut reader = self.reader().await?;
        let answer = due(&mut reader, now, latest, most).await;
        reader.told(answer)
    }

    async fn deliveries(
        &self,
        practice: PracticeId,
        webhook: WebhookId,
        page: &Page<i64>,
    ) -> Result<Vec<WebhookDelivery>, StoreError> {
        let mut reader = self.reader().await?;
        let answer = deliveries(&mut reader, practice, webhook, page).await;
        reader.told(answer)
    }

    async fn forget_deliveries(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        self.writing().write(ForgetDeliveries { before, most }).await
    }
}

struct WebhookRow {
    practice_id: Vec<u8>,
    webhook_id: Vec<u8>,
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
        let webhook = Webhook {
            id: id(&self.webhook_id, "webhook.webhook_id")?,
            reference: reference(&self.reference, "webhook.ref")?,
            enabled: self.enabled,
            terms: from_json(&self.terms, "webhook.terms")?,
            progress: from_json(&self.progress, "webhook.progress")?,
            leased_until: maybe_time(self.leased_until),
            served_at: Timestamp::from_micros(self.served_at),
            version: self.version,
        };
        Ok((id(&self.practice_id, "webhook.practice_id")?, webhook))
    }
}

pub(crate) async fn webhooks(connection: &mut SqliteConnection, practice: PracticeId) -> Result<Vec<Webhook>, Fault> {
    let practice = practice.to_bytes();
    let practice = practice.as_slice();
    let rows = sqlx::query_as!(
        WebhookRow,
        r#"SELECT practice_id, webhook_id, ref AS reference, enabled AS "enabled: bool", terms, progress, leased_until,
               served_at, version
           FROM portal_webhook WHERE practice_id = ?1 ORDER BY ref"#,
        practice
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    rows.map(|row| Ok(row.read()?.1)).collect()
}

/// Of all practices: there are few endpoints, and each head is one look. Those of a suspended practice wait.
async fn due(
    connection: &mut SqliteConnection,
    now: Timestamp,
    latest: Timestamp,
    most: u32,
) -> Result<Vec<(PracticeId, Webhook)>, Fault> {
    let (now, latest) = (now.as_micros(), latest.as_micros());
    let rows = sqlx::query_as!(
        WebhookRow,
        r#"SELECT w.practice_id, w.webhook_id, w.ref AS reference, w.enabled AS "enabled: bool", w.terms, w.progress,
               w.leased_until, w.served_at, w.version
           FROM portal_webhook AS w
           JOIN portal_practice AS p ON p.practice_id = w.practice_id AND p.suspended_at IS NULL
           LEFT JOIN portal_journal_head AS h ON h.practice_id = w.practice_id
           WHERE w.enabled = 1 AND (w.leased_until IS NULL OR w.leased_until <= ?1 OR w.leased_until > ?2)
               AND (w.due_at <= ?1 OR w.due_at > ?2 OR (w.may_go_on = 1 AND h.number > w.cursor_at))
           ORDER BY w.served_at, w.practice_id, w.webhook_id LIMIT ?3"#,
        now,
        latest,
        most
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    Ok(rows.filter_map(|row| readable(row.read())).collect())
}

/// One that can't be read must not keep all others from being served.
fn readable(read: Result<(PracticeId, Webhook), StoreError>) -> Option<(PracticeId, Webhook)> {
    read.inspect_err(|error| tracing::error!(%error, "a webhook can't be served")).ok()
}

async fn deliveries(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    webhook: WebhookId,
    page: &Page<i64>,
) -> Result<Vec<WebhookDelivery>, Fault> {
    let (practice, of) = (practice.to_bytes(), webhook.to_bytes());
    let (practice, of) = (practice.as_slice(), of.as_slice());
    let (before, limit) = (page.after.unwrap_or(i64::MAX), i64::from(page.limit));
    let rows = sqlx::query!(
        r#"SELECT place, event_id, number, kind, at, took_millis, attempt, received AS "received: bool", status, words,
               next_attempt_at
           FROM portal_webhook_delivery WHERE practice_id = ?1 AND webhook_id = ?2 AND place < ?3
           ORDER BY place DESC LIMIT ?4"#,
        practice,
        of,
        before,
        limit
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    let read = rows.map(|row| {
        let status = row.status.map(u16::try_from).transpose();
        Ok(WebhookDelivery {
            webhook,
            place: row.place,
            event: id(&row.event_id, "webhook_delivery.event_id")?,
            number: row.number,
            kind: row.kind,
            at: Timestamp::from_micros(row.at),
            took_millis: u32::try_from(row.took_millis).unwrap_or(u32::MAX),
            attempt: u32::try_from(row.attempt).unwrap_or(u32::MAX),
            received: row.received,
            status: status.map_err(|_| damaged("webhook_delivery.status"))?,
            words: row.words,
            next_attempt_at: maybe_time(row.next_attempt_at),
        })
    });
    read.collect()
}

struct ForgetDeliveries {
    before: Timestamp,
    most: u32,
}

#[async_trait]
impl Work for ForgetDeliveries {
    type Answer = u64;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<u64, Fault> {
        let (before, most) = (self.before.as_micros(), self.most);
        let over = sqlx::query!(
            "DELETE FROM portal_webhook_delivery WHERE (practice_id, webhook_id, place) IN
                 (SELECT practice_id, webhook_id, place FROM portal_webhook_delivery WHERE at < ?1 LIMIT ?2)",
            before,
            most
        );
        Ok(over.execute(connection).await?.rows_affected())
    }
}

/// What a commit writes of endpoints.
#[derive(Debug, Default)]
pub(crate) struct Written {
    put: Vec<PutRow>,
    deleted: Vec<(Vec<u8>, i64)>,
    logged: Vec<LogRow>,
    /// Of each log the last place.
    last: BTreeMap<Vec<u8>, i64>,
}

#[derive(Debug)]
struct PutRow {
    webhook: Vec<u8>,
    reference: String,
    enabled: bool,
    terms: String,
    progress: String,
    cursor: i64,
    may_go_on: bool,
    due_at: Option<i64>,
    failing_since: Option<i64>,
    leased_until: Option<i64>,
    served_at: i64,
    version: i64,
}

#[derive(Debug, Serialize)]
struct LogRow {
    webhook: String,
    place: i64,
    event: String,
    number: i64,
    kind: String,
    at: i64,
    took: u32,
    attempt: u32,
    received: u8,
    status: Option<u16>,
    words: String,
    next: Option<i64>,
}

impl Written {
    pub(crate) fn put(&mut self, webhook: &Webhook) {
        self.put.push(PutRow {
            webhook: webhook.id.to_bytes().to_vec(),
            reference: webhook.reference.as_str().to_owned(),
            enabled: webhook.enabled,
            terms: json(&webhook.terms),
            progress: json(&webhook.progress),
            cursor: webhook.progress.cursor,
            may_go_on: webhook.progress.is_open(),
            due_at: crate::encode::micros(webhook.progress.due_at()),
            failing_since: crate::encode::micros(webhook.progress.failing_since()),
            leased_until: crate::encode::micros(webhook.leased_until),
            served_at: webhook.served_at.as_micros(),
            version: webhook.version,
        });
    }

    pub(crate) fn delete(&mut self, webhook: WebhookId, version: i64) {
        self.deleted.push((webhook.to_bytes().to_vec(), version));
    }

    pub(crate) fn log(&mut self, it: &WebhookDelivery) {
        let last = self.last.entry(it.webhook.to_bytes().to_vec()).or_default();
        *last = it.place.max(*last);
        self.logged.push(LogRow {
            webhook: it.webhook.to_uuid().simple().to_string(),
            place: it.place,
            event: it.event.to_uuid().simple().to_string(),
            number: it.number,
            kind: it.kind.clone(),
            at: it.at.as_micros(),
            took: it.took_millis,
            attempt: it.attempt,
            received: u8::from(it.received),
            status: it.status,
            words: it.words.clone(),
            next: crate::encode::micros(it.next_attempt_at),
        });
    }
}

pub(crate) async fn write(connection: &mut SqliteConnection, practice: &[u8], written: &Written) -> Result<(), Fault> {
    for row in &written.put {
        put(connection, practice, row).await?;
    }
    for (webhook, version) in &written.deleted {
        let delete = sqlx::query!(
            "DELETE FROM portal_webhook WHERE practice_id = ?1 AND webhook_id = ?2 AND version = ?3",
            practice,
            webhook,
            version
        );
        met(delete.execute(&mut *connection).await?.rows_affected())?;
    }
    log(connection, practice, &Rows::of(&written.logged)).await?;
    for (webhook, last) in &written.last {
        bound(connection, practice, webhook, *last).await?;
    }
    Ok(())
}

fn met(rows: u64) -> Result<(), Fault> {
    if rows == 1 { Ok(()) } else { Err(Fault::Conflict) }
}

async fn put(connection: &mut SqliteConnection, practice: &[u8], row: &PutRow) -> Result<(), Fault> {
    let before = row.version - 1;
    let put = if before == 0 {
        sqlx::query!(
            "INSERT INTO portal_webhook (practice_id, webhook_id, ref, enabled, terms, progress, cursor_at, may_go_on,
                 due_at, leased_until, served_at, version, failing_since)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            practice,
            row.webhook,
            row.reference,
            row.enabled,
            row.terms,
            row.progress,
            row.cursor,
            row.may_go_on,
            row.due_at,
            row.leased_until,
            row.served_at,
            row.version,
            row.failing_since
        )
        .execute(connection)
        .await?
    } else {
        sqlx::query!(
            "UPDATE portal_webhook SET enabled = ?3, terms = ?4, progress = ?5, cursor_at = ?6, may_go_on = ?7,
                 due_at = ?8, leased_until = ?9, served_at = ?10, version = ?11,
                 failing_since = ?13
             WHERE practice_id = ?1 AND webhook_id = ?2 AND version = ?12",
            practice,
            row.webhook,
            row.enabled,
            row.terms,
            row.progress,
            row.cursor,
            row.may_go_on,
            row.due_at,
            row.leased_until,
            row.served_at,
            row.version,
            before,
            row.failing_since
        )
        .execute(connection)
        .await?
    };
    met(put.rows_affected())
}

async fn log(connection: &mut SqliteConnection, practice: &[u8], rows: &Rows) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let note = sqlx::query!(
        "INSERT INTO portal_webhook_delivery (practice_id, webhook_id, place, event_id, number, kind, at, took_millis,
             attempt, received, status, words, next_attempt_at)
         SELECT ?1, unhex(e.value ->> 'webhook'), e.value ->> 'place', unhex(e.value ->> 'event'), e.value ->> 'number',
             e.value ->> 'kind', e.value ->> 'at', e.value ->> 'took', e.value ->> 'attempt', e.value ->> 'received',
             e.value ->> 'status', e.value ->> 'words', e.value ->> 'next'
         FROM json_each(?2) AS e",
        practice,
        rows.json
    );
    note.execute(&mut *connection).await?;
    Ok(())
}

/// Forgets what stands too far back in a log.
async fn bound(connection: &mut SqliteConnection, practice: &[u8], webhook: &[u8], last: i64) -> Result<(), Fault> {
    let until = last - LOGGED;
    if until <= 0 {
        return Ok(());
    }
    let bound = sqlx::query!(
        "DELETE FROM portal_webhook_delivery WHERE practice_id = ?1 AND webhook_id = ?2 AND place <= ?3",
        practice,
        webhook,
        until
    );
    bound.execute(connection).await?;
    Ok(())
}
