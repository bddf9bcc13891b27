use std::slice;

use portal_domain::{
    change::{Aggregate, Change},
    contact::{Access, Contact, MovedFrom, RefusedUpdate},
    event::{Event, Subject},
    id::ClientId,
    login::Login,
    session::{PortalSession, ProfileId},
};

use crate::{
    build::{self, NOON, Plan, key, later},
    conformance::{
        Harness,
        scene::{EVERYTHING, Scene, next},
    },
};

/// Erasing a login erases its sessions. Its links stay, ended, and say that there is no login.
pub async fn erasing_a_login_keeps_its_links(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    let (_, other) = scene.live("bob", "bob@smith.example").await;
    let link = build::link("l", &login, &ada);
    let plan = Plan::new().mail(build::message("m", &ada, &login, Some(&link))).then(Change::OpenLink(link));
    let plan = plan.then(Change::OpenSession(build::session("s", &login)));
    scene.write(plan.then(Change::OpenSession(build::session("bob's", &other)))).await;
    let without = Contact { access: Access::Deactivated, login: None, behind_since: None, version: 2, ..ada };
    let plan = Plan::new().changed(Aggregate::Login(login.id), 1).then(Change::DeleteLogin(login.id));
    let plan = plan.then(Change::EndLinks { login: login.id, at: later(5) });
    scene.write(plan.release(&key("ada@smith.example")).put_contact(&without)).await;

    assert_eq!(scene.login("ada@smith.example").await, None);
    assert_eq!(scene.session("s").await, None);
    let facts = scene.link("l").await.expect("the link stays");
    assert_eq!((facts.link.ended_at, facts.sent_at, facts.login), (Some(later(5)), Some(NOON), None));
    let facts = scene.contact("ada").await;
    assert_eq!((facts.contact, facts.login), (Some(without), None));
    assert!(scene.session("bob's").await.is_some(), "another login's session stays");
    assert_eq!(scene.messages("ada").await.len(), 1, "its messages stay");
}

/// Deleting a contact takes its addresses, clients and former keys. Messages and events stay.
pub async fn deleting_a_contact_keeps_messages_and_events(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let client = build::client("k");
    scene.write(Plan::new().put_client(&client)).await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    let ada = Contact { clients: vec![client.id], version: 2, ..ada };
    let about = Subject { contact: Some(ada.id), ..Subject::default() };
    let plan = Plan::new().put_contact(&ada).mail(build::message("m", &ada, &login, None));
    let remember = Change::RememberKey { contact: ada.id, key: key("old@smith.example"), wrong: false };
    scene.write(plan.then(remember).tell(Event { subject: about, ..build::event("e") })).await;

    let gone = Plan::new().changed(Aggregate::Contact(ada.id), 2).then(Change::DeleteContact(ada.id));
    let gone = gone.changed(Aggregate::Login(login.id), 1).then(Change::DeleteLogin(login.id));
    scene.write(gone.release(&key("ada@smith.example"))).await;
    assert_eq!(scene.contact("ada").await, Default::default());
    assert_eq!(scene.messages("ada").await.len(), 1);
    scene.seal().await;
    let events = scene.store.events(scene.id, Some(ada.id), &EVERYTHING).await.expect("the store answers");
    assert_eq!(events.len(), 1);

    // Another contact of the reference, even of the id, begins with nothing.
    scene.write(Plan::new().put_contact(&build::contact("ada", &[]))).await;
    let facts = scene.contact("ada").await;
    assert_eq!(facts.contact, Some(build::contact("ada", &[])));
    assert!(facts.former_keys.is_empty() && facts.clients.is_empty());
}

