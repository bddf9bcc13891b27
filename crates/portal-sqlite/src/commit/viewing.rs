//! Looks of staff at the portal, and who may look (V1).

use portal_domain::{
    id::{UserId, ViewingId},
    time::Timestamp,
    viewing::Viewing,
};
use serde::Serialize;
use sqlx::SqliteConnection;

use super::{every, rows::AtRow};
use crate::{
    encode::{Hex, HexBytes, Rows, hex, micros},
    error::Fault,
};

/// What a commit writes of them.
#[derive(Debug)]
pub(super) struct Viewings {
    opened: Rows,
    ended: Rows,
    granted: Rows,
    revoked: Rows,
}

/// The rows of a commit, as they come.
#[derive(Default)]
pub(super) struct ViewingRows {
    opened: Vec<ViewingRow>,
    ended: Vec<AtRow>,
    granted: Vec<Hex>,
    revoked: Vec<Hex>,
}

#[derive(Serialize)]
struct ViewingRow {
    id: Hex,
    hash: HexBytes<32>,
    session: Hex,
    contact: Hex,
    client: Hex,
    created_at: i64,
    expires_at: i64,
    ended_at: Option<i64>,
}

impl ViewingRows {
    pub(super) fn open(&mut self, viewing: &Viewing) {
        self.opened.push(ViewingRow {
            id: hex(viewing.id),
            hash: HexBytes(viewing.hash.0),
            session: hex(viewing.session),
            contact: hex(viewing.profile.contact),
            client: hex(viewing.profile.client),
            created_at: viewing.created_at.as_micros(),
            expires_at: viewing.expires_at.as_micros(),
            ended_at: micros(viewing.ended_at),
        });
    }

    pub(super) fn end(&mut self, viewing: ViewingId, at: Timestamp) {
        self.ended.push(AtRow { id: hex(viewing), at: at.as_micros() });
    }

    pub(super) fn grant(&mut self, user: UserId) {
        self.granted.push(hex(user));
    }

    pub(super) fn revoke(&mut self, user: UserId) {
        self.revoked.push(hex(user));
    }

    pub(super) fn ready(&self) -> Viewings {
        Viewings {
            opened: Rows::of(&self.opened),
            ended: Rows::of(&self.ended),
            granted: Rows::of(&self.granted),
            revoked: Rows::of(&self.revoked),
        }
    }
}

pub(super) async fn write(connection: &mut SqliteConnection, practice: &[u8], rows: &Viewings) -> Result<(), Fault> {
    end(connection, practice, &rows.ended).await?;
    open(connection, practice, &rows.opened).await?;
    grant(connection, practice, &rows.granted).await?;
    revoke(connection, practice, &rows.revoked).await
}

async fn end(connection: &mut SqliteConnection, practice: &[u8], rows: &Rows) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let end = sqlx::query!(
        "WITH e AS MATERIALIZED (SELECT ?1 AS practice_id, value FROM json_each(?2))
             UPDATE portal_viewing AS v SET ended_at = e.value ->> 'at' FROM e
         WHERE v.practice_id = e.practice_id AND v.viewing_id = unhex(e.value ->> 'id') AND v.ended_at IS NULL",
        practice,
        rows.json
    );
    every(&end.execute(connection).await?, rows)
}

async fn open(connection: &mut SqliteConnection, practice: &[u8], rows: &Rows) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let open = sqlx::query!(
        "INSERT INTO portal_viewing (practice_id, viewing_id, hash, session_id, contact_id, client_id, created_at,
             expires_at, ended_at)
         SELECT ?1, unhex(value ->> 'id'), unhex(value ->> 'hash'), unhex(value ->> 'session'),
             unhex(value ->> 'contact'), unhex(value ->> 'client'), value ->> 'created_at', value ->> 'expires_at',
             value ->> 'ended_at'
         FROM json_each(?2)",
        practice,
        rows.json
    );
    open.execute(connection).await?;
    Ok(())
}

async fn grant(connection: &mut SqliteConnection, practice: &[u8], rows: &Rows) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let grant = sqlx::query!(
        "INSERT INTO portal_viewer (practice_id, user_id) SELECT ?1, unhex(value) FROM json_each(?2) WHERE true
         ON CONFLICT DO NOTHING",
        practice,
        rows.json
    );
    grant.execute(connection).await?;
    Ok(())
}

async fn revoke(connection: &mut SqliteConnection, practice: &[u8], rows: &Rows) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let revoke = sqlx::query!(
        "DELETE FROM portal_viewer WHERE practice_id = ?1 AND user_id IN (SELECT unhex(value) FROM json_each(?2))",
        practice,
        rows.json
    );
    revoke.execute(connection).await?;
    Ok(())
}

/// Where there is a practice already, no other is the first.
pub(super) async fn none_before(connection: &mut SqliteConnection, first: bool) -> Result<(), Fault> {
    if !first {
        return Ok(());
    }
    // One that is being deleted has no name any more.
    let known = sqlx::query_scalar!("SELECT count(*) FROM (SELECT 1 FROM portal_practice_slug LIMIT 1)");
    if known.fetch_one(connection).await? == 0 { Ok(()) } else { Err(Fault::Conflict) }
}
