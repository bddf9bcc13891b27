//! `cargo xtask faults`: the scenarios of faults, many rounds of each.
//!
//! They are tests of `portal-server`, which `cargo xtask test` plays once each. Here they get more rounds, more time, and print
//! their seeds and figures.

use anyhow::Context;

use crate::{shell, test};

/// Rounds of each scenario on each database.
const ROUNDS: u32 = 20;

/// Plays the scenarios; `false` where one failed. Arguments that are no options name scenarios.
pub(crate) fn run(args: &[&str]) -> anyhow::Result<bool> {
    let (mut rounds, mut seed, mut filters) = (ROUNDS, None, Vec::new());
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().with_context(|| format!("`{arg}` needs a number"));
        match *arg {
            "--rounds" => rounds = value()?.parse().context("`--rounds` needs a number")?,
            "--seed" => seed = Some(value()?.parse::<u64>().context("`--seed` needs a number")?),
            filter => filters.push(filter),
        }
    }
    let clusters = test::Clusters::start(true)?;
    println!("xtask faults: {rounds} rounds of each scenario on each database; the tests print their seeds");
    let mut runner = shell::cargo();
    if shell::works(shell::cargo().args(["nextest", "--version"])) {
        runner.args(["nextest", "run", "--profile", "faults"]);
    } else {
        runner.args(["test", "--test", "it"]);
    }
    runner.args(["-p", "portal-server", "--locked"]).args(test::FAULT_POINTS);
    if filters.is_empty() {
        filters.push("faults::");
    }
    runner.args(filters).env("PORTAL_FAULT_ROUNDS", rounds.to_string());
    if let Some(seed) = seed {
        runner.env("PORTAL_FAULT_SEED", seed.to_string());
    }
    shell::pass(clusters.tell(&mut runner))
}
