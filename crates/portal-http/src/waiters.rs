//! How many may wait at once for events.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use portal_domain::id::PracticeId;

use crate::problem::Problem;

/// So many of one practice.
const OF_A_PRACTICE: usize = 20;
/// Of so many practices, the first has a place of its own, whatever others do.
const FIRST: usize = 300;
/// So many wait beside them.
const FURTHER: usize = 300;

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
        let first = all.len().min(FIRST);
        let has_own_place = own == 0 && first < FIRST;
        let is_full = !has_own_place && all.values().sum::<usize>() - first >= FURTHER;
        if own >= OF_A_PRACTICE || is_full {
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

    fn practice(number: u16) -> PracticeId {
        let [high, low] = number.to_be_bytes();
        PracticeId::from_bytes([high, low, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1])
    }

    fn enter(waiters: &Waiters, number: u16) -> Waiter {
        waiters.enter(practice(number)).unwrap_or_else(|_| panic!("no room for {number}"))
    }

    #[test]
    fn there_is_room_for_so_many_of_a_practice() {
        let waiters = Waiters::default();
        let mut waiting: Vec<_> = (0..20).map(|_| enter(&waiters, 0)).collect();
        assert!(waiters.enter(practice(0)).is_err());
        waiting.pop();
        assert!(waiters.enter(practice(0)).is_ok());
        drop(waiting);
        assert!(lock(&waiters.0).is_empty());
    }

    #[test]
    fn s16_one_of_each_of_three_hundred_practices_may_wait_whatever_others_do() {
        let waiters = Waiters::default();
        let mut waiting = Vec::new();
        for number in 0..15 {
            waiting.extend((0..20).map(|_| enter(&waiters, number)));
        }
        waiting.extend((15..30).map(|number| enter(&waiters, number)));
        // The last of the shared places: fifteen practices have nineteen each.
        waiting.extend((15..30).map(|number| enter(&waiters, number)));
        assert!(waiters.enter(practice(15)).is_err());
        waiting.extend((30..300).map(|number| enter(&waiters, number)));
        assert_eq!(waiting.len(), FIRST + FURTHER);
        assert!(waiters.enter(practice(300)).is_err());
        waiting.pop();
        assert!(waiters.enter(practice(15)).is_err(), "it is the place of a first one");
        assert!(waiters.enter(practice(300)).is_ok());
    }
}
