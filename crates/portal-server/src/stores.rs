//! The one place that knows which databases there are.

use std::{
    fs::DirBuilder,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use portal::domain::{
    port::{
        Backlogs, Clock, Enquiries, Evidence, Exports, Jobs, Journal, Operators, Outbox, PortalStore, PortalViews,
        Returns, StoreError, Viewings, Webhooks,
    },
    time::Timestamp,
};
use portal_postgres::{Limits, PostgresStore};
use portal_sqlite::{SqliteOptions, SqliteStore};
use secrecy::{ExposeSecret, SecretString};

use crate::{failure::Failure, fault, system::SystemClock, terminal::plain};

/// So often a file is tried to be opened.
const OPEN_TRIES: u32 = 10;
/// The pause between two tries.
const OPEN_PAUSE: Duration = Duration::from_millis(100);

/// How long each step of a look may take.
const LOOK: Duration = Duration::from_secs(10);
/// The oldest PostgreSQL that will do, as it counts its versions.
const OLDEST: i32 = 130_000;

/// Who waits when the server of the database is busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Somebody's request, which is better told within a second to come again.
    Request,
    /// A command that somebody typed, which has all its work before it and can't come again by itself.
    Command,
}

impl Patience {
    fn limits(self) -> Limits {
        match self {
            Self::Request => Limits::default(),
            Self::Command => Limits { acquire: Duration::from_secs(5), ..Limits::default() },
        }
    }
}

/// Where the data is, before it is opened. Nobody outside this file asks of which kind it is.
#[derive(Clone, Debug)]
pub(crate) struct Database(Kind);

#[derive(Clone, Debug)]
enum Kind {
    File(PathBuf),
    Server(SecretString),
}

/// Connections to the database.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Connections {
    /// Most that there may be.
    pub(crate) most: u32,
    /// Those that there are.
    pub(crate) open: usize,
    /// Those of them that nobody uses.
    pub(crate) idle: usize,
    /// Commits that wait for the one that writes, where there is only one.
    pub(crate) queued: usize,
}

/// All that is asked of a database.
trait FullStore:
    PortalStore
    + PortalViews
    + Outbox
    + Enquiries
    + Jobs
    + Operators
    + Journal
    + Webhooks
    + Viewings
    + Evidence
    + Returns
    + Backlogs
    + Exports
{
}

impl<
    T: PortalStore
        + PortalViews
        + Outbox
        + Enquiries
        + Jobs
        + Operators
        + Journal
        + Webhooks
        + Viewings
        + Evidence
        + Returns
        + Backlogs
        + Exports,
> FullStore for T
{
}

/// A step that brings the schema up to date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// Its number.
    pub(crate) version: i64,
    /// Its name.
    pub(crate) name: String,
}

/// How a database is, as far as that can be seen without a trace.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    /// What it is, in words.
    pub(crate) kind: String,
    /// What keeps the program from working on it, each with what to do.
    pub(crate) faults: Vec<(String, &'static str)>,
    /// What its schema lacks.
    pub(crate) pending: Vec<Step>,
    /// Practices in it, where the schema is up to date.
    pub(crate) practices: Option<i64>,
    /// When the newest event happened.
    pub(crate) newest_event: Option<Timestamp>,
    /// What the clock of its server said, and what ours said then, where it has one of its own.
    pub(crate) server_clock: Option<(Timestamp, Timestamp)>,
}

/// An open database, as the ports that the program needs.
#[derive(Clone)]
pub(crate) struct Stores {
    /// Facts and commits.
    pub(crate) store: Arc<dyn PortalStore>,
    /// Lists.
    pub(crate) views: Arc<dyn PortalViews>,
    /// Messages to be sent.
    pub(crate) outbox: Arc<dyn Outbox>,
    /// What anybody asked for.
    pub(crate) enquiries: Arc<dyn Enquiries>,
    /// What belongs to no practice.
    pub(crate) operators: Arc<dyn Operators>,
    /// Work on many contacts.
    pub(crate) jobs: Arc<dyn Jobs>,
    /// Sealing of events.
    pub(crate) journal: Arc<dyn Journal>,
    /// Endpoints of hosts.
    pub(crate) webhooks: Arc<dyn Webhooks>,
    /// Looks of staff at the portal.
    pub(crate) viewings: Arc<dyn Viewings>,
    pub(crate) evidence: Arc<dyn Evidence>,
    /// Messages that reports are about.
    pub(crate) returns: Arc<dyn Returns>,
    /// How much waits.
    pub(crate) backlogs: Arc<dyn Backlogs>,
    /// What leaves as a whole.
    pub(crate) exports: Arc<dyn Exports>,
    open: Open,
}

#[derive(Clone)]
enum Open {
    File(SqliteStore),
    Server(PostgresStore),
}

