//! The very front, and who comes by another host.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use portal_domain::{
    event::Caller,
    id::Slug,
    port::{Clock, LeaseTerms, Outbox},
    usecase::{CallContext, Portal},
};
use portal_http::{BaseUrl, HttpConfig};
use serde_json::{Value, json};

use crate::kit::{Ask, Kit};

/// What waits to be mailed: of which practice, which kind, to whom.
async fn mails(kit: &Kit) -> Vec<(String, &'static str, String)> {
    kit.decide().await;
    let now = kit.clock.now();
    let terms = LeaseTerms::new(now, now.after(Duration::from_secs(60)), 100);
    let leased = Outbox::lease(&*kit.store, &terms).await.expect("messages");
    let letters = leased.iter().map(|leased| leased.letter.as_ref().expect("a letter"));
    let mut mails: Vec<_> = letters
        .map(|letter| {
            let (slug, message) = (letter.practice.slug.as_str().to_owned(), &letter.message);
            (slug, message.kind().code(), message.to.as_str().to_owned())
        })
        .collect();
    mails.sort();
    mails
}

fn ask(address: &str) -> Ask {
    Ask::form("/", &[("email", address)])
}

/// The same person in two practices, in one of them as `Ada@`; and somebody of the first alone.
async fn two() -> Kit {
    let kit = Kit::new().await;
    kit.settle("a", "ada@smith.example").await;
    kit.invite("b", "bob@smith.example").await;
    let staff = json!({"name": "Uma", "email": "uma@smith.example", "role": "staff"});
    kit.host(Method::PUT, "/practice-users/u", staff).await.is(201);
    kit.host(Method::PUT, "/contacts/never", json!({"emails": ["never@smith.example"]})).await.is(201);
    let jones = |method, path: &str, body: Value| {
        kit.send(Ask::new(method, &format!("/api/v1{path}")).key(&kit.foreign).json(&body))
    };
    jones(Method::PUT, "/contacts/x", json!({"name": "Ada", "emails": ["Ada@smith.example"]})).await.is(201);
    jones(Method::POST, "/contacts/x/portal/activate", Value::Null).await.is(200);
    mails(&kit).await;
    kit
}

async fn suspend(kit: &Kit, slug: &str) {
    let slug = Slug::parse(slug).expect("a slug");
    let practice = kit.portal.practice_by_slug(&slug).await.expect("the store answers").expect("a practice");
    let context = CallContext::new(practice.id, Caller::Program);
    kit.portal.suspend_practice(&context, true).await.expect("suspended");
}

