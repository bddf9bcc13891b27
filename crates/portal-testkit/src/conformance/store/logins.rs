use portal_domain::{
    change::{Change, KeyOwner},
    contact::{Access, Contact},
    link::{Link, LinkPurpose},
    login::Login,
    message::{DeliveryState, Message, MessageBody},
    port::{LeaseTerms, Outbox},
    session::PortalSession,
    time::Timestamp,
};

use crate::{
    build::{self, NOON, Plan, key, later},
    conformance::{
        Harness,
        scene::{Scene, next},
    },
};

/// Who is behind a login is listed by id, with every client; the eldest is the one longest behind it.
pub async fn members_are_listed_by_id(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let mut clients = ["z", "a", "m"].map(build::client);
    clients[2].suspended = true;
    for client in &clients {
        scene.write(Plan::new().put_client(client)).await;
    }
    let login = build::login("l", "home@smith.example");
    let mut ids: Vec<_> = clients.iter().map(|client| client.id).collect();
    ids.sort();
    let behind = |name: &str, since| Contact {
        behind_since: Some(since),
        clients: ids.clone(),
        locale: (name != "c").then(|| format!("de-{name}{name}")),
        ..build::granted(build::contact(name, &["Home@smith.example", "x@smith.example"]), &login)
    };
    let contacts = [behind("d", NOON), behind("b", NOON), behind("c", later(5)), behind("a", later(9))];
    let plan = contacts.iter().fold(Plan::new().put_login(&login), Plan::put_contact);
    scene.write(plan).await;
    let facts = scene.login("home@smith.example").await.expect("the login is live");
    let mut expected = contacts.to_vec();
    expected.sort_by_key(|contact| contact.id);
    let members: Vec<_> = facts.members.iter().map(|member| member.contact.clone()).collect();
    assert_eq!(members, expected);
    for member in &facts.members {
        assert_eq!(member.clients, [clients[1].clone(), clients[2].clone(), clients[0].clone()]);
    }
    assert_eq!(facts.eldest(), Some(&contacts[1]), "of two at once the lesser reference");
    scene.write(Plan::new().then(Change::OpenSession(build::session("s", &login)))).await;
    assert!(scene.session("s").await.is_some(), "and a visit finds the same");
    let glance = facts.glance();
    assert_eq!(glance.profiles().len(), 8);
    assert_eq!(glance.eldest().map(|eldest| &eldest.reference), Some(&contacts[1].reference));
}

/// Only who has access is behind a login.
pub async fn only_granted_contacts_are_members(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "home@smith.example").await;
    let bob = build::granted(build::contact("bob", &["home@smith.example"]), &login);
    scene.write(Plan::new().put_contact(&bob)).await;
    // A contact that lost its access while it keeps the login as its own is no member.
    let gone = Contact { access: Access::Deactivated, behind_since: None, version: 2, ..bob };
    scene.write(Plan::new().put_contact(&gone)).await;
    let members = scene.login("home@smith.example").await.expect("the login is live").members;
    assert_eq!(members.iter().map(|member| &member.contact).collect::<Vec<_>>(), [&ada]);
    let facts = scene.contact("bob").await;
    assert_eq!(facts.login.expect("its own login").login, login);
}

/// A dormant login is never found by a key, and is told with its contact.
pub async fn a_dormant_login_is_never_found_by_its_key(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    let confirmed = Some(build::credential("p", login.key.clone()));
    let dormant = Login { key: None, credential: confirmed, epoch: 2, ..next(&login) };
    let gone = Contact { access: Access::Deactivated, behind_since: None, version: 2, ..ada };
    let plan = Plan::new().release(&key("ada@smith.example")).put_login(&dormant).put_contact(&gone);
    scene.write(plan).await;
    assert_eq!(scene.login("ada@smith.example").await, None);
    let facts = scene.contact("ada").await;
    assert!(facts.holders.is_empty(), "a dormant login holds no key");
    assert_eq!(facts.contact, Some(gone));
    let own = facts.login.expect("its own dormant login");
    assert_eq!(own.login, dormant);
    assert!(own.members.is_empty());
}

