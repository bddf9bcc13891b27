//! Figures: `cargo bench -p portal-sqlite`.

#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

#[path = "../tests/it/kit.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod kit;

use portal_domain::{
    change::{Change, Decision},
    facts::{ContactQuery, ContactSelector},
    id::Ref,
    message::MessageBody,
    port::{Commit, PortalStore},
};
use tokio::time::Instant;

use kit::{House, NOW, admit, behind, client, contact, event, link, login, message};

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(figures());
}

async fn figures() {
    let house = House::new().await;
    let clients: Vec<_> = (0..100).map(|n| client(&format!("client-{n}"))).collect();
    house.must(clients.iter().cloned().map(Change::PutClient).collect()).await;

    for round in 0..3 {
        let people: Vec<_> = (0..500)
            .map(|n| {
                let address = format!("person{n}.{round}@smith.example");
                let mut person = contact(&format!("c-{round}-{n}"), &[&address, &format!("second.{address}")]);
                person.clients = vec![clients[n % 100].id];
                (person, login(&address))
            })
            .collect();
        let put: Vec<_> = people
            .iter()
            .map(|(person, _)| Decision {
                changes: vec![Change::PutContact(person.clone())],
                events: vec![event(person, "contact.put")],
                ..Decision::default()
            })
            .collect();
        let start = Instant::now();
        assert_eq!(house.store.commit(house.practice, &put, None).await.unwrap(), Commit::Committed);
        println!("commit of 500 new contacts: {:?}", start.elapsed());
        let queries: Vec<_> = people
            .iter()
            .map(|(person, _)| ContactQuery {
                contact: ContactSelector::Ref(person.reference.clone()),
                keys: person.emails.iter().map(|email| email.key().clone()).collect(),
                clients: vec![Ref::parse("client-1").unwrap()],
            })
            .collect();
        let start = Instant::now();
        house.store.contacts(house.practice, &queries, NOW).await.unwrap();
        println!("facts of 500 contacts without access: {:?}", start.elapsed());
        let grant: Vec<_> = people
            .iter()
            .map(|(person, login)| {
                let person = portal_domain::contact::Contact { version: 2, ..behind(person.clone(), login) };
                let carried = link(login, &person);
                let mut changes = admit(&person, login);
                let messages = vec![message(login, &person, &carried, MessageBody::Activation)];
                changes.push(Change::OpenLink(carried));
                Decision { changes, messages, events: vec![event(&person, "contact.activated")], ..Decision::default() }
            })
            .collect();
        let start = Instant::now();
        assert_eq!(house.store.commit(house.practice, &grant, None).await.unwrap(), Commit::Committed);
        println!("commit of 500 activations: {:?}", start.elapsed());
        let start = Instant::now();
        house.store.contacts(house.practice, &queries, NOW).await.unwrap();
        println!("facts of 500 contacts with access: {:?}", start.elapsed());
        let start = Instant::now();
        house.store.login(house.practice, people[0].1.key.as_ref().unwrap(), NOW).await.unwrap().unwrap();
        println!("facts of one login: {:?}", start.elapsed());
    }

    for (what, writers) in [("clients", 1), ("clients", 16), ("activations", 1), ("activations", 16)] {
        const EACH: usize = 500;
        let start = Instant::now();
        let tasks: Vec<_> = (0..writers)
            .map(|writer| {
                let (store, practice) = (house.store.clone(), house.practice);
                tokio::spawn(async move {
                    for n in 0..EACH {
                        let name = format!("{what}-{writers}-{writer}-{n}");
                        let decision = if what == "clients" {
                            Decision { changes: vec![Change::PutClient(client(&name))], ..Decision::default() }
                        } else {
                            activation(&name)
                        };
                        assert_eq!(store.commit(practice, &[decision], None).await.unwrap(), Commit::Committed);
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let per_second = (writers * EACH) as f64 / start.elapsed().as_secs_f64();
        println!("{writers} writers, commits of {what}: {per_second:.0}/s");
    }
}

fn activation(name: &str) -> Decision {
    let address = format!("{name}@smith.example");
    let login = login(&address);
    let person = behind(contact(name, &[&address]), &login);
    let carried = link(&login, &person);
    let mut changes = admit(&person, &login);
    let messages = vec![message(&login, &person, &carried, MessageBody::Activation)];
    changes.push(Change::OpenLink(carried));
    Decision { changes, messages, events: vec![event(&person, "contact.activated")], ..Decision::default() }
}
