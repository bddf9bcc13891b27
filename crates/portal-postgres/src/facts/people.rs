//! Contacts, clients and practice users.

use std::collections::{BTreeSet, HashMap};

use portal_domain::{
    contact::Contact,
    email::LoginKey,
    facts::{ContactQuery, ContactSelector},
    id::{ClientId, PracticeId, Ref},
    port::StoreError,
    practice::{Client, PracticeUser},
};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::{
    failure::store_error,
    row::{self, ClientRow, ContactRow, UserRow},
};

/// A contact with its former keys.
pub(crate) struct Known {
    pub(crate) contact: Contact,
    pub(crate) former_keys: Vec<LoginKey>,
}

/// Which contacts are wanted: those of these names, of these ids, and those that are behind these logins.
#[derive(Default)]
pub(crate) struct Wanted<'a> {
    pub(crate) refs: Vec<&'a str>,
    pub(crate) ids: Vec<Uuid>,
    pub(crate) behind: Vec<Uuid>,
}

impl<'a> Wanted<'a> {
    pub(crate) fn asked(queries: &'a [ContactQuery]) -> Self {
        let mut wanted = Self::default();
        for query in queries {
            match &query.contact {
                ContactSelector::Ref(reference) => wanted.refs.push(reference.as_str()),
                ContactSelector::Id(id) => wanted.ids.push(id.to_uuid()),
            }
        }
        wanted
    }

    pub(crate) fn behind(logins: Vec<Uuid>) -> Self {
        Self { behind: logins, ..Self::default() }
    }
}

/// The wanted contacts, ordered by id.
pub(crate) async fn contacts(
    snapshot: &mut PgConnection,
    practice: PracticeId,
    wanted: &Wanted<'_>,
) -> Result<Vec<Known>, StoreError> {
    let rows = sqlx::query_as!(
        ContactRow,
        r#"SELECT c.contact_id, c.ref AS reference, c.name, c.locale, c.access, c.login_id, c.behind_since,
               c.activated_at, c.moved_from_address, c.moved_from_at, c.refused_update, c.trial, c.created_at, c.version,
               ARRAY(SELECT e.address FROM portal.contact_email e
                   WHERE e.practice_id = c.practice_id AND e.contact_id = c.contact_id
                   ORDER BY e.position) AS "addresses!: Vec<String>",
               ARRAY(SELECT e.removed FROM portal.contact_email e
                   WHERE e.practice_id = c.practice_id AND e.contact_id = c.contact_id
                   ORDER BY e.position) AS "removed!: Vec<Option<String>>",
               ARRAY(SELECT e.key FROM portal.contact_email e
                   WHERE e.practice_id = c.practice_id AND e.contact_id = c.contact_id
                   ORDER BY e.position) AS "keys!: Vec<String>",
               ARRAY(SELECT l.client_id FROM portal.contact_client l
                   WHERE l.practice_id = c.practice_id AND l.contact_id = c.contact_id
                   ORDER BY l.client_id) AS "clients!: Vec<Uuid>",
               ARRAY(SELECT f.key FROM portal.contact_former_key f
                   WHERE f.practice_id = c.practice_id AND f.contact_id = c.contact_id
                   ORDER BY f.key) AS "former_keys!: Vec<String>"
           FROM portal.contact c
           WHERE c.practice_id = $1
             AND (c.ref = ANY ($2) OR c.contact_id = ANY ($3) OR (c.login_id = ANY ($4) AND c.access = 'granted'))
           ORDER BY c.contact_id"#,
        row::uuid(practice),
        &wanted.refs as &[&str],
        &wanted.ids,
        &wanted.behind,
    )
    .fetch_all(snapshot)
    .await
    .map_err(store_error)?;
    let known = rows.into_iter().map(|row| {
        let (contact, former_keys) = row.read()?;
        Ok(Known { contact, former_keys })
    });
    known.collect()
}

