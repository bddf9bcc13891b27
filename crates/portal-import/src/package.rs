//! The parts of a workbook that are read: found here, and handed on alone.
//!
//! Whoever reads cells would read all that belongs to a workbook first, and make more of it than the archive holds: a copy of a
//! font for each style, room for as many texts as are claimed. So it is given an archive that has one sheet and its shared texts.

use std::{
    collections::BTreeMap,
    io::{BufReader, Cursor, Write as _},
};

use quick_xml::{
    Reader,
    escape::unescape,
    events::{BytesStart, Event},
};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use crate::{
    Fault,
    workbook::{PARTS, SHARED, damaged, too_large},
};

pub(crate) type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

const RELATIONS: &str = "<Relationships><Relationship Id=\"a\" Type=\"/relationships/officeDocument\" \
    Target=\"xl/workbook.xml\"/></Relationships>";
const BOOK: &str = "<workbook><sheets><sheet name=\"a\" r:id=\"a\"/></sheets></workbook>";
const BOOK_RELATIONS: &str =
    "<Relationships><Relationship Id=\"a\" Type=\"/worksheet\" Target=\"sheet.xml\"/></Relationships>";

/// A workbook with one sheet.
pub(crate) struct Package {
    /// The sheet's own name.
    pub(crate) sheet: String,
    pub(crate) bytes: Vec<u8>,
}

impl Package {
    /// The first sheet that is shown, with the texts that its cells share.
    pub(crate) fn of(archive: &mut Archive<'_>) -> Result<Self, Fault> {
        let parts = Parts::of(archive)?;
        let book = parts.book(archive)?;
        let (folder, file) = book.rsplit_once('/').map_or(("", &*book), |(folder, file)| (folder, file));
        let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let worksheets = worksheets(archive, parts.place(&format!("{folder}_rels/{file}.rels"))?)?;
        let (sheet, target) = shown_sheet(archive, parts.place(&book)?, &worksheets)?;
        let path = target.strip_prefix('/').map_or_else(|| format!("{folder}{target}"), str::to_owned);
        let texts = parts.place(&format!("{folder}sharedStrings.xml")).ok();
        if let Some(texts) = texts {
            count_texts(archive, texts)?;
        }
        let bytes = packed(archive, parts.place(&path)?, texts)?;
        Ok(Self { sheet, bytes })
    }
}

/// Where each part stands; programs differ in the case of their names.
struct Parts(BTreeMap<String, usize>);

fn plain(name: &str) -> String {
    name.replace('\\', "/").to_ascii_lowercase()
}

impl Parts {
    fn of(archive: &Archive<'_>) -> Result<Self, Fault> {
        let named = archive.file_names().enumerate();
        named.map(|(place, name)| Ok((plain(&name.map_err(|_| damaged())?), place))).collect::<Result<_, _>>().map(Self)
    }

    fn place(&self, path: &str) -> Result<usize, Fault> {
        self.0.get(&plain(path)).copied().ok_or_else(damaged)
    }

    /// The part that says which sheets there are.
    fn book(&self, archive: &mut Archive<'_>) -> Result<String, Fault> {
        let mut book = None;
        elements(archive, self.place("_rels/.rels")?, |name, element| {
            let is_book =
                attribute(element, "Type")?.is_some_and(|kind| kind.ends_with("/relationships/officeDocument"));
            if name == "Relationship" && is_book {
                book = attribute(element, "Target")?;
            }
            Ok(book.is_none())
        })?;
        let book = book.ok_or_else(damaged)?;
        Ok(book.strip_prefix('/').unwrap_or(&book).to_owned())
    }
}

/// Where the worksheets are, by the ids of their relations.
fn worksheets(archive: &mut Archive<'_>, place: usize) -> Result<BTreeMap<String, String>, Fault> {
    let mut found = BTreeMap::new();
    elements(archive, place, |name, element| {
        let is_sheet = attribute(element, "Type")?.is_some_and(|kind| kind.ends_with("/worksheet"));
        if name == "Relationship" && is_sheet {
            let (id, target) = (attribute(element, "Id")?, attribute(element, "Target")?);
            found.extend(id.zip(target));
        }
        if found.len() > PARTS { Err(too_large()) } else { Ok(true) }
    })?;
    Ok(found)
}

