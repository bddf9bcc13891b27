//! What the model remembers, and the questions every rule asks of it.

use super::answer::{MessageKind, PasswordEffect};
use super::cmd::{Addr, LinkNo, Role, SessionNo, SessionsOnMove, SharedLogin};
use super::guess::Guesses;
use super::observe::{LinkState, Message, Purpose};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const MINUTE: i64 = 60 * 1_000_000;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// One practice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Model {
    pub(super) settings: Settings,
    pub(super) users: BTreeMap<String, User>,
    /// Ref of each client, and whether it is suspended (A5).
    pub(super) clients: BTreeMap<String, bool>,
    pub(super) contacts: BTreeMap<String, Contact>,
    pub(super) logins: BTreeMap<LoginId, Login>,
    pub(super) links: Vec<Link>,
    pub(super) sessions: Vec<Session>,
    pub(super) messages: Vec<Message>,
    pub(super) guesses: Guesses,
    /// When mail was sent that anybody can trigger, by login key (G3).
    pub(super) asked: BTreeMap<String, Vec<i64>>,
    /// When hints were sent, about whom and to which key (M8).
    pub(super) hinted: Vec<(i64, ContactId, String)>,
    /// How many contacts and logins were ever made.
    pub(super) made: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) shared_login: SharedLogin,
    pub(super) sessions_on_move: SessionsOnMove,
    pub(super) activation_link_hours: i64,
    pub(super) reset_link_minutes: i64,
    pub(super) session_idle_minutes: i64,
    pub(super) session_absolute_hours: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            shared_login: SharedLogin::Join,
            sessions_on_move: SessionsOnMove::End,
            activation_link_hours: 168,
            reset_link_minutes: 60,
            session_idle_minutes: 30,
            session_absolute_hours: 12,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    pub(super) name: String,
    pub(super) addr: Addr,
    pub(super) role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LoginId(pub(super) u64);

/// The contact itself: the same ref after a deletion is another one (A7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ContactId(pub(super) u64);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Contact {
    pub(super) id: ContactId,
    pub(super) name: String,
    pub(super) emails: Vec<Addr>,
    pub(super) clients: BTreeSet<String>,
    pub(super) standing: Standing,
    /// Every key that was first while the contact had access (M2).
    pub(super) first_keys: BTreeSet<String>,
    /// Those of them that were a stranger's when the contact last moved away from them (M9).
    pub(super) wrong_keys: BTreeSet<String>,
    /// Where the contact's login was before its last move (M4's later note).
    pub(super) moved_from: Option<(Addr, i64)>,
}

/// The stored state of access, with what belongs to each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    NotActivated,
    /// Behind this live login since then.
    Granted {
        login: LoginId,
        since: i64,
    },
    /// With the dormant login that is the contact's own, if it was the last behind it (C4).
    Deactivated {
        dormant: Option<LoginId>,
    },
}

/// A login. Its key is the first address of whoever is behind it, and stored nowhere (F3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) password: Option<Password>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Password {
    pub(super) secret: String,
    /// The key to which the link that set it was mailed.
    pub(super) confirmed_at: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) login: LoginId,
    pub(super) written_to: ContactId,
    pub(super) to: Addr,
    pub(super) purpose: Purpose,
    pub(super) expires_at: i64,
    pub(super) used: bool,
    pub(super) killed_at: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Session {
    pub(super) login: LoginId,
    pub(super) idle_until: i64,
    pub(super) absolute_until: i64,
    pub(super) ended: bool,
    pub(super) selected: Option<(String, String)>,
}

impl Contact {
    /// F2: the login email.
    pub(super) fn first(&self) -> Option<&Addr> {
        self.emails.first()
    }

    pub(super) fn first_key(&self) -> Option<&str> {
        self.first().map(|addr| addr.key.as_str())
    }

    /// The live login it is behind.
    pub(super) fn live_login(&self) -> Option<LoginId> {
        match self.standing {
            Standing::Granted { login, .. } => Some(login),
            _ => None,
        }
    }

    /// The login it is behind, or its own dormant one.
    pub(super) fn any_login(&self) -> Option<LoginId> {
        match self.standing {
            Standing::NotActivated => None,
            Standing::Granted { login, .. } => Some(login),
            Standing::Deactivated { dormant } => dormant,
        }
    }
}

