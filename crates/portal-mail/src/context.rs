//! What a mail is told before it can be written.

use std::fmt;

use portal_domain::{message::MessageKind, time::Timestamp};

use crate::tongue::Tongue;

/// Everything that one mail says. Texts may be anything: they are made harmless when the mail is rendered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MailContext {
    /// What it is written in.
    pub tongue: Tongue,
    /// Who writes.
    pub practice: Practice,
    /// The name of the contact or practice user who is written to.
    pub name: String,
    /// What is written.
    pub body: MailBody,
}

/// The practice as its mails show it (rulebook D6).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Practice {
    /// Its name.
    pub name: String,
    /// How to reach a person there, in its own words; may be empty.
    pub contact_line: String,
    /// The address of its sign-in page, of the portal or, in mail to staff, of the workspace; made of configuration only.
    pub sign_in_url: String,
}

/// A link to set a password. Its address is a secret and never printed by `Debug`.
#[derive(Clone, Eq, PartialEq)]
pub struct Link {
    /// `{base_url}/portal/{practice}/link/{token}`, or the same of the workspace.
    pub url: String,
    /// How long it works.
    pub works_until: Timestamp,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("works_until", &self.works_until).finish_non_exhaustive()
    }
}

/// What is written, by kind and state. Only invitations, reminders of them and resets have a link.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum MailBody {
    /// An invitation to set a password (A4, M4, M6, M9).
    Activation {
        /// The address to sign in with: the one this mail goes to.
        address: String,
        /// Names of the clients whose papers are shown; may be empty.
        clients: Vec<String>,
        /// The practice's own note (D6); may be empty. Its line breaks are kept.
        invitation_note: String,
        /// The link to set a password.
        link: Link,
    },
    /// A link to choose a new password, as somebody asked for (L7).
    Reset {
        /// The address to sign in with: the one this mail goes to.
        address: String,
        /// The link to set a password.
        link: Link,
    },
    /// "You now also have access to …", where the address has a password already (A4).
    AccessAdded {
        /// The address to sign in with: the one this mail goes to.
        address: String,
        /// Names of the clients whose papers are shown from now on; may be empty.
        clients: Vec<String>,
    },
    /// "Sign in with this address", to the new address (M4).
    LoginMovedNew {
        /// The new address: the one this mail goes to.
        address: String,
        /// Who changed it, in words that follow "by".
        changed_by: String,
        /// When.
        changed_on: Timestamp,
    },
    /// "No longer your sign-in address", to the old address (M4).
    LoginMovedOld {
        /// The old address: the one this mail goes to.
        address: String,
        /// The new address, masked.
        new_address: String,
        /// Who changed it, in words that follow "by".
        changed_by: String,
        /// When.
        changed_on: Timestamp,
    },
    /// "The profile of … has moved; you still sign in here", to the address that others behind a login keep (M4, M6).
    ProfileMovedAway {
        /// The address that stays: the one this mail goes to.
        address: String,
        /// Whose profile has moved, in words that follow "of".
        moved: String,
        /// The new address, masked.
        new_address: String,
        /// Who changed it, in words that follow "by".
        changed_by: String,
        /// When.
        changed_on: Timestamp,
    },
    /// "Your password was changed" (P3).
    PasswordChanged {
        /// The address to sign in with: the one this mail goes to.
        address: String,
        /// When.
        changed_on: Timestamp,
    },
    /// M4's later note to the old address: a password was set at the new one.
    PasswordSetAfterMove {
        /// The old address: the one this mail goes to.
        address: String,
        /// The new address, masked.
        new_address: String,
        /// When.
        set_on: Timestamp,
    },
    /// An invitation of staff to the workspace (W1).
    StaffInvitation {
        /// The address to sign in with: the one this mail goes to.
        address: String,
        /// The link to set a password.
        link: Link,
    },
    /// A link to choose a new password for the workspace, as somebody asked for (W1).
    StaffReset {
        /// The address to sign in with: the one this mail goes to.
        address: String,
        /// The link to set a password.
        link: Link,
    },
    /// "Your password for the workspace was changed" (P3).
    StaffPasswordChanged {
        /// The address to sign in with: the one this mail goes to.
        address: String,
        /// When.
        changed_on: Timestamp,
    },
    /// Where the portal is, as somebody asked who knew the address and not the practice.
    PortalAddress {
        /// The address to sign in with: the one this mail goes to.
        address: String,
    },
    /// "Sign in with this address", where somebody tried another one (M8).
    Hint {
        /// The address to sign in with: the one this mail goes to.
        address: String,
    },
    /// An invitation once more, before it expires (D8).
    Reminder {
        /// The address to sign in with: the one this mail goes to.
        address: String,
        /// Names of the clients whose papers are shown; may be empty.
        clients: Vec<String>,
        /// The link of the invitation.
        link: Link,
    },
    /// A test that staff mail to themselves.
    Test {
        /// The one this mail goes to.
        address: String,
        /// The practice's own note (D6), as invitations have it; may be empty.
        invitation_note: String,
    },
}

