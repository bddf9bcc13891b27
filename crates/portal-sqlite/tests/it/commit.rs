//! What a commit writes, and when it writes nothing.

use portal_domain::{
    change::{Aggregate, Change, Decision, KeyOwner, Which},
    contact::Contact,
    facts::Holder,
    id::Ref,
    login::Login,
    message::MessageBody,
    port::{Commit, Page, PortalStore, PortalViews, PracticeSelector, Receipt, RequestKey},
    practice::{Client, Practice, PracticeUser, Role},
    session::ProfileId,
};

use crate::kit::{
    House, NOW, admit, at, behind, client, contact, event, expect, key, link, login, message, practice, session,
};

#[tokio::test]
async fn a_contact_comes_back_as_it_was_put() {
    let house = House::new().await;
    let (one, two) = (client("b"), client("a"));
    let mut person = contact("c-1", &["Ada@smith.example\u{A0}", "zoë@bücher.example"]);
    person.clients = vec![one.id, two.id];
    person.clients.sort();
    house.must(vec![Change::PutClient(one), Change::PutClient(two), Change::PutContact(person.clone())]).await;

    let facts = house.facts("c-1").await;
    assert_eq!(facts.contact, Some(person.clone()));
    assert_eq!(facts.clients.iter().map(|client| client.reference.as_str()).collect::<Vec<_>>(), ["a", "b"]);

    let changed =
        Contact { clients: Vec::new(), emails: contact("x", &["bob@smith.example"]).emails, version: 2, ..person };
    house.must(vec![Change::PutContact(changed.clone())]).await;
    assert_eq!(house.facts("c-1").await.contact, Some(changed));
}

#[tokio::test]
async fn a_moved_or_missing_version_is_a_conflict() {
    let house = House::new().await;
    let first = client("a");
    house.must(vec![Change::PutClient(first.clone())]).await;
    let second = Client { name: "changed".into(), version: 2, ..first.clone() };
    let change = |version| Decision {
        expect: vec![expect(Aggregate::Client(first.id), version)],
        changes: vec![Change::PutClient(Client { version: version + 1, ..second.clone() })],
        ..Decision::default()
    };
    assert_eq!(house.decide(change(2)).await, Commit::Conflict);
    assert_eq!(house.decide(change(1)).await, Commit::Committed);
    assert_eq!(house.decide(change(1)).await, Commit::Conflict);
    let gone = Decision {
        expect: vec![expect(Aggregate::Client(crate::kit::fresh()), 1)],
        changes: vec![Change::PutClient(client("b"))],
        ..Decision::default()
    };
    assert_eq!(house.decide(gone).await, Commit::Conflict);
    let refs = [Ref::parse("a").unwrap(), Ref::parse("b").unwrap()];
    assert_eq!(PortalStore::clients(&house.store, house.practice, &refs).await.unwrap(), [second]);
}

#[tokio::test]
async fn guards_hold_for_every_kind_and_never_for_another_practice() {
    let house = House::new().await;
    let (person, login) = house.granted("c-1", "ada@smith.example").await;
    let other = practice();
    let put = Decision { changes: vec![Change::PutPractice(other.clone())], ..Decision::default() };
    assert_eq!(house.store.commit(other.id, &[put], None).await.unwrap(), Commit::Committed);
    for (what, version, outcome) in [
        (Aggregate::Practice(house.practice), 1, Commit::Committed),
        (Aggregate::Practice(house.practice), 2, Commit::Conflict),
        (Aggregate::Practice(other.id), 1, Commit::Conflict),
        (Aggregate::Contact(person.id), 1, Commit::Committed),
        (Aggregate::Login(login.id), 1, Commit::Committed),
        (Aggregate::Login(login.id), 0, Commit::Conflict),
        (Aggregate::User(crate::kit::fresh()), 1, Commit::Conflict),
    ] {
        let guard = Decision { expect: vec![expect(what, version)], ..Decision::default() };
        assert_eq!(house.decide(guard).await, outcome, "{what:?} at {version}");
    }
    let elsewhere = Decision { expect: vec![expect(Aggregate::Contact(person.id), 1)], ..Decision::default() };
    assert_eq!(house.store.commit(other.id, &[elsewhere], None).await.unwrap(), Commit::Conflict);
}