impl Link {
    /// L3: used; else dead if it was killed before it expired; else expired; else usable.
    pub(super) fn state(&self, now: i64) -> LinkState {
        if self.used {
            LinkState::Used
        } else if self.killed_at.is_some_and(|at| at < self.expires_at) {
            LinkState::Dead
        } else if now >= self.expires_at {
            LinkState::Expired
        } else {
            LinkState::Usable
        }
    }
}

impl Session {
    /// P3: neither ended, nor idle too long, nor too old.
    pub(super) fn is_valid(&self, now: i64) -> bool {
        !self.ended && now < self.idle_until && now < self.absolute_until
    }
}

impl Model {
    /// A practice with nothing in it and the default settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn next_number(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    /// The practice user with this key.
    pub(super) fn user_at(&self, key: &str) -> Option<&str> {
        self.users.iter().find(|(_, user)| user.addr.key == key).map(|(user, _)| user.as_str())
    }

    /// The live login with this key. Only live logins hold theirs (C4).
    pub(super) fn live_login_at(&self, key: &str) -> Option<LoginId> {
        self.contacts.values().filter(|contact| contact.first_key() == Some(key)).find_map(Contact::live_login)
    }

    /// Refs of the contacts behind a live login, the longest behind it first, of two at once the lesser ref (E4).
    pub(super) fn members(&self, login: LoginId) -> Vec<String> {
        let mut members: Vec<(i64, &String)> = Vec::new();
        for (contact, state) in &self.contacts {
            if let Standing::Granted { login: its, since } = state.standing
                && its == login
            {
                members.push((since, contact));
            }
        }
        members.sort();
        members.into_iter().map(|(_, contact)| contact.clone()).collect()
    }

    /// The same in order of refs.
    pub(super) fn members_by_ref(&self, login: LoginId) -> Vec<String> {
        let mut members = self.members(login);
        members.sort();
        members
    }

    /// Refs of the others behind the contact's login, sorted.
    pub(super) fn shared_with(&self, contact: &str) -> Vec<String> {
        let Some(login) = self.contacts.get(contact).and_then(Contact::live_login) else {
            return Vec::new();
        };
        let mut others = self.members_by_ref(login);
        others.retain(|other| other != contact);
        others
    }

    /// The address with which the contact signs in, as stored, if it has access.
    pub(super) fn login_address(&self, contact: &str) -> Option<String> {
        let contact = self.contacts.get(contact)?;
        contact.live_login()?;
        Some(contact.first()?.stored.clone())
    }

    pub(super) fn password(&self, login: LoginId) -> Option<&Password> {
        self.logins.get(&login)?.password.as_ref()
    }

    /// Whether the login the contact is behind, or its own dormant one, has a password.
    pub(super) fn has_password(&self, contact: &str) -> bool {
        self.contacts.get(contact).and_then(Contact::any_login).is_some_and(|login| self.password(login).is_some())
    }

    /// What becomes of the password where nothing becomes of it.
    pub(super) fn password_as_it_is(&self, contact: &str) -> PasswordEffect {
        if self.has_password(contact) { PasswordEffect::Kept } else { PasswordEffect::None }
    }

    pub(super) fn begin_login(&mut self) -> LoginId {
        let login = LoginId(self.next_number());
        self.logins.insert(login, Login::default());
        login
    }

    /// Ends all sessions and links of a login and forgets it, password and all.
    pub(super) fn erase_login(&mut self, now: i64, login: LoginId) {
        self.kill_links(now, login);
        self.end_sessions(login);
        self.logins.remove(&login);
    }

    pub(super) fn drop_password(&mut self, login: LoginId) {
        if let Some(login) = self.logins.get_mut(&login) {
            login.password = None;
        }
    }

    pub(super) fn send(&mut self, kind: MessageKind, to: &Addr, link: Option<LinkNo>) {
        self.messages.push(Message { kind, to: to.stored.clone(), link });
    }

    pub(super) fn usable_links(&self, now: i64) -> BTreeSet<LinkNo> {
        (0..self.links.len()).filter(|no| self.links[*no].state(now) == LinkState::Usable).map(LinkNo).collect()
    }

    pub(super) fn valid_sessions(&self, now: i64) -> BTreeSet<SessionNo> {
        (0..self.sessions.len()).filter(|no| self.sessions[*no].is_valid(now)).map(SessionNo).collect()
    }
}
