//! What a step means at its place in a history. Only the model is asked, never the store.

use super::{
    pool::{BROKEN, CLIENTS, CONTACTS, KEYS, NAMES, PASSPHRASES, Spelling, USERS, list, pick},
    step::{Act, Command, Flags, Foreign, InSession, Setting, Which},
};
use crate::model::{
    Access, Cmd, ContactView, LinkNo, LinkState, Model, Observation, Role, SessionNo, SessionsOnMove, SettingsPatch,
    SharedLogin,
};

/// What is to be done.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    /// A command that the model knows.
    Do(Cmd),
    /// A list of addresses with a fault, which the model does not parse.
    Broken { contact: String, typed: &'static str, fault: &'static str },
    /// Something of the other practice is tried here.
    Foreign(Foreign, usize),
}

/// The place of a step.
pub(super) struct Place<'a> {
    pub(super) model: &'a Model,
    pub(super) now: i64,
    pub(super) seen: &'a Observation,
    pub(super) before: Option<&'a Cmd>,
}

impl Place<'_> {
    pub(super) fn deed(&self, act: &Act) -> Deed {
        match act {
            Act::PutBroken { contact, fault } => {
                let (typed, fault) = pick(&BROKEN, *fault);
                Deed::Broken { contact: pick(&CONTACTS, *contact).to_owned(), typed, fault }
            }
            Act::Foreign(which, foreign) => {
                let (Which::Newest(at) | Which::Working(at)) = which;
                Deed::Foreign(*foreign, usize::from(*at))
            }
            _ => Deed::Do(self.command(act)),
        }
    }

    /// What brings somebody nearer to a session, where the act itself makes no sense.
    pub(super) fn sensible(&self, act: &Act) -> Option<Cmd> {
        let view = |contact: u8| self.seen.contacts.get(&contact_ref(contact));
        let no_link = || !self.seen.links.iter().any(|link| link.state == LinkState::Usable);
        let no_session = || !self.seen.sessions.iter().any(|session| session.valid);
        match act {
            Act::Command(contact, Command::Deactivate | Command::Reactivate | Command::Resend) => {
                let never = view(*contact).is_none_or(|view| view.access == Access::NotActivated);
                never.then(|| self.forward(*contact))
            }
            Act::Command(contact, _) | Act::PutEmails { contact, .. } | Act::EndSessions(contact) => {
                view(*contact).is_none().then(|| self.forward(*contact))
            }
            Act::SignInAs(contact) => {
                let can = view(*contact).is_some_and(|view| view.access == Access::Granted && view.password_set);
                (!can).then(|| self.forward(*contact))
            }
            Act::Redeem(..) => no_link().then(|| self.forward(0)),
            Act::Session(..) => no_session().then(|| self.forward(0)),
            _ => None,
        }
    }

    fn command(&self, act: &Act) -> Cmd {
        match act {
            Act::Forward(contact) => self.forward(*contact),
            Act::Again => self.before.cloned().unwrap_or_else(|| self.forward(0)),
            Act::PutUser { user, at, admin } => Cmd::PutUser {
                user: pick(&USERS, *user).to_owned(),
                name: pick(&NAMES, *user).to_owned(),
                addr: Spelling::at(*at).addr(),
                role: if *admin { Role::Admin } else { Role::Staff },
            },
            Act::DeleteUser(user) => Cmd::DeleteUser { user: pick(&USERS, *user).to_owned() },
            Act::PutClient(client) => Cmd::PutClient { client: client_ref(*client) },
            Act::DeleteClient(client) => Cmd::DeleteClient { client: client_ref(*client) },
            Act::Suspend(client, true) => Cmd::SuspendClient { client: client_ref(*client) },
            Act::Suspend(client, false) => Cmd::ResumeClient { client: client_ref(*client) },
            Act::Settings(setting) => Cmd::PutSettings(patch(*setting)),
            Act::PutContact { contact, name, emails, clients, flags } => Cmd::PutContact {
                contact: contact_ref(*contact),
                name: pick(&NAMES, *name).to_owned(),
                emails: emails.as_ref().map(|emails| spellings(emails)),
                clients: clients.as_ref().map(|all| all.iter().map(|client| client_ref(*client)).collect()),
                join: flags.join,
                wrong_address: flags.wrong_address,
            },
            Act::PutEmails { contact, emails, flags } => put_emails(contact_ref(*contact), emails, *flags),
            Act::Command(contact, command) => of_contact(contact_ref(*contact), *command),
            Act::Reset(at) => Cmd::RequestReset { key: Spelling::at(*at).key.to_owned() },
            Act::ResetFor(contact) => Cmd::RequestReset { key: self.key_of(*contact) },
            Act::Renew(which) => Cmd::RenewLink { link: self.link(*which) },
            Act::Redeem(which, password) => Cmd::RedeemLink { link: self.link(*which), password: password.text() },
            Act::SignIn(at, password) => {
                Cmd::SignIn { key: Spelling::at(*at).key.to_owned(), password: password.text() }
            }
            Act::SignInAs(contact) => self.sign_in(&self.key_of(*contact)),
            Act::Session(which, what) => self.in_session(self.session(*which), *what),
            Act::EndSessions(contact) => Cmd::EndSessions { contact: contact_ref(*contact) },
            Act::EndAllSessions | Act::PutBroken { .. } | Act::Foreign(..) => Cmd::EndAllSessions,
        }
    }

    /// What brings a contact nearer to a session.
    fn forward(&self, contact: u8) -> Cmd {
        let reference = contact_ref(contact);
        let Some(view) = self.seen.contacts.get(&reference) else {
            if !self.seen.clients.contains_key(CLIENTS[0]) {
                return Cmd::PutClient { client: CLIENTS[0].to_owned() };
            }
            // The fourth contact has the first one's address, in another spelling.
            let spelling =
                if contact % 4 == 3 { Spelling::at(1) } else { Spelling::of_key(pick(&KEYS, contact)).unwrap() };
            return Cmd::PutContact {
                contact: reference,
                name: NAMES[0].to_owned(),
                emails: Some(vec![spelling.addr()]),
                clients: Some(vec![CLIENTS[0].to_owned()]),
                join: false,
                wrong_address: false,
            };
        };
        if view.refusal.is_some() {
            let next = [contact.wrapping_mul(3).wrapping_add(3), 11];
            return put_emails(reference, &next, Flags { join: true, wrong_address: false });
        }
        match view.access {
            Access::NotActivated => Cmd::Activate { contact: reference },
            Access::Deactivated => Cmd::Reactivate { contact: reference },
            Access::Granted if view.password_set => self.sign_in(&key_of_view(view)),
            Access::Granted => match self.link_to(view) {
                Some(link) => Cmd::RedeemLink { link, password: pick(&PASSPHRASES, contact).to_owned() },
                None => Cmd::Resend { contact: reference },
            },
        }
    }

    /// The newest link that works and was mailed to where the contact signs in.
    fn link_to(&self, view: &ContactView) -> Option<LinkNo> {
        let key = key_of_view(view);
        let works = |link: &crate::model::LinkView| {
            link.state == LinkState::Usable && Spelling::stored_as(&link.to).is_some_and(|to| to.key == key)
        };
        self.seen.links.iter().rposition(works).map(LinkNo)
    }

    fn key_of(&self, contact: u8) -> String {
        match self.seen.contacts.get(&contact_ref(contact)) {
            Some(view) if !view.emails.is_empty() => key_of_view(view),
            _ => pick(&KEYS, contact).to_owned(),
        }
    }

    /// With the right password, if there is one.
    fn sign_in(&self, key: &str) -> Cmd {
        let attempt = |password: &str| Cmd::SignIn { key: key.to_owned(), password: password.to_owned() };
        let right = |password: &&&str| self.model.preview(self.now, &attempt(password)).session().is_some();
        attempt(PASSPHRASES.iter().find(right).unwrap_or(&PASSPHRASES[0]))
    }

    fn link(&self, which: Which) -> LinkNo {
        let works = |at: &usize| self.seen.links[*at].state == LinkState::Usable;
        LinkNo(chosen(which, self.seen.links.len(), works))
    }

    fn session(&self, which: Which) -> SessionNo {
        let works = |at: &usize| self.seen.sessions[*at].valid;
        SessionNo(chosen(which, self.seen.sessions.len(), works))
    }

    fn in_session(&self, session: SessionNo, what: InSession) -> Cmd {
        match what {
            InSession::Use => Cmd::UseSession { session },
            InSession::SignOut => Cmd::SignOut { session },
            InSession::Select(contact, client) => {
                let profiles = self.seen.sessions.get(session.0).map_or(&[][..], |view| &view.profiles);
                let at = usize::from(contact);
                let (contact, client) = match profiles.get(at % profiles.len().max(1)) {
                    // One in eight is not among the profiles.
                    Some((contact, client)) if at % 8 != 7 => (contact.clone(), client.clone()),
                    _ => (contact_ref(contact), client_ref(client)),
                };
                Cmd::SelectProfile { session, contact, client }
            }
            InSession::Change(current, new) => {
                Cmd::ChangePassword { session, current: current.text(), new: new.text() }
            }
            InSession::ChangeRight(new) => {
                let new = pick(&PASSPHRASES, new).to_owned();
                let change =
                    |current: &str| Cmd::ChangePassword { session, current: current.to_owned(), new: new.clone() };
                let right = |current: &&&str| self.model.preview(self.now, &change(current)).session().is_some();
                change(PASSPHRASES.iter().find(right).unwrap_or(&PASSPHRASES[0]))
            }
            InSession::End(target) => Cmd::EndOwnSession { by: session, target: self.session(target) },
            InSession::EndOthers => Cmd::EndOtherSessions { by: session },
        }
    }
}

