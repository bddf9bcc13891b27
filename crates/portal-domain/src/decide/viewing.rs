//! Staff look at the portal as a contact sees it (V1): who may, what is shown, and how it ends.

use super::{
    Moment,
    outcome::Decided,
    practice::door_open,
    staff::raised,
    user::changed,
    workspace::{user_event, valid_workspace_session},
};
use crate::{
    Door, Refusal,
    change::{Aggregate, Change, Decision, Expect, Reliance},
    contact::{Access, Contact},
    event::Event,
    facts::{ContactFacts, WorkspaceSessionFacts},
    id::{ClientId, Ref},
    practice::{Client, Practice, PracticeUser, Role},
    session::ProfileId,
    viewing::{Reason, VIEW_LASTS, ViewHash, Viewing, ViewingFacts},
};

/// Whether a practice user may look: an admin, who grants it, or whom one has granted it (W3).
pub fn may_view(user: &PracticeUser, granted: bool) -> bool {
    user.role == Role::Admin || granted
}

/// A wish to look.
#[derive(Clone, Debug)]
pub struct OpenViewing<'a> {
    /// As which client's person.
    pub client: &'a Ref,
    /// Why.
    pub reason: &'a Reason,
    /// Digest of the view's token.
    pub hash: ViewHash,
}

/// Begins a view of one profile. It shows what the contact could see now: a contact without access, and a client that is not its own
/// or suspended, show nothing. The view that the browser had before ends with it; no session of anybody is touched (S8).
pub fn open_viewing(
    staff: Option<&WorkspaceSessionFacts>,
    granted: bool,
    contact: &ContactFacts,
    replaced: Option<&ViewingFacts>,
    command: &OpenViewing<'_>,
    moment: &mut Moment,
) -> Result<Decided<Viewing>, Refusal> {
    let WorkspaceSessionFacts { session, user } = valid_workspace_session(staff, moment)?;
    if !may_view(user, granted) {
        return Err(Refusal::NotFound { what: "page" });
    }
    let known = contact.contact.as_ref().ok_or(Refusal::NotFound { what: "contact" })?;
    match known.access {
        Access::Granted => {}
        Access::NotActivated => return Err(Refusal::NotActivated),
        Access::Deactivated => return Err(Refusal::PortalDeactivated),
    }
    let client = contact.clients.iter().find(|client| client.reference == *command.client);
    let client = client.and_then(|client| shown(known, client)).ok_or(Refusal::NotFound { what: "profile" })?;
    let viewing = Viewing {
        id: moment.ids.next(moment.now),
        session: session.id,
        profile: ProfileId { contact: known.id, client: client.id },
        hash: command.hash,
        created_at: moment.now,
        expires_at: moment.now.after(VIEW_LASTS).min(session.expires_at),
        ended_at: None,
    };
    let mut decision = Decision::default();
    for (what, version) in [
        (Aggregate::User(user.id), user.version),
        (Aggregate::Client(client.id), client.version),
        (Aggregate::Contact(known.id), known.version),
    ] {
        decision.expect.push(Expect { what, version, how: Reliance::LookedAt });
    }
    if let Some(old) = replaced.filter(|old| going_on(old, moment)) {
        end(&mut decision, old, "replaced", moment);
    }
    decision.changes.push(Change::OpenViewing(viewing.clone()));
    let mut event = event("view_as.opened", user, &viewing, moment);
    event.facts.insert("client".to_owned(), client.id.to_string());
    event.facts.insert("until".to_owned(), viewing.expires_at.as_micros().to_string());
    event.personal.insert("reason".to_owned(), command.reason.as_str().to_owned());
    decision.events.push(event);
    Ok(Decided { decision, outcome: viewing })
}

/// What is looked at in a view that is valid now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewed<'a> {
    /// Who looks.
    pub user: &'a PracticeUser,
    /// The contact.
    pub contact: &'a Contact,
    /// Its client.
    pub client: &'a Client,
}

