//! What guards the first start: a code, how often it was tried, and what came of it.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use portal_domain::{
    set_up::SetUpCode,
    throttle::{Bucket, BucketName, Tally},
    time::Timestamp,
};

/// So many tries a minute an origin has.
const TRIES: u32 = 10;
/// Of so many origins tries are counted at once; others wait.
const ORIGINS: usize = 1_000;
/// So long a button that was pressed twice leads to the same place.
const TWICE: Duration = Duration::from_secs(60);

/// The way to the first practice, where there is none: open for whoever has the code, once.
#[derive(Clone)]
pub struct FirstStart(Arc<Inner>);

struct Inner {
    code: SetUpCode,
    tries: Mutex<BTreeMap<BucketName, Tally>>,
    closed: AtomicBool,
    done: tokio::sync::Mutex<Option<Done>>,
}

/// What came of it.
pub(crate) struct Done {
    /// Names all that was typed.
    pub(crate) typed: [u8; 32],
    pub(crate) at: Timestamp,
    /// Where it led.
    pub(crate) place: String,
}

impl Done {
    /// Where the same form leads that was just sent.
    pub(crate) fn again(&self, typed: &[u8; 32], now: Timestamp) -> Option<String> {
        (self.typed == *typed && now.since(self.at) < TWICE).then(|| self.place.clone())
    }
}

impl FirstStart {
    /// Guarded by this code.
    pub fn new(code: SetUpCode) -> Self {
        let inner = Inner {
            code,
            tries: Mutex::default(),
            closed: AtomicBool::new(false),
            done: tokio::sync::Mutex::default(),
        };
        Self(Arc::new(inner))
    }

    /// Counts a wrong code of an origin; until when to wait, where there were too many.
    pub(crate) fn admit(&self, origin: Option<&str>, now: Timestamp) -> Result<(), Timestamp> {
        let bucket = Bucket::origin(origin.unwrap_or_default(), TRIES);
        let mut tries = self.0.tries.lock().unwrap_or_else(PoisonError::into_inner);
        tries.retain(|_, tally| now < tally.over_at());
        if tries.len() >= ORIGINS && !tries.contains_key(&bucket.name()) {
            return Err(now.after(TWICE));
        }
        let tally = tries.remove(&bucket.name()).unwrap_or_default();
        match bucket.count(tally.clone(), now) {
            Ok((counted, _)) => {
                tries.insert(bucket.name(), counted);
                Ok(())
            }
            Err(until) => {
                tries.insert(bucket.name(), tally);
                Err(until)
            }
        }
    }

    /// Whether this is the code.
    pub(crate) fn is(&self, typed: &str) -> bool {
        self.0.code.is(typed)
    }

    /// What came of it; whoever holds the answer sets up alone.
    pub(crate) async fn turn(&self) -> tokio::sync::MutexGuard<'_, Option<Done>> {
        self.0.done.lock().await
    }

    /// A practice was seen: from now on the code is worth nothing, whatever becomes of that practice.
    pub(crate) fn close(&self) {
        self.0.closed.store(true, Ordering::Release);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::Acquire)
    }
}

impl fmt::Debug for FirstStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FirstStart(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_are_counted_by_origin_and_forgotten_after_a_minute() {
        let first = FirstStart::new(SetUpCode::from_entropy([7; 20]));
        let now = Timestamp::from_micros(1_772_452_800_000_000);
        for _ in 0..TRIES {
            assert_eq!(first.admit(Some("192.0.2.1"), now), Ok(()));
        }
        let until = first.admit(Some("192.0.2.1"), now).expect_err("too many");
        assert!(now < until && until <= now.after(Duration::from_secs(70)));
        assert_eq!(first.admit(Some("192.0.2.2"), now), Ok(()));
        assert_eq!(first.admit(Some("192.0.2.1"), until), Ok(()));
    }

    #[test]
    fn of_no_more_than_so_many_origins_tries_are_kept() {
        let first = FirstStart::new(SetUpCode::from_entropy([7; 20]));
        let now = Timestamp::from_micros(1_772_452_800_000_000);
        let origin = |number: usize| format!("10.0.{}.{}", number / 250, number % 250);
        for number in 0..ORIGINS {
            assert_eq!(first.admit(Some(&origin(number)), now), Ok(()));
        }
        assert!(first.admit(Some("192.0.2.1"), now).is_err());
        assert_eq!(first.admit(Some(&origin(3)), now), Ok(()));
        assert_eq!(first.admit(Some("192.0.2.1"), now.after(2 * TWICE)), Ok(()));
    }
}
