//! Hashes of other systems, as text: what is taken in, and what is refused by which name (P1). That they verify is the adapter's
//! to show.

use portal_domain::password::{ForeignHash, HashFault, Scheme};
use proptest::prelude::*;

/// From the tests of the reference implementation in C.
const ARGON2: &str = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
/// From the tests of jBCrypt.
const BCRYPT: &str = "$2a$08$aTsUwsyowQuzRrDqFflhgekJ8d9/7Z3GV3UcgvzQW3J5zMyrTvlz.";
/// Made by Django 5.2.
const DJANGO: &str = "pbkdf2_sha256$20000$seasalt1$SRIG9WQxW2IPHVs6mD1H8DfWar6OppDVJtAmAcgfSFk=";
/// Put together by Python's `struct` and `hashlib`: HMAC-SHA-256, 10,000 iterations, salt and output of 16 and 32 bytes.
const IDENTITY: &str = "AQAAAAEAACcQAAAAEAABAgMEBQYHCAkKCwwNDg/TYRAKXQrAmY1m003s1OdL3WTl8NzvNWn5kTOhkX888Q==";

const KNOWN: [(&str, Scheme); 4] = [
    (ARGON2, Scheme::Argon2),
    (BCRYPT, Scheme::Bcrypt),
    (DJANGO, Scheme::DjangoPbkdf2),
    (IDENTITY, Scheme::AspNetIdentity),
];

fn fault(text: &str) -> &'static str {
    ForeignHash::parse(text).err().map_or("taken in", |fault| fault.code())
}

#[test]
fn p1_a_hash_is_kept_as_it_came_and_its_scheme_is_told() {
    for (text, scheme) in KNOWN {
        let hash = ForeignHash::parse(text).expect("a known hash");
        assert_eq!((hash.kept().as_str(), hash.scheme()), (text, scheme));
    }
}

#[test]
fn p1_what_is_of_no_known_scheme_is_refused_by_that_name() {
    for text in [
        "",
        "$",
        "password",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "$1$salt$qJH7.N4xYta3aEG/dfqo/0",
        "$2$08$aTsUwsyowQuzRrDqFflhgekJ8d9/7Z3GV3UcgvzQW3J5zMyrTvlz.",
        "$2x$08$aTsUwsyowQuzRrDqFflhgekJ8d9/7Z3GV3UcgvzQW3J5zMyrTvlz.",
        "$argon2$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "pbkdf2_sha1$20000$seasalt1$SRIG9WQxW2IPHVs6mD1H8DfWar6OppDVJtAmAcgfSFk=",
        // Version 2 of ASP.NET Identity.
        "AAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICEiIyQlJicoKSorLC0uLw==",
        " $2a$08$aTsUwsyowQuzRrDqFflhgekJ8d9/7Z3GV3UcgvzQW3J5zMyrTvlz.",
    ] {
        assert_eq!(fault(text), "unknown_scheme", "{text}");
    }
}

#[test]
fn p1_what_is_not_whole_is_refused_by_that_name() {
    for (text, scheme) in KNOWN {
        // An output of Argon2 may have any length from 16 bytes on, so that a shorter one is another one.
        let free = scheme == Scheme::Argon2;
        for cut in [1, if free { 23 } else { 3 }, text.len() / 2] {
            let cut = &text[..text.len() - cut];
            assert_eq!(fault(cut), "malformed", "{cut}");
        }
        for more in ["\n", " ", "$", "\u{e9}", if free { "=" } else { "A" }] {
            assert_eq!(fault(&format!("{text}{more}")), "malformed", "{text}{more}");
        }
        assert_eq!(fault(&format!("{text}{}", "A".repeat(1 << 16))), "malformed");
    }
    for text in [
        "$argon2id$v=18$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$t=2,m=65536,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=65536,t=2,p=1,data=AAAA$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=065536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=+65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=65536,t=2,p=1$c2FsdA$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$AAAA",
        "$2a$8$aTsUwsyowQuzRrDqFflhgekJ8d9/7Z3GV3UcgvzQW3J5zMyrTvlz.",
        "$2a$+8$aTsUwsyowQuzRrDqFflhgekJ8d9/7Z3GV3UcgvzQW3J5zMyrTvlz.",
        "$2a$08$aTsUwsyowQuzRrDqFflh!ekJ8d9/7Z3GV3UcgvzQW3J5zMyrTvlz.",
        "pbkdf2_sha256$20000$salt$SRIG9WQxW2IPHVs6mD1H8DfWar6OppDVJtAmAcgfSFk=",
        "pbkdf2_sha256$20000$sea salt$SRIG9WQxW2IPHVs6mD1H8DfWar6OppDVJtAmAcgfSFk=",
        "pbkdf2_sha256$-1$seasalt1$SRIG9WQxW2IPHVs6mD1H8DfWar6OppDVJtAmAcgfSFk=",
        "pbkdf2_sha256$20000$seasalt1$SRIG9WQxW2IPHVs6mD1H8A==",
        // A function that ASP.NET Identity doesn't have, and a salt that is longer than all there is.
        "AQAAAAMAACcQAAAAEAABAgMEBQYHCAkKCwwNDg/TYRAKXQrAmY1m003s1OdL3WTl8NzvNWn5kTOhkX888Q==",
        "AQAAAAEAACcQ/////wABAgMEBQYHCAkKCwwNDg/TYRAKXQrAmY1m003s1OdL3WTl8NzvNWn5kTOhkX888Q==",
    ] {
        assert_eq!(fault(text), "malformed", "{text}");
    }
}

