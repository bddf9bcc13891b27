//! What a commit tells: mail to be sent, events of the journal, the receipt. In the order of the decisions.

use portal_domain::{
    email::LoginKey,
    event::Event,
    message::Message,
    port::{Receipt, StoreError},
    time::Timestamp,
};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::work::{column, lent};
use crate::{
    failure::{Failure, store_error},
    row::{json, text},
};

pub(crate) async fn messages(
    connection: &mut PgConnection,
    practice: Uuid,
    messages: &[&Message],
) -> Result<(), Failure> {
    if messages.is_empty() {
        return Ok(());
    }
    let clients = messages.iter().map(|message| json(&message.clients)).collect::<Result<Vec<_>, _>>()?;
    let bodies = messages.iter().map(|message| json(&message.body)).collect::<Result<Vec<_>, _>>()?;
    sqlx::query!(
        "INSERT INTO portal.message (practice_id, message_id, contact_id, login_id, link_id, kind, lane, address,
             name, clients, body, asked_key, created_at, user_id, due_at, state, attempts)
         SELECT $1, c.*, c.created_at, 'queued', 0
         FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::smallint[], $8::text[],
             $9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[],
             $14::uuid[])
             AS c (message_id, contact_id, login_id, link_id, kind, lane, address, name, clients, body, asked_key,
                 created_at, user_id)",
        practice,
        &lent(messages, |message| message.id.to_uuid()),
        &lent(messages, |message| message.about.stored().0.to_uuid()),
        &lent(messages, |message| message.about.stored().1.to_uuid()),
        &lent(messages, |message| message.link.map(|link| link.to_uuid())) as &[Option<Uuid>],
        &lent(messages, |message| message.kind().code()) as &[&str],
        &lent(messages, |message| i16::from(!message.awaited())),
        &lent(messages, |message| message.to.as_str()) as &[&str],
        &lent(messages, |message| message.name.as_str()) as &[&str],
        &clients,
        &bodies,
        &lent(messages, |message| message.asked_at.as_ref().map(LoginKey::as_str)) as &[Option<&str>],
        &lent(messages, |message| message.created_at.as_micros()),
        &lent(messages, |message| message.about.user().map(|user| user.to_uuid())) as &[Option<Uuid>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes events, each with a row of personal values beside it, even where there are none: no row means erased.
pub(crate) async fn events(connection: &mut PgConnection, practice: Uuid, events: &[&Event]) -> Result<(), Failure> {
    if events.is_empty() {
        return Ok(());
    }
    let facts = events.iter().map(|event| json(&event.facts)).collect::<Result<Vec<_>, _>>()?;
    let personal = events.iter().map(|event| json(&event.personal)).collect::<Result<Vec<_>, _>>()?;
    let origins: Vec<_> = events.iter().map(|event| event.origin.as_deref().map(text)).collect();
    let digests = lent(events, |event| event.digest());
    sqlx::query!(
        "WITH told AS (
             INSERT INTO portal.event (practice_id, event_id, at, kind, caller, origin, contact_id, user_id, login_id,
                 facts, digest)
             SELECT $1, c.* FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::uuid[],
                 $8::uuid[], $9::uuid[], $10::text[], $11::bytea[])
                 AS c (event_id, at, kind, caller, origin, contact_id, user_id, login_id, facts, digest))
         INSERT INTO portal.event_personal (practice_id, event_id, salt, personal)
         SELECT $1, c.* FROM unnest($2::uuid[], $12::bytea[], $13::text[]) AS c (event_id, salt, personal)",
        practice,
        &lent(events, |event| event.id.to_uuid()),
        &lent(events, |event| event.at.as_micros()),
        &lent(events, |event| event.kind) as &[&str],
        &lent(events, |event| event.caller.as_str()) as &[&str],
        &column(&origins, |origin| origin.as_deref().map(str::to_owned)) as &[Option<String>],
        &lent(events, |event| event.subject.contact.map(|it| it.to_uuid())) as &[Option<Uuid>],
        &lent(events, |event| event.subject.user.map(|it| it.to_uuid())) as &[Option<Uuid>],
        &lent(events, |event| event.subject.login.map(|it| it.to_uuid())) as &[Option<Uuid>],
        &facts,
        &digests as &[[u8; 32]],
        &lent(events, |event| &event.salt[..]) as &[&[u8]],
        &personal,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn receipt(connection: &mut PgConnection, practice: Uuid, receipt: &Receipt) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO portal.receipt (practice_id, scope, key, digest, outcome, at, contact_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        practice,
        receipt.request.scope,
        receipt.request.key,
        &receipt.digest,
        receipt.outcome,
        receipt.at.as_micros(),
        receipt.contact.map(|contact| contact.to_uuid()),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets receipts of every practice. What another instance is just forgetting is passed over.
pub(crate) async fn forget_receipts(pool: &PgPool, before: Timestamp, most: u32) -> Result<u64, StoreError> {
    let over = sqlx::query!(
        "DELETE FROM portal.receipt r USING (
             SELECT practice_id, scope, key FROM portal.receipt WHERE at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED) AS o
         WHERE r.practice_id = o.practice_id AND r.scope = o.scope AND r.key = o.key",
        before.as_micros(),
        i64::from(most),
    );
    Ok(over.execute(pool).await.map_err(store_error)?.rows_affected())
}
