//! Everything a contributor runs: `cargo xtask test`, `faults`, `api-fuzz`, `fuzz`, `e2e`, `screenshots`, `bench`, `lint`, `prepare`, `openapi` and `rules`.
//!
//! Plain Rust on the standard library, so that a machine with nothing but a toolchain can run it. A task is a
//! function that prints what it does and returns the exit code; an error is a fault of the task itself and is
//! printed in full.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a program for the terminal: it prints, measures time and reads the environment"
)]

mod api_fuzz;
mod bench;
mod cluster;
mod e2e;
mod faults;
mod fuzz;
mod lint;
mod openapi;
mod prepare;
mod provision;
mod rules;
#[cfg(feature = "schema")]
mod schema;
mod shell;
mod source;
mod temp;
mod test;
mod workspace;

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <task>

  test [--quick] [ARGS…]  build, start a throw-away PostgreSQL, run every test; ARGS go to the test runner
                          --quick: fewer generated cases, no doc tests
  faults [--rounds N] [--seed S] [NAMES…]
                          the scenarios of faults (kills, stops, panics, storms, races, clocks), 20 rounds of each
  api-fuzz [--max-examples N] [--database sqlite|postgres] [--seed S] [ARGS…]
                          the HTTP API against its own OpenAPI document, by schemathesis, 200 examples of each operation
                          on each database; ARGS go to schemathesis (--include-path-regex webhooks)
  fuzz [--seconds N] [TARGETS…]
                          what reads the bytes of strangers (addresses, mails that came back, files, names of requests), by
                          libFuzzer, 60 seconds for each target
  e2e [ARGS…]             the pages in a real browser; ARGS go to Node's test runner (--test-name-pattern=keyboard)
  screenshots [FOLDER]    pictures of the pages, on a phone and on a desk, into target/screenshots or a folder of yours
  bench [--quick] [--json FILE] [--only NAME] [--samples N]
                          figures of performance, as ratios taken in turns in one run
  lint                    every check that needs no test run, one line each
  prepare [--check]       describe the SQL of the store crates against real schemas, into their `.sqlx`
                          --check: change nothing, fail where the committed descriptions differ
  openapi [--check]       write docs/openapi.json and docs/portal-api.d.ts, and name what would break a caller
                          --check: change nothing, fail where they are stale
  rules [--check]         write docs/RULES.md: which rule stands where, and which test holds it
                          --check: change nothing, fail where the page is stale or a rule has no test";

/// Whether a task that writes files of the project may do so.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// It writes them.
    Write,
    /// It only says where they differ from what it would write.
    Check,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["test", rest @ ..] => test::run(rest),
        ["faults", rest @ ..] => faults::run(rest),
        ["api-fuzz", rest @ ..] => api_fuzz::run(rest),
        ["fuzz", rest @ ..] => fuzz::run(rest),
        ["e2e", rest @ ..] => e2e::run(rest),
        ["screenshots"] => e2e::screenshots(Path::new("target/screenshots")),
        ["screenshots", folder] => e2e::screenshots(Path::new(folder)),
        ["bench", rest @ ..] => bench::run(rest),
        ["lint"] => lint::run(),
        ["prepare"] => prepare::run(Mode::Write),
        ["prepare", "--check"] => prepare::run(Mode::Check),
        ["openapi"] => openapi::run(Mode::Write),
        ["openapi", "--check"] => openapi::run(Mode::Check),
        ["rules"] => rules::run(Mode::Write),
        ["rules", "--check"] => rules::run(Mode::Check),
        #[cfg(feature = "schema")]
        ["apply-migrations", url, folder] => schema::run(url, folder.as_ref()),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
