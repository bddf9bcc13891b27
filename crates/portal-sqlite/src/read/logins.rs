//! Logins with all that hangs on them, many at a time. Every statement runs, whether or not there is anything to find.

use std::collections::{BTreeMap, BTreeSet};

use portal_domain::{
    contact::Contact,
    facts::{Invitation, LoginFacts, Member},
    id::{ClientId, ContactId, LoginId, PracticeId},
    link::Link,
    practice::Client,
    session::PortalSession,
    time::Timestamp,
};
use sqlx::SqliteConnection;

use super::{
    decode::{damaged, id, maybe_time},
    people,
    rows::{LinkRow, LoginRow, SessionRow, shown_state},
};
use crate::{encode::ids, error::Fault};

/// Logins by id. Contacts that are `known` from the same picture are not read again.
pub(super) async fn logins(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    wanted: &BTreeSet<LoginId>,
    known: &BTreeMap<ContactId, Contact>,
    now: Timestamp,
) -> Result<BTreeMap<LoginId, LoginFacts>, Fault> {
    let practice_id = practice.to_bytes();
    let of = Of { practice: &practice_id, wanted: &ids(wanted), now: now.as_micros() };
    let rows = sqlx::query_as!(
        LoginRow,
        "SELECT l.login_id, l.key, l.epoch, l.credential_id, l.credential_hash, l.credential_confirmed_at,
             l.credential_set_at, l.version
         FROM json_each(?2) AS e
         CROSS JOIN portal_login AS l ON l.practice_id = ?1 AND l.login_id = unhex(e.value)",
        of.practice,
        of.wanted
    );
    let rows = rows.fetch_all(&mut *connection).await?;
    let mut members = members(connection, practice, &of, known).await?;
    let mut links = links(connection, &of).await?;
    let mut sessions = sessions(connection, &of).await?;
    let mut invitations = invitations(connection, &of).await?;
    let last_sign_ins = last_sign_ins(connection, &of).await?;
    let mut found = BTreeMap::new();
    for row in rows {
        let login = row.read()?;
        let mut sessions = sessions.remove(&login.id).unwrap_or_default();
        sessions.retain(|session| session.epoch == login.epoch);
        let facts = LoginFacts {
            members: members.remove(&login.id).unwrap_or_default(),
            links: links.remove(&login.id).unwrap_or_default(),
            sessions,
            invitation: invitations.remove(&login.id),
            last_sign_in_at: last_sign_ins.get(&login.id).copied(),
            login,
        };
        found.insert(facts.login.id, facts);
    }
    Ok(found)
}

/// Whose logins are asked about, as the statements take it.
struct Of<'a> {
    practice: &'a [u8],
    wanted: &'a str,
    now: i64,
}

async fn members(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    of: &Of<'_>,
    known: &BTreeMap<ContactId, Contact>,
) -> Result<BTreeMap<LoginId, Vec<Member>>, Fault> {
    let rows = sqlx::query_scalar!(
        "SELECT c.contact_id FROM json_each(?2) AS e
         CROSS JOIN portal_contact AS c INDEXED BY portal_contact_login
             ON c.practice_id = ?1 AND c.login_id = unhex(e.value)
         WHERE c.access = 'granted'",
        of.practice,
        of.wanted
    );
    let rows = rows.fetch_all(&mut *connection).await?;
    let behind: Result<BTreeSet<_>, _> = rows.iter().map(|row| id(row, "contact.contact_id")).collect();
    let (read, unread): (BTreeSet<_>, _) = behind?.into_iter().partition(|contact| known.contains_key(contact));
    let mut contacts = people::contacts(connection, practice, &unread).await?;
    contacts.extend(read.iter().filter_map(|contact| Some((*contact, known.get(contact)?.clone()))));
    let named: BTreeSet<ClientId> = contacts.values().flat_map(|contact| &contact.clients).copied().collect();
    let clients = people::clients(connection, practice, &named).await?;
    let mut members: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for contact in contacts.into_values() {
        let login = contact.login.ok_or_else(|| damaged("contact.login_id"))?;
        let clients = clients_of(&contact, &clients);
        members.entry(login).or_default().push(Member { contact, clients });
    }
    Ok(members)
}

/// The clients of a contact, ordered by reference.
pub(super) fn clients_of(contact: &Contact, clients: &BTreeMap<ClientId, Client>) -> Vec<Client> {
    let mut own: Vec<_> = contact.clients.iter().filter_map(|client| clients.get(client)).cloned().collect();
    own.sort_by(|a, b| a.reference.cmp(&b.reference));
    own
}

