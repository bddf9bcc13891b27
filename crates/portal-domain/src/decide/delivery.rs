//! What becomes of a message after an attempt (D1, D2).

use std::time::Duration;

use super::Moment;
use crate::{
    event::Subject,
    link::{Link, LinkState},
    message::{Attempt, DeliveryState, Message, SendOutcome, Settlement},
    time::Timestamp,
};

/// So often a message is tried. With the pauses below that takes 22 hours; one more pause would pass the 24 of D2.
const ATTEMPTS: u32 = 18;
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(2 * 3600);

/// Whether a message is still worth sending at `now`: one whose link no longer works is not.
pub fn wanted(message: &Message, link: Option<&Link>, now: Timestamp) -> bool {
    message.link.is_none() || link.is_some_and(|link| link.state(now) == LinkState::Usable)
}

/// The settlement of a message that is no longer wanted.
pub fn cancelled(message: &Message, link: Option<&Link>, moment: &mut Moment) -> Settlement {
    let used = link.is_some_and(|link| link.state(moment.now) == LinkState::Used);
    let reply = if used { "its link was used already" } else { "its link no longer works" };
    settle(message, DeliveryState::Cancelled, reply.to_owned(), None, moment)
}

/// The settlement after an attempt; `before` attempts were made already.
///
/// Taken: accepted. A temporary fault, of the network or of our own configuration: deferred, with pauses that double from a
/// minute to two hours, for 24 hours of trying (a queue that stood still does not count), then failed. A permanent fault: failed.
pub fn handed_over(message: &Message, before: u32, outcome: &SendOutcome, moment: &mut Moment) -> Settlement {
    let (state, reply) = match outcome {
        SendOutcome::Accepted { reply } => (DeliveryState::Accepted, reply),
        SendOutcome::Permanent { reply } => (DeliveryState::Failed, reply),
        SendOutcome::Transient { reply } | SendOutcome::Misconfigured { reply } => (DeliveryState::Deferred, reply),
    };
    let pause = Duration::from_secs(60).saturating_mul(1 << before.min(16)).min(LONGEST_PAUSE);
    let next = moment.now.after(pause);
    let too_late = before.saturating_add(1) >= ATTEMPTS;
    let (state, next) = match state {
        DeliveryState::Deferred if too_late => (DeliveryState::Failed, None),
        DeliveryState::Deferred => (DeliveryState::Deferred, Some(next)),
        settled => (settled, None),
    };
    settle(message, state, reply.clone(), next, moment)
}

fn settle(
    message: &Message,
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
    let subject = Subject { contact: Some(message.contact), user: None, login: Some(message.login) };
    let mut event = moment.event(kind, subject);
    event.facts.insert("message".to_owned(), message.id.to_string());
    event.facts.insert("message_kind".to_owned(), message.kind().code().to_owned());
    event.personal.insert("to".to_owned(), message.to.as_str().to_owned());
    event.personal.insert("reply".to_owned(), reply.clone());
    let attempt = Attempt { at: moment.now, state, reply };
    Settlement { attempt, next_attempt_at, event }
}
