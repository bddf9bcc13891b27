//! What a command does, in sentences for staff, before it is done (M7).

use portal_domain::{
    Named,
    decide::{EffectMessage, Effects, PasswordEffect},
    message::MessageKind,
};

use super::words::{Sentence, counted, name, say};

/// Whom a command is about, as it was before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before<'a> {
    pub(super) name: &'a str,
    /// Who else is behind the login.
    pub(super) shared_with: &'a [Named],
    /// Whether the password is confirmed at the address that is first afterwards, so that it comes back with the access (A2).
    pub(super) comes_back: bool,
}

impl Before<'_> {
    /// Whether the contact leaves others behind at the login where it was.
    fn leaves_others(&self, effects: &Effects) -> bool {
        let leaves = effects.login_before.is_some() && (effects.login_after.is_none() || effects.moves_login());
        leaves && !self.shared_with.is_empty()
    }
}

/// Sentences for all that a command does to a contact's access.
pub(super) fn sentences(before: Before<'_>, effects: &Effects) -> Vec<Sentence> {
    let mut said = vec![login(before, effects)];
    said.extend(left_behind(before, effects));
    said.extend(shared(before, effects));
    said.extend(password(before, effects));
    said.extend(ended(effects));
    if effects.messages.is_empty() {
        said.push(say("No mail goes out."));
    }
    said.extend(effects.messages.iter().map(|sent| message(before, sent)));
    said
}

fn login(before: Before<'_>, effects: &Effects) -> Sentence {
    let who = || name(before.name);
    match (&effects.login_before, &effects.login_after) {
        (None, None) => who().say(" has no access to the portal before and after, so that nothing changes there."),
        (None, Some(new)) => who().say(" gets access, and signs in with ").name(new).say("."),
        (Some(old), None) => who().say(" loses access, and can no longer sign in with ").name(old).say("."),
        (Some(old), Some(new)) if old == new => who().say(" signs in with ").name(new).say(", as before."),
        (Some(old), Some(new)) if !effects.moves_login() => say("The sign-in address is spelled ")
            .name(new)
            .say(" from now on. ")
            .name(old)
            .say(" is the same address."),
        (Some(old), Some(new)) => {
            who().say(" signs in with ").name(new).say(" from now on, and no longer with ").name(old).say(".")
        }
    }
}

/// Those who stay where the contact was.
fn left_behind(before: Before<'_>, effects: &Effects) -> Option<Sentence> {
    let old = effects.login_before.as_deref()?;
    let stay = before.shared_with;
    before.leaves_others(effects).then(|| {
        let go = if stay.len() == 1 { " still signs in with " } else { " still sign in with " };
        names(Sentence::default(), stay).say(go).name(old).say(", and nothing changes there.")
    })
}

fn names(sentence: Sentence, named: &[Named]) -> Sentence {
    sentence.names(named.iter().map(|named| named.name.as_str()))
}

fn shared(before: Before<'_>, effects: &Effects) -> Option<Sentence> {
    let address = effects.login_after.as_deref().filter(|_| !effects.shared_with.is_empty())?;
    let whoever = say("Whoever signs in with ").name(address).say(" sees what is meant for ");
    let all = std::iter::once(before.name).chain(effects.shared_with.iter().map(|named| named.name.as_str()));
    let all: Vec<_> = all.collect();
    Some(whoever.names(all.into_iter()).say("."))
}

fn password(before: Before<'_>, effects: &Effects) -> Option<Sentence> {
    let goes_on = effects.login_after.is_some();
    let who = || name(before.name);
    match effects.password {
        PasswordEffect::Kept if goes_on => Some(say("The password stays as it is.")),
        PasswordEffect::Kept if before.comes_back => {
            Some(say("The password is kept, in case access is given back at the same address."))
        }
        PasswordEffect::Kept => {
            let again =
                say("If access is given back, ").name(before.name).say(" sets a new password: the present one was ");
            Some(again.say("not set by a link that was mailed to the first address."))
        }
        PasswordEffect::Ended if before.leaves_others(effects) => {
            let stays = names(say("The present password stays with "), before.shared_with);
            let own = if goes_on { " sets a new one by the link in the mail." } else { " has none any more." };
            Some(stays.say(": ").name(before.name).say(own))
        }
        PasswordEffect::Ended if goes_on => {
            Some(say("The present password ends: ").name(before.name).say(" sets a new one by the link in the mail."))
        }
        PasswordEffect::Ended => Some(say("The password ends.")),
        PasswordEffect::None if goes_on => {
            Some(say("There is no password yet: ").name(before.name).say(" sets one by the link in the mail."))
        }
        PasswordEffect::None => None,
        PasswordEffect::Shared => {
            let theirs = who().say(" signs in with the password of ");
            Some(names(theirs, &effects.shared_with).say(" from now on."))
        }
    }
}

