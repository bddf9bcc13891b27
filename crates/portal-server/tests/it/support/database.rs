//! An empty database for one test.

use std::{
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// Where the data of one test is.
pub(crate) struct Database {
    /// What the program is told.
    pub(crate) settings: Vec<(&'static str, String)>,
    /// Dropped with the test, where it is on a server.
    _server: Option<Server>,
}

/// A database of its own on the test's server.
struct Server {
    name: String,
    admin: String,
}

/// A key for databases that don't keep one.
const SECRET_KEY: &str = "t1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

impl Database {
    /// The embedded one: the program's own default, in the test's folder.
    pub(crate) const fn sqlite() -> Self {
        Self { settings: Vec::new(), _server: None }
    }

    /// A new one on the server that `cargo xtask test` started.
    pub(crate) async fn postgres() -> Self {
        Self::on("PORTAL_TEST_POSTGRES_URL").await
    }

    /// A new one on a server that is started again whenever it ends.
    #[cfg(feature = "fault-points")]
    pub(crate) async fn stoppable() -> Self {
        Self::on("PORTAL_FAULT_POSTGRES_URL").await
    }

    #[expect(clippy::disallowed_methods, reason = "the tests' server is named by the environment")]
    async fn on(variable: &str) -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let admin = std::env::var(variable).expect("run `cargo xtask test`: it starts PostgreSQL");
        let name = format!("portal_server_{}_{}", process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let server = Server { name, admin };
        server.order("CREATE DATABASE").await;
        let (start, end) = server.admin.split_once("/postgres").expect("the URL of the database `postgres`");
        let url = format!("{start}/{}{end}", server.name);
        let settings = vec![("PORTAL_DATABASE_URL", url), ("PORTAL_SECRET_KEY", SECRET_KEY.to_owned())];
        Self { settings, _server: Some(server) }
    }
}

impl Server {
    async fn order(&self, what: &str) {
        let mut connection = PgConnection::connect(&self.admin).await.unwrap();
        connection.execute(AssertSqlSafe(format!("{what} {}", self.name))).await.unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The cluster is thrown away as a whole; what one test leaves there only costs disk until then.
        let (name, admin) = (self.name.clone(), self.admin.clone());
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let mut connection = PgConnection::connect(&admin).await.map_err(std::io::Error::other)?;
                let order = AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"));
                connection.execute(order).await.map_err(std::io::Error::other)
            })
        });
        drop(dropped.join());
    }
}

/// Has everything written to its files; answers the name of the database's folder.
pub(super) async fn written(url: &str) -> String {
    let mut connection = PgConnection::connect(url).await.unwrap();
    connection.execute("CHECKPOINT").await.unwrap();
    let oid = "SELECT oid::text FROM pg_database WHERE datname = current_database()";
    sqlx::query_scalar(oid).fetch_one(&mut connection).await.unwrap()
}

/// Opens or closes a database for everybody, whoever is in.
pub(super) async fn let_in(url: &str, anybody: bool) {
    let (whole, parameters) = url.split_once('?').expect("the URL of a test's own database");
    let (server, name) = whole.rsplit_once('/').expect("a name");
    let mut admin = PgConnection::connect(&format!("{server}/postgres?{parameters}")).await.unwrap();
    let close = format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS {anybody}");
    admin.execute(AssertSqlSafe(close)).await.unwrap();
    if !anybody {
        let away = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        admin.execute(AssertSqlSafe(away)).await.unwrap();
    }
}

/// All rows of all tables of the portal, as text.
pub(super) async fn rows(url: &str) -> Vec<(String, Vec<u8>)> {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'portal'";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut connection).await.unwrap();
    assert!(!tables.is_empty());
    let mut all = Vec::new();
    for table in tables {
        let rows = format!("SELECT coalesce(string_agg(one::text, ' '), '') FROM portal.{table} one");
        let rows: String = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_one(&mut connection).await.unwrap();
        all.push((table, rows.into_bytes()));
    }
    all
}
