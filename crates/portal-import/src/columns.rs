//! Which column is what.

use portal_domain::{
    id::Ref,
    job::{ImportInput, MOST_ENTRIES},
};
use sha2::{Digest, Sha256};

use crate::{Fault, MOST_COLUMNS, neutral::bare, shown};

/// What separates addresses and clients within a cell.
pub(crate) const WITHIN: char = ';';
/// Blanks around what is a name to programs. Addresses are left as they are: what may be removed there is for the rules.
const BLANK: [char; 4] = [' ', '\t', '\u{a0}', '\u{feff}'];

/// What a column says of a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The host's own id.
    Ref,
    /// The name.
    Name,
    /// Addresses.
    Emails,
    /// Clients.
    Clients,
    /// Whether access is asked for.
    Activate,
}

impl Field {
    /// All of them, in the order in which the columns are named.
    pub const ALL: [Self; 5] = [Self::Ref, Self::Name, Self::Emails, Self::Clients, Self::Activate];

    /// The column's own name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ref => "ref",
            Self::Name => "name",
            Self::Emails => "emails",
            Self::Clients => "clients",
            Self::Activate => "activate",
        }
    }

    /// Reads what [`name`](Self::name) writes.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    /// Names by which it is known, without case, blanks, `-` and `_`.
    const fn known_as(self) -> &'static [&'static str] {
        match self {
            Self::Ref => &["ref", "reference", "id", "contactref", "contactid", "externalid"],
            Self::Name => &["name", "fullname", "contactname"],
            Self::Emails => {
                &["emails", "email", "emailaddress", "emailaddresses", "mail", "emailadresse", "emailadressen"]
            }
            Self::Clients => &["clients", "client", "clientref", "clientrefs", "mandant", "mandanten"],
            Self::Activate => &["activate", "activateportal", "invite"],
        }
    }

    /// Whether more than one column may say it.
    const fn takes_several(self) -> bool {
        matches!(self, Self::Name | Self::Emails | Self::Clients)
    }
}

/// Which columns are what, as somebody said. What nobody said goes by the names of the columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// Columns of a field, by their names in the file.
    pub map: Vec<(Field, String)>,
    /// Columns that say together which contact it is, where there is no `ref` (I1).
    pub identify: Vec<String>,
}

impl Columns {
    /// Reads `field` and column of a mapping, which `separator` tells apart; `None` where there is no such field.
    ///
    /// ```
    /// use portal_import::{Columns, Field};
    ///
    /// assert_eq!(Columns::mapping("emails:E-Mail: work", ':'), Some((Field::Emails, "E-Mail: work".to_owned())));
    /// assert_eq!(Columns::mapping("phone:Tel", ':'), None);
    /// ```
    pub fn mapping(text: &str, separator: char) -> Option<(Field, String)> {
        let (field, column) = text.split_once(separator)?;
        Some((Field::parse(field.trim())?, column.to_owned()))
    }

    const fn says_something(&self) -> bool {
        !self.map.is_empty() || !self.identify.is_empty()
    }

    fn maps(&self, field: Field) -> bool {
        self.map.iter().any(|(mapped, _)| *mapped == field)
    }

    /// How many of these columns are known: what tells one delimiter from another.
    pub(crate) fn known(&self, heads: &[String]) -> usize {
        let named = |head: &String| {
            let own = self.map.iter().map(|(_, column)| column).chain(&self.identify);
            field_of(head).is_some() || is_ours(head) || own.into_iter().any(|column| same(column, head))
        };
        heads.iter().filter(|head| named(head)).count()
    }
}

/// What a column of this name says, as far as it is known by name.
pub fn guess(head: &str) -> Option<Field> {
    field_of(head).map(|(field, _)| field)
}

/// Without what people write differently.
fn plain(head: &str) -> String {
    let letters = head.trim_matches(BLANK).chars().filter(|c| !matches!(c, ' ' | '-' | '_' | '\u{a0}' | '.'));
    letters.flat_map(char::to_lowercase).collect()
}

