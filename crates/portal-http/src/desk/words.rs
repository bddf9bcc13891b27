//! What staff read: sentences in which names stand apart, a contact's status, and times.

use askama::Template;
use portal_domain::{
    email::{EmailAddress, EmailWarning},
    status::{PortalPart, PortalStatus},
    time::Timestamp,
};

/// A sentence. What people typed stands apart in it, so that a name of another script leaves the words around it in order; and a
/// long address breaks at its signs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(
    ext = "html",
    source = "{% for part in parts %}{% if part.typed %}<bdi>{% for piece in part.pieces() %}{% if !loop.first %}<wbr>{% endif %}{{ piece }}{% endfor %}</bdi>{% else %}{{ part.text }}{% endif %}{% endfor %}"
)]
pub(super) struct Sentence {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    text: String,
    typed: bool,
}

impl Part {
    /// Between which a line may end.
    fn pieces(&self) -> Vec<&str> {
        let address = self.text.contains('@') && EmailAddress::parse(&self.text).is_ok();
        if address { self.text.split_inclusive(['@', '.']).collect() } else { vec![&self.text] }
    }
}

/// A sentence that begins with these words.
pub(super) fn say(words: impl Into<String>) -> Sentence {
    Sentence::default().say(words)
}

/// One that begins with what somebody typed.
pub(super) fn name(typed: impl Into<String>) -> Sentence {
    Sentence::default().name(typed)
}

impl Sentence {
    pub(super) fn say(self, words: impl Into<String>) -> Self {
        self.with(words.into(), false)
    }

    pub(super) fn name(self, typed: impl Into<String>) -> Self {
        self.with(typed.into(), true)
    }

    /// This one, and then that one.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.parts.extend(other.parts);
        self
    }

    /// Names in a row: "Ada, Bob and Cleo".
    pub(super) fn names<'a>(self, names: impl ExactSizeIterator<Item = &'a str>) -> Self {
        let last = names.len().saturating_sub(1);
        names.enumerate().fold(self, |sentence, (index, name)| match index {
            0 => sentence.name(name),
            index if index == last => sentence.say(" and ").name(name),
            _ => sentence.say(", ").name(name),
        })
    }

    fn with(mut self, text: String, typed: bool) -> Self {
        self.parts.push(Part { text, typed });
        self
    }

    /// Without any marks.
    #[cfg(test)]
    pub(super) fn plain(&self) -> String {
        self.parts.iter().map(|part| part.text.as_str()).collect()
    }
}

/// How a status is coloured. The words beside it say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Waiting,
    Bad,
    Off,
}

impl Tone {
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Waiting => "waiting",
            Self::Bad => "bad",
            Self::Off => "off",
        }
    }
}

/// A status in two or three words.
pub(super) const fn label(status: PortalStatus) -> &'static str {
    match status {
        PortalStatus::Deactivated => "Deactivated",
        PortalStatus::Conflict => "Can’t be activated",
        PortalStatus::NotActivated => "Not activated",
        PortalStatus::InvitationUndelivered => "Invitation not delivered",
        PortalStatus::InvitationExpired => "Invitation expired",
        PortalStatus::Invited => "Invited",
        PortalStatus::Locked => "Locked for now",
        PortalStatus::NoProfile => "Gets in, sees nothing",
        PortalStatus::Active => "Can get in",
    }
}

pub(super) const fn tone(status: PortalStatus) -> Tone {
    match status {
        PortalStatus::Active => Tone::Good,
        PortalStatus::Invited => Tone::Waiting,
        PortalStatus::NotActivated | PortalStatus::Deactivated => Tone::Off,
        PortalStatus::Conflict
        | PortalStatus::InvitationUndelivered
        | PortalStatus::InvitationExpired
        | PortalStatus::Locked
        | PortalStatus::NoProfile => Tone::Bad,
    }
}

