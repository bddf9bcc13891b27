use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use portal_domain::{
    change::{Aggregate, KeyOwner},
    contact::Contact,
    email::LoginKey,
    event::RecordedEvent,
    handoff::Handoff,
    id::{
        ApiKeyId, ClientId, ContactId, EnquiryId, HandoffId, JobId, LinkId, LoginId, MessageId, PracticeId, Ref,
        SessionId, SignInCodeId, TryId, UserId, ViewingId, WebhookId, WorkspaceSessionId,
    },
    job::{HeadsDigest, Job, JobRow, ToldColumns},
    journal::Head,
    link::{KeyId, Link, Opened},
    login::Login,
    message::{Attempt, Delivery, DeliveryState, Message},
    port::{Deletion, Enquiry, PracticeSelector, Receipt, RequestKey},
    practice::{ApiKey, Client, OperatorKey, Practice, PracticeUser},
    returned::Suppression,
    session::{PortalSession, WorkspaceSession},
    sign_in_code::SignInCode,
    staff::{StaffCredential, StaffLink},
    throttle::{BucketName, RecordedTry, Tally, TryMark},
    time::Timestamp,
    viewing::Viewing,
    webhook::{Webhook, WebhookDelivery},
};

/// All that is stored. A commit works on a copy of one practice and puts it in place of the old one.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) tenants: BTreeMap<PracticeId, Arc<Tenant>>,
    pub(super) last_place: i64,
    pub(super) operator_keys: Vec<OperatorKey>,
    /// Practices whose deletion has begun.
    pub(super) leaving: BTreeMap<PracticeId, Arc<Tenant>>,
    pub(super) deletions: Vec<Deletion>,
}

impl State {
    pub(super) fn tenant(&self, by: &PracticeSelector) -> Option<&Tenant> {
        let meant = |tenant: &&Tenant| match by {
            PracticeSelector::Slug(slug) => tenant.practice.slug == *slug,
            PracticeSelector::Id(id) => tenant.practice.id == *id,
        };
        self.tenants.values().map(Arc::as_ref).find(meant)
    }
}

/// What belongs to one practice.
#[derive(Clone, Debug)]
pub(super) struct Tenant {
    pub(super) practice: Practice,
    pub(super) users: BTreeMap<UserId, PracticeUser>,
    pub(super) clients: BTreeMap<ClientId, Client>,
    pub(super) contacts: BTreeMap<ContactId, Contact>,
    pub(super) former: BTreeMap<ContactId, BTreeSet<LoginKey>>,
    /// Of those keys, whether they were a stranger's.
    pub(super) wrong: BTreeMap<(ContactId, LoginKey), bool>,
    /// Contacts that were deleted and not erased, each with its reference and when.
    pub(super) gone: BTreeMap<ContactId, (Ref, Timestamp)>,
    pub(super) logins: BTreeMap<LoginId, Login>,
    pub(super) keys: BTreeMap<LoginKey, KeyOwner>,
    pub(super) links: BTreeMap<LinkId, Link>,
    /// When links were opened; of those that are there.
    pub(super) opened: BTreeMap<LinkId, Opened>,
    /// So many days before their end links were dealt with.
    pub(super) reminded: BTreeMap<LinkId, u32>,
    pub(super) sessions: BTreeMap<SessionId, PortalSession>,
    pub(super) handoffs: BTreeMap<HandoffId, Handoff>,
    pub(super) codes: BTreeMap<SignInCodeId, SignInCode>,
    pub(super) workspace_sessions: BTreeMap<WorkspaceSessionId, WorkspaceSession>,
    pub(super) viewings: BTreeMap<ViewingId, Viewing>,
    pub(super) viewers: BTreeSet<UserId>,
    pub(super) staff_credentials: BTreeMap<UserId, StaffCredential>,
    pub(super) staff_links: BTreeMap<LinkId, StaffLink>,
    pub(super) api_keys: BTreeMap<ApiKeyId, ApiKey>,
    pub(super) messages: BTreeMap<MessageId, Post>,
    pub(super) events: Vec<Told>,
    pub(super) head: Option<Head>,
    pub(super) receipts: BTreeMap<RequestKey, Receipt>,
    pub(super) enquiries: BTreeMap<EnquiryId, Asked>,
    pub(super) jobs: BTreeMap<JobId, Job>,
    pub(super) job_rows: BTreeMap<(JobId, i64), StoredRow>,
    pub(super) told_columns: BTreeMap<HeadsDigest, ToldColumns>,
    pub(super) tallies: BTreeMap<BucketName, Tally>,
    pub(super) tries: BTreeMap<TryId, RecordedTry>,
    /// Keys that an erasure left to nobody, with their marks, until the notes at them are gone.
    pub(super) erased_keys: BTreeSet<(LoginKey, TryMark)>,
    /// Each with when it was lifted.
    pub(super) suppressed: BTreeMap<LoginKey, (Suppression, Option<Timestamp>)>,
    pub(super) webhooks: BTreeMap<WebhookId, Webhook>,
    pub(super) deliveries: BTreeMap<(WebhookId, i64), WebhookDelivery>,
    /// When the outbox last gave a message of the practice, as a growing number.
    pub(super) turn: u64,
    pub(super) job_turn: u64,
}

