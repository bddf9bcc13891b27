//! The message that a mail is about.

use crate::{
    fields::{Fields, ids, is_id},
    letter::Letter,
    text::addresses,
    tree::Part,
};

/// What is known of it.
#[derive(Debug, Default)]
pub(crate) struct Original {
    /// Its head, as far as it was returned.
    head: Fields,
    /// The same, where it stands in the text.
    text: String,
    /// What the mail says itself; some name the message there.
    said: String,
}

impl Original {
    /// Looks for it in the parts of a mail, then in its text.
    pub(crate) fn of(mail: &Part, letter: &Letter) -> Self {
        let own = mail.own();
        let returned = own.iter().filter(|part| part.is_mail()).find_map(|part| part.parts.first());
        let head = own.iter().find(|part| part.is_head() || (part.is_mail() && part.parts.is_empty()));
        let head = match (returned, head) {
            (Some(mail), _) => mail.fields.clone(),
            (None, Some(part)) => Fields::read(part.bytes()).0,
            (None, None) => Fields::default(),
        };
        Self { head, text: letter.returned.clone(), said: letter.said.clone() }
    }

    /// A field of its head.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.first(name)
    }

    /// Its id, where it was returned.
    pub(crate) fn id(&self) -> Option<String> {
        let head = self.head.first("message-id").and_then(one_id);
        let mut lines = self.text.lines().chain(self.said.lines()).map(str::trim);
        let text = || {
            let named = |line: &str| line.get(..11).is_some_and(|name| name.eq_ignore_ascii_case("message-id:"));
            // A long id stands on a line of its own.
            while let Some(line) = lines.next() {
                if named(line) {
                    return one_id(&line[11..]).or_else(|| lines.next().and_then(one_id));
                }
            }
            None
        };
        head.or_else(text)
    }

    /// Whom it was for, where that was one only.
    pub(crate) fn to(&self) -> Option<String> {
        let named = |line: &&str| line.get(..3).is_some_and(|name| name.eq_ignore_ascii_case("to:"));
        let line = self.head.first("to").or_else(|| self.text.lines().find(named))?;
        let mut found = addresses(line);
        found.next().filter(|_| found.next().is_none()).map(str::to_owned)
    }

    /// Whether anything of it was returned.
    pub(crate) fn is_there(&self) -> bool {
        self.head.first("message-id").is_some() || self.head.first("from").is_some() || !self.text.trim().is_empty()
    }
}

/// The one id in a value, with brackets or without.
pub(crate) fn one_id(value: &str) -> Option<String> {
    let bare = || Some(value.trim()).filter(|text| is_id(text) && text.contains('@'));
    ids(value).first().copied().or_else(bare).map(str::to_owned)
}
