//! E6: one Unicode version, and every table carries it.

use portal_domain::email::{EmailAddress, UNICODE_VERSION};
use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::UnicodeGeneralCategory as _;

use super::reference;

/// Letters that Unicode assigned in 18.0 and that were unassigned in 17.0, from several blocks.
const NEW_IN_18: [char; 8] =
    ['\u{558}', '\u{58B}', '\u{209D}', '\u{AB6C}', '\u{107BB}', '\u{10ED9}', '\u{11B0A}', '\u{18E00}'];

fn all() -> impl Iterator<Item = char> {
    '\0'..=char::MAX
}

/// All characters, but of the large uniform blocks only one in a hundred.
fn telling() -> impl Iterator<Item = char> {
    all().filter(|&c| {
        let uniform = matches!(
            c,
            '\u{3400}'..='\u{4DBF}'
                | '\u{4E00}'..='\u{9FFF}'
                | '\u{AC00}'..='\u{D7A3}'
                | '\u{E000}'..='\u{F8FF}'
                | '\u{13000}'..='\u{14FFF}'
                | '\u{17000}'..='\u{18FFF}'
                | '\u{1A000}'..='\u{1CBFF}'
                | '\u{20000}'..
        );
        !uniform
            || u32::from(c).is_multiple_of(101)
            || matches!(c, '\u{2F800}'..='\u{2FA1F}' | '\u{E0000}'..='\u{E0FFF}')
    })
}

#[test]
fn e6_all_tables_carry_the_pinned_unicode_version() {
    let (major, minor, update) = UNICODE_VERSION;
    assert_eq!(unicode_normalization::UNICODE_VERSION, UNICODE_VERSION);
    assert_eq!(unicode_properties::UNICODE_VERSION, (major.into(), minor.into(), update.into()));
    // The tables behind idna name no version: they know the letters of this one …
    for c in NEW_IN_18 {
        assert!(
            idna::domain_to_ascii_strict(&format!("a{c}b.example")).is_ok()
                || idna::domain_to_ascii_strict(&format!("{c}.example")).is_ok(),
            "U+{:04X} is unknown to idna",
            u32::from(c)
        );
        assert_ne!(c.general_category(), unicode_properties::GeneralCategory::Unassigned);
    }
    // … and none of a later one.
    for c in all().filter(|c| c.general_category() == unicode_properties::GeneralCategory::Unassigned) {
        if !reference::hidden(c) {
            assert!(
                idna::domain_to_ascii_strict(&format!("{c}.example")).is_err(),
                "U+{:04X} is known to idna",
                u32::from(c)
            );
        }
    }
}

#[test]
fn e6_general_categories_agree_with_the_tables_behind_idna() {
    for c in all() {
        assert_eq!(
            format!("{:?}", c.general_category()),
            format!("{:?}", reference::category(c)),
            "U+{:04X}",
            u32::from(c)
        );
    }
}

#[test]
fn e6_normalisation_agrees_with_the_tables_behind_idna() {
    for c in all() {
        let text = c.to_string();
        assert_eq!(text.nfc().collect::<String>(), reference::nfc(&text), "{c:?}");
        assert_eq!(text.nfkc().collect::<String>(), reference::nfkc(&text), "{c:?}");
    }
}

#[test]
fn e1_hidden_characters_are_white_space_and_default_ignorable() {
    for c in telling() {
        let hidden =
            EmailAddress::parse(&format!("{c}a@b.example{c}")).is_ok_and(|email| email.as_str() == "a@b.example");
        assert_eq!(hidden, reference::hidden(c), "U+{:04X}", u32::from(c));
    }
}

#[test]
fn e2_every_character_inside_an_address_is_judged_as_the_reference_does() {
    for c in telling() {
        for text in [format!("a{c}b@b.example"), format!("a@b{c}c.example"), format!("{c}@b.example")] {
            let code = EmailAddress::parse(&text).map(|email| email.key().to_string()).map_err(|fault| fault.code());
            assert_eq!(code, reference::verdict(&text), "U+{:04X} in {text:?}", u32::from(c));
        }
    }
}

#[test]
fn e3_no_character_has_a_key_that_is_not_its_own_key() {
    for c in telling() {
        for text in [format!("h{c}a@b.example"), format!("a{c}H\u{331}@b.example"), format!("a@b{c}c.example")] {
            if let Ok(email) = EmailAddress::parse(&text) {
                let again = EmailAddress::parse(email.key().as_str()).map(|email| email.key().clone());
                assert_eq!(again.as_ref(), Ok(email.key()), "{text:?}");
            }
        }
    }
}
