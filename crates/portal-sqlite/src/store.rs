//! [`SqliteStore`]: opening, closing, and the ports.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use async_trait::async_trait;
use portal_domain::{
    change::Decision,
    email::LoginKey,
    event::RecordedEvent,
    facts::{
        ContactFacts, ContactQuery, LinkFacts, LoginCredential, LoginFacts, SessionFacts, UserFacts, UserQuery,
        WorkspaceSessionFacts,
    },
    id::{ContactId, EnquiryId, LinkId, PracticeId, Ref, TryId},
    journal::{Head, JournalRow, Sealing},
    message::Delivery,
    port::{
        Commit, Enquiries, Enquiry, Journal, Lease, LeaseTerms, Leased, Outbox, Page, PortalStore, PortalViews,
        PracticeSelector, Receipt, RequestKey, Settlement, StoreError, Unsealed, Waiting,
    },
    practice::{ApiKey, ApiKeyHash, Client, Practice, PracticeUser},
    session::{SessionHash, WorkspaceSessionHash},
    throttle::{Admission, Bucket, RecordedTry, Try},
    time::Timestamp,
};
use sqlx::{
    ConnectOptions, Connection, Sqlite, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    commit::Plan,
    enquiries::{LeaseEnquiries, PutEnquiry, SettleEnquiry},
    error::Fault,
    journal::{self, SealEvents},
    lock::{self, SetupLock},
    migrate::{self, MigrateError, PendingMigration},
    outbox::{LeaseMessages, RecallMessages, SettleMessage},
    read::{facts, practice, views, workspace},
    tries::{self, CountTry, ForgetTries, GiveBack},
    writer::{BUSY_STEP, Settings, Writer},
};

/// How a store works. The default suits one program with some hundred requests a second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqliteOptions {
    /// Connections that read. Default 4.
    pub readers: u32,
    /// Commits that may wait before the store answers `Unavailable`. Default 1024.
    pub queue: usize,
    /// Commits that share one transaction, and one sync to disk. Default 64.
    pub batch: usize,
    /// How long to wait for another program that writes to the file. Default two seconds.
    pub busy_timeout: Duration,
    /// How long to wait for a connection to read with. Default 0.8 seconds.
    pub reader_timeout: Duration,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            readers: 4,
            queue: 1024,
            batch: 64,
            busy_timeout: Duration::from_secs(2),
            reader_timeout: Duration::from_millis(800),
        }
    }
}

/// A store in one SQLite file. Clones share its connections.
///
/// A commit that was acknowledged is on disk (`journal_mode=WAL`, `synchronous=FULL`). Other programs may have the
/// same file open; who writes waits for the other, up to [`SqliteOptions::busy_timeout`], and then has a conflict.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    path: PathBuf,
    connect: SqliteConnectOptions,
    readers: SqlitePool,
    writer: Writer,
}

impl SqliteStore {
    /// Opens the file at `path`; where there is none, creates it, for its owner only.
    ///
    /// The schema is left as it is: see [`migrate`](Self::migrate). Beside the file there will be `{path}-wal`,
    /// `{path}-shm` and `{path}-setup`, a lock. Must be called inside a Tokio runtime, where the writer will live.
    pub async fn open(path: impl AsRef<Path>, options: &SqliteOptions) -> Result<Self, StoreError> {
        let path = path.as_ref().to_owned();
        let connect = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(false)
            .foreign_keys(true)
            .synchronous(SqliteSynchronous::Full)
            .statement_cache_capacity(256)
            .row_buffer_size(512)
            .disable_statement_logging();
        let writing = connect.clone().busy_timeout(BUSY_STEP);

        let held = SetupLock::take(&path).await.map_err(|error| cannot("lock", &error))?;
        lock::create(&path).map_err(|error| cannot("create", &error))?;
        let patient = connect.clone().busy_timeout(Duration::from_secs(30));
        let first = patient.journal_mode(SqliteJournalMode::Wal).connect().await.map_err(read_fault)?;
        first.close().await.map_err(read_fault)?;
        drop(held);

        let connection = writing.connect().await.map_err(read_fault)?;
        let settings = Settings {
            connect: writing,
            queue: options.queue,
            batch: options.batch,
            busy_timeout: options.busy_timeout,
        };
        let reading = connect.clone().busy_timeout(options.reader_timeout).pragma("query_only", "ON");
        let readers = SqlitePoolOptions::new()
            .max_connections(options.readers.max(1))
            .acquire_timeout(options.reader_timeout)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with(reading);
        Ok(Self { path, connect, readers, writer: Writer::start(connection, settings) })
    }

