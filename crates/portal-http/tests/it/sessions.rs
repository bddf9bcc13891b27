//! The portal API: signing in, one's own sessions, the password.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use crate::kit::{Answer, Ask, Kit, OTHER_PASSWORD, PASSWORD};

async fn own(kit: &Kit, method: Method, path: &str, cookie: &str, body: Value) -> Answer {
    kit.send(Ask::new(method, &format!("/portal/smith/api{path}")).cookie(cookie).marked().json(&body)).await
}

#[tokio::test]
async fn one_signs_in_looks_chooses_and_signs_out() {
    let kit = Kit::new().await;
    kit.settle("a", "ada@smith.example").await;
    kit.front(Method::GET, "/session", Value::Null).await.problem(401, "unauthorized");
    let typed = json!({"email": " ADA@smith.example\u{a0}", "password": PASSWORD});
    let answer = kit.front(Method::POST, "/session", typed).await.is(204);
    assert_eq!(answer.text, "");
    let cookie = answer.cookie();
    let session = own(&kit, Method::GET, "/session", &cookie, Value::Null).await.is(200).json();
    assert_eq!(session["login_email"], "ada@smith.example");
    assert_eq!(session["profiles"][0]["contact"], json!({"ref": "a", "name": "Person a"}));
    assert_eq!(session["profiles"][0]["client"], json!({"ref": "acme", "name": "Acme Ltd"}));
    assert_eq!(session["profile"], session["profiles"][0]["id"]);
    assert_eq!(session["signed_in_at"], "2026-03-02T12:00:00.000001Z");
    assert_eq!(session["expires_at"], "2026-03-03T00:00:00.000001Z");
    let choice = json!({"profile": session["profile"]});
    own(&kit, Method::PUT, "/session/profile", &cookie, choice).await.is(204);
    for profile in ["", "abc", &"A".repeat(43)] {
        let choice = json!({"profile": profile});
        own(&kit, Method::PUT, "/session/profile", &cookie, choice).await.problem(404, "not_found");
    }
    let out = own(&kit, Method::DELETE, "/session", &cookie, Value::Null).await.is(204);
    assert_eq!(out.cookie(), "__Host-portal-smith=");
    assert!(out.header("set-cookie").is_some_and(|line| line.contains("Max-Age=0")));
    own(&kit, Method::GET, "/session", &cookie, Value::Null).await.problem(401, "unauthorized");
}

#[tokio::test]
async fn p3_every_sign_in_gives_a_new_id_and_ends_what_the_browser_had() {
    let kit = Kit::new().await;
    kit.settle("a", "ada@smith.example").await;
    let first = kit.sign_in("ada@smith.example").await;
    let again = json!({"email": "ada@smith.example", "password": PASSWORD});
    let second = own(&kit, Method::POST, "/session", &first, again).await.is(204).cookie();
    assert_ne!(first, second);
    own(&kit, Method::GET, "/session", &first, Value::Null).await.problem(401, "unauthorized");
    own(&kit, Method::GET, "/session", &second, Value::Null).await.is(200);
}

#[tokio::test]
async fn p3_sessions_end_when_idle_and_a_used_one_goes_on() {
    let kit = Kit::new().await;
    kit.settle("a", "ada@smith.example").await;
    let used = kit.sign_in("ada@smith.example").await;
    let idle = kit.sign_in("ada@smith.example").await;
    for _ in 0..4 {
        kit.clock.advance(Duration::from_secs(20 * 60));
        own(&kit, Method::GET, "/session", &used, Value::Null).await.is(200);
    }
    own(&kit, Method::GET, "/session", &idle, Value::Null).await.problem(401, "unauthorized");
    kit.clock.advance(Duration::from_secs(31 * 60));
    own(&kit, Method::GET, "/session", &used, Value::Null).await.problem(401, "unauthorized");
}

#[tokio::test]
async fn p3_one_lists_and_ends_one_s_own_sessions_only() {
    let kit = Kit::new().await;
    kit.settle("a", "ada@smith.example").await;
    kit.settle("b", "bob@smith.example").await;
    let bob = kit.sign_in("bob@smith.example").await;
    let mine = kit.sign_in("ada@smith.example").await;
    let (second, third) = (kit.sign_in("ada@smith.example").await, kit.sign_in("ada@smith.example").await);
    let list = own(&kit, Method::GET, "/sessions", &mine, Value::Null).await.is(200).json();
    let items = list["items"].as_array().expect("items").clone();
    assert_eq!(items.iter().filter(|item| item["current"] == true).count(), 1);
    assert_eq!(items.len(), 3);
    let of_bob = own(&kit, Method::GET, "/sessions", &bob, Value::Null).await.json()["items"][0]["id"].clone();
    for id in [of_bob.as_str().expect("an id"), "nonsense"] {
        own(&kit, Method::DELETE, &format!("/sessions/{id}"), &mine, Value::Null).await.problem(404, "not_found");
    }
    let other = items.iter().find(|item| item["current"] == false).expect("another")["id"].clone();
    let path = format!("/sessions/{}", other.as_str().expect("an id"));
    own(&kit, Method::DELETE, &path, &mine, Value::Null).await.is(204);
    own(&kit, Method::DELETE, "/sessions", &mine, Value::Null).await.is(204);
    own(&kit, Method::GET, "/session", &mine, Value::Null).await.is(200);
    own(&kit, Method::GET, "/session", &bob, Value::Null).await.is(200);
    for cookie in [second, third] {
        own(&kit, Method::GET, "/session", &cookie, Value::Null).await.problem(401, "unauthorized");
    }
}

