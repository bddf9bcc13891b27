//! Practice users: they never share a key with a live login or with one another (C2, W2).

use super::{Moment, draft::named, note, outcome::Decided};
use crate::{
    Named, Refusal,
    change::{Aggregate, Change, Decision, Expect, KeyOwner, Reliance, Which},
    email::EmailAddress,
    event::Subject,
    facts::{Holder, StaffFacts, UserFacts},
    id::Ref,
    practice::{PracticeUser, Role, check_name},
    time::Timestamp,
};

/// The fields of a practice user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutUser {
    /// The host's id.
    pub reference: Ref,
    /// Name in words.
    pub name: String,
    /// The address.
    pub email: EmailAddress,
    /// What the user may do.
    pub role: Role,
}

/// Creates or changes a practice user; nobody is written to (W1). An admin who becomes staff is signed out everywhere, and its
/// links end (W2); so it is where the address gets another key, and the password ends too: it was confirmed at the one before.
/// The outcome is the user, and whether anything changed.
pub fn put_user(
    facts: &UserFacts,
    command: &PutUser,
    moment: &mut Moment,
) -> Result<Decided<(PracticeUser, bool)>, Refusal> {
    check_name(&command.name)?;
    let before = facts.user.as_ref();
    let user = PracticeUser {
        id: before.map_or_else(|| moment.ids.next(moment.now), |user| user.id),
        reference: command.reference.clone(),
        name: command.name.clone(),
        email: command.email.clone(),
        role: command.role,
        created_at: before.map_or(moment.now, |user| user.created_at),
        version: before.map_or(0, |user| user.version),
    };
    if before == Some(&user) {
        return Ok(Decided { decision: Decision::default(), outcome: (user, false) });
    }
    let user = PracticeUser { version: user.version + 1, ..user };
    let mut decision = Decision::default();
    decision.expect.extend(before.map(changed));
    let moves = before.is_some_and(|before| before.email.key() != user.email.key());
    if moves || before.is_none() {
        free_for_staff(facts, &user)?;
        let released = before.map(|before| Change::ReleaseKey(before.email.key().clone()));
        decision.changes.extend(released);
        decision.changes.push(Change::ClaimKey { key: user.email.key().clone(), owner: KeyOwner::User(user.id) });
    }
    if before.is_some_and(|before| before.role == Role::Admin) && user.role != Role::Admin {
        decision.expect.push(other_admin(facts)?);
        end_sessions_and_links(&mut decision, &user, moment);
        // As an admin one needs no grant, and nobody saw that there was one.
        decision.changes.push(Change::RevokeViewing(user.id));
    } else if moves {
        end_sessions_and_links(&mut decision, &user, moment);
    }
    if moves {
        decision.changes.push(Change::DropStaffCredential(user.id));
    }
    decision.changes.push(Change::PutUser(user.clone()));
    let kind = if before.is_some() { "user.changed" } else { "user.created" };
    log(&mut decision, kind, before, Some(&user), moment);
    Ok(Decided { decision, outcome: (user, true) })
}

/// Creates a practice user; where there is one of this reference, it stays as it is and the command is refused.
pub fn add_user(facts: &UserFacts, command: &PutUser, moment: &mut Moment) -> Result<Decided<PracticeUser>, Refusal> {
    if facts.user.is_some() {
        return Err(Refusal::PreconditionFailed);
    }
    let Decided { decision, outcome } = put_user(facts, command, moment)?;
    Ok(Decided { decision, outcome: outcome.0 })
}

/// What a decision about a practice user does to its ways into the workspace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserEffects {
    /// Whether anything changes.
    pub changed: bool,
    /// Sessions that end.
    pub sessions_ended: usize,
    /// Links that end.
    pub links_ended: usize,
    /// Whether there is a password that ends.
    pub password_ended: bool,
}

