//! From the host's program into the portal: `POST /handoffs`, and the page with one button.

use std::time::Duration;

use axum::http::Method;
use portal_domain::practice::Scope;
use serde_json::{Value, json};

use crate::kit::{Answer, Ask, Kit, PASSWORD};

impl Kit {
    pub(crate) async fn signing(&self, key: &str, path: &str, body: Value) -> Answer {
        self.send(Ask::new(Method::POST, &format!("/api/v1{path}")).key(key).json(&body)).await
    }

    /// Path of a fresh hand-over of this contact.
    async fn hand_over(&self, key: &str, contact: &str) -> String {
        let made = self.signing(key, "/handoffs", json!({"contact": contact})).await.is(200).json();
        path(&made)
    }

    /// The kinds and facts of all events.
    pub(crate) async fn told(&self) -> Vec<(String, Value)> {
        self.seal().await;
        let list = self.get("/events?limit=200").await.is(200).json();
        let event = |event: &Value| (event["kind"].as_str().unwrap_or_default().to_owned(), event["facts"].clone());
        list["items"].as_array().into_iter().flatten().map(event).collect()
    }
}

fn path(made: &Value) -> String {
    let url = made["url"].as_str().expect("an address");
    url.strip_prefix("https://portal.example").expect("ours").to_owned()
}

async fn kit() -> (Kit, String) {
    let kit = Kit::new().await;
    kit.settle("ada", "ada@smith.example").await;
    let key = kit.key_for(Scope::SignIn).await;
    (kit, key)
}

