//! Before the first mail goes out: how many will get in, who won't and why, and what mends it.

use std::collections::BTreeMap;

use portal_domain::{Refusal, decide::Hindrance, email::EmailWarning, view::ContactView};

use super::{
    Member,
    words::{Sentence, say},
};

/// So many of a kind are named.
const NAMED: usize = 5;

/// What mends it: a page to go to, or a form whose effect is shown first.
pub(super) enum Mend {
    Look { path: String, words: &'static str },
    Preview { path: String, fields: Vec<(&'static str, String)>, words: Sentence },
}

/// Somebody in whose way it stands.
pub(super) struct Person {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) address: Option<String>,
    pub(super) mend: Mend,
}

/// All in whose way the same stands.
pub(super) struct Group {
    pub(super) count: usize,
    pub(super) what: &'static str,
    /// Whether they won't get in for it.
    pub(super) keeps_out: bool,
    pub(super) people: Vec<Person>,
    pub(super) more: usize,
}

/// What is known before the first mail.
#[derive(Default)]
pub(super) struct Before {
    groups: BTreeMap<u8, Group>,
    looked_at: usize,
    kept_out: usize,
}

impl Before {
    /// Notes what stands in the way of a contact.
    pub(super) fn note(&mut self, member: &Member, contact: &ContactView, hindrances: &[Hindrance]) {
        self.looked_at += 1;
        self.kept_out += usize::from(hindrances.iter().any(Hindrance::keeps_out));
        for hindrance in hindrances {
            let (rank, what) = kind(hindrance);
            let keeps_out = hindrance.keeps_out();
            let fresh = || Group { count: 0, what, keeps_out, people: Vec::new(), more: 0 };
            let group = self.groups.entry(rank).or_insert_with(fresh);
            group.count += 1;
            if group.people.len() < NAMED {
                group.people.push(person(member, contact, hindrance));
            } else {
                group.more += 1;
            }
        }
    }

    pub(super) const fn ready(&self) -> usize {
        self.looked_at - self.kept_out
    }

    pub(super) const fn kept_out(&self) -> usize {
        self.kept_out
    }

    pub(super) fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }
}

/// In which order it is told, and in which words.
const fn kind(hindrance: &Hindrance) -> (u8, &'static str) {
    match hindrance {
        Hindrance::Refused(Refusal::NoEmail) => (0, "have no email address"),
        Hindrance::Refused(Refusal::PracticeUserEmail { .. }) => {
            (1, "have the address of one of your own staff on top")
        }
        Hindrance::Refused(Refusal::LoginEmailTaken { .. }) => {
            (2, "have an address on top with which somebody else is to sign in")
        }
        Hindrance::Refused(_) => (3, "can’t be given access"),
        Hindrance::Doubtful(EmailWarning::LikelyTypo { .. }) => (4, "have an address with what looks like a slip"),
        Hindrance::Doubtful(EmailWarning::ConfusableDomain) => (5, "have an address with letters that only look right"),
        Hindrance::Doubtful(EmailWarning::NoMailFromOutside) => (6, "have an address that gets no mail from outside"),
        Hindrance::NoProfile => (7, "would get in and see nothing: no client is open to them"),
        Hindrance::Shares(_) => (8, "would share one sign-in with somebody else of the same address"),
        Hindrance::Doubtful(EmailWarning::MixedScripts) => (9, "have an address that mixes scripts"),
        Hindrance::Doubtful(EmailWarning::RoleAddress) => {
            (10, "have the address of a desk, which several people may read")
        }
    }
}

fn person(member: &Member, contact: &ContactView, hindrance: &Hindrance) -> Person {
    let path = member.contact_path(&contact.reference);
    Person {
        name: contact.name.clone(),
        address: contact.emails.first().map(|email| email.as_str().to_owned()),
        mend: mend(&path, contact, hindrance),
        path,
    }
}

fn mend(path: &str, contact: &ContactView, hindrance: &Hindrance) -> Mend {
    let look = |part: &str, words| Mend::Look { path: format!("{path}{part}"), words };
    let preview = |fields, words| Mend::Preview { path: format!("{path}/emails/preview"), fields, words };
    let mut emails = contact.emails.iter().map(|email| email.as_str().to_owned());
    match (hindrance, emails.next(), emails.next()) {
        (Hindrance::Refused(Refusal::NoEmail), ..) => look("#add", "Add an address"),
        (Hindrance::Refused(_), _, Some(next)) => {
            preview(vec![("top", next.clone())], say("Put ").name(next).say(" on top …"))
        }
        (Hindrance::Refused(_), ..) => look("#add", "Add another address"),
        (Hindrance::Doubtful(EmailWarning::LikelyTypo { instead }), Some(old), _) => {
            let fields = vec![("add", instead.clone()), ("place", format!("instead {old}"))];
            preview(fields, say("Correct it to ").name(instead.as_str()).say(" …"))
        }
        (Hindrance::NoProfile, ..) => look("/details", "Give a client …"),
        _ => look("", "Look at it"),
    }
}
