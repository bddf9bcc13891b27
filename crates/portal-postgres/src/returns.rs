//! Messages that reports are about, and addresses that nothing is mailed to (D3, D4).

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use portal_domain::{
    email::LoginKey,
    id::{MessageId, PracticeId, Slug},
    message::{Attempt, Settlement},
    port::{Returns, StoreError},
    returned::{Reason, SentMessage, Suppression},
    time::Timestamp,
};
use sqlx::{PgConnection, PgExecutor, PgPool};
use uuid::Uuid;

use crate::{
    PostgresStore, commit,
    failure::{Failure, store_error},
    row::{self, MessageRow},
    store::whole,
};

#[async_trait]
impl Returns for PostgresStore {
    async fn sent(&self, message: MessageId) -> Result<Option<SentMessage>, StoreError> {
        let row = sqlx::query!(
            "SELECT m.practice_id, m.message_id, m.contact_id, m.login_id, m.user_id, m.link_id, m.address, m.name,
                 m.clients, m.body, m.asked_key, m.state, m.returned, m.created_at, s.slug
             FROM portal.message m JOIN portal.practice_slug s ON s.practice_id = m.practice_id
             WHERE m.message_id = $1 LIMIT 1",
            message.to_uuid(),
        )
        .fetch_optional(self.pool())
        .await
        .map_err(store_error)?;
        let Some(it) = row else { return Ok(None) };
        let state = row::shown_state(it.message_id, &it.state, it.returned.as_deref())?;
        let slug = Slug::parse(&it.slug).ok_or_else(|| row::damaged("practice_slug", &it.slug, "it is none"))?;
        let message = MessageRow {
            message_id: it.message_id,
            contact_id: it.contact_id,
            login_id: it.login_id,
            user_id: it.user_id,
            link_id: it.link_id,
            address: it.address,
            name: it.name,
            clients: it.clients,
            body: it.body,
            asked_key: it.asked_key,
            created_at: it.created_at,
        };
        Ok(Some(SentMessage { practice: row::id(it.practice_id), slug, message: message.read()?, state }))
    }

    async fn came_back(
        &self,
        practice: PracticeId,
        message: MessageId,
        settlement: &Settlement,
    ) -> Result<bool, StoreError> {
        let (store, settlement) = (self.clone(), settlement.clone());
        whole(async move {
            match came_back(&store, practice.to_uuid(), message.to_uuid(), &settlement).await {
                Ok(noted) => Ok(noted),
                Err(Failure::Store(error)) => Err(error),
                Err(Failure::Conflict) => Err(StoreError::Unavailable("others write the same message".to_owned())),
            }
        })
        .await
    }
}

