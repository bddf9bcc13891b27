//! Hand-overs, sign-in codes, and sessions whose end a host waits to hear of.

use std::collections::BTreeMap;

use async_trait::async_trait;
use portal_domain::{
    facts::{CodeFacts, HandoffFacts, SessionFacts},
    handoff::{Handoff, HandoffHash, Landing},
    id::PracticeId,
    session::{ProfileId, SessionHash},
    sign_in_code::{CodeHash, SignInCode},
    time::Timestamp,
};
use sqlx::SqliteConnection;

use super::{
    decode::{damaged, digest, id, maybe_id, maybe_time},
    logins::logins,
    rows::SessionRow,
};
use crate::{error::Fault, writer::Work};

pub(crate) async fn handoff(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    hash: &HandoffHash,
    now: Timestamp,
) -> Result<Option<HandoffFacts>, Fault> {
    let practice_id = practice.to_bytes();
    let (practice_id, digest) = (practice_id.as_slice(), hash.0.as_slice());
    let row = sqlx::query!(
        "SELECT handoff_id, login_id, contact_id, client_id, landing, epoch, created_at, expires_at, used_at, ended_at
         FROM portal_handoff WHERE practice_id = ?1 AND hash = ?2",
        practice_id,
        digest
    );
    let Some(row) = row.fetch_optional(&mut *connection).await? else { return Ok(None) };
    let handoff = Handoff {
        id: id(&row.handoff_id, "handoff.handoff_id")?,
        hash: *hash,
        login: id(&row.login_id, "handoff.login_id")?,
        contact: id(&row.contact_id, "handoff.contact_id")?,
        client: maybe_id(row.client_id.as_deref(), "handoff.client_id")?,
        landing: Landing::parse(&row.landing).ok_or_else(|| damaged("handoff.landing"))?,
        epoch: row.epoch,
        created_at: Timestamp::from_micros(row.created_at),
        expires_at: Timestamp::from_micros(row.expires_at),
        used_at: maybe_time(row.used_at),
        ended_at: maybe_time(row.ended_at),
    };
    let mut found = logins(connection, practice, &[handoff.login].into(), &BTreeMap::new(), now).await?;
    Ok(Some(HandoffFacts { login: found.remove(&handoff.login), handoff }))
}

pub(crate) async fn sign_in_code(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    hash: &CodeHash,
    now: Timestamp,
) -> Result<Option<CodeFacts>, Fault> {
    let practice_id = practice.to_bytes();
    let (practice_id, digest) = (practice_id.as_slice(), hash.0.as_slice());
    let row = sqlx::query!(
        "SELECT code_id, session_id, contact_id, client_id, name, address, created_at, expires_at, used_at
         FROM portal_sign_in_code WHERE practice_id = ?1 AND hash = ?2",
        practice_id,
        digest
    );
    let Some(row) = row.fetch_optional(&mut *connection).await? else { return Ok(None) };
    let profile = ProfileId {
        contact: id(&row.contact_id, "sign_in_code.contact_id")?,
        client: id(&row.client_id, "sign_in_code.client_id")?,
    };
    let code = SignInCode {
        id: id(&row.code_id, "sign_in_code.code_id")?,
        hash: *hash,
        session: id(&row.session_id, "sign_in_code.session_id")?,
        profile,
        name: row.name,
        address: row.address,
        created_at: Timestamp::from_micros(row.created_at),
        expires_at: Timestamp::from_micros(row.expires_at),
        used_at: maybe_time(row.used_at),
    };
    let session = sqlx::query_as!(
        SessionRow,
        "SELECT session_id, login_id, hash, epoch, profile_contact_id, profile_client_id, factors, told, origin,
             user_agent, created_at, last_seen_at, idle_until, expires_at, ended_at
         FROM portal_session WHERE practice_id = ?1 AND session_id = ?2",
        practice_id,
        row.session_id
    );
    let session = session.fetch_one(&mut *connection).await?.read()?;
    let mut found = logins(connection, practice, &[session.login].into(), &BTreeMap::new(), now).await?;
    Ok(Some(CodeFacts { code, session: SessionFacts { login: found.remove(&session.login), session } }))
}

pub(crate) async fn over_sessions(
    connection: &mut SqliteConnection,
    now: Timestamp,
    most: u32,
) -> Result<Vec<(PracticeId, SessionHash)>, Fault> {
    let now = now.as_micros();
    let rows = sqlx::query!(
        "SELECT practice_id, hash FROM portal_session INDEXED BY portal_session_told
         WHERE told = 1 AND ended_at IS NULL AND (idle_until <= ?1 OR expires_at <= ?1)
         ORDER BY idle_until LIMIT ?2",
        now,
        most
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    rows.map(|row| Ok((id(&row.practice_id, "session.practice_id")?, SessionHash(digest(&row.hash, "session.hash")?))))
        .collect()
}

/// Forgets hand-overs and codes of every practice.
pub(crate) struct ForgetPassages {
    pub(crate) before: Timestamp,
    pub(crate) most: u32,
}

#[async_trait]
impl Work for ForgetPassages {
    type Answer = u64;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<u64, Fault> {
        let (before, most) = (self.before.as_micros(), self.most);
        let handoffs = sqlx::query!(
            "DELETE FROM portal_handoff WHERE (practice_id, handoff_id) IN
                 (SELECT practice_id, handoff_id FROM portal_handoff WHERE expires_at < ?1 LIMIT ?2)",
            before,
            most
        );
        let handoffs = handoffs.execute(&mut *connection).await?.rows_affected();
        let codes = sqlx::query!(
            "DELETE FROM portal_sign_in_code WHERE (practice_id, code_id) IN
                 (SELECT practice_id, code_id FROM portal_sign_in_code WHERE expires_at < ?1 LIMIT ?2)",
            before,
            most
        );
        Ok(handoffs + codes.execute(connection).await?.rows_affected())
    }
}
