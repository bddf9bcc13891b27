//! What a diagnosis looks at (X1).

use std::sync::Arc;

use async_trait::async_trait;
use portal_domain::{
    Named,
    contact::{Contact, Place},
    email::LoginKey,
    id::{ContactId, LinkId, PracticeId},
    link::{Opened, TracedLink},
    message::Delivery,
    port::{Evidence, KnownAt, OPENED_ANEW, StoreError},
    throttle::{RecordedTry, TryMark},
    time::Timestamp,
};

use super::{Fault, MemoryStore, state::Tenant};

fn first<T>(mut all: Vec<T>, most: u32) -> Vec<T> {
    all.truncate(most.try_into().unwrap_or(usize::MAX));
    all
}

#[async_trait]
impl Evidence for MemoryStore {
    async fn newest_messages(
        &self,
        practice: PracticeId,
        contact: ContactId,
        most: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut posts = self.list(practice, |tenant| {
            let about = tenant.messages.values().filter(|post| post.message.about.contact() == Some(contact));
            about.cloned().collect()
        });
        posts.sort_by_key(|post| post.place);
        if !self.faults.has(Fault::OldestMailFirst) {
            posts.reverse();
        }
        Ok(first(posts.iter().map(super::state::Post::delivery).collect(), most))
    }

    async fn newest_links(
        &self,
        practice: PracticeId,
        contact: ContactId,
        most: u32,
    ) -> Result<Vec<TracedLink>, StoreError> {
        let mut links = self.list(practice, |tenant| {
            let mine = tenant.links.values().filter(|link| link.contact == contact);
            mine.map(|link| TracedLink { link: link.clone(), opened: tenant.opened.get(&link.id).copied() }).collect()
        });
        links.sort_by_key(|traced| (traced.link.created_at, traced.link.id));
        links.reverse();
        Ok(first(links, most))
    }

    async fn tries(
        &self,
        practice: PracticeId,
        marks: &[TryMark],
        since: Timestamp,
        most: u32,
    ) -> Result<Vec<RecordedTry>, StoreError> {
        let mut tries = self.list(practice, |tenant| {
            let at = tenant.tries.values().filter(|it| marks.contains(&it.noted.mark) && it.noted.at > since);
            at.cloned().collect()
        });
        tries.sort_by_key(|it| (it.noted.at, it.noted.id));
        tries.reverse();
        Ok(first(tries, most))
    }

    async fn known_at(&self, practice: PracticeId, keys: &[LoginKey], most: u32) -> Result<Vec<KnownAt>, StoreError> {
        let mut known = self.list(practice, |tenant| {
            let contacts = tenant.contacts.values();
            contacts.flat_map(|contact| keys.iter().filter_map(|key| self.known(tenant, contact, key))).collect()
        });
        known.sort_by(|a, b| (a.place, &a.contact.reference, &a.key).cmp(&(b.place, &b.contact.reference, &b.key)));
        Ok(first(known, most))
    }

    async fn note_opened(&self, practice: PracticeId, link: LinkId, at: Timestamp) -> Result<(), StoreError> {
        let again = self.faults.has(Fault::FirstOpeningLost);
        self.change(|state| {
            let tenant = state.tenants.get_mut(&practice).map(Arc::make_mut);
            if let Some(tenant) = tenant.filter(|tenant| tenant.links.contains_key(&link)) {
                let opened = tenant.opened.entry(link).or_insert(Opened { first: at, last: at });
                if opened.last <= at.before(OPENED_ANEW) {
                    opened.last = at;
                }
                if again {
                    opened.first = at;
                }
            }
        });
        Ok(())
    }
}

impl MemoryStore {
    fn known(&self, tenant: &Tenant, contact: &Contact, key: &LoginKey) -> Option<KnownAt> {
        let listed = contact.emails.iter().position(|address| address.key() == key);
        let former = tenant.former.get(&contact.id).is_some_and(|former| former.contains(key));
        let place = match listed {
            Some(position) => Place::of_position(i64::try_from(position).ok()),
            None if former && !self.faults.has(Fault::FormerAddressUnknown) => Place::Former,
            None => return None,
        };
        let contact = Named { reference: contact.reference.clone(), name: contact.name.clone() };
        Some(KnownAt { key: key.clone(), contact, place })
    }
}
