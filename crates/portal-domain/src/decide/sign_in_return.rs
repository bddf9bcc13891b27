//! The way back: after sign-in the browser goes to an address of the host's with a code, and the host learns by it who signed in.

use serde::{Deserialize, Serialize};

use super::{
    Moment,
    link::changes_login,
    outcome::Decided,
    session::{valid_session, valid_visit},
};
use crate::{
    Refusal,
    change::{Change, Decision},
    event::Subject,
    facts::{CodeFacts, VisitFacts},
    id::{Ref, SessionId},
    login::Login,
    practice::{Practice, ReturnAddress},
    session::{Factor, ProfileId},
    sign_in_code::{CODE_LIFE, CodeHash, SignInCode},
    time::Timestamp,
};

/// A signed-in browser that wants to go back to the host.
#[derive(Clone, Debug)]
pub struct GoBack<'a> {
    /// The name of the return address.
    pub name: &'a str,
    /// The profile that was chosen; `None` where the person was not asked.
    pub profile: Option<ProfileId>,
    /// Digest of the code that the browser is to carry.
    pub hash: CodeHash,
}

/// What comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WayBack {
    /// On to this address with the code.
    Go(ReturnAddress),
    /// There are several profiles: the person has to choose one first.
    Choose,
    /// There is no profile to go back with (A5).
    NoProfile,
}

/// Issues a code for a valid session and one of its profiles, bound to a return address by its name; an unknown name or profile
/// is `NotFound`. A profile that isn't said is the only one there is, or has to be chosen.
pub fn go_back(visit: &VisitFacts, command: &GoBack<'_>, moment: &mut Moment) -> Result<Decided<WayBack>, Refusal> {
    let (session, login) = valid_visit(visit, moment.now)?;
    let place = visit.practice.settings.return_address(command.name);
    let place = place.ok_or(Refusal::NotFound { what: "return address" })?;
    let profiles = login.profiles();
    let nothing = |outcome| Ok(Decided { decision: Decision::default(), outcome });
    let profile = match (command.profile, profiles.as_slice()) {
        (Some(said), known) if known.iter().any(|profile| profile.id() == said) => said,
        (Some(_), _) => return Err(Refusal::NotFound { what: "profile" }),
        (None, []) => return nothing(WayBack::NoProfile),
        (None, [only]) => only.id(),
        (None, _) => return nothing(WayBack::Choose),
    };
    let code = SignInCode {
        id: moment.ids.next(moment.now),
        hash: command.hash,
        session: session.id,
        profile,
        name: place.name.clone(),
        address: place.address.clone(),
        created_at: moment.now,
        expires_at: moment.now.after(CODE_LIFE),
        used_at: None,
    };
    let changes = vec![Change::SelectProfile { session: session.id, profile }, Change::IssueCode(code)];
    Ok(Decided { decision: Decision { changes, ..Decision::default() }, outcome: WayBack::Go(place.clone()) })
}

/// What a host is told of a sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldSignIn {
    /// The contact that was chosen, by the host's id.
    pub contact: Ref,
    /// The client that was chosen, by the host's id.
    pub client: Ref,
    /// When the session began.
    pub signed_in_at: Timestamp,
    /// What that was proved by.
    pub factors: Vec<Factor>,
    /// The session, by the id that a later `session.ended` names. It opens nothing.
    pub session: SessionId,
}

/// Takes a code, once. It works as long as the session is valid, the profile is there, and the name it was made for still has
/// the same address; `name`, where the host says it, has to be that name. Whatever is wrong, and while the practice is suspended,
/// the refusal is the same.
///
/// The login's version rises, so that whoever ends the session at the same time knows that a host waits to hear of it.
pub fn take_code(
    practice: &Practice,
    facts: Option<&CodeFacts>,
    name: Option<&str>,
    moment: &mut Moment,
) -> Result<Decided<ToldSignIn>, Refusal> {
    let unknown = || Refusal::NotFound { what: "code" };
    let CodeFacts { code, session } = facts.ok_or_else(unknown)?;
    let (session, login) = valid_session(Some(session), moment.now).map_err(|_| unknown())?;
    let in_time = code.used_at.is_none() && moment.now < code.expires_at && practice.suspended_at.is_none();
    let same_address = practice.settings.return_address(&code.name).is_some_and(|place| place.address == code.address);
    if !in_time || !same_address || name.is_some_and(|name| name != code.name) {
        return Err(unknown());
    }
    let ProfileId { contact, client } = code.profile;
    let member = login.members.iter().find(|member| member.contact.id == contact).ok_or_else(unknown)?;
    let mut open = member.clients.iter().filter(|own| own.id == client && !own.suspended);
    let client = open.next().ok_or_else(unknown)?;
    let after = Login { version: login.login.version + 1, ..login.login.clone() };
    let changes = vec![
        Change::UseCode { code: code.id, at: moment.now },
        Change::TellSession(session.id),
        Change::PutLogin(after),
    ];
    let subject = Subject { contact: Some(contact), user: None, login: Some(login.login.id) };
    let mut event = moment.event("session.told", subject);
    event.facts.insert("session".to_owned(), session.id.to_string());
    event.facts.insert("return".to_owned(), code.name.clone());
    event.facts.insert("client".to_owned(), client.id.to_string());
    let told = ToldSignIn {
        contact: member.contact.reference.clone(),
        client: client.reference.clone(),
        signed_in_at: session.created_at,
        factors: session.factors.clone(),
        session: session.id,
    };
    let expect = vec![changes_login(&login.login)];
    let decision = Decision { expect, changes, messages: Vec::new(), events: vec![event] };
    Ok(Decided { decision, outcome: told })
}
