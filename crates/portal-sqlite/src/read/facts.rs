//! Facts: one consistent picture per question, put together from a fixed number of statements.

use std::collections::{BTreeMap, BTreeSet};

use portal_domain::{
    change::KeyOwner,
    contact::Contact,
    email::LoginKey,
    facts::{
        ContactFacts, ContactQuery, ContactSelector, Holder, LinkFacts, LoginFacts, SessionFacts, SignInFacts,
        UserFacts, UserQuery,
    },
    id::{ClientId, ContactId, LinkId, LoginId, PracticeId, Ref, UserId},
    message::MessageKind,
    port::StoreError,
    practice::{Client, PracticeUser},
    session::SessionHash,
    time::Timestamp,
};
use sqlx::SqliteConnection;

use super::{
    decode::{damaged, id, maybe_id, maybe_time},
    logins::{clients_of, logins},
    people,
    rows::{LinkRow, LoginRow, SessionRow},
};
use crate::{error::Fault, returns, tries};

pub(crate) async fn contacts(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    queries: &[ContactQuery],
    now: Timestamp,
) -> Result<Vec<ContactFacts>, Fault> {
    let refs = queries.iter().filter_map(|query| match &query.contact {
        ContactSelector::Ref(reference) => Some(reference),
        ContactSelector::Id(_) => None,
    });
    let named = people::contact_ids(connection, practice, &refs.collect()).await?;
    let which = |query: &ContactQuery| match &query.contact {
        ContactSelector::Ref(reference) => named.get(reference).copied(),
        ContactSelector::Id(contact) => Some(*contact),
    };
    let wanted: BTreeSet<ContactId> = queries.iter().filter_map(which).collect();
    let contacts = people::contacts(connection, practice, &wanted).await?;
    let former_keys = people::former_keys(connection, practice, &wanted).await?;

    let client_refs = queries.iter().flat_map(|query| &query.clients).collect();
    let named_clients = people::client_ids(connection, practice, &client_refs).await?;
    let own_clients = contacts.values().flat_map(|contact| &contact.clients);
    let client_ids: BTreeSet<ClientId> = own_clients.chain(named_clients.values()).copied().collect();
    let clients = people::clients(connection, practice, &client_ids).await?;

    let asked = queries.iter().flat_map(|query| &query.keys);
    let keys: BTreeSet<_> = asked.chain(contacts.values().filter_map(first_key)).collect();
    let own_logins = contacts.values().filter_map(|contact| contact.login).collect();
    let registry = Registry::load(connection, practice, &keys, own_logins, &contacts, now).await?;
    let locked = tries::locked(connection, practice, keys.iter().copied(), now).await?;
    let suppressed = returns::suppressed(connection, practice, keys.iter().copied()).await?;

    let answer = |query: &ContactQuery| {
        let contact = which(query).and_then(|id| contacts.get(&id));
        let own_key = contact.and_then(first_key);
        let holders = query.keys.iter().chain(own_key).filter_map(|key| {
            let holder = registry.holder(key).transpose()?;
            Some(holder.map(|holder| (key.clone(), holder)))
        });
        Ok(ContactFacts {
            contact: contact.cloned(),
            clients: clients_of_query(contact, query, &named_clients, &clients),
            former_keys: contact.and_then(|contact| former_keys.get(&contact.id)).cloned().unwrap_or_default(),
            login: contact.and_then(|contact| registry.logins.get(&contact.login?)).cloned(),
            holders: holders.collect::<Result<_, Fault>>()?,
            locked: query.keys.iter().chain(own_key).filter_map(|key| Some((key.clone(), *locked.get(key)?))).collect(),
            suppressed: query
                .keys
                .iter()
                .chain(own_key)
                .filter_map(|key| suppressed.get_key_value(key))
                .map(owned)
                .collect(),
        })
    };
    queries.iter().map(answer).collect()
}

fn owned<K: Clone, V: Clone>((key, value): (&K, &V)) -> (K, V) {
    (key.clone(), value.clone())
}

fn first_key(contact: &Contact) -> Option<&LoginKey> {
    contact.emails.first().map(|email| email.key())
}

/// The clients the contact belongs to, and those the query named.
fn clients_of_query(
    contact: Option<&Contact>,
    query: &ContactQuery,
    named: &BTreeMap<Ref, ClientId>,
    clients: &BTreeMap<ClientId, Client>,
) -> Vec<Client> {
    let mut found = contact.map(|contact| clients_of(contact, clients)).unwrap_or_default();
    found.extend(query.clients.iter().filter_map(|client| clients.get(named.get(client)?)).cloned());
    found.sort_by(|a, b| a.reference.cmp(&b.reference));
    found.dedup_by(|a, b| a.id == b.id);
    found
}

