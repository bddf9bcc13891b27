//! `cargo xtask e2e`: the pages in a real browser, and mail that comes back from a real mail server.
//!
//! The tests are JavaScript (`xtask/e2e`), since a browser's driver and the judge of accessibility are. They start the program
//! themselves, on an embedded database or on the run's PostgreSQL, and are run by Node's own runner.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::cluster::Cluster;
use crate::test::FAULT_POINTS;
use crate::{provision, shell, workspace};

/// What npm reads; what it fetches lies below `target`.
const MANIFEST: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// Builds the program and runs the tests; `args` go to Node's runner.
pub(crate) fn run(args: &[&str]) -> anyhow::Result<bool> {
    match built()? {
        Some(program) => pass(&program, &Cluster::start()?, args),
        None => Ok(false),
    }
}

/// Builds the program and takes pictures of its pages, on a phone and on a desk, into a folder.
pub(crate) fn screenshots(folder: &Path) -> anyhow::Result<bool> {
    let Some(program) = built()? else { return Ok(false) };
    let script = workspace::root().join("xtask/e2e/screenshots.mjs");
    shell::pass(node(&program)?.arg(script).arg(std::path::absolute(folder)?))
}

/// The program, where it could be built.
fn built() -> anyhow::Result<Option<PathBuf>> {
    provision::c_compiler()?;
    // With the features of the test run, or each of the two would build it anew.
    let mut build = shell::cargo();
    build.args(["build", "--locked", "-p", "portal-server", "--bin", "portal"]).args(FAULT_POINTS);
    let done = shell::pass(&mut build)?;
    Ok(if done { Some(workspace::target_dir()?.join("debug/portal")) } else { None })
}

/// Runs the tests against a program that is built; `false` where one failed.
pub(crate) fn pass(program: &Path, server: &Cluster, args: &[&str]) -> anyhow::Result<bool> {
    let mut tests = workspace::files(&workspace::root().join("xtask/e2e"), "mjs")?;
    tests.retain(|file| file.to_string_lossy().ends_with(".test.mjs"));
    let mut node = node(program)?;
    node.env("PORTAL_E2E_POSTGRES", server.url()).env("PORTAL_E2E_PSQL", provision::psql()?);
    if let Some(postfix) = provision::postfix()? {
        node.env("PORTAL_E2E_POSTFIX", postfix);
    }
    // Two files at once, on few cores too: each waits for its browser most of the time.
    shell::pass(node.args(["--test", "--test-reporter=spec", "--test-concurrency=2"]).args(args).args(tests))
}

/// Node, told what the kit needs.
fn node(program: &Path) -> anyhow::Result<Command> {
    let (node, browser) = (provision::node()?, provision::chromium()?);
    let mut node = Command::new(node);
    node.env("PORTAL_E2E_MODULES", modules(&workspace::root().join("xtask/e2e"))?)
        .env("PORTAL_E2E_BINARY", program)
        .env("PORTAL_E2E_CHROMIUM", browser);
    Ok(node)
}

/// The folder with what `package-lock.json` names, fetched where the lock has changed since.
fn modules(source: &Path) -> anyhow::Result<PathBuf> {
    let folder = workspace::target_dir()?.join("e2e");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    let done = folder.join("fetched");
    let lock = workspace::slurp(&source.join("package-lock.json"))?;
    if std::fs::read_to_string(&done).is_ok_and(|fetched| fetched == lock) {
        return Ok(folder);
    }
    for name in MANIFEST {
        let copied = std::fs::copy(source.join(name), folder.join(name));
        copied.with_context(|| format!("cannot copy `{name}` to `{}`", folder.display()))?;
    }
    shell::quietly(Command::new(provision::npm()?).arg("ci").current_dir(&folder))?;
    std::fs::write(&done, lock).with_context(|| format!("cannot write `{}`", done.display()))?;
    Ok(folder)
}
