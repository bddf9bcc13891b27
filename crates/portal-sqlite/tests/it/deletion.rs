//! What is deleted with a practice is everything.

use sqlx::{AssertSqlSafe, ConnectOptions, Row, sqlite::SqliteConnectOptions};

use crate::kit::House;

const STATEMENTS: &str = include_str!("../../src/operators.rs");

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
