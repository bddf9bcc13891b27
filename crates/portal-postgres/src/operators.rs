//! What belongs to no practice, and the end of one.

use async_trait::async_trait;
use portal_domain::{
    id::{OperatorKeyId, PracticeId, Slug},
    port::{Deletion, Operators, StoreError},
    practice::{ApiKeyHash, OperatorKey},
    time::Timestamp,
};
use sqlx::{PgConnection, postgres::PgQueryResult};
use uuid::Uuid;

use crate::{
    PostgresStore,
    failure::store_error,
    row::{self, damaged},
    store::whole,
};

#[async_trait]
impl Operators for PostgresStore {
    async fn operator(&self, hash: &ApiKeyHash) -> Result<Option<OperatorKey>, StoreError> {
        let found = sqlx::query_as!(
            KeyRow,
            "SELECT operator_key_id, name, hash, created_at, revoked_at FROM portal.operator_key
             WHERE hash = $1 AND revoked_at IS NULL",
            &hash.0,
        );
        found.fetch_optional(self.pool()).await.map_err(store_error)?.map(KeyRow::read).transpose()
    }

    async fn operator_keys(&self) -> Result<Vec<OperatorKey>, StoreError> {
        let rows = sqlx::query_as!(
            KeyRow,
            "SELECT operator_key_id, name, hash, created_at, revoked_at FROM portal.operator_key
             ORDER BY created_at, operator_key_id",
        );
        rows.fetch_all(self.pool()).await.map_err(store_error)?.into_iter().map(KeyRow::read).collect()
    }

    async fn add_operator_key(&self, key: &OperatorKey) -> Result<(), StoreError> {
        let add = sqlx::query!(
            "INSERT INTO portal.operator_key (operator_key_id, name, hash, created_at, revoked_at)
             VALUES ($1, $2, $3, $4, $5)",
            key.id.to_uuid(),
            key.name,
            &key.hash.0,
            key.created_at.as_micros(),
            key.revoked_at.map(Timestamp::as_micros),
        );
        add.execute(self.pool()).await.map_err(store_error)?;
        Ok(())
    }

    async fn revoke_operator_key(&self, key: OperatorKeyId, at: Timestamp) -> Result<bool, StoreError> {
        let revoke = sqlx::query!(
            "UPDATE portal.operator_key SET revoked_at = $2 WHERE operator_key_id = $1 AND revoked_at IS NULL",
            key.to_uuid(),
            at.as_micros(),
        );
        Ok(revoke.execute(self.pool()).await.map_err(store_error)?.rows_affected() > 0)
    }

    async fn doomed(&self, now: Timestamp) -> Result<Vec<PracticeId>, StoreError> {
        let rows =
            sqlx::query_scalar!("SELECT practice_id FROM portal.practice WHERE delete_after <= $1", now.as_micros());
        Ok(rows.fetch_all(self.pool()).await.map_err(store_error)?.into_iter().map(row::id).collect())
    }

    async fn begin_deletion(&self, practice: PracticeId, now: Timestamp) -> Result<bool, StoreError> {
        let store = self.clone();
        whole(async move {
            let mut transaction = store.begin().await.map_err(store_error)?;
            let begun = begin(&mut transaction, practice.to_uuid(), now).await.map_err(store_error)?;
            transaction.commit().await.map_err(store_error)?;
            Ok(begun)
        })
        .await
    }

    async fn delete_some(&self, practice: PracticeId, most: u32, now: Timestamp) -> Result<bool, StoreError> {
        let store = self.clone();
        whole(async move {
            let mut transaction = store.begin().await.map_err(store_error)?;
            let done = some(&mut transaction, practice.to_uuid(), most, now).await.map_err(store_error)?;
            transaction.commit().await.map_err(store_error)?;
            Ok(done)
        })
        .await
    }

    async fn deletions(&self) -> Result<Vec<Deletion>, StoreError> {
        let rows = sqlx::query!(
            "SELECT practice_id, slug, due_at, begun_at, finished_at, contacts, users, clients, messages, events
             FROM portal.deletion ORDER BY begun_at DESC, practice_id",
        );
        let rows = rows.fetch_all(self.pool()).await.map_err(store_error)?.into_iter();
        rows.map(|it| {
            Ok(Deletion {
                practice: row::id(it.practice_id),
                slug: Slug::parse(&it.slug).ok_or_else(|| damaged("deletion", it.practice_id, "its slug is none"))?,
                due_at: row::time(it.due_at),
                begun_at: row::time(it.begun_at),
                finished_at: row::maybe_time(it.finished_at),
                contacts: it.contacts.unsigned_abs(),
                users: it.users.unsigned_abs(),
                clients: it.clients.unsigned_abs(),
                messages: it.messages.unsigned_abs(),
                events: it.events.unsigned_abs(),
            })
        })
        .collect()
    }
}

