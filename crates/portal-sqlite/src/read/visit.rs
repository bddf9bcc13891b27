//! Who comes with the cookie of a session.

use portal_domain::{
    facts::{LoginGlance, MemberGlance, VisitFacts},
    port::PracticeSelector,
    session::SessionHash,
};
use sqlx::SqliteConnection;

use super::{
    decode::{damaged, id, maybe_time, reference},
    practice,
    rows::{ClientRow, PracticeRow, SessionRow},
};
use crate::error::Fault;

/// One statement where there is such a session; else a second one, which says whether there is such a practice.
pub(crate) async fn visit(
    connection: &mut SqliteConnection,
    by: &PracticeSelector,
    hash: &SessionHash,
) -> Result<Option<VisitFacts>, Fault> {
    let mut rows = rows(connection, by, hash).await?.into_iter();
    let Some(first) = rows.next() else {
        let practice = practice::practice(connection, by).await?;
        return Ok(practice.map(|practice| VisitFacts { practice, session: None }));
    };
    let practice = PracticeRow {
        practice_id: first.practice_id.clone(),
        slug: first.slug.clone(),
        name: first.practice_name.clone(),
        settings: first.settings.clone(),
        created_at: first.practice_created_at,
        version: first.practice_version,
    };
    let session = SessionRow {
        session_id: first.session_id.clone(),
        login_id: first.login_id.clone(),
        hash: hash.0.to_vec(),
        epoch: first.epoch,
        profile_contact_id: first.profile_contact_id.clone(),
        profile_client_id: first.profile_client_id.clone(),
        origin: first.origin.clone(),
        user_agent: first.user_agent.clone(),
        created_at: first.created_at,
        last_seen_at: first.last_seen_at,
        idle_until: first.idle_until,
        expires_at: first.expires_at,
        ended_at: first.ended_at,
    };
    let (practice, session) = (practice.read()?, session.read()?);
    let mut login = LoginGlance { live: first.key.is_some(), epoch: first.login_epoch, members: Vec::new() };
    for row in std::iter::once(first).chain(rows) {
        row.join(&mut login)?;
    }
    Ok(Some(VisitFacts { practice, session: Some((session, login)) }))
}

/// Practice, session and login, with one contact behind it and one client of that.
struct VisitRow {
    practice_id: Vec<u8>,
    slug: String,
    practice_name: String,
    settings: String,
    practice_created_at: i64,
    practice_version: i64,
    session_id: Vec<u8>,
    login_id: Vec<u8>,
    epoch: i64,
    profile_contact_id: Option<Vec<u8>>,
    profile_client_id: Option<Vec<u8>>,
    origin: Option<String>,
    user_agent: Option<String>,
    created_at: i64,
    last_seen_at: i64,
    idle_until: i64,
    expires_at: i64,
    ended_at: Option<i64>,
    key: Option<String>,
    login_epoch: i64,
    contact_id: Option<Vec<u8>>,
    contact_ref: Option<String>,
    contact_name: Option<String>,
    behind_since: Option<i64>,
    address: Option<String>,
    client_id: Option<Vec<u8>>,
    client_ref: Option<String>,
    client_name: Option<String>,
    suspended: Option<i64>,
    client_created_at: Option<i64>,
    client_version: Option<i64>,
}

async fn rows(
    connection: &mut SqliteConnection,
    by: &PracticeSelector,
    hash: &SessionHash,
) -> Result<Vec<VisitRow>, Fault> {
    let (practice, slug) = match by {
        PracticeSelector::Id(practice) => (Some(practice.to_bytes()), None),
        PracticeSelector::Slug(slug) => (None, Some(slug.as_str())),
    };
    let (practice, hash) = (practice.as_ref().map(<[u8; 16]>::as_slice), hash.0.as_slice());
    let rows = sqlx::query_as!(
        VisitRow,
        r#"SELECT p.practice_id, g.slug, p.name AS practice_name, p.settings, p.created_at AS practice_created_at,
               p.version AS practice_version, s.session_id, s.login_id, s.epoch, s.profile_contact_id,
               s.profile_client_id, s.origin, s.user_agent, s.created_at, s.last_seen_at, s.idle_until, s.expires_at,
               s.ended_at, l.key, l.epoch AS login_epoch, c.contact_id AS "contact_id?", c.ref AS "contact_ref?",
               c.name AS "contact_name?", c.behind_since, e.address AS "address?",
               k.client_id AS "client_id?", k.ref AS "client_ref?", k.name AS "client_name?",
               k.suspended AS "suspended?", k.created_at AS "client_created_at?", k.version AS "client_version?"
           FROM portal_practice AS p
           CROSS JOIN portal_practice_slug AS g ON g.practice_id = p.practice_id
           CROSS JOIN portal_session AS s ON s.practice_id = p.practice_id AND s.hash = ?3
           CROSS JOIN portal_login AS l ON l.practice_id = s.practice_id AND l.login_id = s.login_id
           LEFT JOIN portal_contact AS c INDEXED BY portal_contact_login
               ON c.practice_id = l.practice_id AND c.login_id = l.login_id AND c.access = 'granted'
           LEFT JOIN portal_contact_email AS e
               ON e.practice_id = c.practice_id AND e.contact_id = c.contact_id AND e.position = 0
           LEFT JOIN portal_contact_client AS m ON m.practice_id = c.practice_id AND m.contact_id = c.contact_id
           LEFT JOIN portal_client AS k ON k.practice_id = m.practice_id AND k.client_id = m.client_id
           WHERE p.practice_id = coalesce(?1, (SELECT practice_id FROM portal_practice_slug WHERE slug = ?2))"#,
        practice,
        slug,
        hash
    );
    Ok(rows.fetch_all(connection).await?)
}

impl VisitRow {
    /// Puts contact and client where they belong.
    fn join(self, login: &mut LoginGlance) -> Result<(), Fault> {
        let (Some(contact), Some(reference_), Some(name)) = (self.contact_id, self.contact_ref, self.contact_name)
        else {
            return Ok(());
        };
        let contact = MemberGlance {
            id: id(&contact, "contact.contact_id")?,
            reference: reference(&reference_, "contact.ref")?,
            name,
            address: self.address,
            behind_since: maybe_time(self.behind_since),
            clients: Vec::new(),
        };
        let client = match self.client_id {
            None => None,
            Some(client_id) => {
                let whole = || damaged("client.client_id");
                let row = ClientRow {
                    client_id,
                    reference: self.client_ref.ok_or_else(whole)?,
                    name: self.client_name.ok_or_else(whole)?,
                    suspended: self.suspended.ok_or_else(whole)?,
                    created_at: self.client_created_at.ok_or_else(whole)?,
                    version: self.client_version.ok_or_else(whole)?,
                };
                Some(row.read()?)
            }
        };
        login.add(contact, client);
        Ok(())
    }
}
