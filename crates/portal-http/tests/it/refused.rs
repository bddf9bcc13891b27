//! An update that was refused is seen on the contact until one succeeds.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use crate::kit::{Ask, Kit};

const PUT: Method = Method::PUT;

impl Kit {
    async fn refused(&self) -> Value {
        let contact = self.get("/contacts/ada").await.is(200).json();
        let listed = self.get("/contacts?limit=1").await.is(200).json()["items"][0]["refused_update"].clone();
        assert_eq!(contact["refused_update"], listed);
        listed
    }
}

#[tokio::test]
async fn a_refused_update_is_remembered_until_one_succeeds() {
    let kit = Kit::new().await;
    kit.invite("ada", "ada@smith.example").await;
    kit.host(PUT, "/practice-users/u", json!({"name": "U", "email": "u@practice.example", "role": "admin"})).await;
    assert_eq!(kit.refused().await, Value::Null);
    let events = || async {
        kit.seal().await;
        kit.get("/events?limit=200").await.is(200).json()["items"].as_array().map(Vec::len)
    };
    let (written, tag) = (events().await, kit.get("/contacts/ada").await.header("etag").map(str::to_owned));

    let staff = json!({"emails": ["U@practice.example", "ada@smith.example"]});
    kit.host(PUT, "/contacts/ada/emails", staff.clone()).await.problem(409, "practice_user_email");
    let first = kit.refused().await;
    assert_eq!(first["code"], "practice_user_email");
    assert_eq!(first["emails"], staff["emails"]);
    assert!(first["at"].is_string());
    let tag = tag.expect("a tag");
    assert_eq!(kit.get("/contacts/ada").await.header("etag"), Some(tag.as_str()), "the contact is as it was");

    // What is not decided is no refused update: it was meant for another state, or its name is that of another call.
    let stored = kit.stored();
    let put = |name: &str, value: &str, body: &Value| {
        let ask = Ask::new(PUT, "/api/v1/contacts/ada/emails").key(&kit.key).with(name, value).json(body);
        kit.send(ask)
    };
    put("if-match", "\"old\"", &json!({"emails": []})).await.problem(412, "precondition_failed");
    put("if-match", "", &json!({"emails": []})).await.problem(412, "precondition_failed");
    assert_eq!(kit.stored(), stored);
    let right = json!({"emails": ["ada@smith.example"]});
    put("idempotency-key", "k", &right).await.is(200);
    assert_eq!(kit.refused().await, Value::Null);
    put("idempotency-key", "k", &json!({"emails": []})).await.problem(422, "idempotency_key_reused");
    assert_eq!(kit.refused().await, Value::Null);
    put("if-match", &tag, &staff).await.problem(409, "practice_user_email");
    let first = kit.refused().await;

    // The same again is remembered already, with the time of the first.
    kit.clock.advance(Duration::from_secs(60));
    let stored = kit.stored();
    kit.host(PUT, "/contacts/ada/emails", staff.clone()).await.problem(409, "practice_user_email");
    assert_eq!((kit.stored(), kit.refused().await), (stored, first.clone()));

    // Neither a question nor a body that says nothing is an update.
    kit.host(PUT, "/contacts/ada/emails?preview=true", json!({"emails": ["x"]})).await.problem(422, "invalid_email");
    kit.host(PUT, "/contacts/ada", json!({"nam": "x"})).await.problem(400, "invalid_request");
    kit.host(PUT, "/contacts/ada", json!({"name": "x".repeat(1000)})).await.problem(400, "invalid_request");
    assert_eq!(kit.refused().await, first);

    for (body, code, emails) in [
        (json!({"emails": ["", "ada"]}), "invalid_email", json!(["", "ada"])),
        (json!({"emails": []}), "login_email_required", json!([])),
        (json!({"name": "A", "clients": ["nobody"]}), "unknown_client", Value::Null),
    ] {
        let status = if code == "login_email_required" { 409 } else { 422 };
        kit.host(PUT, "/contacts/ada", body).await.problem(status, code);
        let refused = kit.refused().await;
        assert_eq!((&refused["code"], &refused["emails"]), (&json!(code), &emails));
    }
    kit.host(PUT, "/contacts/ada/emails", staff.clone()).await.problem(409, "practice_user_email");
    kit.host(PUT, "/contacts/ada", json!({"locale": null})).await.is(200);
    assert_ne!(kit.refused().await, Value::Null, "the addresses are still refused");
    assert_eq!(events().await, written, "the contact is as it was, so there is nothing to tell");

    kit.host(Method::POST, "/contacts/ada/portal/resend", Value::Null).await.is(200);
    assert_ne!(kit.refused().await, Value::Null, "a command of another kind is no update");
    let put = kit.host(PUT, "/contacts/ada", json!({"emails": ["ada@smith.example"]})).await.is(200).json();
    assert_eq!((&put["outcome"], &put["refused_update"]), (&json!("unchanged"), &Value::Null));
    assert_eq!(kit.refused().await, Value::Null);
}

#[tokio::test]
async fn a_refused_update_of_nobody_is_not_remembered_and_a_long_one_is_cut() {
    let kit = Kit::new().await;
    let before = kit.stored();
    kit.host(PUT, "/contacts/ada", json!({"emails": ["ada"]})).await.problem(422, "invalid_email");
    kit.host(PUT, "/contacts/ada/emails", json!({"emails": ["ada"]})).await.problem(404, "not_found");
    assert_eq!(kit.stored(), before);
    kit.host(PUT, "/contacts/ada", json!({"name": "Ada"})).await.is(201);
    let many = vec!["ü".repeat(300); 40];
    kit.host(PUT, "/contacts/ada/emails", json!({"emails": many})).await.problem(422, "invalid_email");
    let kept = kit.refused().await;
    let emails = kept["emails"].as_array().unwrap();
    assert_eq!((emails.len(), emails[0].as_str().unwrap().chars().count()), (21, 255));
}
