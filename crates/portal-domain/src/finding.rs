//! What a diagnosis says (section X).

mod fact;

use serde::{Deserialize, Serialize};

use crate::{
    Named,
    email::{EmailAddress, LoginKey},
    id::Ref,
    message::{DeliveryState, MessageKind, SentAs},
    time::Timestamp,
};

pub use self::fact::{Fact, FactPart};

/// The stable codes of findings (X2). Those that block stand in the order in which they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingCode {
    /// What was typed is nobody's address here.
    UnknownAddress,
    /// It is one slip away from an address that somebody has.
    NearMissAddress,
    /// It is not the contact's first address, and only the first signs in (F2).
    NotTheFirstAddress,
    /// It was the contact's first address once (M2).
    FormerAddress,
    /// It belongs to staff, who have a sign-in of their own (C1).
    PracticeUserEmail,
    /// Another contact signs in with it, and the practice wants no shared sign-ins (C3).
    LoginEmailTaken,
    /// The contact has no address (A8).
    NoEmail,
    /// The first address is none; only a host's own store can hold that.
    InvalidFirstAddress,
    /// Access was taken away.
    Deactivated,
    /// Never activated.
    NotActivated,
    /// The address looks wrong (E5).
    SuspiciousDomain,
    /// Servers refuse the practice's own mail, not the address.
    SenderNotAuthenticated,
    /// Mail to the address came back.
    MailBounced,
    /// The other server refused the mail, or it was given up.
    MailFailed,
    /// Nothing is mailed to the address since a mail came back (D4).
    AddressSuppressed,
    /// The other server asked to try again later.
    MailDeferred,
    /// The mail is waiting to leave.
    MailQueued,
    /// The link's time is over.
    LinkExpired,
    /// An older link was opened, which no longer works.
    NewerLinkSent,
    /// The link was opened, and no password set.
    LinkOpenedNotUsed,
    /// The other server took the mail, and nobody opened its link.
    MailAcceptedUnused,
    /// There is no password yet.
    PasswordNotSet,
    /// Too many wrong passwords: a pause (G1).
    LockedUntil,
    /// The second factor is gone.
    SecondFactorLost,
    /// A client is suspended, so its profile is not shown (A5).
    ClientSuspended,
    /// The contact belongs to no client.
    NoProfile,
    /// The password was wrong.
    WrongPasswordRecently,
    /// No reset was asked for at this address.
    NoResetRequested,
    /// As much mail was asked for as anybody may (G3).
    MailLimitReached,
    /// The browser kept no cookie.
    SessionNeverUsed,
    /// The host has other data than the portal.
    HostUpdateRefused,
    /// Nothing here explains it.
    Unexplained,
    /// The right password signs in and shows a profile.
    AllClear,
    /// Signed in not long ago.
    SignedInRecently,
    /// Characters that can't be seen were taken away.
    AddressWasTrimmed,
    /// Others sign in with the same address (C3).
    SharedLogin,
}

impl FindingCode {
    /// All codes.
    pub const ALL: [Self; 36] = [
        Self::UnknownAddress,
        Self::NearMissAddress,
        Self::NotTheFirstAddress,
        Self::FormerAddress,
        Self::PracticeUserEmail,
        Self::LoginEmailTaken,
        Self::NoEmail,
        Self::InvalidFirstAddress,
        Self::Deactivated,
        Self::NotActivated,
        Self::SuspiciousDomain,
        Self::SenderNotAuthenticated,
        Self::MailBounced,
        Self::MailFailed,
        Self::AddressSuppressed,
        Self::MailDeferred,
        Self::MailQueued,
        Self::LinkExpired,
        Self::NewerLinkSent,
        Self::LinkOpenedNotUsed,
        Self::MailAcceptedUnused,
        Self::PasswordNotSet,
        Self::LockedUntil,
        Self::SecondFactorLost,
        Self::ClientSuspended,
        Self::NoProfile,
        Self::WrongPasswordRecently,
        Self::NoResetRequested,
        Self::MailLimitReached,
        Self::SessionNeverUsed,
        Self::HostUpdateRefused,
        Self::Unexplained,
        Self::AllClear,
        Self::SignedInRecently,
        Self::AddressWasTrimmed,
        Self::SharedLogin,
    ];

