//! Contacts, and what happens when their addresses change (M).

use super::access::WayIn;
use super::answer::{Code, Done, MessageKind, PasswordEffect, Ruling};
use super::cmd::{Addr, SessionsOnMove};
use super::state::{Contact, ContactId, LoginId, Model, Standing};
use std::collections::BTreeSet;

/// The two flags of a change of addresses.
#[derive(Clone, Copy)]
pub(super) struct Flags {
    /// C3: the move may join.
    pub(super) join: bool,
    /// M9.
    pub(super) wrong_address: bool,
}

impl Model {
    pub(super) fn put_contact(
        &mut self,
        now: i64,
        contact: &str,
        name: &str,
        emails: Option<&[Addr]>,
        clients: Option<&[String]>,
        flags: Flags,
    ) -> Ruling<Done> {
        // 422 comes before "unchanged".
        let known = |client: &String| self.clients.contains_key(client);
        if !clients.unwrap_or_default().iter().all(known) {
            return Err(Code::UnknownClient.into());
        }
        let clients: Option<BTreeSet<String>> = clients.map(|list| list.iter().cloned().collect());

        let Some(present) = self.contacts.get(contact).cloned() else {
            let id = ContactId(self.next_number());
            self.contacts.insert(
                contact.to_owned(),
                Contact {
                    id,
                    name: name.to_owned(),
                    emails: emails.unwrap_or_default().to_vec(),
                    clients: clients.unwrap_or_default(),
                    standing: Standing::NotActivated,
                    first_keys: BTreeSet::new(),
                    wrong_keys: BTreeSet::new(),
                    moved_from: None,
                },
            );
            return Ok(Done::changed(contact, PasswordEffect::None));
        };

        // What is left out of an existing contact stays.
        let emails = emails.unwrap_or(&present.emails);
        let clients = clients.unwrap_or(present.clients.clone());
        // A1: before any conflict is looked at.
        if present.name == name && present.emails == emails && present.clients == clients {
            return Ok(Done::unchanged(contact, self.password_as_it_is(contact)));
        }
        let password = self.change_emails(now, contact, emails, flags)?;
        if let Some(state) = self.contacts.get_mut(contact) {
            state.name = name.to_owned();
            state.clients = clients;
        }
        Ok(Done::changed(contact, password))
    }

    pub(super) fn put_emails(&mut self, now: i64, contact: &str, emails: &[Addr], flags: Flags) -> Ruling<Done> {
        // A1: before any conflict is looked at.
        if self.contact(contact)?.emails == emails {
            return Ok(Done::unchanged(contact, self.password_as_it_is(contact)));
        }
        let password = self.change_emails(now, contact, emails, flags)?;
        Ok(Done::changed(contact, password))
    }

    /// Writes a list of addresses, and says what becomes of the password.
    fn change_emails(&mut self, now: i64, contact: &str, emails: &[Addr], flags: Flags) -> Ruling<PasswordEffect> {
        let present = self.contact(contact)?.clone();
        let new_first = emails.first();
        let same_key = present.first_key() == new_first.map(|addr| addr.key.as_str());

        // M1: below the first, or another spelling of it: nothing for the portal. Without access: moves nothing.
        if same_key || present.live_login().is_none() {
            if let Some(state) = self.contacts.get_mut(contact) {
                state.emails = emails.to_vec();
                if !same_key {
                    state.moved_from = None;
                }
            }
            return Ok(self.password_as_it_is(contact));
        }
        // M5.
        let Some(new_first) = new_first else {
            return Err(Code::LoginEmailRequired.into());
        };
        // C1, C3.
        let way_in = self.way_to(new_first, flags.join)?;

        let password = self.move_login(now, contact, emails, way_in, flags.wrong_address);

        // M4, M9: the old address is told, as it was spelled, unless it was wrong.
        if let Some(old) = present.first().filter(|_| !flags.wrong_address) {
            self.send(MessageKind::LoginMovedOld, old, None);
        }
        if let Some(state) = self.contacts.get_mut(contact) {
            let old = present.first().filter(|_| !flags.wrong_address);
            state.moved_from = old.map(|old| (old.clone(), now));
            state.first_keys.insert(new_first.key.clone());
            if let Some(old) = present.first() {
                state.wrong_keys.remove(&old.key);
                state.wrong_keys.extend(Some(old.key.clone()).filter(|_| flags.wrong_address));
            }
        }
        Ok(password)
    }

    /// Whether a contact with access may move to this address, and whether it joins somebody there.
    fn way_to(&self, new_first: &Addr, join: bool) -> Ruling<WayIn> {
        // C1.
        if self.user_at(&new_first.key).is_some() {
            return Err(Code::PracticeUserEmail.into());
        }
        // C3: a move joins only when the command says so.
        let Some(login) = self.live_login_at(&new_first.key) else {
            return Ok(WayIn::Begin);
        };
        self.check_join(login, join)?;
        Ok(WayIn::Join(login))
    }

    /// Moves a contact that has access to the first of `emails`, and tells the new address.
    fn move_login(
        &mut self,
        now: i64,
        contact: &str,
        emails: &[Addr],
        way_in: WayIn,
        wrong_address: bool,
    ) -> PasswordEffect {
        let alone = self.is_alone(contact);
        let had_password = self.has_password(contact);
        let Some(state) = self.contacts.get_mut(contact) else {
            return PasswordEffect::None;
        };
        let Some(own) = state.live_login() else {
            return PasswordEffect::None;
        };
        state.emails = emails.to_vec();

        if let WayIn::Join(login) = way_in {
            // M6: that login's password, or lack of one, holds; the mover's own password, sessions and links end.
            state.standing = Standing::Granted { login, since: now };
            if alone {
                self.erase_login(now, own);
            }
            let password = self.password_on_joining(login, had_password);
            self.announce(now, login, contact, password);
            return password;
        }
        if !alone {
            // M6: a login of its own without a password; the old one stays as it is with those who stay.
            let login = self.begin_login();
            if let Some(state) = self.contacts.get_mut(contact) {
                state.standing = Standing::Granted { login, since: now };
            }
            self.announce(now, login, contact, PasswordEffect::None);
            return if had_password { PasswordEffect::Ended } else { PasswordEffect::None };
        }
        self.carry_login(now, contact, own, wrong_address)
    }

    /// M2, M3: the login of a single contact goes along with it.
    fn carry_login(&mut self, now: i64, contact: &str, own: LoginId, wrong_address: bool) -> PasswordEffect {
        let Some(state) = self.contacts.get(contact).cloned() else {
            return PasswordEffect::None;
        };
        let Some(first) = state.first() else {
            return PasswordEffect::None;
        };
        let had_password = self.has_password(contact);
        let was_first_before = state.first_keys.contains(&first.key);
        let confirmed = self.password(own).is_some_and(|it| it.confirmed_at == first.key);
        // M9; M2: back to an address that was first while it had access, only if it is confirmed there.
        let kept = had_password && !wrong_address && (!was_first_before || confirmed);

        // M3: all open links die, and sessions end, always where the password ends.
        self.kill_links(now, own);
        if !kept {
            self.drop_password(own);
        }
        if !kept || self.settings.sessions_on_move == SessionsOnMove::End {
            self.end_sessions(own);
        }
        // M4.
        if kept {
            self.send(MessageKind::LoginMovedNew, first, None);
            PasswordEffect::Kept
        } else {
            self.announce(now, own, contact, PasswordEffect::None);
            if had_password { PasswordEffect::Ended } else { PasswordEffect::None }
        }
    }
}
