//! What is left of contacts that were deleted, and what has outlived its life (J3).

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

use async_trait::async_trait;
use portal_domain::{
    email::LoginKey,
    erasure::{Found, Gone, Purge, Traces},
    id::{ContactId, EventId, PracticeId, Ref},
    port::StoreError,
    time::Timestamp,
};
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    encode::ids,
    error::Fault,
    read::{from_json, id, key},
    returns,
    writer::{BUSY_STEP, Work},
};

/// So often it is tried to empty the log of writes.
const TRIES: u32 = 10;

pub(crate) async fn gone(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    reference: &Ref,
) -> Result<Vec<ContactId>, Fault> {
    let (practice, reference) = (practice.to_bytes(), reference.as_str());
    let practice = practice.as_slice();
    let rows = sqlx::query_scalar!(
        "SELECT contact_id FROM portal_gone_contact WHERE practice_id = ?1 AND ref = ?2 ORDER BY contact_id",
        practice,
        reference
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    rows.map(|contact| Ok(id(&contact, "gone_contact.contact_id")?)).collect()
}

pub(crate) async fn long_gone(
    connection: &mut SqliteConnection,
    before: Timestamp,
    after: Option<&Gone>,
    most: u32,
) -> Result<Vec<Gone>, Fault> {
    let at = after.map_or(i64::MIN, |gone| gone.at.as_micros());
    let practice = after.map_or([0; 16], |gone| gone.practice.to_bytes());
    let contact = after.map_or([0; 16], |gone| gone.contact.to_bytes());
    let (before, practice, contact) = (before.as_micros(), practice.as_slice(), contact.as_slice());
    let rows = sqlx::query!(
        "SELECT deleted_at, practice_id, contact_id FROM portal_gone_contact
         WHERE deleted_at < ?1 AND (deleted_at, practice_id, contact_id) > (?2, ?3, ?4)
         ORDER BY deleted_at, practice_id, contact_id LIMIT ?5",
        before,
        at,
        practice,
        contact,
        most
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    rows.map(|row| {
        Ok(Gone {
            at: Timestamp::from_micros(row.deleted_at),
            practice: id(&row.practice_id, "gone_contact.practice_id")?,
            contact: id(&row.contact_id, "gone_contact.contact_id")?,
        })
    })
    .collect()
}

/// What there is of contacts; all in one transaction.
pub(crate) async fn traces(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    contacts: &[ContactId],
    reference: Option<&Ref>,
) -> Result<Traces, Fault> {
    let (practice, contacts) = (practice.to_bytes(), ids(contacts));
    let practice = practice.as_slice();
    let mut traces = told(connection, practice, &contacts).await?;
    let written = sqlx::query!(
        "SELECT l.address FROM json_each(?2) AS e
         CROSS JOIN portal_link AS l ON l.practice_id = ?1 AND l.contact_id = unhex(e.value)
         UNION
         SELECT m.address FROM json_each(?2) AS e
         CROSS JOIN portal_message AS m ON m.practice_id = ?1 AND m.contact_id = unhex(e.value)",
        practice,
        contacts
    );
    traces.addresses.extend(written.fetch_all(&mut *connection).await?.into_iter().map(|row| row.address));
    traces.keys = keys(connection, practice, &contacts).await?;
    traces.found = found(connection, practice, &contacts, reference).await?;
    Ok(traces)
}

/// Keys of live logins that links or mail about them belong to.
async fn keys(connection: &mut SqliteConnection, practice: &[u8], contacts: &str) -> Result<BTreeSet<LoginKey>, Fault> {
    let keys = sqlx::query_scalar!(
        r#"SELECT key AS "key!" FROM portal_login WHERE practice_id = ?1 AND key IS NOT NULL AND login_id IN (
               SELECT l.login_id FROM json_each(?2) AS e
               CROSS JOIN portal_link AS l ON l.practice_id = ?1 AND l.contact_id = unhex(e.value)
               UNION
               SELECT m.login_id FROM json_each(?2) AS e
               CROSS JOIN portal_message AS m ON m.practice_id = ?1 AND m.contact_id = unhex(e.value))"#,
        practice,
        contacts
    );
    keys.fetch_all(connection).await?.iter().map(|text| Ok(key(text, "login.key")?)).collect()
}

/// What the journal tells of them.
async fn told(connection: &mut SqliteConnection, practice: &[u8], contacts: &str) -> Result<Traces, Fault> {
    let told = sqlx::query!(
        r#"SELECT p.personal AS "personal!" FROM (
               SELECT v.event_id FROM json_each(?2) AS e
               CROSS JOIN portal_event AS v
                   ON v.practice_id = ?1 AND v.contact_id = unhex(e.value) AND v.number IS NOT NULL
               UNION ALL
               SELECT v.event_id FROM portal_event AS v
               WHERE v.practice_id = ?1 AND v.number IS NULL
                   AND v.contact_id IN (SELECT unhex(value) FROM json_each(?2))) AS own
           CROSS JOIN portal_event_personal AS p ON p.practice_id = ?1 AND p.event_id = own.event_id"#,
        practice,
        contacts
    );
    let mut traces = Traces::default();
    for row in told.fetch_all(connection).await? {
        traces.tell(&from_json::<BTreeMap<String, String>>(&row.personal, "event_personal.personal")?);
    }
    Ok(traces)
}