#[tokio::test]
async fn a_key_has_one_holder() {
    let house = House::new().await;
    let (_, holder) = house.granted("c-1", "ada@smith.example").await;
    let late = login("ADA@smith.example");
    let second = behind(contact("c-2", &["ada@smith.example"]), &late);
    assert_eq!(house.commit(admit(&second, &late)).await, Commit::Conflict);
    assert!(house.facts("c-2").await.contact.is_none());

    let mut user = PracticeUser {
        id: crate::kit::fresh(),
        reference: Ref::parse("u-1").unwrap(),
        name: "Staff".into(),
        email: contact("x", &["ada@smith.example"]).emails.first().unwrap().clone(),
        role: Role::Admin,
        created_at: NOW,
        version: 1,
    };
    let put = |user: &PracticeUser| {
        let claim = Change::ClaimKey { key: user.email.key().clone(), owner: KeyOwner::User(user.id) };
        vec![Change::PutUser(user.clone()), claim]
    };
    assert_eq!(house.commit(put(&user)).await, Commit::Conflict);
    user.email = contact("x", &["staff@smith.example"]).emails.first().unwrap().clone();
    house.must(put(&user)).await;

    let query = portal_domain::facts::UserQuery { user: user.reference.clone(), key: holder.key.clone() };
    let facts = house.store.user(house.practice, &query, NOW).await.unwrap();
    assert_eq!(facts.user, Some(user));
    assert!(facts.other_admin.is_none());
    assert!(matches!(facts.holder, Some(Holder::Login(found)) if found.login == holder));
    assert!(house.store.login(house.practice, &key("staff@smith.example"), NOW).await.unwrap().is_none());
}

#[tokio::test]
async fn keys_change_hands_within_one_commit() {
    let house = House::new().await;
    let (_, ada) = house.granted("c-1", "ada@smith.example").await;
    let (_, bob) = house.granted("c-2", "bob@smith.example").await;
    let swap = |login: &Login, key: &Option<_>| Login { key: Clone::clone(key), version: 2, ..login.clone() };
    let (new_ada, new_bob) = (swap(&ada, &bob.key), swap(&bob, &ada.key));
    let claim = |login: &Login| Change::ClaimKey { key: login.key.clone().unwrap(), owner: KeyOwner::Login(login.id) };
    house
        .must(vec![
            claim(&new_ada),
            claim(&new_bob),
            Change::PutLogin(new_ada.clone()),
            Change::PutLogin(new_bob),
            Change::ReleaseKey(ada.key.clone().unwrap()),
            Change::ReleaseKey(bob.key.clone().unwrap()),
        ])
        .await;
    let found = house.store.login(house.practice, &bob.key.unwrap(), NOW).await.unwrap().unwrap();
    assert_eq!(found.login, new_ada);
    assert_eq!(found.members.len(), 1);
}

