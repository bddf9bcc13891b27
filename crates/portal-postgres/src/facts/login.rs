//! Logins and all that hangs on them.

use std::collections::{BTreeSet, HashMap};

use portal_domain::{
    email::LoginKey,
    facts::{Invitation, LoginFacts, Member},
    id::{ClientId, LinkId, LoginId, PracticeId},
    link::Link,
    login::Login,
    port::StoreError,
    practice::Client,
    session::{PortalSession, SessionHash},
    time::Timestamp,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::people::{self, Known, Wanted};
use crate::{
    failure::store_error,
    row::{self, LinkRow, LoginRow, SessionRow},
};

/// A set of logins, loaded but for the clients of their members.
pub(crate) struct Logins {
    /// Each with when its newest session began.
    logins: Vec<(Login, Option<Timestamp>)>,
    invitations: HashMap<LoginId, Invitation>,
    members: Vec<Known>,
    links: Vec<Link>,
    sessions: Vec<PortalSession>,
}

impl Logins {
    /// Loads the logins of these ids and those that hold these keys.
    pub(crate) async fn load(
        snapshot: &mut PgConnection,
        practice: PracticeId,
        ids: &[Uuid],
        keys: &[&LoginKey],
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let logins = logins(snapshot, practice, ids, keys).await?;
        let ids: Vec<Uuid> = logins.iter().map(|(login, _)| login.id.to_uuid()).collect();
        let invitations = invitations(snapshot, practice, &ids).await?;
        let links = usable_links(snapshot, practice, &ids, now).await?;
        let sessions = open_sessions(snapshot, practice, &ids, now).await?;
        let members = people::contacts(snapshot, practice, &Wanted::behind(ids)).await?;
        Ok(Self { logins, invitations, members, links, sessions })
    }

    /// Loads them with the clients of their members.
    pub(crate) async fn load_whole(
        snapshot: &mut PgConnection,
        practice: PracticeId,
        ids: &[Uuid],
        keys: &[&LoginKey],
        now: Timestamp,
    ) -> Result<HashMap<LoginId, LoginFacts>, StoreError> {
        let logins = Self::load(snapshot, practice, ids, keys, now).await?;
        let clients = people::clients(snapshot, practice, &BTreeSet::new(), &logins.clients()).await?;
        logins.assemble(&clients)
    }

    /// The clients that members belong to.
    pub(crate) fn clients(&self) -> BTreeSet<ClientId> {
        self.members.iter().flat_map(|known| known.contact.clients.iter().copied()).collect()
    }

    /// Puts everything where it belongs.
    pub(crate) fn assemble(
        mut self,
        clients: &HashMap<ClientId, Client>,
    ) -> Result<HashMap<LoginId, LoginFacts>, StoreError> {
        let mut whole: HashMap<LoginId, LoginFacts> = HashMap::with_capacity(self.logins.len());
        for (login, last_sign_in_at) in self.logins {
            let invitation = self.invitations.remove(&login.id);
            let id = login.id;
            let (members, links, sessions) = (Vec::new(), Vec::new(), Vec::new());
            whole.insert(id, LoginFacts { login, members, links, sessions, invitation, last_sign_in_at });
        }
        for Known { contact, .. } in self.members {
            let mut own = Vec::with_capacity(contact.clients.len());
            for id in &contact.clients {
                let client = clients.get(id);
                own.push(client.cloned().ok_or_else(|| row::damaged("contact", contact.id, "a client is not there"))?);
            }
            own.sort_by(|a, b| a.reference.cmp(&b.reference));
            if let Some(facts) = contact.login.and_then(|login| whole.get_mut(&login)) {
                facts.members.push(Member { contact, clients: own });
            }
        }
        for link in self.links {
            if let Some(facts) = whole.get_mut(&link.login) {
                facts.links.push(link);
            }
        }
        for session in self.sessions {
            if let Some(facts) = whole.get_mut(&session.login).filter(|it| it.login.epoch == session.epoch) {
                facts.sessions.push(session);
            }
        }
        Ok(whole)
    }
}

async fn logins(
    snapshot: &mut PgConnection,
    practice: PracticeId,
    ids: &[Uuid],
    keys: &[&LoginKey],
) -> Result<Vec<(Login, Option<Timestamp>)>, StoreError> {
    let keys: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
    let rows = sqlx::query_as!(
        LoginRow,
        "SELECT l.login_id, l.key, l.epoch, l.credential_id, l.credential_hash, l.credential_confirmed_at,
             l.credential_set_at, l.version,
             (SELECT max(s.created_at) FROM portal.session s
                 WHERE s.practice_id = l.practice_id AND s.login_id = l.login_id) AS last_sign_in_at
         FROM portal.login l
         WHERE l.practice_id = $1 AND l.login_id = ANY ($2 || ARRAY(
             SELECT k.login_id FROM portal.login_key k
             WHERE k.practice_id = $1 AND k.key = ANY ($3) AND k.login_id IS NOT NULL))",
        row::uuid(practice),
        ids,
        &keys as &[&str],
    )
    .fetch_all(snapshot)
    .await
    .map_err(store_error)?;
    rows.into_iter().map(LoginRow::read).collect()
}

/// The newest set-password message of each login, with its link.
async fn invitations(
    snapshot: &mut PgConnection,
    practice: PracticeId,
    logins: &[Uuid],
) -> Result<HashMap<LoginId, Invitation>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT m.message_id, m.state, m.returned, m.created_at AS queued_at, m.accepted_at,
               k.link_id, k.login_id, k.contact_id, k.purpose, k.address, k.signed_with, k.epoch,
               k.created_at, k.expires_at, k.used_at, k.ended_at
           FROM unnest($2::uuid[]) AS l (login_id)
           CROSS JOIN LATERAL (
               SELECT n.practice_id, n.message_id, n.state, n.returned, n.created_at, n.accepted_at, n.link_id
               FROM portal.message n
               WHERE n.practice_id = $1 AND n.login_id = l.login_id AND n.link_id IS NOT NULL
                 AND n.kind IN ('activation', 'reset', 'reminder')
               ORDER BY n.place DESC LIMIT 1) m
           JOIN portal.link k ON k.practice_id = m.practice_id AND k.link_id = m.link_id"#,
        row::uuid(practice),
        logins,
    )
    .fetch_all(snapshot)
    .await
    .map_err(store_error)?;
    let mut found = HashMap::with_capacity(rows.len());
    for it in rows {
        let state = row::shown_state(it.message_id, &it.state, it.returned.as_deref())?;
        let link = LinkRow {
            link_id: it.link_id,
            login_id: it.login_id,
            contact_id: it.contact_id,
            purpose: it.purpose,
            address: it.address,
            signed_with: it.signed_with,
            epoch: it.epoch,
            created_at: it.created_at,
            expires_at: it.expires_at,
            used_at: it.used_at,
            ended_at: it.ended_at,
        };
        let invitation = Invitation {
            message: row::id(it.message_id),
            state,
            queued_at: row::time(it.queued_at),
            accepted_at: row::maybe_time(it.accepted_at),
            link: link.read()?,
        };
        found.insert(row::id(it.login_id), invitation);
    }
    Ok(found)
}

