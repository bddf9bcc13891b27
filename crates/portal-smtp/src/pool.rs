//! A few connections that are kept and used again.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    task::JoinHandle,
    time::{Instant, sleep_until},
};

use crate::connection::Connection;

/// Connections to one server: so many at once, each for so many messages, and so long without one.
pub(crate) struct Pool {
    places: Semaphore,
    resting: Arc<Mutex<Resting>>,
    life: Duration,
    messages: u32,
}

#[derive(Default)]
struct Resting {
    /// The one used last is the last.
    connections: Vec<Connection>,
    watch: Option<JoinHandle<()>>,
}

impl Pool {
    pub(crate) fn new(connections: usize, life: Duration, messages: u32) -> Self {
        let places = Semaphore::new(connections.clamp(1, Semaphore::MAX_PERMITS));
        Self { places, resting: Arc::default(), life, messages }
    }

    /// Waits until one more connection may be in use. Whoever waits longest is first.
    pub(crate) async fn place(&self) -> Option<SemaphorePermit<'_>> {
        self.places.acquire().await.ok()
    }

    /// The connection that rests shortest, if there is one of use. The others that were looked at are ended.
    pub(crate) fn take(&self) -> Option<Connection> {
        let mut resting = lock(&self.resting);
        resting.end_older(self.life);
        while let Some(mut connection) = resting.connections.pop() {
            if connection.is_usable() {
                return Some(connection);
            }
        }
        None
    }

    /// Keeps a connection for the next message, where it is of use.
    pub(crate) fn give_back(&self, mut connection: Connection) {
        if connection.begun() >= self.messages || !connection.is_usable() {
            return;
        }
        let mut resting = lock(&self.resting);
        resting.connections.push(connection);
        if resting.watch.as_ref().is_none_or(JoinHandle::is_finished) {
            resting.watch = Some(tokio::spawn(watch(Arc::downgrade(&self.resting), self.life)));
        }
    }
}

impl Resting {
    fn end_older(&mut self, life: Duration) {
        let now = Instant::now();
        self.connections.retain(|connection| now < connection.rests_since() + life);
    }
}

/// Ends connections when their time has come, whether or not there is another message, until there is none.
async fn watch(resting: Weak<Mutex<Resting>>, life: Duration) {
    loop {
        let next = {
            let Some(resting) = resting.upgrade() else { return };
            let mut resting = lock(&resting);
            resting.end_older(life);
            let Some(oldest) = resting.connections.iter().map(Connection::rests_since).min() else {
                resting.watch = None;
                return;
            };
            oldest + life
        };
        sleep_until(next).await;
    }
}

fn lock(resting: &Mutex<Resting>) -> MutexGuard<'_, Resting> {
    resting.lock().unwrap_or_else(PoisonError::into_inner)
}