#[tokio::test]
async fn a_link_is_used_once_and_ends_with_its_login() {
    let house = House::new().await;
    let (person, login) = house.granted("c-1", "ada@smith.example").await;
    let (first, second, third) = (link(&login, &person), link(&login, &person), link(&login, &person));
    house.must([&first, &second].map(|link| Change::OpenLink(link.clone())).to_vec()).await;
    assert_eq!(house.commit(vec![Change::UseLink { link: first.id, at: at(3600) }]).await, Commit::Conflict);
    house
        .must(vec![
            Change::OpenLink(third.clone()),
            Change::EndLinks { login: login.id, at: at(2) },
            Change::UseLink { link: first.id, at: at(2) },
        ])
        .await;
    for ended in [&first, &second] {
        assert_eq!(house.commit(vec![Change::UseLink { link: ended.id, at: at(3) }]).await, Commit::Conflict);
    }
    let found = async |id| house.store.link(house.practice, id, at(4)).await.unwrap().unwrap();
    assert_eq!(found(first.id).await.link.used_at, Some(at(2)));
    assert_eq!(found(second.id).await.link.ended_at, Some(at(2)));
    assert_eq!(found(third.id).await.login.unwrap().links, std::slice::from_ref(&third));

    let gone =
        Contact { access: portal_domain::contact::Access::Deactivated, login: None, version: 2, ..person.clone() };
    let told = event(&person, "contact.deleted");
    let erase = Decision {
        changes: vec![
            Change::PutContact(gone),
            Change::DeleteLogin(login.id),
            Change::ReleaseKey(login.key.clone().unwrap()),
        ],
        events: vec![told],
        ..Decision::default()
    };
    assert_eq!(house.decide(erase).await, Commit::Committed);
    let left = found(third.id).await;
    assert_eq!((left.link.ended_at, left.login), (Some(NOW), None));
}

#[tokio::test]
async fn sessions_end_by_choice_and_not_those_just_opened() {
    let house = House::new().await;
    let (person, login) = house.granted("c-1", "ada@smith.example").await;
    let own = client("a");
    let [one, two, three] = [1, 2, 3].map(|seed| session(&login, seed));
    let open = |session: &portal_domain::session::PortalSession| Change::OpenSession(session.clone());
    house.must(vec![Change::PutClient(own.clone()), open(&one), open(&two)]).await;
    let profile = ProfileId { contact: person.id, client: own.id };
    house
        .must(vec![
            open(&three),
            Change::EndSessions { login: login.id, which: Which::AllBut(one.id), at: at(9) },
            Change::TouchSession { session: one.id, at: at(60), idle_until: at(2000) },
            Change::SelectProfile { session: one.id, profile },
        ])
        .await;
    house.must(vec![Change::TouchSession { session: one.id, at: at(50), idle_until: at(1) }]).await;
    let found = async |hash| house.store.session(house.practice, &hash, at(70)).await.unwrap().unwrap();
    let first = found(one.hash).await;
    assert_eq!((first.session.last_seen_at, first.session.idle_until), (at(60), at(2000)));
    assert_eq!(first.session.profile, Some(profile));
    let facts = first.login.unwrap();
    assert_eq!(facts.sessions.iter().map(|session| session.id).collect::<Vec<_>>(), [one.id, three.id]);
    assert_eq!(facts.last_sign_in_at, Some(at(3)));
    assert_eq!(found(two.hash).await.session.ended_at, Some(at(9)));

    house.must(vec![Change::DeleteClient(own.id)]).await;
    assert_eq!(found(one.hash).await.session.profile, None);
    house.must(vec![Change::EndSessions { login: login.id, which: Which::One(one.id), at: at(80) }]).await;
    assert_eq!(found(one.hash).await.session.ended_at, Some(at(80)));
    assert_eq!(found(three.hash).await.session.ended_at, None);
}

