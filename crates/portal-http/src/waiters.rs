//! How many may wait at once for events.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use portal_domain::id::PracticeId;

use crate::problem::Problem;

/// So many of one practice.
const OF_A_PRACTICE: usize = 20;
/// So many of all: each of three hundred practices may have one who waits, and as many again.
const OF_ALL: usize = 600;

/// Those who wait in this program.
#[derive(Default)]
pub(crate) struct Waiters(Arc<Mutex<BTreeMap<PracticeId, usize>>>);

/// One who waits, until it is dropped.
pub(crate) struct Waiter {
    all: Arc<Mutex<BTreeMap<PracticeId, usize>>>,
    practice: PracticeId,
}

fn lock(all: &Mutex<BTreeMap<PracticeId, usize>>) -> MutexGuard<'_, BTreeMap<PracticeId, usize>> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Waiters {
    /// One more; too much where there is no room.
    pub(crate) fn enter(&self, practice: PracticeId) -> Result<Waiter, Problem> {
        let mut all = lock(&self.0);
        let own = all.get(&practice).copied().unwrap_or_default();
        if own >= OF_A_PRACTICE || all.values().sum::<usize>() >= OF_ALL {
            return Err(Problem::overloaded());
        }
        all.insert(practice, own + 1);
        Ok(Waiter { all: Arc::clone(&self.0), practice })
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut all = lock(&self.all);
        if let Some(own) = all.get_mut(&self.practice) {
            *own -= 1;
            if *own == 0 {
                all.remove(&self.practice);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_so_many_of_a_practice_and_of_all() {
        let waiters = Waiters::default();
        let practice = |number: u8| PracticeId::from_bytes([number; 16]);
        let mut waiting: Vec<_> = (0..20).map(|_| waiters.enter(practice(0)).unwrap_or_else(|_| panic!())).collect();
        assert!(waiters.enter(practice(0)).is_err());
        for number in 1..30 {
            waiting.extend((0..20).map(|_| waiters.enter(practice(number)).unwrap_or_else(|_| panic!())));
        }
        assert!(waiters.enter(practice(30)).is_err());
        waiting.pop();
        assert!(waiters.enter(practice(30)).is_ok());
        drop(waiting);
        assert!(lock(&waiters.0).is_empty());
    }
}
