use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{sync::Barrier, task::JoinSet};

/// Counts calls that began while another was still under way.
#[derive(Debug, Default)]
pub(super) struct Overlaps {
    in_flight: AtomicUsize,
    seen: AtomicUsize,
}

impl Overlaps {
    pub(super) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Starts all calls at one barrier, each in a task of its own, and gives their answers in order.
    pub(super) async fn at_once<T: Send + 'static>(
        self: &Arc<Self>,
        calls: Vec<impl Future<Output = T> + Send + 'static>,
    ) -> Vec<T> {
        let barrier = Arc::new(Barrier::new(calls.len()));
        let mut tasks = JoinSet::new();
        for (number, call) in calls.into_iter().enumerate() {
            let (barrier, overlaps) = (Arc::clone(&barrier), Arc::clone(self));
            tasks.spawn(async move {
                barrier.wait().await;
                (number, overlaps.count(call).await)
            });
        }
        let mut answers = tasks.join_all().await;
        answers.sort_by_key(|(number, _)| *number);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    async fn count<T>(&self, call: impl Future<Output = T>) -> T {
        if self.in_flight.fetch_add(1, Ordering::SeqCst) > 0 {
            self.seen.fetch_add(1, Ordering::SeqCst);
        }
        let answer = call.await;
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
        answer
    }

    /// Fails where nothing ever overlapped.
    pub(super) fn must_be_real(&self) {
        let seen = self.seen.load(Ordering::SeqCst);
        assert!(seen > 0, "no call began before another had ended: this race proved nothing");
    }
}