    /// The code as API, command line and pages name it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownAddress => "unknown_address",
            Self::NearMissAddress => "near_miss_address",
            Self::NotTheFirstAddress => "not_the_first_address",
            Self::FormerAddress => "former_address",
            Self::PracticeUserEmail => "practice_user_email",
            Self::LoginEmailTaken => "login_email_taken",
            Self::NoEmail => "no_email",
            Self::InvalidFirstAddress => "invalid_first_address",
            Self::Deactivated => "deactivated",
            Self::NotActivated => "not_activated",
            Self::ClientSuspended => "client_suspended",
            Self::NoProfile => "no_profile",
            Self::SenderNotAuthenticated => "sender_not_authenticated",
            Self::MailBounced => "mail_bounced",
            Self::AddressSuppressed => "address_suppressed",
            Self::MailFailed => "mail_failed",
            Self::MailDeferred => "mail_deferred",
            Self::MailQueued => "mail_queued",
            Self::LinkExpired => "link_expired",
            Self::NewerLinkSent => "newer_link_sent",
            Self::LinkOpenedNotUsed => "link_opened_not_used",
            Self::MailAcceptedUnused => "mail_accepted_unused",
            Self::PasswordNotSet => "password_not_set",
            Self::LockedUntil => "locked_until",
            Self::SecondFactorLost => "second_factor_lost",
            Self::WrongPasswordRecently => "wrong_password_recently",
            Self::NoResetRequested => "no_reset_requested",
            Self::MailLimitReached => "mail_limit_reached",
            Self::SessionNeverUsed => "session_never_used",
            Self::SuspiciousDomain => "suspicious_domain",
            Self::HostUpdateRefused => "host_update_refused",
            Self::Unexplained => "unexplained",
            Self::AllClear => "all_clear",
            Self::SignedInRecently => "signed_in_recently",
            Self::AddressWasTrimmed => "address_was_trimmed",
            Self::SharedLogin => "shared_login",
        }
    }
}

/// How much a finding is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nobody gets in while it holds.
    Blocks,
    /// Most likely what went wrong, though the way is open.
    Hinders,
    /// Good to know.
    Info,
}

impl Severity {
    /// The name in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Blocks => "blocks",
            Self::Hinders => "hinders",
            Self::Info => "info",
        }
    }
}

/// Something that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// When; `None` where it simply is so.
    pub at: Option<Timestamp>,
    /// What, in words.
    pub fact: Fact,
}

/// The commands that can be the remedy of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemedyCommand {
    /// Give access.
    Activate,
    /// Give access again.
    Reactivate,
    /// Send a new link.
    Resend,
    /// Let mail go to the address again, and send a new link.
    LiftAndResend,
    /// Put the address that is named on top of the list.
    MoveToTop,
    /// The same, and give access.
    UseNextAddress,
    /// Put another address on top; the one that is named, if one is.
    ChangeAddress,
    /// Let a client in again.
    ResumeClient,
    /// Give the contact a client.
    AddClient,
    /// Copy the report for whoever helps.
    CopyReport,
}

impl RemedyCommand {
    /// The name in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Activate => "activate",
            Self::Reactivate => "reactivate",
            Self::Resend => "resend",
            Self::LiftAndResend => "lift_and_resend",
            Self::MoveToTop => "move_to_top",
            Self::UseNextAddress => "use_next_address",
            Self::ChangeAddress => "change_address",
            Self::ResumeClient => "resume_client",
            Self::AddClient => "add_client",
            Self::CopyReport => "copy_report",
        }
    }
}

/// What makes a finding go away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// The command.
    pub command: RemedyCommand,
    /// What a button for it says.
    pub label: String,
    /// The address it is about.
    pub address: Option<String>,
    /// The client it is about.
    pub client: Option<Ref>,
}

/// One reason why somebody can't get in, or one thing worth knowing (X1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its stable code.
    pub code: FindingCode,
    /// How much it is in the way.
    pub severity: Severity,
    /// In a few words, the same whomever it is about.
    pub title: &'static str,
    /// In plain words, and what to do where no command does it.
    pub explanation: String,
    /// What was seen, newest first.
    pub evidence: Vec<Evidence>,
    /// The command that makes it go away.
    pub remedy: Option<Remedy>,
}

/// The answer to "why can't this client get in?".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// The contact it is about; `None` where an address led to nobody.
    pub contact: Option<Named>,
    /// The practice user who has the address that was told.
    pub staff: Option<Named>,
    /// Others whom the address led to as well.
    pub others: Vec<Named>,
    /// In order of likelihood.
    pub findings: Vec<Finding>,
    /// What happened while they were on the phone, the newest first: it shows what became of a remedy.
    pub lately: Vec<Lately>,
}

/// Something that happened to the contact's access not long ago.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lately {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Happened,
}

/// What can be seen to happen while a client is on the phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    /// A mail came into this state.
    Mail {
        /// What it is.
        kind: MessageKind,
        /// Where it goes.
        to: EmailAddress,
        /// Where it is.
        state: DeliveryState,
        /// How it looks, where it was taken.
        sent_as: Option<SentAs>,
        /// What the other server said or what went wrong here, where it was not taken.
        words: Option<String>,
    },
    /// The link of a mail was opened.
    Opened,
    /// A password was set or changed.
    PasswordSet,
    /// Somebody signed in with the contact's address.
    SignedIn,
    /// Somebody tried to sign in at this key, and did not get in.
    Refused(LoginKey),
    /// Somebody asked for a link at this key, which nobody signs in with.
    AskedInVain(LoginKey),
}

/// A line of a support report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportLine {
    /// How far it is indented.
    pub depth: usize,
    /// When it was.
    pub at: Option<Timestamp>,
    /// What it says.
    pub text: String,
}
