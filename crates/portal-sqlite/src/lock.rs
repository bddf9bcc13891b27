//! A lock of our own beside the database, for what SQLite's locks don't cover: creating the file,
//! switching its journal, migrating.

use std::{
    fs::{File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

/// Holds the lock until it is dropped, or its process ends.
pub(crate) struct SetupLock(#[expect(dead_code, reason = "the lock lives as long as the file is open")] File);

impl SetupLock {
    /// Waits for the lock of the database at `path`.
    pub(crate) async fn take(path: &Path) -> io::Result<Self> {
        let path = beside(path);
        let take = move || {
            let file = owners_only(OpenOptions::new().create(true).truncate(false).write(true)).open(path)?;
            file.lock()?;
            Ok(Self(file))
        };
        tokio::task::spawn_blocking(take).await.map_err(io::Error::other)?
    }
}

/// Creates an empty database that only its owner can read; does nothing where there is a file.
///
/// An existing file is never opened here: closing it would drop the locks that SQLite holds on it in this process.
pub(crate) fn create(path: &Path) -> io::Result<()> {
    match owners_only(OpenOptions::new().create_new(true).write(true)).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other.map(drop),
    }
}

#[cfg(unix)]
fn owners_only(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(not(unix))]
fn owners_only(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-setup");
    name.into()
}
