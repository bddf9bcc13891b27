//! Hand-overs and sign-in codes, each used once, and sessions that a host was told of.

use portal_domain::{
    handoff::Handoff,
    id::{HandoffId, LoginId, SessionId, SignInCodeId},
    sign_in_code::SignInCode,
    time::Timestamp,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    people::all,
    work::{column, lent},
};
use crate::failure::Failure;

pub(crate) async fn open_handoffs(
    connection: &mut PgConnection,
    practice: Uuid,
    handoffs: &[&Handoff],
) -> Result<(), Failure> {
    if handoffs.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO portal.handoff (practice_id, handoff_id, hash, login_id, contact_id, client_id, landing, epoch,
             created_at, expires_at, used_at, ended_at)
         SELECT $1, c.* FROM unnest($2::uuid[], $3::bytea[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[],
             $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[])
             AS c (handoff_id, hash, login_id, contact_id, client_id, landing, epoch, created_at, expires_at, used_at,
                 ended_at)",
        practice,
        &lent(handoffs, |handoff| handoff.id.to_uuid()),
        &lent(handoffs, |handoff| &handoff.hash.0[..]) as &[&[u8]],
        &lent(handoffs, |handoff| handoff.login.to_uuid()),
        &lent(handoffs, |handoff| handoff.contact.to_uuid()),
        &lent(handoffs, |handoff| handoff.client.map(|client| client.to_uuid())) as &[Option<Uuid>],
        &lent(handoffs, |handoff| handoff.landing.code()) as &[&str],
        &lent(handoffs, |handoff| handoff.epoch),
        &lent(handoffs, |handoff| handoff.created_at.as_micros()),
        &lent(handoffs, |handoff| handoff.expires_at.as_micros()),
        &lent(handoffs, |handoff| handoff.used_at.map(Timestamp::as_micros)) as &[Option<i64>],
        &lent(handoffs, |handoff| handoff.ended_at.map(Timestamp::as_micros)) as &[Option<i64>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Uses hand-overs, each once. One that is used, ended or expired is a conflict.
pub(crate) async fn use_handoffs(
    connection: &mut PgConnection,
    practice: Uuid,
    used: &[(HandoffId, Timestamp)],
) -> Result<(), Failure> {
    if used.is_empty() {
        return Ok(());
    }
    let done = sqlx::query!(
        "UPDATE portal.handoff h SET used_at = c.at FROM unnest($2::uuid[], $3::bigint[]) AS c (handoff_id, at)
         WHERE h.practice_id = $1 AND h.handoff_id = c.handoff_id AND h.used_at IS NULL AND h.ended_at IS NULL
             AND h.expires_at > c.at",
        practice,
        &column(used, |(handoff, _)| handoff.to_uuid()),
        &column(used, |(_, at)| at.as_micros()),
    )
    .execute(connection)
    .await?;
    all(&done, used.len())
}

/// Ends the hand-overs of whole logins, as their links.
pub(crate) async fn end_handoffs_of(
    connection: &mut PgConnection,
    practice: Uuid,
    logins: &[(LoginId, Timestamp)],
) -> Result<(), Failure> {
    if logins.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "UPDATE portal.handoff h SET ended_at = c.at FROM unnest($2::uuid[], $3::bigint[]) AS c (login_id, at)
         WHERE h.practice_id = $1 AND h.login_id = c.login_id AND h.used_at IS NULL AND h.ended_at IS NULL",
        practice,
        &column(logins, |(login, _)| login.to_uuid()),
        &column(logins, |(_, at)| at.as_micros()),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends all hand-overs of the practice.
pub(crate) async fn end_all_handoffs(
    connection: &mut PgConnection,
    practice: Uuid,
    at: Option<Timestamp>,
) -> Result<(), Failure> {
    let Some(at) = at else { return Ok(()) };
    sqlx::query!(
        "UPDATE portal.handoff SET ended_at = $2 WHERE practice_id = $1 AND used_at IS NULL AND ended_at IS NULL",
        practice,
        at.as_micros(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn issue_codes(
    connection: &mut PgConnection,
    practice: Uuid,
    codes: &[&SignInCode],
) -> Result<(), Failure> {
    if codes.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO portal.sign_in_code (practice_id, code_id, hash, session_id, contact_id, client_id, name, address,
             created_at, expires_at, used_at)
         SELECT $1, c.* FROM unnest($2::uuid[], $3::bytea[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[],
             $8::text[], $9::bigint[], $10::bigint[], $11::bigint[])
             AS c (code_id, hash, session_id, contact_id, client_id, name, address, created_at, expires_at, used_at)",
        practice,
        &lent(codes, |code| code.id.to_uuid()),
        &lent(codes, |code| &code.hash.0[..]) as &[&[u8]],
        &lent(codes, |code| code.session.to_uuid()),
        &lent(codes, |code| code.profile.contact.to_uuid()),
        &lent(codes, |code| code.profile.client.to_uuid()),
        &lent(codes, |code| code.name.as_str()) as &[&str],
        &lent(codes, |code| code.address.as_str()) as &[&str],
        &lent(codes, |code| code.created_at.as_micros()),
        &lent(codes, |code| code.expires_at.as_micros()),
        &lent(codes, |code| code.used_at.map(Timestamp::as_micros)) as &[Option<i64>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Uses codes, each once. One that is used or expired is a conflict.
pub(crate) async fn use_codes(
    connection: &mut PgConnection,
    practice: Uuid,
    used: &[(SignInCodeId, Timestamp)],
) -> Result<(), Failure> {
    if used.is_empty() {
        return Ok(());
    }
    let done = sqlx::query!(
        "UPDATE portal.sign_in_code s SET used_at = c.at FROM unnest($2::uuid[], $3::bigint[]) AS c (code_id, at)
         WHERE s.practice_id = $1 AND s.code_id = c.code_id AND s.used_at IS NULL AND s.expires_at > c.at",
        practice,
        &column(used, |(code, _)| code.to_uuid()),
        &column(used, |(_, at)| at.as_micros()),
    )
    .execute(connection)
    .await?;
    all(&done, used.len())
}

/// Notes that hosts were told of sessions. One that is gone is a conflict.
pub(crate) async fn tell_sessions(
    connection: &mut PgConnection,
    practice: Uuid,
    told: &[SessionId],
) -> Result<(), Failure> {
    if told.is_empty() {
        return Ok(());
    }
    let done = sqlx::query!(
        "UPDATE portal.session SET told = true WHERE practice_id = $1 AND session_id = ANY ($2)",
        practice,
        &column(told, |session| session.to_uuid()),
    )
    .execute(connection)
    .await?;
    all(&done, told.len())
}
