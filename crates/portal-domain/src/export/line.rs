//! The lines of a practice's export, and the order in which they are read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    ApiKeyRecord, ClientRecord, ContactRecord, DeliveryRecord, EventRecord, HandoffRecord, JobRecord, JobRowRecord,
    LinkRecord, LoginRecord, MessageRecord, PracticeRecord, SessionRecord, SettingsRecord, SignInCodeRecord, TryRecord,
    UnreadableRecord, UserRecord, WebhookRecord, When, WorkspaceSessionRecord,
};
use crate::{
    id::{Id, PracticeId},
    time::Timestamp,
};

/// What the header calls the format.
pub const FORMAT: &str = "portal-practice-export";
/// Raised by every change that a reader has to know of; new types and fields come without.
pub const VERSION: u32 = 2;

/// One line of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Line {
    /// The first.
    Header(Header),
    /// The practice.
    Practice(PracticeRecord),
    /// Its settings.
    Settings(SettingsRecord),
    /// A practice user.
    PracticeUser(UserRecord),
    /// A client.
    Client(ClientRecord),
    /// An identity that signs in.
    Login(LoginRecord),
    /// A contact.
    Contact(ContactRecord),
    /// A message.
    Message(MessageRecord),
    /// A link.
    Link(LinkRecord),
    /// A session of the portal.
    Session(SessionRecord),
    /// A session of the workspace.
    WorkspaceSession(WorkspaceSessionRecord),
    /// A hand-over.
    Handoff(HandoffRecord),
    /// A code for the host's program.
    SignInCode(SignInCodeRecord),
    /// A try to sign in.
    SignInTry(TryRecord),
    /// An event of the journal.
    Event(EventRecord),
    /// What lies in an event's place and can't be read.
    UnreadableEvent(UnreadableRecord),
    /// An endpoint.
    Webhook(WebhookRecord),
    /// A try to push an event.
    WebhookDelivery(DeliveryRecord),
    /// A key of a host.
    ApiKey(ApiKeyRecord),
    /// A job.
    Job(JobRecord),
    /// A row of a job.
    JobRow(JobRowRecord),
    /// The last.
    Trailer(Trailer),
}

/// The first line: what this is, and when it was so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// The newest step of the database's schema.
    pub schema: i64,
    /// The practice's name in addresses.
    pub practice: String,
    /// Its id.
    pub practice_id: PracticeId,
    /// When it was so.
    pub taken_at: When,
    /// The head of the journal, `NUMBER:SEAL`, as `journal verify` prints it and takes it.
    pub journal_head: Option<String>,
    /// Events that were not sealed yet, which the export doesn't have.
    pub unsealed_events: u64,
}

/// The last line: by it one sees that none is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trailer {
    /// How many lines of each type there are before it.
    pub counts: BTreeMap<String, u64>,
    /// How many in all.
    pub lines: u64,
    /// SHA-256 over all bytes before this line, in hexadecimal.
    pub sha256: String,
}

