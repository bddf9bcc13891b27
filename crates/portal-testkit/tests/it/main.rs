//! Tests of the testkit itself: the suite on the store in memory, wrong stores, strategies against the domain.

mod machine;
mod mutants;
mod rules;
mod strategies;
mod stubs;

use portal_testkit::{
    conformance::Harness,
    memory::{MemoryStore, PlainHasher},
};

async fn in_memory() -> Harness {
    Harness::new(MemoryStore::new())
}

mod memory_store {
    use super::in_memory;

    portal_testkit::portal_store_conformance!(in_memory);
}

mod memory_views {
    use super::in_memory;

    portal_testkit::portal_views_conformance!(in_memory);
}

mod memory_outbox {
    use super::in_memory;

    portal_testkit::outbox_conformance!(in_memory);
}

mod memory_enquiries {
    use super::in_memory;

    portal_testkit::enquiries_conformance!(in_memory);
}

mod memory_operators {
    use super::in_memory;

    portal_testkit::operators_conformance!(in_memory);
}

mod memory_jobs {
    use super::in_memory;

    portal_testkit::jobs_conformance!(in_memory);
}

mod memory_journal {
    use super::in_memory;

    portal_testkit::journal_conformance!(in_memory);
}

mod memory_webhooks {
    use super::in_memory;

    portal_testkit::webhooks_conformance!(in_memory);
}

mod memory_backlogs {
    use super::in_memory;

    portal_testkit::backlogs_conformance!(in_memory);
}

mod plain_hasher {
    use super::PlainHasher;

    portal_testkit::password_hasher_conformance!(async || PlainHasher::new());
}

mod memory_exports {
    use super::in_memory;

    portal_testkit::exports_conformance!(in_memory);
}

mod memory_viewings {
    use super::in_memory;

    portal_testkit::viewings_conformance!(in_memory);
}

mod memory_returns {
    use super::in_memory;

    portal_testkit::returns_conformance!(in_memory);
}

mod memory_evidence {
    use super::in_memory;

    portal_testkit::evidence_conformance!(in_memory);
}
