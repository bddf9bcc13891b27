//! The key registry, and API keys.

use portal_domain::{
    change::KeyOwner,
    email::LoginKey,
    id::ApiKeyId,
    practice::{ApiKey, Scope},
    throttle::BucketName,
    time::Timestamp,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    people::all,
    work::{column, lent},
};
use crate::failure::Failure;

pub(crate) async fn release(connection: &mut PgConnection, practice: Uuid, keys: &[&LoginKey]) -> Result<(), Failure> {
    if keys.is_empty() {
        return Ok(());
    }
    let keys = lent(keys, LoginKey::as_str);
    sqlx::query!("DELETE FROM portal.login_key WHERE practice_id = $1 AND key = ANY ($2)", practice, &keys as &[&str],)
        .execute(connection)
        .await?;
    Ok(())
}

/// Claims keys in their order. One that is held, or is being claimed by a commit that ends well, is a conflict.
pub(crate) async fn claim(
    connection: &mut PgConnection,
    practice: Uuid,
    keys: &[(&LoginKey, KeyOwner)],
) -> Result<(), Failure> {
    if keys.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = keys.iter().map(|(key, _)| key.as_str()).collect();
    let users = column(keys, |(_, owner)| match owner {
        KeyOwner::User(user) => Some(user.to_uuid()),
        KeyOwner::Login(_) => None,
    });
    let logins = column(keys, |(_, owner)| match owner {
        KeyOwner::User(_) => None,
        KeyOwner::Login(login) => Some(login.to_uuid()),
    });
    sqlx::query!(
        "INSERT INTO portal.login_key (practice_id, key, user_id, login_id)
         SELECT $1, c.key, c.user_id, c.login_id
         FROM unnest($2::text[], $3::uuid[], $4::uuid[]) AS c (key, user_id, login_id)",
        practice,
        &names as &[&str],
        &users as &[Option<Uuid>],
        &logins as &[Option<Uuid>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn add_api_keys(connection: &mut PgConnection, keys: &[&ApiKey]) -> Result<(), Failure> {
    if keys.is_empty() {
        return Ok(());
    }
    let scopes = lent(keys, |key| key.scopes.iter().map(|scope| Scope::code(*scope)).collect::<Vec<_>>().join(" "));
    sqlx::query!(
        "INSERT INTO portal.api_key (practice_id, api_key_id, name, scopes, hash, created_at, revoked_at)
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bytea[], $6::bigint[], $7::bigint[])",
        &lent(keys, |key| key.practice.to_uuid()),
        &lent(keys, |key| key.id.to_uuid()),
        &lent(keys, |key| key.name.as_str()) as &[&str],
        &scopes,
        &lent(keys, |key| &key.hash.0[..]) as &[&[u8]],
        &lent(keys, |key| key.created_at.as_micros()),
        &lent(keys, |key| key.revoked_at.map(Timestamp::as_micros)) as &[Option<i64>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends API keys. One that is unknown or ended is a conflict.
pub(crate) async fn revoke_api_keys(
    connection: &mut PgConnection,
    practice: Uuid,
    keys: &[(ApiKeyId, Timestamp)],
) -> Result<(), Failure> {
    if keys.is_empty() {
        return Ok(());
    }
    let done = sqlx::query!(
        "UPDATE portal.api_key k SET revoked_at = c.at
         FROM unnest($2::uuid[], $3::bigint[]) AS c (api_key_id, at)
         WHERE k.practice_id = $1 AND k.api_key_id = c.api_key_id AND k.revoked_at IS NULL",
        practice,
        &column(keys, |(key, _)| key.to_uuid()),
        &column(keys, |(_, at)| at.as_micros()),
    )
    .execute(connection)
    .await?;
    all(&done, keys.len())
}

/// Forgets counters of tries.
pub(crate) async fn forget_tries(
    connection: &mut PgConnection,
    practice: Uuid,
    names: &[BucketName],
) -> Result<(), Failure> {
    if names.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "DELETE FROM portal.throttle WHERE practice_id = $1 AND name = ANY ($2)",
        practice,
        &column(names, |name| name.0.to_vec()),
    )
    .execute(connection)
    .await?;
    Ok(())
}