/// Name and place of the first worksheet that is shown.
fn shown_sheet(
    archive: &mut Archive<'_>,
    place: usize,
    worksheets: &BTreeMap<String, String>,
) -> Result<(String, String), Fault> {
    let mut found = None;
    elements(archive, place, |name, element| {
        let shown = name == "sheet" && attribute(element, "state")?.is_none_or(|state| state == "visible");
        if shown && let Some(target) = attribute(element, "id")?.and_then(|id| worksheets.get(&id)) {
            found = Some((attribute(element, "name")?.unwrap_or_default(), target.clone()));
        }
        Ok(found.is_none())
    })?;
    found.ok_or_else(|| Fault::new("is a workbook without a sheet"))
}

/// Counts the texts as whoever reads them will, and what the part claims, for which room would be made.
fn count_texts(archive: &mut Archive<'_>, place: usize) -> Result<(), Fault> {
    let mut texts = 0;
    elements(archive, place, |name, element| {
        texts += usize::from(name == "si");
        let too_many = texts > SHARED || (name == "sst" && claimed(element.attributes_raw()) > SHARED as u64);
        if too_many { Err(too_large()) } else { Ok(true) }
    })
}

/// The largest number that stands behind the name of the count, however its attribute is written.
fn claimed(attributes: &str) -> u64 {
    let counts = attributes.split("uniqueCount").skip(1).map(|rest| {
        let number = rest.trim_start_matches(|c: char| !c.is_ascii_digit());
        let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
        if end == 0 { 0 } else { number[..end].parse().unwrap_or(u64::MAX) }
    });
    counts.max().unwrap_or_default()
}

/// Shows the elements of a part, by their local names, until one is enough.
fn elements(
    archive: &mut Archive<'_>,
    place: usize,
    mut look: impl FnMut(&str, &BytesStart<'_>) -> Result<bool, Fault>,
) -> Result<(), Fault> {
    let part = archive.by_index(place).map_err(|_| damaged())?;
    let mut reader = Reader::from_reader(BufReader::new(part));
    // As the reader of cells has it, so that both see the same.
    let config = reader.config_mut();
    config.check_end_names = false;
    config.expand_empty_elements = true;
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(|_| damaged())? {
            Event::Start(element) if !look(element.local_name().as_ref(), &element)? => return Ok(()),
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// An attribute by its local name.
fn attribute(element: &BytesStart<'_>, wanted: &str) -> Result<Option<String>, Fault> {
    for attribute in element.attributes().with_checks(false) {
        let attribute = attribute.map_err(|_| damaged())?;
        if attribute.key.local_name().as_ref() == wanted {
            return Ok(Some(unescape(&attribute.value).map_err(|_| damaged())?.into_owned()));
        }
    }
    Ok(None)
}

fn packed(archive: &mut Archive<'_>, sheet: usize, texts: Option<usize>) -> Result<Vec<u8>, Fault> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    // Unpacked again at once: to pack it well is not worth the time.
    let options = SimpleFileOptions::default().compression_level(Some(1));
    for (name, text) in
        [("_rels/.rels", RELATIONS), ("xl/workbook.xml", BOOK), ("xl/_rels/workbook.xml.rels", BOOK_RELATIONS)]
    {
        zip.start_file(name, options).map_err(|_| damaged())?;
        zip.write_all(text.as_bytes()).map_err(|_| damaged())?;
    }
    let parts = [("xl/sheet.xml", Some(sheet)), ("xl/sharedStrings.xml", texts)];
    for (name, place) in parts.into_iter().filter_map(|(name, place)| Some((name, place?))) {
        zip.start_file(name, options).map_err(|_| damaged())?;
        let mut part = archive.by_index(place).map_err(|_| damaged())?;
        std::io::copy(&mut part, &mut zip).map_err(|_| damaged())?;
    }
    zip.finish().map(Cursor::into_inner).map_err(|_| damaged())
}
