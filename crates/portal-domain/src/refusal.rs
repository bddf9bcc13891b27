use serde::{Deserialize, Serialize};

use crate::{
    email::EmailFault,
    id::Ref,
    link::LinkState,
    password::{HashFault, PasswordFault},
};

/// A contact, as a refusal or an effect names it to staff.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Named {
    /// The host's id.
    pub reference: Ref,
    /// The name.
    pub name: String,
}

/// Why a command is refused. A refused command changes nothing.
///
/// [`code`](Self::code) is the stable name of API and journal; the text says what to do next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// C1: the first address is that of a practice user.
    #[error("the first address is that of the practice user `{}`: put another address of the contact on top", user.name)]
    PracticeUserEmail {
        /// The user.
        user: Named,
    },
    /// C2: the address is the login of contacts.
    #[error("the address is the portal login of {}: give those contacts another first address", list(contacts))]
    EmailIsAPortalLogin {
        /// The contacts.
        contacts: Vec<Named>,
    },
    /// C2: another practice user has the address.
    #[error("the address is that of the practice user `{}`", user.name)]
    EmailTaken {
        /// The user.
        user: Named,
    },
    /// C3: the address is the login of other contacts, and joining them is not asked for or not allowed.
    #[error("the first address is already the portal login of {}", list(contacts))]
    LoginEmailTaken {
        /// The contacts.
        contacts: Vec<Named>,
    },
    /// M5: a contact with access can't be without an address.
    #[error("a contact with access needs an address: deactivate the access first")]
    LoginEmailRequired,
    /// A8: there is no address to send an invitation to.
    #[error("the contact has no email address: add one")]
    NoEmail,
    /// Section A: the contact was never given access.
    #[error("the contact's access was never activated: activate it")]
    NotActivated,
    /// Section A: the contact's access was taken away.
    #[error("the contact's access is deactivated: reactivate it")]
    PortalDeactivated,
    /// W2: the last admin can't be removed or demoted.
    #[error("this is the last admin: make another practice user admin first")]
    LastAdmin,
    /// An address can't be one.
    #[error("{} is not usable: {fault}", place(*index))]
    InvalidEmail {
        /// Place in the list as it was submitted, from nought; nothing where there is no list.
        index: Option<usize>,
        /// What is wrong with it.
        fault: EmailFault,
    },
    /// F5: more than twenty addresses.
    #[error("a contact can have at most 20 addresses, and these are {count}")]
    TooManyEmails {
        /// How many.
        count: usize,
    },
    /// A client is named that is not there.
    #[error("there is no client `{client}`: create it first")]
    UnknownClient {
        /// Place in the list as it was submitted, from nought.
        index: usize,
        /// The client's reference.
        client: Ref,
    },
    /// I1: another row of the same reference says something else.
    #[error("an earlier row of the same `ref` says something else in `{field}`")]
    RowContradicts {
        /// The column.
        field: &'static str,
    },
    /// I3: the import would move a live login.
    #[error("this would move the sign-in address of a contact with access: import with `--move-logins`")]
    WouldMoveLogin,
    /// The slug is that of another practice.
    #[error("there is a practice `{slug}` already")]
    SlugTaken {
        /// The slug.
        slug: String,
    },
    /// A setting is out of its bounds.
    #[error(transparent)]
    OutOfBounds(#[from] crate::practice::OutOfBounds),
    /// L3: the link no longer works.
    #[error("this link {}: ask for a new one", word(*state))]
    LinkClosed {
        /// Why.
        state: LinkState,
    },
    /// P1: the password can't be set.
    #[error("{fault}")]
    PasswordRefused {
        /// Why.
        fault: PasswordFault,
    },
    /// P1: a hash of another system can't be imported.
    #[error("{fault}")]
    InvalidHash {
        /// Why.
        fault: HashFault,
    },
    /// P1: the login has a password, which no import replaces.
    #[error("the contact has a password already, which only its owner can replace: leave the imported one out")]
    PasswordAlreadySet,
    /// P2: sign-in failed, for whatever reason.
    #[error("address or password is not right")]
    SignInFailed,
    /// G2: too many tries from one address of origin.
    #[error("too many tries from here: wait {retry_after} seconds")]
    TooManyRequests {
        /// Seconds to wait.
        retry_after: u64,
    },
    /// The practice is suspended: neither clients nor staff come in.
    #[error("{} of {practice} is closed for the time being, and nothing is lost. {}", door.word(), door.whom(contact_line))]
    PracticeSuspended {
        /// Which way in.
        door: Door,
        /// The practice's name.
        practice: String,
        /// Whom clients may ask, as the practice says it; perhaps empty.
        contact_line: String,
    },
    /// A practice is deleted only while it is suspended.
    #[error("the practice is not suspended: suspend it first, so that nobody works in what is to be deleted")]
    PracticeNotSuspended,
    /// There is no valid session.
    #[error("sign in first")]
    Unauthorized,
    /// The same idempotency key came with something else.
    #[error(
        "this `Idempotency-Key` was used with another request in the last 24 hours: take a fresh one for a new command"
    )]
    IdempotencyKeyReused,
    /// The contact is not in the state that the command was meant for.
    #[error("the contact was changed meanwhile, or is not there: read it again and decide anew")]
    PreconditionFailed,
    /// The practice has as many webhooks as it may have.
    #[error("a practice can have at most {most} webhooks: delete one first")]
    TooManyWebhooks {
        /// How many.
        most: usize,
    },
    /// Nothing is pushed to the webhook.
    #[error("the webhook is disabled: enable it first")]
    WebhookDisabled,
    /// There is no such thing in this practice.
    #[error("there is no such {what}")]
    NotFound {
        /// The kind of thing.
        what: &'static str,
    },
}