async fn usable_links(
    snapshot: &mut PgConnection,
    practice: PracticeId,
    logins: &[Uuid],
    now: Timestamp,
) -> Result<Vec<Link>, StoreError> {
    let rows = sqlx::query_as!(
        LinkRow,
        "SELECT link_id, login_id, contact_id, purpose, address, signed_with, epoch, created_at, expires_at, used_at,
             ended_at
         FROM portal.link
         WHERE practice_id = $1 AND login_id = ANY ($2) AND expires_at > $3 AND used_at IS NULL AND ended_at IS NULL
         ORDER BY created_at, link_id",
        row::uuid(practice),
        logins,
        now.as_micros(),
    )
    .fetch_all(snapshot)
    .await
    .map_err(store_error)?;
    rows.into_iter().map(LinkRow::read).collect()
}

/// Sessions of whatever epoch.
async fn open_sessions(
    snapshot: &mut PgConnection,
    practice: PracticeId,
    logins: &[Uuid],
    now: Timestamp,
) -> Result<Vec<PortalSession>, StoreError> {
    let rows = sqlx::query_as!(
        SessionRow,
        "SELECT session_id, login_id, hash, epoch, profile_contact_id, profile_client_id, factors, told, origin,
             user_agent, created_at, last_seen_at, idle_until, expires_at, ended_at
         FROM portal.session
         WHERE practice_id = $1 AND login_id = ANY ($2) AND ended_at IS NULL AND (expires_at > $3 OR told)
         ORDER BY created_at, session_id",
        row::uuid(practice),
        logins,
        now.as_micros(),
    )
    .fetch_all(snapshot)
    .await
    .map_err(store_error)?;
    rows.into_iter().map(SessionRow::read).collect()
}

/// A link, and when the first message that carried it was queued.
pub(crate) async fn link(
    snapshot: &mut PgConnection,
    practice: PracticeId,
    link: LinkId,
) -> Result<Option<(Link, Option<Timestamp>)>, StoreError> {
    let found = sqlx::query_as!(
        LinkRow,
        "SELECT link_id, login_id, contact_id, purpose, address, signed_with, epoch, created_at, expires_at, used_at,
             ended_at
         FROM portal.link WHERE practice_id = $1 AND link_id = $2",
        row::uuid(practice),
        link.to_uuid(),
    )
    .fetch_optional(&mut *snapshot)
    .await
    .map_err(store_error)?;
    // Messages are found by their login. Where there is no link, nobody's are looked for.
    let login = found.as_ref().map_or(Uuid::nil(), |found| found.login_id);
    let sent = sqlx::query_scalar!(
        "SELECT created_at FROM portal.message
         WHERE practice_id = $1 AND login_id = $2 AND link_id = $3 ORDER BY place LIMIT 1",
        row::uuid(practice),
        login,
        link.to_uuid(),
    )
    .fetch_optional(snapshot)
    .await
    .map_err(store_error)?;
    found.map(|found| Ok((found.read()?, row::maybe_time(sent)))).transpose()
}

pub(crate) async fn session(
    snapshot: &mut PgConnection,
    practice: PracticeId,
    hash: &SessionHash,
) -> Result<Option<PortalSession>, StoreError> {
    let found = sqlx::query_as!(
        SessionRow,
        "SELECT session_id, login_id, hash, epoch, profile_contact_id, profile_client_id, factors, told, origin,
             user_agent, created_at, last_seen_at, idle_until, expires_at, ended_at
         FROM portal.session WHERE practice_id = $1 AND hash = $2",
        row::uuid(practice),
        &hash.0,
    )
    .fetch_optional(snapshot)
    .await
    .map_err(store_error)?;
    found.map(SessionRow::read).transpose()
}