fn same(column: &str, head: &str) -> bool {
    plain(column) == plain(head)
}

/// The field of a column's name, and the number behind it.
fn field_of(head: &str) -> Option<(Field, u32)> {
    let plain = plain(head);
    let name = plain.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = plain[name.len()..].parse().unwrap_or_default();
    let field = Field::ALL.into_iter().find(|field| field.known_as().contains(&name))?;
    (number == 0 || field.takes_several()).then_some((field, number))
}

/// Columns that our own download of refused rows has besides.
fn is_ours(head: &str) -> bool {
    matches!(plain(head).as_str(), "line" | "why")
}

/// Where each field stands in a file.
#[derive(Debug)]
pub struct Layout {
    places: [Vec<usize>; Field::ALL.len()],
    identify: Vec<usize>,
}

impl Layout {
    /// What the columns of these names are, as far as somebody said, and else by their names.
    ///
    /// # Errors
    ///
    /// One sentence about the file where they are not those of an import.
    pub fn of(heads: &[String], columns: &Columns) -> Result<Self, Fault> {
        if heads.len() > MOST_COLUMNS {
            return Err(Fault::new(format!("has more than {MOST_COLUMNS} columns")));
        }
        let find = |column: &str| {
            let mut found = heads.iter().enumerate().filter(|(_, head)| same(column, head)).map(|(place, _)| place);
            match (found.next(), found.next()) {
                (Some(place), None) => Ok(place),
                (Some(_), Some(_)) => Err(Fault::new(format!("has two columns `{}`: leave one out", shown(column)))),
                (None, _) => Err(Fault::new(format!("has no column `{}`", shown(column)))),
            }
        };
        let mut layout = Self { places: Default::default(), identify: Vec::new() };
        let mut taken = Vec::new();
        for (field, column) in &columns.map {
            let place = find(column)?;
            layout.places[*field as usize].push(place);
            taken.push(place);
        }
        for column in &columns.identify {
            layout.identify.push(find(column)?);
        }
        layout.by_name(heads, columns, &taken)?;
        layout.whole()
    }

    /// What the columns at these places are, and which of them say together which contact it is; all others are left out.
    ///
    /// # Errors
    ///
    /// One sentence about the file where they are not those of an import.
    pub fn told(fields: &[(Field, usize)], identify: &[usize]) -> Result<Self, Fault> {
        let mut layout = Self { places: Default::default(), identify: identify.to_vec() };
        for (field, place) in fields {
            layout.places[*field as usize].push(*place);
        }
        layout.whole()
    }

    fn whole(self) -> Result<Self, Fault> {
        for field in Field::ALL.into_iter().filter(|field| !field.takes_several()) {
            if self.places[field as usize].len() > 1 {
                return Err(Fault::new(format!("has two columns `{}`: leave one out", field.name())));
            }
        }
        let has_ref = !self.places[Field::Ref as usize].is_empty();
        match (has_ref, self.identify.is_empty()) {
            (true, false) => Err(Fault::new("has a column `ref`, which identifies the rows: leave `identify` out")),
            (false, true) => Err(Fault::new(format!(
                "has no column `ref`: its first line must name the columns, as in {}, or `identify` the columns that \
                 tell contacts apart",
                names()
            ))),
            _ => Ok(self),
        }
    }

