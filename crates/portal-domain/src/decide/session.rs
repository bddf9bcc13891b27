//! Sessions of the portal: how they begin, what they may do, how they end (P3).

use super::{
    Moment,
    link::{changes_login, login_event, password_changed},
    outcome::Decided,
    practice::door_open,
};
use crate::{
    Door, Refusal,
    change::{Aggregate, Change, Decision, Expect, Reliance, Which},
    event::{Event, Subject},
    facts::{LoginFacts, LoginGlance, SessionFacts, SignInFacts, VisitFacts},
    id::{ContactId, CredentialId, SessionId},
    login::{Credential, Login},
    password::PasswordHash,
    practice::Practice,
    session::{Factor, PortalSession, ProfileId, SessionHash},
    throttle::CountedTry,
    time::Timestamp,
};

/// A password that was found right.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// The credential it was verified against.
    pub credential: CredentialId,
    /// Digest of the new session's token.
    pub hash: SessionHash,
    /// What the browser calls itself.
    pub user_agent: Option<String>,
    /// The password hashed with today's parameters, where they rose or it was imported (P1).
    pub rehashed: Option<PasswordHash>,
    /// The try that it was: it was right, and is given back with the commit (G1).
    pub counted: CountedTry,
}

/// Begins a session, if the verified password still is the login's (P3). A session that the browser had before ends with it.
/// A login without a profile signs in too, and is told so (A5).
pub fn open_session(
    practice: &Practice,
    facts: Option<&SignInFacts>,
    replaced: Option<&SessionFacts>,
    command: &SignIn,
    moment: &mut Moment,
) -> Result<Decided<PortalSession>, Refusal> {
    let SignInFacts { login, only_member } = facts.ok_or(Refusal::SignInFailed)?;
    let credential = login.credential.as_ref().filter(|credential| credential.id == command.credential);
    let credential = credential.ok_or(Refusal::SignInFailed)?;
    if login.key.is_none() {
        return Err(Refusal::SignInFailed);
    }
    let (hash, user_agent) = (command.hash, command.user_agent.clone());
    let session = new_session(practice, login, Factor::Password, (hash, user_agent), moment);
    let mut decision = Decision::default();
    let replaces_own = replace(&mut decision, login, replaced, moment);
    let rehashed = command.rehashed.clone().map(|hash| Credential { hash, ..credential.clone() });
    rely(&mut decision, login, replaces_own, rehashed);
    decision.changes.extend([Change::OpenSession(session.clone()), Change::GiveBack(command.counted)]);
    let subject = Subject { contact: *only_member, user: None, login: Some(login.id) };
    let mut event = moment.event("session.opened", subject);
    event.facts.insert("session".to_owned(), session.id.to_string());
    event.facts.insert("rehashed".to_owned(), command.rehashed.is_some().to_string());
    decision.events.push(event);
    Ok(Decided { decision, outcome: session })
}

/// Ends the session that the browser had before, if it is valid. Answers whether it was one of the same login.
pub(super) fn replace(
    decision: &mut Decision,
    login: &Login,
    replaced: Option<&SessionFacts>,
    moment: &mut Moment,
) -> bool {
    let Ok((old, owner)) = valid_session(replaced, moment.now) else { return false };
    end(decision, owner, Which::One(old.id), "session.replaced", moment);
    let own = owner.login.id == login.id;
    if !own {
        touch(decision, owner);
    }
    own
}

/// Relies on the login that a session begins of: on the present version where nothing of it changes, else changing it.
pub(super) fn rely(decision: &mut Decision, login: &Login, ends_one: bool, rehashed: Option<Credential>) {
    if ends_one || rehashed.is_some() {
        let credential = rehashed.or_else(|| login.credential.clone());
        decision.expect.push(changes_login(login));
        decision.changes.push(Change::PutLogin(Login { credential, version: login.version + 1, ..login.clone() }));
    } else {
        let what = Aggregate::Login(login.id);
        decision.expect.push(Expect { what, version: login.version, how: Reliance::LookedAt });
    }
}

