//! Mail, from the decision that causes it to the other server's answer.

use serde::{Deserialize, Serialize};

use crate::{
    email::{EmailAddress, LoginKey},
    event::Event,
    id::{ContactId, LinkId, LoginId, MessageId, PracticeId, UserId},
    link::{Link, LinkPurpose, LinkState, LinkTokens},
    practice::Practice,
    returned::{Reason, Suppression},
    staff::StaffLink,
    time::Timestamp,
};

/// The kinds of mail, as API and journal name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// Invitation with a link to set a password.
    Activation,
    /// "You now also have access to …", where a password is there already.
    AccessAdded,
    /// A link to set a new password.
    Reset,
    /// "Sign in with this address", to the new address.
    LoginMovedNew,
    /// "No longer your sign-in address", to the old one.
    LoginMovedOld,
    /// "Your password was changed"; and M4's later note to the old address.
    PasswordChanged,
    /// An invitation of staff to the workspace, with a link to set a password (W1).
    StaffInvitation,
    /// Where the portal is in which one signs in, for who asked.
    PortalAddress,
    /// "Sign in with this address", where somebody tried another one of the contact's (M8).
    Hint,
    /// An invitation once more, with the same link, before it expires (D8).
    Reminder,
    /// A mail of staff to themselves, to see how the practice's mail arrives.
    Test,
}

impl MessageKind {
    /// All kinds.
    pub const ALL: [Self; 11] = [
        Self::Activation,
        Self::AccessAdded,
        Self::Reset,
        Self::LoginMovedNew,
        Self::LoginMovedOld,
        Self::PasswordChanged,
        Self::StaffInvitation,
        Self::PortalAddress,
        Self::Hint,
        Self::Reminder,
        Self::Test,
    ];

    /// The kind's name in the API and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Activation => "activation",
            Self::AccessAdded => "access_added",
            Self::Reset => "reset",
            Self::LoginMovedNew => "login_moved_new",
            Self::LoginMovedOld => "login_moved_old",
            Self::PasswordChanged => "password_changed",
            Self::StaffInvitation => "staff_invitation",
            Self::PortalAddress => "portal_address",
            Self::Hint => "hint",
            Self::Reminder => "reminder",
            Self::Test => "test",
        }
    }

    /// Reads what [`code`](Self::code) writes.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Whether it is news of an address or access that may be stale by the time it leaves: worth sending only while the
    /// contact signs in with the address it goes to.
    pub const fn invites_to_sign_in(self) -> bool {
        matches!(self, Self::AccessAdded | Self::LoginMovedNew | Self::PortalAddress | Self::Hint | Self::Reminder)
    }
}

/// What a message says, beyond what practice and link say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MessageBody {
    /// See [`MessageKind::Activation`].
    Activation,
    /// See [`MessageKind::AccessAdded`].
    AccessAdded,
    /// See [`MessageKind::Reset`].
    Reset,
    /// See [`MessageKind::LoginMovedNew`].
    LoginMovedNew {
        /// Who changed it, in words.
        changed_by: String,
    },
    /// See [`MessageKind::LoginMovedOld`].
    LoginMovedOld {
        /// The new address, masked.
        new_address: String,
        /// Who changed it, in words.
        changed_by: String,
        /// Whether others still sign in with the old address (M6).
        split: bool,
    },
    /// See [`MessageKind::PasswordChanged`].
    PasswordChanged,
    /// M4's later note to the old address: a password was set at the new one.
    PasswordSetAfterMove {
        /// The new address, masked.
        new_address: String,
    },
    /// See [`MessageKind::StaffInvitation`].
    StaffInvitation,
    /// A link to set a new password for the workspace.
    StaffReset,
    /// "Your password for the workspace was changed".
    StaffPasswordChanged,
    /// See [`MessageKind::PortalAddress`].
    PortalAddress,
    /// See [`MessageKind::Hint`].
    Hint,
    /// See [`MessageKind::Reminder`].
    Reminder,
    /// See [`MessageKind::Test`].
    Test,
}

