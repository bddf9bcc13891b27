//! Practice users with what they sign in with.

use portal_domain::{
    email::LoginKey,
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
use sqlx::SqliteConnection;

use super::{
    decode::{damaged, digest, email, id, key, maybe_time},
    rows::UserRow,
};
use crate::error::Fault;

/// A practice user, and its password where it has one.
struct HolderRow {
    user_id: Vec<u8>,
    reference: String,
    name: String,
    address: String,
    removed: Option<String>,
    role: String,
    created_at: i64,
    version: i64,
    credential_id: Option<Vec<u8>>,
    hash: Option<String>,
    confirmed_at: Option<String>,
    set_at: Option<i64>,
}

impl HolderRow {
    fn read(self) -> Result<(PracticeUser, Option<StaffCredential>), StoreError> {
        let credential = match (self.credential_id, self.hash, self.confirmed_at, self.set_at) {
            (Some(credential), Some(hash), Some(confirmed_at), Some(set_at)) => Some(StaffCredential {
                id: id(&credential, "staff_credential.credential_id")?,
                hash: PasswordHash::new(hash),
                confirmed_at: key(&confirmed_at, "staff_credential.confirmed_at")?,
                set_at: Timestamp::from_micros(set_at),
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
pub(crate) async fn sign_in(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    held: &LoginKey,
) -> Result<Option<StaffSignIn>, Fault> {
    let (practice, held) = (practice.to_bytes(), held.as_str());
    let practice = practice.as_slice();
    let row = sqlx::query_as!(
        HolderRow,
        r#"SELECT u.user_id, u.ref AS reference, u.name, u.address, u.removed, u.role, u.created_at, u.version,
               c.credential_id AS "credential_id?", c.hash AS "hash?", c.confirmed_at AS "confirmed_at?",
               c.set_at AS "set_at?"
           FROM portal_login_key AS k
           CROSS JOIN portal_practice_user AS u ON u.practice_id = k.practice_id AND u.user_id = k.user_id
           LEFT JOIN portal_staff_credential AS c ON c.practice_id = u.practice_id AND c.user_id = u.user_id
           WHERE k.practice_id = ?1 AND k.key = ?2"#,
        practice,
        held
    );
    let Some(row) = row.fetch_optional(connection).await? else { return Ok(None) };
    let (user, credential) = row.read()?;
    Ok(Some(StaffSignIn { user, credential }))
}

pub(crate) async fn staff(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    user: UserId,
    now: Timestamp,
) -> Result<Option<StaffFacts>, Fault> {
    let (practice, user) = (practice.to_bytes(), user.to_bytes());
    let (practice, user) = (practice.as_slice(), user.as_slice());
    let row = sqlx::query_as!(
        HolderRow,
        r#"SELECT u.user_id, u.ref AS reference, u.name, u.address, u.removed, u.role, u.created_at, u.version,
               c.credential_id AS "credential_id?", c.hash AS "hash?", c.confirmed_at AS "confirmed_at?",
               c.set_at AS "set_at?"
           FROM portal_practice_user AS u
           LEFT JOIN portal_staff_credential AS c ON c.practice_id = u.practice_id AND c.user_id = u.user_id
           WHERE u.practice_id = ?1 AND u.user_id = ?2"#,
        practice,
        user
    );
    let Some(row) = row.fetch_optional(&mut *connection).await? else { return Ok(None) };
    let invitation = invitation(connection, practice, user).await?;
    let links = open_links(connection, practice, user, now).await?;
    let sessions = open_sessions(connection, practice, user, now).await?;
    let (user, credential) = row.read()?;
    Ok(Some(StaffFacts { user, credential, invitation, links, sessions }))
}

pub(crate) struct StaffLinkRow {
    pub(crate) link_id: Vec<u8>,
    pub(crate) user_id: Vec<u8>,
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
        Ok(StaffLink {
            id: id(&self.link_id, "staff_link.link_id")?,
            user: id(&self.user_id, "staff_link.user_id")?,
            kind: StaffLinkKind::parse(&self.kind).ok_or_else(|| damaged("staff_link.kind"))?,
            address: email(&self.address, None, "staff_link.address")?,
            signed_with: KeyId::parse(&self.signed_with).ok_or_else(|| damaged("staff_link.signed_with"))?,
            created_at: Timestamp::from_micros(self.created_at),
            expires_at: Timestamp::from_micros(self.expires_at),
            used_at: maybe_time(self.used_at),
            ended_at: maybe_time(self.ended_at),
        })
    }
}

pub(crate) async fn link(
    connection: &mut SqliteConnection,
    practice: PracticeId,
    link: LinkId,
) -> Result<Option<StaffLink>, Fault> {
    let (practice, link) = (practice.to_bytes(), link.to_bytes());
    let (practice, link) = (practice.as_slice(), link.as_slice());
    let row = sqlx::query_as!(
        StaffLinkRow,
        "SELECT link_id, user_id, kind, address, signed_with, created_at, expires_at, used_at, ended_at
         FROM portal_staff_link WHERE practice_id = ?1 AND link_id = ?2",
        practice,
        link
    );
    Ok(row.fetch_optional(connection).await?.map(StaffLinkRow::read).transpose()?)
}

async fn invitation(
    connection: &mut SqliteConnection,
    practice: &[u8],
    user: &[u8],
) -> Result<Option<StaffLink>, Fault> {
    let row = sqlx::query_as!(
        StaffLinkRow,
        "SELECT link_id, user_id, kind, address, signed_with, created_at, expires_at, used_at, ended_at
         FROM portal_staff_link WHERE practice_id = ?1 AND user_id = ?2 AND kind = 'invitation'
         ORDER BY created_at DESC, link_id DESC LIMIT 1",
        practice,
        user
    );
    Ok(row.fetch_optional(connection).await?.map(StaffLinkRow::read).transpose()?)
}

async fn open_links(
    connection: &mut SqliteConnection,
    practice: &[u8],
    user: &[u8],
    now: Timestamp,
) -> Result<Vec<StaffLink>, Fault> {
    let now = now.as_micros();
    let rows = sqlx::query_as!(
        StaffLinkRow,
        "SELECT link_id, user_id, kind, address, signed_with, created_at, expires_at, used_at, ended_at
         FROM portal_staff_link
         WHERE practice_id = ?1 AND user_id = ?2 AND expires_at > ?3 AND used_at IS NULL AND ended_at IS NULL
         ORDER BY created_at, link_id",
        practice,
        user,
        now
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    Ok(rows.map(StaffLinkRow::read).collect::<Result<_, _>>()?)
}

async fn open_sessions(
    connection: &mut SqliteConnection,
    practice: &[u8],
    user: &[u8],
    now: Timestamp,
) -> Result<Vec<WorkspaceSession>, Fault> {
    let now = now.as_micros();
    let rows = sqlx::query!(
        "SELECT session_id, user_id, hash, origin, user_agent, created_at, last_seen_at, idle_until, expires_at
         FROM portal_workspace_session INDEXED BY portal_workspace_session_user
         WHERE practice_id = ?1 AND user_id = ?2 AND expires_at > ?3 AND ended_at IS NULL
         ORDER BY created_at, session_id",
        practice,
        user,
        now
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    let read = rows.map(|row| {
        Ok::<_, StoreError>(WorkspaceSession {
            id: id(&row.session_id, "workspace_session.session_id")?,
            user: id(&row.user_id, "workspace_session.user_id")?,
            hash: WorkspaceSessionHash(digest(&row.hash, "workspace_session.hash")?),
            origin: row.origin,
            user_agent: row.user_agent,
            created_at: Timestamp::from_micros(row.created_at),
            last_seen_at: Timestamp::from_micros(row.last_seen_at),
            idle_until: Timestamp::from_micros(row.idle_until),
            expires_at: Timestamp::from_micros(row.expires_at),
            ended_at: None,
        })
    });
    Ok(read.collect::<Result<_, _>>()?)
}
