//! Sessions of the workspace.

use portal_domain::{
    facts::WorkspaceSessionFacts,
    id::PracticeId,
    session::{WorkspaceSession, WorkspaceSessionHash},
    time::Timestamp,
};
use sqlx::SqliteConnection;

use super::{
    decode::{id, maybe_time},
    rows::UserRow,
};
use crate::error::Fault;

/// One statement, so that session and user are of one picture.
pub(crate) async fn session(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    hash: &WorkspaceSessionHash,
) -> Result<Option<WorkspaceSessionFacts>, Fault> {
    let (practice, digest) = (practice.to_bytes(), hash.0.as_slice());
    let practice = practice.as_slice();
    let row = sqlx::query!(
        "SELECT s.session_id, s.origin, s.user_agent, s.created_at AS began_at, s.last_seen_at, s.idle_until,
             s.expires_at, s.ended_at, u.user_id, u.ref AS reference, u.name, u.address, u.removed, u.role, u.created_at, u.version
         FROM portal_workspace_session AS s
         JOIN portal_practice_user AS u ON u.practice_id = s.practice_id AND u.user_id = s.user_id
         WHERE s.practice_id = ?1 AND s.hash = ?2",
        practice,
        digest
    );
    let Some(row) = row.fetch_optional(connection).await? else { return Ok(None) };
    let user = UserRow {
        user_id: row.user_id,
        reference: row.reference,
        name: row.name,
        address: row.address,
        removed: row.removed,
        role: row.role,
        created_at: row.created_at,
        version: row.version,
    };
    let user = user.read()?;
    let session = WorkspaceSession {
        id: id(&row.session_id, "workspace_session.session_id")?,
        user: user.id,
        hash: *hash,
        origin: row.origin,
        user_agent: row.user_agent,
        created_at: Timestamp::from_micros(row.began_at),
        last_seen_at: Timestamp::from_micros(row.last_seen_at),
        idle_until: Timestamp::from_micros(row.idle_until),
        expires_at: Timestamp::from_micros(row.expires_at),
        ended_at: maybe_time(row.ended_at),
    };
    Ok(Some(WorkspaceSessionFacts { session, user }))
}
