//! Connections to read with: a bounded number, each opened when it is first needed, and kept.
//!
//! The driver's own pool asks every connection that comes back whether it still lives, and waits for the answer of the
//! connection's thread: a second way there and back for every question. Here only that one is asked whose question was not heard
//! out, and its place is taken until it has answered: there are never more threads and files than places.

use std::{
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use metrics::{counter, histogram};
use portal_domain::port::StoreError;
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use crate::error::Fault;

/// All connections for reading. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Readers(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    connect: SqliteConnectOptions,
    most: u32,
    /// How long to wait for one of them.
    patience: Duration,
    places: Arc<Semaphore>,
    idle: Mutex<Vec<SqliteConnection>>,
}

impl Readers {
    pub(crate) fn new(connect: SqliteConnectOptions, most: u32, patience: Duration) -> Self {
        let most = most.max(1);
        let places = Arc::new(Semaphore::new(most as usize));
        Self(Arc::new(Shared { connect, most, patience, places, idle: Mutex::default() }))
    }

    /// A connection, as soon as one is free.
    pub(crate) async fn take(&self) -> Result<Reader, StoreError> {
        let since = Instant::now();
        let place = tokio::time::timeout(self.0.patience, Arc::clone(&self.0.places).acquire_owned()).await;
        histogram!("portal_database_acquire_seconds").record(since.elapsed());
        let place = place.map_err(|_| {
            counter!("portal_database_acquire_timeouts_total").increment(1);
            unavailable("every connection for reading is taken")
        })?;
        let place = place.map_err(|_| unavailable("the store is closed"))?;
        let shared = Arc::clone(&self.0);
        let idle = shared.idle().pop();
        if let Some(connection) = idle {
            return Ok(Reader { held: Some(Held { connection, place }), shared });
        }
        // In a task of its own: whoever goes away meanwhile leaves a connection for the next one.
        let opened = tokio::spawn(async move {
            let connection = shared.connect.connect().await?;
            Ok(Reader { held: Some(Held { connection, place }), shared })
        });
        let opened: Result<_, sqlx::Error> = opened.await.map_err(|error| unavailable(&error.to_string()))?;
        opened.map_err(|error| Fault::from(error).into_store())
    }

    /// How many connections there may be, how many there are, and how many of these are free.
    pub(crate) fn count(&self) -> (u32, usize, usize) {
        let idle = self.0.idle().len();
        let taken = (self.0.most as usize).saturating_sub(self.0.places.available_permits());
        (self.0.most, idle + taken, idle)
    }

    /// Closes every connection, once those in use are back.
    pub(crate) async fn close(&self) {
        let all = Arc::clone(&self.0.places).acquire_many_owned(self.0.most).await;
        self.0.places.close();
        let idle = std::mem::take(&mut *self.0.idle());
        drop(all);
        for connection in idle {
            if let Err(error) = connection.close().await {
                tracing::warn!(%error, "a connection for reading was not closed in order");
            }
        }
    }
}

impl Shared {
    fn idle(&self) -> MutexGuard<'_, Vec<SqliteConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the connection first and frees its place then, so that the next one finds it.
    fn put_back(&self, Held { connection, place }: Held) {
        self.idle().push(connection);
        drop(place);
    }
}

fn unavailable(why: &str) -> StoreError {
    StoreError::Unavailable(why.to_owned())
}

#[derive(Debug)]
struct Held {
    connection: SqliteConnection,
    place: OwnedSemaphorePermit,
}

/// One connection, for one question.
#[derive(Debug)]
pub(crate) struct Reader {
    /// `None` once the question was answered.
    held: Option<Held>,
    shared: Arc<Shared>,
}

impl Reader {
    /// Passes the answer on. A connection whose question failed is closed.
    pub(crate) fn told<T>(mut self, answer: Result<T, Fault>) -> Result<T, StoreError> {
        let held = self.held.take();
        let answer = answer.map_err(Fault::into_store)?;
        held.into_iter().for_each(|held| self.shared.put_back(held));
        Ok(answer)
    }
}

impl Drop for Reader {
    /// Whoever asked went away: the connection is kept if its thread is through with the question.
    fn drop(&mut self) {
        let (Some(mut held), Ok(runtime)) = (self.held.take(), tokio::runtime::Handle::try_current()) else { return };
        let shared = Arc::clone(&self.shared);
        runtime.spawn(async move {
            // By now its thread has handled the end of a transaction too; where that failed, nothing on it would be of today.
            if held.connection.ping().await.is_ok() && !held.connection.is_in_transaction() {
                shared.put_back(held);
            }
        });
    }
}

impl Deref for Reader {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.held.as_ref().expect("it is held until it was told").connection
    }
}

impl DerefMut for Reader {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.held.as_mut().expect("it is held until it was told").connection
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readers(most: u32) -> Readers {
        Readers::new(SqliteConnectOptions::new().in_memory(true), most, Duration::from_millis(20))
    }

    impl Readers {
        async fn take_patiently(&self) -> Reader {
            loop {
                if let Ok(reader) = self.take().await {
                    return reader;
                }
            }
        }
    }

    async fn mark(reader: &mut Reader) {
        sqlx::query("CREATE TEMP TABLE IF NOT EXISTS mine (n INTEGER)").execute(&mut **reader).await.unwrap();
    }

    async fn is_marked(reader: &mut Reader) -> bool {
        sqlx::query("SELECT n FROM temp.mine").fetch_all(&mut **reader).await.is_ok()
    }

    #[tokio::test]
    async fn a_connection_is_kept_unless_its_question_failed() {
        let readers = readers(1);
        let mut first = readers.take().await.unwrap();
        mark(&mut first).await;
        assert_eq!(first.told(Ok(7)), Ok(7));
        let mut again = readers.take().await.unwrap();
        assert!(is_marked(&mut again).await, "it is the same connection");
        assert!(again.told::<()>(Err(Fault::Busy)).is_err());
        assert!(!is_marked(&mut readers.take().await.unwrap()).await, "one that failed is not asked again");
    }

    #[tokio::test]
    async fn what_was_left_unfinished_comes_to_its_end_in_the_same_place() {
        const ENDLESS: &str =
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 3000000) SELECT max(n) FROM n";
        let readers = readers(1);
        let mut first = readers.take().await.unwrap();
        mark(&mut first).await;
        first.told(Ok(())).unwrap();
        for _ in 0..3 {
            let mut left = readers.take().await.unwrap();
            let mut inside = left.begin().await.unwrap();
            let long = sqlx::query(ENDLESS).fetch_all(&mut *inside);
            assert!(tokio::time::timeout(Duration::from_millis(1), long).await.is_err(), "it takes longer");
            drop(inside);
            drop(left);
            let mut next = readers.take_patiently().await;
            assert!(is_marked(&mut next).await, "it is the same connection");
            let begun = next.begin().await.unwrap();
            begun.rollback().await.unwrap();
            next.told(Ok(())).unwrap();
        }
    }

    #[tokio::test]
    async fn there_are_no_more_than_allowed_and_none_after_the_end() {
        let readers = readers(2);
        let (one, two) = (readers.take().await.unwrap(), readers.take().await.unwrap());
        let full = readers.take().await.map(drop).unwrap_err();
        assert_eq!(full, unavailable("every connection for reading is taken"));
        one.told(Ok(())).unwrap();
        let (closed, ()) = tokio::join!(readers.close(), async { two.told(Ok(())).unwrap() });
        assert_eq!(closed, ());
        assert!(readers.0.idle().is_empty());
        assert_eq!(readers.take().await.map(drop).unwrap_err(), unavailable("the store is closed"));
    }
}
