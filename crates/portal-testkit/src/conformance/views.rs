//! Laws of `PortalViews`.

use std::{collections::BTreeMap, slice};

use portal_domain::{
    change::{Change, Which},
    contact::Contact,
    event::{Event, Subject, personal_digest},
    id::Ref,
    message::{DeliveryState, Message, MessageBody, MessageKind},
    port::{LeaseTerms, Listed, Outbox, Page, PortalViews, Waiting},
    practice::Client,
    session::PortalSession,
};

use super::{
    Harness,
    scene::{EVERYTHING, Scene},
};
use crate::build::{self, Plan, later, reference};

const NAMES: [&str; 9] = ["b", "B", "a", "A", "_", "~", "a.b", "a-b", "10"];

fn sorted(names: &[&str]) -> Vec<Ref> {
    let mut refs: Vec<_> = names.iter().copied().map(reference).collect();
    refs.sort();
    refs
}

fn page<K>(after: Option<K>, limit: u32) -> Page<K> {
    Page { after, limit }
}

/// Practice users, clients and contacts are listed by reference, byte by byte, in pages without gap or overlap.
pub async fn lists_come_by_reference_in_pages(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    for (number, name) in NAMES.into_iter().enumerate() {
        let user = build::user(name, &format!("u{number}@smith.example"));
        scene
            .write(Plan::new().put_user(&user).put_client(&build::client(name)).put_contact(&build::contact(name, &[])))
            .await;
    }
    let expected = sorted(&NAMES);
    for limit in [1, 2, 9, 100] {
        let (mut users, mut clients, mut contacts) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            let store = &*scene.store;
            let next = store.users(scene.id, &page(users.last().cloned(), limit)).await.expect("the store answers");
            let more = PortalViews::clients(store, scene.id, &page(clients.last().cloned(), limit)).await;
            let refs = PortalViews::contacts(store, scene.id, &page(contacts.last().cloned(), limit)).await;
            if next.is_empty() {
                break;
            }
            assert!(next.len() <= limit as usize, "a page has at most its limit");
            users.extend(next.into_iter().map(|user| user.reference));
            clients.extend(more.expect("the store answers").into_iter().map(|client| client.reference));
            contacts.extend(refs.expect("the store answers"));
            assert!(users.len() <= NAMES.len(), "no page comes twice");
        }
        assert_eq!((&users, &clients, &contacts), (&expected, &expected, &expected));
    }
    let after = page(Some(reference("a/")), 2);
    let between = PortalViews::contacts(&*scene.store, scene.id, &after).await.expect("the store answers");
    assert_eq!(between, ["b", "~"].map(reference), "a page may begin after what is not there");
}

