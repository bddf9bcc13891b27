//! The store: a pool, and the ports on it.

use std::str::FromStr;

use async_trait::async_trait;
use portal_domain::{
    change::Decision,
    email::LoginKey,
    erasure::{Gone, Purge, Traces},
    facts::{
        CodeFacts, ContactFacts, ContactQuery, HandoffFacts, LinkFacts, LoginFacts, SessionFacts, SignInFacts,
        StaffFacts, StaffSignIn, UserFacts, UserQuery, VisitFacts, WorkspaceSessionFacts,
    },
    handoff::HandoffHash,
    id::{ContactId, LinkId, PracticeId, Ref, UserId},
    message::MessageKind,
    port::{Commit, DueInvitation, InvitationsDue, PortalStore, PracticeSelector, Receipt, RequestKey, StoreError},
    practice::{ApiKey, ApiKeyHash, Client, Practice},
    session::{SessionHash, WorkspaceSessionHash},
    sign_in_code::CodeHash,
    staff::StaffLink,
    throttle::{Admission, Bucket, Try},
    time::Timestamp,
};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool, Postgres, Transaction, postgres::PgConnectOptions};
use tokio::time::Instant;
use tracing::Instrument;

use crate::{Limits, commit, facts, failure::store_error, retention, tries};

/// What a pool is at. A picture, not a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gauge {
    /// Most connections.
    pub most: u32,
    /// Those that there are.
    pub open: u32,
    /// Those of them that nobody uses.
    pub idle: usize,
}

/// Everything that Portal keeps, on PostgreSQL. Clones share one pool.
#[derive(Clone, Debug)]
pub struct PostgresStore {
    pool: PgPool,
    lone: PgConnectOptions,
}

impl PostgresStore {
    /// Connects to the database at `url`, such as `postgres://portal@db.internal/portal?sslmode=verify-full` or, over a
    /// Unix socket, `postgres://portal@localhost/portal?host=/run/postgresql`.
    ///
    /// The schema is not looked at: see [`pending`](Self::pending) and [`migrate`](Self::migrate).
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] where the URL can't be read or the database not be reached.
    pub async fn connect(url: &str, limits: Limits) -> Result<Self, StoreError> {
        let lone = PgConnectOptions::from_str(url).map_err(unreachable)?.application_name("portal");
        // A migration takes its time, and its text would fill the log.
        let lone = lone.disable_statement_logging();
        let pool = limits.pool().connect_with(limits.apply(lone.clone())).await.map_err(unreachable)?;
        Ok(Self { pool, lone })
    }

    /// What the pool is at, for metrics.
    pub fn gauge(&self) -> Gauge {
        let most = self.pool.options().get_max_connections();
        Gauge { most, open: self.pool.size(), idle: self.pool.num_idle() }
    }

    /// Closes the pool once its connections are back.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    pub(crate) const fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// A connection outside the pool, without its deadlines, and without those that the server gives to a role or a database:
    /// whoever reads a whole practice, or changes the schema, may take long. Which there are depends on the server's version.
    pub(crate) async fn lone_connection(&self) -> Result<PgConnection, StoreError> {
        let mut connection = PgConnection::connect_with(&self.lone).await.map_err(unreachable)?;
        let lifted = sqlx::query!(
            "SELECT set_config(name, '0', false) FROM pg_settings
             WHERE name IN ('statement_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout',
                 'idle_session_timeout')"
        );
        lifted.fetch_all(&mut connection).await.map_err(store_error)?;
        Ok(connection)
    }

    /// A transaction that may write, of the kind that [`Limits`] sets. Only for tasks of their own: cut inside this call, it would stay open in the pool.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        timed(self.pool.begin()).await
    }

    /// One snapshot for several statements. Only for tasks of their own, too.
    pub(crate) async fn snapshot(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        timed(self.pool.begin_with(begin)).await.map_err(store_error)
    }
}

/// Measures how long a transaction takes to have a connection and to be begun.
async fn timed<T>(begin: impl Future<Output = T>) -> T {
    let since = Instant::now();
    let begun = begin.await;
    metrics::histogram!("portal_database_acquire_seconds").record(since.elapsed());
    begun
}

/// Whatever keeps a program from its database.
fn unreachable(error: sqlx::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

/// Runs `work` to its end, wherever its caller goes.
pub(crate) async fn whole<T: Send + 'static>(
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    // What it says in the log still belongs to the request that asked for it.
    match tokio::spawn(work.in_current_span()).await {
        Ok(done) => done,
        Err(error) => Err(StoreError::Unavailable(error.to_string())),
    }
}

