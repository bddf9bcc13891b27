//! Rows as they come from the database, and what they mean. A row that means nothing is damaged.

use portal_domain::{
    contact::{Access, Contact, MovedFrom},
    email::{EmailAddress, EmailList, LoginKey},
    event::{RecordedEvent, Subject},
    id::{Id, PracticeId, Ref, Slug},
    link::{KeyId, Link, LinkPurpose},
    login::{Credential, Login},
    message::{About, DeliveryState, Message},
    password::PasswordHash,
    port::StoreError,
    practice::{ApiKey, ApiKeyHash, Client, Practice, PracticeUser, Role, Scope},
    session::{Factor, PortalSession, ProfileId, SessionHash},
    time::Timestamp,
};
use uuid::Uuid;

/// The error for a row of `table` that has something wrong in it.
pub(crate) fn damaged(table: &str, id: impl std::fmt::Display, what: &str) -> StoreError {
    StoreError::Damaged(format!("`{table}` {id}: {what}"))
}

pub(crate) fn id<K>(uuid: Uuid) -> Id<K> {
    Id::from_uuid(uuid)
}

pub(crate) fn time(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

pub(crate) fn maybe_time(micros: Option<i64>) -> Option<Timestamp> {
    micros.map(Timestamp::from_micros)
}

pub(crate) struct PracticeRow {
    pub(crate) practice_id: Uuid,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) settings: String,
    pub(crate) suspended_at: Option<i64>,
    pub(crate) delete_after: Option<i64>,
    pub(crate) created_at: i64,
    pub(crate) version: i64,
}

impl PracticeRow {
    pub(crate) fn read(self) -> Result<Practice, StoreError> {
        let fault = |what: &str| damaged("practice", self.practice_id, what);
        Ok(Practice {
            id: id(self.practice_id),
            slug: Slug::parse(&self.slug).ok_or_else(|| fault("its slug is none"))?,
            settings: serde_json::from_str(&self.settings).map_err(|error| fault(&error.to_string()))?,
            name: self.name,
            suspended_at: maybe_time(self.suspended_at),
            delete_after: maybe_time(self.delete_after),
            created_at: time(self.created_at),
            version: self.version,
        })
    }
}

pub(crate) struct ApiKeyRow {
    pub(crate) practice_id: Uuid,
    pub(crate) api_key_id: Uuid,
    pub(crate) name: String,
    pub(crate) scopes: String,
    pub(crate) hash: Vec<u8>,
    pub(crate) created_at: i64,
    pub(crate) revoked_at: Option<i64>,
}

impl ApiKeyRow {
    pub(crate) fn read(self) -> Result<ApiKey, StoreError> {
        let fault = |what: &str| damaged("api_key", self.api_key_id, what);
        let scopes = self.scopes.split_ascii_whitespace().map(Scope::parse);
        Ok(ApiKey {
            id: id(self.api_key_id),
            practice: id(self.practice_id),
            scopes: scopes.collect::<Option<_>>().ok_or_else(|| fault("it has an unknown scope"))?,
            hash: ApiKeyHash(digest(&self.hash).ok_or_else(|| fault("its digest has not 32 bytes"))?),
            name: self.name,
            created_at: time(self.created_at),
            revoked_at: maybe_time(self.revoked_at),
        })
    }
}

pub(crate) struct UserRow {
    pub(crate) user_id: Uuid,
    pub(crate) reference: String,
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) removed: Option<String>,
    pub(crate) role: String,
    pub(crate) created_at: i64,
    pub(crate) version: i64,
}

impl UserRow {
    pub(crate) fn read(self) -> Result<PracticeUser, StoreError> {
        let fault = |what: &str| damaged("practice_user", self.user_id, what);
        Ok(PracticeUser {
            id: id(self.user_id),
            reference: Ref::parse(&self.reference).ok_or_else(|| fault("its reference is none"))?,
            name: self.name,
            email: EmailAddress::from_stored(&self.address, self.removed).map_err(|it| fault(&it.to_string()))?,
            role: Role::parse(&self.role).ok_or_else(|| fault("its role is unknown"))?,
            created_at: time(self.created_at),
            version: self.version,
        })
    }
}

