//! What people and programs left: mail, links, sessions, tries, the journal.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::When;
use crate::{
    handoff::Landing,
    id::{
        ClientId, ContactId, EventId, HandoffId, LinkId, LoginId, MessageId, SessionId, SignInCodeId, TryId, UserId,
        WorkspaceSessionId,
    },
    journal::SealedEvent,
    link::LinkPurpose,
    message::{Attempt, Delivery, DeliveryState, MessageBody, MessageKind, SentAs},
    returned::Reason,
    session::{Factor, ProfileId},
    throttle::RecordedTry,
};

/// A message with its delivery so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageRecord {
    /// Our id.
    pub id: MessageId,
    /// The contact it is about; none where it went to staff.
    pub contact: Option<ContactId>,
    /// The login it is about.
    pub login: Option<LoginId>,
    /// The practice user it is about.
    pub user: Option<UserId>,
    /// The link it carries.
    pub link: Option<LinkId>,
    /// The kind, as the API names it.
    pub kind: MessageKind,
    /// Where it goes.
    pub to: String,
    /// What the contact was called.
    pub name: String,
    /// The names of the clients that it mentions.
    pub clients: Vec<String>,
    /// What it says besides.
    pub body: MessageBody,
    /// The key at which it counts against what anybody may ask for.
    pub asked_key: Option<String>,
    /// Where it is.
    pub state: DeliveryState,
    /// Every try, oldest first.
    pub attempts: Vec<AttemptRecord>,
    /// When it was queued.
    pub queued_at: When,
}

/// One try to hand a message over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttemptRecord {
    /// When.
    pub at: When,
    /// The state it led to.
    pub state: DeliveryState,
    /// What the other side said.
    pub reply: String,
    /// What that means, where a server said no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// How the mail looked, where it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_as: Option<SentAs>,
}

impl From<Delivery> for MessageRecord {
    fn from(Delivery { message, state, attempts }: Delivery) -> Self {
        let attempt = |Attempt { at, state, reply, reason, sent_as }| {
            let at = When(at);
            AttemptRecord { at, state, reply, reason, sent_as }
        };
        Self {
            kind: message.kind(),
            id: message.id,
            contact: message.about.contact(),
            login: message.about.login(),
            user: message.about.user(),
            link: message.link,
            to: message.to.as_str().to_owned(),
            name: message.name,
            clients: message.clients,
            body: message.body,
            asked_key: message.asked_at.map(|key| key.as_str().to_owned()),
            state,
            attempts: attempts.into_iter().map(attempt).collect(),
            queued_at: When(message.created_at),
        }
    }
}

/// A link: what it was for, and never what opens it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkRecord {
    /// Our id.
    pub id: LinkId,
    /// The login whose password it sets.
    pub login: LoginId,
    /// The contact it was written to.
    pub contact: ContactId,
    /// What it is for.
    pub purpose: LinkPurpose,
    /// Where it was mailed to.
    pub address: String,
    /// When it was made.
    pub created_at: When,
    /// From when on it no longer works.
    pub expires_at: When,
    /// When it was redeemed.
    pub used_at: Option<When>,
    /// When it was killed.
    pub ended_at: Option<When>,
    /// When its page was opened first, by whoever or whatever did.
    pub opened_at: Option<When>,
    /// When it was opened last.
    pub last_opened_at: Option<When>,
}

/// A contact together with one of its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileRecord {
    /// The contact.
    pub contact: ContactId,
    /// The client.
    pub client: ClientId,
}

impl From<ProfileId> for ProfileRecord {
    fn from(ProfileId { contact, client }: ProfileId) -> Self {
        Self { contact, client }
    }
}

/// A session of the portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionRecord {
    /// Our id; opens nothing.
    pub id: SessionId,
    /// The login that signed in.
    pub login: LoginId,
    /// The profile that was chosen.
    pub profile: Option<ProfileRecord>,
    /// What its beginning was proved by.
    pub factors: Vec<Factor>,
    /// Whether a host was told who signed in.
    pub told: bool,
    /// From where.
    pub origin: Option<String>,
    /// What the browser calls itself.
    pub user_agent: Option<String>,
    /// When it began.
    pub signed_in_at: When,
    /// When it was last used.
    pub last_seen_at: When,
    /// The idle limit.
    pub idle_until: When,
    /// The absolute limit.
    pub expires_at: When,
    /// When it was ended.
    pub ended_at: Option<When>,
}

