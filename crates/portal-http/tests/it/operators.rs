//! The operator API, and practices whose doors are closed.

use std::time::Duration;

use axum::http::Method;
use portal_domain::{
    event::Caller,
    handoff::HandoffToken,
    id::Ref,
    practice::Scope,
    session::{SessionToken, WorkspaceToken},
    usecase::{CallContext, SignInInput},
};
use serde_json::{Value, json};

use crate::kit::{Answer, Ask, Kit, PASSWORD};

/// What a host's key may have.
const HOST_SCOPES: [Scope; 4] = [Scope::Read, Scope::Write, Scope::SignIn, Scope::Credentials];

const OPERATOR: &str = "/api/v1/operator/practices";

impl Kit {
    async fn operator(&self) -> String {
        let (_, secret) = self.portal.create_operator_key("vendor").await.expect("a key");
        secret.reveal().to_owned()
    }
}

/// A service with a key of its operator.
struct Desk {
    kit: Kit,
    key: String,
}

impl Desk {
    async fn new() -> Self {
        let kit = Kit::new().await;
        let key = kit.operator().await;
        Self { kit, key }
    }

    async fn ask(&self, method: Method, path: &str, body: Value) -> Answer {
        self.kit.send(Ask::new(method, &format!("{OPERATOR}{path}")).key(&self.key).json(&body)).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.kit.send(Ask::get(&format!("{OPERATOR}{path}")).key(&self.key)).await
    }

    async fn suspend(&self, practice: &str) {
        self.ask(Method::POST, &format!("/{practice}/suspend"), Value::Null).await.is(200);
    }
}

#[tokio::test]
async fn put_operator_practices_creates_renames_and_repeats() {
    let desk = Desk::new().await;
    let first = desk.ask(Method::PUT, "/oak", json!({"name": "Oak"})).await.is(201).json();
    assert_eq!((&first["slug"], &first["name"], &first["outcome"]), (&json!("oak"), &json!("Oak"), &json!("changed")));
    assert_eq!((&first["suspended_at"], &first["delete_after"]), (&Value::Null, &Value::Null));
    let again = desk.ask(Method::PUT, "/oak", json!({"name": "Oak"})).await.is(200).json();
    assert_eq!(again["outcome"], "unchanged");
    let renamed = desk.ask(Method::PUT, "/oak", json!({"name": "Oak & Elm"})).await.is(200).json();
    assert_eq!((&renamed["name"], &renamed["outcome"]), (&json!("Oak & Elm"), &json!("changed")));
    assert_eq!(desk.get("/oak").await.is(200).json()["name"], "Oak & Elm");
    desk.get("/elm").await.problem(404, "not_found");
    desk.get("/NO").await.problem(404, "not_found");
    let slug = desk.ask(Method::PUT, "/O", json!({"name": "Oak"})).await;
    assert_eq!(slug.problem(400, "invalid_request")["field"], "slug");
    let name = desk.ask(Method::PUT, "/elm", json!({"name": "\u{200b}"})).await;
    assert_eq!(name.problem(400, "invalid_request")["field"], "name");
    desk.get("/elm").await.problem(404, "not_found");
}

#[tokio::test]
async fn get_operator_practices_lists_all_in_pages() {
    let desk = Desk::new().await;
    let first = desk.get("?limit=1").await.is(200).json();
    assert_eq!(first["items"][0]["slug"], "jones");
    let cursor = first["next_cursor"].as_str().expect("more").to_owned();
    let second = desk.get(&format!("?limit=1&cursor={cursor}")).await.is(200).json();
    assert_eq!((&second["items"][0]["slug"], &second["next_cursor"]), (&json!("smith"), &Value::Null));
    // NUL, and what no slug is.
    for cursor in ["AA", "U21pdGg"] {
        let refused = desk.get(&format!("?cursor={cursor}")).await;
        assert_eq!(refused.problem(400, "invalid_request")["field"], "cursor");
    }
}

