//! A store in a folder of its own, and things to put into it.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
};

use portal_domain::{
    change::{Aggregate, Change, Decision, Expect, KeyOwner, Reliance},
    contact::{Access, Contact},
    email::{EmailList, LoginKey},
    event::{Event, Subject},
    facts::{ContactFacts, ContactQuery, ContactSelector},
    id::{Id, PracticeId, Ref, Slug},
    link::{KeyId, Link, LinkPurpose},
    login::Login,
    message::{About, Message, MessageBody},
    port::{Commit, PortalStore},
    practice::{Client, Practice, Settings},
    session::{Factor, PortalSession, SessionHash},
    time::Timestamp,
};
use portal_sqlite::{SqliteOptions, SqliteStore};

pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

/// So many seconds after [`NOW`].
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(NOW.as_micros() + seconds * 1_000_000)
}

/// An id that no other call gives.
pub(crate) fn fresh<K>() -> Id<K> {
    static DRAWN: AtomicU64 = AtomicU64::new(1);
    let drawn = DRAWN.fetch_add(1, Ordering::Relaxed);
    let mut bytes = [0x5a; 16];
    bytes[..4].copy_from_slice(&std::process::id().to_be_bytes());
    bytes[8..].copy_from_slice(&drawn.to_be_bytes());
    Id::from_bytes(bytes)
}

/// A migrated file with one practice in it.
pub(crate) struct House {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) store: SqliteStore,
    pub(crate) practice: PracticeId,
}

impl House {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("portal.db"), &SqliteOptions::default()).await.unwrap();
        store.migrate().await.unwrap();
        let practice = practice();
        let house = Self { folder, store, practice: practice.id };
        house.must(vec![Change::PutPractice(practice)]).await;
        house
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("portal.db")
    }

    /// Commits these changes, relying on nothing.
    pub(crate) async fn commit(&self, changes: Vec<Change>) -> Commit {
        self.decide(Decision { changes, ..Decision::default() }).await
    }

    pub(crate) async fn decide(&self, decision: Decision) -> Commit {
        self.store.commit(self.practice, &[decision], None).await.unwrap()
    }

    pub(crate) async fn must(&self, changes: Vec<Change>) {
        assert_eq!(self.commit(changes).await, Commit::Committed);
    }

    pub(crate) async fn facts(&self, reference: &str) -> ContactFacts {
        let contact = ContactSelector::Ref(Ref::parse(reference).unwrap());
        let query = ContactQuery { contact, keys: Vec::new(), clients: Vec::new() };
        self.store.contacts(self.practice, &[query], NOW).await.unwrap().remove(0)
    }

    /// Seals what waits, with the keys of the test kit.
    pub(crate) async fn seal(&self) {
        portal_testkit::conformance::seal(&self.store, self.practice).await;
    }

    /// A contact behind a login of its own.
    pub(crate) async fn granted(&self, reference: &str, address: &str) -> (Contact, Login) {
        let login = login(address);
        let contact = behind(contact(reference, &[address]), &login);
        self.must(admit(&contact, &login)).await;
        (contact, login)
    }
}

/// What lets a contact in.
pub(crate) fn admit(contact: &Contact, login: &Login) -> Vec<Change> {
    vec![
        Change::ClaimKey { key: login.key.clone().unwrap(), owner: KeyOwner::Login(login.id) },
        Change::PutLogin(login.clone()),
        Change::PutContact(contact.clone()),
    ]
}

pub(crate) fn practice() -> Practice {
    let id: PracticeId = fresh();
    Practice {
        slug: Slug::parse(&format!("p{}", &id.to_string()[24..])).unwrap(),
        id,
        name: "Smith & Sons".into(),
        settings: Settings::default(),
        suspended_at: None,
        delete_after: None,
        created_at: NOW,
        version: 1,
    }
}

pub(crate) fn client(reference: &str) -> Client {
    Client {
        id: fresh(),
        reference: Ref::parse(reference).unwrap(),
        name: format!("Client {reference}"),
        suspended: false,
        created_at: NOW,
        version: 1,
    }
}

pub(crate) fn contact(reference: &str, emails: &[&str]) -> Contact {
    Contact {
        id: fresh(),
        reference: Ref::parse(reference).unwrap(),
        name: "Zoë “Ada” O'Neil\u{2028}\\ 🦉".into(),
        locale: Some("en-GB".into()),
        emails: EmailList::parse(emails).unwrap(),
        clients: Vec::new(),
        access: Access::NotActivated,
        login: None,
        behind_since: None,
        activated_at: None,
        moved_from: None,
        refused_update: None,
        trial: false,
        created_at: NOW,
        version: 1,
    }
}

pub(crate) fn behind(contact: Contact, login: &Login) -> Contact {
    let since = Some(NOW);
    Contact { access: Access::Granted, login: Some(login.id), behind_since: since, activated_at: since, ..contact }
}

pub(crate) fn key(address: &str) -> LoginKey {
    EmailList::parse(&[address]).unwrap().first().unwrap().key().clone()
}

pub(crate) fn login(address: &str) -> Login {
    Login { id: fresh(), key: Some(key(address)), epoch: 1, credential: None, version: 1 }
}

pub(crate) fn link(login: &Login, contact: &Contact) -> Link {
    Link {
        id: fresh(),
        login: login.id,
        contact: contact.id,
        purpose: LinkPurpose::Activation,
        address: contact.emails.first().unwrap().clone(),
        signed_with: KeyId::parse("k1").unwrap(),
        epoch: login.epoch,
        created_at: NOW,
        expires_at: at(3600),
        used_at: None,
        ended_at: None,
    }
}

pub(crate) fn session(login: &Login, seed: u8) -> PortalSession {
    PortalSession {
        id: fresh(),
        login: login.id,
        hash: SessionHash([seed; 32]),
        epoch: login.epoch,
        profile: None,
        factors: vec![Factor::Password],
        told: false,
        origin: Some("192.0.2.1".into()),
        user_agent: None,
        created_at: at(i64::from(seed)),
        last_seen_at: at(i64::from(seed)),
        idle_until: at(1800),
        expires_at: at(36_000),
        ended_at: None,
    }
}

pub(crate) fn message(login: &Login, contact: &Contact, link: &Link, body: MessageBody) -> Message {
    Message {
        id: fresh(),
        about: About::Contact { contact: contact.id, login: login.id },
        link: Some(link.id),
        to: link.address.clone(),
        name: contact.name.clone(),
        clients: vec!["A \"quoted\" client".into()],
        body,
        asked_at: None,
        created_at: NOW,
    }
}

pub(crate) fn event(contact: &Contact, kind: &'static str) -> Event {
    Event {
        id: fresh(),
        at: NOW,
        kind,
        caller: "program".into(),
        origin: None,
        subject: Subject { contact: Some(contact.id), user: None, login: contact.login },
        facts: BTreeMap::from([("access_after".into(), "granted".into())]),
        personal: BTreeMap::from([("emails_after".into(), "ada@smith.example".into())]),
        salt: [9; 16],
    }
}

pub(crate) fn expect(what: Aggregate, version: i64) -> Expect {
    Expect { what, version, how: Reliance::Changed }
}
