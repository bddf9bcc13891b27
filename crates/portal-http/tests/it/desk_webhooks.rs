//! Webhooks in the workspace.

use std::time::Duration;

use axum::http::Method;
use portal_domain::{id::Ref, port::Clock, webhook::Pushed};
use serde_json::{Value, json};

use crate::{
    desk::{Desk, hidden, words},
    kit::Answer,
};

const URL: &str = "https://app.example/hooks?token=quiet";

impl Desk {
    /// A webhook `app`.
    async fn webhook(&self) {
        self.kit.host(Method::PUT, "/webhooks/app", json!({"url": URL, "description": "Our app"})).await.is(201);
    }

    async fn hook(&self) -> Value {
        self.kit.get("/webhooks/app").await.is(200).json()
    }
}

fn secret(page: &Answer) -> String {
    let rest = page.text.split_once("readonly").and_then(|(_, rest)| rest.split_once("value=\"")).expect("a secret").1;
    rest.split_once('"').expect("an end").0.to_owned()
}

#[tokio::test]
async fn a_webhook_is_added_once_and_its_secret_is_shown_once() {
    let desk = Desk::new().await;
    let page = desk.get_as_admin("/webhooks").await.is(200);
    assert!(words(&page).contains("There is no webhook yet."));
    let made = hidden(&page, "made");
    let form = [("made", &*made), ("url", URL), ("description", "Our app"), ("events", "contact.*\r\nuser.created")];
    let shown = desk.post_as_admin("/webhooks", &form).await.is(201);
    let secret = secret(&shown);
    assert!(secret.starts_with("whsec_"), "{secret}");
    assert!(desk.post_as_admin("/webhooks", &form).await.is(201).text.contains(&secret));
    let list = desk.get_as_admin("/webhooks").await.is(200);
    assert!(words(&list).contains("app.example Our app Works"), "{}", words(&list));
    assert!(!list.text.contains("token=quiet") && !list.text.contains(&secret));
    let one = desk.get_as_admin(&format!("/webhooks/{made}")).await.is(200);
    assert!(one.text.contains("contact.*\nuser.created") && !one.text.contains(&secret));
    let other = [("made", &*made), ("url", "https://other.example"), ("description", ""), ("events", "")];
    let other = desk.post_as_admin("/webhooks", &other).await.is(422);
    assert!(words(&other).contains("This form was sent before"), "{}", words(&other));
    assert_ne!(hidden(&other, "made"), made);
    // By then nobody remembers the call.
    desk.kit.clock.advance(Duration::from_secs(48 * 3600));
    desk.kit.portal.forget_receipts().await.expect("the store answers");
    let desk = Desk::again(desk.kit).await;
    let late = [("made", &*made), ("url", "https://other.example"), ("description", ""), ("events", "")];
    desk.post_as_admin("/webhooks", &late).await.is(422);
    desk.post_as_admin("/webhooks", &form).await.is(303);
    let all = desk.kit.get("/webhooks").await.json();
    assert_eq!(all["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(all["items"][0]["url"], URL);
}

#[tokio::test]
async fn what_a_webhook_can_not_be_is_refused_at_its_field() {
    let desk = Desk::new().await;
    desk.webhook().await;
    let long = "x".repeat(201);
    let before = desk.kit.stored();
    let was = hidden(&desk.get_as_admin("/webhooks/app").await, "was");
    for (url, description, events, said, field) in [
        ("http://app.example", "", "", "This address can’t be used as it is.", "#url"),
        ("", "", "", "This address can’t be used as it is.", "#url"),
        (URL, &*long, "", "What it is for must be at most 200 characters", "#description"),
        (URL, "", "contact.* nonsense", "nonsense must be a kind of event", "#events"),
    ] {
        let typed = [("made", "x"), ("was", &*was), ("url", url), ("description", description), ("events", events)];
        for path in ["/webhooks", "/webhooks/app"] {
            let page = desk.post_as_admin(path, &typed).await.is(422);
            assert!(words(&page).contains(said), "{path}: {}", words(&page));
            assert!(page.text.contains(&format!("<a href=\"{field}\">")), "{said}");
        }
    }
    assert_eq!(desk.kit.stored(), before);
}

#[tokio::test]
async fn a_webhook_is_changed_paused_resumed_and_deleted() {
    let desk = Desk::new().await;
    desk.webhook().await;
    let page = desk.get_as_admin("/webhooks/app").await.is(200);
    let was = hidden(&page, "was");
    let typed = [("was", &*was), ("url", "https://new.example/x"), ("description", ""), ("events", "")];
    desk.post_as_admin("/webhooks/app", &typed).await.is(303);
    assert_eq!(desk.hook().await["url"], "https://new.example/x");
    // Pressed twice, it is so already; typed over what another has changed, it is not saved.
    desk.post_as_admin("/webhooks/app", &typed).await.is(303);
    let stale = [("was", &*was), ("url", "https://third.example"), ("description", ""), ("events", "")];
    let stale = desk.post_as_admin("/webhooks/app", &stale).await.is(409);
    assert!(
        words(&stale).contains("This webhook was changed meanwhile.")
            && stale.text.contains("value=\"https://third.example\"")
    );
    assert_eq!(desk.hook().await["url"], "https://new.example/x");
    for _ in 0..2 {
        desk.post_as_admin("/webhooks/app/pause", &[]).await.is(303);
    }
    assert_eq!(desk.hook().await["enabled"], false);
    assert!(words(&desk.get_as_admin("/webhooks/app").await).contains("Paused"));
    desk.post_as_admin("/webhooks/app/test", &[("call", "one")]).await.is(409);
    desk.post_as_admin("/webhooks/app/resume", &[]).await.is(303);
    assert_eq!(desk.hook().await["enabled"], true);
    let asked = words(&desk.get_as_admin("/webhooks/app/delete").await.is(200));
    assert!(asked.contains("Delete the webhook to new.example?"), "{asked}");
    for _ in 0..2 {
        desk.post_as_admin("/webhooks/app/delete", &[]).await.is(303);
    }
    desk.kit.get("/webhooks/app").await.problem(404, "not_found");
    for path in ["pause", "resume", "test", "secret", "recover"] {
        let form = [("call", "x"), ("span", "day")];
        desk.post_as_admin(&format!("/webhooks/app/{path}"), &form).await.is(404);
    }
    desk.kit.get("/webhooks/app").await.problem(404, "not_found");
}

#[tokio::test]
async fn a_new_secret_is_asked_for_shown_once_and_signs_beside_the_old_one() {
    let desk = Desk::new().await;
    desk.webhook().await;
    let asked = desk.get_as_admin("/webhooks/app/secret").await.is(200);
    assert!(words(&asked).contains("Make a new secret for app.example?"));
    let call = hidden(&asked, "call");
    let first = secret(&desk.post_as_admin("/webhooks/app/secret", &[("call", &call)]).await.is(201));
    let second = secret(&desk.post_as_admin("/webhooks/app/secret", &[("call", &call)]).await.is(201));
    assert_eq!(first, second);
    let page = desk.get_as_admin("/webhooks/app").await.is(200);
    assert!(words(&page).contains("The one before signs beside it until") && !page.text.contains(&first));
}

#[tokio::test]
async fn j2_every_try_is_told_in_words_and_tests_are_pushed_once() {
    let desk = Desk::new().await;
    desk.webhook().await;
    assert!(
        words(&desk.get_as_admin("/webhooks/app/deliveries").await.is(200))
            .contains("Nothing was sent in the last 14 days.")
    );
    let call = hidden(&desk.get_as_admin("/webhooks/app").await, "call");
    for _ in 0..2 {
        let done = desk.post_as_admin("/webhooks/app/test", &[("call", &call)]).await.is(303);
        assert_eq!(done.header("location"), Some("/workspace/smith/webhooks/app/deliveries"));
    }
    desk.kit.seal().await;
    desk.push(&[Pushed::Answered(503), Pushed::Answered(200)]).await;
    let page = words(&desk.get_as_admin("/webhooks/app/deliveries").await.is(200));
    assert!(page.contains("Not delivered The receiver did not take it (answer 503)"), "{page}");
    assert!(page.contains("It is tried again on"), "{page}");
    assert!(page.contains("Delivered Received (answer 200)") && page.contains("It was try number 2."), "{page}");
    desk.post_as_admin("/webhooks/app/recover", &[("call", "x"), ("span", "day")]).await.is(303);
    desk.post_as_admin("/webhooks/app/recover", &[("call", "y"), ("span", "year")]).await.is(400);
}

#[tokio::test]
async fn a_long_log_has_pages() {
    let desk = Desk::new().await;
    desk.webhook().await;
    desk.post_as_admin("/webhooks/app/test", &[("call", "one")]).await.is(303);
    desk.kit.seal().await;
    let tries: Vec<_> = (0..60).map(|_| Pushed::Answered(500)).collect();
    desk.push(&tries).await;
    let first = desk.get_as_admin("/webhooks/app/deliveries").await.is(200);
    let next = first.text.split_once("class=\"button quiet\" href=\"/workspace/smith").expect("a next page").1;
    let second = desk.get_as_admin(next.split_once('"').expect("an end").0).await.is(200);
    assert_eq!(first.text.matches("<li>\n<p class=\"soft\">").count(), 50);
    assert_eq!(second.text.matches("<li>\n<p class=\"soft\">").count(), 10);
    assert!(!second.text.contains("Older ones"));
}

impl Desk {
    /// What a worker does with the oldest event that waits: these tries, one after the other.
    async fn push(&self, tries: &[Pushed]) {
        use portal_domain::decide::PushedEvent;
        let events = self.kit.get("/events?limit=200").await.json();
        assert!(events["items"].as_array().is_some_and(|all| all.iter().any(|event| event["kind"] == "webhook.test")));
        let mut push = self.kit.portal.lease_webhook().await.expect("the store answers").expect("an endpoint");
        assert_eq!(push.webhook.reference, Ref::parse("app").expect("a reference"));
        let page = portal_domain::port::Page { after: None, limit: 200 };
        let store: &dyn portal_domain::port::PortalViews = &*self.kit.store;
        let sealed = store.events(self.kit.practice.id, None, &page).await.expect("events");
        let event = sealed.iter().find(|event| event.kind == "webhook.test").expect("the test");
        for pushed in tries {
            let at = self.kit.clock.now();
            push.note(PushedEvent { event, at, pushed }, at.after(Duration::from_millis(12)), 0);
        }
        assert!(self.kit.portal.settle_push(&push).await.expect("the store answers"));
    }
}

#[tokio::test]
async fn whatever_is_typed_of_webhooks_stays_text() {
    let desk = Desk::new().await;
    let shape = |page: &Answer| page.text.matches('<').count();
    let mut plain = Vec::new();
    for text in ["X", "\"><script>alert(1)</script>", "{{7*7}}", "\u{202e}abc", "&lt;b&gt;"] {
        desk.kit.host(Method::PUT, "/webhooks/app", json!({"url": URL, "description": text})).await;
        let typed = [("made", "x"), ("url", text), ("description", text), ("events", text)];
        let pages = [
            desk.get_as_admin("/webhooks").await.is(200),
            desk.get_as_admin("/webhooks/app").await.is(200),
            desk.get_as_admin("/webhooks/app/delete").await.is(200),
            desk.post_as_admin("/webhooks", &typed).await.is(422),
        ];
        let shapes = pages.map(|page| shape(&page)).to_vec();
        if plain.is_empty() {
            plain.clone_from(&shapes);
        }
        assert_eq!(shapes, plain, "{text}");
    }
}
