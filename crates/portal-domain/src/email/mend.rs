//! Mends: what somebody who typed an unusable address meant, where there is only one way to read it (I2).

use super::{EmailAddress, hidden::is_white_space, trim};

/// The addresses that an unusable entry stands for: a list is split, `Jo <jo@x>` unwrapped, `’` becomes `'` and `–` becomes `-`.
/// `None` where that is no safe guess, or nothing is wrong.
///
/// ```
/// use portal_domain::email::mend;
///
/// let mended = |typed: &str| Some(mend(typed)?.iter().map(ToString::to_string).collect::<Vec<_>>().join(";"));
/// assert_eq!(mended("Jo <jo@x.example>").as_deref(), Some("jo@x.example"));
/// assert_eq!(mended("a@x.example, Bo <b@x.example>").as_deref(), Some("a@x.example;b@x.example"));
/// assert_eq!(mended("j.o’neil@smith–sons.example").as_deref(), Some("j.o'neil@smith-sons.example"));
/// assert_eq!(mended("a@x.example, and Bo"), None);
/// assert_eq!(mended("jo@x.example"), None);
/// ```
pub fn mend(entry: &str) -> Option<Vec<EmailAddress>> {
    if EmailAddress::parse(entry).is_ok() {
        return None;
    }
    let marks = |c: char| matches!(c, ',' | ';' | '/' | '|' | '\n' | '\r');
    let blanks = |c: char| marks(c) || is_white_space(c);
    one(entry).map(|address| vec![address]).or_else(|| all(entry.split(marks))).or_else(|| all(entry.split(blanks)))
}

/// Every part, of which there are several.
fn all<'a>(parts: impl Iterator<Item = &'a str>) -> Option<Vec<EmailAddress>> {
    let parts = parts.filter(|part| !trim::without_hidden_ends(part).is_empty());
    let addresses: Vec<_> =
        parts.map(|part| EmailAddress::parse(part).ok().or_else(|| one(part))).collect::<Option<_>>()?;
    (addresses.len() > 1).then_some(addresses)
}

/// One address, unwrapped and in plain characters.
fn one(part: &str) -> Option<EmailAddress> {
    let part = trim::without_hidden_ends(part);
    let inner = match part.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        // Another address in the name, and it could be meant.
        Some((name, _)) if name.contains(['@', '<', '>']) => return None,
        Some((_, inner)) => inner,
        None => part,
    };
    let plain = inner.replace('’', "'").replace('–', "-");
    EmailAddress::parse(&plain).ok()
}