#[tokio::test]
async fn operator_api_keys_open_the_host_api_until_they_are_revoked() {
    let desk = Desk::new().await;
    let body = json!({"name": "crm", "scopes": ["write", "read", "write"]});
    let made = desk.ask(Method::POST, "/smith/api-keys", body).await.is(201).json();
    assert_eq!((&made["name"], &made["scopes"]), (&json!("crm"), &json!(["read", "write"])));
    let secret = made["key"].as_str().expect("the secret").to_owned();
    desk.kit.send(Ask::get("/api/v1/contacts").key(&secret)).await.is(200);
    let listed = desk.get("/smith/api-keys").await.is(200);
    assert!(!listed.text.contains(&secret) && listed.text.contains("crm"));
    assert!(!desk.kit.stored().contains(&secret), "the secret is kept nowhere");
    let id = made["id"].as_str().expect("an id").to_owned();
    // In pages, in which each stands once.
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = desk.get(&format!("/smith/api-keys?limit=1{cursor}")).await.is(200).json();
        seen.extend(page["items"].as_array().expect("a list").iter().map(|key| key["id"].clone()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let all: Vec<_> = listed.json()["items"].as_array().expect("a list").iter().map(|key| key["id"].clone()).collect();
    assert!(all.len() > 1 && all == seen, "{all:?} {seen:?}");
    desk.get("/smith/api-keys?cursor=AA").await.problem(400, "invalid_request");
    // Not by the name of another practice.
    desk.ask(Method::DELETE, &format!("/jones/api-keys/{id}"), Value::Null).await.problem(404, "not_found");
    desk.ask(Method::DELETE, "/smith/api-keys/nonsense", Value::Null).await.problem(404, "not_found");
    for _ in 0..2 {
        desk.ask(Method::DELETE, &format!("/smith/api-keys/{id}"), Value::Null).await.is(204);
        desk.kit.send(Ask::get("/api/v1/contacts").key(&secret)).await.problem(401, "unauthorized");
    }
    for (scopes, field) in [
        (json!([]), "scopes"),
        (json!(["operator"]), "scopes[0]"),
        (json!(["read", "all"]), "scopes[1]"),
        (json!("read"), "scopes"),
    ] {
        let refused = desk.ask(Method::POST, "/smith/api-keys", json!({"name": "x", "scopes": scopes})).await;
        assert_eq!(refused.problem(400, "invalid_request")["field"], field);
    }
}

/// The answer that shows a key is told again to who repeats the call, and is not to be read in the database.
#[tokio::test]
async fn s10_a_repeated_call_gets_the_same_new_key_from_a_sealed_receipt() {
    let desk = Desk::new().await;
    let body = json!({"name": "crm", "scopes": ["read"]});
    let ask = Ask::new(Method::POST, &format!("{OPERATOR}/smith/api-keys"))
        .key(&desk.key)
        .with("idempotency-key", "k")
        .json(&body);
    let first = desk.kit.send(ask.clone()).await.is(201).json();
    let second = desk.kit.send(ask.clone()).await.is(201).json();
    assert_eq!(first, second);
    assert_eq!(desk.get("/smith/api-keys").await.json()["items"].as_array().map(Vec::len), Some(3));
    let secret = first["key"].as_str().expect("the secret");
    let stored = desk.kit.stored();
    let bytes: Vec<_> = secret.bytes().map(|byte| byte.to_string()).collect();
    assert!(!stored.contains(secret) && !stored.contains(&bytes.join(", ")));
    let other = ask.json(&json!({"name": "erp", "scopes": ["read"]}));
    desk.kit.send(other).await.problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn every_write_of_the_operator_answers_a_repeated_call_alike() {
    let desk = Desk::new().await;
    let writes = [
        (Method::PUT, "/oak", json!({"name": "Oak"})),
        (Method::POST, "/oak/suspend", Value::Null),
        (Method::POST, "/oak/resume", Value::Null),
        (Method::POST, "/oak/api-keys", json!({"name": "crm", "scopes": ["read"]})),
        (Method::DELETE, "/oak/api-keys/{id}", Value::Null),
        (Method::POST, "/../delivery-reports", json!({"event": "complained", "message_id": "x"})),
    ];
    let all =
        portal_http::route_table().into_iter().filter(|(method, _, needed)| *needed == "operator" && *method != "GET");
    assert_eq!(all.count(), writes.len(), "every write is here");
    let (mut told, mut id) = (Vec::new(), String::new());
    for (index, (method, path, body)) in writes.into_iter().enumerate() {
        let path = path.replace("{id}", &id);
        let path = format!("{OPERATOR}{path}").replace("/practices/..", "");
        let ask = Ask::new(method, &path).key(&desk.key).json(&body);
        let ask = ask.with("idempotency-key", &format!("k{index}"));
        let first = desk.kit.send(ask.clone()).await;
        assert!(first.status.is_success(), "{path}");
        if path.ends_with("/api-keys") {
            id = first.json()["id"].as_str().expect("an id").to_owned();
        }
        told.push((ask, first));
    }
    for (ask, first) in told {
        let again = desk.kit.send(ask).await;
        assert_eq!((again.status, again.text), (first.status, first.text));
    }
    assert_eq!(desk.get("/oak").await.json()["suspended_at"], Value::Null, "nothing was done twice");
}

/// W3: the operator's key reads nothing of a practice, a host's key, whatever its scopes, nothing of the operator.
#[tokio::test]
async fn w3_operators_and_hosts_have_keys_of_their_own() {
    let desk = Desk::new().await;
    for (method, path, needed) in portal_http::route_table() {
        let path = path.replace("{ref}", "nobody").replace("{slug}", "smith").replace("{id}", "x");
        let ask = || Ask::new(method.parse().expect("a method"), &path).json(&Value::Null);
        let by_operator = desk.kit.send(ask().key(&desk.key)).await;
        assert_eq!(by_operator.status.as_u16() == 403, needed != "operator", "{method} {path}");
        if needed == "operator" {
            for scope in HOST_SCOPES {
                let key = desk.kit.key_for(scope).await;
                desk.kit.send(ask().key(&key)).await.problem(403, "forbidden");
            }
        }
    }
}

/// Both doors of a suspended practice, for those who are inside and those who are not, with the same words.
#[tokio::test]
async fn a_suspended_practice_closes_both_doors() {
    let desk = Desk::new().await;
    let kit = &desk.kit;
    kit.host(Method::PUT, "/settings", json!({"contact_line": "call Elaine, 0123"})).await.is(200);
    kit.settle("ada", "ada@smith.example").await;
    let cookie = kit.sign_in("ada@smith.example").await;
    let front = |method, path: &str, body: Value| {
        Ask::new(method, &format!("/portal/smith/api{path}")).with("x-portal", "1").json(&body)
    };
    kit.host(Method::POST, "/contacts/ada/portal/resend", Value::Null).await.is(200);
    let token = kit.tokens().await.pop().expect("a link");
    desk.suspend("smith").await;
    let before = kit.stored();
    let known = json!({"email": "ada@smith.example", "password": PASSWORD});
    let mut answers = Vec::new();
    for (ask, inside) in [
        (front(Method::GET, "/session", Value::Null), true),
        (front(Method::GET, "/session", Value::Null), false),
        (front(Method::DELETE, "/session", Value::Null), true),
        (front(Method::GET, "/sessions", Value::Null), true),
        (front(Method::DELETE, "/sessions", Value::Null), true),
        (front(Method::DELETE, "/sessions/x", Value::Null), true),
        (front(Method::PUT, "/session/profile", json!({"profile": "x"})), true),
        (front(Method::PUT, "/password", json!({"current_password": PASSWORD, "new_password": "x"})), true),
        (front(Method::POST, "/session", known), false),
        (front(Method::POST, "/session", json!({"email": "no@smith.example", "password": PASSWORD})), false),
        (front(Method::POST, "/password-resets", json!({"email": "ada@smith.example"})), false),
        (front(Method::GET, &format!("/links/{token}"), Value::Null), false),
        (front(Method::GET, "/links/nonsense", Value::Null), false),
        (front(Method::POST, &format!("/links/{token}"), json!({"password": PASSWORD})), false),
        (front(Method::POST, &format!("/links/{token}/renew"), Value::Null), false),
    ] {
        let answer = kit.send(if inside { ask.with("cookie", &cookie) } else { ask }).await;
        let detail = answer.problem(403, "practice_suspended")["detail"].clone();
        answers.push(detail.as_str().expect("words").to_owned());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "the same words for all: {answers:?}");
    assert!(answers[0].contains("call Elaine, 0123") && answers[0].contains("smith & Partners"));
    let handoff = format!("/handoff/{}", "A".repeat(43));
    for page in ["", "/", "/sign-in", "/forgot", "/return", &handoff, &format!("/link/{token}"), "/link/nonsense"] {
        let shown = kit.send(Ask::get(&format!("/portal/smith{page}"))).await;
        assert_eq!(shown.status.as_u16(), 403, "{page}");
        assert!(shown.header("content-type").is_some_and(|kind| kind.starts_with("text/html")), "{page}");
        assert!(shown.text.contains("Closed for the time being") && shown.text.contains("call Elaine, 0123"));
    }
    for page in ["", "/"] {
        let shown = kit.send(Ask::get(&format!("/workspace/smith{page}"))).await;
        assert_eq!(shown.status.as_u16(), 403);
        assert!(shown.text.contains("whoever provides this service"), "{}", shown.text);
        kit.send(Ask::get(&format!("/workspace/jones{page}"))).await.is(303);
    }
    let staff = kit.send(Ask::get("/workspace/smith/api/session")).await;
    staff.problem(403, "practice_suspended");
    assert_eq!(kit.stored(), before, "nobody changed anything");

    // The host goes on; another practice never noticed; and after all the same session is there again.
    kit.host(Method::PUT, "/contacts/bob", json!({"name": "Bob", "emails": ["bob@smith.example"]})).await.is(201);
    kit.host(Method::POST, "/contacts/bob/portal/activate", Value::Null).await.is(200);
    assert!(kit.tokens().await.is_empty(), "mail waits");
    kit.send(Ask::get("/portal/jones/sign-in")).await.is(200);
    desk.ask(Method::POST, "/smith/resume", Value::Null).await.is(200);
    kit.send(front(Method::GET, "/session", Value::Null).with("cookie", &cookie)).await.is(200);
    assert_eq!(kit.tokens().await.len(), 1, "mail leaves");
}

/// Embedders that call the use cases themselves meet the same door.
#[tokio::test]
async fn a_suspended_practice_is_closed_to_those_who_embed_it_too() {
    let desk = Desk::new().await;
    desk.suspend("smith").await;
    let context = CallContext::new(desk.kit.practice.id, Caller::Anyone);
    let input =
        SignInInput { email: "ada@smith.example", password: PASSWORD, user_agent: None, presented: None, known: None };
    let (portal, staff) = (&desk.kit.portal, Ref::parse("u").expect("a reference"));
    let (session, handoff) = (SessionToken::from_entropy([7; 32]), HandoffToken::from_entropy([7; 32]));
    let workspace = WorkspaceToken::from_entropy([7; 32]);
    let refused = [
        portal.sign_in(&context, &input).await.map(drop),
        portal.view_link(&context, "x").await.map(drop),
        portal.ask_for_reset(&context, "ada@smith.example").await,
        portal.ask_for_renewal(&context, "x").await.map(drop),
        portal.view_handoff(&context, &handoff, None).await.map(drop),
        portal.take_over(&context, &handoff, None, (None, None)).await.map(drop),
        portal.own_sessions(&context, &session).await.map(drop),
        portal.end_own_sessions(&context, &session, None).await.map(drop),
        portal.sign_out(&context, &session).await.map(drop),
        portal.open_workspace_session(&context, &staff, None, None).await.map(drop),
        portal.peek_workspace_session(&context, &workspace).await.map(drop),
        portal.leave_workspace(&context, &workspace).await.map(drop),
    ];
    for refused in refused {
        let error = refused.expect_err("it is closed");
        assert!(error.to_string().contains("closed for the time being"), "{error}");
    }
}

/// Deletes what is due, and says how many practices are gone.
async fn deleted(kit: &Kit) -> usize {
    let fates = kit.portal.delete_doomed(&|| false).await.expect("the store answers");
    fates.into_iter().filter(|(_, fate)| *fate == Ok(true)).count()
}

#[tokio::test]
async fn a_practice_is_deleted_thirty_days_after_it_was_ordered() {
    let desk = Desk::new().await;
    let kit = &desk.kit;
    kit.settle("ada", "ada@smith.example").await;
    let context = CallContext::new(kit.practice.id, Caller::Program);
    let early = kit.portal.order_deletion(&context).await.expect_err("it is not suspended");
    assert!(early.to_string().contains("suspend it first"));
    desk.suspend("smith").await;
    let (practice, changed) = kit.portal.order_deletion(&context).await.expect("ordered");
    assert!(changed && practice.delete_after == Some(kit.portal.now().after(Duration::from_secs(30 * 86_400))));
    assert!(!kit.portal.order_deletion(&context).await.expect("ordered before").1);
    kit.clock.advance(Duration::from_secs(30 * 86_400 - 1));
    assert_eq!(deleted(kit).await, 0);
    // Resuming takes it back.
    desk.ask(Method::POST, "/smith/resume", Value::Null).await.is(200);
    kit.clock.advance(Duration::from_secs(2));
    assert_eq!(deleted(kit).await, 0);
    kit.get("/contacts/ada").await.is(200);

    desk.suspend("smith").await;
    kit.portal.order_deletion(&context).await.expect("ordered");
    kit.clock.advance(Duration::from_secs(30 * 86_400));
    let fates = kit.portal.delete_doomed(&|| true).await.expect("the store answers");
    assert_eq!(fates, [(kit.practice.id, Ok(false))], "who is to stop begins nothing");
    desk.get("/smith").await.is(200);
    assert_eq!(deleted(kit).await, 1);
    desk.get("/smith").await.problem(404, "not_found");
    kit.get("/contacts/ada").await.problem(401, "unauthorized");
    assert!(!kit.stored().contains("ada@smith.example"));
    let receipts = kit.portal.operators.deletions().await.expect("receipts");
    assert_eq!(receipts.iter().map(|it| (it.slug.as_str(), it.contacts)).collect::<Vec<_>>(), [("smith", 1)]);
    assert!(receipts[0].finished_at.is_some());
    desk.ask(Method::PUT, "/smith", json!({"name": "Smith anew"})).await.is(201);
}
