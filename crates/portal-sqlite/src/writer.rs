//! The one writer: a task with a connection of its own and a bounded queue.
//!
//! It takes what is waiting, begins one transaction, runs each piece of work in a savepoint, commits
//! once and only then answers. Nobody who goes away can cut it, and a piece that fails or panics
//! takes nobody else's with it.

use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
    time::Duration,
};

use async_trait::async_trait;
use portal_domain::port::StoreError;
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::{mpsc, oneshot};

use crate::error::Fault;

/// How long one attempt to begin waits inside SQLite.
pub(crate) const BUSY_STEP: Duration = Duration::from_millis(10);

/// After so many batches without a rest the file is left alone for [`REST`], so that other processes get a turn.
const BATCHES_WITHOUT_REST: u32 = 16;
const REST: Duration = Duration::from_millis(2);

/// Something to be written in one piece.
#[async_trait]
pub(crate) trait Work: Send + Sync + 'static {
    /// What is answered when it is safe on disk.
    type Answer: Send + 'static;

    /// Writes; may be run again where the whole transaction came to nothing.
    async fn run(&self, connection: &mut SqliteConnection) -> Result<Self::Answer, Fault>;

    /// The answer where it doesn't fit to what is there, or others did not let it through.
    fn conflict(&self, fault: Fault) -> Result<Self::Answer, StoreError> {
        Err(fault.into_store())
    }
}

/// The way into the queue.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Item>,
}

enum Item {
    Job(Box<dyn Job>),
    Close(oneshot::Sender<()>),
}

impl Writer {
    /// Starts the task. It ends when every handle is dropped, or at [`close`](Self::close).
    pub(crate) fn start(connection: SqliteConnection, task: Settings) -> Self {
        let (queue, items) = mpsc::channel(task.queue.max(1));
        tokio::spawn(Task { settings: task, connection: Some(connection) }.serve(items));
        Self { queue }
    }

    /// Queues the work and waits for its answer.
    pub(crate) async fn write<W: Work>(&self, work: W) -> Result<W::Answer, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Ticket { work, reply, answer: None });
        self.queue.try_send(Item::Job(job)).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => StoreError::Unavailable("too many commits are waiting".into()),
            mpsc::error::TrySendError::Closed(_) => StoreError::Unavailable("the store is closed".into()),
        })?;
        answer.await.unwrap_or_else(|_| Err(StoreError::Unavailable("the writer has stopped".into())))
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.max_capacity().saturating_sub(self.queue.capacity())
    }

    /// Writes what is queued, and closes the connection.
    pub(crate) async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.queue.send(Item::Close(reply)).await.is_ok() {
            let _ = closed.await;
        }
    }
}

/// How the task works.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// How to connect anew.
    pub(crate) connect: SqliteConnectOptions,
    /// How many may wait.
    pub(crate) queue: usize,
    /// How many share one transaction.
    pub(crate) batch: usize,
    /// How long to wait for others who write.
    pub(crate) busy_timeout: Duration,
}

#[async_trait]
trait Job: Send {
    async fn run(&mut self, connection: &mut SqliteConnection) -> Result<(), Fault>;
    /// Answers; `None` where the work was done.
    fn tell(self: Box<Self>, fault: Option<Fault>);
}

struct Ticket<W: Work> {
    work: W,
    reply: oneshot::Sender<Result<W::Answer, StoreError>>,
    answer: Option<W::Answer>,
}

#[async_trait]
impl<W: Work> Job for Ticket<W> {
    async fn run(&mut self, connection: &mut SqliteConnection) -> Result<(), Fault> {
        self.answer = Some(self.work.run(connection).await?);
        Ok(())
    }

    fn tell(self: Box<Self>, fault: Option<Fault>) {
        let answer = match (fault, self.answer) {
            (Some(Fault::Store(error)), _) => Err(error),
            (Some(fault), _) => self.work.conflict(fault),
            (None, Some(answer)) => Ok(answer),
            (None, None) => Err(StoreError::Unavailable("the work was not run".into())),
        };
        // Whoever asked may have gone away; what is written stays.
        let _ = self.reply.send(answer);
    }
}

type Jobs = Vec<Box<dyn Job>>;

struct Task {
    settings: Settings,
    /// `None` after a failure, until it is opened anew.
    connection: Option<SqliteConnection>,
}

impl Task {
    async fn serve(mut self, mut items: mpsc::Receiver<Item>) {
        let most = self.settings.batch.max(1);
        let mut waiting = Vec::with_capacity(most);
        let mut without_rest = 0;
        while items.recv_many(&mut waiting, most).await > 0 {
            let mut jobs = Jobs::new();
            let mut closing = Vec::new();
            for item in waiting.drain(..) {
                match item {
                    Item::Job(job) => jobs.push(job),
                    Item::Close(reply) => closing.push(reply),
                }
            }
            self.write(jobs).await;
            if !closing.is_empty() {
                items.close();
                while let Some(item) = items.recv().await {
                    match item {
                        Item::Job(job) => self.write(vec![job]).await,
                        Item::Close(reply) => closing.push(reply),
                    }
                }
                self.disconnect().await;
                for reply in closing {
                    let _ = reply.send(());
                }
                return;
            }
            without_rest = if items.is_empty() { 0 } else { without_rest + 1 };
            if without_rest >= BATCHES_WITHOUT_REST {
                without_rest = 0;
                tokio::time::sleep(REST).await;
            }
        }
        self.disconnect().await;
    }

