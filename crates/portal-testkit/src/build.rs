//! Test data: things with a name of their own, from which ids follow, and sensible values for the rest.
//!
//! The same name gives the same id, so that a test can speak of `id::<kind::Contact>("ada")` wherever it stands.

mod staff;

use std::{any::type_name, collections::BTreeMap, time::Duration};

use portal_domain::{
    change::{Aggregate, Change, Decision, Expect, KeyOwner, Reliance},
    contact::{Access, Contact},
    email::{EmailAddress, EmailList, LoginKey},
    event::{Event, Subject},
    handoff::{Handoff, HandoffHash, Landing},
    id::{Id, PracticeId, Ref, Slug},
    journal::JournalKeys,
    link::{KeyId, Link, LinkPurpose, LinkTokens},
    login::{Credential, Login},
    message::{About, Attempt, DeliveryState, Message, MessageBody, SentAs},
    password::PasswordHash,
    port::{Receipt, RequestKey, Settlement},
    practice::{ApiKey, ApiKeyHash, Client, Practice, PracticeUser, Role, Scope, Settings},
    session::{Factor, PortalSession, ProfileId, SessionHash, WorkspaceSession, WorkspaceSessionHash},
    sign_in_code::{CodeHash, SignInCode},
    throttle::TryMarks,
    time::Timestamp,
    viewing::ViewHash,
};
use sha2::{Digest, Sha256};

pub use self::staff::{staff_credential, staff_link, staff_message};

/// Noon of 2 March 2026, and an odd microsecond: the time at which all test data was made.
pub const NOON: Timestamp = Timestamp::from_micros(1_772_452_800_000_001);

/// The moment so many seconds after [`NOON`].
pub fn later(seconds: u64) -> Timestamp {
    NOON.after(Duration::from_secs(seconds))
}

/// The id of this kind and name.
pub fn id<K>(name: &str) -> Id<K> {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest(&format!("{} {name}", type_name::<K>()))[..16]);
    Id::from_bytes(bytes)
}

/// Thirty-two bytes that follow from a name.
pub fn digest(name: &str) -> [u8; 32] {
    Sha256::digest(name).into()
}

/// A reference.
///
/// # Panics
///
/// Where the text is none.
pub fn reference(text: &str) -> Ref {
    Ref::parse(text).expect("test data is a reference")
}

/// An address.
///
/// # Panics
///
/// Where the text is none.
pub fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("test data is an address")
}

/// The key of an address.
pub fn key(text: &str) -> LoginKey {
    email(text).key().clone()
}

/// A list of addresses.
///
/// # Panics
///
/// Where one of them is none.
pub fn emails(texts: &[&str]) -> EmailList {
    EmailList::parse(texts).expect("test data is a list of addresses")
}

/// Link tokens under one fixed key.
pub fn link_tokens() -> LinkTokens {
    LinkTokens::new(vec![(signing_key(), [7; 32])]).expect("there is a key")
}

/// The same, after the program got a newer key.
pub fn rotated_tokens() -> LinkTokens {
    let newer = KeyId::parse("k2").expect("test data is the name of a key");
    LinkTokens::new(vec![(newer, [8; 32]), (signing_key(), [7; 32])]).expect("there is a key")
}

/// The marks of tries in a practice, under the one key.
pub fn try_marks(practice: PracticeId) -> TryMarks {
    TryMarks::new(&link_tokens(), practice)
}

/// Keys of the journal, the same.
pub fn journal_keys() -> JournalKeys {
    JournalKeys::of(&link_tokens())
}

/// The name of the key that links are made under.
pub fn signing_key() -> KeyId {
    KeyId::parse("k1").expect("test data is the name of a key")
}

/// A practice of this slug, at version 1.
///
/// # Panics
///
/// Where the text is no slug.
pub fn practice(slug: &str) -> Practice {
    Practice {
        id: id(slug),
        slug: Slug::parse(slug).expect("test data is a slug"),
        name: format!("Practice {slug}"),
        settings: Settings::default(),
        suspended_at: None,
        delete_after: None,
        created_at: NOON,
        version: 1,
    }
}

/// A practice user of this reference, an ordinary one.
pub fn user(name: &str, address: &str) -> PracticeUser {
    PracticeUser {
        id: id(name),
        reference: reference(name),
        name: format!("User {name}"),
        email: email(address),
        role: Role::Staff,
        created_at: NOON,
        version: 1,
    }
}

/// A client of this reference.
pub fn client(name: &str) -> Client {
    Client {
        id: id(name),
        reference: reference(name),
        name: format!("Client {name}"),
        suspended: false,
        created_at: NOON,
        version: 1,
    }
}

/// A contact of this reference that was never given access.
pub fn contact(name: &str, addresses: &[&str]) -> Contact {
    Contact {
        id: id(name),
        reference: reference(name),
        name: format!("Contact {name}"),
        locale: None,
        emails: emails(addresses),
        clients: Vec::new(),
        access: Access::NotActivated,
        login: None,
        behind_since: None,
        activated_at: None,
        moved_from: None,
        refused_update: None,
        trial: false,
        created_at: NOON,
        version: 1,
    }
}

