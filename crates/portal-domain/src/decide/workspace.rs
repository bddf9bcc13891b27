//! Sessions of the workspace: how they begin, what notes their use, how they end (P3, P4, W2).

use super::{Moment, outcome::Decided, session::shown_name, user::changed};
use crate::{
    Refusal,
    change::{Aggregate, Change, Decision, Expect, Reliance, Which},
    event::{Event, Subject},
    facts::WorkspaceSessionFacts,
    id::UserId,
    practice::{Practice, PracticeUser},
    session::{WorkspaceSession, WorkspaceSessionHash},
};

/// A practice user whom the practice's own program has signed in (W1).
#[derive(Clone, Debug)]
pub struct OpenWorkspace {
    /// Digest of the new session's token.
    pub hash: WorkspaceSessionHash,
    /// What the browser calls itself.
    pub user_agent: Option<String>,
}

/// Begins a session of the workspace. The user is looked at, so that nobody is removed or demoted meanwhile (W2). A session
/// that the browser had before ends with the same commit (P3).
pub fn open_workspace_session(
    practice: &Practice,
    user: Option<&PracticeUser>,
    replaced: Option<&WorkspaceSessionFacts>,
    command: &OpenWorkspace,
    moment: &mut Moment,
) -> Result<Decided<WorkspaceSession>, Refusal> {
    let user = user.ok_or(Refusal::NotFound { what: "practice user" })?;
    let (decision, session) = begin(practice, user, replaced, command, moment);
    Ok(Decided { decision, outcome: session })
}

/// A session that begins now, in place of the one that the browser had before.
pub(super) fn begin(
    practice: &Practice,
    user: &PracticeUser,
    replaced: Option<&WorkspaceSessionFacts>,
    command: &OpenWorkspace,
    moment: &mut Moment,
) -> (Decision, WorkspaceSession) {
    let session = WorkspaceSession {
        id: moment.ids.next(moment.now),
        user: user.id,
        hash: command.hash,
        origin: moment.origin.clone(),
        user_agent: command.user_agent.clone().map(shown_name),
        created_at: moment.now,
        last_seen_at: moment.now,
        idle_until: moment.now.after(practice.settings.session_idle()),
        expires_at: moment.now.after(practice.settings.session_absolute()),
        ended_at: None,
    };
    let mut decision = Decision::default();
    if let Ok(old) = valid_workspace_session(replaced, moment) {
        end(&mut decision, old, "replaced", moment);
    }
    if decision.expect.iter().all(|expect| expect.what != Aggregate::User(user.id)) {
        let what = Aggregate::User(user.id);
        decision.expect.push(Expect { what, version: user.version, how: Reliance::LookedAt });
    }
    decision.changes.push(Change::OpenWorkspaceSession(session.clone()));
    decision.events.push(event("workspace.session_opened", &session, moment));
    (decision, session)
}

/// The facts of a session that is valid at the moment; `Unauthorized` otherwise.
pub fn valid_workspace_session<'a>(
    facts: Option<&'a WorkspaceSessionFacts>,
    moment: &Moment,
) -> Result<&'a WorkspaceSessionFacts, Refusal> {
    facts.filter(|facts| facts.session.valid(moment.now)).ok_or(Refusal::Unauthorized)
}

/// Notes that a session was used, once a minute at most; an empty decision in between.
pub fn touch_workspace_session(practice: &Practice, session: &WorkspaceSession, moment: &Moment) -> Decision {
    let lately = moment.now.since(session.last_seen_at).as_secs() < 60;
    let idle_until = moment.now.after(practice.settings.session_idle());
    let touch = Change::TouchWorkspaceSession { session: session.id, at: moment.now, idle_until };
    Decision { changes: if lately { Vec::new() } else { vec![touch] }, ..Decision::default() }
}

/// Ends the session that asks. Without a valid one there is nothing to end; the outcome says whether there was one.
pub fn leave_workspace(facts: Option<&WorkspaceSessionFacts>, moment: &mut Moment) -> Decided<bool> {
    let mut decision = Decision::default();
    let valid = valid_workspace_session(facts, moment);
    if let Ok(facts) = valid {
        end(&mut decision, facts, "left", moment);
    }
    Decided { outcome: !decision.is_empty(), decision }
}

/// Ends one session, and changes its user's version: nobody decides on a session that ended meanwhile, and none ends twice.
fn end(decision: &mut Decision, facts: &WorkspaceSessionFacts, why: &str, moment: &mut Moment) {
    let WorkspaceSessionFacts { session, user } = facts;
    decision.expect.push(changed(user));
    decision.changes.push(Change::EndWorkspaceSessions {
        user: user.id,
        which: Which::One(session.id),
        at: moment.now,
    });
    decision.changes.push(Change::PutUser(PracticeUser { version: user.version + 1, ..user.clone() }));
    let mut event = event("workspace.session_ended", session, moment);
    event.facts.insert("why".to_owned(), why.to_owned());
    decision.events.push(event);
}

/// An event about a session.
fn event(kind: &'static str, session: &WorkspaceSession, moment: &mut Moment) -> Event {
    let mut event = user_event(kind, session.user, moment);
    event.facts.insert("session".to_owned(), session.id.to_string());
    event
}

/// An event about a practice user. Where staff come from is their own, whoever vouched for them.
pub(super) fn user_event(kind: &'static str, user: UserId, moment: &mut Moment) -> Event {
    let mut event = moment.event(kind, Subject { user: Some(user), ..Subject::default() });
    let origin = event.origin.take().map(|origin| ("origin".to_owned(), origin));
    event.personal.extend(origin);
    event
}
