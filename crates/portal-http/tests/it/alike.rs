//! P2: nobody learns who is a client. Whole answers are compared: status, headers, body.

use axum::http::Method;
use serde_json::{Value, json};

use crate::kit::{Answer, Ask, Kit, PASSWORD};

/// Known, unknown, deactivated, never activated, invited, staff, a second address, and no address at all.
const ADDRESSES: [&str; 8] = [
    "known@smith.example",
    "nobody@smith.example",
    "gone@smith.example",
    "never@smith.example",
    "invited@smith.example",
    "staff@smith.example",
    "second@smith.example",
    "not an address",
];

async fn people() -> Kit {
    let kit = Kit::new().await;
    kit.settle("known", "known@smith.example").await;
    let emails = json!({"emails": ["known@smith.example", "second@smith.example"]});
    kit.host(Method::PUT, "/contacts/known/emails", emails).await.is(200);
    kit.settle("gone", "gone@smith.example").await;
    kit.host(Method::POST, "/contacts/gone/portal/deactivate", Value::Null).await.is(200);
    kit.host(Method::PUT, "/contacts/never", json!({"emails": ["never@smith.example"]})).await.is(201);
    kit.invite("invited", "invited@smith.example").await;
    let staff = json!({"name": "Uma", "email": "staff@smith.example", "role": "staff"});
    kit.host(Method::PUT, "/practice-users/u", staff).await.is(201);
    kit
}

/// What differs only because it was typed is made the same.
fn untyped(answer: Answer, typed: &str) -> Answer {
    let length = answer.headers.get("content-length").cloned();
    assert!(length.is_none() || length.is_some_and(|value| !value.is_empty()));
    Answer { text: answer.text.replace(typed, "{typed}"), ..answer }
}

#[tokio::test]
async fn p2_a_failed_sign_in_answers_alike_for_every_reason() {
    let kit = people().await;
    let (mut by_api, mut by_page) = (Vec::new(), Vec::new());
    for address in ADDRESSES {
        let body = json!({"email": address, "password": "wrong but long enough"});
        by_api.push(kit.front(Method::POST, "/session", body).await);
        let form = Ask::form("/portal/smith/sign-in", &[("email", address), ("password", "wrong but long enough")]);
        by_page.push(without_length(untyped(kit.send(form).await, address)));
    }
    let gone = json!({"email": "gone@smith.example", "password": PASSWORD});
    by_api.push(kit.front(Method::POST, "/session", gone).await);
    let second = json!({"email": "second@smith.example", "password": PASSWORD});
    by_api.push(kit.front(Method::POST, "/session", second).await);
    let long = json!({"email": "known@smith.example", "password": "x".repeat(2000)});
    by_api.push(kit.front(Method::POST, "/session", long).await);
    all_alike(&by_api);
    by_api[0].clone().problem(401, "sign_in_failed");
    all_alike(&by_page);
    assert!(by_page[0].text.contains("is not right") && by_page[0].text.contains("/portal/smith/forgot"));
    assert_eq!(by_page[0].status, 401);
}

#[tokio::test]
async fn p2_a_reset_answers_alike_for_everybody() {
    let kit = people().await;
    kit.tokens().await;
    let (mut by_api, mut by_page) = (Vec::new(), Vec::new());
    for address in ADDRESSES {
        by_api.push(kit.front(Method::POST, "/password-resets", json!({"email": address})).await);
        let form = Ask::form("/portal/smith/forgot", &[("email", address)]);
        by_page.push(without_length(untyped(kit.send(form).await, address)));
    }
    all_alike(&by_api);
    assert_eq!(by_api[0].status, 202);
    all_alike(&by_page);
    assert_eq!(by_page[0].status, 200);
    assert_eq!(kit.tokens().await.len(), 4, "twice to whoever is known, twice to whoever is invited");
}

#[tokio::test]
async fn p2_answers_have_the_same_length_for_addresses_of_the_same_length() {
    let kit = people().await;
    let mut answers = Vec::new();
    for address in ["known@smith.example", "never@smith.example", "nobod@smith.example", "staff@smith.example"] {
        let form = Ask::form("/portal/smith/sign-in", &[("email", address), ("password", "wrong but long enough")]);
        let answer = kit.send(form).await;
        answers.push((answer.status, answer.headers, answer.text.len()));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
}

fn without_length(mut answer: Answer) -> Answer {
    answer.headers.remove("content-length");
    answer
}

#[track_caller]
fn all_alike(answers: &[Answer]) {
    for answer in answers {
        assert_eq!(answer, &answers[0]);
    }
}
