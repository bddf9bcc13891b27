//! How staff come to a password of the workspace (W1): invitation, reset and what a link does, under the rules of L.

use std::time::Duration;

use super::{
    Moment,
    outcome::Decided,
    user::{changed, end_sessions_and_links},
    workspace::user_event,
};
use crate::{
    Refusal,
    change::{Change, Decision, Which},
    event::Event,
    facts::StaffFacts,
    id::CredentialId,
    link::LinkState,
    message::{About, Message, MessageBody},
    password::PasswordHash,
    practice::{Practice, PracticeUser},
    staff::{StaffCredential, StaffLink, StaffLinkKind},
    throttle::{BucketName, mailbox_is_full},
    time::Timestamp,
};

/// So many links of one kind work at once (L4).
const MOST: usize = 5;
/// After so long a mailbox that was full takes another test.
const AN_HOUR: Duration = Duration::from_secs(3600);

/// How an invitation reaches the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invite {
    /// By mail, to the user's own address.
    ByMail,
    /// By whoever asks: the token is shown once, and no mail is written.
    ByHand,
}

/// Invites a practice user to the workspace, each time anew (A1): a link to set a password, and the mail that carries it. Of more
/// than five that work the oldest ends (L4).
pub fn invite_staff(
    practice: &Practice,
    facts: Option<&StaffFacts>,
    how: Invite,
    moment: &mut Moment,
) -> Result<Decided<StaffLink>, Refusal> {
    let facts = facts.ok_or(Refusal::NotFound { what: "practice user" })?;
    let event = user_event("user.invited", facts.user.id, moment);
    let (mut decision, link) = open(practice, facts, StaffLinkKind::Invitation, event, moment);
    match how {
        Invite::ByMail => decision.messages.push(carrying(&facts.user, &link, moment)),
        Invite::ByHand => {
            let by_hand = decision.events.iter_mut();
            by_hand.for_each(|event| drop(event.facts.insert("how".to_owned(), "by_hand".to_owned())));
        }
    }
    Ok(Decided { decision, outcome: link })
}

/// Sends a reset link to the practice user who holds a key, within the limits of G3 (`asked` are the times of such mail). Who has
/// no password and was never invited at that key is signed in by another program, or not yet at all: nothing is sent (W1), as
/// where there is nobody.
pub fn request_staff_reset(
    practice: &Practice,
    facts: Option<&StaffFacts>,
    asked: &[Timestamp],
    moment: &mut Moment,
) -> Decided<bool> {
    let facts = facts.filter(|facts| facts.credential.is_some() || was_invited(facts));
    ask(practice, facts, StaffLinkKind::Reset, asked, "user.reset_requested", moment)
}

/// Whether the latest invitation went to the key of today: whoever reads another mailbox was not invited.
fn was_invited(facts: &StaffFacts) -> bool {
    facts.invitation.as_ref().is_some_and(|link| link.key() == facts.user.email.key())
}

/// Sends a new link in place of one, to the user's address of today, if there still is the user (L4), within the limits of G3.
pub fn renew_staff_link(
    practice: &Practice,
    link: &StaffLink,
    facts: Option<&StaffFacts>,
    asked: &[Timestamp],
    moment: &mut Moment,
) -> Decided<bool> {
    ask(practice, facts, link.kind, asked, "user.link_renewed", moment)
}

fn ask(
    practice: &Practice,
    facts: Option<&StaffFacts>,
    kind: StaffLinkKind,
    asked: &[Timestamp],
    what: &'static str,
    moment: &mut Moment,
) -> Decided<bool> {
    let Some(facts) = facts.filter(|_| !mailbox_is_full(asked, moment.now)) else {
        return Decided { decision: Decision::default(), outcome: false };
    };
    let event = user_event(what, facts.user.id, moment);
    let (mut decision, link) = open(practice, facts, kind, event, moment);
    let asked_at = Some(facts.user.email.key().clone());
    decision.messages.push(Message { asked_at, ..carrying(&facts.user, &link, moment) });
    Decided { decision, outcome: true }
}

fn open(
    practice: &Practice,
    facts: &StaffFacts,
    kind: StaffLinkKind,
    mut event: Event,
    moment: &mut Moment,
) -> (Decision, StaffLink) {
    let (user, now) = (&facts.user, moment.now);
    let link = fresh_link(practice, user, kind, moment);
    event.facts.insert("link".to_owned(), link.id.to_string());
    let alike = |open: &&StaffLink| open.kind == kind && open.state(now) == LinkState::Usable;
    let mut open: Vec<_> = facts.links.iter().filter(alike).map(|open| (open.created_at, open.id)).collect();
    open.sort();
    let surplus = (open.len() + 1).saturating_sub(MOST);
    let over = open.into_iter().take(surplus).map(|(_, id)| id);
    let end = |link| Change::EndStaffLinks { user: user.id, which: Which::One(link), at: now };
    let mut changes: Vec<_> = over.map(end).collect();
    changes.push(Change::OpenStaffLink(link.clone()));
    changes.push(raised(user));
    (Decision { expect: vec![changed(user)], changes, messages: Vec::new(), events: vec![event] }, link)
}

