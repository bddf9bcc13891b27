//! How PostgreSQL finds the rows of a job, and who is signed in, by the plan that serves all values.

use serde_json::Value;
use sqlx::{AssertSqlSafe, Executor, Row};

use crate::{
    given::{PRACTICE, begin},
    kit::with_database,
};

/// A job of an import with many rows, of which few were refused.
fn rows() -> String {
    let practice = uuid::Uuid::from_bytes(PRACTICE.to_bytes());
    format!(
        "INSERT INTO portal.job VALUES ('{practice}', '{practice}', 'import', 'done', '', '', NULL, 20000, '', NULL, 1, 1, 1, 1);
         INSERT INTO portal.job_row
         SELECT '{practice}', '{practice}', n, n::text, '', CASE WHEN n % 1000 = 0 THEN 'refused' ELSE 'created' END,
             CASE WHEN n % 500 = 0 THEN 'join' END, '', false
         FROM generate_series(1, 20000) AS n;
         ANALYZE portal.job_row;
         SET plan_cache_mode = force_generic_plan"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_job_are_found_by_the_index_of_their_filter() {
    with_database(async |database| {
        begin(&database.store().await, Vec::new()).await;
        let mut raw = database.connection().await;
        raw.execute(sqlx::raw_sql(AssertSqlSafe(rows()))).await.unwrap();
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx");
        let mut seen = Vec::new();
        for file in std::fs::read_dir(folder).unwrap() {
            let described: Value =
                serde_json::from_str(&std::fs::read_to_string(file.unwrap().path()).unwrap()).unwrap();
            let query = described["query"].as_str().unwrap();
            let index = match query {
                query if !query.starts_with("SELECT place, ref AS reference, content") => continue,
                query if query.contains("outcome = $3") || query.contains("outcome IS NULL") => "job_row_outcome",
                query if query.contains("effect = $3") => "job_row_effect",
                _ => "job_row_pkey",
            };
            let name = format!("q{}", seen.len());
            let prepare = format!("PREPARE {name} AS {query}");
            raw.execute(sqlx::raw_sql(AssertSqlSafe(prepare))).await.unwrap();
            let values = vec!["NULL"; described["describe"]["parameters"]["Left"].as_array().unwrap().len()];
            let explain = AssertSqlSafe(format!("EXPLAIN EXECUTE {name} ({})", values.join(", ")));
            let plan = sqlx::query(explain).fetch_all(&mut raw).await.unwrap();
            let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
            assert!(plan.iter().any(|line| line.contains(index)), "{query}\n{}", plan.join("\n"));
            seen.push(index);
        }
        seen.sort_unstable();
        assert_eq!(seen, ["job_row_effect", "job_row_outcome", "job_row_outcome", "job_row_pkey"]);
    })
    .await;
}

/// Twenty thousand contacts that came once, and a hundred of them that are signed in; a session that ran out is not marked as ended.
fn visitors() -> String {
    let practice = uuid::Uuid::from_bytes(PRACTICE.to_bytes());
    let id = "lpad(to_hex(n), 32, '0')::uuid";
    format!(
        "INSERT INTO portal.login (practice_id, login_id, epoch, version)
             SELECT '{practice}', {id}, 1, 1 FROM generate_series(1, 20000) AS n;
         INSERT INTO portal.contact (practice_id, contact_id, ref, name, access, login_id, behind_since, created_at, version)
             SELECT '{practice}', {id}, n::text, '', 'granted', {id}, 1, 1, 1 FROM generate_series(1, 20000) AS n;
         INSERT INTO portal.session (practice_id, session_id, login_id, hash, epoch, created_at, last_seen_at, idle_until,
                 expires_at)
             SELECT '{practice}', {id}, {id}, sha256(n::text::bytea), 1, 1, 1, 2, CASE WHEN n % 200 = 0 THEN 9 ELSE 2 END
             FROM generate_series(1, 20000) AS n;
         ANALYZE portal.login; ANALYZE portal.contact; ANALYZE portal.session"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_signed_in_is_listed_by_an_index() {
    with_database(async |database| {
        begin(&database.store().await, Vec::new()).await;
        let mut raw = database.connection().await;
        raw.execute(sqlx::raw_sql(AssertSqlSafe(visitors()))).await.unwrap();
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx");
        let described = std::fs::read_dir(folder).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap());
        let query =
            |text: Vec<u8>| serde_json::from_slice::<Value>(&text).unwrap()["query"].as_str().unwrap().to_owned();
        let query = described.map(query).find(|query| query.contains("min(c.ref)")).expect("the query");
        raw.execute(sqlx::raw_sql(AssertSqlSafe(format!("PREPARE listed AS {query}")))).await.unwrap();
        let (practice, nil) = (uuid::Uuid::from_bytes(PRACTICE.to_bytes()), uuid::Uuid::nil());
        let explain = format!("EXPLAIN EXECUTE listed ('{practice}', '{nil}', 5, 50)");
        let plan: Vec<String> = sqlx::query_scalar(AssertSqlSafe(explain)).fetch_all(&mut raw).await.unwrap();
        assert!(plan.iter().any(|line| line.contains("session_open")), "{}", plan.join("\n"));
        assert!(!plan.iter().any(|line| line.contains("Seq Scan on session")), "{}", plan.join("\n"));
    })
    .await;
}
