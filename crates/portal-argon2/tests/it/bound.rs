//! The bound on hashes at once and on those that wait (G4, S16, trap 6). No test looks at a clock: the only thread on
//! which anything can be hashed is held until the test lets it go.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{Arc, mpsc},
    task::Poll,
};

use portal_argon2::{Argon2Hasher, ParamsError};
use portal_domain::port::{PasswordHasher, Verdict};
use tokio::runtime::Runtime;

use crate::fixture::{CHEAP, Counting, block_on, hasher, is_overloaded, typed};

/// A runtime with `threads` threads for blocking work, and the means to hold them all.
struct Held {
    runtime: Runtime,
    release: Vec<mpsc::Sender<()>>,
}

impl Held {
    fn new(threads: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .max_blocking_threads(threads)
            .build()
            .expect("a runtime");
        let release = (0..threads)
            .map(|_| {
                let (release, held) = mpsc::channel::<()>();
                // Ends with an error when the sender is dropped, which is just as well.
                runtime.spawn_blocking(move || held.recv());
                release
            })
            .collect();
        Self { runtime, release }
    }
}

fn bounded(permits: usize, queue: usize) -> Argon2Hasher {
    Argon2Hasher::new(CHEAP, permits, queue, Arc::new(Counting::default())).expect("usable")
}

/// Polls once and leaves the future as it is.
macro_rules! poll_once {
    ($future:expr) => {
        poll_fn(|context| Poll::Ready($future.as_mut().poll(context))).await
    };
}

#[test]
fn g4_beyond_the_queue_callers_are_refused_at_once() {
    let any = typed("any");
    let Held { runtime, release } = Held::new(1);
    let hasher = bounded(1, 2);
    runtime.block_on(async {
        let mut inside = [
            Box::pin(hasher.verify(&any, None)),
            Box::pin(hasher.verify(&any, None)),
            Box::pin(hasher.verify(&any, None)),
        ];
        for waiting in &mut inside {
            assert!(poll_once!(waiting).is_pending());
        }
        assert!(is_overloaded(&hasher.verify(&any, None).await));
        assert!(is_overloaded(&hasher.verify(&any, None).await));
        assert_eq!((hasher.gauge().hashes, hasher.gauge().refused), (0, 2));
        drop(release);
        for waiting in inside {
            assert!(matches!(waiting.await, Ok(Verdict::NoMatch)));
        }
        assert!(matches!(hasher.verify(&any, None).await, Ok(Verdict::NoMatch)));
    });
    assert_eq!((hasher.gauge().hashes, hasher.gauge().refused), (4, 2));
    assert_eq!(hasher.gauge().running, 0);
}

/// In a pause (G1) a caller waits in the same line, is sent away where others are, and nothing is hashed.
#[test]
fn g1_who_only_pretends_waits_in_the_same_line() {
    let any = typed("any");
    let Held { runtime, release } = Held::new(1);
    let hasher = bounded(1, 0);
    runtime.block_on(async {
        let mut inside = pin!(hasher.verify(&any, None));
        assert!(poll_once!(inside).is_pending());
        assert!(hasher.pretend().await.is_err(), "the only place is taken");
        drop(release);
        assert!(matches!(inside.await, Ok(Verdict::NoMatch)));
        hasher.pretend().await.expect("there is a place");
        {
            let mut pretends = pin!(hasher.pretend());
            if poll_once!(pretends).is_pending() {
                assert!(is_overloaded(&hasher.verify(&any, None).await), "it holds its place");
            }
        }
    });
    assert_eq!(hasher.gauge().hashes, 1);
}

#[test]
fn g4_a_dropped_caller_keeps_its_permit_while_its_hash_is_under_way() {
    let any = typed("any");
    let Held { runtime, release } = Held::new(1);
    let hasher = bounded(1, 0);
    runtime.block_on(async {
        {
            let mut gone = pin!(hasher.verify(&any, None));
            assert!(poll_once!(gone).is_pending());
        }
        // The caller is gone, its work is not: there is no place yet.
        assert!(is_overloaded(&hasher.verify(&any, None).await));
        drop(release);
        while is_overloaded(&hasher.verify(&any, None).await) {
            tokio::task::yield_now().await;
        }
    });
    // The dropped caller's hash and the one that came after it.
    assert_eq!(hasher.gauge().hashes, 2);
    assert_eq!(hasher.gauge().most_running, 1);
}

#[test]
fn g4_a_caller_that_leaves_the_queue_costs_nothing() {
    let any = typed("any");
    let Held { runtime, release } = Held::new(1);
    let hasher = bounded(1, 1);
    runtime.block_on(async {
        let mut first = pin!(hasher.verify(&any, None));
        assert!(poll_once!(first).is_pending());
        for _ in 0..50 {
            let mut gone = pin!(hasher.verify(&any, None));
            assert!(poll_once!(gone).is_pending());
        }
        drop(release);
        assert!(first.await.is_ok());
    });
    assert_eq!((hasher.gauge().hashes, hasher.gauge().refused), (1, 0));
}

#[test]
fn g4_a_storm_of_dropped_callers_never_runs_more_than_the_permits() {
    let any = typed("any");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().expect("a runtime");
    let hasher = bounded(2, 8);
    runtime.block_on(async {
        let mut callers = Vec::new();
        for number in 0..400 {
            let (hasher, any) = (hasher.clone(), any.clone());
            let caller = tokio::spawn(async move { hasher.verify(&any, None).await });
            if number % 3 == 0 {
                tokio::task::yield_now().await;
                caller.abort();
            }
            callers.push(caller);
        }
        for caller in callers {
            // Hashed, refused, or cut off by this test.
            let _ended = caller.await;
        }
    });
    let gauge = hasher.gauge();
    assert!((1..=2).contains(&gauge.most_running), "{gauge:?}");
    assert!(gauge.hashes + gauge.refused <= 400, "{gauge:?}");
}

#[test]
fn g4_a_gate_without_permits_or_beyond_counting_is_refused() {
    let make = |permits, queue| Argon2Hasher::new(CHEAP, permits, queue, Arc::new(Counting::default())).err();
    assert_eq!(make(0, 5), Some(ParamsError::NoPermits));
    assert_eq!(make(1, usize::MAX), Some(ParamsError::TooManyPlaces(usize::MAX)));
    assert_eq!(make(1, 0), None);
}

#[test]
fn g4_clones_share_one_bound() {
    let any = typed("any");
    let hasher = hasher(CHEAP);
    block_on(async {
        let _verdict = hasher.clone().verify(&any, None).await;
        let _verdict = hasher.clone().verify(&any, None).await;
    });
    assert_eq!(hasher.gauge().hashes, 2);
}
