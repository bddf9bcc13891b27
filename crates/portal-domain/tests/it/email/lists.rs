//! Rules F: the list of a contact and its first address. And M4's masking.

use portal_domain::email::{EmailAddress, EmailFault, EmailList, EmailListFault, LoginKey, mask};
use proptest::collection::vec;
use proptest::prelude::*;

use super::strategies;

fn keys(list: &EmailList) -> Vec<LoginKey> {
    list.iter().map(LoginKey::of).collect()
}

/// Entries of a list: mostly addresses that often collide, some blank.
fn entries() -> impl Strategy<Value = Vec<String>> {
    let entry = prop_oneof![
        5 => strategies::colliding_address(),
        1 => strategies::address(),
        1 => strategies::hidden(),
    ];
    vec(entry, 0..16)
}

proptest! {
    #![proptest_config(super::config())]

    #[test]
    fn f1_blanks_are_dropped_and_equal_keys_collapse_to_the_first(entries in entries()) {
        let list = EmailList::parse(&entries).unwrap();
        let mut expected: Vec<EmailAddress> = Vec::new();
        for entry in &entries {
            match EmailAddress::parse(entry) {
                Ok(email) if expected.iter().any(|known| known.key() == email.key()) => {}
                Ok(email) => expected.push(email),
                Err(fault) => prop_assert_eq!(fault, EmailFault::MissingAt),
            }
        }
        prop_assert_eq!(list.as_slice(), expected.as_slice());
        prop_assert_eq!(list.len(), expected.len());
        prop_assert_eq!(list.is_empty(), expected.is_empty());
    }

    #[test]
    fn f1_is_idempotent(entries in entries()) {
        let list = EmailList::parse(&entries).unwrap();
        let stored: Vec<&str> = list.iter().map(EmailAddress::as_str).collect();
        prop_assert_eq!(keys(&EmailList::parse(&stored).unwrap()), keys(&list));
        prop_assert_eq!(EmailList::from_addresses(list.clone().into()), Ok(list));
    }

    #[test]
    fn f2_first_address_is_the_login_without_fall_through(
        first in strategies::damaged(),
        rest in vec(strategies::colliding_address(), 0..5),
    ) {
        let mut entries = vec![first.clone()];
        entries.extend(rest);
        match (EmailList::parse(&entries), EmailAddress::parse(&first)) {
            (Ok(list), Ok(first)) => prop_assert_eq!(list.first(), Some(&first)),
            // Never a list whose login is the second address because the first can't be used.
            (Err(EmailListFault::Invalid { index, fault }), Err(of_first)) => {
                prop_assert_eq!((index, fault), (0, of_first));
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn f3_the_login_is_derived_from_the_list(entries in entries()) {
        let list = EmailList::parse(&entries).unwrap();
        prop_assert_eq!(list.first(), list.as_slice().first());
        let json = serde_json::to_string(&list).unwrap();
        prop_assert_eq!(json.matches("\"address\"").count(), list.len());
        prop_assert_eq!(serde_json::from_str::<EmailList>(&json).unwrap(), list);
    }

    #[test]
    fn f4_a_secondary_address_is_never_the_login(entries in entries()) {
        let list = EmailList::parse(&entries).unwrap();
        let login = list.first().map(LoginKey::of);
        for secondary in list.iter().skip(1) {
            prop_assert_ne!(Some(secondary.key()), login.as_ref());
        }
    }

    #[test]
    fn f5_an_invalid_entry_refuses_the_list_and_names_its_index(
        before in entries(),
        invalid in strategies::damaged().prop_filter("invalid", |text| EmailAddress::parse(text).is_err()),
        after in vec(strategies::damaged(), 0..4),
    ) {
        let mut entries = before.clone();
        entries.push(invalid.clone());
        entries.extend(after);
        let fault = EmailAddress::parse(&invalid).unwrap_err();
        prop_assert_eq!(
            EmailList::parse(&entries),
            Err(EmailListFault::Invalid { index: before.len(), fault })
        );
    }

    #[test]
    fn f5_at_most_twenty_addresses_are_left_after_f1(distinct in 0_usize..45, repeated in 0_usize..45) {
        let mut entries: Vec<String> = (0..distinct).map(|n| format!("a{n}@smith.example")).collect();
        entries.extend((0..repeated.min(distinct)).map(|n| format!(" A{n}@SMITH.example")));
        entries.insert(0, "\u{FEFF} ".to_owned());
        match EmailList::parse(&entries) {
            Ok(list) => prop_assert!(distinct <= 20 && list.len() == distinct),
            Err(fault) => {
                prop_assert!(distinct > 20);
                prop_assert_eq!(fault, EmailListFault::TooMany { count: distinct });
                prop_assert_eq!(fault.code(), "too_many_emails");
            }
        }
    }

    #[test]
    fn m4_a_mask_shows_the_ends_of_each_part_and_no_more(address in strategies::address()) {
        let masked = mask(&address);
        let (local, domain) = masked.split_once('@').unwrap();
        let (labels, ending) = domain.rsplit_once('.').unwrap();
        prop_assert!(local.chars().count() <= 3 && local.contains('…'));
        prop_assert!(labels.chars().count() <= 3 && labels.contains('…'));
        prop_assert!(address.ends_with(ending));
        prop_assert_eq!(local.chars().next(), address.chars().next());
    }

    #[test]
    fn m4_any_text_can_be_masked(text in strategies::jumble()) {
        prop_assert!(mask(&text).contains('…'));
    }
}

#[test]
fn m4_masks_in_full() {
    for (address, masked) in [
        ("ada@smith.example", "a…a@s…h.example"),
        ("anna.schmidt@smith.example", "a…t@s…h.example"),
        ("ada@mail.smith.example", "a…a@m…h.example"),
        ("a@b.example", "a…@b….example"),
        ("zoe\u{308}@bücher.example", "z…e@b…r.example"),
        ("ada@localhost", "a…a@l…t"),
        ("ada", "a…a"),
        ("@.", "…@…."),
        ("", "…"),
    ] {
        assert_eq!(mask(address), masked, "{address:?}");
    }
}
