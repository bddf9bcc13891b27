//! Practice, staff, clients and contacts.

use sqlx::SqliteConnection;

use super::{
    every,
    plan::{Lists, Put},
};
use crate::{encode::Rows, error::Fault};

pub(super) async fn put_practice(connection: &mut SqliteConnection, practice: &[u8], put: &Put) -> Result<(), Fault> {
    if !put.new.is_empty() {
        let insert = sqlx::query!(
            "INSERT INTO portal_practice (practice_id, name, settings, mails_per_hour, suspended_at, delete_after, created_at,
                 version)
             SELECT ?1, value ->> 'name', value ->> 'settings', value ->> 'mails_per_hour', value ->> 'suspended_at',
                 value ->> 'delete_after', value ->> 'created_at', value ->> 'version'
             FROM json_each(?2)",
            practice,
            put.new.json
        );
        insert.execute(&mut *connection).await?;
        let name = sqlx::query!(
            "INSERT INTO portal_practice_slug (slug, practice_id) SELECT value ->> 'slug', ?1 FROM json_each(?2)",
            practice,
            put.new.json
        );
        name.execute(&mut *connection).await?;
    }
    if !put.replaced.is_empty() {
        let replace = sqlx::query!(
            "UPDATE portal_practice AS p
             SET name = e.value ->> 'name', settings = e.value ->> 'settings',
                 mails_per_hour = e.value ->> 'mails_per_hour', suspended_at = e.value ->> 'suspended_at',
                 delete_after = e.value ->> 'delete_after', version = e.value ->> 'version'
             FROM json_each(?2) AS e
             WHERE p.practice_id = ?1 AND p.version = (e.value ->> 'version') - 1",
            practice,
            put.replaced.json
        );
        every(&replace.execute(&mut *connection).await?, &put.replaced)?;
    }
    Ok(())
}

pub(super) async fn put_users(connection: &mut SqliteConnection, practice: &[u8], put: &Put) -> Result<(), Fault> {
    if !put.new.is_empty() {
        let insert = sqlx::query!(
            "INSERT INTO portal_practice_user (practice_id, user_id, ref, name, address, removed, key, role,
                 created_at, version)
             SELECT ?1, unhex(value ->> 'id'), value ->> 'ref', value ->> 'name', value ->> 'address',
                 value ->> 'removed', value ->> 'key', value ->> 'role', value ->> 'created_at', value ->> 'version'
             FROM json_each(?2)",
            practice,
            put.new.json
        );
        insert.execute(&mut *connection).await?;
    }
    if !put.replaced.is_empty() {
        let replace = sqlx::query!(
            "WITH e AS MATERIALIZED (SELECT ?1 AS practice_id, value FROM json_each(?2))
             UPDATE portal_practice_user AS u
             SET name = e.value ->> 'name', address = e.value ->> 'address', removed = e.value ->> 'removed',
                 key = e.value ->> 'key', role = e.value ->> 'role', version = e.value ->> 'version'
             FROM e
             WHERE u.practice_id = e.practice_id AND u.user_id = unhex(e.value ->> 'id')
                 AND u.version = (e.value ->> 'version') - 1",
            practice,
            put.replaced.json
        );
        every(&replace.execute(&mut *connection).await?, &put.replaced)?;
    }
    Ok(())
}

pub(super) async fn delete_users(connection: &mut SqliteConnection, practice: &[u8], ids: &Rows) -> Result<(), Fault> {
    if ids.is_empty() {
        return Ok(());
    }
    let delete = sqlx::query!(
        "DELETE FROM portal_practice_user
         WHERE practice_id = ?1 AND user_id IN (SELECT unhex(value) FROM json_each(?2))",
        practice,
        ids.json
    );
    delete.execute(connection).await?;
    Ok(())
}

pub(super) async fn put_clients(connection: &mut SqliteConnection, practice: &[u8], put: &Put) -> Result<(), Fault> {
    if !put.new.is_empty() {
        let insert = sqlx::query!(
            "INSERT INTO portal_client (practice_id, client_id, ref, name, suspended, created_at, version)
             SELECT ?1, unhex(value ->> 'id'), value ->> 'ref', value ->> 'name', value ->> 'suspended',
                 value ->> 'created_at', value ->> 'version'
             FROM json_each(?2)",
            practice,
            put.new.json
        );
        insert.execute(&mut *connection).await?;
    }
    if !put.replaced.is_empty() {
        let replace = sqlx::query!(
            "WITH e AS MATERIALIZED (SELECT ?1 AS practice_id, value FROM json_each(?2))
             UPDATE portal_client AS c
             SET name = e.value ->> 'name', suspended = e.value ->> 'suspended', version = e.value ->> 'version'
             FROM e
             WHERE c.practice_id = e.practice_id AND c.client_id = unhex(e.value ->> 'id')
                 AND c.version = (e.value ->> 'version') - 1",
            practice,
            put.replaced.json
        );
        every(&replace.execute(&mut *connection).await?, &put.replaced)?;
    }
    Ok(())
}

/// Deletes clients, from contacts by the schema, from sessions here.
pub(super) async fn delete_clients(
    connection: &mut SqliteConnection,
    practice: &[u8],
    ids: &Rows,
) -> Result<(), Fault> {
    if ids.is_empty() {
        return Ok(());
    }
    let unselect = sqlx::query!(
        "UPDATE portal_session SET profile_contact_id = NULL, profile_client_id = NULL
         WHERE practice_id = ?1 AND profile_client_id IN (SELECT unhex(value) FROM json_each(?2))",
        practice,
        ids.json
    );
    unselect.execute(&mut *connection).await?;
    let delete = sqlx::query!(
        "DELETE FROM portal_client WHERE practice_id = ?1 AND client_id IN (SELECT unhex(value) FROM json_each(?2))",
        practice,
        ids.json
    );
    delete.execute(&mut *connection).await?;
    Ok(())
}

