//! `/activations`: access, or a new invitation, for many.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use crate::kit::Kit;

const POST: Method = Method::POST;

impl Kit {
    /// Contacts `a`, `b` and `b2` of one address, `c` of a practice user's, `d` without one, `e` who has access, `f` who had it.
    async fn crowd(&self) {
        let user = json!({"name": "Uma", "email": "uma@smith.example", "role": "admin"});
        self.host(Method::PUT, "/practice-users/u", user).await.is(201);
        self.host(Method::PUT, "/clients/acme", json!({"name": "Acme"})).await.is(201);
        let people = [
            ("a", "a@x.example"),
            ("b", "b@x.example"),
            ("b2", "B@x.example"),
            ("c", "uma@smith.example"),
            ("d", ""),
            ("e", "e@x.example"),
            ("f", "f@x.example"),
        ];
        for (contact, address) in people {
            let clients = if contact < "c" { json!(["acme"]) } else { json!([]) };
            let body = json!({"name": contact, "emails": [address], "clients": clients});
            self.host(Method::PUT, &format!("/contacts/{contact}"), body).await.is(201);
        }
        for contact in ["e", "f"] {
            self.host(POST, &format!("/contacts/{contact}/portal/activate"), Value::Null).await.is(200);
        }
        self.host(POST, "/contacts/f/portal/deactivate", Value::Null).await.is(200);
        self.tokens().await;
    }

    async fn status(&self, contact: &str) -> String {
        let portal = self.get(&format!("/contacts/{contact}/portal")).await.is(200).json();
        portal["status"].as_str().unwrap_or_default().to_owned()
    }

    /// Asks for an activation; answers the path of the job and the preview.
    async fn order(&self, body: Value) -> (String, Value) {
        let answer = self.host(POST, "/activations", body).await.is(202).json();
        (format!("/activations/{}", answer["id"].as_str().expect("an id")), answer["preview"].clone())
    }

    async fn read(&self, path: &str, names: &[&str]) -> Vec<Value> {
        let told = self.get(path).await.is(200).json();
        names.iter().map(|name| told[*name].clone()).collect()
    }
}

#[tokio::test]
async fn post_activations_previews_and_activates_whom_it_is_meant_for() {
    let kit = Kit::new().await;
    kit.crowd().await;
    let before = kit.stored();
    let preview = kit.host(POST, "/activations?preview=true", json!({"action": "activate"})).await.is(200).json();
    let counts = json!({"changed": 3, "no_email": 1, "practice_user_email": 1});
    assert_eq!(preview, json!({ "preview": counts }));
    assert_eq!(kit.stored(), before, "a preview writes nothing");
    let (path, foreseen) = kit.order(json!({"action": "activate"})).await;
    assert_eq!(foreseen, counts);
    assert_eq!(kit.read(&path, &["state", "total", "done"]).await, [json!("running"), json!(5), json!(0)]);
    kit.work().await;
    let told = kit.read(&path, &["state", "total", "done", "outcomes", "messages"]).await;
    assert_eq!(told, [json!("done"), json!(5), json!(5), counts, json!({"activation": 3})]);
    assert_eq!((kit.status("b2").await.as_str(), kit.status("f").await.as_str()), ("invited", "deactivated"));
    assert_eq!(kit.tokens().await.len(), 3);
    // A1: once more sends nothing.
    let named = json!({"action": "activate", "contacts": ["a", "b", "nobody"]});
    let (path, foreseen) = kit.order(named).await;
    assert_eq!(foreseen, json!({"unchanged": 2, "not_found": 1}));
    kit.work().await;
    assert_eq!(kit.read(&path, &["outcomes"]).await, [foreseen]);
    assert!(kit.tokens().await.is_empty());
}

#[tokio::test]
async fn filters_choose_by_status_client_and_contact() {
    let kit = Kit::new().await;
    kit.crowd().await;
    let preview =
        async |body: Value| kit.host(POST, "/activations?preview=true", body).await.is(200).json()["preview"].clone();
    assert_eq!(preview(json!({"action": "activate", "clients": ["acme"]})).await, json!({"changed": 3}));
    assert_eq!(preview(json!({"action": "activate", "status": ["deactivated"]})).await, json!({"changed": 1}));
    let both = json!({"action": "activate", "clients": ["acme"], "contacts": ["a", "c", "f"]});
    assert_eq!(preview(both).await, json!({"changed": 1}));
    assert_eq!(preview(json!({"action": "resend"})).await, json!({"changed": 1}));
    let named = json!({"action": "resend", "contacts": ["a", "e", "f"]});
    assert_eq!(preview(named).await, json!({"changed": 1, "not_activated": 1, "portal_deactivated": 1}));
    assert_eq!(preview(json!({"action": "resend", "status": ["active"]})).await, Value::Null);
    for (body, field) in [
        (json!({}), "action"),
        (json!({"action": "delete"}), "action"),
        (json!({"action": "activate", "status": ["gone"]}), "status[0]"),
        (json!({"action": "activate", "contacts": ["a", "b c"]}), "contacts[1]"),
        (json!({"action": "activate", "start_at": "tomorrow"}), "start_at"),
        (json!({"action": "activate", "per_hour": 0}), "per_hour"),
        (json!({"action": "activate", "x": 0}), "x"),
    ] {
        assert_eq!(kit.host(POST, "/activations", body).await.problem(400, "invalid_request")["field"], field);
    }
    let unknown = json!({"action": "activate", "clients": ["acme", "nobody"]});
    assert_eq!(kit.host(POST, "/activations", unknown).await.problem(422, "unknown_client")["field"], "clients[1]");
}