pub(crate) struct ClientRow {
    pub(crate) client_id: Uuid,
    pub(crate) reference: String,
    pub(crate) name: String,
    pub(crate) suspended: bool,
    pub(crate) created_at: i64,
    pub(crate) version: i64,
}

impl ClientRow {
    pub(crate) fn read(self) -> Result<Client, StoreError> {
        let reference =
            Ref::parse(&self.reference).ok_or_else(|| damaged("client", self.client_id, "its reference is none"))?;
        Ok(Client {
            id: id(self.client_id),
            reference,
            name: self.name,
            suspended: self.suspended,
            created_at: time(self.created_at),
            version: self.version,
        })
    }
}

/// A contact with what hangs on it, each list in its order.
pub(crate) struct ContactRow {
    pub(crate) contact_id: Uuid,
    pub(crate) reference: String,
    pub(crate) name: String,
    pub(crate) locale: Option<String>,
    pub(crate) access: String,
    pub(crate) login_id: Option<Uuid>,
    pub(crate) behind_since: Option<i64>,
    pub(crate) activated_at: Option<i64>,
    pub(crate) moved_from_address: Option<String>,
    pub(crate) moved_from_at: Option<i64>,
    pub(crate) refused_update: Option<String>,
    pub(crate) trial: bool,
    pub(crate) created_at: i64,
    pub(crate) version: i64,
    pub(crate) addresses: Vec<String>,
    pub(crate) removed: Vec<Option<String>>,
    pub(crate) keys: Vec<String>,
    pub(crate) clients: Vec<Uuid>,
    pub(crate) former_keys: Vec<String>,
}

impl ContactRow {
    pub(crate) fn read(self) -> Result<(Contact, Vec<LoginKey>), StoreError> {
        let fault = |what: &str| damaged("contact", self.contact_id, what);
        let mut addresses = Vec::with_capacity(self.addresses.len());
        for ((address, removed), key) in self.addresses.iter().zip(self.removed).zip(&self.keys) {
            let address = EmailAddress::from_stored(address, removed).map_err(|it| fault(&it.to_string()))?;
            if address.key().as_str() != key {
                return Err(fault("an address has the key of another"));
            }
            addresses.push(address);
        }
        let former_keys = self.former_keys.iter().map(|key| LoginKey::parse(key));
        let former_keys = former_keys.collect::<Result<_, _>>().map_err(|it| fault(&it.to_string()))?;
        let moved_from = self.moved_from_address.zip(self.moved_from_at);
        let refused_update = self.refused_update.as_deref().map(serde_json::from_str).transpose();
        let contact = Contact {
            id: id(self.contact_id),
            reference: Ref::parse(&self.reference).ok_or_else(|| fault("its reference is none"))?,
            name: self.name,
            locale: self.locale,
            emails: EmailList::from_addresses(addresses).map_err(|it| fault(&it.to_string()))?,
            clients: self.clients.into_iter().map(id).collect(),
            access: Access::parse(&self.access).ok_or_else(|| fault("its access is unknown"))?,
            login: self.login_id.map(id),
            behind_since: maybe_time(self.behind_since),
            activated_at: maybe_time(self.activated_at),
            moved_from: moved_from.map(|(address, at)| MovedFrom { address, at: time(at) }),
            refused_update: refused_update.map_err(|it| fault(&it.to_string()))?,
            trial: self.trial,
            created_at: time(self.created_at),
            version: self.version,
        };
        Ok((contact, former_keys))
    }
}

pub(crate) struct LoginRow {
    pub(crate) login_id: Uuid,
    pub(crate) key: Option<String>,
    pub(crate) epoch: i64,
    pub(crate) credential_id: Option<Uuid>,
    pub(crate) credential_hash: Option<String>,
    pub(crate) credential_confirmed_at: Option<String>,
    pub(crate) credential_set_at: Option<i64>,
    pub(crate) version: i64,
    pub(crate) last_sign_in_at: Option<i64>,
}

