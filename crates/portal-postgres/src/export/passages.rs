//! Links, sessions, hand-overs, codes and tries, without what opens or proves them.

use portal_domain::{
    export::{
        HandoffRecord, LinkRecord, PartPage, ProfileRecord, SessionRecord, SignInCodeRecord, TryRecord, When,
        WorkspaceSessionRecord,
    },
    handoff::Landing,
    id::{ContactId, LoginId, PracticeId},
    link::LinkPurpose,
    port::StoreError,
    session::Factor,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::parts::after;
use crate::{
    failure::store_error,
    row::{self, damaged},
};

/// Links; with a contact those that were written to it.
pub(super) async fn links(
    connection: &mut PgConnection,
    of: PracticeId,
    contact: Option<ContactId>,
    page: &PartPage,
) -> Result<Vec<LinkRecord>, StoreError> {
    let contact = contact.map(ContactId::to_uuid);
    let rows = sqlx::query!(
        "SELECT link_id, login_id, contact_id, purpose, address, created_at, expires_at, used_at, ended_at, opened_at,
             last_opened_at
         FROM portal.link WHERE practice_id = $1 AND link_id > $2 AND ($3::uuid IS NULL OR contact_id = $3)
         ORDER BY link_id LIMIT $4",
        row::uuid(of),
        after(page),
        contact,
        i64::from(page.limit),
    );
    let rows = rows.fetch_all(connection).await.map_err(store_error)?.into_iter();
    let read = rows.map(|it| {
        Ok(LinkRecord {
            id: row::id(it.link_id),
            login: row::id(it.login_id),
            contact: row::id(it.contact_id),
            purpose: LinkPurpose::parse(&it.purpose)
                .ok_or_else(|| damaged("link", it.link_id, "its purpose is unknown"))?,
            address: it.address,
            created_at: When::from_micros(it.created_at),
            expires_at: When::from_micros(it.expires_at),
            used_at: it.used_at.map(When::from_micros),
            ended_at: it.ended_at.map(When::from_micros),
            opened_at: it.opened_at.map(When::from_micros),
            last_opened_at: it.last_opened_at.map(When::from_micros),
        })
    });
    read.collect()
}

struct Session {
    session_id: Uuid,
    login_id: Uuid,
    profile_contact_id: Option<Uuid>,
    profile_client_id: Option<Uuid>,
    factors: String,
    told: bool,
    origin: Option<String>,
    user_agent: Option<String>,
    created_at: i64,
    last_seen_at: i64,
    idle_until: i64,
    expires_at: i64,
    ended_at: Option<i64>,
}

impl Session {
    fn read(self) -> Result<SessionRecord, StoreError> {
        let contact = self.profile_contact_id.map(row::id);
        let client = self.profile_client_id.map(row::id);
        Ok(SessionRecord {
            id: row::id(self.session_id),
            login: row::id(self.login_id),
            profile: contact.zip(client).map(|(contact, client)| ProfileRecord { contact, client }),
            factors: Factor::split(&self.factors)
                .ok_or_else(|| damaged("session", self.session_id, "a factor is unknown"))?,
            told: self.told,
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
    connection: &mut PgConnection,
    of: PracticeId,
    page: &PartPage,
) -> Result<Vec<SessionRecord>, StoreError> {
    let rows = sqlx::query_as!(
        Session,
        "SELECT session_id, login_id, profile_contact_id, profile_client_id, factors, told, origin, user_agent,
             created_at, last_seen_at, idle_until, expires_at, ended_at
         FROM portal.session WHERE practice_id = $1 AND session_id > $2 ORDER BY session_id LIMIT $3",
        row::uuid(of),
        after(page),
        i64::from(page.limit),
    );
    rows.fetch_all(connection).await.map_err(store_error)?.into_iter().map(Session::read).collect()
}

/// All sessions of one login, and of logins that the contact was behind those in which its profile was chosen, by id.
pub(super) async fn sessions_of(
    connection: &mut PgConnection,
    of: PracticeId,
    login: Option<LoginId>,
    contact: ContactId,
) -> Result<Vec<SessionRecord>, StoreError> {
    let rows = sqlx::query_as!(
        Session,
        "SELECT session_id, login_id, profile_contact_id, profile_client_id, factors, told, origin, user_agent,
             created_at, last_seen_at, idle_until, expires_at, ended_at
         FROM portal.session
         WHERE practice_id = $1 AND (login_id = $2 OR profile_contact_id = $3) AND login_id IN (
             SELECT $2::uuid
             UNION
             SELECT login_id FROM portal.event WHERE practice_id = $1 AND contact_id = $3 AND number IS NOT NULL
             UNION
             SELECT login_id FROM portal.event WHERE practice_id = $1 AND number IS NULL AND contact_id = $3)
         ORDER BY session_id",
        row::uuid(of),
        login.map(LoginId::to_uuid),
        contact.to_uuid(),
    );
    rows.fetch_all(connection).await.map_err(store_error)?.into_iter().map(Session::read).collect()
}

/// Sessions of the workspace.
pub(super) async fn workspace_sessions(
    connection: &mut PgConnection,
    of: PracticeId,
    page: &PartPage,
) -> Result<Vec<WorkspaceSessionRecord>, StoreError> {
    let rows = sqlx::query!(
        "SELECT session_id, user_id, origin, user_agent, created_at, last_seen_at, idle_until, expires_at, ended_at
         FROM portal.workspace_session WHERE practice_id = $1 AND session_id > $2 ORDER BY session_id LIMIT $3",
        row::uuid(of),
        after(page),
        i64::from(page.limit),
    );
    let rows = rows.fetch_all(connection).await.map_err(store_error)?.into_iter();
    let read = rows.map(|it| {
        Ok(WorkspaceSessionRecord {
            id: row::id(it.session_id),
            user: row::id(it.user_id),
            origin: it.origin,
            user_agent: it.user_agent,
            signed_in_at: When::from_micros(it.created_at),
            last_seen_at: When::from_micros(it.last_seen_at),
            idle_until: When::from_micros(it.idle_until),
            expires_at: When::from_micros(it.expires_at),
            ended_at: it.ended_at.map(When::from_micros),
        })
    });
    read.collect()
}

/// Hand-overs; with a contact those of it.
pub(super) async fn handoffs(
    connection: &mut PgConnection,
    of: PracticeId,
    contact: Option<ContactId>,
    page: &PartPage,
) -> Result<Vec<HandoffRecord>, StoreError> {
    let contact = contact.map(ContactId::to_uuid);
    let rows = sqlx::query!(
        "SELECT handoff_id, login_id, contact_id, client_id, landing, created_at, expires_at, used_at, ended_at
         FROM portal.handoff WHERE practice_id = $1 AND handoff_id > $2 AND ($3::uuid IS NULL OR contact_id = $3)
         ORDER BY handoff_id LIMIT $4",
        row::uuid(of),
        after(page),
        contact,
        i64::from(page.limit),
    );
    let rows = rows.fetch_all(connection).await.map_err(store_error)?.into_iter();
    let read = rows.map(|it| {
        Ok(HandoffRecord {
            id: row::id(it.handoff_id),
            login: row::id(it.login_id),
            contact: row::id(it.contact_id),
            client: it.client_id.map(row::id),
            landing: Landing::parse(&it.landing)
                .ok_or_else(|| damaged("handoff", it.handoff_id, "its landing is unknown"))?,
            created_at: When::from_micros(it.created_at),
            expires_at: When::from_micros(it.expires_at),
            used_at: it.used_at.map(When::from_micros),
            ended_at: it.ended_at.map(When::from_micros),
        })
    });
    read.collect()
}

/// Sign-in codes; with a contact those that told of it.
pub(super) async fn sign_in_codes(
    connection: &mut PgConnection,
    of: PracticeId,
    contact: Option<ContactId>,
    page: &PartPage,
) -> Result<Vec<SignInCodeRecord>, StoreError> {
    let contact = contact.map(ContactId::to_uuid);
    let rows = sqlx::query!(
        "SELECT code_id, session_id, contact_id, client_id, name, address, created_at, expires_at, used_at
         FROM portal.sign_in_code WHERE practice_id = $1 AND code_id > $2 AND ($3::uuid IS NULL OR contact_id = $3)
         ORDER BY code_id LIMIT $4",
        row::uuid(of),
        after(page),
        contact,
        i64::from(page.limit),
    );
    let rows = rows.fetch_all(connection).await.map_err(store_error)?.into_iter();
    let read = rows.map(|it| {
        let contact = row::id(it.contact_id);
        Ok(SignInCodeRecord {
            id: row::id(it.code_id),
            session: row::id(it.session_id),
            profile: ProfileRecord { contact, client: row::id(it.client_id) },
            name: it.name,
            address: it.address,
            created_at: When::from_micros(it.created_at),
            expires_at: When::from_micros(it.expires_at),
            used_at: it.used_at.map(When::from_micros),
        })
    });
    read.collect()
}

/// Tries to sign in.
pub(super) async fn tries(
    connection: &mut PgConnection,
    of: PracticeId,
    page: &PartPage,
) -> Result<Vec<TryRecord>, StoreError> {
    let rows = sqlx::query!(
        "SELECT try_id, origin, known_browser, for_reset, right_password, at
           FROM portal.sign_in_try WHERE practice_id = $1 AND try_id > $2 ORDER BY try_id LIMIT $3",
        row::uuid(of),
        after(page),
        i64::from(page.limit),
    );
    let rows = rows.fetch_all(connection).await.map_err(store_error)?.into_iter();
    let read = rows.map(|it| {
        Ok(TryRecord {
            id: row::id(it.try_id),
            origin: it.origin,
            known_browser: it.known_browser,
            for_reset: it.for_reset,
            right_password: it.right_password,
            at: When::from_micros(it.at),
        })
    });
    read.collect()
}