/// What a view shows, judged anew each time: it is over as soon as the user may not look, is not signed in to the workspace any more,
/// or the contact would not see the profile itself.
pub fn valid_viewing<'a>(
    practice: &Practice,
    facts: Option<&'a ViewingFacts>,
    contact: &'a ContactFacts,
    moment: &Moment,
) -> Result<Viewed<'a>, Refusal> {
    door_open(practice, Door::Workspace)?;
    let ViewingFacts { viewing, staff, granted } = facts.ok_or(Refusal::Unauthorized)?;
    let user = &valid_workspace_session(Some(staff), moment)?.user;
    let seen = contact.contact.as_ref().filter(|contact| contact.access == Access::Granted);
    let known = seen.filter(|contact| contact.id == viewing.profile.contact).ok_or(Refusal::Unauthorized)?;
    let client = contact.clients.iter().find(|client| client.id == viewing.profile.client);
    let client = client.and_then(|client| shown(known, client)).ok_or(Refusal::Unauthorized)?;
    let valid = viewing.open(moment.now) && may_view(user, *granted);
    valid.then_some(Viewed { user, contact: known, client }).ok_or(Refusal::Unauthorized)
}

/// A client that the contact sees (A5).
fn shown<'a>(contact: &Contact, client: &'a Client) -> Option<&'a Client> {
    let own = |id: &ClientId| *id == client.id;
    (contact.clients.iter().any(own) && !client.suspended).then_some(client)
}

/// Whether somebody looks: with the session that it hangs on, a view is over, and nobody ends it any more.
fn going_on(facts: &ViewingFacts, moment: &Moment) -> bool {
    facts.viewing.open(moment.now) && valid_workspace_session(Some(&facts.staff), moment).is_ok()
}

/// Ends a view. Whoever holds its token may, whatever it is worth by now; the outcome says whether there was anything to end.
pub fn end_viewing(facts: Option<&ViewingFacts>, moment: &mut Moment) -> Decided<bool> {
    let mut decision = Decision::default();
    if let Some(facts) = facts.filter(|facts| going_on(facts, moment)) {
        end(&mut decision, facts, "left", moment);
    }
    Decided { outcome: !decision.is_empty(), decision }
}

fn end(decision: &mut Decision, facts: &ViewingFacts, why: &str, moment: &mut Moment) {
    decision.changes.push(Change::EndViewing { viewing: facts.viewing.id, at: moment.now });
    let mut event = event("view_as.ended", &facts.staff.user, &facts.viewing, moment);
    event.facts.insert("why".to_owned(), why.to_owned());
    decision.events.push(event);
}

/// An event about a view: of the practice user, and of the contact.
fn event(kind: &'static str, user: &PracticeUser, viewing: &Viewing, moment: &mut Moment) -> Event {
    let mut event = user_event(kind, user.id, moment);
    event.subject.contact = Some(viewing.profile.contact);
    event.facts.insert("view".to_owned(), viewing.id.to_string());
    event
}

/// Grants a practice user to look, or takes that back: views that go on are over with it. The outcome says whether anything changed.
pub fn grant_viewing(
    user: Option<&PracticeUser>,
    granted: bool,
    wanted: bool,
    moment: &mut Moment,
) -> Result<Decided<bool>, Refusal> {
    let user = user.ok_or(Refusal::NotFound { what: "practice user" })?;
    if granted == wanted {
        return Ok(Decided { decision: Decision::default(), outcome: false });
    }
    let (change, kind) = match wanted {
        true => (Change::GrantViewing(user.id), "user.view_as_granted"),
        false => (Change::RevokeViewing(user.id), "user.view_as_revoked"),
    };
    let decision = Decision {
        expect: vec![changed(user)],
        changes: vec![change, raised(user)],
        messages: Vec::new(),
        events: vec![user_event(kind, user.id, moment)],
    };
    Ok(Decided { decision, outcome: true })
}
