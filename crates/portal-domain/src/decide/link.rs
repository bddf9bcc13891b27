//! Links: what opens, what a redemption does, and how a new one is asked for (section L).

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Moment, draft::cap, outcome::Decided, session::tell_hosts};
use crate::{
    Refusal,
    change::{Aggregate, Change, Decision, Expect, Reliance, Which},
    contact::Contact,
    email::{EmailAddress, mask},
    event::{Event, Subject},
    facts::{LinkFacts, LoginFacts, Member},
    id::{ContactId, CredentialId},
    link::{Link, LinkPurpose, LinkState},
    login::{Credential, Login},
    message::{About, Message, MessageBody},
    password::PasswordHash,
    practice::Practice,
    throttle::{BucketName, mailbox_is_full},
    time::Timestamp,
};

/// For so long the old address is told of a password that is set at the new one (M4).
const NOTE_AFTER_MOVE: Duration = Duration::from_secs(7 * 24 * 3600);

/// A new password for the login of a link.
#[derive(Clone, Debug)]
pub struct Redemption {
    /// The password, hashed.
    pub hash: PasswordHash,
}

/// What a redemption answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redeemed {
    /// The address to sign in with, as the contact the link was written to spells it.
    pub login_email: String,
}

/// The login of a link that can be redeemed at `now`, or the refusal that says why it can't (L3).
///
/// A link of purpose *workspace* is no link of the portal.
pub fn usable_link<'a>(facts: &'a LinkFacts, moment: &Moment) -> Result<&'a LoginFacts, Refusal> {
    if facts.link.purpose == LinkPurpose::Workspace {
        return Err(Refusal::NotFound { what: "link" });
    }
    match (facts.link.state(moment.now), &facts.login) {
        (LinkState::Usable, Some(login)) if login.login.key.as_ref() == Some(facts.link.key()) => Ok(login),
        (LinkState::Usable, _) => Err(Refusal::LinkClosed { state: LinkState::Dead }),
        (state, _) => Err(Refusal::LinkClosed { state }),
    }
}

/// Uses a link, once, to set a password (L3, L5): every link and session of the login ends, no session begins.
/// The password is confirmed at the key to which the link was mailed, and pauses after wrong ones there are over (G1).
pub fn redeem(facts: &LinkFacts, command: &Redemption, moment: &mut Moment) -> Result<Decided<Redeemed>, Refusal> {
    let login = usable_link(facts, moment)?;
    let (id, now) = (login.login.id, moment.now);
    let credential_id: CredentialId = moment.ids.next(now);
    let credential = Credential {
        id: credential_id,
        hash: command.hash.clone(),
        confirmed_at: Some(facts.link.key().clone()),
        set_at: now,
    };
    let after = Login {
        credential: Some(credential),
        epoch: login.login.epoch + 1,
        version: login.login.version + 1,
        ..login.login.clone()
    };
    let changes = vec![
        Change::UseLink { link: facts.link.id, at: now },
        Change::EndLinks { login: id, at: now },
        Change::EndSessions { login: id, which: Which::All, at: now },
        Change::PutLogin(after),
        Change::ForgetTries(BucketName::strangers(facts.link.key())),
    ];
    let messages = messages_after_redemption(facts, login, moment);
    let written_to = login.members.iter().map(|member| member.contact.id).find(|id| *id == facts.link.contact);
    let mut event = login_event("login.password_set", login, written_to, moment);
    event.facts.insert("link".to_owned(), facts.link.id.to_string());
    event.facts.insert("purpose".to_owned(), facts.link.purpose.code().to_owned());
    event.facts.insert("replaced".to_owned(), login.login.credential.is_some().to_string());
    event.facts.insert("soon_after_move".to_owned(), (!moved_lately(login, moment).is_empty()).to_string());
    let expect = vec![changes_login(&login.login)];
    let login_email = spelling(&facts.link, login);
    let mut events = vec![event];
    tell_hosts(&mut events, login, Which::All, moment);
    Ok(Decided { decision: Decision { expect, changes, messages, events }, outcome: Redeemed { login_email } })
}

/// How the contact that the link was written to spells the login's address today; the eldest's spelling where it left.
fn spelling(link: &Link, login: &LoginFacts) -> String {
    let written_to = login.members.iter().map(|member| &member.contact).find(|contact| contact.id == link.contact);
    let first = written_to.or_else(|| login.eldest()).and_then(|contact| contact.emails.first());
    first.unwrap_or(&link.address).as_str().to_owned()
}

fn messages_after_redemption(facts: &LinkFacts, login: &LoginFacts, moment: &mut Moment) -> Vec<Message> {
    let mut messages = Vec::new();
    if login.login.credential.is_some() {
        messages.extend(password_changed(login, moment));
    }
    let new_address = mask(facts.link.address.as_str());
    for (member, old) in moved_lately(login, moment) {
        let body = MessageBody::PasswordSetAfterMove { new_address: new_address.clone() };
        messages.push(message(member, login, &old, None, body, moment));
    }
    messages
}

