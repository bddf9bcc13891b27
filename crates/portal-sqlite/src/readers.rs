//! Connections to read with: a bounded number, each opened when it is first needed, and kept.
//!
//! The driver's own pool asks every connection that comes back whether it still lives, and waits for the answer of the
//! connection's thread: a second way there and back for every question. Here a connection is kept only where its question was
//! answered in full, so there is nothing to ask.

use std::{
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use portal_domain::port::StoreError;
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::Fault;

/// All connections for reading. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Readers(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    connect: SqliteConnectOptions,
    /// How long to wait for one of them.
    patience: Duration,
    places: Arc<Semaphore>,
    idle: Mutex<Vec<SqliteConnection>>,
}

impl Readers {
    pub(crate) fn new(connect: SqliteConnectOptions, most: u32, patience: Duration) -> Self {
        let places = Arc::new(Semaphore::new(most.max(1) as usize));
        Self(Arc::new(Shared { connect, patience, places, idle: Mutex::default() }))
    }

    /// A connection, as soon as one is free.
    pub(crate) async fn take(&self) -> Result<Reader, StoreError> {
        let place = tokio::time::timeout(self.0.patience, Arc::clone(&self.0.places).acquire_owned()).await;
        let place = place.map_err(|_| unavailable("every connection for reading is taken"))?;
        let place = place.map_err(|_| unavailable("the store is closed"))?;
        let idle = self.0.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.0.connect.connect().await.map_err(|error| Fault::from(error).into_store())?,
        };
        Ok(Reader { connection, _place: place, shared: Arc::clone(&self.0) })
    }

    /// Closes every connection; those in use when they come back.
    pub(crate) async fn close(&self) {
        self.0.places.close();
        let idle = std::mem::take(&mut *self.0.idle());
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
}

fn unavailable(why: &str) -> StoreError {
    StoreError::Unavailable(why.to_owned())
}

/// One connection, for one question. Dropped without [`told`](Self::told) it is closed.
pub(crate) struct Reader {
    connection: SqliteConnection,
    shared: Arc<Shared>,
    _place: OwnedSemaphorePermit,
}

impl Reader {
    /// Passes the answer on. The connection is kept for the next question, unless this one failed.
    pub(crate) fn told<T>(self, answer: Result<T, Fault>) -> Result<T, StoreError> {
        let answer = answer.map_err(Fault::into_store)?;
        if !self.shared.places.is_closed() {
            self.shared.idle().push(self.connection);
        }
        Ok(answer)
    }
}

impl Deref for Reader {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for Reader {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readers(most: u32) -> Readers {
        Readers::new(SqliteConnectOptions::new().in_memory(true), most, Duration::from_millis(20))
    }

    async fn mark(reader: &mut Reader) {
        sqlx::query("CREATE TEMP TABLE IF NOT EXISTS mine (n INTEGER)").execute(&mut **reader).await.unwrap();
    }

    async fn is_marked(reader: &mut Reader) -> bool {
        sqlx::query("SELECT n FROM temp.mine").fetch_all(&mut **reader).await.is_ok()
    }

    #[tokio::test]
    async fn a_connection_is_kept_after_an_answer_and_closed_otherwise() {
        let readers = readers(1);
        let mut first = readers.take().await.unwrap();
        mark(&mut first).await;
        assert_eq!(first.told(Ok(7)), Ok(7));
        let mut again = readers.take().await.unwrap();
        assert!(is_marked(&mut again).await, "it is the same connection");
        assert!(again.told::<()>(Err(Fault::Busy)).is_err());
        let mut fresh = readers.take().await.unwrap();
        assert!(!is_marked(&mut fresh).await, "one that failed is not asked again");
        mark(&mut fresh).await;
        drop(fresh);
        assert!(!is_marked(&mut readers.take().await.unwrap()).await, "nor one that was not heard out");
    }

    #[tokio::test]
    async fn there_are_no_more_than_allowed_and_none_after_the_end() {
        let readers = readers(2);
        let (one, two) = (readers.take().await.unwrap(), readers.take().await.unwrap());
        let full = readers.take().await.map(drop).unwrap_err();
        assert_eq!(full, unavailable("every connection for reading is taken"));
        one.told(Ok(())).unwrap();
        readers.close().await;
        two.told(Ok(())).unwrap();
        assert!(readers.0.idle().is_empty());
        assert_eq!(readers.take().await.map(drop).unwrap_err(), unavailable("the store is closed"));
    }
}
