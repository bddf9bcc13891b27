//! A look at the portal as a contact sees it, taken by staff (V1).
//!
//! It is no session of the portal and none of the workspace: it has a type, a table and a cookie of its own, and nothing leads from
//! one to another. Whoever needs a session can't be given a view, so that nothing can be changed or signed in one:
//!
//! ```compile_fail,E0308
//! use portal_domain::{session::SessionHash, viewing::ViewToken};
//!
//! fn signs_out(_: SessionHash) {}
//!
//! signs_out(ViewToken::from_entropy([7; 32]).hash());
//! ```

use std::time::Duration;

use crate::{
    email::is_hidden,
    facts::WorkspaceSessionFacts,
    id::{ViewingId, WorkspaceSessionId},
    session::{DISAGREEMENT, ProfileId},
    time::Timestamp,
    token::Bits,
};

/// A view lasts so long at most.
pub const VIEW_LASTS: Duration = Duration::from_secs(30 * 60);

/// The secret of a view, 256 bits, as its cookie carries it. Only its digest is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewToken(Bits);

impl ViewToken {
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
    pub fn hash(&self) -> ViewHash {
        ViewHash(self.0.digest(b"portal view v1\0"))
    }
}

/// SHA-256 of the token of a view, and of what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ViewHash(pub [u8; 32]);

/// Why staff look, in their own words: 3–300 characters on one line, not only hidden ones.
///
/// ```
/// use portal_domain::viewing::Reason;
///
/// assert_eq!(Reason::parse("  rang: can't find the form ").unwrap().as_str(), "rang: can't find the form");
/// assert!(Reason::parse("  \u{200b} ").is_none());
/// assert!(Reason::parse("two\nlines").is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    /// Reads a reason as it was typed.
    pub fn parse(typed: &str) -> Option<Self> {
        let text = typed.trim_matches(is_hidden);
        let long = text.chars().filter(|c| !is_hidden(*c)).count() >= 3 && text.chars().count() <= 300;
        (long && !text.contains(char::is_control)).then(|| Self(text.to_owned()))
    }

    /// The reason.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A view of the portal, of one profile. It hangs on a session of the workspace, and is over when that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewing {
    /// Our id; opens nothing.
    pub id: ViewingId,
    /// The session of the workspace in which it began.
    pub session: WorkspaceSessionId,
    /// What is looked at.
    pub profile: ProfileId,
    /// Digest of the token.
    pub hash: ViewHash,
    /// When it began.
    pub created_at: Timestamp,
    /// When it is over at the latest.
    pub expires_at: Timestamp,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
}

impl Viewing {
    /// Whether it is neither ended nor over at `now`, and did not begin in the future.
    pub fn open(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at && self.created_at <= now.after(DISAGREEMENT)
    }
}

/// A view, and who looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewingFacts {
    /// The view, valid or not.
    pub viewing: Viewing,
    /// The session of the workspace that it hangs on, and its practice user as it is now.
    pub staff: WorkspaceSessionFacts,
    /// Whether an admin has granted that user to look.
    pub granted: bool,
}
