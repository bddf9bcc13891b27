//! JSON lines: an object a line, whose members are the cells.

use std::{collections::BTreeMap, fmt};

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::{Cells, Fault, MOST_COLUMNS, columns::WITHIN, lines::Lines, neutral, shown};

/// What may stand before a text in UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A text of objects.
#[derive(Debug)]
pub(crate) struct Objects<'a> {
    text: &'a str,
    heads: Vec<String>,
    places: BTreeMap<String, usize>,
}

impl<'a> Objects<'a> {
    /// Whether these bytes begin as objects do, or as a list of them: that is none that is read here, and is told so.
    pub(crate) fn begin(bytes: &[u8]) -> bool {
        let text = bytes.strip_prefix(MARK).unwrap_or(bytes).trim_ascii_start();
        let object = text.strip_prefix(b"[").unwrap_or(text).trim_ascii_start();
        object.strip_prefix(b"{").is_some_and(|rest| matches!(rest.trim_ascii_start().first(), Some(b'"' | b'}')))
    }

    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, Fault> {
        let bytes = bytes.strip_prefix(MARK).unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let line = Lines::default().advance(bytes, error.valid_up_to());
            Fault::new(format!("is not UTF-8 in line {line}: save it in UTF-8"))
        })?;
        let mut all = Self { text, heads: Vec::new(), places: BTreeMap::new() };
        for object in all.objects() {
            for (name, _) in object?.1 {
                let next = all.heads.len();
                if all.places.contains_key(&name) {
                    continue;
                }
                if next == MOST_COLUMNS {
                    return Err(Fault::new(format!("has more than {MOST_COLUMNS} columns")));
                }
                all.heads.push(name.clone());
                all.places.insert(name, next);
            }
        }
        Ok(all)
    }

    /// The names of all members, in the order in which they come first.
    pub(crate) fn heads(&self) -> &[String] {
        &self.heads
    }

    pub(crate) fn read_as(&self) -> String {
        "JSON lines".to_owned()
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Result<Cells, Fault>> + '_ {
        self.objects().map(|object| {
            let (line, members) = object?;
            let mut cells = vec![String::new(); self.heads.len()];
            for (name, cell) in members {
                if let Some(place) = self.places.get(&name) {
                    cells[*place] = cell;
                }
            }
            Ok((line, cells))
        })
    }

    /// Line and members of each object.
    fn objects(&self) -> impl Iterator<Item = Result<(u64, Vec<(String, String)>), Fault>> + use<'a> {
        let lines = self.text.split('\n').zip(1..).filter(|(text, _)| !text.trim_ascii().is_empty());
        lines.map(|(text, line)| match serde_json::from_str(text) {
            Ok(Members(members)) => Ok((line, members)),
            Err(error) => Err(fault(line, &error.to_string())),
        })
    }
}

/// What is wrong with a member begins with its name. Anything else is no object, and its own words may hold what stands there.
fn fault(line: u64, said: &str) -> Fault {
    let what = match said.split(" at line ").next() {
        Some(said) if said.starts_with('`') => said,
        _ => "each line must be one whole object, as in `{\"ref\": \"7\", \"emails\": [\"a@mail.example\"]}`",
    };
    Fault::new(format!("can't be read in line {line}: {what}"))
}

/// The members of an object.
struct Members(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_map(Object)
    }
}

struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Members, A::Error> {
        let mut members: Vec<(String, String)> = Vec::new();
        while let Some(name) = object.next_key::<String>()? {
            let at_fault = |why: &dyn fmt::Display| A::Error::custom(format!("`{}` {why}", shown(&name)));
            if members.len() == MOST_COLUMNS {
                return Err(at_fault(&format!("is one member more than {MOST_COLUMNS}")));
            }
            if members.iter().any(|(own, _)| *own == name) {
                return Err(at_fault(&"is there twice"));
            }
            if name.contains('\0') {
                return Err(at_fault(&"holds a NUL character"));
            }
            let cell = object.next_value_seed(Cell { of_a_list: false }).map_err(|error| at_fault(&error))?;
            // What a CSV says in an apostrophe's stead is meant as it is here.
            members.push((name, neutral(&cell).into_owned()));
        }
        Ok(Members(members))
    }
}

/// What stands in a cell: a text, a number, yes or no, nothing, or a list of such.
#[derive(Clone, Copy)]
struct Cell {
    of_a_list: bool,
}

