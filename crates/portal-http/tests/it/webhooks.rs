//! Endpoints that events are pushed to: what a host says of them. That they are served is tested where the workers are.

use std::{sync::Arc, time::Duration};

use axum::http::Method;
use serde_json::{Value, json};

use crate::kit::{Answer, Ask, Kit};

const PUT: Method = Method::PUT;
const POST: Method = Method::POST;

async fn put(kit: &Kit, name: &str, body: Value) -> Answer {
    kit.host(PUT, &format!("/webhooks/{name}"), body).await
}

/// The facts of the last event.
async fn last_event(kit: &Kit) -> Value {
    kit.seal().await;
    let all = kit.get("/events?limit=200").await.is(200).json();
    all["items"].as_array().and_then(|all| all.last()).expect("an event").clone()
}

#[tokio::test]
async fn an_endpoint_is_made_changed_listed_and_deleted() {
    let kit = Kit::new().await;
    kit.seal().await;
    let head = last_event(&kit).await["number"].clone();
    let made = put(&kit, "crm", json!({"url": "https://crm.example/hook?t=1"})).await.is(201).json();
    assert_eq!((&made["ref"], &made["enabled"], &made["events"]), (&json!("crm"), &json!(true), &json!([])));
    assert_eq!((&made["outcome"], &made["cursor"]), (&json!("changed"), &head), "it begins with what comes");
    assert!(made["secret"].as_str().is_some_and(|secret| secret.starts_with("whsec_")));
    let more = json!({"description": "The CRM", "events": ["contact.*", "client.created"], "enabled": false});
    let changed = put(&kit, "crm", more.clone()).await.is(200).json();
    assert_eq!((&changed["url"], &changed["description"]), (&json!("https://crm.example/hook?t=1"), &json!("The CRM")));
    assert_eq!((&changed["enabled"], &changed["secret"]), (&json!(false), &Value::Null));
    assert_eq!(put(&kit, "crm", more).await.is(200).json()["outcome"], "unchanged");
    put(&kit, "Books", json!({"url": "https://books.example/"})).await.is(201);
    let list = kit.get("/webhooks?limit=1").await.is(200).json();
    assert_eq!(list["items"][0]["ref"], "Books");
    let cursor = list["next_cursor"].as_str().expect("there are more");
    let rest = kit.get(&format!("/webhooks?cursor={cursor}")).await.is(200).json();
    assert_eq!((&rest["items"][0]["ref"], &rest["next_cursor"]), (&json!("crm"), &Value::Null));
    assert!(!kit.get("/webhooks").await.text.contains("whsec_"));
    let one = kit.send(Ask::get("/api/v1/webhooks/crm").key(&kit.reads)).await.is(200).json();
    assert_eq!(one, rest["items"][0]);
    kit.host(Method::DELETE, "/webhooks/crm", Value::Null).await.is(204);
    for path in ["/webhooks/crm", "/webhooks/crm/deliveries"] {
        kit.get(path).await.problem(404, "not_found");
    }
    kit.host(Method::DELETE, "/webhooks/crm", Value::Null).await.problem(404, "not_found");
}

#[tokio::test]
async fn j1_changes_are_in_the_journal_without_what_an_address_may_hide() {
    let kit = Kit::new().await;
    put(&kit, "crm", json!({"url": "https://crm.example/hook?token=hunter2"})).await.is(201);
    let made = last_event(&kit).await;
    assert_eq!((&made["kind"], &made["facts"]["webhook"]), (&json!("webhook.created"), &json!("crm")));
    assert_eq!(made["facts"]["host_after"], "crm.example");
    put(&kit, "crm", json!({"url": "https://crm.example/hook?token=swordfish", "rotate_secret": true})).await.is(200);
    let changed = last_event(&kit).await;
    assert_eq!((&changed["kind"], &changed["facts"]["url"]), (&json!("webhook.changed"), &json!("replaced")));
    assert_eq!(changed["facts"]["secret"], "replaced");
    kit.host(POST, "/webhooks/crm/recover", json!({"since": "2020-01-01T00:00:00Z"})).await.is(202);
    assert_eq!(last_event(&kit).await["kind"], "webhook.recovered");
    let test = kit.host(POST, "/webhooks/crm/test", Value::Null).await.is(202).json();
    let event = last_event(&kit).await;
    assert_eq!((&event["kind"], &event["id"]), (&json!("webhook.test"), &test["event"]));
    kit.host(Method::DELETE, "/webhooks/crm", Value::Null).await.is(204);
    assert_eq!(last_event(&kit).await["kind"], "webhook.deleted");
    let all = kit.get("/events?limit=200").await.is(200).text;
    assert!(!all.contains("hunter2") && !all.contains("swordfish") && !all.contains("whsec_"));
}

#[tokio::test]
async fn s10_a_secret_is_told_once_and_lies_sealed() {
    let kit = Kit::new().await;
    let body = json!({"url": "https://crm.example/"});
    let ask = || {
        let ask = Ask::new(PUT, "/api/v1/webhooks/crm").key(&kit.key).with("idempotency-key", "k").json(&body);
        kit.send(ask)
    };
    let first = ask().await.is(201);
    let secret = first.json()["secret"].as_str().expect("a secret").to_owned();
    assert_eq!(ask().await.text, first.text, "a repeated call is told the same");
    let rotated = put(&kit, "crm", json!({"rotate_secret": true})).await.is(200).json();
    let fresh = rotated["secret"].as_str().expect("a secret").to_owned();
    assert_ne!(fresh, secret);
    assert!(rotated["former_secret_until"].is_string());
    assert!(put(&kit, "crm", json!({"description": "x"})).await.is(200).json()["secret"].is_null());
    kit.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(kit.get("/webhooks/crm").await.is(200).json()["former_secret_until"], Value::Null);
    let stored = kit.stored();
    for secret in [secret, fresh] {
        let bare = secret.trim_start_matches("whsec_");
        assert!(!stored.contains(bare) && !stored.contains(&format!("{:?}", bare.as_bytes())));
    }
}

