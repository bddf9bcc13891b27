//! Calls that come twice: the same key and body get the same answer, and one effect.

use std::time::Duration;

use axum::http::Method;
use portal_domain::practice::Scope;
use serde_json::{Value, json};

use crate::kit::{Answer, Ask, Kit};

const PUT: Method = Method::PUT;
const POST: Method = Method::POST;
const DELETE: Method = Method::DELETE;
/// From the tests of jBCrypt.
const HASH: &str = "$2a$08$aTsUwsyowQuzRrDqFflhgekJ8d9/7Z3GV3UcgvzQW3J5zMyrTvlz.";

impl Kit {
    /// A call of the host under a key of its own.
    async fn once(&self, key: &str, method: Method, path: &str, body: Value) -> Answer {
        self.send(self.keyed(key, method, path, &body)).await
    }

    fn keyed(&self, key: &str, method: Method, path: &str, body: &Value) -> Ask {
        Ask::new(method, &format!("/api/v1{path}")).key(&self.key).with("idempotency-key", key).json(body)
    }

    /// The kinds of all events.
    async fn events(&self) -> Vec<String> {
        self.seal().await;
        let list = self.get("/events?limit=200").await.is(200).json();
        let kind = |event: &Value| event["kind"].as_str().unwrap_or_default().to_owned();
        list["items"].as_array().into_iter().flatten().map(kind).collect()
    }
}

/// What two answers have in common: all but the request's own name.
fn same(first: &Answer, second: &Answer) {
    assert_eq!((first.status, &first.text), (second.status, &second.text));
    assert_eq!(first.header("etag"), second.header("etag"));
}

/// Every write of the host API, after what it needs; each leaves another state when it is meant anew.
fn writes() -> Vec<(Method, &'static str, Value)> {
    let contact = json!({"name": "Ada", "emails": ["ada@smith.example"], "clients": ["acme"]});
    vec![
        (PUT, "/practice-users/u-1", json!({"name": "Ann", "email": "ann@practice.example", "role": "admin"})),
        (PUT, "/practice-users/u-2", json!({"name": "Bob", "email": "bob@practice.example", "role": "staff"})),
        (POST, "/practice-users/u-2/invite", Value::Null),
        (DELETE, "/practice-users/u-2", Value::Null),
        (PUT, "/clients/acme", json!({"name": "Acme"})),
        (POST, "/clients/acme/suspend", Value::Null),
        (POST, "/clients/acme/resume", json!({})),
        (PUT, "/contacts/ada", contact),
        (PUT, "/contacts/ada/emails", json!({"emails": ["ada@new.example"]})),
        (POST, "/contacts/ada/portal/activate", Value::Null),
        (POST, "/contacts/ada/portal/resend", Value::Null),
        (POST, "/contacts/ada/portal/lift-suppression", Value::Null),
        (PUT, "/contacts/ada/credential", json!({"hash": HASH})),
        (POST, "/contacts/ada/portal/deactivate", Value::Null),
        (POST, "/contacts/ada/portal/reactivate", Value::Null),
        (POST, "/handoffs", json!({"contact": "ada", "client": "acme", "route": "home"})),
        (DELETE, "/contacts/ada/portal/sessions", Value::Null),
        (DELETE, "/sessions", Value::Null),
        (PUT, "/webhooks/crm", json!({"url": "https://crm.example/hook"})),
        (PUT, "/webhooks/crm", json!({"rotate_secret": true})),
        (POST, "/webhooks/crm/test", Value::Null),
        (POST, "/webhooks/crm/recover", json!({"since": "2026-01-01T00:00:00Z"})),
        (DELETE, "/webhooks/crm", Value::Null),
        (PUT, "/settings", json!({"contact_line": "Ask Elaine"})),
        (POST, "/imports", json!("ref,name,emails\neve,Eve,eve@smith.example\n")),
        (POST, "/imports/{id}/cancel", Value::Null),
        (POST, "/activations", json!({"action": "activate", "contacts": ["ada"], "start_at": "2036-01-01T00:00:00Z"})),
        (POST, "/activations/{id}/pause", Value::Null),
        (POST, "/activations/{id}/resume", Value::Null),
        (POST, "/activations/{id}/cancel", Value::Null),
        (POST, "/contacts/zoe/erase", Value::Null),
        (DELETE, "/contacts/ada", Value::Null),
        (DELETE, "/clients/acme", Value::Null),
    ]
}

