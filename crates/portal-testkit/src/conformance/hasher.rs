//! Laws of `PasswordHasher`. That it costs what it should is the adapter's own to test.

use portal_domain::{
    password::{PasswordHash, TypedPassword},
    port::{PasswordHasher, Verdict},
};

fn typed(text: &str) -> TypedPassword {
    TypedPassword::new(text).expect("test data is no novel")
}

async fn hash(hasher: &dyn PasswordHasher, text: &str) -> PasswordHash {
    hasher.hash(&typed(text)).await.expect("the hasher hashes")
}

async fn verify(hasher: &dyn PasswordHasher, text: &str, hash: Option<&PasswordHash>) -> Verdict {
    hasher.verify(&typed(text), hash).await.expect("the hasher verifies")
}

/// The right password matches, every other doesn't.
pub async fn only_the_right_password_matches(hasher: &dyn PasswordHasher) {
    let stored = hash(hasher, "four quiet paper boats").await;
    assert_eq!(verify(hasher, "four quiet paper boats", Some(&stored)).await, Verdict::Match);
    for wrong in ["", "Four quiet paper boats", "four quiet paper boats ", "four quiet paper boat", "four\0quiet"] {
        assert_eq!(verify(hasher, wrong, Some(&stored)).await, Verdict::NoMatch);
    }
}

/// Without a hash nothing matches.
pub async fn without_a_hash_nothing_matches(hasher: &dyn PasswordHasher) {
    for text in ["", "four quiet paper boats", "dummy"] {
        assert_eq!(verify(hasher, text, None).await, Verdict::NoMatch);
    }
}

/// The same password is hashed with a fresh salt each time, and its text is not in the hash of another.
pub async fn every_hash_has_its_own_salt(hasher: &dyn PasswordHasher) {
    let (one, two) = (hash(hasher, "four quiet paper boats").await, hash(hasher, "four quiet paper boats").await);
    assert!(one != two, "two hashes of one password differ");
    for stored in [&one, &two] {
        assert_eq!(verify(hasher, "four quiet paper boats", Some(stored)).await, Verdict::Match);
    }
}

/// Passwords beyond ASCII are the same however their letters were composed, up to the longest.
pub async fn letters_may_be_composed_either_way(hasher: &dyn PasswordHasher) {
    let stored = hash(hasher, "vier stille Böte aus Papier").await;
    assert_eq!(verify(hasher, "vier stille Bo\u{308}te aus Papier", Some(&stored)).await, Verdict::Match);
    let long: String = "ein langes Gedicht über Boote 🚣 ".chars().cycle().take(256).collect();
    let stored = hash(hasher, &long).await;
    assert_eq!(verify(hasher, &long, Some(&stored)).await, Verdict::Match);
    let shorter: String = long.chars().take(255).collect();
    assert_eq!(verify(hasher, &shorter, Some(&stored)).await, Verdict::NoMatch);
}