/// Who holds what, and the logins concerned.
struct Registry {
    owners: BTreeMap<LoginKey, KeyOwner>,
    users: BTreeMap<UserId, PracticeUser>,
    logins: BTreeMap<LoginId, LoginFacts>,
}

impl Registry {
    async fn load(
        connection: &mut SqliteConnection,
        practice: PracticeId,
        keys: &BTreeSet<&LoginKey>,
        mut wanted: BTreeSet<LoginId>,
        known: &BTreeMap<ContactId, Contact>,
        now: Timestamp,
    ) -> Result<Self, Fault> {
        let owners = people::owners(connection, practice, keys).await?;
        let mut user_ids = BTreeSet::new();
        for owner in owners.values() {
            match owner {
                KeyOwner::User(user) => user_ids.insert(*user),
                KeyOwner::Login(login) => wanted.insert(*login),
            };
        }
        let users = people::users(connection, practice, &user_ids).await?;
        let logins = logins(connection, practice, &wanted, known, now).await?;
        Ok(Self { owners, users, logins })
    }

    fn holder(&self, key: &LoginKey) -> Result<Option<Holder>, Fault> {
        let holder = match self.owners.get(key) {
            None => return Ok(None),
            Some(KeyOwner::User(user)) => self.users.get(user).cloned().map(Holder::User),
            Some(KeyOwner::Login(login)) => self.logins.get(login).cloned().map(Holder::Login),
        };
        holder.map(Some).ok_or_else(|| damaged("login_key.key").into())
    }
}

pub(crate) async fn user(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    query: &UserQuery,
    now: Timestamp,
) -> Result<UserFacts, Fault> {
    let (named, other) = people::user_and_other_admin(connection, practice, &query.user).await?;
    let wanted = named.into_iter().chain(other).collect();
    let users = people::users(connection, practice, &wanted).await?;
    let keys = query.key.iter().collect();
    let registry = Registry::load(connection, practice, &keys, BTreeSet::new(), &BTreeMap::new(), now).await?;
    let holder = query.key.as_ref().map(|key| registry.holder(key)).transpose()?.flatten();
    let get = |id: Option<UserId>| id.and_then(|id| users.get(&id)).cloned();
    Ok(UserFacts { user: get(named), holder, other_admin: get(other) })
}

pub(crate) async fn clients(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    refs: &[Ref],
) -> Result<Vec<Client>, Fault> {
    let named = people::client_ids(connection, practice, &refs.iter().collect()).await?;
    let mut clients = people::clients(connection, practice, &named.values().copied().collect()).await?;
    // The map of names is in the order of the references.
    Ok(named.values().filter_map(|client| clients.remove(client)).collect())
}

pub(crate) async fn login(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    key: &LoginKey,
    now: Timestamp,
) -> Result<Option<LoginFacts>, Fault> {
    let owners = people::owners(connection, practice, &BTreeSet::from([key])).await?;
    let wanted = owners.values().filter_map(|owner| match owner {
        KeyOwner::Login(login) => Some(*login),
        KeyOwner::User(_) => None,
    });
    let found = logins(connection, practice, &wanted.collect(), &BTreeMap::new(), now).await?;
    Ok(found.into_values().next())
}

/// One statement, whatever there is at the key.
pub(crate) async fn sign_in(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    key: &LoginKey,
) -> Result<Option<SignInFacts>, Fault> {
    let (practice, key) = (practice.to_bytes(), key.as_str());
    let practice = practice.as_slice();
    let found = sqlx::query!(
        r#"SELECT l.login_id, l.key, l.epoch, l.credential_id, l.credential_hash, l.credential_confirmed_at,
               l.credential_set_at, l.version,
               (SELECT CASE count(*) WHEN 1 THEN min(two.contact_id) END FROM (
                    SELECT c.contact_id FROM portal_contact AS c INDEXED BY portal_contact_login
                    WHERE c.practice_id = l.practice_id AND c.login_id = l.login_id AND c.access = 'granted'
                    LIMIT 2) AS two) AS "only_member: Vec<u8>"
           FROM portal_login_key AS k
           CROSS JOIN portal_login AS l ON l.practice_id = k.practice_id AND l.login_id = k.login_id
           WHERE k.practice_id = ?1 AND k.key = ?2"#,
        practice,
        key
    );
    let Some(found) = found.fetch_optional(connection).await? else { return Ok(None) };
    let login = LoginRow {
        login_id: found.login_id,
        key: found.key,
        epoch: found.epoch,
        credential_id: found.credential_id,
        credential_hash: found.credential_hash,
        credential_confirmed_at: found.credential_confirmed_at,
        credential_set_at: found.credential_set_at,
        version: found.version,
    };
    let only_member = maybe_id(found.only_member.as_deref(), "contact.contact_id")?;
    Ok(Some(SignInFacts { login: login.read()?, only_member }))
}

