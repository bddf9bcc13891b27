//! How long one message may take: each stage for itself, and all of them together (S16).

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::fault::{Cause, Fault, Stage};

/// The time of one message, running.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    stage: Duration,
    whole: Duration,
    end: Instant,
}

impl Limits {
    /// Begins to count.
    pub(crate) fn begin(stage: Duration, whole: Duration) -> Self {
        Self { stage, whole, end: Instant::now() + whole }
    }

    /// Waits for a stage, as long as it and the message have time.
    pub(crate) async fn within<T>(
        &self,
        stage: Stage,
        work: impl Future<Output = Result<T, Cause>>,
    ) -> Result<T, Fault> {
        let (at, slow) = match Instant::now() + self.stage {
            at if at < self.end => (at, Cause::Slow { limit: self.stage, whole: false }),
            _ => (self.end, Cause::Slow { limit: self.whole, whole: true }),
        };
        let result = timeout_at(at, work).await.unwrap_or(Err(slow));
        result.map_err(|cause| Fault { stage, cause })
    }

    /// Waits for something that has no time of its own.
    pub(crate) async fn in_all<T>(&self, stage: Stage, work: impl Future<Output = T>) -> Result<T, Fault> {
        let slow = |_| Fault { stage, cause: Cause::Slow { limit: self.whole, whole: true } };
        timeout_at(self.end, work).await.map_err(slow)
    }
}
