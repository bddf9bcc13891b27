//! Hand-overs and sign-in codes, each used once, and sessions that a host was told of.

use portal_domain::{
    handoff::Handoff,
    id::{HandoffId, SessionId, SignInCodeId},
    sign_in_code::SignInCode,
    time::Timestamp,
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
pub(super) struct Passages {
    handoffs: Rows,
    used_handoffs: Rows,
    /// When all others end.
    all_ended: Option<i64>,
    codes: Rows,
    used_codes: Rows,
    told: Rows,
}

/// The rows of a commit, as they come.
#[derive(Default)]
pub(super) struct PassageRows<'a> {
    handoffs: Vec<HandoffRow>,
    used_handoffs: Vec<AtRow>,
    all_ended: Option<i64>,
    codes: Vec<CodeRow<'a>>,
    used_codes: Vec<AtRow>,
    told: Vec<Hex>,
}

#[derive(Serialize)]
struct HandoffRow {
    id: Hex,
    hash: HexBytes<32>,
    login: Hex,
    contact: Hex,
    client: Option<Hex>,
    landing: &'static str,
    epoch: i64,
    created_at: i64,
    expires_at: i64,
    used_at: Option<i64>,
    ended_at: Option<i64>,
}

#[derive(Serialize)]
struct CodeRow<'a> {
    id: Hex,
    hash: HexBytes<32>,
    session: Hex,
    contact: Hex,
    client: Hex,
    name: &'a str,
    address: &'a str,
    created_at: i64,
    expires_at: i64,
    used_at: Option<i64>,
}

impl<'a> PassageRows<'a> {
    pub(super) fn hand_over(&mut self, handoff: &Handoff) {
        self.handoffs.push(HandoffRow {
            id: hex(handoff.id),
            hash: HexBytes(handoff.hash.0),
            login: hex(handoff.login),
            contact: hex(handoff.contact),
            client: handoff.client.map(hex),
            landing: handoff.landing.code(),
            epoch: handoff.epoch,
            created_at: handoff.created_at.as_micros(),
            expires_at: handoff.expires_at.as_micros(),
            used_at: micros(handoff.used_at),
            ended_at: micros(handoff.ended_at),
        });
    }

    pub(super) fn use_handoff(&mut self, handoff: HandoffId, at: Timestamp) {
        self.used_handoffs.push(AtRow { id: hex(handoff), at: at.as_micros() });
    }

    pub(super) fn issue(&mut self, code: &'a SignInCode) {
        self.codes.push(CodeRow {
            id: hex(code.id),
            hash: HexBytes(code.hash.0),
            session: hex(code.session),
            contact: hex(code.profile.contact),
            client: hex(code.profile.client),
            name: &code.name,
            address: &code.address,
            created_at: code.created_at.as_micros(),
            expires_at: code.expires_at.as_micros(),
            used_at: micros(code.used_at),
        });
    }

    pub(super) fn end_all(&mut self, at: Timestamp) {
        self.all_ended = Some(at.as_micros());
    }

    pub(super) fn use_code(&mut self, code: SignInCodeId, at: Timestamp) {
        self.used_codes.push(AtRow { id: hex(code), at: at.as_micros() });
    }

    pub(super) fn tell(&mut self, session: SessionId) {
        self.told.push(hex(session));
    }

    pub(super) fn ready(self) -> Passages {
        Passages {
            handoffs: Rows::of(&self.handoffs),
            used_handoffs: Rows::of(&self.used_handoffs),
            all_ended: self.all_ended,
            codes: Rows::of(&self.codes),
            used_codes: Rows::of(&self.used_codes),
            told: Rows::of(&self.told),
        }
    }
}