/// Ends a snapshot. What it read is good whatever becomes of it.
pub(crate) async fn end(snapshot: Transaction<'static, Postgres>) {
    if let Err(error) = snapshot.commit().await {
        tracing::debug!(%error, "a snapshot did not end in order");
    }
}

#[async_trait]
impl PortalStore for PostgresStore {
    async fn practice(&self, by: &PracticeSelector) -> Result<Option<Practice>, StoreError> {
        facts::practice(self.pool(), by).await
    }

    async fn caller(&self, hash: &ApiKeyHash) -> Result<Option<ApiKey>, StoreError> {
        facts::caller(self.pool(), hash).await
    }

    async fn contacts(
        &self,
        practice: PracticeId,
        queries: &[ContactQuery],
        now: Timestamp,
    ) -> Result<Vec<ContactFacts>, StoreError> {
        let (store, queries) = (self.clone(), queries.to_vec());
        whole(async move {
            let mut snapshot = store.snapshot().await?;
            let found = facts::contacts(&mut snapshot, practice, &queries, now).await?;
            end(snapshot).await;
            Ok(found)
        })
        .await
    }

    async fn user(&self, practice: PracticeId, query: &UserQuery, now: Timestamp) -> Result<UserFacts, StoreError> {
        let (store, query) = (self.clone(), query.clone());
        whole(async move {
            let mut snapshot = store.snapshot().await?;
            let found = facts::user(&mut snapshot, practice, &query, now).await?;
            end(snapshot).await;
            Ok(found)
        })
        .await
    }

    async fn clients(&self, practice: PracticeId, refs: &[Ref]) -> Result<Vec<Client>, StoreError> {
        facts::clients(self.pool(), practice, refs).await
    }

    async fn login(
        &self,
        practice: PracticeId,
        key: &LoginKey,
        now: Timestamp,
    ) -> Result<Option<LoginFacts>, StoreError> {
        let (store, key) = (self.clone(), key.clone());
        whole(async move {
            let mut snapshot = store.snapshot().await?;
            let found = facts::login(&mut snapshot, practice, &key, now).await?;
            end(snapshot).await;
            Ok(found)
        })
        .await
    }

    async fn sign_in(&self, practice: PracticeId, key: &LoginKey) -> Result<Option<SignInFacts>, StoreError> {
        facts::sign_in(self.pool(), practice, key).await
    }

    async fn practices_of(&self, key: &LoginKey, most: u32) -> Result<Vec<PracticeId>, StoreError> {
        facts::practices_of(self.pool(), key, most).await
    }

    async fn asked_mail(
        &self,
        practice: PracticeId,
        key: &LoginKey,
        since: Timestamp,
    ) -> Result<Vec<(MessageKind, Timestamp)>, StoreError> {
        facts::asked_mail(self.pool(), practice, key, since).await
    }

    async fn led_to(&self, practice: PracticeId, key: &LoginKey, most: u32) -> Result<Vec<ContactId>, StoreError> {
        facts::led_to(self.pool(), practice, key, most).await
    }

    async fn hints(
        &self,
        practice: PracticeId,
        contact: ContactId,
        since: Timestamp,
    ) -> Result<Vec<Timestamp>, StoreError> {
        facts::hints(self.pool(), practice, contact, since).await
    }

    async fn inviting(&self, after: Option<PracticeId>, most: u32) -> Result<Vec<PracticeId>, StoreError> {
        facts::inviting(self.pool(), after, most).await
    }

    async fn invitations_due(
        &self,
        practice: PracticeId,
        due: &InvitationsDue,
        most: u32,
    ) -> Result<Vec<DueInvitation>, StoreError> {
        facts::invitations_due(self.pool(), practice, due, most).await
    }

    async fn link(&self, practice: PracticeId, link: LinkId, now: Timestamp) -> Result<Option<LinkFacts>, StoreError> {
        let store = self.clone();
        whole(async move {
            let mut snapshot = store.snapshot().await?;
            let found = facts::link(&mut snapshot, practice, link, now).await?;
            end(snapshot).await;
            Ok(found)
        })
        .await
    }

    async fn session(
        &self,
        practice: PracticeId,
        hash: &SessionHash,
        now: Timestamp,
    ) -> Result<Option<SessionFacts>, StoreError> {
        let (store, hash) = (self.clone(), *hash);
        whole(async move {
            let mut snapshot = store.snapshot().await?;
            let found = facts::session(&mut snapshot, practice, &hash, now).await?;
            end(snapshot).await;
            Ok(found)
        })
        .await
    }

    async fn visit(&self, by: &PracticeSelector, session: &SessionHash) -> Result<Option<VisitFacts>, StoreError> {
        facts::visit(self.pool(), by, session).await
    }

