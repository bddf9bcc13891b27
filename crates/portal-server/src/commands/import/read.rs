//! A file of contacts, read whole before anything is written.

use std::path::Path;

use portal::domain::usecase::ImportInput;

use crate::{
    failure::Failure,
    terminal::{count, plain},
};

/// The columns there are. Only the first is needed.
const COLUMNS: [&str; 5] = ["ref", "name", "emails", "clients", "activate"];
/// What separates addresses and clients within a cell.
const WITHIN: char = ';';

/// The rows of a file.
#[derive(Debug)]
pub(crate) struct Rows {
    /// What each says.
    pub(crate) inputs: Vec<ImportInput>,
    /// The line each begins at, from one.
    pub(crate) lines: Vec<u64>,
}

/// Reads the file at `path`: CSV in UTF-8, with or without a byte-order mark.
pub(crate) fn read(path: &Path) -> Result<Rows, Failure> {
    let shown = plain(&path.display().to_string());
    let bytes = std::fs::read(path).map_err(|error| Failure::usage(format!("`{shown}` can't be read: {error}")))?;
    parse(&bytes).map_err(|why| Failure::usage(format!("`{shown}` {why}; nothing was imported")))
}

fn parse(bytes: &[u8]) -> Result<Rows, String> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = line_of(bytes, error.valid_up_to());
        format!("is not UTF-8 in line {line}: save it as CSV in UTF-8")
    })?;
    if let Some(at) = text.find('\0') {
        return Err(format!("holds a NUL character in line {}: save it as CSV in UTF-8", line_of(bytes, at)));
    }
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns = columns(reader.headers().map_err(|error| fault(bytes, &error))?)?;
    let mut rows = Rows { inputs: Vec::new(), lines: Vec::new() };
    let mut places = Lines::default();
    for record in reader.records() {
        let record = record.map_err(|error| fault(bytes, &error))?;
        let cell = |column: usize| columns[column].and_then(|place| record.get(place)).unwrap_or_default();
        rows.lines.push(places.of(bytes, record.position()));
        rows.inputs.push(ImportInput {
            reference: cell(0).trim_matches(BLANK).to_owned(),
            name: cell(1).to_owned(),
            emails: cell(2).split(WITHIN).map(str::to_owned).collect(),
            clients: cell(3).split(WITHIN).map(|client| client.trim_matches(BLANK).to_owned()).collect(),
            activate: cell(4).trim_matches(BLANK).to_owned(),
        });
    }
    Ok(rows)
}

/// Blanks around what is a name to programs. Addresses are left as they are: what may be removed there is for the rules.
const BLANK: [char; 2] = [' ', '\t'];

/// Where each column stands in this file.
fn columns(heads: &csv::StringRecord) -> Result<[Option<usize>; COLUMNS.len()], String> {
    let mut places = [None; COLUMNS.len()];
    for (place, head) in heads.iter().enumerate() {
        let name = head.trim().to_ascii_lowercase();
        let Some(column) = COLUMNS.iter().position(|column| *column == name) else {
            return Err(format!(
                "has a column `{}`, which is unknown: the columns are {}",
                plain(head.trim()),
                COLUMNS.join(",")
            ));
        };
        if places[column].replace(place).is_some() {
            return Err(format!("has two columns `{name}`: leave one out"));
        }
    }
    match places[0] {
        Some(_) => Ok(places),
        None => Err(format!("has no column `ref`: its first line must name the columns, as in {}", COLUMNS.join(","))),
    }
}

fn fault(bytes: &[u8], error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = Lines::default().of(bytes, pos.as_ref());
            let (len, expected) = (count(*len, "cell"), count(*expected_len, "column"));
            format!("has {len} in the row of line {line} and {expected}: quote cells that hold a comma")
        }
        _ => "is not CSV: separate cells by commas, and quote those that hold a comma".to_owned(),
    }
}

fn line_of(bytes: &[u8], at: usize) -> u64 {
    Lines::default().advance(bytes, at)
}

/// Lines of places that come one after the other, each counted once.
#[derive(Default)]
struct Lines {
    at: usize,
    breaks: u64,
}

impl Lines {
    fn advance(&mut self, bytes: &[u8], to: usize) -> u64 {
        let passed = bytes.get(self.at..to).unwrap_or_default();
        self.breaks += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.at = self.at.max(to);
        self.breaks + 1
    }

    /// The line that a row begins at. The reader's own place may lie before line ends and empty lines that it skips.
    fn of(&mut self, bytes: &[u8], place: Option<&csv::Position>) -> u64 {
        let start = place.and_then(|place| usize::try_from(place.byte()).ok()).unwrap_or_default();
        let rest = bytes.get(start..).unwrap_or_default();
        let skipped = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.advance(bytes, start + skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_in_any_order_and_most_may_be_left_out() {
        let rows = parse("\u{feff} Emails ,REF\r\n\"a@x.example;b@x.example\",c-1\r\n\r\n,c-2 \n".as_bytes()).unwrap();
        assert_eq!(rows.lines, [2, 4]);
        assert_eq!(rows.inputs[0].reference, "c-1");
        assert_eq!(rows.inputs[0].emails, ["a@x.example", "b@x.example"]);
        assert_eq!(
            rows.inputs[1],
            ImportInput {
                reference: "c-2".into(),
                emails: vec![String::new()],
                clients: vec![String::new()],
                ..ImportInput::default()
            }
        );
    }

    #[test]
    fn e1_addresses_reach_the_rules_as_they_came() {
        let rows = parse("ref,name,emails,clients,activate\nc, A ,\u{200b} a@x.example\t; ,acme; b , yes\n".as_bytes())
            .unwrap();
        assert_eq!(rows.inputs[0].emails, ["\u{200b} a@x.example\t", " "]);
        assert_eq!((rows.inputs[0].name.as_str(), rows.inputs[0].activate.as_str()), (" A ", "yes"));
        assert_eq!(rows.inputs[0].clients, ["acme", "b"]);
    }

    #[test]
    fn files_that_are_something_else_are_named_with_the_line() {
        for (bytes, said) in [
            (&b"ref,name\nc-1,Ren\xe9\n"[..], "line 2"),
            (b"ref,name\nc-1,A\nc-2,\0\n", "line 3"),
            (b"ref,mail\nc-1,x\n", "`mail`"),
            (b"ref;name\nc-1;x\n", "`ref;name`"),
            (b"name\nx\n", "`ref`"),
            (b"ref,Ref\nx,y\n", "two columns `ref`"),
            (b"ref,name\nc-1,A\nc-2,A,B\n", "line 3"),
            (b"ref,name\r\n\r\nc-1,\"A\r\nB\"\r\nc-2,A,B\r\n", "line 5"),
            (b"ref,name\nc-1\n", "line 2"),
            (b"", "`ref`"),
            (b"r\0e\0f\0", "line 1"),
        ] {
            let error = parse(bytes).unwrap_err();
            assert!(error.contains(said) && !error.contains('\n'), "{error}");
        }
    }
}