/// Why a contact has its status.
pub(super) fn reason(part: &PortalPart) -> String {
    let until = part.invitation.map(|invitation| moment(invitation.expires_at)).unwrap_or_default();
    match part.status {
        PortalStatus::Deactivated => "Access was taken away.".to_owned(),
        PortalStatus::Conflict | PortalStatus::NotActivated => match obstacle(part) {
            Some(obstacle) => obstacle.to_owned(),
            None => "Access was never given.".to_owned(),
        },
        PortalStatus::InvitationUndelivered => "The last invitation could not be delivered.".to_owned(),
        PortalStatus::InvitationExpired if until.is_empty() => "No password was set, and no link works.".to_owned(),
        PortalStatus::InvitationExpired => {
            format!("No password was set, and the link in the last invitation works no longer ({until}).")
        }
        PortalStatus::Invited if until.is_empty() => "No password was set yet.".to_owned(),
        PortalStatus::Invited => format!("No password was set yet. The link in the invitation works until {until}."),
        PortalStatus::Locked => {
            let until = part.locked_until.map(moment).unwrap_or_default();
            format!("Too many wrong passwords were typed: new browsers are refused until {until}.")
        }
        PortalStatus::NoProfile => "The sign-in works, but no client is open to this contact.".to_owned(),
        PortalStatus::Active => match part.last_sign_in_at {
            Some(at) => format!("Last signed in on {}.", moment(at)),
            None => "Has a password and never signed in yet.".to_owned(),
        },
    }
}

/// What stands in the way of giving access.
fn obstacle(part: &PortalPart) -> Option<&'static str> {
    Some(match part.refusal.as_deref()? {
        "practice_user_email" => "The first address is that of one of your own staff.",
        "login_email_taken" => "The first address is already somebody else’s sign-in address.",
        "no_email" => "There is no email address.",
        _ => "Access can’t be given at the moment.",
    })
}

/// What staff can do about it; nothing where all is well.
pub(super) fn advice(part: &PortalPart) -> Option<&'static str> {
    let first = |otherwise| match part.refusal.as_deref() {
        Some("practice_user_email") => "Put another address of the contact on top first.",
        Some("login_email_taken") => {
            "Put another address on top first, or see to it that the other contact sets a password by a link that was mailed there."
        }
        Some("no_email") => "Add an email address first.",
        _ => otherwise,
    };
    match part.status {
        PortalStatus::Deactivated => Some(first("Reactivate to give it back.")),
        PortalStatus::Conflict | PortalStatus::NotActivated => Some(first("Activate to send an invitation.")),
        PortalStatus::InvitationUndelivered => {
            Some("Check the first address, correct it if need be, or send a new invitation.")
        }
        PortalStatus::InvitationExpired => Some("Send a new invitation."),
        PortalStatus::Invited => Some("Nothing has to be done. If the mail can’t be found, send a new invitation."),
        PortalStatus::Locked => {
            Some("Wait, or let the contact ask for a new password on the sign-in page: that opens at once.")
        }
        PortalStatus::NoProfile => Some("Give the contact a client, or resume the one that is suspended."),
        PortalStatus::Active => None,
    }
}

/// A time as people write it.
pub(crate) fn moment(at: Timestamp) -> String {
    let known = jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or(jiff::Timestamp::MAX);
    known.strftime("%-d %B %Y, %H:%M UTC").to_string()
}

/// What is odd about an address (E5). It is told, and stands in nobody's way.
pub(super) fn odd(address: &EmailAddress) -> Vec<Sentence> {
    let told = |warning: EmailWarning| match warning {
        EmailWarning::LikelyTypo { instead } => say("Is ").name(instead).say(" meant?"),
        EmailWarning::MixedScripts => say("The part after the “@” mixes letters of several scripts."),
        EmailWarning::ConfusableDomain => say("The part after the “@” has letters that only look like the usual ones."),
        EmailWarning::RoleAddress => say("This is the address of a desk: several people may read it."),
        EmailWarning::NoMailFromOutside => say("No mail from outside gets there."),
    };
    address.warnings().into_iter().map(told).collect()
}

/// A day as people write it, of the days since 1970.
pub(super) fn day(day: i64) -> String {
    let known = jiff::Timestamp::from_second(day.saturating_mul(24 * 3600)).unwrap_or(jiff::Timestamp::MAX);
    known.strftime("%-d %B").to_string()
}

