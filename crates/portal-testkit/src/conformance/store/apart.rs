//! What is told about one person is nobody else's, also after somebody was deleted or erased (C3, J3).

use std::collections::BTreeMap;

use portal_domain::{
    change::{Aggregate, Change},
    contact::Contact,
    erasure::{Erasure, Heir},
    event::Event,
    export::{Dossier, DossierFacts},
    job::{Job, JobRow},
    login::Login,
    message::DeliveryState,
    port::{Enquiries, Enquiry, EnquiryKind, LeaseTerms, Outbox, Settlement},
    session::{PortalSession, ProfileId},
    throttle::{Bucket, Try},
    time::Timestamp,
};

use super::personal::{about, erasure, told, tried_at};
use crate::{
    build::{self, NOON, Plan, key, later, reference},
    conformance::{
        Harness, jobs,
        overlap::Overlaps,
        scene::{Scene, next},
    },
};

async fn dossier(scene: &Scene, name: &str) -> DossierFacts {
    let found = scene
        .store
        .dossier(scene.id, &reference(name), &scene.marks_after_rotation(), later(500))
        .await
        .expect("the store answers");
    found.expect("it is there")
}

async fn try_at(scene: &Scene, name: &str, address: &str, seconds: u64) {
    let origin = Some("192.0.2.1".to_owned());
    let noted = Try {
        id: build::id(name),
        mark: scene.mark(address),
        origin,
        known_browser: false,
        for_reset: false,
        at: later(seconds),
    };
    scene.store.admit(scene.id, &[], Some(&noted), later(seconds)).await.expect("the store counts");
}

/// Deletes a contact behind a login at a time, after which others stay behind it.
fn delete(contact: &Contact, login: &Login, seconds: u64) -> Plan {
    let event = Event { kind: "contact.deleted", at: later(seconds), ..told("deleted", about(contact, login)) };
    let plan = Plan::new().changed(Aggregate::Contact(contact.id), contact.version).put_login(&next(login));
    plan.then(Change::DeleteContact(contact.id)).tell(event)
}

fn erase(scene: &Scene, contact: &Contact, heir: Heir) -> Change {
    Change::Erase(Box::new(Erasure { heirs: vec![heir], ..erasure(scene, contact, None) }))
}

/// Of two behind a login one is erased, at once or after its deletion: what was hers is not told of the other.
pub async fn j3_erasing_one_of_two_tells_the_other_nothing(harness: &Harness) {
    for deleted_before in [false, true] {
        let scene = Scene::set(harness, if deleted_before { "smith" } else { "jones" }).await;
        let address = "home@smith.example";
        let (ada, login) = scene.live("ada", address).await;
        let bob = build::granted(build::contact("bob", &[address]), &login);
        let link = build::link("link", &login, &ada);
        let plan = Plan::new().put_contact(&bob).mail(build::message("bob's", &bob, &login, None));
        let plan = plan.then(Change::OpenLink(link.clone()));
        let plan = plan.mail(build::message("ada's", &ada, &login, Some(&link))).tell(told("e", about(&ada, &login)));
        scene.write(plan.then(Change::OpenSession(build::session("before", &login)))).await;
        try_at(&scene, "before", address, 1).await;

        let heir = Heir { login: login.id, contact: bob.id, address: build::email(address) };
        let gone = delete(&ada, &login, 100);
        if deleted_before {
            scene.write(gone).await;
            scene.write(Plan::new().then(erase(&scene, &ada, heir))).await;
        } else {
            scene.write(gone.then(erase(&scene, &ada, heir))).await;
        }
        let session = PortalSession { created_at: later(200), ..build::session("after", &login) };
        scene.write(Plan::new().then(Change::OpenSession(session))).await;
        try_at(&scene, "after", address, 200).await;

        let found = dossier(&scene, "bob").await;
        assert!(found.login_was_shared, "erasing the mail about her does not forget her");
        let from: BTreeMap<_, _> = found.sessions.iter().map(|it| (it.id, it.origin.is_some())).collect();
        assert_eq!(from, [(build::id("before"), false), (build::id("after"), true)].into());
        let told = Dossier::of(found, later(500)).expect("it is there");
        assert!(told.found.sessions.is_empty() && told.found.tries.is_empty(), "they may have been hers");
        assert_eq!(told.sessions_left_out, 2);
        assert_eq!(scene.link("link").await.expect("it works").link.contact, bob.id);
    }
}

