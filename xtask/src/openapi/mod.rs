//! `cargo xtask openapi`: the checked-in OpenAPI document, and the types of TypeScript that come from it.

mod breaking;
mod types;

use std::path::PathBuf;
use std::process::Command;

use anyhow::Context;
use serde_json::Value;

use crate::{Mode, provision, shell, temp, workspace};

const DOCUMENT: &str = "docs/openapi.json";
const TYPES: &str = "docs/portal-api.d.ts";
const SAMPLE: &str = include_str!("sample.ts");

/// Writes both, and names what would break a caller; or checks that they are what the sources say.
pub(crate) fn run(mode: Mode) -> anyhow::Result<bool> {
    let fresh = fresh()?;
    let committed = slurp(DOCUMENT);
    let before: Value = serde_json::from_str(&committed).unwrap_or_default();
    let broken = breaking::changes(&before, &serde_json::from_str(&fresh)?);
    for change in &broken {
        println!("breaking: {change}");
    }
    if mode == Mode::Write {
        std::fs::write(place(DOCUMENT), &fresh)?;
        std::fs::write(place(TYPES), types::declarations(&serde_json::from_str(&fresh)?))?;
        return Ok(true);
    }
    let faults = stale()?.into_iter().chain((committed != fresh).then(|| again(DOCUMENT))).collect::<Vec<_>>();
    for fault in &faults {
        println!("{fault}");
    }
    Ok(faults.is_empty())
}

/// What lint checks: the types are those of the document, and the compiler takes them. Whether the document is that of the program
/// is a test of `portal-http`, where the program is compiled anyway.
pub(crate) fn faults() -> anyhow::Result<Vec<String>> {
    let fault = match stale()? {
        Some(fault) => Some(fault),
        None => compile()?,
    };
    Ok(fault.into_iter().collect())
}

fn stale() -> anyhow::Result<Option<String>> {
    let document: Value = serde_json::from_str(&slurp(DOCUMENT)).context(DOCUMENT)?;
    Ok((slurp(TYPES) != types::declarations(&document)).then(|| again(TYPES)))
}

fn again(file: &str) -> String {
    format!("{file} is stale: run `cargo xtask openapi`")
}

/// The document as the handlers tell it.
fn fresh() -> anyhow::Result<String> {
    shell::read(shell::cargo().args(["run", "--quiet", "--locked", "-p", "portal-http", "--example", "openapi"]))
}

fn place(file: &str) -> PathBuf {
    workspace::root().join(file)
}

fn slurp(file: &str) -> String {
    std::fs::read_to_string(place(file)).unwrap_or_default()
}

/// Compiles a program that uses the types; what the compiler says, where it doesn't.
fn compile() -> anyhow::Result<Option<String>> {
    let compiler = provision::typescript()?;
    let folder = temp::Folder::new("types")?;
    std::fs::copy(place(TYPES), folder.path().join("portal-api.d.ts"))?;
    std::fs::write(folder.path().join("sample.ts"), SAMPLE)?;
    let mut command = Command::new(compiler);
    command.current_dir(folder.path()).args([
        "--strict",
        "--noEmit",
        "--target",
        "es2020",
        "sample.ts",
        "portal-api.d.ts",
    ]);
    let output = shell::capture(&mut command)?;
    let first = output.text.lines().take(10).collect::<Vec<_>>().join("\n");
    Ok((!output.success).then_some(first))
}