impl LoginRow {
    /// The login, and when its newest session began.
    pub(crate) fn read(self) -> Result<(Login, Option<Timestamp>), StoreError> {
        let fault = |what: &str| damaged("login", self.login_id, what);
        let key = |text: Option<String>| {
            let key = text.map(|text| LoginKey::parse(&text)).transpose();
            key.map_err(|it| fault(&it.to_string()))
        };
        let credential = match (self.credential_id, self.credential_hash, self.credential_set_at) {
            (Some(credential), Some(hash), Some(set_at)) => Some(Credential {
                id: id(credential),
                hash: PasswordHash::new(hash),
                confirmed_at: key(self.credential_confirmed_at)?,
                set_at: time(set_at),
            }),
            (None, None, None) => None,
            _ => return Err(fault("it has half a credential")),
        };
        let login =
            Login { id: id(self.login_id), key: key(self.key)?, epoch: self.epoch, credential, version: self.version };
        Ok((login, maybe_time(self.last_sign_in_at)))
    }
}

#[derive(Clone)]
pub(crate) struct LinkRow {
    pub(crate) link_id: Uuid,
    pub(crate) login_id: Uuid,
    pub(crate) contact_id: Uuid,
    pub(crate) purpose: String,
    pub(crate) address: String,
    pub(crate) signed_with: String,
    pub(crate) epoch: i64,
    pub(crate) created_at: i64,
    pub(crate) expires_at: i64,
    pub(crate) used_at: Option<i64>,
    pub(crate) ended_at: Option<i64>,
}

impl LinkRow {
    pub(crate) fn read(self) -> Result<Link, StoreError> {
        let fault = |what: &str| damaged("link", self.link_id, what);
        Ok(Link {
            id: id(self.link_id),
            login: id(self.login_id),
            contact: id(self.contact_id),
            purpose: LinkPurpose::parse(&self.purpose).ok_or_else(|| fault("its purpose is unknown"))?,
            address: EmailAddress::from_stored(&self.address, None).map_err(|it| fault(&it.to_string()))?,
            signed_with: KeyId::parse(&self.signed_with).ok_or_else(|| fault("its key has no name"))?,
            epoch: self.epoch,
            created_at: time(self.created_at),
            expires_at: time(self.expires_at),
            used_at: maybe_time(self.used_at),
            ended_at: maybe_time(self.ended_at),
        })
    }
}

pub(crate) struct SessionRow {
    pub(crate) session_id: Uuid,
    pub(crate) login_id: Uuid,
    pub(crate) hash: Vec<u8>,
    pub(crate) epoch: i64,
    pub(crate) profile_contact_id: Option<Uuid>,
    pub(crate) profile_client_id: Option<Uuid>,
    pub(crate) factors: String,
    pub(crate) told: bool,
    pub(crate) origin: Option<String>,
    pub(crate) user_agent: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) last_seen_at: i64,
    pub(crate) idle_until: i64,
    pub(crate) expires_at: i64,
    pub(crate) ended_at: Option<i64>,
}

impl SessionRow {
    pub(crate) fn read(self) -> Result<PortalSession, StoreError> {
        let hash =
            digest(&self.hash).ok_or_else(|| damaged("session", self.session_id, "its digest has not 32 bytes"))?;
        let factors = Factor::split(&self.factors);
        let profile = self.profile_contact_id.zip(self.profile_client_id);
        Ok(PortalSession {
            id: id(self.session_id),
            login: id(self.login_id),
            hash: SessionHash(hash),
            epoch: self.epoch,
            profile: profile.map(|(contact, client)| ProfileId { contact: id(contact), client: id(client) }),
            factors: factors.ok_or_else(|| damaged("session", self.session_id, "a factor is unknown"))?,
            told: self.told,
            origin: self.origin,
            user_agent: self.user_agent,
            created_at: time(self.created_at),
            last_seen_at: time(self.last_seen_at),
            idle_until: time(self.idle_until),
            expires_at: time(self.expires_at),
            ended_at: maybe_time(self.ended_at),
        })
    }
}

