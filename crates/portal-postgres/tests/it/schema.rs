//! Migrations, one program and many.

use std::time::Duration;

use portal_domain::{
    time::Timestamp,
    webhook::{Held, Progress},
};
use portal_postgres::SchemaError;
use sqlx::Connection;
use uuid::Uuid;

use crate::{
    given::{PRACTICE, begin},
    kit::{with_database, with_empty_database},
};

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_start_together_migrate_once() {
    with_empty_database(async |database| {
        let first = database.store().await;
        let steps = first.pending().await.unwrap();
        assert_eq!((steps[0].version, steps[0].name.as_str()), (1, "spine"));
        let mut programs = Vec::new();
        for _ in 0..6 {
            let store = database.store().await;
            programs.push(tokio::spawn(async move { store.migrate().await }));
        }
        for program in programs {
            program.await.unwrap().unwrap();
        }
        assert_eq!(first.pending().await.unwrap(), []);
        assert_eq!(first.migrate().await.unwrap(), []);
        let mut connection = database.connection().await;
        let schemas = "SELECT DISTINCT n.nspname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                       WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'";
        let schemas: Vec<String> = sqlx::query_scalar(schemas).fetch_all(&mut connection).await.unwrap();
        assert_eq!(schemas, ["portal"]);
    })
    .await;
}

/// The migrator keeps its lock where a step fails: were its connection pooled, the next program would wait for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_step_leaves_no_lock_and_nothing_of_itself() {
    with_empty_database(async |database| {
        let mut connection = database.connection().await;
        let stray = "CREATE SCHEMA portal; CREATE TABLE portal.enquiry (x int)";
        sqlx::raw_sql(stray).execute(&mut connection).await.unwrap();
        let (one, two) = (database.store().await, database.store().await);
        assert!(matches!(one.migrate().await, Err(SchemaError::Failed { version: 1, .. })));
        let again = tokio::time::timeout(Duration::from_secs(5), two.migrate()).await;
        assert!(matches!(again, Ok(Err(SchemaError::Failed { version: 1, .. }))));
        sqlx::raw_sql("DROP TABLE portal.enquiry").execute(&mut connection).await.unwrap();
        let missing = two.pending().await.unwrap();
        assert_eq!(two.migrate().await.unwrap(), missing, "every step, from the first");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_or_altered_schema_is_refused() {
    with_database(async |database| {
        let store = database.store().await;
        let mut connection = database.connection().await;
        let newer = "INSERT INTO portal.migrations (version, description, success, checksum, execution_time)
                     VALUES (9000, 'tomorrow', true, '', 0)";
        assert_eq!(portal_domain::port::PortalViews::schema_fits(&store).await, Ok(true));
        sqlx::query(newer).execute(&mut connection).await.unwrap();
        assert_eq!(portal_domain::port::PortalViews::schema_fits(&store).await, Ok(false));
        for refused in [store.pending().await, store.migrate().await] {
            let error = refused.unwrap_err();
            assert!(matches!(error, SchemaError::Newer { found: 9000, .. }), "{error}");
            assert!(error.to_string().contains("start a newer program"));
        }
        let altered = "DELETE FROM portal.migrations WHERE version = 9000;
                       UPDATE portal.migrations SET checksum = '\\x00' WHERE version = 1";
        sqlx::raw_sql(altered).execute(&mut connection).await.unwrap();
        assert!(matches!(store.migrate().await, Err(SchemaError::Altered(1))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn since_when_events_have_failed_is_filled_in_for_endpoints_of_before() {
    with_database(async |database| {
        begin(&database.store().await, Vec::new()).await;
        let mut raw = database.connection().await;
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
        for (number, progress) in
            (1_u8..).zip([progress(Vec::new()), failing, progress(vec![held(None)]), "{\"held\":[{".to_owned()])
        {
            let insert = "INSERT INTO portal.webhook (practice_id, webhook_id, ref, enabled, terms, progress, cursor_at, may_go_on,
                              served_at, version) VALUES ($1, $2, $3, true, '', $4, 0, true, 0, 1)";
            let insert = sqlx::query(insert).bind(Uuid::from_bytes(PRACTICE.to_bytes())).bind(Uuid::from_bytes([number; 16]));
            insert.bind(number.to_string()).bind(progress).execute(&mut raw).await.unwrap();
        }
        let step = include_str!("../../migrations/0013_turns_of_jobs.sql");
        let fills = step.split(';').find(|part| part.contains("UPDATE ")).expect("it fills in");
        sqlx::raw_sql(fills).execute(&mut raw).await.unwrap();
        let filled = sqlx::query_scalar("SELECT failing_since FROM portal.webhook ORDER BY ref");
        let filled: Vec<Option<i64>> = filled.fetch_all(&mut raw).await.unwrap();
        assert_eq!(filled, [None, Some(1_800_000_000_000_003), None, None]);
    })
    .await;
}

/// What step 12 does takes long where the journal is long: meanwhile everybody reads, and logins are nobody's to wait for.
#[tokio::test(flavor = "multi_thread")]
async fn step_12_keeps_nobody_from_reading() {
    with_database(async |database| {
        let mut connection = database.connection().await;
        let anew = "DROP INDEX portal.event_behind, portal.job_row_ref, portal.job_row_naming";
        sqlx::raw_sql(anew).execute(&mut connection).await.unwrap();
        let mut step = connection.begin().await.unwrap();
        let sql = include_str!("../../../../migrations/postgres/0012_who_was_behind.sql");
        sqlx::raw_sql(sql).execute(&mut *step).await.unwrap();
        let held = "SELECT DISTINCT c.relname::text FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
                    WHERE l.pid = pg_backend_pid() AND c.relkind = 'r' AND l.mode = $1 ORDER BY 1";
        let held = async |step: &mut sqlx::PgConnection, mode: &str| -> Vec<String> {
            sqlx::query_scalar(held).bind(mode).fetch_all(step).await.unwrap()
        };
        assert_eq!(held(&mut step, "ShareLock").await, ["event", "job_row"]);
        assert_eq!(held(&mut step, "AccessExclusiveLock").await, Vec::<String>::new());
    })
    .await;
}
