//! What earlier rows of a preview would have left.

use std::collections::{BTreeMap, BTreeSet};

use super::{Task, first_of};
use crate::{
    change::{Change, Decision, KeyOwner},
    decide::RowOutcome,
    email::LoginKey,
    facts::{ContactFacts, Holder, LoginFacts},
    id::{LoginId, Ref},
    practice::Client,
};

/// What earlier rows of a preview would have left.
#[derive(Default)]
pub(super) struct Imagined {
    contacts: BTreeMap<Ref, ContactFacts>,
    logins: BTreeMap<LoginId, LoginFacts>,
    keys: BTreeMap<LoginKey, Option<LoginId>>,
    clients: BTreeMap<Ref, Client>,
}

impl Imagined {
    /// Puts what earlier rows would have left in the place of what is stored.
    pub(super) fn overlay(&self, task: &Task, facts: &mut ContactFacts) {
        if let Some(after) = self.contacts.get(task.reference()) {
            let stored = std::mem::replace(facts, after.clone());
            facts.holders = stored.holders;
            // Clients that only this row names are stored ones still.
            facts.clients.extend(stored.clients);
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
        facts.clients.extend(task.clients().iter().filter_map(|client| self.clients.get(client)).cloned());
        facts.clients.sort_by(|a, b| a.reference.cmp(&b.reference));
        facts.clients.dedup_by(|a, b| a.id == b.id);
    }

    pub(super) fn note(&mut self, task: &Task, decision: &Decision, outcome: &RowOutcome) {
        let after = &outcome.contact.after;
        let logins = after.holders.values().filter_map(|holder| match holder {
            Holder::Login(login) => Some(login),
            Holder::User(_) => None,
        });
        for login in logins.chain(&after.login) {
            self.logins.insert(login.login.id, login.clone());
        }
        for change in &decision.changes {
            match change {
                Change::ReleaseKey(key) => self.keys.insert(key.clone(), None),
                Change::ClaimKey { key, owner: KeyOwner::Login(login) } => self.keys.insert(key.clone(), Some(*login)),
                _ => continue,
            };
        }
        let new = outcome.new_clients.iter().map(|client| (client.reference.clone(), client.clone()));
        self.clients.extend(new);
        self.contacts.insert(task.reference().clone(), after.clone());
    }
}