    /// One transaction for all; where it fails at its end because of one of them, one for each.
    async fn write(&mut self, jobs: Jobs) {
        if jobs.is_empty() {
            return;
        }
        let alone = jobs.len() == 1;
        match self.transaction(jobs).await {
            Ok(()) => {}
            Err((jobs, Fault::Conflict)) if !alone => {
                for job in jobs {
                    if let Err((jobs, fault)) = self.transaction(vec![job]).await {
                        self.give_up(jobs, fault).await;
                    }
                }
            }
            Err((jobs, fault)) => self.give_up(jobs, fault).await,
        }
    }

    async fn give_up(&mut self, jobs: Jobs, fault: Fault) {
        let fault = match fault {
            Fault::Store(error) => {
                tracing::error!(%error, "the writer lost a transaction and connects anew");
                self.disconnect().await;
                Some(error)
            }
            Fault::Conflict | Fault::Busy => None,
        };
        for job in jobs {
            job.tell(Some(fault.clone().map_or(Fault::Busy, Fault::Store)));
        }
    }

    /// Runs the jobs and answers them; gives them back unanswered where nothing was written.
    async fn transaction(&mut self, mut jobs: Jobs) -> Result<(), (Jobs, Fault)> {
        match self.attempt(&mut jobs).await {
            Ok(faults) => {
                jobs.into_iter().zip(faults).for_each(|(job, fault)| job.tell(fault));
                Ok(())
            }
            Err(fault) => {
                if let Some(connection) = &mut self.connection {
                    // SQLite may have rolled back by itself; then there is nothing to undo.
                    let _ = control(connection, "ROLLBACK").await;
                }
                Err((jobs, fault))
            }
        }
    }

    async fn attempt(&mut self, jobs: &mut Jobs) -> Result<Vec<Option<Fault>>, Fault> {
        let rounds = (self.settings.busy_timeout.as_millis() / BUSY_STEP.as_millis()).max(1);
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.settings.connect.connect().await?,
        };
        let connection = self.connection.insert(connection);
        let last = jobs.len().saturating_sub(1);
        // Alone, a piece needs no savepoint: what it wrote goes with the transaction.
        let alone = last == 0;
        begin(connection, if alone { "BEGIN IMMEDIATE" } else { "BEGIN IMMEDIATE; SAVEPOINT piece" }, rounds).await?;
        let mut faults = Vec::with_capacity(jobs.len());
        for (place, job) in jobs.iter_mut().enumerate() {
            let fault = match unharmed(job.run(connection)).await {
                Some(outcome) => outcome.err(),
                None => Some(Fault::Store(StoreError::Unavailable("a commit failed unexpectedly".into()))),
            };
            if fault.is_some() && !alone {
                control(connection, "ROLLBACK TO piece").await?;
            }
            // Each statement is a way to the connection's thread and back, so two go together.
            let next = match place == last {
                true if alone && fault.is_some() => "ROLLBACK",
                true if alone => "COMMIT",
                true => "RELEASE piece; COMMIT",
                false => "RELEASE piece; SAVEPOINT piece",
            };
            control(connection, next).await?;
            faults.push(fault);
        }
        Ok(faults)
    }

    async fn disconnect(&mut self) {
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the writer's connection was not closed in order");
        }
    }
}

/// Begins to write, as soon as nobody else does.
async fn begin(connection: &mut SqliteConnection, statement: &'static str, rounds: u128) -> Result<(), Fault> {
    for _ in 1..rounds {
        match control(connection, statement).await {
            Err(Fault::Busy) => {}
            other => return other,
        }
    }
    control(connection, statement).await
}

async fn control(connection: &mut SqliteConnection, statement: &'static str) -> Result<(), Fault> {
    sqlx::query(statement).execute(connection).await?;
    Ok(())
}

/// What the future yields; `None` where it panics.
async fn unharmed<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(poll) => poll.map(Some),
        Err(_) => Poll::Ready(None),
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Adds a row, and then does as it is told.
    enum Piece {
        Good,
        Panics,
        Fails,
    }

    #[async_trait]
    impl Work for Piece {
        type Answer = ();

        async fn run(&self, connection: &mut SqliteConnection) -> Result<(), Fault> {
            sqlx::query("INSERT INTO piece (n) VALUES (1)").execute(&mut *connection).await?;
            match self {
                Self::Good => Ok(()),
                Self::Panics => panic!("on purpose"),
                Self::Fails => Err(StoreError::Damaged("on purpose".into()).into()),
            }
        }
    }

    #[tokio::test]
    async fn a_piece_that_fails_or_panics_takes_nobody_with_it() {
        let connect = SqliteConnectOptions::new().in_memory(true);
        let mut connection = connect.connect().await.unwrap();
        sqlx::query("CREATE TABLE piece (n INTEGER)").execute(&mut connection).await.unwrap();
        let mut task = Task {
            settings: Settings { connect, queue: 9, batch: 9, busy_timeout: Duration::ZERO },
            connection: Some(connection),
        };
        let mut jobs = Jobs::new();
        let mut answers = Vec::new();
        for work in [Piece::Good, Piece::Panics, Piece::Good, Piece::Fails, Piece::Good] {
            let (reply, answer) = oneshot::channel();
            jobs.push(Box::new(Ticket { work, reply, answer: None }));
            answers.push(answer);
        }
        task.write(jobs).await;
        let mut well = Vec::new();
        for answer in answers {
            well.push(answer.await.unwrap().is_ok());
        }
        assert_eq!(well, [true, false, true, false, true]);
        for (work, good) in [(Piece::Panics, false), (Piece::Good, true), (Piece::Fails, false), (Piece::Good, true)] {
            let (reply, answer) = oneshot::channel();
            task.write(vec![Box::new(Ticket { work, reply, answer: None })]).await;
            assert_eq!(answer.await.unwrap().is_ok(), good, "alone");
        }
        let connection = task.connection.as_mut().unwrap();
        let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM piece").fetch_one(connection).await.unwrap();
        assert_eq!(rows, 5);
    }
}
