//! Rows as the statements give them, and what they are in the domain.

use portal_domain::{
    contact::{Access, Contact, MovedFrom},
    email::EmailList,
    event::{RecordedEvent, Subject},
    id::{ClientId, Slug},
    link::{KeyId, Link, LinkPurpose},
    login::{Credential, Login},
    message::{About, DeliveryState, Message},
    password::PasswordHash,
    port::StoreError,
    practice::{ApiKey, ApiKeyHash, Client, Practice, PracticeUser, Role, Scope},
    session::{Factor, PortalSession, ProfileId, SessionHash},
    time::Timestamp,
};

use super::decode::{damaged, digest, email, id, json, key, maybe_id, maybe_time, reference};

pub(crate) struct PracticeRow {
    pub(crate) practice_id: Vec<u8>,
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
        Ok(Practice {
            id: id(&self.practice_id, "practice.practice_id")?,
            slug: Slug::parse(&self.slug).ok_or_else(|| damaged("practice_slug.slug"))?,
            name: self.name,
            settings: json(&self.settings, "practice.settings")?,
            suspended_at: maybe_time(self.suspended_at),
            delete_after: maybe_time(self.delete_after),
            created_at: Timestamp::from_micros(self.created_at),
            version: self.version,
        })
    }
}

pub(super) struct ApiKeyRow {
    pub(super) practice_id: Vec<u8>,
    pub(super) api_key_id: Vec<u8>,
    pub(super) name: String,
    pub(super) scopes: String,
    pub(super) hash: Vec<u8>,
    pub(super) created_at: i64,
    pub(super) revoked_at: Option<i64>,
}

impl ApiKeyRow {
    pub(super) fn read(self) -> Result<ApiKey, StoreError> {
        let codes = self.scopes.split(' ').filter(|code| !code.is_empty());
        let scopes: Option<_> = codes.map(Scope::parse).collect();
        Ok(ApiKey {
            id: id(&self.api_key_id, "api_key.api_key_id")?,
            practice: id(&self.practice_id, "api_key.practice_id")?,
            name: self.name,
            scopes: scopes.ok_or_else(|| damaged("api_key.scopes"))?,
            hash: ApiKeyHash(digest(&self.hash, "api_key.hash")?),
            created_at: Timestamp::from_micros(self.created_at),
            revoked_at: maybe_time(self.revoked_at),
        })
    }
}

pub(super) struct UserRow {
    pub(super) user_id: Vec<u8>,
    pub(super) reference: String,
    pub(super) name: String,
    pub(super) address: String,
    pub(super) removed: Option<String>,
    pub(super) role: String,
    pub(super) created_at: i64,
    pub(super) version: i64,
}

impl UserRow {
    pub(super) fn read(self) -> Result<PracticeUser, StoreError> {
        Ok(PracticeUser {
            id: id(&self.user_id, "practice_user.user_id")?,
            reference: reference(&self.reference, "practice_user.ref")?,
            name: self.name,
            email: email(&self.address, self.removed, "practice_user.address")?,
            role: Role::parse(&self.role).ok_or_else(|| damaged("practice_user.role"))?,
            created_at: Timestamp::from_micros(self.created_at),
            version: self.version,
        })
    }
}

pub(super) struct ClientRow {
    pub(super) client_id: Vec<u8>,
    pub(super) reference: String,
    pub(super) name: String,
    pub(super) suspended: i64,
    pub(super) created_at: i64,
    pub(super) version: i64,
}

impl ClientRow {
    pub(super) fn read(self) -> Result<Client, StoreError> {
        Ok(Client {
            id: id(&self.client_id, "client.client_id")?,
            reference: reference(&self.reference, "client.ref")?,
            name: self.name,
            suspended: self.suspended != 0,
            created_at: Timestamp::from_micros(self.created_at),
            version: self.version,
        })
    }
}

pub(super) struct ContactRow {
    pub(super) contact_id: Vec<u8>,
    pub(super) reference: String,
    pub(super) name: String,
    pub(super) locale: Option<String>,
    pub(super) access: String,
    pub(super) login_id: Option<Vec<u8>>,
    pub(super) behind_since: Option<i64>,
    pub(super) activated_at: Option<i64>,
    pub(super) moved_from_address: Option<String>,
    pub(super) moved_from_at: Option<i64>,
    pub(super) refused_update: Option<String>,
    pub(super) trial: i64,
    pub(super) created_at: i64,
    pub(super) version: i64,
}

