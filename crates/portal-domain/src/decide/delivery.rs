//! What becomes of a message (D1, D2), and how much mail an hour takes (D7).

use std::time::Duration;

use super::Moment;
use crate::{
    event::Subject,
    link::LinkState,
    message::{Attempt, DeliveryState, Leased, Letter, SendOutcome, Settlement},
    time::Timestamp,
};

/// So often a message is tried. With the pauses below that takes 22 hours; one more pause would pass the 24 of D2.
const ATTEMPTS: u32 = 18;
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(2 * 3600);

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
/// no longer may.
pub fn unwanted(letter: &Letter, now: Timestamp) -> Option<&'static str> {
    let Letter { message, link, signs_in_at, .. } = letter;
    if message.kind().invites_to_sign_in() && signs_in_at.as_ref() != Some(message.to.key()) {
        return Some("the contact no longer signs in with this address");
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
    settle(leased, DeliveryState::Cancelled, reason.to_owned(), None, moment)
}

/// The settlement after an attempt.
///
/// Taken: accepted. A temporary fault, of the network or of our own configuration: deferred, with pauses that double from a
/// minute to two hours, each up to a twelfth longer or shorter so that messages that failed together don't come back together,
/// for 24 hours of trying (a queue that stood still does not count), then failed. A permanent fault: failed.
pub fn handed_over(leased: &Leased, outcome: &SendOutcome, moment: &mut Moment) -> Settlement {
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
    settle(leased, state, reply.clone(), next, moment)
}

fn pause(before: u32, moment: &mut Moment) -> Duration {
    let pause = Duration::from_secs(60).saturating_mul(1 << before.min(16)).min(LONGEST_PAUSE);
    let [high, low, ..] = moment.ids.salt();
    let share = u32::from(u16::from_be_bytes([high, low]));
    let spread = pause / 6;
    pause - spread / 2 + spread * share / u32::from(u16::MAX)
}

fn settle(
    leased: &Leased,
    state: DeliveryState,
    reply: String,
    next_attempt_at: Option<Timestamp>,
    moment: &mut Moment,
) -> Settlement {
    let kind = match state {
        DeliveryState::Accepted => "message.accepted",
        DeliveryState::Deferred => "message.deferred",
        DeliveryState::Cancelled => "message.cancelled",
        DeliveryState::Queued | DeliveryState::Sending | DeliveryState::Failed => "message.failed",
    };
    let message = leased.letter.as_ref().ok().map(|letter| &letter.message);
    let subject = message.map(|message| Subject {
        contact: message.about.contact(),
        user: message.about.user(),
        login: message.about.login(),
    });
    let mut event = moment.event(kind, subject.unwrap_or_default());
    event.facts.insert("message".to_owned(), leased.lease.message.to_string());
    if let Some(message) = message {
        event.facts.insert("message_kind".to_owned(), message.kind().code().to_owned());
        event.personal.insert("to".to_owned(), message.to.as_str().to_owned());
    }
    event.personal.insert("reply".to_owned(), reply.clone());
    let attempt = Attempt { at: moment.now, state, reply };
    Settlement { attempt, next_attempt_at, event }
}
