//! A database for each test, cloned from a template that the first test to come makes.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    str::FromStr,
    sync::atomic::{AtomicU32, Ordering},
};

use portal_postgres::{Limits, PostgresStore};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, postgres::PgConnectOptions};

/// Whoever makes a template or clones one holds this lock: a template must have no other visitor meanwhile.
const TEMPLATE_LOCK: i64 = 0x706f_7274_616c;

static COUNTED: AtomicU32 = AtomicU32::new(0);

/// A database of one test, with the schema in it.
#[derive(Clone)]
pub(crate) struct Database {
    name: String,
}

/// Runs a test in a fresh database, and drops the database however the test ends.
pub(crate) async fn with_database<T: Future<Output = ()> + Send + 'static>(test: impl FnOnce(Database) -> T) {
    let database = Database::create(true).await;
    finish(database.clone(), test(database)).await;
}

/// The same without a schema.
pub(crate) async fn with_empty_database<T: Future<Output = ()> + Send + 'static>(test: impl FnOnce(Database) -> T) {
    let database = Database::create(false).await;
    finish(database.clone(), test(database)).await;
}

async fn finish(database: Database, test: impl Future<Output = ()> + Send + 'static) {
    let ended = tokio::spawn(test).await;
    database.drop_it().await;
    if let Err(error) = ended {
        std::panic::resume_unwind(error.into_panic());
    }
}

impl Database {
    /// Its URL.
    pub(crate) fn url(&self) -> String {
        url_of(&self.name)
    }

    /// A store on it. Every call makes another one, with a pool of its own.
    pub(crate) async fn store(&self) -> PostgresStore {
        self.store_with(Limits::default()).await
    }

    /// A store with these limits.
    pub(crate) async fn store_with(&self, limits: Limits) -> PostgresStore {
        PostgresStore::connect(&self.url(), limits).await.expect("the test's database can be reached")
    }

    /// A bare connection to it.
    pub(crate) async fn connection(&self) -> PgConnection {
        PgConnection::connect(&self.url()).await.expect("the test's database can be reached")
    }

    /// Drops it, whoever is connected.
    pub(crate) async fn drop_it(&self) {
        run(&mut admin().await, format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)).await;
    }

    /// Another database, with the schema in it or empty.
    pub(crate) async fn create(with_schema: bool) -> Self {
        let name = format!("portal_test_{}_{}", std::process::id(), COUNTED.fetch_add(1, Ordering::Relaxed));
        let mut admin = admin().await;
        run(&mut admin, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        if with_schema {
            let lock = sqlx::query("SELECT pg_advisory_lock($1)").bind(TEMPLATE_LOCK);
            lock.execute(&mut admin).await.expect("the lock is given");
            let template = template(&mut admin).await;
            run(&mut admin, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        } else {
            run(&mut admin, format!("CREATE DATABASE {name} TEMPLATE template0")).await;
        }
        admin.close().await.expect("the connection closes, and the lock goes with it");
        Self { name }
    }
}

/// The name of the template, which is made where it isn't there. Its name tells the schema it holds.
async fn template(admin: &mut PgConnection) -> String {
    let base = PostgresStore::connect(&base_url(), Limits::default()).await.expect("the database can be reached");
    let steps = base.pending().await.expect("the database of the URL holds no other schema of ours");
    base.close().await;
    let mut hash = DefaultHasher::new();
    steps.iter().for_each(|step| (step.version, step.sql).hash(&mut hash));
    let name = format!("portal_template_{:016x}", hash.finish());

    let found = sqlx::query("SELECT FROM pg_database WHERE datname = $1").bind(&name);
    if found.fetch_optional(&mut *admin).await.expect("the catalogue can be read").is_none() {
        let unfinished = format!("{name}_unfinished");
        run(admin, format!("DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)")).await;
        run(admin, format!("CREATE DATABASE {unfinished} TEMPLATE template0")).await;
        let store = PostgresStore::connect(&url_of(&unfinished), Limits::default()).await.expect("it can be reached");
        store.migrate().await.expect("an empty database can be migrated");
        store.close().await;
        run(admin, format!("ALTER DATABASE {unfinished} RENAME TO {name}")).await;
    }
    name
}

async fn admin() -> PgConnection {
    let options = PgConnectOptions::from_str(&base_url()).expect("PORTAL_TEST_POSTGRES_URL is a URL");
    PgConnection::connect_with(&options).await.expect("the server of PORTAL_TEST_POSTGRES_URL answers")
}

async fn run(connection: &mut PgConnection, sql: String) {
    connection.execute(AssertSqlSafe(sql.clone())).await.unwrap_or_else(|error| panic!("`{sql}`: {error}"));
}

#[expect(clippy::disallowed_methods, reason = "the tests are told by their environment where the server is")]
fn base_url() -> String {
    let url = std::env::var("PORTAL_TEST_POSTGRES_URL");
    url.unwrap_or_else(|_| panic!("PORTAL_TEST_POSTGRES_URL is not set: run `cargo xtask test`"))
}

/// The URL of another database of the same server.
fn url_of(name: &str) -> String {
    let base = base_url();
    let (place, settings) = base.split_once('?').unwrap_or((&base, ""));
    let (server, _) = place.rsplit_once('/').expect("PORTAL_TEST_POSTGRES_URL names a database");
    format!("{server}/{name}?{settings}")
}
