//! What belongs to no practice, and the end of one.

use async_trait::async_trait;
use portal_domain::{
    id::{OperatorKeyId, PracticeId, Slug},
    port::{Deletion, Operators, StoreError},
    practice::{ApiKeyHash, OperatorKey},
    time::Timestamp,
};
use sqlx::{SqliteConnection, sqlite::SqliteQueryResult};

use crate::{
    SqliteStore,
    error::Fault,
    read::{damaged, digest, id},
    writer::Work,
};

#[async_trait]
impl Operators for SqliteStore {
    async fn operator(&self, hash: &ApiKeyHash) -> Result<Option<OperatorKey>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = operator(&mut reader, hash).await;
        reader.told(answer)
    }

    async fn operator_keys(&self) -> Result<Vec<OperatorKey>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = operator_keys(&mut reader).await;
        reader.told(answer)
    }

    async fn add_operator_key(&self, key: &OperatorKey) -> Result<(), StoreError> {
        self.writer.write(AddKey(key.clone())).await
    }

    async fn revoke_operator_key(&self, key: OperatorKeyId, at: Timestamp) -> Result<bool, StoreError> {
        self.writer.write(RevokeKey { key, at }).await
    }

    async fn doomed(&self, now: Timestamp) -> Result<Vec<PracticeId>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = doomed(&mut reader, now).await;
        reader.told(answer)
    }

    async fn begin_deletion(&self, practice: PracticeId, now: Timestamp) -> Result<bool, StoreError> {
        self.writer.write(BeginDeletion { practice, now }).await
    }

    async fn delete_some(&self, practice: PracticeId, most: u32, now: Timestamp) -> Result<bool, StoreError> {
        self.writer.write(DeleteSome { practice, most, now }).await
    }

    async fn deletions(&self) -> Result<Vec<Deletion>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = deletions(&mut reader).await;
        reader.told(answer)
    }
}

struct KeyRow {
    operator_key_id: Vec<u8>,
    name: String,
    hash: Vec<u8>,
    created_at: i64,
    revoked_at: Option<i64>,
}

impl KeyRow {
    fn read(self) -> Result<OperatorKey, StoreError> {
        Ok(OperatorKey {
            id: id(&self.operator_key_id, "operator_key.operator_key_id")?,
            name: self.name,
            hash: ApiKeyHash(digest(&self.hash, "operator_key.hash")?),
            created_at: Timestamp::from_micros(self.created_at),
            revoked_at: self.revoked_at.map(Timestamp::from_micros),
        })
    }
}

async fn operator(connection: &mut SqliteConnection, hash: &ApiKeyHash) -> Result<Option<OperatorKey>, Fault> {
    let hash = hash.0.as_slice();
    let row = sqlx::query_as!(
        KeyRow,
        "SELECT operator_key_id, name, hash, created_at, revoked_at FROM portal_operator_key
         WHERE hash = ?1 AND revoked_at IS NULL",
        hash
    );
    Ok(row.fetch_optional(connection).await?.map(KeyRow::read).transpose()?)
}

async fn operator_keys(connection: &mut SqliteConnection) -> Result<Vec<OperatorKey>, Fault> {
    let rows = sqlx::query_as!(
        KeyRow,
        "SELECT operator_key_id, name, hash, created_at, revoked_at FROM portal_operator_key
         ORDER BY created_at, operator_key_id"
    );
    Ok(rows.fetch_all(connection).await?.into_iter().map(KeyRow::read).collect::<Result<_, _>>()?)
}

struct AddKey(OperatorKey);

#[async_trait]
impl Work for AddKey {
    type Answer = ();

    async fn run(&self, connection: &mut SqliteConnection) -> Result<(), Fault> {
        let (id, hash, created_at) = (self.0.id.to_bytes(), self.0.hash.0, self.0.created_at.as_micros());
        let (id, hash, revoked_at) = (id.as_slice(), hash.as_slice(), self.0.revoked_at.map(Timestamp::as_micros));
        let add = sqlx::query!(
            "INSERT INTO portal_operator_key (operator_key_id, name, hash, created_at, revoked_at)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            id,
            self.0.name,
            hash,
            created_at,
            revoked_at
        );
        add.execute(connection).await?;
        Ok(())
    }
}

struct RevokeKey {
    key: OperatorKeyId,
    at: Timestamp,
}

#[async_trait]
impl Work for RevokeKey {
    type Answer = bool;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<bool, Fault> {
        let (key, at) = (self.key.to_bytes(), self.at.as_micros());
        let key = key.as_slice();
        let revoke = sqlx::query!(
            "UPDATE portal_operator_key SET revoked_at = ?2 WHERE operator_key_id = ?1 AND revoked_at IS NULL",
            key,
            at
        );
        Ok(revoke.execute(connection).await?.rows_affected() > 0)
    }
}

