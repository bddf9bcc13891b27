//! CSV: its encoding, its delimiter, its records.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::{Cells, Columns, Fault, lines::Lines, shown};

/// In the order in which one is taken where nothing tells them apart.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// The first line is looked for in so much of the text.
const FIRST_LINE: usize = crate::LONGEST_HEADS;
/// So much of a text tells its encoding.
const SAMPLE: usize = 4 << 20;

/// A CSV text.
#[derive(Debug)]
pub(crate) struct Table<'a> {
    text: Cow<'a, str>,
    /// Where the line of names begins.
    start: usize,
    encoding: &'static Encoding,
    delimiter: u8,
    heads: Vec<String>,
}

impl<'a> Table<'a> {
    pub(crate) fn open(bytes: &'a [u8], charset: Option<&str>, columns: &Columns) -> Result<Self, Fault> {
        let (text, encoding) = decode(bytes, charset)?;
        if let Some(at) = text.find('\0') {
            let line = Lines::default().advance(text.as_bytes(), at);
            return Err(Fault::new(format!("holds a NUL character in line {line}: save it as CSV in UTF-8")));
        }
        let (told, start) = told_delimiter(&text);
        let sniffed = || {
            // The one with the most known columns, then with the most columns, then the first.
            let rank = |delimiter: &u8| {
                let heads = heads(&text[start..], *delimiter).unwrap_or_default();
                (columns.known(&heads), heads.len())
            };
            DELIMITERS.into_iter().rev().max_by_key(rank).unwrap_or(b',')
        };
        let delimiter = told.unwrap_or_else(sniffed);
        let heads = heads(&text[start..], delimiter)?;
        Ok(Self { text, start, encoding, delimiter, heads })
    }

    pub(crate) fn heads(&self) -> &[String] {
        &self.heads
    }

    pub(crate) fn read_as(&self) -> String {
        let delimiter = match self.delimiter {
            b'\t' => "tabs".to_owned(),
            delimiter => format!("`{}`", char::from(delimiter)),
        };
        format!("CSV in {} with {delimiter}", self.encoding.name().to_ascii_lowercase())
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Result<Cells, Fault>> + '_ {
        let text = &self.text.as_bytes()[self.start..];
        let before = if self.start == 0 { 0 } else { 1 };
        let mut lines = Lines::default();
        reader(text, self.delimiter).into_records().map(move |record| match record {
            Ok(record) => {
                let line = lines.of(text, record.position()) + before;
                Ok((line, record.iter().map(str::to_owned).collect()))
            }
            Err(error) => Err(self.fault(text, before, &error)),
        })
    }

    fn fault(&self, text: &[u8], before: u64, error: &csv::Error) -> Fault {
        match error.kind() {
            csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
                let line = Lines::default().of(text, pos.as_ref()) + before;
                let delimiter = match self.delimiter {
                    b'\t' => "a tab".to_owned(),
                    delimiter => format!("`{}`", char::from(delimiter)),
                };
                Fault::new(format!(
                    "has {len} cells in the row of line {line} and {expected_len} columns: quote cells that hold \
                     {delimiter}"
                ))
            }
            _ => Fault::new("is not CSV: separate cells by commas, and quote those that hold a comma"),
        }
    }
}

fn reader(text: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text)
}

fn heads(text: &str, delimiter: u8) -> Result<Vec<String>, Fault> {
    let end = text.len().min(FIRST_LINE);
    let mut reader = reader(&text.as_bytes()[..end], delimiter);
    let record = reader.headers().cloned();
    // Names that go on beyond what is looked at would be cut.
    if end < text.len() && reader.position().byte() >= end as u64 {
        return Err(Fault::long_heads());
    }
    let record = record.map_err(|_| Fault::new("is not CSV: its first line must name the columns"))?;
    Ok(record.iter().map(str::to_owned).collect())
}

/// A first line that says the delimiter, as spreadsheets write it, and where the next one begins.
fn told_delimiter(text: &str) -> (Option<u8>, usize) {
    let line = text.split('\n').next().unwrap_or_default();
    match line.trim_end_matches('\r').strip_prefix("sep=").map(str::as_bytes) {
        Some([delimiter]) if DELIMITERS.contains(delimiter) && text.len() > line.len() => {
            (Some(*delimiter), line.len() + 1)
        }
        _ => (None, 0),
    }
}

