//! The life-cycle of access (A), and who may join whom (C).

use super::answer::{Code, Done, MessageKind, PasswordEffect, Refusal, Ruling};
use super::cmd::SharedLogin;
use super::observe::Purpose;
use super::state::{Contact, LoginId, Model, Standing};

/// How a contact comes to a login when access is granted (C4).
pub(super) enum WayIn {
    /// It joins the live login at its key,
    Join(LoginId),
    /// else wakes its own dormant one,
    Wake(LoginId),
    /// else begins a new one.
    Begin,
}

impl Model {
    pub(super) fn contact(&self, contact: &str) -> Ruling<&Contact> {
        Ok(self.contacts.get(contact).ok_or(Code::NotFound)?)
    }

    pub(super) fn activate(&mut self, now: i64, contact: &str) -> Ruling<Done> {
        match self.contact(contact)?.standing {
            Standing::Granted { .. } => Ok(Done::unchanged(contact, self.password_as_it_is(contact))),
            Standing::NotActivated | Standing::Deactivated { .. } => self.grant(now, contact),
        }
    }

    pub(super) fn reactivate(&mut self, now: i64, contact: &str) -> Ruling<Done> {
        match self.contact(contact)?.standing {
            Standing::NotActivated => Err(Code::NotActivated.into()),
            Standing::Granted { .. } => Ok(Done::unchanged(contact, self.password_as_it_is(contact))),
            Standing::Deactivated { .. } => self.grant(now, contact),
        }
    }

    /// A new activation mail to the contact's own address; the password stays.
    pub(super) fn resend(&mut self, now: i64, contact: &str) -> Ruling<Done> {
        match self.contact(contact)?.standing {
            Standing::NotActivated => Err(Code::NotActivated.into()),
            Standing::Deactivated { .. } => Err(Code::PortalDeactivated.into()),
            Standing::Granted { login, .. } => {
                self.open_link(now, login, contact, Purpose::Activation);
                Ok(Done::changed(contact, self.password_as_it_is(contact)))
            }
        }
    }

    pub(super) fn deactivate(&mut self, now: i64, contact: &str) -> Ruling<Done> {
        match self.contact(contact)?.standing {
            Standing::NotActivated => Err(Code::NotActivated.into()),
            Standing::Deactivated { .. } => Ok(Done::unchanged(contact, self.password_as_it_is(contact))),
            Standing::Granted { .. } => {
                let password = match (self.has_password(contact), self.is_alone(contact)) {
                    (true, true) => PasswordEffect::Kept,
                    (true, false) => PasswordEffect::Ended,
                    (false, _) => PasswordEffect::None,
                };
                self.end_access(now, contact);
                Ok(Done::changed(contact, password))
            }
        }
    }

    /// A7: ends access as deactivation does, and erases a login that nobody else is behind. Sends nothing.
    pub(super) fn delete_contact(&mut self, now: i64, contact: &str) -> Ruling<Done> {
        self.contact(contact)?;
        let password = if self.has_password(contact) { PasswordEffect::Ended } else { PasswordEffect::None };
        self.end_access(now, contact);
        if let Standing::Deactivated { dormant: Some(own) } = self.contact(contact)?.standing {
            self.erase_login(now, own);
        }
        self.contacts.remove(contact);
        for session in &mut self.sessions {
            session.selected.take_if(|(selected, _)| selected == contact);
        }
        Ok(Done::changed(contact, password))
    }

    /// Takes access away from a contact that has it.
    fn end_access(&mut self, now: i64, contact: &str) {
        let alone = self.is_alone(contact);
        let Some(state) = self.contacts.get_mut(contact) else {
            return;
        };
        let Standing::Granted { login, .. } = state.standing else {
            return;
        };
        if alone {
            // C4: the login goes dormant and belongs to this contact. A2: its sessions and links end; the password stays.
            state.standing = Standing::Deactivated { dormant: Some(login) };
            self.kill_links(now, login);
            self.end_sessions(login);
        } else {
            // C4: it leaves the login for good. A3: nothing of the others ends.
            state.standing = Standing::Deactivated { dormant: None };
        }
    }

