//! The whole suite of the test kit, on PostgreSQL; the second instance has a pool of its own, as another process has.

use portal_testkit::conformance::Harness;

use crate::kit::Database;

async fn fresh() -> Harness {
    let database = Database::create(true).await;
    let (store, second) = (database.store().await, database.store().await);
    Harness::new(store).with_second(second).with_guard(DropLater(database))
}

/// Drops its database at the end, on a thread of its own, since that waits for the server.
struct DropLater(Database);

impl Drop for DropLater {
    fn drop(&mut self) {
        let database = self.0.clone();
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(database.drop_it());
        });
        assert!(dropped.join().is_ok() || std::thread::panicking(), "the database can be dropped");
    }
}

mod store {
    use super::fresh;
    portal_testkit::portal_store_conformance!(fresh);
}

mod views {
    use super::fresh;
    portal_testkit::portal_views_conformance!(fresh);
}

mod outbox {
    use super::fresh;
    portal_testkit::outbox_conformance!(fresh);
}

mod enquiries {
    use super::fresh;
    portal_testkit::enquiries_conformance!(fresh);
}

mod operators {
    use super::fresh;
    portal_testkit::operators_conformance!(fresh);
}

mod jobs {
    use super::fresh;
    portal_testkit::jobs_conformance!(fresh);
}

mod journal {
    use super::fresh;
    portal_testkit::journal_conformance!(fresh);
}

mod webhooks {
    use super::fresh;
    portal_testkit::webhooks_conformance!(fresh);
}

mod backlogs {
    use super::fresh;
    portal_testkit::backlogs_conformance!(fresh);
}

mod machine {
    use super::fresh;
    portal_testkit::state_machine_conformance!(fresh, 16, 30);
}

mod exports {
    use super::fresh;
    portal_testkit::exports_conformance!(fresh);
}

mod viewings {
    use super::fresh;
    portal_testkit::viewings_conformance!(fresh);
}

mod evidence {
    use super::fresh;
    portal_testkit::evidence_conformance!(fresh);
}

mod returns {
    use super::fresh;
    portal_testkit::returns_conformance!(fresh);
}
