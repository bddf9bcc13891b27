//! `cargo xtask api-fuzz`: schemathesis against the program, by its own OpenAPI document, on either database.
//!
//! Rust starts the databases and the program and makes practices and keys by its command line. Python, beside this file, does
//! the rest: `prepare.py` fills the service, `hooks.py` gives every request what it needs. See
//! `docs/decisions/0019-fuzzing-the-api.md`.

mod bed;
mod tally;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};

use self::bed::Bed;
use crate::{provision, shell, workspace};

const REQUIREMENTS: &str = include_str!("requirements.txt");

/// Examples of each operation, of those that are to be valid and of those that are not.
const EXAMPLES: &str = "200";

/// Where the databases differ, nothing else does.
const DATABASES: [&str; 2] = ["sqlite", "postgres"];

struct Options<'a> {
    examples: &'a str,
    seed: String,
    databases: Vec<&'a str>,
    /// Whatever else is said, for schemathesis.
    rest: Vec<&'a str>,
}

/// Fuzzes the API; `false` where an answer was a fault, or an operation never succeeded.
pub(crate) fn run(args: &[&str]) -> anyhow::Result<bool> {
    let options = Options::read(args)?;
    provision::c_compiler()?;
    let python = Python::ready()?;
    if !shell::pass(shell::cargo().args(["build", "--locked", "-p", "portal-server", "--bin", "portal"]))? {
        return Ok(false);
    }
    let mut well = true;
    for database in &options.databases {
        well &= fuzz(database, &options, &python).with_context(|| format!("on {database}"))?;
    }
    Ok(well)
}

fn fuzz(database: &str, options: &Options<'_>, python: &Python) -> anyhow::Result<bool> {
    let begun = Instant::now();
    let report = workspace::target_dir()?.join("api-fuzz").join(database);
    // What an earlier run found must not steer this one.
    drop(std::fs::remove_dir_all(&report));
    std::fs::create_dir_all(&report).with_context(|| format!("cannot create `{}`", report.display()))?;
    println!("xtask api-fuzz: {database}, {} examples, seed {}", options.examples, options.seed);
    let bed = Bed::start(database, &report)?;
    shell::quietly(python.run("python", &report).arg(script("prepare.py")).arg(bed.note()))?;

    let (tally, said) = (report.join("tally.json"), report.join("report.json"));
    let mut command = python.run("schemathesis", &report);
    command.arg("--config-file").arg(script("schemathesis.toml"));
    command.args(["run", "--no-color", "--max-examples", options.examples]);
    command.args(["--seed", &options.seed, "--report-json-path"]).arg(&said).args(&options.rest);
    command.arg(format!("{}/api/openapi.json", bed.address()));
    command.env("SCHEMATHESIS_HOOKS", "hooks").env("PORTAL_FUZZ_BED", bed.note()).env("PORTAL_FUZZ_TALLY", &tally);
    let passed = shell::pass(&mut command)?;

    let complaints = bed.complaints()?;
    let narrowed = !options.rest.is_empty();
    let reached = tally::show(&tally)?;
    for line in complaints.iter().take(20) {
        println!("logged: {line}");
    }
    println!("xtask api-fuzz: {database} took {}; see {}", shell::span(begun.elapsed()), workspace::relative(&report));
    Ok(passed && complaints.is_empty() && (reached || narrowed))
}

fn script(name: &str) -> PathBuf {
    workspace::root().join("xtask/src/api_fuzz").join(name)
}

impl<'a> Options<'a> {
    fn read(args: &[&'a str]) -> anyhow::Result<Self> {
        let mut options = Self { examples: EXAMPLES, seed: seed(), databases: DATABASES.to_vec(), rest: Vec::new() };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().copied().with_context(|| format!("`{arg}` needs a value"));
            match *arg {
                "--max-examples" => options.examples = value()?,
                "--seed" => options.seed = value()?.to_owned(),
                "--database" => {
                    let name = value()?;
                    if !DATABASES.contains(&name) {
                        bail!("`{name}` is none of {}", DATABASES.join(", "));
                    }
                    options.databases = vec![name];
                }
                other => options.rest.push(other),
            }
        }
        Ok(options)
    }
}

/// Another one each time; it is printed, and can be given again.
fn seed() -> String {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs()).to_string()
}

/// An environment of Python with schemathesis in it, below `target`.
struct Python(PathBuf);

impl Python {
    /// The environment, made where it is missing or has other versions.
    fn ready() -> anyhow::Result<Self> {
        let folder = workspace::target_dir()?.join("api-fuzz/venv");
        let made_of = folder.join("requirements.txt");
        if std::fs::read_to_string(&made_of).is_ok_and(|it| it == REQUIREMENTS) {
            return Ok(Self(folder));
        }
        let python = provision::python_of_environments()?;
        shell::quietly(Command::new(python).args(["-m", "venv", "--clear"]).arg(&folder))?;
        let wanted = script("requirements.txt");
        shell::quietly(Command::new(folder.join("bin/pip")).args(["install", "--quiet", "-r"]).arg(wanted))?;
        std::fs::write(&made_of, REQUIREMENTS).with_context(|| format!("cannot write `{}`", made_of.display()))?;
        Ok(Self(folder))
    }

    /// One of its programs, in a folder for what it leaves behind; it finds our modules, and leaves nothing beside them.
    fn run(&self, program: &str, folder: &Path) -> Command {
        let mut command = Command::new(self.0.join("bin").join(program));
        command.current_dir(folder).env("PYTHONPATH", script("")).env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_ours_goes_to_schemathesis() {
        let args = ["--max-examples", "7", "--phases", "coverage", "--database", "sqlite", "--seed", "1"];
        let options = Options::read(&args).expect("readable");
        assert_eq!((options.examples, options.seed.as_str()), ("7", "1"));
        assert_eq!((options.databases, options.rest), (vec!["sqlite"], vec!["--phases", "coverage"]));
        assert!(Options::read(&["--database", "oracle"]).is_err() && Options::read(&["--seed"]).is_err());
    }
}
