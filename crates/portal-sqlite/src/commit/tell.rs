//! What goes out with a commit: mail, journal, receipt. What always goes together is sent to the database together:
//! each trip to its thread costs more than the statement.

use async_trait::async_trait;
use portal_domain::{port::Receipt, time::Timestamp};
use sqlx::SqliteConnection;

use crate::{encode::Rows, error::Fault, writer::Work};

pub(super) async fn messages(connection: &mut SqliteConnection, practice: &[u8], rows: &Rows) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let count = signed(rows.count);
    let queue = sqlx::query!(
        "UPDATE portal_counter SET value = value + ? WHERE name = 'message';
         INSERT INTO portal_message (practice_id, message_id, place, contact_id, login_id, user_id, link_id, kind,
             lane, address, name, clients, body, asked_key, state, attempts, due_at, created_at)
         SELECT ?, unhex(e.value ->> 'id'), c.value - ? + 1 + e.key, unhex(e.value ->> 'contact'),
             unhex(e.value ->> 'login'), unhex(e.value ->> 'user'), unhex(e.value ->> 'link'), e.value ->> 'kind',
             e.value ->> 'lane', e.value ->> 'address', e.value ->> 'name', e.value ->> 'clients', e.value ->> 'body',
             e.value ->> 'asked_key', 'queued', 0, e.value ->> 'created_at', e.value ->> 'created_at'
         FROM portal_counter AS c CROSS JOIN json_each(?) AS e WHERE c.name = 'message'",
        count,
        practice,
        count,
        rows.json
    );
    queue.execute(connection).await?;
    Ok(())
}

/// Writes events with growing ordinals, and their personal values beside them.
pub(crate) async fn events(connection: &mut SqliteConnection, practice: &[u8], rows: &Rows) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let count = signed(rows.count);
    let write = sqlx::query!(
        "UPDATE portal_counter SET value = value + ? WHERE name = 'event';
         INSERT INTO portal_event (practice_id, event_id, ordinal, at, kind, caller, origin, contact_id, user_id,
             login_id, facts, digest)
         SELECT ?, unhex(e.value ->> 'id'), c.value - ? + 1 + e.key, e.value ->> 'at', e.value ->> 'kind',
             e.value ->> 'caller', e.value ->> 'origin', unhex(e.value ->> 'contact'), unhex(e.value ->> 'user'),
             unhex(e.value ->> 'login'), e.value ->> 'facts', unhex(e.value ->> 'digest')
         FROM portal_counter AS c CROSS JOIN json_each(?) AS e WHERE c.name = 'event';
         INSERT INTO portal_event_personal (practice_id, event_id, salt, personal)
         SELECT ?, unhex(value ->> 'id'), unhex(value ->> 'salt'), value ->> 'personal' FROM json_each(?)",
        count,
        practice,
        count,
        rows.json,
        practice,
        rows.json
    );
    write.execute(connection).await?;
    Ok(())
}

pub(super) async fn receipt(
    connection: &mut SqliteConnection,
    practice: &[u8],
    receipt: Option<&Receipt>,
) -> Result<(), Fault> {
    let Some(receipt) = receipt else { return Ok(()) };
    let (digest, at) = (receipt.digest.as_slice(), receipt.at.as_micros());
    let contact = receipt.contact.map(portal_domain::id::ContactId::to_bytes);
    let contact = contact.as_ref().map(<[u8; 16]>::as_slice);
    let leave = sqlx::query!(
        "INSERT INTO portal_receipt (practice_id, scope, key, digest, outcome, at, contact_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        practice,
        receipt.request.scope,
        receipt.request.key,
        digest,
        receipt.outcome,
        at,
        contact
    );
    leave.execute(connection).await?;
    Ok(())
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Forgets receipts of every practice.
pub(crate) struct ForgetReceipts {
    pub(crate) before: Timestamp,
    pub(crate) most: u32,
}

#[async_trait]
impl Work for ForgetReceipts {
    type Answer = u64;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<u64, Fault> {
        let (before, most) = (self.before.as_micros(), self.most);
        let over = sqlx::query!(
            "DELETE FROM portal_receipt WHERE (practice_id, scope, key) IN
                 (SELECT practice_id, scope, key FROM portal_receipt WHERE at < ?1 LIMIT ?2)",
            before,
            most
        );
        Ok(over.execute(connection).await?.rows_affected())
    }
}
