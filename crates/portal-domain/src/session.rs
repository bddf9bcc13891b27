//! One signed-in browser: of a contact in the portal, or of staff in the workspace (P4).
//!
//! The two have nothing in common but their form. No conversion leads from one to the other, so that a session of the
//! portal can't be passed where one of the workspace is meant:
//!
//! ```compile_fail,E0308
//! use portal_domain::session::{SessionToken, WorkspaceSessionHash};
//!
//! fn opens_the_workspace(_: WorkspaceSessionHash) {}
//!
//! opens_the_workspace(SessionToken::from_entropy([7; 32]).hash());
//! ```
//!
//! Of the same bytes they even have other digests:
//!
//! ```
//! use portal_domain::session::{SessionToken, WorkspaceToken};
//!
//! let (portal, workspace) = (SessionToken::from_entropy([7; 32]), WorkspaceToken::from_entropy([7; 32]));
//! assert_ne!(portal.hash().0, workspace.hash().0);
//! ```

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    id::{ClientId, ContactId, LoginId, SessionId, UserId, WorkspaceSessionId},
    time::Timestamp,
    token::Bits,
};

/// The secret of a session, 256 bits, as the cookie carries it. Only its digest is stored (P3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionToken(Bits);

impl SessionToken {
    /// The token made of these fresh bytes.
    pub const fn from_entropy(bytes: [u8; 32]) -> Self {
        Self(Bits::new(bytes))
    }

    /// Reads a cookie's value; `None` where it is not of a token's form.
    pub fn parse(text: &str) -> Option<Self> {
        Bits::parse(text).map(Self)
    }

    /// The cookie's value.
    pub fn reveal(&self) -> String {
        self.0.reveal()
    }

    /// What is stored in its place.
    pub fn hash(&self) -> SessionHash {
        SessionHash(self.0.digest(b""))
    }
}

/// SHA-256 of a session's token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionHash(pub [u8; 32]);

/// A contact together with one of its clients: what one looks at after signing in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProfileId {
    /// The person.
    pub contact: ContactId,
    /// The client.
    pub client: ClientId,
}

/// What proves who signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Factor {
    /// The password of the login.
    Password,
    /// The word of the practice's own program, which handed the contact over.
    Handoff,
}

impl Factor {
    /// Its name in the API and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Handoff => "handoff",
        }
    }

    /// Reads what [`code`](Self::code) writes.
    pub fn parse(code: &str) -> Option<Self> {
        [Self::Password, Self::Handoff].into_iter().find(|factor| factor.code() == code)
    }

    /// Several as one text, with a space between.
    pub fn join(factors: &[Self]) -> String {
        factors.iter().map(|factor| factor.code()).collect::<Vec<_>>().join(" ")
    }

    /// Reads what [`join`](Self::join) writes; `None` where one of them is unknown.
    ///
    /// ```
    /// use portal_domain::session::Factor;
    /// assert_eq!(Factor::split(&Factor::join(&[Factor::Password])), Some(vec![Factor::Password]));
    /// assert_eq!(Factor::split("password stars"), None);
    /// ```
    pub fn split(text: &str) -> Option<Vec<Self>> {
        text.split(' ').filter(|code| !code.is_empty()).map(Self::parse).collect()
    }
}

/// A session of the portal. It belongs to a login, never to staff (P4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalSession {
    /// Our id; names the session in lists, opens nothing.
    pub id: SessionId,
    /// The login that signed in.
    pub login: LoginId,
    /// Digest of the token.
    pub hash: SessionHash,
    /// The login's epoch when the session began.
    pub epoch: i64,
    /// The profile that was chosen, if one was.
    pub profile: Option<ProfileId>,
    /// What its beginning was proved by.
    pub factors: Vec<Factor>,
    /// Whether a host was told who signed in: then the journal tells of its end by a `session.ended` of its own.
    pub told: bool,
    /// Where it came from: the address of origin, as text.
    pub origin: Option<String>,
    /// What the browser calls itself, at most 200 characters.
    pub user_agent: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// The idle limit, fixed by the settings of the last use, so that a later setting revives nothing.
    pub idle_until: Timestamp,
    /// The absolute limit.
    pub expires_at: Timestamp,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
}

/// So far the clocks of instances may be apart.
pub(crate) const DISAGREEMENT: Duration = Duration::from_secs(120);

impl PortalSession {
    /// Whether the session is valid at `now` for a login of this epoch: not ended, of the same epoch, within both limits.
    ///
    /// One that was used in the future is not: the clock ran ahead then, its limits lie as far ahead, and nobody knows how long the
    /// session has lasted. So no jump of the clock lengthens one.
    pub fn valid(&self, login_epoch: i64, now: Timestamp) -> bool {
        let within = now < self.expires_at && now < self.idle_until && self.last_seen_at <= now.after(DISAGREEMENT);
        self.ended_at.is_none() && self.epoch == login_epoch && within
    }
}

/// The secret of a session of the workspace, 256 bits, as its cookie carries it. Only its digest is stored (P3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceToken(Bits);

impl WorkspaceToken {
    /// The token made of these fresh bytes.
    pub const fn from_entropy(bytes: [u8; 32]) -> Self {
        Self(Bits::new(bytes))
    }

    /// Reads a cookie's value; `None` where it is not of a token's form.
    pub fn parse(text: &str) -> Option<Self> {
        Bits::parse(text).map(Self)
    }

    /// The cookie's value.
    pub fn reveal(&self) -> String {
        self.0.reveal()
    }

    /// What is stored in its place.
    pub fn hash(&self) -> WorkspaceSessionHash {
        WorkspaceSessionHash(self.0.digest(b"portal workspace session v1\0"))
    }
}

/// SHA-256 of the token of a session of the workspace, and of what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkspaceSessionHash(pub [u8; 32]);

/// A session of the workspace. It belongs to a practice user, never to a login (P4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceSession {
    /// Our id; opens nothing.
    pub id: WorkspaceSessionId,
    /// Who signed in.
    pub user: UserId,
    /// Digest of the token.
    pub hash: WorkspaceSessionHash,
    /// Where it came from: the address of origin, as text.
    pub origin: Option<String>,
    /// What the browser calls itself, at most 200 characters.
    pub user_agent: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// The idle limit, fixed by the settings of the last use.
    pub idle_until: Timestamp,
    /// The absolute limit.
    pub expires_at: Timestamp,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
}

impl WorkspaceSession {
    /// Whether the session is valid at `now`: not ended, within both limits, and not used in the future, as one of the portal.
    pub fn valid(&self, now: Timestamp) -> bool {
        let within = now < self.expires_at && now < self.idle_until && self.last_seen_at <= now.after(DISAGREEMENT);
        self.ended_at.is_none() && within
    }
}
