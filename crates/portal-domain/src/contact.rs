//! A person whom the practice knows, and whether that person may use the portal.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    email::EmailList,
    id::{ClientId, ContactId, LoginId, Ref},
    time::Timestamp,
};

/// Stored state of a contact's access (section A).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Never allowed in.
    NotActivated,
    /// Allowed in; behind a live login.
    Granted,
    /// Allowed in once, not now.
    Deactivated,
}

impl Access {
    /// The state's name in the API and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotActivated => "not_activated",
            Self::Granted => "granted",
            Self::Deactivated => "deactivated",
        }
    }

    /// Reads what [`code`](Self::code) writes.
    pub fn parse(code: &str) -> Option<Self> {
        [Self::NotActivated, Self::Granted, Self::Deactivated].into_iter().find(|access| access.code() == code)
    }
}

/// A person, linked to any number of clients, with an ordered list of addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Our id.
    pub id: ContactId,
    /// The host's id.
    pub reference: Ref,
    /// Name in words.
    pub name: String,
    /// Language of pages and mails, where the practice's own is not wanted.
    pub locale: Option<String>,
    /// The addresses in the practice's order; the first is the login email (F2).
    pub emails: EmailList,
    /// The clients the contact belongs to, in the order of their ids.
    pub clients: Vec<ClientId>,
    /// Whether the contact may use the portal.
    pub access: Access,
    /// With access: the live login the contact is behind. Without: its own dormant login, if it has one (C4).
    pub login: Option<LoginId>,
    /// Since when the contact is behind its live login; decides whose spelling a message about the login goes to (E4).
    pub behind_since: Option<Timestamp>,
    /// When access was last granted.
    pub activated_at: Option<Timestamp>,
    /// The last move of the login email while there was access, for the note of M4.
    pub moved_from: Option<MovedFrom>,
    /// The last update that was refused, until one succeeds.
    pub refused_update: Option<RefusedUpdate>,
    /// Whether it is a trial client's person: left out of counts and of mail to many (V1).
    pub trial: bool,
    /// When the contact was created.
    pub created_at: Timestamp,
    /// Raised by one with every change.
    pub version: i64,
}

impl Contact {
    /// What `If-Match` compares: a name for these very fields of this contact, its access included. What hangs on its login, such
    /// as a password or a link, is not in it, nor is an update that was refused.
    pub fn tag(&self) -> String {
        let mut digest = Sha256::new().chain_update(self.id.to_bytes());
        let mut add = |part: &[u8]| {
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        };
        add(self.name.as_bytes());
        add(self.locale.as_deref().unwrap_or_default().as_bytes());
        add(self.access.code().as_bytes());
        add(&self.activated_at.map_or(0, Timestamp::as_micros).to_be_bytes());
        add(&self.clients.len().to_be_bytes());
        self.clients.iter().for_each(|client| add(&client.to_bytes()));
        self.emails.iter().for_each(|email| add(email.as_str().as_bytes()));
        let digits: Vec<_> = digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        digits.concat()
    }
}

/// An update of a contact that was refused: what the host has and the portal has not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedUpdate {
    /// When it was refused first.
    pub at: Timestamp,
    /// The code of the refusal.
    pub code: String,
    /// The addresses as they were submitted, shortened where they are too long or too many to be any; `None` where the update
    /// named none.
    pub emails: Option<Vec<String>>,
}

/// Where a contact's login email was before its last move (M4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedFrom {
    /// The former first address, spelled as it was stored.
    pub address: String,
    /// When it moved.
    pub at: Timestamp,
}

/// Where a contact has an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// First in its list.
    First,
    /// Elsewhere in its list.
    Other,
    /// It was first once, with access, and is not in the list now.
    Former,
}

impl Place {
    /// The place from what stores keep: the position in the list, `None` where it is not in it.
    pub const fn of_position(position: Option<i64>) -> Self {
        match position {
            Some(0) => Self::First,
            Some(_) => Self::Other,
            None => Self::Former,
        }
    }
}
