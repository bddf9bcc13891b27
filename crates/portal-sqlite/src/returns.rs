//! Messages that reports are about, and addresses that nothing is mailed to (D3, D4).

use std::collections::BTreeMap;

use async_trait::async_trait;
use portal_domain::{
    email::LoginKey,
    id::{MessageId, PracticeId, Slug},
    message::{Attempt, Settlement},
    port::{Returns, StoreError},
    returned::{Reason, SentMessage, Suppression},
    time::Timestamp,
};
use serde::Serialize;
use sqlx::SqliteConnection;

use crate::{
    SqliteStore,
    commit::{EventRow, events},
    encode::{Rows, texts},
    error::Fault,
    read::{MessageRow, damaged, key},
    writer::Work,
};

#[async_trait]
impl Returns for SqliteStore {
    async fn sent(&self, message: MessageId) -> Result<Option<SentMessage>, StoreError> {
        let mut reader = self.reader().await?;
        let answer = sent(&mut reader, message).await;
        reader.told(answer)
    }

    async fn came_back(
        &self,
        practice: PracticeId,
        message: MessageId,
        settlement: &Settlement,
    ) -> Result<bool, StoreError> {
        self.writer.write(CameBack { practice, message, settlement: settlement.clone() }).await
    }
}

async fn sent(connection: &mut SqliteConnection, message: MessageId) -> Result<Option<SentMessage>, Fault> {
    let message = message.to_bytes();
    let message = message.as_slice();
    let row = sqlx::query_as!(
        MessageRow,
        "SELECT practice_id, message_id, place, contact_id, login_id, user_id, link_id, address, name, clients, body,
             asked_key, state, returned, attempts, created_at
         FROM portal_message WHERE message_id = ?1 LIMIT 1",
        message
    );
    let Some(row) = row.fetch_optional(&mut *connection).await? else { return Ok(None) };
    let practice = row.practice_id.as_slice();
    let slug = sqlx::query_scalar!("SELECT slug FROM portal_practice_slug WHERE practice_id = ?1", practice);
    let Some(slug) = slug.fetch_optional(connection).await? else { return Ok(None) };
    let (practice, state) = (crate::read::id(&row.practice_id, "message.practice_id")?, row.shown_state()?);
    let slug = Slug::parse(&slug).ok_or_else(|| damaged("practice_slug.slug"))?;
    Ok(Some(SentMessage { practice, slug, message: row.read()?, state }))
}

/// Writes what came of a message.
struct CameBack {
    practice: PracticeId,
    message: MessageId,
    settlement: Settlement,
}

#[async_trait]
impl Work for CameBack {
    type Answer = bool;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<bool, Fault> {
        let (practice, message) = (self.practice.to_bytes(), self.message.to_bytes());
        let (practice, message) = (practice.as_slice(), message.as_slice());
        let state = self.settlement.state().code();
        let number = sqlx::query_scalar!(
            "UPDATE portal_message
             SET attempts = attempts + 1, returned = CASE returned WHEN 'bounced' THEN returned ELSE ?3 END
             WHERE practice_id = ?1 AND message_id = ?2 AND NOT EXISTS (
                 SELECT 1 FROM portal_message_attempt WHERE practice_id = ?1 AND message_id = ?2 AND state = ?3)
             RETURNING attempts",
            practice,
            message,
            state
        );
        let Some(number) = number.fetch_optional(&mut *connection).await? else { return Ok(false) };
        attempt(connection, practice, message, number, &self.settlement.attempt).await?;
        if let Some(suppression) = &self.settlement.suppress {
            suppress(connection, practice, message, suppression).await?;
        }
        events(connection, practice, &Rows::of(&[EventRow::new(&self.settlement.event)])).await?;
        Ok(true)
    }
}

