//! What every request passes and every answer carries.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::http::Method;
use portal_domain::{
    email::LoginKey,
    event::RecordedEvent,
    id::{ClientId, ContactId, LoginId, PracticeId, Ref},
    message::Delivery,
    port::{Listed, Page, PortalViews, StoreError, Waiting},
    practice::{ApiKey, Client, Practice, PracticeUser},
    time::Timestamp,
};
use portal_http::Network;
use serde_json::json;

use crate::kit::{Answer, Ask, Kit, MADE, PASSWORD};

#[tokio::test]
async fn every_answer_carries_the_headers_of_the_promise() {
    let kit = Kit::new().await;
    kit.settle("a", "ada@smith.example").await;
    let cookie = kit.sign_in("ada@smith.example").await;
    for ask in [
        Ask::get("/healthz"),
        Ask::get("/nothing"),
        Ask::get("/api/v1/settings"),
        Ask::get("/api/v1/settings").key(&kit.key),
        Ask::get("/portal/smith/sign-in"),
        Ask::get("/portal/smith/").cookie(&cookie),
        Ask::get("/portal/nobody/sign-in"),
        Ask::get("/portal/smith/api/session"),
        Ask::get("/healthz").with("host", "evil.example"),
        Ask::get("/").with("host", "evil.example"),
        Ask::new(Method::PUT, "/healthz"),
        Ask::new(Method::POST, "/portal/smith/api/session").json(&json!({"email": "x".repeat(20_000)})),
        Ask::get("/portal/smith/").cookie("portal_smith=none"),
        Ask::form("/portal/smith/sign-in", &[("email", "ada@smith.example"), ("password", "none of hers")]),
    ] {
        let answer = kit.send(ask).await;
        carries_the_headers(&answer);
    }
    let plain = Kit::at("http://localhost:8080").await.send(Ask::get("/healthz")).await;
    assert!(plain.header("strict-transport-security").is_none());
}