fn ended(effects: &Effects) -> impl Iterator<Item = Sentence> {
    let links = match effects.links_ended {
        0 => None,
        1 => Some(say("1 link in a mail that was sent before no longer works.")),
        many => Some(say(format!("{many} links in mails that were sent before no longer work."))),
    };
    let sessions = effects.sessions_ended;
    let are = if sessions == 1 { "is" } else { "are" };
    let sessions =
        (sessions > 0).then(|| say(format!("{} {are} signed out.", counted(sessions, "browser", "browsers"))));
    links.into_iter().chain(sessions)
}

fn message(before: Before<'_>, sent: &EffectMessage) -> Sentence {
    let mail = say("A mail goes to ").name(&sent.to);
    match sent.kind {
        MessageKind::Activation => mail.say(": the invitation, with a link to set a password."),
        MessageKind::AccessAdded => mail.say(": it says that there is now access for ").name(before.name).say(" too."),
        MessageKind::Reset => mail.say(": a link to set a new password."),
        MessageKind::LoginMovedNew => mail.say(": it says to sign in with this address from now on."),
        MessageKind::LoginMovedOld => {
            mail.say(": it says that ").name(before.name).say(" no longer signs in with this address, and whom to ask.")
        }
        MessageKind::PasswordChanged => mail.say(": it says that the password was changed."),
        MessageKind::StaffInvitation => mail.say(": the invitation to the workspace."),
        MessageKind::PortalAddress => mail.say(": it says where the portal is."),
        MessageKind::Hint => mail.say(": it says to sign in with this address, and not with another."),
        MessageKind::Reminder => mail.say(": the invitation once more, with the same link."),
        MessageKind::Test => mail.say(": a test."),
    }
}

#[cfg(test)]
mod tests {
    use portal_domain::id::Ref;

    use super::*;

    fn named(name: &str) -> Named {
        Named { reference: Ref::parse(name).expect("a reference"), name: name.to_owned() }
    }

    fn effects(before: Option<&str>, after: Option<&str>, password: PasswordEffect) -> Effects {
        Effects {
            login_before: before.map(str::to_owned),
            login_after: after.map(str::to_owned),
            shared_with: Vec::new(),
            password,
            links_ended: 0,
            sessions_ended: 0,
            messages: Vec::new(),
        }
    }

    fn told(shared_with: &[Named], effects: &Effects) -> Vec<String> {
        told_where(true, shared_with, effects)
    }

    fn told_where(comes_back: bool, shared_with: &[Named], effects: &Effects) -> Vec<String> {
        sentences(Before { name: "Ada", shared_with, comes_back }, effects).iter().map(Sentence::plain).collect()
    }

    const OLD: Option<&str> = Some("old@a.example");
    const NEW: Option<&str> = Some("new@a.example");

    #[test]
    fn m7_every_way_a_login_can_go_has_its_sentence() {
        let first = |before, after| told(&[], &effects(before, after, PasswordEffect::None)).remove(0);
        assert!(first(None, None).starts_with("Ada has no access"));
        assert_eq!(first(None, NEW), "Ada gets access, and signs in with new@a.example.");
        assert_eq!(first(OLD, None), "Ada loses access, and can no longer sign in with old@a.example.");
        assert_eq!(first(OLD, OLD), "Ada signs in with old@a.example, as before.");
        assert_eq!(first(OLD, NEW), "Ada signs in with new@a.example from now on, and no longer with old@a.example.");
        assert!(first(OLD, Some("OLD@a.example")).starts_with("The sign-in address is spelled OLD@a.example"));
    }

