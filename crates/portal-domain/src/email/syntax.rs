//! E2: judges the characters as they came, and hands on the canonical parts.

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

use super::hidden::is_hidden;
use super::{EmailFault, domain, key, shape};

/// Most octets of a local part, stored or in the key.
const LOCAL_PART_MAX: usize = 64;

/// Most octets of an address, stored or as key.
const ADDRESS_MAX: usize = 254;

/// The key of an address that E1 has trimmed.
///
/// # Errors
///
/// The first fault of E2 that holds: those of shape, then those of characters anywhere in the address, then the rest.
pub(super) fn judge(address: &str) -> Result<String, EmailFault> {
    if let Some(fault) = shape::fault(address).or_else(|| character_fault(address)) {
        return Err(fault);
    }
    let (local, domain) = split(address)?;
    check_local(local)?;
    let canonical = key::canonical_local(local);
    // Both forms are judged, for a canonical form may have characters that the typed one doesn't have.
    if check_local(&canonical).is_err() || character_fault(&canonical).is_some() {
        return Err(EmailFault::BadLocalCharacter);
    }
    if local.len().max(canonical.len()) > LOCAL_PART_MAX {
        return Err(EmailFault::LocalPartTooLong);
    }
    let a_labels = domain::to_a_labels(domain)?;
    let key = key::join(&canonical, &a_labels);
    if address.len().max(key.len()) > ADDRESS_MAX {
        return Err(EmailFault::AddressTooLong);
    }
    Ok(key)
}

/// Whether a text is the local part of a key as it stands.
pub(super) fn is_local_of_key(local: &str) -> bool {
    check_local(local).is_ok()
        && character_fault(local).is_none()
        && key::canonical_local(local) == local
        && local.len() <= LOCAL_PART_MAX
}

/// Whether the general category of a character is L, M or N.
pub(super) fn is_letter_mark_or_number(c: char) -> bool {
    matches!(
        c.general_category_group(),
        GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark | GeneralCategoryGroup::Number
    )
}

/// The fault of the second group that holds first anywhere in the text.
fn character_fault(text: &str) -> Option<EmailFault> {
    let first = |holds: fn(char) -> bool| text.chars().find(|&c| holds(c));
    // A plain space is left to the local part and the domain.
    if let Some(character) = first(|c| c != ' ' && is_hidden(c)) {
        return Some(EmailFault::HiddenCharacter { character });
    }
    if first(is_control).is_some() {
        return Some(EmailFault::ControlCharacter);
    }
    if first(is_unassigned).is_some() {
        return Some(EmailFault::UnassignedCharacter);
    }
    first(is_compatibility).map(|character| EmailFault::CompatibilityCharacter { character })
}

fn is_control(c: char) -> bool {
    c.general_category() == GeneralCategory::Control
}

fn is_unassigned(c: char) -> bool {
    matches!(c.general_category(), GeneralCategory::Unassigned | GeneralCategory::PrivateUse)
}

/// Whether a character isn't ASCII and turns into ASCII under NFKC, or into a dot under UTS 46.
fn is_compatibility(c: char) -> bool {
    if c.is_ascii() {
        return false;
    }
    matches!(c, '\u{3002}' | '\u{FF61}') || std::iter::once(c).nfkc().any(|c| c.is_ascii())
}

/// Local part and domain.
fn split(address: &str) -> Result<(&str, &str), EmailFault> {
    let (local, domain) = address.split_once('@').ok_or(EmailFault::MissingAt)?;
    if domain.contains('@') {
        Err(EmailFault::SeveralAt)
    } else if domain.starts_with('[') {
        Err(EmailFault::AddressLiteral)
    } else {
        Ok((local, domain))
    }
}

/// A dot-atom, with letters, marks and numbers beyond ASCII; its length is judged later.
fn check_local(local: &str) -> Result<(), EmailFault> {
    if local.is_empty() {
        return Err(EmailFault::EmptyLocalPart);
    }
    if local.split('.').any(str::is_empty) {
        return Err(EmailFault::MisplacedDot);
    }
    if local.split('.').all(is_atom) { Ok(()) } else { Err(EmailFault::BadLocalCharacter) }
}

fn is_atom(atom: &str) -> bool {
    !atom.starts_with(is_mark) && atom.chars().all(is_atom_character)
}

fn is_mark(c: char) -> bool {
    c.general_category_group() == GeneralCategoryGroup::Mark
}

fn is_atom_character(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c)
    } else {
        is_letter_mark_or_number(c)
    }
}
