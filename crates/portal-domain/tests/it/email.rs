//! Rules E and F, and what M4 says about masking.

mod lists;
mod reference;
mod strategies;
mod unicode;

use portal_domain::email::{EmailAddress, EmailFault, EmailWarning, LoginKey, LoginKeyFault};
use proptest::prelude::*;

fn config() -> ProptestConfig {
    // `PROPTEST_CASES` raises the number; it never lowers it.
    let default = ProptestConfig::default();
    ProptestConfig { cases: default.cases.max(1_024), failure_persistence: None, ..default }
}

fn code(raw: &str) -> &'static str {
    EmailAddress::parse(raw).map_or_else(|fault| fault.code(), |_| "accepted")
}

fn key(raw: &str) -> String {
    EmailAddress::parse(raw).unwrap().key().to_string()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn e5_one_slip_in_a_common_domain_is_noticed_and_nothing_is_refused_for_it(
        domain in prop::sample::select(vec!["gmail.com", "hotmail.com", "outlook.com", "t-online.de", "yahoo.co.uk"]),
        place in 0..9_usize,
        slip in 0..4_usize,
        letter in "[a-z]",
    ) {
        let mut letters: Vec<char> = domain.chars().collect();
        match slip {
            0 => letters.insert(place, letter.chars().next().unwrap()),
            1 => drop(letters.remove(place)),
            2 => letters[place] = letter.chars().next().unwrap(),
            _ => letters.swap(place, place - usize::from(place > 0)),
        }
        let typed: String = letters.into_iter().collect();
        prop_assume!(typed != domain && !["ymail.com", "mail.com", "email.com"].contains(&&*typed));
        if let Ok(email) = EmailAddress::parse(&format!("ada@{typed}")) {
            let meant = |warning: &EmailWarning| matches!(warning, EmailWarning::LikelyTypo { .. });
            prop_assert!(email.warnings().iter().any(meant), "{}", typed);
        }
    }

    #[test]
    fn e5_no_address_is_too_odd_to_be_looked_at(address in strategies::address()) {
        let email = EmailAddress::parse(&address).unwrap();
        prop_assert!(email.warnings().len() <= 5);
    }

    #[test]
    fn e1_hidden_characters_at_the_ends_are_removed_and_remembered(
        before in strategies::hidden(),
        address in strategies::address(),
        after in strategies::hidden(),
    ) {
        let plain = EmailAddress::parse(&address).unwrap();
        let email = EmailAddress::parse(&format!("{before}{address}{after}")).unwrap();
        prop_assert_eq!(email.as_str(), &address);
        prop_assert_eq!(email.key(), plain.key());
        prop_assert_eq!(plain.removed(), None);
        prop_assert_eq!(email.removed().is_some(), !(before.is_empty() && after.is_empty()));
        let note = email.removed().unwrap_or("removed");
        prop_assert_eq!(note.contains("leading"), !before.is_empty());
        prop_assert_eq!(note.contains("trailing"), !after.is_empty());
        prop_assert!(note.ends_with("removed") && note.is_ascii() && note.len() < 400);
    }

    #[test]
    fn e1_hidden_characters_inside_are_refused(
        local in strategies::local(),
        hidden in strategies::hidden().prop_filter("some", |text| text.chars().any(|c| c != ' ')),
        domain in strategies::domain(),
    ) {
        for text in [
            format!("{local}{hidden}@{domain}"),
            format!("{local}@{hidden}{domain}"),
            format!("{local}{hidden}x@{domain}"),
            format!("{local}@x{hidden}{domain}"),
        ] {
            let fault = EmailAddress::parse(&text).unwrap_err();
            let character = hidden.chars().find(|&c| c != ' ').unwrap();
            prop_assert_eq!(fault, EmailFault::HiddenCharacter { character });
        }
    }

    #[test]
    fn e2_a_damaged_address_has_the_verdict_of_the_reference(text in strategies::damaged()) {
        let verdict = EmailAddress::parse(&text).map(|email| email.key().to_string());
        prop_assert_eq!(verdict.map_err(|fault| fault.code()), reference::verdict(&text));
    }

    #[test]
    fn e2_any_text_has_the_verdict_of_the_reference(text in strategies::jumble()) {
        let verdict = EmailAddress::parse(&text).map(|email| email.key().to_string());
        prop_assert_eq!(verdict.map_err(|fault| fault.code()), reference::verdict(&text));
    }

    #[test]
    fn e2_what_is_accepted_is_one_recipient_in_one_line(text in strategies::jumble()) {
        if let Ok(email) = EmailAddress::parse(&text) {
            for form in [email.as_str(), email.key().as_str()] {
                prop_assert_eq!(form.matches('@').count(), 1);
                prop_assert!(!form.contains([' ', ',', ';', '<', '>', '(', ')', '"', '\\', ':', '[', ']']));
                prop_assert!(!form.chars().any(|c| c.is_control() || c.is_whitespace()));
                prop_assert!(form.len() <= 254 && form.find('@').unwrap() <= 64);
            }
        }
    }

    #[test]
    fn e2_faults_speak_in_one_plain_sentence(text in strategies::jumble()) {
        if let Err(fault) = EmailAddress::parse(&text) {
            let sentence = fault.to_string();
            prop_assert!(sentence.starts_with(|c: char| c.is_ascii_lowercase()), "{}", sentence);
            prop_assert!(!sentence.ends_with('.') && !sentence.contains(char::is_control));
        }
    }

    #[test]
    fn e3_key_is_idempotent(address in prop_oneof![strategies::address(), strategies::damaged()]) {
        if let Ok(email) = EmailAddress::parse(&address) {
            let again = EmailAddress::parse(email.key().as_str()).unwrap();
            prop_assert_eq!(again.key(), email.key());
            prop_assert_eq!(again.as_str(), email.key().as_str());
            prop_assert_eq!(LoginKey::parse(email.key().as_str()), Ok(email.key().clone()));
        }
    }

    #[test]
    fn e3_case_of_ascii_and_composition_make_no_other_key(local in strategies::local(), domain in strategies::domain()) {
        use unicode_normalization::UnicodeNormalization as _;
        let key = key(&format!("{local}@{domain}"));
        let a_labels = key.split_once('@').unwrap().1;
        for local in [local.nfd().collect::<String>(), local.nfc().collect()] {
            prop_assert_eq!(&self::key(&format!("{local}@{a_labels}")), &key);
        }
        if local.is_ascii() {
            prop_assert_eq!(&self::key(&format!("{}@{domain}", local.to_ascii_uppercase())), &key);
        }
        prop_assert_eq!(&self::key(&format!("{local}@{}", domain.to_ascii_uppercase())), &key);
    }

    #[test]
    fn e3_a_stored_key_is_taken_back_only_if_it_is_its_own_key(text in strategies::damaged()) {
        let taken = LoginKey::parse(&text);
        match EmailAddress::parse(&text) {
            Ok(email) if email.key().as_str() == text => prop_assert_eq!(taken.as_ref(), Ok(email.key())),
            Ok(email) if email.removed().is_none() => prop_assert_eq!(taken, Err(LoginKeyFault::NotCanonical)),
            // Nothing is trimmed from a key.
            _ => prop_assert!(matches!(taken, Err(LoginKeyFault::Address(_)))),
        }
        let json = serde_json::to_string(&text).unwrap();
        prop_assert_eq!(serde_json::from_str::<LoginKey>(&json).is_ok(), LoginKey::parse(&text).is_ok());
    }

    #[test]
    fn e4_the_stored_form_is_kept_as_typed_and_read_back(
        before in strategies::hidden(),
        address in strategies::address(),
    ) {
        let email = EmailAddress::parse(&format!("{before}{address}")).unwrap();
        prop_assert_eq!(email.as_str(), &address);
        let note = email.removed().map(str::to_owned);
        prop_assert_eq!(EmailAddress::from_stored(email.as_str(), note), Ok(email.clone()));
        let json = serde_json::to_string(&email).unwrap();
        prop_assert_eq!(serde_json::from_str::<EmailAddress>(&json).unwrap(), email);
    }

    #[test]
    fn e4_with_a_labels_it_is_the_same_mailbox(address in strategies::address()) {
        let email = EmailAddress::parse(&address).unwrap();
        let plain = EmailAddress::parse(&email.domain_as_a_labels()).unwrap();
        prop_assert_eq!(plain.key(), email.key());
        prop_assert_eq!(plain.local_part(), email.local_part());
        prop_assert!(plain.domain().is_ascii());
        prop_assert_eq!(plain.as_str().is_ascii(), email.local_is_ascii());
    }
}

