use async_trait::async_trait;

use crate::password::{PasswordHash, TypedPassword};

/// Hashes passwords, at a bounded cost.
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// The PHC string of a password, with a fresh salt.
    async fn hash(&self, password: &TypedPassword) -> Result<PasswordHash, HashError>;

    /// Whether the password is that of the hash. Without a hash it MUST cost the same and never match (P2). One that
    /// [`ForeignHash`](crate::password::ForeignHash) reads is verified as its scheme has it; what is no hash never matches.
    async fn verify(&self, password: &TypedPassword, hash: Option<&PasswordHash>) -> Result<Verdict, HashError>;

    /// Takes as long as a verification takes now, its wait in line included, and looks at no password (G1). MUST be refused where
    /// a verification would be.
    async fn pretend(&self) -> Result<(), HashError>;
}

/// What a verification found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The password is right.
    Match,
    /// It is right, and should be hashed anew with today's parameters.
    MatchButRehash,
    /// It is wrong.
    NoMatch,
}

/// Why nothing was hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// Too many are waiting (G4).
    #[error("too many passwords wait to be hashed: try again in a second")]
    Overloaded,
    /// The hasher failed.
    #[error("a password could not be hashed")]
    Failed,
}