/// Deleting a client takes it from every contact, and from every session that chose it.
pub async fn deleting_a_client_takes_it_everywhere(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (gone, stays) = (build::client("gone"), build::client("stays"));
    scene.write(Plan::new().put_client(&gone).put_client(&stays)).await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    let sorted = |mut ids: Vec<ClientId>| {
        ids.sort();
        ids
    };
    let ada = Contact { clients: sorted(vec![gone.id, stays.id]), version: 2, ..ada };
    let bob = Contact { clients: vec![gone.id], ..build::contact("bob", &[]) };
    scene.write(Plan::new().put_contact(&ada).put_contact(&bob)).await;
    let chose = |name: &str, client| PortalSession {
        profile: Some(ProfileId { contact: ada.id, client }),
        ..build::session(name, &login)
    };
    let plan = Plan::new().then(Change::OpenSession(chose("a", gone.id)));
    scene.write(plan.then(Change::OpenSession(chose("b", stays.id)))).await;

    let plan = Plan::new().changed(Aggregate::Client(gone.id), 1);
    scene.write(plan.then(Change::DeleteClient(gone.id))).await;
    assert_eq!(scene.clients().await, slice::from_ref(&stays));
    let facts = scene.contact("ada").await;
    assert_eq!(facts.contact.expect("there").clients, [stays.id]);
    assert_eq!(facts.clients, slice::from_ref(&stays));
    assert_eq!(facts.login.expect("live").members[0].clients, slice::from_ref(&stays));
    assert!(scene.contact("bob").await.contact.expect("there").clients.is_empty());
    let profile = async |name| scene.session(name).await.expect("there").session.profile;
    assert_eq!(profile("a").await, None);
    assert_eq!(profile("b").await, Some(ProfileId { contact: ada.id, client: stays.id }));
}

/// A contact is replaced: addresses and clients too, in the practice's order.
pub async fn a_contact_is_replaced(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let clients = ["k1", "k2", "k3"].map(build::client);
    scene.write(clients.iter().fold(Plan::new(), Plan::put_client)).await;
    let mut ids: Vec<_> = clients.iter().map(|client| client.id).collect();
    ids.sort();
    let many: Vec<String> = (0..20).map(|number| format!("a{}@smith.example", 19 - number)).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let versions = [
        (many, ids.clone()),
        (vec!["b@smith.example", "a3@smith.example"], vec![ids[1]]),
        (vec!["A3@smith.example", "b@smith.example"], ids.clone()),
        (vec![], vec![]),
        (vec!["c@smith.example"], vec![ids[2]]),
    ];
    let mut contact = build::contact("ada", &[]);
    for (version, (emails, clients)) in (1..).zip(versions) {
        contact = Contact { emails: build::emails(&emails), clients, version, ..contact };
        scene.write(Plan::new().put_contact(&contact)).await;
        assert_eq!(scene.contact("ada").await.contact.as_ref(), Some(&contact));
    }
    let moved = MovedFrom { address: "Ada@Old.example".to_owned(), at: later(7) };
    let refused = RefusedUpdate {
        at: later(8),
        code: "invalid_email".to_owned(),
        emails: Some(vec!["Ada ‘1’\t\"".to_owned(), String::new()]),
    };
    let whole = Contact {
        name: "Ada ‘the Ünïque’".to_owned(),
        locale: Some("de-CH".to_owned()),
        access: Access::Deactivated,
        activated_at: Some(later(3)),
        moved_from: Some(moved),
        refused_update: Some(refused),
        version: contact.version + 1,
        ..contact
    };
    scene.write(Plan::new().put_contact(&whole)).await;
    assert_eq!(scene.contact("ada").await.contact.as_ref(), Some(&whole));
    let bare = RefusedUpdate { at: later(9), code: "unknown_client".to_owned(), emails: None };
    for refused_update in [Some(bare), None] {
        let version = scene.contact("ada").await.contact.expect("ada").version + 1;
        let again = Contact { refused_update, version, ..whole.clone() };
        scene.write(Plan::new().put_contact(&again)).await;
        assert_eq!(scene.contact("ada").await.contact, Some(again));
    }
}

/// A contact leaves one login for another.
pub async fn a_contact_changes_its_login(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, home) = scene.live("ada", "home@smith.example").await;
    let bob = Contact {
        behind_since: Some(later(1)),
        ..build::granted(build::contact("bob", &["home@smith.example"]), &home)
    };
    scene.write(Plan::new().put_contact(&bob)).await;
    let own = build::login("own", "bob@smith.example");
    let bob = Contact {
        emails: build::emails(&["bob@smith.example", "home@smith.example"]),
        login: Some(own.id),
        behind_since: Some(later(2)),
        version: 2,
        ..bob
    };
    scene.write(Plan::new().put_login(&own).put_contact(&bob).put_login(&Login { epoch: 1, ..next(&home) })).await;
    let members = async |address| {
        let facts = scene.login(address).await.expect("live");
        facts.members.into_iter().map(|member| member.contact).collect::<Vec<_>>()
    };
    assert_eq!(members("home@smith.example").await, [ada]);
    assert_eq!(members("bob@smith.example").await, [bob]);
}