/// A login is replaced: epoch, credential, whether it is live.
pub async fn a_login_is_replaced(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (_, login) = scene.live("ada", "ada@smith.example").await;
    let credentials = [
        Some(build::credential("p1", Some(key("ada@smith.example")))),
        Some(build::credential("p2", None)),
        None,
        Some(build::credential("p3", Some(key("old@smith.example")))),
    ];
    let mut login = login;
    for credential in credentials {
        login = Login { credential, epoch: login.epoch + 1, ..next(&login) };
        scene.write(Plan::new().put_login(&login)).await;
        assert_eq!(scene.login("ada@smith.example").await.map(|facts| facts.login), Some(login.clone()));
    }
}

/// Links of a login are listed oldest first: those that are neither used nor ended nor expired at that time.
pub async fn usable_links_are_listed_oldest_first(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    let (bob, other) = scene.live("bob", "bob@smith.example").await;
    let made = |name: &str, at: Timestamp| Link { created_at: at, ..build::link(name, &login, &ada) };
    let mut links = [made("third", later(30)), made("first", later(10)), made("second", later(20))];
    links[1].purpose = LinkPurpose::Reset;
    links[1].expires_at = later(3600);
    let [third, first, second] = links.clone();
    let gone = [made("used", NOON), made("ended", NOON)];
    let plan = links.into_iter().chain(gone).chain([build::link("bob's", &other, &bob)]);
    scene.write(plan.fold(Plan::new(), |plan, link| plan.then(Change::OpenLink(link)))).await;
    let plan = Plan::new().then(Change::UseLink { link: build::id("used"), at: later(40) });
    scene.write(plan.then(Change::EndLink { link: build::id("ended"), at: later(40) })).await;

    let listed = async |now| scene.login_at("ada@smith.example", now).await.expect("live").links;
    assert_eq!(listed(later(60)).await, [first.clone(), second.clone(), third.clone()]);
    let just_before = Timestamp::from_micros(first.expires_at.as_micros() - 1);
    assert_eq!(listed(just_before).await.len(), 3);
    assert_eq!(listed(first.expires_at).await, [second, third]);
    assert!(listed(later(30 * 24 * 3600)).await.is_empty());
}

/// Sessions of a login are listed oldest first: those of its epoch that are neither ended nor past their absolute limit.
pub async fn open_sessions_are_listed_oldest_first(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (_, login) = scene.live("ada", "ada@smith.example").await;
    let (_, other) = scene.live("bob", "bob@smith.example").await;
    let login = Login { epoch: 7, ..next(&login) };
    scene.write(Plan::new().put_login(&login)).await;
    let began = |name: &str, at: Timestamp| PortalSession { created_at: at, ..build::session(name, &login) };
    let (late, early) = (began("late", later(2)), PortalSession { expires_at: later(60), ..began("early", later(1)) });
    let stale = PortalSession { epoch: 6, ..began("stale", NOON) };
    let all = [late.clone(), early.clone(), stale, began("ended", NOON), build::session("bob's", &other)];
    let plan = all.into_iter().fold(Plan::new(), |plan, session| plan.then(Change::OpenSession(session)));
    scene.write(plan).await;
    let which = portal_domain::change::Which::One(build::id("ended"));
    scene.write(Plan::new().then(Change::EndSessions { login: login.id, which, at: later(3) })).await;

    let listed = async |now| scene.login_at("ada@smith.example", now).await.expect("live").sessions;
    // Idle sessions are listed: the idle limit is the practice's and judged by the rules.
    assert_eq!(listed(later(59)).await, [early, late.clone()]);
    assert_eq!(listed(later(60)).await, [late]);
}