async fn found(
    connection: &mut SqliteConnection,
    practice: &[u8],
    contacts: &str,
    reference: Option<&Ref>,
) -> Result<Found, Fault> {
    let reference = reference.map(Ref::as_str);
    let counts = sqlx::query!(
        r#"SELECT
            (SELECT count(*) FROM json_each(?2) AS e
             CROSS JOIN portal_event AS v
                 ON v.practice_id = ?1 AND v.contact_id = unhex(e.value) AND v.number IS NOT NULL
             CROSS JOIN portal_event_personal AS p ON p.practice_id = ?1 AND p.event_id = v.event_id)
            + (SELECT count(*) FROM portal_event AS v
               CROSS JOIN portal_event_personal AS p ON p.practice_id = ?1 AND p.event_id = v.event_id
               WHERE v.practice_id = ?1 AND v.number IS NULL
                   AND v.contact_id IN (SELECT unhex(value) FROM json_each(?2))) AS "events!: i64",
            (SELECT count(*) FROM portal_message
             WHERE practice_id = ?1 AND contact_id IN (SELECT unhex(value) FROM json_each(?2))) AS "messages!: i64",
            (SELECT count(*) FROM portal_message WHERE practice_id = ?1 AND due_at IS NOT NULL
                 AND contact_id IN (SELECT unhex(value) FROM json_each(?2))) AS "unsent!: i64",
            (SELECT count(*) FROM portal_link
             WHERE practice_id = ?1 AND contact_id IN (SELECT unhex(value) FROM json_each(?2))) AS "links!: i64",
            (SELECT count(*) FROM portal_receipt
             WHERE practice_id = ?1 AND contact_id IN (SELECT unhex(value) FROM json_each(?2))) AS "answers!: i64",
            (SELECT count(*) FROM portal_job_row WHERE practice_id = ?1 AND ref = ?3) AS "rows!: i64""#,
        practice,
        contacts,
        reference
    );
    let counts = counts.fetch_one(connection).await?;
    Ok(Found {
        events: counts.events.unsigned_abs(),
        messages: counts.messages.unsigned_abs(),
        unsent: counts.unsent.unsigned_abs(),
        links: counts.links.unsigned_abs(),
        answers: counts.answers.unsigned_abs(),
        rows: counts.rows.unsigned_abs(),
    })
}

/// Removes what has outlived its life.
pub(crate) struct PurgeSome {
    pub(crate) what: Purge,
    pub(crate) most: u32,
}

#[async_trait]
impl Work for PurgeSome {
    type Answer = u64;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<u64, Fault> {
        match self.what {
            Purge::Origins(before) => origins(connection, before, self.most).await,
            Purge::Staff(before) => staff(connection, before, self.most).await,
            Purge::Personal(before) => personal(connection, before, self.most).await,
            Purge::Suppressions(before) => returns::forget(connection, before, self.most).await,
        }
    }
}

