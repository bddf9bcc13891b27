//! A look at a file that leaves nothing behind, for whoever asks how it is.

use std::path::{Path, PathBuf};

use portal_domain::time::Timestamp;
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    SqliteStore,
    migrate::{self, MigrateError, PendingMigration},
};

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The migrations that it has not seen.
    pub pending: Vec<PendingMigration>,
    /// How many practices there are, where the schema is up to date.
    pub practices: Option<i64>,
    /// When the newest event of any practice happened, by the clock of whoever wrote it.
    pub newest_event: Option<Timestamp>,
}

/// Event ids begin with their time, so the newest of a practice is found without looking at any other.
const NEWEST: &str = "SELECT count(*), max((SELECT e.at FROM portal_event e WHERE e.practice_id = p.practice_id \
                      ORDER BY e.event_id DESC LIMIT 1)) FROM portal_practice p";

impl SqliteStore {
    /// Looks at the file at `path` without opening a store: nothing is made, migrated or written, beside a running program
    /// or without one.
    ///
    /// # Errors
    ///
    /// [`MigrateError`] where the file is ahead of this program or apart from it, or can't be read.
    pub async fn look(path: impl AsRef<Path>) -> Result<Look, MigrateError> {
        let path = path.as_ref();
        // Where nobody has it open, even a reader would make the files that go with the log of writes, and leave them.
        let alone = !beside(path, "-wal").exists() && !beside(path, "-shm").exists();
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(false).read_only(true);
        let options = options.immutable(alone).pragma("query_only", "ON").disable_statement_logging();
        let mut connection = options.connect().await?;
        let look = read(&mut connection).await;
        let closed = connection.close().await;
        let look = look?;
        closed?;
        Ok(look)
    }
}

async fn read(connection: &mut SqliteConnection) -> Result<Look, MigrateError> {
    let pending = migrate::pending(connection).await?;
    if !pending.is_empty() {
        return Ok(Look { pending, practices: None, newest_event: None });
    }
    let (practices, newest): (i64, Option<i64>) = sqlx::query_as(NEWEST).fetch_one(connection).await?;
    Ok(Look { pending, practices: Some(practices), newest_event: newest.map(Timestamp::from_micros) })
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs};

    use super::*;
    use crate::SqliteOptions;

    /// Names and contents of a folder; of the index in shared memory, which readers mark themselves in, the name.
    fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
        let files = entries.map(|entry| (entry.file_name().into_string().unwrap(), entry.path()));
        files
            .map(|(name, path)| {
                (name.clone(), if name.ends_with("-shm") { Vec::new() } else { fs::read(path).unwrap() })
            })
            .collect()
    }

    #[tokio::test]
    async fn a_look_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("portal.db");
        assert!(matches!(SqliteStore::look(&path).await, Err(MigrateError::Failed(_))));
        assert!(files(folder.path()).is_empty());

        let store = SqliteStore::open(&path, &SqliteOptions::default()).await.unwrap();
        let look = SqliteStore::look(&path).await.unwrap();
        assert!(!look.pending.is_empty() && look.practices.is_none());
        store.migrate().await.unwrap();
        let up_to_date = Look { pending: Vec::new(), practices: Some(0), newest_event: None };
        let running = files(folder.path());
        assert_eq!(SqliteStore::look(&path).await.unwrap(), up_to_date);
        assert_eq!(files(folder.path()), running, "beside a program");

        store.close().await;
        let closed = files(folder.path());
        assert!(!closed.keys().any(|name| name.ends_with("-wal")), "{:?}", closed.keys());
        assert_eq!(SqliteStore::look(&path).await.unwrap(), up_to_date);
        assert_eq!(files(folder.path()), closed, "without one");
    }

    #[tokio::test]
    async fn a_file_that_is_none_is_said_to_be_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("portal.db");
        fs::write(&path, "this is no database at all, and long enough to be looked at as if it were one").unwrap();
        assert!(matches!(SqliteStore::look(&path).await, Err(MigrateError::Failed(_))));
        assert_eq!(files(folder.path()).len(), 1);
    }
}
