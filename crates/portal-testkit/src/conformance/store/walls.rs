use portal_domain::{
    change::{Aggregate, Change},
    contact::Contact,
    facts::{ContactFacts, ContactQuery, ContactSelector},
    port::{Commit, PortalStore},
};

use crate::{
    build::{self, NOON, Plan, key, reference},
    conformance::{
        Harness,
        scene::{Scene, about},
    },
};

/// Fills a practice. Every id, reference and key is the same in every practice, and everything says whose it is.
async fn fill(scene: &Scene, whose: &str) {
    let say = |what: &str| format!("{what} of {whose}");
    let login = build::login("ada", "ada@smith.example");
    let login = portal_domain::login::Login { credential: Some(build::credential(whose, None)), ..login };
    let client = portal_domain::practice::Client { name: say("client"), ..build::client("k") };
    let user = portal_domain::practice::PracticeUser {
        name: say("user"),
        role: portal_domain::practice::Role::Admin,
        ..build::user("u", "u@smith.example")
    };
    let ada = build::granted(build::contact("ada", &["ada@smith.example"]), &login);
    let ada = Contact { name: say("contact"), clients: vec![client.id], ..ada };
    let link = build::link("l", &login, &ada);
    let mut session = build::session("s", &login);
    session.origin = Some(say("origin"));
    session.hash = build::session_hash(whose);
    let mut event = build::event("e");
    event.caller = say("event");
    event.subject.contact = Some(ada.id);
    let plan = Plan::new().put_client(&client).put_user(&user).put_login(&login).put_contact(&ada);
    let plan = plan.mail(build::message("m", &ada, &login, Some(&link))).then(Change::OpenLink(link));
    let plan = plan.then(Change::OpenSession(session)).tell(event);
    let remember = Change::RememberKey { contact: ada.id, key: key(&format!("{whose}@old.example")), wrong: false };
    let mut receipt = build::receipt("r");
    receipt.outcome = whose.as_bytes().to_vec();
    let commit = scene.commit(&[plan.then(remember).done()], Some(&receipt)).await;
    assert_eq!(commit, Commit::Committed, "another practice's things are in nobody's way");
}

async fn holds_only_its_own(scene: &Scene, whose: &str) {
    let say = |what: &str| format!("{what} of {whose}");
    let facts = scene.contact("ada").await;
    assert_eq!(facts.contact.as_ref().expect("there").name, say("contact"));
    assert_eq!(facts.clients.iter().map(|client| &client.name).collect::<Vec<_>>(), [&say("client")]);
    assert_eq!(facts.former_keys, [key(&format!("{whose}@old.example"))].into());
    let login = facts.login.expect("there");
    assert_eq!(login.login.credential, Some(build::credential(whose, None)));
    assert_eq!((login.members.len(), login.links.len(), login.sessions.len()), (1, 1, 1));
    assert_eq!(login.members[0].contact.name, say("contact"));
    assert_eq!(login.members[0].clients[0].name, say("client"));
    assert_eq!(login.sessions[0].origin, Some(say("origin")));
    assert_eq!(scene.login("ada@smith.example").await, Some(login.clone()));
    assert_eq!(scene.link("l").await.expect("there").login, Some(login));
    let user = scene.user("u", Some(key("u@smith.example"))).await;
    assert_eq!((user.user.expect("there").name, user.other_admin), (say("user"), None));
    let session = scene.store.session(scene.id, &build::session_hash(whose), NOON).await.expect("the store answers");
    assert_eq!(session.expect("there").session.origin, Some(say("origin")));
    let visit = scene.store.visit(&scene.id.into(), &build::session_hash(whose)).await.expect("the store answers");
    let (session, login) = visit.and_then(|visit| visit.session).expect("there");
    assert_eq!(session.origin, Some(say("origin")));
    assert_eq!((&login.members[0].name, &login.members[0].clients[0].name), (&say("contact"), &say("client")));
    let events = scene.events().await;
    assert_eq!((events.len(), &events[0].caller), (1, &say("event")));
    assert_eq!(scene.messages("ada").await.len(), 1);
    let receipt = scene.store.receipt(scene.id, &build::receipt("r").request).await.expect("the store answers");
    assert_eq!(receipt.expect("there").outcome, whose.as_bytes());
}

