//! A file of contacts, read whole before anything is written.

use std::path::Path;

use portal::domain::usecase::ImportInput;
use portal_import::{Columns, File, Row};

use crate::{failure::Failure, terminal::plain};

/// The rows of a file.
#[derive(Debug)]
pub(crate) struct Rows {
    /// What the file was taken for.
    pub(crate) read_as: String,
    /// What each says.
    pub(crate) inputs: Vec<ImportInput>,
    /// The line each begins at, from one.
    pub(crate) lines: Vec<u64>,
}

/// Reads the file at `path`: CSV, XLSX or JSON lines.
pub(crate) fn read(path: &Path, encoding: Option<&str>, columns: &Columns) -> Result<Rows, Failure> {
    let shown = plain(&path.display().to_string());
    let bytes = std::fs::read(path).map_err(|error| Failure::usage(format!("`{shown}` can't be read: {error}")))?;
    let unreadable = |fault| Failure::usage(format!("`{shown}` {}; nothing was imported", plain(&format!("{fault}"))));
    let file = File::open(&bytes, encoding, columns).map_err(unreadable)?;
    let mut rows = Rows { read_as: file.read_as(), inputs: Vec::new(), lines: Vec::new() };
    for row in file.rows() {
        let Row { line, input } = row.map_err(unreadable)?;
        rows.inputs.push(input);
        rows.lines.push(line);
    }
    Ok(rows)
}