/// Uses hand-overs and codes, each once, before all others of the practice end; one that is not usable is a conflict.
pub(super) async fn take(connection: &mut SqliteConnection, practice: &[u8], rows: &Passages) -> Result<(), Fault> {
    if !rows.used_handoffs.is_empty() {
        let once = sqlx::query!(
            "WITH e AS MATERIALIZED (SELECT ?1 AS practice_id, value FROM json_each(?2))
                 UPDATE portal_handoff AS h SET used_at = e.value ->> 'at' FROM e
             WHERE h.practice_id = e.practice_id AND h.handoff_id = unhex(e.value ->> 'id')
                 AND h.used_at IS NULL AND h.ended_at IS NULL AND h.expires_at > e.value ->> 'at'",
            practice,
            rows.used_handoffs.json
        );
        every(&once.execute(&mut *connection).await?, &rows.used_handoffs)?;
    }
    if let Some(at) = rows.all_ended {
        let end = sqlx::query!(
            "UPDATE portal_handoff SET ended_at = ?2 WHERE practice_id = ?1 AND used_at IS NULL AND ended_at IS NULL",
            practice,
            at
        );
        end.execute(&mut *connection).await?;
    }
    if !rows.used_codes.is_empty() {
        let once = sqlx::query!(
            "WITH e AS MATERIALIZED (SELECT ?1 AS practice_id, value FROM json_each(?2))
                 UPDATE portal_sign_in_code AS c SET used_at = e.value ->> 'at' FROM e
             WHERE c.practice_id = e.practice_id AND c.code_id = unhex(e.value ->> 'id')
                 AND c.used_at IS NULL AND c.expires_at > e.value ->> 'at'",
            practice,
            rows.used_codes.json
        );
        every(&once.execute(connection).await?, &rows.used_codes)?;
    }
    Ok(())
}

/// Ends the hand-overs of whole logins, as their links.
pub(super) async fn end_handoffs(
    connection: &mut SqliteConnection,
    practice: &[u8],
    of_logins: &Rows,
) -> Result<(), Fault> {
    let end = sqlx::query!(
        "WITH e AS MATERIALIZED (SELECT ?1 AS practice_id, value FROM json_each(?2))
         UPDATE portal_handoff AS h INDEXED BY portal_handoff_login SET ended_at = e.value ->> 'at' FROM e
         WHERE h.practice_id = e.practice_id AND h.login_id = unhex(e.value ->> 'id')
             AND h.used_at IS NULL AND h.ended_at IS NULL",
        practice,
        of_logins.json
    );
    end.execute(connection).await?;
    Ok(())
}

/// Makes hand-overs and codes, after all that ends any, and notes what hosts are told.
pub(super) async fn give(connection: &mut SqliteConnection, practice: &[u8], rows: &Passages) -> Result<(), Fault> {
    if !rows.handoffs.is_empty() {
        let open = sqlx::query!(
            "INSERT INTO portal_handoff (practice_id, handoff_id, hash, login_id, contact_id, client_id, landing, epoch,
                 created_at, expires_at, used_at, ended_at)
             SELECT ?1, unhex(value ->> 'id'), unhex(value ->> 'hash'), unhex(value ->> 'login'),
                 unhex(value ->> 'contact'), unhex(value ->> 'client'), value ->> 'landing', value ->> 'epoch',
                 value ->> 'created_at', value ->> 'expires_at', value ->> 'used_at', value ->> 'ended_at'
             FROM json_each(?2)",
            practice,
            rows.handoffs.json
        );
        open.execute(&mut *connection).await?;
    }
    if !rows.codes.is_empty() {
        let issue = sqlx::query!(
            "INSERT INTO portal_sign_in_code (practice_id, code_id, hash, session_id, contact_id, client_id, name,
                 address, created_at, expires_at, used_at)
             SELECT ?1, unhex(value ->> 'id'), unhex(value ->> 'hash'), unhex(value ->> 'session'),
                 unhex(value ->> 'contact'), unhex(value ->> 'client'), value ->> 'name', value ->> 'address',
                 value ->> 'created_at', value ->> 'expires_at', value ->> 'used_at'
             FROM json_each(?2)",
            practice,
            rows.codes.json
        );
        issue.execute(&mut *connection).await?;
    }
    if !rows.told.is_empty() {
        let tell = sqlx::query!(
            "UPDATE portal_session SET told = 1
             WHERE practice_id = ?1 AND session_id IN (SELECT unhex(value) FROM json_each(?2))",
            practice,
            rows.told.json
        );
        every(&tell.execute(connection).await?, &rows.told)?;
    }
    Ok(())
}
