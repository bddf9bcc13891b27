//! The settings as forms: in groups by subject, each field with what is typed into it.

use portal_domain::{
    email::EmailAddress,
    practice::{Place, Practice, ReturnAddress, SessionsOnMove, Settings, SharedLogin},
};

use super::settings_fields::{Field, input, labelled};
use crate::{ask::Form, problem::Problem};

/// A group that is a list: the parts of one of its rows, how many there may be, and what one is called.
#[derive(Clone, Copy)]
struct Rows {
    names: &'static [&'static str],
    most: usize,
    one: &'static str,
}

const PLACES: Rows = Rows { names: &["place_name", "place_address", "place_sentence"], most: 8, one: "Place" };
const RETURNS: Rows = Rows { names: &["return_name", "return_address"], most: 10, one: "Way back" };

/// Settings that are changed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Look,
    Places,
    SignIn,
    Lifetimes,
    Mails,
    Returns,
}

impl Group {
    pub(super) const ALL: [Self; 6] =
        [Self::Look, Self::Places, Self::SignIn, Self::Lifetimes, Self::Mails, Self::Returns];

    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Places => "places",
            Self::SignIn => "sign-in",
            Self::Lifetimes => "lifetimes",
            Self::Mails => "mails",
            Self::Returns => "returns",
        }
    }

    pub(super) fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.code() == code)
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Look => "Name and look",
            Self::Places => "Places",
            Self::SignIn => "Signing in",
            Self::Lifetimes => "How long things last",
            Self::Mails => "Mails",
            Self::Returns => "Ways back to your programs",
        }
    }

    /// What the group is about.
    pub(super) const fn about(self) -> &'static str {
        match self {
            Self::Look => "What clients see at the top and at the end of every page and mail.",
            Self::Places => "Other sites of yours that clients find after they have signed in, at most eight.",
            Self::SignIn => "Whether two contacts may share one sign-in address, and what is asked of passwords.",
            Self::Lifetimes => "Until when links in mails work, and when people are signed out by themselves.",
            Self::Mails => {
                "Where answers go, what you add to invitations, who is reminded, and how many mails go out in an hour."
            }
            Self::Returns => {
                "Where clients may be sent back to when a program of yours sends them here to sign in, at most ten. Whoever runs \
                 the program says what to type."
            }
        }
    }

    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Look => &["name", "contact_line", "accent", "locale"],
            Self::Places | Self::Returns => &[],
            Self::SignIn => &["shared_login", "sessions_on_move", "password_min_length"],
            Self::Lifetimes => {
                &["activation_link_hours", "reset_link_minutes", "session_idle_minutes", "session_absolute_hours"]
            }
            Self::Mails => &["mail_reply_to", "invitation_note", "reminder_days", "hint_mail", "mails_per_hour"],
        }
    }

    const fn rows(self) -> Option<Rows> {
        match self {
            Self::Places => Some(PLACES),
            Self::Returns => Some(RETURNS),
            Self::Look | Self::SignIn | Self::Lifetimes | Self::Mails => None,
        }
    }
}

/// What stands in the fields of a group: name and value, in the order of the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Typed {
    group: Group,
    values: Vec<(&'static str, String)>,
}

impl Typed {
    /// What was sent.
    pub(super) fn read(group: Group, form: &Form) -> Result<Self, Problem> {
        let mut values = Vec::new();
        if let Some(rows) = group.rows() {
            let parts = rows.names.iter().map(|name| form.all(name)).collect::<Result<Vec<_>, _>>()?;
            for index in 0..rows.most {
                let texts: Vec<_> = parts.iter().filter_map(|texts| texts.get(index).copied()).collect();
                values.extend(row(rows, &texts));
            }
            return Ok(Self { group, values });
        }
        for name in group.names() {
            let value = form.field(name)?.replace("\r\n", "\n");
            values.push((*name, value.trim().to_owned()));
        }
        Ok(Self { group, values })
    }

