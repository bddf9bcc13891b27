//! Hand-overs: the practice's own program signs a contact in, by an address that works once.

use super::{
    Moment,
    outcome::Decided,
    session::{new_session, rely, replace, valid_session},
};
use crate::{
    Refusal,
    change::{Aggregate, Change, Decision, Expect, Reliance},
    contact::Access,
    event::Subject,
    facts::{ContactFacts, HandoffFacts, LoginFacts, Member, SessionFacts},
    handoff::{HANDOFF_LIFE, Handoff, HandoffHash, Landing},
    id::{Ref, SessionId},
    link::LinkState,
    practice::Practice,
    session::{Factor, PortalSession, ProfileId, SessionHash},
    time::Timestamp,
};

/// Who is to be handed over, and where to.
#[derive(Clone, Debug)]
pub struct HandOver {
    /// The client to look at, if one is named.
    pub client: Option<Ref>,
    /// Where it leads.
    pub landing: Landing,
    /// Digest of the token.
    pub hash: HandoffHash,
}

/// A hand-over that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandedOver {
    /// From when on it no longer works.
    pub expires_at: Timestamp,
}

/// Makes a hand-over of a contact with access. A client that is unknown, suspended or another contact's is no profile of the
/// contact's, and all three answer alike (A5).
pub fn hand_over(
    facts: &ContactFacts,
    command: &HandOver,
    moment: &mut Moment,
) -> Result<Decided<HandedOver>, Refusal> {
    let contact = facts.contact.as_ref().ok_or(Refusal::NotFound { what: "contact" })?;
    let login = match (contact.access, &facts.login) {
        (Access::Granted, Some(login)) => &login.login,
        (Access::Deactivated, _) => return Err(Refusal::PortalDeactivated),
        _ => return Err(Refusal::NotActivated),
    };
    let client = match &command.client {
        None => None,
        Some(named) => {
            let own = facts.clients.iter().filter(|client| contact.clients.contains(&client.id) && !client.suspended);
            let mut meant = own.filter(|client| client.reference == *named);
            Some(meant.next().ok_or(Refusal::NotFound { what: "profile" })?.id)
        }
    };
    let handoff = Handoff {
        id: moment.ids.next(moment.now),
        hash: command.hash,
        login: login.id,
        contact: contact.id,
        client,
        landing: command.landing,
        epoch: login.epoch,
        // By a clock that is behind, the contact is no newer than its hand-over either (N13).
        created_at: contact.behind_since.map_or(moment.now, |since| since.max(moment.now)),
        expires_at: moment.now.after(HANDOFF_LIFE),
        used_at: None,
        ended_at: None,
    };
    let mut event =
        moment.event("handoff.made", Subject { contact: Some(contact.id), user: None, login: Some(login.id) });
    event.facts.insert("handoff".to_owned(), handoff.id.to_string());
    event.facts.insert("route".to_owned(), handoff.landing.code().to_owned());
    if let Some(client) = handoff.client {
        event.facts.insert("client".to_owned(), client.to_string());
    }
    let expires_at = handoff.expires_at;
    let what = Aggregate::Login(login.id);
    let decision = Decision {
        expect: vec![Expect { what, version: login.version, how: Reliance::LookedAt }],
        changes: vec![Change::OpenHandoff(handoff)],
        messages: Vec::new(),
        events: vec![event],
    };
    Ok(Decided { decision, outcome: HandedOver { expires_at } })
}

/// The login of a hand-over that can be redeemed at `now` and the contact that is meant, or the refusal that says why not.
///
/// Access is judged now: the contact is still behind the login, without a break since the hand-over was made, and the client it
/// is for is one of its own and open.
pub fn usable_handoff(facts: &HandoffFacts, now: Timestamp) -> Result<(&LoginFacts, &Member), Refusal> {
    let HandoffFacts { handoff, login } = facts;
    let dead = Refusal::LinkClosed { state: LinkState::Dead };
    match handoff.state(now) {
        LinkState::Usable => {}
        state => return Err(Refusal::LinkClosed { state }),
    }
    let Some(login) = login.as_ref().filter(|it| it.login.key.is_some() && it.login.epoch == handoff.epoch) else {
        return Err(dead);
    };
    let unbroken = |member: &&Member| {
        let since = member.contact.behind_since;
        member.contact.id == handoff.contact && since.is_some_and(|since| since <= handoff.created_at)
    };
    let Some(member) = login.members.iter().find(unbroken) else { return Err(dead) };
    let open = |client| member.clients.iter().any(|own| own.id == client && !own.suspended);
    if handoff.client.is_none_or(open) { Ok((login, member)) } else { Err(dead) }
}

/// Ends all hand-overs of a practice, as staff may who end all sessions: of a login without a session, too, none begins by one.
pub fn end_handoffs(now: Timestamp) -> Decision {
    Decision { changes: vec![Change::EndHandoffs { at: now }], ..Decision::default() }
}

/// A browser that redeems a hand-over.
#[derive(Clone, Debug)]
pub struct TakeOver {
    /// Digest of the new session's token.
    pub hash: SessionHash,
    /// What the browser calls itself.
    pub user_agent: Option<String>,
    /// The session of another login that the person agreed to end.
    pub switch: Option<SessionId>,
}

/// Uses a hand-over, once, and begins a session with the same commit. The session that the browser had before ends; where that
/// is another login's, the person has to agree to the switch first, and until then nothing happens: no outcome (L5).
pub fn take_over(
    practice: &Practice,
    facts: &HandoffFacts,
    replaced: Option<&SessionFacts>,
    command: &TakeOver,
    moment: &mut Moment,
) -> Result<Decided<Option<PortalSession>>, Refusal> {
    let (LoginFacts { login, .. }, member) = usable_handoff(facts, moment.now)?;
    let mut decision = Decision::default();
    if let Ok((old, owner)) = valid_session(replaced, moment.now)
        && owner.login.id != login.id
        && command.switch != Some(old.id)
    {
        return Ok(Decided { decision, outcome: None });
    }
    let (handoff, contact) = (&facts.handoff, member.contact.id);
    let brought = (command.hash, command.user_agent.clone());
    let profile = handoff.client.map(|client| ProfileId { contact, client });
    let session = new_session(practice, login, Factor::Handoff, brought, moment);
    let session = PortalSession { profile, ..session };
    let replaces_own = replace(&mut decision, login, replaced, moment);
    rely(&mut decision, login, replaces_own, None);
    let used = Change::UseHandoff { handoff: handoff.id, at: moment.now };
    decision.changes.extend([used, Change::OpenSession(session.clone())]);
    let subject = Subject { contact: Some(contact), user: None, login: Some(login.id) };
    let mut event = moment.event("session.opened", subject);
    event.facts.insert("session".to_owned(), session.id.to_string());
    event.facts.insert("handoff".to_owned(), handoff.id.to_string());
    decision.events.push(event);
    Ok(Decided { decision, outcome: Some(session) })
}
