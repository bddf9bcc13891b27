//! `cargo xtask rules`: which rule stands where in the code, and which tests hold it.
//!
//! Read from the sources: a rule is implemented where a comment outside tests names it, and held by the functions of
//! tests and of the testkit that carry its number in their name (`e3_…`, `…_e3_…`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context;

use crate::{Mode, source, workspace};

/// Number and name of every rule, one a line.
const LIST: &str = include_str!("rules.txt");

/// Rules that a later issue brings: they may be without a test until then. A letter alone is its whole section.
const OWED: [&str; 5] = ["A5", "J2", "P5", "Q", "W3"];

const PAGE: &str = "docs/RULES.md";

const HEAD: &str = "\
# Rules, code and tests

Written by `cargo xtask rules`; `cargo xtask lint` fails where it is stale. A rule is *implemented* where a comment of
the code names it, and *held* by the tests that carry its number in their name.

| rule | | implemented in | held by |
|---|---|---|---|
";

/// Writes the page, or checks it.
pub(crate) fn run(mode: Mode) -> anyhow::Result<bool> {
    let page = Page::read()?;
    if mode == Mode::Write {
        let file = workspace::root().join(PAGE);
        std::fs::create_dir_all(file.parent().context("the page lies in a folder")?)?;
        std::fs::write(&file, page.text())?;
    }
    let faults = page.faults()?;
    for fault in &faults {
        println!("{fault}");
    }
    // Whoever writes the page is told what is missing; only a check fails on it.
    Ok(mode == Mode::Write || faults.is_empty())
}

/// What the sources say about every rule.
pub(crate) struct Page {
    code: BTreeMap<String, BTreeSet<String>>,
    tests: BTreeMap<String, BTreeSet<String>>,
}

impl Page {
    /// Reads all crates.
    pub(crate) fn read() -> anyhow::Result<Self> {
        let mut page = Self { code: BTreeMap::new(), tests: BTreeMap::new() };
        for file in workspace::files(&workspace::root().join("crates"), "rs")? {
            page.file(&file)?;
        }
        Ok(page)
    }

    /// One line for each rule without a test, each test of an unknown rule's section, and for a stale page.
    pub(crate) fn faults(&self) -> anyhow::Result<Vec<String>> {
        let mut faults = Vec::new();
        for (rule, title) in rules() {
            if !self.tests.contains_key(rule) && !owed(rule) {
                let prefix = rule.to_lowercase();
                faults.push(format!("rule {rule} ({title}) is held by no test: name one `{prefix}_…`"));
            }
        }
        let committed = std::fs::read_to_string(workspace::root().join(PAGE)).unwrap_or_default();
        if committed != self.text() {
            faults.push(format!("{PAGE} is stale: run `cargo xtask rules`"));
        }
        Ok(faults)
    }

    fn text(&self) -> String {
        let mut text = HEAD.to_owned();
        for (rule, title) in rules() {
            let code = cell(self.code.get(rule));
            let tests = match self.tests.get(rule) {
                None if owed(rule) => "owed by a later issue".to_owned(),
                tests => cell(tests),
            };
            let _ = writeln!(text, "| **{rule}** | {title} | {code} | {tests} |");
        }
        text
    }

    fn file(&mut self, file: &Path) -> anyhow::Result<()> {
        let (name, lines) = (workspace::relative(file), source::lines(&workspace::slurp(file)?));
        let all_tests = is_test_file(&name);
        let begin = if all_tests { 0 } else { source::tests_begin(&lines) };
        let short = name.strip_prefix("crates/").unwrap_or(&name).to_owned();
        for rule in lines[..begin].iter().flat_map(|line| named_in(&line.comment)) {
            self.code.entry(rule).or_default().insert(short.clone());
        }
        for function in lines[begin..].iter().filter_map(|line| function(&line.code)) {
            for rule in carried_by(function) {
                self.tests.entry(rule).or_default().insert(function.to_owned());
            }
        }
        Ok(())
    }
}

fn rules() -> impl Iterator<Item = (&'static str, &'static str)> {
    LIST.lines().filter_map(|line| line.split_once(' '))
}

fn owed(rule: &str) -> bool {
    OWED.contains(&rule) || OWED.contains(&&rule[..1])
}

