//! An export takes its time, whatever deadlines the server gives to others.

use portal_domain::{
    change::Change,
    export::{Part, PartPage},
    port::{Exports, PortalStore},
};
use sqlx::{Executor, Row};

use crate::{
    given::{PRACTICE, at, changes, practice},
    kit::with_database,
};

/// Deadlines of the database hold for whoever connects after this.
const DEADLINES: &str = "DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET statement_timeout = 500', current_database());
    EXECUTE format('ALTER DATABASE %I SET idle_in_transaction_session_timeout = 500', current_database());
END $$";
const LONGER: &str = "SELECT pg_sleep(1)";

#[tokio::test(flavor = "multi_thread")]
async fn deadlines_of_the_server_do_not_meet_an_export() {
    with_database(async |database| {
        let store = database.store().await;
        store.commit(PRACTICE, &[changes([Change::PutPractice(practice())])], None).await.unwrap();
        let mut raw = database.connection().await;
        raw.execute(DEADLINES).await.unwrap();
        // A statement of the export waits for longer than others may.
        raw.execute("BEGIN; LOCK TABLE portal.practice IN ACCESS EXCLUSIVE MODE").await.unwrap();
        let exporting = tokio::spawn({
            let store = store.clone();
            async move { store.open_export(PRACTICE).await }
        });
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'portal.practice'::regclass";
        while !exporting.is_finished() && raw.fetch_one(waiting).await.unwrap().get::<i64, _>(0) == 0 {}
        raw.execute(LONGER).await.unwrap();
        raw.execute("COMMIT").await.unwrap();
        let mut view = exporting.await.unwrap().expect("it waited").expect("the practice is there");
        // And whoever reads the export takes longer between two pages.
        raw.execute(LONGER).await.unwrap();
        let page = PartPage { after: None, limit: 10, now: at(9) };
        assert_eq!(view.page(Part::Users, &page).await, Ok(Vec::new()));
    })
    .await;
}