#[tokio::test]
async fn every_write_answers_a_repeated_call_alike_and_has_one_effect() {
    let kit = Kit::new().await;
    let mut covered: Vec<_> = writes().into_iter().map(|(method, path, _)| template(&method, path)).collect();
    // Its body is a code that a browser has to bring first: see `returns`.
    covered.push("POST /api/v1/sign-ins".to_owned());
    for (method, path, scope) in portal_http::route_table() {
        let name = format!("{method} {path}");
        // Those of the operator have a test of their own.
        assert!(
            scope == "read" || scope == "operator" || covered.contains(&name),
            "{name} is not in the list of writes"
        );
    }
    kit.settle("zoe", "zoe@smith.example").await;
    let credentials = kit.key_for(Scope::Credentials).await;
    let signs_in = kit.key_for(Scope::SignIn).await;
    let once = async |key: &str, method: Method, path: &str, body: Value| {
        let ask = match &body {
            Value::String(file) => {
                kit.keyed(key, method, path, &Value::Null).with("content-type", "text/csv").body(file.as_bytes())
            }
            _ => kit.keyed(key, method, path, &body),
        };
        kit.send(match path {
            "/handoffs" => ask.without("authorization").key(&signs_in),
            path if path.ends_with("/credential") => ask.without("authorization").key(&credentials),
            _ => ask,
        })
        .await
    };
    let (mut told, mut job) = (Vec::new(), String::new());
    for (index, (method, path, body)) in writes().into_iter().enumerate() {
        let key = format!("call {index}");
        let path = &*path.replace("{id}", &job);
        let first = once(&key, method.clone(), path, body.clone()).await;
        assert!(first.status.is_success(), "{method} {path}: {}", first.text);
        let events = kit.events().await;
        same(&first, &once(&key, method.clone(), path, body.clone()).await);
        assert_eq!(kit.events().await, events, "{method} {path}");
        if matches!(path, "/activations" | "/imports") {
            job = first.json()["id"].as_str().expect("an id").to_owned();
        }
        told.push((key, method, path.to_owned(), body, first));
    }
    // Whatever happened since, and were it the end of the thing.
    let events = kit.events().await;
    kit.clock.advance(Duration::from_secs(23 * 3600));
    for (key, method, path, body, first) in &told {
        same(first, &once(key, method.clone(), path, body.clone()).await);
    }
    assert_eq!(kit.events().await, events);
}

fn template(method: &Method, path: &str) -> String {
    let parts: Vec<_> = path.split('/').collect();
    let bare = ["activations", "imports", "settings", "sessions"];
    let named = |index: usize| index == 2 && !bare.contains(&parts[1]);
    let parts = parts.iter().enumerate().map(|(index, part)| if named(index) { "{ref}" } else { part });
    format!("{method} /api/v1{}", parts.collect::<Vec<_>>().join("/"))
}

#[tokio::test]
async fn a_key_belongs_to_one_request_of_one_caller_and_route() {
    let kit = Kit::new().await;
    kit.once("k", PUT, "/clients/acme", json!({"name": "Acme"})).await.is(201);
    let reused = kit.once("k", PUT, "/clients/acme", json!({"name": "Other"})).await;
    reused.problem(422, "idempotency_key_reused");
    kit.once("k", PUT, "/clients/beta", json!({"name": "Acme"})).await.problem(422, "idempotency_key_reused");
    assert_eq!(kit.get("/clients/acme").await.is(200).json()["name"], "Acme");
    kit.get("/clients/beta").await.problem(404, "not_found");
    // Another route, another caller and another practice have keys of their own.
    kit.once("k", POST, "/clients/acme/suspend", Value::Null).await.is(200);
    let foreign = kit.keyed("k", PUT, "/clients/acme", &json!({"name": "Theirs"}));
    kit.send(foreign.without("authorization").key(&kit.foreign)).await.is(201);
    assert_eq!(kit.get("/clients/acme").await.is(200).json()["name"], "Acme");
}

#[tokio::test]
async fn what_is_unchanged_stays_so_for_its_repetition() {
    let kit = Kit::new().await;
    kit.invite("ada", "ada@smith.example").await;
    let again = kit.once("k", POST, "/contacts/ada/portal/activate", Value::Null).await.is(200);
    assert_eq!(again.json()["outcome"], "unchanged");
    kit.host(POST, "/contacts/ada/portal/deactivate", Value::Null).await.is(200);
    same(&again, &kit.once("k", POST, "/contacts/ada/portal/activate", Value::Null).await);
    assert_eq!(kit.get("/contacts/ada/portal").await.is(200).json()["access"], "deactivated");
}

#[tokio::test]
async fn what_was_refused_is_decided_anew_and_a_preview_leaves_its_key_free() {
    let kit = Kit::new().await;
    kit.host(PUT, "/contacts/ada", json!({"name": "Ada", "emails": ["ada@smith.example"]})).await.is(201);
    kit.once("k", POST, "/contacts/ada/portal/resend", Value::Null).await.problem(409, "not_activated");
    kit.host(POST, "/contacts/ada/portal/activate", Value::Null).await.is(200);
    kit.once("k", POST, "/contacts/ada/portal/resend", Value::Null).await.is(200);
    // Nor does one that can't be, and a search is no write.
    kit.once("", POST, "/contacts/ada/portal/resend?preview=true", Value::Null).await.is(200);
    kit.once("", POST, "/contacts/search", json!({"email": "ada@smith.example"})).await.is(200);
    let would = kit.once("p", POST, "/contacts/ada/portal/deactivate?preview=true", Value::Null).await.is(200);
    assert_eq!(would.json()["preview"], true);
    let did = kit.once("p", POST, "/contacts/ada/portal/deactivate", Value::Null).await.is(200).json();
    assert_eq!((&did["preview"], &did["outcome"]), (&json!(false), &json!("changed")));
}