/// The contact, with access, behind this login.
pub fn granted(contact: Contact, login: &Login) -> Contact {
    Contact {
        access: Access::Granted,
        login: Some(login.id),
        behind_since: Some(NOON),
        activated_at: Some(NOON),
        ..contact
    }
}

/// A live login at this address, without password.
pub fn login(name: &str, address: &str) -> Login {
    Login { id: id(name), key: Some(key(address)), epoch: 1, credential: None, version: 1 }
}

/// A password that was set for this login at this key.
pub fn credential(name: &str, confirmed_at: Option<LoginKey>) -> Credential {
    Credential { id: id(name), hash: PasswordHash::new(format!("$plain$0$0${name}")), confirmed_at, set_at: NOON }
}

/// An activation link of the login, written to the contact, that works for a week.
pub fn link(name: &str, login: &Login, contact: &Contact) -> Link {
    Link {
        id: id(name),
        login: login.id,
        contact: contact.id,
        purpose: LinkPurpose::Activation,
        address: contact.emails.first().cloned().unwrap_or_else(|| email("nobody@smith.example")),
        signed_with: signing_key(),
        epoch: login.epoch,
        created_at: NOON,
        expires_at: later(7 * 24 * 3600),
        used_at: None,
        ended_at: None,
    }
}

/// A session of the login that lasts for twelve hours.
pub fn session(name: &str, login: &Login) -> PortalSession {
    PortalSession {
        id: id(name),
        login: login.id,
        hash: session_hash(name),
        epoch: login.epoch,
        profile: None,
        factors: vec![Factor::Password],
        told: false,
        origin: Some("192.0.2.7".to_owned()),
        user_agent: Some("Browser/1.0 (ünïcode)".to_owned()),
        created_at: NOON,
        last_seen_at: NOON,
        idle_until: later(30 * 60),
        expires_at: later(12 * 3600),
        ended_at: None,
    }
}

/// The digest of the token of the session of this name.
pub fn session_hash(name: &str) -> SessionHash {
    SessionHash(digest(&format!("session {name}")))
}

/// A hand-over of the contact that works for a minute.
pub fn handoff(name: &str, login: &Login, contact: &Contact) -> Handoff {
    Handoff {
        id: id(name),
        hash: handoff_hash(name),
        login: login.id,
        contact: contact.id,
        client: None,
        landing: Landing::Home,
        epoch: login.epoch,
        created_at: NOON,
        expires_at: later(60),
        used_at: None,
        ended_at: None,
    }
}

/// The digest of the token of the hand-over of this name.
pub fn handoff_hash(name: &str) -> HandoffHash {
    HandoffHash(digest(&format!("handoff {name}")))
}

/// A sign-in code that tells of the session, for a minute.
pub fn sign_in_code(name: &str, session: &PortalSession, profile: ProfileId) -> SignInCode {
    SignInCode {
        id: id(name),
        hash: code_hash(name),
        session: session.id,
        profile,
        name: "app".to_owned(),
        address: "https://app.smith.example/back?a=%2F".to_owned(),
        created_at: NOON,
        expires_at: later(60),
        used_at: None,
    }
}

/// The digest of the code of this name.
pub fn code_hash(name: &str) -> CodeHash {
    CodeHash(digest(&format!("code {name}")))
}

/// A session of the workspace of this user that lasts for twelve hours.
pub fn workspace_session(name: &str, user: &PracticeUser) -> WorkspaceSession {
    WorkspaceSession {
        id: id(name),
        user: user.id,
        hash: workspace_session_hash(name),
        origin: Some("192.0.2.8".to_owned()),
        user_agent: Some("Browser/2.0 (ünïcode)".to_owned()),
        created_at: NOON,
        last_seen_at: NOON,
        idle_until: later(30 * 60),
        expires_at: later(12 * 3600),
        ended_at: None,
    }
}

/// The digest of the token of the session of the workspace of this name.
pub fn workspace_session_hash(name: &str) -> WorkspaceSessionHash {
    WorkspaceSessionHash(digest(&format!("session {name}")))
}

/// The digest of the token of the view of this name.
pub fn view_hash(name: &str) -> ViewHash {
    ViewHash(digest(&format!("view {name}")))
}

/// An activation mail to the contact, with a link or without.
pub fn message(name: &str, contact: &Contact, login: &Login, link: Option<&Link>) -> Message {
    Message {
        id: id(name),
        about: About::Contact { contact: contact.id, login: login.id },
        link: link.map(|link| link.id),
        to: contact.emails.first().cloned().unwrap_or_else(|| email("nobody@smith.example")),
        name: contact.name.clone(),
        clients: vec!["Müller & Söhne".to_owned()],
        body: MessageBody::Activation,
        asked_at: None,
        created_at: NOON,
    }
}

