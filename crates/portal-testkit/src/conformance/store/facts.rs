use portal_domain::{
    change::{Change, KeyOwner},
    facts::{ContactFacts, ContactQuery, ContactSelector, Holder},
    id::Slug,
    port::{PortalStore, PracticeSelector},
    practice::{Place, PracticeUser, ReturnAddress, Role, Scope, SecondFactor, SessionsOnMove, Settings, SharedLogin},
};

use crate::{
    build::{self, NOON, Plan, key, later, reference},
    conformance::{
        Harness,
        scene::{Scene, about},
    },
};

/// A practice is found by its slug and by its id, and by nothing else.
pub async fn a_practice_is_found_by_slug_and_id(harness: &Harness) {
    let scene = Scene::set(harness, "smith-1").await;
    let practice = build::practice("smith-1");
    let find = async |by: PracticeSelector| scene.store.practice(&by).await.expect("the store answers");
    assert_eq!(find(PracticeSelector::Slug(practice.slug.clone())).await.as_ref(), Some(&practice));
    assert_eq!(find(PracticeSelector::Id(practice.id)).await.as_ref(), Some(&practice));
    assert_eq!(find(PracticeSelector::Id(build::id("smith-2"))).await, None);
    let other = Slug::parse("smith-12").expect("a slug");
    assert_eq!(find(PracticeSelector::Slug(other)).await, None);
}

fn place(name: &str) -> Place {
    let address = "https://files.smith.example:8443/a?b=c#d".to_owned();
    Place { name: name.to_owned(), address, sentence: "Where “papers” are – 👋".to_owned() }
}

/// Name and settings of a practice are replaced and come back whole.
pub async fn settings_come_back_whole(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let settings = Settings {
        shared_login: SharedLogin::Refuse,
        sessions_on_move: SessionsOnMove::Keep,
        activation_link_hours: 720,
        reset_link_minutes: 10,
        session_idle_minutes: 1440,
        session_absolute_hours: 1,
        password_min_length: 64,
        hint_mail: false,
        reminder_days: vec![1, 30],
        mail_reply_to: Some("büro@bücher.example".to_owned()),
        contact_line: "Call 01 – ask for “Ada”".to_owned(),
        invitation_note: "Dear client,\nwelcome 👋".to_owned(),
        mails_per_hour: Some(1_000_000),
        locale: "de-AT".to_owned(),
        accent: Some("#1A5276".to_owned()),
        logo: Some(format!("data:image/png;base64,{}", "iVBORw0KGgo".repeat(3_000))),
        places: ["Über uns", "Files\u{a0}“A”"].map(place).into(),
        return_addresses: vec![ReturnAddress {
            name: "app".to_owned(),
            address: "https://app.smith.example/?a=1&b=%C3%BC".to_owned(),
        }],
        second_factor: SecondFactor::Optional,
    };
    let first = build::practice("smith");
    let changed =
        portal_domain::practice::Practice { name: "Smith & Söhne".to_owned(), settings, version: 2, ..first };
    scene.write(Plan::new().put_practice(&changed)).await;
    assert_eq!(scene.practice().await, changed);
}

/// Facts come in the order of the queries, also where nothing is known.
pub async fn facts_come_in_the_order_of_the_queries(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    for name in ["c", "a", "b"] {
        scene.write(Plan::new().put_contact(&build::contact(name, &[]))).await;
    }
    assert_eq!(scene.ask(&[], NOON).await, []);
    let names = ["b", "nobody", "c", "a", "b"];
    let facts = scene.ask(&names.map(about), NOON).await;
    let found: Vec<_> = facts.iter().map(|facts| facts.contact.as_ref().map(|it| it.reference.as_str())).collect();
    assert_eq!(found, [Some("b"), None, Some("c"), Some("a"), Some("b")]);
    assert_eq!(facts[1], ContactFacts::default(), "nothing is known of nobody");
}

/// What is asked about keys and clients is answered also where there is no such contact.
pub async fn keys_and_clients_are_answered_without_a_contact(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    scene.write(Plan::new().put_client(&build::client("k1"))).await;
    let (_, login) = scene.live("ada", "ada@smith.example").await;
    let query = ContactQuery {
        keys: vec![key("ada@smith.example"), key("free@smith.example")],
        clients: vec![reference("k1"), reference("k2")],
        ..about("nobody")
    };
    let facts = scene.ask(&[query], NOON).await.remove(0);
    assert_eq!(facts.contact, None);
    assert_eq!(facts.clients, [build::client("k1")]);
    assert_eq!(facts.login, None);
    assert_eq!(facts.holders.len(), 1, "a key that nobody holds is absent");
    let holder = &facts.holders[&key("ada@smith.example")];
    assert!(matches!(holder, Holder::Login(facts) if facts.login == login), "{holder:?}");
}

