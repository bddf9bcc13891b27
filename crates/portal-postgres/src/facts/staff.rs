//! Practice users with what they sign in with.

use portal_domain::{
    email::{EmailAddress, LoginKey},
    facts::{StaffFacts, StaffSignIn},
    id::{LinkId, PracticeId, UserId},
    link::KeyId,
    password::PasswordHash,
    port::StoreError,
    practice::PracticeUser,
    session::{WorkspaceSession, WorkspaceSessionHash},
    staff::{StaffCredential, StaffLink, StaffLinkKind},
    time::Timestamp,
};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::{
    failure::store_error,
    row::{self, UserRow, damaged},
};

/// A practice user, and its password where it has one.
struct HolderRow {
    user_id: Uuid,
    reference: String,
    name: String,
    address: String,
    removed: Option<String>,
    role: String,
    created_at: i64,
    version: i64,
    credential_id: Option<Uuid>,
    hash: Option<String>,
    confirmed_at: Option<String>,
    set_at: Option<i64>,
}

impl HolderRow {
    fn read(self) -> Result<(PracticeUser, Option<StaffCredential>), StoreError> {
        let credential = match (self.credential_id, self.hash, self.confirmed_at, self.set_at) {
            (Some(credential), Some(hash), Some(confirmed_at), Some(set_at)) => Some(StaffCredential {
                id: row::id(credential),
                hash: PasswordHash::new(hash),
                confirmed_at: LoginKey::parse(&confirmed_at)
                    .map_err(|it| damaged("staff_credential", self.user_id, &it.to_string()))?,
                set_at: row::time(set_at),
            }),
            _ => None,
        };
        let user = UserRow {
            user_id: self.user_id,
            reference: self.reference,
            name: self.name,
            address: self.address,
            removed: self.removed,
            role: self.role,
            created_at: self.created_at,
            version: self.version,
        };
        Ok((user.read()?, credential))
    }
}

/// One statement, whether the key is somebody's or not.
pub(crate) async fn staff_sign_in(
    pool: &PgPool,
    practice: PracticeId,
    key: &LoginKey,
) -> Result<Option<StaffSignIn>, StoreError> {
    let found = sqlx::query_as!(
        HolderRow,
        r#"SELECT u.user_id, u.ref AS reference, u.name, u.address, u.removed, u.role, u.created_at, u.version,
               c.credential_id AS "credential_id?", c.hash AS "hash?", c.confirmed_at AS "confirmed_at?",
               c.set_at AS "set_at?"
           FROM portal.login_key k
           JOIN portal.practice_user u ON u.practice_id = k.practice_id AND u.user_id = k.user_id
           LEFT JOIN portal.staff_credential c ON c.practice_id = u.practice_id AND c.user_id = u.user_id
           WHERE k.practice_id = $1 AND k.key = $2"#,
        row::uuid(practice),
        key.as_str(),
    )
    .fetch_optional(pool)
    .await
    .map_err(store_error)?;
    let Some(found) = found else { return Ok(None) };
    let (user, credential) = found.read()?;
    Ok(Some(StaffSignIn { user, credential }))
}

pub(crate) async fn staff(
    snapshot: &mut PgConnection,
    practice: PracticeId,
    user: UserId,
    now: Timestamp,
) -> Result<Option<StaffFacts>, StoreError> {
    let found = sqlx::query_as!(
        HolderRow,
        r#"SELECT u.user_id, u.ref AS reference, u.name, u.address, u.removed, u.role, u.created_at, u.version,
               c.credential_id AS "credential_id?", c.hash AS "hash?", c.confirmed_at AS "confirmed_at?",
               c.set_at AS "set_at?"
           FROM portal.practice_user u
           LEFT JOIN portal.staff_credential c ON c.practice_id = u.practice_id AND c.user_id = u.user_id
           WHERE u.practice_id = $1 AND u.user_id = $2"#,
        row::uuid(practice),
        user.to_uuid(),
    )
    .fetch_optional(&mut *snapshot)
    .await
    .map_err(store_error)?;
    let Some(found) = found else { return Ok(None) };
    let invitation = invitation(snapshot, practice, user).await?;
    let links = open_links(snapshot, practice, user, now).await?;
    let sessions = open_sessions(snapshot, practice, user, now).await?;
    let (user, credential) = found.read()?;
    Ok(Some(StaffFacts { user, credential, invitation, links, sessions }))
}

