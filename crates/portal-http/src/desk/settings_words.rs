//! What a change of the settings does to others, in sentences, before it is saved; and why one can't be saved.

use portal_domain::{
    Refusal,
    email::EmailAddress,
    practice::{OutOfBounds, SessionsOnMove, Settings, SharedLogin},
};

use super::{
    refused::{self, Told},
    settings_fields::labelled,
    settings_form::Typed,
    words::{Sentence, counted, say},
};

/// All that a change does to people, besides what the form itself says.
pub(super) fn consequences(before: &Settings, after: &Settings) -> Vec<Sentence> {
    let mut said = Vec::new();
    said.extend(sharing(before, after));
    said.extend(passwords(before, after));
    said.extend(links(before, after));
    said.extend(sessions(before, after));
    said.extend(mails(before, after));
    said.into_iter().map(say).chain(ways_back(before, after)).collect()
}

fn sharing(before: &Settings, after: &Settings) -> Vec<String> {
    let mut said = Vec::new();
    match (before.shared_login, after.shared_login) {
        (SharedLogin::Join, SharedLogin::Refuse) => said.extend([
            "From now on a contact can’t be activated with a first address that is somebody else’s sign-in address.",
            "Contacts who share a sign-in today go on sharing it.",
        ]),
        (SharedLogin::Refuse, SharedLogin::Join) => said.push(
            "From now on contacts with the same first address come to share one sign-in and one password, and each of them sees \
             what is meant for all. Here in the workspace both names are shown before.",
        ),
        _ => {}
    }
    match (before.sessions_on_move, after.sessions_on_move) {
        (SessionsOnMove::End, SessionsOnMove::Keep) => {
            said.push(
                "Whoever is signed in with an address that you change stays signed in, unless the password ends.",
            );
        }
        (SessionsOnMove::Keep, SessionsOnMove::End) => {
            said.push("Whoever is signed in with an address that you change is signed out by it.");
        }
        _ => {}
    }
    said.into_iter().map(str::to_owned).collect()
}

fn passwords(before: &Settings, after: &Settings) -> Option<String> {
    (before.password_min_length != after.password_min_length).then(|| {
        let least = after.password_min_length;
        format!("A password that is set from now on has at least {least} characters. The present ones go on working.")
    })
}

fn links(before: &Settings, after: &Settings) -> Vec<String> {
    let mut said = Vec::new();
    if before.activation_link_hours != after.activation_link_hours {
        said.push(format!("The links in new invitations work for {}.", hours(after.activation_link_hours)));
    }
    if before.reset_link_minutes != after.reset_link_minutes {
        said.push(format!("New links to a new password work for {}.", minutes(after.reset_link_minutes)));
    }
    if !said.is_empty() {
        said.push("Links in mails that are written already work as long as it says there.".to_owned());
    }
    said
}

fn sessions(before: &Settings, after: &Settings) -> Vec<String> {
    let mut said = Vec::new();
    if before.session_idle_minutes != after.session_idle_minutes {
        let idle = minutes(after.session_idle_minutes);
        said.push(format!("Clients and staff are signed out when they click on nothing for {idle}, you as well."));
    }
    if before.session_absolute_hours != after.session_absolute_hours {
        let most = hours(after.session_absolute_hours);
        said.push(format!("Clients and staff who sign in from now on are signed out after {most} in any case."));
    }
    said
}

fn mails(before: &Settings, after: &Settings) -> Vec<String> {
    let mut said = Vec::new();
    if before.mail_reply_to != after.mail_reply_to {
        said.push(match &after.mail_reply_to {
            Some(address) => format!("Answers to your mails go to {address}, also to those that wait to be sent."),
            None => "Answers to your mails go to the address that sends them.".to_owned(),
        });
    }
    if before.invitation_note != after.invitation_note {
        said.push(match after.invitation_note.is_empty() {
            true => "Invitations go out without a note of yours, also those that wait to be sent.".to_owned(),
            false => "Your note stands in every invitation, also in those that wait to be sent.".to_owned(),
        });
    }
    if before.mails_per_hour != after.mails_per_hour {
        said.push(match after.mails_per_hour {
            Some(most) => {
                format!("At most {} in an hour; what is more waits, invitations first.", counted_mails(most))
            }
            None => "Mails go out as fast as the mail server takes them.".to_owned(),
        });
    }
    said
}

/// What becomes of clients whom programs send here.
fn ways_back(before: &Settings, after: &Settings) -> Vec<Sentence> {
    let sent = |name: &str| say("Clients whom a program sends here under the name ").name(name);
    let gone = before.return_addresses.iter().filter(|way| after.return_address(&way.name).is_none());
    let gone = gone.map(|way| sent(&way.name).say(" can’t be sent back to it any more, and are told so."));
    let new = after.return_addresses.iter().filter(|way| before.return_address(&way.name) != Some(way));
    let new = new.map(|way| sent(&way.name).say(" are sent to ").name(&*way.address).say(" when they have signed in."));
    gone.chain(new).collect()
}