/// Facts hold the contact's own clients and those that were named, each once, by reference.
pub async fn facts_hold_own_and_named_clients(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let suspended = portal_domain::practice::Client { suspended: true, ..build::client("B") };
    let clients = [build::client("z"), suspended, build::client("a"), build::client("other")];
    for client in &clients {
        scene.write(Plan::new().put_client(client)).await;
    }
    let mut ids = vec![clients[0].id, clients[1].id];
    ids.sort();
    let ada = portal_domain::contact::Contact { clients: ids, ..build::contact("ada", &[]) };
    scene.write(Plan::new().put_contact(&ada)).await;
    let query = ContactQuery { clients: ["a", "z", "none"].map(reference).to_vec(), ..about("ada") };
    let facts = scene.ask(&[query], NOON).await.remove(0);
    assert_eq!(facts.contact, Some(ada));
    assert_eq!(facts.clients, [clients[1].clone(), clients[2].clone(), clients[0].clone()]);
}

/// Keys that were the contact's first are remembered, once, and for that contact only.
pub async fn former_keys_are_remembered(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, bob) = (build::contact("ada", &[]), build::contact("bob", &[]));
    scene.write(Plan::new().put_contact(&ada).put_contact(&bob)).await;
    assert!(scene.contact("ada").await.former_keys.is_empty());
    let remember = |text| Change::RememberKey { contact: ada.id, key: key(text), wrong: false };
    scene.write(Plan::new().then(remember("a@smith.example")).then(remember("b@smith.example"))).await;
    scene.write(Plan::new().then(remember("b@smith.example")).then(remember("ü@smith.example"))).await;
    let expected = ["a@smith.example", "b@smith.example", "ü@smith.example"].map(key).into();
    assert_eq!(scene.contact("ada").await.former_keys, expected);
    assert!(scene.contact("bob").await.former_keys.is_empty());
}

/// Holders are named for the keys asked about and for the contact's own first address, not for its others.
pub async fn holders_are_named_for_asked_keys_and_the_first_address(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let staff = build::user("boss", "boss@smith.example");
    scene.write(Plan::new().put_user(&staff)).await;
    let (_, login) = scene.live("ada", "ada@smith.example").await;
    scene.live("cy", "cy@smith.example").await;
    let dup = build::contact("dup", &["Ada@smith.example", "cy@smith.example"]);
    scene.write(Plan::new().put_contact(&dup)).await;
    let facts = scene.contact("dup").await;
    assert_eq!(facts.holders.keys().cloned().collect::<Vec<_>>(), [key("ada@smith.example")]);
    assert_eq!(facts.login, None, "an address is no membership");
    let query = ContactQuery { keys: vec![key("boss@smith.example"), key("x@smith.example")], ..about("dup") };
    let facts = scene.ask(&[query], NOON).await.remove(0);
    assert_eq!(facts.holders.len(), 2);
    assert_eq!(facts.holders[&key("boss@smith.example")], Holder::User(staff));
    let Holder::Login(held) = &facts.holders[&key("ada@smith.example")] else { panic!("a login holds the key") };
    assert_eq!(held.login, login);
    assert_eq!(held.members.len(), 1, "who is behind the holder is told");
    assert_eq!(scene.login("ada@smith.example").await.as_ref(), Some(held));
}

/// A contact is found by our id as by the host's reference.
pub async fn a_contact_is_found_by_id_as_by_reference(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    scene.live("ada", "ada@smith.example").await;
    scene.live("bob", "bob@smith.example").await;
    let by_id = |name| ContactQuery { contact: ContactSelector::Id(build::id(name)), ..about("x") };
    let facts = scene.ask(&[about("ada"), by_id("ada"), by_id("nobody"), by_id("bob")], NOON).await;
    assert_eq!(facts[0], facts[1]);
    assert_eq!(facts[2], ContactFacts::default());
    assert_eq!(facts[3], scene.contact("bob").await);
}

/// References are compared byte by byte.
pub async fn references_are_compared_byte_by_byte(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let names = ["a", "A", "a.", "a%", "_", "a_b", "aXb", "0", "00", "'\"\\;--", "{}[]()"];
    for name in names {
        scene.write(Plan::new().put_contact(&build::contact(name, &[]))).await;
    }
    for name in names {
        assert_eq!(scene.contact(name).await.contact, Some(build::contact(name, &[])));
    }
    assert!(!scene.knows("000").await);
}

