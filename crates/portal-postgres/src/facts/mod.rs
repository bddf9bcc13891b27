//! Facts for the rules.
//!
//! What takes one statement is asked of the pool; the rest is asked of one snapshot, always with the same statements,
//! whatever is found (P2).

mod hints;
mod invitations;
mod login;
mod passages;
mod people;
mod staff;
mod visit;
mod workspace;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use portal_domain::{
    contact::Contact,
    email::LoginKey,
    facts::{
        ContactFacts, ContactQuery, ContactSelector, Holder, LinkFacts, LoginFacts, SessionFacts, SignInFacts,
        UserFacts, UserQuery,
    },
    id::{ClientId, LinkId, LoginId, PracticeId, Ref},
    message::MessageKind,
    port::{PracticeSelector, Receipt, RequestKey, StoreError},
    practice::{ApiKey, ApiKeyHash, Client, Practice, PracticeUser},
    returned::Suppression,
    session::SessionHash,
    time::Timestamp,
};
use sqlx::{PgConnection, PgExecutor, PgPool};
use uuid::Uuid;

use self::{
    login::Logins,
    people::{Known, Wanted},
};
use crate::{
    failure::store_error,
    returns,
    row::{self, ApiKeyRow, LoginRow, PracticeRow},
    tries,
};

pub(crate) use self::{
    hints::{hints, led_to},
    invitations::{invitations_due, inviting},
    passages::{forget_passages, handoff, over_sessions, sign_in_code},
    people::clients_named as clients,
    staff::{StaffLinkRow, staff, staff_link, staff_sign_in},
    visit::visit,
    workspace::workspace_session,
};

pub(crate) async fn practice(
    executor: impl PgExecutor<'_>,
    by: &PracticeSelector,
) -> Result<Option<Practice>, StoreError> {
    let found = match by {
        PracticeSelector::Slug(slug) => {
            sqlx::query_as!(
                PracticeRow,
                "SELECT p.practice_id, s.slug, p.name, p.settings, p.suspended_at, p.delete_after, p.created_at,
                     p.version
                 FROM portal.practice_slug s JOIN portal.practice p ON p.practice_id = s.practice_id
                 WHERE s.slug = $1",
                slug.as_str(),
            )
            .fetch_optional(executor)
            .await
        }
        PracticeSelector::Id(practice) => {
            sqlx::query_as!(
                PracticeRow,
                "SELECT p.practice_id, s.slug, p.name, p.settings, p.suspended_at, p.delete_after, p.created_at,
                     p.version
                 FROM portal.practice p JOIN portal.practice_slug s ON s.practice_id = p.practice_id
                 WHERE p.practice_id = $1",
                row::uuid(*practice),
            )
            .fetch_optional(executor)
            .await
        }
    };
    found.map_err(store_error)?.map(PracticeRow::read).transpose()
}

pub(crate) async fn caller(pool: &PgPool, hash: &ApiKeyHash) -> Result<Option<ApiKey>, StoreError> {
    let found = sqlx::query_as!(
        ApiKeyRow,
        "SELECT practice_id, api_key_id, name, scopes, hash, created_at, revoked_at
         FROM portal.api_key WHERE hash = $1 AND revoked_at IS NULL",
        &hash.0,
    )
    .fetch_optional(pool)
    .await
    .map_err(store_error)?;
    found.map(ApiKeyRow::read).transpose()
}

pub(crate) async fn receipt(
    pool: &PgPool,
    practice: PracticeId,
    key: &RequestKey,
) -> Result<Option<Receipt>, StoreError> {
    let found = sqlx::query!(
        "SELECT digest, outcome, at, contact_id FROM portal.receipt WHERE practice_id = $1 AND scope = $2 AND key = $3",
        row::uuid(practice),
        key.scope,
        key.key,
    )
    .fetch_optional(pool)
    .await
    .map_err(store_error)?;
    let Some(found) = found else { return Ok(None) };
    let digest =
        row::digest(&found.digest).ok_or_else(|| row::damaged("receipt", &key.scope, "its digest has not 32 bytes"))?;
    let (outcome, contact, at) = (found.outcome, found.contact_id.map(row::id), row::time(found.at));
    Ok(Some(Receipt { request: key.clone(), digest, outcome, contact, at }))
}

