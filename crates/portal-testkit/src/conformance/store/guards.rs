use portal_domain::{
    change::{Aggregate, Change, KeyOwner},
    login::Login,
    port::Commit,
};

use crate::{
    build::{self, Plan, key},
    conformance::{
        Harness,
        scene::{Scene, next},
    },
};

/// One aggregate of every kind, each at version 2.
async fn one_of_each(harness: &Harness) -> (Scene, Vec<Aggregate>) {
    let scene = Scene::set(harness, "smith").await;
    let (_, login) = scene.live("ada", "ada@smith.example").await;
    let (client, user) = (build::client("k"), build::user("u", "u@smith.example"));
    let contact = build::contact("bob", &[]);
    scene.write(Plan::new().put_client(&client).put_user(&user).put_contact(&contact)).await;
    let mut practice = build::practice("smith");
    practice.version = 2;
    let client = portal_domain::practice::Client { version: 2, ..client };
    let user = portal_domain::practice::PracticeUser { version: 2, ..user };
    let contact = portal_domain::contact::Contact { version: 2, ..contact };
    let plan = Plan::new().put_practice(&practice).put_client(&client).put_user(&user).put_contact(&contact);
    scene.write(plan.put_login(&next(&login))).await;
    let all = vec![
        Aggregate::Practice(practice.id),
        Aggregate::User(user.id),
        Aggregate::Client(client.id),
        Aggregate::Contact(contact.id),
        Aggregate::Login(login.id),
    ];
    (scene, all)
}

/// What is relied on in its present version is no conflict.
pub async fn a_present_version_is_no_conflict(harness: &Harness) {
    let (scene, all) = one_of_each(harness).await;
    let plan = all.iter().fold(Plan::new(), |plan, what| plan.looked_at(*what, 2));
    scene.write(plan.tell(build::event("all"))).await;
    let mut practice = build::practice("smith");
    (practice.version, practice.name) = (3, "Once more".to_owned());
    scene.write(Plan::new().put_practice(&practice)).await;
    assert_eq!(scene.practice().await, practice);
    assert_eq!(scene.events().await.len(), 1);
}

/// What is looked at in another version is a conflict, and nothing is written.
pub async fn a_looked_at_version_that_moved_is_a_conflict(harness: &Harness) {
    let (scene, all) = one_of_each(harness).await;
    for what in all {
        for version in [1, 3, i64::MAX] {
            let plan = Plan::new().looked_at(what, version).put_contact(&build::contact("new", &[]));
            scene.refuse(plan.tell(build::event("new"))).await;
            assert!(!scene.knows("new").await, "{what:?}");
        }
    }
    assert!(scene.events().await.is_empty());
}

/// What is changed from another version is a conflict, and nothing is written.
pub async fn a_changed_version_that_moved_is_a_conflict(harness: &Harness) {
    let (scene, _) = one_of_each(harness).await;
    let practice = portal_domain::practice::Practice { name: "No".to_owned(), ..build::practice("smith") };
    let client = portal_domain::practice::Client { name: "No".to_owned(), ..build::client("k") };
    let user = portal_domain::practice::PracticeUser { name: "No".to_owned(), ..build::user("u", "u@smith.example") };
    let contact = portal_domain::contact::Contact { name: "No".to_owned(), ..build::contact("bob", &[]) };
    let login = Login { epoch: 99, ..build::login("ada", "ada@smith.example") };
    for version in [2, 4] {
        let put = |plan: Plan| plan.tell(build::event("no")).done();
        let decisions = [
            put(Plan::new().put_practice(&portal_domain::practice::Practice { version, ..practice.clone() })),
            put(Plan::new().put_client(&portal_domain::practice::Client { version, ..client.clone() })),
            put(Plan::new().put_user(&portal_domain::practice::PracticeUser { version, ..user.clone() })),
            put(Plan::new().put_contact(&portal_domain::contact::Contact { version, ..contact.clone() })),
            put(Plan::new().put_login(&Login { version, ..login.clone() })),
        ];
        for decision in decisions {
            scene.refuse(decision).await;
        }
    }
    assert!(scene.events().await.is_empty());
    assert_ne!(scene.practice().await.name, "No");
    assert_eq!(scene.contact("bob").await.contact.map(|contact| contact.name), Some("Contact bob".to_owned()));
    assert_eq!(scene.login("ada@smith.example").await.map(|facts| facts.login.epoch), Some(1));
    assert_ne!(scene.user("u", None).await.user.map(|user| user.name), Some("No".to_owned()));
}

