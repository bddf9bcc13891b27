//! What is deleted with a practice is everything.

use std::sync::Arc;

use portal_domain::{
    change::{Aggregate, Change, Decision, Expect, Reliance},
    contact::Contact,
    port::{Operators, PortalStore, PracticeSelector},
    practice::Practice,
};
use portal_testkit::fixture::Fixture;
use sqlx::{AssertSqlSafe, ConnectOptions, Row, sqlite::SqliteConnectOptions};

use crate::kit::{House, at, client, session};

const STATEMENTS: &str = include_str!("../../src/operators.rs");

#[tokio::test]
async fn with_a_client_go_only_the_ties_of_the_contacts_that_are_deleted() {
    let house = House::new().await;
    let client = client("acme");
    house.must(vec![Change::PutClient(client.clone())]).await;
    for number in 0..6 {
        let (contact, _) = house.granted(&format!("c{number}"), &format!("c{number}@smith.example")).await;
        house.must(vec![Change::PutContact(Contact { clients: vec![client.id], version: 2, ..contact })]).await;
    }
    let before = house.store.practice(&PracticeSelector::Id(house.practice)).await.unwrap().unwrap();
    let what = Aggregate::Practice(house.practice);
    let expect = vec![Expect { what, version: before.version, how: Reliance::Changed }];
    let version = before.version + 1;
    let doomed = Practice { suspended_at: Some(at(1)), delete_after: Some(at(5)), version, ..before };
    house.decide(Decision { expect, changes: vec![Change::PutPractice(doomed)], ..Decision::default() }).await;
    assert_eq!(house.store.begin_deletion(house.practice, at(9)).await, Ok(true));
    let mut raw = SqliteConnectOptions::new().filename(house.path()).connect().await.unwrap();
    for left in [4_i64, 2, 0] {
        assert_eq!(house.store.delete_some(house.practice, 2, at(9)).await, Ok(false));
        let ties: i64 =
            sqlx::query_scalar("SELECT count(*) FROM portal_contact_client").fetch_one(&mut raw).await.unwrap();
        assert_eq!(ties, left);
    }
    // A key that was being made when the deletion began keeps nothing of it back.
    let late = "INSERT INTO portal_api_key SELECT practice_id, randomblob(16), 'x', 'read', randomblob(32), 1, NULL
                FROM portal_practice";
    sqlx::query(late).execute(&mut raw).await.unwrap();
    while !house.store.delete_some(house.practice, 2, at(10)).await.unwrap() {}
    let receipt = house.store.deletions().await.unwrap().remove(0);
    assert_eq!((receipt.contacts, receipt.clients, receipt.finished_at), (6, 1, Some(at(10))));
}

/// One session that can't be read keeps no other from being ended and told of.
#[tokio::test]
async fn the_end_of_a_session_is_told_though_another_is_damaged() {
    let house = House::new().await;
    for (name, seed) in [("ada", 1), ("bob", 2)] {
        let (_, login) = house.granted(name, &format!("{name}@smith.example")).await;
        let session = session(&login, seed);
        house.must(vec![Change::OpenSession(session.clone()), Change::TellSession(session.id)]).await;
    }
    let mut raw = SqliteConnectOptions::new().filename(house.path()).connect().await.unwrap();
    let damage = "UPDATE portal_session SET factors = '?', idle_until = idle_until - 1 WHERE hash = ?1";
    let damage = sqlx::query(damage).bind([1; 32].as_slice()).execute(&mut raw).await.unwrap();
    assert_eq!(damage.rows_affected(), 1);
    let fixture = Fixture::on(Arc::new(house.store.clone()), "another").await;
    fixture.clock.set(at(40_000));
    let ended = fixture.portal.end_over_sessions().await.unwrap();
    assert_eq!((ended.ended, ended.failed.len()), (1, 1));
    assert_eq!(ended.failed[0].0, house.practice);
}

/// Whoever adds a table with things of a practice adds it to the deletion, or has it go with something that does.
#[tokio::test]
async fn every_table_of_a_practice_is_emptied_with_it() {
    let house = House::new().await;
    let mut raw = SqliteConnectOptions::new().filename(house.path()).connect().await.unwrap();
    let tables = sqlx::query(
        "SELECT m.name FROM sqlite_master AS m
         WHERE m.type = 'table' AND EXISTS (SELECT * FROM pragma_table_info(m.name) AS c WHERE c.name = 'practice_id')",
    );
    let tables = tables.fetch_all(&mut raw).await.unwrap();
    assert!(tables.len() > 25, "the schema was read");
    let mut left = Vec::new();
    for table in tables {
        let table: String = table.get(0);
        let follows = AssertSqlSafe(format!(
            "SELECT count(*) FROM pragma_foreign_key_list('{table}') WHERE on_delete = 'CASCADE'"
        ));
        let follows: i64 = sqlx::query_scalar(follows).fetch_one(&mut raw).await.unwrap();
        let named = STATEMENTS.contains(&format!("DELETE FROM {table} "));
        if !named && follows == 0 && table != "portal_deletion" {
            left.push(table);
        }
    }
    assert!(left.is_empty(), "not deleted with their practice: {left:?}");
}