#[tokio::test]
async fn with_several_practices_the_way_is_mailed_for_each_in_which_one_signs_in() {
    let kit = two().await;
    let page = kit.send(Ask::get("/")).await.is(200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(page.text.contains(r#"<form method="post" action="/">"#) && !page.text.contains("smith"));
    kit.send(ask(" ADA@Smith.example ")).await.is(200);
    let ada = |slug: &str, to: &str| (slug.to_owned(), "portal_address", to.to_owned());
    assert_eq!(mails(&kit).await, [ada("jones", "Ada@smith.example"), ada("smith", "ada@smith.example")]);
    kit.send(ask("bob@smith.example")).await.is(200);
    assert_eq!(mails(&kit).await, [ada("smith", "bob@smith.example")], "who was invited signs in there too");
}

#[tokio::test]
async fn p2_whoever_is_known_the_front_answers_alike() {
    let kit = two().await;
    let mut answers = Vec::new();
    for address in ["ada@smith.example", "nobody@smith.example", "uma@smith.example", "never@smith.example", "none"] {
        let mut answer = kit.send(ask(address)).await.is(200);
        answer.text = answer.text.replace(address, "{typed}");
        answer.headers.remove("content-length");
        answers.push(answer);
        let sent = if address == "ada@smith.example" { 2 } else { 0 };
        assert_eq!(mails(&kit).await.len(), sent, "{address}");
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert!(!kit.stored().contains("Address { address: \"none\""), "what is no address is not kept");
}

#[tokio::test]
async fn g1_the_way_is_mailed_once_a_day_and_shuts_no_way_through_a_reset() {
    let kit = two().await;
    let reset = || Ask::form("/portal/smith/forgot", &[("email", "bob@smith.example")]);
    for sent in [1, 0, 0, 0] {
        kit.send(ask("bob@smith.example")).await.is(200);
        assert_eq!(mails(&kit).await.len(), sent);
    }
    for sent in [1, 1, 1, 0] {
        kit.send(reset()).await.is(200);
        assert_eq!(mails(&kit).await.len(), sent);
    }
    kit.clock.advance(Duration::from_secs(24 * 3600));
    for _ in 0..3 {
        kit.send(reset()).await.is(200);
    }
    // What was never handed over comes again.
    mails(&kit).await;
    kit.send(ask("bob@smith.example")).await.is(200);
    assert_eq!(mails(&kit).await.len(), 1, "nor do resets shut this one");
}

#[tokio::test]
async fn g2_the_front_counts_tries_by_their_origin() {
    let kit = two().await;
    for _ in 0..60 {
        kit.send(ask("nobody@smith.example").from("203.0.113.7")).await.is(200);
    }
    let wait = kit.send(ask("nobody@smith.example").from("203.0.113.7")).await.is(429);
    assert!(wait.header("retry-after").is_some() && wait.text.contains("Please wait a moment"));
    kit.send(ask("nobody@smith.example").from("203.0.113.8")).await.is(200);
}

#[tokio::test]
async fn the_only_open_practice_is_gone_to_at_once() {
    let kit = two().await;
    suspend(&kit, "jones").await;
    for request in [Ask::get("/"), ask("ada@smith.example")] {
        assert_eq!(kit.send(request).await.is(303).header("location"), Some("/portal/smith/sign-in"));
    }
    assert!(mails(&kit).await.is_empty());
    suspend(&kit, "smith").await;
    for request in [Ask::get("/"), ask("ada@smith.example")] {
        assert!(kit.send(request).await.is(404).text.contains("There is no portal here at the moment"));
    }
}

/// However many are closed, a few are looked at, and the page then serves whoever it is.
#[tokio::test]
async fn many_closed_practices_are_not_all_looked_at() {
    let kit = Kit::new().await;
    let nowhere = CallContext::new(Portal::nowhere(), Caller::Program);
    for number in 10..21 {
        let slug = format!("a{number}");
        let parsed = Slug::parse(&slug).expect("a slug");
        kit.portal.create_practice(&nowhere, &parsed, "Closed").await.expect("a practice");
        suspend(&kit, &slug).await;
    }
    for request in [Ask::get("/"), ask("ada@smith.example")] {
        kit.send(request).await.is(200);
    }
}

#[tokio::test]
async fn a_closed_practice_is_not_told_of() {
    let kit = two().await;
    kit.send(ask("ada@smith.example")).await.is(200);
    suspend(&kit, "jones").await;
    let smith = ("smith".to_owned(), "portal_address", "ada@smith.example".to_owned());
    assert_eq!(mails(&kit).await, [smith]);
}

#[tokio::test]
async fn a_form_of_another_site_asks_for_nothing() {
    let kit = two().await;
    let before = kit.stored();
    let form = ask("ada@smith.example").without("sec-fetch-site").with("sec-fetch-site", "cross-site");
    kit.send(form).await.is(403);
    assert_eq!(kit.stored(), before);
}

#[tokio::test]
async fn who_comes_by_another_host_is_led_to_the_right_one() {
    let kit = Kit::new().await;
    let html = "text/html,application/xhtml+xml,*/*;q=0.8";
    let wrong = |ask: Ask| ask.with("host", "old.example");
    let away = [
        (Ask::get("/portal/smith/sign-in?profile=a%22b"), "/portal/smith/sign-in?profile=a%22b"),
        (Ask::get("/"), "/"),
        (Ask::get("/anything").with("accept", html), "/anything"),
        (Ask::form("/portal/smith/sign-in", &[("email", "a@b.example"), ("password", "x")]), "/"),
    ];
    for (ask, place) in away {
        let page = kit.send(wrong(ask)).await;
        assert_eq!(page.status, StatusCode::MISDIRECTED_REQUEST, "{place}");
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"), "{place}");
        let link = format!(r#"<a class="button" href="https://portal.example{place}">Go on to portal.example</a>"#);
        assert!(page.text.contains(&link), "{}", page.text);
        assert!(!page.text.contains("old.example") && page.header("set-cookie").is_none());
        let css = page.text.split(r#"<link rel="stylesheet" href=""#).nth(1).and_then(|part| part.split('"').next());
        kit.send(wrong(Ask::get(css.expect("a style sheet")))).await.is(200);
    }
    let program = Ask::get("/portal/smith/api/session").with("accept", "application/json");
    kit.send(wrong(program)).await.problem(421, "misdirected_request");
    kit.send(wrong(Ask::get("/anything").with("accept", "*/*"))).await.problem(421, "misdirected_request");
    kit.send(wrong(Ask::get("/api/v1/contacts").key(&kit.key).with("accept", html)))
        .await
        .problem(421, "misdirected_request");
}

#[tokio::test]
async fn on_loopback_too_another_host_is_led_to_the_base() {
    let kit = Kit::with("http://127.0.0.1:8080", |app| {
        app.config = HttpConfig::new(BaseUrl::parse("http://127.0.0.1:8080").expect("a base address"));
    })
    .await;
    let page = kit.send(Ask::get("/portal/smith/").with("host", "evil.example")).await.is(421);
    assert!(page.text.contains(r#"href="http://127.0.0.1:8080/portal/smith/""#));
}
