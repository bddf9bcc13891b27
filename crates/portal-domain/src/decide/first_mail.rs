//! What will keep contacts from getting in, said before their first invitation goes out (A5, C1, C3, A8, E5).

use std::collections::BTreeMap;

use super::refusal_of_grant;
use crate::{
    Named, Refusal,
    contact::Access,
    email::{EmailWarning, LoginKey},
    facts::ContactFacts,
    practice::{Practice, SharedLogin},
};

/// What stands in the way of a contact, or may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hindrance {
    /// Access would be refused, so that no invitation goes out (C1, C3, A8).
    Refused(Refusal),
    /// Another contact has the same first address: they will share one sign-in, and each sees what is meant for both (C3).
    Shares(Named),
    /// It gets in and sees nothing: it has no client, or all are suspended (A5).
    NoProfile,
    /// Its first address is odd (E5).
    Doubtful(EmailWarning),
}

impl Hindrance {
    /// Whether the contact won't get in for it, or most likely won't.
    pub const fn keeps_out(&self) -> bool {
        matches!(
            self,
            Self::Refused(_)
                | Self::Doubtful(
                    EmailWarning::LikelyTypo { .. } | EmailWarning::NoMailFromOutside | EmailWarning::ConfusableDomain
                )
        )
    }
}

/// A look at contacts, one after the other, as they would be activated.
#[derive(Clone, Debug, Default)]
pub struct FirstMail {
    /// Who was the first of each first address.
    seen: BTreeMap<LoginKey, Named>,
}

impl FirstMail {
    /// What stands in the way of the next contact. Nothing is said of those who were invited already.
    pub fn look(&mut self, practice: &Practice, facts: &ContactFacts) -> Vec<Hindrance> {
        let fresh = facts.contact.as_ref().filter(|contact| contact.access == Access::NotActivated);
        let Some(contact) = fresh else { return Vec::new() };
        if let Some(refusal) = refusal_of_grant(practice, facts) {
            return vec![Hindrance::Refused(refusal)];
        }
        let Some(first) = contact.emails.first() else { return Vec::new() };
        let mut hindrances = Vec::new();
        match self.seen.get(first.key()).cloned() {
            Some(other) if practice.settings.shared_login == SharedLogin::Refuse => {
                return vec![Hindrance::Refused(Refusal::LoginEmailTaken { contacts: vec![other] })];
            }
            Some(other) => hindrances.push(Hindrance::Shares(other)),
            None => {
                let named = Named { reference: contact.reference.clone(), name: contact.name.clone() };
                self.seen.insert(first.key().clone(), named);
            }
        }
        let own = facts.clients.iter().filter(|client| contact.clients.contains(&client.id));
        if own.filter(|client| !client.suspended).count() == 0 {
            hindrances.push(Hindrance::NoProfile);
        }
        hindrances.extend(first.warnings().into_iter().map(Hindrance::Doubtful));
        hindrances
    }
}
