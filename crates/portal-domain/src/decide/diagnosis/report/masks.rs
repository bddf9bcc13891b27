//! What stands for names and addresses.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
};

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::Reported;
use crate::{
    email::{mask, mask_name},
    facts::{ContactFacts, Holder},
    finding::{Fact, FactPart},
};

/// Parts of addresses and words of names that are shorter stand in too many words.
const SHORTEST: usize = 3;

/// Words that stand in names and tell nobody's.
const JOINTS: [&str; 3] = ["and", "for", "the"];

/// What mail servers say of anybody: of an address that begins so, the beginning alone tells nothing where it is not set apart.
const SPOKEN: [&str; 50] = [
    "abuse",
    "access",
    "account",
    "accounts",
    "address",
    "admin",
    "block",
    "blocked",
    "client",
    "connection",
    "contact",
    "delivery",
    "domain",
    "error",
    "failed",
    "help",
    "host",
    "inbox",
    "info",
    "link",
    "list",
    "local",
    "mail",
    "mailbox",
    "mailer-daemon",
    "message",
    "network",
    "office",
    "policy",
    "postmaster",
    "quota",
    "recipient",
    "rejected",
    "relay",
    "reply",
    "report",
    "sender",
    "server",
    "service",
    "shared",
    "smtp",
    "spam",
    "support",
    "system",
    "unknown",
    "user",
    "users",
    "virus",
    "web",
    "webmaster",
];

/// What is not to be told.
pub(super) struct Masks {
    /// Names and addresses, and the parts of addresses, the longest first, each with what stands for it.
    known: Vec<(String, String)>,
    /// The words of names, folded.
    words: BTreeSet<String>,
}

impl Masks {
    pub(super) fn of(about: &Reported<'_>) -> Self {
        let names = names(about);
        let words =
            names.iter().flat_map(|name| runs(name)).filter(|(is_word, _)| *is_word).map(|(_, word)| fold(word));
        let words = words.filter(|word| word.chars().filter(|c| c.is_alphabetic()).count() >= SHORTEST);
        let words = words.filter(|word| !JOINTS.contains(&word.as_str())).collect();
        let masked = |name: String| {
            let masked = mask_name(&name);
            (name, masked)
        };
        let mut known: Vec<_> = names.into_iter().map(masked).collect();
        addresses(about).iter().for_each(|address| known.extend(masks_of(address)));
        known.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        known.dedup();
        Self { known, words }
    }

    /// A fact without what is not to be told; the words of ours in it stay.
    pub(super) fn hide_in_fact(&self, fact: &Fact) -> String {
        let hidden = fact.parts().iter().map(|part| match part {
            FactPart::Words(words) => (*words).to_owned(),
            FactPart::Value(value) => value.clone(),
            FactPart::Address(address) => mask(address),
            FactPart::Name(name) => mask_name(name),
            FactPart::Origin(_) => "…".to_owned(),
            FactPart::Quoted(words) => self.hide(words),
        });
        hidden.collect()
    }

    /// A text from outside without what is not to be told.
    pub(super) fn hide(&self, text: &str) -> String {
        let hidden = self.known.iter().fold(text.to_owned(), |text, (known, masked)| replaced(&text, known, masked));
        let hidden: String = runs(&hidden).into_iter().map(|run| self.hide_run(run)).collect();
        hidden.split_inclusive(is_between).map(hide_word).collect()
    }

    fn hide_run(&self, (is_word, run): (bool, &str)) -> String {
        if is_word && self.words.contains(&fold(run)) { mask_name(run) } else { run.to_owned() }
    }
}

/// Every name that the report may meet: of the contact, its clients, those behind its sign-in with theirs, staff, and others.
fn names(about: &Reported<'_>) -> BTreeSet<String> {
    let ContactFacts { contact, clients, login, holders, .. } = about.facts;
    let logins = holders.values().filter_map(|holder| match holder {
        Holder::User(_) => None,
        Holder::Login(login) => Some(login),
    });
    let users = holders.values().filter_map(|holder| match holder {
        Holder::User(user) => Some(&user.name),
        Holder::Login(_) => None,
    });
    let members = || login.iter().chain(logins.clone()).flat_map(|login| &login.members);
    let theirs = members().flat_map(|member| &member.clients);
    let told = about.diagnosis.contact.iter().chain(&about.diagnosis.staff).chain(&about.diagnosis.others);
    let people = contact.iter().chain(members().map(|member| &member.contact)).map(|contact| &contact.name);
    let clients = clients.iter().chain(theirs).map(|client| &client.name);
    let names = people.chain(clients).chain(users).chain(told.map(|named| &named.name));
    names.filter(|name| !name.trim().is_empty()).cloned().collect()
}