async fn origins(connection: &mut SqliteConnection, before: Timestamp, most: u32) -> Result<u64, Fault> {
    let before = before.as_micros();
    let portal = sqlx::query!(
        "UPDATE portal_session SET origin = NULL, user_agent = NULL WHERE (practice_id, session_id) IN
             (SELECT practice_id, session_id FROM portal_session
              WHERE (origin IS NOT NULL OR user_agent IS NOT NULL) AND expires_at < ?1 LIMIT ?2)",
        before,
        most
    );
    let portal = portal.execute(&mut *connection).await?.rows_affected();
    let workspace = sqlx::query!(
        "UPDATE portal_workspace_session SET origin = NULL, user_agent = NULL WHERE (practice_id, session_id) IN
             (SELECT practice_id, session_id FROM portal_workspace_session
              WHERE (origin IS NOT NULL OR user_agent IS NOT NULL) AND expires_at < ?1 LIMIT ?2)",
        before,
        most
    );
    Ok(portal + workspace.execute(connection).await?.rows_affected())
}

async fn staff(connection: &mut SqliteConnection, before: Timestamp, most: u32) -> Result<u64, Fault> {
    let before = before.as_micros();
    let links = sqlx::query!(
        "DELETE FROM portal_staff_link WHERE (practice_id, link_id) IN
             (SELECT practice_id, link_id FROM portal_staff_link WHERE expires_at < ?1 LIMIT ?2)",
        before,
        most
    );
    let links = links.execute(&mut *connection).await?.rows_affected();
    let mail = sqlx::query!(
        "DELETE FROM portal_message WHERE (practice_id, message_id) IN
             (SELECT practice_id, message_id FROM portal_message INDEXED BY portal_message_staff
              WHERE user_id IS NOT NULL AND created_at < ?1 AND due_at IS NULL LIMIT ?2)",
        before,
        most
    );
    Ok(links + mail.execute(connection).await?.rows_affected())
}

/// Of each practice those events that have the lowest ids.
async fn personal(connection: &mut SqliteConnection, before: Timestamp, most: u32) -> Result<u64, Fault> {
    let (bound, before) = (EventId::first_at(before).to_bytes(), before.as_micros());
    let bound = bound.as_slice();
    let over = sqlx::query!(
        "DELETE FROM portal_event_personal WHERE (practice_id, event_id) IN
             (SELECT p.practice_id, p.event_id FROM portal_practice AS g
              CROSS JOIN portal_event_personal AS p ON p.practice_id = g.practice_id AND p.event_id < ?1
              CROSS JOIN portal_event AS v ON v.practice_id = p.practice_id AND v.event_id = p.event_id
              WHERE v.at < ?2 LIMIT ?3)",
        bound,
        before,
        most
    );
    Ok(over.execute(connection).await?.rows_affected())
}

/// Moves all of the log of writes into the file, where what was removed is written over, and empties it. Whoever writes waits for
/// no longer than that takes: while somebody reads or writes, it is tried a few times and left.
pub(crate) async fn tidy(path: &Path, connect: &SqliteConnectOptions) -> Result<(), StoreError> {
    if is_empty(path) {
        return Ok(());
    }
    let mut connection = connect.clone().busy_timeout(Duration::ZERO).connect().await.map_err(unavailable)?;
    let mut emptied = Ok(false);
    for _ in 0..TRIES {
        emptied = empty(&mut connection).await;
        if !matches!(emptied, Ok(false)) {
            break;
        }
        tokio::time::sleep(BUSY_STEP).await;
    }
    connection.close().await.map_err(unavailable)?;
    emptied.map(drop)
}

fn unavailable(error: sqlx::Error) -> StoreError {
    Fault::from(error).into_store()
}

/// Whether nothing stands in the log of writes.
fn is_empty(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).map_or(true, |log| log.len() == 0)
}

async fn empty(connection: &mut SqliteConnection) -> Result<bool, StoreError> {
    let told = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(connection).await.map_err(unavailable)?;
    let busy: i64 = told.try_get(0).map_err(unavailable)?;
    Ok(busy == 0)
}
