//! What a practice user signs in to the workspace with (W1): a password, and links to set one.
//!
//! None of it is a contact's: other types, other tables, no conversion (P4). Links of both areas have ids of one kind, since their
//! tokens are made alike; what a token is for is part of it, so that none of them opens in the other area.

use std::time::Duration;

use crate::{
    email::{EmailAddress, LoginKey},
    id::{CredentialId, LinkId, UserId},
    link::{KeyId, LinkPurpose, LinkState},
    password::PasswordHash,
    practice::Settings,
    time::Timestamp,
};

/// A practice user's password, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffCredential {
    /// New with every new password; the same after a mere rehash.
    pub id: CredentialId,
    /// What it is verified against.
    pub hash: PasswordHash,
    /// The key to which the link that set it was mailed, or the one before was.
    pub confirmed_at: LoginKey,
    /// When it was set.
    pub set_at: Timestamp,
}

/// Why a link of the workspace was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StaffLinkKind {
    /// Somebody who may invited the user.
    Invitation,
    /// The user asked for it.
    Reset,
}

impl StaffLinkKind {
    /// All kinds.
    pub const ALL: [Self; 2] = [Self::Invitation, Self::Reset];

    /// The kind's name in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Reset => "reset",
        }
    }

    /// Reads what [`code`](Self::code) writes.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// How long a link of this kind works. What anybody may ask for works no longer than in the portal.
    pub fn life(self, settings: &Settings) -> Duration {
        match self {
            Self::Invitation => LinkPurpose::Workspace.life(settings),
            Self::Reset => settings.reset_link_life(),
        }
    }
}

/// A link of the workspace as it is stored: nothing in it could be used as the token (L1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffLink {
    /// Our id; half of the token.
    pub id: LinkId,
    /// The practice user whose password it sets.
    pub user: UserId,
    /// Why it was made.
    pub kind: StaffLinkKind,
    /// The stored address it was made for.
    pub address: EmailAddress,
    /// The server key its token is derived under.
    pub signed_with: KeyId,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it no longer works.
    pub expires_at: Timestamp,
    /// When it was redeemed.
    pub used_at: Option<Timestamp>,
    /// When it was killed.
    pub ended_at: Option<Timestamp>,
}

impl StaffLink {
    /// The state at `now`, as of a link of the portal (L3).
    pub fn state(&self, now: Timestamp) -> LinkState {
        LinkState::of(self.used_at, self.ended_at, self.expires_at, now)
    }

    /// The key it was made for; a password it sets is confirmed there.
    pub fn key(&self) -> &LoginKey {
        self.address.key()
    }
}