/// Every address that the report may meet.
fn addresses(about: &Reported<'_>) -> BTreeSet<String> {
    let contact = about.facts.contact.iter().flat_map(|contact| contact.emails.iter());
    let listed = contact.map(|address| address.as_str().to_owned());
    let former = about.facts.former_keys.iter().map(|key| key.as_str().to_owned());
    let mailed = about.mail.iter().map(|mail| mail.message.to.as_str().to_owned());
    let linked = about.links.iter().map(|traced| traced.link.address.as_str().to_owned());
    listed.chain(former).chain(mailed).chain(linked).collect()
}

/// What stands for an address, and for its parts where they stand alone.
fn masks_of(address: &str) -> Vec<(String, String)> {
    let mut known = vec![(address.to_owned(), mask(address))];
    let Some((local, domain)) = address.rsplit_once('@') else { return known };
    let untagged = local.split_once('+').map(|(untagged, _)| untagged);
    for local in [Some(local), untagged].into_iter().flatten() {
        let spoken = SPOKEN.iter().any(|word| word.eq_ignore_ascii_case(local));
        if spoken || local.chars().count() < SHORTEST {
            let apart = [("<", ">"), ("\"", "\""), ("'", "'"), ("‘", "’"), ("“", "”")];
            let apart =
                apart.map(|(open, close)| (format!("{open}{local}{close}"), format!("{open}{}{close}", mask(local))));
            known.extend(apart);
        } else {
            known.push((local.to_owned(), mask(local)));
        }
    }
    if domain.chars().count() >= SHORTEST {
        known.push((domain.to_owned(), mask(domain)));
    }
    known
}

/// A text in which something stands in place of another, in whichever case its ASCII letters are; not within a longer word.
fn replaced(text: &str, known: &str, masked: &str) -> String {
    let (lower, known) = (text.to_ascii_lowercase(), known.to_ascii_lowercase());
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    while let Some(at) = lower[from..].find(&known).map(|at| from + at) {
        let end = at + known.len();
        let goes_on = |before: &str, after: &str| {
            before.ends_with(char::is_alphanumeric) && after.starts_with(char::is_alphanumeric)
        };
        let within = goes_on(&text[..at], &text[at..]) || goes_on(&text[..end], &text[end..]);
        out.push_str(&text[from..at]);
        out.push_str(if within { &text[at..end] } else { masked });
        from = end;
    }
    out.push_str(&text[from..]);
    out
}

/// The words of a text, and what stands between them.
fn runs(text: &str) -> Vec<(bool, &str)> {
    let in_word = |c: char| c.is_alphanumeric() || c.general_category_group() == GeneralCategoryGroup::Mark;
    let mut runs = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_word = in_word(first);
        let end = rest.find(|c| in_word(c) != is_word).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        runs.push((is_word, run));
        rest = after;
    }
    runs
}

/// A word in whichever way it is written.
fn fold(word: &str) -> String {
    word.nfkc().flat_map(char::to_lowercase).collect()
}

/// What stands between words, and around addresses in the words of mail servers.
const fn is_between(c: char) -> bool {
    matches!(c, ' ' | '\t' | '<' | '>' | '(' | ')' | '[' | ']' | '"' | ',' | ';')
}

fn hide_word(word: &str) -> String {
    let end = word.trim_end_matches(|c: char| is_between(c) || matches!(c, '.' | ':' | '!' | '?'));
    let after = &word[end.len()..];
    if end.contains('@') {
        return format!("{}{after}", mask(end));
    }
    let whole = word.trim_end_matches(is_between);
    let is_origin = |text: &str| text.parse::<IpAddr>().is_ok() || text.parse::<SocketAddr>().is_ok();
    if is_origin(end) {
        return format!("…{after}");
    }
    if is_origin(whole) {
        return format!("…{}", &word[whole.len()..]);
    }
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_a_fact_is_hidden_in_its_own_way() {
        let known = vec![("ada@bakery.example".to_owned(), "a…a@b…y.example".to_owned())];
        let masks = Masks { known, words: BTreeSet::from(["fulton".to_owned()]) };
        for (fact, told) in [
            (Fact::said("fulton tried from ").origin("192.0.2.7"), "fulton tried from …"),
            (Fact::said("refused as ").value("fulton"), "refused as fulton"),
            (Fact::of("Studio@St. Fulton").and(" is suspended"), "S…n is suspended"),
            (Fact::said("written to ").address("lou@bakery.example"), "written to l…u@b…y.example"),
            (Fact::said("with ").given_as_address("lou@bakery.example (Lou)"), "with l…)"),
            (Fact::said("put off: ").quoted("450 Fulton <ada@bakery.example>"), "put off: 450 F…n <a…a@b…y.example>"),
        ] {
            assert_eq!(masks.hide_in_fact(&fact), told);
        }
    }
}
