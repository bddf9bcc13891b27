//! Messages that wait to be sent, shared by many workers.

use std::collections::HashMap;

use async_trait::async_trait;
use portal_domain::{
    message::DeliveryState,
    port::{Leased, Outbox, Settlement, StoreError},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    PostgresStore, commit,
    failure::{Failure, store_error},
    row::{self, LinkRow, MessageRow, PracticeRow},
    store::whole,
};

#[async_trait]
impl Outbox for PostgresStore {
    async fn lease(&self, now: Timestamp, until: Timestamp, most: u32) -> Result<Vec<Leased>, StoreError> {
        let taken = self.take(now, until, most).await?;
        let carried = taken.iter().filter_map(|it| Some((it.practice.practice_id, it.message.link_id?)));
        let mut links = self.links(carried.collect()).await?;
        let mut leased = Vec::with_capacity(taken.len());
        for Taken { practice, message, attempts, .. } in taken {
            let link = message.link_id.and_then(|link| links.remove(&(practice.practice_id, link)));
            match read(practice, message, link, attempts, until) {
                Ok(it) => leased.push(it),
                // One damaged row must not keep all other mail from leaving. It is met again after its lease.
                Err(error) => tracing::error!(%error, "a message can't be sent"),
            }
        }
        Ok(leased)
    }

    async fn settle(&self, leased: &Leased, settlement: &Settlement) -> Result<bool, StoreError> {
        let (store, leased, settlement) = (self.clone(), leased.clone(), settlement.clone());
        whole(async move {
            match settle(&store, &leased, &settlement).await {
                Ok(mine) => Ok(mine),
                Err(Failure::Store(error)) => Err(error),
                Err(Failure::Conflict) => Err(StoreError::Unavailable("others write the same message".to_owned())),
            }
        })
        .await
    }
}

/// A message that was just leased, and its place in the queue before.
struct Taken {
    place: (i16, i64, i64),
    practice: PracticeRow,
    message: MessageRow,
    attempts: i32,
}

impl PostgresStore {
    async fn take(&self, now: Timestamp, until: Timestamp, most: u32) -> Result<Vec<Taken>, StoreError> {
        // Rows that another worker is just taking are passed over, not waited for.
        let rows = sqlx::query!(
            r#"WITH due AS (
                   SELECT practice_id, message_id, lane, due_at, place FROM portal.message
                   WHERE due_at <= $1 AND lane IN (0, 1)
                   ORDER BY lane, due_at, place LIMIT $3
                   FOR UPDATE SKIP LOCKED)
               UPDATE portal.message m SET state = 'sending', due_at = $2, leased_until = $2
               FROM due
                   JOIN portal.practice p ON p.practice_id = due.practice_id
                   JOIN portal.practice_slug s ON s.practice_id = due.practice_id
               WHERE m.practice_id = due.practice_id AND m.message_id = due.message_id
               RETURNING due.lane AS "lane!", due.due_at AS "due_at!", due.place AS "place!",
                   p.practice_id AS "practice_id!", s.slug AS "slug!", p.name AS "practice_name!",
                   p.settings AS "settings!", p.created_at AS "practice_created_at!", p.version AS "version!",
                   m.message_id, m.contact_id, m.login_id, m.link_id, m.address, m.name, m.clients, m.body,
                   m.created_at, m.attempts"#,
            now.as_micros(),
            until.as_micros(),
            i64::from(most),
        )
        .fetch_all(self.pool())
        .await
        .map_err(store_error)?;
        let mut taken: Vec<Taken> = rows
            .into_iter()
            .map(|it| Taken {
                place: (it.lane, it.due_at, it.place),
                practice: PracticeRow {
                    practice_id: it.practice_id,
                    slug: it.slug,
                    name: it.practice_name,
                    settings: it.settings,
                    created_at: it.practice_created_at,
                    version: it.version,
                },
                message: MessageRow {
                    message_id: it.message_id,
                    contact_id: it.contact_id,
                    login_id: it.login_id,
                    link_id: it.link_id,
                    address: it.address,
                    name: it.name,
                    clients: it.clients,
                    body: it.body,
                    created_at: it.created_at,
                },
                attempts: it.attempts,
            })
            .collect();
        taken.sort_by_key(|it| it.place);
        Ok(taken)
    }

    /// Links of many practices.
    async fn links(&self, wanted: Vec<(Uuid, Uuid)>) -> Result<HashMap<(Uuid, Uuid), LinkRow>, StoreError> {
        if wanted.is_empty() {
            return Ok(HashMap::new());
        }
        let (practices, links): (Vec<Uuid>, Vec<Uuid>) = wanted.into_iter().unzip();
        let rows = sqlx::query!(
            "SELECT k.practice_id, k.link_id, k.login_id, k.contact_id, k.purpose, k.address, k.signed_with, k.epoch,
                 k.created_at, k.expires_at, k.used_at, k.ended_at
             FROM unnest($1::uuid[], $2::uuid[]) AS c (practice_id, link_id)
                 JOIN portal.link k ON k.practice_id = c.practice_id AND k.link_id = c.link_id",
            &practices,
            &links,
        )
        .fetch_all(self.pool())
        .await
        .map_err(store_error)?;
        let named = rows.into_iter().map(|it| {
            let link = LinkRow {
                link_id: it.link_id,
                login_id: it.login_id,
                contact_id: it.contact_id,
                purpose: it.purpose,
                address: it.address,
                signed_with: it.signed_with,
                epoch: it.epoch,
                created_at: it.created_at,
                expires_at: it.expires_at,
                used_at: it.used_at,
                ended_at: it.ended_at,
            };
            ((it.practice_id, it.link_id), link)
        });
        Ok(named.collect())
    }
}

