//! Where the workspace lies and what `cargo metadata` says about it.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;

use crate::shell;

/// The folder of the workspace's `Cargo.toml`.
pub(crate) fn root() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    own.parent().map_or_else(|| own.clone(), Path::to_path_buf)
}

/// A path as the project writes it: relative to the root, with forward slashes.
pub(crate) fn relative(path: &Path) -> String {
    let shown = path.strip_prefix(root()).unwrap_or(path);
    shown.to_string_lossy().replace('\\', "/")
}

/// `cargo metadata` with more arguments, parsed.
pub(crate) fn metadata(args: &[&str]) -> anyhow::Result<Value> {
    let text = shell::read(shell::cargo().args(["metadata", "--format-version", "1", "--locked"]).args(args))?;
    serde_json::from_str(&text).context("`cargo metadata` printed no JSON")
}

/// The folder that `cargo build` writes to.
pub(crate) fn target_dir() -> anyhow::Result<PathBuf> {
    let metadata = metadata(&["--no-deps"])?;
    let folder = metadata["target_directory"].as_str().context("`cargo metadata` names no target directory")?;
    Ok(folder.into())
}

/// A list of an object, empty where it is missing.
pub(crate) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// A text of an object, empty where it is missing.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// All files below a folder that end in `.{extension}`, sorted; symbolic links are not followed.
pub(crate) fn files(folder: &Path, extension: &str) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot list `{}`", folder.display()))?;
            let (kind, path) = (entry.file_type()?, entry.path());
            if kind.is_dir() {
                if entry.file_name() != "target" {
                    open.push(path);
                }
            } else if kind.is_file() && path.extension().is_some_and(|it| it == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// A file's text.
pub(crate) fn slurp(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", relative(path)))
}
