//! Fresh folders below `/tmp` that end with the task.

use std::os::unix::fs::{DirBuilderExt, chown};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;

use crate::provision::Account;

/// A folder that is removed when the value is dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// A new folder of our own that nobody else can read.
    pub(crate) fn new(purpose: &str) -> anyhow::Result<Self> {
        create(purpose, 0o700).map(Self)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left lies in /tmp; a failed clean-up must not hide how the task ended.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// A new folder that belongs to `owner`. Whoever takes it must remove it.
///
/// It is short on purpose: the path of a Unix socket has less than 108 bytes.
pub(crate) fn folder_for(purpose: &str, owner: Option<&Account>) -> anyhow::Result<PathBuf> {
    let path = create(purpose, 0o711)?;
    if let Some(owner) = owner {
        chown(&path, Some(owner.uid), Some(owner.gid))
            .with_context(|| format!("cannot give `{}` to `{}`", path.display(), owner.name))?;
    }
    Ok(path)
}

fn create(purpose: &str, mode: u32) -> anyhow::Result<PathBuf> {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.subsec_nanos());
    let path = PathBuf::from(format!("/tmp/portal-{purpose}-{}-{nanos:x}", std::process::id()));
    std::fs::DirBuilder::new()
        .mode(mode)
        .create(&path)
        .with_context(|| format!("cannot create `{}`", path.display()))?;
    Ok(path)
}
