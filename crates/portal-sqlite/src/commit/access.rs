//! Logins, and what hangs on them: links and sessions.
//!
//! Without statistics SQLite takes a practice for ten rows and may walk through all of it: the rows of a statement are
//! materialised with their practice, so that they come first, and an index is named where it would still choose wrong.

use sqlx::SqliteConnection;

use super::{every, passages, plan::Put};
use crate::{encode::Rows, error::Fault};

pub(super) async fn put_logins(connection: &mut SqliteConnection, practice: &[u8], put: &Put) -> Result<(), Fault> {
    if !put.new.is_empty() {
        let insert = sqlx::query!(
            "INSERT INTO portal_login (practice_id, login_id, key, epoch, credential_id, credential_hash,
                 credential_confirmed_at, credential_set_at, version)
             SELECT ?1, unhex(value ->> 'id'), value ->> 'key', value ->> 'epoch', unhex(value ->> 'credential'),
                 value ->> 'hash', value ->> 'confirmed_at', value ->> 'set_at', value ->> 'version'
             FROM json_each(?2)",
            practice,
            put.new.json
        );
        insert.execute(&mut *connection).await?;
    }
    if !put.replaced.is_empty() {
        let replace = sqlx::query!(
            "WITH e AS MATERIALIZED (SELECT ?1 AS practice_id, value FROM json_each(?2))
             UPDATE portal_login AS l
             SET key = e.value ->> 'key', epoch = e.value ->> 'epoch',
                 credential_id = unhex(e.value ->> 'credential'), credential_hash = e.value ->> 'hash',
                 credential_confirmed_at = e.value ->> 'confirmed_at', credential_set_at = e.value ->> 'set_at',
                 version = e.value ->> 'version'
             FROM e
             WHERE l.practice_id = e.practice_id AND l.login_id = unhex(e.value ->> 'id')
                 AND l.version = (e.value ->> 'version') - 1",
            practice,
            put.replaced.json
        );
        every(&replace.execute(&mut *connection).await?, &put.replaced)?;
    }
    Ok(())
}

/// Erases logins, their sessions by the schema; their links end at the time that the commit tells of.
pub(super) async fn delete_logins(
    connection: &mut SqliteConnection,
    practice: &[u8],
    ids: &Rows,
    told_at: Option<i64>,
) -> Result<(), Fault> {
    if ids.is_empty() {
        return Ok(());
    }
    let end = sqlx::query!(
        "WITH e AS MATERIALIZED (SELECT ?1 AS practice_id, unhex(value) AS login_id FROM json_each(?2))
         UPDATE portal_link AS k INDEXED BY portal_link_login SET ended_at = coalesce(?3, k.created_at) FROM e
         WHERE k.practice_id = e.practice_id AND k.login_id = e.login_id
             AND k.used_at IS NULL AND k.ended_at IS NULL AND k.expires_at > coalesce(?3, k.created_at)",
        practice,
        ids.json,
        told_at
    );
    end.execute(&mut *connection).await?;
    let delete = sqlx::query!(
        "DELETE FROM portal_login WHERE practice_id = ?1 AND login_id IN (SELECT unhex(value) FROM json_each(?2))",
        practice,
        ids.json
    );
    delete.execute(&mut *connection).await?;
    Ok(())
}

/// Uses links, each once; one that is not usable is a conflict.
pub(super) async fn use_links(connection: &mut SqliteConnection, practice: &[u8], links: &Rows) -> Result<(), Fault> {
    if links.is_empty() {
        return Ok(());
    }
    let once = sqlx::query!(
        "WITH e AS MATERIALIZED (SELECT ?1 AS practice_id, value FROM json_each(?2))
             UPDATE portal_link AS k SET used_at = e.value ->> 'at' FROM e
         WHERE k.practice_id = e.practice_id AND k.link_id = unhex(e.value ->> 'id')
             AND k.used_at IS NULL AND k.ended_at IS NULL AND k.expires_at > e.value ->> 'at'",
        practice,
        links.json
    );
    every(&once.execute(connection).await?, links)
}

/// Notes that links were dealt with before their end, or at it; one that is noted for as few days is a conflict.
pub(super) async fn note_reminded(
    connection: &mut SqliteConnection,
    practice: &[u8],
    links: &Rows,
) -> Result<(), Fault> {
    if links.is_empty() {
        return Ok(());
    }
    let note = sqlx::query!(
        "WITH e AS MATERIALIZED (SELECT ?1 AS practice_id, value FROM json_each(?2))
             UPDATE portal_link AS k SET reminded_days = e.value ->> 'days' FROM e
         WHERE k.practice_id = e.practice_id AND k.link_id = unhex(e.value ->> 'id')
             AND k.used_at IS NULL AND k.ended_at IS NULL
             AND (k.reminded_days IS NULL OR k.reminded_days > e.value ->> 'days')",
        practice,
        links.json
    );
    every(&note.execute(connection).await?, links)
}