#[tokio::test]
async fn a_deleted_contact_leaves_messages_and_events() {
    let house = House::new().await;
    let (person, login) = house.granted("c-1", "ada@smith.example").await;
    let carried = link(&login, &person);
    let invite = Decision {
        changes: vec![
            Change::OpenLink(carried.clone()),
            Change::RememberKey { contact: person.id, key: key("old@smith.example"), wrong: false },
        ],
        messages: vec![message(&login, &person, &carried, MessageBody::Activation)],
        events: vec![event(&person, "contact.activated"), event(&person, "link.sent")],
        ..Decision::default()
    };
    assert_eq!(house.decide(invite.clone()).await, Commit::Committed);
    let facts = house.facts("c-1").await;
    assert!(facts.former_keys.contains(&key("old@smith.example")));
    assert_eq!(facts.login.unwrap().invitation.unwrap().link, carried);
    let sent = house.store.link(house.practice, carried.id, NOW).await.unwrap().unwrap().sent_at;
    assert_eq!(sent, Some(NOW));

    house
        .must(vec![
            Change::DeleteContact(person.id),
            Change::DeleteLogin(login.id),
            Change::ReleaseKey(login.key.clone().unwrap()),
        ])
        .await;
    let page = Page { after: None, limit: 10 };
    let messages = house.store.messages(house.practice, person.id, &page).await.unwrap();
    assert_eq!(messages[0].0.message, invite.messages[0]);
    house.seal().await;
    let events = house.store.events(house.practice, Some(person.id), &page).await.unwrap();
    assert_eq!(events.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["contact.activated", "link.sent"]);
    assert!(events[0].number < events[1].number);
    assert_eq!(events[0].personal.as_ref(), Some(&invite.events[0].personal));
    assert_eq!(events[0].digest, invite.events[0].digest());
    let rest = Page { after: Some(events[0].number), limit: 10 };
    assert_eq!(house.store.events(house.practice, None, &rest).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_receipt_is_left_once() {
    let house = House::new().await;
    let request = RequestKey { scope: "host".into(), key: "k".into() };
    let contact = Some(portal_domain::id::ContactId::from_bytes([9; 16]));
    let receipt = Receipt { request: request.clone(), digest: [7; 32], outcome: vec![0, 1, 255], contact, at: NOW };
    let commit = async |reference| {
        let decision = Decision { changes: vec![Change::PutClient(client(reference))], ..Decision::default() };
        house.store.commit(house.practice, &[decision], Some(&receipt)).await.unwrap()
    };
    assert_eq!(commit("a").await, Commit::Committed);
    assert_eq!(commit("b").await, Commit::Conflict);
    assert_eq!(house.store.receipt(house.practice, &request).await.unwrap(), Some(receipt.clone()));
    let refs = [Ref::parse("b").unwrap()];
    assert!(PortalStore::clients(&house.store, house.practice, &refs).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_slug_and_a_reference_are_taken_once() {
    let house = House::new().await;
    let mine = house.store.practice(&PracticeSelector::Id(house.practice)).await.unwrap().unwrap();
    let again = Practice { id: crate::kit::fresh(), ..mine.clone() };
    let put = Decision { changes: vec![Change::PutPractice(again.clone())], ..Decision::default() };
    assert_eq!(house.store.commit(again.id, &[put], None).await.unwrap(), Commit::Conflict);
    assert!(house.store.practice(&PracticeSelector::Id(again.id)).await.unwrap().is_none());
    let renamed = Practice { name: "Other".into(), version: 2, ..mine.clone() };
    house.must(vec![Change::PutPractice(renamed.clone())]).await;
    assert_eq!(house.store.practice(&PracticeSelector::Slug(mine.slug)).await.unwrap(), Some(renamed));
    house.must(vec![Change::PutContact(contact("c", &[]))]).await;
    assert_eq!(house.commit(vec![Change::PutContact(contact("c", &[]))]).await, Commit::Conflict);
}

#[tokio::test]
async fn a_login_that_is_missing_at_the_end_takes_nobody_else_with_it() {
    let house = House::new().await;
    let orphan = behind(contact("c-1", &["ada@smith.example"]), &login("ada@smith.example"));
    let bad = Decision { changes: vec![Change::PutContact(orphan)], ..Decision::default() };
    let good =
        |n: usize| Decision { changes: vec![Change::PutClient(client(&format!("c{n}")))], ..Decision::default() };
    let commit = |decision: Decision| {
        let (store, practice) = (house.store.clone(), house.practice);
        tokio::spawn(async move { store.commit(practice, &[decision], None).await.unwrap() })
    };
    let tasks: Vec<_> = (0..8).map(|n| commit(if n == 3 { bad.clone() } else { good(n) })).collect();
    for (n, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.unwrap(), if n == 3 { Commit::Conflict } else { Commit::Committed }, "{n}");
    }
}