fn decode<'a>(bytes: &'a [u8], charset: Option<&str>) -> Result<(Cow<'a, str>, &'static Encoding), Fault> {
    let told = charset.map(|label| {
        let unknown = || Fault::new(format!("can't be read as `{}`: there is no such encoding", shown(label)));
        Encoding::for_label(label.as_bytes()).ok_or_else(unknown)
    });
    let (encoding, bytes) = match (Encoding::for_bom(bytes), told.transpose()?) {
        (Some((encoding, length)), _) => (encoding, &bytes[length..]),
        (None, Some(encoding)) => (encoding, bytes),
        (None, None) => (guess(bytes), bytes),
    };
    match encoding.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => Ok((text, encoding)),
        None if encoding == UTF_8 => {
            let valid = std::str::from_utf8(bytes).err().map_or(0, |error| error.valid_up_to());
            let line = Lines::default().advance(bytes, valid);
            Err(Fault::new(format!("is not UTF-8 in line {line}: save it as CSV in UTF-8")))
        }
        None => {
            let name = encoding.name().to_ascii_lowercase();
            Err(Fault::new(format!("can't be read as {name}: save it as CSV in UTF-8, or say its encoding")))
        }
    }
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    if std::str::from_utf8(bytes).is_ok() && !bytes.contains(&0) {
        return UTF_8;
    }
    // Every other byte of plain letters in UTF-16 is nought.
    let pairs = bytes.as_chunks::<2>().0.iter().take(1000);
    let (low, high) = pairs.fold((0_usize, 0_usize), |(low, high), pair| {
        (low + usize::from(pair[1] == 0 && pair[0] != 0), high + usize::from(pair[0] == 0 && pair[1] != 0))
    });
    let many = bytes.as_chunks::<2>().0.len().min(1000).div_ceil(2).max(1);
    if low >= many {
        return UTF_16LE;
    }
    if high >= many {
        return UTF_16BE;
    }
    if std::str::from_utf8(bytes).is_ok() {
        return UTF_8;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let odd = bytes.iter().position(|byte| !byte.is_ascii()).unwrap_or_default();
    // What is plain tells nothing.
    let sample = &bytes[odd.saturating_sub(1024)..];
    detector.feed(&sample[..sample.len().min(SAMPLE)], true);
    detector.guess(None, Utf8Detection::Deny)
}

#[cfg(test)]
mod tests {
    use crate::{Columns, Field, File, Row};

    fn read(bytes: &[u8]) -> Result<(String, Vec<Row>), String> {
        let file = File::open(bytes, None, &Columns::default()).map_err(|fault| fault.to_string())?;
        let rows = file.rows().collect::<Result<_, _>>().map_err(|fault| fault.to_string())?;
        Ok((file.read_as(), rows))
    }

