//! Sizes of files, and words that don't belong in finished work.

use std::path::PathBuf;

use crate::lint::Findings;
use crate::{source, workspace};

/// A wall, and what to wish for. Functions are clippy's (`too_many_lines`).
const MOST_LINES: usize = 600;
const WISHED_LINES: usize = 400;

/// Unfinished work, looked for in code and comments. In halves, so that this file doesn't contain them.
const UNFINISHED: [&str; 7] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("HA", "CK"),
    concat!("to", "do!"),
    concat!("unimplement", "ed!"),
    concat!("db", "g!"),
];

/// Attributes that loosen a check, each with what to write in its place.
const LOOSENED: [(&str, &str); 3] = [
    (concat!("#[ig", "nore"), "a test runs or is deleted"),
    (concat!("#[al", "low("), "write `#[expect(…, reason = \"…\")]`"),
    (concat!("#![al", "low("), "write `#![expect(…, reason = \"…\")]`"),
];

/// Every Rust file of the project.
pub(crate) fn rust_files() -> anyhow::Result<Vec<PathBuf>> {
    let root = workspace::root();
    let mut files = workspace::files(&root.join("crates"), "rs")?;
    files.extend(workspace::files(&root.join("xtask"), "rs")?);
    Ok(files)
}

/// No file is longer than the wall.
pub(crate) fn sizes() -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    for file in rust_files()? {
        let (name, lines) = (workspace::relative(&file), workspace::slurp(&file)?.lines().count());
        if lines > MOST_LINES {
            findings.fault(format!("{name} has {lines} lines, {MOST_LINES} are the limit"));
        } else if lines > WISHED_LINES {
            findings.note(format!("{name} has {lines} lines, {WISHED_LINES} are to be wished for"));
        }
    }
    Ok(findings)
}

/// Nothing unfinished, no test left out, no warning silenced without a reason.
pub(crate) fn words() -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    for file in rust_files()? {
        let name = workspace::relative(&file);
        for (at, line) in source::lines(&workspace::slurp(&file)?).iter().enumerate() {
            for fault in faults(line) {
                findings.fault(format!("{name}:{}: {fault}", at + 1));
            }
        }
    }
    Ok(findings)
}

fn faults(line: &source::Line) -> Vec<String> {
    let mut found = Vec::new();
    for word in UNFINISHED {
        if has_word(&line.code, word) || has_word(&line.comment, word) {
            found.push(format!("`{word}` marks unfinished work"));
        }
    }
    let code: String = line.code.chars().filter(|it| !it.is_whitespace()).collect();
    for (attribute, instead) in LOOSENED {
        if code.contains(attribute) {
            found.push(format!("`{attribute}`: {instead}"));
        }
    }
    found
}

/// Whether a word stands in a text with no letter, digit or underscore before or after it.
pub(crate) fn has_word(text: &str, word: &str) -> bool {
    let part = |letter: Option<char>| letter.is_some_and(|it| it.is_alphanumeric() || it == '_');
    let ends_in_letter = word.ends_with(char::is_alphanumeric);
    text.match_indices(word).any(|(at, _)| {
        let before = part(text[..at].chars().next_back());
        let after = ends_in_letter && part(text[at + word.len()..].chars().next());
        !before && !after
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_count_in_code_and_comments_but_not_in_literals() {
        let marked = |text: &str| !faults(&source::lines(text)[0]).is_empty();
        assert!(marked(concat!("f(); // TO", "DO: later")));
        assert!(marked(concat!("to", "do!()")));
        assert!(marked(concat!("#[al", "low(dead_code)]")));
        assert!(marked(concat!("#[ig", "nore = \"slow\"]")));
        assert!(!marked(concat!("f(\"TO", "DO\")")));
        assert!(!marked(concat!("TO", "DOS")));
    }
}