async fn came_back(
    store: &PostgresStore,
    practice: Uuid,
    message: Uuid,
    settlement: &Settlement,
) -> Result<bool, Failure> {
    let state = settlement.state().code();
    let mut transaction = store.begin().await?;
    // What is looked for next is seen as whoever held the message left it.
    let held = sqlx::query!(
        "SELECT 1 AS held FROM portal.message WHERE practice_id = $1 AND message_id = $2 FOR NO KEY UPDATE",
        practice,
        message,
    );
    held.fetch_optional(&mut *transaction).await?;
    let number = sqlx::query_scalar!(
        "UPDATE portal.message
         SET attempts = attempts + 1, returned = CASE returned WHEN 'bounced' THEN returned ELSE $3 END
         WHERE practice_id = $1 AND message_id = $2 AND NOT EXISTS (
             SELECT FROM portal.message_attempt WHERE practice_id = $1 AND message_id = $2 AND state = $3)
         RETURNING attempts",
        practice,
        message,
        state,
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(number) = number else {
        transaction.rollback().await?;
        return Ok(false);
    };
    attempt(&mut transaction, practice, message, number, &settlement.attempt).await?;
    if let Some(suppression) = &settlement.suppress {
        suppress(&mut transaction, practice, message, suppression).await?;
    }
    commit::events(&mut transaction, practice, &[&settlement.event]).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Writes an attempt of a message.
pub(crate) async fn attempt(
    connection: &mut PgConnection,
    practice: Uuid,
    message: Uuid,
    number: i32,
    attempt: &Attempt,
) -> Result<(), Failure> {
    let sent_as = attempt.sent_as.as_ref().map(|it| (row::text(&it.subject), row::text(&it.sender)));
    let (subject, sender) = sent_as.unzip();
    sqlx::query!(
        "INSERT INTO portal.message_attempt (practice_id, message_id, number, at, state, reply, reason, subject, sender)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        practice,
        message,
        number,
        attempt.at.as_micros(),
        attempt.state.code(),
        &*row::text(&attempt.reply),
        attempt.reason.map(Reason::code),
        subject.as_deref(),
        sender.as_deref(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Suppresses an address, unless it is suppressed or was lifted after the message was written.
pub(crate) async fn suppress(
    connection: &mut PgConnection,
    practice: Uuid,
    message: Uuid,
    suppression: &Suppression,
) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO portal.suppression AS s (practice_id, key, since, reason, words) VALUES ($1, $3, $4, $5, $6)
         ON CONFLICT (practice_id, key) DO UPDATE
         SET since = excluded.since, reason = excluded.reason, words = excluded.words, lifted_at = NULL
         WHERE s.lifted_at <= (SELECT created_at FROM portal.message WHERE practice_id = $1 AND message_id = $2)",
        practice,
        message,
        suppression.key.as_str(),
        suppression.since.as_micros(),
        suppression.reason.code(),
        &*row::text(&suppression.words),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Lifts suppressions.
pub(crate) async fn lift(
    connection: &mut PgConnection,
    practice: Uuid,
    lifted: &[(&LoginKey, Timestamp)],
) -> Result<(), Failure> {
    for (key, at) in lifted {
        sqlx::query!(
            "UPDATE portal.suppression SET lifted_at = $3 WHERE practice_id = $1 AND key = $2 AND lifted_at IS NULL",
            practice,
            key.as_str(),
            at.as_micros(),
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Of these keys those to which nothing is mailed, by practice.
pub(crate) async fn suppressed(
    executor: impl PgExecutor<'_>,
    keys: impl IntoIterator<Item = (Uuid, &LoginKey)>,
) -> Result<HashMap<Uuid, BTreeMap<LoginKey, Suppression>>, StoreError> {
    let (practices, keys): (Vec<_>, Vec<_>) =
        keys.into_iter().map(|(practice, key)| (practice, key.as_str().to_owned())).unzip();
    let mut found: HashMap<Uuid, BTreeMap<LoginKey, Suppression>> = HashMap::new();
    if keys.is_empty() {
        return Ok(found);
    }
    let rows = sqlx::query!(
        "SELECT s.practice_id, s.key, s.since, s.reason, s.words
         FROM unnest($1::uuid[], $2::text[]) AS c (practice_id, key)
             JOIN portal.suppression s ON s.practice_id = c.practice_id AND s.key = c.key AND s.lifted_at IS NULL",
        &practices,
        &keys,
    )
    .fetch_all(executor)
    .await
    .map_err(store_error)?;
    for it in rows {
        let damaged = |words: &str| row::damaged("suppression", &it.key, words);
        let key = LoginKey::parse(&it.key).map_err(|fault| damaged(&fault.to_string()))?;
        // A reason of a newer program keeps no mail from leaving that may.
        let reason = Reason::parse(&it.reason).unwrap_or(Reason::Other);
        let suppression = Suppression { key: key.clone(), since: row::time(it.since), reason, words: it.words };
        found.entry(it.practice_id).or_default().insert(key, suppression);
    }
    Ok(found)
}

/// Forgets some suppressions from before this time. What another instance is at is passed over.
pub(crate) async fn forget(pool: &PgPool, before: Timestamp, most: u32) -> Result<u64, StoreError> {
    let over = sqlx::query!(
        "DELETE FROM portal.suppression s USING (
             SELECT practice_id, key FROM portal.suppression WHERE since < $1 LIMIT $2 FOR UPDATE SKIP LOCKED) AS o
         WHERE s.practice_id = o.practice_id AND s.key = o.key",
        before.as_micros(),
        i64::from(most),
    );
    Ok(over.execute(pool).await.map_err(store_error)?.rows_affected())
}
