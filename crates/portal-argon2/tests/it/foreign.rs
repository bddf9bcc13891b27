//! Hashes of other systems: known vectors of each scheme, and what is near them.

use argon2::{
    Algorithm, Argon2, Version,
    password_hash::phc::{self, Output, ParamsString, Salt},
};
use portal_argon2::Params;
use portal_domain::{
    password::{ForeignHash, PasswordHash},
    port::{PasswordHasher, Verdict},
};
use proptest::prelude::*;

use crate::fixture::{CHEAP, block_on, hasher, typed, verdict};

const PASSWORD: &str = "tr0ub4dor & 3 horses";
const BEYOND_ASCII: &str = "pässwörter zählen";

/// Of `PASSWORD`, made by Python's argon2-cffi 23.1: `hash_secret(password, b"sixteen bytes ok", 2, 256, lanes, 32, variant)`.
const ARGON2: [&str; 4] = [
    "$argon2i$v=19$m=256,t=2,p=1$c2l4dGVlbiBieXRlcyBvaw$byGQKzFqTSPHUGWcxTFNffjuB3RVdKmWeBuUuVzdtrw",
    "$argon2d$v=19$m=256,t=2,p=1$c2l4dGVlbiBieXRlcyBvaw$nASy/lDfJsY1K4VTy8bV6XIiA4Si639wWgIrebhka+Y",
    "$argon2id$v=19$m=256,t=2,p=1$c2l4dGVlbiBieXRlcyBvaw$H0CGZo14M1weKFAjfOSvPQw9BOorIps0LoP2dfTXUOg",
    "$argon2id$v=19$m=256,t=2,p=4$c2l4dGVlbiBieXRlcyBvaw$78lBBhC4a5txk3cTs1MKHkhBtWkYd6gGmhcz+tOpuWo",
];

/// Of `PASSWORD`, made by Python's bcrypt 5.0: `hashpw(password, b"$2b$04$abcdefghijklmnopqrstuu")`; `2y` is another name for `2b`.
const BCRYPT: [&str; 3] = [
    "$2a$04$abcdefghijklmnopqrstuuNX9EJwTvwmRen0npHk8ejFKnjcA.khu",
    "$2b$04$abcdefghijklmnopqrstuuNX9EJwTvwmRen0npHk8ejFKnjcA.khu",
    "$2y$04$abcdefghijklmnopqrstuuNX9EJwTvwmRen0npHk8ejFKnjcA.khu",
];

/// Of `PASSWORD`, made by Django 5.2: `PBKDF2PasswordHasher().encode(password, salt, 1000)`; passlib 1.7.4 makes the same.
const DJANGO: &str = "pbkdf2_sha256$1000$a1B2c3D4e5F6g7H8i9J0kL$5Yv2jow5xXUGTyjWp+kSl9SZ/HbXTGyNjCkoba+pexw=";

/// Of `PASSWORD`, put together by Python: `b"\x01" + pack(">III", prf, iterations, 16) + salt + pbkdf2_hmac(…, 32)`, in base64. With
/// HMAC-SHA-1 and 1,000 iterations; with HMAC-SHA-256 and 10,000, which was the default until .NET 6; with HMAC-SHA-512 and 100,000,
/// the default since.
const IDENTITY: [&str; 3] = [
    "AQAAAAAAAAPoAAAAEAABAgMEBQYHCAkKCwwNDg/5BLRng5Bt1TJP85HobICXMq0hONNLZBy3qi0Xpphc3Q==",
    "AQAAAAEAACcQAAAAEAABAgMEBQYHCAkKCwwNDg/TYRAKXQrAmY1m003s1OdL3WTl8NzvNWn5kTOhkX888Q==",
    "AQAAAAIAAYagAAAAEBAREhMUFRYXGBkaGxwdHh+P1s76eYJCR4D2MhT1GQ28uSQrU02sbeS4rexvHvQkZw==",
];

fn all() -> impl Iterator<Item = &'static str> {
    ARGON2.into_iter().chain(BCRYPT).chain([DJANGO]).chain(IDENTITY)
}

#[test]
fn p1_hashes_of_each_scheme_match_their_password_and_ask_for_a_rehash() {
    let hasher = hasher(CHEAP);
    block_on(async {
        for hash in all() {
            assert!(ForeignHash::parse(hash).is_ok(), "{hash}");
            let right = verdict(&hasher, PASSWORD, hash).await;
            // An Argon2id hash that is no worse than ours could stay, as far as the hasher sees; the sign-in replaces it.
            let as_good = hash.starts_with("$argon2id$") && hash.contains(",p=1$");
            assert_eq!(right, if as_good { Verdict::Match } else { Verdict::MatchButRehash }, "{hash}");
        }
    });
}

