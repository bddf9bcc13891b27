//! The laws of `Evidence`: what a diagnosis looks at (X1).

use portal_domain::{
    Named,
    change::{Aggregate, Change},
    contact::{Contact, Place},
    email::LoginKey,
    id::{ContactId, LinkId},
    link::{Link, Opened},
    login::Login,
    message::Message,
    port::{KnownAt, OPENED_ANEW},
    throttle::{Bucket, Try},
    time::Timestamp,
};

use super::{Harness, scene::Scene};
use crate::build::{self, NOON, Plan, key, later};

impl Scene {
    async fn newest(&self, contact: &str, most: u32) -> Vec<String> {
        let found = self.store.newest_messages(self.id, build::id(contact), most).await.expect("the store answers");
        found.iter().map(|delivery| delivery.message.to.as_str().to_owned()).collect()
    }

    async fn opened(&self, contact: ContactId, link: LinkId) -> Option<Opened> {
        let found = self.store.newest_links(self.id, contact, 10).await.expect("the store answers");
        found.into_iter().find(|traced| traced.link.id == link).expect("the link is listed").opened
    }

    async fn known(&self, addresses: &[&str], most: u32) -> Vec<(String, String, Place)> {
        let keys: Vec<LoginKey> = addresses.iter().map(|address| key(address)).collect();
        let found = self.store.known_at(self.id, &keys, most).await.expect("the store answers");
        let plain = |KnownAt { key, contact: Named { reference, .. }, place }: KnownAt| {
            (reference.as_str().to_owned(), key.as_str().to_owned(), place)
        };
        found.into_iter().map(plain).collect()
    }
}

fn link(name: &str, (contact, login): &(Contact, Login), seconds: u64) -> Link {
    Link { created_at: later(seconds), ..build::link(name, login, contact) }
}

/// Messages about a contact come newest first, and no more than asked for.
pub async fn the_newest_messages_come_first(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    for name in ["one", "two", "three"] {
        let to = build::email(&format!("{name}@smith.example"));
        scene.write(Plan::new().mail(Message { to, ..build::message(name, &ada, &login, None) })).await;
    }
    assert_eq!(scene.newest("ada", 2).await, ["three@smith.example", "two@smith.example"]);
    assert_eq!(scene.newest("ada", 9).await.last().map(String::as_str), Some("one@smith.example"));
    assert!(scene.newest("bob", 9).await.is_empty());
    let other = Scene::set(harness, "jones").await;
    assert!(other.newest("ada", 9).await.is_empty(), "another practice's");
}

/// Links of a contact come newest first, each with the first time it was opened and the last; nothing else of it changes.
pub async fn openings_of_a_link_are_noted(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let live = scene.live("ada", "ada@smith.example").await;
    let (older, newer) = (link("older", &live, 1), link("newer", &live, 2));
    let opened = [&older, &newer].map(|link| Change::OpenLink(link.clone()));
    scene.write(opened.into_iter().fold(Plan::new(), Plan::then)).await;
    let ada = live.0;
    let listed = scene.store.newest_links(scene.id, ada.id, 10).await.expect("the store answers");
    assert_eq!(listed.iter().map(|traced| &traced.link).collect::<Vec<_>>(), [&newer, &older]);
    assert_eq!(scene.store.newest_links(scene.id, ada.id, 1).await.expect("it answers").len(), 1);
    for seconds in [20, 30, 40] {
        scene.store.note_opened(scene.id, older.id, later(seconds)).await.expect("it notes");
    }
    assert_eq!(scene.opened(ada.id, older.id).await, Some(Opened { first: later(20), last: later(40) }));
    scene.store.note_opened(scene.id, older.id, later(40).after(OPENED_ANEW / 2)).await.expect("it notes");
    scene.store.note_opened(scene.id, older.id, later(10)).await.expect("it notes");
    let opened = scene.opened(ada.id, older.id).await;
    assert_eq!(opened, Some(Opened { first: later(20), last: later(40) }), "too soon, or by a clock that is behind");
    assert_eq!(scene.opened(ada.id, newer.id).await, None);
    let listed = scene.store.newest_links(scene.id, ada.id, 10).await.expect("the store answers");
    assert_eq!(listed[1].link, older, "nothing else changed");
}

