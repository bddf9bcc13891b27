//! Killed, or asked to end, at any moment under load.

use super::{in_rounds, life::Life};
use crate::support::{Database, dice::Dice};

in_rounds!(n2_killed_under_load, s13_asked_to_end_under_load);

/// So often a service ends in a round.
const ENDS: usize = 3;

/// kill -9, with a mail server that has moods.
async fn n2_killed_under_load(database: Database, dice: &mut Dice) -> String {
    let mut life = Life::new(database, dice).await;
    life.mail.is_well(false);
    let mut served = life.serve().await;
    for _ in 0..ENDS {
        life.a_while().await;
        served.kill().await;
        life.excuses.note(&life.scene).await;
        served = life.serve().await;
    }
    life.a_while().await;
    format!("{ENDS} kills, {}", life.over(served).await)
}

/// SIGTERM: nothing that was acknowledged is lost, nothing is sent twice, and the end is in order.
async fn s13_asked_to_end_under_load(database: Database, dice: &mut Dice) -> String {
    let mut life = Life::new(database, dice).await;
    let mut served = life.serve().await;
    for _ in 0..ENDS {
        life.a_while().await;
        let (status, log) = served.stop().await;
        assert!(status.success(), "{log}");
        served = life.serve().await;
    }
    format!("{ENDS} ends, {}", life.over(served).await)
}
