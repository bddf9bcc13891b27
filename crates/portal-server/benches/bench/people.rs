//! People to sign in with.

use std::{sync::Arc, time::Duration};

use portal::domain::{
    change::{Change, Decision},
    contact::Contact,
    id::Id,
    link::Link,
    login::{Credential, Login},
    password::{PasswordHash, TypedPassword},
    port::{Commit, Entropy, PasswordHasher, PortalStore},
    practice::{Client, Practice},
    staff::StaffCredential,
    time::Timestamp,
};
use portal_argon2::{Argon2Hasher, Params};
use portal_testkit::build::{self, Plan};

/// Everybody's password.
pub(crate) const PASSWORD: &str = "a password that everybody has";

/// So many are written at once.
const BATCH: usize = 500;

/// The time now, as the program sees it.
#[expect(clippy::disallowed_methods, reason = "links and counters must be of the program's own time")]
pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap())
}

struct SameBytes;

impl Entropy for SameBytes {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0x5a);
    }
}

/// Somebody with access.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) contact: Contact,
    pub(crate) login: Login,
}

impl Person {
    pub(crate) fn address(&self) -> &str {
        self.contact.emails.first().unwrap().as_str()
    }

    /// A link of this person that ends so many hours from now.
    pub(crate) fn link(&self, hours: u64) -> Link {
        let created_at = now().before(Duration::from_secs(3600));
        let expires_at = created_at.after(Duration::from_secs(3600 * (hours + 1)));
        let signed_with = crate::place::link_tokens().newest().clone();
        let link = build::link(self.contact.reference.as_str(), &self.login, &self.contact);
        Link { created_at, expires_at, signed_with, ..link }
    }
}

/// The practice of a place, to be filled.
pub(crate) struct House {
    pub(crate) store: Arc<dyn PortalStore>,
    pub(crate) practice: Practice,
    client: Client,
    hash: PasswordHash,
}

impl House {
    pub(crate) async fn new(store: Arc<dyn PortalStore>) -> Self {
        let practice = crate::place::practice(&store).await;
        let hasher = Argon2Hasher::new(Params::default(), 1, 1, Arc::new(SameBytes)).unwrap();
        let hash = hasher.hash(&TypedPassword::new(PASSWORD).unwrap()).await.unwrap();
        let house = Self { store, practice, client: build::client("acme"), hash };
        house.write(vec![Plan::new().put_client(&house.client).done()]).await;
        house
    }

    pub(crate) async fn write(&self, decisions: Vec<Decision>) {
        for batch in decisions.chunks(BATCH) {
            let done = self.store.commit(self.practice.id, batch, None).await.unwrap();
            assert_eq!(done, Commit::Committed);
        }
    }

    /// So many people who can sign in.
    pub(crate) async fn known(&self, class: &str, many: usize) -> Vec<Person> {
        let people: Vec<_> = (0..many).map(|n| self.person(&format!("{class}-{n}"))).collect();
        let put = |person: &Person| Plan::new().put_login(&person.login).put_contact(&person.contact).done();
        self.write(people.iter().map(put).collect()).await;
        people
    }

    fn person(&self, name: &str) -> Person {
        let address = address(name);
        let credential = Credential { hash: self.hash.clone(), ..build::credential(name, Some(build::key(&address))) };
        let login = Login { credential: Some(credential), ..build::login(name, &address) };
        let contact = Contact { clients: vec![self.client.id], ..build::contact(name, &[&address]) };
        Person { contact: build::granted(contact, &login), login }
    }

    /// So many contacts in the order of their numbers: every hundredth can sign in, every twentieth is called Zoë.
    pub(crate) async fn crowd(&self, many: usize) {
        for begin in (0..many).step_by(BATCH) {
            let put = |number: usize| {
                let Person { contact, login } = self.person(&numbered(number));
                let first = if number.is_multiple_of(20) { "Zoë" } else { "Ada" };
                let name = format!("{first} Byron {}", numbered(number));
                let contact = Contact { id: in_order(number), name, ..contact };
                if number.is_multiple_of(100) {
                    let login = Login { id: in_order(number), ..login };
                    let contact = Contact { login: Some(login.id), ..contact };
                    return Plan::new().put_login(&login).put_contact(&contact).done();
                }
                let none = build::contact(&numbered(number), &[]);
                let Contact { id, name, emails, clients, .. } = contact;
                Plan::new().put_contact(&Contact { id, name, emails, clients, ..none }).done()
            };
            self.write((begin..many.min(begin + BATCH)).map(put).collect()).await;
        }
    }

    /// So many contacts that never had access; answers their addresses.
    pub(crate) async fn never_activated(&self, class: &str, many: usize) -> Vec<String> {
        let names: Vec<_> = (0..many).map(|n| format!("{class}-{n}")).collect();
        let put = |name: &String| Plan::new().put_contact(&build::contact(name, &[&address(name)])).done();
        self.write(names.iter().map(put).collect()).await;
        names.iter().map(|name| address(name)).collect()
    }

    /// So many practice users; answers their addresses.
    pub(crate) async fn staff(&self, class: &str, many: usize) -> Vec<String> {
        let names: Vec<_> = (0..many).map(|n| format!("{class}-{n}")).collect();
        let put = |name: &String| Plan::new().put_user(&build::user(name, &address(name))).done();
        self.write(names.iter().map(put).collect()).await;
        names.iter().map(|name| address(name)).collect()
    }

    /// So many practice users who can sign in; answers their addresses.
    pub(crate) async fn able_staff(&self, class: &str, many: usize) -> Vec<String> {
        let addresses = self.staff(class, many).await;
        let put = |(n, address): (usize, &String)| {
            let name = format!("{class}-{n}");
            let credential = StaffCredential {
                id: build::id(&name),
                hash: self.hash.clone(),
                confirmed_at: build::key(address),
                set_at: build::NOON,
            };
            Plan::new().then(Change::PutStaffCredential { user: build::id(&name), credential }).done()
        };
        self.write(addresses.iter().enumerate().map(put).collect()).await;
        addresses
    }

    pub(crate) async fn open_links(&self, links: &[Link]) {
        let open = |link: &Link| Plan::new().then(Change::OpenLink(link.clone())).done();
        self.write(links.iter().map(open).collect()).await;
    }
}

/// The id of a number. Those of the program begin with the time, so that what is made together is found together.
fn in_order<K>(number: usize) -> Id<K> {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&(number as u64 + 1).to_be_bytes());
    Id::from_bytes(bytes)
}

/// The reference of the contact of a number, which sorts as the numbers do.
pub(crate) fn numbered(number: usize) -> String {
    format!("c-{number:06}")
}

/// The address of a name.
pub(crate) fn address(name: &str) -> String {
    format!("{name}@people.example")
}
