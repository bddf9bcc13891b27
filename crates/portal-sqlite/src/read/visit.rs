//! Who comes with the cookie of a session.

use portal_domain::{
    facts::{LoginGlance, MemberGlance, VisitFacts},
    id::Id,
    port::{PracticeSelector, StoreError},
    session::SessionHash,
};
use serde::Deserialize;
use sqlx::SqliteConnection;
use uuid::Uuid;

use super::{
    decode::{json, maybe_time, reference},
    practice,
    rows::{ClientRow, PracticeRow, SessionRow},
};
use crate::error::Fault;

/// A contact behind the login with one of its clients, or with none: what the statement puts together as JSON, so that practice
/// and session come once, whatever hangs on them.
#[derive(Deserialize)]
struct Behind(Uuid, String, String, Option<i64>, Option<String>, Option<String>, Option<Of>);

/// A client.
#[derive(Deserialize)]
struct Of(Uuid, String, String, i64, i64, i64);

/// One statement where there is such a session; else a second one, which says whether there is such a practice.
pub(crate) async fn visit(
    connection: &mut SqliteConnection,
    by: &PracticeSelector,
    hash: &SessionHash,
) -> Result<Option<VisitFacts>, Fault> {
    let (practice, slug) = match by {
        PracticeSelector::Id(practice) => (Some(practice.to_bytes()), None),
        PracticeSelector::Slug(slug) => (None, Some(slug.as_str())),
    };
    let (practice, digest) = (practice.as_ref().map(<[u8; 16]>::as_slice), hash.0.as_slice());
    let found = sqlx::query!(
        r#"SELECT p.practice_id, g.slug, p.name, p.settings, p.suspended_at, p.delete_after, p.created_at, p.version,
               s.session_id, s.login_id, s.epoch, s.profile_contact_id, s.profile_client_id, s.factors, s.told, s.origin,
               s.user_agent, s.created_at AS began_at,
               s.last_seen_at, s.idle_until, s.expires_at, s.ended_at, l.key, l.epoch AS login_epoch,
               (SELECT json_group_array(json_array(hex(c.contact_id), c.ref, c.name, c.behind_since, e.address, c.locale,
                    CASE WHEN k.client_id IS NOT NULL THEN
                        json_array(hex(k.client_id), k.ref, k.name, k.suspended, k.created_at, k.version) END))
                FROM portal_contact AS c INDEXED BY portal_contact_login
                LEFT JOIN portal_contact_email AS e
                    ON e.practice_id = c.practice_id AND e.contact_id = c.contact_id AND e.position = 0
                LEFT JOIN portal_contact_client AS m ON m.practice_id = c.practice_id AND m.contact_id = c.contact_id
                LEFT JOIN portal_client AS k ON k.practice_id = m.practice_id AND k.client_id = m.client_id
                WHERE c.practice_id = l.practice_id AND c.login_id = l.login_id AND c.access = 'granted'
               ) AS "behind!: String"
           FROM portal_practice AS p
           CROSS JOIN portal_practice_slug AS g ON g.practice_id = p.practice_id
           CROSS JOIN portal_session AS s ON s.practice_id = p.practice_id AND s.hash = ?3
           CROSS JOIN portal_login AS l ON l.practice_id = s.practice_id AND l.login_id = s.login_id
           WHERE p.practice_id = coalesce(?1, (SELECT practice_id FROM portal_practice_slug WHERE slug = ?2))"#,
        practice,
        slug,
        digest
    );
    let Some(found) = found.fetch_optional(&mut *connection).await? else {
        let practice = practice::practice(connection, by).await?;
        return Ok(practice.map(|practice| VisitFacts { practice, session: None }));
    };
    let practice = PracticeRow {
        practice_id: found.practice_id,
        slug: found.slug,
        name: found.name,
        settings: found.settings,
        suspended_at: found.suspended_at,
        delete_after: found.delete_after,
        created_at: found.created_at,
        version: found.version,
    };
    let session = SessionRow {
        session_id: found.session_id,
        login_id: found.login_id,
        hash: hash.0.to_vec(),
        epoch: found.epoch,
        profile_contact_id: found.profile_contact_id,
        profile_client_id: found.profile_client_id,
        factors: found.factors,
        told: found.told,
        origin: found.origin,
        user_agent: found.user_agent,
        created_at: found.began_at,
        last_seen_at: found.last_seen_at,
        idle_until: found.idle_until,
        expires_at: found.expires_at,
        ended_at: found.ended_at,
    };
    let mut login = LoginGlance { live: found.key.is_some(), epoch: found.login_epoch, members: Vec::new() };
    for behind in json::<Vec<Behind>>(&found.behind, "contact.contact_id")? {
        behind.join(&mut login)?;
    }
    Ok(Some(VisitFacts { practice: practice.read()?, session: Some((session.read()?, login)) }))
}

impl Behind {
    fn join(self, login: &mut LoginGlance) -> Result<(), StoreError> {
        let Self(id, contact_ref, name, behind_since, address, locale, client) = self;
        let contact = MemberGlance {
            id: Id::from_uuid(id),
            reference: reference(&contact_ref, "contact.ref")?,
            name,
            address,
            locale,
            behind_since: maybe_time(behind_since),
            clients: Vec::new(),
        };
        let client = client.map(|Of(id, reference, name, suspended, created_at, version)| {
            ClientRow { client_id: id.as_bytes().to_vec(), reference, name, suspended, created_at, version }.read()
        });
        login.add(contact, client.transpose()?);
        Ok(())
    }
}
