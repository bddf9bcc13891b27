//! What earlier rows of a preview would have left.

use std::collections::{BTreeMap, BTreeSet};

use super::{Task, first_of};
use crate::{
    change::{Change, KeyOwner},
    contact::Contact,
    decide::RowOutcome,
    email::LoginKey,
    facts::{ContactFacts, Holder, LoginFacts},
    id::{ClientId, LoginId, Ref},
    practice::Client,
};

/// What earlier rows of a preview would have left. Each login is kept once, however many contacts are behind it.
#[derive(Default)]
pub(super) struct Imagined {
    contacts: BTreeMap<Ref, Kept>,
    logins: BTreeMap<LoginId, LoginFacts>,
    keys: BTreeMap<LoginKey, Option<LoginId>>,
    /// Clients that rows would have created.
    created: BTreeMap<Ref, Client>,
    /// All clients of those contacts.
    clients: BTreeMap<ClientId, Client>,
}

/// What is kept of a contact. Its login and its clients are kept apart.
#[derive(Debug)]
struct Kept {
    contact: Contact,
    former_keys: BTreeSet<LoginKey>,
}

impl Imagined {
    /// Puts what earlier rows would have left in the place of what is stored.
    pub(super) fn overlay(&self, task: &Task, facts: &mut ContactFacts) {
        if let Some(Kept { contact, former_keys }) = self.contacts.get(task.reference()) {
            facts.contact = Some(contact.clone());
            facts.former_keys.clone_from(former_keys);
            facts.login = contact.login.and_then(|login| self.logins.get(&login)).cloned();
            facts.clients.extend(contact.clients.iter().filter_map(|client| self.clients.get(client)).cloned());
        }
        let asked: BTreeSet<_> = facts.contact.as_ref().and_then(first_of).into_iter().chain(task.key()).collect();
        for (key, holder) in asked.iter().filter_map(|key| self.keys.get_key_value(key)) {
            match holder.and_then(|login| self.logins.get(&login)) {
                Some(login) => facts.holders.insert(key.clone(), Holder::Login(login.clone())),
                None => facts.holders.remove(key),
            };
        }
        for holder in facts.holders.values_mut() {
            if let Holder::Login(login) = holder
                && let Some(after) = self.logins.get(&login.login.id)
            {
                login.clone_from(after);
            }
        }
        if let Some(login) = &mut facts.login
            && let Some(after) = self.logins.get(&login.login.id)
        {
            login.clone_from(after);
        }
        facts.clients.extend(task.clients().iter().filter_map(|client| self.created.get(client)).cloned());
        facts.clients.sort_by(|a, b| a.reference.cmp(&b.reference));
        facts.clients.dedup_by(|a, b| a.id == b.id);
    }

    pub(super) fn note(&mut self, task: &Task, changes: &[Change], outcome: &RowOutcome) {
        let after = &outcome.contact.after;
        let logins = after.holders.values().filter_map(|holder| match holder {
            Holder::Login(login) => Some(login),
            Holder::User(_) => None,
        });
        for login in logins.chain(&after.login) {
            self.logins.insert(login.login.id, login.clone());
        }
        for change in changes {
            match change {
                Change::ReleaseKey(key) => self.keys.insert(key.clone(), None),
                Change::ClaimKey { key, owner: KeyOwner::Login(login) } => self.keys.insert(key.clone(), Some(*login)),
                _ => continue,
            };
        }
        let new = outcome.new_clients.iter().map(|client| (client.reference.clone(), client.clone()));
        self.created.extend(new);
        self.clients.extend(after.clients.iter().map(|client| (client.id, client.clone())));
        if let Some(contact) = after.contact.clone() {
            let former_keys = after.former_keys.clone();
            self.contacts.insert(task.reference().clone(), Kept { contact, former_keys });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        contact::Access,
        decide::{ContactOutcome, Effects, PasswordEffect},
        email::EmailList,
        facts::Member,
        id::ContactId,
        login::Login,
        time::Timestamp,
    };

    fn contact(number: u8, login: LoginId) -> Contact {
        Contact {
            id: ContactId::from_bytes([number; 16]),
            reference: Ref::parse(&format!("c-{number}")).unwrap(),
            name: "Ada".to_owned(),
            locale: None,
            emails: EmailList::parse(&["all@x.example"]).unwrap(),
            clients: Vec::new(),
            access: Access::Granted,
            login: Some(login),
            behind_since: None,
            activated_at: None,
            moved_from: None,
            refused_update: None,
            trial: false,
            created_at: Timestamp::from_micros(0),
            version: 1,
        }
    }

    fn outcome(after: ContactFacts) -> RowOutcome {
        let effects = Effects {
            login_before: None,
            login_after: None,
            shared_with: Vec::new(),
            password: PasswordEffect::None,
            links_ended: 0,
            sessions_ended: 0,
            messages: Vec::new(),
        };
        let contact = ContactOutcome { changed: true, created: true, after, effects };
        RowOutcome { contact, contact_changed: true, activation: None, new_clients: Vec::new() }
    }

    #[test]
    fn s16_a_login_is_kept_once_whoever_is_behind_it() {
        let id = LoginId::from_bytes([1; 16]);
        let key = EmailList::parse(&["all@x.example"]).unwrap().first().unwrap().key().clone();
        let login = Login { id, key: Some(key.clone()), epoch: 1, credential: None, version: 1 };
        let mut facts = LoginFacts {
            login,
            members: Vec::new(),
            links: Vec::new(),
            sessions: Vec::new(),
            invitation: None,
            last_sign_in_at: None,
        };
        let mut imagined = Imagined::default();
        for number in 0..100 {
            let contact = contact(number, id);
            facts.members.push(Member { contact: contact.clone(), clients: Vec::new() });
            let task = Task::Activate { contact: contact.reference.clone(), even_deactivated: false };
            let holders = [(key.clone(), Holder::Login(facts.clone()))].into();
            let after =
                ContactFacts { contact: Some(contact), login: Some(facts.clone()), holders, ..ContactFacts::default() };
            imagined.note(&task, &[], &outcome(after));
        }
        let size = |kept: &Kept| format!("{kept:?}").len();
        let sizes: BTreeSet<_> = imagined.contacts.values().map(size).collect();
        assert!(sizes.last().unwrap() - sizes.first().unwrap() < 100, "{sizes:?}");
        let task = Task::Activate { contact: Ref::parse("c-7").unwrap(), even_deactivated: false };
        let mut seen = ContactFacts::default();
        imagined.overlay(&task, &mut seen);
        assert_eq!(seen.login.map(|login| login.members.len()), Some(100));
    }
}
