//! Files of contacts: CSV in any common encoding and delimiter, XLSX, and JSON lines.
//!
//! [`File::open`] finds out what the bytes are and which columns they have, [`File::rows`] gives row by row. Nothing else is
//! looked at: no file, no network, no clock. Everything is bounded, and a file that can't be read is refused with one sentence.
//!
//! ```
//! use portal_import::{Columns, File};
//!
//! let bytes = b"Ref;Name;E-Mail;E-Mail 2\nc-1;Ren\xe9 M\xfcller;rene@x.example;r@y.example\n";
//! let file = File::open(bytes, None, &Columns::default()).unwrap();
//! assert_eq!(file.read_as(), "CSV in windows-1252 with `;`");
//! let rows: Vec<_> = file.rows().collect::<Result<_, _>>().unwrap();
//! assert_eq!((rows[0].line, rows[0].input.name.as_str()), (2, "René Müller"));
//! assert_eq!(rows[0].input.emails, ["rene@x.example", "r@y.example"]);
//!
//! let fault = File::open(b"Name,Phone\nA,1\n", None, &Columns::default()).unwrap_err();
//! assert!(fault.to_string().starts_with("has a column `Phone`, which is unknown"), "{fault}");
//! ```

mod columns;
mod lines;
mod neutral;
mod objects;
mod package;
mod text;
mod workbook;

use portal_domain::job::ImportInput;

pub use self::{
    columns::{Columns, Field, Layout, guess},
    neutral::{neutral, record},
};
use self::{objects::Objects, text::Table, workbook::Workbook};

/// Most bytes of the names of all columns together: what the first line of a text may have.
pub const LONGEST_HEADS: usize = 64 * 1024;
/// Most rows of a file.
pub const MOST_ROWS: usize = 200_000;
/// Most columns of a file.
pub const MOST_COLUMNS: usize = 256;
/// Most characters of a cell; a spreadsheet's own limit.
pub const LONGEST_CELL: usize = 32_767;

/// A row of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line it begins at, from one.
    pub line: u64,
    /// What it says.
    pub input: ImportInput,
}

/// Why a file can't be read, as a sentence about it: "the file …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Fault(String);

impl Fault {
    fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    fn long_heads() -> Self {
        Self::new(format!("has names of columns of more than {LONGEST_HEADS} bytes together"))
    }
}

/// A file whose format and columns are known.
#[derive(Debug)]
pub struct File<'a> {
    sheet: Sheet<'a>,
    layout: Layout,
}

/// A file whose format is known, and whose columns nobody has told apart yet: see [`Layout`].
///
/// ```
/// use portal_import::{Columns, Field, Layout, Sheet};
///
/// let sheet = Sheet::open(b"Nr.;Vorname;Nachname\n7;Ada;Byron\n", None, &Columns::default()).unwrap();
/// assert!(Layout::of(sheet.heads(), &Columns::default()).is_err());
/// let layout = Layout::told(&[(Field::Ref, 0), (Field::Name, 1), (Field::Name, 2)], &[]).unwrap();
/// let rows: Vec<_> = sheet.rows().collect::<Result<_, _>>().unwrap();
/// assert_eq!(layout.input(&rows[0].1).name, "Ada Byron");
/// ```
#[derive(Debug)]
pub struct Sheet<'a>(Kind<'a>);

