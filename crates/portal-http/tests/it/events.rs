//! The journal of the practice.

use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};

use crate::kit::{Ask, Kit};

async fn read(kit: &Kit, query: &str) -> Value {
    kit.send(Ask::get(&format!("/api/v1/events{query}")).key(&kit.reads)).await.is(200).json()
}

fn numbers(list: &Value) -> Vec<i64> {
    list["items"].as_array().expect("a list").iter().map(|event| event["number"].as_i64().expect("a number")).collect()
}

#[tokio::test]
async fn j1_sealed_events_come_in_order_without_gaps_and_unsealed_ones_not_at_all() {
    let kit = Kit::new().await;
    kit.invite("a", "ada@smith.example").await;
    assert_eq!(read(&kit, "").await, json!({"items": [], "next_cursor": null}));
    kit.seal().await;
    kit.host(Method::POST, "/contacts/a/portal/deactivate", Value::Null).await.is(200);
    let all = read(&kit, "").await;
    let count = i64::try_from(numbers(&all).len()).expect("few");
    assert_eq!(numbers(&all), (1..=count).collect::<Vec<_>>());
    assert_eq!(all["next_cursor"], Value::Null);
    assert_eq!(all["items"].as_array().and_then(|all| all.last()).expect("one")["kind"], "contact.activated");
    let two = read(&kit, "?limit=2&after=1").await;
    assert_eq!((numbers(&two), &two["next_cursor"]), (vec![2, 3], &json!("3")));
    assert_eq!(read(&kit, &format!("?after={}", count - 1)).await["next_cursor"], Value::Null);
    let of_contact = kit.get("/contacts/a/portal/events?limit=1").await.is(200).json();
    assert!(all["items"].as_array().expect("a list").contains(&of_contact["items"][0]), "one shape for both");
    kit.seal().await;
    let rest = read(&kit, &format!("?after={count}")).await;
    assert_eq!((numbers(&rest), &rest["items"][0]["kind"]), (vec![count + 1], &json!("contact.deactivated")));
    assert!(read(&kit, &format!("?after={}", i64::MAX)).await["items"].as_array().expect("a list").is_empty());
}

#[tokio::test]
async fn who_waits_is_answered_when_something_is_sealed_or_the_time_is_over() {
    let kit = Arc::new(Kit::new().await);
    kit.seal().await;
    let last = *numbers(&read(&kit, "").await).last().expect("the practice was created");
    assert!(numbers(&read(&kit, &format!("?after={last}&wait=1")).await).is_empty());
    assert_eq!(read(&kit, "?wait=30&limit=1").await["items"][0]["number"], 1, "what is there is not waited for");
    let waiting = tokio::spawn({
        let kit = Arc::clone(&kit);
        async move { read(&kit, &format!("?after={last}&wait=30")).await }
    });
    kit.host(Method::PUT, "/clients/acme", json!({"name": "Acme"})).await.is(201);
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished(), "what is not sealed is not seen");
    kit.seal().await;
    let found = waiting.await.expect("an answer");
    assert_eq!((numbers(&found), &found["items"][0]["kind"]), (vec![last + 1], &json!("client.created")));
}

#[tokio::test]
async fn events_need_a_key() {
    let kit = Kit::new().await;
    kit.send(Ask::get("/api/v1/events")).await.problem(401, "unauthorized");
}
