//! What the model answers.

use super::cmd::SessionNo;
use std::fmt;

/// The answer to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing was changed.
    Refused(Refusal),
    /// The command holds.
    Done {
        /// Whether it changed anything.
        outcome: Outcome,
        /// What it did to the login; for commands about one contact only.
        effects: Option<Effects>,
        /// The session that was opened, by signing in or by changing the password inside one.
        session: Option<SessionNo>,
    },
    /// The neutral answer to a reset or a renewal, always the same (L4, L7, P2).
    Accepted,
}

impl Answer {
    /// The code of a refusal.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Answer::Refused(refusal) => Some(refusal.code),
            _ => None,
        }
    }

    /// What became of it, unless it was refused or neutral.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        match self {
            Answer::Done { outcome, .. } => Some(*outcome),
            _ => None,
        }
    }

    /// The effects, where the command has any.
    #[must_use]
    pub fn effects(&self) -> Option<&Effects> {
        match self {
            Answer::Done { effects, .. } => effects.as_ref(),
            _ => None,
        }
    }

    /// The session that was opened.
    #[must_use]
    pub fn session(&self) -> Option<SessionNo> {
        match self {
            Answer::Done { session, .. } => *session,
            _ => None,
        }
    }

    pub(super) fn done(outcome: Outcome) -> Self {
        Answer::Done { outcome, effects: None, session: None }
    }
}

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The stable code.
    pub code: Code,
    /// What is wrong with a password, for [`Code::PasswordRefused`].
    pub fault: Option<Fault>,
    /// Refs of the contacts that are named to staff (C2, C3), sorted.
    pub contacts: Vec<String>,
}

/// Whether a command changed anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It did.
    Changed,
    /// All was so already (A1).
    Unchanged,
}

/// What a command did, or would do, to a contact's login (M7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effects {
    /// The contact's login address before, as stored, if it had access.
    pub login_before: Option<String>,
    /// The contact's login address after, as stored, if it has access.
    pub login_after: Option<String>,
    /// Refs of the others behind the login after, sorted.
    pub shared_with: Vec<String>,
    /// What becomes of the password.
    pub password: PasswordEffect,
    /// Links that were usable before and are not after.
    pub links_ended: usize,
    /// Sessions that were valid before and are not after.
    pub sessions_ended: usize,
    /// Messages queued: kind and stored address, sorted by both.
    pub messages: Vec<(MessageKind, String)>,
}

/// What becomes of the password, seen from the contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PasswordEffect {
    /// The login's goes on.
    Kept,
    /// There was one, and the contact has none now.
    Ended,
    /// There was none and is none.
    None,
    /// The login joined has one.
    Shared,
}

/// The kind of a message. The order is that of the codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MessageKind {
    /// "You now also have access to …" (A4).
    AccessAdded,
    /// A link to set the first password.
    Activation,
    /// "Sign in with this address" (M4).
    LoginMovedNew,
    /// "No longer your sign-in address", or after a split "… has moved" (M4).
    LoginMovedOld,
    /// A password replaced another (P3), and M4's later note.
    PasswordChanged,
    /// Where the portal is.
    PortalAddress,
    /// "Sign in with this address", after a try with another one (M8).
    Hint,
    /// An invitation once more (D8).
    Reminder,
    /// A link to set a new password (L7).
    Reset,
}

/// The stable code of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// C1.
    PracticeUserEmail,
    /// C3.
    LoginEmailTaken,
    /// M5.
    LoginEmailRequired,
    /// A.
    NotActivated,
    /// A.
    PortalDeactivated,
    /// A8.
    NoEmail,
    /// C2.
    EmailIsAPortalLogin,
    /// C2.
    EmailTaken,
    /// W2.
    LastAdmin,
    /// A client that does not exist.
    UnknownClient,
    /// No such thing.
    NotFound,
    /// L3.
    LinkExpired,
    /// L3.
    LinkUsed,
    /// L3.
    LinkDead,
    /// P2.
    SignInFailed,
    /// P1.
    PasswordRefused,
    /// No valid session.
    Unauthorized,
}

/// What is wrong with a password. Of P1 the model knows the length alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The present password is another.
    CurrentPassword,
    /// Fewer than 12 code points.
    TooShort,
    /// More than 256 code points.
    TooLong,
}

impl Code {
    /// The code as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Code::PracticeUserEmail => "practice_user_email",
            Code::LoginEmailTaken => "login_email_taken",
            Code::LoginEmailRequired => "login_email_required",
            Code::NotActivated => "not_activated",
            Code::PortalDeactivated => "portal_deactivated",
            Code::NoEmail => "no_email",
            Code::EmailIsAPortalLogin => "email_is_a_portal_login",
            Code::EmailTaken => "email_taken",
            Code::LastAdmin => "last_admin",
            Code::UnknownClient => "unknown_client",
            Code::NotFound => "not_found",
            Code::LinkExpired => "link_expired",
            Code::LinkUsed => "link_used",
            Code::LinkDead => "link_dead",
            Code::SignInFailed => "sign_in_failed",
            Code::PasswordRefused => "password_refused",
            Code::Unauthorized => "unauthorized",
        }
    }
}

impl Fault {
    /// The fault as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Fault::CurrentPassword => "current_password",
            Fault::TooShort => "too_short",
            Fault::TooLong => "too_long",
        }
    }
}

impl MessageKind {
    /// The kind as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            MessageKind::AccessAdded => "access_added",
            MessageKind::Activation => "activation",
            MessageKind::LoginMovedNew => "login_moved_new",
            MessageKind::LoginMovedOld => "login_moved_old",
            MessageKind::PasswordChanged => "password_changed",
            MessageKind::PortalAddress => "portal_address",
            MessageKind::Hint => "hint",
            MessageKind::Reminder => "reminder",
            MessageKind::Reset => "reset",
        }
    }
}

impl PasswordEffect {
    /// The effect as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            PasswordEffect::Kept => "kept",
            PasswordEffect::Ended => "ended",
            PasswordEffect::None => "none",
            PasswordEffect::Shared => "shared",
        }
    }
}

impl Outcome {
    /// The outcome as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Changed => "changed",
            Outcome::Unchanged => "unchanged",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Refusal { code, fault: None, contacts: Vec::new() }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Refusal { code: Code::PasswordRefused, fault: Some(fault), contacts: Vec::new() }
    }
}

/// What a rule says: go on, or the refusal.
pub(super) type Ruling<T> = Result<T, Refusal>;

/// What a command came to, before the answer is put together.
pub(super) enum Done {
    /// Nothing but the outcome.
    Plain(Outcome),
    /// The neutral answer.
    Accepted,
    /// A session was opened.
    SignedIn(SessionNo),
    /// A command about one contact's login.
    Portal { contact: String, outcome: Outcome, password: PasswordEffect },
}

impl Done {
    pub(super) fn changed(contact: &str, password: PasswordEffect) -> Self {
        Done::Portal { contact: contact.to_owned(), outcome: Outcome::Changed, password }
    }

    pub(super) fn unchanged(contact: &str, password: PasswordEffect) -> Self {
        Done::Portal { contact: contact.to_owned(), outcome: Outcome::Unchanged, password }
    }
}