impl<'de> DeserializeSeed<'de> for Cell {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<String, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Cell {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of texts")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        if self.of_a_list && text.contains(WITHIN) {
            return Err(E::custom(format!("has `{WITHIN}` within an entry: make two of it")));
        }
        Ok(text.to_owned())
    }

    fn visit_bool<E: Error>(self, yes: bool) -> Result<String, E> {
        Ok(yes.to_string())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<String, E> {
        Err(E::custom("is a number with a fraction or of more than 19 digits: write it as a text"))
    }

    fn visit_unit<E: Error>(self) -> Result<String, E> {
        Ok(String::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<String, A::Error> {
        if self.of_a_list {
            return Err(A::Error::custom("holds a list in a list"));
        }
        let mut cell = String::new();
        let mut first = true;
        while let Some(entry) = list.next_element_seed(Self { of_a_list: true })? {
            if !first {
                cell.push(WITHIN);
            }
            first = false;
            cell.push_str(&entry);
        }
        Ok(cell)
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<String, A::Error> {
        Err(A::Error::custom("holds an object: write a text or a list of texts"))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Columns, File, MOST_COLUMNS, Row, Sheet};

    fn read(text: &str) -> Result<Vec<Row>, String> {
        let file = File::open(text.as_bytes(), None, &Columns::default()).map_err(|fault| fault.to_string())?;
        assert_eq!(file.read_as(), "JSON lines");
        file.rows().collect::<Result<_, _>>().map_err(|fault| fault.to_string())
    }

    #[test]
    fn objects_are_rows_whatever_the_order_of_their_members() {
        let rows = read(
            "\u{feff}{\"ref\": 7, \"name\": \"=Ada\", \"emails\": [\"a@x.example\", \" b@x.example \"], \"activate\": true}\r\n\
             \n  { \"emails\":\"c@x.example; d@x.example\",\"clients\":[\"acme\",8],\"ref\":\"'=8\",\"name\":null }\n{}",
        );
        let rows = rows.unwrap();
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [1, 3, 4]);
        let first = &rows[0].input;
        assert_eq!((&*first.reference, &*first.name, &*first.activate), ("7", "=Ada", "true"));
        assert_eq!(first.emails, ["a@x.example", " b@x.example "]);
        let second = &rows[1].input;
        assert_eq!((&*second.reference, &*second.name, &*second.activate), ("'=8", "", ""));
        assert_eq!((&second.clients[..], second.emails.len()), (&["acme".to_owned(), "8".to_owned()][..], 2));
        assert_eq!(rows[2].input.reference, "");
    }

    #[test]
    fn names_of_members_are_the_columns() {
        let text = b"{\"Nr\": \"1\"}\n{\"Tel\": 5, \"Nr\": \"2\"}\n";
        let sheet = Sheet::open(text, None, &Columns::default()).unwrap();
        assert_eq!(sheet.heads(), ["Nr", "Tel"]);
        let rows: Vec<_> = sheet.rows().map(|row| row.unwrap().1).collect();
        assert_eq!(rows, [["1", ""], ["2", "5"]]);
        assert!(read("{\"ref\":\"1\",\"phone\":\"2\"}").unwrap_err().contains("`phone`, which is unknown"));
    }

    #[test]
    fn what_is_no_such_object_is_told_with_its_line_and_without_its_content() {
        for (text, said) in [
            ("{\"ref\":\"1\"}\n\"secret\"", "in line 2: each line must be one whole object"),
            ("{\"ref\":\"1\"}\nsecret,1", "in line 2: each line must be one whole object"),
            ("{\n\"ref\": \"secret\"\n}", "in line 1: each line must be one whole object"),
            ("[{\"ref\":\"secret\"}]", "in line 1: each line must be one whole object"),
            ("{\"ref\":\"secret\"} {}", "in line 1: each line must be one whole object"),
            ("{\"ref\":\"secret", "in line 1: `ref` EOF while parsing a string"),
            ("{\"ref\":\"1\",\"ref\":\"secret\"}", "in line 1: `ref` is there twice"),
            ("{\"a\\u0000\":\"1\"}", "in line 1: `a\\0` holds a NUL character"),
            ("{\"ref\":1.5}", "in line 1: `ref` is a number with a fraction"),
            ("{\"ref\":12345678901234567890123}", "in line 1: `ref` is a number with a fraction"),
            ("{\"ref\":{\"a\":\"secret\"}}", "in line 1: `ref` holds an object"),
            ("{\"emails\":[[\"secret\"]]}", "in line 1: `emails` holds a list in a list"),
            ("{\"emails\":[\"a@x.example;secret\"]}", "in line 1: `emails` has `;` within an entry"),
            ("{\"ref\":\"1\",\"name\":\"\\u0000\"}", "NUL character in line 1"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(said) && !error.contains("secret") && !error.contains('\n'), "{text}: {error}");
        }
        let fault = Sheet::open(b"{\"ref\":\"1\"}\n{\"ref\":\"\xff\"}", None, &Columns::default()).unwrap_err();
        assert_eq!(fault.to_string(), "is not UTF-8 in line 2: save it in UTF-8");
        let other = File::open(b"{\"ref\":\"1\"}", Some("windows-1252"), &Columns::default()).unwrap_err().to_string();
        assert!(other.contains("unknown"), "whoever names an encoding means CSV: {other}");
    }

    #[test]
    fn s16_members_are_counted() {
        let wide = |members: usize| (0..members).map(|n| format!("\"m{n}\":1")).collect::<Vec<_>>().join(",");
        let error = read(&format!("{{{}}}", wide(MOST_COLUMNS + 1))).unwrap_err();
        assert!(error.contains("more than 256"), "{error}");
        let many = format!("{{{}}}\n{{\"one more\":1}}", wide(MOST_COLUMNS));
        assert_eq!(read(&many).unwrap_err(), "has more than 256 columns");
    }
}