fn cell(items: Option<&BTreeSet<String>>) -> String {
    let items: Vec<String> = items.into_iter().flatten().map(|it| format!("`{it}`")).collect();
    if items.is_empty() { "–".to_owned() } else { items.join(", ") }
}

fn is_test_file(name: &str) -> bool {
    name.starts_with("crates/portal-testkit/")
        || !name.contains("/src/")
        || name.ends_with("/tests.rs")
        || name.ends_with("_tests.rs")
        || name.contains("/src/tests/")
        || name.contains("/tests/")
}

/// The rules that a comment names, as words: `E3`, `(M6`, `C1–C5`.
fn named_in(comment: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    // Where the word before ended with a dash, a range is open.
    let mut open: Option<String> = None;
    let mut rest = comment;
    while !rest.is_empty() {
        let end = rest.find(|it: char| !it.is_alphanumeric() && it != '_').unwrap_or(rest.len());
        let (word, tail) = rest.split_at(end);
        if rules().any(|(rule, _)| rule == word) {
            let from = open.take();
            found.extend(between(from.as_deref(), word));
            found.push(word.to_owned());
            let dash = tail.starts_with('–') || tail.starts_with('-');
            open = dash.then(|| word.to_owned());
        } else if !word.is_empty() {
            open = None;
        }
        let mut letters = tail.chars();
        letters.next();
        rest = letters.as_str();
    }
    found
}

/// The rules strictly between two of one section.
fn between(from: Option<&str>, to: &str) -> Vec<String> {
    let Some(from) = from.filter(|it| it[..1] == to[..1]) else {
        return Vec::new();
    };
    let all: Vec<&str> = rules().map(|(rule, _)| rule).collect();
    let at = |rule: &str| all.iter().position(|it| *it == rule).unwrap_or(0);
    all.get(at(from) + 1..at(to)).unwrap_or_default().iter().map(|it| (*it).to_owned()).collect()
}

/// The name of the function that a line declares.
fn function(code: &str) -> Option<&str> {
    let at = code.match_indices("fn ").map(|(at, _)| at).find(|at| *at == 0 || code[..*at].ends_with([' ', '(']))?;
    let rest = code[at + 3..].trim_start();
    let end = rest.find(|it: char| !it.is_alphanumeric() && it != '_').unwrap_or(rest.len());
    (end > 0).then(|| &rest[..end])
}

/// The rules that a function carries in its name.
fn carried_by(function: &str) -> Vec<String> {
    let parts: Vec<&str> = function.split('_').collect();
    // The number is followed by words: `e3_key_is_idempotent`, and not a variable such as `at_e3`.
    let Some((_, numbers)) = parts.split_last() else {
        return Vec::new();
    };
    rules()
        .map(|(rule, _)| rule)
        .filter(|rule| numbers.contains(&rule.to_lowercase().as_str()))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_name_rules_as_words() {
        assert_eq!(named_in(" The key (E3), once; see M6."), ["E3", "M6"]);
        assert_eq!(named_in(" C1–C4 hold"), ["C1", "C2", "C3", "C4"]);
        assert_eq!(named_in(" UTF-8, SHA1, E33, XE3, Z1 and e3"), Vec::<String>::new());
    }

    #[test]
    fn tests_carry_rules_in_their_names() {
        assert_eq!(carried_by("e3_key_is_idempotent"), ["E3"]);
        assert_eq!(carried_by("store_keeps_c5_and_c1_under_fire"), ["C1", "C5"]);
        assert_eq!(carried_by("page3_is_shown"), Vec::<String>::new());
        assert_eq!(function("    pub async fn l4_resend<T>(x: T) {"), Some("l4_resend"));
        assert_eq!(function("let defn = 1;"), None);
    }

    #[test]
    fn the_list_has_every_section_and_no_rule_twice() {
        let sections: BTreeSet<&str> = rules().map(|(rule, _)| &rule[..1]).collect();
        assert_eq!(sections.into_iter().collect::<String>(), "ACDEFGIJLMPQVWX");
        assert_eq!(rules().map(|(rule, _)| rule).collect::<BTreeSet<_>>().len(), LIST.lines().count());
    }

    #[test]
    fn sections_can_be_owed_as_a_whole() {
        assert!(owed("Q3") && owed("J2") && !owed("D1") && !owed("G1") && !owed("J1"));
    }
}