#[test]
fn e1_what_was_removed_is_said_in_stable_words() {
    for (before, after, note) in [
        ("", "\u{A0}", "a trailing no-break space was removed"),
        ("  ", "\u{200B}", "2 leading spaces and a trailing zero-width space were removed"),
        ("\u{FEFF}", "", "a leading byte order mark was removed"),
        (
            " \t ",
            "\r\n",
            "2 leading spaces, a leading tab, a trailing carriage return and a trailing line break were removed",
        ),
        (
            "",
            " \u{200E}\u{2009}\u{AD}",
            "a trailing space, a trailing left-to-right mark, a trailing thin space and another trailing hidden character were removed",
        ),
        ("\u{FFF0}\u{2065}", "", "2 leading hidden characters were removed"),
    ] {
        let email = EmailAddress::parse(&format!("{before}ada@smith.example{after}")).unwrap();
        assert_eq!(email.removed(), Some(note));
        assert_eq!(email.as_str(), "ada@smith.example");
    }
}

#[test]
fn e2_the_first_fault_that_holds_is_named() {
    for (raw, expected) in [
        ("", "missing_at"),
        ("a@x.example, b@x.example", "list"),
        ("a@x.example/b@x.example", "list"),
        ("a@x.example|b@x.example", "list"),
        ("a@x.example\nb@x.example", "list"),
        ("a@x.example\u{2028}b@x.example", "list"),
        ("Ada <a@x.example>, Bob <b@x.example>", "list"),
        ("a@x.example <a@x.example>", "list"),
        ("a/b@x.example", "accepted"),
        ("a|b@x.example", "accepted"),
        ("Ada <ada@x.example>", "display_name"),
        ("\"Smith, Ada\" <ada@x.example>", "display_name"),
        ("<ada@x.example>", "display_name"),
        ("Ada <ada@x.example> (home)", "comment"),
        ("@relay.example:ada@x.example", "source_route"),
        ("@relay.example:ada@x.example (b)", "source_route"),
        ("@relay.example,@b.example:ada@x.example", "list"),
        ("@relay.example:ada", "empty_local_part"),
        ("ada(home)@x.example", "comment"),
        ("ada)x(@x.example", "bad_local_character"),
        ("\"a b\"@x.example", "quoted_local_part"),
        ("\"a@b, c@d\"@x.example", "quoted_local_part"),
        ("\"a\\\"b\"@x.example", "quoted_local_part"),
        ("a.\"b\"@x.example", "quoted_local_part"),
        ("\"ada@x.example\"", "bad_local_character"),
        ("\"a@x.example, b@x.example", "list"),
        ("a\u{200B}b@x.example", "hidden_character"),
        ("a\tb@x.example", "hidden_character"),
        ("a@x.exa\u{AD}mple", "hidden_character"),
        ("a\u{1}\u{200B}b", "hidden_character"),
        ("a\u{E000}\u{1}b", "control_character"),
        ("\u{FF20}\u{E000}", "unassigned_character"),
        ("a\u{10FFFF}@x.example", "unassigned_character"),
        ("a\u{FF20}x.example", "compatibility_character"),
        ("a\u{FE6B}x.example", "compatibility_character"),
        ("a\u{2024}b@x.example", "compatibility_character"),
        ("ka\u{212A}e@x.example", "compatibility_character"),
        ("a@x\u{3002}example", "compatibility_character"),
        ("a@x\u{FF61}example", "compatibility_character"),
        ("not an address", "missing_at"),
        ("a@b@x.example", "several_at"),
        ("@[127.0.0.1]", "address_literal"),
        ("a@[127.0.0.1]", "address_literal"),
        ("@x.example", "empty_local_part"),
        (".a@x.example", "misplaced_dot"),
        ("a.@x.example", "misplaced_dot"),
        ("a..’b@", "misplaced_dot"),
        ("a b@x.example", "bad_local_character"),
        ("j.o’neil@x.example", "bad_local_character"),
        ("j.o'neil@x.example", "accepted"),
        ("\u{301}a@x.example", "bad_local_character"),
        ("a.\u{301}b@x.example", "bad_local_character"),
        ("😀@x.example", "bad_local_character"),
        ("ı@x.example", "accepted"),
        ("a@", "invalid_domain"),
        ("a@x.example.", "invalid_domain"),
        ("a@x..example", "invalid_domain"),
        ("a@smith–sons.example", "invalid_domain"),
        ("a@-x.example", "invalid_domain"),
        ("a@ab--c.example", "invalid_domain"),
        ("a@a_b.example", "invalid_domain"),
        ("a@xn--a.example", "invalid_domain"),
        ("a@xn--abc-.example", "invalid_domain"),
        ("a@xn--bücher.example", "invalid_domain"),
        ("a@xn--ls8h.example", "invalid_domain"),
        ("a@😀.example", "invalid_domain"),
        ("a@\u{3260}.example", "invalid_domain"),
        ("a@l\u{B7}l.example", "accepted"),
        ("a@x y.example", "invalid_domain"),
        ("a@b", "domain_without_dot"),
        ("a@b.", "invalid_domain"),
        ("a@127.0.0.1", "numeric_domain"),
        ("a@7", "domain_without_dot"),
    ] {
        assert_eq!(code(raw), expected, "{raw:?}");
        assert_eq!(reference::verdict(raw).err().unwrap_or("accepted"), expected, "{raw:?}");
    }
}