impl Database {
    /// Reads `sqlite:///path/portal.db` or `postgres://…`. What is said on a fault never repeats the text, which may hold
    /// a password.
    pub(crate) fn parse(url: &str) -> Result<Self, &'static str> {
        const FORMS: &str = "is neither sqlite:///path/portal.db nor postgres://user@host/database";
        if let Some(rest) = url.strip_prefix("sqlite:") {
            let path = rest.strip_prefix("//").unwrap_or(rest);
            if path.contains(['?', '#']) {
                return Err("is a file with parameters: write only sqlite:// and a path");
            }
            let path = percent_decoded(path).ok_or("has a path that is not percent-encoded: a `%` is written %25")?;
            if path.is_empty() || path.ends_with('/') || path.starts_with(':') || path.contains('\0') {
                return Err("names no file: write sqlite:///path/portal.db");
            }
            return Ok(Self::in_file(PathBuf::from(path)));
        }
        let server = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://")).ok_or(FORMS)?;
        if server.is_empty() || server.contains(char::is_whitespace) {
            return Err(FORMS);
        }
        Ok(Self(Kind::Server(SecretString::from(url))))
    }

    /// The embedded database in this file.
    pub(crate) const fn in_file(path: PathBuf) -> Self {
        Self(Kind::File(path))
    }

    /// Where the program's secret key may be kept, where that is beside the data.
    pub(crate) fn key_place(&self) -> Option<PathBuf> {
        match &self.0 {
            Kind::File(path) => {
                let mut name = path.as_os_str().to_owned();
                name.push(".key");
                Some(name.into())
            }
            Kind::Server(_) => None,
        }
    }

    /// The file that it is, where it is one on this machine.
    pub(crate) fn file(&self) -> Option<&Path> {
        match &self.0 {
            Kind::File(path) => Some(path),
            Kind::Server(_) => None,
        }
    }

    /// Looks at it without opening, making or changing anything; nothing where it is a file that isn't there.
    pub(crate) async fn look(&self) -> Result<Option<Look>, Failure> {
        match &self.0 {
            Kind::File(path) if !path.exists() => Ok(None),
            Kind::File(path) => {
                SqliteStore::look(path).await.map(|look| Some(of_file(path, look))).map_err(sqlite_failure)
            }
            Kind::Server(url) => {
                let before = SystemClock.now().as_micros();
                let look = PostgresStore::look(url.expose_secret(), LOOK).await.map_err(postgres_failure)?;
                let after = SystemClock.now().as_micros();
                Ok(Some(of_server(look, Timestamp::from_micros(before.midpoint(after)))))
            }
        }
    }

    /// Opens it. An embedded database is created with its folder, for its owner only. The schema is not looked at.
    pub(crate) async fn open(&self, patience: Patience) -> Result<Stores, Failure> {
        match &self.0 {
            Kind::File(path) => {
                make_folder(path)?;
                let store = open_file(path).await.map_err(|error| {
                    let shown = plain(&path.display().to_string());
                    Failure::unavailable(format!("the database `{shown}` can't be opened: {error}"))
                })?;
                Ok(Stores::of(Arc::new(store.clone()), Open::File(store)))
            }
            Kind::Server(url) => {
                let store = PostgresStore::connect(url.expose_secret(), patience.limits()).await?;
                Ok(Stores::of(Arc::new(store.clone()), Open::Server(store)))
            }
        }
    }
}

impl Stores {
    fn of<S: FullStore + 'static>(store: Arc<S>, open: Open) -> Self {
        Self {
            store: store.clone(),
            views: store.clone(),
            outbox: fault::outbox(store.clone()),
            enquiries: store.clone(),
            jobs: store.clone(),
            operators: store.clone(),
            journal: store.clone(),
            webhooks: store.clone(),
            viewings: store.clone(),
            evidence: store.clone(),
            returns: store.clone(),
            backlogs: store.clone(),
            exports: store,
            open,
        }
    }

    /// What the schema lacks. Refuses a schema that is newer than this program.
    pub(crate) async fn pending(&self) -> Result<Vec<Step>, Failure> {
        match &self.open {
            Open::File(store) => {
                let steps = store.pending_migrations().await.map_err(sqlite_failure)?;
                Ok(steps.into_iter().map(|step| Step { version: step.version, name: step.description }).collect())
            }
            Open::Server(store) => {
                let steps = store.pending().await.map_err(postgres_failure)?;
                Ok(steps.into_iter().map(|step| Step { version: step.version, name: step.name }).collect())
            }
        }
    }

    /// Applies what it lacks. Programs that start at once wait for each other.
    pub(crate) async fn migrate(&self) -> Result<(), Failure> {
        match &self.open {
            Open::File(store) => store.migrate().await.map_err(sqlite_failure),
            Open::Server(store) => store.migrate().await.map(drop).map_err(postgres_failure),
        }
    }

    /// What its connections are at.
    pub(crate) fn connections(&self) -> Connections {
        match &self.open {
            Open::File(store) => {
                let portal_sqlite::Gauge { most, open, idle, queued } = store.gauge();
                Connections { most, open, idle, queued }
            }
            Open::Server(store) => {
                let portal_postgres::Gauge { most, open, idle } = store.gauge();
                // Whoever commits has a connection, and waits for one like any other.
                Connections { most, open: open as usize, idle, queued: 0 }
            }
        }
    }

    /// Closes it, after what is being written.
    pub(crate) async fn close(&self) {
        match &self.open {
            Open::File(store) => store.close().await,
            Open::Server(store) => store.close().await,
        }
    }
}

