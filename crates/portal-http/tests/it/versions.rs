//! `If-Match`: a command that is meant for a state of the contact changes no other.

use axum::http::Method;
use serde_json::{Value, json};

use crate::kit::{Answer, Ask, Kit};

impl Kit {
    async fn expecting(&self, tag: &str, method: Method, path: &str, body: Value) -> Answer {
        self.send(Ask::new(method, &format!("/api/v1{path}")).key(&self.key).with("if-match", tag).json(&body)).await
    }
}

#[tokio::test]
async fn a_command_meant_for_another_version_changes_nothing() {
    let kit = Kit::new().await;
    kit.invite("ada", "ada@smith.example").await;
    let read = kit.get("/contacts/ada").await.is(200);
    let tag = read.header("etag").expect("a tag").to_owned();
    let renamed = kit.host(Method::PUT, "/contacts/ada", json!({"name": "Ada B"})).await.is(200);
    let newer = renamed.header("etag").expect("a tag").to_owned();
    assert_ne!(tag, newer);
    assert_eq!(kit.get("/contacts/ada").await.header("etag"), Some(newer.as_str()));
    let commands = [
        (Method::PUT, "/contacts/ada", json!({"name": "Ada C"})),
        (Method::PUT, "/contacts/ada/emails", json!({"emails": ["ada@new.example"]})),
        (Method::POST, "/contacts/ada/portal/deactivate", Value::Null),
        (Method::POST, "/contacts/ada/portal/resend?preview=true", Value::Null),
        (Method::DELETE, "/contacts/ada", Value::Null),
    ];
    let before = kit.stored();
    for (method, path, body) in &commands {
        for old in [&tag, "\"nonsense\"", "nonsense", &format!("W/{newer}")] {
            let refused = kit.expecting(old, method.clone(), path, body.clone()).await;
            refused.problem(412, "precondition_failed");
        }
    }
    assert_eq!(kit.stored(), before);
    let either = format!("{tag}, {newer}");
    kit.expecting(&either, Method::PUT, "/contacts/ada", json!({"name": "Ada C"})).await.is(200);
    kit.expecting("*", Method::POST, "/contacts/ada/portal/deactivate", Value::Null).await.is(200);
    kit.expecting(&newer, Method::DELETE, "/contacts/ada/portal/sessions", Value::Null)
        .await
        .problem(412, "precondition_failed");
}

#[tokio::test]
async fn a_tag_names_one_contact_and_its_fields() {
    let kit = Kit::new().await;
    kit.invite("ada", "ada@smith.example").await;
    let tag = |answer: &Answer| answer.header("etag").expect("a tag").to_owned();
    let before = tag(&kit.get("/contacts/ada").await);
    kit.host(Method::POST, "/contacts/ada/portal/resend", Value::Null).await.is(200);
    assert_eq!(tag(&kit.get("/contacts/ada").await), before, "a mail is none of its fields");
    let would = kit.host(Method::PUT, "/contacts/ada?preview=true", json!({"name": "B"})).await.is(200);
    assert_ne!(tag(&would), before);
    let did = kit.host(Method::PUT, "/contacts/ada", json!({"name": "B"})).await.is(200);
    assert_eq!(tag(&did), tag(&would), "it names the state that was shown");
    kit.host(Method::DELETE, "/contacts/ada", Value::Null).await.is(200);
    kit.invite("ada", "ada@smith.example").await;
    let old = kit.expecting(&before, Method::DELETE, "/contacts/ada", Value::Null).await;
    old.problem(412, "precondition_failed");
}

#[tokio::test]
async fn what_is_meant_for_a_contact_that_is_there_makes_none() {
    let kit = Kit::new().await;
    for tag in ["*", "\"1\""] {
        let put = kit.expecting(tag, Method::PUT, "/contacts/ada", json!({"name": "Ada"})).await;
        put.problem(412, "precondition_failed");
        let emails = json!({"emails": []});
        kit.expecting(tag, Method::PUT, "/contacts/ada/emails", emails).await.problem(404, "not_found");
    }
    kit.get("/contacts/ada").await.problem(404, "not_found");
}
