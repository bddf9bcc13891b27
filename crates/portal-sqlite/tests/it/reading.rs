//! Facts and damage.

use std::sync::Arc;

use portal_domain::{
    change::{Change, Decision},
    event::Caller,
    facts::{ContactQuery, ContactSelector, Holder},
    id::{Ref, Slug},
    port::{Commit, Enquiry, EnquiryKind, Page, PortalStore, PortalViews, StoreError},
    practice::{ApiKey, ApiKeyHash, Scope},
    usecase::{CallContext, EmailsInput, PutContactInput},
};
use portal_testkit::fixture::Fixture;
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::kit::{House, NOW, at, client, contact, fresh, key, practice};

#[tokio::test]
async fn answers_are_in_the_order_of_the_queries() {
    let house = House::new().await;
    let (ada, login) = house.granted("c-1", "ada@smith.example").await;
    let bob = contact("c-2", &["ada@smith.example", "bob@smith.example"]);
    house.must(vec![Change::PutContact(bob.clone()), Change::PutClient(client("x"))]).await;
    let ask = |contact, clients: &[&str]| ContactQuery {
        contact,
        keys: vec![key("nobody@smith.example")],
        clients: clients.iter().map(|text| Ref::parse(text).unwrap()).collect(),
    };
    let queries = [
        ask(ContactSelector::Id(bob.id), &["x", "y"]),
        ask(ContactSelector::Ref(Ref::parse("none").unwrap()), &["x"]),
        ask(ContactSelector::Ref(ada.reference.clone()), &[]),
        ask(ContactSelector::Id(fresh()), &[]),
    ];
    let facts = PortalStore::contacts(&house.store, house.practice, &queries, NOW).await.unwrap();
    assert_eq!(
        facts.iter().map(|one| one.contact.clone()).collect::<Vec<_>>(),
        [Some(bob), None, Some(ada.clone()), None]
    );
    assert_eq!(facts.iter().map(|one| one.clients.len()).collect::<Vec<_>>(), [1, 1, 0, 0]);
    assert!(facts[0].login.is_none());
    let Some(Holder::Login(holder)) = facts[0].holders.get(&key("ada@smith.example")) else { panic!("no holder") };
    assert_eq!(holder.login, login);
    assert_eq!(holder.members[0].contact, ada);
    assert_eq!(facts[2].login.as_ref(), Some(holder));
    assert_eq!(facts[0].holders.len(), 1);
}

#[tokio::test]
async fn a_key_of_a_host_works_until_it_is_revoked() {
    let house = House::new().await;
    let made = ApiKey {
        id: fresh(),
        practice: house.practice,
        name: "host".into(),
        scopes: vec![Scope::Read, Scope::SignIn],
        hash: ApiKeyHash([3; 32]),
        created_at: NOW,
        revoked_at: None,
    };
    house.must(vec![Change::AddApiKey(made.clone())]).await;
    assert_eq!(house.store.caller(&made.hash).await.unwrap(), Some(made.clone()));
    house.must(vec![Change::RevokeApiKey { key: made.id, at: at(1) }]).await;
    assert_eq!(house.store.caller(&made.hash).await.unwrap(), None);
    let listed = house.store.api_keys(house.practice).await.unwrap();
    assert_eq!(listed, [ApiKey { revoked_at: Some(at(1)), ..made }]);
}

#[tokio::test]
async fn lists_go_on_after_a_key_and_stay_in_their_practice() {
    let house = House::new().await;
    let other = practice();
    let foreign = vec![Change::PutPractice(other.clone()), Change::PutClient(client("m"))];
    let foreign = Decision { changes: foreign, ..Decision::default() };
    assert_eq!(house.store.commit(other.id, &[foreign], None).await.unwrap(), Commit::Committed);
    house.must(["a", "B", "c"].map(|name| Change::PutClient(client(name))).to_vec()).await;
    let page = |after: Option<&str>, limit| Page { after: after.map(|text| Ref::parse(text).unwrap()), limit };
    let names = async |page| -> Vec<String> {
        let clients = PortalViews::clients(&house.store, house.practice, &page).await.unwrap();
        clients.iter().map(|client| client.reference.to_string()).collect()
    };
    assert_eq!(names(page(None, 2)).await, ["B", "a"]);
    assert_eq!(names(page(Some("a"), 2)).await, ["c"]);
    let practices = house.store.practices(&Page { after: None, limit: 9 }).await.unwrap();
    assert_eq!(practices.len(), 2);
    let rest = Page { after: Some(practices[0].slug.to_string()), limit: 9 };
    assert_eq!(house.store.practices(&rest).await.unwrap(), practices[1..]);
}

#[tokio::test]
async fn a_damaged_row_is_named_without_its_content() {
    let house = House::new().await;
    house.must(vec![Change::PutContact(contact("c-1", &["ada@smith.example"]))]).await;
    let mut raw = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(house.path())).await.unwrap();
    sqlx::query("UPDATE portal_contact_email SET address = 'secret'").execute(&mut raw).await.unwrap();
    let contact = ContactSelector::Ref(Ref::parse("c-1").unwrap());
    let query = ContactQuery { contact, keys: Vec::new(), clients: Vec::new() };
    let answer = PortalStore::contacts(&house.store, house.practice, &[query], NOW).await;
    let Err(StoreError::Damaged(words)) = answer else { panic!("{answer:?}") };
    assert_eq!(words, "`contact_email.address` does not hold what it should");
}

/// What fails in one practice is answered, and tried again; those who sign in at another are told meanwhile, and once.
#[tokio::test]
async fn a_damaged_practice_keeps_nobody_from_being_told_where_another_portal_is() {
    let house = House::new().await;
    let fixture = Fixture::on(Arc::new(house.store.clone()), "elm").await;
    let portal = &fixture.portal;
    let oak = portal.create_practice(&fixture.call(), &Slug::parse("oak").unwrap(), "Oak").await.unwrap();
    let emails = Some(EmailsInput { emails: vec!["ada@smith.example".to_owned()], ..EmailsInput::default() });
    let (ada, input) = (Ref::parse("ada").unwrap(), PutContactInput { emails, ..PutContactInput::default() });
    for practice in [fixture.practice.id, oak.id] {
        let call = CallContext::new(practice, Caller::Program);
        portal.put_contact(&call, &ada, &input).await.unwrap();
        portal.activate(&call, &ada).await.unwrap();
    }
    let practices = house.store.practices_of(&key("ada@smith.example"), 9).await.unwrap();
    let mut raw = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(house.path())).await.unwrap();
    let damaged = practices[0].to_bytes();
    let damage = "UPDATE portal_practice SET settings = '?' || settings WHERE practice_id = ?1";
    let mend = "UPDATE portal_practice SET settings = substr(settings, 2) WHERE practice_id = ?1";
    let kind = EnquiryKind::PortalAddress { address: "ada@smith.example".to_owned() };
    let wish = Enquiry { id: fresh(), practice: house.practice, kind, origin: None, at: portal.now() };
    let mut told = Vec::new();
    for (edit, fails) in [(Some(damage), true), (None, true), (Some(mend), false)] {
        if let Some(edit) = edit {
            sqlx::query(edit).bind(damaged.as_slice()).execute(&mut raw).await.unwrap();
        }
        assert_eq!(portal.decide_enquiry(&wish).await.is_err(), fails);
        let mails = "SELECT count(*) FROM portal_message WHERE kind = 'portal_address'";
        told.push(sqlx::query_scalar::<_, i64>(mails).fetch_one(&mut raw).await.unwrap());
    }
    assert_eq!(told, [1, 1, 2]);
}
