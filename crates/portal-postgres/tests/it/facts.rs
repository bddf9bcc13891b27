//! What rules are told.

use portal_domain::{
    change::{Change, KeyOwner},
    contact::Access,
    facts::{ContactQuery, ContactSelector, Holder, UserQuery},
    id::PracticeId,
    port::{PortalStore, PracticeSelector, StoreError},
    practice::Role,
};

use crate::{
    given::{self, PRACTICE, at, begin, changes, committed, id},
    kit::with_database,
};

fn by_ref(number: u64) -> ContactQuery {
    ContactQuery {
        contact: ContactSelector::Ref(given::name(&format!("c-{number}"))),
        keys: Vec::new(),
        clients: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_questions_are_answered_in_their_order() {
    with_database(async |database| {
        let store = database.store().await;
        let clients = [given::client(2001), given::client(2002)];
        let mut all: Vec<Change> = clients.iter().cloned().map(Change::PutClient).collect();
        for number in 0..400 {
            all.extend(given::activated(number, Some(&clients[number as usize % 2])).2);
        }
        begin(&store, all).await;
        let user = given::user(3000, Role::Staff);
        let claim = Change::ClaimKey { key: user.email.key().clone(), owner: KeyOwner::User(user.id) };
        committed(&store, changes([Change::PutUser(user.clone()), claim])).await;

        let mut queries: Vec<ContactQuery> = (0..500).rev().map(by_ref).collect();
        queries[499].contact = ContactSelector::Id(id(0));
        queries[0].keys =
            vec![user.email.key().clone(), given::key("first7@mail.example"), given::key("x@mail.example")];
        queries[0].clients = vec![given::name("k-2002"), given::name("k-9"), given::name("k-2001")];
        let found = store.contacts(PRACTICE, &queries, at(100)).await.unwrap();
        assert_eq!(found.len(), 500);
        assert!(found[..100].iter().all(|facts| facts.contact.is_none()));
        for (number, facts) in found[100..].iter().rev().enumerate() {
            let contact = facts.contact.as_ref().unwrap();
            assert_eq!(contact.id, id(number as u64));
            assert_eq!(facts.login.as_ref().unwrap().members[0].contact, *contact);
            assert_eq!(facts.clients, [clients[number % 2].clone()]);
            let first = contact.emails.first().unwrap().key();
            assert_eq!(facts.holders.get(first), facts.login.clone().map(Holder::Login).as_ref());
        }
        assert_eq!(found[0].holders.len(), 2);
        assert_eq!(found[0].holders[user.email.key()], Holder::User(user));
        assert_eq!(found[0].clients, clients);
        assert_eq!(store.contacts(PRACTICE, &[], at(100)).await, Ok(Vec::new()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_login_has_all_its_members_and_a_dormant_one_none() {
    with_database(async |database| {
        let store = database.store().await;
        let (first, login, made) = given::activated(1, None);
        let second = given::granted(given::contact(2), &login);
        let mut third = given::contact(3);
        let dormant = portal_domain::login::Login { key: None, ..given::login(30, &third) };
        (third.login, third.access) = (Some(dormant.id), Access::Deactivated);
        let more = [Change::PutContact(second.clone()), Change::PutLogin(dormant.clone()), Change::PutContact(third)];
        begin(&store, [made, more.to_vec()].concat()).await;
        let facts = store.contacts(PRACTICE, &[by_ref(2), by_ref(3)], at(100)).await.unwrap();
        let members = &facts[0].login.as_ref().unwrap().members;
        assert_eq!(members.iter().map(|it| it.contact.clone()).collect::<Vec<_>>(), [first, second]);
        let own = facts[1].login.as_ref().unwrap();
        assert_eq!((&own.login, own.members.len()), (&dormant, 0));
        assert!(facts[1].holders.is_empty());
        assert_eq!(store.login(PRACTICE, &given::key("first3@mail.example"), at(1)).await, Ok(None));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_comes_with_the_holder_of_the_key_and_another_admin() {
    with_database(async |database| {
        let store = database.store().await;
        let users = [given::user(5, Role::Admin), given::user(4, Role::Admin), given::user(3, Role::Staff)];
        let mut all = given::activated(1, None).2;
        for user in &users {
            let claim = Change::ClaimKey { key: user.email.key().clone(), owner: KeyOwner::User(user.id) };
            all.extend([Change::PutUser(user.clone()), claim]);
        }
        begin(&store, all).await;
        let ask = async |user: &str, key: &str| {
            let query = UserQuery { user: given::name(user), key: Some(given::key(key)) };
            store.user(PRACTICE, &query, at(100)).await.unwrap()
        };
        let found = ask("u-4", "first1@mail.example").await;
        assert_eq!((found.user.as_ref(), found.other_admin.as_ref()), (Some(&users[1]), Some(&users[0])));
        assert!(matches!(found.holder, Some(Holder::Login(held)) if held.login.id == id(1)));
        let found = ask("u-9", "user3@smith.example").await;
        assert_eq!((found.user, found.other_admin), (None, Some(users[1].clone())));
        assert_eq!(found.holder, Some(Holder::User(users[2].clone())));
        assert_eq!(ask("u-9", "nobody@smith.example").await.holder, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_practice_sees_nothing() {
    with_database(async |database| {
        let store = database.store().await;
        let (contact, login, made) = given::activated(1, None);
        begin(&store, made).await;
        let link = given::link(2, &login, &contact);
        let session = given::session(3, &login);
        committed(&store, changes([Change::OpenLink(link.clone()), Change::OpenSession(session.clone())])).await;
        let other: PracticeId = id(2);
        assert_eq!(store.contacts(other, &[by_ref(1)], at(30)).await.unwrap()[0].contact, None);
        assert_eq!(store.login(other, login.key.as_ref().unwrap(), at(30)).await, Ok(None));
        assert_eq!(store.link(other, link.id, at(30)).await, Ok(None));
        assert_eq!(store.session(other, &session.hash, at(30)).await, Ok(None));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_row_is_named() {
    with_database(async |database| {
        let store = database.store().await;
        begin(&store, given::activated(1, None).2).await;
        let mut connection = database.connection().await;
        for spoil in [
            "UPDATE portal.practice SET settings = '{\"hint_mail\": 3}'",
            "UPDATE portal.contact_email SET key = 'ADA@mail.example' WHERE position = 0",
        ] {
            sqlx::query(spoil).execute(&mut connection).await.unwrap();
        }
        let practice = store.practice(&PracticeSelector::Id(PRACTICE)).await;
        assert!(matches!(practice, Err(StoreError::Damaged(text)) if text.contains("`practice`")));
        let contacts = store.contacts(PRACTICE, &[by_ref(1)], at(1)).await;
        assert!(matches!(contacts, Err(StoreError::Damaged(text)) if text.contains("`contact`")));
    })
    .await;
}
