//! The practice, and who and what belongs to it.

use serde::{Deserialize, Serialize};

use super::When;
use crate::{
    contact::Access,
    email::EmailAddress,
    facts::ContactFacts,
    id::{ApiKeyId, ClientId, ContactId, LoginId, PracticeId, Ref, UserId},
    practice::{ApiKey, Client, Practice, PracticeUser, Role, Scope, Settings},
    status::{PortalStatus, portal_part},
    time::Timestamp,
};

/// The practice itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PracticeRecord {
    /// Our id.
    pub id: PracticeId,
    /// Its name in addresses.
    pub slug: String,
    /// Its name in words.
    pub name: String,
    /// Since when it is suspended.
    pub suspended_at: Option<When>,
    /// From when on its data are deleted.
    pub delete_after: Option<When>,
    /// When it was created.
    pub created_at: When,
}

impl From<&Practice> for PracticeRecord {
    fn from(it: &Practice) -> Self {
        Self {
            id: it.id,
            slug: it.slug.as_str().to_owned(),
            name: it.name.clone(),
            suspended_at: it.suspended_at.map(When),
            delete_after: it.delete_after.map(When),
            created_at: When(it.created_at),
        }
    }
}

/// The settings of the practice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingsRecord {
    /// As `PUT /settings` takes them.
    pub values: Settings,
}

/// A practice user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserRecord {
    /// Our id.
    pub id: UserId,
    /// The host's id.
    pub r#ref: Ref,
    /// Name in words.
    pub name: String,
    /// The address.
    pub email: String,
    /// What was removed from it.
    pub trimmed: Option<String>,
    /// What the user may do.
    pub role: Role,
    /// When the user was created.
    pub created_at: When,
}

impl From<PracticeUser> for UserRecord {
    fn from(it: PracticeUser) -> Self {
        Self {
            id: it.id,
            email: it.email.as_str().to_owned(),
            trimmed: it.email.removed().map(str::to_owned),
            r#ref: it.reference,
            name: it.name,
            role: it.role,
            created_at: When(it.created_at),
        }
    }
}

/// A client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientRecord {
    /// Our id.
    pub id: ClientId,
    /// The host's id.
    pub r#ref: Ref,
    /// Name in words.
    pub name: String,
    /// Whether its profiles are hidden.
    pub suspended: bool,
    /// When the client was created.
    pub created_at: When,
}

impl From<Client> for ClientRecord {
    fn from(it: Client) -> Self {
        let Client { id, reference, name, suspended, created_at, version: _ } = it;
        Self { id, r#ref: reference, name, suspended, created_at: When(created_at) }
    }
}

/// The identity that signs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginRecord {
    /// Our id.
    pub id: LoginId,
    /// The key it signs in with while it is live.
    pub key: Option<String>,
    /// That it has a password, and since when.
    pub password: Option<PasswordRecord>,
}

/// That there is a password: never what it is verified against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordRecord {
    /// When it was set.
    pub set_at: When,
    /// The key to which the link that set it was mailed.
    pub confirmed_at: Option<String>,
}

/// A contact with its addresses and the state of its access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactRecord {
    /// Our id.
    pub id: ContactId,
    /// The host's id.
    pub r#ref: Ref,
    /// Name in words.
    pub name: String,
    /// Language, where it isn't the practice's own.
    pub locale: Option<String>,
    /// Ids of its clients.
    pub clients: Vec<ClientId>,
    /// Its addresses in order; the first is the login.
    pub emails: Vec<AddressRecord>,
    /// Stored state of access.
    pub access: Access,
    /// The status as it was computed at the time of the export.
    pub status: PortalStatus,
    /// The login it is behind, or its own dormant one.
    pub login: Option<LoginId>,
    /// Since when it is behind that login.
    pub behind_since: Option<When>,
    /// When access was last granted.
    pub activated_at: Option<When>,
    /// The last move of the first address while there was access.
    pub moved_from: Option<MovedRecord>,
    /// Keys that were its first while it had access.
    pub former_keys: Vec<String>,
    /// The last update that was refused, until one succeeds.
    pub refused_update: Option<RefusedRecord>,
    /// Whether it is a trial client's person.
    #[serde(default)]
    pub trial: bool,
    /// When the contact was created.
    pub created_at: When,
}

/// An address of a contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddressRecord {
    /// As it is stored.
    pub address: String,
    /// What was removed from it.
    pub trimmed: Option<String>,
}

/// Where a contact's first address was before its last move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MovedRecord {
    /// The former address.
    pub address: String,
    /// When it moved.
    pub at: When,
}

/// An update that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefusedRecord {
    /// When it was refused first.
    pub at: When,
    /// The code of the refusal.
    pub code: String,
    /// The addresses as they were submitted.
    pub emails: Option<Vec<String>>,
}

impl ContactRecord {
    /// The contact of these facts at `now`; `None` where there is none.
    pub fn of(practice: &Practice, facts: &ContactFacts, now: Timestamp) -> Option<Self> {
        let contact = facts.contact.clone()?;
        let address = |email: &EmailAddress| AddressRecord {
            address: email.as_str().to_owned(),
            trimmed: email.removed().map(str::to_owned),
        };
        Some(Self {
            status: portal_part(practice, facts, now)?.status,
            id: contact.id,
            emails: contact.emails.iter().map(address).collect(),
            r#ref: contact.reference,
            name: contact.name,
            locale: contact.locale,
            clients: contact.clients,
            access: contact.access,
            login: contact.login,
            behind_since: contact.behind_since.map(When),
            activated_at: contact.activated_at.map(When),
            moved_from: contact.moved_from.map(|it| MovedRecord { address: it.address, at: When(it.at) }),
            former_keys: facts.former_keys.iter().map(|key| key.as_str().to_owned()).collect(),
            refused_update: contact.refused_update.map(|it| RefusedRecord {
                at: When(it.at),
                code: it.code,
                emails: it.emails,
            }),
            trial: contact.trial,
            created_at: When(contact.created_at),
        })
    }
}

/// A key of a host, without its secret and without the digest of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyRecord {
    /// Our id.
    pub id: ApiKeyId,
    /// What its owner calls it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: When,
    /// Since when it no longer works.
    pub revoked_at: Option<When>,
}

impl From<ApiKey> for ApiKeyRecord {
    fn from(it: ApiKey) -> Self {
        let ApiKey { id, practice: _, name, scopes, hash: _, created_at, revoked_at } = it;
        Self { id, name, scopes, created_at: When(created_at), revoked_at: revoked_at.map(When) }
    }
}