/// The place that is meant; one past the end where there is none.
fn chosen(which: Which, len: usize, works: impl Fn(&usize) -> bool) -> usize {
    match which {
        Which::Newest(back) => len.checked_sub(1 + usize::from(back)).unwrap_or(len),
        Which::Working(back) => {
            let working: Vec<_> = (0..len).filter(works).rev().collect();
            working.get(usize::from(back) % working.len().max(1)).copied().unwrap_or_else(|| len.saturating_sub(1))
        }
    }
}

fn contact_ref(contact: u8) -> String {
    pick(&CONTACTS, contact).to_owned()
}

fn client_ref(client: u8) -> String {
    pick(&CLIENTS, client).to_owned()
}

fn spellings(at: &[u8]) -> Vec<crate::model::Addr> {
    let all: Vec<_> = at.iter().map(|at| Spelling::at(*at)).collect();
    list(&all)
}

fn put_emails(contact: String, emails: &[u8], flags: Flags) -> Cmd {
    Cmd::PutEmails { contact, emails: spellings(emails), join: flags.join, wrong_address: flags.wrong_address }
}

fn of_contact(contact: String, command: Command) -> Cmd {
    match command {
        Command::Activate => Cmd::Activate { contact },
        Command::Resend => Cmd::Resend { contact },
        Command::Deactivate => Cmd::Deactivate { contact },
        Command::Reactivate => Cmd::Reactivate { contact },
        Command::Delete => Cmd::DeleteContact { contact },
    }
}

fn patch(setting: Setting) -> SettingsPatch {
    let mut patch = SettingsPatch::default();
    match setting {
        Setting::Share(share) => {
            patch.shared_login = Some(if share { SharedLogin::Join } else { SharedLogin::Refuse });
        }
        Setting::Keep(keep) => {
            patch.sessions_on_move = Some(if keep { SessionsOnMove::Keep } else { SessionsOnMove::End });
        }
        Setting::Short(short) => {
            patch.activation_link_hours = Some(if short { 1 } else { 168 });
            patch.reset_link_minutes = Some(if short { 10 } else { 60 });
            patch.session_idle_minutes = Some(if short { 5 } else { 30 });
            patch.session_absolute_hours = Some(if short { 1 } else { 12 });
        }
    }
    patch
}

fn key_of_view(view: &ContactView) -> String {
    let first = view.emails.first().and_then(|stored| Spelling::stored_as(stored));
    first.map_or_else(String::new, |spelling| spelling.key.to_owned())
}
