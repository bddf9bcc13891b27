//! The shapes in which changes travel into SQL. Field names are read by the statements beside.

use portal_domain::{
    change::{KeyOwner, Which},
    contact::Contact,
    email::LoginKey,
    event::Event,
    id::{LoginId, PracticeId},
    link::Link,
    login::Login,
    message::Message,
    practice::{ApiKey, Client, Practice, PracticeUser, Scope},
    session::{Factor, PortalSession},
    time::Timestamp,
};
use serde::Serialize;

use crate::encode::{Hex, HexBytes, hex, json, micros};

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct GuardRow {
    pub(super) id: Hex,
    pub(super) version: i64,
}

#[derive(Serialize)]
pub(super) struct PracticeRow<'a> {
    slug: &'a str,
    name: &'a str,
    settings: String,
    mails_per_hour: Option<u32>,
    suspended_at: Option<i64>,
    delete_after: Option<i64>,
    created_at: i64,
    version: i64,
}

impl<'a> PracticeRow<'a> {
    pub(super) fn new(practice: &'a Practice) -> Self {
        Self {
            slug: practice.slug.as_str(),
            name: &practice.name,
            settings: json(&practice.settings),
            mails_per_hour: practice.settings.mails_per_hour,
            suspended_at: practice.suspended_at.map(Timestamp::as_micros),
            delete_after: practice.delete_after.map(Timestamp::as_micros),
            created_at: practice.created_at.as_micros(),
            version: practice.version,
        }
    }
}

#[derive(Serialize)]
pub(super) struct UserRow<'a> {
    id: Hex,
    r#ref: &'a str,
    name: &'a str,
    address: &'a str,
    removed: Option<&'a str>,
    key: &'a str,
    role: &'static str,
    created_at: i64,
    version: i64,
}

impl<'a> UserRow<'a> {
    pub(super) fn new(user: &'a PracticeUser) -> Self {
        Self {
            id: hex(user.id),
            r#ref: user.reference.as_str(),
            name: &user.name,
            address: user.email.as_str(),
            removed: user.email.removed(),
            key: user.email.key().as_str(),
            role: user.role.code(),
            created_at: user.created_at.as_micros(),
            version: user.version,
        }
    }
}

#[derive(Serialize)]
pub(super) struct ClientRow<'a> {
    id: Hex,
    r#ref: &'a str,
    name: &'a str,
    suspended: i64,
    created_at: i64,
    version: i64,
}

impl<'a> ClientRow<'a> {
    pub(super) fn new(client: &'a Client) -> Self {
        Self {
            id: hex(client.id),
            r#ref: client.reference.as_str(),
            name: &client.name,
            suspended: client.suspended.into(),
            created_at: client.created_at.as_micros(),
            version: client.version,
        }
    }
}

#[derive(Serialize)]
pub(super) struct ContactRow<'a> {
    id: Hex,
    r#ref: &'a str,
    name: &'a str,
    locale: Option<&'a str>,
    access: &'static str,
    login: Option<Hex>,
    behind_since: Option<i64>,
    activated_at: Option<i64>,
    moved_from: Option<&'a str>,
    moved_at: Option<i64>,
    refused: Option<String>,
    trial: bool,
    created_at: i64,
    version: i64,
}

impl<'a> ContactRow<'a> {
    pub(super) fn new(contact: &'a Contact) -> Self {
        let moved = contact.moved_from.as_ref();
        Self {
            id: hex(contact.id),
            r#ref: contact.reference.as_str(),
            name: &contact.name,
            locale: contact.locale.as_deref(),
            access: contact.access.code(),
            login: contact.login.map(hex),
            behind_since: micros(contact.behind_since),
            activated_at: micros(contact.activated_at),
            moved_from: moved.map(|moved| moved.address.as_str()),
            moved_at: moved.map(|moved| moved.at.as_micros()),
            refused: contact.refused_update.as_ref().map(json),
            trial: contact.trial,
            created_at: contact.created_at.as_micros(),
            version: contact.version,
        }
    }
}

