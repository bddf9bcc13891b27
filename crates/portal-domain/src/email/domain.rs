//! The domain of an address: what E2 accepts, and its A-labels.

use idna::uts46::{AsciiDenyList, Hyphens, Uts46};

use super::EmailFault;
use super::syntax::is_letter_mark_or_number;

/// No text with more octets is a domain, whatever it maps to.
///
/// The A-labels have at most 253 characters and at least one for each mapped character; none of those comes from more
/// than four typed ones, of four octets each. The gate keeps the quadratic cost of Punycode away.
const OCTETS_WORTH_MAPPING: usize = 253 * 4 * 4;

/// The domain as A-labels.
///
/// # Errors
///
/// [`EmailFault::InvalidDomain`], [`EmailFault::DomainWithoutDot`], [`EmailFault::NumericDomain`], the first that holds.
pub(super) fn to_a_labels(domain: &str) -> Result<String, EmailFault> {
    let a_labels = canonical(domain).ok_or(EmailFault::InvalidDomain)?;
    let Some((_, last)) = a_labels.rsplit_once('.') else {
        return Err(EmailFault::DomainWithoutDot);
    };
    if last.bytes().all(|b| b.is_ascii_digit()) {
        return Err(EmailFault::NumericDomain);
    }
    Ok(a_labels)
}

fn canonical(domain: &str) -> Option<String> {
    // Symbols that UTS 46 maps to letters are refused as typed, so that no symbol silently becomes another domain.
    if domain.len() > OCTETS_WORTH_MAPPING || !domain.chars().all(is_allowed) {
        return None;
    }
    // Non-transitional; STD3, hyphens, joiners, bidi and DNS lengths are checked; a root dot is refused.
    let a_labels = idna::domain_to_ascii_strict(domain).ok()?;
    // What stands behind A-labels that were typed as such is judged like any other.
    let (unicode, verdict) = Uts46::new().to_unicode(a_labels.as_bytes(), AsciiDenyList::STD3, Hyphens::Check);
    (verdict.is_ok() && unicode.chars().all(is_allowed)).then_some(a_labels)
}

/// Letters, marks, numbers, and the five characters that IDNA allows in context. ASCII is left to STD3.
fn is_allowed(c: char) -> bool {
    c.is_ascii()
        || matches!(c, '\u{B7}' | '\u{375}' | '\u{5F3}' | '\u{5F4}' | '\u{30FB}')
        || is_letter_mark_or_number(c)
}
