//! What becomes of a message (D1–D4), and how much mail an hour takes (D7).

use std::time::Duration;

use super::{Moment, words::fit_words};
use crate::{
    email::EmailAddress,
    event::Subject,
    id::MessageId,
    link::LinkState,
    message::{About, Attempt, DeliveryState, Leased, Letter, Message, MessageKind, SendOutcome, SentAs, Settlement},
    returned::{DeliveryReport, Reason, Returned, SentMessage, Suppression, Tie, Why},
    time::Timestamp,
};

/// So often a message is tried. With the pauses below that takes 22 hours; one more pause would pass the 24 of D2.
const ATTEMPTS: u32 = 18;
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(2 * 3600);
/// A report that comes later after the message was written suppresses nothing: servers give up within days, and who once saw a mail
/// must not decide of its address for ever.
const IN_TIME: Duration = Duration::from_secs(14 * 24 * 3600);

/// How many more mails may leave in this hour, of which `spent` have left; without a limit, any number (D7).
///
/// A tenth of the limit, rounded up, is kept for what a person waits for, so that bulk mail doesn't use up the hour; of a limit
/// of one there is nothing to keep.
///
/// ```
/// use portal_domain::decide::room;
/// assert_eq!(room(Some(100), 80, false), 10);
/// assert_eq!(room(Some(100), 80, true), 20);
/// assert_eq!(room(Some(1), 0, false), 1);
/// assert_eq!(room(Some(100), 120, true), 0);
/// assert_eq!(room(None, 1_000_000, false), u64::MAX);
/// ```
pub fn room(mails_per_hour: Option<u32>, spent: u64, awaited: bool) -> u64 {
    let Some(limit) = mails_per_hour.map(u64::from) else { return u64::MAX };
    let kept = if awaited || limit == 1 { 0 } else { limit.div_ceil(10) };
    (limit - kept).saturating_sub(spent)
}

/// Why a message is not worth sending any more at `now`, in words for its history; `None` where it is.
///
/// Its link was used or no longer works; or it tells a contact to sign in with an address that is no longer the one, or who
/// no longer may; or it reminds of an invitation that something newer took the place of (D8).
pub fn unwanted(letter: &Letter, now: Timestamp) -> Option<&'static str> {
    let Letter { message, link, signs_in_at, .. } = letter;
    if message.kind().invites_to_sign_in() && signs_in_at.as_ref() != Some(message.to.key()) {
        return Some("the contact no longer signs in with this address");
    }
    if message.kind() == MessageKind::Reminder && letter.overtaken {
        return Some("a password was set meanwhile, or a newer invitation was sent");
    }
    match link.as_ref().map(|link| link.state(now)) {
        None if message.link.is_none() => None,
        Some(LinkState::Usable) => None,
        Some(LinkState::Used) => Some("its link was used already"),
        None | Some(LinkState::Dead | LinkState::Expired) => Some("its link no longer works"),
    }
}

/// The settlement of a message that is no longer wanted, for this reason.
pub fn cancelled(leased: &Leased, reason: &'static str, moment: &mut Moment) -> Settlement {
    let attempt = Attempt {
        at: moment.now,
        state: DeliveryState::Cancelled,
        reply: reason.to_owned(),
        reason: None,
        sent_as: None,
    };
    settle(Told::of(leased), attempt, moment)
}

/// The settlement of a message to an address that nothing is mailed to (D4): it failed, and nothing left.
pub fn withheld(leased: &Leased, suppressed: &Suppression, moment: &mut Moment) -> Settlement {
    let reply = format!("not sent, since mail to this address came back: {}", suppressed.words);
    let attempt = Attempt { at: moment.now, state: DeliveryState::Failed, reply, reason: None, sent_as: None };
    settle(Told::of(leased), attempt, moment)
}

/// The settlement after an attempt. `why` is what the server's words mean, where it said no; `sent_as` is how the mail looked.
///
/// Taken: accepted. A temporary fault, of the network or of our own configuration: deferred, with pauses that double from a
/// minute to two hours, each up to a twelfth longer or shorter so that messages that failed together don't come back together,
/// for 24 hours of trying (a queue that stood still does not count), then failed. A permanent fault: failed; where it says that the
/// address is wrong for good, nothing is mailed to it any more (D4).
pub fn handed_over(
    leased: &Leased,
    outcome: &SendOutcome,
    why: Option<Why>,
    sent_as: Option<SentAs>,
    moment: &mut Moment,
) -> Settlement {
    let (state, reply) = match outcome {
        SendOutcome::Accepted { reply } => (DeliveryState::Accepted, reply),
        SendOutcome::Permanent { reply } => (DeliveryState::Failed, reply),
        SendOutcome::Transient { reply } | SendOutcome::Misconfigured { reply } => (DeliveryState::Deferred, reply),
    };
    let next = moment.now.after(pause(leased.attempts, moment));
    let too_late = leased.attempts.saturating_add(1) >= ATTEMPTS;
    let (state, next) = match state {
        DeliveryState::Deferred if too_late => (DeliveryState::Failed, None),
        DeliveryState::Deferred => (DeliveryState::Deferred, Some(next)),
        settled => (settled, None),
    };
    let hard = matches!(outcome, SendOutcome::Permanent { .. }) && why.is_some_and(Why::is_hard);
    let reason = why.filter(|_| state != DeliveryState::Accepted).map(|why| why.reason);
    let sent_as = sent_as.filter(|_| state == DeliveryState::Accepted);
    let attempt = Attempt { at: moment.now, state, reply: fit_words(reply), reason, sent_as };
    let told = Told::of(leased);
    let suppress = told.message.filter(|_| hard).and_then(|message| suppression(message, &attempt));
    Settlement { next_attempt_at: next, suppress, ..settle(told, attempt, moment) }
}