async fn links(connection: &mut SqliteConnection, of: &Of<'_>) -> Result<BTreeMap<LoginId, Vec<Link>>, Fault> {
    let rows = sqlx::query_as!(
        LinkRow,
        "SELECT k.link_id, k.login_id, k.contact_id, k.purpose, k.address, k.signed_with, k.epoch, k.created_at,
             k.expires_at, k.used_at, k.ended_at
         FROM json_each(?2) AS e
         CROSS JOIN portal_link AS k ON k.practice_id = ?1 AND k.login_id = unhex(e.value) AND k.expires_at > ?3
         WHERE k.used_at IS NULL AND k.ended_at IS NULL
         ORDER BY k.created_at, k.link_id",
        of.practice,
        of.wanted,
        of.now
    );
    let mut links: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in rows.fetch_all(connection).await? {
        let link = row.read()?;
        links.entry(link.login).or_default().push(link);
    }
    Ok(links)
}

async fn sessions(
    connection: &mut SqliteConnection,
    of: &Of<'_>,
) -> Result<BTreeMap<LoginId, Vec<PortalSession>>, Fault> {
    let rows = sqlx::query_as!(
        SessionRow,
        "SELECT s.session_id, s.login_id, s.hash, s.epoch, s.profile_contact_id, s.profile_client_id, s.factors,
             s.told, s.origin, s.user_agent, s.created_at, s.last_seen_at, s.idle_until, s.expires_at, s.ended_at
         FROM json_each(?2) AS e
         CROSS JOIN portal_session AS s ON s.practice_id = ?1 AND s.login_id = unhex(e.value)
         WHERE s.ended_at IS NULL AND (s.expires_at > ?3 OR s.told = 1)
         ORDER BY s.created_at, s.session_id",
        of.practice,
        of.wanted,
        of.now
    );
    let mut sessions: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in rows.fetch_all(connection).await? {
        let session = row.read()?;
        sessions.entry(session.login).or_default().push(session);
    }
    Ok(sessions)
}

/// The newest message of each login that carries a link to set a password, with its link.
async fn invitations(connection: &mut SqliteConnection, of: &Of<'_>) -> Result<BTreeMap<LoginId, Invitation>, Fault> {
    let rows = sqlx::query!(
        "SELECT m.message_id, m.state, m.returned, m.created_at AS queued_at, m.accepted_at,
             k.link_id, k.login_id, k.contact_id, k.purpose, k.address, k.signed_with, k.epoch, k.created_at,
             k.expires_at, k.used_at, k.ended_at
         FROM json_each(?2) AS e
         CROSS JOIN portal_message AS m ON m.practice_id = ?1 AND m.message_id = (
             SELECT n.message_id FROM portal_message AS n
             WHERE n.practice_id = ?1 AND n.login_id = unhex(e.value) AND n.kind IN ('activation', 'reset', 'reminder')
             ORDER BY n.place DESC LIMIT 1)
         CROSS JOIN portal_link AS k ON k.practice_id = ?1 AND k.link_id = m.link_id",
        of.practice,
        of.wanted
    );
    let mut invitations = BTreeMap::new();
    for row in rows.fetch_all(connection).await? {
        let link = LinkRow {
            link_id: row.link_id,
            login_id: row.login_id,
            contact_id: row.contact_id,
            purpose: row.purpose,
            address: row.address,
            signed_with: row.signed_with,
            epoch: row.epoch,
            created_at: row.created_at,
            expires_at: row.expires_at,
            used_at: row.used_at,
            ended_at: row.ended_at,
        };
        let link = link.read()?;
        let invitation = Invitation {
            message: id(&row.message_id, "message.message_id")?,
            state: shown_state(&row.state, row.returned.as_deref())?,
            queued_at: Timestamp::from_micros(row.queued_at),
            accepted_at: maybe_time(row.accepted_at),
            link,
        };
        invitations.insert(invitation.link.login, invitation);
    }
    Ok(invitations)
}

async fn last_sign_ins(connection: &mut SqliteConnection, of: &Of<'_>) -> Result<BTreeMap<LoginId, Timestamp>, Fault> {
    let rows = sqlx::query!(
        r#"SELECT s.login_id AS "login_id!", max(s.created_at) AS "at!: i64" FROM json_each(?2) AS e
           CROSS JOIN portal_session AS s ON s.practice_id = ?1 AND s.login_id = unhex(e.value)
           GROUP BY s.login_id"#,
        of.practice,
        of.wanted
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    rows.map(|row| Ok((id(&row.login_id, "session.login_id")?, Timestamp::from_micros(row.at)))).collect()
}
