//! S9: every route, with ids of another practice.

use axum::http::Method;
use portal_domain::practice::Scope;
use serde_json::{Value, json};

use crate::kit::{Ask, Kit};

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
    let import = kit.send(kit.file("", b"ref,name\nc-1,Ada\n")).await.is(202).json();
    let activation = json!({"action": "activate", "contacts": ["known"], "start_at": "2036-01-01T00:00:00Z"});
    let activation = kit.host(Method::POST, "/activations", activation).await.is(202).json();
    kit.seal().await;
    let before = kit.stored();
    let emails = json!({"emails": ["x@y.example"]});
    let hash = json!({"hash": "$2b$04$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui"});
    let routes = [
        (Method::GET, "/contacts/{}", Value::Null),
        (Method::PUT, "/contacts/{}/credential", hash),
        (Method::DELETE, "/contacts/{}", Value::Null),
        (Method::PUT, "/contacts/{}/emails", emails),
        (Method::GET, "/contacts/{}/portal", Value::Null),
        (Method::POST, "/contacts/{}/portal/activate", Value::Null),
        (Method::POST, "/contacts/{}/portal/resend", Value::Null),
        (Method::POST, "/contacts/{}/portal/deactivate", Value::Null),
        (Method::POST, "/contacts/{}/portal/reactivate", Value::Null),
        (Method::GET, "/contacts/{}/portal/messages", Value::Null),
        (Method::GET, "/contacts/{}/portal/events", Value::Null),
        (Method::GET, "/contacts/{}/portal/sessions", Value::Null),
        (Method::DELETE, "/contacts/{}/portal/sessions", Value::Null),
        (Method::GET, "/imports/{}", Value::Null),
        (Method::GET, "/imports/{}/rows", Value::Null),
        (Method::GET, "/imports/{}/refused.csv", Value::Null),
        (Method::GET, "/activations/{}", Value::Null),
        (Method::POST, "/activations/{}/pause", Value::Null),
        (Method::POST, "/activations/{}/resume", Value::Null),
        (Method::POST, "/activations/{}/cancel", Value::Null),
        (Method::GET, "/clients/{}", Value::Null),
        (Method::DELETE, "/clients/{}", Value::Null),
        (Method::POST, "/clients/{}/suspend", Value::Null),
        (Method::POST, "/clients/{}/resume", Value::Null),
        (Method::GET, "/practice-users/{}", Value::Null),
        (Method::DELETE, "/practice-users/{}", Value::Null),
        (Method::GET, "/webhooks/{}", Value::Null),
        (Method::DELETE, "/webhooks/{}", Value::Null),
        (Method::POST, "/webhooks/{}/test", Value::Null),
        (Method::POST, "/webhooks/{}/recover", json!({"since": "2026-01-01T00:00:00Z"})),
        (Method::GET, "/webhooks/{}/deliveries", Value::Null),
    ];
    // Those that make what isn't there, and the search, which names nothing.
    let without = [
        "PUT /webhooks/{ref}",
        "PUT /contacts/{ref}",
        "PUT /clients/{ref}",
        "PUT /practice-users/{ref}",
        "POST /contacts/{ref}",
    ];
    for (method, path, scope) in portal_http::route_table() {
        // The operator's routes are about practices, and belong to none.
        if scope == "operator" {
            continue;
        }
        let name = format!("{method} {}", path.trim_start_matches("/api/v1"));
        let templates = |path: &str| [path.replace("{}", "{ref}"), path.replace("{}", "{id}")];
        let listed = routes.iter().any(|(own, path, _)| templates(path).iter().any(|it| name == format!("{own} {it}")));
        assert!(listed || !name.contains('{') || without.contains(&name.as_str()), "{name} is not in the list");
    }
    for (method, path, body) in routes {
        let key = if path.ends_with("/credential") { &foreign_credentials } else { &kit.foreign };
        let ask = |name: &str| {
            let path = format!("/api/v1{}", path.replace("{}", name));
            Ask::new(method.clone(), &path).key(key).json(&body)
        };
        let known = match path.split('/').nth(1) {
            Some("imports") => import["id"].as_str().expect("an id"),
            Some("activations") => activation["id"].as_str().expect("an id"),
            _ => "known",
        };
        let (foreign, unknown) = (kit.send(ask(known)).await, kit.send(ask("nobody")).await);
        assert_eq!(foreign, unknown, "{method} {path}");
        foreign.problem(404, "not_found");
    }
    let own = kit.send(Ask::get("/api/v1/events").key(&kit.foreign)).await.is(200).json();
    let told = own["items"].as_array().expect("events").iter().map(|event| event["kind"].clone()).collect::<Vec<_>>();
    assert_eq!(told, ["practice.created", "api_key.created", "api_key.created"]);
    for path in ["/contacts", "/clients", "/practice-users"] {
        let list = kit.send(Ask::get(&format!("/api/v1{path}")).key(&kit.foreign)).await.is(200).json();
        assert_eq!(list, json!({"items": [], "next_cursor": null}));
    }
    kit.send(Ask::new(Method::DELETE, "/api/v1/sessions").key(&kit.foreign)).await.is(200);
    assert_eq!(kit.stored(), before);
    let own = Ask::new(Method::PUT, "/api/v1/contacts/known").key(&kit.foreign).json(&json!({"name": "Other"}));
    kit.send(own).await.is(201);
    assert_eq!(kit.get("/contacts/known").await.is(200).json()["name"], "Person known");
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
