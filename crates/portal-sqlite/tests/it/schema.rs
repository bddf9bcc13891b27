//! Opening and migrating.

use std::os::unix::fs::PermissionsExt;

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
    sqlx::query(newer).execute(&mut raw).await.unwrap();
    assert_eq!(portal_domain::port::PortalViews::schema_fits(&house.store).await, Ok(false));
    let refused = house.store.migrate().await.unwrap_err();
    assert!(matches!(refused, MigrateError::Newer { found: 99, known: 2 }), "{refused:?}");
    assert!(house.store.pending_migrations().await.is_err());
}
