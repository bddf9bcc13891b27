//! A database of its own, and the program over it.

use std::{
    net::{SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use portal::domain::{
    id::Slug,
    link::{KeyId, LinkTokens},
    port::{PortalStore, PracticeSelector},
    practice::Practice,
};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;

use crate::line::{Line, request};

/// The program as it is delivered.
const PROGRAM: &str = env!("CARGO_BIN_EXE_portal");

/// The one practice.
pub(crate) const SLUG: &str = "smith";

/// A key for links, known to the bench.
const SECRET_KEY: &str = "b1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

pub(crate) const KINDS: [Kind; 2] = [Kind::Sqlite, Kind::Postgres];

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// A folder and an empty database.
pub(crate) struct Place {
    pub(crate) kind: Kind,
    folder: TempDir,
    /// How the program finds the database.
    pub(crate) url: String,
    more: Vec<(&'static str, String)>,
}

/// A service that runs.
pub(crate) struct Served {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Place {
    pub(crate) async fn new(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = match kind {
            Kind::Sqlite => format!("sqlite://{}/portal.db", folder.path().display()),
            Kind::Postgres => fresh_postgres().await,
        };
        Self { kind, folder, url, more: Vec::new() }
    }

    /// The same, with a practice in it.
    pub(crate) async fn with_practice(kind: Kind) -> Self {
        let place = Self::new(kind).await;
        place.done(&["practice", "create", SLUG, "--name", "Smith & Sons"]);
        place
    }

    /// The same, told one thing more.
    pub(crate) fn told(mut self, variable: &'static str, value: impl Into<String>) -> Self {
        self.more.push((variable, value.into()));
        self
    }

    /// The program, with nothing of our own environment.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(words).current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command.env("PORTAL_DATABASE_URL", &self.url).env("PORTAL_SECRET_KEY", SECRET_KEY);
        command.envs(self.more.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command that must be done; answers what it printed.
    pub(crate) fn done(&self, words: &[&str]) -> String {
        let output = self.command(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// A store of our own on the same database.
    pub(crate) async fn store(&self) -> Arc<dyn PortalStore> {
        match self.kind {
            Kind::Sqlite => {
                let options = portal_sqlite::SqliteOptions::default();
                let store = portal_sqlite::SqliteStore::open(self.file(), &options).await.unwrap();
                store.migrate().await.unwrap();
                Arc::new(store)
            }
            Kind::Postgres => {
                let store = portal_postgres::PostgresStore::connect(&self.url, portal_postgres::Limits::default());
                let store = store.await.unwrap();
                store.migrate().await.unwrap();
                Arc::new(store)
            }
        }
    }

    /// What the service said of faults.
    pub(crate) fn complaints(&self) -> String {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        log.lines().filter(|line| line.contains("WARN") || line.contains("ERROR")).collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn file(&self) -> &str {
        self.url.trim_start_matches("sqlite://")
    }

    /// Starts the service and waits until it answers.
    pub(crate) async fn serve(&self) -> Served {
        // The port was free a moment ago; the program says so and ends where it no longer is.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = self.command(&["serve", "--listen", &address.to_string()]);
        let log = std::fs::File::create(self.folder.path().join("log")).unwrap();
        let child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let mut served = Served { child, address };
        let ready = request("GET", "/readyz", &[], None);
        loop {
            if let Ok(mut line) = Line::open(address).await
                && line.ask(&ready).await.is_ok_and(|answer| answer.status == 200)
            {
                return served;
            }
            assert!(served.child.try_wait().unwrap().is_none(), "the service ended at its start");
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
    }
}

impl Served {
    /// Memory of the process that is in use now, and the most that ever was, in MiB.
    pub(crate) fn memory(&self) -> (f64, f64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let value = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
        };
        (value("VmRSS:"), value("VmHWM:"))
    }
}

impl Served {
    /// Its number.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The practice of the place.
pub(crate) async fn practice(store: &Arc<dyn PortalStore>) -> Practice {
    let slug = Slug::parse(SLUG).unwrap();
    store.practice(&PracticeSelector::Slug(slug)).await.unwrap().expect("the practice was created")
}

/// What makes links that the program knows.
pub(crate) fn link_tokens() -> LinkTokens {
    let bytes: Vec<u8> = (0..32).collect();
    LinkTokens::new(vec![(KeyId::parse("b1").unwrap(), bytes.try_into().unwrap())]).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "the bench's server is named by the environment")]
async fn fresh_postgres() -> String {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let admin = std::env::var("PORTAL_BENCH_POSTGRES_URL").expect("run `cargo xtask bench`: it starts PostgreSQL");
    let name = format!("portal_bench_{}", MADE.fetch_add(1, Ordering::Relaxed));
    let mut connection = PgConnection::connect(&admin).await.unwrap();
    let order = |what: &str| AssertSqlSafe(format!("{what} {name}"));
    connection.execute(order("DROP DATABASE IF EXISTS")).await.unwrap();
    connection.execute(order("CREATE DATABASE")).await.unwrap();
    let (start, end) = admin.split_once("/postgres").expect("the URL of the database `postgres`");
    format!("{start}/{name}{end}")
}
