//! `cargo xtask fuzz`: what reads the bytes of strangers, under libFuzzer.
//!
//! Bodies and seeds are those of `crates/portal-fuzz`, and the programs around them `xtask/fuzz`, a workspace of its own that nothing
//! else builds. What is found stays below `target/fuzz`: each next run goes on from there.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, bail};

use crate::{provision, shell, workspace};

/// Seconds for each target.
const SECONDS: u32 = 60;

/// libFuzzer instruments by flags that only a nightly compiler takes.
const TOOLCHAIN: &str = "nightly";

/// The longest input, in bytes: what is longer finds little more, and slowly.
const LONGEST: u32 = 8192;

/// So many seconds for one input are a fault (S16).
const SLOW: u32 = 10;

/// So many megabytes are a fault (S16).
const LARGE: u32 = 2048;

struct Options<'a> {
    seconds: u32,
    targets: Vec<&'a str>,
}

/// Fuzzes targets one after the other; `false` where one found something.
pub(crate) fn run(args: &[&str]) -> anyhow::Result<bool> {
    let all = targets()?;
    let options = Options::read(args, &all)?;
    tools()?;
    provision::cxx_compiler()?;
    let mut well = true;
    for target in &options.targets {
        well &= fuzz(target, options.seconds).with_context(|| format!("fuzzing `{target}`"))?;
    }
    Ok(well)
}

/// The targets that have seeds.
fn targets() -> anyhow::Result<Vec<String>> {
    let folder = seeds();
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot list `{}`", workspace::relative(&folder)))?;
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn seeds() -> PathBuf {
    workspace::root().join("crates/portal-fuzz/seeds")
}

/// Makes sure that there is a nightly compiler, and cargo-fuzz.
fn tools() -> anyhow::Result<()> {
    if !shell::works(nightly().arg("--version")) {
        bail!("a nightly compiler is missing: rustup toolchain install {TOOLCHAIN} --profile minimal");
    }
    if !shell::works(nightly().args(["fuzz", "--version"])) {
        bail!("cargo-fuzz is missing: cargo install cargo-fuzz --locked");
    }
    Ok(())
}

/// The nightly `cargo`, whatever started us.
fn nightly() -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", TOOLCHAIN, "cargo"]).current_dir(workspace::root());
    for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_TARGET_DIR"] {
        command.env_remove(name);
    }
    command
}

fn fuzz(target: &str, seconds: u32) -> anyhow::Result<bool> {
    let (begun, place) = (Instant::now(), workspace::target_dir()?.join("fuzz"));
    let (corpus, finds) = (place.join("corpus").join(target), place.join("finds").join(target));
    for folder in [&corpus, &finds] {
        fs::create_dir_all(folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    }
    let log = place.join(format!("{target}.log"));
    // Memory is safe without a sanitizer, for no code of ours is unsafe; and half as slow.
    let common = ["--fuzz-dir", "xtask/fuzz", "--sanitizer", "none", "--target-dir"];
    if !shell::pass(nightly().args(["fuzz", "build"]).args(common).arg(&place).arg(target))? {
        return Ok(false);
    }
    println!("xtask fuzz: {target} for {seconds} s");
    let mut command = nightly();
    command.args(["fuzz", "run"]).args(common).arg(&place).arg(target).arg(&corpus).arg(seeds().join(target));
    command.args(["--", "-print_final_stats=1", &format!("-max_total_time={seconds}")]);
    command.args([format!("-max_len={LONGEST}"), format!("-timeout={SLOW}"), format!("-rss_limit_mb={LARGE}")]);
    command.arg(format!("-artifact_prefix={}/", finds.display()));
    let file = || File::create(&log).with_context(|| format!("cannot write `{}`", log.display()));
    let written = file()?;
    command.stdout(written.try_clone()?).stderr(written);
    let passed = shell::pass(&mut command)?;
    report(target, &log, passed, begun)?;
    Ok(passed)
}

fn report(target: &str, log: &Path, passed: bool, begun: Instant) -> anyhow::Result<()> {
    let text = String::from_utf8_lossy(&fs::read(log)?).into_owned();
    let told = Told::of(&text);
    println!(
        "xtask fuzz: {target} ran {} times, {} new inputs, coverage {}, {} in all; see {}",
        told.executions,
        told.inputs,
        told.coverage,
        shell::span(begun.elapsed()),
        log.display()
    );
    if !passed {
        let said = text.lines().skip_while(|line| !line.contains("panicked at") && !line.contains("ERROR:"));
        said.take(12).for_each(|line| println!("    {line}"));
        println!("    input: {}", told.find.unwrap_or("none was kept"));
        println!("    a find becomes a test that fails, then a seed");
    }
    Ok(())
}

/// What libFuzzer says at its end.
#[derive(Debug, PartialEq, Eq)]
struct Told<'a> {
    executions: &'a str,
    inputs: &'a str,
    /// Edges of the program that were reached.
    coverage: &'a str,
    /// The file that what was found is written to.
    find: Option<&'a str>,
}

impl<'a> Told<'a> {
    fn of(log: &'a str) -> Self {
        let stat = |name: &str| {
            let line = log.lines().rev().find_map(|line| line.strip_prefix("stat::")?.strip_prefix(name));
            line.map_or("?", |rest| rest.trim_start_matches(':').trim())
        };
        let coverage = log.lines().rev().find_map(|line| line.split_once(" cov: ")?.1.split_whitespace().next());
        let find = log.lines().find_map(|line| line.split_once("Test unit written to ")).map(|(_, file)| file.trim());
        Self {
            executions: stat("number_of_executed_units"),
            inputs: stat("new_units_added"),
            coverage: coverage.unwrap_or("?"),
            find,
        }
    }
}

impl<'a> Options<'a> {
    fn read(args: &[&'a str], all: &'a [String]) -> anyhow::Result<Self> {
        let mut options = Self { seconds: SECONDS, targets: Vec::new() };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            if *arg == "--seconds" {
                let given = args.next().and_then(|it| it.parse().ok()).filter(|seconds| *seconds > 0);
                options.seconds = given.context("`--seconds` needs a number of seconds")?;
            } else if all.iter().any(|name| name == arg) {
                options.targets.push(arg);
            } else {
                bail!("`{arg}` is none of {}", all.join(", "));
            }
        }
        if options.targets.is_empty() {
            options.targets = all.iter().map(String::as_str).collect();
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_read() {
        let all = ["address".to_owned(), "bounce".to_owned()];
        let read = |args: &[&str]| Options::read(args, &all).map(|it| (it.seconds, it.targets.join(" "))).ok();
        assert_eq!(read(&[]), Some((SECONDS, "address bounce".to_owned())));
        assert_eq!(read(&["bounce", "--seconds", "5"]), Some((5, "bounce".to_owned())));
        for wrong in [&["--seconds"][..], &["--seconds", "0"], &["--seconds", "x"], &["mail"]] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn the_end_of_a_log_is_told() {
        let log = "#2\tINITED cov: 40 ft: 41 corp: 1/1b\n#9\tDONE   cov: 1278 ft: 5 corp: 2/3b lim: 8\nDone 9 runs\n\
                   stat::number_of_executed_units: 4711\nstat::new_units_added:          12\n";
        assert_eq!(Told::of(log), Told { executions: "4711", inputs: "12", coverage: "1278", find: None });
        let log = "artifact_prefix='x/'; Test unit written to x/crash-1\nBase64: YQ==\n";
        assert_eq!(Told::of(log), Told { executions: "?", inputs: "?", coverage: "?", find: Some("x/crash-1") });
    }
}
