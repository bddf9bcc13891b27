//! `cargo xtask prepare`: the descriptions of queries (`.sqlx`) that let the store crates compile without a database.
//!
//! The macros of sqlx ask a live database where their URL is set, and then write what they learn to
//! `SQLX_OFFLINE_DIR`. They run only when the crate is compiled anew; a flag that was never used before sees to that,
//! without touching a file and without a second target directory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;

use crate::cluster::Cluster;
use crate::{Mode, provision, shell, temp, workspace};

/// Describes the queries of both store crates; `false` where `Check` found a difference.
pub(crate) fn run(mode: Mode) -> anyhow::Result<bool> {
    if mode == Mode::Check {
        let stale = stale()?;
        println!("{}", if stale.is_empty() { "every description is up to date".to_owned() } else { stale.join("\n") });
        return Ok(stale.is_empty());
    }
    for (krate, folder) in stores() {
        let found = describe(&folder)?;
        let changed = differences(&read(&folder.join(".sqlx"))?, &found).len();
        replace(&folder.join(".sqlx"), &found)?;
        println!("{krate}: {} queries, {changed} changed", found.len());
    }
    Ok(true)
}

/// One line for each committed description that is not what a fresh one says.
pub(crate) fn stale() -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    for (krate, folder) in stores() {
        let committed = read(&folder.join(".sqlx"))?;
        match describe(&folder) {
            Ok(found) => lines.extend(differences(&committed, &found).into_iter().map(|it| format!("{krate}: {it}"))),
            Err(error) => lines.push(format!("{krate}: {error:#}")),
        }
    }
    if !lines.is_empty() {
        lines.push("`cargo xtask prepare` writes them; commit what it writes".to_owned());
    }
    Ok(lines)
}

/// The store crates, each with its folder.
fn stores() -> [(&'static str, PathBuf); 2] {
    ["portal-sqlite", "portal-postgres"].map(|name| (name, workspace::root().join("crates").join(name)))
}

/// Descriptions by file name.
type Descriptions = BTreeMap<String, String>;

/// Which database a store crate is checked against, with what must live as long as it.
enum Database {
    Sqlite(temp::Folder),
    Postgres(Cluster),
}

impl Database {
    /// An empty database of the kind that the crate's name says.
    fn create(folder: &Path) -> anyhow::Result<Self> {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with("sqlite") {
            temp::Folder::new("db").map(Self::Sqlite)
        } else {
            Cluster::start().map(Self::Postgres)
        }
    }

    fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite://{}?mode=rwc", folder.path().join("portal.db").display()),
            Self::Postgres(cluster) => cluster.url(),
        }
    }
}

/// Compiles one store crate against a fresh database that has its migrations.
fn describe(folder: &Path) -> anyhow::Result<Descriptions> {
    provision::c_compiler()?;
    let variable = url_variable(folder)?;
    let database = Database::create(folder)?;
    shell::quietly(Command::new(migrator()?).arg("apply-migrations").arg(database.url()).arg(folder))?;

    let out = temp::Folder::new("sqlx")?;
    let stamp = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_nanos());
    let mut check = shell::cargo();
    check
        .current_dir(folder)
        .args(["rustc", "--quiet", "--lib", "--profile", "check", "--"])
        .args(["--cfg", &format!("described_at=\"{stamp}\"")])
        .env(variable, database.url())
        .env("SQLX_OFFLINE_DIR", out.path())
        .env_remove("SQLX_OFFLINE");
    shell::quietly(&mut check)?;
    read(out.path())
}

/// Where the crate's `sqlx.toml` lets the macros look for their URL.
fn url_variable(folder: &Path) -> anyhow::Result<String> {
    let file = folder.join("sqlx.toml");
    let settings: toml::Table =
        workspace::slurp(&file)?.parse().with_context(|| format!("`{}` is no TOML", workspace::relative(&file)))?;
    let name = settings.get("common").and_then(|it| it.get("database-url-var")).and_then(toml::Value::as_str);
    let name = name.with_context(|| format!("`{}` sets no `common.database-url-var`", workspace::relative(&file)))?;
    Ok(name.to_owned())
}

/// Builds this program once more with the database drivers in it. Selecting the whole workspace makes cargo unite
/// features as in other builds, so that most of what it compiles is there already.
fn migrator() -> anyhow::Result<PathBuf> {
    let mut build = shell::cargo();
    build.args(["build", "--quiet", "--locked", "--workspace", "--bin", "xtask", "--features", "xtask/schema"]);
    shell::quietly(&mut build)?;
    Ok(workspace::target_dir()?.join("debug/xtask"))
}

fn read(folder: &Path) -> anyhow::Result<Descriptions> {
    let mut found = Descriptions::new();
    for file in workspace::files(folder, "json")? {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        found.insert(name, workspace::slurp(&file)?);
    }
    Ok(found)
}

fn differences(committed: &Descriptions, found: &Descriptions) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, text) in found {
        match committed.get(name) {
            None => lines.push(format!("{name} is missing: {}", query(text))),
            Some(old) if old != text => lines.push(format!("{name} is stale: {}", query(text))),
            Some(_) => {}
        }
    }
    for (name, text) in committed.iter().filter(|(name, _)| !found.contains_key(*name)) {
        lines.push(format!("{name} belongs to no query: {}", query(text)));
    }
    lines
}

/// The first words of the statement that a description is about.
fn query(description: &str) -> String {
    let parsed: serde_json::Value = serde_json::from_str(description).unwrap_or_default();
    let words: Vec<&str> = workspace::text(&parsed, "query").split_whitespace().take(9).collect();
    format!("{} …", words.join(" "))
}

fn replace(folder: &Path, found: &Descriptions) -> anyhow::Result<()> {
    if found.is_empty() && !folder.exists() {
        return Ok(());
    }
    std::fs::create_dir_all(folder)?;
    for file in workspace::files(folder, "json")? {
        std::fs::remove_file(file)?;
    }
    for (name, text) in found {
        let file = folder.join(name);
        std::fs::write(&file, text).with_context(|| format!("cannot write `{}`", workspace::relative(&file)))?;
    }
    Ok(())
}
