//! Practice users, clients and settings.

use super::answer::{Code, Done, Outcome, Refusal, Ruling};
use super::cmd::{Addr, Role, SettingsPatch};
use super::state::{Model, Settings, User};

impl Model {
    pub(super) fn put_user(&mut self, user: &str, name: &str, addr: &Addr, role: Role) -> Ruling<Done> {
        let wanted = User { name: name.to_owned(), addr: addr.clone(), role };
        // A1: before any conflict is looked at.
        if self.users.get(user) == Some(&wanted) {
            return Ok(Done::Plain(Outcome::Unchanged));
        }
        // C2: not onto the key of a live login …
        if let Some(login) = self.live_login_at(&addr.key) {
            return Err(Refusal { contacts: self.members_by_ref(login), ..Code::EmailIsAPortalLogin.into() });
        }
        // … nor of another practice user.
        if self.user_at(&addr.key).is_some_and(|other| other != user) {
            return Err(Code::EmailTaken.into());
        }
        // W2.
        if role != Role::Admin && self.is_last_admin(user) {
            return Err(Code::LastAdmin.into());
        }
        self.users.insert(user.to_owned(), wanted);
        Ok(Done::Plain(Outcome::Changed))
    }

    pub(super) fn delete_user(&mut self, user: &str) -> Ruling<Done> {
        if !self.users.contains_key(user) {
            return Err(Code::NotFound.into());
        }
        // W2.
        if self.is_last_admin(user) {
            return Err(Code::LastAdmin.into());
        }
        // A7: with the user the key is free.
        self.users.remove(user);
        Ok(Done::Plain(Outcome::Changed))
    }

    fn is_last_admin(&self, user: &str) -> bool {
        let mut admins = self.users.iter().filter(|(_, user)| user.role == Role::Admin);
        admins.next().is_some_and(|(only, _)| only == user) && admins.next().is_none()
    }

    pub(super) fn put_client(&mut self, client: &str) -> Ruling<Done> {
        if self.clients.contains_key(client) {
            return Ok(Done::Plain(Outcome::Unchanged));
        }
        self.clients.insert(client.to_owned(), false);
        Ok(Done::Plain(Outcome::Changed))
    }

    /// Its profiles vanish, contacts stay; the same ref later is a new client.
    pub(super) fn delete_client(&mut self, client: &str) -> Ruling<Done> {
        if self.clients.remove(client).is_none() {
            return Err(Code::NotFound.into());
        }
        for contact in self.contacts.values_mut() {
            contact.clients.remove(client);
        }
        for session in &mut self.sessions {
            session.selected.take_if(|(_, selected)| selected == client);
        }
        Ok(Done::Plain(Outcome::Changed))
    }

    /// A5.
    pub(super) fn set_suspended(&mut self, client: &str, wanted: bool) -> Ruling<Done> {
        let suspended = self.clients.get_mut(client).ok_or(Code::NotFound)?;
        if *suspended == wanted {
            return Ok(Done::Plain(Outcome::Unchanged));
        }
        *suspended = wanted;
        Ok(Done::Plain(Outcome::Changed))
    }

    /// What is left out stays. Nothing that is there already is touched (C6, and links and sessions keep the limits under
    /// which their clocks were started).
    pub(super) fn put_settings(&mut self, patch: &SettingsPatch) -> Ruling<Done> {
        let now = &self.settings;
        let wanted = Settings {
            shared_login: patch.shared_login.unwrap_or(now.shared_login),
            sessions_on_move: patch.sessions_on_move.unwrap_or(now.sessions_on_move),
            activation_link_hours: patch.activation_link_hours.unwrap_or(now.activation_link_hours),
            reset_link_minutes: patch.reset_link_minutes.unwrap_or(now.reset_link_minutes),
            session_idle_minutes: patch.session_idle_minutes.unwrap_or(now.session_idle_minutes),
            session_absolute_hours: patch.session_absolute_hours.unwrap_or(now.session_absolute_hours),
        };
        if self.settings == wanted {
            return Ok(Done::Plain(Outcome::Unchanged));
        }
        self.settings = wanted;
        Ok(Done::Plain(Outcome::Changed))
    }
}
