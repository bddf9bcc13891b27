//! Workbooks around any bytes: a package with right sums, which no change of single bytes would come up with.

/// What stands around the sheet.
const PARTS: [(&str, &str); 3] = [
    (
        "_rels/.rels",
        r#"<Relationships><Relationship Id="r1" Type="/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    ),
    ("xl/workbook.xml", r#"<workbook><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>"#),
    (
        "xl/_rels/workbook.xml.rels",
        r#"<Relationships><Relationship Id="r1" Type="/relationships/worksheet" Target="s.xml"/></Relationships>"#,
    ),
];

/// A workbook of one sheet and, behind a zero byte, its shared texts.
pub(crate) fn workbook(bytes: &[u8]) -> Vec<u8> {
    let (sheet, shared) = bytes.split_at(bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len()));
    let mut package = Package::default();
    for (name, part) in PARTS {
        package.add(name, part.as_bytes());
    }
    package.add("xl/s.xml", sheet);
    if let Some(shared) = shared.get(1..) {
        package.add("xl/sharedStrings.xml", shared);
    }
    package.close()
}

/// A ZIP file whose entries are stored as they are.
#[derive(Default)]
struct Package {
    entries: Vec<u8>,
    directory: Vec<u8>,
    count: u16,
}

impl Package {
    fn add(&mut self, name: &str, part: &[u8]) {
        let length = size(part);
        let name_length = u16::try_from(name.len()).expect("names are short").to_le_bytes();
        // Version, flags, method, time and date.
        let common =
            [&[10, 0, 0, 0, 0, 0, 0, 0, 0x21, 0x5c][..], &sum(part).to_le_bytes(), &length, &length, &name_length];
        let common = common.concat();
        let at = size(&self.entries);
        self.entries.extend([b"PK\x03\x04", &common[..], &[0; 2], name.as_bytes(), part].concat());
        self.directory.extend([b"PK\x01\x02\x0a\x00", &common[..], &[0; 12], &at, name.as_bytes()].concat());
        self.count += 1;
    }

    fn close(self) -> Vec<u8> {
        let count = self.count.to_le_bytes();
        let (length, at) = (size(&self.directory), size(&self.entries));
        let end = [b"PK\x05\x06\x00\x00\x00\x00", &count[..], &count, &length, &at, &[0; 2]].concat();
        [self.entries, self.directory, end].concat()
    }
}

fn size(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len()).expect("inputs are short").to_le_bytes()
}

/// CRC-32, as packages have it.
fn sum(bytes: &[u8]) -> u32 {
    let step = |sum: u32, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
    !bytes.iter().fold(!0, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), step))
}

#[cfg(test)]
mod tests {
    use portal_import::{Columns, File};

    use super::*;

    #[test]
    fn a_package_is_read() {
        let cell = |at: &str, text: &str| format!("<c r=\"{at}\" t=\"s\"><v>{text}</v></c>");
        let rows = [("1", "0", "1"), ("2", "2", "3")];
        let rows = rows.map(|(row, one, two)| {
            format!("<row r=\"{row}\">{}{}</row>", cell(&format!("A{row}"), one), cell(&format!("B{row}"), two))
        });
        let shared = ["ref", "name", "c-1", "Ada"].map(|text| format!("<si><t>{text}</t></si>")).concat();
        let bytes = format!("<worksheet><sheetData>{}</sheetData></worksheet>\0<sst>{shared}</sst>", rows.concat());
        let package = workbook(bytes.as_bytes());
        let file = File::open(&package, None, &Columns::default()).unwrap();
        let names: Vec<_> = file.rows().map(|row| row.unwrap().input.name).collect();
        assert_eq!(names, ["Ada"]);
    }
}