struct KeyRow {
    operator_key_id: Uuid,
    name: String,
    hash: Vec<u8>,
    created_at: i64,
    revoked_at: Option<i64>,
}

impl KeyRow {
    fn read(self) -> Result<OperatorKey, StoreError> {
        let hash = row::digest(&self.hash);
        Ok(OperatorKey {
            id: row::id(self.operator_key_id),
            name: self.name,
            hash: ApiKeyHash(hash.ok_or_else(|| damaged("operator_key", self.operator_key_id, "its hash is none"))?),
            created_at: row::time(self.created_at),
            revoked_at: row::maybe_time(self.revoked_at),
        })
    }
}

/// Has others wait who delete the same practice.
async fn lock(connection: &mut PgConnection, practice: Uuid) -> sqlx::Result<()> {
    let lock = sqlx::query_scalar!("SELECT version FROM portal.practice WHERE practice_id = $1 FOR UPDATE", practice);
    lock.fetch_optional(connection).await?;
    Ok(())
}

async fn begin(connection: &mut PgConnection, practice: Uuid, now: Timestamp) -> sqlx::Result<bool> {
    lock(connection, practice).await?;
    let mark = sqlx::query!(
        "UPDATE portal.practice p SET version = version + 1 WHERE p.practice_id = $1 AND p.delete_after <= $2
             AND EXISTS (SELECT FROM portal.practice_slug s WHERE s.practice_id = $1)",
        practice,
        now.as_micros(),
    );
    if mark.execute(&mut *connection).await?.rows_affected() == 0 {
        return Ok(false);
    }
    let receipt = sqlx::query!(
        "INSERT INTO portal.deletion (practice_id, slug, due_at, begun_at, contacts, users, clients, messages, events)
         SELECT p.practice_id, s.slug, p.delete_after, $2, 0, 0, 0, 0, 0
         FROM portal.practice p JOIN portal.practice_slug s ON s.practice_id = p.practice_id
         WHERE p.practice_id = $1",
        practice,
        now.as_micros(),
    );
    receipt.execute(&mut *connection).await?;
    let unnamed = sqlx::query!("DELETE FROM portal.practice_slug WHERE practice_id = $1", practice);
    unnamed.execute(&mut *connection).await?;
    let keys = sqlx::query!("DELETE FROM portal.api_key WHERE practice_id = $1", practice);
    keys.execute(connection).await?;
    Ok(true)
}

async fn some(connection: &mut PgConnection, practice: Uuid, most: u32, now: Timestamp) -> sqlx::Result<bool> {
    lock(connection, practice).await?;
    let named = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM portal.practice_slug WHERE practice_id = $1"#,
        practice
    );
    if named.fetch_one(&mut *connection).await? > 0 {
        return Ok(true);
    }
    let (most, mut gone) = (i64::from(most), Gone::default());
    told(connection, practice, most, &mut gone).await?;
    people(connection, practice, most, &mut gone).await?;
    let more = gone.any() || logins(connection, practice, most).await? > 0;
    if !more {
        gone.users = staff(connection, practice).await?;
    }
    gone.count(connection, practice).await?;
    if !more {
        finish(connection, practice, now).await?;
    }
    Ok(!more)
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
    async fn count(&self, connection: &mut PgConnection, practice: Uuid) -> sqlx::Result<()> {
        let receipt = sqlx::query!(
            "UPDATE portal.deletion SET contacts = contacts + $2, users = users + $3, clients = clients + $4,
                 messages = messages + $5, events = events + $6
             WHERE practice_id = $1 AND finished_at IS NULL",
            practice,
            self.contacts,
            self.users,
            self.clients,
            self.messages,
            self.events,
        );
        receipt.execute(connection).await?;
        Ok(())
    }
}

/// So many rows, as they are counted.
fn rows(done: &PgQueryResult) -> i64 {
    i64::try_from(done.rows_affected()).unwrap_or(i64::MAX)
}