pub(super) async fn put_contacts(connection: &mut SqliteConnection, practice: &[u8], put: &Put) -> Result<(), Fault> {
    if !put.new.is_empty() {
        let insert = sqlx::query!(
            "INSERT INTO portal_contact (practice_id, contact_id, ref, name, locale, access, login_id, behind_since,
                 activated_at, moved_from_address, moved_from_at, refused_update, trial, created_at, version)
             SELECT ?1, unhex(value ->> 'id'), value ->> 'ref', value ->> 'name', value ->> 'locale',
                 value ->> 'access', unhex(value ->> 'login'), value ->> 'behind_since', value ->> 'activated_at',
                 value ->> 'moved_from', value ->> 'moved_at', value ->> 'refused', value ->> 'trial',
                 value ->> 'created_at', value ->> 'version'
             FROM json_each(?2)",
            practice,
            put.new.json
        );
        insert.execute(&mut *connection).await?;
    }
    if !put.replaced.is_empty() {
        let replace = sqlx::query!(
            "WITH e AS MATERIALIZED (SELECT ?1 AS practice_id, value FROM json_each(?2))
             UPDATE portal_contact AS c
             SET ref = e.value ->> 'ref', name = e.value ->> 'name', locale = e.value ->> 'locale',
                 access = e.value ->> 'access', login_id = unhex(e.value ->> 'login'),
                 behind_since = e.value ->> 'behind_since', activated_at = e.value ->> 'activated_at',
                 moved_from_address = e.value ->> 'moved_from', moved_from_at = e.value ->> 'moved_at',
                 refused_update = e.value ->> 'refused', trial = e.value ->> 'trial', created_at = e.value ->> 'created_at', version = e.value ->> 'version'
             FROM e
             WHERE c.practice_id = e.practice_id AND c.contact_id = unhex(e.value ->> 'id')
                 AND c.version = (e.value ->> 'version') - 1",
            practice,
            put.replaced.json
        );
        every(&replace.execute(&mut *connection).await?, &put.replaced)?;
    }
    Ok(())
}

/// Addresses and clients of contacts that were put.
pub(super) async fn replace_lists(
    connection: &mut SqliteConnection,
    practice: &[u8],
    lists: &Lists,
) -> Result<(), Fault> {
    if !lists.replaced.is_empty() {
        let clear = sqlx::query!(
            "DELETE FROM portal_contact_email
             WHERE practice_id = ? AND contact_id IN (SELECT unhex(value) FROM json_each(?));
             DELETE FROM portal_contact_client
             WHERE practice_id = ? AND contact_id IN (SELECT unhex(value) FROM json_each(?))",
            practice,
            lists.replaced.json,
            practice,
            lists.replaced.json
        );
        clear.execute(&mut *connection).await?;
    }
    if !lists.emails.is_empty() || !lists.clients.is_empty() {
        let fill = sqlx::query!(
            "INSERT INTO portal_contact_email (practice_id, contact_id, position, address, removed, key)
             SELECT ?, unhex(value ->> 'contact'), value ->> 'position', value ->> 'address', value ->> 'removed',
                 value ->> 'key'
             FROM json_each(?);
             INSERT INTO portal_contact_client (practice_id, contact_id, client_id)
             SELECT ?, unhex(value ->> 'contact'), unhex(value ->> 'client') FROM json_each(?)",
            practice,
            lists.emails.json,
            practice,
            lists.clients.json
        );
        fill.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Deletes contacts; what hangs on them goes with them. Which reference they had is kept, with the time of the decision.
pub(super) async fn delete_contacts(
    connection: &mut SqliteConnection,
    practice: &[u8],
    ids: &Rows,
    told_at: Option<i64>,
) -> Result<(), Fault> {
    if ids.is_empty() {
        return Ok(());
    }
    let remember = sqlx::query!(
        "INSERT INTO portal_gone_contact (practice_id, contact_id, ref, deleted_at)
         SELECT c.practice_id, c.contact_id, c.ref, coalesce(?3, c.created_at) FROM json_each(?2) AS e
         CROSS JOIN portal_contact AS c ON c.practice_id = ?1 AND c.contact_id = unhex(e.value)",
        practice,
        ids.json,
        told_at
    );
    remember.execute(&mut *connection).await?;
    let delete = sqlx::query!(
        "DELETE FROM portal_contact WHERE practice_id = ?1 AND contact_id IN (SELECT unhex(value) FROM json_each(?2))",
        practice,
        ids.json
    );
    delete.execute(connection).await?;
    Ok(())
}

pub(super) async fn remember_keys(
    connection: &mut SqliteConnection,
    practice: &[u8],
    keys: &Rows,
) -> Result<(), Fault> {
    if keys.is_empty() {
        return Ok(());
    }
    let remember = sqlx::query!(
        "INSERT INTO portal_contact_former_key (practice_id, contact_id, key, wrong)
         SELECT ?1, unhex(value ->> 'contact'), value ->> 'key', value ->> 'wrong' FROM json_each(?2) WHERE true
         ON CONFLICT (practice_id, contact_id, key) DO UPDATE SET wrong = excluded.wrong",
        practice,
        keys.json
    );
    remember.execute(connection).await?;
    Ok(())
}
