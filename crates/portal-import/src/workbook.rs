//! XLSX: unpacked within bounds, read cell by cell, and kept as the rows it has.
//!
//! A workbook is a ZIP archive that may claim anything: a sheet of sixteen thousand columns and a million rows, or parts that
//! unpack to a thousand times their size. So its parts are unpacked once to be measured, those that hold no cells are left out,
//! and no cell costs anything that isn't there.

use std::{
    io::{Cursor, Read},
    panic::{AssertUnwindSafe, catch_unwind},
};

use calamine::{DataRef, Reader, Xlsx};
use zip::ZipArchive;

use crate::{
    Cells, Fault, MOST_COLUMNS, MOST_ROWS,
    package::{Archive, Package},
    shown,
};

/// Most bytes of all parts, unpacked.
const UNPACKED: u64 = 256 << 20;
/// Most parts.
pub(crate) const PARTS: usize = 4096;
/// With this begins each entry of the directory.
const PART: &[u8] = b"PK\x01\x02";
/// Most texts that cells share.
pub(crate) const SHARED: usize = 1_000_000;
/// Most bytes of all cells together, each as often as it stands there.
const TEXT: usize = 128 << 20;

/// The rows of a workbook's first sheet.
#[derive(Debug)]
pub(crate) struct Workbook {
    sheet: String,
    heads: Vec<String>,
    /// The rows below the heads, as CSV.
    records: Vec<u8>,
    /// The line of each.
    lines: Vec<u64>,
}

pub(crate) fn damaged() -> Fault {
    Fault::new("is a damaged workbook, or none: save it as XLSX again, or as CSV")
}

pub(crate) fn too_large() -> Fault {
    Fault::new("is a workbook that unpacks to too much: keep one sheet with contacts only, or save it as CSV")
}

impl Workbook {
    pub(crate) fn open(bytes: &[u8]) -> Result<Self, Fault> {
        // A reader that meets what its authors never saw fails like any other.
        catch_unwind(AssertUnwindSafe(|| {
            if parts(bytes) > PARTS {
                return Err(too_large());
            }
            let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| damaged())?;
            measure(&mut archive)?;
            read(Package::of(&mut archive)?)
        }))
        .unwrap_or_else(|_| Err(damaged()))
    }

    pub(crate) fn heads(&self) -> &[String] {
        &self.heads
    }

    pub(crate) fn read_as(&self) -> String {
        format!("XLSX, sheet `{}`", shown(&self.sheet))
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Result<Cells, Fault>> + '_ {
        let reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(&self.records[..]);
        let records = reader.into_records().zip(&self.lines);
        records.map(|(record, line)| {
            let record = record.map_err(|_| damaged())?;
            Ok((*line, record.iter().map(str::to_owned).collect()))
        })
    }
}

/// At least as many parts as a directory in these bytes can name: counted before one is read, for whoever reads it keeps each.
fn parts(bytes: &[u8]) -> usize {
    bytes.windows(PART.len()).filter(|window| *window == PART).take(PARTS + 1).count()
}

/// Unpacks every part, and keeps nothing.
fn measure(archive: &mut Archive<'_>) -> Result<(), Fault> {
    let (mut left, mut buffer) = (UNPACKED, vec![0; 64 * 1024]);
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).map_err(|_| damaged())?;
        loop {
            let read = part.read(&mut buffer).map_err(|_| damaged())?;
            if read == 0 {
                break;
            }
            left = left.checked_sub(read as u64).ok_or_else(too_large)?;
        }
    }
    Ok(())
}

fn read(package: Package) -> Result<Workbook, Fault> {
    let Package { sheet, bytes } = package;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(&bytes)).map_err(|_| damaged())?;
    let name = workbook.sheet_names().into_iter().next().ok_or_else(damaged)?;
    let mut cells = workbook.worksheet_cells_reader(&name).map_err(|_| damaged())?;
    let mut collected = Collected::new();
    while let Some(cell) = cells.next_cell().map_err(|_| damaged())? {
        let (row, column) = cell.get_position();
        let value = text(cell.get_value());
        if !value.is_empty() {
            collected.add(row, column, value)?;
        }
    }
    collected.end(sheet)
}