/// The clients of these names and ids.
pub(crate) async fn clients(
    snapshot: &mut PgConnection,
    practice: PracticeId,
    named: &BTreeSet<&Ref>,
    ids: &BTreeSet<ClientId>,
) -> Result<HashMap<ClientId, Client>, StoreError> {
    let named: Vec<&str> = named.iter().map(|name| name.as_str()).collect();
    let ids: Vec<Uuid> = ids.iter().map(|id| id.to_uuid()).collect();
    let rows = sqlx::query_as!(
        ClientRow,
        "SELECT client_id, ref AS reference, name, suspended, created_at, version FROM portal.client
         WHERE practice_id = $1 AND (ref = ANY ($2) OR client_id = ANY ($3))",
        row::uuid(practice),
        &named as &[&str],
        &ids,
    )
    .fetch_all(snapshot)
    .await
    .map_err(store_error)?;
    rows.into_iter()
        .map(|row| {
            let client = row.read()?;
            Ok((client.id, client))
        })
        .collect()
}

/// The clients of these names, ordered by reference.
pub(crate) async fn clients_named(
    pool: &PgPool,
    practice: PracticeId,
    named: &[Ref],
) -> Result<Vec<Client>, StoreError> {
    let named: Vec<&str> = named.iter().map(Ref::as_str).collect();
    let rows = sqlx::query_as!(
        ClientRow,
        "SELECT client_id, ref AS reference, name, suspended, created_at, version FROM portal.client
         WHERE practice_id = $1 AND ref = ANY ($2) ORDER BY ref",
        row::uuid(practice),
        &named as &[&str],
    )
    .fetch_all(pool)
    .await
    .map_err(store_error)?;
    rows.into_iter().map(ClientRow::read).collect()
}

/// The practice users who hold one of the keys.
pub(crate) async fn users_with_keys(
    snapshot: &mut PgConnection,
    practice: PracticeId,
    keys: &[&LoginKey],
) -> Result<Vec<PracticeUser>, StoreError> {
    let keys: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
    let rows = sqlx::query_as!(
        UserRow,
        "SELECT u.user_id, u.ref AS reference, u.name, u.address, u.removed, u.role, u.created_at, u.version
         FROM portal.login_key k
             JOIN portal.practice_user u ON u.practice_id = k.practice_id AND u.user_id = k.user_id
         WHERE k.practice_id = $1 AND k.key = ANY ($2)",
        row::uuid(practice),
        &keys as &[&str],
    )
    .fetch_all(snapshot)
    .await
    .map_err(store_error)?;
    rows.into_iter().map(UserRow::read).collect()
}

pub(crate) async fn user(
    snapshot: &mut PgConnection,
    practice: PracticeId,
    reference: &Ref,
) -> Result<Option<PracticeUser>, StoreError> {
    let found = sqlx::query_as!(
        UserRow,
        "SELECT user_id, ref AS reference, name, address, removed, role, created_at, version
         FROM portal.practice_user WHERE practice_id = $1 AND ref = $2",
        row::uuid(practice),
        reference.as_str(),
    )
    .fetch_optional(snapshot)
    .await
    .map_err(store_error)?;
    found.map(UserRow::read).transpose()
}

/// The admin with the least id, of those with another name.
pub(crate) async fn other_admin(
    snapshot: &mut PgConnection,
    practice: PracticeId,
    than: &Ref,
) -> Result<Option<PracticeUser>, StoreError> {
    let found = sqlx::query_as!(
        UserRow,
        "SELECT user_id, ref AS reference, name, address, removed, role, created_at, version
         FROM portal.practice_user WHERE practice_id = $1 AND role = 'admin' AND ref <> $2
         ORDER BY user_id LIMIT 1",
        row::uuid(practice),
        than.as_str(),
    )
    .fetch_optional(snapshot)
    .await
    .map_err(store_error)?;
    found.map(UserRow::read).transpose()
}
