//! The settings as forms: in groups by subject, each field with what is typed into it.

use portal_domain::{
    email::EmailAddress,
    practice::{Place, Practice, SessionsOnMove, Settings, SharedLogin},
};

use crate::{ask::Form, problem::Problem, words::Tongue};

/// Places that a practice can have.
const PLACES: usize = 8;
/// The parts of a place.
const PLACE: [&str; 3] = ["place_name", "place_address", "place_sentence"];

/// Settings that are changed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Look,
    Places,
    SignIn,
    Lifetimes,
    Mails,
}

impl Group {
    pub(super) const ALL: [Self; 5] = [Self::Look, Self::Places, Self::SignIn, Self::Lifetimes, Self::Mails];

    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Places => "places",
            Self::SignIn => "sign-in",
            Self::Lifetimes => "lifetimes",
            Self::Mails => "mails",
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
        }
    }

    /// What the group is about.
    pub(super) const fn about(self) -> &'static str {
        match self {
            Self::Look => "What clients see at the top and at the end of every page and mail.",
            Self::Places => "Other sites of yours that clients find after they have signed in, at most eight.",
            Self::SignIn => "Whether two contacts may share one sign-in address, and what is asked of passwords.",
            Self::Lifetimes => "Until when links in mails work, and when people are signed out by themselves.",
            Self::Mails => "Where answers go, what you add to invitations, and how many mails go out in an hour.",
        }
    }

    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Look => &["name", "contact_line", "accent", "locale"],
            Self::Places => &PLACE,
            Self::SignIn => &["shared_login", "sessions_on_move", "password_min_length"],
            Self::Lifetimes => {
                &["activation_link_hours", "reset_link_minutes", "session_idle_minutes", "session_absolute_hours"]
            }
            Self::Mails => &["mail_reply_to", "invitation_note", "mails_per_hour"],
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
        if group == Group::Places {
            let [names, addresses, sentences] = [form.all(PLACE[0])?, form.all(PLACE[1])?, form.all(PLACE[2])?];
            let rows = names.into_iter().zip(addresses).zip(sentences).take(PLACES);
            for ((name, address), sentence) in rows {
                values.extend(row([name, address, sentence]));
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
        if group == Group::Places {
            let rows = settings.places.iter().flat_map(|place| row([&place.name, &place.address, &place.sentence]));
            return Self { group, values: rows.collect() };
        }
        let value = |name: &&'static str| (*name, saved(name, practice, settings));
        Self { group, values: group.names().iter().map(value).collect() }
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

    pub(super) fn places(&self) -> Vec<Place> {
        let rows = self.values.chunks_exact(PLACE.len()).filter(|_| self.group == Group::Places);
        let place = |row: &[(&str, String)]| Place {
            name: row[0].1.clone(),
            address: row[1].1.clone(),
            sentence: row[2].1.clone(),
        };
        rows.map(place).collect()
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
                mails_per_hour: self.optional("mails_per_hour").map(|_| self.number("mails_per_hour")),
                ..before
            },
        }
    }
}

/// An address without what is removed at its ends (E1); what is none, as it is.
fn without_ends(typed: String) -> String {
    EmailAddress::parse(&typed).map_or(typed, |address| address.as_str().to_owned())
}

/// A place as three fields; none where nothing was typed.
fn row(texts: [&str; 3]) -> Vec<(&'static str, String)> {
    let texts = texts.map(str::trim);
    if texts.iter().all(|text| text.is_empty()) {
        return Vec::new();
    }
    PLACE.into_iter().zip(texts.map(str::to_owned)).collect()
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
        "mails_per_hour" => settings.mails_per_hour.map_or_else(String::new, |most| most.to_string()),
        _ => String::new(),
    }
}

/// How a field is typed.
pub(super) enum Input {
    Line { max: u32 },
    Email,
    Address,
    Number { unit: &'static str },
    Area,
    Choice(Vec<(&'static str, &'static str)>),
    Select(Vec<(String, String)>),
}

/// A field of a form.
pub(super) struct Field {
    pub(super) id: String,
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    pub(super) value: String,
    pub(super) input: Input,
}

/// Fields under a heading of their own, or under none.
pub(super) struct Block {
    pub(super) legend: String,
    pub(super) fields: Vec<Field>,
}

impl Typed {
    pub(super) fn blocks(&self) -> Vec<Block> {
        if self.group != Group::Places {
            let fields = self.group.names().iter().map(|name| self.field(name)).collect();
            return vec![Block { legend: String::new(), fields }];
        }
        let mut places = self.places();
        let shown = (places.len() + 2).clamp(3, PLACES);
        places.resize_with(shown, || Place { name: String::new(), address: String::new(), sentence: String::new() });
        places.into_iter().enumerate().map(|(index, place)| block(index, place)).collect()
    }