/// A count with its thing: "1 link", "3 links".
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

#[cfg(test)]
mod tests {
    use portal_domain::{
        contact::Access,
        status::{InvitationPart, InvitationState},
    };

    use super::*;

    #[test]
    fn an_address_breaks_at_its_signs_and_a_name_nowhere() {
        let html = |typed: &str| say("Add ").name(typed).say("?").render().expect("it is rendered");
        assert_eq!(html("a.b@c.example"), "Add <bdi>a.<wbr>b@<wbr>c.<wbr>example</bdi>?");
        assert_eq!(html("a.b@c"), "Add <bdi>a.b@c</bdi>?");
        assert_eq!(html("<b>.@"), "Add <bdi>&#60;b&#62;.@</bdi>?");
    }

    fn part(status: PortalStatus, refusal: Option<&str>) -> PortalPart {
        PortalPart {
            access: Access::Granted,
            status,
            refusal: refusal.map(str::to_owned),
            activated_at: None,
            last_sign_in_at: None,
            password_set: false,
            locked_until: None,
            shared_with: Vec::new(),
            invitation: None,
        }
    }

    #[test]
    fn a6_only_who_can_get_in_is_shown_as_such_and_all_others_have_something_to_do() {
        for status in PortalStatus::ALL {
            let part = part(status, None);
            assert_eq!(tone(status) == Tone::Good, status == PortalStatus::Active);
            assert_eq!(advice(&part).is_none(), status == PortalStatus::Active);
            assert!(reason(&part).ends_with('.'), "{status:?}");
        }
        let labels: std::collections::BTreeSet<_> = PortalStatus::ALL.map(label).into();
        assert_eq!(labels.len(), PortalStatus::ALL.len());
    }

    #[test]
    fn what_stands_in_the_way_is_said_with_its_mend() {
        for (refusal, why, what) in [
            ("practice_user_email", "one of your own staff", "another address"),
            ("login_email_taken", "somebody else", "another address"),
            ("no_email", "no email address", "Add an email address"),
        ] {
            for status in [PortalStatus::Conflict, PortalStatus::NotActivated] {
                let part = part(status, Some(refusal));
                assert!(reason(&part).contains(why), "{refusal}");
                assert!(advice(&part).expect("advice").contains(what), "{refusal}");
            }
            let gone = part(PortalStatus::Deactivated, Some(refusal));
            assert!(advice(&gone).expect("advice").contains(what));
        }
    }

    #[test]
    fn times_are_named() {
        let at = Timestamp::from_micros(1_772_452_800_000_000);
        assert_eq!(moment(at), "2 March 2026, 12:00 UTC");
        let invitation = InvitationPart { sent_at: at, expires_at: at, state: InvitationState::Sent };
        let mut waits = part(PortalStatus::Invited, None);
        waits.invitation = Some(invitation);
        assert!(reason(&waits).ends_with("works until 2 March 2026, 12:00 UTC."));
        let locked = PortalPart { locked_until: Some(at), ..part(PortalStatus::Locked, None) };
        assert!(reason(&locked).contains("until 2 March"));
        let active = PortalPart { last_sign_in_at: Some(at), ..part(PortalStatus::Active, None) };
        assert_eq!(reason(&active), "Last signed in on 2 March 2026, 12:00 UTC.");
    }

    #[test]
    fn names_stand_apart_and_are_escaped() {
        let sentence = say("It is ").names(["<b>Ada</b>", "Bob", "Cleo"].into_iter()).say(".");
        assert_eq!(sentence.plain(), "It is <b>Ada</b>, Bob and Cleo.");
        let html = sentence.render().expect("a sentence");
        assert!(
            html.starts_with("It is <bdi>&#60;b&#62;Ada&#60;/b&#62;</bdi>, <bdi>Bob</bdi> and <bdi>Cleo</bdi>."),
            "{html}"
        );
        assert_eq!(name("Ada").names([].into_iter()).plain(), "Ada");
        assert_eq!(
            (counted(1, "link", "links"), counted(2, "link", "links")),
            ("1 link".to_owned(), "2 links".to_owned())
        );
    }
}
