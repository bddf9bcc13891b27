//! From the portal back to the host's own program: a single-use code by which the host learns who signed in.

use std::time::Duration;

use crate::{
    id::{SessionId, SignInCodeId},
    session::ProfileId,
    time::Timestamp,
    token::Bits,
};

/// For so long a code works.
pub const CODE_LIFE: Duration = Duration::from_secs(60);

/// The code itself, 256 bits, as the browser carries it to the host. Only its digest is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeToken(Bits);

impl CodeToken {
    /// The code made of these fresh bytes.
    pub const fn from_entropy(bytes: [u8; 32]) -> Self {
        Self(Bits::new(bytes))
    }

    /// Reads what a host sends; `None` where it is not of a code's form.
    pub fn parse(text: &str) -> Option<Self> {
        Bits::parse(text).map(Self)
    }

    /// What the browser carries.
    pub fn reveal(&self) -> String {
        self.0.reveal()
    }

    /// What is stored in its place.
    pub fn hash(&self) -> CodeHash {
        CodeHash(self.0.digest(b"portal sign-in code v1\0"))
    }
}

/// SHA-256 of a code, and of what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodeHash(pub [u8; 32]);

/// A code as it is stored: nothing in it could be used as the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInCode {
    /// Our id.
    pub id: SignInCodeId,
    /// Digest of the code.
    pub hash: CodeHash,
    /// The session it tells of.
    pub session: SessionId,
    /// The profile that was chosen.
    pub profile: ProfileId,
    /// The name of the return address it was made for.
    pub name: String,
    /// The address that had that name then.
    pub address: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it no longer works.
    pub expires_at: Timestamp,
    /// When a host took it.
    pub used_at: Option<Timestamp>,
}

/// What a host hands in with a sign-in, to find its own again: printable ASCII, at most 512 characters, empty where none was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostState(String);

impl HostState {
    /// Reads what stands in a query; `None` where it is longer or has other characters.
    ///
    /// ```
    /// use portal_domain::sign_in_code::HostState;
    /// assert_eq!(HostState::parse("a b+c&d=").unwrap().as_str(), "a b+c&d=");
    /// assert!(HostState::parse(&"x".repeat(513)).is_none() && HostState::parse("é").is_none());
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let printable = text.bytes().all(|byte| (0x20..=0x7e).contains(&byte));
        (text.len() <= 512 && printable).then(|| Self(text.to_owned()))
    }

    /// As it came.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