#[derive(Serialize)]
pub(super) struct EmailRow<'a> {
    pub(super) contact: Hex,
    pub(super) position: usize,
    pub(super) address: &'a str,
    pub(super) removed: Option<&'a str>,
    pub(super) key: &'a str,
}

#[derive(Serialize)]
pub(super) struct ContactClientRow {
    pub(super) contact: Hex,
    pub(super) client: Hex,
}

#[derive(Serialize)]
pub(super) struct FormerKeyRow<'a> {
    pub(super) contact: Hex,
    pub(super) key: &'a str,
    pub(super) wrong: bool,
}

#[derive(Serialize)]
pub(super) struct LoginRow<'a> {
    id: Hex,
    key: Option<&'a str>,
    epoch: i64,
    credential: Option<Hex>,
    hash: Option<&'a str>,
    confirmed_at: Option<&'a str>,
    set_at: Option<i64>,
    version: i64,
}

impl<'a> LoginRow<'a> {
    pub(super) fn new(login: &'a Login) -> Self {
        let credential = login.credential.as_ref();
        Self {
            id: hex(login.id),
            key: login.key.as_ref().map(|key| key.as_str()),
            epoch: login.epoch,
            credential: credential.map(|it| hex(it.id)),
            hash: credential.map(|it| it.hash.as_str()),
            confirmed_at: credential.and_then(|it| it.confirmed_at.as_ref()).map(|key| key.as_str()),
            set_at: credential.map(|it| it.set_at.as_micros()),
            version: login.version,
        }
    }
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ClaimRow<'a> {
    key: &'a str,
    user: Option<Hex>,
    login: Option<Hex>,
}

impl<'a> ClaimRow<'a> {
    pub(super) fn new(key: &'a str, owner: KeyOwner) -> Self {
        match owner {
            KeyOwner::User(user) => Self { key, user: Some(hex(user)), login: None },
            KeyOwner::Login(login) => Self { key, user: None, login: Some(hex(login)) },
        }
    }
}

/// A link that was dealt with so many days before its end.
#[derive(Serialize)]
pub(super) struct RemindedRow {
    pub(super) id: Hex,
    pub(super) days: u32,
}

/// Something that happens to a thing at a time.
#[derive(Serialize)]
pub(super) struct AtRow {
    pub(super) id: Hex,
    pub(super) at: i64,
}

#[derive(Serialize)]
pub(super) struct EndSessionsRow {
    login: Hex,
    only: Option<Hex>,
    but: Option<Hex>,
    at: i64,
}

impl EndSessionsRow {
    pub(super) fn new(login: LoginId, which: Which, at: Timestamp) -> Self {
        let (only, but) = which.only_and_but();
        Self { login: hex(login), only: only.map(hex), but: but.map(hex), at: at.as_micros() }
    }
}

#[derive(Serialize)]
pub(super) struct TouchRow {
    pub(super) id: Hex,
    pub(super) at: i64,
    pub(super) idle_until: i64,
}

#[derive(Serialize)]
pub(super) struct ProfileRow {
    pub(super) id: Hex,
    pub(super) contact: Hex,
    pub(super) client: Hex,
}

#[derive(Serialize)]
pub(super) struct LinkRow<'a> {
    id: Hex,
    login: Hex,
    contact: Hex,
    purpose: &'static str,
    address: &'a str,
    signed_with: &'a str,
    epoch: i64,
    created_at: i64,
    expires_at: i64,
    used_at: Option<i64>,
    ended_at: Option<i64>,
}

impl<'a> LinkRow<'a> {
    pub(super) fn new(link: &'a Link) -> Self {
        Self {
            id: hex(link.id),
            login: hex(link.login),
            contact: hex(link.contact),
            purpose: link.purpose.code(),
            address: link.address.as_str(),
            signed_with: link.signed_with.as_str(),
            epoch: link.epoch,
            created_at: link.created_at.as_micros(),
            expires_at: link.expires_at.as_micros(),
            used_at: micros(link.used_at),
            ended_at: micros(link.ended_at),
        }
    }
}