    /// What is saved.
    pub(super) fn of(group: Group, practice: &Practice) -> Self {
        let settings = &practice.settings;
        let values = match group {
            Group::Places => {
                let texts = settings.places.iter().map(|it| [&*it.name, &it.address, &it.sentence]);
                texts.flat_map(|texts| row(PLACES, &texts)).collect()
            }
            Group::Returns => {
                let texts = settings.return_addresses.iter().map(|it| [&*it.name, &it.address]);
                texts.flat_map(|texts| row(RETURNS, &texts)).collect()
            }
            _ => group.names().iter().map(|name| (*name, saved(name, practice, settings))).collect(),
        };
        Self { group, values }
    }

    /// Name and value of every field, for a form that carries them unseen.
    pub(super) fn carried(&self) -> Vec<(&'static str, String)> {
        self.values.clone()
    }

    pub(super) fn value(&self, name: &str) -> &str {
        self.values.iter().find(|(own, _)| *own == name).map_or("", |(_, value)| value)
    }

    /// A number; what is none is out of every bounds.
    fn number(&self, name: &str) -> u32 {
        self.value(name).parse().unwrap_or(u32::MAX)
    }

    /// A text that may be left out.
    fn optional(&self, name: &str) -> Option<String> {
        Some(self.value(name).to_owned()).filter(|value| !value.is_empty())
    }

    /// The rows of a group that is a list.
    pub(super) fn rows(&self) -> Vec<Vec<String>> {
        let Some(rows) = self.group.rows() else { return Vec::new() };
        let text = |(_, value): &(&str, String)| value.clone();
        self.values.chunks_exact(rows.names.len()).map(|row| row.iter().map(text).collect()).collect()
    }

    /// What a row is called.
    pub(super) fn one(&self) -> &'static str {
        self.group.rows().map_or("", |rows| rows.one)
    }

    fn places(&self) -> Vec<Place> {
        let place = |row: Vec<String>| {
            let [name, address, sentence] = row.try_into().ok()?;
            Some(Place { name, address, sentence })
        };
        self.rows().into_iter().filter_map(place).collect()
    }

    fn return_addresses(&self) -> Vec<ReturnAddress> {
        let address = |row: Vec<String>| {
            let [name, address] = row.try_into().ok()?;
            Some(ReturnAddress { name, address })
        };
        self.rows().into_iter().filter_map(address).collect()
    }

    /// Numbers with a comma or a blank between.
    fn numbers(&self, name: &str) -> Vec<u32> {
        let numbers = self.value(name).split([',', ';', ' ']).filter(|number| !number.is_empty());
        numbers.map(|number| number.parse().unwrap_or(u32::MAX)).collect()
    }

    /// The settings with what was typed in place of theirs. Whether they are within their bounds, the settings say themselves.
    pub(super) fn over(&self, before: Settings) -> Settings {
        match self.group {
            Group::Look => Settings {
                contact_line: self.value("contact_line").to_owned(),
                accent: self.optional("accent"),
                locale: self.value("locale").to_owned(),
                ..before
            },
            Group::Places => Settings { places: self.places(), ..before },
            Group::SignIn => Settings {
                shared_login: if self.value("shared_login") == "refuse" {
                    SharedLogin::Refuse
                } else {
                    SharedLogin::Join
                },
                sessions_on_move: match self.value("sessions_on_move") {
                    "keep" => SessionsOnMove::Keep,
                    _ => SessionsOnMove::End,
                },
                password_min_length: self.number("password_min_length"),
                ..before
            },
            Group::Lifetimes => Settings {
                activation_link_hours: self.number("activation_link_hours"),
                reset_link_minutes: self.number("reset_link_minutes"),
                session_idle_minutes: self.number("session_idle_minutes"),
                session_absolute_hours: self.number("session_absolute_hours"),
                ..before
            },
            Group::Mails => Settings {
                mail_reply_to: self.optional("mail_reply_to").map(without_ends),
                invitation_note: self.value("invitation_note").to_owned(),
                reminder_days: self.numbers("reminder_days"),
                hint_mail: self.value("hint_mail") != "no",
                mails_per_hour: self.optional("mails_per_hour").map(|_| self.number("mails_per_hour")),
                ..before
            },
            Group::Returns => Settings { return_addresses: self.return_addresses(), ..before },
        }
    }
}