    /// Applies the migrations that the file has not seen, all or none. Any number of programs may do so at once.
    pub async fn migrate(&self) -> Result<(), MigrateError> {
        let held = SetupLock::take(&self.path).await.map_err(|error| MigrateError::Failed(error.to_string()))?;
        // Foreign keys are off, so that tables can be rebuilt; they are checked at the end.
        let patient = self.connect.clone().foreign_keys(false).busy_timeout(Duration::from_secs(30));
        let mut connection = patient.connect().await?;
        let outcome = migrate::run(&mut connection).await;
        let closed = connection.close().await;
        drop(held);
        outcome?;
        Ok(closed?)
    }

    /// The migrations that [`migrate`](Self::migrate) would apply; refuses a file of a newer program.
    pub async fn pending_migrations(&self) -> Result<Vec<PendingMigration>, MigrateError> {
        let mut connection = self.readers.acquire().await?;
        migrate::pending(&mut connection).await
    }

    /// Writes what is queued and closes every connection. Calls after this answer `Unavailable`.
    pub async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
    }

    /// Something to read one consistent picture from.
    async fn snapshot(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.readers.begin().await.map_err(read_fault)
    }
}

fn cannot(what: &str, error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("can't {what} the file: {error}"))
}

fn read_fault(error: sqlx::Error) -> StoreError {
    Fault::from(error).into_store()
}