pub(crate) async fn contacts(
    snapshot: &mut PgConnection,
    practice: PracticeId,
    queries: &[ContactQuery],
    now: Timestamp,
) -> Result<Vec<ContactFacts>, StoreError> {
    let asked = people::contacts(snapshot, practice, &Wanted::asked(queries)).await?;
    let first_keys = asked.iter().filter_map(|known| known.contact.emails.first()).map(|email| email.key());
    let keys: BTreeSet<&LoginKey> = queries.iter().flat_map(|query| &query.keys).chain(first_keys).collect();
    let keys: Vec<&LoginKey> = keys.into_iter().collect();

    let users = people::users_with_keys(snapshot, practice, &keys).await?;
    let own: Vec<Uuid> = asked.iter().filter_map(|known| known.contact.login).map(|it| it.to_uuid()).collect();
    let logins = Logins::load(snapshot, practice, &own, &keys, now).await?;
    let named: BTreeSet<&Ref> = queries.iter().flat_map(|query| &query.clients).collect();
    let mut belonging: BTreeSet<ClientId> = asked.iter().flat_map(|known| known.contact.clients.clone()).collect();
    belonging.extend(logins.clients());
    let clients = people::clients(snapshot, practice, &named, &belonging).await?;

    let locked = tries::locked(snapshot, practice, &keys, now).await?;
    let uuid = practice.to_uuid();
    let suppressed = returns::suppressed(&mut *snapshot, keys.iter().map(|key| (uuid, *key))).await?;
    let suppressed = suppressed.into_values().next().unwrap_or_default();

    let logins = logins.assemble(&clients)?;
    let picture = Picture::new(&asked, users, &logins, &clients, Held { locked, suppressed });
    queries.iter().map(|query| picture.answer(query)).collect()
}

pub(crate) async fn user(
    snapshot: &mut PgConnection,
    practice: PracticeId,
    query: &UserQuery,
    now: Timestamp,
) -> Result<UserFacts, StoreError> {
    let user = people::user(snapshot, practice, &query.user).await?;
    let other_admin = people::other_admin(snapshot, practice, &query.user).await?;
    let keys: Vec<&LoginKey> = query.key.iter().collect();
    let users = people::users_with_keys(snapshot, practice, &keys).await?;
    let logins = Logins::load_whole(snapshot, practice, &[], &keys, now).await?;
    let holder = users.into_iter().next().map(Holder::User);
    let holder = holder.or_else(|| logins.into_values().next().map(Holder::Login));
    Ok(UserFacts { user, holder, other_admin })
}

pub(crate) async fn login(
    snapshot: &mut PgConnection,
    practice: PracticeId,
    key: &LoginKey,
    now: Timestamp,
) -> Result<Option<LoginFacts>, StoreError> {
    let logins = Logins::load_whole(snapshot, practice, &[], &[key], now).await?;
    Ok(logins.into_values().next())
}

/// One statement, whatever there is at the key.
pub(crate) async fn sign_in(
    pool: &PgPool,
    practice: PracticeId,
    key: &LoginKey,
) -> Result<Option<SignInFacts>, StoreError> {
    let found = sqlx::query!(
        r#"SELECT l.login_id, l.key, l.epoch, l.credential_id, l.credential_hash, l.credential_confirmed_at,
               l.credential_set_at, l.version,
               (SELECT CASE count(*) WHEN 1 THEN (array_agg(m.contact_id))[1] END FROM (
                    SELECT c.contact_id FROM portal.contact c
                    WHERE c.practice_id = l.practice_id AND c.login_id = l.login_id AND c.access = 'granted'
                    LIMIT 2) m) AS only_member
           FROM portal.login_key k
           JOIN portal.login l ON l.practice_id = k.practice_id AND l.login_id = k.login_id
           WHERE k.practice_id = $1 AND k.key = $2"#,
        row::uuid(practice),
        key.as_str(),
    )
    .fetch_optional(pool)
    .await
    .map_err(store_error)?;
    let Some(found) = found else { return Ok(None) };
    let only_member = found.only_member.map(row::id);
    let login = LoginRow {
        login_id: found.login_id,
        key: found.key,
        epoch: found.epoch,
        credential_id: found.credential_id,
        credential_hash: found.credential_hash,
        credential_confirmed_at: found.credential_confirmed_at,
        credential_set_at: found.credential_set_at,
        version: found.version,
        last_sign_in_at: None,
    };
    Ok(Some(SignInFacts { login: login.read()?.0, only_member }))
}

pub(crate) async fn practices_of(pool: &PgPool, key: &LoginKey, most: u32) -> Result<Vec<PracticeId>, StoreError> {
    let found = sqlx::query_scalar!(
        "SELECT practice_id FROM portal.login_key WHERE key = $1 AND login_id IS NOT NULL ORDER BY practice_id LIMIT $2",
        key.as_str(),
        i64::from(most),
    )
    .fetch_all(pool)
    .await
    .map_err(store_error)?;
    Ok(found.into_iter().map(row::id).collect())
}

pub(crate) async fn asked_mail(
    pool: &PgPool,
    practice: PracticeId,
    key: &LoginKey,
    since: Timestamp,
) -> Result<Vec<(MessageKind, Timestamp)>, StoreError> {
    let asked = sqlx::query!(
        "SELECT message_id, kind, created_at FROM portal.message
         WHERE practice_id = $1 AND asked_key = $2 AND created_at > $3",
        row::uuid(practice),
        key.as_str(),
        since.as_micros(),
    )
    .fetch_all(pool)
    .await
    .map_err(store_error)?;
    let kind =
        |id, kind: &str| MessageKind::parse(kind).ok_or_else(|| row::damaged("message", id, "its kind is unknown"));
    asked.into_iter().map(|it| Ok((kind(it.message_id, &it.kind)?, row::time(it.created_at)))).collect()
}