    /// Places the columns that nobody mapped by their names.
    fn by_name(&mut self, heads: &[String], columns: &Columns, taken: &[usize]) -> Result<(), Fault> {
        let mut named: Vec<(Field, u32, usize)> = Vec::new();
        for (place, head) in heads.iter().enumerate().filter(|(place, _)| !taken.contains(place)) {
            match field_of(head) {
                Some((field, _)) if columns.maps(field) => {}
                Some((field, number)) => {
                    let twice = |(other, own, _): &(Field, u32, usize)| (*other, *own) == (field, number);
                    if named.iter().any(twice) {
                        return Err(Fault::new(format!(
                            "has two columns `{}`: leave one out, or number them",
                            shown(head.trim_matches(BLANK))
                        )));
                    }
                    named.push((field, number, place));
                }
                // A column without a name and without cells is what spreadsheets leave at the end.
                None if columns.says_something() || is_ours(head) || head.trim_matches(BLANK).is_empty() => {}
                None => {
                    return Err(Fault::new(format!(
                        "has a column `{}`, which is unknown: the columns are {}; name others by `map`",
                        shown(head.trim_matches(BLANK)),
                        names()
                    )));
                }
            }
        }
        named.sort_by_key(|(field, number, place)| (*field, *number, *place));
        for (field, _, place) in named {
            // Who names what identifies the rows means no other.
            if field != Field::Ref || self.identify.is_empty() {
                self.places[field as usize].push(place);
            }
        }
        Ok(())
    }

    /// What the cells of a row say.
    pub fn input(&self, cells: &[String]) -> ImportInput {
        let of = |field: Field| {
            let places = self.places[field as usize].iter();
            places.map(|place| bare(cells.get(*place).map_or("", String::as_str)))
        };
        let one = |field: Field| of(field).next().unwrap_or_default().trim_matches(BLANK).to_owned();
        let several = self.places[Field::Name as usize].len() > 1;
        let name = match several {
            true => {
                let parts = of(Field::Name).map(|part| part.trim_matches(BLANK)).filter(|part| !part.is_empty());
                parts.collect::<Vec<_>>().join(" ")
            }
            false => of(Field::Name).next().unwrap_or_default().to_owned(),
        };
        let reference = if self.identify.is_empty() { one(Field::Ref) } else { self.identity(cells) };
        // A cell of delimiters only is a million entries; one too many is enough for the row to be refused.
        let listed = |field: Field| of(field).flat_map(|cell| cell.split(WITHIN)).take(MOST_ENTRIES + 1);
        ImportInput {
            reference,
            name,
            emails: listed(Field::Emails).map(str::to_owned).collect(),
            clients: listed(Field::Clients).map(|client| client.trim_matches(BLANK).to_owned()).collect(),
            activate: one(Field::Activate),
        }
    }

    /// The reference of a row by the cells that identify it: the same cells, the same contact. Empty where all of them are.
    fn identity(&self, cells: &[String]) -> String {
        let cells = self.identify.iter().map(|place| bare(cells.get(*place).map_or("", String::as_str)));
        let cells: Vec<_> = cells.map(|cell| cell.trim_matches(BLANK)).collect();
        if let [only] = cells[..]
            && Ref::parse(only).is_some()
        {
            return only.to_owned();
        }
        if cells.iter().all(|cell| cell.is_empty()) {
            return String::new();
        }
        let mut hash = Sha256::new();
        for cell in cells {
            hash.update((cell.len() as u64).to_be_bytes());
            hash.update(cell);
        }
        let digits: String = hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("row-{digits}")
    }
}

