//! PostgreSQL that stops at once, as by a power cut, and comes back.

use std::process::Command;

use super::{life::Life, rounds, tell};
use crate::support::{Database, dice::Dice};

const STOPS: usize = 2;

#[tokio::test(flavor = "multi_thread")]
async fn n2_a_server_that_stops_at_once() {
    let mut dice = Dice::new();
    for round in 0..rounds() {
        let mut life = Life::new(Database::stoppable().await, &mut dice).await;
        let served = life.serve().await;
        for _ in 0..STOPS {
            life.a_while().await;
            stop_at_once(life.scene.bed.server_url().unwrap());
            // What was being sent could not be noted.
            life.excuses.blind += 1;
            life.scene.advance(super::BEYOND_LEASE);
        }
        life.a_while().await;
        let figures = life.over(served).await;
        tell(&format!("round {round}: {STOPS} stops, {figures}"));
    }
}

/// The server's keeper starts it again at once.
fn stop_at_once(url: &str) {
    let folder = url.split_once("host=").expect("a socket").1;
    let file = std::fs::read_to_string(format!("{folder}/data/postmaster.pid"));
    // Between an end and the next start there is nothing to stop.
    let Some(process) = file.ok().and_then(|text| text.lines().next().map(str::to_owned)) else { return };
    // Nor where it has just ended.
    let _sent = Command::new("/bin/kill").args(["-QUIT", &process]).status().unwrap();
}
