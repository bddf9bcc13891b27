//! From a draft to what is committed and answered.

use super::{
    super::{
        note,
        outcome::{ContactOutcome, Decided, EffectMessage, Effects, PasswordEffect},
    },
    Draft,
};
use crate::{
    change::{Aggregate, Change, Expect, Reliance},
    contact::{Access, Contact},
    email::EmailAddress,
    event::Event,
    facts::{ContactFacts, Holder, Member},
    id::LoginId,
    login::Login,
};

impl Draft<'_> {
    fn had_password(&self) -> bool {
        self.before.login.as_ref().is_some_and(|facts| facts.login.credential.is_some())
    }

    pub(super) fn password_effect(&self) -> PasswordEffect {
        let has = self.login().is_some_and(|login| login.credential.is_some());
        match (has, self.had_password()) {
            (true, _) if self.joined => PasswordEffect::Shared,
            (true, _) => PasswordEffect::Kept,
            (false, true) => PasswordEffect::Ended,
            (false, false) => PasswordEffect::None,
        }
    }

    /// Whether the contact is another one than before; that an update was refused makes it none.
    pub(in crate::decide) fn differs(&self) -> bool {
        let noted = || self.contact.refused_update.clone();
        let before = self.before.contact.as_ref().map(|before| Contact { refused_update: noted(), ..before.clone() });
        before.as_ref() != Some(&self.contact)
    }

    /// Closes the draft: what to commit, and what to answer.
    pub(in crate::decide) fn finish(mut self) -> Decided<ContactOutcome> {
        let effects = self.effects();
        let changed = !self.decision.is_empty() || self.differs();
        let created = self.before.contact.is_none();
        self.put_contact();
        self.put_logins();
        self.look_at_company();
        let after = self.after();
        self.decision.expect.sort();
        Decided { decision: self.decision, outcome: ContactOutcome { changed, created, after, effects } }
    }

    fn put_contact(&mut self) {
        match &self.before.contact {
            None => self.contact.version = 1,
            Some(before) if self.deleted => {
                let (what, version) = (Aggregate::Contact(before.id), before.version);
                self.decision.expect.push(Expect { what, version, how: Reliance::Changed });
                self.decision.changes.push(Change::DeleteContact(before.id));
                return;
            }
            // A decision that changes anything around a contact relies on it, and so changes its version.
            Some(before) if *before != self.contact || !self.decision.is_empty() => {
                let (what, version) = (Aggregate::Contact(before.id), before.version);
                self.decision.expect.push(Expect { what, version, how: Reliance::Changed });
                self.contact.version = version + 1;
            }
            // What is unchanged is told so of the contact as it was seen.
            Some(before) => {
                let (what, version) = (Aggregate::Contact(before.id), before.version);
                self.decision.expect.push(Expect { what, version, how: Reliance::LookedAt });
                return;
            }
        }
        self.decision.changes.push(Change::PutContact(self.contact.clone()));
    }

    fn put_logins(&mut self) {
        for (id, work) in &mut self.logins {
            if !work.touched {
                continue;
            }
            let version = work.original.as_ref().map_or(0, |login| login.version);
            if work.original.is_some() {
                let what = Aggregate::Login(*id);
                self.decision.expect.push(Expect { what, version, how: Reliance::Changed });
            }
            if work.erased {
                self.decision.changes.push(Change::DeleteLogin(*id));
            } else {
                work.facts.login.version = version + 1;
                self.decision.changes.push(Change::PutLogin(work.facts.login.clone()));
            }
        }
    }

    /// The answer names those behind the same login, so it holds only while they are.
    fn look_at_company(&mut self) {
        let Some(login) = self.contact.login.filter(|_| !self.deleted) else { return };
        let work = &self.logins[&login];
        if let Some(Login { version, .. }) = work.original.as_ref().filter(|_| !work.touched)
            && self.others(login) > 0
        {
            let what = Aggregate::Login(login);
            self.decision.expect.push(Expect { what, version: *version, how: Reliance::LookedAt });
        }
    }

    fn effects(&self) -> Effects {
        let address = |contact: &Contact| {
            let first = contact.emails.first().filter(|_| contact.access == Access::Granted);
            first.map(|email| email.as_str().to_owned())
        };
        let shared_with = match self.contact.login {
            Some(_) if self.contact.access == Access::Granted && !self.deleted => self.others_named(),
            _ => Vec::new(),
        };
        let mut messages: Vec<_> = self
            .decision
            .messages
            .iter()
            .map(|message| EffectMessage { kind: message.kind(), to: message.to.as_str().to_owned() })
            .collect();
        messages.sort();
        Effects {
            login_before: self.before.contact.as_ref().and_then(address),
            login_after: if self.deleted { None } else { address(&self.contact) },
            shared_with,
            password: self.password_effect(),
            links_ended: self.links_ended,
            sessions_ended: self.sessions_ended,
            messages,
        }
    }

    fn after(&self) -> ContactFacts {
        if self.deleted {
            return ContactFacts::default();
        }
        let clients: Vec<_> =
            self.clients.iter().filter(|client| self.contact.clients.contains(&client.id)).cloned().collect();
        let own = Member { contact: self.contact.clone(), clients: clients.clone() };
        let with_own = |login: LoginId| {
            let mut facts = self.logins[&login].facts.clone();
            for member in &mut facts.members {
                if member.contact.id == own.contact.id {
                    member.clone_from(&own);
                }
            }
            facts.members.sort_by_key(|member| member.contact.id);
            facts
        };
        let users = self.users.iter().map(|(key, user)| (key.clone(), Holder::User(user.clone())));
        let logins = self.keys.iter().map(|(key, login)| (key.clone(), Holder::Login(with_own(*login))));
        ContactFacts {
            contact: Some(self.contact.clone()),
            clients,
            former_keys: self.former_keys.clone(),
            login: self.contact.login.map(with_own),
            holders: users.chain(logins).collect(),
            locked: self.before.locked.clone(),
            suppressed: self.suppressed.clone(),
        }
    }
}