#[test]
fn e2_a_labels_hide_nothing_that_would_be_refused_in_the_open() {
    for (label, typed) in [
        ("क\u{94D}\u{200C}ष", "hidden_character"),
        ("क\u{94D}\u{200D}ष", "hidden_character"),
        ("i❤", "invalid_domain"),
        ("a–b", "invalid_domain"),
        ("o’neil", "invalid_domain"),
    ] {
        // UTS 46 takes them all.
        let a_labels = idna::domain_to_ascii_strict(&format!("{label}.example")).unwrap();
        assert_eq!(code(&format!("a@{label}.example")), typed);
        assert_eq!(code(&format!("a@{a_labels}")), "invalid_domain", "{a_labels}");
    }
}

#[test]
fn e2_limits_hold_for_the_stored_form_and_for_the_key() {
    // U+0958 has three octets, its NFC six; `e` with an acute has three, its NFC two.
    for (local, expected) in [
        ("l".repeat(64), "accepted"),
        ("l".repeat(65), "local_part_too_long"),
        ("\u{958}".repeat(10), "accepted"),
        ("\u{958}".repeat(11), "local_part_too_long"),
        ("e\u{301}".repeat(21), "accepted"),
        ("e\u{301}".repeat(22), "local_part_too_long"),
    ] {
        assert_eq!(code(&format!("{local}@x.example")), expected, "{local}");
    }
    let label = "x".repeat(63);
    let local = "l".repeat(64);
    let room = |n: usize| format!("{local}@{label}.{label}.{}.de", "x".repeat(n));
    assert_eq!((room(58).len(), code(&room(58))), (254, "accepted"));
    assert_eq!((room(59).len(), code(&room(59))), (255, "address_too_long"));
    // Short as typed, long as A-labels.
    let umlaut = format!("{local}@{label}.{label}.{}ü.de", "x".repeat(52));
    assert!(umlaut.len() <= 254);
    assert_eq!(code(&umlaut), "address_too_long");
    // Long as typed, short as A-labels.
    let decomposed = format!("a@{}example", format!("{}.", "a\u{301}".repeat(20)).repeat(4));
    assert!(decomposed.len() <= 254);
    assert!(key(&decomposed).len() < 200);
    assert_eq!(code(&format!("aaaaaaaa{decomposed}")), "address_too_long");
    assert_eq!(code(&format!("a@{}.example", "x".repeat(64))), "invalid_domain");
    assert_eq!(code(&format!("a@{}example", "ü.".repeat(100_000))), "invalid_domain");
}