/// Tries are found at the key of the contact's login, and at no other address that it has or had.
pub async fn a_dossier_has_tries_at_the_key_of_the_login(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (bob, login) = scene.live("bob", "bob@smith.example").await;
    let emails = build::emails(&["bob@smith.example", "second@smith.example"]);
    let listed = Contact { emails, version: 2, ..bob.clone() };
    let remember = Change::RememberKey { contact: bob.id, key: key("old@smith.example"), wrong: false };
    scene.write(Plan::new().put_contact(&listed).then(remember)).await;
    for address in ["bob@smith.example", "second@smith.example", "old@smith.example"] {
        try_at(&scene, address, address, 1).await;
    }
    let ids = async || dossier(&scene, "bob").await.tries.iter().map(|it| it.id).collect::<Vec<_>>();
    assert_eq!(ids().await, [build::id("bob@smith.example")]);
    let dormant = Login { key: None, ..next(&login) };
    scene.write(Plan::new().put_login(&dormant).release(&key("bob@smith.example"))).await;
    assert_eq!(ids().await, [], "its login has no key");
}

/// What was asked for at an address of who is erased goes, unless somebody has the key.
pub async fn j3_what_others_asked_for_outlives_an_erasure(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (home, bobs, own) = ("home@smith.example", "bob@smith.example", "ada@smith.example");
    let (ada, login) = scene.live("ada", home).await;
    scene.live("bob", bobs).await;
    let carl = build::granted(build::contact("carl", &[home]), &login);
    scene.write(Plan::new().put_contact(&carl)).await;
    for (seconds, address) in (0..).zip([home, bobs, own, "no address"]) {
        let kind = EnquiryKind::Reset { address: address.to_owned() };
        let wish = Enquiry { id: build::id(address), practice: scene.id, kind, origin: None, at: later(seconds) };
        scene.store.put(&wish).await.expect("the store keeps it");
    }
    for address in [home, bobs, own] {
        let id = build::id(&format!("a try at {address}"));
        let noted =
            Try { id, mark: scene.mark(address), origin: None, known_browser: false, for_reset: false, at: NOON };
        scene.store.admit(scene.id, &[Bucket::origin("192.0.2.1", 60)], Some(&noted), NOON).await.expect("it counts");
    }
    let heir = Heir { login: login.id, contact: carl.id, address: build::email(home) };
    let keys = [home, bobs, own].map(|address| (address.to_owned(), Some(key(address))));
    let addresses = keys.into_iter().chain([("no address".to_owned(), None)]).collect();
    let tried = [home, bobs, own].map(|address| tried_at(&scene, &key(address))).into();
    let erases = Erasure { heirs: vec![heir], addresses, tried, ..erasure(&scene, &ada, None) };
    scene.write(delete(&ada, &login, 100).then(Change::Erase(Box::new(erases)))).await;
    let left = Enquiries::lease(&*scene.store, later(200), later(300), 10).await.expect("the store leases");
    assert_eq!(left.iter().map(|it| it.id).collect::<Vec<_>>(), [home, bobs].map(build::id));
    scene.live("eve", own).await;
    while scene.store.forget_tries(NOON, 1).await.expect("the store answers") > 0 {}
    for address in [home, bobs, own] {
        let tries = scene
            .store
            .tries(scene.id, &[scene.mark(address)], Timestamp::from_micros(0), 9)
            .await
            .expect("it answers");
        assert_eq!(tries.len(), 1, "{address} is somebody's");
    }
}