impl Line {
    /// The name of its type, as the line has it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Header(_) => "header",
            Self::Practice(_) => "practice",
            Self::Settings(_) => "settings",
            Self::PracticeUser(_) => "practice_user",
            Self::Client(_) => "client",
            Self::Login(_) => "login",
            Self::Contact(_) => "contact",
            Self::Message(_) => "message",
            Self::Link(_) => "link",
            Self::Session(_) => "session",
            Self::WorkspaceSession(_) => "workspace_session",
            Self::Handoff(_) => "handoff",
            Self::SignInCode(_) => "sign_in_code",
            Self::SignInTry(_) => "sign_in_try",
            Self::Event(_) => "event",
            Self::UnreadableEvent(_) => "unreadable_event",
            Self::Webhook(_) => "webhook",
            Self::WebhookDelivery(_) => "webhook_delivery",
            Self::ApiKey(_) => "api_key",
            Self::Job(_) => "job",
            Self::JobRow(_) => "job_row",
            Self::Trailer(_) => "trailer",
        }
    }

    /// Where it stands in its part; `None` for those that are there once.
    pub fn place(&self) -> Option<Place> {
        fn id<K>(id: Id<K>) -> Option<Place> {
            Some(Place::Id(id.to_bytes()))
        }
        let name = |text: &str| Some(Place::Ref(text.to_owned()));
        match self {
            Self::PracticeUser(it) => name(it.r#ref.as_str()),
            Self::Client(it) => name(it.r#ref.as_str()),
            Self::Contact(it) => name(it.r#ref.as_str()),
            Self::Webhook(it) => name(it.r#ref.as_str()),
            Self::Login(it) => id(it.id),
            Self::Message(it) => id(it.id),
            Self::Link(it) => id(it.id),
            Self::Session(it) => id(it.id),
            Self::WorkspaceSession(it) => id(it.id),
            Self::Handoff(it) => id(it.id),
            Self::SignInCode(it) => id(it.id),
            Self::SignInTry(it) => id(it.id),
            Self::ApiKey(it) => id(it.id),
            Self::Job(it) => id(it.id),
            Self::Event(it) => Some(Place::Number(it.number)),
            Self::UnreadableEvent(it) => Some(Place::Number(it.number)),
            Self::WebhookDelivery(it) => Some(Place::Within(it.webhook.to_bytes(), it.place)),
            Self::JobRow(it) => Some(Place::Within(it.job.to_bytes(), it.place)),
            Self::Header(_) | Self::Practice(_) | Self::Settings(_) | Self::Trailer(_) => None,
        }
    }

    /// The line as it is written, its end included: JSON in which every character outside printable ASCII is escaped, so that no
    /// text speaks to a terminal, and no encoding is guessed wrongly.
    pub fn write(&self) -> String {
        let text = serde_json::to_string(self).expect("text, numbers, lists and maps can be written as JSON");
        let mut line = String::with_capacity(text.len() + 1);
        for c in text.chars() {
            if matches!(c, ' '..='~') {
                line.push(c);
                continue;
            }
            let units = c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect::<String>();
            line.push_str(&units);
        }
        line.push('\n');
        line
    }
}

/// The parts of an export that come page by page, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Practice users, by reference.
    Users,
    /// Clients, by reference.
    Clients,
    /// Logins, by id.
    Logins,
    /// Contacts, by reference.
    Contacts,
    /// Messages, by id.
    Messages,
    /// Links, by id.
    Links,
    /// Sessions, by id.
    Sessions,
    /// Sessions of the workspace, by id.
    WorkspaceSessions,
    /// Hand-overs, by id.
    Handoffs,
    /// Sign-in codes, by id.
    SignInCodes,
    /// Tries to sign in, by id.
    SignInTries,
    /// Sealed events, by number.
    Events,
    /// Endpoints, by reference.
    Webhooks,
    /// What was pushed, by endpoint and place.
    WebhookDeliveries,
    /// Keys, by id.
    ApiKeys,
    /// Jobs, by id.
    Jobs,
    /// Rows, by job and place.
    JobRows,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Users,
        Self::Clients,
        Self::Logins,
        Self::Contacts,
        Self::Messages,
        Self::Links,
        Self::Sessions,
        Self::WorkspaceSessions,
        Self::Handoffs,
        Self::SignInCodes,
        Self::SignInTries,
        Self::Events,
        Self::Webhooks,
        Self::WebhookDeliveries,
        Self::ApiKeys,
        Self::Jobs,
        Self::JobRows,
    ];
}

/// Where a line stands in its part.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// By the host's id, byte by byte.
    Ref(String),
    /// By our id.
    Id([u8; 16]),
    /// By number.
    Number(i64),
    /// By the id of what it belongs to, and its place there.
    Within([u8; 16], i64),
}

/// Which lines of a part are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartPage {
    /// Only what comes after this.
    pub after: Option<Place>,
    /// At most so many.
    pub limit: u32,
    /// The time for which a contact's status is computed.
    pub now: Timestamp,
}

impl PartPage {
    /// The reference to go on from; nothing comes before the empty text.
    pub fn after_ref(&self) -> &str {
        if let Some(Place::Ref(text)) = &self.after { text } else { "" }
    }

    /// The id to go on from; no id of ours has no digit but nought.
    pub const fn after_id(&self) -> [u8; 16] {
        match &self.after {
            Some(Place::Id(id) | Place::Within(id, _)) => *id,
            _ => [0; 16],
        }
    }

    /// The number to go on from.
    pub const fn after_number(&self) -> i64 {
        match &self.after {
            Some(Place::Number(number) | Place::Within(_, number)) => *number,
            _ => i64::MIN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_printable_and_comes_back() {
        let unusual = "Zoë\u{1b}[2J\u{9b}\u{202e}\u{7f}\u{2028}🦉\"\\";
        let practice = PracticeRecord {
            id: PracticeId::from_bytes([7; 16]),
            slug: "smith".to_owned(),
            name: unusual.to_owned(),
            suspended_at: None,
            delete_after: None,
            created_at: When::from_micros(1),
        };
        let line = Line::Practice(practice);
        let text = line.write();
        assert!(text.trim_end_matches('\n').bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{text}");
        assert_eq!(text.matches('\n').count(), 1);
        assert_eq!(serde_json::from_str::<Line>(&text).unwrap(), line);
        assert!(text.starts_with(&format!("{{\"type\":\"{}\"", line.name())), "{text}");
    }

    #[test]
    fn a_field_that_nobody_knows_is_refused() {
        let text = r#"{"type":"unreadable_event","number":1,"hash":"x"}"#;
        assert!(serde_json::from_str::<Line>(text).is_err());
    }
}