/// What was said and done.
async fn told(connection: &mut PgConnection, practice: Uuid, most: i64, gone: &mut Gone) -> sqlx::Result<()> {
    let messages = sqlx::query!(
        "DELETE FROM portal.message WHERE practice_id = $1 AND message_id IN
             (SELECT message_id FROM portal.message WHERE practice_id = $1 LIMIT $2)",
        practice,
        most
    );
    gone.messages += rows(&messages.execute(&mut *connection).await?);
    let events = sqlx::query!(
        "DELETE FROM portal.event WHERE practice_id = $1 AND event_id IN
             (SELECT event_id FROM portal.event WHERE practice_id = $1 LIMIT $2)",
        practice,
        most
    );
    gone.events += rows(&events.execute(&mut *connection).await?);
    let receipts = sqlx::query!(
        "DELETE FROM portal.receipt WHERE practice_id = $1 AND (scope, key) IN
             (SELECT scope, key FROM portal.receipt WHERE practice_id = $1 LIMIT $2)",
        practice,
        most
    );
    gone.others += rows(&receipts.execute(&mut *connection).await?);
    let enquiries = sqlx::query!(
        "DELETE FROM portal.enquiry WHERE practice_id = $1 AND enquiry_id IN
             (SELECT enquiry_id FROM portal.enquiry WHERE practice_id = $1 LIMIT $2)",
        practice,
        most
    );
    gone.others += rows(&enquiries.execute(&mut *connection).await?);
    let counters = sqlx::query!(
        "DELETE FROM portal.throttle WHERE practice_id = $1 AND name IN
             (SELECT name FROM portal.throttle WHERE practice_id = $1 LIMIT $2)",
        practice,
        most
    );
    gone.others += rows(&counters.execute(&mut *connection).await?);
    let tries = sqlx::query!(
        "DELETE FROM portal.sign_in_try WHERE practice_id = $1 AND try_id IN
             (SELECT try_id FROM portal.sign_in_try WHERE practice_id = $1 LIMIT $2)",
        practice,
        most
    );
    gone.others += rows(&tries.execute(&mut *connection).await?);
    let keys = sqlx::query!(
        "DELETE FROM portal.erased_key WHERE practice_id = $1 AND (key, mark) IN
             (SELECT key, mark FROM portal.erased_key WHERE practice_id = $1 LIMIT $2)",
        practice,
        most
    );
    gone.others += rows(&keys.execute(&mut *connection).await?);
    let suppressions = sqlx::query!(
        "DELETE FROM portal.suppression WHERE practice_id = $1 AND key IN
             (SELECT key FROM portal.suppression WHERE practice_id = $1 LIMIT $2)",
        practice,
        most
    );
    gone.others += rows(&suppressions.execute(&mut *connection).await?);
    let job_rows = sqlx::query!(
        "DELETE FROM portal.job_row WHERE practice_id = $1 AND (job_id, place) IN
             (SELECT job_id, place FROM portal.job_row WHERE practice_id = $1 LIMIT $2)",
        practice,
        most
    );
    gone.others += rows(&job_rows.execute(&mut *connection).await?);
    let deliveries = sqlx::query!(
        "DELETE FROM portal.webhook_delivery WHERE practice_id = $1 AND (webhook_id, place) IN
             (SELECT webhook_id, place FROM portal.webhook_delivery WHERE practice_id = $1 LIMIT $2)",
        practice,
        most
    );
    gone.others += rows(&deliveries.execute(connection).await?);
    Ok(())
}