fn names() -> String {
    Field::ALL.map(Field::name).join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads(line: &str) -> Vec<String> {
        line.split('|').map(str::to_owned).collect()
    }

    fn layout(line: &str, columns: &Columns) -> Result<[Vec<usize>; 5], String> {
        Layout::of(&heads(line), columns).map(|layout| layout.places).map_err(|fault| fault.to_string())
    }

    fn mapped(map: &[&str], identify: &[&str]) -> Columns {
        Columns {
            map: map.iter().map(|text| Columns::mapping(text, ':').unwrap()).collect(),
            identify: identify.iter().map(|&column| column.to_owned()).collect(),
        }
    }

    #[test]
    fn i1_columns_go_by_name_whatever_their_case_and_order() {
        let columns = Columns::default();
        let found = layout("E-Mail 2| ref |Clients|E-MAIL|Activate|email_3|", &columns).unwrap();
        assert_eq!(found, [vec![1], vec![], vec![3, 0, 5], vec![2], vec![4]]);
        assert_eq!(layout("ref|line|why", &columns).unwrap()[0], [0]);
        for (line, said) in [
            ("ref|phone", "`phone`"),
            ("name|email", "`ref`"),
            ("ref|REF", "two columns `REF`"),
            ("ref|id", "two columns `id`"),
            ("ref|email|mail", "two columns `mail`"),
            ("ref|ref2", "`ref2`, which is unknown"),
        ] {
            let error = layout(line, &columns).unwrap_err();
            assert!(error.contains(said), "{line}: {error}");
        }
    }

    #[test]
    fn i1_columns_are_mapped_and_others_left_alone() {
        let line = "Nr|Vorname|Nachname|Tel|Mail privat|Mail|Gruppe";
        let columns = mapped(&["ref:nr", "name:Vorname", "name:Nachname", "emails:Mail privat", "emails:Mail"], &[]);
        assert_eq!(layout(line, &columns).unwrap(), [vec![0], vec![1, 2], vec![4, 5], vec![], vec![]]);
        let missing = layout(line, &mapped(&["ref:Nummer"], &[])).unwrap_err();
        assert_eq!(missing, "has no column `Nummer`");
        let twice = layout("ref|a|A ", &mapped(&["name:a"], &[])).unwrap_err();
        assert_eq!(twice, "has two columns `a`: leave one out");
        assert!(layout("a|b", &mapped(&["ref:a", "ref:b"], &[])).unwrap_err().contains("two columns `ref`"));
        assert!(layout("ref|b", &mapped(&["ref:ref"], &["b"])).unwrap_err().contains("leave `identify` out"));
    }

    #[test]
    fn i1_rows_are_identified_by_columns_that_somebody_names() {
        let read = |identify: &[&str], cells: &[&str]| {
            let layout = Layout::of(&heads("Name|Born|Email"), &mapped(&[], identify)).unwrap();
            layout.input(&cells.iter().map(|&cell| cell.to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(read(&["email"], &["Ada", "1", " ada@x.example "]).reference, "ada@x.example");
        let both = read(&["name", "born"], &["Ada Brandt", "1980", ""]).reference;
        assert_eq!(both, read(&["name", "born"], &[" Ada Brandt", "1980", "x@y.example"]).reference);
        assert!(both.starts_with("row-") && both.len() == 36);
        assert_ne!(both, read(&["name", "born"], &["Ada Brandt1", "980", ""]).reference);
        assert_eq!(read(&["name", "born"], &[" ", "", ""]).reference, "");
        assert_eq!(read(&["name"], &["Ünal", "", ""]).name, "Ünal");
    }

    #[test]
    fn e1_addresses_reach_the_rules_as_they_came() {
        let layout = Layout::of(&heads("ref|name|emails|clients|activate"), &Columns::default()).unwrap();
        let cells = ["c", " A ", "\u{200b} a@x.example\t; ", "acme; b ", " yes"].map(str::to_owned);
        let input = layout.input(&cells);
        assert_eq!(input.emails, ["\u{200b} a@x.example\t", " "]);
        assert_eq!((input.name.as_str(), input.activate.as_str()), (" A ", "yes"));
        assert_eq!(input.clients, ["acme", "b"]);
    }

    #[test]
    fn s16_entries_of_a_row_are_told_apart_up_to_one_too_many() {
        let layout = Layout::of(&heads("ref|email|email2|clients"), &Columns::default()).unwrap();
        let cells = ["c".to_owned(), ";".repeat(30_000), ";".repeat(30_000), ";".repeat(30_000)];
        let input = layout.input(&cells);
        assert_eq!((input.emails.len(), input.clients.len()), (MOST_ENTRIES + 1, MOST_ENTRIES + 1));
    }

    #[test]
    fn s11_a_neutral_cell_comes_back_as_it_was() {
        for text in ["=1", "'=1", "''=1", "'", "''", "-", "\tx", "O'Neil", "'a", "", "＝1"] {
            let cell = crate::neutral(text);
            assert_eq!(bare(&cell), text, "{cell}");
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']));
        }
    }
}
