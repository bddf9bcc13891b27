//! Ends and panics at chosen places: between a deed and its answer, between a lease, a mail and its settlement.

use super::{in_rounds, life::Life};
use crate::support::{Database, dice::Dice};

in_rounds!(n3_ends_at_chosen_places, n3_panics_at_chosen_places);

/// A service that ends there has left the deed done, or the message in doubt.
async fn n3_ends_at_chosen_places(database: Database, dice: &mut Dice) -> String {
    let mut life = Life::new(database, dice).await;
    let mut kills = 0;
    for place in ["leased", "send", "sent", "settled", "answer"] {
        let plan = format!("abort@{place}:{}", 1 + life.dice.within(0..4));
        life.scene.bed.set("PORTAL_FAULT", &plan);
        let mut served = life.serve().await;
        let status = tokio::time::timeout(std::time::Duration::from_secs(60), served.ended()).await;
        assert!(!status.unwrap_or_else(|_| panic!("{plan} was never passed: {}", served.log())).success());
        life.excuses.note(&life.scene).await;
        kills += 1;
    }
    life.scene.bed.unset("PORTAL_FAULT");
    let served = life.serve().await;
    format!("{kills} ends, {}", life.over(served).await)
}

/// A panic ends one request, or one piece of work, and nothing else.
async fn n3_panics_at_chosen_places(database: Database, dice: &mut Dice) -> String {
    let mut life = Life::with(database, dice, true).await;
    let mut panics = 0;
    for (place, least) in [("clock", 30), ("send", 1), ("sent", 1), ("settled", 1)] {
        let plan = format!("panic@{place}:{}", least + life.dice.within(0..4 * least));
        life.scene.bed.set("PORTAL_FAULT", &plan);
        let served = life.serve().await;
        while !served.log().contains("\"panicked\"") {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        // It goes on all the same.
        served.client().get("/readyz").await.expect(200);
        panics += 1;
        life.excuses.blind += 1;
        let (status, log) = served.stop().await;
        assert!(status.success(), "{log}");
        assert_eq!(log.matches("\"panicked\"").count(), 1, "{log}");
    }
    life.scene.bed.unset("PORTAL_FAULT");
    let served = life.serve().await;
    format!("{panics} panics, {}", life.over(served).await)
}
