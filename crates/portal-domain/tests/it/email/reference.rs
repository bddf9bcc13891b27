//! E1–E3 once more, written from the rulebook alone, slowly, and on other tables than the product's.

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, WhiteSpace};
use icu_properties::{CodePointMapData, CodePointSetData};

/// The key of a raw text, or the code of its fault.
pub(crate) fn verdict(raw: &str) -> Result<String, &'static str> {
    let chars: Vec<char> = trimmed(raw).chars().collect();
    if let Some(fault) = shape(&chars).or_else(|| anywhere(&chars)) {
        return Err(fault);
    }
    let ats = chars.iter().filter(|&&c| c == '@').count();
    if ats == 0 {
        return Err("missing_at");
    }
    if ats > 1 {
        return Err("several_at");
    }
    let text: String = chars.iter().collect();
    let at = text.find('@').unwrap();
    let (local, domain) = (&text[..at], &text[at + 1..]);
    if domain.starts_with('[') {
        return Err("address_literal");
    }
    local_verdict(local)?;
    let key_local = nfc(&nfc(local).to_ascii_lowercase());
    if local.len() > 64 || key_local.len() > 64 {
        return Err("local_part_too_long");
    }
    let a_labels = domain_verdict(domain)?;
    let key = format!("{key_local}@{a_labels}");
    if text.len() > 254 || key.len() > 254 {
        return Err("address_too_long");
    }
    Ok(key)
}

pub(crate) fn hidden(c: char) -> bool {
    white_space(c) || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

pub(crate) fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

pub(crate) fn nfc(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc().normalize(text).into_owned()
}

pub(crate) fn nfkc(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfkc().normalize(text).into_owned()
}

pub(crate) fn compatibility(c: char) -> bool {
    !c.is_ascii() && (c == '\u{3002}' || c == '\u{FF61}' || nfkc(&c.to_string()).chars().any(|c| c.is_ascii()))
}

fn trimmed(raw: &str) -> &str {
    let mut text = raw;
    while let Some(c) = text.chars().next().filter(|&c| hidden(c)) {
        text = &text[c.len_utf8()..];
    }
    while let Some(c) = text.chars().next_back().filter(|&c| hidden(c)) {
        text = &text[..text.len() - c.len_utf8()];
    }
    text
}

fn white_space(c: char) -> bool {
    CodePointSetData::new::<WhiteSpace>().contains(c)
}

/// For each character, whether it stands in a quoted stretch, the quotation marks included.
fn quoted(chars: &[char]) -> Vec<bool> {
    let mut quoted = vec![false; chars.len()];
    let mut i = 0;
    while i < chars.len() {
        if chars[i] == '"' {
            let mut j = i + 1;
            while j < chars.len() && chars[j] != '"' {
                j += if chars[j] == '\\' { 2 } else { 1 };
            }
            if j >= chars.len() {
                break;
            }
            quoted[i..=j].fill(true);
            i = j;
        }
        i += 1;
    }
    quoted
}

fn shape(chars: &[char]) -> Option<&'static str> {
    let quoted = quoted(chars);
    let bare = |i: usize, c: char| chars[i] == c && !quoted[i];
    let positions = |c: char| (0..chars.len()).filter(move |&i| bare(i, c));

    let mut parts = vec![String::new()];
    for (i, &c) in chars.iter().enumerate() {
        if !quoted[i] && (",;/|".contains(c) || white_space(c)) {
            parts.push(String::new());
        } else {
            parts.last_mut().unwrap().push(c);
        }
    }
    if parts.iter().filter(|part| part.contains('@')).count() >= 2 {
        return Some("list");
    }
    if chars.last() == Some(&'>') && positions('<').next().is_some() {
        return Some("display_name");
    }
    if chars.first() == Some(&'@') {
        let colon = positions(':').next();
        if colon.is_some_and(|colon| chars[colon..].contains(&'@')) {
            return Some("source_route");
        }
    }
    if let (Some(open), Some(close)) = (positions('(').min(), positions(')').max())
        && open < close
    {
        return Some("comment");
    }
    let at = positions('@').next()?;
    let local = &quoted[..at];
    let mut i = 0;
    while i < at {
        if local[i] {
            let mut j = i + 1;
            while chars[j] != '"' {
                j += if chars[j] == '\\' { 2 } else { 1 };
            }
            if (i == 0 || chars[i - 1] == '.') && (j + 1 == at || chars[j + 1] == '.') {
                return Some("quoted_local_part");
            }
            i = j;
        }
        i += 1;
    }
    None
}

fn anywhere(chars: &[char]) -> Option<&'static str> {
    use GeneralCategory::{Control, PrivateUse, Unassigned};
    if chars.iter().any(|&c| c != ' ' && hidden(c)) {
        Some("hidden_character")
    } else if chars.iter().any(|&c| category(c) == Control) {
        Some("control_character")
    } else if chars.iter().any(|&c| matches!(category(c), Unassigned | PrivateUse)) {
        Some("unassigned_character")
    } else if chars.iter().any(|&c| compatibility(c)) {
        Some("compatibility_character")
    } else {
        None
    }
}

fn mark(c: char) -> bool {
    use GeneralCategory::{EnclosingMark, NonspacingMark, SpacingMark};
    matches!(category(c), EnclosingMark | NonspacingMark | SpacingMark)
}

fn letter_mark_or_number(c: char) -> bool {
    let name = format!("{:?}", category(c));
    mark(c) || name.ends_with("Letter") || name.ends_with("Number")
}

fn local_verdict(local: &str) -> Result<(), &'static str> {
    if local.is_empty() {
        return Err("empty_local_part");
    }
    if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Err("misplaced_dot");
    }
    let mut before = '.';
    for c in local.chars() {
        let allowed = match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' => true,
            '!' | '#' | '$' | '%' | '&' | '\'' | '*' | '+' | '-' | '/' => true,
            '=' | '?' | '^' | '_' | '`' | '{' | '|' | '}' | '~' => true,
            _ => !c.is_ascii() && letter_mark_or_number(c),
        };
        if !allowed || (before == '.' && mark(c)) {
            return Err("bad_local_character");
        }
        before = c;
    }
    Ok(())
}

fn domain_verdict(domain: &str) -> Result<String, &'static str> {
    let allowed =
        |c: char| c.is_ascii() || "\u{B7}\u{375}\u{5F3}\u{5F4}\u{30FB}".contains(c) || letter_mark_or_number(c);
    let a_labels = idna::domain_to_ascii_strict(domain).map_err(|_| "invalid_domain")?;
    let (unicode, _) = idna::domain_to_unicode(&a_labels);
    if !unicode.chars().all(allowed) || !domain.chars().all(allowed) {
        return Err("invalid_domain");
    }
    let labels: Vec<&str> = a_labels.split('.').collect();
    if labels.len() < 2 {
        return Err("domain_without_dot");
    }
    if labels.last().unwrap().chars().all(|c| c.is_ascii_digit()) {
        return Err("numeric_domain");
    }
    Ok(a_labels)
}