#[tokio::test]
async fn post_handoffs_signs_a_contact_in_with_one_button_and_once() {
    let (kit, key) = kit().await;
    let body = json!({"contact": "ada", "client": "acme", "route": "home"});
    let made = kit.signing(&key, "/handoffs", body).await.is(200).json();
    assert_eq!(made.as_object().map(serde_json::Map::len), Some(2));
    let path = path(&made);
    let token = path.strip_prefix("/portal/smith/handoff/").expect("its page").to_owned();
    assert_eq!(token.len(), 43, "256 bits");
    assert!(!kit.stored().contains(&token), "S10");

    // L2: looking changes nothing, and sets nothing.
    let before = kit.stored();
    for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
        for _ in 0..5 {
            let looked = kit.send(Ask::new(method.clone(), &path)).await;
            assert_eq!(looked.header("set-cookie"), None, "{method}");
        }
    }
    let page = kit.send(Ask::get(&path)).await.is(200).text;
    assert_eq!(kit.stored(), before);
    assert!(page.contains(&format!(r#"<form method="post" action="{path}">"#)) && page.contains("Person ada"));
    assert_eq!(page.matches("<button").count(), 1);
    assert_eq!(page.matches(&token).count(), 1, "the token is in the path of page and form, and nowhere else");
    assert!(!page.contains("<script"));

    let begun = kit.send(Ask::form(&path, &[])).await.is(303);
    assert_eq!(begun.header("location"), Some("/portal/smith/"));
    assert_eq!(
        begun.headers.get_all("set-cookie").iter().count(),
        1,
        "no password was proved: the browser is not known"
    );
    let cookie = begun.cookie();
    let session = kit.send(Ask::get("/portal/smith/api/session").cookie(&cookie)).await.is(200).json();
    assert_eq!(session["login_email"], "ada@smith.example");
    assert_eq!(session["profile"], session["profiles"][0]["id"]);

    let again = kit.send(Ask::form(&path, &[])).await.is(410);
    assert!(again.text.contains("used already") && again.header("set-cookie").is_none());
    assert!(kit.send(Ask::get(&path)).await.is(200).text.contains("used already"));
    let told = kit.told().await;
    let (_, made) = told.iter().find(|(kind, _)| kind == "handoff.made").expect("journalled");
    let (_, opened) = told.iter().rfind(|(kind, _)| kind == "session.opened").expect("journalled");
    assert_eq!((&made["handoff"], &made["route"]), (&opened["handoff"], &json!("home")));
    assert!(!format!("{told:?}").contains(&token));
}

#[tokio::test]
async fn w3_hand_overs_and_sign_ins_need_their_scope_alone() {
    let (kit, _) = kit().await;
    for scope in [Scope::Read, Scope::Write, Scope::Credentials] {
        let key = kit.key_for(scope).await;
        kit.signing(&key, "/handoffs", json!({"contact": "ada"})).await.problem(403, "forbidden");
        kit.signing(&key, "/sign-ins", json!({"code": "x"})).await.problem(403, "forbidden");
    }
}

#[tokio::test]
async fn s9_a5_whom_there_is_no_way_in_for_is_not_handed_over() {
    let (kit, key) = kit().await;
    let foreign = kit.foreign_key_for(Scope::SignIn).await;
    let ask = async |key: &str, body: Value| kit.signing(key, "/handoffs", body).await;
    let unknown = ask(&key, json!({"contact": "nobody"})).await;
    assert_eq!(ask(&foreign, json!({"contact": "ada"})).await, unknown);
    unknown.problem(404, "not_found");
    ask(&key, json!({"contact": ".."})).await.problem(404, "not_found");
    let no_client = ask(&key, json!({"contact": "ada", "client": "nowhere"})).await;
    no_client.clone().problem(404, "not_found");
    kit.host(Method::PUT, "/clients/other", json!({"name": "Other"})).await.is(201);
    assert_eq!(ask(&key, json!({"contact": "ada", "client": "other"})).await, no_client, "not one of Ada's");
    kit.host(Method::POST, "/clients/acme/suspend", Value::Null).await.is(200);
    assert_eq!(ask(&key, json!({"contact": "ada", "client": "acme"})).await, no_client, "A5");
    for route in ["https://evil.example/", "/portal", "Home"] {
        let refused = ask(&key, json!({"contact": "ada", "route": route})).await.problem(400, "invalid_request");
        assert_eq!(refused["field"], "route");
    }
    kit.host(Method::PUT, "/contacts/bob", json!({"name": "Bob", "emails": ["bob@smith.example"]})).await.is(201);
    ask(&key, json!({"contact": "bob"})).await.problem(409, "not_activated");
    kit.host(Method::POST, "/contacts/ada/portal/deactivate", Value::Null).await.is(200);
    ask(&key, json!({"contact": "ada"})).await.problem(409, "portal_deactivated");
}

#[tokio::test]
async fn l3_a_hand_over_dies_with_what_ends_links_and_sessions() {
    let emails = |address: &str| json!({"emails": [address]});
    let endings: [(&str, Method, &str, Value); 6] = [
        ("staff end the sessions", Method::DELETE, "/contacts/ada/portal/sessions", Value::Null),
        ("staff end all sessions", Method::DELETE, "/sessions", Value::Null),
        ("deactivated", Method::POST, "/contacts/ada/portal/deactivate", Value::Null),
        ("moved", Method::PUT, "/contacts/ada/emails", emails("ada@new.example")),
        ("suspended", Method::POST, "/clients/acme/suspend", Value::Null),
        ("deleted", Method::DELETE, "/contacts/ada", Value::Null),
    ];
    for ((what, method, order, body), signed_in) in endings.into_iter().flat_map(|it| [(it.clone(), false), (it, true)])
    {
        let (kit, key) = kit().await;
        kit.host(Method::PUT, "/settings", json!({"sessions_on_move": "keep"})).await.is(200);
        if signed_in {
            kit.sign_in("ada@smith.example").await;
        }
        let made = kit.signing(&key, "/handoffs", json!({"contact": "ada", "client": "acme"})).await.is(200).json();
        kit.host(method, order, body).await.is(200);
        let refused = kit.send(Ask::form(&path(&made), &[])).await;
        assert!(refused.header("set-cookie").is_none(), "{what}");
        assert_eq!(refused.status.as_u16(), if what == "deleted" { 404 } else { 410 }, "{what}");
        // S7: what comes back brings nothing back.
        if what == "deactivated" {
            kit.host(Method::POST, "/contacts/ada/portal/reactivate", Value::Null).await.is(200);
            kit.send(Ask::form(&path(&made), &[])).await.is(410);
        }
    }
    // A new password by a link.
    let (kit, key) = kit().await;
    let way = kit.hand_over(&key, "ada").await;
    kit.front(Method::POST, "/password-resets", json!({"email": "ada@smith.example"})).await.is(202);
    let token = kit.tokens().await.pop().expect("a link");
    let new = json!({"password": "six slow silver trams"});
    kit.front(Method::POST, &format!("/links/{token}"), new).await.is(204);
    kit.send(Ask::form(&way, &[])).await.is(410);
    // Its time.
    let way = kit.hand_over(&key, "ada").await;
    kit.clock.advance(Duration::from_secs(60));
    assert!(kit.send(Ask::form(&way, &[])).await.is(410).text.contains("too long"));
    kit.clock.advance(Duration::from_secs(3601));
    assert!(kit.portal.forget_passages().await.expect("swept") > 0);
    kit.send(Ask::get(&way)).await.is(404);
}

#[tokio::test]
async fn n13_a_hand_over_works_by_a_clock_that_is_behind() {
    let (kit, key) = kit().await;
    kit.clock.set(kit.portal.now().before(Duration::from_secs(30)));
    let way = kit.hand_over(&key, "ada").await;
    kit.send(Ask::form(&way, &[])).await.is(303);
}

#[tokio::test]
async fn l5_somebody_elses_session_ends_only_where_the_person_agrees() {
    let (kit, key) = kit().await;
    kit.settle("bob", "bob@smith.example").await;
    let bob = kit.sign_in("bob@smith.example").await;
    let way = kit.hand_over(&key, "ada").await;
    let page = kit.send(Ask::get(&way).cookie(&bob)).await.is(200).text;
    assert!(page.contains("bob@smith.example") && page.contains("Switch and go on as"));
    // A form that was opened before, or that names another session, asks anew.
    for fields in [&[][..], &[("switch", "x")], &[("switch", "00000000-0000-0000-0000-000000000000")]] {
        let asked = kit.send(Ask::form(&way, fields).cookie(&bob)).await.is(409);
        assert!(asked.text.contains("bob@smith.example") && asked.header("set-cookie").is_none());
    }
    kit.send(Ask::get("/portal/smith/api/session").cookie(&bob)).await.is(200);
    let named = page.split(r#"name="switch" value=""#).nth(1).and_then(|rest| rest.split('"').next()).expect("named");
    let ada = kit.send(Ask::form(&way, &[("switch", named)]).cookie(&bob)).await.is(303).cookie();
    kit.send(Ask::get("/portal/smith/api/session").cookie(&bob)).await.is(401);
    let session = kit.send(Ask::get("/portal/smith/api/session").cookie(&ada)).await.is(200).json();
    assert_eq!(session["login_email"], "ada@smith.example");
    // One's own session is replaced without a question.
    let way = kit.hand_over(&key, "ada").await;
    let next = kit.send(Ask::form(&way, &[]).cookie(&ada)).await.is(303).cookie();
    kit.send(Ask::get("/portal/smith/api/session").cookie(&ada)).await.is(401);
    kit.send(Ask::get("/portal/smith/api/session").cookie(&next)).await.is(200);
}

#[tokio::test]
async fn s9_s8_a_hand_over_works_in_its_own_practice_and_from_its_own_page_only() {
    let (kit, key) = kit().await;
    let way = kit.hand_over(&key, "ada").await;
    let before = kit.stored();
    kit.send(Ask::form(&way.replace("/smith/", "/jones/"), &[])).await.is(404);
    kit.send(Ask::get(&way.replace("/smith/", "/jones/"))).await.is(404);
    kit.send(Ask::form("/portal/smith/handoff/short", &[])).await.is(404);
    let other = Ask::form(&way, &[]).without("origin").without("sec-fetch-site");
    kit.send(other.clone().with("origin", "https://evil.example").with("sec-fetch-site", "cross-site")).await.is(403);
    kit.send(other).await.is(403);
    kit.send(Ask::new(Method::POST, &way).with("sec-fetch-site", "same-origin")).await.is(400);
    assert_eq!(kit.stored(), before);
    // S8: a cookie of the workspace is neither looked at nor touched.
    let begun = kit.send(Ask::form(&way, &[]).cookie("__Host-workspace-smith=abc")).await.is(303);
    let lines: Vec<_> = begun.headers.get_all("set-cookie").iter().filter_map(|line| line.to_str().ok()).collect();
    assert!(lines.iter().all(|line| line.starts_with("__Host-portal-smith=")), "{lines:?}");
}

#[tokio::test]
async fn s3_of_fifty_posts_at_once_one_signs_in() {
    let (kit, key) = kit().await;
    let way = kit.hand_over(&key, "ada").await;
    let posts = (0..50).map(|_| kit.send(Ask::form(&way, &[])));
    let answers = futures_join(posts).await;
    let begun = answers.iter().filter(|answer| answer.status.as_u16() == 303).count();
    let closed = answers.iter().filter(|answer| answer.status.as_u16() == 410).count();
    assert_eq!((begun, closed), (1, 49));
    let opened = kit.told().await.into_iter().filter(|(_, facts)| facts["session"].is_string()).count();
    assert_eq!(opened, 1);
}

/// Polls all of them in turns until each has answered.
async fn futures_join<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = all.map(|one| (Box::pin(one), None)).collect();
    std::future::poll_fn(|context| {
        for (one, done) in &mut waiting {
            if done.is_none()
                && let std::task::Poll::Ready(answer) = one.as_mut().poll(context)
            {
                *done = Some(answer);
            }
        }
        match waiting.iter().all(|(_, done)| done.is_some()) {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    waiting.into_iter().filter_map(|(_, done)| done).collect()
}

/// The answer to a repeated call is the same, and its receipt shows nobody the address.
#[tokio::test]
async fn s10_a_repeated_hand_over_is_told_the_same_address_and_kept_sealed() {
    let (kit, key) = kit().await;
    let ask = || {
        let body = json!({"contact": "ada"});
        Ask::new(Method::POST, "/api/v1/handoffs").key(&key).with("idempotency-key", "k").json(&body)
    };
    let (first, second) = (kit.send(ask()).await.is(200), kit.send(ask()).await.is(200));
    assert_eq!(first.text, second.text);
    let path = path(&first.json());
    let token = path.rsplit('/').next().expect("a token").to_owned();
    let stored = kit.stored();
    assert!(!stored.contains(&token) && !stored.contains(&format!("{:?}", token.as_bytes())));
    kit.send(Ask::form(&path, &[])).await.is(303);
    // It tells of a password nowhere.
    let form = [("email", "ada@smith.example"), ("password", PASSWORD)];
    kit.send(Ask::form("/portal/smith/sign-in", &form)).await.is(303);
}
