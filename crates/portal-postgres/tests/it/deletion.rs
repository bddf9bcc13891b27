//! The end of a practice, a few rows at a time.

use portal_domain::{
    change::Change,
    port::{Operators, PortalStore},
    practice::Practice,
};
use sqlx::{Executor, Row};

use crate::{
    given::{PRACTICE, activated, at, changes, client, practice},
    kit::with_database,
};

#[tokio::test(flavor = "multi_thread")]
async fn with_a_client_go_only_the_ties_of_the_contacts_that_are_deleted() {
    with_database(async |database| {
        let store = database.store().await;
        let doomed = Practice { suspended_at: Some(at(1)), delete_after: Some(at(5)), ..practice() };
        let client = client(2);
        let mut all = vec![Change::PutPractice(doomed), Change::PutClient(client.clone())];
        for number in 10..16 {
            all.extend(activated(number, Some(&client)).2);
        }
        store.commit(PRACTICE, &[changes(all)], None).await.unwrap();
        assert_eq!(store.begin_deletion(PRACTICE, at(9)).await, Ok(true));
        let mut raw = database.connection().await;
        for left in [4_i64, 2, 0] {
            assert_eq!(store.delete_some(PRACTICE, 2, at(9)).await, Ok(false));
            let ties = raw.fetch_one("SELECT count(*) FROM portal.contact_client").await.unwrap();
            assert_eq!(ties.get::<i64, _>(0), left);
        }
        // A key that was being made when the deletion began keeps nothing of it back.
        raw.execute("INSERT INTO portal.api_key SELECT practice_id, gen_random_uuid(), 'x', 'read', sha256('x'), 1 FROM portal.practice")
            .await
            .unwrap();
        while !store.delete_some(PRACTICE, 2, at(10)).await.unwrap() {}
        let receipt = store.deletions().await.unwrap().remove(0);
        assert_eq!((receipt.contacts, receipt.clients, receipt.finished_at), (6, 1, Some(at(10))));
    })
    .await;
}
