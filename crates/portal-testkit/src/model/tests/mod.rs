//! Scenarios worked by hand from the rulebook's words, and an explorer of the model's own invariants.

mod access;
mod conflict;
mod explore;
mod generate;
mod link;
mod moves;
mod moves_shared;
mod session;
mod staff;
mod status;

use super::*;

pub(super) const MINUTE: i64 = 60_000_000;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;
pub(super) const SECRET: &str = "correct horse battery";
pub(super) const OTHER_SECRET: &str = "staple correct horse";

/// A model with a clock, and short words for what tests do with it.
#[derive(Clone, Default)]
pub(super) struct Desk {
    pub(super) model: Model,
    pub(super) now: i64,
}

pub(super) fn addr(stored: &str) -> Addr {
    Addr { stored: stored.to_owned(), key: stored.to_ascii_lowercase() }
}

pub(super) fn addrs(list: &[&str]) -> Vec<Addr> {
    list.iter().map(|stored| addr(stored)).collect()
}

pub(super) fn activate(contact: &str) -> Cmd {
    Cmd::Activate { contact: contact.into() }
}

pub(super) fn resend(contact: &str) -> Cmd {
    Cmd::Resend { contact: contact.into() }
}

pub(super) fn deactivate(contact: &str) -> Cmd {
    Cmd::Deactivate { contact: contact.into() }
}

pub(super) fn reactivate(contact: &str) -> Cmd {
    Cmd::Reactivate { contact: contact.into() }
}

pub(super) fn delete(contact: &str) -> Cmd {
    Cmd::DeleteContact { contact: contact.into() }
}

pub(super) fn emails(contact: &str, list: &[&str]) -> Cmd {
    Cmd::PutEmails { contact: contact.into(), emails: addrs(list), join: false, wrong_address: false }
}

pub(super) fn joining(contact: &str, list: &[&str]) -> Cmd {
    Cmd::PutEmails { contact: contact.into(), emails: addrs(list), join: true, wrong_address: false }
}

pub(super) fn wrong(contact: &str, list: &[&str]) -> Cmd {
    Cmd::PutEmails { contact: contact.into(), emails: addrs(list), join: true, wrong_address: true }
}

pub(super) fn user(user: &str, address: &str, role: Role) -> Cmd {
    Cmd::PutUser { user: user.into(), name: user.into(), addr: addr(address), role }
}

pub(super) fn put(contact: &str, list: Option<&[&str]>, clients: Option<&[&str]>) -> Cmd {
    Cmd::PutContact {
        contact: contact.into(),
        name: contact.into(),
        emails: list.map(addrs),
        clients: clients.map(|refs| refs.iter().map(|it| (*it).to_owned()).collect()),
        join: false,
        wrong_address: false,
    }
}

pub(super) fn reset(key: &str) -> Cmd {
    Cmd::RequestReset { key: key.into() }
}

pub(super) fn redeem(link: LinkNo, password: &str) -> Cmd {
    Cmd::RedeemLink { link, password: password.into() }
}

pub(super) fn sign_in(key: &str, password: &str) -> Cmd {
    Cmd::SignIn { key: key.into(), password: password.into() }
}

pub(super) fn sharing(shared_login: SharedLogin) -> Cmd {
    Cmd::PutSettings(SettingsPatch { shared_login: Some(shared_login), ..SettingsPatch::default() })
}

impl Desk {
    /// A practice with client `acme` and contacts with these refs and addresses, each a contact of `acme`.
    pub(super) fn with(contacts: &[(&str, &str)]) -> Self {
        let mut desk = Desk::default();
        desk.run(&Cmd::PutClient { client: "acme".into() });
        for (contact, address) in contacts {
            desk.changed(&put(contact, Some(&[address]), Some(&["acme"])));
        }
        desk
    }

    pub(super) fn run(&mut self, cmd: &Cmd) -> Answer {
        self.now += 1;
        self.model.apply(self.now, cmd)
    }

    pub(super) fn changed(&mut self, cmd: &Cmd) -> Option<Effects> {
        let answer = self.run(cmd);
        assert_eq!(answer.outcome(), Some(Outcome::Changed), "{cmd:?}: {answer:?}");
        answer.effects().cloned()
    }

    /// The effects of a command about a contact that changed something.
    pub(super) fn effects(&mut self, cmd: &Cmd) -> Effects {
        self.changed(cmd).expect("a command about a contact")
    }

    pub(super) fn unchanged(&mut self, cmd: &Cmd) -> Option<Effects> {
        let before = self.model.clone();
        let answer = self.run(cmd);
        assert_eq!(answer.outcome(), Some(Outcome::Unchanged), "{cmd:?}: {answer:?}");
        assert!(self.model == before, "unchanged, yet something changed");
        answer.effects().cloned()
    }

    pub(super) fn refused(&mut self, cmd: &Cmd) -> String {
        let before = self.model.clone();
        let answer = self.run(cmd);
        // Wrong passwords are counted (G1), which is nothing of the practice's.
        let before = Model { guesses: self.model.guesses.clone(), ..before };
        assert!(self.model == before, "refused, yet something changed");
        match answer {
            Answer::Refused(refusal) => refusal.code.to_string(),
            other => panic!("{cmd:?}: {other:?}"),
        }
    }

    /// The link of the newest message that carries one.
    pub(super) fn newest_link(&self) -> LinkNo {
        let carries = self.model.messages.iter().rev().find_map(|message| message.link);
        carries.expect("a message with a link")
    }

    /// Activates a contact and sets a password by the link it gets.
    pub(super) fn onboard(&mut self, contact: &str, password: &str) {
        self.changed(&activate(contact));
        let link = self.newest_link();
        self.changed(&redeem(link, password));
    }

    pub(super) fn session(&mut self, key: &str, password: &str) -> SessionNo {
        let answer = self.run(&sign_in(key, password));
        answer.session().expect("signed in")
    }

    pub(super) fn lets_in(&self, key: &str, password: &str) -> bool {
        let answer = self.model.preview(self.now, &sign_in(key, password));
        answer.session().is_some()
    }

    pub(super) fn see(&self) -> Observation {
        self.model.observe(self.now)
    }

    pub(super) fn view(&self, contact: &str) -> ContactView {
        self.see().contacts[contact].clone()
    }

    pub(super) fn status(&self, contact: &str) -> &'static str {
        self.view(contact).status.as_str()
    }

    pub(super) fn link(&self, link: LinkNo) -> &'static str {
        self.see().links[link.0].state.as_str()
    }

    pub(super) fn is_valid(&self, session: SessionNo) -> bool {
        self.see().sessions[session.0].valid
    }

    /// Kinds and addresses of the messages queued by `cmds`, in order.
    pub(super) fn mail_of(&mut self, cmd: &Cmd) -> Vec<(&'static str, String)> {
        let before = self.model.messages.len();
        self.run(cmd);
        self.model.messages[before..].iter().map(|message| (message.kind.as_str(), message.to.clone())).collect()
    }
}

/// Effects, written down in one line.
pub(super) fn line(effects: &Effects) -> String {
    let messages: Vec<String> = effects.messages.iter().map(|(kind, to)| format!("{}>{to}", kind.as_str())).collect();
    format!(
        "{}->{} with[{}] {} links-{} sessions-{} [{}]",
        effects.login_before.as_deref().unwrap_or("-"),
        effects.login_after.as_deref().unwrap_or("-"),
        effects.shared_with.join(","),
        effects.password.as_str(),
        effects.links_ended,
        effects.sessions_ended,
        messages.join(" "),
    )
}
