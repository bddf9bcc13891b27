//! Places for calls that take long or much: so many in a process, and fewer of one practice, so that none takes them all.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use portal_domain::id::PracticeId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::Problem;

/// For so long a call waits for a place.
const PATIENCE: Duration = Duration::from_secs(2);

/// Places of one kind.
pub(crate) struct Places {
    all: Arc<Semaphore>,
    of_a_practice: usize,
    own: Mutex<BTreeMap<PracticeId, Arc<Semaphore>>>,
}

/// A place, until the last copy of it is dropped. Whoever goes on with work when the call is given up keeps one.
#[derive(Clone)]
pub(crate) struct Place(#[expect(dead_code, reason = "it is only held")] Arc<[OwnedSemaphorePermit; 2]>);

impl Places {
    pub(crate) fn new(of_all: usize, of_a_practice: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(of_all)), of_a_practice, own: Mutex::default() }
    }

    /// A place for a practice; too much where none gets free in time.
    pub(crate) async fn enter(&self, practice: PracticeId) -> Result<Place, Problem> {
        let own = self.of(practice);
        // Whoever waits for another call of its practice keeps no other practice waiting.
        let both = async {
            Ok::<_, tokio::sync::AcquireError>([own.acquire_owned().await?, self.all.clone().acquire_owned().await?])
        };
        match tokio::time::timeout(PATIENCE, both).await {
            Ok(Ok(both)) => Ok(Place(Arc::new(both))),
            _ => Err(Problem::overloaded()),
        }
    }

    fn of(&self, practice: PracticeId) -> Arc<Semaphore> {
        let mut all = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that nobody holds or waits for are made anew when they are asked for.
        all.retain(|_, own| Arc::strong_count(own) > 1);
        let fresh = || Arc::new(Semaphore::new(self.of_a_practice));
        Arc::clone(all.entry(practice).or_insert_with(fresh))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn s16_one_practice_never_has_all_places() {
        let places = Places::new(2, 1);
        let (smith, jones, third) =
            (PracticeId::from_bytes([1; 16]), PracticeId::from_bytes([2; 16]), PracticeId::from_bytes([3; 16]));
        let first = places.enter(smith).await;
        assert!(first.is_ok() && places.enter(smith).await.is_err());
        let other = places.enter(jones).await;
        assert!(other.is_ok() && places.enter(third).await.is_err(), "there are two");
        let copy = first.clone();
        drop(first);
        assert!(places.enter(third).await.is_err(), "it is held by its copy");
        drop(copy);
        assert!(places.enter(third).await.is_ok() && places.enter(smith).await.is_ok());
    }
}
