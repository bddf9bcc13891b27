//! Sessions of the workspace.

use portal_domain::{
    facts::WorkspaceSessionFacts,
    id::PracticeId,
    port::StoreError,
    session::{WorkspaceSession, WorkspaceSessionHash},
};
use sqlx::PgPool;

use crate::{
    failure::store_error,
    row::{self, UserRow},
};

/// One statement, so that session and user are of one picture.
pub(crate) async fn workspace_session(
    pool: &PgPool,
    practice: PracticeId,
    hash: &WorkspaceSessionHash,
) -> Result<Option<WorkspaceSessionFacts>, StoreError> {
    let found = sqlx::query!(
        "SELECT s.session_id, s.origin, s.user_agent, s.created_at AS began_at, s.last_seen_at, s.idle_until,
             s.expires_at, s.ended_at, u.user_id, u.ref AS reference, u.name, u.address, u.removed, u.role,
             u.created_at, u.version
         FROM portal.workspace_session s
         JOIN portal.practice_user u ON u.practice_id = s.practice_id AND u.user_id = s.user_id
         WHERE s.practice_id = $1 AND s.hash = $2",
        row::uuid(practice),
        &hash.0,
    )
    .fetch_optional(pool)
    .await
    .map_err(store_error)?;
    let Some(found) = found else { return Ok(None) };
    let user = UserRow {
        user_id: found.user_id,
        reference: found.reference,
        name: found.name,
        address: found.address,
        removed: found.removed,
        role: found.role,
        created_at: found.created_at,
        version: found.version,
    };
    let session = WorkspaceSession {
        id: row::id(found.session_id),
        user: row::id(found.user_id),
        hash: *hash,
        origin: found.origin,
        user_agent: found.user_agent,
        created_at: row::time(found.began_at),
        last_seen_at: row::time(found.last_seen_at),
        idle_until: row::time(found.idle_until),
        expires_at: row::time(found.expires_at),
        ended_at: row::maybe_time(found.ended_at),
    };
    Ok(Some(WorkspaceSessionFacts { session, user: user.read()? }))
}