impl MessageBody {
    /// The kind of message this is the body of.
    pub const fn kind(&self) -> MessageKind {
        match self {
            Self::Activation => MessageKind::Activation,
            Self::AccessAdded => MessageKind::AccessAdded,
            Self::Reset | Self::StaffReset => MessageKind::Reset,
            Self::LoginMovedNew { .. } => MessageKind::LoginMovedNew,
            Self::LoginMovedOld { .. } => MessageKind::LoginMovedOld,
            Self::PasswordChanged | Self::PasswordSetAfterMove { .. } | Self::StaffPasswordChanged => {
                MessageKind::PasswordChanged
            }
            Self::StaffInvitation => MessageKind::StaffInvitation,
            Self::PortalAddress => MessageKind::PortalAddress,
            Self::Hint => MessageKind::Hint,
            Self::Reminder => MessageKind::Reminder,
            Self::Test => MessageKind::Test,
        }
    }
}

/// Whom a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// A contact and its login.
    Contact {
        /// The contact.
        contact: ContactId,
        /// The login.
        login: LoginId,
    },
    /// A practice user.
    User(UserId),
}

impl About {
    /// The contact, where it is one.
    pub const fn contact(self) -> Option<ContactId> {
        match self {
            Self::Contact { contact, .. } => Some(contact),
            Self::User(_) => None,
        }
    }

    /// The contact's login, where it is a contact.
    pub const fn login(self) -> Option<LoginId> {
        match self {
            Self::Contact { login, .. } => Some(login),
            Self::User(_) => None,
        }
    }

    /// The practice user, where it is one.
    pub const fn user(self) -> Option<UserId> {
        match self {
            Self::Contact { .. } => None,
            Self::User(user) => Some(user),
        }
    }

    /// What a store keeps: ids in the places of contact and login, and the user. In a user's message all three are the user's,
    /// so that no look-up by contact or login meets it.
    pub const fn stored(self) -> (ContactId, LoginId, Option<UserId>) {
        match self {
            Self::Contact { contact, login } => (contact, login, None),
            Self::User(user) => {
                let bytes = user.to_bytes();
                (ContactId::from_bytes(bytes), LoginId::from_bytes(bytes), Some(user))
            }
        }
    }

    /// Reads what [`stored`](Self::stored) gives.
    pub fn of_stored(contact: ContactId, login: LoginId, user: Option<UserId>) -> Self {
        user.map_or(Self::Contact { contact, login }, Self::User)
    }
}

/// One mail, written in the same transaction as the change that causes it (D1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Our id; the Message-ID on the wire is made of it, so that a duplicate carries the same.
    pub id: MessageId,
    /// Whom it is about.
    pub about: About,
    /// The link it carries.
    pub link: Option<LinkId>,
    /// The one address it goes to, as stored (E4).
    pub to: EmailAddress,
    /// What the contact or practice user is called.
    pub name: String,
    /// The names of the contact's clients that are not suspended.
    pub clients: Vec<String>,
    /// What it says.
    pub body: MessageBody,
    /// The login's key, where anybody could ask for this message by a form: such mail is limited at that key (G3).
    pub asked_at: Option<LoginKey>,
    /// When it was queued.
    pub created_at: Timestamp,
}

impl Message {
    /// The kind of message.
    pub const fn kind(&self) -> MessageKind {
        self.body.kind()
    }

    /// Whether a person waits for it (D7): a reset, or whatever was asked for by a form. It goes before bulk invitations.
    pub fn awaited(&self) -> bool {
        self.kind() == MessageKind::Reset || self.asked_at.is_some()
    }
}

/// Where a message is on its way (D1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Waiting for its first attempt.
    Queued,
    /// Leased by a worker.
    Sending,
    /// Taken by the other server.
    Accepted,
    /// To be tried again.
    Deferred,
    /// Given up.
    Failed,
    /// No longer wanted.
    Cancelled,
    /// Taken, and came back.
    Bounced,
    /// Taken, and its reader called it unwanted.
    Complained,
}

impl DeliveryState {
    /// All states.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Sending,
        Self::Accepted,
        Self::Deferred,
        Self::Failed,
        Self::Cancelled,
        Self::Bounced,
        Self::Complained,
    ];

    /// The state's name in the API and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Accepted => "accepted",
            Self::Deferred => "deferred",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
        }
    }

    /// Reads what [`code`](Self::code) writes.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// The state of a message that reports say this of: what was accepted is no longer on its way, whatever came of it.
    #[must_use]
    pub fn shown(self, returned: Option<Self>) -> Self {
        returned.filter(|_| self == Self::Accepted).unwrap_or(self)
    }
}

