//! What happened to a contact, newest first, in plain words.

use std::collections::{BTreeMap, VecDeque};

use askama::Template;
use axum::{http::StatusCode, response::Response};
use portal_domain::{
    event::{Caller, RecordedEvent},
    id::{ContactId, Ref, UserId},
    link::TracedLink,
    message::{Delivery, DeliveryState, MessageKind},
    port::Page,
    time::{Timestamp, in_words},
};

use super::{
    Member, Place, Shell, show,
    words::{self, Sentence, name, say},
};
use crate::{caller::Reference, problem::Problem};

/// So many of the newest are shown.
const SHOWN: usize = 200;
/// Of so many of the newest links it is shown when they were opened.
const SHOWN_LINKS: u32 = 200;
/// So many are fetched together.
const FETCHED: u32 = 200;

/// Something that happened.
struct Entry {
    at: Timestamp,
    when: String,
    what: Sentence,
    who: Option<Sentence>,
}

#[derive(Template)]
#[template(path = "desk/history.html")]
struct HistoryPage {
    shell: Shell,
    back: String,
    name: String,
    entries: Vec<Entry>,
    /// Whether older ones are left out.
    older: bool,
}

pub(super) async fn page(member: Member, Reference(contact): Reference) -> Result<Response, Problem> {
    let (_, facts) = member.app.portal.contact(&member.context, &contact).await?;
    let contact = facts.contact.ok_or_else(|| Problem::not_found("contact"))?;
    let users = users(&member).await?;
    let (events, messages) = (events(&member, contact.id).await?, messages(&member, contact.id).await?);
    let mut older = events.older || messages.older;
    let mut entries: Vec<_> = events.kept.iter().map(|event| of_event(event, &users)).collect();
    entries.extend(messages.kept.iter().map(|(delivery, _)| of_message(delivery)));
    let links = member.app.portal.evidence.newest_links(member.context.practice, contact.id, SHOWN_LINKS).await?;
    entries.extend(links.iter().flat_map(|traced| openings(traced, &messages.kept)));
    // Of those at one moment the later written comes first, as among all others.
    entries.reverse();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    older |= entries.len() > SHOWN;
    entries.truncate(SHOWN);
    let back = member.contact_path(&contact.reference);
    let page = HistoryPage { shell: member.shell(Place::Contacts), back, name: contact.name, entries, older };
    Ok(show(StatusCode::OK, &page))
}

async fn events(member: &Member, contact: ContactId) -> Result<Newest<RecordedEvent>, Problem> {
    let (mut newest, mut page) = (Newest::default(), Page { after: None, limit: FETCHED });
    loop {
        let events = member.app.views.events(member.context.practice, Some(contact), &page).await?;
        page.after = events.last().map(|event| event.number);
        if !newest.takes(events) {
            return Ok(newest);
        }
    }
}

async fn messages(member: &Member, contact: ContactId) -> Result<Newest<(Delivery, i64)>, Problem> {
    let (mut newest, mut page) = (Newest::default(), Page { after: None, limit: FETCHED });
    loop {
        let messages = member.app.views.messages(member.context.practice, contact, &page).await?;
        page.after = messages.last().map(|(_, place)| *place);
        if !newest.takes(messages) {
            return Ok(newest);
        }
    }
}

/// The newest of a list that is read from its beginning.
struct Newest<T> {
    kept: VecDeque<T>,
    older: bool,
}

impl<T> Default for Newest<T> {
    fn default() -> Self {
        Self { kept: VecDeque::new(), older: false }
    }
}

impl<T> Newest<T> {
    /// Takes a part, and says whether there may be more.
    fn takes(&mut self, part: Vec<T>) -> bool {
        let whole = part.len() == FETCHED as usize;
        self.kept.extend(part);
        let over = self.kept.len().saturating_sub(SHOWN);
        self.older |= over > 0;
        self.kept.drain(..over);
        whole
    }
}

/// The names of those who work here.
async fn users(member: &Member) -> Result<BTreeMap<UserId, String>, Problem> {
    let (mut names, mut page) = (BTreeMap::new(), Page::<Ref> { after: None, limit: FETCHED });
    loop {
        let users = member.app.views.users(member.context.practice, &page).await?;
        page.after = users.last().map(|user| user.reference.clone());
        let whole = users.len() == FETCHED as usize;
        names.extend(users.into_iter().map(|user| (user.id, user.name)));
        if !whole {
            return Ok(names);
        }
    }
}

fn of_event(event: &RecordedEvent, users: &BTreeMap<UserId, String>) -> Entry {
    Entry { at: event.at, when: words::moment(event.at), what: told(event), who: who(&event.caller, users) }
}

