//! Links (L), and setting a password with one.

use super::answer::{Code, Done, Fault, MessageKind, Outcome, Ruling};
use super::cmd::{Addr, LinkNo};
use super::observe::{LinkState, Purpose};
use super::state::{Contact, DAY, HOUR, Link, LoginId, MINUTE, Model, Password};
use std::collections::BTreeSet;

/// L4.
const MOST_USABLE_LINKS: usize = 5;
/// M4.
const OLD_ADDRESS_IS_TOLD: i64 = 7 * DAY;
/// P1.
const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 12..=256;

impl Model {
    /// Mails a new link of a login to the contact's own stored address.
    pub(super) fn open_link(&mut self, now: i64, login: LoginId, contact: &str, purpose: Purpose) {
        let Some(state) = self.contacts.get(contact) else {
            return;
        };
        let (Some(to), written_to) = (state.first().cloned(), state.id) else {
            return;
        };
        let (kind, life) = match purpose {
            Purpose::Activation => (MessageKind::Activation, self.settings.activation_link_hours * HOUR),
            Purpose::Reset => (MessageKind::Reset, self.settings.reset_link_minutes * MINUTE),
        };
        let no = LinkNo(self.links.len());
        self.links.push(Link {
            login,
            written_to,
            to: to.clone(),
            purpose,
            expires_at: now + life,
            used: false,
            killed_at: None,
        });
        self.send(kind, &to, Some(no));

        // L4: at most five per login, contact written to and purpose; the sixth ends the oldest.
        let same: Vec<usize> = (0..self.links.len())
            .filter(|no| {
                let link = &self.links[*no];
                link.login == login
                    && link.written_to == written_to
                    && link.purpose == purpose
                    && link.state(now) == LinkState::Usable
            })
            .collect();
        if same.len() > MOST_USABLE_LINKS {
            self.links[same[0]].killed_at = Some(now);
        }
    }

    /// L3: all links of the login die.
    pub(super) fn kill_links(&mut self, now: i64, login: LoginId) {
        for link in self.links.iter_mut().filter(|link| link.login == login) {
            if link.killed_at.is_none() {
                link.killed_at = Some(now);
            }
        }
    }

    /// L7: for every live login, with or without password; to the spelling of the contact longest behind it (E4).
    pub(super) fn request_reset(&mut self, now: i64, key: &str) -> Ruling<Done> {
        match self.live_login_at(key) {
            Some(login) => self.mail_login(now, login, Purpose::Reset),
            None => self.hint(now, key),
        }
        Ok(Done::Accepted)
    }

    /// M8: to the current login address of the one contact with access whose address this is or was, at most once a day.
    fn hint(&mut self, now: i64, key: &str) {
        let is_or_was = |contact: &Contact| {
            let listed = contact.emails.iter().any(|addr| addr.key == key);
            (listed || contact.first_keys.contains(key)) && !contact.wrong_keys.contains(key)
        };
        let granted = self.contacts.iter().filter(|(_, contact)| contact.live_login().is_some() && is_or_was(contact));
        let found: Vec<_> = granted.map(|(name, contact)| (name.clone(), contact.id)).collect();
        let [(contact, id)] = found.as_slice() else { return };
        let Some(login) = self.contacts[contact].live_login().filter(|_| self.user_at(key).is_none()) else { return };
        let Some(to) = self.login_spelling(login) else { return };
        let sees_something = self.profiles(login).iter().any(|(whose, _)| whose == contact);
        let told = |(at, who, where_to): &(i64, _, String)| now - at < DAY && (who == id || *where_to == to.key);
        if sees_something && !self.hinted.iter().any(told) && self.may_be_mailed(now, &to.key) {
            self.hinted.push((now, *id, to.key.clone()));
            self.send(MessageKind::Hint, &to, None);
        }
    }

    /// L4: a new link of the same purpose to the login's address of today if it is live; the answer is the same.
    pub(super) fn renew_link(&mut self, now: i64, link: LinkNo) -> Ruling<Done> {
        let link = self.links.get(link.0).ok_or(Code::NotFound)?;
        let (login, purpose) = (link.login, link.purpose);
        self.mail_login(now, login, purpose);
        Ok(Done::Accepted)
    }

    /// A link to the contact longest behind a live login; a login that is not live has nobody behind it.
    fn mail_login(&mut self, now: i64, login: LoginId, purpose: Purpose) {
        let Some(contact) = self.members(login).into_iter().next() else { return };
        let Some(key) = self.login_spelling(login).map(|addr| addr.key) else { return };
        if self.may_be_mailed(now, &key) {
            self.open_link(now, login, &contact, purpose);
        }
    }

    /// L2, L3, L5: consumed only together with an accepted password; every session of that login ends, none starts.
    pub(super) fn redeem_link(&mut self, now: i64, no: LinkNo, secret: &str) -> Ruling<Done> {
        let link = self.links.get(no.0).ok_or(Code::NotFound)?.clone();
        match link.state(now) {
            LinkState::Used => return Err(Code::LinkUsed.into()),
            LinkState::Dead => return Err(Code::LinkDead.into()),
            LinkState::Expired => return Err(Code::LinkExpired.into()),
            LinkState::Usable => {}
        }
        check_password(secret)?;

        let replaces = self.password(link.login).is_some();
        self.links[no.0].used = true;
        self.kill_links(now, link.login);
        self.end_sessions(link.login);
        self.set_password(link.login, secret, &link.to.key);
        self.forgive(&link.to.key);
        if replaces {
            self.tell_password_changed(link.login);
        }
        self.tell_old_addresses(now, link.login);
        Ok(Done::Plain(Outcome::Changed))
    }

    pub(super) fn set_password(&mut self, login: LoginId, secret: &str, confirmed_at: &str) {
        if let Some(login) = self.logins.get_mut(&login) {
            login.password = Some(Password { secret: secret.to_owned(), confirmed_at: confirmed_at.to_owned() });
        }
    }

    /// P3: the login's address is told of every password that replaces another.
    pub(super) fn tell_password_changed(&mut self, login: LoginId) {
        if let Some(to) = self.login_spelling(login) {
            self.send(MessageKind::PasswordChanged, &to, None);
        }
    }

    /// E4: the spelling of the contact longest behind the login.
    fn login_spelling(&self, login: LoginId) -> Option<Addr> {
        let longest = self.members(login).into_iter().next()?;
        self.contacts.get(&longest).and_then(Contact::first).cloned()
    }

    /// M4: a password set by link within seven days of a move is told to the old address too, each address once.
    fn tell_old_addresses(&mut self, now: i64, login: LoginId) {
        let mut told: BTreeSet<String> = self.login_spelling(login).into_iter().map(|addr| addr.key).collect();
        for member in self.members(login) {
            let moved_from = self.contacts.get(&member).and_then(|it| it.moved_from.clone());
            if let Some((old, at)) = moved_from
                && now - at <= OLD_ADDRESS_IS_TOLD
                && told.insert(old.key.clone())
            {
                self.send(MessageKind::PasswordChanged, &old, None);
            }
        }
    }
}

/// P1, as far as the model goes: the length in code points.
pub(super) fn check_password(secret: &str) -> Ruling<()> {
    let length = secret.chars().count();
    if length < *PASSWORD_LENGTH.start() {
        Err(Fault::TooShort.into())
    } else if length > *PASSWORD_LENGTH.end() {
        Err(Fault::TooLong.into())
    } else {
        Ok(())
    }
}
