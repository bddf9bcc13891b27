//! The journal: one event for every change, in the same transaction (J1).

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::{
    id::{ApiKeyId, ContactId, EventId, LoginId, OperatorKeyId, UserId},
    time::Timestamp,
};

/// Who asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The host program, by one of its keys.
    Host(ApiKeyId),
    /// Whoever runs the service, by a key.
    Operator(OperatorKeyId),
    /// A person at the program's command line.
    Program,
    /// Who signed in to the portal.
    Login(LoginId),
    /// Who signed in to the workspace.
    User(UserId),
    /// Somebody with a link, or nobody known.
    Anyone,
    /// A worker of the program.
    Worker,
}

impl Caller {
    /// The caller as the journal writes it: `host:{key}`, `operator:{key}`, `program`, `login:{id}`, `user:{id}`, `anyone`, `worker`.
    pub fn describe(&self) -> String {
        match self {
            Self::Host(key) => format!("host:{key}"),
            Self::Operator(key) => format!("operator:{key}"),
            Self::Program => "program".to_owned(),
            Self::Login(login) => format!("login:{login}"),
            Self::User(user) => format!("user:{user}"),
            Self::Anyone => "anyone".to_owned(),
            Self::Worker => "worker".to_owned(),
        }
    }

    /// Reads what [`describe`](Self::describe) writes.
    ///
    /// ```
    /// use portal_domain::{event::Caller, id::ApiKeyId};
    ///
    /// let host = Caller::Host(ApiKeyId::from_bytes([7; 16]));
    /// assert_eq!(Caller::parse(&host.describe()), Some(host));
    /// assert_eq!(Caller::parse("host:nobody"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            Some(("host", key)) => ApiKeyId::parse(key).map(Self::Host),
            Some(("operator", key)) => OperatorKeyId::parse(key).map(Self::Operator),
            Some(("login", login)) => LoginId::parse(login).map(Self::Login),
            Some(("user", user)) => UserId::parse(user).map(Self::User),
            _ => [Self::Program, Self::Anyone, Self::Worker].into_iter().find(|caller| caller.describe() == text),
        }
    }
}

/// What an event is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The contact, if one.
    pub contact: Option<ContactId>,
    /// The practice user, if one.
    pub user: Option<UserId>,
    /// The login, if one.
    pub login: Option<LoginId>,
}

/// One thing that happened: who, what, when, from where, before and after.
///
/// Personal values stand apart in [`personal`](Self::personal); a store keeps them in a row beside
/// the event, and the event holds [`digest`](Self::digest), so that they can be erased without
/// breaking the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Our id.
    pub id: EventId,
    /// When.
    pub at: Timestamp,
    /// What, such as `contact.activated`.
    pub kind: &'static str,
    /// Who, as [`Caller::describe`] writes it.
    pub caller: String,
    /// From where: the address of origin, where that is not personal; else it stands there.
    pub origin: Option<String>,
    /// About whom.
    pub subject: Subject,
    /// What is not personal, by name (`access_before`, `access_after` …).
    pub facts: BTreeMap<String, String>,
    /// What is personal, by name (`emails_before`, `emails_after` …).
    pub personal: BTreeMap<String, String>,
    /// Salt of the digest.
    pub salt: [u8; 16],
}

impl Event {
    /// SHA-256 over salt and personal values, each with its length before it.
    pub fn digest(&self) -> [u8; 32] {
        personal_digest(&self.salt, &self.personal)
    }
}

/// The digest that an event holds in place of its personal values.
pub fn personal_digest(salt: &[u8; 16], personal: &BTreeMap<String, String>) -> [u8; 32] {
    let mut hash = Sha256::new().chain_update(b"portal event personal v1\0").chain_update(salt);
    for text in personal.iter().flat_map(|(name, value)| [name, value]) {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    hash.finalize().into()
}

/// An event as it is read back. Personal values are `None` where they were erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Place in the practice's journal: 1, 2, 3 … without a gap. An event that waits to be sealed bears the one it would be
    /// given now.
    pub number: i64,
    /// Our id.
    pub id: EventId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: String,
    /// Who.
    pub caller: String,
    /// From where.
    pub origin: Option<String>,
    /// About whom.
    pub subject: Subject,
    /// What is not personal.
    pub facts: BTreeMap<String, String>,
    /// What is personal.
    pub personal: Option<BTreeMap<String, String>>,
    /// The digest of what is, or was, personal.
    pub digest: [u8; 32],
}

#[cfg(test)]
mod tests {
    use super::Caller;
    use crate::id::{ApiKeyId, LoginId, OperatorKeyId, UserId};

    #[test]
    fn every_caller_is_read_as_it_was_written() {
        let callers = [
            Caller::Host(ApiKeyId::from_bytes([1; 16])),
            Caller::Operator(OperatorKeyId::from_bytes([2; 16])),
            Caller::Program,
            Caller::Login(LoginId::from_bytes([3; 16])),
            Caller::User(UserId::from_bytes([4; 16])),
            Caller::Anyone,
            Caller::Worker,
        ];
        for caller in callers {
            assert_eq!(Caller::parse(&caller.describe()), Some(caller));
        }
        assert_eq!(Caller::parse("operator:nobody"), None);
    }
}
