//! Sessions of the workspace that staff begin themselves with a password, and what they do with their own (P3, W1).

use super::{
    Moment,
    outcome::Decided,
    staff::{raised, staff_password_changed},
    user::{changed, end_sessions_and_links},
    workspace::{OpenWorkspace, begin, user_event},
};
use crate::{
    Refusal,
    change::{Aggregate, Change, Decision, Reliance, Which},
    facts::{StaffFacts, StaffSignIn, WorkspaceSessionFacts},
    id::{CredentialId, WorkspaceSessionId},
    password::PasswordHash,
    practice::Practice,
    session::{WorkspaceSession, WorkspaceSessionHash},
    staff::StaffCredential,
    throttle::CountedTry,
    time::Timestamp,
};

/// A password of staff that was found right.
#[derive(Clone, Debug)]
pub struct SignInStaff {
    /// The credential it was verified against.
    pub credential: CredentialId,
    /// The session to begin.
    pub open: OpenWorkspace,
    /// The password hashed with today's parameters, where they rose (P1).
    pub rehashed: Option<PasswordHash>,
    /// The try that it was: it was right, and is given back with the commit (G1).
    pub counted: CountedTry,
}

/// Begins a session, if the verified password still is the user's and was confirmed at the key it has now. A session that the
/// browser had before ends with it (P3).
pub fn sign_in_staff(
    practice: &Practice,
    facts: Option<&StaffSignIn>,
    replaced: Option<&WorkspaceSessionFacts>,
    command: &SignInStaff,
    moment: &mut Moment,
) -> Result<Decided<WorkspaceSession>, Refusal> {
    let StaffSignIn { user, credential } = facts.ok_or(Refusal::SignInFailed)?;
    let holds = |held: &&StaffCredential| held.id == command.credential && held.confirmed_at == *user.email.key();
    let credential = credential.as_ref().filter(holds).ok_or(Refusal::SignInFailed)?;
    let (mut decision, session) = begin(practice, user, replaced, &command.open, moment);
    if let Some(hash) = command.rehashed.clone() {
        let credential = StaffCredential { hash, ..credential.clone() };
        decision.changes.push(Change::PutStaffCredential { user: user.id, credential });
        let own = decision.expect.iter_mut().find(|expect| expect.what == Aggregate::User(user.id));
        // Where the browser's own session of the same user ends, the user changes already.
        if let Some(own) = own.filter(|own| own.how == Reliance::LookedAt) {
            own.how = Reliance::Changed;
            decision.changes.push(raised(user));
        }
    }
    decision.changes.push(Change::GiveBack(command.counted));
    for event in &mut decision.events {
        if event.kind == "workspace.session_opened" {
            event.facts.insert("by".to_owned(), "password".to_owned());
        }
    }
    Ok(Decided { decision, outcome: session })
}

/// The valid sessions of a practice user, oldest first.
pub fn valid_workspace_sessions(facts: &StaffFacts, now: Timestamp) -> impl Iterator<Item = &WorkspaceSession> {
    facts.sessions.iter().filter(move |session| session.valid(now))
}

/// The session that asks, and whose it is; `Unauthorized` where it is not valid.
pub fn own_workspace_session<'a>(
    facts: Option<&'a StaffFacts>,
    own: &WorkspaceSessionHash,
    now: Timestamp,
) -> Result<(&'a WorkspaceSession, &'a StaffFacts), Refusal> {
    let facts = facts.ok_or(Refusal::Unauthorized)?;
    let session = valid_workspace_sessions(facts, now).find(|session| session.hash == *own);
    Ok((session.ok_or(Refusal::Unauthorized)?, facts))
}

/// Ends others of one's own sessions: one, or all but the one that asks. Answers how many were valid.
pub fn end_own_workspace_sessions(
    facts: Option<&StaffFacts>,
    own: &WorkspaceSessionHash,
    target: Option<WorkspaceSessionId>,
    moment: &mut Moment,
) -> Result<Decided<usize>, Refusal> {
    let (session, facts) = own_workspace_session(facts, own, moment.now)?;
    let which = target.map_or(Which::AllBut(session.id), Which::One);
    let ended = valid_workspace_sessions(facts, moment.now).filter(|session| which.meets(&session.id)).count();
    if target.is_some() && ended == 0 {
        return Err(Refusal::NotFound { what: "session" });
    }
    let mut decision = Decision::default();
    // Those that are idle for too long by this instance's clock end too: by another's they may be valid yet.
    if facts.sessions.iter().any(|session| which.meets(&session.id)) {
        let user = &facts.user;
        decision.expect.push(changed(user));
        decision.changes.push(Change::EndWorkspaceSessions { user: user.id, which, at: moment.now });
        decision.changes.push(raised(user));
    }
    if ended > 0 {
        let kind = if target.is_some() { "workspace.session_ended" } else { "workspace.others_ended" };
        let mut event = user_event(kind, facts.user.id, moment);
        if let Some(target) = target {
            event.facts.insert("session".to_owned(), target.to_string());
            event.facts.insert("why".to_owned(), "ended_by_owner".to_owned());
        }
        decision.events.push(event);
    }
    Ok(Decided { decision, outcome: ended })
}

/// A new password of staff, given inside a session whose current password was found right.
#[derive(Clone, Debug)]
pub struct ChangedStaffPassword {
    /// The credential that the current password was verified against.
    pub credential: CredentialId,
    /// The new password, hashed.
    pub hash: PasswordHash,
    /// Digest of the token that the browser gets in place of its old one.
    pub session: WorkspaceSessionHash,
    /// Names the new password.
    pub new_id: CredentialId,
    /// The try with the password until now: it was right, and is given back with the commit (G1).
    pub counted: CountedTry,
}

/// Changes the password inside a session (P3): all other sessions and all links end, this browser gets a new session id within
/// the old one's absolute limit, and the user's address is told.
pub fn change_staff_password(
    practice: &Practice,
    facts: Option<&StaffFacts>,
    own: &WorkspaceSessionHash,
    command: &ChangedStaffPassword,
    moment: &mut Moment,
) -> Result<Decided<WorkspaceSession>, Refusal> {
    let (session, StaffFacts { user, credential, .. }) = own_workspace_session(facts, own, moment.now)?;
    let before = credential.as_ref().filter(|credential| credential.id == command.credential);
    let before = before.ok_or(Refusal::Unauthorized)?;
    let now = moment.now;
    let credential = StaffCredential {
        id: command.new_id,
        hash: command.hash.clone(),
        confirmed_at: before.confirmed_at.clone(),
        set_at: now,
    };
    let fresh = WorkspaceSession {
        id: moment.ids.next(now),
        hash: command.session,
        last_seen_at: now,
        idle_until: now.after(practice.settings.session_idle()),
        ..session.clone()
    };
    let mut decision = Decision { expect: vec![changed(user)], ..Decision::default() };
    end_sessions_and_links(&mut decision, user, moment);
    decision.changes.push(Change::PutStaffCredential { user: user.id, credential });
    decision.changes.push(raised(user));
    decision.changes.push(Change::OpenWorkspaceSession(fresh.clone()));
    decision.changes.push(Change::GiveBack(command.counted));
    decision.messages.push(staff_password_changed(user, moment));
    decision.events.push(user_event("user.password_changed", user.id, moment));
    Ok(Decided { decision, outcome: fresh })
}
