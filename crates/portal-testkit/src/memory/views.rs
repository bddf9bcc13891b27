use std::collections::BTreeMap;

use async_trait::async_trait;
use portal_domain::{
    contact::Contact,
    email::LoginKey,
    event::RecordedEvent,
    id::{ClientId, ContactId, LoginId, PracticeId, Ref},
    message::{Delivery, DeliveryState, MessageKind},
    port::{Listed, Page, PortalViews, StoreError, Waiting},
    practice::{ApiKey, Client, Practice, PracticeUser},
    time::Timestamp,
};

use super::{
    ANY_TIME, Fault, MemoryStore,
    read::Reader,
    state::{Post, Tenant},
};

impl MemoryStore {
    /// The part of a list that a page asks for. The list is sorted by the key.
    fn page<T, K: Ord>(&self, mut list: Vec<T>, page: &Page<K>, key: impl Fn(&T) -> K) -> Vec<T> {
        list.sort_by_key(&key);
        let overlaps = self.faults.has(Fault::PagesOverlap);
        let comes_after =
            |item: &T| page.after.as_ref().is_none_or(|after| key(item) > *after || (overlaps && key(item) == *after));
        list.retain(comes_after);
        list.truncate(page.limit.try_into().unwrap_or(usize::MAX));
        list
    }

    pub(super) fn list<T>(&self, practice: PracticeId, list: impl FnOnce(&Tenant) -> Vec<T>) -> Vec<T> {
        self.read(practice, ANY_TIME, |reader| list(reader.tenant)).unwrap_or_default()
    }
}

fn waits(post: &&Post) -> bool {
    matches!(post.state, DeliveryState::Queued | DeliveryState::Deferred | DeliveryState::Sending)
}

#[async_trait]
impl PortalViews for MemoryStore {
    async fn practices(&self, page: &Page<String>) -> Result<Vec<Practice>, StoreError> {
        let all = self.see(|state| state.tenants.values().map(|tenant| tenant.practice.clone()).collect());
        Ok(self.page(all, page, |practice: &Practice| practice.slug.as_str().to_owned()))
    }

    async fn users(&self, practice: PracticeId, page: &Page<Ref>) -> Result<Vec<PracticeUser>, StoreError> {
        let all = self.list(practice, |tenant| tenant.users.values().cloned().collect());
        Ok(self.page(all, page, |user| user.reference.clone()))
    }

    async fn clients(&self, practice: PracticeId, page: &Page<Ref>) -> Result<Vec<Client>, StoreError> {
        let all = self.list(practice, |tenant| tenant.clients.values().cloned().collect());
        Ok(self.page(all, page, |client| client.reference.clone()))
    }

    async fn contacts(&self, practice: PracticeId, page: &Page<Ref>) -> Result<Vec<Ref>, StoreError> {
        let refs = |tenant: &Tenant| tenant.contacts.values().map(|contact| contact.reference.clone()).collect();
        let all = self.list(practice, refs);
        Ok(self.page(all, page, Clone::clone))
    }

    async fn directory(
        &self,
        practice: PracticeId,
        client: Option<ClientId>,
        page: &Page<Ref>,
    ) -> Result<Vec<Listed>, StoreError> {
        let client = client.filter(|_| !self.faults.has(Fault::ClientUnasked));
        let wanted = |contact: &&Contact| client.is_none_or(|client| contact.clients.contains(&client));
        let listed = |contact: &Contact| Listed {
            reference: contact.reference.clone(),
            name: contact.name.clone(),
            addresses: contact.emails.iter().map(|email| email.as_str().to_owned()).collect(),
        };
        let all = self.list(practice, |tenant| tenant.contacts.values().filter(wanted).map(listed).collect());
        Ok(self.page(all, page, |it: &Listed| it.reference.clone()))
    }