/// A session of the workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceSessionRecord {
    /// Our id; opens nothing.
    pub id: WorkspaceSessionId,
    /// Who signed in.
    pub user: UserId,
    /// From where.
    pub origin: Option<String>,
    /// What the browser calls itself.
    pub user_agent: Option<String>,
    /// When it began.
    pub signed_in_at: When,
    /// When it was last used.
    pub last_seen_at: When,
    /// The idle limit.
    pub idle_until: When,
    /// The absolute limit.
    pub expires_at: When,
    /// When it was ended.
    pub ended_at: Option<When>,
}

/// A hand-over from the host's program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandoffRecord {
    /// Our id; opens nothing.
    pub id: HandoffId,
    /// The login it signs in.
    pub login: LoginId,
    /// The contact that is meant.
    pub contact: ContactId,
    /// The client to look at.
    pub client: Option<ClientId>,
    /// Where it leads.
    pub landing: Landing,
    /// When it was made.
    pub created_at: When,
    /// From when on it no longer works.
    pub expires_at: When,
    /// When it was redeemed.
    pub used_at: Option<When>,
    /// When it was killed.
    pub ended_at: Option<When>,
}

/// That a browser was sent to the host's program with a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInCodeRecord {
    /// Our id; opens nothing.
    pub id: SignInCodeId,
    /// The session it tells of.
    pub session: SessionId,
    /// The profile it tells of.
    pub profile: ProfileRecord,
    /// The name of the return address.
    pub name: String,
    /// The address that had that name then.
    pub address: String,
    /// When it was made.
    pub created_at: When,
    /// From when on it no longer works.
    pub expires_at: When,
    /// When a host took it.
    pub used_at: Option<When>,
}

/// A try to sign in, or to be sent a link to set a password. What was typed is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TryRecord {
    /// Our id.
    pub id: TryId,
    /// From where.
    pub origin: Option<String>,
    /// Whether from a browser that had signed in there before.
    pub known_browser: bool,
    /// Whether a link was asked for, and no password tried.
    pub for_reset: bool,
    /// Whether the password was right.
    pub right_password: bool,
    /// When.
    pub at: When,
}

impl From<RecordedTry> for TryRecord {
    fn from(RecordedTry { noted, right }: RecordedTry) -> Self {
        Self {
            id: noted.id,
            origin: noted.origin,
            known_browser: noted.known_browser,
            for_reset: noted.for_reset,
            right_password: right,
            at: When(noted.at),
        }
    }
}

/// A sealed event of the journal, with all that its seal covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventRecord {
    /// Place in the journal, without a gap.
    pub number: i64,
    /// Our id.
    pub id: EventId,
    /// When.
    pub at: When,
    /// What.
    pub kind: String,
    /// Who.
    pub caller: String,
    /// From where, where that is not personal.
    pub origin: Option<String>,
    /// The contact it is about.
    pub contact: Option<ContactId>,
    /// The practice user it is about.
    pub user: Option<UserId>,
    /// The login it is about.
    pub login: Option<LoginId>,
    /// What is not personal.
    pub facts: BTreeMap<String, String>,
    /// What is personal; nothing where it was erased.
    pub personal: Option<BTreeMap<String, String>>,
    /// The salt of the digest, in hexadecimal; nothing where it was erased.
    pub salt: Option<String>,
    /// The digest of the personal values, in hexadecimal.
    pub digest: String,
    /// The seal, in hexadecimal.
    pub seal: String,
    /// The name of the key that sealed it.
    pub key: String,
}

impl From<SealedEvent> for EventRecord {
    fn from(SealedEvent { event, salt, seal, key }: SealedEvent) -> Self {
        Self {
            number: event.number,
            id: event.id,
            at: When(event.at),
            kind: event.kind,
            caller: event.caller,
            origin: event.origin,
            contact: event.subject.contact,
            user: event.subject.user,
            login: event.subject.login,
            facts: event.facts,
            personal: event.personal,
            salt: salt.map(|salt| hex(&salt)),
            digest: hex(&event.digest),
            seal: hex(&seal),
            key: key.as_str().to_owned(),
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

/// An event whose row can't be read as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnreadableRecord {
    /// Its place in the journal.
    pub number: i64,
}
