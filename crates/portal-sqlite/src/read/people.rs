//! Contacts, clients and staff, many at a time.

use std::collections::{BTreeMap, BTreeSet};

use portal_domain::{
    change::KeyOwner,
    contact::Contact,
    email::{EmailAddress, EmailList, LoginKey},
    id::{ClientId, ContactId, PracticeId, Ref, UserId},
    practice::{Client, PracticeUser},
};
use sqlx::SqliteConnection;

use super::{
    decode::{damaged, email, id, key, maybe_id, reference},
    rows::{ClientRow, ContactRow, UserRow},
};
use crate::{
    encode::{ids, texts},
    error::Fault,
};

/// Which contacts have these references.
pub(super) async fn contact_ids(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    refs: &BTreeSet<&Ref>,
) -> Result<BTreeMap<Ref, ContactId>, Fault> {
    let practice = practice.to_bytes();
    let (practice, refs) = (practice.as_slice(), texts(refs.iter().map(|one| one.as_str())));
    let rows = sqlx::query!(
        "SELECT c.ref AS reference, c.contact_id FROM json_each(?2) AS e
         CROSS JOIN portal_contact AS c ON c.practice_id = ?1 AND c.ref = e.value",
        practice,
        refs
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    let read =
        rows.map(|row| Ok((reference(&row.reference, "contact.ref")?, id(&row.contact_id, "contact.contact_id")?)));
    read.collect()
}

/// Contacts with their addresses and clients.
pub(super) async fn contacts(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    wanted: &BTreeSet<ContactId>,
) -> Result<BTreeMap<ContactId, Contact>, Fault> {
    let practice = practice.to_bytes();
    let (practice, wanted) = (practice.as_slice(), ids(wanted));
    let mut emails = emails(connection, practice, &wanted).await?;
    let mut clients = contact_clients(connection, practice, &wanted).await?;
    let rows = sqlx::query_as!(
        ContactRow,
        "SELECT c.contact_id, c.ref AS reference, c.name, c.locale, c.access, c.login_id, c.behind_since,
             c.activated_at, c.moved_from_address, c.moved_from_at, c.refused_update,
             c.trial, c.created_at, c.version
         FROM json_each(?2) AS e
         CROSS JOIN portal_contact AS c ON c.practice_id = ?1 AND c.contact_id = unhex(e.value)",
        practice,
        wanted
    );
    let mut contacts = BTreeMap::new();
    for row in rows.fetch_all(connection).await? {
        let contact = id(&row.contact_id, "contact.contact_id")?;
        let emails = EmailList::from_addresses(emails.remove(&contact).unwrap_or_default());
        let emails = emails.map_err(|_| damaged("contact_email.position"))?;
        let clients = clients.remove(&contact).unwrap_or_default();
        contacts.insert(contact, row.read(emails, clients)?);
    }
    Ok(contacts)
}

async fn emails(
    connection: &mut SqliteConnection,
    practice: &[u8],
    wanted: &str,
) -> Result<BTreeMap<ContactId, Vec<EmailAddress>>, Fault> {
    let rows = sqlx::query!(
        "SELECT a.contact_id, a.address, a.removed FROM json_each(?2) AS e
         CROSS JOIN portal_contact_email AS a ON a.practice_id = ?1 AND a.contact_id = unhex(e.value)
         ORDER BY a.contact_id, a.position",
        practice,
        wanted
    );
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in rows.fetch_all(connection).await? {
        let contact = id(&row.contact_id, "contact_email.contact_id")?;
        found.entry(contact).or_default().push(email(&row.address, row.removed, "contact_email.address")?);
    }
    Ok(found)
}

async fn contact_clients(
    connection: &mut SqliteConnection,
    practice: &[u8],
    wanted: &str,
) -> Result<BTreeMap<ContactId, Vec<ClientId>>, Fault> {
    let rows = sqlx::query!(
        "SELECT c.contact_id, c.client_id FROM json_each(?2) AS e
         CROSS JOIN portal_contact_client AS c ON c.practice_id = ?1 AND c.contact_id = unhex(e.value)
         ORDER BY c.contact_id, c.client_id",
        practice,
        wanted
    );
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in rows.fetch_all(connection).await? {
        let contact = id(&row.contact_id, "contact_client.contact_id")?;
        found.entry(contact).or_default().push(id(&row.client_id, "contact_client.client_id")?);
    }
    Ok(found)
}

/// Keys that were first while there was access, by contact.
pub(super) async fn former_keys(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    wanted: &BTreeSet<ContactId>,
) -> Result<BTreeMap<ContactId, BTreeSet<LoginKey>>, Fault> {
    let practice = practice.to_bytes();
    let (practice, wanted) = (practice.as_slice(), ids(wanted));
    let rows = sqlx::query!(
        "SELECT k.contact_id, k.key FROM json_each(?2) AS e
         CROSS JOIN portal_contact_former_key AS k ON k.practice_id = ?1 AND k.contact_id = unhex(e.value)",
        practice,
        wanted
    );
    let mut found: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for row in rows.fetch_all(connection).await? {
        let contact = id(&row.contact_id, "contact_former_key.contact_id")?;
        found.entry(contact).or_default().insert(key(&row.key, "contact_former_key.key")?);
    }
    Ok(found)
}

/// Which clients have these references.
pub(crate) async fn client_ids(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    refs: &BTreeSet<&Ref>,
) -> Result<BTreeMap<Ref, ClientId>, Fault> {
    let practice = practice.to_bytes();
    let (practice, refs) = (practice.as_slice(), texts(refs.iter().map(|one| one.as_str())));
    let rows = sqlx::query!(
        "SELECT c.ref AS reference, c.client_id FROM json_each(?2) AS e
         CROSS JOIN portal_client AS c ON c.practice_id = ?1 AND c.ref = e.value",
        practice,
        refs
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    let read = rows.map(|row| Ok((reference(&row.reference, "client.ref")?, id(&row.client_id, "client.client_id")?)));
    read.collect()
}

/// Clients by id.
pub(crate) async fn clients(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    wanted: &BTreeSet<ClientId>,
) -> Result<BTreeMap<ClientId, Client>, Fault> {
    let practice = practice.to_bytes();
    let (practice, wanted) = (practice.as_slice(), ids(wanted));
    let rows = sqlx::query_as!(
        ClientRow,
        "SELECT c.client_id, c.ref AS reference, c.name, c.suspended, c.created_at, c.version
         FROM json_each(?2) AS e
         CROSS JOIN portal_client AS c ON c.practice_id = ?1 AND c.client_id = unhex(e.value)",
        practice,
        wanted
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    rows.map(|row| row.read().map(|client| (client.id, client)).map_err(Fault::from)).collect()
}

/// Practice users by id.
pub(super) async fn users(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    wanted: &BTreeSet<UserId>,
) -> Result<BTreeMap<UserId, PracticeUser>, Fault> {
    let practice = practice.to_bytes();
    let (practice, wanted) = (practice.as_slice(), ids(wanted));
    let rows = sqlx::query_as!(
        UserRow,
        "SELECT u.user_id, u.ref AS reference, u.name, u.address, u.removed, u.role, u.created_at, u.version
         FROM json_each(?2) AS e
         CROSS JOIN portal_practice_user AS u ON u.practice_id = ?1 AND u.user_id = unhex(e.value)",
        practice,
        wanted
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    rows.map(|row| row.read().map(|user| (user.id, user)).map_err(Fault::from)).collect()
}

/// The user of that reference, and another admin than it.
pub(super) async fn user_and_other_admin(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    user: &Ref,
) -> Result<(Option<UserId>, Option<UserId>), Fault> {
    let practice = practice.to_bytes();
    let (practice, user) = (practice.as_slice(), user.as_str());
    let named = sqlx::query_scalar!(
        "SELECT user_id FROM portal_practice_user WHERE practice_id = ?1 AND ref = ?2",
        practice,
        user
    );
    let named = named.fetch_optional(&mut *connection).await?;
    let other = sqlx::query_scalar!(
        "SELECT user_id FROM portal_practice_user
         WHERE practice_id = ?1 AND role = 'admin' AND ref <> ?2 ORDER BY user_id LIMIT 1",
        practice,
        user
    );
    let other = other.fetch_optional(&mut *connection).await?;
    let column = "practice_user.user_id";
    Ok((maybe_id(named.as_deref(), column)?, maybe_id(other.as_deref(), column)?))
}

/// Who holds each of these keys; keys that nobody holds are absent.
pub(super) async fn owners(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    keys: &BTreeSet<&LoginKey>,
) -> Result<BTreeMap<LoginKey, KeyOwner>, Fault> {
    let practice = practice.to_bytes();
    let (practice, keys) = (practice.as_slice(), texts(keys.iter().map(|key| key.as_str())));
    let rows = sqlx::query!(
        "SELECT k.key, k.user_id, k.login_id FROM json_each(?2) AS e
         CROSS JOIN portal_login_key AS k ON k.practice_id = ?1 AND k.key = e.value",
        practice,
        keys
    );
    let mut owners = BTreeMap::new();
    for row in rows.fetch_all(connection).await? {
        let owner = match (row.user_id, row.login_id) {
            (Some(user), None) => KeyOwner::User(id(&user, "login_key.user_id")?),
            (None, Some(login)) => KeyOwner::Login(id(&login, "login_key.login_id")?),
            _ => return Err(damaged("login_key.login_id").into()),
        };
        owners.insert(key(&row.key, "login_key.key")?, owner);
    }
    Ok(owners)
}
