//! Looks of staff at the portal, and who may look (V1).

use portal_domain::{
    id::{UserId, ViewingId},
    time::Timestamp,
    viewing::Viewing,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::work::{column, lent};
use crate::failure::Failure;

pub(crate) async fn end(
    connection: &mut PgConnection,
    practice: Uuid,
    ended: &[(ViewingId, Timestamp)],
) -> Result<(), Failure> {
    if ended.is_empty() {
        return Ok(());
    }
    let done = sqlx::query!(
        "UPDATE portal.viewing v SET ended_at = c.at FROM unnest($2::uuid[], $3::bigint[]) AS c (viewing_id, at)
         WHERE v.practice_id = $1 AND v.viewing_id = c.viewing_id AND v.ended_at IS NULL",
        practice,
        &column(ended, |(viewing, _)| viewing.to_uuid()),
        &column(ended, |(_, at)| at.as_micros()),
    )
    .execute(connection)
    .await?;
    if done.rows_affected() == ended.len() as u64 { Ok(()) } else { Err(Failure::Conflict) }
}

pub(crate) async fn open(connection: &mut PgConnection, practice: Uuid, opened: &[&Viewing]) -> Result<(), Failure> {
    if opened.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO portal.viewing (practice_id, viewing_id, hash, session_id, contact_id, client_id, created_at,
             expires_at, ended_at)
         SELECT $1, c.* FROM unnest($2::uuid[], $3::bytea[], $4::uuid[], $5::uuid[], $6::uuid[], $7::bigint[],
             $8::bigint[], $9::bigint[])
             AS c (viewing_id, hash, session_id, contact_id, client_id, created_at, expires_at, ended_at)",
        practice,
        &lent(opened, |viewing| viewing.id.to_uuid()),
        &lent(opened, |viewing| &viewing.hash.0[..]) as &[&[u8]],
        &lent(opened, |viewing| viewing.session.to_uuid()),
        &lent(opened, |viewing| viewing.profile.contact.to_uuid()),
        &lent(opened, |viewing| viewing.profile.client.to_uuid()),
        &lent(opened, |viewing| viewing.created_at.as_micros()),
        &lent(opened, |viewing| viewing.expires_at.as_micros()),
        &lent(opened, |viewing| viewing.ended_at.map(Timestamp::as_micros)) as &[Option<i64>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn grant(connection: &mut PgConnection, practice: Uuid, users: &[UserId]) -> Result<(), Failure> {
    if users.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO portal.viewer (practice_id, user_id) SELECT $1, c.user_id FROM unnest($2::uuid[]) AS c (user_id)
         ON CONFLICT DO NOTHING",
        practice,
        &column(users, |user| user.to_uuid()),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn revoke(connection: &mut PgConnection, practice: Uuid, users: &[UserId]) -> Result<(), Failure> {
    if users.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "DELETE FROM portal.viewer WHERE practice_id = $1 AND user_id = ANY ($2)",
        practice,
        &column(users, |user| user.to_uuid()),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Where there is a practice already, no other is the first. Whoever makes one meanwhile waits: there is nobody else to wait.
pub(crate) async fn none_before(connection: &mut PgConnection, first: bool) -> Result<(), Failure> {
    if !first {
        return Ok(());
    }
    sqlx::query!("LOCK TABLE portal.practice IN SHARE ROW EXCLUSIVE MODE").execute(&mut *connection).await?;
    // One that is being deleted has no name any more.
    let known = sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM portal.practice_slug) AS "known!""#);
    if known.fetch_one(connection).await? { Err(Failure::Conflict) } else { Ok(()) }
}
