//! E1: hidden characters at the ends are removed, and what was removed is put into words.

use super::hidden;

/// How many kinds of characters a sentence names for each end; the rest is counted together.
const KINDS_NAMED: usize = 3;

/// The text without hidden characters at its ends, and the sentence that says what was removed, if anything was.
pub(super) fn trim(raw: &str) -> (&str, Option<String>) {
    let stored = without_hidden_ends(raw);
    if stored.len() == raw.len() {
        return (stored, None);
    }
    let leading = raw.trim_start_matches(hidden::is_hidden);
    let (leading, trailing) =
        if stored.is_empty() { (raw, "") } else { (&raw[..raw.len() - leading.len()], &leading[stored.len()..]) };
    (stored, Some(sentence(leading, trailing)))
}

/// The text without hidden characters at its ends.
pub(super) fn without_hidden_ends(raw: &str) -> &str {
    raw.trim_matches(hidden::is_hidden)
}

fn sentence(leading: &str, trailing: &str) -> String {
    let mut phrases = phrases(leading, "leading");
    phrases.extend(self::phrases(trailing, "trailing"));
    let one = leading.chars().chain(trailing.chars()).count() == 1;
    let verb = if one { "was" } else { "were" };
    let list = match phrases.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
        None => String::new(),
    };
    format!("{list} {verb} removed")
}

/// One phrase for each kind of character, in order of first appearance.
fn phrases(removed: &str, end: &str) -> Vec<String> {
    let mut kinds: Vec<(&'static str, usize)> = Vec::new();
    let mut others = 0;
    for name in removed.chars().map(hidden::name) {
        if let Some((_, count)) = kinds.iter_mut().find(|(known, _)| *known == name) {
            *count += 1;
        } else if kinds.len() < KINDS_NAMED {
            kinds.push((name, 1));
        } else {
            others += 1;
        }
    }
    let mut phrases: Vec<String> = kinds.iter().map(|&(name, count)| phrase(end, name, count)).collect();
    match others {
        0 => {}
        1 => phrases.push(format!("another {end} hidden character")),
        _ => phrases.push(format!("{others} other {end} hidden characters")),
    }
    phrases
}

fn phrase(end: &str, name: &str, count: usize) -> String {
    // The article belongs to "leading" or "trailing", so it is always "a".
    match count {
        1 => format!("a {end} {name}"),
        _ => format!("{count} {end} {name}s"),
    }
}
