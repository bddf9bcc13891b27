//! Practices, practice users, clients and contacts.
//!
//! What is put is inserted at version 1 and replaced at a later one, where the version before it is there; a statement
//! that writes fewer rows than it was given has met somebody else's, and is a conflict.

use std::collections::BTreeMap;

use portal_domain::{
    contact::Contact,
    email::{EmailAddress, LoginKey},
    id::{ClientId, ContactId, UserId},
    practice::{Client, Practice, PracticeUser},
    time::Timestamp,
};
use sqlx::{PgConnection, postgres::PgQueryResult};
use uuid::Uuid;

use super::work::{column, lent};
use crate::{failure::Failure, row::json};

pub(crate) async fn put_practices(connection: &mut PgConnection, practices: &[&Practice]) -> Result<(), Failure> {
    for practice in practices {
        let settings = json(&practice.settings)?;
        let done = sqlx::query!(
            "INSERT INTO portal.practice (practice_id, name, settings, created_at, version, mails_per_hour, suspended_at,
                 delete_after)
             SELECT $1, $2, $3, $4, $5::bigint, $6, $7, $8
             WHERE $5::bigint = 1 OR EXISTS (SELECT FROM portal.practice p WHERE p.practice_id = $1)
             ON CONFLICT (practice_id) DO UPDATE
             SET name = excluded.name, settings = excluded.settings, version = excluded.version,
                 mails_per_hour = excluded.mails_per_hour, suspended_at = excluded.suspended_at,
                 delete_after = excluded.delete_after
             WHERE practice.version = excluded.version - 1",
            practice.id.to_uuid(),
            practice.name,
            settings,
            practice.created_at.as_micros(),
            practice.version,
            practice.settings.mails_per_hour.map(i64::from),
            practice.suspended_at.map(Timestamp::as_micros),
            practice.delete_after.map(Timestamp::as_micros),
        )
        .execute(&mut *connection)
        .await?;
        all(&done, 1)?;
        if practice.version == 1 {
            sqlx::query!(
                "INSERT INTO portal.practice_slug (slug, practice_id) VALUES ($1, $2)",
                practice.slug.as_str(),
                practice.id.to_uuid(),
            )
            .execute(&mut *connection)
            .await?;
        }
    }
    Ok(())
}

pub(crate) async fn put_users(
    connection: &mut PgConnection,
    practice: Uuid,
    users: &[&PracticeUser],
) -> Result<(), Failure> {
    if users.is_empty() {
        return Ok(());
    }
    let done = sqlx::query!(
        "INSERT INTO portal.practice_user
             (practice_id, user_id, ref, name, address, removed, key, role, created_at, version)
         SELECT $1, c.* FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
             $8::text[], $9::bigint[], $10::bigint[])
             AS c (user_id, ref, name, address, removed, key, role, created_at, version)
         WHERE c.version = 1
             OR EXISTS (SELECT FROM portal.practice_user u WHERE u.practice_id = $1 AND u.user_id = c.user_id)
         ON CONFLICT (practice_id, user_id) DO UPDATE
         SET name = excluded.name, address = excluded.address, removed = excluded.removed, key = excluded.key,
             role = excluded.role, version = excluded.version
         WHERE practice_user.version = excluded.version - 1",
        practice,
        &lent(users, |user| user.id.to_uuid()),
        &lent(users, |user| user.reference.as_str()) as &[&str],
        &lent(users, |user| user.name.as_str()) as &[&str],
        &lent(users, |user| user.email.as_str()) as &[&str],
        &lent(users, |user| user.email.removed()) as &[Option<&str>],
        &lent(users, |user| user.email.key().as_str()) as &[&str],
        &lent(users, |user| user.role.code()) as &[&str],
        &lent(users, |user| user.created_at.as_micros()),
        &lent(users, |user| user.version),
    )
    .execute(connection)
    .await?;
    all(&done, users.len())
}

