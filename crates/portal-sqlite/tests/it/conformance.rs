//! The whole suite of the test kit, on files; the second instance has a writer of its own, as another process has.

use portal_sqlite::{SqliteOptions, SqliteStore};
use portal_testkit::conformance::Harness;

async fn fresh() -> Harness {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("portal.db");
    let store = SqliteStore::open(&path, &SqliteOptions::default()).await.expect("opened");
    store.migrate().await.expect("migrated");
    let second = SqliteStore::open(&path, &SqliteOptions::default()).await.expect("opened again");
    Harness::new(store).with_second(second).with_guard(folder)
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
    portal_testkit::state_machine_conformance!(fresh, 24, 30);
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
