//! Every column that may hold something about a person has a purpose and a life, and when that is over it is in no file (J3).

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use portal_domain::{
    change::Change,
    contact::Contact,
    id::Ref,
    port::{Commit, PortalStore, StoreError},
    retention,
    usecase::{Error, PutContactInput},
};
use portal_testkit::fixture::Fixture;
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::kit::{House, client, contact};

impl House {
    async fn raw(&self) -> SqliteConnection {
        SqliteConnectOptions::new().filename(self.path()).connect().await.unwrap()
    }

    /// Which of the files of the store hold these words.
    fn files_with(&self, words: &str) -> Vec<&'static str> {
        let holds = |end: &&str| {
            let bytes = std::fs::read(self.folder.path().join(format!("portal.db{end}"))).unwrap();
            bytes.windows(words.len()).any(|window| window == words.as_bytes())
        };
        ["", "-wal"].into_iter().filter(holds).collect()
    }

    /// A contact that comes and goes.
    async fn visited_by(&self, name: &str) {
        let visitor = Contact { name: name.to_owned(), ..contact("visitor", &["visitor@smith.example"]) };
        self.must(vec![Change::PutContact(visitor.clone())]).await;
        self.must(vec![Change::DeleteContact(visitor.id)]).await;
    }
}

/// The log of writes is searched while the store's own connections are open: with the last of them it would be gone anyhow.
#[tokio::test]
async fn j3_what_was_removed_is_in_no_file_once_it_is_tidied() {
    let house = House::new().await;
    house.facts("visitor").await;
    house.visited_by("Quetzalcoatlus").await;
    assert_eq!(house.files_with("Quetzalcoatlus"), ["-wal"]);
    house.store.tidy().await.unwrap();
    assert_eq!(house.files_with("Quetzalcoatlus"), [""; 0]);
    // With nothing in the log there is nothing to do, and nobody is asked.
    house.store.tidy().await.unwrap();
}

/// Erased by the use case, which tidies.
#[tokio::test]
async fn j3_who_was_erased_is_in_no_file() {
    let house = House::new().await;
    let fixture = Fixture::on(Arc::new(house.store.clone()), "another").await;
    let ada = PutContactInput { name: Some("Quetzalcoatlus".to_owned()), ..PutContactInput::default() };
    let reference = Ref::parse("ada").unwrap();
    fixture.portal.put_contact(&fixture.call(), &reference, &ada).await.unwrap();
    fixture.portal.seal_waiting(fixture.practice.id).await.unwrap();
    assert_ne!(house.files_with("Quetzalcoatlus"), [""; 0]);
    fixture.portal.erase_contact(&fixture.call(), &reference).await.unwrap();
    assert_eq!(house.files_with("Quetzalcoatlus"), [""; 0]);
}

/// Somebody who reads for long keeps the log from being emptied, and nobody from writing.
#[tokio::test]
async fn nobody_waits_to_write_while_it_is_tidied_beside_a_long_read() {
    let house = House::new().await;
    house.visited_by("Quetzalcoatlus").await;
    let mut raw = house.raw().await;
    let mut reading = raw.begin().await.unwrap();
    sqlx::query("SELECT count(*) FROM portal_contact").fetch_one(&mut *reading).await.unwrap();
    house.must(vec![Change::PutClient(client("first"))]).await;
    let store = house.store.clone();
    let tidying = tokio::spawn(async move { store.tidy().await });
    let mut number = 0;
    while !tidying.is_finished() {
        assert_eq!(house.commit(vec![Change::PutClient(client(&format!("c{number}")))]).await, Commit::Committed);
        number += 1;
    }
    tidying.await.unwrap().unwrap();
    assert_eq!(house.files_with("Quetzalcoatlus").last(), Some(&"-wal"), "it is read, and tidied another time");
    drop(reading);
    house.store.tidy().await.unwrap();
    assert_eq!(house.files_with("Quetzalcoatlus"), [""; 0]);
}

/// What deletions left, of more contacts than are looked at together: one that can't be read keeps no other, and is told.
#[tokio::test]
async fn j3_a_damaged_row_keeps_no_other_contact_from_being_purged() {
    let house = House::new().await;
    let fixture = Fixture::on(Arc::new(house.store.clone()), "another").await;
    for number in 0..60 {
        let reference = Ref::parse(&format!("c{number}")).unwrap();
        let named = PutContactInput { name: Some("Quetzalcoatlus".to_owned()), ..PutContactInput::default() };
        fixture.portal.put_contact(&fixture.call(), &reference, &named).await.unwrap();
        fixture.portal.delete_contact(&fixture.call(), &reference).await.unwrap();
    }
    let mut raw = house.raw().await;
    let changes = [
        "UPDATE portal_gone_contact SET deleted_at = 0",
        "UPDATE portal_event_personal SET personal = '7' WHERE event_id =
             (SELECT event_id FROM portal_event WHERE kind = 'contact.deleted' AND contact_id =
                  (SELECT contact_id FROM portal_gone_contact ORDER BY contact_id LIMIT 1))",
    ];
    let mut rows = Vec::new();
    for change in changes {
        rows.push(sqlx::query(change).execute(&mut raw).await.unwrap().rows_affected());
    }
    assert_eq!(rows, [60, 1]);
    // It stops between pages: four looks at the other kinds and one page of fifty.
    let asked = AtomicU32::new(0);
    let purged = fixture.portal.purge(&|| asked.fetch_add(1, Ordering::Relaxed) >= 5).await.unwrap();
    assert_eq!((purged.removed, purged.failed.len()), (49, 1));
    assert_eq!(purged.failed[0].0.practice, fixture.practice.id);
    assert!(matches!(purged.failed[0].1, Error::Store(StoreError::Damaged(_))));
    let purged = fixture.portal.purge(&|| false).await.unwrap();
    assert_eq!((purged.removed, purged.failed.len()), (10, 1));
}

#[tokio::test]
async fn j3_every_column_of_text_or_bytes_is_in_the_table() {
    let house = House::new().await;
    let mut raw = house.raw().await;
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
