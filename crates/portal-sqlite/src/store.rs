//! [`SqliteStore`]: opening, closing, and the ports.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use async_trait::async_trait;
use portal_domain::{
    change::Decision,
    email::LoginKey,
    erasure::{Gone, Purge, Traces},
    event::RecordedEvent,
    facts::{
        CodeFacts, ContactFacts, ContactQuery, HandoffFacts, LinkFacts, LoginFacts, SessionFacts, SignInFacts,
        StaffFacts, StaffSignIn, UserFacts, UserQuery, VisitFacts, WorkspaceSessionFacts,
    },
    handoff::HandoffHash,
    id::{ClientId, ContactId, LinkId, LoginId, PracticeId, Ref, UserId},
    message::{Delivery, MessageKind},
    port::{
        Commit, DueInvitation, InvitationsDue, Listed, Page, PortalStore, PortalViews, PracticeSelector, Receipt,
        RequestKey, StoreError, Waiting,
    },
    practice::{ApiKey, ApiKeyHash, Client, Practice, PracticeUser},
    session::{SessionHash, WorkspaceSessionHash},
    sign_in_code::CodeHash,
    staff::StaffLink,
    throttle::{Admission, Bucket, Try},
    time::Timestamp,
};
use sqlx::{
    ConnectOptions, Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use crate::{
    commit::{ForgetReceipts, Plan},
    error::Fault,
    lock::{self, SetupLock},
    migrate::{self, MigrateError, PendingMigration},
    read::{
        facts, hints, invitations,
        passages::{self, ForgetPassages},
        practice, staff, views, visit, workspace,
    },
    readers::{Reader, Readers},
    retention::{self, PurgeSome},
    tries::{self, CountTry, ForgetTries},
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

/// What the connections and the queue of a store are at. A picture, not a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gauge {
    /// Most connections that read.
    pub most: u32,
    /// Those that there are.
    pub open: usize,
    /// Those of them that nobody uses.
    pub idle: usize,
    /// Commits that wait for the writer.
    pub queued: usize,
}

/// A store in one SQLite file. Clones share its connections.
///
/// A commit that was acknowledged is on disk (`journal_mode=WAL`, `synchronous=FULL`). Other programs may have the
/// same file open; who writes waits for the other, up to [`SqliteOptions::busy_timeout`], and then has a conflict.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    path: PathBuf,
    connect: SqliteConnectOptions,
    pub(crate) readers: Readers,
    pub(crate) writer: Writer,
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
            .pragma("secure_delete", "ON")
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
        let readers = Readers::new(reading, options.readers, options.reader_timeout);
        Ok(Self { path, connect, readers, writer: Writer::start(connection, settings) })
    }

    /// What its connections and its queue are at, for metrics.
    pub fn gauge(&self) -> Gauge {
        let (most, open, idle) = self.readers.count();
        Gauge { most, open, idle, queued: self.writer.waiting() }
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
        let mut reader = self.readers.take().await.map_err(|error| MigrateError::Failed(error.to_string()))?;
        let pending = migrate::pending(&mut reader).await?;
        reader.told(Ok(pending)).map_err(|error| MigrateError::Failed(error.to_string()))
    }

    /// A connection to read with that is nobody else's.
    pub(crate) async fn own_reader(&self) -> Result<SqliteConnection, StoreError> {
        let reading = self.connect.clone().busy_timeout(Duration::from_secs(30)).pragma("query_only", "ON");
        reading.connect().await.map_err(read_fault)
    }

    pub(crate) async fn reader(&self) -> Result<Reader, StoreError> {
        self.readers.take().await
    }

    pub(crate) const fn writing(&self) -> &Writer {
        &self.writer
    }

    /// Writes what is queued and closes every connection. Calls after this answer `Unavailable`.
    pub async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
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
        let mut reader = self.readers.take().await?;
        let answer = practice::practice(&mut reader, by).await;
        reader.told(answer)
    }

    async fn caller(&self, hash: &ApiKeyHash) -> Result<Option<ApiKey>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = practice::caller(&mut reader, hash).await;
        reader.told(answer)
    }

    async fn contacts(
        &self,
        practice: PracticeId,
        queries: &[ContactQuery],
        now: Timestamp,
    ) -> Result<Vec<ContactFacts>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = async { facts::contacts(&mut *reader.begin().await?, practice, queries, now).await }.await;
        reader.told(answer)
    }

    async fn user(&self, practice: PracticeId, query: &UserQuery, now: Timestamp) -> Result<UserFacts, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = async { facts::user(&mut *reader.begin().await?, practice, query, now).await }.await;
        reader.told(answer)
    }

    async fn clients(&self, practice: PracticeId, refs: &[Ref]) -> Result<Vec<Client>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = async { facts::clients(&mut *reader.begin().await?, practice, refs).await }.await;
        reader.told(answer)
    }

    async fn login(
        &self,
        practice: PracticeId,
        key: &LoginKey,
        now: Timestamp,
    ) -> Result<Option<LoginFacts>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = async { facts::login(&mut *reader.begin().await?, practice, key, now).await }.await;
        reader.told(answer)
    }

    async fn sign_in(&self, practice: PracticeId, key: &LoginKey) -> Result<Option<SignInFacts>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = facts::sign_in(&mut reader, practice, key).await;
        reader.told(answer)
    }

    async fn practices_of(&self, key: &LoginKey, most: u32) -> Result<Vec<PracticeId>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = facts::practices_of(&mut reader, key, most).await;
        reader.told(answer)
    }

    async fn asked_mail(
        &self,
        practice: PracticeId,
        key: &LoginKey,
        since: Timestamp,
    ) -> Result<Vec<(MessageKind, Timestamp)>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = facts::asked_mail(&mut reader, practice, key, since).await;
        reader.told(answer)
    }

    async fn led_to(&self, practice: PracticeId, key: &LoginKey, most: u32) -> Result<Vec<ContactId>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = hints::led_to(&mut reader, practice, key, most).await;
        reader.told(answer)
    }

    async fn hints(
        &self,
        practice: PracticeId,
        contact: ContactId,
        since: Timestamp,
    ) -> Result<Vec<Timestamp>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = hints::hints(&mut reader, practice, contact, since).await;
        reader.told(answer)
    }

    async fn inviting(&self, after: Option<PracticeId>, most: u32) -> Result<Vec<PracticeId>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = invitations::inviting(&mut reader, after, most).await;
        reader.told(answer)
    }

    async fn invitations_due(
        &self,
        practice: PracticeId,
        due: &InvitationsDue,
        most: u32,
    ) -> Result<Vec<DueInvitation>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = invitations::due(&mut reader, practice, due, most).await;
        reader.told(answer)
    }

    async fn link(&self, practice: PracticeId, link: LinkId, now: Timestamp) -> Result<Option<LinkFacts>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = async { facts::link(&mut *reader.begin().await?, practice, link, now).await }.await;
        reader.told(answer)
    }

    async fn session(
        &self,
        practice: PracticeId,
        hash: &SessionHash,
        now: Timestamp,
    ) -> Result<Option<SessionFacts>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = async { facts::session(&mut *reader.begin().await?, practice, hash, now).await }.await;
        reader.told(answer)
    }

    async fn visit(&self, by: &PracticeSelector, session: &SessionHash) -> Result<Option<VisitFacts>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = visit::visit(&mut reader, by, session).await;
        reader.told(answer)
    }

    async fn workspace_session(
        &self,
        practice: PracticeId,
        hash: &WorkspaceSessionHash,
    ) -> Result<Option<WorkspaceSessionFacts>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = workspace::session(&mut reader, practice, hash).await;
        reader.told(answer)
    }

    async fn staff_sign_in(&self, practice: PracticeId, key: &LoginKey) -> Result<Option<StaffSignIn>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = staff::sign_in(&mut reader, practice, key).await;
        reader.told(answer)
    }

    async fn staff(
        &self,
        practice: PracticeId,
        user: UserId,
        now: Timestamp,
    ) -> Result<Option<StaffFacts>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = staff::staff(&mut reader, practice, user, now).await;
        reader.told(answer)
    }

    async fn staff_link(&self, practice: PracticeId, link: LinkId) -> Result<Option<StaffLink>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = staff::link(&mut reader, practice, link).await;
        reader.told(answer)
    }

    async fn receipt(&self, practice: PracticeId, key: &RequestKey) -> Result<Option<Receipt>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = practice::receipt(&mut reader, practice, key).await;
        reader.told(answer)
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
        let mut reader = self.readers.take().await?;
        let refused = tries::refused_already(&mut reader, practice, buckets, noted, now).await;
        if let Some(until) = reader.told(refused)? {
            return Ok(Admission::Wait { bucket: 0, until });
        }
        let (buckets, noted) = (buckets.to_vec(), noted.cloned());
        self.writer.write(CountTry { practice, buckets, noted, now }).await
    }

    async fn forget_tries(&self, now: Timestamp, most: u32) -> Result<u64, StoreError> {
        self.writer.write(ForgetTries { now, most }).await
    }

    async fn forget_receipts(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        self.writer.write(ForgetReceipts { before, most }).await
    }

    async fn gone(&self, practice: PracticeId, reference: &Ref) -> Result<Vec<ContactId>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = retention::gone(&mut reader, practice, reference).await;
        reader.told(answer)
    }

    async fn long_gone(&self, before: Timestamp, after: Option<&Gone>, most: u32) -> Result<Vec<Gone>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = retention::long_gone(&mut reader, before, after, most).await;
        reader.told(answer)
    }

    async fn traces(
        &self,
        practice: PracticeId,
        contacts: &[ContactId],
        reference: Option<&Ref>,
    ) -> Result<Traces, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer =
            async { retention::traces(&mut *reader.begin().await?, practice, contacts, reference).await }.await;
        reader.told(answer)
    }

    async fn purge(&self, what: Purge, most: u32) -> Result<u64, StoreError> {
        self.writer.write(PurgeSome { what, most }).await
    }

    async fn tidy(&self) -> Result<(), StoreError> {
        retention::tidy(&self.path, &self.connect).await
    }

    async fn handoff(
        &self,
        practice: PracticeId,
        hash: &HandoffHash,
        now: Timestamp,
    ) -> Result<Option<HandoffFacts>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = async { passages::handoff(&mut *reader.begin().await?, practice, hash, now).await }.await;
        reader.told(answer)
    }

    async fn sign_in_code(
        &self,
        practice: PracticeId,
        hash: &CodeHash,
        now: Timestamp,
    ) -> Result<Option<CodeFacts>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = async { passages::sign_in_code(&mut *reader.begin().await?, practice, hash, now).await }.await;
        reader.told(answer)
    }

    async fn over_sessions(&self, now: Timestamp, most: u32) -> Result<Vec<(PracticeId, SessionHash)>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = passages::over_sessions(&mut reader, now, most).await;
        reader.told(answer)
    }

    async fn forget_passages(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        self.writer.write(ForgetPassages { before, most }).await
    }
}