/// Members whose address moved lately, with the old address: one for each old key that is not the present one.
fn moved_lately<'a>(login: &'a LoginFacts, moment: &Moment) -> Vec<(&'a Member, EmailAddress)> {
    let mut told = BTreeSet::new();
    let mut members = Vec::new();
    let mut eldest_first: Vec<_> = login.members.iter().collect();
    eldest_first.sort_by_key(|member| (member.contact.behind_since, &member.contact.reference));
    for member in eldest_first {
        let Some(moved) = &member.contact.moved_from else { continue };
        let Ok(old) = EmailAddress::parse(&moved.address) else { continue };
        let lately = moment.now.since(moved.at) <= NOTE_AFTER_MOVE;
        if lately && login.login.key.as_ref() != Some(old.key()) && told.insert(old.key().clone()) {
            members.push((member, old));
        }
    }
    members
}

/// The mail about a password that replaced another (P3), to the spelling of the contact longest behind the login.
pub(super) fn password_changed(login: &LoginFacts, moment: &mut Moment) -> Option<Message> {
    let (member, to) = eldest(login)?;
    Some(message(member, login, &to, None, MessageBody::PasswordChanged, moment))
}

/// Sends a reset link to whoever signs in with a key (L7); where no live login holds it, or its mailbox got as much as
/// anybody may send it (G3: `asked` are the times of such mail), nothing is sent.
pub fn request_reset(
    practice: &Practice,
    login: Option<&LoginFacts>,
    asked: &[Timestamp],
    moment: &mut Moment,
) -> Decided<bool> {
    let open = login.filter(|_| !mailbox_is_full(asked, moment.now));
    match open.and_then(|login| Some((login, eldest(login)?))) {
        Some((login, (member, to))) => {
            let event = login_event("login.reset_requested", login, Some(member.contact.id), moment);
            let decision = send(practice, login, member, &to, LinkPurpose::Reset, event, moment);
            Decided { decision, outcome: true }
        }
        None => Decided { decision: Decision::default(), outcome: false },
    }
}

/// Sends a new link of the same purpose to the login's address of today, if it is live (L4), within the limit of G3.
pub fn renew_link(
    practice: &Practice,
    facts: Option<&LinkFacts>,
    asked: &[Timestamp],
    moment: &mut Moment,
) -> Decided<bool> {
    let nothing = Decided { decision: Decision::default(), outcome: false };
    let Some(LinkFacts { link, login: Some(login), .. }) = facts else { return nothing };
    let closed = login.login.key.is_none() || link.purpose == LinkPurpose::Workspace;
    if closed || mailbox_is_full(asked, moment.now) {
        return nothing;
    }
    let Some((member, to)) = eldest(login) else { return nothing };
    let event = login_event("login.link_renewed", login, Some(member.contact.id), moment);
    let decision = send(practice, login, member, &to, link.purpose, event, moment);
    Decided { decision, outcome: true }
}

pub(super) fn eldest(login: &LoginFacts) -> Option<(&Member, EmailAddress)> {
    let eldest = login.eldest()?.id;
    let member = login.members.iter().find(|member| member.contact.id == eldest)?;
    Some((member, member.contact.emails.first()?.clone()))
}

fn send(
    practice: &Practice,
    login: &LoginFacts,
    member: &Member,
    to: &EmailAddress,
    purpose: LinkPurpose,
    event: Event,
    moment: &mut Moment,
) -> Decision {
    let now = moment.now;
    let link = Link {
        id: moment.ids.next(now),
        login: login.login.id,
        contact: member.contact.id,
        purpose,
        address: to.clone(),
        signed_with: moment.signed_with.clone(),
        epoch: login.login.epoch,
        created_at: now,
        expires_at: now.after(purpose.life(&practice.settings)),
        used_at: None,
        ended_at: None,
    };
    let (_, over) = cap(login.links.clone(), member.contact.id, purpose, now);
    let body = if purpose == LinkPurpose::Reset { MessageBody::Reset } else { MessageBody::Activation };
    let asked_at = login.login.key.clone();
    let messages = vec![Message { asked_at, ..message(member, login, to, Some(&link), body, moment) }];
    let mut changes: Vec<_> = over.into_iter().map(|link| Change::EndLink { link, at: now }).collect();
    changes.push(Change::OpenLink(link));
    changes.push(Change::PutLogin(Login { version: login.login.version + 1, ..login.login.clone() }));
    Decision { expect: vec![changes_login(&login.login)], changes, messages, events: vec![event] }
}

pub(super) fn message(
    member: &Member,
    login: &LoginFacts,
    to: &EmailAddress,
    link: Option<&Link>,
    body: MessageBody,
    moment: &mut Moment,
) -> Message {
    let Member { contact, clients } = member;
    let Contact { id, name, .. } = contact;
    Message {
        id: moment.ids.next(moment.now),
        about: About::Contact { contact: *id, login: login.login.id },
        link: link.map(|link| link.id),
        to: to.clone(),
        name: name.clone(),
        clients: clients.iter().filter(|client| !client.suspended).map(|client| client.name.clone()).collect(),
        body,
        asked_at: None,
        created_at: moment.now,
    }
}

pub(super) const fn changes_login(login: &Login) -> Expect {
    Expect { what: Aggregate::Login(login.id), version: login.version, how: Reliance::Changed }
}

/// An event about a login, and about a contact: the one that is known to be meant, else the only one there is.
pub(super) fn login_event(
    kind: &'static str,
    login: &LoginFacts,
    contact: Option<ContactId>,
    moment: &mut Moment,
) -> Event {
    let contact = match login.members.as_slice() {
        [only] => Some(only.contact.id),
        _ => contact,
    };
    moment.event(kind, Subject { contact, user: None, login: Some(login.login.id) })
}
