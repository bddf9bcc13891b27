//! The identity that signs in.

use sha2::{Digest, Sha256};

use crate::{
    email::LoginKey,
    id::{CredentialId, LoginId},
    password::{ForeignHash, PasswordHash},
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
    /// New with every new password; the same after a mere rehash. Of an imported one it is told by the hash that came.
    pub id: CredentialId,
    /// What it is verified against.
    pub hash: PasswordHash,
    /// The key to which the link that set it was mailed; `None` for an imported one.
    pub confirmed_at: Option<LoginKey>,
    /// When it was set.
    pub set_at: Timestamp,
}

impl Credential {
    /// A password that came as another system's hash: confirmed at no key.
    pub fn imported(login: LoginId, hash: &ForeignHash, set_at: Timestamp) -> Self {
        let hash = hash.kept().clone();
        Self { id: imported_id(login, &hash), hash, confirmed_at: None, set_at }
    }

    /// Whether it came as this hash, be it kept as it came or rehashed since.
    pub fn came_as(&self, login: LoginId, hash: &ForeignHash) -> bool {
        self.id == imported_id(login, hash.kept())
    }

    /// Whether it is still kept as it came, so that the first sign-in has to replace it (P1).
    pub fn kept_as_it_came(&self, login: LoginId) -> bool {
        self.id == imported_id(login, &self.hash)
    }
}

/// The same for the same hash at the same login, so that an import that is repeated after the first sign-in is known (A1). A hash
/// holds its salt: the id tells nothing to whom doesn't have the hash.
fn imported_id(login: LoginId, hash: &PasswordHash) -> CredentialId {
    let digest = Sha256::new().chain_update(b"portal imported credential v1\0").chain_update(login.to_bytes());
    let digest = digest.chain_update(hash.as_str()).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    CredentialId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}
