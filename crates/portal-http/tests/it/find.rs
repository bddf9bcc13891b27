//! The list of contacts with its filters.

use axum::http::Method;
use portal_domain::{
    contact::Contact,
    id::Slug,
    port::{Commit, PortalStore},
};
use portal_testkit::build::{self, Plan};
use serde_json::{Value, json};

use crate::kit::Kit;

const PUT: Method = Method::PUT;

impl Kit {
    /// References and the cursor of one page.
    async fn page(&self, query: &str) -> (Vec<String>, Option<String>) {
        let list = self.get(&format!("/contacts?{query}")).await.is(200).json();
        let name = |item: &Value| item["ref"].as_str().expect("a reference").to_owned();
        let refs = list["items"].as_array().expect("items").iter().map(name).collect();
        (refs, list["next_cursor"].as_str().map(str::to_owned))
    }

    /// All pages, each of which but the last has as many as asked for.
    async fn found(&self, query: &str, limit: usize) -> Vec<String> {
        let (mut all, mut next) = (Vec::new(), None);
        loop {
            let cursor = next.map_or_else(String::new, |next| format!("&cursor={next}"));
            let (page, more) = self.page(&format!("{query}&limit={limit}{cursor}")).await;
            assert!(page.len() == limit || (page.len() < limit && more.is_none()), "{page:?}, {more:?}");
            all.extend(page);
            next = more;
            if next.is_none() {
                return all;
            }
        }
    }
}

#[tokio::test]
async fn contacts_are_found_by_name_address_status_and_client() {
    let kit = Kit::new().await;
    for client in ["acme", "beta"] {
        kit.host(PUT, &format!("/clients/{client}"), json!({"name": client})).await.is(201);
    }
    for (contact, name, emails, clients) in [
        ("a", "José Müller", json!(["jose@one.example"]), json!(["acme"])),
        ("b", "Ada O’Neil", json!(["ada@two.example", "private@one.example"]), json!(["acme", "beta"])),
        ("c", "Mulligan & Sons", json!([]), json!(["beta"])),
        ("d", "Joanna Muller", json!(["j.m@two.example"]), json!([])),
    ] {
        let body = json!({"name": name, "emails": emails, "clients": clients});
        kit.host(PUT, &format!("/contacts/{contact}"), body).await.is(201);
    }
    for contact in ["a", "b", "d"] {
        kit.host(Method::POST, &format!("/contacts/{contact}/portal/activate"), Value::Null).await.is(200);
    }
    kit.host(Method::POST, "/contacts/d/portal/deactivate", Value::Null).await.is(200);
    for (query, expected) in [
        ("", "a b c d"),
        ("q=", "a b c d"),
        ("q=mull", "a c d"),
        ("q=MULLER%20jo", "a d"),
        ("q=one.example", "a b"),
        ("q=PRIVATE%40one", "b"),
        ("q=neil", "b"),
        ("q=nobody", ""),
        ("client=acme", "a b"),
        ("client=beta&q=mull", "c"),
        ("status=invited", "a b"),
        ("status=deactivated,not_activated", "c d"),
        ("status=active", ""),
        ("status=invited&client=beta", "b"),
        ("status=invited&q=mull", "a"),
    ] {
        let expected: Vec<_> = expected.split_whitespace().collect();
        for limit in [1, 2, 3, 200] {
            // A page that is full may be followed by an empty one, where what comes next is not known without a look.
            assert_eq!(kit.found(query, limit).await, expected, "{query} by {limit}");
        }
    }
    assert_eq!(kit.page("limit=4").await.1, None, "there are no more");
    let foreign = crate::kit::Ask::get("/api/v1/contacts?q=mull").key(&kit.foreign);
    assert_eq!(kit.send(foreign).await.is(200).json()["items"], json!([]));
}

#[tokio::test]
async fn a_filter_that_says_nothing_known_is_refused() {
    let kit = Kit::new().await;
    kit.send(crate::kit::Ask::new(PUT, "/api/v1/clients/theirs").key(&kit.foreign).json(&json!({"name": "T"}))).await;
    for query in ["status=", "status=activ", "status=active,", "status=active&status=locked"] {
        let problem = kit.get(&format!("/contacts?{query}")).await.problem(400, "invalid_request");
        assert_eq!(problem["field"], "status", "{query}");
    }
    let long = format!("/contacts?q={}", "a".repeat(201));
    assert_eq!(kit.get(&long).await.problem(400, "invalid_request")["field"], "q");
    for client in ["nobody", "theirs", "..", "%C3%BC", ""] {
        let problem = kit.get(&format!("/contacts?client={client}")).await.problem(422, "unknown_client");
        assert_eq!(problem["field"], "client", "{client}");
    }
}

/// More contacts than are looked through for one request: an empty page says where to go on.
#[tokio::test]
async fn a_bounded_part_is_looked_through_for_each_request() {
    let kit = Kit::new().await;
    let many = (0..5_002).map(|number| build::contact(&format!("c{number:04}"), &[]));
    let plan = many.fold(Plan::new(), |plan, contact| plan.put_contact(&contact));
    let practice = kit.portal.practice_by_slug(&Slug::parse("smith").unwrap()).await.unwrap().unwrap();
    assert_eq!(kit.store.commit(practice.id, &[plan.done()], None).await, Ok(Commit::Committed));
    kit.host(PUT, "/contacts/c5001", json!({"name": "Rare Bird", "emails": ["rare@one.example"]})).await.is(200);
    kit.host(Method::POST, "/contacts/c5001/portal/activate", Value::Null).await.is(200);
    for (query, pages) in [("q=bird", 2), ("status=invited", 3)] {
        let (mut cursor, mut empty) = (String::new(), 0);
        loop {
            let (page, next) = kit.page(&format!("{query}{cursor}")).await;
            let Some(next) = next else {
                assert_eq!((page, empty), (vec!["c5001".to_owned()], pages - 1), "{query}");
                break;
            };
            assert!(page.is_empty(), "{page:?}");
            empty += 1;
            cursor = format!("&cursor={next}");
        }
    }
}

/// More contacts than are looked at together, and more than one page of any kind.
#[tokio::test]
async fn a_rare_contact_is_found_among_many() {
    let kit = Kit::new().await;
    let many = (0..1_200).map(|number| {
        let name = if number % 400 == 399 { "Rare Bird" } else { "Common Sparrow" };
        Contact { name: name.to_owned(), ..build::contact(&format!("c{number:04}"), &[]) }
    });
    let plan = many.fold(Plan::new(), |plan, contact| plan.put_contact(&contact));
    let practice = kit.portal.practice_by_slug(&Slug::parse("smith").unwrap()).await.unwrap().unwrap();
    assert_eq!(kit.store.commit(practice.id, &[plan.done()], None).await, Ok(Commit::Committed));
    for number in [3, 1_100] {
        let body = json!({"emails": [format!("p{number}@one.example")]});
        kit.host(PUT, &format!("/contacts/c{number:04}"), body).await.is(200);
        kit.host(Method::POST, &format!("/contacts/c{number:04}/portal/activate"), Value::Null).await.is(200);
    }
    for limit in [1, 2, 200] {
        assert_eq!(kit.found("q=bird", limit).await, ["c0399", "c0799", "c1199"]);
        assert_eq!(kit.found("status=invited", limit).await, ["c0003", "c1100"]);
    }
    assert_eq!(kit.found("q=sparrow", 150).await.len(), 1_197);
}
