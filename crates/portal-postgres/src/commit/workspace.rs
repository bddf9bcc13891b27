//! Sessions of the workspace.

use portal_domain::{
    change::Which,
    id::{UserId, WorkspaceSessionId},
    session::WorkspaceSession,
    time::Timestamp,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::work::{column, lent};
use crate::failure::Failure;

pub(crate) async fn open(
    connection: &mut PgConnection,
    practice: Uuid,
    sessions: &[&WorkspaceSession],
) -> Result<(), Failure> {
    if sessions.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO portal.workspace_session (practice_id, session_id, user_id, hash, origin, user_agent, created_at,
             last_seen_at, idle_until, expires_at, ended_at)
         SELECT $1, c.* FROM unnest($2::uuid[], $3::uuid[], $4::bytea[], $5::text[], $6::text[], $7::bigint[],
             $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[])
             AS c (session_id, user_id, hash, origin, user_agent, created_at, last_seen_at, idle_until, expires_at,
                 ended_at)",
        practice,
        &lent(sessions, |session| session.id.to_uuid()),
        &lent(sessions, |session| session.user.to_uuid()),
        &lent(sessions, |session| &session.hash.0[..]) as &[&[u8]],
        &lent(sessions, |session| session.origin.as_deref()) as &[Option<&str>],
        &lent(sessions, |session| session.user_agent.as_deref()) as &[Option<&str>],
        &lent(sessions, |session| session.created_at.as_micros()),
        &lent(sessions, |session| session.last_seen_at.as_micros()),
        &lent(sessions, |session| session.idle_until.as_micros()),
        &lent(sessions, |session| session.expires_at.as_micros()),
        &lent(sessions, |session| session.ended_at.map(Timestamp::as_micros)) as &[Option<i64>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn end(
    connection: &mut PgConnection,
    practice: Uuid,
    ended: &[(UserId, Which<WorkspaceSessionId>, Timestamp)],
) -> Result<(), Failure> {
    if ended.is_empty() {
        return Ok(());
    }
    let only = column(ended, |(_, which, _)| which.only_and_but().0.map(|session| session.to_uuid()));
    let but = column(ended, |(_, which, _)| which.only_and_but().1.map(|session| session.to_uuid()));
    sqlx::query!(
        "UPDATE portal.workspace_session s SET ended_at = c.at
         FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[]) AS c (user_id, only_id, but_id, at)
         WHERE s.practice_id = $1 AND s.user_id = c.user_id AND s.ended_at IS NULL
             AND (c.only_id IS NULL OR s.session_id = c.only_id)
             AND (c.but_id IS NULL OR s.session_id <> c.but_id)",
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

/// Notes use, only forward, and only while the session is valid: nothing revives one that is over.
pub(crate) async fn touch(
    connection: &mut PgConnection,
    practice: Uuid,
    touched: &[(WorkspaceSessionId, Timestamp, Timestamp)],
) -> Result<(), Failure> {
    if touched.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "UPDATE portal.workspace_session s SET last_seen_at = c.at, idle_until = c.idle_until
         FROM unnest($2::uuid[], $3::bigint[], $4::bigint[]) AS c (session_id, at, idle_until)
         WHERE s.practice_id = $1 AND s.session_id = c.session_id AND s.last_seen_at < c.at
             AND s.ended_at IS NULL AND s.idle_until > c.at AND s.expires_at > c.at",
        practice,
        &column(touched, |touch| touch.0.to_uuid()),
        &column(touched, |touch| touch.1.as_micros()),
        &column(touched, |touch| touch.2.as_micros()),
    )
    .execute(connection)
    .await?;
    Ok(())
}