pub(crate) async fn delete_users(
    connection: &mut PgConnection,
    practice: Uuid,
    users: &[UserId],
) -> Result<(), Failure> {
    if users.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "DELETE FROM portal.practice_user WHERE practice_id = $1 AND user_id = ANY ($2)",
        practice,
        &column(users, |user| user.to_uuid()),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn put_clients(
    connection: &mut PgConnection,
    practice: Uuid,
    clients: &[&Client],
) -> Result<(), Failure> {
    if clients.is_empty() {
        return Ok(());
    }
    let done = sqlx::query!(
        "INSERT INTO portal.client (practice_id, client_id, ref, name, suspended, created_at, version)
         SELECT $1, c.* FROM unnest($2::uuid[], $3::text[], $4::text[], $5::boolean[], $6::bigint[], $7::bigint[])
             AS c (client_id, ref, name, suspended, created_at, version)
         WHERE c.version = 1
             OR EXISTS (SELECT FROM portal.client o WHERE o.practice_id = $1 AND o.client_id = c.client_id)
         ON CONFLICT (practice_id, client_id) DO UPDATE
         SET name = excluded.name, suspended = excluded.suspended, version = excluded.version
         WHERE client.version = excluded.version - 1",
        practice,
        &lent(clients, |client| client.id.to_uuid()),
        &lent(clients, |client| client.reference.as_str()) as &[&str],
        &lent(clients, |client| client.name.as_str()) as &[&str],
        &lent(clients, |client| client.suspended),
        &lent(clients, |client| client.created_at.as_micros()),
        &lent(clients, |client| client.version),
    )
    .execute(connection)
    .await?;
    all(&done, clients.len())
}

/// Deletes clients, and with them what names them; sessions forget that they chose one.
pub(crate) async fn delete_clients(
    connection: &mut PgConnection,
    practice: Uuid,
    clients: &[ClientId],
) -> Result<(), Failure> {
    if clients.is_empty() {
        return Ok(());
    }
    let ids = column(clients, |client| client.to_uuid());
    sqlx::query!(
        "UPDATE portal.session SET profile_contact_id = NULL, profile_client_id = NULL
         WHERE practice_id = $1 AND profile_client_id = ANY ($2)",
        practice,
        &ids,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("DELETE FROM portal.client WHERE practice_id = $1 AND client_id = ANY ($2)", practice, &ids)
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn put_contacts(
    connection: &mut PgConnection,
    practice: Uuid,
    contacts: &[&Contact],
) -> Result<(), Failure> {
    if contacts.is_empty() {
        return Ok(());
    }
    let refused = contacts.iter().map(|contact| contact.refused_update.as_ref().map(json).transpose());
    let refused = refused.collect::<Result<Vec<_>, _>>()?;
    let done = sqlx::query!(
        "INSERT INTO portal.contact (practice_id, contact_id, ref, name, locale, access, login_id, behind_since,
             activated_at, moved_from_address, moved_from_at, refused_update, trial, created_at, version)
         SELECT $1, c.* FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[],
             $8::bigint[], $9::bigint[], $10::text[], $11::bigint[], $12::text[], $13::boolean[], $14::bigint[],
             $15::bigint[])
             AS c (contact_id, ref, name, locale, access, login_id, behind_since, activated_at, moved_from_address,
                 moved_from_at, refused_update, trial, created_at, version)
         WHERE c.version = 1
             OR EXISTS (SELECT FROM portal.contact o WHERE o.practice_id = $1 AND o.contact_id = c.contact_id)
         ON CONFLICT (practice_id, contact_id) DO UPDATE
         SET name = excluded.name, locale = excluded.locale, access = excluded.access, login_id = excluded.login_id,
             behind_since = excluded.behind_since, activated_at = excluded.activated_at,
             moved_from_address = excluded.moved_from_address, moved_from_at = excluded.moved_from_at,
             refused_update = excluded.refused_update, trial = excluded.trial, version = excluded.version
         WHERE contact.version = excluded.version - 1",
        practice,
        &lent(contacts, |contact| contact.id.to_uuid()),
        &lent(contacts, |contact| contact.reference.as_str()) as &[&str],
        &lent(contacts, |contact| contact.name.as_str()) as &[&str],
        &lent(contacts, |contact| contact.locale.as_deref()) as &[Option<&str>],
        &lent(contacts, |contact| contact.access.code()) as &[&str],
        &lent(contacts, |contact| contact.login.map(|login| login.to_uuid())) as &[Option<Uuid>],
        &lent(contacts, |contact| contact.behind_since.map(Timestamp::as_micros)) as &[Option<i64>],
        &lent(contacts, |contact| contact.activated_at.map(Timestamp::as_micros)) as &[Option<i64>],
        &lent(contacts, |contact| contact.moved_from.as_ref().map(|from| from.address.as_str())) as &[Option<&str>],
        &lent(contacts, |contact| contact.moved_from.as_ref().map(|from| from.at.as_micros())) as &[Option<i64>],
        &refused as &[Option<String>],
        &lent(contacts, |contact| contact.trial),
        &lent(contacts, |contact| contact.created_at.as_micros()),
        &lent(contacts, |contact| contact.version),
    )
    .execute(&mut *connection)
    .await?;
    all(&done, contacts.len())?;
    clear_lists(connection, practice, contacts).await?;
    put_emails(connection, practice, contacts).await?;
    put_memberships(connection, practice, contacts).await
}

/// Takes away addresses and clients of contacts that were there before.
async fn clear_lists(connection: &mut PgConnection, practice: Uuid, contacts: &[&Contact]) -> Result<(), Failure> {
    let old: Vec<Uuid> =
        contacts.iter().filter(|contact| contact.version > 1).map(|contact| contact.id.to_uuid()).collect();
    if old.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "WITH addresses AS (DELETE FROM portal.contact_email WHERE practice_id = $1 AND contact_id = ANY ($2))
         DELETE FROM portal.contact_client WHERE practice_id = $1 AND contact_id = ANY ($2)",
        practice,
        &old,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// An address of a contact, with its place.
type Placed<'a> = (Uuid, i32, &'a EmailAddress);

async fn put_emails(connection: &mut PgConnection, practice: Uuid, contacts: &[&Contact]) -> Result<(), Failure> {
    let rows: Vec<Placed<'_>> = contacts
        .iter()
        .flat_map(|contact| (0..).zip(contact.emails.iter()).map(|(at, email)| (contact.id.to_uuid(), at, email)))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let addresses: Vec<&str> = rows.iter().map(|(_, _, email)| email.as_str()).collect();
    let removed: Vec<Option<&str>> = rows.iter().map(|(_, _, email)| email.removed()).collect();
    let keys: Vec<&str> = rows.iter().map(|(_, _, email)| email.key().as_str()).collect();
    sqlx::query!(
        "INSERT INTO portal.contact_email (practice_id, contact_id, position, address, removed, key)
         SELECT $1, c.* FROM unnest($2::uuid[], $3::integer[], $4::text[], $5::text[], $6::text[])
             AS c (contact_id, position, address, removed, key)",
        practice,
        &column(&rows, |row| row.0),
        &column(&rows, |row| row.1),
        &addresses as &[&str],
        &removed as &[Option<&str>],
        &keys as &[&str],
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn put_memberships(connection: &mut PgConnection, practice: Uuid, contacts: &[&Contact]) -> Result<(), Failure> {
    let rows: Vec<(Uuid, Uuid)> = contacts
        .iter()
        .flat_map(|contact| contact.clients.iter().map(|client| (contact.id.to_uuid(), client.to_uuid())))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO portal.contact_client (practice_id, contact_id, client_id)
         SELECT $1, c.* FROM unnest($2::uuid[], $3::uuid[]) AS c (contact_id, client_id)",
        practice,
        &column(&rows, |row| row.0),
        &column(&rows, |row| row.1),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes contacts; addresses, clients and former keys go with them.
pub(crate) async fn delete_contacts(
    connection: &mut PgConnection,
    practice: Uuid,
    contacts: &[(ContactId, Option<Timestamp>)],
) -> Result<(), Failure> {
    if contacts.is_empty() {
        return Ok(());
    }
    let ids = column(contacts, |(contact, _)| contact.to_uuid());
    // Which reference they had is kept.
    sqlx::query!(
        "WITH deleted AS (
             DELETE FROM portal.contact c USING unnest($2::uuid[], $3::bigint[]) AS d (contact_id, at)
             WHERE c.practice_id = $1 AND c.contact_id = d.contact_id
             RETURNING c.contact_id, c.ref, coalesce(d.at, c.created_at) AS at)
         INSERT INTO portal.gone_contact (practice_id, contact_id, ref, deleted_at)
         SELECT $1, contact_id, ref, at FROM deleted",
        practice,
        &ids,
        &column(contacts, |(_, at)| at.map(Timestamp::as_micros)) as &[Option<i64>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn remember_keys(
    connection: &mut PgConnection,
    practice: Uuid,
    keys: &[(ContactId, &LoginKey, bool)],
) -> Result<(), Failure> {
    if keys.is_empty() {
        return Ok(());
    }
    // A statement may meet a row once only; of two words on one key the last holds.
    let last: BTreeMap<_, _> = keys.iter().map(|(contact, key, wrong)| ((*contact, *key), *wrong)).collect();
    let keys: Vec<_> = last.into_iter().collect();
    let names: Vec<&str> = keys.iter().map(|((_, key), _)| key.as_str()).collect();
    sqlx::query!(
        "INSERT INTO portal.contact_former_key (practice_id, contact_id, key, wrong)
         SELECT $1, c.* FROM unnest($2::uuid[], $3::text[], $4::boolean[]) AS c (contact_id, key, wrong)
         ON CONFLICT (practice_id, contact_id, key) DO UPDATE SET wrong = excluded.wrong",
        practice,
        &column(&keys, |((contact, _), _)| contact.to_uuid()),
        &names as &[&str],
        &column(&keys, |(_, wrong)| *wrong),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A conflict unless every row was written.
pub(crate) fn all(done: &PgQueryResult, rows: usize) -> Result<(), Failure> {
    if done.rows_affected() == rows as u64 { Ok(()) } else { Err(Failure::Conflict) }
}
