//! What whoever helps needs to see, with nothing in it that says who it is about.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
};

use crate::{
    email::mask,
    event::RecordedEvent,
    facts::{ContactFacts, Holder},
    finding::{Diagnosis, ReportLine},
    link::TracedLink,
    message::Delivery,
    time::Timestamp,
};

/// So many of the newest messages, links and events are told.
pub const REPORTED: usize = 20;

/// All that a support report is made of.
#[derive(Clone, Copy, Debug)]
pub struct Reported<'a> {
    /// The contact.
    pub facts: &'a ContactFacts,
    /// What was found.
    pub diagnosis: &'a Diagnosis,
    /// The newest messages, the newest first.
    pub mail: &'a [Delivery],
    /// The newest links, the newest first.
    pub links: &'a [TracedLink],
    /// The newest events of the contact, the newest first.
    pub events: &'a [RecordedEvent],
    /// The time.
    pub now: Timestamp,
}

/// The report, line by line: findings with their evidence, mail, links and events. Names and addresses are masked, also those in
/// the words of mail servers; where somebody tried from is left out. Ids are ours and lead nobody else to a person.
pub fn support_report(about: &Reported<'_>) -> Vec<ReportLine> {
    let masks = Masks::of(about);
    let mut lines = Vec::new();
    let mut say = |depth, at, text: String| lines.push(ReportLine { depth, at, text: masks.hide(&text) });
    if let Some(contact) = &about.facts.contact {
        let (addresses, clients) = (contact.emails.len(), contact.clients.len());
        say(0, None, format!("contact {}", contact.id));
        say(1, None, format!("access {}, {addresses} addresses, {clients} clients", contact.access.code()));
    }
    say(0, None, "findings".to_owned());
    for finding in &about.diagnosis.findings {
        say(1, None, format!("{} ({}): {}", finding.code.code(), finding.severity.code(), finding.title));
        finding.evidence.iter().for_each(|it| say(2, it.at, it.fact.clone()));
    }
    say(0, None, "mail".to_owned());
    for mail in about.mail.iter().take(REPORTED) {
        let message = &mail.message;
        let text = format!("{} to {}: {} ({})", message.kind().code(), message.to, mail.state.code(), message.id);
        say(1, Some(message.created_at), text);
        mail.attempts.iter().for_each(|it| say(2, Some(it.at), format!("{}: {}", it.state.code(), it.reply)));
    }
    say(0, None, "links".to_owned());
    for TracedLink { link, opened } in about.links.iter().take(REPORTED) {
        let text = format!("{} to {}: {}", link.purpose.code(), link.address, link.state(about.now).code());
        say(1, Some(link.created_at), text);
        if let Some(opened) = opened {
            say(2, Some(opened.first), "opened".to_owned());
            say(2, Some(opened.last), "last opened".to_owned());
        }
    }
    say(0, None, "events".to_owned());
    for event in about.events.iter().take(REPORTED) {
        let caller = event.caller.split(':').next().unwrap_or_default();
        say(1, Some(event.at), format!("{} {} by {caller}", event.number, event.kind));
    }
    lines
}

/// What is not to be told.
struct Masks {
    /// Names and addresses, and the parts of addresses, the longest first, each with what stands for it.
    known: Vec<(String, String)>,
}

/// Parts of addresses that are shorter stand in too many words.
const SHORTEST: usize = 3;

impl Masks {
    fn of(about: &Reported<'_>) -> Self {
        let contacts = about.facts.contact.iter().map(|contact| contact.name.clone());
        let members = about.facts.login.iter().flat_map(|login| &login.members);
        let members = members.map(|member| member.contact.name.clone());
        let clients = about.facts.clients.iter().map(|client| client.name.clone());
        let users = about.facts.holders.values().filter_map(|holder| match holder {
            Holder::User(user) => Some(user.name.clone()),
            Holder::Login(_) => None,
        });
        let others = about.facts.holders.values().flat_map(|holder| match holder {
            Holder::User(_) => Vec::new(),
            Holder::Login(login) => login.members.iter().map(|member| member.contact.name.clone()).collect(),
        });
        let named = about.diagnosis.contact.iter().chain(&about.diagnosis.staff).chain(&about.diagnosis.others);
        let told = named.map(|named| named.name.clone());
        let names = contacts.chain(members).chain(clients).chain(users).chain(others).chain(told);
        let names = names.filter(|name| !name.trim().is_empty()).map(|name| (mask(&name), name));
        let mut known: Vec<_> = names.map(|(masked, name)| (name, masked)).collect();
        addresses(about).iter().for_each(|address| known.extend(masks_of(address)));
        known.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        known.dedup();
        Self { known }
    }

    fn hide(&self, text: &str) -> String {
        let hidden = self.known.iter().fold(text.to_owned(), |text, (known, masked)| replaced(&text, known, masked));
        hidden.split_inclusive(is_between).map(hide_word).collect()
    }
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
    let parts = address.rsplit_once('@').map(|(local, domain)| [local, domain]).into_iter().flatten();
    let parts = parts.filter(|part| part.chars().count() >= SHORTEST).map(|part| (part.to_owned(), mask(part)));
    [(address.to_owned(), mask(address))].into_iter().chain(parts).collect()
}

/// A text in which something stands in place of another, in whichever case its ASCII letters are; not within a longer word.
fn replaced(text: &str, known: &str, masked: &str) -> String {
    let (lower, known) = (text.to_ascii_lowercase(), known.to_ascii_lowercase());
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    while let Some(at) = lower[from..].find(&known).map(|at| from + at) {
        let end = at + known.len();
        let within = text[..at].ends_with(char::is_alphanumeric) || text[end..].starts_with(char::is_alphanumeric);
        out.push_str(&text[from..at]);
        out.push_str(if within { &text[at..end] } else { masked });
        from = end;
    }
    out.push_str(&text[from..]);
    out
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
