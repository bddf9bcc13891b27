//! Opening and migrating.

use std::os::unix::fs::PermissionsExt;

use portal_domain::{
    time::Timestamp,
    webhook::{Held, Progress},
};
use portal_sqlite::{MigrateError, SqliteOptions, SqliteStore};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::kit::House;

#[tokio::test]
async fn a_new_file_is_its_owners_and_waits_for_its_schema() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("portal.db");
    let store = SqliteStore::open(&path, &SqliteOptions::default()).await.unwrap();
    for file in ["portal.db", "portal.db-setup"] {
        let mode = std::fs::metadata(folder.path().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    assert_eq!(store.pending_migrations().await.unwrap()[0].version, 1);
    store.migrate().await.unwrap();
    assert!(store.pending_migrations().await.unwrap().is_empty());
    store.migrate().await.unwrap();
    store.close().await;
    assert!(!folder.path().join("portal.db-wal").exists(), "a store that is closed leaves one file");
}

#[tokio::test]
async fn many_may_migrate_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let start = |_| {
        let path = folder.path().join("portal.db");
        tokio::spawn(async move {
            let store = SqliteStore::open(path, &SqliteOptions::default()).await.unwrap();
            store.migrate().await.unwrap();
            assert!(store.pending_migrations().await.unwrap().is_empty());
        })
    };
    for task in (0..20).map(start).collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn a_file_of_a_newer_program_is_refused() {
    let house = House::new().await;
    let mut raw = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(house.path())).await.unwrap();
    let newer = "INSERT INTO portal_migrations (version, description, success, checksum, execution_time)
                 VALUES (99, 'later', true, x'00', 0)";
    assert_eq!(portal_domain::port::PortalViews::schema_fits(&house.store).await, Ok(true));
    let newest: i64 =
        sqlx::query_scalar("SELECT max(version) FROM portal_migrations").fetch_one(&mut raw).await.unwrap();
    sqlx::query(newer).execute(&mut raw).await.unwrap();
    assert_eq!(portal_domain::port::PortalViews::schema_fits(&house.store).await, Ok(false));
    let refused = house.store.migrate().await.unwrap_err();
    assert!(matches!(refused, MigrateError::Newer { found: 99, known } if known == newest), "{refused:?}");
    assert!(house.store.pending_migrations().await.is_err());
}

#[tokio::test]
async fn since_when_events_have_failed_is_filled_in_for_endpoints_of_before() {
    let house = House::new().await;
    let mut raw = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(house.path())).await.unwrap();
    let held = |since: Option<i64>| Held {
        contact: None,
        from: 1,
        tries: 2,
        since: since.map(Timestamp::from_micros),
        due_at: Timestamp::from_micros(1),
    };
    let progress =
        |held: Vec<Held>| serde_json::to_string(&Progress { held, ..Progress::default() }).expect("it is JSON");
    let failing = progress(vec![held(None), held(Some(1_800_000_000_000_007)), held(Some(1_800_000_000_000_003))]);
    let damaged = ["{\"held\":[{", "{\"held\":[\"x\"]}", "{\"held\":\"abc\"}", "{\"held\":[{\"since\":\"a\"}]}"];
    let stored = [progress(Vec::new()), failing, progress(vec![held(None)])];
    for (number, progress) in (1_u8..).zip(stored.into_iter().chain(damaged.map(str::to_owned))) {
        let insert =
            "INSERT INTO portal_webhook (practice_id, webhook_id, ref, enabled, terms, progress, cursor_at, may_go_on,
                          served_at, version) VALUES (?1, ?2, ?3, 1, '', ?4, 0, 1, 0, 1)";
        let insert = sqlx::query(insert).bind(house.practice.to_bytes().to_vec()).bind(vec![number; 16]);
        insert.bind(number.to_string()).bind(progress).execute(&mut raw).await.unwrap();
    }
    let step = include_str!("../../migrations/0013_turns_of_jobs.sql");
    let fills = step.split(';').find(|part| part.contains("UPDATE ")).expect("it fills in");
    sqlx::raw_sql(fills).execute(&mut raw).await.unwrap();
    let filled = sqlx::query_scalar("SELECT failing_since FROM portal_webhook ORDER BY ref");
    let filled: Vec<Option<i64>> = filled.fetch_all(&mut raw).await.unwrap();
    assert_eq!(filled, [None, Some(1_800_000_000_000_003), None, None, None, None, None]);
}
