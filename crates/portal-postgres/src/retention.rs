//! What is left of contacts that were deleted, and what has outlived its life (J3).

use std::collections::{BTreeMap, BTreeSet};

use portal_domain::{
    email::LoginKey,
    erasure::{Found, Gone, Purge, Traces},
    id::{ContactId, EventId, PracticeId, Ref},
    port::StoreError,
    time::Timestamp,
};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::{
    commit::column,
    failure::store_error,
    returns,
    row::{self, damaged},
};

pub(crate) async fn gone(pool: &PgPool, practice: PracticeId, reference: &Ref) -> Result<Vec<ContactId>, StoreError> {
    let rows = sqlx::query_scalar!(
        "SELECT contact_id FROM portal.gone_contact WHERE practice_id = $1 AND ref = $2 ORDER BY contact_id",
        practice.to_uuid(),
        reference.as_str(),
    );
    Ok(rows.fetch_all(pool).await.map_err(store_error)?.into_iter().map(row::id).collect())
}

pub(crate) async fn long_gone(
    pool: &PgPool,
    before: Timestamp,
    after: Option<&Gone>,
    most: u32,
) -> Result<Vec<Gone>, StoreError> {
    let rows = sqlx::query!(
        "SELECT deleted_at, practice_id, contact_id FROM portal.gone_contact
         WHERE deleted_at < $1 AND (deleted_at, practice_id, contact_id) > ($2, $3, $4)
         ORDER BY deleted_at, practice_id, contact_id LIMIT $5",
        before.as_micros(),
        after.map_or(i64::MIN, |gone| gone.at.as_micros()),
        after.map_or_else(Uuid::nil, |gone| gone.practice.to_uuid()),
        after.map_or_else(Uuid::nil, |gone| gone.contact.to_uuid()),
        i64::from(most),
    );
    let rows = rows.fetch_all(pool).await.map_err(store_error)?.into_iter();
    Ok(rows
        .map(|it| Gone {
            at: Timestamp::from_micros(it.deleted_at),
            practice: row::id(it.practice_id),
            contact: row::id(it.contact_id),
        })
        .collect())
}

/// What there is of contacts; all in one snapshot.
pub(crate) async fn traces(
    connection: &mut PgConnection,
    practice: PracticeId,
    contacts: &[ContactId],
    reference: Option<&Ref>,
) -> Result<Traces, StoreError> {
    let (practice, contacts) = (practice.to_uuid(), column(contacts, |contact| contact.to_uuid()));
    let mut traces = told(connection, practice, &contacts).await?;
    let written = sqlx::query_scalar!(
        r#"SELECT address AS "address!" FROM portal.link WHERE practice_id = $1 AND contact_id = ANY ($2)
           UNION
           SELECT address FROM portal.message WHERE practice_id = $1 AND contact_id = ANY ($2)"#,
        practice,
        &contacts,
    );
    traces.addresses.extend(written.fetch_all(&mut *connection).await.map_err(store_error)?);
    traces.keys = keys(connection, practice, &contacts).await?;
    traces.found = found(connection, practice, &contacts, reference).await?;
    Ok(traces)
}

/// Keys of live logins that links or mail about them belong to.
async fn keys(
    connection: &mut PgConnection,
    practice: Uuid,
    contacts: &[Uuid],
) -> Result<BTreeSet<LoginKey>, StoreError> {
    let keys = sqlx::query!(
        r#"SELECT login_id, key AS "key!" FROM portal.login WHERE practice_id = $1 AND key IS NOT NULL AND login_id IN (
               SELECT login_id FROM portal.link WHERE practice_id = $1 AND contact_id = ANY ($2)
               UNION
               SELECT login_id FROM portal.message WHERE practice_id = $1 AND contact_id = ANY ($2))"#,
        practice,
        contacts,
    );
    let keys = keys.fetch_all(connection).await.map_err(store_error)?.into_iter();
    keys.map(|row| LoginKey::parse(&row.key).map_err(|_| damaged("login", row.login_id, "its key is none"))).collect()
}

/// What the journal tells of them.
async fn told(connection: &mut PgConnection, practice: Uuid, contacts: &[Uuid]) -> Result<Traces, StoreError> {
    let told = sqlx::query!(
        r#"SELECT p.event_id, p.personal FROM (
               SELECT event_id FROM portal.event
               WHERE practice_id = $1 AND contact_id = ANY ($2) AND number IS NOT NULL
               UNION ALL
               SELECT event_id FROM portal.event
               WHERE practice_id = $1 AND number IS NULL AND contact_id = ANY ($2)) AS own
           JOIN portal.event_personal p ON p.practice_id = $1 AND p.event_id = own.event_id"#,
        practice,
        contacts,
    );
    let mut traces = Traces::default();
    for row in told.fetch_all(connection).await.map_err(store_error)? {
        // What is wrong with a text of personal values is not repeated.
        let personal: BTreeMap<String, String> = serde_json::from_str(&row.personal)
            .map_err(|_| damaged("event_personal", row.event_id, "it can't be read"))?;
        traces.tell(&personal);
    }
    Ok(traces)
}

