//! Invitations that nobody has accepted yet: one message before they expire, and an event when they have (D8).

use std::time::Duration;

use super::{
    Moment,
    link::{login_event, message},
    outcome::Decided,
};
use crate::{
    change::{Aggregate, Change, Decision, Expect, Reliance},
    facts::{LinkFacts, LoginFacts, Member},
    link::{Link, LinkPurpose, LinkState},
    message::MessageBody,
    practice::Practice,
    time::Timestamp,
};

/// What became of an invitation that came up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invited {
    /// A reminder was written.
    Reminded,
    /// It has expired, and the journal says so.
    Expired,
    /// There is nothing to say of it: it is not the newest, was accepted, or nobody waits for it.
    Passed,
    /// It is too early, or too late; nothing is noted.
    Untouched,
}

/// When a link is to be reminded of so many days before it expires: then, or when half of its life is over, if that is later.
/// So a link that lives no longer than those days is not repeated as soon as it is sent.
pub fn remind_at(link: &Link, days: u32) -> Timestamp {
    let before = link.expires_at.before(Duration::from_secs(u64::from(days) * 24 * 3600));
    let half = link.expires_at.since(link.created_at) / 2;
    before.max(link.created_at.after(half))
}

/// Deals with an activation link so many `days` before it expires, or, of none, when it has (D8): once for each number of days,
/// fewer ones after more. `newest` is whether its login had no newer activation link, whatever became of it.
///
/// The reminder repeats the link, and goes to the address that the link was written to. Nothing goes out where the login is not
/// live or has a password, where the contact that the link was written to is no longer behind it, or where a newer link is there;
/// then it is noted as dealt with. A suspended practice is left alone.
pub fn remind(
    practice: &Practice,
    facts: Option<&LinkFacts>,
    newest: bool,
    days: u32,
    moment: &mut Moment,
) -> Decided<Invited> {
    let untouched = Decided { decision: Decision::default(), outcome: Invited::Untouched };
    let Some(LinkFacts { link, login, .. }) = facts else { return untouched };
    let due = match days {
        0 => link.state(moment.now) == LinkState::Expired && link.ended_at.is_none(),
        days => link.state(moment.now) == LinkState::Usable && remind_at(link, days) <= moment.now,
    };
    if practice.suspended_at.is_some() || link.purpose != LinkPurpose::Activation || !due {
        return untouched;
    }
    let noted = Change::NoteReminded { link: link.id, days };
    let expect = login.iter().map(|facts| Expect {
        what: Aggregate::Login(facts.login.id),
        version: facts.login.version,
        how: Reliance::LookedAt,
    });
    let mut decision = Decision { expect: expect.collect(), changes: vec![noted], ..Decision::default() };
    let waits = login.as_ref().and_then(|login| Some((login, waiting(login, link)?)));
    let Some((login, member)) = waits.filter(|_| newest) else {
        return Decided { decision, outcome: Invited::Passed };
    };
    let (kind, outcome) = match days {
        0 => ("invitation.expired", Invited::Expired),
        _ => ("invitation.reminded", Invited::Reminded),
    };
    if outcome == Invited::Reminded {
        decision.messages.push(message(member, login, &link.address, Some(link), MessageBody::Reminder, moment));
    }
    let mut event = login_event(kind, login, Some(link.contact), moment);
    event.facts.insert("link".to_owned(), link.id.to_string());
    decision.events.push(event);
    Decided { decision, outcome }
}

/// The contact that waits behind the login with nothing but this link, or older ones.
fn waiting<'a>(login: &'a LoginFacts, link: &Link) -> Option<&'a Member> {
    let live = login.login.key.as_ref() == Some(link.key()) && login.login.credential.is_none();
    let newer = |other: &&Link| {
        other.purpose == LinkPurpose::Activation && (other.created_at, other.id) > (link.created_at, link.id)
    };
    if !live || login.links.iter().any(|other| newer(&other)) {
        return None;
    }
    login.members.iter().find(|member| member.contact.id == link.contact)
}
