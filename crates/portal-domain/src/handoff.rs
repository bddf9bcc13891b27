//! From the host's own program into the portal: a single-use address that signs a contact in.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    id::{ClientId, ContactId, HandoffId, LoginId},
    link::LinkState,
    time::Timestamp,
    token::Bits,
};

/// For so long a hand-over works.
pub const HANDOFF_LIFE: Duration = Duration::from_secs(60);

/// The secret of a hand-over, 256 bits, as it stands in the path of its page. Only its digest is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandoffToken(Bits);

impl HandoffToken {
    /// The token made of these fresh bytes.
    pub const fn from_entropy(bytes: [u8; 32]) -> Self {
        Self(Bits::new(bytes))
    }

    /// Reads what stands in a path; `None` where it is not of a token's form.
    ///
    /// ```
    /// use portal_domain::handoff::HandoffToken;
    /// let token = HandoffToken::from_entropy([7; 32]);
    /// assert_eq!(HandoffToken::parse(&token.reveal()), Some(token));
    /// assert_eq!(HandoffToken::parse("short"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        Bits::parse(text).map(Self)
    }

    /// What stands in the path.
    pub fn reveal(&self) -> String {
        self.0.reveal()
    }

    /// What is stored in its place.
    pub fn hash(&self) -> HandoffHash {
        HandoffHash(self.0.digest(b"portal hand-over v1\0"))
    }
}

/// SHA-256 of a hand-over's token, and of what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HandoffHash(pub [u8; 32]);

/// The places of ours where a hand-over may lead. There is a name for each and never an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Landing {
    /// Where one is after signing in.
    #[default]
    Home,
}

impl Landing {
    /// Its name in the API and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Home => "home",
        }
    }

    /// Reads what [`code`](Self::code) writes.
    pub fn parse(code: &str) -> Option<Self> {
        [Self::Home].into_iter().find(|landing| landing.code() == code)
    }
}

/// A hand-over as it is stored: nothing in it could be used as the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handoff {
    /// Our id; names it in the journal, opens nothing.
    pub id: HandoffId,
    /// Digest of the token.
    pub hash: HandoffHash,
    /// The login it signs in.
    pub login: LoginId,
    /// The contact that is meant.
    pub contact: ContactId,
    /// The client to look at, if one was named.
    pub client: Option<ClientId>,
    /// Where it leads.
    pub landing: Landing,
    /// The login's epoch when it was made.
    pub epoch: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it no longer works.
    pub expires_at: Timestamp,
    /// When it was redeemed.
    pub used_at: Option<Timestamp>,
    /// When it was killed.
    pub ended_at: Option<Timestamp>,
}

impl Handoff {
    /// The state at `now`, by the same order as a link's: used, dead, expired, usable.
    pub fn state(&self, now: Timestamp) -> LinkState {
        LinkState::of(self.used_at, self.ended_at, self.expires_at, now)
    }
}
