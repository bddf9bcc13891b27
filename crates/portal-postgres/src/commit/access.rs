//! Logins, links and sessions.

use portal_domain::{
    change::Which,
    id::{LinkId, LoginId, SessionId},
    link::Link,
    login::Login,
    session::{Factor, PortalSession, ProfileId},
    time::Timestamp,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    people::all,
    work::{column, lent},
};
use crate::failure::Failure;

pub(crate) async fn put_logins(
    connection: &mut PgConnection,
    practice: Uuid,
    logins: &[&Login],
) -> Result<(), Failure> {
    if logins.is_empty() {
        return Ok(());
    }
    let credential = lent(logins, |login| login.credential.as_ref());
    let confirmed: Vec<Option<&str>> =
        column(&credential, |it| it.and_then(|it| it.confirmed_at.as_ref()).map(|key| key.as_str()));
    let done = sqlx::query!(
        "INSERT INTO portal.login (practice_id, login_id, key, epoch, credential_id, credential_hash,
             credential_confirmed_at, credential_set_at, version)
         SELECT $1, c.* FROM unnest($2::uuid[], $3::text[], $4::bigint[], $5::uuid[], $6::text[], $7::text[],
             $8::bigint[], $9::bigint[])
             AS c (login_id, key, epoch, credential_id, credential_hash, credential_confirmed_at, credential_set_at,
                 version)
         WHERE c.version = 1
             OR EXISTS (SELECT FROM portal.login o WHERE o.practice_id = $1 AND o.login_id = c.login_id)
         ON CONFLICT (practice_id, login_id) DO UPDATE
         SET key = excluded.key, epoch = excluded.epoch, credential_id = excluded.credential_id,
             credential_hash = excluded.credential_hash, credential_confirmed_at = excluded.credential_confirmed_at,
             credential_set_at = excluded.credential_set_at, version = excluded.version
         WHERE login.version = excluded.version - 1",
        practice,
        &lent(logins, |login| login.id.to_uuid()),
        &lent(logins, |login| login.key.as_ref().map(|key| key.as_str())) as &[Option<&str>],
        &lent(logins, |login| login.epoch),
        &column(&credential, |it| it.map(|it| it.id.to_uuid())) as &[Option<Uuid>],
        &column(&credential, |it| it.map(|it| it.hash.as_str())) as &[Option<&str>],
        &confirmed as &[Option<&str>],
        &column(&credential, |it| it.map(|it| it.set_at.as_micros())) as &[Option<i64>],
        &lent(logins, |login| login.version),
    )
    .execute(connection)
    .await?;
    all(&done, logins.len())
}