#[derive(Serialize)]
pub(super) struct SessionRow<'a> {
    id: Hex,
    login: Hex,
    hash: HexBytes<32>,
    epoch: i64,
    contact: Option<Hex>,
    client: Option<Hex>,
    factors: String,
    told: bool,
    origin: Option<&'a str>,
    user_agent: Option<&'a str>,
    created_at: i64,
    last_seen_at: i64,
    idle_until: i64,
    expires_at: i64,
    ended_at: Option<i64>,
}

impl<'a> SessionRow<'a> {
    pub(super) fn new(session: &'a PortalSession) -> Self {
        Self {
            id: hex(session.id),
            login: hex(session.login),
            hash: HexBytes(session.hash.0),
            epoch: session.epoch,
            contact: session.profile.map(|profile| hex(profile.contact)),
            client: session.profile.map(|profile| hex(profile.client)),
            factors: Factor::join(&session.factors),
            told: session.told,
            origin: session.origin.as_deref(),
            user_agent: session.user_agent.as_deref(),
            created_at: session.created_at.as_micros(),
            last_seen_at: session.last_seen_at.as_micros(),
            idle_until: session.idle_until.as_micros(),
            expires_at: session.expires_at.as_micros(),
            ended_at: micros(session.ended_at),
        }
    }
}

#[derive(Serialize)]
pub(super) struct ApiKeyRow<'a> {
    id: Hex,
    name: &'a str,
    scopes: String,
    hash: HexBytes<32>,
    created_at: i64,
    revoked_at: Option<i64>,
}

impl<'a> ApiKeyRow<'a> {
    pub(super) fn new(key: &'a ApiKey) -> Self {
        let scopes: Vec<_> = key.scopes.iter().copied().map(Scope::code).collect();
        Self {
            id: hex(key.id),
            name: &key.name,
            scopes: scopes.join(" "),
            hash: HexBytes(key.hash.0),
            created_at: key.created_at.as_micros(),
            revoked_at: micros(key.revoked_at),
        }
    }
}

#[derive(Serialize)]
pub(super) struct MessageRow<'a> {
    id: Hex,
    contact: Hex,
    login: Hex,
    user: Option<Hex>,
    link: Option<Hex>,
    kind: &'static str,
    lane: i64,
    address: &'a str,
    name: &'a str,
    clients: String,
    body: String,
    asked_key: Option<&'a str>,
    created_at: i64,
}

impl<'a> MessageRow<'a> {
    pub(super) fn new(message: &'a Message) -> Self {
        let kind = message.kind();
        let (contact, login, user) = message.about.stored();
        Self {
            id: hex(message.id),
            contact: hex(contact),
            login: hex(login),
            user: user.map(hex),
            link: message.link.map(hex),
            kind: kind.code(),
            lane: if message.awaited() { 0 } else { 1 },
            address: message.to.as_str(),
            name: &message.name,
            clients: json(&message.clients),
            body: json(&message.body),
            asked_key: message.asked_at.as_ref().map(LoginKey::as_str),
            created_at: message.created_at.as_micros(),
        }
    }
}

/// An event, with its personal values beside.
#[derive(Serialize)]
pub(crate) struct EventRow<'a> {
    id: Hex,
    at: i64,
    kind: &'static str,
    caller: &'a str,
    origin: Option<&'a str>,
    contact: Option<Hex>,
    user: Option<Hex>,
    login: Option<Hex>,
    facts: String,
    digest: HexBytes<32>,
    salt: HexBytes<16>,
    personal: String,
}

impl<'a> EventRow<'a> {
    pub(crate) fn new(event: &'a Event) -> Self {
        Self {
            id: hex(event.id),
            at: event.at.as_micros(),
            kind: event.kind,
            caller: &event.caller,
            origin: event.origin.as_deref(),
            contact: event.subject.contact.map(hex),
            user: event.subject.user.map(hex),
            login: event.subject.login.map(hex),
            facts: json(&event.facts),
            digest: HexBytes(event.digest()),
            salt: HexBytes(event.salt),
            personal: json(&event.personal),
        }
    }
}

/// Sixteen bytes of a practice, as a statement takes them.
pub(super) fn practice_bytes(practice: PracticeId) -> Vec<u8> {
    practice.to_bytes().to_vec()
}