async fn doomed(connection: &mut SqliteConnection, now: Timestamp) -> Result<Vec<PracticeId>, Fault> {
    let now = now.as_micros();
    let rows = sqlx::query_scalar!("SELECT practice_id FROM portal_practice WHERE delete_after <= ?1", now);
    let rows = rows.fetch_all(connection).await?.into_iter();
    Ok(rows.map(|practice| id(&practice, "practice.practice_id")).collect::<Result<_, _>>()?)
}

struct BeginDeletion {
    practice: PracticeId,
    now: Timestamp,
}

#[async_trait]
impl Work for BeginDeletion {
    type Answer = bool;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<bool, Fault> {
        let (practice, now) = (self.practice.to_bytes(), self.now.as_micros());
        let practice = practice.as_slice();
        let mark = sqlx::query!(
            "UPDATE portal_practice SET version = version + 1 WHERE practice_id = ?1 AND delete_after <= ?2
                 AND EXISTS (SELECT * FROM portal_practice_slug AS s WHERE s.practice_id = ?1)",
            practice,
            now
        );
        if mark.execute(&mut *connection).await?.rows_affected() == 0 {
            return Ok(false);
        }
        let receipt = sqlx::query!(
            "INSERT INTO portal_deletion (practice_id, slug, due_at, begun_at, contacts, users, clients, messages, events)
             SELECT p.practice_id, s.slug, p.delete_after, ?2, 0, 0, 0, 0, 0
             FROM portal_practice AS p JOIN portal_practice_slug AS s ON s.practice_id = p.practice_id
             WHERE p.practice_id = ?1",
            practice,
            now
        );
        receipt.execute(&mut *connection).await?;
        let unnamed = sqlx::query!("DELETE FROM portal_practice_slug WHERE practice_id = ?1", practice);
        unnamed.execute(&mut *connection).await?;
        let keys = sqlx::query!("DELETE FROM portal_api_key WHERE practice_id = ?1", practice);
        keys.execute(connection).await?;
        Ok(true)
    }
}

struct DeleteSome {
    practice: PracticeId,
    most: u32,
    now: Timestamp,
}

#[async_trait]
impl Work for DeleteSome {
    type Answer = bool;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<bool, Fault> {
        let practice = self.practice.to_bytes();
        let practice = practice.as_slice();
        let named = sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!: i64" FROM portal_practice_slug WHERE practice_id = ?1"#,
            practice
        );
        if named.fetch_one(&mut *connection).await? > 0 {
            return Ok(true);
        }
        let mut gone = Gone::default();
        told(connection, practice, self.most, &mut gone).await?;
        people(connection, practice, self.most, &mut gone).await?;
        let more = gone.any() || logins(connection, practice, self.most).await? > 0;
        if !more {
            gone.users = staff(connection, practice).await?;
        }
        gone.count(connection, practice).await?;
        if !more {
            self.finish(connection, practice).await?;
        }
        Ok(!more)
    }
}

/// Rows that were deleted.
#[derive(Default)]
struct Gone {
    contacts: i64,
    users: i64,
    clients: i64,
    messages: i64,
    events: i64,
    /// Of all other kinds.
    others: i64,
}

impl Gone {
    const fn any(&self) -> bool {
        self.contacts + self.users + self.clients + self.messages + self.events + self.others > 0
    }

    /// Adds them to the receipt.
    async fn count(&self, connection: &mut SqliteConnection, practice: &[u8]) -> Result<(), Fault> {
        let receipt = sqlx::query!(
            "UPDATE portal_deletion SET contacts = contacts + ?2, users = users + ?3, clients = clients + ?4,
                 messages = messages + ?5, events = events + ?6
             WHERE practice_id = ?1 AND finished_at IS NULL",
            practice,
            self.contacts,
            self.users,
            self.clients,
            self.messages,
            self.events
        );
        receipt.execute(connection).await?;
        Ok(())
    }
}

/// So many rows, as they are counted.
fn rows(done: &SqliteQueryResult) -> i64 {
    i64::try_from(done.rows_affected()).unwrap_or(i64::MAX)
}