/// Ends links, of whole logins and one by one.
pub(super) async fn end_links(
    connection: &mut SqliteConnection,
    practice: &[u8],
    of_logins: &Rows,
    single: &Rows,
) -> Result<(), Fault> {
    if !of_logins.is_empty() {
        let end = sqlx::query!(
            "WITH e AS MATERIALIZED (SELECT ?1 AS practice_id, value FROM json_each(?2))
             UPDATE portal_link AS k SET ended_at = e.value ->> 'at' FROM e
             WHERE k.practice_id = e.practice_id AND k.login_id = unhex(e.value ->> 'id')
                 AND k.used_at IS NULL AND k.ended_at IS NULL",
            practice,
            of_logins.json
        );
        end.execute(&mut *connection).await?;
        passages::end_handoffs(connection, practice, of_logins).await?;
    }
    if !single.is_empty() {
        let end = sqlx::query!(
            "WITH e AS MATERIALIZED (SELECT ?1 AS practice_id, value FROM json_each(?2))
             UPDATE portal_link AS k SET ended_at = e.value ->> 'at' FROM e
             WHERE k.practice_id = e.practice_id AND k.link_id = unhex(e.value ->> 'id')
                 AND k.used_at IS NULL AND k.ended_at IS NULL",
            practice,
            single.json
        );
        end.execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) async fn end_sessions(connection: &mut SqliteConnection, practice: &[u8], rows: &Rows) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let end = sqlx::query!(
        "WITH e AS MATERIALIZED (SELECT ?1 AS practice_id, value FROM json_each(?2))
             UPDATE portal_session AS s INDEXED BY portal_session_login SET ended_at = e.value ->> 'at' FROM e
         WHERE s.practice_id = e.practice_id AND s.login_id = unhex(e.value ->> 'login') AND s.ended_at IS NULL
             AND (e.value ->> 'only' IS NULL OR s.session_id = unhex(e.value ->> 'only'))
             AND (e.value ->> 'but' IS NULL OR s.session_id <> unhex(e.value ->> 'but'))",
        practice,
        rows.json
    );
    end.execute(connection).await?;
    Ok(())
}

pub(super) async fn touch_sessions(
    connection: &mut SqliteConnection,
    practice: &[u8],
    rows: &Rows,
) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let touch = sqlx::query!(
        "WITH e AS MATERIALIZED (SELECT ?1 AS practice_id, value FROM json_each(?2))
             UPDATE portal_session AS s SET last_seen_at = e.value ->> 'at', idle_until = e.value ->> 'idle_until'
         FROM e
         WHERE s.practice_id = e.practice_id AND s.session_id = unhex(e.value ->> 'id') AND s.last_seen_at < e.value ->> 'at'
             AND s.ended_at IS NULL AND s.idle_until > e.value ->> 'at' AND s.expires_at > e.value ->> 'at'",
        practice,
        rows.json
    );
    touch.execute(connection).await?;
    Ok(())
}

pub(super) async fn select_profiles(
    connection: &mut SqliteConnection,
    practice: &[u8],
    rows: &Rows,
) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let select = sqlx::query!(
        "WITH e AS MATERIALIZED (SELECT ?1 AS practice_id, value FROM json_each(?2))
             UPDATE portal_session AS s
         SET profile_contact_id = unhex(e.value ->> 'contact'), profile_client_id = unhex(e.value ->> 'client')
         FROM e
         WHERE s.practice_id = e.practice_id AND s.session_id = unhex(e.value ->> 'id')",
        practice,
        rows.json
    );
    select.execute(connection).await?;
    Ok(())
}

/// Opens links and sessions, after all that ends any.
pub(super) async fn open(
    connection: &mut SqliteConnection,
    practice: &[u8],
    links: &Rows,
    sessions: &Rows,
) -> Result<(), Fault> {
    if !links.is_empty() {
        let open = sqlx::query!(
            "INSERT INTO portal_link (practice_id, link_id, login_id, contact_id, purpose, address, signed_with, epoch,
                 created_at, expires_at, used_at, ended_at)
             SELECT ?1, unhex(value ->> 'id'), unhex(value ->> 'login'), unhex(value ->> 'contact'),
                 value ->> 'purpose', value ->> 'address', value ->> 'signed_with', value ->> 'epoch',
                 value ->> 'created_at', value ->> 'expires_at', value ->> 'used_at', value ->> 'ended_at'
             FROM json_each(?2)",
            practice,
            links.json
        );
        open.execute(&mut *connection).await?;
    }
    if !sessions.is_empty() {
        let open = sqlx::query!(
            "INSERT INTO portal_session (practice_id, session_id, login_id, hash, epoch, profile_contact_id,
                 profile_client_id, factors, told, origin, user_agent, created_at, last_seen_at, idle_until, expires_at,
                 ended_at)
             SELECT ?1, unhex(value ->> 'id'), unhex(value ->> 'login'), unhex(value ->> 'hash'), value ->> 'epoch',
                 unhex(value ->> 'contact'), unhex(value ->> 'client'), value ->> 'factors', value ->> 'told',
                 value ->> 'origin', value ->> 'user_agent',
                 value ->> 'created_at', value ->> 'last_seen_at', value ->> 'idle_until', value ->> 'expires_at',
                 value ->> 'ended_at'
             FROM json_each(?2)",
            practice,
            sessions.json
        );
        open.execute(&mut *connection).await?;
    }
    Ok(())
}