async fn found(
    connection: &mut PgConnection,
    practice: Uuid,
    contacts: &[Uuid],
    reference: Option<&Ref>,
) -> Result<Found, StoreError> {
    let counts = sqlx::query!(
        r#"SELECT
            (SELECT count(*) FROM portal.event v
             JOIN portal.event_personal p ON p.practice_id = v.practice_id AND p.event_id = v.event_id
             WHERE v.practice_id = $1 AND v.contact_id = ANY ($2) AND v.number IS NOT NULL)
            + (SELECT count(*) FROM portal.event v
               JOIN portal.event_personal p ON p.practice_id = v.practice_id AND p.event_id = v.event_id
               WHERE v.practice_id = $1 AND v.number IS NULL AND v.contact_id = ANY ($2)) AS "events!",
            (SELECT count(*) FROM portal.message
             WHERE practice_id = $1 AND contact_id = ANY ($2)) AS "messages!",
            (SELECT count(*) FROM portal.message
             WHERE practice_id = $1 AND contact_id = ANY ($2) AND due_at IS NOT NULL) AS "unsent!",
            (SELECT count(*) FROM portal.link WHERE practice_id = $1 AND contact_id = ANY ($2)) AS "links!",
            (SELECT count(*) FROM portal.receipt WHERE practice_id = $1 AND contact_id = ANY ($2)) AS "answers!",
            (SELECT count(*) FROM portal.job_row WHERE practice_id = $1 AND ref = $3) AS "rows!""#,
        practice,
        contacts,
        reference.map(Ref::as_str),
    );
    let counts = counts.fetch_one(connection).await.map_err(store_error)?;
    Ok(Found {
        events: counts.events.unsigned_abs(),
        messages: counts.messages.unsigned_abs(),
        unsent: counts.unsent.unsigned_abs(),
        links: counts.links.unsigned_abs(),
        answers: counts.answers.unsigned_abs(),
        rows: counts.rows.unsigned_abs(),
    })
}

/// Removes what has outlived its life. What another instance is at is passed over.
pub(crate) async fn purge(pool: &PgPool, what: Purge, most: u32) -> Result<u64, StoreError> {
    match what {
        Purge::Origins(before) => origins(pool, before, most).await,
        Purge::Staff(before) => staff(pool, before, most).await,
        Purge::Personal(before) => personal(pool, before, most).await,
        Purge::Suppressions(before) => returns::forget(pool, before, most).await,
    }
}

async fn origins(pool: &PgPool, before: Timestamp, most: u32) -> Result<u64, StoreError> {
    let (before, most) = (before.as_micros(), i64::from(most));
    let portal = sqlx::query!(
        "UPDATE portal.session s SET origin = NULL, user_agent = NULL FROM (
             SELECT practice_id, session_id FROM portal.session
             WHERE (origin IS NOT NULL OR user_agent IS NOT NULL) AND expires_at < $1
             LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED) AS o
         WHERE s.practice_id = o.practice_id AND s.session_id = o.session_id",
        before,
        most,
    );
    let portal = portal.execute(pool).await.map_err(store_error)?.rows_affected();
    let workspace = sqlx::query!(
        "UPDATE portal.workspace_session s SET origin = NULL, user_agent = NULL FROM (
             SELECT practice_id, session_id FROM portal.workspace_session
             WHERE (origin IS NOT NULL OR user_agent IS NOT NULL) AND expires_at < $1
             LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED) AS o
         WHERE s.practice_id = o.practice_id AND s.session_id = o.session_id",
        before,
        most,
    );
    Ok(portal + workspace.execute(pool).await.map_err(store_error)?.rows_affected())
}

async fn staff(pool: &PgPool, before: Timestamp, most: u32) -> Result<u64, StoreError> {
    let (before, most) = (before.as_micros(), i64::from(most));
    let links = sqlx::query!(
        "DELETE FROM portal.staff_link d USING (
             SELECT practice_id, link_id FROM portal.staff_link WHERE expires_at < $1
             LIMIT $2 FOR UPDATE SKIP LOCKED) AS o
         WHERE d.practice_id = o.practice_id AND d.link_id = o.link_id",
        before,
        most,
    );
    let links = links.execute(pool).await.map_err(store_error)?.rows_affected();
    let mail = sqlx::query!(
        "DELETE FROM portal.message d USING (
             SELECT practice_id, message_id FROM portal.message
             WHERE user_id IS NOT NULL AND created_at < $1 AND due_at IS NULL
             LIMIT $2 FOR UPDATE SKIP LOCKED) AS o
         WHERE d.practice_id = o.practice_id AND d.message_id = o.message_id",
        before,
        most,
    );
    Ok(links + mail.execute(pool).await.map_err(store_error)?.rows_affected())
}

/// Of each practice those events that have the lowest ids.
async fn personal(pool: &PgPool, before: Timestamp, most: u32) -> Result<u64, StoreError> {
    let over = sqlx::query!(
        "DELETE FROM portal.event_personal d USING (
             SELECT p.practice_id, p.event_id FROM portal.practice g
             JOIN portal.event_personal p ON p.practice_id = g.practice_id AND p.event_id < $1
             JOIN portal.event v ON v.practice_id = p.practice_id AND v.event_id = p.event_id
             WHERE v.at < $2 LIMIT $3 FOR UPDATE OF p SKIP LOCKED) AS o
         WHERE d.practice_id = o.practice_id AND d.event_id = o.event_id",
        EventId::first_at(before).to_uuid(),
        before.as_micros(),
        i64::from(most),
    );
    Ok(over.execute(pool).await.map_err(store_error)?.rows_affected())
}
