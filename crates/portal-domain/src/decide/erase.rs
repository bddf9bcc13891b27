//! The end of a contact with all that is known of it (J3).

use std::collections::BTreeSet;

use super::{
    Moment,
    draft::Draft,
    outcome::{Decided, Scene},
};
use crate::{
    Refusal,
    change::{Aggregate, Change, Decision, Expect, Reliance},
    contact::Contact,
    email::{EmailAddress, LoginKey},
    erasure::{Erasure, Found, Heir, Names, Traces},
    event::{Event, Subject},
    facts::{ContactFacts, LoginFacts},
    id::{ContactId, EventId, Ref},
    login::Login,
    throttle::TryMarks,
    time::Timestamp,
};

/// What is to be erased.
#[derive(Clone, Copy, Debug)]
pub struct Erase<'a> {
    /// The reference by which somebody ordered it; nothing where the time of what is gone is over.
    pub reference: Option<&'a Ref>,
    /// Contacts that were deleted before.
    pub gone: &'a [ContactId],
    /// What there is of all of them.
    pub traces: &'a Traces,
    /// The live logins that links or mail about them belong to.
    pub logins: &'a [LoginFacts],
    /// The marks of notes of tries.
    pub marks: &'a TryMarks,
}

/// The receipt of an erasure. Nothing in it is personal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erased {
    /// Names the receipt, and the event that is it.
    pub id: EventId,
    /// When.
    pub at: Timestamp,
    /// Who ordered it, as the journal writes it.
    pub by: String,
    /// How many contacts.
    pub contacts: u64,
    /// Sessions that were valid and are not any more.
    pub sessions: u64,
    /// How much of them there was.
    pub found: Found,
}

/// Erases the contact of a reference and those of the same reference that were deleted before: access ends as by deletion (A7),
/// nobody is written to, and personal values are removed everywhere. The event is the receipt (J3).
pub fn erase_contact(scene: Scene<'_>, command: Erase<'_>, moment: &mut Moment) -> Result<Decided<Erased>, Refusal> {
    let erasure = erasure(scene.facts, command, moment.now);
    let first = *erasure.contacts.first().ok_or(Refusal::NotFound { what: "contact" })?;
    let contacts = erasure.contacts.len() as u64;
    let (mut decision, sessions, event) = match scene.facts.contact {
        Some(_) => {
            let mut draft = Draft::of_existing(scene, moment)?;
            draft.delete();
            let event = draft.moment.event("contact.erased", about(first));
            let done = draft.finish();
            (done.decision, done.outcome.effects.sessions_ended as u64, event)
        }
        None => (Decision::default(), 0, moment.event("contact.erased", about(first))),
    };
    look_at(&mut decision, command.logins);
    let found = command.traces.found;
    let outcome = Erased { id: event.id, at: event.at, by: event.caller.clone(), contacts, sessions, found };
    let decision = complete(decision, erasure, receipt(event, &outcome));
    Ok(Decided { decision, outcome })
}

fn about(contact: ContactId) -> Subject {
    Subject { contact: Some(contact), ..Subject::default() }
}

/// Who stays behind a login is known only while it is as it was seen.
fn look_at(decision: &mut Decision, logins: &[LoginFacts]) {
    for Login { id, version, .. } in logins.iter().map(|facts| &facts.login) {
        let what = Aggregate::Login(*id);
        if decision.expect.iter().all(|expect| expect.what != what) {
            decision.expect.push(Expect { what, version: *version, how: Reliance::LookedAt });
        }
    }
    decision.expect.sort();
}

fn complete(mut decision: Decision, erasure: Erasure, event: Event) -> Decision {
    decision.changes.push(Change::Erase(Box::new(erasure)));
    decision.events.push(event);
    decision
}

/// The event that tells what was erased, in numbers.
fn receipt(mut event: Event, outcome: &Erased) -> Event {
    let sums = [("contacts", outcome.contacts), ("sessions_ended", outcome.sessions)];
    let counts = outcome.found.counts().into_iter().chain(sums);
    event.facts.extend(counts.map(|(name, count)| (name.to_owned(), count.to_string())));
    event
}

fn erasure(facts: &ContactFacts, command: Erase<'_>, at: Timestamp) -> Erasure {
    let present = facts.contact.as_ref();
    let names = present.map(|contact| contact.name.clone()).into_iter().chain(command.traces.names.iter().cloned());
    let names: BTreeSet<_> = names.filter(|name| !name.is_empty()).collect();
    let addresses: BTreeSet<_> = present.iter().flat_map(|contact| spellings(contact)).collect();
    let addresses: BTreeSet<_> = addresses.into_iter().chain(command.traces.addresses.iter().cloned()).collect();
    let key = |address: &String| EmailAddress::parse(address).ok().map(|email| email.key().clone());
    let tried = |key: LoginKey| {
        let marks = command.marks.all(&key).collect();
        (key, marks)
    };
    Erasure {
        tried: addresses.iter().filter_map(key).map(tried).collect(),
        contacts: present.map(|contact| contact.id).into_iter().chain(command.gone.iter().copied()).collect(),
        names: command.reference.map(|reference| Names { reference: reference.clone(), names }),
        addresses: addresses.into_iter().map(|address| (address.clone(), key(&address))).collect(),
        heirs: heirs(facts, command.logins),
        at,
    }
}

fn spellings(contact: &Contact) -> impl Iterator<Item = String> {
    let moved = contact.moved_from.as_ref().map(|moved| moved.address.clone());
    contact.emails.iter().map(|email| email.as_str().to_owned()).chain(moved)
}

/// Who stays behind live logins that they are or were behind.
fn heirs(facts: &ContactFacts, logins: &[LoginFacts]) -> Vec<Heir> {
    let own = facts.contact.as_ref().map(|contact| contact.id);
    let present = facts.login.iter().filter(|_| own.is_some());
    let others = logins.iter().filter(|one| present.clone().all(|login| login.login.id != one.login.id));
    present.clone().chain(others).filter_map(|login| heir(login, own)).collect()
}

fn heir(login: &LoginFacts, own: Option<ContactId>) -> Option<Heir> {
    let mut left = login.clone();
    left.members.retain(|member| Some(member.contact.id) != own);
    let eldest = left.eldest()?;
    Some(Heir { login: login.login.id, contact: eldest.id, address: eldest.emails.first()?.clone() })
}