    fn field(&self, name: &'static str) -> Field {
        let (label, hint) = labelled(name);
        let value = self.value(name).to_owned();
        let input = input(name, &value);
        Field { id: name.to_owned(), name, label, hint, value, input }
    }
}

fn block(index: usize, place: Place) -> Block {
    let values = [place.name, place.address, place.sentence];
    let fields = PLACE.into_iter().zip(values).map(|(name, value)| {
        let (label, hint) = labelled(name);
        Field { id: format!("{name}-{index}"), name, label, hint, value, input: input(name, "") }
    });
    Block { legend: format!("Place {}", index + 1), fields: fields.collect() }
}

fn input(name: &str, value: &str) -> Input {
    match name {
        "name" => Input::Line { max: 500 },
        "accent" => Input::Line { max: 7 },
        "place_name" => Input::Line { max: 80 },
        "place_address" => Input::Address,
        "mail_reply_to" => Input::Email,
        "invitation_note" => Input::Area,
        "locale" => Input::Select(languages(value)),
        "shared_login" => Input::Choice(vec![
            ("join", "Yes: they share one password, and after signing in each chooses whose papers to see"),
            ("refuse", "No: a contact whose first address is taken can’t get access until another one stands on top"),
        ]),
        "sessions_on_move" => Input::Choice(vec![
            ("end", "They are signed out, and sign in again with the new address"),
            ("keep", "They stay signed in where they are"),
        ]),
        "password_min_length" => Input::Number { unit: "characters" },
        "activation_link_hours" | "session_absolute_hours" => Input::Number { unit: "hours" },
        "reset_link_minutes" | "session_idle_minutes" => Input::Number { unit: "minutes" },
        "mails_per_hour" => Input::Number { unit: "mails" },
        _ => Input::Line { max: 200 },
    }
}

/// Those that the pages speak, and the one that is set.
fn languages(set: &str) -> Vec<(String, String)> {
    let named = |tongue: Tongue| {
        let name = match tongue {
            Tongue::English => "English",
            Tongue::German => "German",
        };
        (tongue.code().to_owned(), name.to_owned())
    };
    let mut known: Vec<_> = Tongue::ALL.into_iter().map(named).collect();
    if !known.iter().any(|(code, _)| code == set) {
        known.push((set.to_owned(), set.to_owned()));
    }
    known
}

/// What stands above a field and below it.
pub(super) fn labelled(name: &str) -> (&'static str, &'static str) {
    match name {
        "name" => ("Name of the practice", "It stands on every page and in every mail, also as the sender."),
        "contact_line" => (
            "Whom to ask",
            "One line, such as a telephone number and opening hours. It stands at the end of every page and mail.",
        ),
        "accent" => (
            "Your colour",
            "As #rrggbb, for buttons and links of the client portal; dark enough that white text on it can be read. Leave \
             it empty for ours.",
        ),
        "locale" => (
            "Language of the client portal",
            "Where neither the contact nor the browser says another one. It is also that of mails to staff.",
        ),
        "shared_login" => ("May two contacts with the same first address share one sign-in?", ""),
        "sessions_on_move" => ("Clients whose sign-in address changes while they are signed in", ""),
        "password_min_length" => {
            ("Shortest password", "From 8 to 64. Long passwords are better than complicated ones.")
        }
        "activation_link_hours" => {
            ("The link in an invitation works for", "From 1 to 720 hours; 168 hours are a week.")
        }
        "reset_link_minutes" => ("The link to a new password works for", "From 10 to 1440 minutes, which are a day."),
        "session_idle_minutes" => {
            ("Signed out when nothing is clicked for", "From 5 to 1440 minutes; for clients and staff alike.")
        }
        "session_absolute_hours" => {
            ("Signed out in any case after", "From 1 to 720 hours; for clients and staff alike.")
        }
        "mail_reply_to" => {
            ("Answers go to", "An address that somebody reads. Empty, answers go to the address that sends the mails.")
        }
        "invitation_note" => (
            "Your note in invitations",
            "At most 600 characters, in your own words. The link and what it is for always stand in the mail besides.",
        ),
        "mails_per_hour" => (
            "At most so many mails in an hour",
            "Empty for no limit of your own. Mails that somebody waits for go first.",
        ),
        "place_name" => ("Name", ""),
        "place_address" => ("Address", "Beginning with https://"),
        "place_sentence" => ("What it is for", "One sentence, or nothing."),
        _ => ("This", ""),
    }
}