/// Contacts are found by any of their addresses, whoever else has it and whether they have access, in pages by reference.
pub async fn contacts_are_found_by_any_of_their_addresses(harness: &Harness) {
    let (scene, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    let contacts = [
        build::contact("b", &["Home@smith.example", "x@smith.example"]),
        build::contact("a", &["y@smith.example", "home@smith.example"]),
        build::contact("c", &["home@smith.example.org", "xhome@smith.example"]),
        build::contact("d", &[]),
    ];
    scene.write(contacts.iter().fold(Plan::new(), Plan::put_contact)).await;
    jones.write(Plan::new().put_contact(&build::contact("e", &["home@smith.example"]))).await;
    let find = async |address: &str, after: Option<&str>, limit| {
        let page = page(after.map(reference), limit);
        let found = scene.store.contacts_with(scene.id, &build::key(address), &page).await.expect("the store answers");
        found.iter().map(|reference| reference.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(find("home@smith.example", None, 9).await, ["a", "b"]);
    assert_eq!(find("home@smith.example", None, 1).await, ["a"]);
    assert_eq!(find("home@smith.example", Some("a"), 1).await, ["b"]);
    assert_eq!(find("x@smith.example", None, 9).await, ["b"]);
    assert!(find("z@smith.example", None, 9).await.is_empty());
}

/// Logins are signed in by a session of their epoch that is neither ended nor past its absolute limit, or is known to a host; each
/// comes once, with the first contact behind it.
pub async fn logins_that_are_signed_in_come_with_their_first_contact(harness: &Harness) {
    let (scene, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    let mut logins = Vec::new();
    for name in ["ada", "bob", "cyd", "dan", "eve", "fay"] {
        logins.push(scene.live(name, &format!("{name}@smith.example")).await.1);
    }
    let [ada, bob, cyd, dan, eve, _] = &logins[..] else { unreachable!("there are six") };
    let (_, theirs) = jones.live("gus", "gus@smith.example").await;
    scene.write(Plan::new().put_contact(&build::granted(build::contact("abe", &["ada@smith.example"]), ada))).await;
    let of = |name: &str, login| build::session(name, login);
    let sessions = [
        of("one", ada),
        of("two", ada),
        PortalSession { epoch: 7, ..of("of another epoch", bob) },
        of("ended", cyd),
        PortalSession { expires_at: later(60), ..of("short", dan) },
        PortalSession { expires_at: later(60), told: true, ..of("told", eve) },
    ];
    let open = |plan: Plan, session| plan.then(Change::OpenSession(session));
    scene.write(sessions.into_iter().fold(Plan::new(), open)).await;
    jones.write(open(Plan::new(), of("theirs", &theirs))).await;
    scene.write(Plan::new().then(Change::EndSessions { login: cyd.id, which: Which::All, at: later(3) })).await;
    let list = async |at, after, limit| {
        scene.store.signed_in(scene.id, at, &page(after, limit)).await.expect("the store answers")
    };
    let mut expected = vec![(ada.id, reference("abe")), (dan.id, reference("dan")), (eve.id, reference("eve"))];
    expected.sort();
    assert_eq!(list(later(59), None, 9).await, expected);
    assert_eq!(list(later(59), None, 1).await, expected[..1]);
    assert_eq!(list(later(59), Some(expected[0].0), 1).await, expected[1..2]);
    assert_eq!(list(later(59), Some(expected[2].0), 9).await, []);
    expected.retain(|(login, _)| *login != dan.id);
    assert_eq!(list(later(60), None, 9).await, expected);
}

/// The directory lists names and addresses, of all or of one client's contacts, in pages without gap or overlap.
pub async fn the_directory_lists_names_and_addresses(harness: &Harness) {
    let (scene, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    let (acme, beta) = (build::client("acme"), build::client("beta"));
    let of = |contact: Contact, clients: &[&Client]| {
        let mut clients: Vec<_> = clients.iter().map(|client| client.id).collect();
        clients.sort();
        Contact { clients, ..contact }
    };
    let contacts = [
        of(build::contact("b", &["z@smith.example", "Ü@smith.example", "a@smith.example"]), &[&acme, &beta]),
        of(Contact { name: "O’Neil, \"Ada\"".to_owned(), ..build::contact("a", &[]) }, &[&beta]),
        build::contact("c", &["c@smith.example"]),
    ];
    let plan = [&acme, &beta].into_iter().fold(Plan::new(), Plan::put_client);
    scene.write(contacts.iter().fold(plan, Plan::put_contact)).await;
    jones.write(Plan::new().put_client(&build::client("acme"))).await;
    let list = async |client: Option<&Client>, after: Option<&str>, limit| {
        let page = page(after.map(reference), limit);
        scene.store.directory(scene.id, client.map(|client| client.id), &page).await.expect("the store answers")
    };
    let listed = |contact: &Contact| Listed {
        reference: contact.reference.clone(),
        name: contact.name.clone(),
        addresses: contact.emails.iter().map(|email| email.as_str().to_owned()).collect(),
    };
    let [b, a, c] = contacts.each_ref().map(listed);
    assert_eq!(list(None, None, 9).await, [a.clone(), b.clone(), c.clone()]);
    assert_eq!(list(None, Some("a"), 1).await, slice::from_ref(&b));
    assert_eq!(list(Some(&acme), None, 9).await, slice::from_ref(&b));
    assert_eq!(list(Some(&beta), None, 1).await, [a]);
    assert_eq!(list(Some(&beta), Some("a"), 9).await, [b]);
    assert!(list(Some(&build::client("gone")), None, 9).await.is_empty());
    assert!(jones.store.directory(jones.id, None, &page(None, 9)).await.expect("the store answers").is_empty());
}

/// Practices are listed by slug, in pages without gap or overlap.
pub async fn practices_come_by_slug(harness: &Harness) {
    for slug in ["zz", "a-b", "ab", "0-", "a0"] {
        Scene::set(harness, slug).await;
    }
    let list = async |after: Option<&str>, limit| {
        let page = page(after.map(str::to_owned), limit);
        let practices = harness.store.practices(&page).await.expect("the store answers");
        practices.iter().map(|practice| practice.slug.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(list(None, 10).await, ["0-", "a-b", "a0", "ab", "zz"]);
    assert_eq!(list(None, 2).await, ["0-", "a-b"]);
    assert_eq!(list(Some("a-b"), 2).await, ["a0", "ab"]);
    assert_eq!(list(Some("ab"), 2).await, ["zz"]);
    assert!(list(Some("zz"), 2).await.is_empty());
    let all = harness.store.practices(&page(None, 10)).await.expect("the store answers");
    assert_eq!(all[1], build::practice("a-b"));
}

/// No list holds anything of another practice.
pub async fn lists_stay_inside_their_practice(harness: &Harness) {
    let (smith, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    let (ada, login) = smith.live("ada", "ada@smith.example").await;
    let plan = Plan::new().put_user(&build::user("u", "u@smith.example")).put_client(&build::client("k"));
    let plan = plan.mail(build::message("m", &ada, &login, None)).tell(build::event("e"));
    smith.write(plan.then(Change::AddApiKey(build::api_key("key", smith.id)))).await;
    smith.seal().await;
    let (store, id) = (&*jones.store, jones.id);
    assert_eq!(store.users(id, &page(None, 9)).await, Ok(vec![]));
    assert_eq!(PortalViews::clients(store, id, &page(None, 9)).await, Ok(vec![]));
    assert_eq!(PortalViews::contacts(store, id, &page(None, 9)).await, Ok(vec![]));
    assert_eq!(store.api_keys(id).await, Ok(vec![]));
    assert_eq!(store.messages(id, ada.id, &EVERYTHING).await, Ok(vec![]));
    assert_eq!(store.events(id, None, &EVERYTHING).await, Ok(vec![]));
    assert_eq!(store.events(id, Some(ada.id), &EVERYTHING).await, Ok(vec![]));
    assert_eq!(store.waiting(id).await, Ok(vec![]));
}

/// Messages about a contact come in the order in which they were queued, whatever their time, in pages.
pub async fn messages_come_in_the_order_they_were_queued(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    let (bob, other) = scene.live("bob", "bob@smith.example").await;
    let mut expected = Vec::new();
    for number in 0..6_u32 {
        let at = later(u64::from(100 - number));
        let of = |name: String| Message { created_at: at, ..build::message(&name, &ada, &login, None) };
        let (first, second) = (of(format!("a{number}")), of(format!("b{number}")));
        let foreign = build::message(&format!("c{number}"), &bob, &other, None);
        scene.write(Plan::new().mail(first.clone()).mail(foreign).mail(second.clone())).await;
        expected.extend([first, second]);
    }
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let next = scene.store.messages(scene.id, ada.id, &page(after, 5)).await.expect("the store answers");
        let Some((_, last)) = next.last() else { break };
        assert!(next.len() <= 5 && after < Some(*last), "places grow");
        after = Some(*last);
        for (delivery, _) in next {
            assert_eq!((delivery.state, delivery.attempts.len()), (DeliveryState::Queued, 0));
            found.push(delivery.message);
        }
    }
    assert_eq!(found, expected);
}

fn telling(name: &str, number: usize) -> Event {
    let text = |what: &str| (format!("{what}_{number}"), format!("{what} ü “{number}”"));
    Event {
        at: later(100 - number as u64),
        kind: "contact.moved",
        caller: format!("host:{number}"),
        origin: number.is_multiple_of(2).then(|| "2001:db8::7".to_owned()),
        facts: BTreeMap::from([text("fact"), text("other")]),
        personal: (0..number % 3).map(|count| text(&format!("personal{count}"))).collect(),
        ..build::event(name)
    }
}

/// Events come in the order in which they were written, whatever their time, in pages, each as it was told.
pub async fn events_come_in_order_as_they_were_told(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let subject = Subject { contact: Some(build::id("c")), user: Some(build::id("u")), login: Some(build::id("l")) };
    let mut expected = Vec::new();
    for number in 0..6 {
        let first = Event { subject, ..telling(&format!("a{number}"), number) };
        let second = telling(&format!("b{number}"), number);
        scene.write(Plan::new().tell(first.clone()).tell(second.clone())).await;
        expected.extend([first, second]);
    }
    scene.seal().await;
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let next = scene.store.events(scene.id, None, &page(after, 5)).await.expect("the store answers");
        let Some(last) = next.last() else { break };
        assert!(next.len() <= 5 && after < Some(last.number), "numbers grow");
        after = Some(last.number);
        found.extend(next);
    }
    assert_eq!(found.len(), expected.len());
    assert!(found.windows(2).all(|pair| pair[0].number < pair[1].number));
    for (event, recorded) in expected.iter().zip(&found) {
        assert_eq!((event.id, event.at, event.subject), (recorded.id, recorded.at, recorded.subject));
        assert_eq!((event.kind, &event.caller), (recorded.kind.as_str(), &recorded.caller));
        assert_eq!((&event.origin, &event.facts), (&recorded.origin, &recorded.facts));
    }
}

/// Personal values come back beside the event, and the event holds their salted digest. None at all is not the same as erased.
pub async fn an_event_holds_the_digest_of_what_is_personal(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let events: Vec<_> = (0..6).map(|number| telling(&format!("e{number}"), number)).collect();
    scene.write(events.iter().cloned().fold(Plan::new(), Plan::tell)).await;
    for (event, recorded) in events.iter().zip(scene.events().await) {
        assert_eq!(recorded.personal.as_ref(), Some(&event.personal));
        assert_eq!(recorded.digest, personal_digest(&event.salt, &event.personal));
    }
}

/// Events about a contact are found among all others.
pub async fn events_about_a_contact_are_found(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    for number in 0..9 {
        let contact = [None, Some(build::id("a")), Some(build::id("b"))][number % 3];
        let event =
            Event { subject: Subject { contact, ..Subject::default() }, ..telling(&format!("e{number}"), number) };
        scene.write(Plan::new().tell(event)).await;
    }
    scene.seal().await;
    let about = async |name: &str, after, limit| {
        let page = page(after, limit);
        scene.store.events(scene.id, Some(build::id(name)), &page).await.expect("the store answers")
    };
    let all = about("a", None, 9).await;
    let expected = ["e1", "e4", "e7"].map(build::id::<portal_domain::id::kind::Event>);
    assert_eq!(all.iter().map(|event| event.id).collect::<Vec<_>>(), expected);
    assert_eq!(about("a", Some(all[0].number), 1).await, all[1..2]);
    assert!(about("nobody", None, 9).await.is_empty());
}

/// API keys come oldest first, revoked ones too.
pub async fn api_keys_come_oldest_first(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let mut keys = ["a", "b", "c"].map(|name| build::api_key(name, scene.id));
    for (key, seconds) in keys.iter_mut().zip([20, 30, 10]) {
        key.created_at = later(seconds);
        scene.write(Plan::new().then(Change::AddApiKey(key.clone()))).await;
    }
    scene.write(Plan::new().then(Change::RevokeApiKey { key: keys[0].id, at: later(60) })).await;
    keys[0].revoked_at = Some(later(60));
    let [a, b, c] = keys;
    assert_eq!(scene.store.api_keys(scene.id).await, Ok(vec![c, a, b]));
}

/// What waits is counted by kind: queued, deferred and being sent.
pub async fn what_waits_is_counted_by_kind(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    assert_eq!(scene.store.waiting(scene.id).await, Ok(vec![]));
    let of = |number: usize, body| Message { body, ..build::message(&format!("m{number}"), &ada, &login, None) };
    let bodies =
        [MessageBody::Reset, MessageBody::Activation, MessageBody::Activation, MessageBody::Reset, MessageBody::Reset];
    let plan = bodies.into_iter().enumerate().fold(Plan::new(), |plan, (number, body)| plan.mail(of(number, body)));
    scene.write(plan).await;
    let waiting = async || {
        let all = scene.store.waiting(scene.id).await.expect("the store answers");
        let count = |kind| all.iter().filter(|it: &&Waiting| it.kind == kind).map(|it| it.count).sum::<u64>();
        (count(MessageKind::Activation), count(MessageKind::Reset), count(MessageKind::AccessAdded))
    };
    assert_eq!(waiting().await, (2, 3, 0));
    let leased =
        Outbox::lease(&*scene.store, &LeaseTerms::new(later(10), later(70), 10)).await.expect("the store answers");
    assert_eq!((leased.len(), waiting().await), (5, (2, 3, 0)), "what is being sent waits");
    let states = [DeliveryState::Accepted, DeliveryState::Failed, DeliveryState::Deferred, DeliveryState::Cancelled];
    for (number, (leased, state)) in leased.iter().zip(states).enumerate() {
        let mut settlement = build::settlement(&format!("s{number}"), state, later(20));
        settlement.next_attempt_at = (state == DeliveryState::Deferred).then(|| later(600));
        assert_eq!(Outbox::settle(&*scene.store, &leased.lease, &settlement).await, Ok(true));
    }
    // Resets went first: the first was accepted, the second failed, the third is deferred; one activation was cancelled.
    assert_eq!(waiting().await, (1, 1, 0));
}

/// The oldest message that is due is known, of whatever practice.
pub async fn the_oldest_due_message_is_known(harness: &Harness) {
    let (smith, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    let oldest = async |now| smith.store.oldest_due(now).await.expect("the store answers");
    assert_eq!(oldest(later(500)).await, None);
    for (scene, seconds) in [(&smith, 20), (&jones, 10), (&smith, 30)] {
        let name = format!("n{seconds}");
        let (contact, login) = scene.live(&name, "ada@smith.example".replace("ada", &name).as_str()).await;
        let message = Message { created_at: later(seconds), ..build::message(&name, &contact, &login, None) };
        scene.write(Plan::new().mail(message)).await;
    }
    assert_eq!(oldest(later(500)).await, Some(later(10)));
    let leased =
        Outbox::lease(&*smith.store, &LeaseTerms::new(later(500), later(560), 1)).await.expect("the store answers");
    assert_eq!(oldest(later(510)).await, Some(later(20)), "what is being sent is not due");
    assert_eq!(oldest(later(560)).await, Some(later(10)), "unless its lease ran out");
    let settlement = build::settlement("s", DeliveryState::Accepted, later(520));
    assert_eq!(Outbox::settle(&*smith.store, &leased[0].lease, &settlement).await, Ok(true));
    assert_eq!(oldest(later(900)).await, Some(later(20)));
}

/// References of contacts are found by our ids, as far as the contacts are there, and never those of another practice.
pub async fn references_are_found_by_id(harness: &Harness) {
    let (smith, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    for (scene, name) in [(&smith, "a"), (&smith, "b"), (&jones, "c")] {
        scene.write(Plan::new().put_contact(&build::contact(name, &[]))).await;
    }
    let ids = ["a", "c", "nobody"].map(build::id);
    let found = smith.store.contact_refs(smith.id, &ids).await.expect("the store answers");
    assert_eq!(found, [(ids[0], build::reference("a"))].into());
    assert!(smith.store.contact_refs(smith.id, &[]).await.expect("the store answers").is_empty());
}
