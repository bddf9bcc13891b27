//! The sealed journal against whoever holds the database but not the key.

use portal_domain::{
    change::Decision,
    journal::{Fault, Report},
    port::{Commit, Journal, Page, PortalStore, PortalViews, StoreError},
};
use portal_postgres::PostgresStore;
use portal_testkit::conformance::{seal, verify};
use sqlx::{AssertSqlSafe, Connection};

use crate::{
    given::{self, PRACTICE, begin},
    kit::{Database, with_database},
};

async fn tell(store: &PostgresStore, numbers: std::ops::Range<u64>) {
    let events = numbers.map(|number| given::event(number, Some(&given::contact(1)))).collect();
    let decision = Decision { events, ..Decision::default() };
    assert_eq!(store.commit(PRACTICE, &[decision], None).await, Ok(Commit::Committed));
}

/// A store with ten sealed events.
async fn sealed(database: &Database) -> PostgresStore {
    let store = database.store().await;
    begin(&store, []).await;
    tell(&store, 0..10).await;
    seal(&store, PRACTICE).await;
    store
}

/// What a verification finds after these statements.
async fn after(database: &Database, statements: &str) -> Report {
    let store = sealed(database).await;
    assert!(verify(&store, PRACTICE).await.is_valid());
    sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&mut database.connection().await).await.unwrap();
    verify(&store, PRACTICE).await
}

#[tokio::test(flavor = "multi_thread")]
async fn j1_what_is_done_to_sealed_events_with_plain_sql_is_found() {
    for (statement, faults) in [
        ("UPDATE portal.event SET facts = '{}' WHERE number = 4", vec![Fault::Changed { number: 4 }]),
        ("UPDATE portal.event SET facts = 'no json' WHERE number = 4", vec![Fault::Changed { number: 4 }]),
        ("UPDATE portal.event SET contact_id = practice_id WHERE number = 4", vec![Fault::Changed { number: 4 }]),
        ("DELETE FROM portal.event WHERE number = 4", vec![Fault::Missing { from: 4, to: 4 }]),
        ("DELETE FROM portal.event WHERE number > 7", vec![Fault::Missing { from: 8, to: 10 }]),
        (
            "UPDATE portal.event SET number = 99 WHERE number = 3; UPDATE portal.event SET number = 3 WHERE number = 6;
             UPDATE portal.event SET number = 6 WHERE number = 99",
            vec![Fault::Moved { number: 3, from: 6 }, Fault::Moved { number: 6, from: 3 }],
        ),
        (
            "UPDATE portal.event SET seal = NULL, number = NULL, seal_key = NULL WHERE number = 4",
            vec![Fault::Missing { from: 4, to: 4 }],
        ),
        (
            "UPDATE portal.event_personal SET personal = '{\"emails_after\": \"eve@smith.example\"}'
             WHERE event_id = (SELECT event_id FROM portal.event WHERE number = 5)",
            vec![Fault::Personal { number: 5 }],
        ),
        ("DELETE FROM portal.journal_head", vec![Fault::HeadMissing]),
        (
            "DELETE FROM portal.event WHERE number > 7; UPDATE portal.journal_head SET number = 7,
                 seal = (SELECT seal FROM portal.event WHERE number = 7)",
            vec![Fault::HeadChanged],
        ),
    ] {
        with_database(async move |database| {
            assert_eq!(after(&database, statement).await.faults, faults, "{statement}");
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn j1_personal_values_that_were_erased_are_told_as_erased() {
    with_database(async |database| {
        let report = after(&database, "DELETE FROM portal.event_personal").await;
        assert!(report.is_valid(), "{report:?}");
        assert_eq!((report.checked, report.erased), (10, 10));
    })
    .await;
}

/// Nothing is sealed over what was tampered with, as that would make it whole again.
#[tokio::test(flavor = "multi_thread")]
async fn j1_without_its_head_a_journal_is_not_begun_anew() {
    with_database(async |database| {
        let store = sealed(&database).await;
        sqlx::query("DELETE FROM portal.journal_head").execute(&mut database.connection().await).await.unwrap();
        tell(&store, 10..11).await;
        let waiting = store.unsealed(PRACTICE, 9).await.unwrap();
        let sealing = portal_testkit::build::journal_keys().seal(PRACTICE, None, &waiting.events).unwrap().unwrap();
        let refused = store.seal(PRACTICE, None, &sealing).await;
        assert!(matches!(refused, Err(StoreError::Damaged(_))), "{refused:?}");
        assert_eq!(store.head(PRACTICE).await, Ok(None));
    })
    .await;
}

/// Ordinals are drawn before commits end, so the lower one may be seen later. It is sealed later then, and nobody who read
/// up to a number misses it.
#[tokio::test(flavor = "multi_thread")]
async fn j1_an_event_that_is_seen_late_is_sealed_late_and_missed_by_nobody() {
    with_database(async |database| {
        let store = database.store().await;
        begin(&store, []).await;
        let mut slow = database.connection().await;
        let mut transaction = slow.begin().await.unwrap();
        let insert = "INSERT INTO portal.event (practice_id, event_id, at, kind, caller, facts, digest)
                      VALUES ($1, $1, 0, 'slow', 'program', '{}', sha256('x'))";
        sqlx::query(insert).bind(PRACTICE.to_uuid()).execute(&mut *transaction).await.unwrap();
        tell(&store, 0..2).await;
        seal(&store, PRACTICE).await;
        transaction.commit().await.unwrap();
        tell(&store, 2..3).await;
        seal(&store, PRACTICE).await;
        let page = Page { after: Some(2), limit: 9 };
        let late = store.events(PRACTICE, None, &page).await.unwrap();
        let late: Vec<_> = late.iter().map(|event| (event.number, event.kind.as_str())).collect();
        assert_eq!(late, [(3, "slow"), (4, "contact.activated")]);
        assert!(verify(&store, PRACTICE).await.is_valid());
    })
    .await;
}
