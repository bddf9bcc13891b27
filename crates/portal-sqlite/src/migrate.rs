//! The schema: which migrations there are, which are missing, and their application.

use sqlx::{
    Connection, SqliteConnection,
    migrate::{AppliedMigration, Migrate, Migrator},
};

static MIGRATOR: Migrator = sqlx::migrate!();

/// A migration that the file has not seen yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingMigration {
    /// Its number.
    pub version: i64,
    /// Its name in words.
    pub description: String,
}

/// Why the schema is not, and was not made, what this program works with.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A newer program has migrated the file.
    #[error("the database has schema {found}, this program knows schemas up to {known}: run a newer program")]
    Newer {
        /// The file's newest migration.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// A migration was applied that is not the one of that number here.
    #[error("migration {version} of the database is not the one this program has: restore the file or the program")]
    Differs {
        /// Its number.
        version: i64,
    },
    /// The database refused, or can't be reached; nothing was changed.
    #[error("the schema can't be read or changed: {0}")]
    Failed(String),
}

impl From<sqlx::Error> for MigrateError {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<sqlx::migrate::MigrateError> for MigrateError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// The newest migration that this program knows.
pub(crate) fn newest() -> i64 {
    MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// Applies what is missing, in one transaction that nobody else can write beside.
pub(crate) async fn run(connection: &mut SqliteConnection) -> Result<(), MigrateError> {
    let mut transaction = connection.begin_with("BEGIN EXCLUSIVE").await?;
    let pending = pending(&mut transaction).await?;
    if pending.is_empty() {
        return Ok(transaction.rollback().await?);
    }
    transaction.ensure_migrations_table(&MIGRATOR.table_name).await?;
    for migration in MIGRATOR.iter().filter(|mine| pending.iter().any(|one| one.version == mine.version)) {
        transaction.apply(&MIGRATOR.table_name, migration).await?;
    }
    let broken = sqlx::query("PRAGMA foreign_key_check").fetch_optional(&mut *transaction).await?;
    if broken.is_some() {
        return Err(MigrateError::Failed("a migration left a row that refers to nothing".into()));
    }
    Ok(transaction.commit().await?)
}

/// What is missing; refuses a file that is ahead of this program, or apart from it.
pub(crate) async fn pending(connection: &mut SqliteConnection) -> Result<Vec<PendingMigration>, MigrateError> {
    let applied = applied(connection).await?;
    let known = newest();
    if let Some(found) = applied.iter().map(|one| one.version).max().filter(|found| *found > known) {
        return Err(MigrateError::Newer { found, known });
    }
    for one in &applied {
        let same = MIGRATOR.iter().any(|mine| mine.version == one.version && mine.checksum == one.checksum);
        if !same {
            return Err(MigrateError::Differs { version: one.version });
        }
    }
    let missing = MIGRATOR.iter().filter(|mine| applied.iter().all(|one| one.version != mine.version));
    Ok(missing
        .map(|mine| PendingMigration { version: mine.version, description: mine.description.to_string() })
        .collect())
}

async fn applied(connection: &mut SqliteConnection) -> Result<Vec<AppliedMigration>, MigrateError> {
    let ledger: Option<i64> = sqlx::query_scalar("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1")
        .bind(MIGRATOR.table_name.as_ref())
        .fetch_optional(&mut *connection)
        .await?;
    if ledger.is_none() {
        return Ok(Vec::new());
    }
    Ok(connection.list_applied_migrations(&MIGRATOR.table_name).await?)
}
