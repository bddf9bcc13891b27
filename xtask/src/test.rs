//! `cargo xtask test`: everything that the tests need, then the tests.
//!
//! The order is chosen so that the runner's own summary stands last: the times of the steps before it are printed
//! before it starts, and after it nothing is.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::Context;

use crate::cluster::Cluster;
use crate::{e2e, provision, shell, workspace};

/// How many cases a property draws with `--quick`: enough to see that it runs.
const QUICK_CASES: &str = "16";

/// The program that end-to-end tests start can be made to fail where they want.
pub(crate) const FAULT_POINTS: [&str; 2] = ["--features", "portal-server/fault-points"];

/// Runs the tests; `false` where one failed.
pub(crate) fn run(args: &[&str]) -> anyhow::Result<bool> {
    let quick = args.first() == Some(&"--quick");
    let args = if quick { &args[1..] } else { args };
    let some_packages = args.iter().any(|it| *it == "-p" || it.starts_with("--package"));
    let with_program = !some_packages || args.iter().any(|it| it.ends_with("portal-server"));

    provision::c_compiler()?;
    if with_program {
        provision::python()?;
    }
    let mut steps = Steps::default();
    let clusters = steps.time("PostgreSQL", || Clusters::start(with_program))?;
    let mut tests = Tests { quick, clusters, binary: None };

    if with_program {
        let mut build = shell::cargo();
        build.args(build_args(some_packages)).args(FAULT_POINTS);
        if !steps.time("build", || shell::pass(&mut build))? {
            return Ok(false);
        }
        tests.binary = Some(workspace::target_dir()?.join("debug/portal"));
    }
    // A filter for the runner means nothing to doc tests.
    if !quick && args.is_empty() {
        let doc = || shell::pass(tests.prepare(shell::cargo().args(["test", "--doc", "--workspace", "--locked"])));
        if !steps.time("doc tests", doc)? {
            return Ok(false);
        }
    }
    if let Some(program) = tests.binary.as_deref().filter(|_| !quick && args.is_empty())
        && !steps.time("browser", || e2e::pass(program, &tests.clusters.main, &[]))?
    {
        return Ok(false);
    }
    println!("xtask test: {}", steps.0.join(", "));

    let mut runner = shell::cargo();
    if shell::works(shell::cargo().args(["nextest", "--version"])) {
        runner.args(["nextest", "run"]);
        // Some arguments of the runner say by themselves how many, and suffer no second word on it.
        if args.is_empty() {
            runner.args(["--test-threads", &threads()?]);
        }
    } else {
        runner.args(["test", "--bins", "--lib", "--tests"]);
    }
    if !some_packages {
        runner.arg("--workspace");
    }
    if with_program {
        runner.args(FAULT_POINTS);
    }
    shell::pass(tests.prepare(runner.arg("--locked").args(args)))
}

/// One more than there are cores: many tests wait for databases, processes and time, and leave theirs to others.
fn threads() -> anyhow::Result<String> {
    let cores = std::thread::available_parallelism().context("cannot count the cores")?;
    Ok((cores.get() + 1).to_string())
}

/// The program is built first because end-to-end tests start it. With the tests of the whole workspace it is built in
/// the same go: features are united over what is selected, and another selection would compile most things twice.
/// Whoever asks for some packages needs the program only for its own tests.
const fn build_args(some_packages: bool) -> &'static [&'static str] {
    if some_packages {
        &["build", "--locked", "-p", "portal-server", "--bin", "portal"]
    } else {
        &["build", "--locked", "--workspace", "--lib", "--bins", "--tests"]
    }
}

/// The servers of a run.
pub(crate) struct Clusters {
    main: Cluster,
    /// One that a test may stop, where there are such tests.
    stoppable: Option<Cluster>,
}

impl Clusters {
    pub(crate) fn start(with_program: bool) -> anyhow::Result<Self> {
        let stoppable = with_program.then(Cluster::start_stoppable).transpose()?;
        Ok(Self { main: Cluster::start()?, stoppable })
    }

    /// Says where they are.
    pub(crate) fn tell<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        if let Some(stoppable) = &self.stoppable {
            command.env("PORTAL_FAULT_POSTGRES_URL", stoppable.url());
        }
        command.env("PORTAL_TEST_POSTGRES_URL", self.main.url())
    }
}

/// What the tests find in their environment.
struct Tests {
    quick: bool,
    clusters: Clusters,
    /// The program, where this run has built it: never an old one.
    binary: Option<PathBuf>,
}

impl Tests {
    fn prepare<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        self.clusters.tell(command).env_remove("PORTAL_TEST_BINARY");
        if let Some(binary) = &self.binary {
            command.env("PORTAL_TEST_BINARY", binary);
        }
        if self.quick {
            command.env("PROPTEST_CASES", QUICK_CASES);
        }
        command
    }
}

/// The steps done so far, each with its time.
#[derive(Default)]
struct Steps(Vec<String>);

impl Steps {
    fn time<T>(&mut self, name: &str, step: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
        let begun = Instant::now();
        let done = step()?;
        self.0.push(format!("{name} {}", shell::span(begun.elapsed())));
        Ok(done)
    }
}