fn counted_mails(most: u32) -> String {
    match most {
        1 => "one mail goes out".to_owned(),
        most => format!("{most} mails go out"),
    }
}

/// A length of time as people say it.
fn hours(hours: u32) -> String {
    let number = |many: u32| usize::try_from(many).unwrap_or(usize::MAX);
    match hours {
        hours if hours >= 48 && hours.is_multiple_of(24) => counted(number(hours / 24), "day", "days"),
        hours => counted(number(hours), "hour", "hours"),
    }
}

fn minutes(length: u32) -> String {
    match length {
        length if length >= 60 && length.is_multiple_of(60) => hours(length / 60),
        length => counted(usize::try_from(length).unwrap_or(usize::MAX), "minute", "minutes"),
    }
}

/// Why what was typed can't be saved, and the id of the field at fault.
pub(super) fn told(refusal: &Refusal, typed: &Typed) -> (String, Told) {
    let Refusal::OutOfBounds(OutOfBounds { field, bounds }) = refusal else {
        return ("main".to_owned(), refused::told(refusal));
    };
    let next = "Correct it, and save again. Nothing was saved yet.";
    if field == "mail_reply_to"
        && let Err(fault) = EmailAddress::parse(typed.value("mail_reply_to"))
    {
        return (field.clone().into_owned(), Told { next, ..refused::told_of(typed.value("mail_reply_to"), fault) });
    }
    let (id, name) = place(field);
    let next = match &*name {
        "place_address" => "Type it as your browser shows it, beginning with https://. Nothing was saved yet.",
        "return_address" => "Type it whole, beginning with https://, and without #. Nothing was saved yet.",
        _ => next,
    };
    if ["place_address", "return_address"].contains(&&*name) {
        return (id, Told { what: say("This address can’t be used as it is."), next });
    }
    let label = labelled(&name).0;
    let what = say(format!("“{label}” must be {}.", bounds.replace('`', "")));
    (id, Told { what, next })
}

/// The id of a field on the page, and its name in the form: `places[1].name` is the name of the second place.
fn place(field: &str) -> (String, String) {
    let of_a_row = |list: &str, row: &str| {
        let (index, member) = field.strip_prefix(list)?.split_once("].")?;
        Some((format!("{row}_{member}-{index}"), format!("{row}_{member}")))
    };
    let found = of_a_row("places[", "place").or_else(|| of_a_row("return_addresses[", "return"));
    found.unwrap_or_else(|| (field.to_owned(), field.to_owned()))
}

#[cfg(test)]
mod tests {
    use portal_domain::practice::ReturnAddress;

    use super::*;

    #[test]
    fn every_change_of_a_rule_or_a_lifetime_says_what_it_does() {
        let usual = Settings::default();
        let other = |change: fn(&mut Settings)| {
            let mut settings = Settings::default();
            change(&mut settings);
            settings
        };
        for changed in [
            other(|it| it.shared_login = SharedLogin::Refuse),
            other(|it| it.sessions_on_move = SessionsOnMove::Keep),
            other(|it| it.password_min_length = 16),
            other(|it| it.activation_link_hours = 48),
            other(|it| it.reset_link_minutes = 90),
            other(|it| it.session_idle_minutes = 60),
            other(|it| it.session_absolute_hours = 1),
            other(|it| it.mail_reply_to = Some("a@b.example".to_owned())),
            other(|it| it.invitation_note = "Hello".to_owned()),
            other(|it| it.mails_per_hour = Some(1)),
            other(|it| {
                let (name, address) = ("app".to_owned(), "https://app.example/back".to_owned());
                it.return_addresses = vec![ReturnAddress { name, address }];
            }),
        ] {
            for said in [consequences(&usual, &changed), consequences(&changed, &usual)] {
                assert!(!said.is_empty() && said.iter().all(|it| it.plain().ends_with('.')), "{changed:?}");
            }
        }
        assert!(consequences(&usual, &usual).is_empty());
        assert!(consequences(&usual, &other(|it| it.contact_line = "x".to_owned())).is_empty());
    }

    #[test]
    fn lengths_of_time_are_said_in_the_largest_unit_that_fits() {
        assert_eq!([24, 48, 168, 25, 1].map(hours), ["24 hours", "2 days", "7 days", "25 hours", "1 hour"]);
        assert_eq!([10, 60, 90, 1440].map(minutes), ["10 minutes", "1 hour", "90 minutes", "24 hours"]);
    }

    #[test]
    fn a_field_of_a_row_is_found_on_the_page() {
        let second = ("return_address-1".to_owned(), "return_address".to_owned());
        assert_eq!(place("return_addresses[1].address"), second);
        assert_eq!(place("places[1].address"), ("place_address-1".to_owned(), "place_address".to_owned()));
        assert_eq!(place("accent"), ("accent".to_owned(), "accent".to_owned()));
    }
}
