use portal_domain::{
    email::{EmailAddress, EmailList},
    id::{Ref, Slug},
};
use portal_testkit::strategies::{self, Entry, Expected};
use proptest::prelude::*;

fn agree(entry: &Entry) -> Result<(), TestCaseError> {
    let parsed = EmailAddress::parse(&entry.raw);
    match &entry.expected {
        Expected::Key(key) => {
            let address = parsed.map_err(|fault| TestCaseError::fail(format!("{:?}: {fault}", entry.raw)))?;
            prop_assert_eq!(address.key().as_str(), key.as_str());
            prop_assert!(entry.raw.contains(address.as_str()));
        }
        Expected::Fault(code) => prop_assert_eq!(parsed.map_err(|fault| fault.code()), Err(*code), "{:?}", entry.raw),
        Expected::Blank => prop_assert!(parsed.is_err()),
        Expected::Anything => {
            if let Ok(address) = parsed {
                let again = EmailAddress::parse(address.key().as_str()).map(|address| address.key().clone());
                prop_assert_eq!(again, Ok(address.key().clone()));
            }
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn clean_addresses_are_what_they_claim(entry in strategies::clean_address()) {
        agree(&entry)?;
    }

    #[test]
    fn dirty_addresses_are_what_they_claim(entry in strategies::dirty_address()) {
        agree(&entry)?;
    }

    #[test]
    fn hostile_addresses_are_what_they_claim(entry in strategies::hostile_address()) {
        agree(&entry)?;
    }

    #[test]
    fn lists_are_what_they_claim(entries in strategies::address_list()) {
        let raw: Vec<_> = entries.iter().map(|entry| &entry.raw).collect();
        let known = entries.iter().all(|entry| matches!(entry.expected, Expected::Key(_) | Expected::Blank));
        match EmailList::parse(&raw) {
            Ok(list) => prop_assert!(list.len() <= entries.len()),
            Err(fault) => prop_assert!(!known || fault.code() == "too_many_emails", "{fault}"),
        }
    }

    #[test]
    fn references_slugs_and_settings_are_accepted(
        reference in strategies::reference(),
        slug in strategies::slug(),
        settings in strategies::settings(),
    ) {
        prop_assert!(Ref::parse(&reference).is_some());
        prop_assert!(Slug::parse(&slug).is_some());
        prop_assert_eq!(settings.check(), Ok(()));
    }

    #[test]
    fn names_have_no_nul(name in strategies::name()) {
        prop_assert!(!name.contains('\0'));
    }
}
