//! The identity that signs in.

use crate::{
    email::LoginKey,
    id::{CredentialId, LoginId},
    password::PasswordHash,
    time::Timestamp,
};

/// One login key, at most one credential, any number of contacts behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Our id.
    pub id: LoginId,
    /// The key it signs in with while it is live; `None` while it is dormant (C4).
    pub key: Option<LoginKey>,
    /// Raised whenever all its sessions end; a session of another epoch is not valid, whatever its row says. Links carry the one
    /// they were born with, and end by their own rows: a move may end them and keep the sessions.
    pub epoch: i64,
    /// Its password, if one was set.
    pub credential: Option<Credential>,
    /// Raised by one with every change of the login, its key, members or links.
    pub version: i64,
}

impl Login {
    /// Whether the password is confirmed at the login's present key: set by a link that was mailed there.
    ///
    /// Without a password there is nothing to confirm, and the answer is no.
    pub fn confirmed_here(&self) -> bool {
        let at = self.credential.as_ref().and_then(|credential| credential.confirmed_at.as_ref());
        at.is_some() && at == self.key.as_ref()
    }
}

/// A password, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// New with every new password; the same after a mere rehash.
    pub id: CredentialId,
    /// The PHC string.
    pub hash: PasswordHash,
    /// The key to which the link that set it was mailed; `None` for an imported one.
    pub confirmed_at: Option<LoginKey>,
    /// When it was set.
    pub set_at: Timestamp,
}
