//! Licences, banned crates and sources of everything we depend on, by `deny.toml`.
//!
//! This reads the same file as cargo-deny and needs neither that program nor more than was fetched to build. Where cargo-deny is
//! installed, it is asked too.

use std::iter::Peekable;
use std::vec::IntoIter;

use anyhow::Context;
use serde_json::Value;

use crate::lint::Findings;
use crate::{shell, workspace};

/// Randomness comes from the `Entropy` port: these are refused where one of our own crates asks for them.
const NOT_DIRECTLY: [&str; 2] = ["rand", "fastrand"];

/// Runs our own checks, and cargo-deny's where it is installed.
pub(crate) fn check() -> anyhow::Result<Findings> {
    let policy = Policy::read()?;
    let mut args = vec!["--all-features"];
    for target in &policy.targets {
        args.extend(["--filter-platform", target]);
    }
    let metadata = workspace::metadata(&args)?;
    let mut findings = Findings::default();
    for package in workspace::list(&metadata, "packages") {
        if package["source"].is_null() {
            direct_dependencies(package, &mut findings);
        } else {
            policy.judge(package, &mut findings);
        }
    }
    let mut deny = shell::cargo();
    if shell::works(shell::cargo().args(["deny", "--version"])) {
        let output = shell::capture(deny.args([
            "deny",
            "--locked",
            "--log-level",
            "error",
            "check",
            "bans",
            "licenses",
            "sources",
        ]))?;
        if !output.success {
            findings.fault(output.text);
        }
    } else {
        findings.note("cargo-deny is not installed; the project's own check of deny.toml ran alone");
    }
    Ok(findings)
}

/// The part of `deny.toml` that this check understands.
struct Policy {
    targets: Vec<String>,
    licences: Vec<String>,
    exceptions: Vec<(String, Vec<String>)>,
    banned: Vec<String>,
    registries: Vec<String>,
}

impl Policy {
    fn read() -> anyhow::Result<Self> {
        let text = workspace::slurp(&workspace::root().join("deny.toml"))?;
        let table: toml::Table = text.parse().context("`deny.toml` is no TOML")?;
        let part = |section: &str, key: &str| {
            let items = table.get(section).and_then(|it| it.get(key)).and_then(toml::Value::as_array);
            items.cloned().unwrap_or_default()
        };
        let exceptions =
            part("licenses", "exceptions").iter().map(|it| (named(it), strings(it.get("allow")))).collect();
        Ok(Self {
            targets: part("graph", "targets").iter().map(named).collect(),
            licences: part("licenses", "allow").iter().map(named).collect(),
            exceptions,
            banned: part("bans", "deny").iter().map(named).collect(),
            registries: part("sources", "allow-registry").iter().map(named).collect(),
        })
    }

    fn judge(&self, package: &Value, findings: &mut Findings) {
        let (name, version) = (workspace::text(package, "name"), workspace::text(package, "version"));
        if self.banned.iter().any(|it| it == name) {
            findings
                .fault(format!("{name} {version} is banned by deny.toml (`cargo tree -i {name}` says who wants it)"));
        }
        let source = workspace::text(package, "source");
        if !self.registries.iter().any(|it| source == format!("registry+{it}")) {
            findings.fault(format!("{name} {version} comes from `{source}`, which deny.toml doesn't allow"));
        }
        let more = self.exceptions.iter().filter(|(it, _)| it == name).flat_map(|(_, it)| it);
        let allowed: Vec<&str> = self.licences.iter().chain(more).map(String::as_str).collect();
        let expression = workspace::text(package, "license");
        match satisfied(expression, &allowed) {
            Some(true) => {}
            Some(false) => findings.fault(format!("{name} {version}: `{expression}` is not allowed by deny.toml")),
            None => findings.fault(format!("{name} {version}: `{expression}` is no licence expression")),
        }
    }
}

fn direct_dependencies(package: &Value, findings: &mut Findings) {
    for dependency in workspace::list(package, "dependencies") {
        let other = workspace::text(dependency, "name");
        if NOT_DIRECTLY.contains(&other) {
            let name = workspace::text(package, "name");
            findings.fault(format!("`{name}` depends on `{other}`: randomness comes from the `Entropy` port"));
        }
    }
}

/// `"x"`, or the name in `{ crate = "x" }` and `{ triple = "x" }`, without a version.
fn named(value: &toml::Value) -> String {
    let text =
        value.as_str().or_else(|| ["crate", "name", "triple"].into_iter().find_map(|key| value.get(key)?.as_str()));
    text.unwrap_or_default().split('@').next().unwrap_or_default().to_owned()
}

fn strings(value: Option<&toml::Value>) -> Vec<String> {
    value.and_then(toml::Value::as_array).into_iter().flatten().map(named).collect()
}

/// Whether an SPDX expression can be met with the allowed licences; `None` where it is no expression.
///
/// `A WITH B` is allowed only as a whole: an exception is a licence of its own here. The old `A/B` means `A OR B`.
fn satisfied(expression: &str, allowed: &[&str]) -> Option<bool> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<String> = spaced.split_whitespace().map(str::to_owned).collect();
    let mut words = words.into_iter().peekable();
    let verdict = any_of(&mut words, allowed)?;
    words.next().is_none().then_some(verdict)
}

type Words = Peekable<IntoIter<String>>;

fn any_of(words: &mut Words, allowed: &[&str]) -> Option<bool> {
    let mut verdict = all_of(words, allowed)?;
    while words.next_if(|it| it == "OR").is_some() {
        verdict |= all_of(words, allowed)?;
    }
    Some(verdict)
}

fn all_of(words: &mut Words, allowed: &[&str]) -> Option<bool> {
    let mut verdict = one(words, allowed)?;
    while words.next_if(|it| it == "AND").is_some() {
        verdict &= one(words, allowed)?;
    }
    Some(verdict)
}

fn one(words: &mut Words, allowed: &[&str]) -> Option<bool> {
    let mut name = words.next()?;
    if name == "(" {
        let verdict = any_of(words, allowed)?;
        return (words.next()? == ")").then_some(verdict);
    }
    if matches!(name.as_str(), ")" | "OR" | "AND" | "WITH") {
        return None;
    }
    if words.next_if(|it| it == "WITH").is_some() {
        name = format!("{name} WITH {}", words.next()?);
    }
    Some(allowed.contains(&name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_evaluated_with_their_precedence() {
        let allowed = ["MIT", "ISC", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"];
        let verdict = |expression| satisfied(expression, &allowed);
        assert_eq!(verdict("MIT OR GPL-3.0"), Some(true));
        assert_eq!(verdict("MIT AND GPL-3.0"), Some(false));
        assert_eq!(verdict("GPL-3.0 OR MIT AND ISC"), Some(true));
        assert_eq!(verdict("(GPL-3.0 OR MIT) AND Zlib"), Some(false));
        assert_eq!(verdict("(GPL-3.0 OR MIT) AND (ISC OR Zlib)"), Some(true));
        assert_eq!(verdict("Apache-2.0 WITH LLVM-exception AND MIT"), Some(true));
        assert_eq!(verdict("MIT WITH other-exception"), Some(false));
        assert_eq!(verdict("MIT/GPL-3.0"), Some(true));
    }

    #[test]
    fn what_is_no_expression_is_never_allowed() {
        for text in ["", "MIT OR", "(MIT", "MIT ISC", "OR MIT", "MIT)", "MIT WITH"] {
            assert_eq!(satisfied(text, &["MIT", "ISC"]), None, "{text}");
        }
    }
}