impl ContactRow {
    pub(super) fn read(self, emails: EmailList, clients: Vec<ClientId>) -> Result<Contact, StoreError> {
        let moved_from = match (self.moved_from_address, self.moved_from_at) {
            (Some(address), Some(at)) => Some(MovedFrom { address, at: Timestamp::from_micros(at) }),
            (None, None) => None,
            _ => return Err(damaged("contact.moved_from_at")),
        };
        let refused_update = self.refused_update.as_deref().map(serde_json::from_str);
        Ok(Contact {
            id: id(&self.contact_id, "contact.contact_id")?,
            reference: reference(&self.reference, "contact.ref")?,
            name: self.name,
            locale: self.locale,
            emails,
            clients,
            access: Access::parse(&self.access).ok_or_else(|| damaged("contact.access"))?,
            login: maybe_id(self.login_id.as_deref(), "contact.login_id")?,
            behind_since: maybe_time(self.behind_since),
            activated_at: maybe_time(self.activated_at),
            moved_from,
            refused_update: refused_update.transpose().map_err(|_| damaged("contact.refused_update"))?,
            trial: self.trial != 0,
            created_at: Timestamp::from_micros(self.created_at),
            version: self.version,
        })
    }
}

pub(super) struct LoginRow {
    pub(super) login_id: Vec<u8>,
    pub(super) key: Option<String>,
    pub(super) epoch: i64,
    pub(super) credential_id: Option<Vec<u8>>,
    pub(super) credential_hash: Option<String>,
    pub(super) credential_confirmed_at: Option<String>,
    pub(super) credential_set_at: Option<i64>,
    pub(super) version: i64,
}

impl LoginRow {
    pub(super) fn read(self) -> Result<Login, StoreError> {
        let confirmed_at = self.credential_confirmed_at.map(|text| key(&text, "login.credential_confirmed_at"));
        let credential = match (self.credential_id, self.credential_hash, self.credential_set_at) {
            (Some(bytes), Some(hash), Some(set_at)) => Some(Credential {
                id: id(&bytes, "login.credential_id")?,
                hash: PasswordHash::new(hash),
                confirmed_at: confirmed_at.transpose()?,
                set_at: Timestamp::from_micros(set_at),
            }),
            (None, None, None) => None,
            _ => return Err(damaged("login.credential_hash")),
        };
        Ok(Login {
            id: id(&self.login_id, "login.login_id")?,
            key: self.key.map(|text| key(&text, "login.key")).transpose()?,
            epoch: self.epoch,
            credential,
            version: self.version,
        })
    }
}

pub(crate) struct LinkRow {
    pub(crate) link_id: Vec<u8>,
    pub(crate) login_id: Vec<u8>,
    pub(crate) contact_id: Vec<u8>,
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
        Ok(Link {
            id: id(&self.link_id, "link.link_id")?,
            login: id(&self.login_id, "link.login_id")?,
            contact: id(&self.contact_id, "link.contact_id")?,
            purpose: LinkPurpose::parse(&self.purpose).ok_or_else(|| damaged("link.purpose"))?,
            address: email(&self.address, None, "link.address")?,
            signed_with: KeyId::parse(&self.signed_with).ok_or_else(|| damaged("link.signed_with"))?,
            epoch: self.epoch,
            created_at: Timestamp::from_micros(self.created_at),
            expires_at: Timestamp::from_micros(self.expires_at),
            used_at: maybe_time(self.used_at),
            ended_at: maybe_time(self.ended_at),
        })
    }
}

pub(super) struct SessionRow {
    pub(super) session_id: Vec<u8>,
    pub(super) login_id: Vec<u8>,
    pub(super) hash: Vec<u8>,
    pub(super) epoch: i64,
    pub(super) profile_contact_id: Option<Vec<u8>>,
    pub(super) profile_client_id: Option<Vec<u8>>,
    pub(super) factors: String,
    pub(super) told: i64,
    pub(super) origin: Option<String>,
    pub(super) user_agent: Option<String>,
    pub(super) created_at: i64,
    pub(super) last_seen_at: i64,
    pub(super) idle_until: i64,
    pub(super) expires_at: i64,
    pub(super) ended_at: Option<i64>,
}