impl UserEffects {
    /// Reads them from the decision itself, so that what is said beforehand is what is done.
    pub fn of(decision: &Decision, before: Option<&StaffFacts>, now: Timestamp) -> Self {
        let any = |what: &dyn Fn(&Change) -> bool| decision.changes.iter().any(what);
        let sessions = before.map_or(0, |facts| facts.sessions.iter().filter(|session| session.valid(now)).count());
        let gone = any(&|change| matches!(change, Change::DeleteUser(_)));
        let drops = gone || any(&|change| matches!(change, Change::DropStaffCredential(_)));
        let ends_sessions = any(&|change| matches!(change, Change::EndWorkspaceSessions { .. }));
        let ends_links = any(&|change| matches!(change, Change::EndStaffLinks { .. }));
        Self {
            changed: !decision.is_empty(),
            sessions_ended: if ends_sessions { sessions } else { 0 },
            links_ended: if ends_links { before.map_or(0, |facts| facts.links.len()) } else { 0 },
            password_ended: drops && before.is_some_and(|facts| facts.credential.is_some()),
        }
    }
}

/// Removes a practice user, ends its sessions and links and frees its key (A7, W2). The password goes with the user.
pub fn delete_user(facts: &UserFacts, moment: &mut Moment) -> Result<Decided<()>, Refusal> {
    let user = facts.user.as_ref().ok_or(Refusal::NotFound { what: "practice user" })?;
    let mut decision = Decision::default();
    decision.expect.push(changed(user));
    if user.role == Role::Admin {
        decision.expect.push(other_admin(facts)?);
    }
    end_sessions_and_links(&mut decision, user, moment);
    decision.changes.push(Change::ReleaseKey(user.email.key().clone()));
    decision.changes.push(Change::DeleteUser(user.id));
    log(&mut decision, "user.deleted", Some(user), None, moment);
    Ok(Decided { decision, outcome: () })
}

/// Ends all sessions and links of the workspace. Whoever opens one has looked at the user, so none slips past.
pub(super) fn end_sessions_and_links(decision: &mut Decision, user: &PracticeUser, moment: &Moment) {
    let (user, at) = (user.id, moment.now);
    decision.changes.push(Change::EndWorkspaceSessions { user, which: Which::All, at });
    decision.changes.push(Change::EndStaffLinks { user, which: Which::All, at });
}

pub(super) const fn changed(user: &PracticeUser) -> Expect {
    Expect { what: Aggregate::User(user.id), version: user.version, how: Reliance::Changed }
}

fn other_admin(facts: &UserFacts) -> Result<Expect, Refusal> {
    let other = facts.other_admin.as_ref().ok_or(Refusal::LastAdmin)?;
    Ok(Expect { what: Aggregate::User(other.id), version: other.version, how: Reliance::LookedAt })
}

fn free_for_staff(facts: &UserFacts, user: &PracticeUser) -> Result<(), Refusal> {
    match &facts.holder {
        None => Ok(()),
        Some(Holder::User(holder)) if holder.id == user.id => Ok(()),
        Some(Holder::User(holder)) => {
            Err(Refusal::EmailTaken { user: Named { reference: holder.reference.clone(), name: holder.name.clone() } })
        }
        Some(Holder::Login(login)) => Err(Refusal::EmailIsAPortalLogin { contacts: named(&login.members) }),
    }
}

fn log(
    decision: &mut Decision,
    kind: &'static str,
    before: Option<&PracticeUser>,
    after: Option<&PracticeUser>,
    moment: &mut Moment,
) {
    let id = before.or(after).map(|user| user.id);
    let mut event = moment.event(kind, Subject { user: id, ..Subject::default() });
    let email = |user: Option<&PracticeUser>| user.map_or_else(String::new, |user| user.email.as_str().to_owned());
    let name = |user: Option<&PracticeUser>| user.map_or_else(String::new, |user| user.name.clone());
    let role = |user: Option<&PracticeUser>| user.map_or("", |user| user.role.code());
    note(&mut event.personal, "email", &email(before), &email(after));
    note(&mut event.personal, "name", &name(before), &name(after));
    note(&mut event.facts, "role", role(before), role(after));
    if decision.changes.iter().any(|change| matches!(change, Change::EndWorkspaceSessions { .. })) {
        event.facts.insert("workspace_sessions".to_owned(), "ended".to_owned());
        event.facts.insert("workspace_links".to_owned(), "ended".to_owned());
    }
    if decision.changes.iter().any(|change| matches!(change, Change::DropStaffCredential(_))) {
        event.facts.insert("password".to_owned(), "ended".to_owned());
    }
    if decision.changes.iter().any(|change| matches!(change, Change::RevokeViewing(_))) {
        event.facts.insert("view_as".to_owned(), "ended".to_owned());
    }
    decision.events.push(event);
}