/// Who did it, where that isn't plain from what was done.
fn who(caller: &str, users: &BTreeMap<UserId, String>) -> Option<Sentence> {
    match Caller::parse(caller)? {
        Caller::User(user) => Some(users.get(&user).map_or_else(|| say("somebody who no longer works here"), name)),
        Caller::Host(_) => Some(say("your own program")),
        Caller::Program => Some(say("whoever runs the service")),
        Caller::Operator(_) | Caller::Login(_) | Caller::Anyone | Caller::Worker => None,
    }
}

fn of_message(delivery: &Delivery) -> Entry {
    let (at, kind) = (delivery.message.created_at, delivery.message.kind());
    let mail = say("Mail was written to ").name(delivery.message.to.as_str());
    let what = mail.say(format!(": {}. {}", subject(kind), state(delivery.state)));
    Entry { at, when: words::moment(at), what, who: None }
}

/// When a link was opened, the first time and the last (D5).
fn openings(traced: &TracedLink, messages: &VecDeque<(Delivery, i64)>) -> Vec<Entry> {
    let Some(opened) = traced.opened else { return Vec::new() };
    let mails = messages.iter().map(|(delivery, _)| delivery).filter(|it| it.message.link == Some(traced.link.id));
    let attempts = mails.flat_map(|mail| &mail.attempts).filter(|attempt| attempt.state == DeliveryState::Accepted);
    let taken: Vec<_> = attempts.map(|attempt| attempt.at).collect();
    let entry = |at: Timestamp, how: &str| {
        // A reminder carries the link again: what counts is the mail that was handed over last before.
        let taken = taken.iter().filter(|taken| **taken <= at).max().or(taken.iter().min());
        let after = taken.map(|taken| format!(", {} after the mail was handed over", in_words(at.since(*taken))));
        let what = say("The link that was sent to ").name(traced.link.address.as_str());
        let what = what.say(format!(" was {how}{}", after.unwrap_or_default()));
        Entry { at, when: words::moment(at), what, who: None }
    };
    let last = (opened.last > opened.first).then(|| entry(opened.last, "opened again, for the last time"));
    [entry(opened.first, "opened")].into_iter().chain(last).collect()
}

/// What a mail is, or what it says.
pub(super) const fn subject(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Activation => "the invitation",
        MessageKind::AccessAdded => "that there is access for this contact too",
        MessageKind::Reset => "a link to set a new password",
        MessageKind::LoginMovedNew => "to sign in with this address from now on",
        MessageKind::LoginMovedOld => "that this is no longer the sign-in address",
        MessageKind::PasswordChanged => "that the password was changed",
        MessageKind::StaffInvitation => "the invitation to the workspace",
        MessageKind::PortalAddress => "where the portal is",
        MessageKind::Hint => "to sign in with this address, and not with another",
        MessageKind::Reminder => "the invitation once more",
        MessageKind::Test => "a test",
    }
}

const fn state(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Queued | DeliveryState::Sending => "It is on its way.",
        DeliveryState::Accepted => "The other mail server took it.",
        DeliveryState::Deferred => "It could not be handed over yet; it will be tried again.",
        DeliveryState::Failed => "It could not be delivered.",
        DeliveryState::Bounced => "It came back.",
        DeliveryState::Complained => "Its reader called it unwanted.",
        DeliveryState::Cancelled => "It was not sent, since it was out of date by then.",
    }
}

/// An event in words.
fn told(event: &RecordedEvent) -> Sentence {
    let fact = |name: &str| event.facts.get(name).map(String::as_str).unwrap_or_default();
    let personal = |name: &str| event.personal.as_ref().and_then(|own| own.get(name)).map(String::as_str);
    let plain = match event.kind.as_str() {
        "contact.created" => "The contact was added.",
        "contact.changed" => return changed(event),
        "contact.emails_changed" => return emails(event),
        "contact.activated" => "Access was given.",
        "contact.reactivated" => "Access was given again.",
        "contact.deactivated" => "Access was taken away.",
        "contact.invitation_resent" => "A new invitation was asked for.",
        "contact.suppression_lifted" => "Mail may go to the address again, and a new invitation was asked for.",
        "contact.credential_imported" => "A password of another system was taken over.",
        "login.reset_requested" => "A link for a new password was asked for on the sign-in page.",
        "login.hinted" => "Somebody tried another address of this contact, and a hint was sent.",
        "invitation.reminded" => "The invitation was sent once more, before it expires.",
        "invitation.expired" => "The invitation has expired.",
        "login.link_renewed" => "A new link was asked for, on the page of an old one.",
        "login.password_set" if fact("replaced") == "true" => "A new password was set by link.",
        "login.password_set" => "A password was set by link.",
        "login.password_changed" => "The password was changed by its owner.",
        "session.opened" if event.facts.contains_key("handoff") => "Signed in by way of your own program.",
        "session.opened" => "Signed in.",
        "session.signed_out" => "Signed out.",
        "session.replaced" => "Signed in anew in the same browser.",
        "session.ended" => "One browser was signed out.",
        "session.others_ended" => "All other browsers were signed out.",
        "session.all_ended" => "All browsers were signed out.",
        "view_as.opened" => return looked(event),
        "view_as.ended" => "The look at the portal as this contact sees it was ended.",
        "message.accepted" => return mail(event, "The other mail server took the mail to "),
        "message.deferred" => return mail(event, "This mail could not be handed over yet: to "),
        "message.failed" => return mail(event, "This mail could not be delivered: to "),
        "message.bounced" => return mail(event, "This mail came back as undeliverable: to "),
        "message.complained" => return mail(event, "The reader called this mail unwanted: to "),
        "message.cancelled" => return mail(event, "This mail was out of date and not sent: to "),
        other => {
            let words = other.replace(['.', '_'], " ");
            return say("Noted: ").say(words).say(".");
        }
    };
    let origin = event.origin.as_deref().or_else(|| personal("origin")).filter(|_| event.kind.starts_with("session."));
    match origin {
        Some(origin) => say(plain.trim_end_matches('.')).say(", from ").name(origin).say("."),
        None => say(plain),
    }
}

