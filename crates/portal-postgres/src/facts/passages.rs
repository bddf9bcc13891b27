//! Hand-overs, sign-in codes, and sessions whose end a host waits to hear of.

use portal_domain::{
    facts::{CodeFacts, HandoffFacts, SessionFacts},
    handoff::{Handoff, HandoffHash, Landing},
    id::PracticeId,
    port::StoreError,
    session::{ProfileId, SessionHash},
    sign_in_code::{CodeHash, SignInCode},
    time::Timestamp,
};
use sqlx::{PgConnection, PgPool};

use super::login::Logins;
use crate::{
    failure::store_error,
    row::{self, SessionRow, damaged},
};

pub(crate) async fn handoff(
    snapshot: &mut PgConnection,
    practice: PracticeId,
    hash: &HandoffHash,
    now: Timestamp,
) -> Result<Option<HandoffFacts>, StoreError> {
    let found = sqlx::query!(
        "SELECT handoff_id, login_id, contact_id, client_id, landing, epoch, created_at, expires_at, used_at, ended_at
         FROM portal.handoff WHERE practice_id = $1 AND hash = $2",
        row::uuid(practice),
        &hash.0,
    )
    .fetch_optional(&mut *snapshot)
    .await
    .map_err(store_error)?;
    let Some(found) = found else { return Ok(None) };
    let landing = Landing::parse(&found.landing);
    let handoff = Handoff {
        id: row::id(found.handoff_id),
        hash: *hash,
        login: row::id(found.login_id),
        contact: row::id(found.contact_id),
        client: found.client_id.map(row::id),
        landing: landing.ok_or_else(|| damaged("handoff", found.handoff_id, "where it leads is unknown"))?,
        epoch: found.epoch,
        created_at: row::time(found.created_at),
        expires_at: row::time(found.expires_at),
        used_at: row::maybe_time(found.used_at),
        ended_at: row::maybe_time(found.ended_at),
    };
    let logins = Logins::load_whole(snapshot, practice, &[found.login_id], &[], now).await?;
    Ok(Some(HandoffFacts { handoff, login: logins.into_values().next() }))
}

pub(crate) async fn sign_in_code(
    snapshot: &mut PgConnection,
    practice: PracticeId,
    hash: &CodeHash,
    now: Timestamp,
) -> Result<Option<CodeFacts>, StoreError> {
    let found = sqlx::query!(
        "SELECT code_id, session_id, contact_id, client_id, name, address, created_at, expires_at, used_at
         FROM portal.sign_in_code WHERE practice_id = $1 AND hash = $2",
        row::uuid(practice),
        &hash.0,
    )
    .fetch_optional(&mut *snapshot)
    .await
    .map_err(store_error)?;
    let Some(found) = found else { return Ok(None) };
    let code = SignInCode {
        id: row::id(found.code_id),
        hash: *hash,
        session: row::id(found.session_id),
        profile: ProfileId { contact: row::id(found.contact_id), client: row::id(found.client_id) },
        name: found.name,
        address: found.address,
        created_at: row::time(found.created_at),
        expires_at: row::time(found.expires_at),
        used_at: row::maybe_time(found.used_at),
    };
    let session = sqlx::query_as!(
        SessionRow,
        "SELECT session_id, login_id, hash, epoch, profile_contact_id, profile_client_id, factors, told, origin,
             user_agent, created_at, last_seen_at, idle_until, expires_at, ended_at
         FROM portal.session WHERE practice_id = $1 AND session_id = $2",
        row::uuid(practice),
        found.session_id,
    )
    .fetch_one(&mut *snapshot)
    .await
    .map_err(store_error)?
    .read()?;
    let logins = Logins::load_whole(snapshot, practice, &[session.login.to_uuid()], &[], now).await?;
    Ok(Some(CodeFacts { code, session: SessionFacts { session, login: logins.into_values().next() } }))
}

pub(crate) async fn over_sessions(
    pool: &PgPool,
    now: Timestamp,
    most: u32,
) -> Result<Vec<(PracticeId, SessionHash)>, StoreError> {
    let found = sqlx::query!(
        "SELECT practice_id, session_id, hash FROM portal.session
         WHERE told AND ended_at IS NULL AND (idle_until <= $1 OR expires_at <= $1)
         ORDER BY idle_until LIMIT $2",
        now.as_micros(),
        i64::from(most),
    );
    let found = found.fetch_all(pool).await.map_err(store_error)?.into_iter();
    let hash = |bytes: &[u8], session| {
        row::digest(bytes).ok_or_else(|| damaged("session", session, "its digest has not 32 bytes")).map(SessionHash)
    };
    found.map(|it| Ok((row::id(it.practice_id), hash(&it.hash, it.session_id)?))).collect()
}

/// Forgets hand-overs and codes of every practice. What another instance is just forgetting is passed over.
pub(crate) async fn forget_passages(pool: &PgPool, before: Timestamp, most: u32) -> Result<u64, StoreError> {
    let handoffs = sqlx::query!(
        "DELETE FROM portal.handoff h USING (
             SELECT practice_id, handoff_id FROM portal.handoff WHERE expires_at < $1 LIMIT $2
             FOR UPDATE SKIP LOCKED) AS o
         WHERE h.practice_id = o.practice_id AND h.handoff_id = o.handoff_id",
        before.as_micros(),
        i64::from(most),
    );
    let handoffs = handoffs.execute(pool).await.map_err(store_error)?.rows_affected();
    let codes = sqlx::query!(
        "DELETE FROM portal.sign_in_code c USING (
             SELECT practice_id, code_id FROM portal.sign_in_code WHERE expires_at < $1 LIMIT $2
             FOR UPDATE SKIP LOCKED) AS o
         WHERE c.practice_id = o.practice_id AND c.code_id = o.code_id",
        before.as_micros(),
        i64::from(most),
    );
    Ok(handoffs + codes.execute(pool).await.map_err(store_error)?.rows_affected())
}
