//! `cargo xtask bench`: figures of performance, of the program as it is delivered.

use crate::cluster::Cluster;
use crate::{provision, shell};

/// Measures on SQLite and on a throw-away PostgreSQL that waits for the disk; arguments go to the bench.
pub(crate) fn run(args: &[&str]) -> anyhow::Result<bool> {
    provision::c_compiler()?;
    let cluster = Cluster::start_durable()?;
    let mut bench = shell::cargo();
    bench.args(["bench", "--locked", "-p", "portal-server", "--bench", "bench", "--"]).args(args);
    shell::pass(bench.env("PORTAL_BENCH_POSTGRES_URL", cluster.url()))
}
