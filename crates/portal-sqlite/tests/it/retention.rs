//! Every column that may hold something about a person has a purpose and a life (J3).

use portal_domain::retention;
use sqlx::{ConnectOptions, Row, sqlite::SqliteConnectOptions};

use crate::kit::House;

#[tokio::test]
async fn j3_every_column_of_text_or_bytes_is_in_the_table() {
    let house = House::new().await;
    let mut raw = SqliteConnectOptions::new().filename(house.path()).connect().await.unwrap();
    let columns = sqlx::query(
        "SELECT substr(m.name, 8) || '.' || c.name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c
         WHERE m.type = 'table' AND m.name LIKE 'portal\\_%' ESCAPE '\\' AND m.name <> 'portal_migrations'
             AND c.type NOT IN ('INTEGER', 'REAL') AND NOT (c.type = 'BLOB' AND c.name LIKE '%\\_id' ESCAPE '\\')",
    );
    let columns: Vec<String> = columns.fetch_all(&mut raw).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert!(columns.len() > 70, "the schema was read: {columns:?}");
    assert_eq!(retention::faults(columns.iter().map(String::as_str)), Vec::<String>::new());
    let places = retention::KEPT.iter().flat_map(|kept| kept.places).chain(&retention::NOT_PERSONAL);
    let lost: Vec<_> = places.filter(|place| !columns.iter().any(|column| column == *place)).collect();
    assert!(lost.is_empty(), "not in the schema: {lost:?}");
}