/// One try to hand a message over, or what came of it later, with the server's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// When.
    pub at: Timestamp,
    /// The state it led to.
    pub state: DeliveryState,
    /// What the other side said, or what went wrong, at most 500 characters.
    pub reply: String,
    /// What that means, where a server said no.
    pub reason: Option<Reason>,
    /// How the mail looked, where it was taken.
    pub sent_as: Option<SentAs>,
}

/// How a mail looked that left: what its reader can search for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SentAs {
    /// The subject's line.
    pub subject: String,
    /// Name and address of the sender: `Elm & Partners <portal@elm.example>`.
    pub sender: String,
}

/// A message with its delivery so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The message.
    pub message: Message,
    /// Where it is.
    pub state: DeliveryState,
    /// Every try, oldest first.
    pub attempts: Vec<Attempt>,
}

impl Delivery {
    /// How the mail looked when it was taken last.
    pub fn sent_as(&self) -> Option<&SentAs> {
        self.attempts.iter().rev().find_map(|attempt| attempt.sent_as.as_ref())
    }
}

/// What became of an attempt, with the server's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// The other server took it.
    Accepted {
        /// Its words.
        reply: String,
    },
    /// Try again later: 4xx, or the network.
    Transient {
        /// Its words, or what went wrong.
        reply: String,
    },
    /// Never: 5xx.
    Permanent {
        /// Its words.
        reply: String,
    },
    /// Our own configuration is at fault: TLS, authentication.
    Misconfigured {
        /// What is wrong.
        reply: String,
    },
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The attempt.
    pub attempt: Attempt,
    /// When to try again, where it is deferred.
    pub next_attempt_at: Option<Timestamp>,
    /// The address that nothing is mailed to from now on (D4).
    pub suppress: Option<Suppression>,
    /// What the journal is told.
    pub event: Event,
}

impl Settlement {
    /// The state the message is in from now on.
    pub const fn state(&self) -> DeliveryState {
        self.attempt.state
    }
}

/// Names a message in the hands of one worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The practice it is sent for.
    pub practice: PracticeId,
    /// The message.
    pub message: MessageId,
    /// Until when it is this worker's.
    pub until: Timestamp,
}

/// A message in the hands of one worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leased {
    /// What names it.
    pub lease: Lease,
    /// Attempts made before.
    pub attempts: u32,
    /// What is to be sent, or why it can't be read.
    pub letter: Result<Letter, String>,
}

/// A message with all that is needed to send it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The practice it is sent for.
    pub practice: Practice,
    /// The message.
    pub message: Message,
    /// The link it carries, as it is now.
    pub link: Option<Carried>,
    /// Whether the portal's link that it carries is no longer what its login is invited by: the login has a password by now, or a
    /// newer activation link.
    pub overtaken: bool,
    /// The key at which the contact it is about signs in now; `None` where the contact has no access.
    pub signs_in_at: Option<LoginKey>,
    /// The language of the contact it is about, as it is now; `None` where none is known, and in mail to staff.
    pub locale: Option<String>,
    /// Why nothing is mailed to the address (D4); `None` where it may be, and in mail to staff.
    pub suppressed: Option<Suppression>,
}

/// A link that a message carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// One of the portal.
    Portal(Link),
    /// One of the workspace.
    Workspace(StaffLink),
}

impl Carried {
    /// What the link is good for at `now`.
    pub fn state(&self, now: Timestamp) -> LinkState {
        match self {
            Self::Portal(link) => link.state(now),
            Self::Workspace(link) => link.state(now),
        }
    }

    /// The link's id.
    pub const fn id(&self) -> LinkId {
        match self {
            Self::Portal(link) => link.id,
            Self::Workspace(link) => link.id,
        }
    }

    /// From when on it no longer works.
    pub const fn expires_at(&self) -> Timestamp {
        match self {
            Self::Portal(link) => link.expires_at,
            Self::Workspace(link) => link.expires_at,
        }
    }

    /// The token that stands for it, always the same; `None` where its key is no longer known.
    pub fn token(&self, tokens: &LinkTokens, practice: PracticeId) -> Option<String> {
        let (signed_with, purpose) = match self {
            Self::Portal(link) => (&link.signed_with, link.purpose),
            Self::Workspace(link) => (&link.signed_with, LinkPurpose::Workspace),
        };
        tokens.issue(signed_with, practice, self.id(), purpose)
    }
}