    async fn workspace_session(
        &self,
        practice: PracticeId,
        hash: &WorkspaceSessionHash,
    ) -> Result<Option<WorkspaceSessionFacts>, StoreError> {
        facts::workspace_session(self.pool(), practice, hash).await
    }

    async fn staff_sign_in(&self, practice: PracticeId, key: &LoginKey) -> Result<Option<StaffSignIn>, StoreError> {
        facts::staff_sign_in(self.pool(), practice, key).await
    }

    async fn staff(
        &self,
        practice: PracticeId,
        user: UserId,
        now: Timestamp,
    ) -> Result<Option<StaffFacts>, StoreError> {
        let store = self.clone();
        whole(async move {
            let mut snapshot = store.snapshot().await?;
            let found = facts::staff(&mut snapshot, practice, user, now).await?;
            end(snapshot).await;
            Ok(found)
        })
        .await
    }

    async fn staff_link(&self, practice: PracticeId, link: LinkId) -> Result<Option<StaffLink>, StoreError> {
        facts::staff_link(self.pool(), practice, link).await
    }

    async fn receipt(&self, practice: PracticeId, key: &RequestKey) -> Result<Option<Receipt>, StoreError> {
        facts::receipt(self.pool(), practice, key).await
    }

    async fn commit(
        &self,
        practice: PracticeId,
        decisions: &[Decision],
        receipt: Option<&Receipt>,
    ) -> Result<Commit, StoreError> {
        let (store, decisions, receipt) = (self.clone(), decisions.to_vec(), receipt.cloned());
        whole(async move { commit::run(&store, practice, &decisions, receipt.as_ref()).await }).await
    }

    async fn admit(
        &self,
        practice: PracticeId,
        buckets: &[Bucket],
        noted: Option<&Try>,
        now: Timestamp,
    ) -> Result<Admission, StoreError> {
        let (store, buckets, noted) = (self.clone(), buckets.to_vec(), noted.cloned());
        whole(async move { tries::admit(&store, practice, &buckets, noted.as_ref(), now).await }).await
    }

    async fn forget_tries(&self, now: Timestamp, most: u32) -> Result<u64, StoreError> {
        tries::forget(self.pool(), now, most).await
    }

    async fn forget_receipts(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        commit::forget_receipts(self.pool(), before, most).await
    }

    async fn gone(&self, practice: PracticeId, reference: &Ref) -> Result<Vec<ContactId>, StoreError> {
        retention::gone(self.pool(), practice, reference).await
    }

    async fn long_gone(&self, before: Timestamp, after: Option<&Gone>, most: u32) -> Result<Vec<Gone>, StoreError> {
        retention::long_gone(self.pool(), before, after, most).await
    }

    async fn traces(
        &self,
        practice: PracticeId,
        contacts: &[ContactId],
        reference: Option<&Ref>,
    ) -> Result<Traces, StoreError> {
        let (store, contacts, reference) = (self.clone(), contacts.to_vec(), reference.cloned());
        whole(async move {
            let mut snapshot = store.snapshot().await?;
            let found = retention::traces(&mut snapshot, practice, &contacts, reference.as_ref()).await?;
            end(snapshot).await;
            Ok(found)
        })
        .await
    }

    async fn purge(&self, what: Purge, most: u32) -> Result<u64, StoreError> {
        retention::purge(self.pool(), what, most).await
    }

    async fn tidy(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn handoff(
        &self,
        practice: PracticeId,
        hash: &HandoffHash,
        now: Timestamp,
    ) -> Result<Option<HandoffFacts>, StoreError> {
        let (store, hash) = (self.clone(), *hash);
        whole(async move {
            let mut snapshot = store.snapshot().await?;
            let found = facts::handoff(&mut snapshot, practice, &hash, now).await?;
            end(snapshot).await;
            Ok(found)
        })
        .await
    }

    async fn sign_in_code(
        &self,
        practice: PracticeId,
        hash: &CodeHash,
        now: Timestamp,
    ) -> Result<Option<CodeFacts>, StoreError> {
        let (store, hash) = (self.clone(), *hash);
        whole(async move {
            let mut snapshot = store.snapshot().await?;
            let found = facts::sign_in_code(&mut snapshot, practice, &hash, now).await?;
            end(snapshot).await;
            Ok(found)
        })
        .await
    }

    async fn over_sessions(&self, now: Timestamp, most: u32) -> Result<Vec<(PracticeId, SessionHash)>, StoreError> {
        facts::over_sessions(self.pool(), now, most).await
    }

    async fn forget_passages(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        facts::forget_passages(self.pool(), before, most).await
    }
}
