//! A look that leaves nothing behind.

use std::time::Duration;

use portal_postgres::{PostgresStore, SchemaError};

use crate::kit::{with_database, with_empty_database};

const PATIENCE: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_database_stays_empty() {
    with_empty_database(async |database| {
        let look = PostgresStore::look(&database.url(), PATIENCE).await.unwrap();
        let missing = database.store().await.pending().await.unwrap();
        assert!(!missing.is_empty() && look.pending == missing, "all steps are missing");
        assert_eq!((look.practices, look.newest_event, look.replica, look.scattered), (None, None, false, false));
        assert!(look.version >= 130_000 && look.clock.is_some(), "{:?} {:?}", look.version, look.clock);
        let mut connection = database.connection().await;
        let schemas: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_namespace WHERE nspname = 'portal'")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(schemas, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_today_and_one_of_tomorrow() {
    with_database(async |database| {
        let look = PostgresStore::look(&database.url(), PATIENCE).await.unwrap();
        assert_eq!((look.pending.len(), look.practices, look.newest_event), (0, Some(0), None));
        let mut connection = database.connection().await;
        let newer = "INSERT INTO portal.migrations (version, description, success, checksum, execution_time)
                     VALUES (999999, 'later', true, '', 0)";
        sqlx::query(newer).execute(&mut connection).await.unwrap();
        let refused = PostgresStore::look(&database.url(), PATIENCE).await;
        assert!(matches!(refused, Err(SchemaError::Newer { found: 999_999, .. })), "{refused:?}");
    })
    .await;
}