/// An event about nobody.
pub fn event(name: &str) -> Event {
    let mut salt = [0; 16];
    salt.copy_from_slice(&digest(name)[..16]);
    Event {
        id: id(name),
        at: NOON,
        kind: "contact.changed",
        caller: "worker".to_owned(),
        origin: None,
        subject: Subject::default(),
        facts: BTreeMap::new(),
        personal: BTreeMap::new(),
        salt,
    }
}

/// An API key that may do everything a host does.
pub fn api_key(name: &str, practice: PracticeId) -> ApiKey {
    ApiKey {
        id: id(name),
        practice,
        name: name.to_owned(),
        scopes: vec![Scope::Read, Scope::Write],
        hash: ApiKeyHash(digest(&format!("api key {name}"))),
        created_at: NOON,
        revoked_at: None,
    }
}

/// The receipt of a request of this key.
pub fn receipt(name: &str) -> Receipt {
    Receipt {
        request: RequestKey { scope: "host PUT /contacts".to_owned(), key: name.to_owned() },
        digest: digest(name),
        outcome: vec![0, 1, 2, 0xff],
        contact: None,
        at: NOON,
    }
}

/// What became of an attempt at this time, with its event.
pub fn settlement(name: &str, state: DeliveryState, at: Timestamp) -> Settlement {
    let looked =
        || SentAs { subject: "Your „naïve“ access".to_owned(), sender: "Elm <portal@elm.example>".to_owned() };
    let sent_as = (state == DeliveryState::Accepted).then(looked);
    let attempt = Attempt { at, state, reply: format!("{} – naïve reply", state.code()), reason: None, sent_as };
    Settlement { attempt, next_attempt_at: None, suppress: None, event: event(name) }
}

/// A decision, put together piece by piece.
///
/// ```
/// use portal_testkit::build::{self, Plan};
/// let ada = build::contact("ada", &["ada@smith.example"]);
/// let decision = Plan::new().put_contact(&ada).done();
/// assert_eq!(decision.changes.len(), 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Plan(Decision);

impl Plan {
    /// A decision of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Relies on this version, and changes it.
    #[must_use]
    pub fn changed(self, what: Aggregate, version: i64) -> Self {
        self.expect(Expect { what, version, how: Reliance::Changed })
    }

    /// Relies on this version, and only looks.
    #[must_use]
    pub fn looked_at(self, what: Aggregate, version: i64) -> Self {
        self.expect(Expect { what, version, how: Reliance::LookedAt })
    }

    fn expect(mut self, expect: Expect) -> Self {
        self.0.expect.push(expect);
        self
    }

    /// One more change.
    #[must_use]
    pub fn then(mut self, change: Change) -> Self {
        self.0.changes.push(change);
        self
    }

    /// One more message.
    #[must_use]
    pub fn mail(mut self, message: Message) -> Self {
        self.0.messages.push(message);
        self
    }

    /// One more event.
    #[must_use]
    pub fn tell(mut self, event: Event) -> Self {
        self.0.events.push(event);
        self
    }

    /// Puts a contact: at version 1 a new one, else relying on the version before.
    #[must_use]
    pub fn put_contact(self, contact: &Contact) -> Self {
        self.after(Aggregate::Contact(contact.id), contact.version).then(Change::PutContact(contact.clone()))
    }

    /// Puts a client, likewise.
    #[must_use]
    pub fn put_client(self, client: &Client) -> Self {
        self.after(Aggregate::Client(client.id), client.version).then(Change::PutClient(client.clone()))
    }

    /// Puts a practice user, likewise. A new one claims its key.
    #[must_use]
    pub fn put_user(self, user: &PracticeUser) -> Self {
        let plan = self.after(Aggregate::User(user.id), user.version).then(Change::PutUser(user.clone()));
        if user.version > 1 { plan } else { plan.claim(user.email.key(), KeyOwner::User(user.id)) }
    }

    /// Puts a login, likewise. A new one that is live claims its key.
    #[must_use]
    pub fn put_login(self, login: &Login) -> Self {
        let plan = self.after(Aggregate::Login(login.id), login.version).then(Change::PutLogin(login.clone()));
        match &login.key {
            Some(key) if login.version == 1 => plan.claim(key, KeyOwner::Login(login.id)),
            _ => plan,
        }
    }

    /// Puts a practice, likewise.
    #[must_use]
    pub fn put_practice(self, practice: &Practice) -> Self {
        let plan = self.after(Aggregate::Practice(practice.id), practice.version);
        plan.then(Change::PutPractice(practice.clone()))
    }

    /// Claims a key.
    #[must_use]
    pub fn claim(self, key: &LoginKey, owner: KeyOwner) -> Self {
        self.then(Change::ClaimKey { key: key.clone(), owner })
    }

    /// Gives a key up.
    #[must_use]
    pub fn release(self, key: &LoginKey) -> Self {
        self.then(Change::ReleaseKey(key.clone()))
    }

    fn after(self, what: Aggregate, version: i64) -> Self {
        if version > 1 { self.changed(what, version - 1) } else { self }
    }

    /// The decision.
    pub fn done(self) -> Decision {
        self.0
    }
}

impl From<Plan> for Decision {
    fn from(plan: Plan) -> Self {
        plan.0
    }
}