#[async_trait]
impl PortalStore for SqliteStore {
    async fn practice(&self, by: &PracticeSelector) -> Result<Option<Practice>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(read_fault)?;
        practice::practice(&mut connection, by).await.map_err(Fault::into_store)
    }

    async fn caller(&self, hash: &ApiKeyHash) -> Result<Option<ApiKey>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(read_fault)?;
        practice::caller(&mut connection, hash).await.map_err(Fault::into_store)
    }

    async fn contacts(
        &self,
        practice: PracticeId,
        queries: &[ContactQuery],
        now: Timestamp,
    ) -> Result<Vec<ContactFacts>, StoreError> {
        let mut snapshot = self.snapshot().await?;
        facts::contacts(&mut snapshot, practice, queries, now).await.map_err(Fault::into_store)
    }

    async fn user(&self, practice: PracticeId, query: &UserQuery, now: Timestamp) -> Result<UserFacts, StoreError> {
        let mut snapshot = self.snapshot().await?;
        facts::user(&mut snapshot, practice, query, now).await.map_err(Fault::into_store)
    }

    async fn clients(&self, practice: PracticeId, refs: &[Ref]) -> Result<Vec<Client>, StoreError> {
        let mut snapshot = self.snapshot().await?;
        facts::clients(&mut snapshot, practice, refs).await.map_err(Fault::into_store)
    }

    async fn login(
        &self,
        practice: PracticeId,
        key: &LoginKey,
        now: Timestamp,
    ) -> Result<Option<LoginFacts>, StoreError> {
        let mut snapshot = self.snapshot().await?;
        facts::login(&mut snapshot, practice, key, now).await.map_err(Fault::into_store)
    }

    async fn credential(&self, practice: PracticeId, key: &LoginKey) -> Result<Option<LoginCredential>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(read_fault)?;
        facts::credential(&mut connection, practice, key).await.map_err(Fault::into_store)
    }

    async fn asked_mail(
        &self,
        practice: PracticeId,
        key: &LoginKey,
        since: Timestamp,
    ) -> Result<Vec<Timestamp>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(read_fault)?;
        facts::asked_mail(&mut connection, practice, key, since).await.map_err(Fault::into_store)
    }

    async fn link(&self, practice: PracticeId, link: LinkId, now: Timestamp) -> Result<Option<LinkFacts>, StoreError> {
        let mut snapshot = self.snapshot().await?;
        facts::link(&mut snapshot, practice, link, now).await.map_err(Fault::into_store)
    }

    async fn session(
        &self,
        practice: PracticeId,
        hash: &SessionHash,
        now: Timestamp,
    ) -> Result<Option<SessionFacts>, StoreError> {
        let mut snapshot = self.snapshot().await?;
        facts::session(&mut snapshot, practice, hash, now).await.map_err(Fault::into_store)
    }

    async fn workspace_session(
        &self,
        practice: PracticeId,
        hash: &WorkspaceSessionHash,
    ) -> Result<Option<WorkspaceSessionFacts>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(read_fault)?;
        workspace::session(&mut connection, practice, hash).await.map_err(Fault::into_store)
    }

    async fn receipt(&self, practice: PracticeId, key: &RequestKey) -> Result<Option<Receipt>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(read_fault)?;
        practice::receipt(&mut connection, practice, key).await.map_err(Fault::into_store)
    }

    async fn commit(
        &self,
        practice: PracticeId,
        decisions: &[Decision],
        receipt: Option<&Receipt>,
    ) -> Result<Commit, StoreError> {
        self.writer.write(Plan::new(practice, decisions, receipt)).await
    }

    async fn admit(
        &self,
        practice: PracticeId,
        buckets: &[Bucket],
        noted: Option<&Try>,
        now: Timestamp,
    ) -> Result<Admission, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(read_fault)?;
        let refused = tries::refused_already(&mut connection, practice, buckets, noted, now).await;
        drop(connection);
        if let Some(until) = refused.map_err(Fault::into_store)? {
            return Ok(Admission::Wait { bucket: 0, until });
        }
        let (buckets, noted) = (buckets.to_vec(), noted.cloned());
        self.writer.write(CountTry { practice, buckets, noted, now }).await
    }

    async fn refund(
        &self,
        practice: PracticeId,
        bucket: &Bucket,
        counted_at: Timestamp,
        right: Option<TryId>,
    ) -> Result<(), StoreError> {
        self.writer.write(GiveBack { practice, bucket: *bucket, counted_at, right }).await
    }

    async fn forget_tries(&self, now: Timestamp, most: u32) -> Result<u64, StoreError> {
        self.writer.write(ForgetTries { now, most }).await
    }
}