/// A practice user is told with who holds the key asked about, and with another admin.
pub async fn user_facts_name_holder_and_another_admin(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    assert_eq!(scene.user("a", None).await, Default::default());
    let admin = |name: &str| PracticeUser { role: Role::Admin, ..build::user(name, &format!("{name}@smith.example")) };
    let staff = build::user("s", "s@smith.example");
    scene.write(Plan::new().put_user(&staff).put_user(&admin("a"))).await;
    let facts = scene.user("a", None).await;
    assert_eq!((facts.user, facts.holder, facts.other_admin), (Some(admin("a")), None, None));
    assert_eq!(scene.user("s", None).await.other_admin, Some(admin("a")));
    scene.write(Plan::new().put_user(&admin("b")).put_user(&admin("c"))).await;
    let least = [admin("b"), admin("c")].into_iter().min_by_key(|user| user.id);
    assert_eq!(scene.user("a", None).await.other_admin, least);
    let least = ["a", "b", "c"].map(admin).into_iter().min_by_key(|user| user.id);
    assert_eq!(scene.user("nobody", None).await.other_admin, least);

    scene.live("ada", "ada@smith.example").await;
    let holder = scene.user("nobody", Some(key("s@smith.example"))).await.holder;
    assert_eq!(holder, Some(Holder::User(staff)));
    let holder = scene.user("a", Some(key("ADA@smith.example"))).await.holder;
    assert_eq!(holder, scene.login("ada@smith.example").await.map(Holder::Login));
    assert_eq!(scene.user("a", Some(key("free@smith.example"))).await.holder, None);
}

/// A practice user is replaced: name, address, role. The key moves apart.
pub async fn a_user_is_replaced(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let user = build::user("u", "u@smith.example");
    scene.write(Plan::new().put_user(&user)).await;
    let changed = PracticeUser {
        name: "Ürsula".to_owned(),
        email: build::email(" U2@smith.example"),
        role: Role::Admin,
        version: 2,
        ..user.clone()
    };
    let plan = Plan::new().release(user.email.key()).put_user(&changed);
    scene.write(plan.claim(changed.email.key(), KeyOwner::User(user.id))).await;
    let facts = scene.user("u", Some(user.email.key().clone())).await;
    assert_eq!((facts.user.as_ref(), facts.holder), (Some(&changed), None));
    let holder = scene.user("u", Some(changed.email.key().clone())).await.holder;
    assert_eq!(holder, Some(Holder::User(changed)));
}

/// Clients come by reference, as far as they exist.
pub async fn clients_come_as_far_as_they_exist(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    for name in ["b", "B", "a"] {
        scene.write(Plan::new().put_client(&build::client(name))).await;
    }
    let suspended =
        portal_domain::practice::Client { suspended: true, name: "Neu".to_owned(), version: 2, ..build::client("b") };
    scene.write(Plan::new().put_client(&suspended)).await;
    let refs = ["b", "x", "a", "B", "a"].map(reference);
    let found = PortalStore::clients(&*scene.store, scene.id, &refs).await.expect("the store answers");
    assert_eq!(found, [build::client("B"), build::client("a"), suspended]);
    let found = PortalStore::clients(&*scene.store, scene.id, &[]).await.expect("the store answers");
    assert_eq!(found, []);
}

/// An API key calls, of whatever practice, until it is revoked; revoked again it stays revoked since then.
pub async fn an_api_key_calls_until_it_is_revoked(harness: &Harness) {
    let (smith, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    let mut ours = build::api_key("ours", smith.id);
    ours.scopes = Scope::ALL.to_vec();
    let theirs = build::api_key("theirs", jones.id);
    smith.write(Plan::new().then(Change::AddApiKey(ours.clone()))).await;
    jones.write(Plan::new().then(Change::AddApiKey(theirs.clone()))).await;
    let caller =
        async |key: &portal_domain::practice::ApiKey| smith.store.caller(&key.hash).await.expect("the store answers");
    assert_eq!(caller(&ours).await.as_ref(), Some(&ours));
    assert_eq!(caller(&theirs).await.as_ref(), Some(&theirs));
    assert_eq!(caller(&build::api_key("nobody's", smith.id)).await, None);
    let revoke = |key, seconds| Plan::new().then(Change::RevokeApiKey { key, at: later(seconds) });
    smith.write(revoke(ours.id, 60)).await;
    assert_eq!(caller(&ours).await, None);
    // Who comes second decides again, and writes no event of it.
    smith.refuse(revoke(ours.id, 90)).await;
    smith.refuse(revoke(theirs.id, 90)).await;
    let keys = smith.store.api_keys(smith.id).await.expect("the store answers");
    assert_eq!(keys[0].revoked_at, Some(later(60)));
    assert_eq!(caller(&theirs).await, Some(theirs));
}
