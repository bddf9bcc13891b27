//! Looks of staff at the portal (V1).

use std::collections::BTreeSet;

use portal_domain::{
    facts::WorkspaceSessionFacts,
    id::{PracticeId, UserId},
    port::StoreError,
    session::{ProfileId, WorkspaceSession, WorkspaceSessionHash},
    time::Timestamp,
    viewing::{ViewHash, Viewing, ViewingFacts},
};
use sqlx::SqliteConnection;

use super::{
    decode::{digest, id, maybe_time},
    rows::UserRow,
};
use crate::error::Fault;

/// One statement, so that view, session and user are of one picture.
pub(crate) async fn viewing(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    hash: &ViewHash,
) -> Result<Option<ViewingFacts>, Fault> {
    let (practice, presented) = (practice.to_bytes(), hash.0.as_slice());
    let practice = practice.as_slice();
    let row = sqlx::query!(
        "SELECT v.viewing_id, v.contact_id, v.client_id, v.created_at AS opened_at, v.expires_at AS over_at,
             v.ended_at AS left_at, g.user_id IS NOT NULL AS granted,
             s.session_id, s.hash, s.origin, s.user_agent, s.created_at AS began_at, s.last_seen_at, s.idle_until,
             s.expires_at, s.ended_at, u.user_id, u.ref AS reference, u.name, u.address, u.removed, u.role, u.created_at,
             u.version
         FROM portal_viewing AS v
         JOIN portal_workspace_session AS s ON s.practice_id = v.practice_id AND s.session_id = v.session_id
         JOIN portal_practice_user AS u ON u.practice_id = s.practice_id AND u.user_id = s.user_id
         LEFT JOIN portal_viewer AS g ON g.practice_id = u.practice_id AND g.user_id = u.user_id
         WHERE v.practice_id = ?1 AND v.hash = ?2",
        practice,
        presented
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
        hash: WorkspaceSessionHash(digest(&row.hash, "workspace_session.hash")?),
        origin: row.origin,
        user_agent: row.user_agent,
        created_at: Timestamp::from_micros(row.began_at),
        last_seen_at: Timestamp::from_micros(row.last_seen_at),
        idle_until: Timestamp::from_micros(row.idle_until),
        expires_at: Timestamp::from_micros(row.expires_at),
        ended_at: maybe_time(row.ended_at),
    };
    let viewing = Viewing {
        id: id(&row.viewing_id, "viewing.viewing_id")?,
        session: session.id,
        profile: ProfileId {
            contact: id(&row.contact_id, "viewing.contact_id")?,
            client: id(&row.client_id, "viewing.client_id")?,
        },
        hash: *hash,
        created_at: Timestamp::from_micros(row.opened_at),
        expires_at: Timestamp::from_micros(row.over_at),
        ended_at: maybe_time(row.left_at),
    };
    Ok(Some(ViewingFacts { viewing, staff: WorkspaceSessionFacts { session, user }, granted: row.granted != 0 }))
}

pub(crate) async fn viewers(
    connection: &mut SqliteConnection,
    practice: PracticeId,
) -> Result<BTreeSet<UserId>, Fault> {
    let practice = practice.to_bytes();
    let practice = practice.as_slice();
    let rows = sqlx::query_scalar!("SELECT user_id FROM portal_viewer WHERE practice_id = ?1", practice);
    let rows = rows.fetch_all(connection).await?;
    Ok(rows.iter().map(|row| id(row, "viewer.user_id")).collect::<Result<_, StoreError>>()?)
}