/// A message on its way.
#[derive(Clone, Debug)]
pub(super) struct Post {
    pub(super) message: Message,
    pub(super) place: i64,
    pub(super) state: DeliveryState,
    /// What reports say of it.
    pub(super) returned: Option<DeliveryState>,
    /// Next attempt, or end of the lease; `None` once it is settled for good.
    pub(super) due_at: Option<Timestamp>,
    pub(super) leased_until: Option<Timestamp>,
    pub(super) attempts: Vec<Attempt>,
}

impl Post {
    pub(super) fn shown_state(&self) -> DeliveryState {
        self.state.shown(self.returned)
    }

    pub(super) fn delivery(&self) -> Delivery {
        Delivery { message: self.message.clone(), state: self.shown_state(), attempts: self.attempts.clone() }
    }
}

/// An event of the journal, in the order in which it was written.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// Its number is 0 until it is sealed.
    pub(super) event: RecordedEvent,
    pub(super) salt: [u8; 16],
    pub(super) seal: Option<([u8; 32], KeyId)>,
}

/// A row of a job, and whether it was staged settled.
#[derive(Clone, Debug)]
pub(super) struct StoredRow {
    pub(super) row: JobRow,
    pub(super) staged: bool,
}

/// An enquiry, and when it is due.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) enquiry: Enquiry,
    pub(super) due_at: Timestamp,
}

impl Tenant {
    pub(super) fn new(practice: Practice) -> Self {
        Self {
            practice,
            users: BTreeMap::new(),
            clients: BTreeMap::new(),
            contacts: BTreeMap::new(),
            former: BTreeMap::new(),
            wrong: BTreeMap::new(),
            gone: BTreeMap::new(),
            logins: BTreeMap::new(),
            keys: BTreeMap::new(),
            links: BTreeMap::new(),
            opened: BTreeMap::new(),
            reminded: BTreeMap::new(),
            sessions: BTreeMap::new(),
            handoffs: BTreeMap::new(),
            codes: BTreeMap::new(),
            workspace_sessions: BTreeMap::new(),
            viewings: BTreeMap::new(),
            viewers: BTreeSet::new(),
            staff_credentials: BTreeMap::new(),
            staff_links: BTreeMap::new(),
            api_keys: BTreeMap::new(),
            messages: BTreeMap::new(),
            events: Vec::new(),
            head: None,
            receipts: BTreeMap::new(),
            enquiries: BTreeMap::new(),
            jobs: BTreeMap::new(),
            job_rows: BTreeMap::new(),
            told_columns: BTreeMap::new(),
            tallies: BTreeMap::new(),
            tries: BTreeMap::new(),
            erased_keys: BTreeSet::new(),
            suppressed: BTreeMap::new(),
            webhooks: BTreeMap::new(),
            deliveries: BTreeMap::new(),
            turn: 0,
            job_turn: 0,
        }
    }

    /// The version an aggregate has, `None` where it is not there.
    pub(super) fn version(&self, what: Aggregate) -> Option<i64> {
        match what {
            Aggregate::Practice(id) => (self.practice.id == id).then_some(self.practice.version),
            Aggregate::User(id) => self.users.get(&id).map(|user| user.version),
            Aggregate::Client(id) => self.clients.get(&id).map(|client| client.version),
            Aggregate::Contact(id) => self.contacts.get(&id).map(|contact| contact.version),
            Aggregate::Login(id) => self.logins.get(&id).map(|login| login.version),
        }
    }

    /// What a database's foreign keys, unique indexes and checks refuse, in words.
    pub(super) fn unsound(&self) -> Option<String> {
        let owns = |key: &LoginKey, owner| self.keys.get(key) == Some(&owner);
        for user in self.users.values() {
            if !owns(user.email.key(), KeyOwner::User(user.id)) {
                return Some(format!("the key of the practice user {} is not theirs", user.id));
            }
        }
        for login in self.logins.values() {
            if login.key.as_ref().is_some_and(|key| !owns(key, KeyOwner::Login(login.id))) {
                return Some(format!("the key of the live login {} is not its own", login.id));
            }
        }
        for (key, owner) in &self.keys {
            let known = match owner {
                KeyOwner::User(id) => self.users.get(id).is_some_and(|user| user.email.key() == key),
                KeyOwner::Login(id) => self.logins.get(id).is_some_and(|login| login.key.as_ref() == Some(key)),
            };
            if !known {
                return Some(format!("a key belongs to {owner:?}, which does not have it"));
            }
        }
        for contact in self.contacts.values() {
            if contact.login.is_some_and(|id| !self.logins.contains_key(&id)) {
                return Some(format!("the contact {} is behind a login that is not there", contact.id));
            }
            if contact.clients.iter().any(|id| !self.clients.contains_key(id)) {
                return Some(format!("the contact {} has a client that is not there", contact.id));
            }
        }
        let homeless = self.sessions.values().find(|session| !self.logins.contains_key(&session.login));
        homeless.map(|session| format!("the session {} has no login", session.id))
    }
}