/// Writes an attempt of a message.
pub(crate) async fn attempt(
    connection: &mut SqliteConnection,
    practice: &[u8],
    message: &[u8],
    number: i64,
    attempt: &Attempt,
) -> Result<(), Fault> {
    let (at, state, reason) = (attempt.at.as_micros(), attempt.state.code(), attempt.reason.map(Reason::code));
    let sent_as = attempt.sent_as.as_ref();
    let (subject, sender) = (sent_as.map(|it| &it.subject), sent_as.map(|it| &it.sender));
    let write = sqlx::query!(
        "INSERT INTO portal_message_attempt (practice_id, message_id, number, at, state, reply, reason, subject, sender)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        practice,
        message,
        number,
        at,
        state,
        attempt.reply,
        reason,
        subject,
        sender
    );
    write.execute(connection).await?;
    Ok(())
}

/// Suppresses an address, unless it is suppressed or was lifted after the message was written.
pub(crate) async fn suppress(
    connection: &mut SqliteConnection,
    practice: &[u8],
    message: &[u8],
    suppression: &Suppression,
) -> Result<(), Fault> {
    let (key, since) = (suppression.key.as_str(), suppression.since.as_micros());
    let (reason, words) = (suppression.reason.code(), suppression.words.as_str());
    let write = sqlx::query!(
        "INSERT INTO portal_suppression (practice_id, key, since, reason, words) VALUES (?1, ?3, ?4, ?5, ?6)
         ON CONFLICT (practice_id, key) DO UPDATE
         SET since = excluded.since, reason = excluded.reason, words = excluded.words, lifted_at = NULL
         WHERE lifted_at <= (SELECT created_at FROM portal_message WHERE practice_id = ?1 AND message_id = ?2)",
        practice,
        message,
        key,
        since,
        reason,
        words
    );
    write.execute(connection).await?;
    Ok(())
}

/// A suppression that ends.
#[derive(Debug, Serialize)]
pub(crate) struct LiftRow {
    pub(crate) key: String,
    pub(crate) at: i64,
}

/// Lifts suppressions.
pub(crate) async fn lift(connection: &mut SqliteConnection, practice: &[u8], rows: &Rows) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let lift = sqlx::query!(
        "UPDATE portal_suppression AS s SET lifted_at = e.value ->> 'at' FROM json_each(?2) AS e
         WHERE s.practice_id = ?1 AND s.key = e.value ->> 'key' AND s.lifted_at IS NULL",
        practice,
        rows.json
    );
    lift.execute(connection).await?;
    Ok(())
}

/// Of these keys those to which nothing is mailed.
pub(crate) async fn suppressed(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    keys: impl Iterator<Item = &LoginKey>,
) -> Result<BTreeMap<LoginKey, Suppression>, Fault> {
    let (practice, keys) = (practice.to_bytes(), texts(keys.map(LoginKey::as_str)));
    let practice = practice.as_slice();
    let rows = sqlx::query!(
        "SELECT s.key, s.since, s.reason, s.words FROM json_each(?2) AS e
         CROSS JOIN portal_suppression AS s ON s.practice_id = ?1 AND s.key = e.value AND s.lifted_at IS NULL",
        practice,
        keys
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    rows.map(|row| {
        let (key, since) = (key(&row.key, "suppression.key")?, Timestamp::from_micros(row.since));
        // A reason of a newer program keeps no mail from leaving that may.
        let reason = Reason::parse(&row.reason).unwrap_or(Reason::Other);
        Ok((key.clone(), Suppression { key, since, reason, words: row.words }))
    })
    .collect()
}

/// Forgets some suppressions from before this time.
pub(crate) async fn forget(connection: &mut SqliteConnection, before: Timestamp, most: u32) -> Result<u64, Fault> {
    let before = before.as_micros();
    let over = sqlx::query!(
        "DELETE FROM portal_suppression WHERE (practice_id, key) IN
             (SELECT practice_id, key FROM portal_suppression WHERE since < ?1 LIMIT ?2)",
        before,
        most
    );
    Ok(over.execute(connection).await?.rows_affected())
}