#[tokio::test]
async fn a_key_is_one_text_of_up_to_255_characters() {
    let kit = Kit::new().await;
    let body = json!({"name": "Acme"});
    let ask = |key: &str| kit.keyed(key, PUT, "/clients/acme", &body);
    for wrong in [ask(""), ask(&"k".repeat(256)), ask("ü"), ask("a\tb"), ask("a").with("idempotency-key", "a")] {
        let problem = kit.send(wrong).await.problem(400, "invalid_request");
        assert_eq!(problem["field"], "Idempotency-Key");
    }
    kit.get("/clients/acme").await.problem(404, "not_found");
    kit.send(ask(&"k".repeat(255))).await.is(201);
    // Who may not call is told so first, and then what is not there.
    kit.send(ask("").without("authorization").key("nonsense")).await.problem(401, "unauthorized");
    kit.send(ask("").without("authorization").key(&kit.reads)).await.problem(403, "forbidden");
    kit.once("", POST, "/clients/other/suspend", Value::Null).await.problem(404, "not_found");
    let large = kit.keyed("large", PUT, "/clients/acme", &Value::Null).body(&vec![b' '; 65 * 1024]);
    kit.send(large).await.problem(413, "body_too_large");
}

#[tokio::test]
async fn a_key_is_free_again_after_a_day() {
    let kit = Kit::new().await;
    kit.once("k", PUT, "/clients/acme", json!({"name": "Acme"})).await.is(201);
    kit.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(kit.portal.forget_receipts().await, Ok(0));
    kit.once("k", PUT, "/clients/acme", json!({"name": "B"})).await.problem(422, "idempotency_key_reused");
    kit.clock.advance(Duration::from_micros(1));
    assert_eq!(kit.portal.forget_receipts().await, Ok(1));
    kit.once("k", PUT, "/clients/acme", json!({"name": "B"})).await.is(200);
}

#[tokio::test(start_paused = true)]
async fn a_second_call_waits_for_the_first_and_is_told_the_same() {
    let kit = Kit::new().await;
    let call = || kit.once("k", PUT, "/clients/acme", json!({"name": "Acme"}));
    kit.store.slow_down(Duration::from_secs(4));
    let (first, second) = tokio::join!(call(), call());
    same(&first.is(201), &second);
    kit.store.slow_down(Duration::ZERO);
    let created = kit.events().await.into_iter().filter(|kind| kind == "client.created").count();
    assert_eq!(created, 1);
}

#[tokio::test(start_paused = true)]
async fn a_second_call_that_takes_long_waits_for_the_first_and_not_for_its_place() {
    let kit = Kit::new().await;
    kit.host(PUT, "/contacts/ada", json!({"name": "Ada", "emails": ["ada@smith.example"]})).await.is(201);
    let call = |key| kit.once(key, POST, "/activations", json!({"action": "activate", "contacts": ["ada"]}));
    // With all its commits: longer than a call waits for its place, and less than it waits for another one.
    kit.store.slow_down(Duration::from_millis(700));
    let (first, second) = tokio::join!(call("k"), call("k"));
    same(&first.is(202), &second);
    kit.store.slow_down(Duration::from_secs(10));
    let (first, second) = tokio::join!(call("another"), call("another"));
    first.is(202);
    second.problem(409, "idempotency_key_in_use");
    // Another call of the practice needs a place of its own.
    let (first, second) = tokio::join!(call("a third"), call("a fourth"));
    first.is(202);
    second.problem(503, "overloaded");
}

#[tokio::test(start_paused = true)]
async fn a_second_call_is_told_after_five_seconds_that_the_first_still_runs() {
    let kit = Kit::new().await;
    let call = |key| kit.once(key, PUT, "/clients/acme", json!({"name": "Acme"}));
    kit.store.slow_down(Duration::from_secs(10));
    let begun = tokio::time::Instant::now();
    let second = async {
        let second = call("k").await;
        assert_eq!((begun.elapsed().as_secs(), second.header("retry-after")), (5, Some("1")));
        second.problem(409, "idempotency_key_in_use");
    };
    let (first, ()) = tokio::join!(call("k"), second);
    same(&first.is(201), &call("k").await);
    // One that went away leaves the way free, for those who waited too.
    let gone = async { assert!(tokio::time::timeout(Duration::from_secs(1), call("gone")).await.is_err()) };
    let next = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        kit.store.slow_down(Duration::ZERO);
        call("gone").await.is(200);
        assert_eq!(begun.elapsed().as_secs(), 11);
    };
    tokio::join!(gone, next);
}
