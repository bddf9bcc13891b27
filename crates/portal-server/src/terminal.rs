//! What people read: standard output, standard error, tables, and texts that can't speak to the terminal (S11).

use std::io::{IsTerminal, Write};

use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};

/// Longest text of a table's cell, in characters.
const LONGEST_CELL: usize = 120;
/// Widest table, in columns; texts are wrapped within it.
const WIDEST: u16 = 150;

/// Writes a line to standard output. A reader that went away (`| head`) is no fault.
pub(crate) fn say(text: &str) {
    let _gone = writeln!(std::io::stdout().lock(), "{text}");
}

/// Writes many lines to standard output.
pub(crate) fn say_all(lines: impl IntoIterator<Item = String>) {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in lines {
        if writeln!(out, "{line}").is_err() {
            return;
        }
    }
    let _gone = out.flush();
}

/// Writes a line to standard error.
pub(crate) fn tell(text: &str) {
    let _gone = writeln!(std::io::stderr().lock(), "{text}");
}

/// Whether somebody watches standard error.
pub(crate) fn is_watched() -> bool {
    std::io::stderr().is_terminal()
}

/// A text with every character that a terminal could obey, or that nobody could see, written out as `\u{…}`: controls,
/// escapes, directions, zero widths, private use.
///
/// Quotes and backslashes stay: what is written out here is read by people and not parsed.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut pair = String::from("-");
    for c in text.chars() {
        match c {
            '"' | '\'' | '\\' => out.push(c),
            '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{3164}' | '\u{ffa0}' => {
                out.extend(c.escape_unicode());
            }
            _ => {
                // After another character, since only a combining mark at the very beginning would be written out.
                pair.truncate(1);
                pair.push(c);
                out.extend(pair.escape_debug().skip(1));
            }
        }
    }
    out
}

/// The same for the cell of a table, where it is also cut to a length that leaves room for the others.
pub(crate) fn cell(text: &str) -> String {
    let text = plain(text);
    match text.char_indices().nth(LONGEST_CELL) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// A line of JSON with the same characters as `\uXXXX`, which any parser reads back as what they were.
pub(crate) fn plain_json(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for c in line.chars() {
        if (c.is_ascii() && !c.is_ascii_control()) || plain(c.encode_utf8(&mut [0; 4])).chars().eq([c]) {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            out.push_str(&format!("\\u{unit:04x}"));
        }
    }
    out
}

/// A table with these heads; cells are to be [`cell`]s.
pub(crate) fn table<const N: usize>(heads: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')));
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDEST);
    table.set_header(heads);
    table
}

/// `1,146`.
pub(crate) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 row`, `2,000 rows`.
pub(crate) fn count(value: u64, what: &str) -> String {
    let plural = if value == 1 { "" } else { "s" };
    format!("{} {what}{plural}", number(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s11_no_text_speaks_to_the_terminal() {
        assert_eq!(
            plain("Ana\u{1b}[31m\u{9b}2J\u{202e}\r\n\u{200b}\u{feff}x"),
            "Ana\\u{1b}[31m\\u{9b}2J\\u{202e}\\r\\n\\u{200b}\\u{feff}x"
        );
        assert_eq!(plain("Zoë O'Neil \"zo\" e\u{301} 名前 παρ"), "Zoë O'Neil \"zo\" e\u{301} 名前 παρ");
        assert!(cell(&"x".repeat(500)).chars().count() <= LONGEST_CELL + 1);
    }

    #[test]
    fn s11_json_lines_keep_their_meaning() {
        let text = "a\u{9b}b\u{202e}c\u{1f600}\u{e0001}é\n";
        let line = plain_json(&serde_json::to_string(text).unwrap());
        assert!(line.chars().all(|c| !c.is_control() && c != '\u{202e}'));
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(number(0), "0");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(count(1, "row"), "1 row");
        assert_eq!(count(2000, "row"), "2,000 rows");
    }
}
