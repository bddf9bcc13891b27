//! How SQLite finds the rows: no statement walks through a table, or through a whole practice, to meet a few rows.

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::kit::House;

/// Statements that read a practice's few staff, keys or endpoints or the few operators, that list what is due or over, that count
/// what waits up to a bound (see `what_waits_is_counted_by_indexes`), that meet a new practice's nothing, or that take away all of
/// one, a few rows at a time, or count it for an export; or that walk over what was found by a key already. And those that look for what names a contact that is to be erased, in what is kept for some days, seconds or until the next sealing.
const WHOLE: [&str; 41] = [
    "SELECT p.practice_id FROM portal_practice AS p\n         WHERE p.practice_id > ?1",
    "UNION\n             SELECT login_id, epoch FROM portal_session",
    "UPDATE portal_handoff SET ended_at = ?2",
    "AND contact_id IS NOT NULL AND instr(outcome",
    "UPDATE portal_job SET version = version + 1 WHERE practice_id = ?1 AND state IN",
    "UPDATE portal_job SET version = version + 1, forget_at = ?2 WHERE practice_id = ?1 AND state = 'staging'",
    "DELETE FROM portal_enquiry WHERE practice_id = ?1 AND",
    "DELETE FROM portal_handoff WHERE practice_id = ?1 AND contact_id",
    "DELETE FROM portal_sign_in_code\n         WHERE practice_id = ?1 AND contact_id",
    "WHERE v.practice_id = ?1 AND v.number IS NULL",
    "WHERE v.at < ?2 LIMIT ?3",
    "SELECT (SELECT count(*) FROM portal_contact WHERE practice_id = ?1)",
    "DELETE FROM portal_api_key WHERE practice_id = ?1",
    "DELETE FROM portal_login WHERE practice_id = ?1 AND login_id IN\n             (SELECT",
    "DELETE FROM portal_job_turn WHERE practice_id = ?1",
    "DELETE FROM portal_outbox_turn WHERE practice_id = ?1",
    "UPDATE portal_deletion SET",
    "WHERE practice_id = ?1 LIMIT ?2)",
    "DELETE FROM portal_login_key WHERE practice_id = ?1",
    "DELETE FROM portal_practice WHERE",
    "DELETE FROM portal_practice_slug WHERE",
    "DELETE FROM portal_practice_user WHERE practice_id = ?1",
    "DELETE FROM portal_job WHERE practice_id = ?1",
    "DELETE FROM portal_webhook WHERE practice_id = ?1",
    "INSERT INTO portal_deletion (",
    "FROM portal_deletion ORDER BY",
    "FROM portal_operator_key\n         ORDER BY",
    "INSERT INTO portal_practice (",
    "role = 'admin'",
    "FROM portal_viewer WHERE practice_id = ?1",
    "SELECT 1 FROM portal_practice_slug LIMIT 1",
    "FROM portal_import_columns WHERE practice_id = ?1\n                  ORDER BY",
    "FROM portal_api_key\n         WHERE practice_id = ?1 ORDER BY",
    "FROM portal_webhook WHERE practice_id = ?1 ORDER BY ref",
    "FROM portal_webhook AS w\n           JOIN portal_practice",
    "GROUP BY kind",
    "AS backlog",
    "AND number IS NULL",
    "min(created_at)",
    "told = 1 AND ended_at IS NULL AND (idle_until",
    "FROM portal_practice_slug AS s JOIN portal_practice AS p ON p.practice_id = s.practice_id\n         WHERE s.slug > ",
];

#[tokio::test]
async fn every_statement_finds_its_rows_by_a_key() {
    let house = House::new().await;
    let mut raw = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(house.path())).await.unwrap();
    let mut bad = Vec::new();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx");
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let described: Value = serde_json::from_str(&text).unwrap();
        let query = described["query"].as_str().unwrap();
        let mut steps: Vec<String> = Vec::new();
        for statement in query.split(';') {
            let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
            let plan = sqlx::query(explain).fetch_all(&mut raw).await.unwrap();
            steps.extend(plan.iter().map(|row| row.get::<String, _>("detail")));
        }
        let walks = steps.iter().any(|step| walks(step));
        if walks && !WHOLE.iter().any(|part| query.contains(part)) {
            bad.push(format!("{query}\n    {}", steps.join("\n    ")));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n\n"));
}

fn walks(step: &str) -> bool {
    // Lists that the statement brings along: `e` as JSON, `hop` by hopping through an index, `two` of at most two, `found` by keys
    // within it; and no table at all.
    let lists = ["SCAN e", "SCAN hop", "SCAN two", "SCAN found", "SCAN CONSTANT ROW"];
    let of_ours = !step.contains("VIRTUAL TABLE") && !lists.contains(&step);
    let practices = [
        "SEARCH portal_practice_slug USING COVERING INDEX portal_practice_slug_practice",
        "SEARCH p ",
        "SEARCH s USING COVERING INDEX portal_practice_slug_practice",
        "SEARCH g USING COVERING INDEX portal_practice_slug_practice",
        "SEARCH portal_practice USING PRIMARY KEY",
        "SEARCH portal_journal_head USING PRIMARY KEY",
        "SEARCH t USING PRIMARY KEY",
    ];
    let one_practice = practices.iter().any(|start| step.starts_with(start));
    (step.starts_with("SCAN") && of_ours) || (step.ends_with("(practice_id=?)") && !one_practice)
}

/// What waits is met by an index that holds nothing else, but for endpoints and jobs: there are few.
#[tokio::test]
async fn what_waits_is_counted_by_indexes() {
    let house = House::new().await;
    let mut raw = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(house.path())).await.unwrap();
    for (query, index) in [
        (
            "SELECT lane, state, due_at FROM portal_message WHERE lane IN (0, 1) AND due_at IS NOT NULL AND practice_id NOT IN
                 (SELECT practice_id FROM portal_practice WHERE suspended_at IS NOT NULL) ORDER BY lane, due_at LIMIT 9",
            "portal_message_due",
        ),
        ("SELECT at FROM portal_enquiry ORDER BY due_at LIMIT 9", "portal_enquiry_due"),
        ("SELECT at FROM portal_event WHERE number IS NULL ORDER BY practice_id, ordinal LIMIT 9", "portal_event_unsealed"),
    ] {
        let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}"))).fetch_all(&mut raw).await.unwrap();
        let steps: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
        assert!(steps.iter().any(|step| step.contains(index)), "{query}: {steps:?}");
        assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{query}: {steps:?}");
    }
}

/// However many have ended or run out, and however many contacts there are that never came.
#[tokio::test]
async fn who_is_signed_in_is_listed_by_indexes() {
    let house = House::new().await;
    let mut raw = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(house.path())).await.unwrap();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx");
    let described =
        std::fs::read_dir(folder).unwrap().map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let queries =
        described.map(|text| serde_json::from_str::<Value>(&text).unwrap()["query"].as_str().unwrap().to_owned());
    let query = queries.into_iter().find(|query| query.contains("min(c.ref)")).expect("the query");
    let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}"))).fetch_all(&mut raw).await.unwrap();
    let steps: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
    for index in
        ["portal_session_open (practice_id=? AND expires_at>?)", "portal_session_told (practice_id=? AND login_id>?)"]
    {
        assert!(steps.iter().any(|step| step.contains(index)), "{steps:?}");
    }
}
