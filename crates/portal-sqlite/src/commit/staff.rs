//! Passwords and links of practice users.

use portal_domain::{
    change::Which,
    id::{LinkId, UserId},
    staff::{StaffCredential, StaffLink},
    time::Timestamp,
};
use serde::Serialize;
use sqlx::SqliteConnection;

use super::{every, rows::AtRow};
use crate::{
    encode::{Hex, Rows, hex, micros},
    error::Fault,
};

/// The rows of a commit, as they come.
#[derive(Default)]
pub(super) struct StaffRows<'a> {
    used: Vec<AtRow>,
    ended: Vec<EndRow>,
    opened: Vec<LinkRow<'a>>,
    dropped: Vec<Hex>,
    put: Vec<CredentialRow<'a>>,
}

/// The same, ready for their statements.
#[derive(Debug)]
pub(super) struct Staff {
    used: Rows,
    ended: Rows,
    opened: Rows,
    dropped: Rows,
    put: Rows,
}

#[derive(Serialize)]
struct EndRow {
    user: Hex,
    only: Option<Hex>,
    but: Option<Hex>,
    at: i64,
}

#[derive(Serialize)]
struct LinkRow<'a> {
    id: Hex,
    user: Hex,
    kind: &'static str,
    address: &'a str,
    signed_with: &'a str,
    created_at: i64,
    expires_at: i64,
    used_at: Option<i64>,
    ended_at: Option<i64>,
}

#[derive(Serialize)]
struct CredentialRow<'a> {
    user: Hex,
    id: Hex,
    hash: &'a str,
    confirmed_at: &'a str,
    set_at: i64,
}

impl<'a> StaffRows<'a> {
    pub(super) fn use_link(&mut self, link: LinkId, at: Timestamp) {
        self.used.push(AtRow { id: hex(link), at: at.as_micros() });
    }

    pub(super) fn end_links(&mut self, user: UserId, which: Which<LinkId>, at: Timestamp) {
        let (only, but) = which.only_and_but();
        self.ended.push(EndRow { user: hex(user), only: only.map(hex), but: but.map(hex), at: at.as_micros() });
    }

    pub(super) fn open_link(&mut self, link: &'a StaffLink) {
        self.opened.push(LinkRow {
            id: hex(link.id),
            user: hex(link.user),
            kind: link.kind.code(),
            address: link.address.as_str(),
            signed_with: link.signed_with.as_str(),
            created_at: link.created_at.as_micros(),
            expires_at: link.expires_at.as_micros(),
            used_at: micros(link.used_at),
            ended_at: micros(link.ended_at),
        });
    }

    pub(super) fn drop_credential(&mut self, user: UserId) {
        self.dropped.push(hex(user));
    }

    pub(super) fn put_credential(&mut self, user: UserId, credential: &'a StaffCredential) {
        self.put.push(CredentialRow {
            user: hex(user),
            id: hex(credential.id),
            hash: credential.hash.as_str(),
            confirmed_at: credential.confirmed_at.as_str(),
            set_at: credential.set_at.as_micros(),
        });
    }

    pub(super) fn ready(self) -> Staff {
        Staff {
            used: Rows::of(&self.used),
            ended: Rows::of(&self.ended),
            opened: Rows::of(&self.opened),
            dropped: Rows::of(&self.dropped),
            put: Rows::of(&self.put),
        }
    }
}

/// Uses links that are usable, then ends others: before any is opened.
pub(super) async fn close_links(
    connection: &mut SqliteConnection,
    practice: &[u8],
    staff: &Staff,
) -> Result<(), Fault> {
    let (used, ended) = (&staff.used, &staff.ended);
    if !used.is_empty() {
        let take = sqlx::query!(
            "WITH e AS MATERIALIZED (SELECT ?1 AS practice_id, value FROM json_each(?2))
             UPDATE portal_staff_link AS k SET used_at = e.value ->> 'at' FROM e
             WHERE k.practice_id = e.practice_id AND k.link_id = unhex(e.value ->> 'id')
                 AND k.used_at IS NULL AND k.ended_at IS NULL AND k.expires_at > e.value ->> 'at'",
            practice,
            used.json
        );
        every(&take.execute(&mut *connection).await?, used)?;
    }
    if !ended.is_empty() {
        let end = sqlx::query!(
            "WITH e AS MATERIALIZED (SELECT ?1 AS practice_id, value FROM json_each(?2))
             UPDATE portal_staff_link AS k INDEXED BY portal_staff_link_user SET ended_at = e.value ->> 'at' FROM e
             WHERE k.practice_id = e.practice_id AND k.user_id = unhex(e.value ->> 'user')
                 AND k.used_at IS NULL AND k.ended_at IS NULL
                 AND (e.value ->> 'only' IS NULL OR k.link_id = unhex(e.value ->> 'only'))
                 AND (e.value ->> 'but' IS NULL OR k.link_id <> unhex(e.value ->> 'but'))",
            practice,
            ended.json
        );
        end.execute(connection).await?;
    }
    Ok(())
}

/// Takes passwords away and puts others, then opens links.
pub(super) async fn put(connection: &mut SqliteConnection, practice: &[u8], staff: &Staff) -> Result<(), Fault> {
    if !staff.dropped.is_empty() {
        let drop = sqlx::query!(
            "DELETE FROM portal_staff_credential
             WHERE practice_id = ?1 AND user_id IN (SELECT unhex(value) FROM json_each(?2))",
            practice,
            staff.dropped.json
        );
        drop.execute(&mut *connection).await?;
    }
    if !staff.put.is_empty() {
        let put = sqlx::query!(
            "INSERT INTO portal_staff_credential (practice_id, user_id, credential_id, hash, confirmed_at, set_at)
             SELECT ?1, unhex(value ->> 'user'), unhex(value ->> 'id'), value ->> 'hash', value ->> 'confirmed_at',
                 value ->> 'set_at'
             FROM json_each(?2) WHERE true
             ON CONFLICT (practice_id, user_id) DO UPDATE SET credential_id = excluded.credential_id,
                 hash = excluded.hash, confirmed_at = excluded.confirmed_at, set_at = excluded.set_at",
            practice,
            staff.put.json
        );
        put.execute(&mut *connection).await?;
    }
    if !staff.opened.is_empty() {
        let open = sqlx::query!(
            "INSERT INTO portal_staff_link (practice_id, link_id, user_id, kind, address, signed_with, created_at,
                 expires_at, used_at, ended_at)
             SELECT ?1, unhex(value ->> 'id'), unhex(value ->> 'user'), value ->> 'kind', value ->> 'address',
                 value ->> 'signed_with', value ->> 'created_at', value ->> 'expires_at', value ->> 'used_at',
                 value ->> 'ended_at'
             FROM json_each(?2)",
            practice,
            staff.opened.json
        );
        open.execute(connection).await?;
    }
    Ok(())
}
