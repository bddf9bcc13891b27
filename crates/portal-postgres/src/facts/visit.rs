//! Who comes with the cookie of a session.

use portal_domain::{
    facts::{LoginGlance, MemberGlance, VisitFacts},
    id::Ref,
    port::{PracticeSelector, StoreError},
    session::SessionHash,
};
use sqlx::PgPool;
use uuid::Uuid;

use super::practice;
use crate::{
    failure::store_error,
    row::{self, ClientRow, PracticeRow, SessionRow, damaged},
};

/// One statement where there is such a session; else a second one, which says whether there is such a practice.
pub(crate) async fn visit(
    pool: &PgPool,
    by: &PracticeSelector,
    hash: &SessionHash,
) -> Result<Option<VisitFacts>, StoreError> {
    let mut rows = rows(pool, by, hash).await?.into_iter();
    let Some(first) = rows.next() else {
        let practice = practice(pool, by).await?;
        return Ok(practice.map(|practice| VisitFacts { practice, session: None }));
    };
    let practice = PracticeRow {
        practice_id: first.practice_id,
        slug: first.slug.clone(),
        name: first.practice_name.clone(),
        settings: first.settings.clone(),
        created_at: first.practice_created_at,
        version: first.practice_version,
    };
    let session = SessionRow {
        session_id: first.session_id,
        login_id: first.login_id,
        hash: hash.0.to_vec(),
        epoch: first.epoch,
        profile_contact_id: first.profile_contact_id,
        profile_client_id: first.profile_client_id,
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
    practice_id: Uuid,
    slug: String,
    practice_name: String,
    settings: String,
    practice_created_at: i64,
    practice_version: i64,
    session_id: Uuid,
    login_id: Uuid,
    epoch: i64,
    profile_contact_id: Option<Uuid>,
    profile_client_id: Option<Uuid>,
    origin: Option<String>,
    user_agent: Option<String>,
    created_at: i64,
    last_seen_at: i64,
    idle_until: i64,
    expires_at: i64,
    ended_at: Option<i64>,
    key: Option<String>,
    login_epoch: i64,
    contact_id: Option<Uuid>,
    contact_ref: Option<String>,
    contact_name: Option<String>,
    behind_since: Option<i64>,
    address: Option<String>,
    client_id: Option<Uuid>,
    client_ref: Option<String>,
    client_name: Option<String>,
    suspended: Option<bool>,
    client_created_at: Option<i64>,
    client_version: Option<i64>,
}

async fn rows(pool: &PgPool, by: &PracticeSelector, hash: &SessionHash) -> Result<Vec<VisitRow>, StoreError> {
    let (practice, slug) = match by {
        PracticeSelector::Id(practice) => (Some(practice.to_uuid()), None),
        PracticeSelector::Slug(slug) => (None, Some(slug.as_str())),
    };
    sqlx::query_as!(
        VisitRow,
        r#"SELECT p.practice_id, g.slug, p.name AS practice_name, p.settings, p.created_at AS practice_created_at,
               p.version AS practice_version, s.session_id, s.login_id, s.epoch, s.profile_contact_id,
               s.profile_client_id, s.origin, s.user_agent, s.created_at, s.last_seen_at, s.idle_until, s.expires_at,
               s.ended_at, l.key, l.epoch AS login_epoch, c.contact_id AS "contact_id?", c.ref AS "contact_ref?",
               c.name AS "contact_name?", c.behind_since, e.address AS "address?",
               k.client_id AS "client_id?", k.ref AS "client_ref?", k.name AS "client_name?",
               k.suspended AS "suspended?", k.created_at AS "client_created_at?", k.version AS "client_version?"
           FROM portal.practice p
           JOIN portal.practice_slug g ON g.practice_id = p.practice_id
           JOIN portal.session s ON s.practice_id = p.practice_id AND s.hash = $3
           JOIN portal.login l ON l.practice_id = s.practice_id AND l.login_id = s.login_id
           LEFT JOIN portal.contact c
               ON c.practice_id = l.practice_id AND c.login_id = l.login_id AND c.access = 'granted'
           LEFT JOIN portal.contact_email e
               ON e.practice_id = c.practice_id AND e.contact_id = c.contact_id AND e.position = 0
           LEFT JOIN portal.contact_client m ON m.practice_id = c.practice_id AND m.contact_id = c.contact_id
           LEFT JOIN portal.client k ON k.practice_id = m.practice_id AND k.client_id = m.client_id
           WHERE p.practice_id = coalesce($1, (SELECT practice_id FROM portal.practice_slug WHERE slug = $2))"#,
        practice,
        slug,
        &hash.0,
    )
    .fetch_all(pool)
    .await
    .map_err(store_error)
}

impl VisitRow {
    /// Puts contact and client where they belong.
    fn join(self, login: &mut LoginGlance) -> Result<(), StoreError> {
        let (Some(contact), Some(reference), Some(name)) = (self.contact_id, self.contact_ref, self.contact_name)
        else {
            return Ok(());
        };
        let fault = |what: &str| damaged("contact", contact, what);
        let contact = MemberGlance {
            id: row::id(contact),
            reference: Ref::parse(&reference).ok_or_else(|| fault("its reference is none"))?,
            name,
            address: self.address,
            behind_since: row::maybe_time(self.behind_since),
            clients: Vec::new(),
        };
        let client = match self.client_id {
            None => None,
            Some(client_id) => {
                let whole = || damaged("client", client_id, "a part of it is missing");
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