#[test]
fn s16_the_bounds_of_cost_are_exact() {
    let argon2 = |params: &str| fault(&ARGON2.replace("m=65536,t=2,p=1", params));
    for within in ["m=8,t=1,p=1", "m=262144,t=4,p=1", "m=65536,t=16,p=16", "m=128,t=1,p=16"] {
        assert_eq!(argon2(within), "taken in", "{within}");
    }
    for beyond in [
        "m=7,t=1,p=1",
        "m=127,t=1,p=16",
        "m=262145,t=1,p=1",
        "m=262144,t=5,p=1",
        "m=64,t=17,p=1",
        "m=64,t=0,p=1",
        "m=64,t=1,p=0",
        "m=1024,t=1,p=17",
        "m=99999999999999999999999,t=1,p=1",
        "m=18446744073709551615,t=18446744073709551615,p=18446744073709551615",
    ] {
        assert_eq!(argon2(beyond), "cost_out_of_bounds", "{beyond}");
    }
    let bcrypt = |cost: &str| fault(&BCRYPT.replace("$08$", &format!("${cost}$")));
    assert_eq!(["03", "04", "14", "15", "00", "99"].map(bcrypt), {
        const OUT: &str = "cost_out_of_bounds";
        [OUT, "taken in", "taken in", OUT, OUT, OUT]
    });
    let django = |iterations: &str| fault(&DJANGO.replace("20000", iterations));
    assert_eq!(["1000", "2000000"].map(django), ["taken in"; 2]);
    assert_eq!(["0", "999", "2000001", "99999999999999999999"].map(django), ["cost_out_of_bounds"; 4]);
}

#[test]
fn s10_a_refusal_never_says_the_hash() {
    for (text, _) in KNOWN {
        for wrong in [format!("{text}!"), text.replace("$08$", "$15$"), text.replace("20000", "1"), format!("!{text}")]
        {
            let Err(fault) = ForeignHash::parse(&wrong) else { continue };
            let said = format!("{fault} {fault:?}");
            assert!(!said.contains(&text[text.len() - 10..]), "{said}");
        }
        let printed = format!("{:?}", ForeignHash::parse(text));
        assert!(!printed.contains(&text[text.len() - 10..]), "{printed}");
    }
}

proptest! {
    #[test]
    fn s16_no_text_makes_the_reader_panic(
        beginning in prop_oneof![
            Just(""), Just("$argon2id$"), Just("$argon2i$v=19$m=64,t=1,p=1$"), Just("$2b$"), Just("$2y$12$"),
            Just("pbkdf2_sha256$"), Just("pbkdf2_sha256$1000$"), Just("AQAA"), Just("AQAAAAEAACcQAAAAEA")
        ],
        rest in prop_oneof!["\\PC{0,120}", "[$./A-Za-z0-9+=,]{0,120}"],
    ) {
        let text = format!("{beginning}{rest}");
        match ForeignHash::parse(&text) {
            Ok(hash) => prop_assert_eq!(hash.kept().as_str(), text),
            Err(HashFault::UnknownScheme) => prop_assert!(beginning.is_empty() || !rest.is_empty()),
            Err(_) => {}
        }
    }

    #[test]
    fn s16_a_changed_hash_is_refused_or_another_one(which in 0_usize..4, at in any::<prop::sample::Index>(), with in any::<char>()) {
        let (text, scheme) = KNOWN[which];
        let mut changed: Vec<char> = text.chars().collect();
        let at = at.index(changed.len());
        changed[at] = with;
        let changed: String = changed.into_iter().collect();
        if let Ok(hash) = ForeignHash::parse(&changed) {
            prop_assert_eq!(hash.kept().as_str(), &changed);
            prop_assert_eq!(hash.scheme(), scheme);
        }
    }
}
