//! Every column that may hold something about a person has a purpose and a life (J3).

use portal_domain::retention;

use crate::kit::with_database;

#[tokio::test(flavor = "multi_thread")]
async fn j3_every_column_of_text_or_bytes_is_in_the_table() {
    with_database(async |database| {
        let mut connection = database.connection().await;
        let columns = "SELECT table_name || '.' || column_name FROM information_schema.columns
                       WHERE table_schema = 'portal' AND table_name <> 'migrations'
                           AND data_type NOT IN ('uuid', 'bigint', 'integer', 'smallint', 'boolean')";
        let columns: Vec<String> = sqlx::query_scalar(columns).fetch_all(&mut connection).await.unwrap();
        assert!(columns.len() > 70, "the schema was read: {columns:?}");
        assert_eq!(retention::faults(columns.iter().map(String::as_str)), Vec::<String>::new());
        let places = retention::KEPT.iter().flat_map(|kept| kept.places);
        let lost: Vec<_> = places.filter(|place| !columns.iter().any(|column| column == *place)).collect();
        assert!(lost.is_empty(), "not in the schema: {lost:?}");
    })
    .await;
}
