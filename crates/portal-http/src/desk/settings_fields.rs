//! The fields of the settings' forms: what stands above and below each, and how it is typed.

use crate::words::Tongue;

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

pub(super) fn input(name: &str, value: &str) -> Input {
    match name {
        "name" => Input::Line { max: 500 },
        "accent" => Input::Line { max: 7 },
        "place_name" => Input::Line { max: 80 },
        "place_address" | "return_address" => Input::Address,
        "return_name" => Input::Line { max: 40 },
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
        "hint_mail" => Input::Choice(vec![
            ("yes", "They get a mail that says with which address they sign in"),
            ("no", "They get none"),
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
        "reminder_days" => (
            "Remind of an invitation so many days before its link expires",
            "At most five numbers from 1 to 30, such as 7, 2. Empty for none. The mail repeats the link, and goes to who has not \
             set a password.",
        ),
        "hint_mail" => (
            "Hint at an old address",
            "For clients who try a former or another address of theirs. At most one mail a day, to the address they sign in \
             with.",
        ),
        "place_name" => ("Name", ""),
        "place_address" => ("Address", "Beginning with https://"),
        "place_sentence" => ("What it is for", "One sentence, or nothing."),
        "return_name" => ("Name", "By which the program asks for it: 2 to 40 of a–z, 0–9 and -."),
        "return_address" => ("Address", "Beginning with https://, and without #."),
        _ => ("This", ""),
    }
}