#[test]
fn p1_no_other_password_matches_a_foreign_hash() {
    let hasher = hasher(CHEAP);
    block_on(async {
        for hash in all().filter(|hash| *hash != IDENTITY[2]) {
            for wrong in ["", "tr0ub4dor & 3 horse", "tr0ub4dor & 3 horses ", "Tr0ub4dor & 3 horses", "tr0ub4dor"] {
                assert_eq!(verdict(&hasher, wrong, hash).await, Verdict::NoMatch, "{wrong} {hash}");
            }
        }
    });
}

/// The test of jBCrypt (`TestBCrypt.java`), of crypt_blowfish (`wrapper.c`), and PBKDF2-HMAC-SHA-256 of RFC 7914, section 11, put
/// into the frame of ASP.NET Identity: there its salt `NaCl` is shorter than any that is taken in.
#[test]
fn p1_published_vectors_are_known() {
    let jbcrypt = [
        ("", "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s."),
        ("a", "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe"),
        ("abcdefghijklmnopqrstuvwxyz", "$2a$08$aTsUwsyowQuzRrDqFflhgekJ8d9/7Z3GV3UcgvzQW3J5zMyrTvlz."),
    ];
    let crypt_blowfish = [
        ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        ("U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
    ];
    let short_salt = "AQAAAAEAATiAAAAABE5hQ2xN3Nj2C5i+IYMM7l7yJwH5ZBpEGNBMBBSu/wiHazSrVg==";
    let hasher = hasher(CHEAP);
    block_on(async {
        for (password, hash) in jbcrypt.into_iter().chain(crypt_blowfish) {
            assert_eq!(verdict(&hasher, password, hash).await, Verdict::MatchButRehash, "{hash}");
            assert_eq!(verdict(&hasher, "U*U*U", hash).await, Verdict::NoMatch, "{hash}");
        }
        assert!(ForeignHash::parse(short_salt).is_err());
        assert_eq!(verdict(&hasher, "Password", short_salt).await, Verdict::NoMatch);
    });
}

/// bcrypt 5.0, Django 5.2 (`encode(password, "seasalt1", 20000)`), and the frame of ASP.NET Identity as above.
#[test]
fn p1_letters_beyond_ascii_are_hashed_composed() {
    let hashes = [
        "$2b$05$CCCCCCCCCCCCCCCCCCCCC.pJM.fRik3rRwYmV2KvbR3Bfyg4nxju2",
        "pbkdf2_sha256$20000$seasalt1$SRIG9WQxW2IPHVs6mD1H8DfWar6OppDVJtAmAcgfSFk=",
        "AQAAAAEAACcQAAAAEAABAgMEBQYHCAkKCwwNDg9FlIlGaB7Jp8N5T5xtuLgZNCF0NwGUJZw2mwAd7QjVsA==",
    ];
    let hasher = hasher(CHEAP);
    block_on(async {
        for hash in hashes {
            for typed in [BEYOND_ASCII, "pa\u{308}sswo\u{308}rter za\u{308}hlen"] {
                assert_eq!(verdict(&hasher, typed, hash).await, Verdict::MatchButRehash, "{hash}");
            }
            assert_eq!(verdict(&hasher, "passworter zahlen", hash).await, Verdict::NoMatch, "{hash}");
        }
    });
}

/// bcrypt 5.0: `hashpw(("0123456789" * 8)[:72], …)` and `[:71]`, where the nought behind the password is the last byte.
#[test]
fn p1_bcrypt_looks_at_72_bytes() {
    let digits = "0123456789".repeat(8);
    let of_72 = "$2b$04$CCCCCCCCCCCCCCCCCCCCC.FK1BvzBLAltNsbGCqDzcz8ivvVoPdea";
    let of_71 = "$2b$04$CCCCCCCCCCCCCCCCCCCCC.BP.PKtygCSBEpVFM/8LrElwvAlGzPfK";
    let hasher = hasher(CHEAP);
    block_on(async {
        for (length, hash, expected) in [
            (80, of_72, Verdict::MatchButRehash),
            (72, of_72, Verdict::MatchButRehash),
            (71, of_72, Verdict::NoMatch),
            (72, of_71, Verdict::NoMatch),
            (71, of_71, Verdict::MatchButRehash),
            (70, of_71, Verdict::NoMatch),
        ] {
            assert_eq!(verdict(&hasher, &digits[..length], hash).await, expected, "{length}");
        }
    });
}

#[test]
fn g4_a_foreign_hash_takes_a_turn_like_any_other() {
    let hasher = hasher(CHEAP);
    block_on(async {
        assert_eq!(verdict(&hasher, "wrong", DJANGO).await, Verdict::NoMatch);
        assert_eq!(verdict(&hasher, "wrong", BCRYPT[0]).await, Verdict::NoMatch);
    });
    let gauge = hasher.gauge();
    assert_eq!((gauge.hashes, gauge.running, gauge.most_running), (2, 0, 1));
}

#[test]
fn s16_a_foreign_hash_beyond_the_bounds_is_never_computed() {
    let beyond = [
        "$2b$15$abcdefghijklmnopqrstuuNX9EJwTvwmRen0npHk8ejFKnjcA.khu",
        "$2b$31$abcdefghijklmnopqrstuuNX9EJwTvwmRen0npHk8ejFKnjcA.khu",
        "$2b$03$abcdefghijklmnopqrstuuNX9EJwTvwmRen0npHk8ejFKnjcA.khu",
        "pbkdf2_sha256$2000001$a1B2c3D4e5F6g7H8i9J0kL$5Yv2jow5xXUGTyjWp+kSl9SZ/HbXTGyNjCkoba+pexw=",
        "pbkdf2_sha256$4294967295$a1B2c3D4e5F6g7H8i9J0kL$5Yv2jow5xXUGTyjWp+kSl9SZ/HbXTGyNjCkoba+pexw=",
        // HMAC-SHA-1 needs two blocks for 32 bytes: 1,000,001 iterations are 2,000,002.
        "AQAAAAAAD0JBAAAAEAABAgMEBQYHCAkKCwwNDg9PPmlyxe9nlWXPudvKwipCBzhOVu0iBEGksQOZErV1HA==",
    ];
    let hasher = hasher(CHEAP);
    block_on(async {
        for hash in beyond {
            // The dummy's work, and its answer: with the right password the last one would match.
            assert_eq!(verdict(&hasher, PASSWORD, hash).await, Verdict::NoMatch);
        }
    });
    assert_eq!(hasher.gauge().hashes, beyond.len() as u64);
}

#[test]
fn p2_a_foreign_hash_says_nothing_of_how_long_a_pause_has_to_seem() {
    let hasher = hasher(CHEAP);
    block_on(async {
        assert_eq!(verdict(&hasher, "wrong", BCRYPT[0]).await, Verdict::NoMatch);
        hasher.pretend().await.expect("there is a place");
    });
    // Nothing usual was measured: the pause did a usual hash's work.
    assert_eq!(hasher.gauge().hashes, 2);
}

#[test]
fn s10_a_foreign_hash_is_not_printed() {
    for hash in all() {
        let printed = format!("{:?} {:?}", ForeignHash::parse(hash), PasswordHash::new(hash));
        assert!(!printed.contains(&hash[hash.len() - 12..]), "{printed}");
    }
}

/// A hash as another implementation could have made it, of `password`.
fn made(
    algorithm: Algorithm,
    version: Version,
    params: Params,
    (salt, output): (usize, usize),
    password: &str,
) -> String {
    let salt: Vec<u8> = (0..salt).map(|index| index.to_le_bytes()[0]).collect();
    let Params { memory_kib, iterations, parallelism } = params;
    let params = argon2::Params::new(memory_kib, iterations, parallelism, Some(output)).expect("within bounds");
    let mut computed = vec![0; output];
    let argon2 = Argon2::new(algorithm, version, params.clone());
    argon2.hash_password_into(password.as_bytes(), &salt, &mut computed).expect("a hash");
    let hash = phc::PasswordHash {
        algorithm: algorithm.ident(),
        version: Some(version.into()),
        params: ParamsString::try_from(params).expect("parameters"),
        salt: Some(Salt::new(&salt).expect("a salt")),
        hash: Some(Output::new(&computed).expect("an output")),
    };
    hash.to_string()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// What the domain takes in as Argon2, this adapter verifies: two readers of one format agree.
    #[test]
    fn p1_every_argon2_hash_that_is_taken_in_is_verified(
        algorithm in prop_oneof![Just(Algorithm::Argon2i), Just(Algorithm::Argon2d), Just(Algorithm::Argon2id)],
        version in prop_oneof![Just(Version::V0x10), Just(Version::V0x13)],
        memory in 8_u32..40, iterations in 1_u32..4, parallelism in 1_u32..5,
        salt in 8_usize..=48, output in 16_usize..=64,
    ) {
        let params = Params { memory_kib: memory * parallelism, iterations, parallelism };
        let hash = made(algorithm, version, params, (salt, output), PASSWORD);
        prop_assert!(ForeignHash::parse(&hash).is_ok(), "{}", hash);
        let hasher = hasher(CHEAP);
        block_on(async {
            prop_assert_ne!(verdict(&hasher, PASSWORD, &hash).await, Verdict::NoMatch);
            prop_assert_eq!(verdict(&hasher, "tr0ub4dor", &hash).await, Verdict::NoMatch);
            Ok(())
        })?;
    }

    #[test]
    fn s16_what_is_like_a_foreign_hash_does_no_harm(which in 0_usize..11, at in 0_usize..200, with in "\\PC{0,3}") {
        let mut text: Vec<char> = all().nth(which).unwrap_or_default().chars().collect();
        let at = at % text.len();
        text.splice(at..=at, with.chars());
        let text: String = text.into_iter().collect();
        let hasher = hasher(CHEAP);
        // What is still a hash may have become a costly one.
        if ForeignHash::parse(&text).is_err() {
            let answer = block_on(hasher.verify(&typed("wrong"), Some(&PasswordHash::new(text))));
            prop_assert!(matches!(answer, Ok(Verdict::NoMatch)));
        }
    }
}