/// Opens a file; again, for a moment, where another program that starts or ends just then has it for itself.
async fn open_file(path: &Path) -> Result<SqliteStore, StoreError> {
    let mut tries = 1;
    loop {
        match SqliteStore::open(path, &SqliteOptions::default()).await {
            Err(StoreError::Unavailable(_)) if tries < OPEN_TRIES => {
                tries += 1;
                tokio::time::sleep(OPEN_PAUSE).await;
            }
            opened => return opened,
        }
    }
}

fn of_file(path: &Path, look: portal_sqlite::Look) -> Look {
    let steps = look.pending.into_iter().map(|step| Step { version: step.version, name: step.description });
    Look {
        kind: format!("SQLite, `{}`", plain(&path.display().to_string())),
        faults: Vec::new(),
        pending: steps.collect(),
        practices: look.practices,
        newest_event: look.newest_event,
        server_clock: None,
    }
}

fn of_server(look: portal_postgres::Look, now: Timestamp) -> Look {
    let mut faults = Vec::new();
    if look.version < OLDEST {
        faults.push(("it is older than version 13".to_owned(), "update PostgreSQL: version 13 or newer is needed"));
    }
    if look.replica {
        faults.push((
            "it is a replica, which can't be written".to_owned(),
            "name the primary in PORTAL_DATABASE_URL, never a replica",
        ));
    }
    if look.scattered {
        faults.push((
            "a pooler in transaction mode is in front of it, in which prepared statements get lost".to_owned(),
            "connect to the server itself, or to a pooler in session mode",
        ));
    }
    let steps = look.pending.into_iter().map(|step| Step { version: step.version, name: step.name });
    Look {
        kind: format!("PostgreSQL {}.{}", look.version / 10_000, look.version % 10_000),
        faults,
        pending: steps.collect(),
        practices: look.practices,
        newest_event: look.newest_event,
        server_clock: look.clock.map(|theirs| (theirs, now)),
    }
}

fn sqlite_failure(error: portal_sqlite::MigrateError) -> Failure {
    match error {
        portal_sqlite::MigrateError::Failed(_) => Failure::unavailable(error.to_string()),
        error => Failure::usage(error.to_string()),
    }
}

fn postgres_failure(error: portal_postgres::SchemaError) -> Failure {
    use portal_postgres::SchemaError;
    match error {
        SchemaError::Store(error) => error.into(),
        SchemaError::Failed { .. } => Failure::unavailable(error.to_string()),
        error => Failure::usage(error.to_string()),
    }
}

fn make_folder(path: &Path) -> Result<(), Failure> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
        let shown = plain(&folder.display().to_string());
        Failure::unavailable(format!("the folder `{shown}` of the database can't be made: {error}"))
    })
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                let digits =
                    std::str::from_utf8(&digits).ok().filter(|it| it.bytes().all(|it| it.is_ascii_hexdigit()))?;
                u8::from_str_radix(digits, 16).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_can_not_do_is_told() {
        let look = portal_postgres::Look {
            version: 150_004,
            replica: false,
            scattered: false,
            clock: None,
            pending: Vec::new(),
            practices: Some(1),
            newest_event: None,
        };
        let told = |look: portal_postgres::Look| {
            let look = of_server(look, Timestamp::from_micros(0));
            (look.kind, look.faults.into_iter().map(|(seen, _)| seen).collect::<Vec<_>>().join("; "))
        };
        assert_eq!(told(look.clone()), ("PostgreSQL 15.4".to_owned(), String::new()));
        assert!(told(portal_postgres::Look { version: 120_020, ..look.clone() }).1.contains("older than version 13"));
        assert!(told(portal_postgres::Look { replica: true, ..look.clone() }).1.contains("replica"));
        assert!(told(portal_postgres::Look { scattered: true, ..look }).1.contains("transaction mode"));
    }

    #[test]
    fn files_and_servers_are_told_apart() {
        let path = |url: &str| match Database::parse(url).unwrap().0 {
            Kind::File(path) => path.to_str().unwrap().to_owned(),
            Kind::Server(_) => "server".to_owned(),
        };
        assert_eq!(path("sqlite:///var/lib/portal/portal.db"), "/var/lib/portal/portal.db");
        assert_eq!(path("sqlite://data/portal.db"), "data/portal.db");
        assert_eq!(path("sqlite:data/a%20b%25.db"), "data/a b%.db");
        assert_eq!(path("postgres://portal:secret@db/portal?sslmode=require"), "server");
        assert_eq!(path("postgresql:///portal"), "server");
    }

    #[test]
    fn s10_a_malformed_url_is_refused_without_repeating_it() {
        for url in [
            "",
            "hunter2",
            "mysql://root:hunter2@db/x",
            "sqlite:",
            "sqlite://",
            "sqlite::memory:",
            "sqlite:///tmp/",
            "sqlite:///tmp/a.db?mode=ro",
            "sqlite:///tmp/%zz.db",
            "sqlite:///tmp/%+1.db",
            "postgres://",
            "postgres://a b",
        ] {
            let error = Database::parse(url).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