fn looked(event: &RecordedEvent) -> Sentence {
    let looked = say("Somebody of the practice looked at the portal as this contact sees it.");
    match event.personal.as_ref().and_then(|own| own.get("reason")) {
        Some(reason) => looked.say(" Why: ").name(reason),
        None => looked,
    }
}

fn mail(event: &RecordedEvent, words: &'static str) -> Sentence {
    let personal = |name: &str| event.personal.as_ref().and_then(|own| own.get(name)).map(String::as_str);
    let to = say(words).name(personal("to").unwrap_or("an address that was erased")).say(".");
    match personal("reply").filter(|reply| !reply.is_empty()) {
        Some(reply) if event.kind == "message.accepted" => to.say(" Its words: ").name(reply),
        Some(reply) => to.say(" Why: ").name(reply),
        None => to,
    }
}

fn changed(event: &RecordedEvent) -> Sentence {
    let own = event.personal.as_ref();
    if let Some(name) = own.and_then(|own| own.get("name_after")) {
        return say("The contact was renamed to ").name(name).say(".");
    }
    if own.is_some_and(|own| own.contains_key("emails_after")) {
        return emails(event);
    }
    match event.facts.contains_key("clients_after") {
        true => say("The contact’s clients were changed."),
        false => say("The contact was changed."),
    }
}

fn emails(event: &RecordedEvent) -> Sentence {
    let Some(own) = &event.personal else { return say("The addresses were changed.") };
    let before = own.get("emails_before").map(String::as_str).unwrap_or_default();
    let after = own.get("emails_after").map(String::as_str).unwrap_or_default();
    let shown = |sentence: Sentence, list: &str| match list {
        "" => sentence.say("none"),
        list => sentence.name(list),
    };
    let was = shown(say("The addresses were changed from "), before).say(" to ");
    shown(was, after).say(".")
}

#[cfg(test)]
mod tests {
    use portal_domain::{event::Subject, id::EventId};

    use super::*;

    fn event(kind: &str, personal: &[(&str, &str)]) -> RecordedEvent {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        RecordedEvent {
            number: 1,
            id: EventId::from_bytes([1; 16]),
            at: Timestamp::from_micros(0),
            kind: kind.to_owned(),
            caller: "worker".to_owned(),
            origin: Some("192.0.2.1".to_owned()),
            subject: Subject::default(),
            facts: BTreeMap::new(),
            personal: (!personal.is_empty()).then(|| personal.iter().map(own).collect()),
            digest: [0; 32],
        }
    }

    #[test]
    fn what_happened_is_told_in_words() {
        for (kind, personal, words) in [
            ("session.opened", &[][..], "Signed in, from 192.0.2.1."),
            ("contact.activated", &[], "Access was given."),
            (
                "contact.emails_changed",
                &[("emails_before", "a@b.example"), ("emails_after", "")],
                "The addresses were changed from a@b.example to none.",
            ),
            ("contact.emails_changed", &[], "The addresses were changed."),
            ("contact.changed", &[("name_after", "Ada")], "The contact was renamed to Ada."),
            (
                "message.failed",
                &[("to", "a@b.example"), ("reply", "550 no")],
                "This mail could not be delivered: to a@b.example. Why: 550 no",
            ),
            (
                "view_as.opened",
                &[("reason", "rang")],
                "Somebody of the practice looked at the portal as this contact sees it. Why: rang",
            ),
            ("message.accepted", &[], "The other mail server took the mail to an address that was erased."),
            ("handoff.made", &[], "Noted: handoff made."),
        ] {
            assert_eq!(told(&event(kind, personal)).plain(), words);
        }
    }

    #[test]
    fn the_newest_are_kept() {
        let mut newest = Newest::default();
        assert!(newest.takes((0..200).collect()) && !newest.older);
        assert!(!newest.takes((200..250).collect()) && newest.older);
        assert_eq!((newest.kept.front(), newest.kept.back()), (Some(&50), Some(&249)));
    }
}