    #[test]
    fn columns_stand_in_any_order_and_most_may_be_left_out() {
        let (_, rows) =
            read("\u{feff} Emails ,REF\r\n\"a@x.example;b@x.example\",c-1\r\n\r\n,c-2 \n".as_bytes()).unwrap();
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 4]);
        assert_eq!(rows[0].input.reference, "c-1");
        assert_eq!(rows[0].input.emails, ["a@x.example", "b@x.example"]);
        assert_eq!((rows[1].input.reference.as_str(), &rows[1].input.emails[..]), ("c-2", &[String::new()][..]));
    }

    #[test]
    fn common_encodings_are_told_apart() {
        let text =
            "ref;name;emails\r\nc-1;René Müller-Größe;rené@x.example\r\nc-2;„Zoë“ Ångström – Søn;b@x.example\r\n";
        let utf_16 = |bytes: fn(u16) -> [u8; 2], mark: &[u8]| {
            let units = text.encode_utf16().flat_map(bytes);
            mark.iter().copied().chain(units).collect::<Vec<_>>()
        };
        let windows = encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
        for (bytes, said) in [
            (text.as_bytes().to_vec(), "CSV in utf-8 with `;`"),
            ([b"\xef\xbb\xbf", text.as_bytes()].concat(), "CSV in utf-8 with `;`"),
            (windows, "CSV in windows-1252 with `;`"),
            (utf_16(u16::to_le_bytes, b"\xff\xfe"), "CSV in utf-16le with `;`"),
            (utf_16(u16::to_be_bytes, b"\xfe\xff"), "CSV in utf-16be with `;`"),
            (utf_16(u16::to_le_bytes, b""), "CSV in utf-16le with `;`"),
            (utf_16(u16::to_be_bytes, b""), "CSV in utf-16be with `;`"),
        ] {
            let (read_as, rows) = read(&bytes).unwrap();
            assert_eq!(read_as, said);
            assert_eq!(rows[0].input.name, "René Müller-Größe", "{said}");
            assert_eq!(rows[1].input.name, "„Zoë“ Ångström – Søn", "{said}");
        }
        let greek = encoding_rs::ISO_8859_7.encode("ref,name\n1,Οδυσσεύς\n").0.into_owned();
        let file = File::open(&greek, Some("iso-8859-7"), &Columns::default()).unwrap();
        assert_eq!(file.rows().next().unwrap().unwrap().input.name, "Οδυσσεύς");
        for charset in ["utf-8", "nonsense\u{1b}"] {
            let fault = File::open(b"ref,name\n1,\xff\n", Some(charset), &Columns::default()).unwrap_err().to_string();
            assert!(!fault.contains('\u{1b}') && (fault.contains("line 2") || fault.contains("no such")), "{fault}");
        }
    }

    #[test]
    fn delimiters_are_told_apart_by_the_columns_they_make() {
        for (bytes, said, name) in [
            ("ref,name\n1,\"A, B\"\n", "`,`", "A, B"),
            ("ref;name\n1;A, B\n", "`;`", "A, B"),
            ("ref\tname\n1\tA, B; C\n", "tabs", "A, B; C"),
            ("ref|name\n1|A, B\n", "`|`", "A, B"),
            ("sep=;\r\nref;name\r\n1;A\r\n", "`;`", "A"),
            ("ref\n1\n", "`,`", ""),
        ] {
            let (read_as, rows) = read(bytes.as_bytes()).unwrap();
            assert_eq!(read_as, format!("CSV in utf-8 with {said}"));
            assert_eq!(rows[0].input.name, name);
        }
        assert_eq!(read(b"sep=;\nref;name\n1;A\n").unwrap().1[0].line, 3);
        // By mapped names as well.
        let columns = Columns { map: vec![(Field::Ref, "Nr, alt".to_owned())], identify: Vec::new() };
        let file = File::open(b"Nr, alt;Ort\n7;X\n", None, &columns).unwrap();
        assert_eq!(file.rows().next().unwrap().unwrap().input.reference, "7");
    }

    /// Found by fuzzing: every row of such a file was said to be in line 1.
    #[test]
    fn lines_that_end_in_a_carriage_return_alone_are_counted() {
        let lines = |bytes: &[u8]| read(bytes).unwrap().1.iter().map(|row| row.line).collect::<Vec<_>>();
        assert_eq!(lines(b"ref,name\rc-1,A\rc-2,B\r"), [2, 3]);
        assert_eq!(lines(b"ref,name\r\n\rc-1,\"A\rB\"\r\nc-2,B\n\r\nc-3,C"), [3, 5, 7]);
    }

    #[test]
    fn files_that_are_something_else_are_named_with_the_line() {
        for (bytes, said) in [
            (&b"ref,name\nc-1,A\nc-2,\0\n"[..], "line 3"),
            (b"ref,name\rc-1,A\rc-2,A,B\r", "line 3"),
            (b"ref,phone\nc-1,x\n", "`phone`"),
            (b"name\nx\n", "`ref`"),
            (b"ref,Ref\nx,y\n", "two columns `Ref`"),
            (b"ref,name\nc-1,A\nc-2,A,B\n", "line 3"),
            (b"ref,name\r\n\r\nc-1,\"A\r\nB\"\r\nc-2,A,B\r\n", "line 5"),
            (b"sep=,\nref,name\nc-1\n", "line 3"),
            (b"", "`ref`"),
            (b"\xd0\xcf\x11\xe0rest", "old or a protected workbook"),
            (b"PK\x03\x04nonsense", "workbook"),
            (b"%PDF-1.7\n", "unknown"),
        ] {
            let error = read(bytes).unwrap_err();
            assert!(error.contains(said) && !error.contains('\n'), "{error}");
        }
        let long = format!("ref,name\n1,{}\n", "x".repeat(32_768));
        assert!(read(long.as_bytes()).unwrap_err().contains("line 2"));
        let wide = format!("ref{}\n", ",email".repeat(256));
        assert!(read(wide.as_bytes()).unwrap_err().contains("256 columns"));
    }

    #[test]
    fn s16_names_of_columns_are_read_whole_or_not_at_all() {
        for (name, rest) in [("x", "1,2"), ("ü", "1,2"), ("\"\"", ""), ("x,", "1")] {
            let names = name.repeat(crate::LONGEST_HEADS / name.len() - 10);
            let quoted = if name == "x," { names.clone() } else { format!("\"{names}\"") };
            let fits = format!("ref,{quoted}\n{rest}\n");
            let told = read(fits.as_bytes()).unwrap_err();
            assert!(!told.contains("names of columns"), "{told}");
            let more = name.repeat(10);
            let longer = fits.replacen(&names, &(names.clone() + &more), 1);
            assert_eq!(read(longer.as_bytes()).unwrap_err(), "has names of columns of more than 65536 bytes together");
        }
    }

    #[test]
    fn s16_rows_are_counted() {
        let many = format!("ref\n{}", "x\n".repeat(crate::MOST_ROWS));
        let file = File::open(many.as_bytes(), None, &Columns::default()).unwrap();
        assert_eq!(file.check(), Ok(crate::MOST_ROWS));
        let more = format!("{many}x\n");
        let file = File::open(more.as_bytes(), None, &Columns::default()).unwrap();
        assert!(file.check().unwrap_err().to_string().contains("200000 rows"));
    }
}