/// What a report changes about a message (D3, D4); nothing where it proves too little.
///
/// Tied by a Message-ID it has to name the very address that the message went to. A message that was never tried can't have come
/// back. Nothing is mailed any more to an address that is wrong for good, unless the report names another one, as first recipient or
/// last: a forward that leads nowhere leaves the address as it is, and the words say which one they are about. Nor is it after
/// [`IN_TIME`]. Of the words no link is kept (L1).
pub fn came_back(sent: &SentMessage, report: &DeliveryReport, tie: Tie, moment: &mut Moment) -> Option<Settlement> {
    let is_ours = |named: &String| EmailAddress::parse(named).is_ok_and(|named| named.key() == sent.message.to.key());
    let same = report.recipient.as_ref().map(is_ours);
    if sent.state == DeliveryState::Queued || (tie == Tie::MessageId && same != Some(true)) {
        return None;
    }
    let (state, why) = match report.what {
        Returned::Bounced(why) => (DeliveryState::Bounced, Some(why)),
        Returned::Complained => (DeliveryState::Complained, None),
    };
    let words = fit_words(&report.words);
    let words = if words.is_empty() { "no reason was given".to_owned() } else { words };
    let passed_on_to =
        why.and([&report.final_recipient, &report.recipient].into_iter().flatten().find(|it| !is_ours(it)));
    let (reply, reason) = match passed_on_to {
        Some(other) => (fit_words(&format!("{other}: {words}")), why.map(|why| of_another(why.reason))),
        None => (words, why.map(|why| why.reason)),
    };
    let attempt = Attempt { at: moment.now, state, reply, reason, sent_as: None };
    let in_time = moment.now.since(sent.message.created_at) < IN_TIME;
    let hard = why.is_some_and(Why::is_hard) && passed_on_to.is_none() && in_time;
    let suppress = if hard { suppression(&sent.message, &attempt) } else { None };
    let told = Told { id: sent.message.id, message: Some(&sent.message) };
    Some(Settlement { suppress, ..settle(told, attempt, moment) })
}

/// What a reason that was given for another address means for the contact's: not that it is wrong.
const fn of_another(reason: Reason) -> Reason {
    match reason {
        Reason::UserUnknown | Reason::HostUnknown => Reason::Other,
        reason => reason,
    }
}

/// The address of a message to a contact; mail to staff is never held back, since nobody could lift that.
fn suppression(message: &Message, attempt: &Attempt) -> Option<Suppression> {
    let about_contact = matches!(message.about, About::Contact { .. });
    let reason = attempt.reason.filter(|_| about_contact)?;
    Some(Suppression { key: message.to.key().clone(), since: attempt.at, reason, words: attempt.reply.clone() })
}

fn pause(before: u32, moment: &mut Moment) -> Duration {
    let pause = Duration::from_secs(60).saturating_mul(1 << before.min(16)).min(LONGEST_PAUSE);
    let [high, low, ..] = moment.ids.salt();
    let share = u32::from(u16::from_be_bytes([high, low]));
    let spread = pause / 6;
    pause - spread / 2 + spread * share / u32::from(u16::MAX)
}

/// The message that is told of, as far as it can be read.
struct Told<'a> {
    id: MessageId,
    message: Option<&'a Message>,
}

impl<'a> Told<'a> {
    fn of(leased: &'a Leased) -> Self {
        Self { id: leased.lease.message, message: leased.letter.as_ref().ok().map(|letter| &letter.message) }
    }
}

/// A settlement for good, with its event.
fn settle(told: Told<'_>, attempt: Attempt, moment: &mut Moment) -> Settlement {
    let kind = match attempt.state {
        DeliveryState::Accepted => "message.accepted",
        DeliveryState::Deferred => "message.deferred",
        DeliveryState::Cancelled => "message.cancelled",
        DeliveryState::Bounced => "message.bounced",
        DeliveryState::Complained => "message.complained",
        DeliveryState::Queued | DeliveryState::Sending | DeliveryState::Failed => "message.failed",
    };
    let subject = told.message.map(|message| Subject {
        contact: message.about.contact(),
        user: message.about.user(),
        login: message.about.login(),
    });
    let mut event = moment.event(kind, subject.unwrap_or_default());
    event.facts.insert("message".to_owned(), told.id.to_string());
    if let Some(message) = told.message {
        event.facts.insert("message_kind".to_owned(), message.kind().code().to_owned());
        event.personal.insert("to".to_owned(), message.to.as_str().to_owned());
    }
    if let Some(reason) = attempt.reason {
        event.facts.insert("reason".to_owned(), reason.code().to_owned());
    }
    event.personal.insert("reply".to_owned(), attempt.reply.clone());
    Settlement { attempt, next_attempt_at: None, suppress: None, event }
}