pub(crate) async fn link(
    snapshot: &mut PgConnection,
    practice: PracticeId,
    link: LinkId,
    now: Timestamp,
) -> Result<Option<LinkFacts>, StoreError> {
    let found = login::link(snapshot, practice, link).await?;
    let owner: Vec<Uuid> = found.iter().map(|(link, _)| link.login.to_uuid()).collect();
    let logins = Logins::load_whole(snapshot, practice, &owner, &[], now).await?;
    let login = logins.into_values().next();
    Ok(found.map(|(link, sent_at)| LinkFacts { link, sent_at, login }))
}

pub(crate) async fn session(
    snapshot: &mut PgConnection,
    practice: PracticeId,
    hash: &SessionHash,
    now: Timestamp,
) -> Result<Option<SessionFacts>, StoreError> {
    let found = login::session(snapshot, practice, hash).await?;
    let owner: Vec<Uuid> = found.iter().map(|session| session.login.to_uuid()).collect();
    let logins = Logins::load_whole(snapshot, practice, &owner, &[], now).await?;
    let login = logins.into_values().next();
    Ok(found.map(|session| SessionFacts { session, login }))
}

/// Everything that was loaded for a set of queries, found again by name.
struct Picture<'a> {
    by_ref: HashMap<&'a Ref, &'a Known>,
    by_id: HashMap<portal_domain::id::ContactId, &'a Known>,
    users: BTreeMap<LoginKey, PracticeUser>,
    logins: &'a HashMap<LoginId, LoginFacts>,
    live: HashMap<&'a LoginKey, &'a LoginFacts>,
    clients: &'a HashMap<ClientId, Client>,
    named: HashMap<&'a Ref, &'a Client>,
    held: Held,
}

/// What keeps somebody out, or mail back, by key.
struct Held {
    locked: BTreeMap<LoginKey, Timestamp>,
    suppressed: BTreeMap<LoginKey, Suppression>,
}

impl<'a> Picture<'a> {
    fn new(
        asked: &'a [Known],
        users: Vec<PracticeUser>,
        logins: &'a HashMap<LoginId, LoginFacts>,
        clients: &'a HashMap<ClientId, Client>,
        held: Held,
    ) -> Self {
        let live = logins.values().filter_map(|facts| Some((facts.login.key.as_ref()?, facts)));
        Self {
            by_ref: asked.iter().map(|known| (&known.contact.reference, known)).collect(),
            by_id: asked.iter().map(|known| (known.contact.id, known)).collect(),
            users: users.into_iter().map(|user| (user.email.key().clone(), user)).collect(),
            live: live.collect(),
            logins,
            named: clients.values().map(|client| (&client.reference, client)).collect(),
            clients,
            held,
        }
    }

    fn answer(&self, query: &ContactQuery) -> Result<ContactFacts, StoreError> {
        let known = match &query.contact {
            ContactSelector::Ref(reference) => self.by_ref.get(reference).copied(),
            ContactSelector::Id(id) => self.by_id.get(id).copied(),
        };
        let contact = known.map(|known| known.contact.clone());
        let first = contact.as_ref().and_then(|contact| contact.emails.first()).map(|email| email.key());
        let keys = || query.keys.iter().chain(first);
        let holders = keys().filter_map(|key| Some((key.clone(), self.holder(key)?))).collect();
        let locked = keys().filter_map(|key| Some((key.clone(), *self.held.locked.get(key)?))).collect();
        let suppressed = keys().filter_map(|key| Some((key.clone(), self.held.suppressed.get(key)?.clone()))).collect();
        let own = contact.iter().flat_map(|contact| &contact.clients).filter_map(|id| self.clients.get(id));
        let named = query.clients.iter().filter_map(|name| self.named.get(name).copied());
        let clients: BTreeMap<&Ref, &Client> = own.chain(named).map(|client| (&client.reference, client)).collect();
        Ok(ContactFacts {
            clients: clients.into_values().cloned().collect(),
            former_keys: known.map(|known| known.former_keys.iter().cloned().collect()).unwrap_or_default(),
            login: contact.as_ref().map_or(Ok(None), |contact| self.login_of(contact))?,
            holders,
            locked,
            suppressed,
            contact,
        })
    }

    fn holder(&self, key: &LoginKey) -> Option<Holder> {
        let user = self.users.get(key).cloned().map(Holder::User);
        user.or_else(|| self.live.get(key).copied().cloned().map(Holder::Login))
    }

    fn login_of(&self, contact: &Contact) -> Result<Option<LoginFacts>, StoreError> {
        let Some(login) = contact.login else { return Ok(None) };
        let found = self.logins.get(&login).cloned();
        found.map(Some).ok_or_else(|| row::damaged("contact", contact.id, "its login is not there"))
    }
}
