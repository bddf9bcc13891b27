//! Who may hash now, who may wait, and who is sent away.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use argon2::Block;
use metrics::histogram;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

/// What the gate has counted since it was made. A picture, not a lock: other hashes go on meanwhile.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Gauge {
    /// Hashes computed or begun, dummy ones among them.
    pub hashes: u64,
    /// Hashes that run now.
    pub running: usize,
    /// Callers that wait for their turn.
    pub waiting: usize,
    /// The most hashes that ever ran at once.
    pub most_running: usize,
    /// Callers that were sent away because the queue was full.
    pub refused: u64,
}

/// The bound on hashes at once and on those that wait, with the memory they use again and again.
#[derive(Debug)]
pub(crate) struct Gate {
    /// One permit for each caller inside, whether hashing or waiting.
    places: Arc<Semaphore>,
    /// One permit for each hash that may run.
    permits: Arc<Semaphore>,
    /// So many callers wait.
    waiting: AtomicUsize,
    /// Memory that no hash uses now: never more blocks than permits.
    spare: Mutex<Vec<Vec<Block>>>,
    hashes: AtomicU64,
    running: AtomicUsize,
    most_running: AtomicUsize,
    refused: AtomicU64,
    recent: Mutex<Recent>,
}

/// How long the last hashes took, and when each began.
#[derive(Debug, Default)]
struct Recent {
    spans: VecDeque<(Instant, Duration)>,
    turn: usize,
}

/// So many are remembered.
const REMEMBERED: usize = 32;
/// And for so long: what was measured under another load says nothing of this one.
const FRESH: Duration = Duration::from_secs(60);

/// The right to run one hash. It goes with the work, so that the work and not its caller decides when it ends.
#[derive(Debug)]
pub(crate) struct Turn {
    gate: Arc<Gate>,
    memory: Vec<Block>,
    _permit: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

impl Gate {
    pub(crate) fn new(permits: usize, queue: usize) -> Arc<Self> {
        Arc::new(Self {
            places: Arc::new(Semaphore::new(permits + queue)),
            permits: Arc::new(Semaphore::new(permits)),
            waiting: AtomicUsize::new(0),
            spare: Mutex::new(Vec::with_capacity(permits)),
            hashes: AtomicU64::new(0),
            running: AtomicUsize::new(0),
            most_running: AtomicUsize::new(0),
            refused: AtomicU64::new(0),
            recent: Mutex::default(),
        })
    }

    /// Waits for a turn, in order of arrival. `None` at once if all places are taken.
    pub(crate) async fn enter(self: &Arc<Self>) -> Option<Turn> {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        let (waiting, since) = (Waiting::begin(self), Instant::now());
        // The semaphore is never closed, so that this waits and never fails.
        let permit = Arc::clone(&self.permits).acquire_owned().await.ok()?;
        drop(waiting);
        histogram!("portal_password_hash_wait_seconds").record(since.elapsed());
        let memory = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        Some(Turn { gate: Arc::clone(self), memory, _permit: permit, _place: place })
    }

    /// Notes how long a hash took that began at this time, without the wait for its turn.
    pub(crate) fn took(&self, began: Instant, span: Duration) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.spans.len() == REMEMBERED {
            recent.spans.pop_front();
        }
        recent.spans.push_back((began, span));
    }

    /// How long one of the last hashes took, a different one each time; `None` where none began in the last minute.
    pub(crate) fn usual(&self, now: Instant) -> Option<Duration> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.spans.retain(|(began, _)| now.duration_since(*began) < FRESH);
        recent.turn = recent.turn.wrapping_add(1);
        let place = recent.turn.checked_rem(recent.spans.len())?;
        recent.spans.get(place).map(|(_, span)| *span)
    }

    pub(crate) fn gauge(&self) -> Gauge {
        Gauge {
            hashes: self.hashes.load(Ordering::Relaxed),
            running: self.running.load(Ordering::SeqCst),
            waiting: self.waiting.load(Ordering::Relaxed),
            most_running: self.most_running.load(Ordering::SeqCst),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }
}

/// Counts one caller as waiting until it is dropped, be it that its turn came or that it went away.
#[derive(Debug)]
struct Waiting<'a>(&'a Gate);

impl<'a> Waiting<'a> {
    fn begin(gate: &'a Gate) -> Self {
        gate.waiting.fetch_add(1, Ordering::Relaxed);
        Self(gate)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts one hash as running until it is dropped. Made where the hash is computed, so that the count is of real work
/// and not of callers.
#[derive(Debug)]
pub(crate) struct Running(Arc<Gate>);

impl Turn {
    /// Counts a hash that begins now.
    pub(crate) fn begin(&self) -> Running {
        let gate = Arc::clone(&self.gate);
        gate.hashes.fetch_add(1, Ordering::Relaxed);
        let running = gate.running.fetch_add(1, Ordering::SeqCst) + 1;
        gate.most_running.fetch_max(running, Ordering::SeqCst);
        Running(gate)
    }

    /// The memory of this turn, at least `blocks` long.
    pub(crate) fn memory(&mut self, blocks: usize) -> &mut [Block] {
        if self.memory.len() < blocks {
            self.memory.resize(blocks, Block::new());
        }
        &mut self.memory
    }

    /// Gives memory beyond `blocks` back to the system, so that one costly stored hash is not paid for ever.
    pub(crate) fn shrink(&mut self, blocks: usize) {
        if self.memory.len() > blocks {
            self.memory.truncate(blocks);
            self.memory.shrink_to_fit();
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // First the memory, then (by the fields' own drop) the permit: the next turn finds the memory.
        let memory = std::mem::take(&mut self.memory);
        self.gate.spare.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}