impl SessionRow {
    pub(super) fn read(self) -> Result<PortalSession, StoreError> {
        let profile = match (self.profile_contact_id, self.profile_client_id) {
            (Some(contact), Some(client)) => Some(ProfileId {
                contact: id(&contact, "session.profile_contact_id")?,
                client: id(&client, "session.profile_client_id")?,
            }),
            (None, None) => None,
            _ => return Err(damaged("session.profile_client_id")),
        };
        Ok(PortalSession {
            id: id(&self.session_id, "session.session_id")?,
            login: id(&self.login_id, "session.login_id")?,
            hash: SessionHash(digest(&self.hash, "session.hash")?),
            epoch: self.epoch,
            profile,
            factors: Factor::split(&self.factors).ok_or_else(|| damaged("session.factors"))?,
            told: self.told != 0,
            origin: self.origin,
            user_agent: self.user_agent,
            created_at: Timestamp::from_micros(self.created_at),
            last_seen_at: Timestamp::from_micros(self.last_seen_at),
            idle_until: Timestamp::from_micros(self.idle_until),
            expires_at: Timestamp::from_micros(self.expires_at),
            ended_at: maybe_time(self.ended_at),
        })
    }
}

pub(crate) struct MessageRow {
    pub(crate) practice_id: Vec<u8>,
    pub(crate) message_id: Vec<u8>,
    pub(crate) place: i64,
    pub(crate) contact_id: Vec<u8>,
    pub(crate) login_id: Vec<u8>,
    pub(crate) user_id: Option<Vec<u8>>,
    pub(crate) link_id: Option<Vec<u8>>,
    pub(crate) address: String,
    pub(crate) name: String,
    pub(crate) clients: String,
    pub(crate) body: String,
    pub(crate) asked_key: Option<String>,
    pub(crate) state: String,
    pub(crate) returned: Option<String>,
    pub(crate) attempts: i64,
    pub(crate) created_at: i64,
}

impl MessageRow {
    /// Where it is, as it is shown.
    pub(crate) fn shown_state(&self) -> Result<DeliveryState, StoreError> {
        shown_state(&self.state, self.returned.as_deref())
    }

    pub(crate) fn read(self) -> Result<Message, StoreError> {
        Ok(Message {
            id: id(&self.message_id, "message.message_id")?,
            about: About::of_stored(
                id(&self.contact_id, "message.contact_id")?,
                id(&self.login_id, "message.login_id")?,
                maybe_id(self.user_id.as_deref(), "message.user_id")?,
            ),
            link: maybe_id(self.link_id.as_deref(), "message.link_id")?,
            to: email(&self.address, None, "message.address")?,
            name: self.name,
            clients: json(&self.clients, "message.clients")?,
            body: json(&self.body, "message.body")?,
            asked_at: self.asked_key.map(|text| key(&text, "message.asked_key")).transpose()?,
            created_at: Timestamp::from_micros(self.created_at),
        })
    }
}

pub(crate) struct EventRow {
    pub(crate) number: i64,
    pub(crate) event_id: Vec<u8>,
    pub(crate) at: i64,
    pub(crate) kind: String,
    pub(crate) caller: String,
    pub(crate) origin: Option<String>,
    pub(crate) contact_id: Option<Vec<u8>>,
    pub(crate) user_id: Option<Vec<u8>>,
    pub(crate) login_id: Option<Vec<u8>>,
    pub(crate) facts: String,
    pub(crate) digest: Vec<u8>,
    pub(crate) personal: Option<String>,
}

impl EventRow {
    pub(crate) fn read(self) -> Result<RecordedEvent, StoreError> {
        Ok(RecordedEvent {
            number: self.number,
            id: id(&self.event_id, "event.event_id")?,
            at: Timestamp::from_micros(self.at),
            kind: self.kind,
            caller: self.caller,
            origin: self.origin,
            subject: Subject {
                contact: maybe_id(self.contact_id.as_deref(), "event.contact_id")?,
                user: maybe_id(self.user_id.as_deref(), "event.user_id")?,
                login: maybe_id(self.login_id.as_deref(), "event.login_id")?,
            },
            facts: json(&self.facts, "event.facts")?,
            personal: self.personal.map(|text| json(&text, "event_personal.personal")).transpose()?,
            digest: digest(&self.digest, "event.digest")?,
        })
    }
}

/// The state of a message, with what reports say of it.
pub(crate) fn shown_state(state: &str, returned: Option<&str>) -> Result<DeliveryState, StoreError> {
    let read = |code, column| DeliveryState::parse(code).ok_or_else(|| damaged(column));
    let returned = returned.map(|code| read(code, "message.returned")).transpose()?;
    Ok(read(state, "message.state")?.shown(returned))
}