#[test]
fn e3_keys_in_full() {
    for (raw, expected) in [
        ("Ada.Smith+Tax@Smith.EXAMPLE", "ada.smith+tax@smith.example"),
        ("ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
        ("ada@bu\u{308}cher.example", "ada@xn--bcher-kva.example"),
        ("ada@XN--BCHER-KVA.example", "ada@xn--bcher-kva.example"),
        ("ada@faß.example", "ada@xn--fa-hia.example"),
        ("Zoe\u{308}@x.example", "zoë@x.example"),
        ("ZOË@x.example", "zoË@x.example"),
        // `H` with a line below is two characters, `h` with one is one.
        ("H\u{331}@x.example", "\u{1E96}@x.example"),
        ("İı@x.example", "İı@x.example"),
        ("\u{212B}@x.example", "\u{C5}@x.example"),
    ] {
        assert_eq!(key(raw), expected, "{raw:?}");
    }
    assert_ne!(key("a.da@x.example"), key("ada@x.example"));
    assert_ne!(key("ada+x@x.example"), key("ada@x.example"));
    assert_ne!(key("zoë@x.example"), key("zoe@x.example"));
}

#[test]
fn s2_no_variant_of_an_address_is_silently_another_key() {
    let victim = key("mike@smith.example");
    for (variant, same) in [
        ("MIKE@SMITH.EXAMPLE", true),
        (" mike@smith.example\u{200B}", true),
        ("mi\u{212A}e@smith.example", false),
        ("mıke@smith.example", false),
        ("mİke@smith.example", false),
        ("ｍike@smith.example", false),
        ("mike\u{FF20}smith.example", false),
        ("mi\u{200B}ke@smith.example", false),
        ("mike@smith.example,eve@x.example", false),
        ("mike@smith.example eve@x.example", false),
        ("mike@\u{17F}mith.example", false),
        ("mike@smıth.example", false),
        ("mike@smith.example.", false),
    ] {
        let key = EmailAddress::parse(variant).map(|email| email.key().to_string());
        assert_eq!(key == Ok(victim.clone()), same, "{variant:?}");
    }
}