pub(crate) struct MessageRow {
    pub(crate) message_id: Uuid,
    pub(crate) contact_id: Uuid,
    pub(crate) login_id: Uuid,
    pub(crate) user_id: Option<Uuid>,
    pub(crate) link_id: Option<Uuid>,
    pub(crate) address: String,
    pub(crate) name: String,
    pub(crate) clients: String,
    pub(crate) body: String,
    pub(crate) asked_key: Option<String>,
    pub(crate) created_at: i64,
}

impl MessageRow {
    pub(crate) fn read(self) -> Result<Message, StoreError> {
        let fault = |what: &str| damaged("message", self.message_id, what);
        Ok(Message {
            id: id(self.message_id),
            about: About::of_stored(id(self.contact_id), id(self.login_id), self.user_id.map(id)),
            link: self.link_id.map(id),
            to: EmailAddress::from_stored(&self.address, None).map_err(|it| fault(&it.to_string()))?,
            name: self.name,
            clients: serde_json::from_str(&self.clients).map_err(|it| fault(&it.to_string()))?,
            body: serde_json::from_str(&self.body).map_err(|it| fault(&it.to_string()))?,
            asked_at: self
                .asked_key
                .as_deref()
                .map(LoginKey::parse)
                .transpose()
                .map_err(|it| fault(&it.to_string()))?,
            created_at: time(self.created_at),
        })
    }
}

/// The state of a message or an attempt.
/// The state of a message, with what reports say of it.
pub(crate) fn shown_state(message: Uuid, code: &str, returned: Option<&str>) -> Result<DeliveryState, StoreError> {
    let returned = returned.map(|code| state(message, code)).transpose()?;
    Ok(state(message, code)?.shown(returned))
}

pub(crate) fn state(message: Uuid, code: &str) -> Result<DeliveryState, StoreError> {
    DeliveryState::parse(code).ok_or_else(|| damaged("message", message, "its state is unknown"))
}

/// The JSON of a value that can always be written.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Damaged(error.to_string()))
}

pub(crate) fn digest(bytes: &[u8]) -> Option<[u8; 32]> {
    bytes.try_into().ok()
}

pub(crate) struct EventRow {
    pub(crate) event_id: Uuid,
    pub(crate) number: i64,
    pub(crate) at: i64,
    pub(crate) kind: String,
    pub(crate) caller: String,
    pub(crate) origin: Option<String>,
    pub(crate) contact_id: Option<Uuid>,
    pub(crate) user_id: Option<Uuid>,
    pub(crate) login_id: Option<Uuid>,
    pub(crate) facts: String,
    pub(crate) digest: Vec<u8>,
    pub(crate) personal: Option<String>,
}

impl EventRow {
    pub(crate) fn read(self) -> Result<RecordedEvent, StoreError> {
        let fault = |what: &str| damaged("event", self.event_id, what);
        let personal = self.personal.map(|text| serde_json::from_str(&text)).transpose();
        Ok(RecordedEvent {
            number: self.number,
            id: id(self.event_id),
            at: time(self.at),
            kind: self.kind,
            caller: self.caller,
            origin: self.origin,
            subject: Subject {
                contact: self.contact_id.map(id),
                user: self.user_id.map(id),
                login: self.login_id.map(id),
            },
            facts: serde_json::from_str(&self.facts).map_err(|it| fault(&it.to_string()))?,
            personal: personal.map_err(|it| fault(&it.to_string()))?,
            digest: digest(&self.digest).ok_or_else(|| fault("its digest has not 32 bytes"))?,
        })
    }
}

/// Text of others, such as a server's reply: the one character that the database can't hold is replaced.
pub(crate) fn text(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{FFFD}").into() } else { text.into() }
}

/// The practice a row belongs to, as the database names it.
pub(crate) const fn uuid(practice: PracticeId) -> Uuid {
    practice.to_uuid()
}
