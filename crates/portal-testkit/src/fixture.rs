//! The use cases, wired to a store and to stand-ins for everything else.

use std::sync::Arc;

use portal_domain::{
    event::{Caller, RecordedEvent},
    id::{PracticeId, Slug},
    port::Page,
    practice::Practice,
    usecase::{CallContext, Portal, TRIES_PER_MINUTE},
};

use crate::{
    build,
    conformance::FullStore,
    memory::{MemoryStore, PlainHasher, RecordingMailer, SeededEntropy, TestClock},
};

/// A portal with one practice, whose clock, randomness, hashing and mail are in the test's hands.
///
/// ```
/// use portal_testkit::{conformance::run, fixture::Fixture};
///
/// run(async {
///     let fixture = Fixture::in_memory("smith").await;
///     let practice = fixture.portal.practice(&fixture.call()).await.unwrap();
///     assert_eq!(practice, fixture.practice);
/// });
/// ```
#[derive(Clone)]
pub struct Fixture {
    /// The use cases.
    pub portal: Portal,
    /// What they write to.
    pub store: Arc<dyn FullStore>,
    /// What time it is.
    pub clock: Arc<TestClock>,
    /// How passwords are hashed.
    pub hasher: Arc<PlainHasher>,
    /// Where a worker would send to.
    pub mailer: Arc<RecordingMailer>,
    /// The practice.
    pub practice: Practice,
}

impl Fixture {
    /// A portal in memory.
    pub async fn in_memory(slug: &str) -> Self {
        Self::on(Arc::new(MemoryStore::new()), slug).await
    }

    /// A portal on this store, in which the practice is created.
    ///
    /// # Panics
    ///
    /// Where the text is no slug, or the practice can't be created.
    pub async fn on(store: Arc<dyn FullStore>, slug: &str) -> Self {
        let (clock, hasher) = (Arc::new(TestClock::default()), Arc::new(PlainHasher::new()));
        let portal = Portal {
            store: Arc::clone(&store) as _,
            enquiries: Arc::clone(&store) as _,
            operators: Arc::clone(&store) as _,
            jobs: Arc::clone(&store) as _,
            journal: Arc::clone(&store) as _,
            webhooks: Arc::clone(&store) as _,
            viewings: Arc::clone(&store) as _,
            evidence: Arc::clone(&store) as _,
            returns: Arc::clone(&store) as _,
            hasher: Arc::clone(&hasher) as _,
            clock: Arc::clone(&clock) as _,
            entropy: Arc::new(SeededEntropy::new(1)),
            tokens: build::link_tokens(),
            common_passwords: Arc::default(),
            tries_per_minute: TRIES_PER_MINUTE,
        };
        let slug = Slug::parse(slug).expect("test data is a slug");
        let nowhere = CallContext::new(PracticeId::from_bytes([0; 16]), Caller::Program);
        let practice = portal.create_practice(&nowhere, &slug, "Smith & Sons").await;
        let practice = practice.expect("the practice is created");
        Self { portal, store, clock, hasher, mailer: Arc::default(), practice }
    }

    /// Everything in the practice's journal, sealed first if it isn't.
    ///
    /// # Panics
    ///
    /// Where the store can't be asked.
    pub async fn events(&self) -> Vec<RecordedEvent> {
        self.portal.seal_waiting(self.practice.id).await.expect("what waits is sealed");
        let all = Page { after: None, limit: 10_000 };
        self.store.events(self.practice.id, None, &all).await.expect("the store answers")
    }

    /// A call to the practice by its host program.
    pub fn call(&self) -> CallContext {
        CallContext::new(self.practice.id, Caller::Host(build::id("host")))
    }
}
