//! What somebody said the columns of a file are: read from the form, written down, and offered again.

use std::collections::BTreeSet;

use portal_import::Field;

use crate::{ask::Form, problem::Problem};

/// What a column is, and whether it tells contacts apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) field: Option<Field>,
    pub(super) identifies: bool,
}

/// What is known of columns by their names alone.
pub(super) fn guessed(heads: &[String]) -> Vec<Said> {
    heads.iter().map(|head| Said { field: portal_import::guess(head), identifies: false }).collect()
}

/// What the form says of each of so many columns.
pub(super) fn typed(form: &Form, count: usize) -> Result<Vec<Said>, Problem> {
    let chosen = form.all("column")?;
    let identify: BTreeSet<usize> = form.all("identify")?.into_iter().filter_map(|place| place.parse().ok()).collect();
    let field = |place: usize| chosen.get(place).and_then(|name| Field::parse(name));
    Ok((0..count).map(|place| Said { field: field(place), identifies: identify.contains(&place) }).collect())
}

/// Fields with commas between, as in `ref,,name,emails+`: a plus where the column tells contacts apart.
pub(super) fn written(said: &[Said]) -> String {
    let column = |it: &Said| {
        let mark = if it.identifies { "+" } else { "" };
        format!("{}{mark}", it.field.map_or("", Field::name))
    };
    said.iter().map(column).collect::<Vec<_>>().join(",")
}

/// Reads what [`written`] writes of so many columns.
pub(super) fn read(text: &str, count: usize) -> Option<Vec<Said>> {
    let column = |text: &str| {
        let name = text.strip_suffix('+');
        let field = Field::parse(name.unwrap_or(text));
        Said { field, identifies: name.is_some() }
    };
    let said: Vec<_> = text.split(',').map(column).collect();
    (said.len() == count).then_some(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_down_is_read_again() {
        let said = |field, identifies| Said { field, identifies };
        let all = [
            said(Some(Field::Ref), false),
            said(None, false),
            said(Some(Field::Emails), true),
            said(None, true),
            said(Some(Field::Activate), false),
        ];
        assert_eq!(written(&all), "ref,,emails+,+,activate");
        assert_eq!(read(&written(&all), 5).as_deref(), Some(&all[..]));
        assert_eq!(read("ref,name", 3), None);
        assert_eq!(read("phone", 1), Some(vec![said(None, false)]), "what is no field any more is left out");
    }
}
