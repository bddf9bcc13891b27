//! What can't be understood is refused, named, and changes nothing.

use axum::http::Method;
use serde_json::{Value, json};

use crate::kit::{Ask, Kit};

fn raw(path: &str, body: &str) -> Ask {
    let method = if path.contains("/portal/") && !path.ends_with("/password") { Method::POST } else { Method::PUT };
    Ask::new(method, path).with("content-type", "application/json").body(body.as_bytes())
}

#[tokio::test]
async fn malformed_bodies_are_400_and_name_the_field() {
    let kit = Kit::new().await;
    kit.host(Method::PUT, "/contacts/c", json!({"name": "Ada"})).await.is(201);
    let before = kit.stored();
    let contact = "/api/v1/contacts/c";
    let emails = "/api/v1/contacts/c/emails";
    let user = "/api/v1/practice-users/u";
    let activate = "/api/v1/contacts/c/portal/activate";
    for (path, body, field) in [
        (contact, r#"{"name": "A", "nick": "B"}"#, Some("nick")),
        (contact, r#"{"name": "A", "name": "B"}"#, Some("name")),
        (contact, r#"{"name": ["A"]}"#, Some("name")),
        (contact, r#"{"name": "A\u0000"}"#, Some("name")),
        (contact, r#"{"name": null}"#, Some("name")),
        (contact, r#"{"emails": "a@b.example"}"#, Some("emails")),
        (contact, r#"{"emails": ["a@b.example", 7]}"#, Some("emails[1]")),
        (contact, r#"{"emails": [["a@b.example"]]}"#, Some("emails[0]")),
        (contact, r#"{"clients": [{}]}"#, Some("clients[0]")),
        (contact, r#"{"join": 1}"#, Some("join")),
        (contact, r#"["A"]"#, None),
        (contact, r#""A""#, None),
        (contact, "null", None),
        (contact, "", None),
        (contact, "{", None),
        (contact, "{} {}", None),
        (contact, "name=A", None),
        (contact, "{\"name\": \"\u{1}\"}", None),
        (emails, "{}", Some("emails")),
        (emails, r#"{"emails": []"#, None),
        (user, r#"{"name": "A", "email": "a@b.example"}"#, Some("role")),
        (user, r#"{"name": "A", "email": "a@b.example", "role": "boss"}"#, Some("role")),
        (user, r#"{"name": "A", "email": ["a@b.example"], "role": "admin"}"#, Some("email")),
        ("/api/v1/clients/k", "{}", Some("name")),
        (activate, r#"{"now": true}"#, Some("now")),
        (activate, "[]", None),
    ] {
        let problem = kit.send(raw(path, body).key(&kit.key)).await.problem(400, "invalid_request");
        assert_eq!(problem.get("field").and_then(Value::as_str), field, "{path} {body}");
    }
    let not_utf8 = Ask::new(Method::PUT, contact).key(&kit.key).body(b"{\"name\": \"\xff\"}");
    kit.send(not_utf8).await.problem(400, "invalid_request");
    assert_eq!(kit.stored(), before);
}

#[tokio::test]
async fn malformed_queries_are_400_and_name_the_parameter() {
    let kit = Kit::new().await;
    kit.host(Method::PUT, "/contacts/c", json!({})).await.is(201);
    for (path, field) in [
        ("/contacts?limit=0", "limit"),
        ("/contacts?limit=201", "limit"),
        ("/contacts?limit=ten", "limit"),
        ("/contacts?limit=1&limit=2", "limit"),
        ("/contacts?cursor=%FF", "cursor"),
        ("/contacts?cursor=IA", "cursor"),
        ("/contacts?colour=red", "colour"),
        ("/contacts/c/portal/events?cursor=YQ", "cursor"),
        ("/events?after=-1", "after"),
        ("/events?after=x", "after"),
        ("/events?wait=31", "wait"),
        ("/events?wait=0.5", "wait"),
        ("/events?limit=0", "limit"),
        ("/events?cursor=MQ", "cursor"),
    ] {
        assert_eq!(kit.get(path).await.problem(400, "invalid_request")["field"], field, "{path}");
    }
    let maybe = kit.host(Method::POST, "/contacts/c/portal/activate?preview=maybe", Value::Null).await;
    assert_eq!(maybe.problem(400, "invalid_request")["field"], "preview");
}

#[tokio::test]
async fn what_is_unknown_is_404_before_its_body_is_looked_at() {
    let kit = Kit::new().await;
    let large = format!(r#"{{"emails": ["{}"]}}"#, "a".repeat(70_000));
    for (method, path) in [
        (Method::PUT, "/contacts/x/emails"),
        (Method::DELETE, "/contacts/x"),
        (Method::POST, "/contacts/x/portal/activate"),
        (Method::POST, "/contacts/x/portal/resend"),
        (Method::POST, "/contacts/x/portal/deactivate"),
        (Method::POST, "/contacts/x/portal/reactivate"),
        (Method::DELETE, "/contacts/x/portal/sessions"),
        (Method::POST, "/clients/x/resume"),
        (Method::DELETE, "/clients/x"),
        (Method::DELETE, "/practice-users/x"),
    ] {
        for body in ["{", r#"{"emails": ["ada"]}"#, r#"{"x": 1}"#, large.as_str()] {
            let ask = Ask::new(method.clone(), &format!("/api/v1{path}")).key(&kit.key).body(body.as_bytes());
            kit.send(ask).await.problem(404, "not_found");
        }
    }
    for path in
        ["/contacts/x/portal/events?limit=0", "/contacts/x/portal/messages?x=1", "/contacts/a%20b", "/contacts/.."]
    {
        kit.get(path).await.problem(404, "not_found");
    }
    let link =
        Ask::new(Method::POST, "/portal/smith/api/links/abc").with("content-type", "application/json").body(b"{");
    kit.send(link).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_reference_that_breaks_the_rules_makes_nothing() {
    let kit = Kit::new().await;
    for path in
        ["/contacts/a%20b", "/clients/%C3%A4", "/practice-users/%00", "/contacts/%FF", "/clients/.", "/contacts/.."]
    {
        let body = json!({"name": "A", "email": "a@b.example", "role": "staff"});
        let problem = kit.host(Method::PUT, path, body).await.problem(400, "invalid_request");
        assert_eq!(problem["field"], "ref", "{path}");
    }
    let long = format!("/clients/{}", "x".repeat(129));
    kit.host(Method::PUT, &long, json!({"name": "A"})).await.problem(400, "invalid_request");
}

#[tokio::test]
async fn s16_bodies_are_bounded_before_anything_costly() {
    let kit = Kit::new().await;
    kit.settle("a", "ada@smith.example").await;
    let name = json!({"name": "x".repeat(65_600)});
    kit.host(Method::PUT, "/clients/k", name).await.problem(413, "body_too_large");
    kit.host(Method::PUT, "/clients/k", json!({"name": "x".repeat(65_000)})).await.is(400);
    let password = json!({"email": "ada@smith.example", "password": "x".repeat(1_000_000)});
    kit.front(Method::POST, "/session", password).await.problem(413, "body_too_large");
    for path in ["/session", "/password-resets"] {
        let email = json!({"email": "x".repeat(17_000), "password": "x"});
        kit.front(Method::POST, path, email).await.problem(413, "body_too_large");
    }
    let password = json!({"email": "ada@smith.example", "password": "x".repeat(16_000)});
    kit.front(Method::POST, "/session", password).await.problem(401, "sign_in_failed");
    let form = Ask::form("/portal/smith/sign-in", &[("email", "a"), ("password", &"x".repeat(20_000))]);
    assert!(kit.send(form).await.is(413).text.contains("<h1>The request is too large</h1>"));
}

#[tokio::test]
async fn unknown_routes_and_methods_are_problems_too() {
    let kit = Kit::new().await;
    for path in ["/nothing", "/api/v1/nothing", "/portal/smith/api/nothing", "/portal/nobody/api/session"] {
        kit.send(Ask::get(path)).await.problem(404, "not_found");
    }
    let wrong = kit.send(Ask::new(Method::PATCH, "/api/v1/settings").key(&kit.key)).await;
    assert!(wrong.header("allow").is_some_and(|allow| allow.contains("PUT")));
    wrong.problem(405, "method_not_allowed");
}