/// What is relied on and gone is a conflict, whether looked at or changed.
pub async fn an_aggregate_that_is_gone_is_a_conflict(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let never = [
        Aggregate::Practice(build::id("nobody")),
        Aggregate::User(build::id("nobody")),
        Aggregate::Client(build::id("nobody")),
        Aggregate::Contact(build::id("nobody")),
        Aggregate::Login(build::id("nobody")),
    ];
    for what in never {
        scene.refuse(Plan::new().looked_at(what, 1).put_client(&build::client("new"))).await;
    }
    let contact = build::contact("ada", &[]);
    scene.write(Plan::new().put_contact(&contact)).await;
    let gone = Aggregate::Contact(contact.id);
    scene.write(Plan::new().changed(gone, 1).then(Change::DeleteContact(contact.id))).await;
    scene.refuse(Plan::new().looked_at(gone, 1).put_client(&build::client("new"))).await;
    let changed = portal_domain::contact::Contact { version: 2, ..contact.clone() };
    scene.refuse(Plan::new().put_contact(&changed)).await;
    scene.refuse(Plan::new().changed(gone, 1).then(Change::DeleteContact(contact.id))).await;
    assert!(!scene.knows("ada").await);
    let clients = scene.clients().await;
    assert!(clients.is_empty(), "nothing of a conflict is written");
}

/// Whatever is in a commit, of any of its decisions: all is written, or nothing.
pub async fn commit_is_all_or_nothing(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    let open = build::link("open", &login, &ada);
    let plan = Plan::new().then(Change::OpenLink(open)).then(Change::OpenSession(build::session("open", &login)));
    scene.write(plan).await;
    let before = (scene.contact("ada").await, scene.login("ada@smith.example").await);

    let whole = || {
        let bob = build::login("bob", "bob@smith.example");
        let contact = build::granted(build::contact("bob", &["bob@smith.example"]), &bob);
        let link = build::link("bob's", &bob, &contact);
        let first = Plan::new()
            .put_login(&bob)
            .put_contact(&contact)
            .put_client(&build::client("k"))
            .put_user(&build::user("u", "u@smith.example"))
            .mail(build::message("m", &contact, &bob, Some(&link)))
            .then(Change::OpenLink(link))
            .then(Change::OpenSession(build::session("bob's", &bob)))
            .then(Change::AddApiKey(build::api_key("key", scene.id)))
            .tell(build::event("first"));
        let second = Plan::new()
            .put_login(&Login { epoch: 2, ..next(&login) })
            .then(Change::EndLinks { login: login.id, at: build::later(5) })
            .then(Change::EndSessions {
                login: login.id,
                which: portal_domain::change::Which::All,
                at: build::later(5),
            })
            .then(Change::RememberKey { contact: ada.id, key: key("ada@smith.example"), wrong: false })
            .tell(build::event("second"));
        (first, second)
    };
    let broken = [
        Plan::new().claim(&key("ada@smith.example"), KeyOwner::Login(build::id("cy"))),
        Plan::new().looked_at(Aggregate::Contact(ada.id), 9),
        Plan::new().then(Change::UseLink { link: build::id("none"), at: build::later(5) }),
        Plan::new()
            .put_contact(&portal_domain::contact::Contact { id: build::id("other"), ..build::contact("ada", &[]) }),
    ];
    for broken in broken {
        for order in [[0, 1, 2], [2, 0, 1], [0, 2, 1]] {
            let (first, second) = whole();
            let all = [first.done(), second.done(), broken.clone().done()];
            let decisions = order.map(|index: usize| all[index].clone());
            let commit = scene.commit(&decisions, Some(&build::receipt("r"))).await;
            assert_eq!(commit, Commit::Conflict);
            nothing_happened(&scene).await;
            assert_eq!((scene.contact("ada").await, scene.login("ada@smith.example").await), before);
        }
    }
    let (first, second) = whole();
    let commit = scene.commit(&[first.done(), second.done()], Some(&build::receipt("r"))).await;
    assert_eq!(commit, Commit::Committed, "without the broken part it fits");
    assert!(scene.knows("bob").await && scene.session_ended("open").await.is_some());
    assert_eq!((scene.events().await.len(), scene.messages("bob").await.len()), (2, 1));
}

async fn nothing_happened(scene: &Scene) {
    assert!(!scene.knows("bob").await);
    assert!(scene.clients().await.is_empty());
    assert_eq!(scene.user("u", Some(key("u@smith.example"))).await, Default::default());
    assert_eq!(scene.login("bob@smith.example").await, None);
    assert_eq!(scene.link("bob's").await, None);
    assert_eq!(scene.session("bob's").await, None);
    assert!(scene.messages("bob").await.is_empty());
    assert!(scene.events().await.is_empty());
    assert!(scene.store.api_keys(scene.id).await.expect("the store answers").is_empty());
    let receipt = scene.store.receipt(scene.id, &build::receipt("r").request).await;
    assert_eq!(receipt.expect("the store answers"), None);
    assert_eq!((scene.link_ended("open").await, scene.session_ended("open").await), (None, None));
}

/// A commit to a practice that is not there is a conflict.
pub async fn a_commit_to_no_practice_is_a_conflict(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let nowhere = Scene { id: build::id("nowhere"), ..scene };
    let plan = Plan::new().looked_at(Aggregate::Practice(nowhere.id), 1);
    nowhere.refuse(plan.put_client(&build::client("k"))).await;
}
