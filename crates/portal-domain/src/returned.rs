//! Mail that came back (D3), and addresses that nothing is mailed to since (D4).

use serde::{Deserialize, Serialize};

use crate::{
    email::LoginKey,
    id::{PracticeId, Slug},
    message::{DeliveryState, Message},
    time::Timestamp,
};

/// Why a message was not delivered, as far as the words of a server tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Nobody has the address, any longer or ever.
    UserUnknown,
    /// There is no room in the mailbox.
    MailboxFull,
    /// The message itself was not wanted: its content, its form, its size.
    RejectedContent,
    /// Whoever sends was not wanted: its address, its server, its reputation.
    BlockedSender,
    /// The sender's own domain is not set up so that others can tell its mail from a forgery: SPF, DKIM, DMARC.
    SenderNotAuthenticated,
    /// The domain is not there, or takes no mail.
    HostUnknown,
    /// It was tried until the time was over.
    Expired,
    /// The other server asks to try again later.
    Temporary,
    /// None of these, or nobody knows.
    Other,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::UserUnknown,
        Self::MailboxFull,
        Self::RejectedContent,
        Self::BlockedSender,
        Self::SenderNotAuthenticated,
        Self::HostUnknown,
        Self::Expired,
        Self::Temporary,
        Self::Other,
    ];

    /// The reason as API, journal and database name it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::UserUnknown => "user_unknown",
            Self::MailboxFull => "mailbox_full",
            Self::RejectedContent => "rejected_content",
            Self::BlockedSender => "blocked_sender",
            Self::SenderNotAuthenticated => "sender_not_authenticated",
            Self::HostUnknown => "host_unknown",
            Self::Expired => "expired",
            Self::Temporary => "temporary",
            Self::Other => "other",
        }
    }

    /// Reads what [`code`](Self::code) writes.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

/// Why a message was not delivered, and whether that is for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Why {
    /// The reason.
    pub reason: Reason,
    /// Whether whoever said it said that it is so for good.
    pub lasting: bool,
}

impl Why {
    /// Whether the address itself is wrong for good (D4).
    ///
    /// ```
    /// use portal_domain::returned::{Reason, Why};
    ///
    /// assert!(Why { reason: Reason::UserUnknown, lasting: true }.is_hard());
    /// assert!(!Why { reason: Reason::UserUnknown, lasting: false }.is_hard());
    /// assert!(!Why { reason: Reason::RejectedContent, lasting: true }.is_hard());
    /// ```
    pub const fn is_hard(self) -> bool {
        self.lasting && matches!(self.reason, Reason::UserUnknown | Reason::HostUnknown)
    }
}

/// What came of a message after it was handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    /// It was not delivered, and nobody tries any longer.
    Bounced(Why),
    /// Its reader called it unwanted.
    Complained,
}

impl Returned {
    /// The state that it leads to.
    pub const fn state(self) -> DeliveryState {
        match self {
            Self::Bounced(_) => DeliveryState::Bounced,
            Self::Complained => DeliveryState::Complained,
        }
    }
}

/// What somebody says of a message that was handed over. Nothing of it is proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryReport {
    /// Addresses that the report came to, of which one may be a return path of ours.
    pub paths: Vec<String>,
    /// The `Message-ID` that it names, with or without angle brackets.
    pub message_id: Option<String>,
    /// What came of the message.
    pub what: Returned,
    /// The recipient that it names: as the message was sent, where it says that too.
    pub recipient: Option<String>,
    /// The recipient in the end, where a forward changed it.
    pub final_recipient: Option<String>,
    /// The other server's words.
    pub words: String,
}

/// What was done with a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is noted with its message.
    Noted,
    /// The same was noted before.
    Known,
    /// It is about no message of ours, or does not prove that it is.
    Foreign,
}

/// A message that a report may be about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentMessage {
    /// The practice it was sent for.
    pub practice: PracticeId,
    /// The practice's slug.
    pub slug: Slug,
    /// The message.
    pub message: Message,
    /// Where it is.
    pub state: DeliveryState,
}

/// By what a report is tied to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tie {
    /// By a return path that we made.
    ReturnPath,
    /// By a Message-ID, which whoever saw the mail knows.
    MessageId,
}

/// An address to which nothing is mailed, because it is wrong for good (D4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// Its key.
    pub key: LoginKey,
    /// Since when.
    pub since: Timestamp,
    /// Why.
    pub reason: Reason,
    /// The other server's words.
    pub words: String,
}
