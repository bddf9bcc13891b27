//! `cargo xtask lint`: one line per check. All run, even where one fails.

mod arrows;
mod examples;
mod licences;
mod sql;
mod tidy;

use std::fmt::Write as _;
use std::time::Instant;

use crate::{openapi, prepare, rules, shell, workspace};

/// What a check found. A note is worth reading and fails nothing.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) faults: Vec<String>,
    pub(crate) notes: Vec<String>,
}

impl Findings {
    fn fault(&mut self, text: impl Into<String>) {
        self.faults.push(text.into());
    }

    fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }
}

type Check = fn() -> anyhow::Result<Findings>;

/// Cheap ones first, so that a slip shows at once.
const CHECKS: [(&str, Check); 12] = [
    ("format", format),
    ("sizes", tidy::sizes),
    ("words", tidy::words),
    ("architecture", arrows::check),
    ("migrations", sql::migrations),
    ("sql", sql::statements),
    ("rules", rules),
    ("examples", examples::check),
    ("types", types),
    ("licences", licences::check),
    ("clippy", clippy),
    ("queries", queries),
];

/// Runs every check; `false` where one failed.
pub(crate) fn run() -> anyhow::Result<bool> {
    let mut good = true;
    for (name, check) in CHECKS {
        let begun = Instant::now();
        let found = check().unwrap_or_else(|error| Findings { faults: vec![format!("{error:#}")], notes: Vec::new() });
        let verdict = if found.faults.is_empty() { "ok" } else { "FAILED" };
        println!("{name:<14}{verdict:<8}{:>9}", shell::span(begun.elapsed()));
        print!("{}", details(&found));
        good &= found.faults.is_empty();
    }
    Ok(good)
}

fn details(found: &Findings) -> String {
    let mut text = String::new();
    for line in found.faults.iter().flat_map(|it| it.lines()) {
        let _ = writeln!(text, "    {line}");
    }
    for line in &found.notes {
        let _ = writeln!(text, "    note: {line}");
    }
    text
}

fn format() -> anyhow::Result<Findings> {
    // Only the names of files: `cargo fmt --all` repairs them without being told more.
    let mut findings = program(&["fmt", "--all", "--check", "--", "--files-with-diff"])?;
    if !findings.faults.is_empty() {
        findings.note("`cargo fmt --all` repairs this");
    }
    Ok(findings)
}

fn types() -> anyhow::Result<Findings> {
    Ok(Findings { faults: openapi::faults()?, notes: Vec::new() })
}

fn clippy() -> anyhow::Result<Findings> {
    // The features bring into sight what is compiled on demand only. The program is read twice, as tests know it and as it is
    // delivered.
    let mut findings = Findings::default();
    for features in ["xtask/schema,portal-server/fault-points", "xtask/schema"] {
        let words =
            ["clippy", "--workspace", "--all-targets", "--locked", "--features", features, "--", "-D", "warnings"];
        findings.faults.extend(program(&words)?.faults);
    }
    Ok(findings)
}

/// A check that is a subcommand of cargo.
fn program(args: &[&str]) -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    let tool = args[0];
    if !shell::works(shell::cargo().args([tool, "--version"])) {
        let component = if tool == "fmt" { "rustfmt" } else { tool };
        findings.fault(format!("`cargo {tool}` is missing: rustup component add {component}"));
        return Ok(findings);
    }
    let output = shell::capture(shell::cargo().args(args).env("CARGO_TERM_COLOR", "never"))?;
    if !output.success {
        let idle = ["Compiling ", "Checking ", "Downloaded ", "Downloading ", "Blocking "];
        let told = output.text.lines().filter(|line| !idle.iter().any(|it| line.trim_start().starts_with(it)));
        let root = format!("{}/", workspace::root().display());
        findings.fault(told.collect::<Vec<_>>().join("\n").replace(&root, ""));
    }
    Ok(findings)
}

fn rules() -> anyhow::Result<Findings> {
    let page = rules::Page::read()?;
    let mut findings = Findings::default();
    findings.faults.extend(page.faults()?);
    Ok(findings)
}

fn queries() -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    findings.faults.extend(prepare::stale()?);
    Ok(findings)
}
