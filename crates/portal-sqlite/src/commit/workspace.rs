//! Sessions of the workspace.

use std::collections::BTreeMap;

use portal_domain::{
    change::Which,
    id::{UserId, WorkspaceSessionId},
    session::WorkspaceSession,
    time::Timestamp,
};
use serde::Serialize;
use sqlx::SqliteConnection;

use super::{plan::Workspace, rows::TouchRow};
use crate::{
    encode::{Hex, HexBytes, Rows, hex, micros},
    error::Fault,
};

/// The rows of a commit, as they come.
#[derive(Default)]
pub(super) struct WorkspaceRows<'a> {
    ended: Vec<EndRow>,
    touched: BTreeMap<Hex, (i64, i64)>,
    opened: Vec<SessionRow<'a>>,
}

#[derive(Serialize)]
struct EndRow {
    user: Hex,
    only: Option<Hex>,
    but: Option<Hex>,
    at: i64,
}

#[derive(Serialize)]
struct SessionRow<'a> {
    id: Hex,
    user: Hex,
    hash: HexBytes<32>,
    origin: Option<&'a str>,
    user_agent: Option<&'a str>,
    created_at: i64,
    last_seen_at: i64,
    idle_until: i64,
    expires_at: i64,
    ended_at: Option<i64>,
}

impl<'a> WorkspaceRows<'a> {
    pub(super) fn open(&mut self, session: &'a WorkspaceSession) {
        self.opened.push(SessionRow {
            id: hex(session.id),
            user: hex(session.user),
            hash: HexBytes(session.hash.0),
            origin: session.origin.as_deref(),
            user_agent: session.user_agent.as_deref(),
            created_at: session.created_at.as_micros(),
            last_seen_at: session.last_seen_at.as_micros(),
            idle_until: session.idle_until.as_micros(),
            expires_at: session.expires_at.as_micros(),
            ended_at: micros(session.ended_at),
        });
    }

    pub(super) fn end(&mut self, user: UserId, which: Which<WorkspaceSessionId>, at: Timestamp) {
        let (only, but) = which.only_and_but();
        self.ended.push(EndRow { user: hex(user), only: only.map(hex), but: but.map(hex), at: at.as_micros() });
    }

    /// Of several notes on one session the latest counts.
    pub(super) fn touch(&mut self, session: WorkspaceSessionId, at: Timestamp, idle_until: Timestamp) {
        let touch = (at.as_micros(), idle_until.as_micros());
        let latest = self.touched.entry(hex(session)).or_insert(touch);
        *latest = (*latest).max(touch);
    }

    pub(super) fn ready(self) -> Workspace {
        let touched = self.touched.into_iter().map(|(id, (at, idle_until))| TouchRow { id, at, idle_until });
        Workspace {
            ended: Rows::of(&self.ended),
            touched: Rows::of(&touched.collect::<Vec<_>>()),
            opened: Rows::of(&self.opened),
        }
    }
}

pub(super) async fn end(connection: &mut SqliteConnection, practice: &[u8], rows: &Rows) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let end = sqlx::query!(
        "WITH e AS MATERIALIZED (SELECT ?1 AS practice_id, value FROM json_each(?2))
             UPDATE portal_workspace_session AS s INDEXED BY portal_workspace_session_user
         SET ended_at = e.value ->> 'at' FROM e
         WHERE s.practice_id = e.practice_id AND s.user_id = unhex(e.value ->> 'user') AND s.ended_at IS NULL
             AND (e.value ->> 'only' IS NULL OR s.session_id = unhex(e.value ->> 'only'))
             AND (e.value ->> 'but' IS NULL OR s.session_id <> unhex(e.value ->> 'but'))",
        practice,
        rows.json
    );
    end.execute(connection).await?;
    Ok(())
}

/// Notes use, only forward, and only while the session is valid: nothing revives one that is over.
pub(super) async fn touch(connection: &mut SqliteConnection, practice: &[u8], rows: &Rows) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let touch = sqlx::query!(
        "WITH e AS MATERIALIZED (SELECT ?1 AS practice_id, value FROM json_each(?2))
             UPDATE portal_workspace_session AS s
         SET last_seen_at = e.value ->> 'at', idle_until = e.value ->> 'idle_until'
         FROM e
         WHERE s.practice_id = e.practice_id AND s.session_id = unhex(e.value ->> 'id')
             AND s.last_seen_at < e.value ->> 'at' AND s.ended_at IS NULL AND s.idle_until > e.value ->> 'at'
             AND s.expires_at > e.value ->> 'at'",
        practice,
        rows.json
    );
    touch.execute(connection).await?;
    Ok(())
}

/// Opens sessions, after all that ends any.
pub(super) async fn open(connection: &mut SqliteConnection, practice: &[u8], rows: &Rows) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let open = sqlx::query!(
        "INSERT INTO portal_workspace_session (practice_id, session_id, user_id, hash, origin, user_agent, created_at,
             last_seen_at, idle_until, expires_at, ended_at)
         SELECT ?1, unhex(value ->> 'id'), unhex(value ->> 'user'), unhex(value ->> 'hash'), value ->> 'origin',
             value ->> 'user_agent', value ->> 'created_at', value ->> 'last_seen_at', value ->> 'idle_until',
             value ->> 'expires_at', value ->> 'ended_at'
         FROM json_each(?2)",
        practice,
        rows.json
    );
    open.execute(connection).await?;
    Ok(())
}