/// An address without what is removed at its ends (E1); what is none, as it is.
fn without_ends(typed: String) -> String {
    EmailAddress::parse(&typed).map_or(typed, |address| address.as_str().to_owned())
}

/// A row as fields; none where nothing was typed, or not all of it was sent.
fn row(rows: Rows, texts: &[&str]) -> Vec<(&'static str, String)> {
    if texts.len() < rows.names.len() || texts.iter().all(|text| text.trim().is_empty()) {
        return Vec::new();
    }
    rows.names.iter().copied().zip(texts.iter().map(|text| text.trim().to_owned())).collect()
}

fn saved(name: &str, practice: &Practice, settings: &Settings) -> String {
    match name {
        "name" => practice.name.clone(),
        "contact_line" => settings.contact_line.clone(),
        "accent" => settings.accent.clone().unwrap_or_default(),
        "locale" => settings.locale.clone(),
        "shared_login" if settings.shared_login == SharedLogin::Refuse => "refuse".to_owned(),
        "shared_login" => "join".to_owned(),
        "sessions_on_move" if settings.sessions_on_move == SessionsOnMove::Keep => "keep".to_owned(),
        "sessions_on_move" => "end".to_owned(),
        "password_min_length" => settings.password_min_length.to_string(),
        "activation_link_hours" => settings.activation_link_hours.to_string(),
        "reset_link_minutes" => settings.reset_link_minutes.to_string(),
        "session_idle_minutes" => settings.session_idle_minutes.to_string(),
        "session_absolute_hours" => settings.session_absolute_hours.to_string(),
        "mail_reply_to" => settings.mail_reply_to.clone().unwrap_or_default(),
        "invitation_note" => settings.invitation_note.clone(),
        "reminder_days" => settings.reminder_days.iter().map(u32::to_string).collect::<Vec<_>>().join(", "),
        "hint_mail" => if settings.hint_mail { "yes" } else { "no" }.to_owned(),
        "mails_per_hour" => settings.mails_per_hour.map_or_else(String::new, |most| most.to_string()),
        _ => String::new(),
    }
}

/// Fields under a heading of their own, or under none.
pub(super) struct Block {
    pub(super) legend: String,
    pub(super) fields: Vec<Field>,
}

impl Typed {
    pub(super) fn blocks(&self) -> Vec<Block> {
        let Some(rows) = self.group.rows() else {
            let fields = self.group.names().iter().map(|name| self.field(name)).collect();
            return vec![Block { legend: String::new(), fields }];
        };
        let mut typed = self.rows();
        let shown = (typed.len() + 2).clamp(3, rows.most);
        typed.resize_with(shown, || vec![String::new(); rows.names.len()]);
        typed.into_iter().enumerate().map(|(index, values)| block(rows, index, values)).collect()
    }

    fn field(&self, name: &'static str) -> Field {
        let (label, hint) = labelled(name);
        let value = self.value(name).to_owned();
        let input = input(name, &value);
        Field { id: name.to_owned(), name, label, hint, value, input }
    }
}

fn block(rows: Rows, index: usize, values: Vec<String>) -> Block {
    let fields = rows.names.iter().zip(values).map(|(name, value)| {
        let (label, hint) = labelled(name);
        Field { id: format!("{name}-{index}"), name, label, hint, value, input: input(name, "") }
    });
    Block { legend: format!("{} {}", rows.one, index + 1), fields: fields.collect() }
}
