//! What is said of practice users: how each comes in, what a change does, and what is refused.

use portal_domain::{
    Refusal,
    decide::UserEffects,
    link::LinkState,
    practice::{PracticeUser, Role},
    time::Timestamp,
    usecase::TeamMember,
};

use super::{
    refused::{self, Told},
    words::{Sentence, Tone, counted, moment, name, say},
};

/// A role as people say it.
pub(super) const fn role(role: Role) -> &'static str {
    match role {
        Role::Admin => "Administrator",
        Role::Staff => "Staff",
    }
}

/// How a practice user comes into the workspace, in two or three words and in a sentence.
pub(super) fn way_in(member: &TeamMember, now: Timestamp) -> (&'static str, Tone, String) {
    let signed_in = member.sessions.iter().map(|session| session.last_seen_at).max();
    let last = signed_in.map(|at| format!(" Signed in at the moment, last active on {}.", moment(at)));
    let last =
        last.unwrap_or_else(|| if member.password_set { " Not signed in at the moment." } else { "" }.to_owned());
    let invitation = member.invitation.as_ref().map(|link| (link.state(now), link));
    match invitation {
        _ if member.password_set => ("Has a password", Tone::Good, format!("Signs in with a password.{last}")),
        Some((LinkState::Usable, link)) => {
            let (sent, until) = (moment(link.created_at), moment(link.expires_at));
            ("Invited", Tone::Waiting, format!("Invited on {sent}; the link in the mail works until {until}.{last}"))
        }
        Some((_, link)) => {
            let sent = moment(link.created_at);
            (
                "Invitation over",
                Tone::Bad,
                format!("Invited on {sent}; the link works no longer, and no password was set.{last}"),
            )
        }
        None if signed_in.is_some() => {
            ("Signed in by your program", Tone::Good, format!("Has no password: your own program signs in.{last}"))
        }
        None => ("Not invited", Tone::Off, "Has no password, and was never invited to set one.".to_owned()),
    }
}

/// A practice user before and after a change; after a removal there is none.
pub(super) struct Changing<'a> {
    pub(super) before: &'a PracticeUser,
    pub(super) after: Option<&'a PracticeUser>,
    pub(super) effects: &'a UserEffects,
    /// Whether it is whoever asks.
    pub(super) own: bool,
}

/// All that a change does.
pub(super) fn sentences(it: &Changing<'_>) -> Vec<Sentence> {
    let who = || name(&it.before.name);
    let mut said = Vec::new();
    match it.after {
        None => {
            said.push(
                who().say(
                    " can no longer sign in to the workspace. What was done under this name stays in the history.",
                ),
            );
            let free = say("The address ").name(it.before.email.as_str());
            said.push(free.say(" is free again, and can be a client’s sign-in address."));
        }
        Some(after) => said.extend(fields(it.before, after)),
    }
    let UserEffects { sessions_ended, links_ended, password_ended, .. } = *it.effects;
    if password_ended && it.after.is_some() {
        let ends = say("The password ends, since it was set at the address before: ").name(&it.before.name);
        said.push(ends.say(" needs a new invitation to sign in."));
    }
    if sessions_ended > 0 {
        let browsers = counted(sessions_ended, "browser is signed out at once.", "browsers are signed out at once.");
        said.push(say(browsers));
    }
    if links_ended > 0 {
        let links = counted(
            links_ended,
            "link in a mail that was sent before no longer works.",
            "links in mails that were sent before no longer work.",
        );
        said.push(say(links));
    }
    if it.own {
        said.extend(own(it));
    }
    said.push(say("No mail goes out."));
    said
}

fn fields(before: &PracticeUser, after: &PracticeUser) -> Vec<Sentence> {
    let mut said = Vec::new();
    if before.name != after.name {
        said.push(name(&before.name).say(" is called ").name(&after.name).say(" from now on."));
    }
    if before.email != after.email {
        let address = say("The address is ").name(after.email.as_str()).say(" from now on, and no longer ");
        said.push(address.name(before.email.as_str()).say("."));
    }
    match (before.role, after.role) {
        (Role::Admin, Role::Staff) => {
            let kept = " keeps contacts and clients, and loses practice users, settings, bulk mail, keys and webhooks.";
            said.push(name(&after.name).say(kept));
        }
        (Role::Staff, Role::Admin) => {
            let may = " may do everything from now on: practice users, settings, bulk mail, keys and webhooks too.";
            said.push(name(&after.name).say(may));
        }
        _ => {}
    }
    said
}

fn own(it: &Changing<'_>) -> Option<Sentence> {
    if it.after.is_none() {
        return Some(say("This is you: you are signed out, and can’t come back unless another admin adds you again."));
    }
    (it.effects.sessions_ended > 0).then(|| say("This is you: you are signed out too."))
}

/// Why a command on a practice user is refused, at which field, and what to do then.
pub(super) fn told(refusal: &Refusal, typed: &str) -> (&'static str, Told) {
    let (field, what, next) = match refusal {
        Refusal::EmailIsAPortalLogin { contacts } => {
            let names = contacts.iter().take(10).map(|contact| contact.name.as_str()).collect::<Vec<_>>();
            let what =
                name(typed).say(" is the sign-in address of ").names(names.into_iter()).say(" in the client portal.");
            (
                "email",
                what,
                "Nobody can be both. Take another address here, or change the contact’s first address before.",
            )
        }
        Refusal::EmailTaken { user } => {
            let what = name(typed).say(" is already the address of ").name(&user.name).say(".");
            ("email", what, "Each practice user has an address of their own.")
        }
        Refusal::LastAdmin => (
            "role",
            say("This is the last administrator of the practice."),
            "Make somebody else an administrator first. Otherwise nobody could look after the practice.",
        ),
        Refusal::InvalidEmail { fault, .. } => return ("email", refused::told_of(typed, *fault)),
        Refusal::OutOfBounds(_) => ("name", say("The name is missing, or can’t be one."), "Type one."),
        other => return ("name", refused::told(other)),
    };
    (field, Told { what, next })
}

#[cfg(test)]
mod tests {
    use portal_domain::{Named, email::EmailAddress, id::Ref};

    use super::*;

    #[test]
    fn every_refusal_says_what_to_do_next() {
        let named = Named { reference: Ref::parse("x").expect("a reference"), name: "Bob".to_owned() };
        let fault = EmailAddress::parse("x").expect_err("no address");
        for (refusal, field) in [
            (Refusal::EmailIsAPortalLogin { contacts: vec![named.clone()] }, "email"),
            (Refusal::EmailTaken { user: named }, "email"),
            (Refusal::LastAdmin, "role"),
            (Refusal::InvalidEmail { index: None, fault }, "email"),
        ] {
            let (own, told) = told(&refusal, "a@b.example");
            assert_eq!(own, field);
            assert!(told.what.plain().ends_with('.') && told.next.ends_with('.'), "{}", told.what.plain());
        }
    }
}