#[async_trait]
impl PortalViews for SqliteStore {
    async fn practices(&self, page: &Page<String>) -> Result<Vec<Practice>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = views::practices(&mut reader, page).await;
        reader.told(answer)
    }

    async fn users(&self, practice: PracticeId, page: &Page<Ref>) -> Result<Vec<PracticeUser>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = views::users(&mut reader, practice, page).await;
        reader.told(answer)
    }

    async fn clients(&self, practice: PracticeId, page: &Page<Ref>) -> Result<Vec<Client>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = views::clients(&mut reader, practice, page).await;
        reader.told(answer)
    }

    async fn contacts(&self, practice: PracticeId, page: &Page<Ref>) -> Result<Vec<Ref>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = views::contacts(&mut reader, practice, page).await;
        reader.told(answer)
    }

    async fn directory(
        &self,
        practice: PracticeId,
        client: Option<ClientId>,
        page: &Page<Ref>,
    ) -> Result<Vec<Listed>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = views::directory(&mut reader, practice, client, page).await;
        reader.told(answer)
    }

    async fn contacts_with(
        &self,
        practice: PracticeId,
        key: &LoginKey,
        page: &Page<Ref>,
    ) -> Result<Vec<Ref>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = views::contacts_with(&mut reader, practice, key, page).await;
        reader.told(answer)
    }

    async fn signed_in(
        &self,
        practice: PracticeId,
        now: Timestamp,
        page: &Page<LoginId>,
    ) -> Result<Vec<(LoginId, Ref)>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = views::signed_in(&mut reader, practice, now, page).await;
        reader.told(answer)
    }

    async fn api_keys(&self, practice: PracticeId) -> Result<Vec<ApiKey>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = views::api_keys(&mut reader, practice).await;
        reader.told(answer)
    }

    async fn messages(
        &self,
        practice: PracticeId,
        contact: ContactId,
        page: &Page<i64>,
    ) -> Result<Vec<(Delivery, i64)>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = async { views::messages(&mut *reader.begin().await?, practice, contact, page).await }.await;
        reader.told(answer)
    }

    async fn events(
        &self,
        practice: PracticeId,
        contact: Option<ContactId>,
        page: &Page<i64>,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = views::events(&mut reader, practice, contact, page).await;
        reader.told(answer)
    }

    async fn contact_refs(
        &self,
        practice: PracticeId,
        contacts: &[ContactId],
    ) -> Result<BTreeMap<ContactId, Ref>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = views::contact_refs(&mut reader, practice, contacts).await;
        reader.told(answer)
    }

    async fn waiting(&self, practice: PracticeId) -> Result<Vec<Waiting>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = views::waiting(&mut reader, practice).await;
        reader.told(answer)
    }

    async fn schema_fits(&self) -> Result<bool, StoreError> {
        match self.pending_migrations().await {
            Ok(pending) => Ok(pending.is_empty()),
            Err(MigrateError::Newer { .. } | MigrateError::Differs { .. }) => Ok(false),
            Err(MigrateError::Failed(reason)) => Err(StoreError::Unavailable(reason)),
        }
    }

    async fn oldest_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let mut reader = self.readers.take().await?;
        let answer = views::oldest_due(&mut reader, now).await;
        reader.told(answer)
    }
}