/// A link that sets this user's password.
pub(super) fn fresh_link(
    practice: &Practice,
    user: &PracticeUser,
    kind: StaffLinkKind,
    moment: &mut Moment,
) -> StaffLink {
    StaffLink {
        id: moment.ids.next(moment.now),
        user: user.id,
        kind,
        address: user.email.clone(),
        signed_with: moment.signed_with.clone(),
        created_at: moment.now,
        expires_at: moment.now.after(kind.life(&practice.settings)),
        used_at: None,
        ended_at: None,
    }
}

/// The user, of the version after: links and sessions belong to their user, and whoever relied on one decides again.
pub(super) fn raised(user: &PracticeUser) -> Change {
    Change::PutUser(PracticeUser { version: user.version + 1, ..user.clone() })
}

fn carrying(user: &PracticeUser, link: &StaffLink, moment: &mut Moment) -> Message {
    let body = match link.kind {
        StaffLinkKind::Invitation => MessageBody::StaffInvitation,
        StaffLinkKind::Reset => MessageBody::StaffReset,
    };
    Message { link: Some(link.id), ..message(user, body, moment) }
}

fn message(user: &PracticeUser, body: MessageBody, moment: &mut Moment) -> Message {
    Message {
        id: moment.ids.next(moment.now),
        about: About::User(user.id),
        link: None,
        to: user.email.clone(),
        name: user.name.clone(),
        clients: Vec::new(),
        body,
        asked_at: None,
        created_at: moment.now,
    }
}

/// Mails a practice user a test, to see how the practice's mail arrives: to its own address and to no other. `sent` are the times of
/// such mail alone; it is as rare as mail that anybody can ask for, and counted apart, so that neither shuts the other out (G3).
/// The outcome is the address.
pub fn send_test_mail(
    facts: Option<&StaffFacts>,
    sent: &[Timestamp],
    moment: &mut Moment,
) -> Result<Decided<String>, Refusal> {
    let StaffFacts { user, .. } = facts.ok_or(Refusal::NotFound { what: "practice user" })?;
    if mailbox_is_full(sent, moment.now) {
        return Err(Refusal::TooManyRequests { retry_after: AN_HOUR.as_secs() });
    }
    let asked_at = Some(user.email.key().clone());
    let mail = Message { asked_at, ..message(user, MessageBody::Test, moment) };
    let event = user_event("user.test_mail_sent", user.id, moment);
    let decision = Decision {
        expect: vec![changed(user)],
        changes: vec![raised(user)],
        messages: vec![mail],
        events: vec![event],
    };
    Ok(Decided { decision, outcome: user.email.as_str().to_owned() })
}

/// The mail about a password that replaced another (P3).
pub(super) fn staff_password_changed(user: &PracticeUser, moment: &mut Moment) -> Message {
    message(user, MessageBody::StaffPasswordChanged, moment)
}

/// The user whose password a link sets now, or the refusal that says why it sets none (L3).
pub fn usable_staff_link<'a>(
    link: &StaffLink,
    facts: Option<&'a StaffFacts>,
    moment: &Moment,
) -> Result<&'a StaffFacts, Refusal> {
    match (link.state(moment.now), facts) {
        (LinkState::Usable, Some(facts)) if facts.user.email.key() == link.key() => Ok(facts),
        (LinkState::Usable, _) => Err(Refusal::LinkClosed { state: LinkState::Dead }),
        (state, _) => Err(Refusal::LinkClosed { state }),
    }
}

/// Uses a link, once, to set a password (L3, L5): every link and session of the user ends, no session begins. The password is
/// confirmed at the link's key, and pauses after wrong ones there are over (G1). Answers the address to sign in with.
pub fn redeem_staff_link(
    link: &StaffLink,
    facts: Option<&StaffFacts>,
    hash: &PasswordHash,
    moment: &mut Moment,
) -> Result<Decided<String>, Refusal> {
    let StaffFacts { user, credential: before, .. } = usable_staff_link(link, facts, moment)?;
    let now = moment.now;
    let id: CredentialId = moment.ids.next(now);
    let credential = StaffCredential { id, hash: hash.clone(), confirmed_at: link.key().clone(), set_at: now };
    let mut decision = Decision { expect: vec![changed(user)], ..Decision::default() };
    decision.changes.push(Change::UseStaffLink { link: link.id, at: now });
    end_sessions_and_links(&mut decision, user, moment);
    decision.changes.push(Change::PutStaffCredential { user: user.id, credential });
    decision.changes.push(raised(user));
    decision.changes.push(Change::ForgetTries(BucketName::staff_strangers(link.key())));
    decision.messages.extend(before.as_ref().map(|_| staff_password_changed(user, moment)));
    let mut event = user_event("user.password_set", user.id, moment);
    event.facts.insert("link".to_owned(), link.id.to_string());
    event.facts.insert("replaced".to_owned(), before.is_some().to_string());
    decision.events.push(event);
    Ok(Decided { decision, outcome: user.email.as_str().to_owned() })
}