fn read(
    practice: PracticeRow,
    message: MessageRow,
    link: Option<LinkRow>,
    attempts: i32,
    until: Timestamp,
) -> Result<Leased, StoreError> {
    Ok(Leased {
        practice: practice.read()?,
        message: message.read()?,
        link: link.map(LinkRow::read).transpose()?,
        attempts: attempts.unsigned_abs(),
        until,
    })
}

/// Writes attempt, state and event, while the lease is that of `leased`; `false` where it isn't.
async fn settle(store: &PostgresStore, leased: &Leased, settlement: &Settlement) -> Result<bool, Failure> {
    let practice = leased.practice.id.to_uuid();
    let (attempt, state) = (&settlement.attempt, settlement.state());
    let accepted_at = (state == DeliveryState::Accepted).then_some(attempt.at.as_micros());
    let mut transaction = store.begin().await?;
    let number = sqlx::query_scalar!(
        "UPDATE portal.message
         SET state = $4, due_at = $5, accepted_at = $6, leased_until = NULL, attempts = attempts + 1
         WHERE practice_id = $1 AND message_id = $2 AND state = 'sending' AND leased_until = $3
         RETURNING attempts",
        practice,
        leased.message.id.to_uuid(),
        leased.until.as_micros(),
        state.code(),
        settlement.next_attempt_at.map(Timestamp::as_micros),
        accepted_at,
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(number) = number else {
        transaction.rollback().await?;
        return Ok(false);
    };
    sqlx::query!(
        "INSERT INTO portal.message_attempt (practice_id, message_id, number, at, state, reply)
         VALUES ($1, $2, $3, $4, $5, $6)",
        practice,
        leased.message.id.to_uuid(),
        number,
        attempt.at.as_micros(),
        attempt.state.code(),
        &*row::text(&attempt.reply),
    )
    .execute(&mut *transaction)
    .await?;
    commit::events(&mut transaction, practice, &[&settlement.event]).await?;
    transaction.commit().await?;
    Ok(true)
}