/// Erases logins; their sessions go with them, and what is left of their links ends.
pub(crate) async fn delete_logins(
    connection: &mut PgConnection,
    practice: Uuid,
    logins: &[(LoginId, Option<Timestamp>)],
) -> Result<(), Failure> {
    if logins.is_empty() {
        return Ok(());
    }
    let ids = column(logins, |(login, _)| login.to_uuid());
    // The change tells no time, but the decision's event does. Without one, a link ends when it began.
    sqlx::query!(
        "UPDATE portal.link k SET ended_at = coalesce(c.at, k.created_at)
         FROM unnest($2::uuid[], $3::bigint[]) AS c (login_id, at)
         WHERE k.practice_id = $1 AND k.login_id = c.login_id AND k.used_at IS NULL AND k.ended_at IS NULL
             AND k.expires_at > coalesce(c.at, k.created_at)",
        practice,
        &ids,
        &column(logins, |(_, at)| at.map(Timestamp::as_micros)) as &[Option<i64>],
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("DELETE FROM portal.login WHERE practice_id = $1 AND login_id = ANY ($2)", practice, &ids)
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn open_links(connection: &mut PgConnection, practice: Uuid, links: &[&Link]) -> Result<(), Failure> {
    if links.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO portal.link (practice_id, link_id, login_id, contact_id, purpose, address, signed_with, epoch,
             created_at, expires_at, used_at, ended_at)
         SELECT $1, c.* FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[],
             $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[])
             AS c (link_id, login_id, contact_id, purpose, address, signed_with, epoch, created_at, expires_at,
                 used_at, ended_at)",
        practice,
        &lent(links, |link| link.id.to_uuid()),
        &lent(links, |link| link.login.to_uuid()),
        &lent(links, |link| link.contact.to_uuid()),
        &lent(links, |link| link.purpose.code()) as &[&str],
        &lent(links, |link| link.address.as_str()) as &[&str],
        &lent(links, |link| link.signed_with.as_str()) as &[&str],
        &lent(links, |link| link.epoch),
        &lent(links, |link| link.created_at.as_micros()),
        &lent(links, |link| link.expires_at.as_micros()),
        &lent(links, |link| link.used_at.map(Timestamp::as_micros)) as &[Option<i64>],
        &lent(links, |link| link.ended_at.map(Timestamp::as_micros)) as &[Option<i64>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that links were dealt with before their end, or at it. One that is noted for as few days is a conflict.
pub(crate) async fn note_reminded(
    connection: &mut PgConnection,
    practice: Uuid,
    links: &[(LinkId, u32)],
) -> Result<(), Failure> {
    if links.is_empty() {
        return Ok(());
    }
    let done = sqlx::query!(
        "UPDATE portal.link k SET reminded_days = c.days FROM unnest($2::uuid[], $3::bigint[]) AS c (link_id, days)
         WHERE k.practice_id = $1 AND k.link_id = c.link_id AND k.used_at IS NULL AND k.ended_at IS NULL
             AND (k.reminded_days IS NULL OR k.reminded_days > c.days)",
        practice,
        &column(links, |(link, _)| link.to_uuid()),
        &column(links, |(_, days)| i64::from(*days)),
    )
    .execute(connection)
    .await?;
    all(&done, links.len())
}

/// Uses links, each once. One that is used, ended or expired is a conflict.
pub(crate) async fn use_links(
    connection: &mut PgConnection,
    practice: Uuid,
    links: &[(LinkId, Timestamp)],
) -> Result<(), Failure> {
    if links.is_empty() {
        return Ok(());
    }
    let done = sqlx::query!(
        "UPDATE portal.link k SET used_at = c.at FROM unnest($2::uuid[], $3::bigint[]) AS c (link_id, at)
         WHERE k.practice_id = $1 AND k.link_id = c.link_id AND k.used_at IS NULL AND k.ended_at IS NULL
             AND k.expires_at > c.at",
        practice,
        &column(links, |(link, _)| link.to_uuid()),
        &column(links, |(_, at)| at.as_micros()),
    )
    .execute(connection)
    .await?;
    all(&done, links.len())
}

pub(crate) async fn end_links_of(
    connection: &mut PgConnection,
    practice: Uuid,
    logins: &[(LoginId, Timestamp)],
) -> Result<(), Failure> {
    if logins.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "UPDATE portal.link k SET ended_at = c.at FROM unnest($2::uuid[], $3::bigint[]) AS c (login_id, at)
         WHERE k.practice_id = $1 AND k.login_id = c.login_id AND k.used_at IS NULL AND k.ended_at IS NULL",
        practice,
        &column(logins, |(login, _)| login.to_uuid()),
        &column(logins, |(_, at)| at.as_micros()),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn end_links(
    connection: &mut PgConnection,
    practice: Uuid,
    links: &[(LinkId, Timestamp)],
) -> Result<(), Failure> {
    if links.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "UPDATE portal.link k SET ended_at = c.at FROM unnest($2::uuid[], $3::bigint[]) AS c (link_id, at)
         WHERE k.practice_id = $1 AND k.link_id = c.link_id AND k.used_at IS NULL AND k.ended_at IS NULL",
        practice,
        &column(links, |(link, _)| link.to_uuid()),
        &column(links, |(_, at)| at.as_micros()),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn open_sessions(
    connection: &mut PgConnection,
    practice: Uuid,
    sessions: &[&PortalSession],
) -> Result<(), Failure> {
    if sessions.is_empty() {
        return Ok(());
    }
    let agents = lent(sessions, |session| session.user_agent.as_deref());
    sqlx::query!(
        "INSERT INTO portal.session (practice_id, session_id, login_id, hash, epoch, profile_contact_id,
             profile_client_id, factors, told, origin, user_agent, created_at, last_seen_at, idle_until, expires_at,
             ended_at)
         SELECT $1, c.* FROM unnest($2::uuid[], $3::uuid[], $4::bytea[], $5::bigint[], $6::uuid[], $7::uuid[],
             $8::text[], $9::bool[], $10::text[], $11::text[], $12::bigint[], $13::bigint[], $14::bigint[],
             $15::bigint[], $16::bigint[])
             AS c (session_id, login_id, hash, epoch, profile_contact_id, profile_client_id, factors, told, origin,
                 user_agent, created_at, last_seen_at, idle_until, expires_at, ended_at)",
        practice,
        &lent(sessions, |session| session.id.to_uuid()),
        &lent(sessions, |session| session.login.to_uuid()),
        &lent(sessions, |session| &session.hash.0[..]) as &[&[u8]],
        &lent(sessions, |session| session.epoch),
        &lent(sessions, |session| session.profile.map(|it| it.contact.to_uuid())) as &[Option<Uuid>],
        &lent(sessions, |session| session.profile.map(|it| it.client.to_uuid())) as &[Option<Uuid>],
        &lent(sessions, |session| Factor::join(&session.factors)),
        &lent(sessions, |session| session.told),
        &lent(sessions, |session| session.origin.as_deref()) as &[Option<&str>],
        &agents as &[Option<&str>],
        &lent(sessions, |session| session.created_at.as_micros()),
        &lent(sessions, |session| session.last_seen_at.as_micros()),
        &lent(sessions, |session| session.idle_until.as_micros()),
        &lent(sessions, |session| session.expires_at.as_micros()),
        &lent(sessions, |session| session.ended_at.map(Timestamp::as_micros)) as &[Option<i64>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn end_sessions(
    connection: &mut PgConnection,
    practice: Uuid,
    ended: &[(LoginId, Which, Timestamp)],
) -> Result<(), Failure> {
    if ended.is_empty() {
        return Ok(());
    }
    let only = column(ended, |(_, which, _)| which.only_and_but().0.map(|session| session.to_uuid()));
    let but = column(ended, |(_, which, _)| which.only_and_but().1.map(|session| session.to_uuid()));
    sqlx::query!(
        "UPDATE portal.session s SET ended_at = c.at
         FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[]) AS c (login_id, only_id, but_id, at)
         WHERE s.practice_id = $1 AND s.login_id = c.login_id AND s.ended_at IS NULL
             AND (c.only_id IS NULL OR s.session_id = c.only_id)
             AND (c.but_id IS NULL OR s.session_id <> c.but_id)",
        practice,
        &column(ended, |(login, _, _)| login.to_uuid()),
        &only as &[Option<Uuid>],
        &but as &[Option<Uuid>],
        &column(ended, |(_, _, at)| at.as_micros()),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn touch_sessions(
    connection: &mut PgConnection,
    practice: Uuid,
    touched: &[(SessionId, Timestamp, Timestamp)],
) -> Result<(), Failure> {
    if touched.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "UPDATE portal.session s SET last_seen_at = c.at, idle_until = c.idle_until
         FROM unnest($2::uuid[], $3::bigint[], $4::bigint[]) AS c (session_id, at, idle_until)
         WHERE s.practice_id = $1 AND s.session_id = c.session_id AND s.last_seen_at < c.at
             AND s.ended_at IS NULL AND s.idle_until > c.at AND s.expires_at > c.at",
        practice,
        &column(touched, |touch| touch.0.to_uuid()),
        &column(touched, |touch| touch.1.as_micros()),
        &column(touched, |touch| touch.2.as_micros()),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn select_profiles(
    connection: &mut PgConnection,
    practice: Uuid,
    selected: &[(SessionId, ProfileId)],
) -> Result<(), Failure> {
    if selected.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "UPDATE portal.session s SET profile_contact_id = c.contact_id, profile_client_id = c.client_id
         FROM unnest($2::uuid[], $3::uuid[], $4::uuid[]) AS c (session_id, contact_id, client_id)
         WHERE s.practice_id = $1 AND s.session_id = c.session_id",
        practice,
        &column(selected, |(session, _)| session.to_uuid()),
        &column(selected, |(_, profile)| profile.contact.to_uuid()),
        &column(selected, |(_, profile)| profile.client.to_uuid()),
    )
    .execute(connection)
    .await?;
    Ok(())
}
