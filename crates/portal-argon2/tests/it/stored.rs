//! Stored hashes: those of other implementations, those with other parameters, and hostile ones.

use portal_argon2::{Params, ParamsError};
use portal_domain::port::Verdict;

use crate::fixture::{CHEAP, block_on, hasher, verdict};

/// `password` with the salt `somesalt`, from the tests of the reference implementation in C.
const REFERENCE: &str = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

#[test]
fn p1_hashes_of_the_reference_implementation_are_known() {
    block_on(async {
        let same = Params { memory_kib: 65_536, ..Params::default() };
        // Its salt has 8 bytes and ours have 16: a match that is better kept anew.
        assert_eq!(verdict(&hasher(same), "password", REFERENCE).await, Verdict::MatchButRehash);
        assert_eq!(verdict(&hasher(same), "Password", REFERENCE).await, Verdict::NoMatch);
        assert_eq!(verdict(&hasher(same), "", REFERENCE).await, Verdict::NoMatch);
    });
}

#[test]
fn p1_other_variants_and_versions_match_and_ask_for_a_rehash() {
    // `password` with the salt `somesalt`, t = 2, m = 256, p = 1, from the reference implementation's tests.
    let old_version = "$argon2i$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY";
    let other_variant = "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8";
    block_on(async {
        for phc in [old_version, other_variant] {
            assert_eq!(verdict(&hasher(CHEAP), "password", phc).await, Verdict::MatchButRehash);
            assert_eq!(verdict(&hasher(CHEAP), "passwore", phc).await, Verdict::NoMatch);
        }
    });
}

#[test]
fn s16_hostile_parameters_are_never_computed() {
    let rest = "$c29tZXNhbHRzb21lc2FsdA$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    let beyond = [
        "m=4194304,t=1,p=1",
        "m=4294967295,t=1,p=1",
        "m=262145,t=1,p=1",
        "m=262144,t=5,p=1",
        "m=64,t=17,p=1",
        "m=64,t=4294967295,p=1",
        "m=64,t=0,p=1",
        "m=7,t=1,p=1",
        "m=64,t=1,p=0",
        "m=64,t=1,p=9",
        "m=262144,t=1,p=16777215",
        "m=64,t=1,p=1,data=Dw8PDw8P",
        "m=64,t=1",
    ];
    let hasher = hasher(CHEAP);
    block_on(async {
        for (count, params) in beyond.into_iter().enumerate() {
            let phc = format!("$argon2id$v=19${params}{rest}");
            assert_eq!(verdict(&hasher, "password", &phc).await, Verdict::NoMatch, "{params}");
            // Exactly the dummy was hashed.
            assert_eq!(hasher.gauge().hashes, count as u64 + 1, "{params}");
        }
    });
}

#[test]
fn s16_damaged_strings_never_match() {
    let damaged = [
        "",
        "$",
        "password",
        "$argon2id",
        "$argon2id$v=19$m=64,t=1,p=1",
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ",
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$",
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAA",
        "$argon2id$v=42$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$bcrypt$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$2x$12$abcdefghijklmnopqrstuuVQbzmvSnQkZlbbhJcPYBXBRDmkGAEQK",
    ];
    let long = format!("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ${}", "A".repeat(1 << 20));
    let hasher = hasher(CHEAP);
    block_on(async {
        for phc in damaged.into_iter().chain([long.as_str()]) {
            assert_eq!(verdict(&hasher, "password", phc).await, Verdict::NoMatch);
        }
    });
    assert_eq!(hasher.gauge().hashes, damaged.len() as u64 + 1);
}

#[test]
fn s16_parameters_of_our_own_have_the_same_bounds() {
    let refused = |memory_kib, iterations, parallelism| {
        Params { memory_kib, iterations, parallelism }.check().expect_err("out of bounds")
    };
    assert_eq!(refused(262_145, 1, 1), ParamsError::Memory(262_145));
    assert_eq!(refused(15, 1, 2), ParamsError::Memory(15));
    assert_eq!(refused(64, 0, 1), ParamsError::Iterations(0));
    assert_eq!(refused(64, 17, 1), ParamsError::Iterations(17));
    assert_eq!(refused(64, 1, 0), ParamsError::Parallelism(0));
    assert_eq!(refused(64, 1, 17), ParamsError::Parallelism(17));
    assert_eq!(
        refused(262_144, 5, 1).to_string(),
        "`5` iterations over `262144` KiB are more work than one hash may be"
    );
}