    async fn contacts_with(
        &self,
        practice: PracticeId,
        key: &LoginKey,
        page: &Page<Ref>,
    ) -> Result<Vec<Ref>, StoreError> {
        let looked_at = if self.faults.has(Fault::FirstAddressSought) { 1 } else { usize::MAX };
        let has = |contact: &&Contact| contact.emails.iter().take(looked_at).any(|email| email.key() == key);
        let refs =
            |tenant: &Tenant| tenant.contacts.values().filter(has).map(|contact| contact.reference.clone()).collect();
        let all = self.list(practice, refs);
        Ok(self.page(all, page, Clone::clone))
    }

    async fn signed_in(
        &self,
        practice: PracticeId,
        now: Timestamp,
        page: &Page<LoginId>,
    ) -> Result<Vec<(LoginId, Ref)>, StoreError> {
        let first_behind = |tenant: &Tenant, login: LoginId| {
            let behind = tenant.contacts.values().filter(|contact| contact.login == Some(login));
            behind.map(|contact| contact.reference.clone()).min()
        };
        let is_open =
            |reader: &Reader<'_>, login: LoginId| reader.login(login).is_some_and(|it| !it.sessions.is_empty());
        let all = self.read(practice, now, |reader| {
            let open = reader.tenant.logins.keys().copied().filter(|login| is_open(reader, *login));
            open.filter_map(|login| Some((login, first_behind(reader.tenant, login)?))).collect()
        });
        Ok(self.page(all.unwrap_or_default(), page, |(login, _)| *login))
    }

    async fn api_keys(&self, practice: PracticeId) -> Result<Vec<ApiKey>, StoreError> {
        let mut all = self.list(practice, |tenant| tenant.api_keys.values().cloned().collect());
        all.sort_by_key(|key| (key.created_at, key.id));
        Ok(all)
    }

    async fn messages(
        &self,
        practice: PracticeId,
        contact: ContactId,
        page: &Page<i64>,
    ) -> Result<Vec<(Delivery, i64)>, StoreError> {
        let about = |tenant: &Tenant| {
            let about = tenant.messages.values().filter(|post| post.message.about.contact() == Some(contact));
            about.map(|post| (post.delivery(), post.place)).collect()
        };
        let all = self.list(practice, about);
        Ok(self.page(all, page, |(_, place)| *place))
    }

    async fn events(
        &self,
        practice: PracticeId,
        contact: Option<ContactId>,
        page: &Page<i64>,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let about = |tenant: &Tenant| {
            let about = |event: &&RecordedEvent| contact.is_none() || event.subject.contact == contact;
            self.readable(tenant).into_iter().filter(|event| about(&event)).collect()
        };
        let all = self.list(practice, about);
        Ok(self.page(all, page, |event| event.number))
    }

    async fn contact_refs(
        &self,
        practice: PracticeId,
        contacts: &[ContactId],
    ) -> Result<BTreeMap<ContactId, Ref>, StoreError> {
        let found = self.list(practice, |tenant| {
            let found = contacts.iter().filter_map(|id| tenant.contacts.get(id));
            found.map(|contact| (contact.id, contact.reference.clone())).collect()
        });
        Ok(found.into_iter().collect())
    }

    async fn waiting(&self, practice: PracticeId) -> Result<Vec<Waiting>, StoreError> {
        let kinds = self
            .list(practice, |tenant| tenant.messages.values().filter(waits).map(|post| post.message.kind()).collect());
        let count = |kind| kinds.iter().filter(|other| **other == kind).count();
        let all = MessageKind::ALL.into_iter().map(|kind| Waiting { kind, count: count(kind) as u64 });
        Ok(all.filter(|waiting| waiting.count > 0).collect())
    }

    async fn schema_fits(&self) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn oldest_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let due = |post: &&Post| waits(post) && post.due_at.is_some_and(|at| at <= now);
        Ok(self.see(|state| {
            let open = state.tenants.values().filter(|tenant| tenant.practice.suspended_at.is_none());
            let all = open.flat_map(|tenant| tenant.messages.values());
            all.filter(due).map(|post| post.message.created_at).min()
        }))
    }
}
