//! Commits that meet: from two stores, in many tasks, cut off by their callers, or held up by others.

use std::time::Duration;

use portal_domain::{
    change::{Aggregate, Change, Decision, Expect, KeyOwner, Reliance, Which},
    port::{Commit, PortalStore, StoreError},
    practice::Role,
};
use portal_postgres::{Limits, PostgresStore};
use sqlx::{Connection, PgConnection};

use crate::{
    given::{self, PRACTICE, at, begin, changes, committed, expect, id},
    kit::with_database,
};

/// Commits all of them at once, in turns from each store; says how many were committed.
async fn race(stores: &[PostgresStore], decisions: Vec<Decision>) -> usize {
    let mut tasks = Vec::new();
    for (decision, store) in decisions.into_iter().zip(stores.iter().cycle()) {
        let store = store.clone();
        tasks.push(tokio::spawn(async move { store.commit(PRACTICE, &[decision], None).await }));
    }
    let mut won = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(Commit::Committed) => won += 1,
            Ok(Commit::Conflict) => {}
            Err(error) => panic!("{error}"),
        }
    }
    won
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_use_a_link_one_does() {
    with_database(async |database| {
        let stores = [database.store().await, database.store().await];
        let (contact, login, made) = given::activated(1, None);
        let link = given::link(2, &login, &contact);
        begin(&stores[0], made).await;
        committed(&stores[0], changes([Change::OpenLink(link.clone())])).await;
        let uses = (0..50).map(|_| changes([Change::UseLink { link: link.id, at: at(20) }]));
        assert_eq!(race(&stores, uses.collect()).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_claim_a_key_one_does() {
    with_database(async |database| {
        let stores = [database.store().await, database.store().await];
        begin(&stores[0], []).await;
        let key = given::key("ada@mail.example");
        let claims = (1..=30).map(|number| {
            let mut user = given::user(number, Role::Staff);
            user.email = given::address("Ada@mail.example");
            let claim = Change::ClaimKey { key: key.clone(), owner: KeyOwner::User(user.id) };
            changes([Change::PutUser(user), claim])
        });
        assert_eq!(race(&stores, claims.collect()).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_change_the_same_version_one_does() {
    with_database(async |database| {
        let stores = [database.store().await, database.store().await];
        begin(&stores[0], [Change::PutContact(given::contact(1))]).await;
        let moves = (0..30).map(|number| {
            let mut contact = given::contact(1);
            (contact.name, contact.version) = (format!("Name {number}"), 2);
            let seen = expect(Aggregate::Contact(contact.id), 1, Reliance::Changed);
            Decision { expect: vec![seen], ..changes([Change::PutContact(contact)]) }
        });
        assert_eq!(race(&stores, moves.collect()).await, 1);
    })
    .await;
}

/// Each deletes itself while the other is there: with two statements for locks this would be a deadlock.
#[tokio::test(flavor = "multi_thread")]
async fn two_that_look_at_each_other_do_not_wait_for_each_other() {
    with_database(async |database| {
        let stores = [database.store().await, database.store().await];
        let mut all = Vec::new();
        let mut decisions = Vec::new();
        for round in 0..20 {
            let pair = [1, 2].map(|number| given::user(round * 2 + number, Role::Admin));
            for user in &pair {
                let claim = Change::ClaimKey { key: user.email.key().clone(), owner: KeyOwner::User(user.id) };
                all.extend([Change::PutUser(user.clone()), claim]);
            }
            for (goes, stays) in [(0, 1), (1, 0)] {
                let seen = vec![
                    expect(Aggregate::User(pair[goes].id), 1, Reliance::Changed),
                    expect(Aggregate::User(pair[stays].id), 1, Reliance::LookedAt),
                ];
                let leave = [Change::DeleteUser(pair[goes].id), Change::ReleaseKey(pair[goes].email.key().clone())];
                decisions.push(Decision { expect: seen, ..changes(leave) });
            }
        }
        begin(&stores[0], all).await;
        assert_eq!(race(&stores, decisions).await, 20);
        // A server process tells its figures at its end at the latest.
        for store in &stores {
            store.close().await;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
        let deadlocks: i64 = sqlx::query_scalar(deadlocks).fetch_one(&mut database.connection().await).await.unwrap();
        assert_eq!(deadlocks, 0);
    })
    .await;
}

/// Measured once without the lock: a session outlived the deactivation that was acknowledged before it.
#[tokio::test(flavor = "multi_thread")]
async fn no_session_is_opened_past_the_end_of_all() {
    with_database(async |database| {
        let stores = [database.store().await, database.store().await];
        let (_, mut login, made) = given::activated(1, None);
        begin(&stores[0], made).await;
        for round in 0..20 {
            let before = login.version;
            let seen = |how| Expect { what: Aggregate::Login(login.id), version: before, how };
            let mut decisions: Vec<Decision> = (0..8)
                .map(|number| {
                    let session = given::session(round * 100 + number, &login);
                    let open = changes([Change::OpenSession(session)]);
                    Decision { expect: vec![seen(Reliance::LookedAt)], ..open }
                })
                .collect();
            login.version += 1;
            let end = Change::EndSessions { login: login.id, which: Which::All, at: at(30) };
            let end = changes([Change::PutLogin(login.clone()), end]);
            decisions.insert(4, Decision { expect: vec![seen(Reliance::Changed)], ..end });
            assert!(race(&stores, decisions).await >= 1);
            let found = stores[0].login(PRACTICE, login.key.as_ref().unwrap(), at(100)).await.unwrap().unwrap();
            assert_eq!((found.login.version, found.sessions), (login.version, Vec::new()));
        }
    })
    .await;
}

async fn idle_in_transaction(connection: &mut PgConnection) -> i64 {
    let query = "SELECT count(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    sqlx::query_scalar(query).fetch_one(connection).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_callers_that_go_away_leaves_nothing_open_and_nothing_half_done() {
    with_database(async |database| {
        let limits = Limits { connections: 8, acquire: Duration::from_secs(20), ..Limits::default() };
        let store = database.store_with(limits).await;
        begin(&store, []).await;
        let mut begun = Vec::new();
        for number in 1..=300_u64 {
            let one = store.clone();
            let (_, login, made) = given::activated(number, None);
            let call = tokio::spawn(async move {
                drop(one.login(PRACTICE, login.key.as_ref().unwrap(), at(1)).await);
                one.commit(PRACTICE, &[changes(made)], None).await
            });
            tokio::time::sleep(Duration::from_micros(number * 37 % 4000)).await;
            call.abort();
            begun.push(given::name(&format!("c-{number}")));
        }
        let mut watcher = database.connection().await;
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            if idle_in_transaction(&mut watcher).await == 0 {
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(idle_in_transaction(&mut watcher).await, 0);
        // Whole or not at all: a contact, its login and its key.
        let counts = "SELECT (SELECT count(*) FROM portal.contact), (SELECT count(*) FROM portal.login),
                          (SELECT count(*) FROM portal.login_key), (SELECT count(*) FROM portal.contact_email)";
        let (contacts, logins, keys, emails): (i64, i64, i64, i64) =
            sqlx::query_as(counts).fetch_one(&mut watcher).await.unwrap();
        assert_eq!((contacts, contacts, contacts * 2), (logins, keys, emails));
        assert!(contacts > 0, "some of the calls got as far as their commit");
        // Nothing in the pool is spoilt.
        let again = (0..8).map(|number| changes([Change::PutClient(given::client(number))]));
        assert_eq!(race(&[store], again.collect()).await, 8);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_held_too_long_is_unavailable() {
    with_database(async |database| {
        let limits = Limits { statement: Duration::from_millis(200), ..Limits::default() };
        let store = database.store_with(limits).await;
        begin(&store, [Change::PutContact(given::contact(1))]).await;
        let mut other = database.connection().await;
        let mut held = other.begin().await.unwrap();
        sqlx::query("SELECT FROM portal.contact FOR UPDATE").execute(&mut *held).await.unwrap();
        let seen = expect(Aggregate::Contact(id(1)), 1, Reliance::LookedAt);
        let decision = Decision { expect: vec![seen], ..changes([Change::PutClient(given::client(1))]) };
        let answer = store.commit(PRACTICE, std::slice::from_ref(&decision), None).await;
        assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
        held.rollback().await.unwrap();
        assert_eq!(store.commit(PRACTICE, &[decision], None).await, Ok(Commit::Committed));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_is_exhausted_is_unavailable_before_long() {
    with_database(async |database| {
        let store = database.store_with(Limits { connections: 1, ..Limits::default() }).await;
        begin(&store, [Change::PutContact(given::contact(1))]).await;
        let mut other = database.connection().await;
        let mut held = other.begin().await.unwrap();
        sqlx::query("SELECT FROM portal.contact FOR UPDATE").execute(&mut *held).await.unwrap();
        let seen = expect(Aggregate::Contact(id(1)), 1, Reliance::LookedAt);
        let decision = Decision { expect: vec![seen], ..changes([Change::PutClient(given::client(1))]) };
        let waiting = store.clone();
        let first = tokio::spawn(async move { waiting.commit(PRACTICE, &[decision], None).await });
        tokio::time::sleep(Duration::from_millis(100)).await;
        let key = given::key("a@b.example");
        let answer = tokio::time::timeout(Duration::from_secs(3), store.login(PRACTICE, &key, at(1))).await;
        assert!(matches!(answer, Ok(Err(StoreError::Unavailable(_)))));
        held.rollback().await.unwrap();
        assert_eq!(first.await.unwrap(), Ok(Commit::Committed));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_were_cut_are_replaced() {
    with_database(async |database| {
        let store = database.store().await;
        begin(&store, []).await;
        let mut other = database.connection().await;
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        sqlx::query(cut).execute(&mut other).await.unwrap();
        committed(&store, changes([Change::PutClient(given::client(1))])).await;
    })
    .await;
}