/// Practices never see one another, even where every id, reference and key is the same.
pub async fn practices_never_see_one_another(harness: &Harness) {
    let (smith, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    fill(&smith, "smith").await;
    fill(&jones, "jones").await;
    holds_only_its_own(&smith, "smith").await;
    holds_only_its_own(&jones, "jones").await;
}

/// A change in one practice touches nothing of another, even where every id, reference and key is the same.
pub async fn a_change_stays_inside_its_practice(harness: &Harness) {
    let (smith, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    fill(&smith, "smith").await;
    fill(&jones, "jones").await;
    let at = build::later(5);
    let (ada, login) = (build::id("ada"), build::id("ada"));
    let plan = Plan::new()
        .then(Change::UseLink { link: build::id("l"), at })
        .then(Change::EndLinks { login, at })
        .then(Change::EndSessions { login, which: portal_domain::change::Which::All, at })
        .then(Change::TouchSession { session: build::id("s"), at, idle_until: at });
    smith.write(plan).await;
    holds_only_its_own(&jones, "jones").await;
    let gone = Plan::new()
        .changed(Aggregate::Contact(ada), 1)
        .changed(Aggregate::Login(login), 1)
        .changed(Aggregate::Client(build::id("k")), 1)
        .changed(Aggregate::User(build::id("u")), 1)
        .then(Change::DeleteContact(ada))
        .then(Change::DeleteLogin(login))
        .then(Change::DeleteClient(build::id("k")))
        .then(Change::DeleteUser(build::id("u")));
    smith.write(gone.release(&key("ada@smith.example")).release(&key("u@smith.example"))).await;
    holds_only_its_own(&jones, "jones").await;
    assert!(!smith.knows("ada").await);
}

/// What belongs to one practice is not there for another.
pub async fn ids_of_another_practice_are_unknown(harness: &Harness) {
    let (smith, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    fill(&smith, "smith").await;
    assert_eq!(jones.contact("ada").await, ContactFacts::default());
    let query = ContactQuery {
        contact: ContactSelector::Id(build::id("ada")),
        keys: vec![key("ada@smith.example"), key("u@smith.example")],
        clients: vec![reference("k")],
    };
    assert_eq!(jones.ask(&[query, about("ada")], NOON).await, [ContactFacts::default(), ContactFacts::default()]);
    assert_eq!(jones.user("u", Some(key("u@smith.example"))).await, Default::default());
    assert_eq!(jones.login("ada@smith.example").await, None);
    assert_eq!(jones.link("l").await, None);
    let hash = build::session_hash("smith");
    assert_eq!(jones.store.session(jones.id, &hash, NOON).await, Ok(None));
    let visit = jones.store.visit(&jones.id.into(), &hash).await.expect("the store answers");
    assert_eq!(visit.expect("the practice is there").session, None);
    assert_eq!(jones.store.visit(&build::id("nowhere").into(), &hash).await, Ok(None));
    let clients = PortalStore::clients(&*jones.store, jones.id, &[reference("k")]).await;
    assert_eq!(clients.expect("the store answers"), []);
    assert_eq!(jones.store.receipt(jones.id, &build::receipt("r").request).await, Ok(None));
    assert!(jones.messages("ada").await.is_empty() && jones.events().await.is_empty());
    let theirs = [
        Aggregate::Practice(smith.id),
        Aggregate::User(build::id("u")),
        Aggregate::Client(build::id("k")),
        Aggregate::Contact(build::id("ada")),
        Aggregate::Login(build::id("ada")),
    ];
    for what in theirs {
        jones.refuse(Plan::new().looked_at(what, 1).put_client(&build::client("new"))).await;
    }
    jones.refuse(Plan::new().then(Change::UseLink { link: build::id("l"), at: build::later(1) })).await;
    assert_eq!(smith.link("l").await.expect("there").link.used_at, None);
}
