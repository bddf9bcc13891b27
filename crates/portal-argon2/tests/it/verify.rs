//! What is hashed verifies, and nothing else does.

use portal_argon2::Params;
use portal_domain::{
    password::PasswordHash,
    port::{PasswordHasher, Verdict},
};
use proptest::prelude::*;

use crate::fixture::{CHEAP, block_on, hasher, typed, verdict};

fn hash(params: Params, password: &str) -> PasswordHash {
    let password = typed(password);
    block_on(hasher(params).hash(&password)).expect("a hash")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn p1_hash_verifies_and_no_other_password_does(seed in "[a-z]{4}", other in "\\PC{0,40}") {
        let password = format!("quartz {seed} lantern {seed} orchard");
        let kept = hash(CHEAP, &password);
        let hasher = hasher(CHEAP);
        block_on(async {
            prop_assert_eq!(verdict(&hasher, &password, kept.as_str()).await, Verdict::Match);
            if other != password {
                prop_assert_eq!(verdict(&hasher, &other, kept.as_str()).await, Verdict::NoMatch);
            }
            let longer = format!("{password} ");
            prop_assert_eq!(verdict(&hasher, &longer, kept.as_str()).await, Verdict::NoMatch);
            let shorter = &password[..password.len() - 1];
            prop_assert_eq!(verdict(&hasher, shorter, kept.as_str()).await, Verdict::NoMatch);
            Ok(())
        })?;
    }

    #[test]
    fn s16_nothing_that_is_stored_makes_it_panic(text in "\\PC{0,80}", tail in "[$a-z0-9=,+/]{0,60}") {
        let hasher = hasher(CHEAP);
        block_on(async {
            prop_assert_eq!(verdict(&hasher, "password", &text).await, Verdict::NoMatch);
            let phc = format!("$argon2id$v=19$m=64,t=1,p=1${tail}");
            prop_assert_eq!(verdict(&hasher, "password", &phc).await, Verdict::NoMatch);
            Ok(())
        })?;
    }
}

#[test]
fn p1_a_hash_is_a_phc_string_with_the_parameters_and_a_salt_of_its_own() {
    let hasher = hasher(Params::default());
    let password = typed("quartz lantern orchard");
    let (first, second) = block_on(async {
        (hasher.hash(&password).await.expect("a hash"), hasher.hash(&password).await.expect("a hash"))
    });
    assert!(first.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    assert_ne!(first.as_str(), second.as_str());
    block_on(async {
        for kept in [&first, &second] {
            let verdict = verdict(&hasher, password.as_str(), kept.as_str()).await;
            assert_eq!(verdict, Verdict::Match);
        }
    });
}

#[test]
fn p1_raised_parameters_ask_for_a_rehash_and_lowered_ones_do_not() {
    let password = "quartz lantern orchard";
    let base = Params { memory_kib: 128, iterations: 2, parallelism: 1 };
    let kept = hash(base, password);
    let cases = [
        (base, Verdict::Match),
        (Params { memory_kib: 129, ..base }, Verdict::MatchButRehash),
        (Params { iterations: 3, ..base }, Verdict::MatchButRehash),
        (Params { parallelism: 2, ..base }, Verdict::MatchButRehash),
        (Params { memory_kib: 127, ..base }, Verdict::Match),
        (Params { iterations: 1, ..base }, Verdict::Match),
        (Params { memory_kib: 1024, iterations: 1, ..base }, Verdict::MatchButRehash),
    ];
    block_on(async {
        for (current, expected) in cases {
            let hasher = hasher(current);
            assert_eq!(verdict(&hasher, password, kept.as_str()).await, expected, "{current:?}");
            assert_eq!(verdict(&hasher, "no", kept.as_str()).await, Verdict::NoMatch);
        }
    });
}

#[test]
fn s5_a_login_that_cannot_match_costs_one_hash_like_any_other() {
    let kept = hash(CHEAP, "quartz lantern orchard");
    let hasher = hasher(CHEAP);
    block_on(async {
        let tries: [(&str, Option<&PasswordHash>, Verdict); 3] = [
            ("quartz lantern orchard", Some(&kept), Verdict::Match),
            ("quartz lantern", Some(&kept), Verdict::NoMatch),
            ("quartz lantern orchard", None, Verdict::NoMatch),
        ];
        for (count, (password, hash, expected)) in tries.into_iter().enumerate() {
            assert_eq!(hasher.verify(&typed(password), hash).await.expect("a verdict"), expected);
            assert_eq!(hasher.gauge().hashes, count as u64 + 1);
        }
    });
}

#[test]
fn s10_debug_prints_no_salt() {
    let printed = format!("{:?}", hasher(CHEAP));
    assert!(printed.contains("memory_kib: 64"), "{printed}");
    assert!(!printed.contains("salt"), "{printed}");
}