impl MailBody {
    /// The kind of message, as API and journal name it.
    ///
    /// ```
    /// use portal_domain::{message::MessageKind, time::Timestamp};
    /// use portal_mail::MailBody;
    ///
    /// let body = MailBody::PasswordSetAfterMove {
    ///     address: "ada@old.example".into(),
    ///     new_address: "a…a@s…h.example".into(),
    ///     set_on: Timestamp::from_micros(1_796_047_200_000_000),
    /// };
    /// assert_eq!(body.kind(), MessageKind::PasswordChanged);
    /// ```
    #[must_use]
    pub const fn kind(&self) -> MessageKind {
        match self {
            Self::Activation { .. } => MessageKind::Activation,
            Self::Reset { .. } | Self::StaffReset { .. } => MessageKind::Reset,
            Self::AccessAdded { .. } => MessageKind::AccessAdded,
            Self::LoginMovedNew { .. } => MessageKind::LoginMovedNew,
            Self::LoginMovedOld { .. } | Self::ProfileMovedAway { .. } => MessageKind::LoginMovedOld,
            Self::PasswordChanged { .. } | Self::PasswordSetAfterMove { .. } | Self::StaffPasswordChanged { .. } => {
                MessageKind::PasswordChanged
            }
            Self::StaffInvitation { .. } => MessageKind::StaffInvitation,
            Self::PortalAddress { .. } => MessageKind::PortalAddress,
            Self::Hint { .. } => MessageKind::Hint,
            Self::Reminder { .. } => MessageKind::Reminder,
            Self::Test { .. } => MessageKind::Test,
        }
    }

    /// The link to set a password, where this kind carries one.
    #[must_use]
    pub const fn link(&self) -> Option<&Link> {
        match self {
            Self::Activation { link, .. }
            | Self::Reset { link, .. }
            | Self::Reminder { link, .. }
            | Self::StaffInvitation { link, .. }
            | Self::StaffReset { link, .. } => Some(link),
            _ => None,
        }
    }

    /// The same, to be replaced.
    pub(crate) const fn link_mut(&mut self) -> Option<&mut Link> {
        match self {
            Self::Activation { link, .. }
            | Self::Reset { link, .. }
            | Self::Reminder { link, .. }
            | Self::StaffInvitation { link, .. }
            | Self::StaffReset { link, .. } => Some(link),
            _ => None,
        }
    }

    /// The address that the mail is about: the one it goes to.
    #[must_use]
    pub fn address(&self) -> &str {
        match self {
            Self::Activation { address, .. }
            | Self::Reset { address, .. }
            | Self::AccessAdded { address, .. }
            | Self::LoginMovedNew { address, .. }
            | Self::LoginMovedOld { address, .. }
            | Self::ProfileMovedAway { address, .. }
            | Self::PasswordChanged { address, .. }
            | Self::PasswordSetAfterMove { address, .. }
            | Self::StaffInvitation { address, .. }
            | Self::StaffReset { address, .. }
            | Self::StaffPasswordChanged { address, .. }
            | Self::PortalAddress { address }
            | Self::Hint { address }
            | Self::Reminder { address, .. }
            | Self::Test { address, .. } => address,
        }
    }

    /// Whether it goes to staff, and is about the workspace.
    #[must_use]
    pub const fn is_for_staff(&self) -> bool {
        matches!(
            self,
            Self::StaffInvitation { .. }
                | Self::StaffReset { .. }
                | Self::StaffPasswordChanged { .. }
                | Self::Test { .. }
        )
    }
}