/// The invitation is the newest message with a link that sets a password, and says what became of it.
pub async fn the_invitation_is_the_newest_set_password_message(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    assert_eq!(scene.login("ada@smith.example").await.expect("live").invitation, None);
    let links = ["one", "two"].map(|name| build::link(name, &login, &ada));
    for (number, link) in links.iter().enumerate() {
        let at = later(number as u64);
        let message = Message { created_at: at, ..build::message(&format!("m{number}"), &ada, &login, Some(link)) };
        scene.write(Plan::new().then(Change::OpenLink(link.clone())).mail(message)).await;
    }
    let told = Message {
        body: MessageBody::PasswordChanged,
        created_at: later(9),
        ..build::message("told", &ada, &login, None)
    };
    scene.write(Plan::new().mail(told)).await;
    let invitation = scene.login("ada@smith.example").await.expect("live").invitation.expect("an invitation");
    assert_eq!((invitation.message, &invitation.link), (build::id("m1"), &links[1]));
    assert_eq!((invitation.state, invitation.queued_at), (DeliveryState::Queued, later(1)));
    assert_eq!(invitation.accepted_at, None);

    let leased =
        Outbox::lease(&*scene.store, &LeaseTerms::new(later(20), later(80), 10)).await.expect("the store answers");
    let state = |scene: Scene| async move {
        let facts = scene.login("ada@smith.example").await.expect("live");
        let invitation = facts.invitation.expect("an invitation");
        (invitation.state, invitation.accepted_at)
    };
    assert_eq!(state(scene.clone()).await, (DeliveryState::Sending, None));
    let ours = leased.iter().find(|leased| leased.lease.message == build::id("m1")).expect("it is due");
    let settlement = build::settlement("sent", DeliveryState::Accepted, later(21));
    assert!(Outbox::settle(&*scene.store, &ours.lease, &settlement).await.expect("the store answers"));
    assert_eq!(state(scene.clone()).await, (DeliveryState::Accepted, Some(later(21))));
}

/// A link is told with its login, and with the time at which the message that carried it was queued.
pub async fn a_link_is_told_with_its_login_and_message(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    let (sent, unsent) = (build::link("sent", &login, &ada), build::link("unsent", &login, &ada));
    let message = Message { created_at: later(3), ..build::message("m", &ada, &login, Some(&sent)) };
    let plan = Plan::new().then(Change::OpenLink(sent.clone())).then(Change::OpenLink(unsent.clone()));
    scene.write(plan.mail(message)).await;
    let facts = scene.link("sent").await.expect("the link is there");
    assert_eq!((&facts.link, facts.sent_at), (&sent, Some(later(3))));
    assert_eq!(facts.login, scene.login("ada@smith.example").await);
    let facts = scene.link("unsent").await.expect("the link is there");
    assert_eq!((facts.link, facts.sent_at), (unsent, None));
    assert_eq!(scene.link("nowhere").await, None);
}

/// A login moves: the new key finds it, the old one doesn't.
pub async fn a_moved_login_is_found_by_its_new_key_only(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "old@smith.example").await;
    let moved = Login { key: Some(key("new@smith.example")), ..next(&login) };
    let ada = Contact { emails: build::emails(&["new@smith.example", "old@smith.example"]), version: 2, ..ada };
    let plan = Plan::new().release(&key("old@smith.example")).put_login(&moved).put_contact(&ada);
    scene.write(plan.claim(&key("new@smith.example"), KeyOwner::Login(login.id))).await;
    assert_eq!(scene.login("old@smith.example").await, None);
    let facts = scene.login("new@smith.example").await.expect("the login is live");
    assert_eq!((facts.login, &facts.members[0].contact), (moved, &ada));
}

/// The last sign-in is when the newest session began, whatever became of it.
pub async fn the_last_sign_in_is_told(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (_, login) = scene.live("ada", "ada@smith.example").await;
    let (_, other) = scene.live("bob", "bob@smith.example").await;
    let last = async || scene.login("ada@smith.example").await.expect("live").last_sign_in_at;
    assert_eq!(last().await, None);
    let began = |name: &str, login: &Login, seconds| {
        let expires_at = later(seconds + 60);
        let session = PortalSession { created_at: later(seconds), expires_at, ..build::session(name, login) };
        Plan::new().then(Change::OpenSession(session))
    };
    scene.write(began("b", &login, 20)).await;
    scene.write(began("a", &login, 10)).await;
    scene.write(began("bob's", &other, 30)).await;
    assert_eq!(last().await, Some(later(20)));
    let end = Change::EndSessions { login: login.id, which: portal_domain::change::Which::All, at: later(40) };
    scene.write(Plan::new().then(end).put_login(&Login { epoch: 2, ..next(&login) })).await;
    let facts = scene.login_at("ada@smith.example", later(500)).await.expect("live");
    assert_eq!((facts.sessions, facts.last_sign_in_at), (vec![], Some(later(20))));
}
