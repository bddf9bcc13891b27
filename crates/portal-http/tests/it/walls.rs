//! S9: every operation of the document, with ids of another practice.

use axum::http::Method;
use portal_domain::practice::Scope;
use serde_json::{Value, json};

use crate::{
    contract::{self, Call},
    kit::{Ask, Kit},
};

#[tokio::test]
async fn s9_ids_of_another_practice_answer_like_unknown_ones() {
    let kit = Kit::new().await;
    kit.settle("known", "ada@smith.example").await;
    kit.sign_in("ada@smith.example").await;
    let user = json!({"name": "Uma", "email": "uma@p.example", "role": "admin"});
    kit.host(Method::PUT, "/practice-users/known", user).await.is(201);
    kit.host(Method::PUT, "/clients/known", json!({"name": "K"})).await.is(201);
    kit.host(Method::PUT, "/webhooks/known", json!({"url": "https://crm.example/"})).await.is(201);
    let foreign_credentials = kit.foreign_key_for(Scope::Credentials).await;
    let foreign_sign_in = kit.foreign_key_for(Scope::SignIn).await;
    let import = kit.send(kit.file("", b"ref,name\nc-1,Ada\n")).await.is(202).json();
    let activation = json!({"action": "activate", "contacts": ["known"], "start_at": "2036-01-01T00:00:00Z"});
    let activation = kit.host(Method::POST, "/activations", activation).await.is(202).json();
    kit.seal().await;
    let before = kit.stored();
    let mut walked = 0;
    for Call { method, path, scope, makes, body } in contract::calls() {
        // What makes things makes them here, whatever there is elsewhere; and who names nothing can't name what is foreign.
        // The operator's routes are about practices, and belong to none.
        let operators = scope.as_deref() == Some("operator");
        if makes || operators || !path.starts_with("/api/v1/") || !path.contains('{') {
            continue;
        }
        let key = match scope.as_deref() {
            Some("credentials") => &foreign_credentials,
            Some("sign_in") => &foreign_sign_in,
            Some("read" | "write") => &kit.foreign,
            other => panic!("{method} {path}: a key of the other practice with {other:?} is missing here"),
        };
        let ask = |name: &str| Ask::new(method.clone(), &contract::filled(&path, name)).key(key).json(&body);
        let known = match path.split('/').nth(3) {
            Some("imports") => import["id"].as_str().expect("an id"),
            Some("activations") => activation["id"].as_str().expect("an id"),
            _ => "known",
        };
        let (foreign, unknown) = (kit.send(ask(known)).await, kit.send(ask("nobody")).await);
        assert_eq!(foreign, unknown, "{method} {path}");
        foreign.problem(404, "not_found");
        walked += 1;
    }
    assert!(walked >= 32, "only {walked} operations");
    // A hand-over names its contact in the body.
    let hand_over =
        |name: &str| Ask::new(Method::POST, "/api/v1/handoffs").key(&foreign_sign_in).json(&json!({ "contact": name }));
    let (foreign, unknown) = (kit.send(hand_over("known")).await, kit.send(hand_over("nobody")).await);
    assert_eq!(foreign, unknown);
    foreign.problem(404, "not_found");
    let own = kit.send(Ask::get("/api/v1/events").key(&kit.foreign)).await.is(200).json();
    let told = own["items"].as_array().expect("events").iter().map(|event| event["kind"].clone()).collect::<Vec<_>>();
    assert_eq!(told, ["practice.created", "api_key.created", "api_key.created", "api_key.created"]);
    for path in ["/contacts", "/clients", "/practice-users", "/webhooks"] {
        let list = kit.send(Ask::get(&format!("/api/v1{path}")).key(&kit.foreign)).await.is(200).json();
        assert_eq!(list, json!({"items": [], "next_cursor": null}));
    }
    kit.send(Ask::new(Method::DELETE, "/api/v1/sessions").key(&kit.foreign)).await.is(200);
    assert_eq!(kit.stored(), before);
    let own = Ask::new(Method::PUT, "/api/v1/contacts/known").key(&kit.foreign).json(&json!({"name": "Other"}));
    kit.send(own).await.is(201);
    assert_eq!(kit.get("/contacts/known").await.is(200).json()["name"], "Person known");
}

/// The same at the portal: a session, a profile and a link of one practice are nothing in another.
#[tokio::test]
async fn s9_what_belongs_to_another_portal_is_unknown_there() {
    let kit = Kit::new().await;
    kit.settle("ada", "ada@smith.example").await;
    let cookie = kit.sign_in("ada@smith.example").await;
    kit.host(Method::POST, "/contacts/ada/portal/resend", Value::Null).await.is(200);
    let token = kit.tokens().await.pop().expect("a link");
    let list = kit.send(Ask::get("/portal/smith/api/sessions").cookie(&cookie)).await.is(200).json();
    let id = list["items"][0]["id"].as_str().expect("an id").to_owned();
    let (name, secret) = cookie.split_once('=').expect("a cookie");
    let elsewhere = format!("{}={secret}", name.replace("smith", "jones"));
    let mut walked = 0;
    for Call { method, path, body, .. } in contract::calls() {
        if !path.starts_with("/portal/") {
            continue;
        }
        let ask = |cookie: &str, token: &str, id: &str| {
            let path = path.replace("{practice}", "jones").replace("{token}", token).replace("{id}", id);
            Ask::new(method.clone(), &path).cookie(cookie).marked().json(&body)
        };
        let foreign = kit.send(ask(&elsewhere, &token, &id)).await;
        let unknown = kit.send(ask(&format!("{name}=nonsense"), "nonsense", "nonsense")).await;
        assert_eq!((foreign.status, &foreign.text), (unknown.status, &unknown.text), "{method} {path}");
        let nothing = [401, 404].contains(&foreign.status.as_u16()) || path.ends_with("/password-resets");
        assert!(nothing, "{method} {path} answers {}", foreign.status);
        walked += 1;
    }
    assert!(walked >= 12, "only {walked} operations");
    kit.send(Ask::get("/portal/smith/api/session").cookie(&cookie)).await.is(200);
    kit.send(Ask::get(&format!("/portal/smith/api/links/{token}"))).await.is(200);
}

/// W3: a key opens the routes that its scopes allow, and no others; without one, or with a wrong one, there is none.
#[tokio::test]
async fn w3_every_route_asks_for_the_scope_that_the_table_names() {
    let kit = Kit::new().await;
    let mut keys = Vec::new();
    for scope in [Scope::Read, Scope::Write, Scope::SignIn, Scope::Credentials] {
        keys.push((scope, kit.foreign_key_for(scope).await));
    }
    let table = portal_http::route_table();
    assert!(table.len() >= 30);
    for (method, path, needed) in table {
        let path = path.replace("{slug}", "nobody").replace("{id}", "nobody");
        let method: Method = method.parse().expect("a method");
        let ask = || Ask::new(method.clone(), &path.replace("{ref}", "nobody"));
        for wrong in [ask(), ask().key("nonsense"), ask().with("authorization", "Basic eDp5")] {
            kit.send(wrong).await.problem(401, "unauthorized");
        }
        for (scope, key) in &keys {
            let answer = kit.send(ask().key(key)).await;
            // A host's key of that scope is none of the operator.
            let allowed =
                (scope.code() == needed && needed != "operator") || (needed == "read" && *scope == Scope::Write);
            assert_eq!(answer.status.as_u16() == 403, !allowed, "{method} {path} with {}", scope.code());
            assert_ne!(answer.status.as_u16(), 401);
        }
    }
}
