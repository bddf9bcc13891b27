//! What a commit writes, and when it writes nothing.

use portal_domain::{
    change::{Aggregate, Change, Decision, KeyOwner, Reliance, Which},
    facts::{ContactFacts, ContactQuery, ContactSelector},
    message::MessageBody,
    port::{Commit, Page, PortalStore, PortalViews, PracticeSelector, Receipt, RequestKey},
    practice::{ApiKey, ApiKeyHash, Role, Scope},
    session::ProfileId,
};
use portal_postgres::PostgresStore;

use crate::{
    given::{self, PRACTICE, at, begin, changes, committed, expect, id, refused},
    kit::with_database,
};

async fn facts(store: &PostgresStore, number: u64) -> ContactFacts {
    let contact = ContactSelector::Ref(given::name(&format!("c-{number}")));
    let query = ContactQuery { contact, keys: Vec::new(), clients: Vec::new() };
    PortalStore::contacts(store, PRACTICE, &[query], at(100)).await.unwrap().remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_is_read_back() {
    with_database(async |database| {
        let store = database.store().await;
        let client = given::client(2);
        let (contact, mut login, _) = given::activated(5, Some(&client));
        login.credential = Some(given::credential(6, &login));
        let link = given::link(7, &login, &contact);
        let mut session = given::session(8, &login);
        session.profile = Some(ProfileId { contact: contact.id, client: client.id });
        let claim = Change::ClaimKey { key: login.key.clone().unwrap(), owner: KeyOwner::Login(login.id) };
        let user = given::user(3, Role::Admin);
        let claim_user = Change::ClaimKey { key: user.email.key().clone(), owner: KeyOwner::User(user.id) };
        let message = given::message(9, &link, MessageBody::Activation);
        let event = given::event(10, Some(&contact));
        let decision = Decision {
            expect: Vec::new(),
            changes: vec![
                Change::PutPractice(given::practice()),
                Change::PutContact(contact.clone()),
                Change::OpenSession(session.clone()),
                Change::OpenLink(link.clone()),
                Change::PutLogin(login.clone()),
                claim,
                claim_user,
                Change::PutUser(user.clone()),
                Change::PutClient(client.clone()),
                Change::RememberKey { contact: contact.id, key: given::key("old@mail.example"), wrong: false },
                Change::RememberKey { contact: contact.id, key: given::key("old@mail.example"), wrong: false },
            ],
            messages: vec![message.clone()],
            events: vec![event.clone()],
        };
        committed(&store, decision).await;

        let slug = PracticeSelector::Slug(given::practice().slug);
        assert_eq!(store.practice(&slug).await.unwrap(), Some(given::practice()));
        assert_eq!(store.practice(&PracticeSelector::Id(PRACTICE)).await.unwrap(), Some(given::practice()));

        let found = facts(&store, 5).await;
        assert_eq!(found.contact.as_ref(), Some(&contact));
        assert_eq!(found.clients, [client]);
        assert!(found.former_keys.contains(&given::key("old@mail.example")));
        let held = found.login.clone().unwrap();
        assert_eq!(held.login, login);
        assert_eq!(held.members[0].contact, contact);
        assert_eq!(held.links, std::slice::from_ref(&link));
        assert_eq!(held.sessions, [session.clone()]);
        assert_eq!(held.last_sign_in_at, Some(session.created_at));
        assert_eq!(held.invitation.as_ref().unwrap().link, link);
        assert_eq!(held.invitation.as_ref().unwrap().message, message.id);

        let key = login.key.clone().unwrap();
        assert_eq!(store.login(PRACTICE, &key, at(100)).await.unwrap().as_ref(), Some(&held));
        let opened = store.link(PRACTICE, link.id, at(100)).await.unwrap().unwrap();
        assert_eq!((opened.link, opened.sent_at, opened.login.as_ref()), (link, Some(at(10)), Some(&held)));
        let signed_in = store.session(PRACTICE, &session.hash, at(100)).await.unwrap().unwrap();
        assert_eq!((signed_in.session, signed_in.login), (session, Some(held)));

        let page = Page { after: None, limit: 10 };
        let deliveries = store.messages(PRACTICE, contact.id, &page).await.unwrap();
        assert_eq!(deliveries[0].0.message, message);
        portal_testkit::conformance::seal(&store, PRACTICE).await;
        let events = store.events(PRACTICE, Some(contact.id), &page).await.unwrap();
        assert_eq!(events[0].personal.as_ref(), Some(&event.personal));
        assert_eq!((events[0].digest, &events[0].facts), (event.digest(), &event.facts));
        assert_eq!(store.users(PRACTICE, &Page { after: None, limit: 10 }).await.unwrap(), [user]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_is_replaced_with_its_lists() {
    with_database(async |database| {
        let store = database.store().await;
        let mut contact = given::contact(1);
        let client = given::client(2);
        begin(&store, [Change::PutContact(contact.clone()), Change::PutClient(client.clone())]).await;

        let swapped: Vec<_> = contact.emails.iter().rev().cloned().collect();
        contact.emails = portal_domain::email::EmailList::from_addresses(swapped).unwrap();
        contact.clients = vec![client.id];
        contact.locale = Some("de".to_owned());
        contact.version = 2;
        let seen = expect(Aggregate::Contact(contact.id), 1, Reliance::Changed);
        let decision = Decision { expect: vec![seen], ..changes([Change::PutContact(contact.clone())]) };
        committed(&store, decision.clone()).await;
        assert_eq!(facts(&store, 1).await.contact, Some(contact.clone()));

        // The same decision again rests on what is no longer so.
        refused(&store, decision).await;

        let mut invented = given::contact(77);
        invented.version = 3;
        refused(&store, changes([Change::PutContact(invented)])).await;

        // Another contact of the same name, and the same contact inserted twice.
        let mut other = given::contact(3);
        other.reference = contact.reference.clone();
        refused(&store, changes([Change::PutContact(other)])).await;
        refused(&store, changes([Change::PutContact(given::contact(1))])).await;
        committed(&store, changes([Change::DeleteContact(contact.id)])).await;
        assert_eq!(facts(&store, 1).await.contact, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guard_that_moved_or_went_is_a_conflict_and_nothing_is_written() {
    with_database(async |database| {
        let store = database.store().await;
        let client = given::client(2);
        begin(&store, [Change::PutClient(client.clone())]).await;
        for (what, version) in [
            (Aggregate::Client(client.id), 2),
            (Aggregate::Client(id(99)), 1),
            (Aggregate::Contact(id(99)), 1),
            (Aggregate::Login(id(99)), 1),
            (Aggregate::User(id(99)), 1),
            (Aggregate::Practice(PRACTICE), 9),
            (Aggregate::Practice(id(99)), 1),
        ] {
            for how in [Reliance::LookedAt, Reliance::Changed] {
                let put = changes([Change::PutContact(given::contact(1))]);
                refused(&store, Decision { expect: vec![expect(what, version, how)], ..put }).await;
            }
        }
        assert_eq!(facts(&store, 1).await.contact, None);

        let twice = vec![
            expect(Aggregate::Client(client.id), 1, Reliance::LookedAt),
            expect(Aggregate::Client(client.id), 1, Reliance::LookedAt),
        ];
        let put = changes([Change::PutContact(given::contact(1))]);
        committed(&store, Decision { expect: twice, ..put }).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_released_before_they_are_claimed() {
    with_database(async |database| {
        let store = database.store().await;
        let (_, mut one, first) = given::activated(1, None);
        let (_, mut two, second) = given::activated(2, None);
        begin(&store, [first, second].concat()).await;

        let held = Change::ClaimKey { key: one.key.clone().unwrap(), owner: KeyOwner::Login(id(3)) };
        refused(&store, changes([held])).await;

        // Both swap their keys at once.
        std::mem::swap(&mut one.key, &mut two.key);
        (one.version, two.version) = (2, 2);
        let swap = [&one, &two].into_iter().flat_map(|login| {
            let key = login.key.clone().unwrap();
            let claim = Change::ClaimKey { key: key.clone(), owner: KeyOwner::Login(login.id) };
            [claim, Change::PutLogin(login.clone()), Change::ReleaseKey(key)]
        });
        committed(&store, changes(swap.collect::<Vec<_>>())).await;
        let found = store.login(PRACTICE, one.key.as_ref().unwrap(), at(100)).await.unwrap().unwrap();
        assert_eq!(found.login, one);

        // A key without its login, and a login without its key, break the registry.
        refused(&store, changes([Change::ReleaseKey(one.key.clone().unwrap())])).await;
        let nobody = Change::ClaimKey { key: given::key("new@mail.example"), owner: KeyOwner::Login(id(77)) };
        refused(&store, changes([nobody])).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_end_but_for_those_of_the_same_commit() {
    with_database(async |database| {
        let store = database.store().await;
        let (contact, login, made) = given::activated(1, None);
        let [old, used, late, new] = [11, 12, 13, 14].map(|number| given::link(number, &login, &contact));
        let late = portal_domain::link::Link { expires_at: at(50), ..late };
        begin(&store, made).await;
        committed(&store, changes([&old, &used, &late].map(|link| Change::OpenLink(link.clone())))).await;

        let decision = changes([
            Change::OpenLink(new.clone()),
            Change::EndLinks { login: login.id, at: at(60) },
            Change::UseLink { link: used.id, at: at(60) },
        ]);
        committed(&store, decision).await;
        let state = async |link: &portal_domain::link::Link| {
            let found = store.link(PRACTICE, link.id, at(60)).await.unwrap().unwrap().link;
            (found.used_at, found.ended_at)
        };
        assert_eq!(state(&old).await, (None, Some(at(60))));
        assert_eq!(state(&used).await, (Some(at(60)), None));
        // Expired by the clock of who ends it, and by a slower one not yet.
        assert_eq!(state(&late).await, (None, Some(at(60))));
        assert_eq!(state(&new).await, (None, None));

        for dead in [&old, &used, &late] {
            refused(&store, changes([Change::UseLink { link: dead.id, at: at(61) }])).await;
        }
        committed(&store, changes([Change::EndLink { link: new.id, at: at(61) }])).await;
        committed(&store, changes([Change::EndLink { link: new.id, at: at(62) }])).await;
        assert_eq!(state(&new).await, (None, Some(at(61))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_end_as_asked() {
    with_database(async |database| {
        let store = database.store().await;
        let (_, login, made) = given::activated(1, None);
        let sessions = [21, 22, 23, 24].map(|number| given::session(number, &login));
        begin(&store, made).await;
        committed(&store, changes(sessions[..3].iter().cloned().map(Change::OpenSession).collect::<Vec<_>>())).await;
        let open = async || {
            let found = store.login(PRACTICE, login.key.as_ref().unwrap(), at(100)).await.unwrap().unwrap();
            found.sessions.iter().map(|session| session.id).collect::<Vec<_>>()
        };
        let end = |which| Change::EndSessions { login: login.id, which, at: at(30) };
        committed(&store, changes([end(Which::One(sessions[0].id))])).await;
        assert_eq!(open().await, [sessions[1].id, sessions[2].id]);
        committed(&store, changes([end(Which::AllBut(sessions[2].id))])).await;
        assert_eq!(open().await, [sessions[2].id]);
        let both = [Change::OpenSession(sessions[3].clone()), end(Which::All)];
        committed(&store, changes(both)).await;
        assert_eq!(open().await, [sessions[3].id]);

        let touch =
            |second| Change::TouchSession { session: sessions[3].id, at: at(second), idle_until: at(second + 9) };
        committed(&store, changes([touch(60)])).await;
        committed(&store, changes([touch(50)])).await;
        let found = store.session(PRACTICE, &sessions[3].hash, at(100)).await.unwrap().unwrap();
        assert_eq!((found.session.last_seen_at, found.session.idle_until), (at(60), at(69)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_takes_its_own_along() {
    with_database(async |database| {
        let store = database.store().await;
        let client = given::client(2);
        let (contact, login, made) = given::activated(1, Some(&client));
        let link = given::link(11, &login, &contact);
        let session = given::session(21, &login);
        let profile = ProfileId { contact: contact.id, client: client.id };
        begin(&store, [vec![Change::PutClient(client.clone())], made].concat()).await;
        let opened = [Change::OpenLink(link.clone()), Change::OpenSession(session.clone())];
        committed(&store, changes(opened)).await;
        committed(&store, changes([Change::SelectProfile { session: session.id, profile }])).await;

        committed(&store, changes([Change::DeleteClient(client.id)])).await;
        let found = store.session(PRACTICE, &session.hash, at(100)).await.unwrap().unwrap();
        assert_eq!(found.session.profile, None);
        assert_eq!(found.login.unwrap().members[0].contact.clients, []);

        let erase = changes([
            Change::ReleaseKey(login.key.clone().unwrap()),
            Change::DeleteLogin(login.id),
            Change::DeleteContact(contact.id),
        ]);
        let event = portal_domain::event::Event { at: at(70), ..given::event(31, Some(&contact)) };
        committed(&store, Decision { events: vec![event], ..erase }).await;
        assert_eq!(store.session(PRACTICE, &session.hash, at(100)).await.unwrap(), None);
        let left = store.link(PRACTICE, link.id, at(100)).await.unwrap().unwrap();
        assert_eq!((left.link.ended_at, left.login), (Some(at(70)), None));
        let page = Page { after: None, limit: 10 };
        portal_testkit::conformance::seal(&store, PRACTICE).await;
        assert_eq!(store.events(PRACTICE, Some(contact.id), &page).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_left_once() {
    with_database(async |database| {
        let store = database.store().await;
        begin(&store, []).await;
        let request = RequestKey { scope: "api".to_owned(), key: "K".to_owned() };
        let receipt =
            Receipt { request: request.clone(), digest: [3; 32], outcome: b"\0{}".to_vec(), contact: None, at: at(5) };
        let first = changes([Change::PutClient(given::client(1))]);
        assert_eq!(store.commit(PRACTICE, &[first], Some(&receipt)).await, Ok(Commit::Committed));
        let second = changes([Change::PutClient(given::client(2))]);
        assert_eq!(store.commit(PRACTICE, &[second], Some(&receipt)).await, Ok(Commit::Conflict));
        assert_eq!(store.receipt(PRACTICE, &request).await, Ok(Some(receipt)));
        assert_eq!(PortalStore::clients(&store, PRACTICE, &[given::name("k-2")]).await, Ok(Vec::new()));
        assert_eq!(store.receipt(id(2), &request).await, Ok(None));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_decisions_are_one_commit_in_their_order() {
    with_database(async |database| {
        let store = database.store().await;
        begin(&store, []).await;
        let decisions: Vec<Decision> = (0..500)
            .rev()
            .map(|number| {
                let (contact, login, changes) = given::activated(number, None);
                let link = given::link(number, &login, &contact);
                let messages = vec![given::message(number, &link, MessageBody::Activation)];
                let events = vec![given::event(number, Some(&contact))];
                Decision { expect: Vec::new(), changes, messages, events }
            })
            .collect();
        assert_eq!(store.commit(PRACTICE, &decisions, None).await, Ok(Commit::Committed));
        let page = Page { after: None, limit: 1000 };
        portal_testkit::conformance::seal(&store, PRACTICE).await;
        let events = store.events(PRACTICE, None, &page).await.unwrap();
        let told: Vec<_> = events.iter().map(|event| event.id).collect();
        let decided: Vec<_> = decisions.iter().map(|decision| decision.events[0].id).collect();
        assert_eq!(told, decided);
        assert!(events.windows(2).all(|pair| pair[0].number < pair[1].number));
        let waiting = store.waiting(PRACTICE).await.unwrap();
        assert_eq!(waiting.iter().map(|it| it.count).collect::<Vec<_>>(), [500]);
        assert_eq!(store.oldest_due(at(10)).await, Ok(Some(at(10))));
        assert_eq!(store.oldest_due(at(9)).await, Ok(None));
        let names = PortalViews::contacts(&store, PRACTICE, &Page { after: Some(given::name("c-98")), limit: 2 }).await;
        assert_eq!(names.unwrap(), [given::name("c-99")]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn api_keys_are_found_until_they_are_revoked() {
    with_database(async |database| {
        let store = database.store().await;
        let key = ApiKey {
            id: id(1),
            practice: PRACTICE,
            name: "host".to_owned(),
            scopes: vec![Scope::Write, Scope::SignIn],
            hash: ApiKeyHash([8; 32]),
            created_at: at(1),
            revoked_at: None,
        };
        begin(&store, [Change::AddApiKey(key.clone())]).await;
        assert_eq!(store.caller(&key.hash).await, Ok(Some(key.clone())));
        committed(&store, changes([Change::RevokeApiKey { key: key.id, at: at(5) }])).await;
        assert_eq!(store.caller(&key.hash).await, Ok(None));
        assert_eq!(store.api_keys(PRACTICE).await.unwrap()[0].revoked_at, Some(at(5)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_practice_is_put_and_put_again() {
    with_database(async |database| {
        let store = database.store().await;
        begin(&store, []).await;
        let mut second = portal_domain::practice::Practice { id: id(5), ..given::practice() };
        let same_slug = changes([Change::PutPractice(second.clone())]);
        assert_eq!(store.commit(second.id, &[same_slug], None).await, Ok(Commit::Conflict));
        assert_eq!(store.practice(&PracticeSelector::Id(second.id)).await, Ok(None));
        second = given::practice();
        second.settings.hint_mail = false;
        second.version = 2;
        committed(&store, changes([Change::PutPractice(second.clone())])).await;
        assert_eq!(store.practice(&PracticeSelector::Id(PRACTICE)).await, Ok(Some(second.clone())));
        refused(&store, changes([Change::PutPractice(second)])).await;
    })
    .await;
}