/// A cell as a text: numbers without what a spreadsheet only adds for itself.
fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty | DataRef::Error(_) => String::new(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(flag) => flag.to_string(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number_text(*number),
        DataRef::DateTime(time) => number_text(time.as_f64()),
    }
}

/// `17`, not `17.0`: what is a number in a sheet is an id or a year here.
fn number_text(number: f64) -> String {
    number.to_string()
}

/// Rows that are not blank, as they come: cells in their order, row after row.
struct Collected {
    heads: Option<Vec<String>>,
    row: u32,
    cells: Vec<String>,
    writer: csv::Writer<Vec<u8>>,
    lines: Vec<u64>,
    bytes: usize,
}

impl Collected {
    fn new() -> Self {
        let writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        Self { heads: None, row: 0, cells: Vec::new(), writer, lines: Vec::new(), bytes: 0 }
    }

    fn add(&mut self, row: u32, column: u32, value: String) -> Result<(), Fault> {
        // What comes later would stand above, and be read below: the names of columns too.
        if row < self.row {
            return Err(damaged());
        }
        if row != self.row && !self.cells.is_empty() {
            self.flush()?;
        }
        self.row = row;
        let place = column as usize;
        if place >= MOST_COLUMNS {
            return Err(Fault::new(format!("has more than {MOST_COLUMNS} columns")));
        }
        self.bytes += value.len();
        if self.bytes > TEXT {
            return Err(too_large());
        }
        if self.cells.len() <= place {
            self.cells.resize(place + 1, String::new());
        }
        self.cells[place] = value;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Fault> {
        let cells = std::mem::take(&mut self.cells);
        if self.heads.is_none() {
            self.heads = Some(cells);
            return Ok(());
        }
        if self.lines.len() == MOST_ROWS {
            return Err(Fault::new(format!("has more than {MOST_ROWS} rows: split it")));
        }
        self.writer.write_record(&cells).map_err(|_| damaged())?;
        self.lines.push(u64::from(self.row) + 1);
        Ok(())
    }

    fn end(mut self, sheet: String) -> Result<Workbook, Fault> {
        if !self.cells.is_empty() {
            self.flush()?;
        }
        let records = self.writer.into_inner().map_err(|_| damaged())?;
        Ok(Workbook { sheet, heads: self.heads.unwrap_or_default(), records, lines: self.lines })
    }
}

#[cfg(test)]
mod tests {
    use std::{fmt::Write as _, io::Write as _};

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;
    use crate::{Columns, File};

    const SHEET: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const RELATIONS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

    fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in parts {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    /// A workbook with this inside `sheetData`, and these shared texts.
    fn workbook(rows: &str, shared: &[&str]) -> Vec<u8> {
        let texts: String = shared.iter().fold(String::new(), |mut all, text| {
            write!(all, "<si><t>{text}</t></si>").unwrap();
            all
        });
        let texts = format!("<sst xmlns=\"{SHEET}\">{texts}</sst>");
        made("Clients &amp; co", rows, &[("xl/sharedStrings.xml", texts.as_bytes())])
    }

    /// A workbook whose sheet has this name and these rows, with more parts.
    fn made(name: &str, rows: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
        let book = format!(
            "<workbook xmlns=\"{SHEET}\" xmlns:r=\"{OFFICE}\"><sheets><sheet name=\"Hidden\" sheetId=\"2\" \
             state=\"hidden\" r:id=\"rId2\"/><sheet name=\"{name}\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
        );
        let relations = format!(
            "<Relationships xmlns=\"{RELATIONS}\">\
             <Relationship Id=\"rId1\" Type=\"{OFFICE}/worksheet\" Target=\"worksheets/sheet1.xml\"/>\
             <Relationship Id=\"rId2\" Type=\"{OFFICE}/worksheet\" Target=\"worksheets/sheet2.xml\"/>\
             <Relationship Id=\"rId3\" Type=\"{OFFICE}/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>"
        );
        let sheet = format!("<worksheet xmlns=\"{SHEET}\"><sheetData>{rows}</sheetData></worksheet>");
        let root = format!(
            "<Relationships xmlns=\"{RELATIONS}\"><Relationship Id=\"rId1\" Type=\"{OFFICE}/officeDocument\" \
             Target=\"xl/workbook.xml\"/></Relationships>"
        );
        let parts: [(&str, &[u8]); 5] = [
            ("_rels/.rels", root.as_bytes()),
            ("xl/workbook.xml", book.as_bytes()),
            ("xl/_rels/workbook.xml.rels", relations.as_bytes()),
            ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
            ("xl/worksheets/sheet2.xml", b"<worksheet><sheetData/></worksheet>"),
        ];
        archive(&[&parts, more].concat())
    }

    fn open(bytes: &[u8]) -> Result<File<'_>, String> {
        File::open(bytes, None, &Columns::default()).map_err(|fault| fault.to_string())
    }

