//! Two stores on one file, callers that go away, and overload.

use std::time::Duration;

use portal_domain::{
    change::{Aggregate, Change, Decision},
    id::Ref,
    port::{Commit, PortalStore, StoreError},
    practice::Client,
};
use portal_sqlite::{SqliteOptions, SqliteStore};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::kit::{House, client, expect};

#[tokio::test(flavor = "multi_thread")]
async fn two_stores_on_one_file_lose_nothing() {
    const WRITERS: usize = 8;
    const EACH: i64 = 25;
    let house = House::new().await;
    let counted = client("counter");
    house.must(vec![Change::PutClient(counted.clone())]).await;
    let second = SqliteStore::open(house.path(), &SqliteOptions::default()).await.unwrap();
    let tasks: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let store = if writer % 2 == 0 { house.store.clone() } else { second.clone() };
            tokio::spawn(raise(store, house.practice, EACH))
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let refs = [Ref::parse("counter").unwrap()];
    let found = PortalStore::clients(&second, house.practice, &refs).await.unwrap();
    assert_eq!(found[0].version, 1 + EACH * i64::try_from(WRITERS).unwrap());
}

async fn raise(store: SqliteStore, practice: portal_domain::id::PracticeId, times: i64) {
    let refs = [Ref::parse("counter").unwrap()];
    let mut done = 0;
    while done < times {
        let found = PortalStore::clients(&store, practice, &refs).await.unwrap().remove(0);
        let decision = Decision {
            expect: vec![expect(Aggregate::Client(found.id), found.version)],
            changes: vec![Change::PutClient(Client { version: found.version + 1, ..found })],
            ..Decision::default()
        };
        if store.commit(practice, &[decision], None).await.unwrap() == Commit::Committed {
            done += 1;
        }
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_cuts_nothing() {
    let house = House::new().await;
    let decision = Decision { changes: vec![Change::PutClient(client("a"))], ..Decision::default() };
    let decisions = [decision];
    let gone = house.store.commit(house.practice, &decisions, None);
    let gone = tokio::time::timeout(Duration::ZERO, gone).await;
    drop(gone);
    let after = Decision { changes: vec![Change::PutClient(client("b"))], ..Decision::default() };
    assert_eq!(house.decide(after).await, Commit::Committed);
    let refs = [Ref::parse("a").unwrap()];
    assert_eq!(PortalStore::clients(&house.store, house.practice, &refs).await.unwrap().len(), 1);
}

#[tokio::test]
async fn whoever_holds_the_file_too_long_makes_a_conflict_and_a_full_queue_is_said() {
    let house = House::new().await;
    let options =
        SqliteOptions { busy_timeout: Duration::from_millis(300), queue: 1, batch: 1, ..SqliteOptions::default() };
    let store = SqliteStore::open(house.path(), &options).await.unwrap();
    let mut raw = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(house.path())).await.unwrap();
    let held = raw.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let commit = |reference: &str| {
        let (store, practice) = (store.clone(), house.practice);
        let decision = Decision { changes: vec![Change::PutClient(client(reference))], ..Decision::default() };
        tokio::spawn(async move { store.commit(practice, &[decision], None).await })
    };
    let first = commit("a");
    tokio::time::sleep(Duration::from_millis(50)).await;
    let second = commit("b");
    tokio::time::sleep(Duration::from_millis(20)).await;
    let refused = commit("c").await.unwrap();
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert_eq!(first.await.unwrap(), Ok(Commit::Conflict));
    held.rollback().await.unwrap();
    assert_eq!(second.await.unwrap(), Ok(Commit::Committed));
    store.close().await;
    assert!(matches!(commit("d").await.unwrap(), Err(StoreError::Unavailable(_))));
}
