//! What whoever helps needs to see, with nothing in it that says who it is about.
//!
//! Our own words, codes, states, ids and times stay as they are, whatever people are called. Of what was put into them
//!
//! - a name or an address is masked as a whole;
//! - from where somebody came is left out;
//! - in what comes from outside, such as the words of mail servers, is masked: whatever has an `@`; the contact's addresses, and their parts
//!   where these stand alone; names, and each of their words of three letters or more, in any order and letter case. Of an address
//!   that begins with a word that servers say anyway (`relay@`, `mail@`) the beginning alone is masked only in brackets or quotes.

mod masks;

use self::masks::Masks;
use crate::{
    email::mask,
    event::RecordedEvent,
    facts::ContactFacts,
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
/// the words of mail servers; where somebody tried from is left out. Ids are ours and lead nobody else to a person: those of messages
/// stand in the log, those of events in the journal.
pub fn support_report(about: &Reported<'_>) -> Vec<ReportLine> {
    let masks = Masks::of(about);
    let mut lines = Vec::new();
    let mut say = |depth, at, text| lines.push(ReportLine { depth, at, text });
    if let Some(contact) = &about.facts.contact {
        let (addresses, clients) = (contact.emails.len(), contact.clients.len());
        say(0, None, format!("contact {}", contact.id));
        say(1, None, format!("access {}, {addresses} addresses, {clients} clients", contact.access.code()));
    }
    say(0, None, "findings".to_owned());
    for finding in &about.diagnosis.findings {
        say(1, None, format!("{} ({}): {}", finding.code.code(), finding.severity.code(), finding.title));
        finding.evidence.iter().for_each(|it| say(2, it.at, masks.hide_in_fact(&it.fact)));
    }
    say(0, None, "mail".to_owned());
    for mail in about.mail.iter().take(REPORTED) {
        let message = &mail.message;
        let (kind, to) = (message.kind().code(), mask(message.to.as_str()));
        say(1, Some(message.created_at), format!("{kind} to {to}: {} ({})", mail.state.code(), message.id));
        for it in &mail.attempts {
            say(2, Some(it.at), format!("{}: {}", it.state.code(), masks.hide(&it.reply)));
        }
    }
    say(0, None, "links".to_owned());
    for TracedLink { link, opened } in about.links.iter().take(REPORTED) {
        let text =
            format!("{} to {}: {}", link.purpose.code(), mask(link.address.as_str()), link.state(about.now).code());
        say(1, Some(link.created_at), text);
        if let Some(opened) = opened {
            say(2, Some(opened.first), "opened".to_owned());
            say(2, Some(opened.last), "last opened".to_owned());
        }
    }
    say(0, None, "events".to_owned());
    for event in about.events.iter().take(REPORTED) {
        let caller = event.caller.split(':').next().unwrap_or_default();
        say(1, Some(event.at), format!("{} {} by {caller} ({})", event.number, event.kind, event.id));
    }
    lines
}
