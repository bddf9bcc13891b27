//! Cells that no spreadsheet takes for a formula (S11).

use std::borrow::Cow;

/// What a spreadsheet takes for the beginning of a formula.
fn speaks(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

/// The text as a cell that is only a text: an apostrophe goes before what would be more. [`File`](crate::File) takes it off again.
///
/// ```
/// use portal_import::neutral;
///
/// assert_eq!(neutral("=HYPERLINK(\"…\")"), "'=HYPERLINK(\"…\")");
/// assert_eq!(neutral("'=1"), "''=1");
/// assert_eq!(neutral("O'Neil"), "O'Neil");
/// ```
pub fn neutral(text: &str) -> Cow<'_, str> {
    if speaks(text.trim_start_matches('\'')) { format!("'{text}").into() } else { text.into() }
}

/// What [`neutral`] was given.
pub(crate) fn bare(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if speaks(rest.trim_start_matches('\'')) => rest,
        _ => cell,
    }
}

/// A line of CSV: neutral cells, each in quotation marks, and a line end.
///
/// ```
/// assert_eq!(portal_import::record(["a \"b\"", "-1"]), "\"a \"\"b\"\"\",\"'-1\"\r\n");
/// ```
pub fn record<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let quoted = |cell: &str| format!("\"{}\"", neutral(cell).replace('"', "\"\""));
    let cells: Vec<_> = cells.into_iter().map(quoted).collect();
    format!("{}\r\n", cells.join(","))
}