#[tokio::test]
async fn what_is_out_of_bounds_is_named_and_changes_nothing() {
    let kit = Kit::new().await;
    put(&kit, "crm", json!({"url": "https://crm.example/"})).await.is(201);
    let before = kit.stored();
    for (name, body, field) in [
        ("new", json!({}), "url"),
        ("crm", json!({"url": "http://crm.example/"}), "url"),
        ("crm", json!({"url": "ftp://crm.example/"}), "url"),
        ("crm", json!({"url": "https://user:pass@crm.example/"}), "url"),
        ("crm", json!({"url": "https://crm.example/#x"}), "url"),
        ("crm", json!({"url": "https://crm.example/a b"}), "url"),
        ("crm", json!({"url": 7}), "url"),
        ("crm", json!({"description": "x".repeat(201)}), "description"),
        ("crm", json!({"description": "a\nb"}), "description"),
        ("crm", json!({"events": ["contact.*", "*"]}), "events[1]"),
        ("crm", json!({"events": vec!["contact.*"; 51]}), "events"),
        ("crm", json!({"events": "contact.*"}), "events"),
        ("crm", json!({"enabled": "yes"}), "enabled"),
        ("crm", json!({"secret": "whsec_AAAA"}), "secret"),
    ] {
        let answer = put(&kit, name, body.clone()).await.problem(400, "invalid_request");
        assert_eq!(answer["field"], field, "{body}");
    }
    for since in [json!("yesterday"), json!(7), Value::Null] {
        let answer = kit.host(POST, "/webhooks/crm/recover", json!({"since": since})).await;
        assert_eq!(answer.problem(400, "invalid_request")["field"], "since");
    }
    assert_eq!(kit.stored(), before);
    kit.host(POST, "/webhooks/nobody/recover", json!({"since": 7})).await.problem(404, "not_found");
    // A disabled one is not tested, and there are ten at most.
    put(&kit, "crm", json!({"enabled": false})).await.is(200);
    kit.host(POST, "/webhooks/crm/test", Value::Null).await.problem(409, "webhook_disabled");
    for number in 1..10 {
        put(&kit, &format!("w{number}"), json!({"url": "https://crm.example/"})).await.is(201);
    }
    put(&kit, "w10", json!({"url": "https://crm.example/"})).await.problem(422, "too_many_webhooks");
    put(&kit, "w9", json!({"description": "x"})).await.is(200);
}

#[tokio::test]
async fn going_back_names_the_place_from_which_all_is_pushed_again() {
    let kit = Kit::new().await;
    for number in 0..20 {
        kit.host(PUT, &format!("/clients/c{number}"), json!({"name": "C"})).await.is(201);
        kit.clock.advance(Duration::from_secs(3600));
        kit.seal().await;
    }
    put(&kit, "crm", json!({"url": "https://crm.example/"})).await.is(201);
    kit.seal().await;
    let events = kit.get("/events?limit=200").await.is(200).json();
    let events = events["items"].as_array().expect("a list");
    let tenth = &events[10];
    let back = kit.host(POST, "/webhooks/crm/recover", json!({"since": tenth["at"]})).await.is(202).json();
    assert_eq!(back["cursor"], json!(tenth["number"].as_i64().expect("a number") - 1));
    // Later than where it stands there is nothing to go back to.
    let later = kit.host(POST, "/webhooks/crm/recover", json!({"since": "2100-01-01T00:00:00Z"})).await.is(202).json();
    assert_eq!(later["cursor"], back["cursor"]);
    let all = kit.host(POST, "/webhooks/crm/recover", json!({"since": "1970-01-01T00:00:00Z"})).await.is(202).json();
    assert_eq!(all["cursor"], 0);
}

#[tokio::test]
async fn an_event_says_whom_it_is_about_even_when_the_contact_is_gone() {
    let kit = Kit::new().await;
    kit.invite("ada", "ada@smith.example").await;
    kit.host(Method::DELETE, "/contacts/ada", Value::Null).await.is(200);
    let event = last_event(&kit).await;
    assert_eq!((&event["kind"], &event["contact"]), (&json!("contact.deleted"), &json!("ada")));
    kit.host(PUT, "/clients/beta", json!({"name": "B"})).await.is(201);
    assert_eq!(last_event(&kit).await["contact"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn only_so_many_wait_for_events_and_others_are_told_when_to_come_again() {
    let kit = Arc::new(Kit::new().await);
    kit.seal().await;
    let wait = |kit: Arc<Kit>| async move { kit.get("/events?after=1000&wait=20").await };
    let waiting: Vec<_> = (0..20).map(|_| tokio::spawn(wait(Arc::clone(&kit)))).collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let refused = wait(Arc::clone(&kit)).await;
    assert_eq!(refused.header("retry-after"), Some("1"));
    refused.problem(503, "overloaded");
    kit.get("/events?after=1000").await.is(200);
    for waiter in waiting {
        waiter.await.expect("an answer").is(200);
    }
    wait(kit).await.is(200);
}