fn carries_the_headers(answer: &Answer) {
    let csp = answer.header("content-security-policy").expect("a policy");
    assert!(csp.starts_with("default-src 'none'") && csp.contains("frame-ancestors 'none'"));
    assert!(!csp.contains("unsafe"));
    assert_eq!(csp.contains("script-src"), csp.contains("script-src 'self';"), "our own script alone: {csp}");
    let for_programs = answer.header("content-type").is_some_and(|kind| kind.contains("json"));
    assert!(!(for_programs && csp.contains("script-src")), "pages alone have one");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        ("cross-origin-opener-policy", "same-origin"),
        ("strict-transport-security", "max-age=31536000"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    assert!(answer.header("access-control-allow-origin").is_none());
}

#[tokio::test]
async fn pages_have_nothing_inline_and_nothing_from_elsewhere() {
    let kit = Kit::new().await;
    for path in ["sign-in", "forgot"] {
        let page = kit.send(Ask::get(&format!("/portal/smith/{path}"))).await.is(200).text;
        let inline = page.replace(r#"<script src="/assets/portal-"#, "");
        assert!(!inline.contains("<script") && !page.contains("<style") && !page.contains(" style="));
        assert!(!page.contains(" onclick") && !page.contains("javascript:"));
        assert!(!page.contains("http://") && !page.contains("https://"));
        assert!(page.contains(r#"<html lang="en">"#));
    }
}

#[tokio::test]
async fn the_style_sheet_is_kept_for_ever_under_its_own_name() {
    let kit = Kit::new().await;
    let page = kit.send(Ask::get("/portal/smith/sign-in")).await.text;
    let path = page.split("href=\"").find(|part| part.starts_with("/assets/")).expect("a style sheet");
    let path = path.split('"').next().unwrap_or_default();
    let css = kit.send(Ask::get(path)).await.is(200);
    assert_eq!(css.header("content-type"), Some("text/css; charset=utf-8"));
    assert_eq!(css.header("cache-control"), Some("public, max-age=31536000, immutable"));
    let tag = css.header("etag").expect("a tag").to_owned();
    assert_eq!(kit.send(Ask::get(path).with("if-none-match", &tag)).await.is(304).text, "");
    assert!(!css.text.contains("url(") && !css.text.contains("@import"));
}

#[tokio::test]
async fn scripts_are_kept_for_ever_under_names_of_their_own_and_ask_for_nothing() {
    let desk = crate::desk::Desk::new().await;
    desk.contact("ada", "Ada", &["ada@mail.example"]).await;
    for page in ["/contacts", "/contacts/ada"] {
        let page = desk.get(page).await.is(200).text;
        let path = page.split("<script src=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a script");
        let script = desk.kit.send(Ask::get(path)).await.is(200);
        assert_eq!(script.header("content-type"), Some("text/javascript; charset=utf-8"));
        assert_eq!(script.header("cache-control"), Some("public, max-age=31536000, immutable"));
        let tag = script.header("etag").expect("a tag").to_owned();
        assert_eq!(desk.kit.send(Ask::get(path).with("if-none-match", &tag)).await.is(304).text, "");
        for way in ["fetch(", "XMLHttpRequest", "WebSocket", "import(", "eval(", "innerHTML", "http"] {
            assert!(!script.text.contains(way), "{way}");
        }
        assert!(path.starts_with("/assets/lists-") && page.matches("<script").count() == 1);
    }
}

#[tokio::test]
async fn an_unknown_host_is_misdirected_except_for_probes() {
    let kit = Kit::new().await;
    for host in ["evil.example", "portal.example:8443", "127.0.0.1", ""] {
        kit.send(Ask::get("/api/v1/settings").with("host", host)).await.problem(421, "misdirected_request");
        assert!(kit.send(Ask::get("/portal/smith/sign-in").with("host", host)).await.is(421).text.contains("<h1>"));
        kit.send(Ask::get("/healthz").with("host", host)).await.is(200);
        kit.send(Ask::get("/readyz").with("host", host)).await.is(200);
    }
    let local = Kit::at("http://127.0.0.1:8080").await;
    for host in ["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "demo.localhost:9999"] {
        local.send(Ask::get("/portal/smith/sign-in").with("host", host)).await.is(200);
    }
    local.send(Ask::get("/portal/smith/sign-in").with("host", "evil.example")).await.is(421);
}

#[tokio::test]
async fn a_form_changes_something_only_when_it_comes_from_here() {
    let kit = Kit::new().await;
    kit.settle("a", "ada@smith.example").await;
    let cookie = kit.sign_in("ada@smith.example").await;
    let before = kit.stored();
    let fields = [("email", "ada@smith.example"), ("password", PASSWORD)];
    for (path, fields) in
        [("sign-in", &fields[..]), ("sign-out", &[]), ("profile", &[("profile", "x")]), ("forgot", &fields[..1])]
    {
        let form = || {
            Ask::form(&format!("/portal/smith/{path}"), fields)
                .cookie(&cookie)
                .without("origin")
                .without("sec-fetch-site")
        };
        for ask in [
            form(),
            form().with("origin", "null"),
            form().with("origin", "https://evil.example"),
            form().with("origin", "https://portal.example.evil.example"),
            form().with("origin", "http://portal.example"),
            form().with("sec-fetch-site", "cross-site"),
            form().with("sec-fetch-site", "same-site"),
            form().with("sec-fetch-site", "same-origin").with("origin", "https://evil.example"),
            form().with("sec-fetch-site", "cross-site").with("origin", "{base}"),
        ] {
            let answer = kit.send(ask).await.is(403);
            assert!(answer.headers.get("set-cookie").is_none());
            assert!(answer.text.contains("<h1>Not allowed</h1>"));
        }
    }
    assert_eq!(kit.stored(), before);
    for ask in [
        Ask::form("/portal/smith/sign-in", &fields)
            .without("origin")
            .without("sec-fetch-site")
            .with("origin", "{base}"),
        Ask::form("/portal/smith/sign-in", &fields).without("origin"),
        Ask::form("/portal/smith/sign-in", &fields),
    ] {
        kit.send(ask).await.is(303);
    }
}

#[tokio::test]
async fn on_loopback_a_form_may_come_from_the_name_it_was_opened_under() {
    let kit = Kit::at("http://127.0.0.1:8080").await;
    let form = |host: &str, origin: &str| {
        Ask::form("/portal/smith/forgot", &[("email", "a@b.example")])
            .without("origin")
            .without("sec-fetch-site")
            .with("host", host)
            .with("origin", origin)
    };
    kit.send(form("localhost:8080", "http://localhost:8080")).await.is(200);
    kit.send(form("localhost:8080", "http://localhost:9090")).await.is(403);
    kit.send(form("localhost:8080", "http://evil.example")).await.is(403);
}

#[tokio::test]
async fn the_probes_say_whether_the_database_is_there() {
    let kit = Kit::new().await;
    assert_eq!(kit.send(Ask::get("/healthz")).await.is(200).json(), json!({"status": "ok"}));
    let ready = kit.send(Ask::get("/readyz")).await.is(200).json();
    assert_eq!(ready, json!({"status": "ok", "database": "ok", "schema": "ok", "oldest_due_message": null}));
    kit.invite("a", "ada@smith.example").await;
    let ready = kit.send(Ask::get("/readyz")).await.is(200).json();
    assert_eq!(ready["oldest_due_message"], "2026-03-02T12:00:00.000001Z");
    let broken = Kit::with("https://portal.example", |app| app.views = Arc::new(NoViews)).await;
    broken.send(Ask::get("/healthz")).await.is(200);
    let answer = broken.send(Ask::get("/readyz")).await;
    assert_eq!(answer.header("retry-after"), Some("1"));
    let detail = answer.problem(503, "overloaded")["detail"].clone();
    assert_eq!(detail, "the database can't be reached, or is too busy: try again in a second");
    let listed = broken.send(Ask::get("/api/v1/clients").key(&broken.key)).await;
    listed.problem(500, "internal_error");
    let panicked = broken.send(Ask::get("/api/v1/contacts").key(&broken.key)).await;
    carries_the_headers(&panicked);
    panicked.problem(500, "internal_error");
}

/// With a clock that runs on by itself while nothing else can happen.
#[tokio::test(start_paused = true)]
async fn s16_a_request_that_takes_too_long_is_given_up() {
    let broken = Kit::with("https://portal.example", |app| app.views = Arc::new(NoViews)).await;
    let begun = tokio::time::Instant::now();
    let answer = broken.send(Ask::get("/api/v1/practice-users").key(&broken.key)).await;
    assert_eq!(begun.elapsed().as_secs(), 30);
    carries_the_headers(&answer);
    assert_eq!(answer.header("retry-after"), Some("1"));
    answer.problem(503, "overloaded");
}

/// However long a look takes: who waits is answered before the request's time is over.
#[tokio::test(start_paused = true)]
async fn who_waits_for_events_of_a_slow_database_is_answered_in_time() {
    let slow = Kit::with("https://portal.example", |app| app.views = Arc::new(NoViews)).await;
    let begun = tokio::time::Instant::now();
    slow.send(Ask::get("/api/v1/events?wait=30").key(&slow.reads)).await.is(200);
    assert!((25..29).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}

/// What wakes the workers may fail: whatever was done is answered.
#[tokio::test]
async fn n1_workers_that_can_not_be_woken_cost_no_answer() {
    let kit = Kit::with("https://portal.example", |app| app.wake = Some(Arc::new(|| panic!("on purpose")))).await;
    let client = kit.send(Ask::new(Method::PUT, "/api/v1/clients/k").key(&kit.key).json(&json!({"name": "K"}))).await;
    carries_the_headers(&client.is(201));
}

#[tokio::test]
async fn s10_no_token_stands_in_a_log() {
    let lines: Arc<Mutex<Vec<u8>>> = Arc::default();
    let writer = Log(lines.clone());
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone());
    // For all tests of this process: none of them may log what this one looks for.
    tracing::subscriber::set_global_default(subscriber.finish()).expect("the only subscriber");
    let kit = Kit::new().await;
    kit.invite("a", "ada@smith.example").await;
    let token = kit.tokens().await.pop().expect("a link");
    kit.send(Ask::get(&format!("/portal/smith/link/{token}"))).await.is(200);
    kit.send(Ask::form(&format!("/portal/smith/link/{token}"), &[("password", PASSWORD)])).await.is(200);
    let cookie = kit.sign_in("ada@smith.example").await;
    kit.send(Ask::get("/portal/smith/").cookie(&cookie)).await.is(200);
    let log = String::from_utf8_lossy(&lines.lock().unwrap_or_else(PoisonError::into_inner)).into_owned();
    assert!(log.contains("/portal/{practice}/link/{token}"), "the route is logged");
    let secret = cookie.split_once('=').expect("a pair").1;
    for secret in [token.as_str(), secret, PASSWORD, kit.key.as_str(), "ada@smith.example"] {
        assert!(!log.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn the_origin_is_the_connection_s_or_what_a_trusted_proxy_was_told() {
    let kit = Kit::with("https://portal.example", |app| {
        app.config.trusted_proxies = ["10.0.0.0/8", "::1"].into_iter().filter_map(Network::parse).collect();
    })
    .await;
    kit.settle("a", "ada@smith.example").await;
    for (peer, forwarded, origin) in [
        ("192.0.2.7", None, "192.0.2.7"),
        ("::ffff:192.0.2.7", None, "192.0.2.7"),
        ("192.0.2.7", Some("203.0.113.9"), "192.0.2.7"),
        ("10.1.1.1", Some("198.51.100.1, 203.0.113.9"), "203.0.113.9"),
        ("10.1.1.1", Some("198.51.100.1, 203.0.113.9, 10.2.2.2"), "203.0.113.9"),
        ("10.1.1.1", Some("203.0.113.9:51234"), "203.0.113.9"),
        ("10.1.1.1", Some("[2001:db8::1]:443"), "2001:db8::1"),
        ("10.1.1.1", Some("[2001:db8::1]"), "2001:db8::1"),
        ("::1", Some("nonsense"), "::1"),
        ("10.1.1.1", None, "10.1.1.1"),
        ("10.1.1.1", Some("caf\u{e9}, 203.0.113.9"), "203.0.113.9"),
    ] {
        let body = json!({"email": "ada@smith.example", "password": PASSWORD});
        let mut ask = Ask::new(Method::POST, "/portal/smith/api/session").json(&body).from(peer);
        if let Some(forwarded) = forwarded {
            ask = ask.with("x-forwarded-for", forwarded);
        }
        let cookie = kit.send(ask).await.is(204).cookie();
        let list = kit.send(Ask::get("/portal/smith/api/sessions").cookie(&cookie)).await.is(200).json();
        let items = list["items"].as_array().expect("items");
        let own = items.iter().find(|item| item["current"] == true).expect("this one");
        assert_eq!(own["origin"], origin, "{peer} {forwarded:?}");
    }
}

#[tokio::test]
async fn every_answer_has_an_id_and_only_a_trusted_proxy_gives_one() {
    let kit = Kit::with("https://portal.example", |app| {
        app.config.trusted_proxies.extend(Network::parse("10.0.0.0/8"));
    })
    .await;
    let asked = async |peer: Option<&str>, given: &str| {
        let ask = Ask::get("/portal/smith/nowhere").with("x-request-id", given);
        let ask = match peer {
            Some(peer) => ask.from(peer),
            None => ask,
        };
        kit.send(ask).await.is(404).header("x-request-id").expect("an id").to_owned()
    };
    assert_eq!(asked(Some("10.1.2.3"), "r-1").await, "r-1");
    for (peer, given) in [(Some("10.1.2.3"), "r 1"), (Some("10.1.2.3"), ""), (Some("192.0.2.1"), "r-1"), (None, "r-1")]
    {
        assert_eq!(asked(peer, given).await, MADE, "{peer:?} {given:?}");
    }
}

#[derive(Clone)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Views of a database that is away, damaged, or worse.
struct NoViews;

#[async_trait::async_trait]
impl PortalViews for NoViews {
    async fn practices(&self, _: &Page<String>) -> Result<Vec<Practice>, StoreError> {
        Ok(Vec::new())
    }
    async fn users(&self, _: PracticeId, _: &Page<Ref>) -> Result<Vec<PracticeUser>, StoreError> {
        std::future::pending().await
    }
    async fn clients(&self, _: PracticeId, _: &Page<Ref>) -> Result<Vec<Client>, StoreError> {
        Err(StoreError::Damaged("a row".to_owned()))
    }
    async fn contacts(&self, _: PracticeId, _: &Page<Ref>) -> Result<Vec<Ref>, StoreError> {
        Ok(Vec::new())
    }
    async fn directory(&self, _: PracticeId, _: Option<ClientId>, _: &Page<Ref>) -> Result<Vec<Listed>, StoreError> {
        panic!("on purpose")
    }
    async fn contacts_with(&self, _: PracticeId, _: &LoginKey, _: &Page<Ref>) -> Result<Vec<Ref>, StoreError> {
        Ok(Vec::new())
    }
    async fn signed_in(
        &self,
        _: PracticeId,
        _: Timestamp,
        _: &Page<LoginId>,
    ) -> Result<Vec<(LoginId, Ref)>, StoreError> {
        Ok(Vec::new())
    }
    async fn api_keys(&self, _: PracticeId) -> Result<Vec<ApiKey>, StoreError> {
        Ok(Vec::new())
    }
    async fn messages(&self, _: PracticeId, _: ContactId, _: &Page<i64>) -> Result<Vec<(Delivery, i64)>, StoreError> {
        Ok(Vec::new())
    }
    async fn events(
        &self,
        _: PracticeId,
        _: Option<ContactId>,
        _: &Page<i64>,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        tokio::time::sleep(Duration::from_secs(3)).await;
        Ok(Vec::new())
    }
    async fn contact_refs(
        &self,
        _: PracticeId,
        _: &[ContactId],
    ) -> Result<std::collections::BTreeMap<ContactId, Ref>, StoreError> {
        Ok(std::collections::BTreeMap::new())
    }
    async fn waiting(&self, _: PracticeId) -> Result<Vec<Waiting>, StoreError> {
        Ok(Vec::new())
    }
    async fn schema_fits(&self) -> Result<bool, StoreError> {
        Err(StoreError::Unavailable("away".to_owned()))
    }
    async fn oldest_due(&self, _: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        Err(StoreError::Unavailable("away".to_owned()))
    }
}