/// Rows of jobs from before a contact was deleted are not those of the next one of its reference.
pub async fn j3_rows_of_a_former_contact_are_not_the_next_ones(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    let stage = |name: &str, seconds| {
        let job = Job { created_at: later(seconds), ..jobs::import(&scene, name) };
        let rows = vec![JobRow { reference: "ada".to_owned(), ..jobs::row(0) }];
        let staged = Change::StageRows { job: job.id, rows };
        Plan::new().then(Change::PutJob(Box::new(job))).then(staged)
    };
    let of = async || dossier(&scene, "ada").await.rows.iter().map(|row| row.job).collect::<Vec<_>>();
    scene.write(stage("former", 10)).await;
    assert_eq!(of().await, [build::id("former")]);
    let event = Event { kind: "contact.deleted", at: later(20), ..told("deleted", about(&ada, &login)) };
    let plan = Plan::new().changed(Aggregate::Contact(ada.id), 1).changed(Aggregate::Login(login.id), 1);
    let plan = plan.release(&key("ada@smith.example")).then(Change::DeleteLogin(login.id));
    scene.write(plan.then(Change::DeleteContact(ada.id)).tell(event)).await;
    scene.write(Plan::new().put_contact(&Contact { id: build::id("again"), ..build::contact("ada", &[]) })).await;
    scene.write(stage("next", 30)).await;
    assert_eq!(of().await, [build::id("next")]);
}

/// A contact that left a login is told of its sessions there in which its own profile was chosen, and of no others.
pub async fn a_dossier_has_the_contacts_sessions_at_a_login_it_left(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let client = build::client("acme");
    scene.write(Plan::new().put_client(&client)).await;
    let (bob, home) = scene.live("bob", "home@smith.example").await;
    let ada =
        build::granted(Contact { clients: vec![client.id], ..build::contact("ada", &["home@smith.example"]) }, &home);
    let chose = |name: &str, contact: &Contact| PortalSession {
        profile: Some(ProfileId { contact: contact.id, client: client.id }),
        ..build::session(name, &home)
    };
    let plan = Plan::new().put_contact(&ada).tell(told("joined", about(&ada, &home)));
    let plan = plan.then(Change::OpenSession(chose("hers", &ada))).then(Change::OpenSession(chose("his", &bob)));
    scene.write(plan.then(Change::OpenSession(build::session("whose", &home)))).await;
    let own = build::login("own", "ada@smith.example");
    let split =
        Contact { emails: build::emails(&["ada@smith.example"]), login: Some(own.id), version: 2, ..ada.clone() };
    let plan = Plan::new().put_login(&own).put_contact(&split).put_login(&next(&home));
    scene.write(plan.then(Change::OpenSession(build::session("new", &own)))).await;
    let found = dossier(&scene, "ada").await;
    let told = Dossier::of(found, later(500)).expect("it is there");
    let mut ids: Vec<_> = told.found.sessions.iter().map(|session| session.id).collect();
    ids.sort();
    let mut hers = vec![build::id("hers"), build::id("new")];
    hers.sort();
    assert_eq!((ids, told.sessions_left_out), (hers, 0));
}

/// Mail that is settled while its contact is erased leaves no address in the journal.
pub async fn j3_mail_settled_at_the_same_time_leaves_no_address(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let overlaps = Overlaps::new();
    for round in 0..20 {
        let (name, address) = (format!("ada{round}"), format!("ada{round}@smith.example"));
        let (ada, login) = scene.live(&name, &address).await;
        scene.write(Plan::new().mail(build::message(&name, &ada, &login, None))).await;
        let leased = Outbox::lease(&*scene.store, &LeaseTerms::new(later(1), later(500), 10)).await;
        let lease = leased.expect("the store leases").first().expect("it is due").lease;
        let personal = [("to".to_owned(), address.clone())].into();
        let event = Event { subject: about(&ada, &login), personal, ..build::event(&format!("sent {round}")) };
        let settled = Settlement { event, ..build::settlement("sent", DeliveryState::Accepted, later(2)) };
        let plan = Plan::new().changed(Aggregate::Contact(ada.id), 1).changed(Aggregate::Login(login.id), 1);
        let plan = plan.release(&key(&address)).then(Change::DeleteContact(ada.id)).then(Change::DeleteLogin(login.id));
        let erases = plan.then(Change::Erase(Box::new(erasure(&scene, &ada, None)))).done();
        let (one, two) = (scene.turn(harness, 0), scene.turn(harness, 1));
        let calls: Vec<std::pin::Pin<Box<dyn Future<Output = ()> + Send>>> = vec![
            Box::pin(async move { _ = Outbox::settle(&*one.store, &lease, &settled).await }),
            Box::pin(async move { two.insist(erases).await }),
        ];
        overlaps.at_once(calls).await;
    }
    let left = scene.events().await.into_iter().filter(|event| event.personal.is_some()).count();
    assert_eq!(left, 0, "the journal has the address of who is erased");
    overlaps.must_be_real();
}