#[tokio::test]
async fn each_contact_is_looked_at_again_at_its_turn() {
    let kit = Kit::new().await;
    kit.crowd().await;
    let (path, _) = kit.order(json!({"action": "activate", "clients": ["acme"]})).await;
    kit.host(POST, "/contacts/a/portal/activate", Value::Null).await.is(200);
    kit.host(POST, "/contacts/a/portal/deactivate", Value::Null).await.is(200);
    kit.host(Method::DELETE, "/contacts/b", Value::Null).await.is(200);
    kit.work().await;
    let outcomes = json!({"skipped": 1, "not_found": 1, "changed": 1});
    assert_eq!(kit.read(&path, &["outcomes"]).await, [outcomes]);
    assert_eq!(kit.status("a").await, "deactivated", "who was deactivated meanwhile stays so");
    let (path, foreseen) = kit.order(json!({"action": "resend"})).await;
    assert_eq!(foreseen, json!({"changed": 2}));
    let token = kit.tokens().await.pop().expect("a link");
    kit.front(POST, &format!("/links/{token}"), json!({"password": crate::kit::PASSWORD})).await.is(204);
    kit.tokens().await;
    kit.work().await;
    assert_eq!(kit.read(&path, &["outcomes"]).await, [json!({"changed": 1, "skipped": 1})]);
    assert_eq!(kit.tokens().await.len(), 1);
}

#[tokio::test]
async fn start_time_and_throttle_are_kept() {
    let kit = Kit::new().await;
    kit.crowd().await;
    let now =
        jiff::Timestamp::from_microsecond(portal_domain::port::Clock::now(&*kit.clock).as_micros()).expect("a time");
    let later = (now + jiff::SignedDuration::from_secs(60)).to_string();
    let (path, _) = kit.order(json!({"action": "activate", "start_at": later, "per_hour": 60})).await;
    let done = async || kit.read(&path, &["done"]).await.pop().and_then(|done| done.as_u64()).expect("a number");
    kit.work().await;
    assert_eq!(done().await, 0);
    kit.clock.advance(Duration::from_secs(60));
    // A minute for each that gets mail; what sends nothing doesn't count.
    let sent = async || kit.read(&path, &["messages"]).await[0]["activation"].as_u64().expect("a number");
    let mut sums = Vec::new();
    for _ in 0..5 {
        kit.work().await;
        kit.work().await;
        sums.push(sent().await);
        kit.clock.advance(Duration::from_secs(59));
        kit.work().await;
        assert_eq!(Some(&sent().await), sums.last(), "not before its time");
        kit.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(sums, [1, 2, 3, 3, 3]);
    assert_eq!(done().await, 5);
}

#[tokio::test]
async fn a1_pause_resume_and_cancel_may_be_repeated() {
    let kit = Kit::new().await;
    kit.crowd().await;
    let (path, _) = kit.order(json!({"action": "activate"})).await;
    let order = async |what: &str| {
        let answer = kit.host(POST, &format!("{path}/{what}"), Value::Null).await.is(200).json();
        (
            answer["outcome"].as_str().unwrap_or_default().to_owned(),
            answer["state"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let pair = |outcome: &str, state: &str| (outcome.to_owned(), state.to_owned());
    assert_eq!(order("resume").await, pair("unchanged", "running"));
    assert_eq!(order("pause").await, pair("changed", "paused"));
    assert_eq!(order("pause").await, pair("unchanged", "paused"));
    kit.work().await;
    assert_eq!(kit.status("a").await, "not_activated");
    assert_eq!(order("resume").await, pair("changed", "running"));
    assert_eq!(order("cancel").await, pair("changed", "cancelled"));
    for what in ["cancel", "pause", "resume"] {
        assert_eq!(order(what).await, pair("unchanged", "cancelled"));
    }
    kit.work().await;
    assert_eq!(kit.status("a").await, "not_activated");
    assert!(kit.read(&path, &["ended_at"]).await[0].is_string());
    kit.seal().await;
    let events = kit.get("/events?limit=200").await.is(200).json();
    let kinds: Vec<_> =
        events["items"].as_array().expect("events").iter().filter_map(|it| it["kind"].as_str()).collect();
    let told: Vec<_> = kinds.into_iter().filter(|kind| kind.starts_with("activation.")).collect();
    assert_eq!(told, ["activation.started", "activation.paused", "activation.resumed", "activation.cancelled"]);
    // J3: forgotten two weeks after the end.
    kit.clock.advance(Duration::from_secs(14 * 24 * 3600 - 1));
    assert_eq!(kit.portal.forget_jobs().await, Ok(0));
    kit.clock.advance(Duration::from_secs(2));
    assert_eq!(kit.portal.forget_jobs().await, Ok(6));
    kit.get(&path).await.problem(404, "not_found");
}
