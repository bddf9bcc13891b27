//! The sealed journal against whoever holds the file but not the key.

use portal_domain::{
    change::Decision,
    journal::{Fault, Report},
    port::{Commit, Journal, StoreError},
};
use portal_testkit::conformance::verify;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::kit::{self, House};

/// Ten sealed events, and a bare connection to the file.
async fn sealed() -> (House, SqliteConnection) {
    let house = House::new().await;
    let contact = kit::contact("ada", &["ada@smith.example"]);
    let events = (0..10).map(|_| kit::event(&contact, "contact.activated")).collect();
    assert_eq!(house.decide(Decision { events, ..Decision::default() }).await, Commit::Committed);
    house.seal().await;
    let options = SqliteConnectOptions::new().filename(house.path()).foreign_keys(true);
    let raw = SqliteConnection::connect_with(&options).await.unwrap();
    (house, raw)
}

/// What a verification finds after these statements.
async fn after(statements: &str) -> Report {
    let (house, mut raw) = sealed().await;
    assert!(verify(&house.store, house.practice).await.is_valid());
    sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&mut raw).await.unwrap();
    verify(&house.store, house.practice).await
}

#[tokio::test]
async fn j1_what_is_done_to_sealed_events_with_plain_sql_is_found() {
    for (statement, faults) in [
        ("UPDATE portal_event SET facts = '{}' WHERE number = 4", vec![Fault::Changed { number: 4 }]),
        ("UPDATE portal_event SET facts = 'no json' WHERE number = 4", vec![Fault::Changed { number: 4 }]),
        ("UPDATE portal_event SET contact_id = x'00' WHERE number = 4", vec![Fault::Changed { number: 4 }]),
        ("DELETE FROM portal_event WHERE number = 4", vec![Fault::Missing { from: 4, to: 4 }]),
        ("DELETE FROM portal_event WHERE number > 7", vec![Fault::Missing { from: 8, to: 10 }]),
        (
            "UPDATE portal_event SET number = 99 WHERE number = 3; UPDATE portal_event SET number = 3 WHERE number = 6;
             UPDATE portal_event SET number = 6 WHERE number = 99",
            vec![Fault::Moved { number: 3, from: 6 }, Fault::Moved { number: 6, from: 3 }],
        ),
        (
            "UPDATE portal_event SET seal = NULL, number = NULL, seal_key = NULL WHERE number = 4",
            vec![Fault::Missing { from: 4, to: 4 }],
        ),
        (
            "UPDATE portal_event_personal SET personal = '{\"emails_after\": \"eve@smith.example\"}'
             WHERE event_id = (SELECT event_id FROM portal_event WHERE number = 5)",
            vec![Fault::Personal { number: 5 }],
        ),
        ("DELETE FROM portal_journal_head", vec![Fault::HeadMissing]),
        (
            "DELETE FROM portal_event WHERE number > 7; UPDATE portal_journal_head SET number = 7,
                 seal = (SELECT seal FROM portal_event WHERE number = 7)",
            vec![Fault::HeadChanged],
        ),
    ] {
        let report = after(statement).await;
        assert_eq!(report.faults, faults, "{statement}");
    }
}

#[tokio::test]
async fn j1_personal_values_that_were_erased_are_told_as_erased() {
    let report = after("DELETE FROM portal_event_personal").await;
    assert!(report.is_valid(), "{report:?}");
    assert_eq!((report.checked, report.erased), (10, 10));
}

/// Nothing is sealed over what was tampered with, as that would make it whole again.
#[tokio::test]
async fn j1_without_its_head_a_journal_is_not_begun_anew() {
    let (house, mut raw) = sealed().await;
    sqlx::query("DELETE FROM portal_journal_head").execute(&mut raw).await.unwrap();
    let events = vec![kit::event(&kit::contact("bob", &[]), "contact.activated")];
    assert_eq!(house.decide(Decision { events, ..Decision::default() }).await, Commit::Committed);
    let waiting = house.store.unsealed(house.practice, 9).await.unwrap();
    let sealing = portal_testkit::build::journal_keys().seal(house.practice, None, &waiting.events).unwrap().unwrap();
    let refused = house.store.seal(house.practice, None, &sealing).await;
    assert!(matches!(refused, Err(StoreError::Damaged(_))), "{refused:?}");
    assert_eq!(house.store.head(house.practice).await, Ok(None));
}