pub(super) fn note_contact(event: &mut Event, before: Option<&Contact>, after: Option<&Contact>) {
    let emails = |contact: Option<&Contact>| {
        let all = contact.map(|contact| contact.emails.iter().map(EmailAddress::as_str).collect::<Vec<_>>());
        all.map_or_else(String::new, |all| all.join(" "))
    };
    let name = |contact: Option<&Contact>| contact.map_or_else(String::new, |contact| contact.name.clone());
    let access = |contact: Option<&Contact>| contact.map_or("", |contact| contact.access.code());
    let clients = |contact: Option<&Contact>| {
        let all = contact.map(|contact| contact.clients.iter().map(ToString::to_string).collect::<Vec<_>>());
        all.map_or_else(String::new, |all| all.join(" "))
    };
    // By its host's id an event is told apart when the contact is gone; erased, it is so here too.
    if let Some(contact) = after.or(before) {
        event.personal.insert("contact".to_owned(), contact.reference.as_str().to_owned());
    }
    note(&mut event.personal, "emails", &emails(before), &emails(after));
    let locale = |contact: Option<&Contact>| contact.and_then(|contact| contact.locale.clone()).unwrap_or_default();
    let removed = |contact: Option<&Contact>| {
        let notes = contact.map(|contact| contact.emails.iter().filter_map(EmailAddress::removed).collect::<Vec<_>>());
        notes.unwrap_or_default().join("; ")
    };
    note(&mut event.personal, "locale", &locale(before), &locale(after));
    note(&mut event.personal, "trimmed", &removed(before), &removed(after));
    note(&mut event.personal, "name", &name(before), &name(after));
    note(&mut event.facts, "access", access(before), access(after));
    note(&mut event.facts, "clients", &clients(before), &clients(after));
    if before.is_none() && after.is_some_and(|contact| contact.trial) {
        event.facts.insert("trial".to_owned(), "true".to_owned());
    }
}
