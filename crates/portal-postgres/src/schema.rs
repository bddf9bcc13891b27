//! Migrations: what is missing, and how it comes into the database.

use std::collections::BTreeSet;

use portal_domain::port::StoreError;
use sqlx::{
    Connection, PgConnection,
    migrate::{Migrate, MigrateError, Migrator},
};

use crate::{PostgresStore, failure::store_error};

/// The migrations of this program. Table and schema are those of `sqlx.toml`.
static MIGRATOR: Migrator = sqlx::migrate!();

/// A step of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Its number.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// What it runs.
    pub sql: &'static str,
}

/// Why the schema is not as it should be.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// A newer program was here.
    #[error("the database has schema {found}, and this program knows schemas up to {known}: start a newer program")]
    Newer {
        /// The newest step in the database.
        found: i64,
        /// The newest step of this program.
        known: i64,
    },
    /// A step was applied with another content.
    #[error(
        "step {0} of the schema was applied with another content than this program's: restore the program it came from"
    )]
    Altered(i64),
    /// A step failed; nothing of it stayed.
    #[error("step {version} of the schema failed: {reason}")]
    Failed {
        /// The step.
        version: i64,
        /// The database's words.
        reason: String,
    },
    /// The database could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PostgresStore {
    /// The steps that the database lacks, in order.
    ///
    /// # Errors
    ///
    /// [`SchemaError::Newer`] and [`SchemaError::Altered`] where this program must not touch the database.
    pub async fn pending(&self) -> Result<Vec<Migration>, SchemaError> {
        let mut connection = self.lone_connection().await?;
        let pending = pending_on(&mut connection).await;
        close(connection).await;
        pending
    }

    /// Applies what is missing and says what that was. Instances that start together wait for each other.
    ///
    /// # Errors
    ///
    /// As [`pending`](Self::pending), and [`SchemaError::Failed`] where a step could not be applied.
    pub async fn migrate(&self) -> Result<Vec<Migration>, SchemaError> {
        // The migrator keeps its advisory lock where a step fails: the connection is its own and closed in every case.
        let mut connection = self.lone_connection().await?;
        let done = migrate(&mut connection).await;
        close(connection).await;
        done
    }
}

async fn migrate(connection: &mut PgConnection) -> Result<Vec<Migration>, SchemaError> {
    let missing = pending_on(connection).await?;
    // Where nothing is missing, the rights to create anything are not needed.
    if !missing.is_empty() {
        MIGRATOR.run_direct(None, connection, false).await.map_err(schema_error)?;
    }
    Ok(missing)
}

/// The steps that the database behind a connection lacks.
pub(crate) async fn pending_on(connection: &mut PgConnection) -> Result<Vec<Migration>, SchemaError> {
    let applied = match connection.list_applied_migrations(&MIGRATOR.table_name).await {
        Ok(applied) => applied,
        Err(error) if ledger_is_missing(&error) => Vec::new(),
        Err(error) => return Err(schema_error(error)),
    };
    for step in &applied {
        match MIGRATOR.iter().find(|known| known.version == step.version) {
            None => return Err(newer(applied.iter().map(|step| step.version).max().unwrap_or(step.version))),
            Some(known) if known.checksum != step.checksum => return Err(SchemaError::Altered(step.version)),
            Some(_) => {}
        }
    }
    let applied: BTreeSet<i64> = applied.iter().map(|step| step.version).collect();
    let missing = MIGRATOR.iter().filter(|step| !applied.contains(&step.version));
    Ok(missing
        .map(|step| Migration { version: step.version, name: step.description.to_string(), sql: step.sql.as_str() })
        .collect())
}

fn newer(found: i64) -> SchemaError {
    SchemaError::Newer { found, known: newest() }
}

/// The newest step that this program knows.
pub(crate) fn newest() -> i64 {
    MIGRATOR.iter().map(|step| step.version).max().unwrap_or(0)
}

fn ledger_is_missing(error: &MigrateError) -> bool {
    let MigrateError::Execute(error) = error else { return false };
    let code = error.as_database_error().and_then(|error| error.code());
    matches!(code.as_deref(), Some("42P01" | "3F000"))
}

fn schema_error(error: MigrateError) -> SchemaError {
    match error {
        MigrateError::VersionMissing(version) => newer(version),
        MigrateError::VersionMismatch(version) => SchemaError::Altered(version),
        MigrateError::ExecuteMigration(error, version) => SchemaError::Failed { version, reason: error.to_string() },
        MigrateError::Execute(error) => SchemaError::Store(store_error(error)),
        other => SchemaError::Store(StoreError::Unavailable(other.to_string())),
    }
}

/// Says goodbye.
pub(crate) async fn close(connection: PgConnection) {
    // Should the farewell fail, the connection is gone all the same, and its lock with it.
    if let Err(error) = connection.close().await {
        tracing::debug!(%error, "a connection did not close in order");
    }
}
