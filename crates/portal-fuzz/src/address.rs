//! Addresses as they are typed (E1–E5).

use portal_domain::email::{EmailAddress, EmailFault, EmailList, LoginKey, mask, mend};

/// Octets of a whole address, and of its local part (E2).
const LONGEST: usize = 254;
const LONGEST_LOCAL: usize = 64;

/// Addresses as they are typed (E1–E5).
///
/// # Panics
///
/// Where what must hold does not.
pub fn address(bytes: &[u8]) {
    let typed = String::from_utf8_lossy(bytes);
    match EmailAddress::parse(&typed) {
        Ok(address) => sound(&typed, &address),
        Err(fault) => refused(&typed, &fault),
    }
    listed(&typed);
    if let Ok(key) = LoginKey::parse(&typed) {
        assert_eq!(key.as_str(), typed, "a key is stored as it is");
    }
    mask(&typed);
}

fn sound(typed: &str, address: &EmailAddress) {
    let (stored, key) = (address.as_str(), address.key());
    assert!(typed.contains(stored), "E1: what is kept was typed");
    assert_eq!(address.removed().is_some(), stored != typed, "E1: what was removed is remembered");
    assert!(is_within(stored) && is_within(key.as_str()), "E2: {stored} is too long");
    assert!(crate::is_one_line(stored) && crate::is_one_line(key.as_str()), "S11: {stored:?}");

    let again = EmailAddress::parse(stored).expect("E1: an address that was trimmed is one");
    assert_eq!((again.as_str(), again.key(), again.removed()), (stored, key, None), "E1: trimming is idempotent");
    let of_key = EmailAddress::parse(key.as_str()).expect("E3: a key is an address");
    assert_eq!((of_key.as_str(), of_key.key()), (key.as_str(), key), "E3: the key of a key is that key");
    assert_eq!(LoginKey::parse(key.as_str()).as_ref(), Ok(key), "E3: a key can be read back");
    let kept =
        EmailAddress::from_stored(stored, address.removed().map(str::to_owned)).expect("E4: what is kept can be read");
    assert_eq!(&kept, address, "E4");

    let labels = format!("{}@{}", address.local_part(), key.domain());
    assert_eq!((address.domain_as_a_labels(), key.domain().is_ascii()), (labels, true), "E4: the same mailbox");
    assert_eq!(address.local_is_ascii(), address.local_part().is_ascii(), "E4");
    assert_eq!(format!("{}@{}", address.local_part(), address.domain()), stored);
    for warning in address.warnings() {
        assert!(!warning.code().is_empty(), "E5");
    }
    assert_eq!(mend(typed), None, "I2: there is nothing to mend");
}

fn is_within(address: &str) -> bool {
    let local = address.rsplit_once('@').map_or(LONGEST, |(local, _)| local.len());
    address.len() <= LONGEST && local <= LONGEST_LOCAL
}

fn refused(typed: &str, fault: &EmailFault) {
    assert!(!fault.code().is_empty() && crate::is_one_line(&fault.to_string()), "S11: {fault:?}");
    for mended in mend(typed).into_iter().flatten() {
        let read = EmailAddress::parse(mended.as_str()).expect("I2: a mend is an address");
        assert_eq!((read.as_str(), read.key()), (mended.as_str(), mended.key()), "I2");
    }
}

/// The lines of the text as a list (F1, F5).
fn listed(typed: &str) {
    let entries: Vec<_> = typed.lines().collect();
    let Ok(list) = EmailList::parse(&entries) else { return };
    let keys: std::collections::BTreeSet<_> = list.iter().map(EmailAddress::key).collect();
    assert_eq!(keys.len(), list.len(), "F1: no key is there twice");
    let stored: Vec<_> = list.iter().map(EmailAddress::as_str).collect();
    let again = EmailList::parse(&stored).expect("F1: a list is a list");
    assert!(again.iter().map(EmailAddress::as_str).eq(stored), "F1: reading a list is idempotent");
}