#[derive(Debug)]
enum Kind<'a> {
    Text(Table<'a>),
    Objects(Objects<'a>),
    Workbook(Workbook),
}

/// The cells of a row, with the line it begins at.
pub type Cells = (u64, Vec<String>);

/// Whether these bytes are read as a workbook, which may unpack to many times their size.
pub fn is_workbook(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

impl<'a> Sheet<'a> {
    /// Finds out what the bytes are. `charset` is what somebody says who should know: a label as in `Content-Type`. The columns that
    /// somebody named tell one delimiter from another.
    ///
    /// # Errors
    ///
    /// One sentence where they are something else.
    pub fn open(bytes: &'a [u8], charset: Option<&str>, columns: &Columns) -> Result<Self, Fault> {
        const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0";
        if bytes.starts_with(COMPOUND) {
            return Err(Fault::new("is an old or a protected workbook: save it as XLSX without a password, or as CSV"));
        }
        let sheet = if is_workbook(bytes) {
            Self(Kind::Workbook(Workbook::open(bytes)?))
        } else if Objects::begin(bytes) && charset.is_none_or(|label| label.eq_ignore_ascii_case("utf-8")) {
            Self(Kind::Objects(Objects::open(bytes)?))
        } else {
            Self(Kind::Text(Table::open(bytes, charset, columns)?))
        };
        if sheet.heads().iter().map(String::len).sum::<usize>() > LONGEST_HEADS {
            return Err(Fault::long_heads());
        }
        Ok(sheet)
    }

    /// The names of the columns.
    pub fn heads(&self) -> &[String] {
        match &self.0 {
            Kind::Text(table) => table.heads(),
            Kind::Objects(objects) => objects.heads(),
            Kind::Workbook(workbook) => workbook.heads(),
        }
    }

    /// What the file was taken for, in words.
    pub fn read_as(&self) -> String {
        match &self.0 {
            Kind::Text(table) => table.read_as(),
            Kind::Objects(objects) => objects.read_as(),
            Kind::Workbook(workbook) => workbook.read_as(),
        }
    }

    /// The cells of the rows, one row after the other; after a fault none.
    pub fn rows(&self) -> SheetRows<'_> {
        let cells: Box<dyn Iterator<Item = Result<Cells, Fault>> + '_> = match &self.0 {
            Kind::Text(table) => Box::new(table.rows()),
            Kind::Objects(objects) => Box::new(objects.rows()),
            Kind::Workbook(workbook) => Box::new(workbook.rows()),
        };
        SheetRows { cells, count: 0, over: false }
    }

    /// Reads all rows once, so that a file with a fault anywhere is refused before any of it is used. Answers how many.
    ///
    /// # Errors
    ///
    /// The first fault.
    pub fn check(&self) -> Result<usize, Fault> {
        self.rows().try_fold(0, |count, row| row.map(|_| count + 1))
    }
}

impl<'a> File<'a> {
    /// Finds out what the bytes are, as [`Sheet::open`], and which columns they have.
    ///
    /// # Errors
    ///
    /// One sentence where they are something else, or the columns are not those of an import.
    pub fn open(bytes: &'a [u8], charset: Option<&str>, columns: &Columns) -> Result<Self, Fault> {
        let sheet = Sheet::open(bytes, charset, columns)?;
        let layout = Layout::of(sheet.heads(), columns)?;
        Ok(Self { sheet, layout })
    }

    /// What the file was taken for, in words.
    pub fn read_as(&self) -> String {
        self.sheet.read_as()
    }

    /// The rows, one after the other; after a fault none.
    pub fn rows(&self) -> Rows<'_> {
        Rows { rows: self.sheet.rows(), layout: &self.layout }
    }

    /// As [`Sheet::check`].
    ///
    /// # Errors
    ///
    /// The first fault.
    pub fn check(&self) -> Result<usize, Fault> {
        self.sheet.check()
    }
}

/// The rows of a file, told apart.
pub struct Rows<'f> {
    rows: SheetRows<'f>,
    layout: &'f Layout,
}

impl Iterator for Rows<'_> {
    type Item = Result<Row, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.rows.next()?;
        Some(row.map(|(line, cells)| Row { line, input: self.layout.input(&cells) }))
    }
}

/// The rows of a file, cell by cell.
pub struct SheetRows<'f> {
    cells: Box<dyn Iterator<Item = Result<Cells, Fault>> + 'f>,
    count: usize,
    over: bool,
}

impl SheetRows<'_> {
    fn checked(&mut self, (line, cells): Cells) -> Result<Cells, Fault> {
        self.count += 1;
        if self.count > MOST_ROWS {
            return Err(Fault::new(format!("has more than {MOST_ROWS} rows: split it")));
        }
        for cell in &cells {
            if cell.len() > LONGEST_CELL && cell.chars().count() > LONGEST_CELL {
                return Err(Fault::new(format!("has a cell of more than {LONGEST_CELL} characters in line {line}")));
            }
            if cell.contains('\0') {
                return Err(Fault::new(format!("holds a NUL character in line {line}: save it as CSV in UTF-8")));
            }
        }
        Ok((line, cells))
    }
}

impl Iterator for SheetRows<'_> {
    type Item = Result<Cells, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let row = self.cells.next()?.and_then(|cells| self.checked(cells));
        self.over = row.is_err();
        Some(row)
    }
}

/// Text of a file as it is shown in a sentence: nothing in it can speak for itself (S11).
fn shown(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    short.escape_debug().to_string()
}