/// A session that begins now. The browser brings its token's digest and what it calls itself.
pub(super) fn new_session(
    practice: &Practice,
    login: &Login,
    factor: Factor,
    (hash, user_agent): (SessionHash, Option<String>),
    moment: &mut Moment,
) -> PortalSession {
    PortalSession {
        id: moment.ids.next(moment.now),
        login: login.id,
        hash,
        epoch: login.epoch,
        profile: None,
        factors: vec![factor],
        told: false,
        origin: moment.origin.clone(),
        user_agent: user_agent.map(shown_name),
        created_at: moment.now,
        last_seen_at: moment.now,
        idle_until: moment.now.after(practice.settings.session_idle()),
        expires_at: moment.now.after(practice.settings.session_absolute()),
        ended_at: None,
    }
}

/// Gives a try back that nothing came of: its password was right, or never looked at (G1).
pub fn give_back(counted: CountedTry) -> Decision {
    Decision { changes: vec![Change::GiveBack(counted)], ..Decision::default() }
}

/// What a browser calls itself, as it is kept: at most 200 characters, without control characters.
pub(super) fn shown_name(user_agent: String) -> String {
    user_agent.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// The login of a session that is valid at the moment; `Unauthorized` otherwise.
pub fn valid_session(facts: Option<&SessionFacts>, now: Timestamp) -> Result<(&PortalSession, &LoginFacts), Refusal> {
    let Some(SessionFacts { session, login: Some(login) }) = facts else { return Err(Refusal::Unauthorized) };
    let valid = login.login.key.is_some() && session.valid(login.login.epoch, now);
    if valid { Ok((session, login)) } else { Err(Refusal::Unauthorized) }
}

/// The same, of a request that only needs to know who is there; refused for all while the practice is suspended.
pub fn valid_visit(visit: &VisitFacts, now: Timestamp) -> Result<(&PortalSession, &LoginGlance), Refusal> {
    door_open(&visit.practice, Door::Portal)?;
    let Some((session, login)) = &visit.session else { return Err(Refusal::Unauthorized) };
    let valid = login.live && session.valid(login.epoch, now);
    if valid { Ok((session, login)) } else { Err(Refusal::Unauthorized) }
}

/// Notes that a session was used: the first time, and then once a minute at most; an empty decision in between.
pub fn touch_session(practice: &Practice, session: &PortalSession, now: Timestamp) -> Decision {
    let used = session.last_seen_at > session.created_at;
    let lately = used && now.since(session.last_seen_at).as_secs() < 60 || now <= session.created_at;
    let idle_until = now.after(practice.settings.session_idle());
    let touch = Change::TouchSession { session: session.id, at: now, idle_until };
    Decision { changes: if lately { Vec::new() } else { vec![touch] }, ..Decision::default() }
}

/// The profile a session looks at: the one chosen, while it is among the login's; else the only one there is.
pub fn chosen_profile(session: &PortalSession, login: &LoginGlance) -> Option<ProfileId> {
    let profiles = login.profiles();
    let chosen = session.profile.filter(|chosen| profiles.iter().any(|profile| profile.id() == *chosen));
    match profiles.as_slice() {
        [only] => Some(only.id()),
        _ => chosen,
    }
}

/// Chooses the profile to look at; one that is not among the login's is `NotFound`.
pub fn select_profile(visit: &VisitFacts, profile: ProfileId, now: Timestamp) -> Result<Decided<()>, Refusal> {
    let (session, login) = valid_visit(visit, now)?;
    if !login.profiles().iter().any(|known| known.id() == profile) {
        return Err(Refusal::NotFound { what: "profile" });
    }
    let changes = vec![Change::SelectProfile { session: session.id, profile }];
    Ok(Decided { decision: Decision { changes, ..Decision::default() }, outcome: () })
}

/// Ends the session that asks. Without a valid one there is nothing to end.
pub fn sign_out(facts: Option<&SessionFacts>, moment: &mut Moment) -> Decided<bool> {
    let mut decision = Decision::default();
    let outcome = match valid_session(facts, moment.now) {
        Ok((session, login)) => {
            end(&mut decision, login, Which::One(session.id), "session.signed_out", moment);
            touch(&mut decision, login);
            true
        }
        Err(_) => false,
    };
    Decided { decision, outcome }
}

/// Ends others of one's own sessions: one, which must be the login's, or all but the one that asks. Answers how many ended.
///
/// Of all others, those that were idle for too long by this instance's clock end too: by another's they may be valid yet.
pub fn end_own_sessions(
    facts: Option<&SessionFacts>,
    target: Option<SessionId>,
    moment: &mut Moment,
) -> Result<Decided<usize>, Refusal> {
    let (session, login) = valid_session(facts, moment.now)?;
    let mut decision = Decision::default();
    let valid = |which: &dyn Fn(SessionId) -> bool| valid_sessions(login, moment.now).filter(|it| which(it.id)).count();
    let (which, outcome, some) = match target {
        Some(target) if valid(&|id| id == target) == 0 => return Err(Refusal::NotFound { what: "session" }),
        Some(target) => (Which::One(target), 1, true),
        None => {
            let others = login.sessions.iter().any(|open| open.id != session.id);
            (Which::AllBut(session.id), valid(&|id| id != session.id), others)
        }
    };
    if some {
        let kind = if target.is_some() { "session.ended" } else { "session.others_ended" };
        end(&mut decision, login, which, kind, moment);
        touch(&mut decision, login);
    }
    tell_only_of(outcome, &mut decision);
    Ok(Decided { decision, outcome })
}

/// Ends all sessions of a login, as staff may, and with its epoch the hand-overs from which others could begin. Answers how many
/// were valid; those that were idle for too long by this instance's clock end too.
pub fn end_contact_sessions(contact: ContactId, login: &LoginFacts, moment: &mut Moment) -> Decided<usize> {
    let outcome = valid_sessions(login, moment.now).count();
    if login.login.key.is_none() {
        return Decided { decision: Decision::default(), outcome: 0 };
    }
    let mut decision = Decision::default();
    let after = Login { epoch: login.login.epoch + 1, version: login.login.version + 1, ..login.login.clone() };
    decision.expect.push(changes_login(&login.login));
    decision.changes.push(Change::PutLogin(after));
    decision.changes.push(Change::EndSessions { login: login.login.id, which: Which::All, at: moment.now });
    decision.events.push(login_event("session.all_ended", login, Some(contact), moment));
    tell_hosts(&mut decision.events, login, Which::All, moment);
    tell_only_of(outcome, &mut decision);
    Decided { decision, outcome }
}

/// Ends one session of the login a contact is behind, as staff may; one that is not valid is unknown.
pub fn end_contact_session(
    contact: ContactId,
    login: &LoginFacts,
    session: SessionId,
    moment: &mut Moment,
) -> Result<Decided<()>, Refusal> {
    if valid_sessions(login, moment.now).all(|valid| valid.id != session) {
        return Err(Refusal::NotFound { what: "session" });
    }
    let mut decision = Decision::default();
    end(&mut decision, login, Which::One(session), ENDED, moment);
    for event in &mut decision.events {
        event.subject.contact.get_or_insert(contact);
    }
    touch(&mut decision, login);
    Ok(Decided { decision, outcome: () })
}

/// Where nothing valid ended, nothing is told (J1), but to hosts that wait for it.
fn tell_only_of(ended: usize, decision: &mut Decision) {
    if ended == 0 {
        decision.events.retain(|event| event.kind == ENDED);
    }
}

/// The event that names a session which ended.
const ENDED: &str = "session.ended";

fn ended(login: &LoginFacts, session: SessionId, moment: &mut Moment) -> Event {
    let mut event = login_event(ENDED, login, None, moment);
    event.facts.insert("session".to_owned(), session.to_string());
    event
}

/// Tells of the end of each session that a host was told of. Whoever ends sessions calls this with the login as it was before.
pub(super) fn tell_hosts(events: &mut Vec<Event>, login: &LoginFacts, which: Which, moment: &mut Moment) {
    let told = login.sessions.iter().filter(|session| session.told && which.meets(&session.id));
    events.extend(told.map(|session| ended(login, session.id, moment)));
}

/// Ends a session that a host was told of and whose time is over, so that the host hears of it. Answers whether it was one.
pub fn end_over_session(facts: Option<&SessionFacts>, moment: &mut Moment) -> Decided<bool> {
    let mut decision = Decision::default();
    let Some(SessionFacts { session, login: Some(login) }) = facts else { return Decided { decision, outcome: false } };
    let over = moment.now >= session.idle_until || moment.now >= session.expires_at;
    let outcome = session.told && session.ended_at.is_none() && over;
    if outcome {
        let which = Which::One(session.id);
        decision.changes.push(Change::EndSessions { login: login.login.id, which, at: moment.now });
        decision.events.push(ended(login, session.id, moment));
        touch(&mut decision, login);
    }
    Decided { decision, outcome }
}

/// The valid sessions of a login, oldest first.
pub fn valid_sessions(login: &LoginFacts, now: Timestamp) -> impl Iterator<Item = &PortalSession> {
    login.sessions.iter().filter(move |session| session.valid(login.login.epoch, now))
}

fn end(decision: &mut Decision, login: &LoginFacts, which: Which, kind: &'static str, moment: &mut Moment) {
    decision.changes.push(Change::EndSessions { login: login.login.id, which, at: moment.now });
    let mut event = login_event(kind, login, None, moment);
    if let Which::One(session) = which {
        event.facts.insert("session".to_owned(), session.to_string());
    }
    decision.events.push(event);
    if kind != ENDED {
        tell_hosts(&mut decision.events, login, which, moment);
    }
}

/// Changes a login's version: whoever else relied on one of its sessions decides again.
fn touch(decision: &mut Decision, login: &LoginFacts) {
    decision.expect.push(changes_login(&login.login));
    decision.changes.push(Change::PutLogin(Login { version: login.login.version + 1, ..login.login.clone() }));
}

/// A new password, given inside a session whose current password was found right.
#[derive(Clone, Debug)]
pub struct ChangedPassword {
    /// The credential that the current password was verified against.
    pub credential: CredentialId,
    /// The new password, hashed.
    pub hash: PasswordHash,
    /// Digest of the token that the browser gets in place of its old one.
    pub session: SessionHash,
    /// Names the new password.
    pub new_id: CredentialId,
    /// The try with the password until now: it was right, and is given back with the commit (G1).
    pub counted: CountedTry,
}

/// Changes the password inside a session (P3): all other sessions and all links end, this browser gets a new session id within
/// the old one's absolute limit, the password stays confirmed where the one before was, and the login's address is told.
pub fn change_password(
    practice: &Practice,
    facts: Option<&SessionFacts>,
    command: &ChangedPassword,
    moment: &mut Moment,
) -> Result<Decided<PortalSession>, Refusal> {
    let (session, login) = valid_session(facts, moment.now)?;
    let before = login.login.credential.as_ref().filter(|credential| credential.id == command.credential);
    let before = before.ok_or(Refusal::Unauthorized)?;
    let (id, now) = (login.login.id, moment.now);
    let credential = Credential {
        id: command.new_id,
        hash: command.hash.clone(),
        confirmed_at: before.confirmed_at.clone(),
        set_at: now,
    };
    let after = Login {
        credential: Some(credential),
        epoch: login.login.epoch + 1,
        version: login.login.version + 1,
        ..login.login.clone()
    };
    let fresh = PortalSession {
        id: moment.ids.next(now),
        hash: command.session,
        epoch: after.epoch,
        told: false,
        last_seen_at: now,
        idle_until: now.after(practice.settings.session_idle()),
        ..session.clone()
    };
    let changes = vec![
        Change::EndLinks { login: id, at: now },
        Change::EndSessions { login: id, which: Which::All, at: now },
        Change::PutLogin(after),
        Change::OpenSession(fresh.clone()),
        Change::GiveBack(command.counted),
    ];
    let messages = password_changed(login, moment).into_iter().collect();
    let mut events = vec![login_event("login.password_changed", login, None, moment)];
    tell_hosts(&mut events, login, Which::All, moment);
    let decision = Decision { expect: vec![changes_login(&login.login)], changes, messages, events };
    Ok(Decided { decision, outcome: fresh })
}
