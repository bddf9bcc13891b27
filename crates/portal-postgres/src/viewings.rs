//! Looks of staff at the portal (V1), as they are found and forgotten.

use std::collections::BTreeSet;

use async_trait::async_trait;
use portal_domain::{
    facts::WorkspaceSessionFacts,
    id::{PracticeId, UserId},
    port::{StoreError, Viewings},
    session::{ProfileId, WorkspaceSession, WorkspaceSessionHash},
    time::Timestamp,
    viewing::{ViewHash, Viewing, ViewingFacts},
};

use crate::{
    PostgresStore,
    failure::store_error,
    row::{self, UserRow},
};

#[async_trait]
impl Viewings for PostgresStore {
    /// One statement, so that view, session and user are of one picture.
    async fn viewing(&self, practice: PracticeId, hash: &ViewHash) -> Result<Option<ViewingFacts>, StoreError> {
        let found = sqlx::query!(
            r#"SELECT v.viewing_id, v.contact_id, v.client_id, v.created_at AS opened_at, v.expires_at AS over_at,
                   v.ended_at AS left_at, g.user_id IS NOT NULL AS "granted!",
                   s.session_id, s.hash, s.origin, s.user_agent, s.created_at AS began_at, s.last_seen_at, s.idle_until,
                   s.expires_at, s.ended_at, u.user_id, u.ref AS reference, u.name, u.address, u.removed, u.role,
                   u.created_at, u.version
               FROM portal.viewing v
               JOIN portal.workspace_session s ON s.practice_id = v.practice_id AND s.session_id = v.session_id
               JOIN portal.practice_user u ON u.practice_id = s.practice_id AND u.user_id = s.user_id
               LEFT JOIN portal.viewer g ON g.practice_id = u.practice_id AND g.user_id = u.user_id
               WHERE v.practice_id = $1 AND v.hash = $2"#,
            row::uuid(practice),
            &hash.0,
        )
        .fetch_optional(self.pool())
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
        let session =
            WorkspaceSession {
                id: row::id(found.session_id),
                user: row::id(found.user_id),
                hash: WorkspaceSessionHash(row::digest(&found.hash).ok_or_else(|| {
                    row::damaged("workspace_session", found.session_id, "its digest has not 32 bytes")
                })?),
                origin: found.origin,
                user_agent: found.user_agent,
                created_at: row::time(found.began_at),
                last_seen_at: row::time(found.last_seen_at),
                idle_until: row::time(found.idle_until),
                expires_at: row::time(found.expires_at),
                ended_at: row::maybe_time(found.ended_at),
            };
        let profile = ProfileId { contact: row::id(found.contact_id), client: row::id(found.client_id) };
        let viewing = Viewing {
            id: row::id(found.viewing_id),
            session: session.id,
            profile,
            hash: *hash,
            created_at: row::time(found.opened_at),
            expires_at: row::time(found.over_at),
            ended_at: row::maybe_time(found.left_at),
        };
        let staff = WorkspaceSessionFacts { session, user: user.read()? };
        Ok(Some(ViewingFacts { viewing, staff, granted: found.granted }))
    }

    async fn viewers(&self, practice: PracticeId) -> Result<BTreeSet<UserId>, StoreError> {
        let rows = sqlx::query_scalar!("SELECT user_id FROM portal.viewer WHERE practice_id = $1", row::uuid(practice));
        let rows = rows.fetch_all(self.pool()).await.map_err(store_error)?;
        Ok(rows.into_iter().map(row::id).collect())
    }

    async fn forget_viewings(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        let forget = sqlx::query!(
            "DELETE FROM portal.viewing v USING (
                 SELECT practice_id, viewing_id FROM portal.viewing WHERE expires_at < $1 LIMIT $2
                 FOR UPDATE SKIP LOCKED) AS o
             WHERE v.practice_id = o.practice_id AND v.viewing_id = o.viewing_id",
            before.as_micros(),
            i64::from(most),
        );
        Ok(forget.execute(self.pool()).await.map_err(store_error)?.rows_affected())
    }
}