#[async_trait]
impl PortalViews for SqliteStore {
    async fn practices(&self, page: &Page<String>) -> Result<Vec<Practice>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(read_fault)?;
        views::practices(&mut connection, page).await.map_err(Fault::into_store)
    }

    async fn users(&self, practice: PracticeId, page: &Page<Ref>) -> Result<Vec<PracticeUser>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(read_fault)?;
        views::users(&mut connection, practice, page).await.map_err(Fault::into_store)
    }

    async fn clients(&self, practice: PracticeId, page: &Page<Ref>) -> Result<Vec<Client>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(read_fault)?;
        views::clients(&mut connection, practice, page).await.map_err(Fault::into_store)
    }

    async fn contacts(&self, practice: PracticeId, page: &Page<Ref>) -> Result<Vec<Ref>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(read_fault)?;
        views::contacts(&mut connection, practice, page).await.map_err(Fault::into_store)
    }

    async fn api_keys(&self, practice: PracticeId) -> Result<Vec<ApiKey>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(read_fault)?;
        views::api_keys(&mut connection, practice).await.map_err(Fault::into_store)
    }

    async fn messages(
        &self,
        practice: PracticeId,
        contact: ContactId,
        page: &Page<i64>,
    ) -> Result<Vec<(Delivery, i64)>, StoreError> {
        let mut snapshot = self.snapshot().await?;
        views::messages(&mut snapshot, practice, contact, page).await.map_err(Fault::into_store)
    }

    async fn events(
        &self,
        practice: PracticeId,
        contact: Option<ContactId>,
        page: &Page<i64>,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(read_fault)?;
        views::events(&mut connection, practice, contact, page).await.map_err(Fault::into_store)
    }

    async fn tries(
        &self,
        practice: PracticeId,
        key: &LoginKey,
        since: Timestamp,
    ) -> Result<Vec<RecordedTry>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(read_fault)?;
        tries::tries(&mut connection, practice, key, since).await.map_err(Fault::into_store)
    }

    async fn waiting(&self, practice: PracticeId) -> Result<Vec<Waiting>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(read_fault)?;
        views::waiting(&mut connection, practice).await.map_err(Fault::into_store)
    }

    async fn schema_fits(&self) -> Result<bool, StoreError> {
        match self.pending_migrations().await {
            Ok(pending) => Ok(pending.is_empty()),
            Err(MigrateError::Newer { .. } | MigrateError::Differs { .. }) => Ok(false),
            Err(MigrateError::Failed(reason)) => Err(StoreError::Unavailable(reason)),
        }
    }

    async fn oldest_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(read_fault)?;
        views::oldest_due(&mut connection, now).await.map_err(Fault::into_store)
    }
}

#[async_trait]
impl Outbox for SqliteStore {
    async fn lease(&self, terms: &LeaseTerms) -> Result<Vec<Leased>, StoreError> {
        self.writer.write(LeaseMessages(*terms)).await
    }

    async fn recall(&self, now: Timestamp, latest: Timestamp) -> Result<u64, StoreError> {
        self.writer.write(RecallMessages { now, latest }).await
    }

    async fn settle(&self, lease: &Lease, settlement: &Settlement) -> Result<bool, StoreError> {
        self.writer.write(SettleMessage::new(lease, settlement)).await
    }
}

#[async_trait]
impl Enquiries for SqliteStore {
    async fn put(&self, enquiry: &Enquiry) -> Result<(), StoreError> {
        self.writer.write(PutEnquiry(enquiry.clone())).await
    }

    async fn lease(&self, now: Timestamp, until: Timestamp, most: u32) -> Result<Vec<Enquiry>, StoreError> {
        self.writer.write(LeaseEnquiries { now, until, most }).await
    }

    async fn settle(&self, practice: PracticeId, enquiry: EnquiryId) -> Result<(), StoreError> {
        self.writer.write(SettleEnquiry { practice, enquiry }).await
    }
}

#[async_trait]
impl Journal for SqliteStore {
    async fn unsealed_practices(&self) -> Result<Vec<PracticeId>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(read_fault)?;
        journal::unsealed_practices(&mut connection).await.map_err(Fault::into_store)
    }

    async fn unsealed(&self, practice: PracticeId, most: u32) -> Result<Unsealed, StoreError> {
        let mut snapshot = self.snapshot().await?;
        journal::unsealed(&mut snapshot, practice, most).await.map_err(Fault::into_store)
    }

    async fn seal(&self, practice: PracticeId, seen: Option<&Head>, sealing: &Sealing) -> Result<bool, StoreError> {
        self.writer.write(SealEvents::new(practice, seen, sealing)).await
    }

    async fn head(&self, practice: PracticeId) -> Result<Option<Head>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(read_fault)?;
        journal::head(&mut connection, practice).await.map_err(Fault::into_store)
    }

    async fn sealed(&self, practice: PracticeId, after: i64, most: u32) -> Result<Vec<JournalRow>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(read_fault)?;
        journal::sealed(&mut connection, practice, after, most).await.map_err(Fault::into_store)
    }

    async fn unsealed_count(&self, practice: PracticeId) -> Result<u64, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(read_fault)?;
        journal::unsealed_count(&mut connection, practice).await.map_err(Fault::into_store)
    }
}
