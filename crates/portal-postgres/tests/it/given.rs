//! Values to begin with. Each has ids made of one number, so that they order by it.

use std::collections::BTreeMap;

use portal_domain::{
    change::{Aggregate, Change, Decision, Expect, KeyOwner, Reliance},
    contact::{Access, Contact},
    email::{EmailAddress, EmailList, LoginKey},
    event::{Event, Subject},
    id::{Id, PracticeId, Ref, Slug},
    link::{KeyId, Link, LinkPurpose},
    login::{Credential, Login},
    message::{About, Message, MessageBody},
    password::PasswordHash,
    port::{Commit, PortalStore},
    practice::{Client, Practice, PracticeUser, Role, Settings},
    session::{Factor, PortalSession, SessionHash},
    time::Timestamp,
};
use portal_postgres::PostgresStore;

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(second * 1_000_000 + 7)
}

pub(crate) fn id<K>(number: u64) -> Id<K> {
    let mut bytes = [0xAB; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    Id::from_bytes(bytes)
}

pub(crate) const PRACTICE: PracticeId = Id::from_bytes([1; 16]);

pub(crate) fn practice() -> Practice {
    Practice {
        id: PRACTICE,
        slug: Slug::parse("smith").unwrap(),
        name: "Smith & Sons".to_owned(),
        settings: Settings::default(),
        suspended_at: None,
        delete_after: None,
        created_at: at(0),
        version: 1,
    }
}

pub(crate) fn name(text: &str) -> Ref {
    Ref::parse(text).unwrap()
}

pub(crate) fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

pub(crate) fn key(text: &str) -> LoginKey {
    address(text).key().clone()
}

pub(crate) fn client(number: u64) -> Client {
    Client {
        id: id(number),
        reference: name(&format!("k-{number}")),
        name: format!("Client {number}"),
        suspended: number % 2 == 1,
        created_at: at(1),
        version: 1,
    }
}

pub(crate) fn user(number: u64, role: Role) -> PracticeUser {
    PracticeUser {
        id: id(number),
        reference: name(&format!("u-{number}")),
        name: format!("User {number}"),
        email: address(&format!("User{number}@smith.example")),
        role,
        created_at: at(1),
        version: 1,
    }
}

/// A contact without access, with two addresses.
pub(crate) fn contact(number: u64) -> Contact {
    let emails = [format!(" First{number}@mail.example"), format!("second{number}@mail.example")];
    Contact {
        id: id(number),
        reference: name(&format!("c-{number}")),
        name: format!("Contact {number}"),
        locale: None,
        emails: EmailList::parse(&emails).unwrap(),
        clients: Vec::new(),
        access: Access::NotActivated,
        login: None,
        behind_since: None,
        activated_at: None,
        moved_from: None,
        refused_update: None,
        trial: false,
        created_at: at(1),
        version: 1,
    }
}

/// The live login of a contact's first address, without a password.
pub(crate) fn login(number: u64, contact: &Contact) -> Login {
    let key = contact.emails.first().map(|email| email.key().clone());
    Login { id: id(number), key, epoch: 1, credential: None, version: 1 }
}

pub(crate) fn credential(number: u64, login: &Login) -> Credential {
    Credential {
        id: id(number),
        hash: PasswordHash::new("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA"),
        confirmed_at: login.key.clone(),
        set_at: at(2),
    }
}

pub(crate) fn granted(mut contact: Contact, login: &Login) -> Contact {
    contact.access = Access::Granted;
    contact.login = Some(login.id);
    contact.behind_since = Some(at(2));
    contact.activated_at = Some(at(2));
    contact
}

pub(crate) fn link(number: u64, login: &Login, contact: &Contact) -> Link {
    Link {
        id: id(number),
        login: login.id,
        contact: contact.id,
        purpose: LinkPurpose::Activation,
        address: address(contact.emails.first().unwrap().as_str()),
        signed_with: KeyId::parse("k1").unwrap(),
        epoch: login.epoch,
        created_at: at(10),
        expires_at: at(1000),
        used_at: None,
        ended_at: None,
    }
}

pub(crate) fn session(number: u64, login: &Login) -> PortalSession {
    let mut hash = [9; 32];
    hash[..8].copy_from_slice(&number.to_be_bytes());
    PortalSession {
        id: id(number),
        login: login.id,
        hash: SessionHash(hash),
        epoch: login.epoch,
        profile: None,
        factors: vec![Factor::Password],
        told: false,
        origin: Some("192.0.2.7".to_owned()),
        user_agent: None,
        created_at: at(20),
        last_seen_at: at(20),
        idle_until: at(500),
        expires_at: at(1000),
        ended_at: None,
    }
}

pub(crate) fn message(number: u64, link: &Link, body: MessageBody) -> Message {
    Message {
        id: id(number),
        about: About::Contact { contact: link.contact, login: link.login },
        link: Some(link.id),
        to: link.address.clone(),
        name: "Ada".to_owned(),
        clients: vec!["Bäckerei \"Süß\"".to_owned()],
        body,
        asked_at: None,
        created_at: at(10),
    }
}

pub(crate) fn event(number: u64, contact: Option<&Contact>) -> Event {
    let subject = Subject { contact: contact.map(|contact| contact.id), ..Subject::default() };
    Event {
        id: id(number),
        at: at(10),
        kind: "contact.activated",
        caller: "program".to_owned(),
        origin: None,
        subject,
        facts: BTreeMap::from([("access_after".to_owned(), "granted".to_owned())]),
        personal: BTreeMap::from([("emails_after".to_owned(), "nul \0 and more".to_owned())]),
        salt: [4; 16],
    }
}

pub(crate) fn expect(what: Aggregate, version: i64, how: Reliance) -> Expect {
    Expect { what, version, how }
}

pub(crate) fn changes(changes: impl Into<Vec<Change>>) -> Decision {
    Decision { changes: changes.into(), ..Decision::default() }
}

/// A contact with access behind a login of its own with the given client: everything to be inserted.
pub(crate) fn activated(number: u64, client: Option<&Client>) -> (Contact, Login, Vec<Change>) {
    let mut contact = contact(number);
    contact.clients.extend(client.map(|client| client.id));
    let login = login(number, &contact);
    let contact = granted(contact, &login);
    let claim = Change::ClaimKey { key: login.key.clone().unwrap(), owner: KeyOwner::Login(login.id) };
    let made = vec![Change::PutLogin(login.clone()), Change::PutContact(contact.clone()), claim];
    (contact, login, made)
}

/// A store's practice, and what else is to be there.
pub(crate) async fn begin(store: &PostgresStore, more: impl Into<Vec<Change>>) {
    let mut all = vec![Change::PutPractice(practice())];
    all.extend(more.into());
    assert_eq!(store.commit(PRACTICE, &[changes(all)], None).await, Ok(Commit::Committed));
}

pub(crate) async fn committed(store: &PostgresStore, decision: Decision) {
    assert_eq!(store.commit(PRACTICE, &[decision], None).await, Ok(Commit::Committed));
}

pub(crate) async fn refused(store: &PostgresStore, decision: Decision) {
    assert_eq!(store.commit(PRACTICE, &[decision], None).await, Ok(Commit::Conflict));
}