    const HEADS: &str = "<row r=\"2\"><c r=\"A2\" t=\"s\"><v>0</v></c><c r=\"B2\" t=\"s\"><v>1</v></c>\
        <c r=\"D2\" t=\"inlineStr\"><is><t>E-Mail</t></is></c><c r=\"E2\" t=\"s\"><v>2</v></c></row>";

    #[test]
    fn i1_cells_of_the_first_sheet_that_is_shown() {
        let rows = format!(
            "<row r=\"1\"/>{HEADS}<row r=\"4\"><c r=\"A4\"><v>17</v></c><c r=\"B4\" t=\"s\"><v>3</v></c>\
             <c r=\"D4\" t=\"str\"><f>A1&amp;B1</f><v> a@x.example\u{a0}</v></c><c r=\"E4\" t=\"b\"><v>1</v></c></row>\
             <row r=\"9\"><c r=\"A9\"><v>1.5</v></c><c r=\"B9\" t=\"e\"><v>#N/A</v></c></row>"
        );
        let bytes = workbook(&rows, &["Ref", "Name", "Activate", "Zoë, \"A\"\n&amp; B"]);
        let file = open(&bytes).unwrap();
        assert_eq!(file.read_as(), "XLSX, sheet `Clients & co`");
        assert_eq!(file.check(), Ok(2));
        let rows: Vec<_> = file.rows().map(Result::unwrap).collect();
        assert_eq!((rows[0].line, rows[1].line), (4, 9));
        let first = &rows[0].input;
        assert_eq!((first.reference.as_str(), first.name.as_str()), ("17", "Zoë, \"A\"\n& B"));
        assert_eq!((&first.emails[..], first.activate.as_str()), (&[" a@x.example\u{a0}".to_owned()][..], "true"));
        assert_eq!((rows[1].input.reference.as_str(), rows[1].input.name.as_str()), ("1.5", ""));
    }

    /// Found by fuzzing: the first row that came was taken for the names of columns, wherever it stood.
    #[test]
    fn i1_rows_that_do_not_come_in_their_order_are_no_sheet() {
        let row = |number: u32| format!("<row r=\"{number}\"><c r=\"A{number}\"><v>{number}</v></c></row>");
        for rows in [row(4) + HEADS, HEADS.to_owned() + &row(9) + &row(4)] {
            let fault = open(&workbook(&rows, &["Ref", "Name", "Activate"])).unwrap_err();
            assert!(fault.contains("damaged"), "{fault}");
        }
    }

    #[test]
    fn s16_a_sheet_that_claims_to_be_huge_costs_nothing() {
        let far = format!("{HEADS}<row r=\"1048576\"><c r=\"A1048576\"><v>1</v></c></row>");
        let bytes = workbook(&far, &["Ref", "Name", "Activate"]);
        assert_eq!(open(&bytes).unwrap().rows().next().unwrap().unwrap().line, 1_048_576);
        let wide = format!("{HEADS}<row r=\"3\"><c r=\"XFD3\"><v>1</v></c></row>");
        let error = open(&workbook(&wide, &["Ref", "Name", "Activate"])).unwrap_err();
        assert!(error.contains("256 columns"), "{error}");
    }

