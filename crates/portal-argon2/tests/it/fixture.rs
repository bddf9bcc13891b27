//! What the tests share: a counted source of bytes and cheap parameters.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use portal_argon2::{Argon2Hasher, Params};
use portal_domain::{
    password::{PasswordHash, TypedPassword},
    port::{Entropy, HashError, PasswordHasher, Verdict},
};

/// Cheap enough for hundreds of cases.
pub(crate) const CHEAP: Params = Params { memory_kib: 64, iterations: 1, parallelism: 1 };

/// Bytes that differ at every call.
#[derive(Default)]
pub(crate) struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        let count = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = count.to_le_bytes()[index % 8] ^ index.to_le_bytes()[0];
        }
    }
}

pub(crate) fn hasher(params: Params) -> Argon2Hasher {
    Argon2Hasher::new(params, 2, 16, Arc::new(Counting::default())).expect("usable parameters")
}

/// Runs `future` on a runtime of its own.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
}

pub(crate) async fn verdict(hasher: &Argon2Hasher, password: &str, phc: &str) -> Verdict {
    hasher.verify(&typed(password), Some(&PasswordHash::new(phc))).await.expect("a verdict")
}

pub(crate) fn is_overloaded<T>(answer: &Result<T, HashError>) -> bool {
    matches!(answer, Err(HashError::Overloaded))
}

pub(crate) fn typed(text: &str) -> TypedPassword {
    TypedPassword::new(text).expect("not too long")
}