    #[test]
    fn m7_every_way_a_password_can_go_has_its_sentence() {
        let second = |after, password| told(&[], &effects(OLD, after, password)).remove(1);
        assert_eq!(second(NEW, PasswordEffect::Kept), "The password stays as it is.");
        assert_eq!(
            second(NEW, PasswordEffect::Ended),
            "The present password ends: Ada sets a new one by the link in the mail."
        );
        assert_eq!(
            second(NEW, PasswordEffect::None),
            "There is no password yet: Ada sets one by the link in the mail."
        );
        assert!(second(None, PasswordEffect::Kept).starts_with("The password is kept, in case"));
        assert_eq!(second(None, PasswordEffect::Ended), "The password ends.");
        assert_eq!(second(None, PasswordEffect::None), "No mail goes out.");
        let joined = Effects { shared_with: vec![named("Bob")], ..effects(OLD, NEW, PasswordEffect::Shared) };
        assert!(told(&[], &joined).contains(&"Ada signs in with the password of Bob from now on.".to_owned()));
    }

    #[test]
    fn a2_a_password_that_will_not_come_back_is_not_said_to_be_kept() {
        let kept = |comes_back| told_where(comes_back, &[], &effects(OLD, None, PasswordEffect::Kept)).remove(1);
        assert!(kept(true).starts_with("The password is kept, in case"));
        assert!(kept(false).starts_with("If access is given back, Ada sets a new password: "));
    }

    #[test]
    fn m6_a_password_that_others_have_too_stays_with_them() {
        let told = |after| told(&[named("Bob")], &effects(OLD, after, PasswordEffect::Ended)).remove(2);
        assert_eq!(told(None), "The present password stays with Bob: Ada has none any more.");
        assert_eq!(told(NEW), "The present password stays with Bob: Ada sets a new one by the link in the mail.");
        assert!(!told(OLD).contains("stays with Bob"));
    }

    #[test]
    fn m7_who_shares_and_who_stays_is_named() {
        let joined =
            Effects { shared_with: vec![named("Bob"), named("Cleo")], ..effects(OLD, NEW, PasswordEffect::None) };
        let whoever = "Whoever signs in with new@a.example sees what is meant for Ada, Bob and Cleo.".to_owned();
        assert!(told(&[], &joined).contains(&whoever));
        let split = effects(OLD, NEW, PasswordEffect::None);
        let stays = |before: &[Named], effects| told(before, effects).remove(1);
        assert_eq!(stays(&[named("Bob")], &split), "Bob still signs in with old@a.example, and nothing changes there.");
        let gone = effects(OLD, None, PasswordEffect::None);
        assert!(stays(&[named("Bob"), named("Cleo")], &gone).starts_with("Bob and Cleo still sign in"));
        let same = Effects { shared_with: vec![named("Bob")], ..effects(OLD, OLD, PasswordEffect::Kept) };
        assert!(stays(&[named("Bob")], &same).starts_with("Whoever signs in with old@a.example"));
    }

    #[test]
    fn m7_what_ends_is_counted() {
        let none = told(&[], &effects(OLD, NEW, PasswordEffect::Kept));
        assert!(!none.iter().any(|it| it.contains("link") || it.contains("browser")));
        for (count, links, browsers) in
            [(1, "1 link in a mail", "1 browser is"), (3, "3 links in mails", "3 browsers are")]
        {
            let ends = Effects { links_ended: count, sessions_ended: count, ..effects(OLD, NEW, PasswordEffect::Kept) };
            let told = told(&[], &ends);
            assert!(told[2].starts_with(links) && told[3].starts_with(browsers), "{told:?}");
        }
    }

    #[test]
    fn m7_every_kind_of_mail_has_its_sentence() {
        let mut seen = std::collections::BTreeSet::new();
        for kind in MessageKind::ALL {
            let mail = EffectMessage { kind, to: "x@a.example".to_owned() };
            let sends = Effects { messages: vec![mail], ..effects(OLD, NEW, PasswordEffect::Kept) };
            let last = told(&[], &sends).pop().expect("a sentence");
            assert!(last.starts_with("A mail goes to x@a.example: "), "{last}");
            seen.insert(last);
        }
        assert_eq!(seen.len(), MessageKind::ALL.len());
    }
}
