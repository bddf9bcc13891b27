use std::collections::BTreeMap;

use async_trait::async_trait;

use super::StoreError;
use crate::{
    email::LoginKey,
    event::RecordedEvent,
    id::{ClientId, ContactId, LoginId, PracticeId, Ref},
    message::{Delivery, MessageKind},
    practice::{ApiKey, Client, Practice, PracticeUser},
    time::Timestamp,
};

/// A part of a list: what comes after a place, and how much of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<K> {
    /// Only what comes after this key.
    pub after: Option<K>,
    /// At most so many.
    pub limit: u32,
}

/// Lists for API and command line, in stable order. Rules never use them.
#[async_trait]
pub trait PortalViews: Send + Sync {
    /// Practices, by slug; the key is the slug.
    async fn practices(&self, page: &Page<String>) -> Result<Vec<Practice>, StoreError>;
    /// Practice users, by reference.
    async fn users(&self, practice: PracticeId, page: &Page<Ref>) -> Result<Vec<PracticeUser>, StoreError>;
    /// Clients, by reference.
    async fn clients(&self, practice: PracticeId, page: &Page<Ref>) -> Result<Vec<Client>, StoreError>;
    /// References of contacts, in their order.
    async fn contacts(&self, practice: PracticeId, page: &Page<Ref>) -> Result<Vec<Ref>, StoreError>;
    /// Contacts by name and addresses, or those of one client, ordered by reference. MUST give the addresses in their order.
    async fn directory(
        &self,
        practice: PracticeId,
        client: Option<ClientId>,
        page: &Page<Ref>,
    ) -> Result<Vec<Listed>, StoreError>;
    /// References of contacts that have an address of this key, wherever in their list, in their order.
    async fn contacts_with(
        &self,
        practice: PracticeId,
        key: &LoginKey,
        page: &Page<Ref>,
    ) -> Result<Vec<Ref>, StoreError>;
    /// Logins with a session of their epoch that is not ended, and before its absolute limit or known to a host; each with the first
    /// contact behind it. The key is the login. MUST NOT take longer for logins or contacts without such a session.
    async fn signed_in(
        &self,
        practice: PracticeId,
        now: Timestamp,
        page: &Page<LoginId>,
    ) -> Result<Vec<(LoginId, Ref)>, StoreError>;
    /// Keys of the practice, revoked ones too, oldest first.
    async fn api_keys(&self, practice: PracticeId) -> Result<Vec<ApiKey>, StoreError>;
    /// Messages about a contact, in the order they were queued; the key is their place, given as the second of each pair.
    async fn messages(
        &self,
        practice: PracticeId,
        contact: ContactId,
        page: &Page<i64>,
    ) -> Result<Vec<(Delivery, i64)>, StoreError>;
    /// Sealed events about a contact, or all of the practice, in their order; the key is the number. MUST NOT show an event
    /// before it is sealed (J1).
    async fn events(
        &self,
        practice: PracticeId,
        contact: Option<ContactId>,
        page: &Page<i64>,
    ) -> Result<Vec<RecordedEvent>, StoreError>;
    /// References of contacts by our ids; those that are gone have none.
    async fn contact_refs(
        &self,
        practice: PracticeId,
        contacts: &[ContactId],
    ) -> Result<BTreeMap<ContactId, Ref>, StoreError>;
    /// Messages of the practice that are queued, deferred or being sent, by kind.
    async fn waiting(&self, practice: PracticeId) -> Result<Vec<Waiting>, StoreError>;
    /// When the oldest message that is due, of any practice, was queued; also the answer to "is the database there?".
    async fn oldest_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError>;
    /// Whether the database's schema is the one this program knows: neither older nor newer nor another.
    async fn schema_fits(&self) -> Result<bool, StoreError>;
}

/// As little of a contact as it takes to find it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The host's id.
    pub reference: Ref,
    /// Name in words.
    pub name: String,
    /// The stored addresses.
    pub addresses: Vec<String>,
}

/// How many messages of a kind wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The kind.
    pub kind: MessageKind,
    /// How many.
    pub count: u64,
}