#[derive(Clone)]
pub(crate) struct StaffLinkRow {
    pub(crate) link_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) kind: String,
    pub(crate) address: String,
    pub(crate) signed_with: String,
    pub(crate) created_at: i64,
    pub(crate) expires_at: i64,
    pub(crate) used_at: Option<i64>,
    pub(crate) ended_at: Option<i64>,
}

impl StaffLinkRow {
    pub(crate) fn read(self) -> Result<StaffLink, StoreError> {
        let fault = |what: &str| damaged("staff_link", self.link_id, what);
        Ok(StaffLink {
            id: row::id(self.link_id),
            user: row::id(self.user_id),
            kind: StaffLinkKind::parse(&self.kind).ok_or_else(|| fault("its kind is unknown"))?,
            address: EmailAddress::from_stored(&self.address, None).map_err(|it| fault(&it.to_string()))?,
            signed_with: KeyId::parse(&self.signed_with).ok_or_else(|| fault("its key has no name"))?,
            created_at: row::time(self.created_at),
            expires_at: row::time(self.expires_at),
            used_at: row::maybe_time(self.used_at),
            ended_at: row::maybe_time(self.ended_at),
        })
    }
}

pub(crate) async fn staff_link(
    pool: &PgPool,
    practice: PracticeId,
    link: LinkId,
) -> Result<Option<StaffLink>, StoreError> {
    let found = sqlx::query_as!(
        StaffLinkRow,
        "SELECT link_id, user_id, kind, address, signed_with, created_at, expires_at, used_at, ended_at
         FROM portal.staff_link WHERE practice_id = $1 AND link_id = $2",
        row::uuid(practice),
        link.to_uuid(),
    )
    .fetch_optional(pool)
    .await
    .map_err(store_error)?;
    found.map(StaffLinkRow::read).transpose()
}

async fn invitation(
    snapshot: &mut PgConnection,
    practice: PracticeId,
    user: UserId,
) -> Result<Option<StaffLink>, StoreError> {
    let found = sqlx::query_as!(
        StaffLinkRow,
        "SELECT link_id, user_id, kind, address, signed_with, created_at, expires_at, used_at, ended_at
         FROM portal.staff_link WHERE practice_id = $1 AND user_id = $2 AND kind = 'invitation'
         ORDER BY created_at DESC, link_id DESC LIMIT 1",
        row::uuid(practice),
        user.to_uuid(),
    )
    .fetch_optional(snapshot)
    .await
    .map_err(store_error)?;
    found.map(StaffLinkRow::read).transpose()
}

async fn open_links(
    snapshot: &mut PgConnection,
    practice: PracticeId,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<StaffLink>, StoreError> {
    let rows = sqlx::query_as!(
        StaffLinkRow,
        "SELECT link_id, user_id, kind, address, signed_with, created_at, expires_at, used_at, ended_at
         FROM portal.staff_link
         WHERE practice_id = $1 AND user_id = $2 AND expires_at > $3 AND used_at IS NULL AND ended_at IS NULL
         ORDER BY created_at, link_id",
        row::uuid(practice),
        user.to_uuid(),
        now.as_micros(),
    )
    .fetch_all(snapshot)
    .await
    .map_err(store_error)?;
    rows.into_iter().map(StaffLinkRow::read).collect()
}

async fn open_sessions(
    snapshot: &mut PgConnection,
    practice: PracticeId,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<WorkspaceSession>, StoreError> {
    let rows = sqlx::query!(
        "SELECT session_id, hash, origin, user_agent, created_at, last_seen_at, idle_until, expires_at
         FROM portal.workspace_session
         WHERE practice_id = $1 AND user_id = $2 AND expires_at > $3 AND ended_at IS NULL
         ORDER BY created_at, session_id",
        row::uuid(practice),
        user.to_uuid(),
        now.as_micros(),
    )
    .fetch_all(snapshot)
    .await
    .map_err(store_error)?;
    let read = rows.into_iter().map(|it| {
        let fault = || damaged("workspace_session", it.session_id, "its digest has not 32 bytes");
        Ok(WorkspaceSession {
            id: row::id(it.session_id),
            user,
            hash: WorkspaceSessionHash(row::digest(&it.hash).ok_or_else(fault)?),
            origin: it.origin,
            user_agent: it.user_agent,
            created_at: row::time(it.created_at),
            last_seen_at: row::time(it.last_seen_at),
            idle_until: row::time(it.idle_until),
            expires_at: row::time(it.expires_at),
            ended_at: None,
        })
    });
    read.collect()
}