/// What was said and done.
async fn told(connection: &mut SqliteConnection, practice: &[u8], most: u32, gone: &mut Gone) -> Result<(), Fault> {
    let messages = sqlx::query!(
        "DELETE FROM portal_message WHERE practice_id = ?1 AND message_id IN
             (SELECT message_id FROM portal_message WHERE practice_id = ?1 LIMIT ?2)",
        practice,
        most
    );
    gone.messages += rows(&messages.execute(&mut *connection).await?);
    let events = sqlx::query!(
        "DELETE FROM portal_event WHERE practice_id = ?1 AND event_id IN
             (SELECT event_id FROM portal_event WHERE practice_id = ?1 LIMIT ?2)",
        practice,
        most
    );
    gone.events += rows(&events.execute(&mut *connection).await?);
    let receipts = sqlx::query!(
        "DELETE FROM portal_receipt WHERE practice_id = ?1 AND (scope, key) IN
             (SELECT scope, key FROM portal_receipt WHERE practice_id = ?1 LIMIT ?2)",
        practice,
        most
    );
    gone.others += rows(&receipts.execute(&mut *connection).await?);
    let enquiries = sqlx::query!(
        "DELETE FROM portal_enquiry WHERE practice_id = ?1 AND enquiry_id IN
             (SELECT enquiry_id FROM portal_enquiry WHERE practice_id = ?1 LIMIT ?2)",
        practice,
        most
    );
    gone.others += rows(&enquiries.execute(&mut *connection).await?);
    let counters = sqlx::query!(
        "DELETE FROM portal_throttle WHERE practice_id = ?1 AND name IN
             (SELECT name FROM portal_throttle WHERE practice_id = ?1 LIMIT ?2)",
        practice,
        most
    );
    gone.others += rows(&counters.execute(&mut *connection).await?);
    let tries = sqlx::query!(
        "DELETE FROM portal_sign_in_try WHERE practice_id = ?1 AND try_id IN
             (SELECT try_id FROM portal_sign_in_try WHERE practice_id = ?1 LIMIT ?2)",
        practice,
        most
    );
    gone.others += rows(&tries.execute(&mut *connection).await?);
    let keys = sqlx::query!(
        "DELETE FROM portal_erased_key WHERE practice_id = ?1 AND (key, mark) IN
             (SELECT key, mark FROM portal_erased_key WHERE practice_id = ?1 LIMIT ?2)",
        practice,
        most
    );
    gone.others += rows(&keys.execute(&mut *connection).await?);
    let suppressions = sqlx::query!(
        "DELETE FROM portal_suppression WHERE practice_id = ?1 AND key IN
             (SELECT key FROM portal_suppression WHERE practice_id = ?1 LIMIT ?2)",
        practice,
        most
    );
    gone.others += rows(&suppressions.execute(&mut *connection).await?);
    let job_rows = sqlx::query!(
        "DELETE FROM portal_job_row WHERE practice_id = ?1 AND (job_id, place) IN
             (SELECT job_id, place FROM portal_job_row WHERE practice_id = ?1 LIMIT ?2)",
        practice,
        most
    );
    gone.others += rows(&job_rows.execute(&mut *connection).await?);
    let deliveries = sqlx::query!(
        "DELETE FROM portal_webhook_delivery WHERE practice_id = ?1 AND (webhook_id, place) IN
             (SELECT webhook_id, place FROM portal_webhook_delivery WHERE practice_id = ?1 LIMIT ?2)",
        practice,
        most
    );
    gone.others += rows(&deliveries.execute(connection).await?);
    Ok(())
}

/// Contacts and clients with all that hangs on them, links and sessions.
async fn people(connection: &mut SqliteConnection, practice: &[u8], most: u32, gone: &mut Gone) -> Result<(), Fault> {
    let links = sqlx::query!(
        "DELETE FROM portal_link WHERE practice_id = ?1 AND link_id IN
             (SELECT link_id FROM portal_link WHERE practice_id = ?1 LIMIT ?2)",
        practice,
        most
    );
    gone.others += rows(&links.execute(&mut *connection).await?);
    let sessions = sqlx::query!(
        "DELETE FROM portal_session WHERE practice_id = ?1 AND session_id IN
             (SELECT session_id FROM portal_session WHERE practice_id = ?1 LIMIT ?2)",
        practice,
        most
    );
    gone.others += rows(&sessions.execute(&mut *connection).await?);
    let of_staff = sqlx::query!(
        "DELETE FROM portal_workspace_session WHERE practice_id = ?1 AND session_id IN
             (SELECT session_id FROM portal_workspace_session WHERE practice_id = ?1 LIMIT ?2)",
        practice,
        most
    );
    gone.others += rows(&of_staff.execute(&mut *connection).await?);
    let staff_links = sqlx::query!(
        "DELETE FROM portal_staff_link WHERE practice_id = ?1 AND link_id IN
             (SELECT link_id FROM portal_staff_link WHERE practice_id = ?1 LIMIT ?2)",
        practice,
        most
    );
    gone.others += rows(&staff_links.execute(&mut *connection).await?);
    let contacts = sqlx::query!(
        "DELETE FROM portal_contact WHERE practice_id = ?1 AND contact_id IN
             (SELECT contact_id FROM portal_contact WHERE practice_id = ?1 LIMIT ?2)",
        practice,
        most
    );
    let contacts = rows(&contacts.execute(&mut *connection).await?);
    gone.contacts += contacts;
    // With a client go its ties to all its contacts.
    if contacts > 0 {
        return Ok(());
    }
    let clients = sqlx::query!(
        "DELETE FROM portal_client WHERE practice_id = ?1 AND client_id IN
             (SELECT client_id FROM portal_client WHERE practice_id = ?1 LIMIT ?2)",
        practice,
        most
    );
    gone.clients += rows(&clients.execute(&mut *connection).await?);
    let deleted = sqlx::query!(
        "DELETE FROM portal_gone_contact WHERE practice_id = ?1 AND contact_id IN
             (SELECT contact_id FROM portal_gone_contact WHERE practice_id = ?1 LIMIT ?2)",
        practice,
        most
    );
    gone.others += rows(&deleted.execute(connection).await?);
    Ok(())
}

