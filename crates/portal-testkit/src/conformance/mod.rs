//! The contract of the ports, as tests that every adapter runs: one macro per port, one named test per law.
//!
//! ```
//! use portal_testkit::{conformance::Harness, memory::MemoryStore};
//!
//! async fn in_memory() -> Harness {
//!     Harness::new(MemoryStore::new())
//! }
//!
//! portal_testkit::portal_store_conformance!(in_memory);
//! portal_testkit::portal_views_conformance!(in_memory);
//! portal_testkit::outbox_conformance!(in_memory);
//! portal_testkit::enquiries_conformance!(in_memory);
//! portal_testkit::operators_conformance!(in_memory);
//! portal_testkit::jobs_conformance!(in_memory);
//! portal_testkit::journal_conformance!(in_memory);
//! portal_testkit::exports_conformance!(in_memory);
//! portal_testkit::viewings_conformance!(in_memory);
//! portal_testkit::evidence_conformance!(in_memory);
//! portal_testkit::returns_conformance!(in_memory);
//! # fn main() {}
//! ```
//!
//! The macro takes anything that can be called without arguments and gives a future of a [`Harness`] on a store with nothing
//! in it. Each law is a public function too: `conformance::store::commit_is_all_or_nothing(&harness).await`.
//!
//! Laws about races start several tasks at a barrier and count how often one call really began before another had ended. A
//! race without such an overlap proves nothing and fails.

pub mod backlogs;
pub mod enquiries;
pub mod evidence;
pub mod exports;
pub mod hasher;
pub mod jobs;
pub mod journal;
mod laws;
pub mod operators;
pub mod outbox;
mod overlap;
pub mod returns;
mod scene;
pub mod store;
pub mod viewings;
pub mod views;
pub mod webhooks;

use std::{any::Any, fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use portal_domain::{
    id::PracticeId,
    journal::{Report, Verifier},
    port::{
        Backlogs, Enquiries, Evidence, Exports, Jobs, Journal, Operators, Outbox, PortalStore, PortalViews, Returns,
        Viewings, Webhooks,
    },
};
use tokio::runtime::Builder;

use crate::build;

/// All that a database does for Portal.
pub trait FullStore:
    PortalStore
    + PortalViews
    + Outbox
    + Enquiries
    + Jobs
    + Operators
    + Journal
    + Webhooks
    + Viewings
    + Evidence
    + Returns
    + Backlogs
    + Exports
{
}

impl<T> FullStore for T where
    T: PortalStore
        + PortalViews
        + Outbox
        + Enquiries
        + Jobs
        + Operators
        + Journal
        + Webhooks
        + Viewings
        + Evidence
        + Returns
        + Backlogs
        + Exports
        + ?Sized
{
}

/// A store to be tested, with nothing in it.
pub struct Harness {
    /// The store.
    pub store: Arc<dyn FullStore>,
    /// Another instance on the same data, such as another pool or process. Laws about races then use both.
    pub second: Option<Arc<dyn FullStore>>,
    /// What has to live as long as the store: a directory, a database.
    pub guard: Box<dyn Any + Send>,
}

impl Harness {
    /// A store that needs nothing else.
    pub fn new(store: impl FullStore + 'static) -> Self {
        Self { store: Arc::new(store), second: None, guard: Box::new(()) }
    }

    /// Adds another instance on the same data.
    #[must_use]
    pub fn with_second(self, second: impl FullStore + 'static) -> Self {
        Self { second: Some(Arc::new(second)), ..self }
    }

    /// Keeps something alive as long as the store.
    #[must_use]
    pub fn with_guard(self, guard: impl Any + Send) -> Self {
        Self { guard: Box::new(guard), ..self }
    }

    /// The instance whose turn it is: the store and the second take turns.
    pub fn turn(&self, number: usize) -> Arc<dyn FullStore> {
        let second = self.second.as_ref().filter(|_| number % 2 == 1);
        Arc::clone(second.unwrap_or(&self.store))
    }
}

impl fmt::Debug for Harness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Harness").field("second", &self.second.is_some()).finish_non_exhaustive()
    }
}

/// Seals all that waits in a practice, under [`journal_keys`](crate::build::journal_keys).
///
/// # Panics
///
/// Where the store can't be asked, or the journal's head is not whole.
pub async fn seal(journal: &dyn Journal, practice: PracticeId) {
    while scene::seal_some(journal, practice, 500).await != Some(false) {}
}

/// Verifies a journal under [`journal_keys`](crate::build::journal_keys).
///
/// # Panics
///
/// Where the store can't be asked.
pub async fn verify(journal: &dyn Journal, practice: PracticeId) -> Report {
    let keys = build::journal_keys();
    let mut verifier = Verifier::new(&keys, practice, None);
    loop {
        let rows = journal.sealed(practice, verifier.last(), 3).await.expect("the store answers");
        if rows.is_empty() {
            break;
        }
        rows.iter().for_each(|row| verifier.row(row));
    }
    let head = journal.head(practice).await.expect("the store answers");
    verifier.end(head.as_ref(), journal.unsealed_count(practice).await.expect("the store answers"))
}

/// A law on its way.
pub type Running<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// One law of the suite. It panics where it is broken.
#[derive(Clone, Copy)]
pub struct Law {
    /// The port it belongs to.
    pub port: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Runs it.
    pub run: for<'a> fn(&'a Harness) -> Running<'a>,
}

impl fmt::Debug for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}", self.port, self.name)
    }
}

/// Every law about a [`FullStore`].
pub fn laws() -> Vec<Law> {
    let mut laws: Vec<Law> = crate::__store_laws! { list store };
    laws.extend::<Vec<Law>>(crate::__views_laws! { list views });
    laws.extend::<Vec<Law>>(crate::__outbox_laws! { list outbox });
    laws.extend::<Vec<Law>>(crate::__enquiries_laws! { list enquiries });
    laws.extend::<Vec<Law>>(crate::__operators_laws! { list operators });
    laws.extend::<Vec<Law>>(crate::__jobs_laws! { list jobs });
    laws.extend::<Vec<Law>>(crate::__journal_laws! { list journal });
    laws.extend::<Vec<Law>>(crate::__webhooks_laws! { list webhooks });
    laws.extend::<Vec<Law>>(crate::__viewings_laws! { list viewings });
    laws.extend::<Vec<Law>>(crate::__evidence_laws! { list evidence });
    laws.extend::<Vec<Law>>(crate::__returns_laws! { list returns });
    laws.extend::<Vec<Law>>(crate::__backlogs_laws! { list backlogs });
    laws.extend::<Vec<Law>>(crate::__exports_laws! { list exports });
    laws
}

/// Runs a law on a runtime of its own, with several threads, for two minutes at most.
///
/// # Panics
///
/// Where the law is broken, or takes longer.
pub fn run<T>(law: impl Future<Output = T>) -> T {
    run_on("law", law)
}

/// Name of the threads on which laws are run against wrong stores.
pub(crate) const MUTANT: &str = "mutant";

/// Runs a law on threads of this name.
pub(crate) fn run_on<T>(threads: &str, law: impl Future<Output = T>) -> T {
    let runtime = Builder::new_multi_thread().worker_threads(4).thread_name(threads).enable_all().build();
    let limit = Duration::from_secs(120);
    runtime
        .expect("a runtime can be built")
        .block_on(async { tokio::time::timeout(limit, law).await.expect("a law takes two minutes at most") })
}
