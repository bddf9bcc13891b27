//! What a command is decided on, and what it answers.

use serde::{Deserialize, Serialize};

use crate::{
    Named, change::Decision, email::EmailAddress, facts::ContactFacts, message::MessageKind, practice::Practice,
};

/// What a command on a contact is decided on.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The practice with its settings.
    pub practice: &'a Practice,
    /// The contact, its login, and who holds the keys in question.
    pub facts: &'a ContactFacts,
}

/// A decision, and what the command answers once it is committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided<T> {
    /// What to commit; empty where nothing is to be done.
    pub decision: Decision,
    /// What to answer.
    pub outcome: T,
}

/// What a command on a contact answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactOutcome {
    /// Whether anything changed (A1).
    pub changed: bool,
    /// Whether the contact is new.
    pub created: bool,
    /// The state that answers, computed from facts and changes and never read back. Without a contact where it was deleted.
    pub after: ContactFacts,
    /// What the command does (M7).
    pub effects: Effects,
}

/// What a command does, for answers, previews and the journal (M7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effects {
    /// The stored address the contact signed in with before, where it had access.
    pub login_before: Option<String>,
    /// The one after.
    pub login_after: Option<String>,
    /// Who else is behind the login afterwards.
    pub shared_with: Vec<Named>,
    /// What becomes of the password.
    pub password: PasswordEffect,
    /// Links that were usable and are not any more.
    pub links_ended: usize,
    /// Sessions that were valid and are not any more.
    pub sessions_ended: usize,
    /// Mail that goes out, ordered by kind and address.
    pub messages: Vec<EffectMessage>,
}

impl Effects {
    /// Whether the login moves (section M).
    pub fn moves_login(&self) -> bool {
        moves_login(self.login_before.as_deref(), self.login_after.as_deref())
    }
}

/// Whether two login emails are two logins, and not one that is spelled in another way (M1).
pub(crate) fn moves_login(before: Option<&str>, after: Option<&str>) -> bool {
    let key = |text: &str| EmailAddress::parse(text).ok().map(|email| email.key().clone());
    match (before, after) {
        (Some(before), Some(after)) if before != after => {
            key(before).zip(key(after)).is_none_or(|(before, after)| before != after)
        }
        _ => false,
    }
}

/// What becomes of a contact's password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordEffect {
    /// It goes on.
    Kept,
    /// There was one, and the contact has none now.
    Ended,
    /// There was none and there is none.
    None,
    /// The login that was joined has one.
    Shared,
}

impl PasswordEffect {
    /// The effect's name in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Ended => "ended",
            Self::None => "none",
            Self::Shared => "shared",
        }
    }
}

/// A mail that a command sends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EffectMessage {
    /// Its kind.
    pub kind: MessageKind,
    /// The stored address it goes to.
    pub to: String,
}