impl Refusal {
    /// Whether it is about what an update of a contact was to put: it is remembered on the contact.
    pub const fn is_of_an_update(&self) -> bool {
        matches!(
            self,
            Self::PracticeUserEmail { .. }
                | Self::LoginEmailTaken { .. }
                | Self::LoginEmailRequired
                | Self::InvalidEmail { .. }
                | Self::TooManyEmails { .. }
                | Self::UnknownClient { .. }
        )
    }

    /// The stable, snake_case name of the refusal.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::PracticeUserEmail { .. } => "practice_user_email",
            Self::EmailIsAPortalLogin { .. } => "email_is_a_portal_login",
            Self::EmailTaken { .. } => "email_taken",
            Self::LoginEmailTaken { .. } => "login_email_taken",
            Self::LoginEmailRequired => "login_email_required",
            Self::NoEmail => "no_email",
            Self::NotActivated => "not_activated",
            Self::PortalDeactivated => "portal_deactivated",
            Self::LastAdmin => "last_admin",
            Self::InvalidEmail { .. } => "invalid_email",
            Self::TooManyEmails { .. } => "too_many_emails",
            Self::UnknownClient { .. } => "unknown_client",
            Self::RowContradicts { .. } => "row_contradicts",
            Self::WouldMoveLogin => "would_move_login",
            Self::SlugTaken { .. } => "slug_taken",
            Self::PreconditionFailed => "precondition_failed",
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::OutOfBounds(_) => "invalid_request",
            Self::LinkClosed { state: LinkState::Used } => "link_used",
            Self::LinkClosed { state: LinkState::Expired } => "link_expired",
            Self::LinkClosed { .. } => "link_dead",
            Self::PasswordRefused { .. } => "password_refused",
            Self::InvalidHash { .. } => "invalid_hash",
            Self::PasswordAlreadySet => "password_already_set",
            Self::SignInFailed => "sign_in_failed",
            Self::TooManyRequests { .. } => "too_many_requests",
            Self::PracticeSuspended { .. } => "practice_suspended",
            Self::PracticeNotSuspended => "practice_not_suspended",
            Self::Unauthorized => "unauthorized",
            Self::TooManyWebhooks { .. } => "too_many_webhooks",
            Self::WebhookDisabled => "webhook_disabled",
            Self::NotFound { .. } => "not_found",
        }
    }

    /// The field of the request that is at fault, where one is.
    pub fn field(&self) -> Option<String> {
        match self {
            Self::InvalidEmail { index: Some(index), .. } => Some(format!("emails[{index}]")),
            Self::InvalidEmail { index: None, .. } => Some("email".to_owned()),
            Self::TooManyEmails { .. } => Some("emails".to_owned()),
            Self::UnknownClient { index, .. } => Some(format!("clients[{index}]")),
            Self::InvalidHash { .. } => Some("hash".to_owned()),
            Self::RowContradicts { field } => Some((*field).to_owned()),
            Self::OutOfBounds(fault) => Some(fault.field.clone().into_owned()),
            _ => None,
        }
    }

    /// What exactly is wrong with that field, by its code, where there is one.
    pub const fn fault(&self) -> Option<&'static str> {
        match self {
            Self::InvalidEmail { fault, .. } => Some(fault.code()),
            Self::PasswordRefused { fault } => Some(fault.code()),
            Self::InvalidHash { fault } => Some(fault.code()),
            _ => None,
        }
    }
}

/// A way into a practice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Contacts, to the portal.
    Portal,
    /// Staff, to the workspace.
    Workspace,
}

impl Door {
    const fn word(self) -> &'static str {
        match self {
            Self::Portal => "the client portal",
            Self::Workspace => "the workspace",
        }
    }

    fn whom(self, contact_line: &str) -> String {
        match self {
            Self::Portal if contact_line.is_empty() => "Please ask the practice when it opens again".to_owned(),
            Self::Portal => format!("Please ask the practice: {contact_line}"),
            Self::Workspace => "Please ask whoever provides this service to your practice".to_owned(),
        }
    }
}

fn list(contacts: &[Named]) -> String {
    /// Most that are named in a sentence.
    const NAMED: usize = 10;
    let names: Vec<_> = contacts.iter().take(NAMED).map(|contact| format!("`{}`", contact.name)).collect();
    let more = contacts.len().saturating_sub(NAMED);
    if more > 0 { format!("{} and {more} more", names.join(", ")) } else { names.join(", ") }
}

fn place(index: Option<usize>) -> String {
    index.map_or_else(|| "the address".to_owned(), |index| format!("address {}", index + 1))
}

const fn word(state: LinkState) -> &'static str {
    match state {
        LinkState::Used => "was used already",
        LinkState::Expired => "has expired",
        LinkState::Dead => "no longer works",
        LinkState::Usable => "works",
    }
}
