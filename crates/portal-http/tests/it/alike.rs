//! P2: nobody learns who is a client. Whole answers are compared: status, headers, body.

use std::time::Duration;

use axum::http::{Method, StatusCode};
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
pub(crate) fn untyped(answer: Answer, typed: &str) -> Answer {
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

/// Whole answers to a sign-in: of the API and of the page.
async fn sign_ins(kit: &Kit, address: &str, password: &str) -> [Answer; 2] {
    let body = json!({"email": address, "password": password});
    let by_api = kit.front(Method::POST, "/session", body).await;
    let form = Ask::form("/portal/smith/sign-in", &[("email", address), ("password", password)]);
    [by_api, without_length(untyped(kit.send(form).await, address))]
}

/// Whole answers to a wish for a reset.
async fn resets(kit: &Kit, address: &str) -> [Answer; 2] {
    let by_api = kit.front(Method::POST, "/password-resets", json!({"email": address})).await;
    let form = Ask::form("/portal/smith/forgot", &[("email", address)]);
    [by_api, without_length(untyped(kit.send(form).await, address))]
}

/// Whole answers to a wish for a new link.
async fn renewals(kit: &Kit, token: &str) -> [Answer; 2] {
    let by_api = kit.front(Method::POST, &format!("/links/{token}/renew"), Value::Null).await;
    [by_api, kit.send(Ask::form(&format!("/portal/smith/link/{token}/renew"), &[])).await]
}

/// Guesses at a key until it is in a pause, whoever's it is.
async fn lock(kit: &Kit, address: &str) {
    for _ in 0..11 {
        let body = json!({"email": address, "password": "another wrong one"});
        kit.front(Method::POST, "/session", body).await.is(401);
    }
}

#[tokio::test]
async fn s5_in_a_pause_everybody_is_answered_as_outside_of_one() {
    let kit = people().await;
    kit.tokens().await;
    let (mut tried, mut asked) = (Vec::new(), Vec::new());
    for address in ADDRESSES {
        tried.push(sign_ins(&kit, address, "wrong but long enough").await);
        asked.push(resets(&kit, address).await);
        lock(&kit, address).await;
        // In the pause the right password is refused like any other.
        for password in ["wrong but long enough", PASSWORD] {
            tried.push(sign_ins(&kit, address, password).await);
        }
        asked.push(resets(&kit, address).await);
    }
    for place in [0, 1] {
        all_alike(&tried.iter().map(|answers| answers[place].clone()).collect::<Vec<_>>());
        all_alike(&asked.iter().map(|answers| answers[place].clone()).collect::<Vec<_>>());
    }
    assert_eq!((tried[0][0].status, tried[0][1].status), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
    assert_eq!((asked[0][0].status, asked[0][1].status), (StatusCode::ACCEPTED, StatusCode::OK));
    // What was locked was known, and is not any more when the pause is over.
    assert_eq!(kit.get("/contacts/known").await.json()["portal"]["status"], "locked");
    kit.clock.advance(Duration::from_secs(60));
    kit.sign_in("known@smith.example").await;
}

#[tokio::test]
async fn s5_a_browser_that_is_signed_in_or_known_learns_no_more() {
    let kit = people().await;
    kit.settle("bob", "bob@smith.example").await;
    let body = json!({"email": "bob@smith.example", "password": PASSWORD});
    let bob = kit.front(Method::POST, "/session", body).await.is(204);
    let lines = bob.headers.get_all("set-cookie").iter().map(|line| line.to_str().expect("text"));
    let cookies: Vec<_> = lines.map(|line| line.split(';').next().unwrap_or_default()).collect();
    let (mut by_api, mut by_page) = (Vec::new(), Vec::new());
    for address in ADDRESSES {
        let body = json!({"email": address, "password": "wrong but long enough"});
        let ask = Ask::new(Method::POST, "/portal/smith/api/session").cookie(&cookies.join("; ")).marked().json(&body);
        by_api.push(kit.send(ask).await);
        let form = Ask::form("/portal/smith/sign-in", &[("email", address), ("password", "wrong but long enough")]);
        by_page.push(without_length(untyped(kit.send(form.cookie(&cookies.join("; "))).await, address)));
    }
    by_api.push(sign_ins(&kit, ADDRESSES[0], "wrong but long enough").await[0].clone());
    all_alike(&by_api);
    all_alike(&by_page);
    assert!(by_page[0].text.contains("bob@smith.example"), "it says whose session the browser holds");
}

#[tokio::test]
async fn s5_a_renewal_answers_alike_for_every_link_and_whoever_is_behind_it() {
    let kit = Kit::new().await;
    let mut tokens = Vec::new();
    for who in ["usable", "used", "expired", "dead", "gone", "moved", "locked", "deleted"] {
        kit.invite(who, &format!("{who}@smith.example")).await;
        tokens.push(kit.tokens().await.pop().expect("a link"));
    }
    kit.front(Method::POST, &format!("/links/{}", tokens[1]), json!({"password": PASSWORD})).await.is(204);
    kit.clock.advance(Duration::from_secs(169 * 3600));
    kit.host(Method::POST, "/contacts/usable/portal/resend", Value::Null).await.is(200);
    tokens[0] = kit.tokens().await.pop().expect("a link");
    for who in ["dead", "gone"] {
        kit.host(Method::POST, &format!("/contacts/{who}/portal/deactivate"), Value::Null).await.is(200);
    }
    kit.host(Method::POST, "/contacts/dead/portal/reactivate", Value::Null).await.is(200);
    let moved = json!({"emails": ["elsewhere@smith.example"]});
    kit.host(Method::PUT, "/contacts/moved/emails", moved).await.is(200);
    kit.host(Method::DELETE, "/contacts/deleted", Value::Null).await.is(200);
    lock(&kit, "locked@smith.example").await;
    kit.tokens().await;
    let mut answers = Vec::new();
    // More often than mail is sent (G3), and the answer stays.
    for _ in 0..5 {
        for token in &tokens {
            answers.push(renewals(&kit, token).await);
        }
    }
    for place in [0, 1] {
        all_alike(&answers.iter().map(|answers| answers[place].clone()).collect::<Vec<_>>());
    }
    assert_eq!((answers[0][0].status, answers[0][1].status), (StatusCode::ACCEPTED, StatusCode::OK));
    let sent = kit.tokens().await.len();
    assert_eq!(sent, 3 * 6, "three for each login that is live: all but the two that are gone");
}

pub(crate) fn without_length(mut answer: Answer) -> Answer {
    answer.headers.remove("content-length");
    answer
}

#[track_caller]
pub(crate) fn all_alike(answers: &[Answer]) {
    for answer in answers {
        assert_eq!(answer, &answers[0]);
    }
}
