//! Links, sessions, hand-overs, codes and tries, without what opens or proves them.

use portal_domain::{
    export::{
        HandoffRecord, LinkRecord, PartPage, ProfileRecord, SessionRecord, SignInCodeRecord, TryRecord, When,
        WorkspaceSessionRecord,
    },
    handoff::Landing,
    id::{ContactId, LoginId, PracticeId},
    link::LinkPurpose,
    session::Factor,
};
use sqlx::SqliteConnection;

use crate::{
    error::Fault,
    read::{damaged, id, maybe_id},
};

/// Links; with a contact those that were written to it.
pub(super) async fn links(
    connection: &mut SqliteConnection,
    of: PracticeId,
    contact: Option<ContactId>,
    page: &PartPage,
) -> Result<Vec<LinkRecord>, Fault> {
    let (of, contact, after) = (of.to_bytes(), contact.map(ContactId::to_bytes), page.after_id());
    let (of, contact, after) = (of.as_slice(), contact.as_ref().map(<[u8; 16]>::as_slice), after.as_slice());
    let rows = sqlx::query!(
        "SELECT link_id, login_id, contact_id, purpose, address, created_at, expires_at, used_at, ended_at, opened_at,
             last_opened_at
         FROM portal_link WHERE practice_id = ?1 AND link_id > ?2 AND (?3 IS NULL OR contact_id = ?3)
         ORDER BY link_id LIMIT ?4",
        of,
        after,
        contact,
        page.limit
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    let read = rows.map(|row| {
        Ok(LinkRecord {
            id: id(&row.link_id, "link.link_id")?,
            login: id(&row.login_id, "link.login_id")?,
            contact: id(&row.contact_id, "link.contact_id")?,
            purpose: LinkPurpose::parse(&row.purpose).ok_or_else(|| damaged("link.purpose"))?,
            address: row.address,
            created_at: When::from_micros(row.created_at),
            expires_at: When::from_micros(row.expires_at),
            used_at: row.used_at.map(When::from_micros),
            ended_at: row.ended_at.map(When::from_micros),
            opened_at: row.opened_at.map(When::from_micros),
            last_opened_at: row.last_opened_at.map(When::from_micros),
        })
    });
    read.collect()
}

struct Session {
    session_id: Vec<u8>,
    login_id: Vec<u8>,
    profile_contact_id: Option<Vec<u8>>,
    profile_client_id: Option<Vec<u8>>,
    factors: String,
    told: i64,
    origin: Option<String>,
    user_agent: Option<String>,
    created_at: i64,
    last_seen_at: i64,
    idle_until: i64,
    expires_at: i64,
    ended_at: Option<i64>,
}

impl Session {
    fn read(self) -> Result<SessionRecord, Fault> {
        let contact = maybe_id(self.profile_contact_id.as_deref(), "session.profile_contact_id")?;
        let client = maybe_id(self.profile_client_id.as_deref(), "session.profile_client_id")?;
        Ok(SessionRecord {
            id: id(&self.session_id, "session.session_id")?,
            login: id(&self.login_id, "session.login_id")?,
            profile: contact.zip(client).map(|(contact, client)| ProfileRecord { contact, client }),
            factors: Factor::split(&self.factors).ok_or_else(|| damaged("session.factors"))?,
            told: self.told != 0,
            origin: self.origin,
            user_agent: self.user_agent,
            signed_in_at: When::from_micros(self.created_at),
            last_seen_at: When::from_micros(self.last_seen_at),
            idle_until: When::from_micros(self.idle_until),
            expires_at: When::from_micros(self.expires_at),
            ended_at: self.ended_at.map(When::from_micros),
        })
    }
}

/// Sessions of all logins.
pub(super) async fn sessions(
    connection: &mut SqliteConnection,
    of: PracticeId,
    page: &PartPage,
) -> Result<Vec<SessionRecord>, Fault> {
    let (of, after) = (of.to_bytes(), page.after_id());
    let (of, after) = (of.as_slice(), after.as_slice());
    let rows = sqlx::query_as!(
        Session,
        "SELECT session_id, login_id, profile_contact_id, profile_client_id, factors, told, origin, user_agent,
             created_at, last_seen_at, idle_until, expires_at, ended_at
         FROM portal_session WHERE practice_id = ?1 AND session_id > ?2 ORDER BY session_id LIMIT ?3",
        of,
        after,
        page.limit
    );
    rows.fetch_all(connection).await?.into_iter().map(Session::read).collect()
}

/// All sessions of one login, and of logins that the contact was behind those in which its profile was chosen, by id.
pub(super) async fn sessions_of(
    connection: &mut SqliteConnection,
    of: PracticeId,
    login: Option<LoginId>,
    contact: ContactId,
) -> Result<Vec<SessionRecord>, Fault> {
    let (of, login, contact) = (of.to_bytes(), login.map(LoginId::to_bytes), contact.to_bytes());
    let (of, login, contact) = (of.as_slice(), login.as_ref().map(<[u8; 16]>::as_slice), contact.as_slice());
    let rows = sqlx::query_as!(
        Session,
        "SELECT session_id, login_id, profile_contact_id, profile_client_id, factors, told, origin, user_agent,
             created_at, last_seen_at, idle_until, expires_at, ended_at
         FROM portal_session
         WHERE practice_id = ?1 AND (login_id = ?2 OR profile_contact_id = ?3) AND login_id IN (
             SELECT ?2
             UNION
             SELECT login_id FROM portal_event WHERE practice_id = ?1 AND contact_id = ?3 AND number IS NOT NULL
             UNION
             SELECT login_id FROM portal_event WHERE practice_id = ?1 AND number IS NULL AND contact_id = ?3)
         ORDER BY session_id",
        of,
        login,
        contact
    );
    rows.fetch_all(connection).await?.into_iter().map(Session::read).collect()
}

/// Sessions of the workspace.
pub(super) async fn workspace_sessions(
    connection: &mut SqliteConnection,
    of: PracticeId,
    page: &PartPage,
) -> Result<Vec<WorkspaceSessionRecord>, Fault> {
    let (of, after) = (of.to_bytes(), page.after_id());
    let (of, after) = (of.as_slice(), after.as_slice());
    let rows = sqlx::query!(
        "SELECT session_id, user_id, origin, user_agent, created_at, last_seen_at, idle_until, expires_at, ended_at
         FROM portal_workspace_session WHERE practice_id = ?1 AND session_id > ?2 ORDER BY session_id LIMIT ?3",
        of,
        after,
        page.limit
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    let read = rows.map(|row| {
        Ok(WorkspaceSessionRecord {
            id: id(&row.session_id, "workspace_session.session_id")?,
            user: id(&row.user_id, "workspace_session.user_id")?,
            origin: row.origin,
            user_agent: row.user_agent,
            signed_in_at: When::from_micros(row.created_at),
            last_seen_at: When::from_micros(row.last_seen_at),
            idle_until: When::from_micros(row.idle_until),
            expires_at: When::from_micros(row.expires_at),
            ended_at: row.ended_at.map(When::from_micros),
        })
    });
    read.collect()
}

/// Hand-overs; with a contact those of it.
pub(super) async fn handoffs(
    connection: &mut SqliteConnection,
    of: PracticeId,
    contact: Option<ContactId>,
    page: &PartPage,
) -> Result<Vec<HandoffRecord>, Fault> {
    let (of, contact, after) = (of.to_bytes(), contact.map(ContactId::to_bytes), page.after_id());
    let (of, contact, after) = (of.as_slice(), contact.as_ref().map(<[u8; 16]>::as_slice), after.as_slice());
    let rows = sqlx::query!(
        "SELECT handoff_id, login_id, contact_id, client_id, landing, created_at, expires_at, used_at, ended_at
         FROM portal_handoff WHERE practice_id = ?1 AND handoff_id > ?2 AND (?3 IS NULL OR contact_id = ?3)
         ORDER BY handoff_id LIMIT ?4",
        of,
        after,
        contact,
        page.limit
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    let read = rows.map(|row| {
        Ok(HandoffRecord {
            id: id(&row.handoff_id, "handoff.handoff_id")?,
            login: id(&row.login_id, "handoff.login_id")?,
            contact: id(&row.contact_id, "handoff.contact_id")?,
            client: maybe_id(row.client_id.as_deref(), "handoff.client_id")?,
            landing: Landing::parse(&row.landing).ok_or_else(|| damaged("handoff.landing"))?,
            created_at: When::from_micros(row.created_at),
            expires_at: When::from_micros(row.expires_at),
            used_at: row.used_at.map(When::from_micros),
            ended_at: row.ended_at.map(When::from_micros),
        })
    });
    read.collect()
}

/// Sign-in codes; with a contact those that told of it.
pub(super) async fn sign_in_codes(
    connection: &mut SqliteConnection,
    of: PracticeId,
    contact: Option<ContactId>,
    page: &PartPage,
) -> Result<Vec<SignInCodeRecord>, Fault> {
    let (of, contact, after) = (of.to_bytes(), contact.map(ContactId::to_bytes), page.after_id());
    let (of, contact, after) = (of.as_slice(), contact.as_ref().map(<[u8; 16]>::as_slice), after.as_slice());
    let rows = sqlx::query!(
        "SELECT code_id, session_id, contact_id, client_id, name, address, created_at, expires_at, used_at
         FROM portal_sign_in_code WHERE practice_id = ?1 AND code_id > ?2 AND (?3 IS NULL OR contact_id = ?3)
         ORDER BY code_id LIMIT ?4",
        of,
        after,
        contact,
        page.limit
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    let read = rows.map(|row| {
        let contact = id(&row.contact_id, "sign_in_code.contact_id")?;
        Ok(SignInCodeRecord {
            id: id(&row.code_id, "sign_in_code.code_id")?,
            session: id(&row.session_id, "sign_in_code.session_id")?,
            profile: ProfileRecord { contact, client: id(&row.client_id, "sign_in_code.client_id")? },
            name: row.name,
            address: row.address,
            created_at: When::from_micros(row.created_at),
            expires_at: When::from_micros(row.expires_at),
            used_at: row.used_at.map(When::from_micros),
        })
    });
    read.collect()
}

/// Tries to sign in.
pub(super) async fn tries(
    connection: &mut SqliteConnection,
    of: PracticeId,
    page: &PartPage,
) -> Result<Vec<TryRecord>, Fault> {
    let (of, after) = (of.to_bytes(), page.after_id());
    let (of, after) = (of.as_slice(), after.as_slice());
    let rows = sqlx::query!(
        r#"SELECT try_id, origin, known_browser AS "known_browser: bool", for_reset AS "for_reset: bool", right_password AS "right_password: bool", at
           FROM portal_sign_in_try WHERE practice_id = ?1 AND try_id > ?2 ORDER BY try_id LIMIT ?3"#,
        of,
        after,
        page.limit
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    let read = rows.map(|row| {
        Ok(TryRecord {
            id: id(&row.try_id, "sign_in_try.try_id")?,
            origin: row.origin,
            known_browser: row.known_browser,
            for_reset: row.for_reset,
            right_password: row.right_password,
            at: When::from_micros(row.at),
        })
    });
    read.collect()
}