    #[test]
    fn s16_a_workbook_unpacks_to_a_bounded_size() {
        let heap = vec![b' '; 1 << 20];
        let name = |number: usize| format!("xl/media/{number}.bin");
        let names: Vec<_> = (0..300).map(name).collect();
        let parts: Vec<_> = names.iter().map(|name| (name.as_str(), heap.as_slice())).collect();
        let bomb = archive(&parts);
        assert!(bomb.len() < 1 << 20);
        assert!(open(&bomb).unwrap_err().contains("unpacks to too much"));
        let many: Vec<_> = (0..=PARTS).map(name).collect();
        let many: Vec<_> = many.iter().map(|name| (name.as_str(), &b""[..])).collect();
        let many = archive(&many);
        assert!(open(&many).unwrap_err().contains("unpacks to too much"));
        // Before the directory is read: of this one its end is missing.
        assert!(open(&many[..many.len() - 22]).unwrap_err().contains("unpacks to too much"));
        for text in ["<si/>", "<x:si/>", "<si></si>"] {
            let shared = format!("<sst>{}</sst>", text.repeat(SHARED + 1));
            let bytes = made("a", HEADS, &[("xl/SharedStrings.xml", shared.as_bytes())]);
            assert!(open(&bytes).unwrap_err().contains("too much"), "{text}");
        }
        // One long text that stands in many cells.
        let cells = "<row><c t=\"s\"><v>3</v></c></row>".repeat(5_000);
        let long = "x".repeat(30_000);
        let bytes = workbook(&format!("{HEADS}{cells}"), &["Ref", "Name", "Activate", &long]);
        assert!(open(&bytes).unwrap_err().contains("too much"));
    }

    #[test]
    fn s16_texts_that_are_only_claimed_cost_nothing() {
        for claim in ["uniqueCount=\"10000000000000\"", "count='3' uniqueCount = '+00010000000000000000000000'"] {
            let shared = format!("<x:sst {claim}><x:si/></x:sst>");
            let bytes = made("a", HEADS, &[("xl/sharedStrings.xml", shared.as_bytes())]);
            assert!(open(&bytes).unwrap_err().contains("too much"), "{claim}");
            let wide: Vec<_> = shared.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let wide = [b"\xff\xfe", &wide[..]].concat();
            assert!(open(&made("a", HEADS, &[("xl/sharedStrings.xml", &wide)])).is_err(), "{claim}");
        }
    }

    /// A style has a copy of its font, and there may be as many as the archive is long.
    #[test]
    fn s16_what_holds_no_cells_is_not_read() {
        let rows =
            HEADS.replace("t=\"s\"", "t=\"str\"").replace("<v>0</v>", "<v>Ref</v>").replace("<v>1</v>", "<v>Name</v>");
        let rows =
            rows.replace("<v>2</v>", "<v>Activate</v>") + "<row r=\"3\"><c r=\"A3\" s=\"1\"><v>45000</v></c></row>";
        let broken: [(&str, &[u8]); 2] = [("xl/styles.xml", b"<styleSheet><fonts><"), ("xl/theme/theme1.xml", b"<")];
        let bytes = made("a", &rows, &broken);
        let file = open(&bytes).unwrap();
        assert_eq!(file.rows().next().unwrap().unwrap().input.reference, "45000");
    }

    #[test]
    fn s16_the_name_of_a_sheet_is_cut() {
        let bytes = made(&"x\u{202e}".repeat(10_000), &HEADS.replace("t=\"s\"", ""), &[]);
        let fault = open(&bytes).unwrap_err();
        assert!(fault.len() < 1_000, "{fault}");
        let workbook = Workbook::open(&bytes).unwrap();
        assert!(workbook.read_as().len() < 600 && !workbook.read_as().contains('\u{202e}'));
    }

    #[test]
    fn what_is_no_workbook_is_said_to_be_damaged() {
        let whole = workbook(HEADS, &["Ref", "Name", "Activate"]);
        assert!(open(&whole).is_ok());
        for cut in (4..whole.len()).step_by(97) {
            let error = open(&whole[..cut]).unwrap_err();
            assert!(error.contains("damaged"), "{error}");
        }
        assert!(open(&archive(&[("hello.txt", b"hello")])).unwrap_err().contains("damaged"));
        let broken = workbook("<row><c t=\"s\"><v>99</v></c></row><row", &[]);
        assert!(open(&broken).is_err());
    }
}
