//! Keys: of logins and staff, and of host programs.

use sqlx::SqliteConnection;

use super::every;
use crate::{encode::Rows, error::Fault};

pub(super) async fn release(connection: &mut SqliteConnection, practice: &[u8], keys: &Rows) -> Result<(), Fault> {
    if keys.is_empty() {
        return Ok(());
    }
    let release = sqlx::query!(
        "DELETE FROM portal_login_key WHERE practice_id = ?1 AND key IN (SELECT value FROM json_each(?2))",
        practice,
        keys.json
    );
    release.execute(connection).await?;
    Ok(())
}

/// Takes keys in their order; one that is held by somebody is a conflict.
pub(super) async fn claim(connection: &mut SqliteConnection, practice: &[u8], keys: &Rows) -> Result<(), Fault> {
    if keys.is_empty() {
        return Ok(());
    }
    let claim = sqlx::query!(
        "INSERT INTO portal_login_key (practice_id, key, user_id, login_id)
         SELECT ?1, value ->> 'key', unhex(value ->> 'user'), unhex(value ->> 'login') FROM json_each(?2)",
        practice,
        keys.json
    );
    claim.execute(connection).await?;
    Ok(())
}

/// Adds API keys and ends others. To end one that is unknown or ended is a conflict.
pub(super) async fn api_keys(
    connection: &mut SqliteConnection,
    practice: &[u8],
    added: &Rows,
    revoked: &Rows,
) -> Result<(), Fault> {
    if !added.is_empty() {
        let add = sqlx::query!(
            "INSERT INTO portal_api_key (practice_id, api_key_id, name, scopes, hash, created_at, revoked_at)
             SELECT ?1, unhex(value ->> 'id'), value ->> 'name', value ->> 'scopes', unhex(value ->> 'hash'),
                 value ->> 'created_at', value ->> 'revoked_at'
             FROM json_each(?2)",
            practice,
            added.json
        );
        add.execute(&mut *connection).await?;
    }
    if !revoked.is_empty() {
        let revoke = sqlx::query!(
            "WITH e AS MATERIALIZED (SELECT ?1 AS practice_id, value FROM json_each(?2))
             UPDATE portal_api_key AS k SET revoked_at = e.value ->> 'at' FROM e
             WHERE k.practice_id = e.practice_id AND k.api_key_id = unhex(e.value ->> 'id') AND k.revoked_at IS NULL",
            practice,
            revoked.json
        );
        every(&revoke.execute(connection).await?, revoked)?;
    }
    Ok(())
}

/// Forgets counters of tries.
pub(super) async fn forget_tries(
    connection: &mut SqliteConnection,
    practice: &[u8],
    names: &Rows,
) -> Result<(), Fault> {
    if names.is_empty() {
        return Ok(());
    }
    let forget = sqlx::query!(
        "DELETE FROM portal_throttle
         WHERE practice_id = ?1 AND name IN (SELECT unhex(value) FROM json_each(?2))",
        practice,
        names.json
    );
    forget.execute(connection).await?;
    Ok(())
}