pub(crate) async fn practices_of(
    connection: &mut SqliteConnection,
    key: &LoginKey,
    most: u32,
) -> Result<Vec<PracticeId>, Fault> {
    let (key, most) = (key.as_str(), i64::from(most));
    let found = sqlx::query_scalar!(
        "SELECT practice_id FROM portal_login_key WHERE key = ?1 AND login_id IS NOT NULL ORDER BY practice_id LIMIT ?2",
        key,
        most
    );
    let found = found.fetch_all(connection).await?;
    Ok(found.iter().map(|it| id(it, "login_key.practice_id")).collect::<Result<_, _>>()?)
}

pub(crate) async fn asked_mail(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    key: &LoginKey,
    since: Timestamp,
) -> Result<Vec<(MessageKind, Timestamp)>, Fault> {
    let (practice, key, since) = (practice.to_bytes(), key.as_str(), since.as_micros());
    let practice = practice.as_slice();
    let asked = sqlx::query!(
        "SELECT kind, created_at FROM portal_message WHERE practice_id = ?1 AND asked_key = ?2 AND created_at > ?3",
        practice,
        key,
        since
    );
    let kind = |kind: &str| MessageKind::parse(kind).ok_or_else(|| damaged("message.kind"));
    let asked = asked.fetch_all(connection).await?.into_iter();
    Ok(asked
        .map(|it| Ok((kind(&it.kind)?, Timestamp::from_micros(it.created_at))))
        .collect::<Result<_, StoreError>>()?)
}

pub(crate) async fn link(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    link: LinkId,
    now: Timestamp,
) -> Result<Option<LinkFacts>, Fault> {
    let (practice_id, link_id) = (practice.to_bytes(), link.to_bytes());
    let (practice_id, link_id) = (practice_id.as_slice(), link_id.as_slice());
    let row = sqlx::query_as!(
        LinkRow,
        "SELECT link_id, login_id, contact_id, purpose, address, signed_with, epoch, created_at, expires_at, used_at,
             ended_at
         FROM portal_link WHERE practice_id = ?1 AND link_id = ?2",
        practice_id,
        link_id
    );
    let link = row.fetch_optional(&mut *connection).await?.map(LinkRow::read).transpose()?;
    let sent_at = sqlx::query_scalar!(
        "SELECT m.created_at FROM portal_link AS k
         JOIN portal_message AS m ON m.practice_id = k.practice_id AND m.login_id = k.login_id AND m.link_id = k.link_id
         WHERE k.practice_id = ?1 AND k.link_id = ?2 ORDER BY m.place LIMIT 1",
        practice_id,
        link_id
    );
    let sent_at = maybe_time(sent_at.fetch_optional(&mut *connection).await?);
    let wanted = link.iter().map(|link| link.login).collect();
    let mut found = logins(connection, practice, &wanted, &BTreeMap::new(), now).await?;
    Ok(link.map(|link| LinkFacts { login: found.remove(&link.login), sent_at, link }))
}

pub(crate) async fn session(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    hash: &SessionHash,
    now: Timestamp,
) -> Result<Option<SessionFacts>, Fault> {
    let practice_id = practice.to_bytes();
    let (practice_id, hash) = (practice_id.as_slice(), hash.0.as_slice());
    let row = sqlx::query_as!(
        SessionRow,
        "SELECT session_id, login_id, hash, epoch, profile_contact_id, profile_client_id, factors, told, origin,
             user_agent, created_at, last_seen_at, idle_until, expires_at, ended_at
         FROM portal_session WHERE practice_id = ?1 AND hash = ?2",
        practice_id,
        hash
    );
    let session = row.fetch_optional(&mut *connection).await?.map(SessionRow::read).transpose()?;
    let wanted = session.iter().map(|session| session.login).collect();
    let mut found = logins(connection, practice, &wanted, &BTreeMap::new(), now).await?;
    Ok(session.map(|session| SessionFacts { login: found.remove(&session.login), session }))
}