/// Staff, whom a practice has few of, with their keys.
async fn staff(connection: &mut SqliteConnection, practice: &[u8]) -> Result<i64, Fault> {
    let keys = sqlx::query!("DELETE FROM portal_login_key WHERE practice_id = ?1", practice);
    keys.execute(&mut *connection).await?;
    let users = sqlx::query!("DELETE FROM portal_practice_user WHERE practice_id = ?1", practice);
    Ok(rows(&users.execute(connection).await?))
}

/// Logins, and nobody is behind them any more, each with its key.
async fn logins(connection: &mut SqliteConnection, practice: &[u8], most: u32) -> Result<u64, Fault> {
    let keys = sqlx::query!(
        "DELETE FROM portal_login_key WHERE practice_id = ?1 AND login_id IN
             (SELECT login_id FROM portal_login WHERE practice_id = ?1 ORDER BY login_id LIMIT ?2)",
        practice,
        most
    );
    keys.execute(&mut *connection).await?;
    let logins = sqlx::query!(
        "DELETE FROM portal_login WHERE practice_id = ?1 AND login_id IN
             (SELECT login_id FROM portal_login WHERE practice_id = ?1 ORDER BY login_id LIMIT ?2)",
        practice,
        most
    );
    Ok(logins.execute(connection).await?.rows_affected())
}

impl DeleteSome {
    /// Endpoints and keys, which a practice has few of, and what there is once.
    async fn finish(&self, connection: &mut SqliteConnection, practice: &[u8]) -> Result<(), Fault> {
        let keys = sqlx::query!("DELETE FROM portal_api_key WHERE practice_id = ?1", practice);
        keys.execute(&mut *connection).await?;
        let head = sqlx::query!("DELETE FROM portal_journal_head WHERE practice_id = ?1", practice);
        head.execute(&mut *connection).await?;
        let jobs = sqlx::query!("DELETE FROM portal_job WHERE practice_id = ?1", practice);
        jobs.execute(&mut *connection).await?;
        let endpoints = sqlx::query!("DELETE FROM portal_webhook WHERE practice_id = ?1", practice);
        endpoints.execute(&mut *connection).await?;
        let turn = sqlx::query!("DELETE FROM portal_outbox_turn WHERE practice_id = ?1", practice);
        turn.execute(&mut *connection).await?;
        let turn = sqlx::query!("DELETE FROM portal_job_turn WHERE practice_id = ?1", practice);
        turn.execute(&mut *connection).await?;
        let last = sqlx::query!("DELETE FROM portal_practice WHERE practice_id = ?1", practice);
        last.execute(&mut *connection).await?;
        let now = self.now.as_micros();
        let receipt = sqlx::query!(
            "UPDATE portal_deletion SET finished_at = ?2 WHERE practice_id = ?1 AND finished_at IS NULL",
            practice,
            now
        );
        receipt.execute(connection).await?;
        Ok(())
    }
}

async fn deletions(connection: &mut SqliteConnection) -> Result<Vec<Deletion>, Fault> {
    let rows = sqlx::query!(
        "SELECT practice_id, slug, due_at, begun_at, finished_at, contacts, users, clients, messages, events
         FROM portal_deletion ORDER BY begun_at DESC, practice_id"
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    let read = rows.map(|row| {
        Ok::<_, StoreError>(Deletion {
            practice: id(&row.practice_id, "deletion.practice_id")?,
            slug: Slug::parse(&row.slug).ok_or_else(|| damaged("deletion.slug"))?,
            due_at: Timestamp::from_micros(row.due_at),
            begun_at: Timestamp::from_micros(row.begun_at),
            finished_at: row.finished_at.map(Timestamp::from_micros),
            contacts: row.contacts.unsigned_abs(),
            users: row.users.unsigned_abs(),
            clients: row.clients.unsigned_abs(),
            messages: row.messages.unsigned_abs(),
            events: row.events.unsigned_abs(),
        })
    });
    Ok(read.collect::<Result<_, _>>()?)
}
