//! Passwords and links of practice users.

use portal_domain::{
    change::Which,
    id::{LinkId, UserId},
    staff::{StaffCredential, StaffLink},
    time::Timestamp,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::work::{column, lent};
use crate::failure::Failure;

/// Uses links. Each is guarded by itself: it must be usable at that time.
pub(crate) async fn use_links(
    connection: &mut PgConnection,
    practice: Uuid,
    used: &[(LinkId, Timestamp)],
) -> Result<(), Failure> {
    if used.is_empty() {
        return Ok(());
    }
    let done = sqlx::query!(
        "UPDATE portal.staff_link k SET used_at = c.at FROM unnest($2::uuid[], $3::bigint[]) AS c (link_id, at)
         WHERE k.practice_id = $1 AND k.link_id = c.link_id AND k.used_at IS NULL AND k.ended_at IS NULL
             AND k.expires_at > c.at",
        practice,
        &column(used, |(link, _)| link.to_uuid()),
        &column(used, |(_, at)| at.as_micros()),
    )
    .execute(connection)
    .await?;
    if done.rows_affected() == used.len() as u64 { Ok(()) } else { Err(Failure::Conflict) }
}

pub(crate) async fn end_links(
    connection: &mut PgConnection,
    practice: Uuid,
    ended: &[(UserId, Which<LinkId>, Timestamp)],
) -> Result<(), Failure> {
    if ended.is_empty() {
        return Ok(());
    }
    let only = column(ended, |(_, which, _)| which.only_and_but().0.map(|link| link.to_uuid()));
    let but = column(ended, |(_, which, _)| which.only_and_but().1.map(|link| link.to_uuid()));
    sqlx::query!(
        "UPDATE portal.staff_link k SET ended_at = c.at
         FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[]) AS c (user_id, only_id, but_id, at)
         WHERE k.practice_id = $1 AND k.user_id = c.user_id AND k.used_at IS NULL AND k.ended_at IS NULL
             AND (c.only_id IS NULL OR k.link_id = c.only_id)
             AND (c.but_id IS NULL OR k.link_id <> c.but_id)",
        practice,
        &column(ended, |(user, _, _)| user.to_uuid()),
        &only as &[Option<Uuid>],
        &but as &[Option<Uuid>],
        &column(ended, |(_, _, at)| at.as_micros()),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn open_links(
    connection: &mut PgConnection,
    practice: Uuid,
    links: &[&StaffLink],
) -> Result<(), Failure> {
    if links.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO portal.staff_link (practice_id, link_id, user_id, kind, address, signed_with, created_at,
             expires_at, used_at, ended_at)
         SELECT $1, c.* FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::bigint[],
             $8::bigint[], $9::bigint[], $10::bigint[])
             AS c (link_id, user_id, kind, address, signed_with, created_at, expires_at, used_at, ended_at)",
        practice,
        &lent(links, |link| link.id.to_uuid()),
        &lent(links, |link| link.user.to_uuid()),
        &lent(links, |link| link.kind.code()) as &[&str],
        &lent(links, |link| link.address.as_str()) as &[&str],
        &lent(links, |link| link.signed_with.as_str()) as &[&str],
        &lent(links, |link| link.created_at.as_micros()),
        &lent(links, |link| link.expires_at.as_micros()),
        &lent(links, |link| link.used_at.map(Timestamp::as_micros)) as &[Option<i64>],
        &lent(links, |link| link.ended_at.map(Timestamp::as_micros)) as &[Option<i64>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn drop_credentials(
    connection: &mut PgConnection,
    practice: Uuid,
    users: &[UserId],
) -> Result<(), Failure> {
    if users.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "DELETE FROM portal.staff_credential WHERE practice_id = $1 AND user_id = ANY ($2)",
        practice,
        &column(users, |user| user.to_uuid()),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn put_credentials(
    connection: &mut PgConnection,
    practice: Uuid,
    credentials: &[(UserId, &StaffCredential)],
) -> Result<(), Failure> {
    if credentials.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO portal.staff_credential (practice_id, user_id, credential_id, hash, confirmed_at, set_at)
         SELECT $1, c.* FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bigint[])
             AS c (user_id, credential_id, hash, confirmed_at, set_at)
         ON CONFLICT (practice_id, user_id) DO UPDATE SET credential_id = excluded.credential_id,
             hash = excluded.hash, confirmed_at = excluded.confirmed_at, set_at = excluded.set_at",
        practice,
        &column(credentials, |(user, _)| user.to_uuid()),
        &column(credentials, |(_, held)| held.id.to_uuid()),
        &column(credentials, |(_, held)| held.hash.as_str()) as &[&str],
        &column(credentials, |(_, held)| held.confirmed_at.as_str()) as &[&str],
        &column(credentials, |(_, held)| held.set_at.as_micros()),
    )
    .execute(connection)
    .await?;
    Ok(())
}