#[tokio::test]
async fn p3_a_changed_password_gives_a_new_session_and_ends_the_others() {
    let kit = Kit::new().await;
    kit.settle("a", "ada@smith.example").await;
    let (mine, other) = (kit.sign_in("ada@smith.example").await, kit.sign_in("ada@smith.example").await);
    let wrong = json!({"current_password": "wrong", "new_password": OTHER_PASSWORD});
    let wrong = own(&kit, Method::PUT, "/password", &mine, wrong).await.problem(422, "password_refused");
    assert_eq!(wrong["fault"], "current_password");
    let short = json!({"current_password": PASSWORD, "new_password": "short"});
    let short = own(&kit, Method::PUT, "/password", &mine, short).await.problem(422, "password_refused");
    assert_eq!(short["fault"], "too_short");
    let right = json!({"current_password": PASSWORD, "new_password": OTHER_PASSWORD});
    let fresh = own(&kit, Method::PUT, "/password", &mine, right).await.is(204).cookie();
    for cookie in [&mine, &other] {
        own(&kit, Method::GET, "/session", cookie, Value::Null).await.problem(401, "unauthorized");
    }
    own(&kit, Method::GET, "/session", &fresh, Value::Null).await.is(200);
}

#[tokio::test]
async fn p4_cookies_are_one_per_practice_and_named_by_the_scheme() {
    let https = Kit::new().await;
    https.settle("a", "ada@smith.example").await;
    let body = json!({"email": "ada@smith.example", "password": PASSWORD});
    let answer = https.front(Method::POST, "/session", body.clone()).await.is(204);
    let line = answer.header("set-cookie").expect("a cookie").to_owned();
    let (pair, rest) = line.split_once(';').expect("attributes");
    assert!(pair.starts_with("__Host-portal-smith="), "{line}");
    assert_eq!(rest, " Path=/; HttpOnly; SameSite=Lax; Secure");
    let http = Kit::at("http://127.0.0.1:8080").await;
    http.settle("a", "ada@smith.example").await;
    let line = http.front(Method::POST, "/session", body).await.header("set-cookie").expect("a cookie").to_owned();
    let (pair, rest) = line.split_once(';').expect("attributes");
    assert!(pair.starts_with("portal-smith="), "{line}");
    assert_eq!(rest, " Path=/; HttpOnly; SameSite=Lax");
    assert!(answer.headers.get("strict-transport-security").is_some());
}

#[tokio::test]
async fn p4_a_session_of_one_practice_or_area_opens_no_other() {
    let kit = Kit::new().await;
    kit.settle("a", "ada@smith.example").await;
    let cookie = kit.sign_in("ada@smith.example").await;
    let value = cookie.split_once('=').expect("a pair").1;
    for (path, name) in [
        ("/portal/jones/api/session", "__Host-portal-jones"),
        ("/portal/jones/api/session", "__Host-portal-smith"),
        ("/portal/smith/api/session", "__Host-workspace-smith"),
        ("/portal/smith/api/session", "portal-smith"),
    ] {
        kit.send(Ask::get(path).cookie(&format!("{name}={value}"))).await.problem(401, "unauthorized");
    }
    let among = format!("__Host-workspace-smith=x; {cookie}; __Host-portal-jones=y");
    kit.send(Ask::get("/portal/smith/api/session").cookie(&among)).await.is(200);
}

#[tokio::test]
async fn with_a_cookie_only_marked_json_changes_anything() {
    let kit = Kit::new().await;
    kit.settle("a", "ada@smith.example").await;
    let cookie = kit.sign_in("ada@smith.example").await;
    let before = kit.stored();
    let delete = || Ask::new(Method::DELETE, "/portal/smith/api/session").cookie(&cookie);
    kit.send(delete()).await.problem(403, "forbidden");
    kit.send(delete().with("x-portal", "yes")).await.problem(403, "forbidden");
    kit.send(delete().marked().with("content-type", "text/plain")).await.problem(403, "forbidden");
    kit.send(delete().marked().with("origin", "https://evil.example")).await.problem(403, "forbidden");
    kit.send(delete().marked().with("sec-fetch-site", "same-site")).await.problem(403, "forbidden");
    let sign_in = Ask::new(Method::POST, "/portal/smith/api/session")
        .body(json!({"email": "ada@smith.example", "password": PASSWORD}).to_string().as_bytes());
    kit.send(sign_in.clone().with("content-type", "text/plain")).await.problem(400, "invalid_request");
    kit.send(sign_in.clone().cookie(&cookie).with("content-type", "application/json")).await.problem(403, "forbidden");
    assert_eq!(kit.stored(), before);
    let right = delete().marked().with("origin", "{base}").with("sec-fetch-site", "same-origin");
    kit.send(right).await.is(204);
}

#[tokio::test]
async fn s7_deactivation_bites_at_the_next_request() {
    let kit = Kit::new().await;
    kit.settle("a", "ada@smith.example").await;
    let cookie = kit.sign_in("ada@smith.example").await;
    kit.host(Method::POST, "/contacts/a/portal/deactivate", Value::Null).await.is(200);
    for (method, path) in [
        (Method::GET, "/session"),
        (Method::DELETE, "/session"),
        (Method::PUT, "/session/profile"),
        (Method::GET, "/sessions"),
        (Method::DELETE, "/sessions"),
        (Method::PUT, "/password"),
    ] {
        own(&kit, method, path, &cookie, Value::Null).await.problem(401, "unauthorized");
    }
    let home = kit.send(Ask::get("/portal/smith/").cookie(&cookie)).await.is(303);
    assert_eq!(home.header("location"), Some("/portal/smith/sign-in"));
}