/// A link that is not there, or is another practice's, is not opened.
pub async fn openings_stay_inside_their_practice(harness: &Harness) {
    let (smith, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    let live = smith.live("ada", "ada@smith.example").await;
    let link = link("link", &live, 1);
    smith.write(Plan::new().then(Change::OpenLink(link.clone()))).await;
    let ada = live.0;
    jones.store.note_opened(jones.id, link.id, later(5)).await.expect("it is harmless");
    smith.store.note_opened(smith.id, build::id("none"), later(5)).await.expect("it is harmless");
    assert_eq!(smith.opened(ada.id, link.id).await, None);
    assert!(jones.store.newest_links(jones.id, ada.id, 10).await.expect("it answers").is_empty());
}

/// Tries are found at any of several marks, the newest first.
pub async fn tries_at_several_marks_come_newest_first(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let addresses = ["ada@smith.example", "adda@smith.example", "bob@smith.example"];
    for (place, address) in (1..).zip(addresses) {
        let noted = Try {
            id: build::id(address),
            mark: scene.mark(address),
            origin: None,
            known_browser: false,
            for_reset: false,
            at: later(place),
        };
        scene
            .store
            .admit(scene.id, &[Bucket::strangers(&key(address))], Some(&noted), later(place))
            .await
            .expect("counted");
    }
    let tries = async |addresses: &[&str], since: Timestamp, most| {
        let marks: Vec<_> = addresses.iter().map(|address| scene.mark(address)).collect();
        let found = scene.store.tries(scene.id, &marks, since, most).await.expect("the store answers");
        found.into_iter().map(|it| (it.noted.id, it.noted.mark)).collect::<Vec<_>>()
    };
    let at = |address: &str| (build::id(address), scene.mark(address));
    assert_eq!(tries(&addresses[..2], NOON, 9).await, ["adda@smith.example", "ada@smith.example"].map(at));
    assert_eq!(tries(&addresses, NOON, 1).await, ["bob@smith.example"].map(at));
    assert_eq!(tries(&addresses[..2], later(1), 9).await, ["adda@smith.example"].map(at));
    assert!(tries(&[], NOON, 9).await.is_empty());
}

/// An address leads to whoever has it, first or elsewhere in the list, and to who had it first once.
pub async fn an_address_leads_to_who_has_it_or_had_it(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let ada = build::contact("ada", &["ada@smith.example"]);
    scene.write(Plan::new().put_contact(&ada)).await;
    scene.write(Plan::new().put_contact(&build::contact("bob", &["bob@smith.example", "old@smith.example"]))).await;
    scene.write(Plan::new().put_contact(&build::contact("cy", &["bob@smith.example"]))).await;
    let new = Contact { emails: build::emails(&["new@smith.example"]), version: ada.version + 1, ..ada.clone() };
    let moves = Plan::new().changed(Aggregate::Contact(ada.id), ada.version).put_contact(&new);
    let remembered = ["ada@smith.example", "new@smith.example"].map(|text| Change::RememberKey {
        contact: ada.id,
        key: key(text),
        wrong: false,
    });
    scene.write(remembered.into_iter().fold(moves, Plan::then)).await;
    let row = |who: &str, address: &str, place| (who.to_owned(), format!("{address}@smith.example"), place);
    let all = ["ada@smith.example", "old@smith.example", "bob@smith.example", "new@smith.example"];
    let expected = [
        row("ada", "new", Place::First),
        row("bob", "bob", Place::First),
        row("cy", "bob", Place::First),
        row("bob", "old", Place::Other),
        row("ada", "ada", Place::Former),
    ];
    assert_eq!(scene.known(&all, 9).await, expected);
    assert_eq!(scene.known(&all, 2).await, expected[..2]);
    assert!(scene.known(&["nobody@smith.example"], 9).await.is_empty());
    let other = Scene::set(harness, "jones").await;
    assert!(other.known(&all, 9).await.is_empty(), "another practice's");
}