/// Contacts and clients with all that hangs on them, links and sessions.
async fn people(connection: &mut PgConnection, practice: Uuid, most: i64, gone: &mut Gone) -> sqlx::Result<()> {
    let links = sqlx::query!(
        "DELETE FROM portal.link WHERE practice_id = $1 AND link_id IN
             (SELECT link_id FROM portal.link WHERE practice_id = $1 LIMIT $2)",
        practice,
        most
    );
    gone.others += rows(&links.execute(&mut *connection).await?);
    let sessions = sqlx::query!(
        "DELETE FROM portal.session WHERE practice_id = $1 AND session_id IN
             (SELECT session_id FROM portal.session WHERE practice_id = $1 LIMIT $2)",
        practice,
        most
    );
    gone.others += rows(&sessions.execute(&mut *connection).await?);
    let of_staff = sqlx::query!(
        "DELETE FROM portal.workspace_session WHERE practice_id = $1 AND session_id IN
             (SELECT session_id FROM portal.workspace_session WHERE practice_id = $1 LIMIT $2)",
        practice,
        most
    );
    gone.others += rows(&of_staff.execute(&mut *connection).await?);
    let staff_links = sqlx::query!(
        "DELETE FROM portal.staff_link WHERE practice_id = $1 AND link_id IN
             (SELECT link_id FROM portal.staff_link WHERE practice_id = $1 LIMIT $2)",
        practice,
        most
    );
    gone.others += rows(&staff_links.execute(&mut *connection).await?);
    let contacts = sqlx::query!(
        "DELETE FROM portal.contact WHERE practice_id = $1 AND contact_id IN
             (SELECT contact_id FROM portal.contact WHERE practice_id = $1 LIMIT $2)",
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
        "DELETE FROM portal.client WHERE practice_id = $1 AND client_id IN
             (SELECT client_id FROM portal.client WHERE practice_id = $1 LIMIT $2)",
        practice,
        most
    );
    gone.clients += rows(&clients.execute(&mut *connection).await?);
    let deleted = sqlx::query!(
        "DELETE FROM portal.gone_contact WHERE practice_id = $1 AND contact_id IN
             (SELECT contact_id FROM portal.gone_contact WHERE practice_id = $1 LIMIT $2)",
        practice,
        most
    );
    gone.others += rows(&deleted.execute(connection).await?);
    Ok(())
}

/// Staff, whom a practice has few of, with their keys.
async fn staff(connection: &mut PgConnection, practice: Uuid) -> sqlx::Result<i64> {
    let keys = sqlx::query!("DELETE FROM portal.login_key WHERE practice_id = $1", practice);
    keys.execute(&mut *connection).await?;
    let users = sqlx::query!("DELETE FROM portal.practice_user WHERE practice_id = $1", practice);
    Ok(rows(&users.execute(connection).await?))
}

/// Logins, and nobody is behind them any more, each with its key.
async fn logins(connection: &mut PgConnection, practice: Uuid, most: i64) -> sqlx::Result<u64> {
    let keys = sqlx::query!(
        "DELETE FROM portal.login_key WHERE practice_id = $1 AND login_id IN
             (SELECT login_id FROM portal.login WHERE practice_id = $1 ORDER BY login_id LIMIT $2)",
        practice,
        most
    );
    keys.execute(&mut *connection).await?;
    let logins = sqlx::query!(
        "DELETE FROM portal.login WHERE practice_id = $1 AND login_id IN
             (SELECT login_id FROM portal.login WHERE practice_id = $1 ORDER BY login_id LIMIT $2)",
        practice,
        most
    );
    Ok(logins.execute(connection).await?.rows_affected())
}

/// Endpoints and keys, which a practice has few of, and what there is once.
async fn finish(connection: &mut PgConnection, practice: Uuid, now: Timestamp) -> sqlx::Result<()> {
    let keys = sqlx::query!("DELETE FROM portal.api_key WHERE practice_id = $1", practice);
    keys.execute(&mut *connection).await?;
    let head = sqlx::query!("DELETE FROM portal.journal_head WHERE practice_id = $1", practice);
    head.execute(&mut *connection).await?;
    let jobs = sqlx::query!("DELETE FROM portal.job WHERE practice_id = $1", practice);
    jobs.execute(&mut *connection).await?;
    let endpoints = sqlx::query!("DELETE FROM portal.webhook WHERE practice_id = $1", practice);
    endpoints.execute(&mut *connection).await?;
    let turn = sqlx::query!("DELETE FROM portal.outbox_turn WHERE practice_id = $1", practice);
    turn.execute(&mut *connection).await?;
    let turn = sqlx::query!("DELETE FROM portal.job_turn WHERE practice_id = $1", practice);
    turn.execute(&mut *connection).await?;
    let last = sqlx::query!("DELETE FROM portal.practice WHERE practice_id = $1", practice);
    last.execute(&mut *connection).await?;
    let receipt = sqlx::query!(
        "UPDATE portal.deletion SET finished_at = $2 WHERE practice_id = $1 AND finished_at IS NULL",
        practice,
        now.as_micros(),
    );
    receipt.execute(connection).await?;
    Ok(())
}
