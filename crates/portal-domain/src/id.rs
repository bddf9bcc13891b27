//! Identifiers: our own typed ids, and the names that hosts and people give to things.

use std::{cmp::Ordering, fmt, hash, marker::PhantomData};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::time::Timestamp;

/// An id of our own, of one kind: an `Id` of a contact can't be passed where a login is meant.
///
/// ```
/// use portal_domain::id::ContactId;
/// let id = ContactId::from_bytes([7; 16]);
/// assert_eq!(ContactId::from_bytes(id.to_bytes()), id);
/// ```
pub struct Id<K> {
    uuid: Uuid,
    kind: PhantomData<fn() -> K>,
}

impl<K> Id<K> {
    /// The id with these sixteen bytes, as a database stores them.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self::from_uuid(Uuid::from_bytes(bytes))
    }

    /// The id that is this UUID.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self { uuid, kind: PhantomData }
    }

    /// The sixteen bytes of the id.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.uuid.into_bytes()
    }

    /// The id as a UUID.
    pub const fn to_uuid(self) -> Uuid {
        self.uuid
    }

    /// Before every id of this time or later, as [`Ids`] gives them, and after every earlier one.
    ///
    /// ```
    /// use portal_domain::{id::{Id, Ids}, time::Timestamp};
    ///
    /// let (noon, later) = (Timestamp::from_micros(1_000_000), Timestamp::from_micros(1_001_000));
    /// let mut ids = Ids::from_seed([7; 32]);
    /// assert!(ids.next::<()>(noon) < Id::first_at(later));
    /// assert!(ids.next::<()>(later) > Id::first_at(later));
    /// ```
    pub fn first_at(at: Timestamp) -> Self {
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&at.as_millis().to_be_bytes()[2..]);
        Self::from_bytes(bytes)
    }

    /// Reads the hyphenated form; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(Self::from_uuid)
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<K> hash::Hash for Id<K> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}
impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uuid.fmt(f)
    }
}
impl<K> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uuid.fmt(f)
    }
}
impl<K> Serialize for Id<K> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.uuid)
    }
}
impl<'de, K> Deserialize<'de> for Id<K> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not an id"))
    }
}

/// The kinds of things that have an [`Id`].
pub mod kind {
    /// A practice.
    pub enum Practice {}
    /// A practice user.
    pub enum User {}
    /// A client.
    pub enum Client {}
    /// A contact.
    pub enum Contact {}
    /// A login.
    pub enum Login {}
    /// A credential of a login.
    pub enum Credential {}
    /// A link.
    pub enum Link {}
    /// A session.
    pub enum Session {}
    /// A session of the workspace.
    pub enum WorkspaceSession {}
    /// A message.
    pub enum Message {}
    /// An event of the journal.
    pub enum Event {}
    /// An API key.
    pub enum ApiKey {}
    /// A key of whoever runs the service.
    pub enum OperatorKey {}
    /// Something that anybody asked for, waiting to be decided.
    pub enum Enquiry {}
    /// A try to sign in.
    pub enum Try {}
    /// A hand-over.
    pub enum Handoff {}
    /// A sign-in code.
    pub enum SignInCode {}
    /// An endpoint of a host.
    pub enum Webhook {}
    /// Work on many contacts.
    pub enum Job {}
    /// A look at the portal by staff.
    pub enum Viewing {}
}

/// Id of a practice.
pub type PracticeId = Id<kind::Practice>;
/// Id of a practice user.
pub type UserId = Id<kind::User>;
/// Id of a client.
pub type ClientId = Id<kind::Client>;
/// Id of a contact.
pub type ContactId = Id<kind::Contact>;
/// Id of a login.
pub type LoginId = Id<kind::Login>;
/// Id of a credential: a new one with every new password, the same after a rehash.
pub type CredentialId = Id<kind::Credential>;
/// Id of a link.
pub type LinkId = Id<kind::Link>;
/// Id of a session.
pub type SessionId = Id<kind::Session>;
/// Id of a session of the workspace.
pub type WorkspaceSessionId = Id<kind::WorkspaceSession>;
/// Id of a message.
pub type MessageId = Id<kind::Message>;
/// Id of an event.
pub type EventId = Id<kind::Event>;
/// Id of an API key.
pub type ApiKeyId = Id<kind::ApiKey>;
/// Id of an operator's key.
pub type OperatorKeyId = Id<kind::OperatorKey>;
/// Id of an enquiry.
pub type EnquiryId = Id<kind::Enquiry>;
/// Id of a try to sign in.
pub type TryId = Id<kind::Try>;
/// Id of a hand-over.
pub type HandoffId = Id<kind::Handoff>;
/// Id of a sign-in code.
pub type SignInCodeId = Id<kind::SignInCode>;
/// Id of an endpoint of a host.
pub type WebhookId = Id<kind::Webhook>;
/// Id of a job.
pub type JobId = Id<kind::Job>;
/// Id of a look at the portal by staff.
pub type ViewingId = Id<kind::Viewing>;

/// The host's own id of a thing: 1–128 of ASCII 0x21–0x7E, compared byte by byte.
///
/// `.` and `..` are refused, because HTTP clients normalise them out of a path.
///
/// ```
/// use portal_domain::id::Ref;
/// assert!(Ref::parse("c-17").is_some());
/// assert!(Ref::parse("..").is_none());
/// assert!(Ref::parse("white space").is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Ref(String);

impl Ref {
    /// Reads a reference; `None` where it breaks the rule above.
    pub fn parse(text: &str) -> Option<Self> {
        let right_length = (1..=128).contains(&text.len());
        let visible = text.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
        (right_length && visible && text != "." && text != "..").then(|| Self(text.to_owned()))
    }

    /// The reference as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Ref {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not a reference")
    }
}

impl fmt::Display for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a practice in addresses: 2–40 of `a–z 0–9 -`, fixed at creation.
///
/// ```
/// use portal_domain::id::Slug;
/// assert!(Slug::parse("smith-and-sons").is_some());
/// assert!(Slug::parse("Smith").is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Slug(String);

impl Slug {
    /// Reads a slug; `None` where it breaks the rule above.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        ((2..=40).contains(&text.len()) && text.bytes().all(plain)).then(|| Self(text.to_owned()))
    }

    /// The slug as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A source of ids for one decision, made from a seed that the use case drew: the same seed gives
/// the same ids, so that a decision can be reproduced.
#[derive(Clone, Debug)]
pub struct Ids {
    seed: [u8; 32],
    drawn: u32,
}

impl Ids {
    /// Ids from this seed.
    pub const fn from_seed(seed: [u8; 32]) -> Self {
        Self { seed, drawn: 0 }
    }

    /// The next id, a UUID of version 7 with the time `now`.
    pub fn next<K>(&mut self, now: Timestamp) -> Id<K> {
        let bytes = self.bytes();
        let mut random = [0; 10];
        random.copy_from_slice(&bytes[..10]);
        Id::from_uuid(uuid::Builder::from_unix_timestamp_millis(now.as_millis(), &random).into_uuid())
    }

    /// Sixteen fresh bytes, for the salt of an event.
    pub fn salt(&mut self) -> [u8; 16] {
        let mut salt = [0; 16];
        salt.copy_from_slice(&self.bytes()[..16]);
        salt
    }

    fn bytes(&mut self) -> [u8; 32] {
        self.drawn += 1;
        Sha256::new().chain_update(self.seed).chain_update(self.drawn.to_be_bytes()).finalize().into()
    }
}
