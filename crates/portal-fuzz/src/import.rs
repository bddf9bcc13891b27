//! Files of contacts (I1, S16).

use portal_import::{
    Cells, Columns, Fault, Field, File, LONGEST_CELL, LONGEST_HEADS, Layout, MOST_COLUMNS, MOST_ROWS, Sheet, guess,
    neutral, record,
};

use crate::package;

/// The first byte of what is a sheet of a workbook, which is packed first.
const SHEET: u8 = b'w';

/// What somebody says of a file's encoding; the first byte chooses one.
const CHARSETS: [Option<&str>; 6] =
    [None, Some("utf-8"), Some("windows-1252"), Some("utf-16le"), Some("iso-2022-jp"), Some("nonsense")];

/// Files of contacts (I1, S11, S16).
///
/// # Panics
///
/// Where what must hold does not.
pub fn import(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else { return };
    let packed = if *first == SHEET { package::workbook(rest) } else { Vec::new() };
    let file = if *first == SHEET { &packed[..] } else { rest };
    let charset = CHARSETS[usize::from(*first) % CHARSETS.len()];
    match Sheet::open(file, charset, &Columns::default()) {
        Ok(sheet) => read(file, charset, &sheet),
        Err(fault) => refused(&fault),
    }
    comes_back(&String::from_utf8_lossy(rest));
}

fn refused(fault: &Fault) {
    let said = fault.to_string();
    assert!(!said.is_empty() && crate::is_one_line(&said), "S11: {said:?}");
}

fn read(file: &[u8], charset: Option<&str>, sheet: &Sheet<'_>) {
    let heads = sheet.heads();
    assert!(heads.len() <= MOST_COLUMNS, "S16: {} columns", heads.len());
    assert!(heads.iter().map(String::len).sum::<usize>() <= LONGEST_HEADS, "S16: names of columns");
    assert!(crate::is_one_line(&sheet.read_as()), "S11: {:?}", sheet.read_as());
    for head in heads {
        guess(head);
    }
    let rows: Result<Vec<Cells>, _> = sheet.rows().collect();
    match (&rows, sheet.check()) {
        (Ok(rows), Ok(count)) => assert_eq!(rows.len(), count),
        (Err(fault), Err(checked)) => {
            assert_eq!(fault, &checked);
            refused(fault);
        }
        (rows, checked) => panic!("read as {rows:?}, and checked as {checked:?}"),
    }
    let rows = rows.unwrap_or_default();
    assert!(rows.len() <= MOST_ROWS, "S16: {} rows", rows.len());
    assert!(rows.is_sorted_by(|(one, _), (next, _)| one < next), "rows have the lines they begin at, in order");
    let cells = rows.iter().flat_map(|(_, cells)| cells);
    for cell in cells {
        assert!(cell.chars().count() <= LONGEST_CELL && !cell.contains('\0'), "S16: {cell:?}");
    }
    let told = Layout::told(&[(Field::Ref, 0), (Field::Name, 0), (Field::Emails, 0)], &[]);
    for layout in told.iter().chain(&Layout::of(heads, &Columns::default())) {
        rows.iter().for_each(|(_, cells)| drop(layout.input(cells)));
    }
    match File::open(file, charset, &Columns::default()) {
        Ok(whole) => assert!(whole.rows().map_while(Result::ok).map(|row| row.line).eq(rows_before_a_fault(sheet))),
        Err(fault) => refused(&fault),
    }
}

fn rows_before_a_fault(sheet: &Sheet<'_>) -> impl Iterator<Item = u64> {
    sheet.rows().map_while(Result::ok).map(|(line, _)| line)
}

/// A text that we write into a cell is no formula (S11), and is read as it was.
fn comes_back(text: &str) {
    let cell = neutral(text);
    assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']), "S11: {cell:?}");
    let written = format!("{}{}", record(["ref", "name"]), record(["c-1", text]));
    let names = File::open(written.as_bytes(), Some("utf-8"), &Columns::default()).and_then(|file| {
        let rows: Result<Vec<_>, _> = file.rows().collect();
        Ok(rows?.into_iter().map(|row| row.input.name).collect::<Vec<_>>())
    });
    match names {
        Ok(names) => assert_eq!(names, [text], "S11"),
        Err(fault) => assert!(text.contains('\0') || cell.chars().count() > LONGEST_CELL, "what we wrote {fault}"),
    }
}