    pub(super) fn is_alone(&self, contact: &str) -> bool {
        self.shared_with(contact).is_empty()
    }

    /// What activation and reactivation would come to now: the way in, or the refusal.
    pub(super) fn way_in(&self, contact: &Contact) -> Ruling<WayIn> {
        // A8.
        let key = contact.first_key().ok_or(Code::NoEmail)?;
        // C1.
        if self.user_at(key).is_some() {
            return Err(Code::PracticeUserEmail.into());
        }
        // C3: activation and reactivation join by the setting alone.
        if let Some(login) = self.live_login_at(key) {
            self.check_join(login, true)?;
            return Ok(WayIn::Join(login));
        }
        // C4.
        match contact.standing {
            Standing::Deactivated { dormant: Some(own) } => Ok(WayIn::Wake(own)),
            _ => Ok(WayIn::Begin),
        }
    }

    /// C3: a live login is joined only under the setting `join`, where the command may (a move says so), and when it has
    /// no password or one that is confirmed at its present key.
    pub(super) fn check_join(&self, login: LoginId, command_may: bool) -> Ruling<()> {
        let members = self.members_by_ref(login);
        let key = members.first().and_then(|member| self.contacts.get(member)).and_then(Contact::first_key);
        let confirmed = match self.password(login) {
            None => true,
            Some(password) => Some(password.confirmed_at.as_str()) == key,
        };
        if self.settings.shared_login == SharedLogin::Join && command_may && confirmed {
            Ok(())
        } else {
            Err(Refusal { contacts: members, ..Code::LoginEmailTaken.into() })
        }
    }

    /// Grants access to a contact that has none, with exactly one message (A4).
    fn grant(&mut self, now: i64, contact: &str) -> Ruling<Done> {
        let state = self.contact(contact)?.clone();
        let way_in = self.way_in(&state)?;
        let key = state.first_key().ok_or(Code::NoEmail)?;
        let had_password = self.has_password(contact);

        let (login, password) = match way_in {
            WayIn::Join(login) => {
                // C4: joining erases its own dormant login.
                if let Some(own) = state.any_login() {
                    self.erase_login(now, own);
                }
                (login, self.password_on_joining(login, had_password))
            }
            WayIn::Wake(own) => {
                // A2: the password is kept only if it is confirmed at the address that is first now.
                let confirmed = self.password(own).is_some_and(|it| it.confirmed_at == key);
                if !confirmed {
                    self.drop_password(own);
                }
                match (had_password, confirmed) {
                    (true, true) => (own, PasswordEffect::Kept),
                    (true, false) => (own, PasswordEffect::Ended),
                    (false, _) => (own, PasswordEffect::None),
                }
            }
            WayIn::Begin => (self.begin_login(), PasswordEffect::None),
        };

        if let Some(state) = self.contacts.get_mut(contact) {
            state.standing = Standing::Granted { login, since: now };
            state.first_keys.insert(key.to_owned());
        }
        self.announce(now, login, contact, password);
        Ok(Done::changed(contact, password))
    }

    pub(super) fn password_on_joining(&self, login: LoginId, had: bool) -> PasswordEffect {
        if self.password(login).is_some() {
            PasswordEffect::Shared
        } else if had {
            PasswordEffect::Ended
        } else {
            PasswordEffect::None
        }
    }

    /// A4: the announcement to who joined a login that has a password, else the activation mail; to the contact's own
    /// stored address.
    pub(super) fn announce(&mut self, now: i64, login: LoginId, contact: &str, password: PasswordEffect) {
        if password != PasswordEffect::Shared {
            self.open_link(now, login, contact, Purpose::Activation);
        } else if let Some(addr) = self.contacts.get(contact).and_then(Contact::first).cloned() {
            self.send(MessageKind::AccessAdded, &addr, None);
        }
    }
}
