//! An app over a store in memory, a way to send requests, and the worker that a test asks for by hand.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header},
};
use portal_domain::{
    event::Caller,
    id::Slug,
    port::{Clock, Enquiries, LeaseTerms, Outbox},
    practice::{Practice, Scope},
    usecase::{CallContext, Portal, TRIES_PER_MINUTE},
};
use portal_http::{App, BaseUrl, HttpConfig};
use portal_testkit::{
    build,
    memory::{MemoryStore, PlainHasher, SeededEntropy, TestClock},
};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{contract, markup};

/// What stands for an id that was made, so that whole answers can be compared: a made one differs, and is as long.
pub(crate) const MADE: &str = "made by a portal";
pub(crate) const PASSWORD: &str = "four quiet paper boats";
pub(crate) const OTHER_PASSWORD: &str = "seven loud copper kettles";

/// An app, its store and its keys.
pub(crate) struct Kit {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) portal: Portal,
    pub(crate) hasher: Arc<PlainHasher>,
    pub(crate) practice: Practice,
    jones: Practice,
    pub(crate) key: String,
    pub(crate) reads: String,
    /// A key of another practice, `jones`.
    pub(crate) foreign: String,
    pub(crate) woken: Arc<AtomicUsize>,
    router: Router,
    base: String,
}

impl Kit {
    pub(crate) async fn new() -> Self {
        Self::at("https://portal.example").await
    }

    pub(crate) async fn at(base: &str) -> Self {
        Self::with(base, |_| {}).await
    }

    pub(crate) async fn with(base: &str, adjust: impl FnOnce(&mut App)) -> Self {
        let store = Arc::new(MemoryStore::new());
        let clock = Arc::new(TestClock::default());
        let hasher = Arc::new(PlainHasher::new());
        let portal = Portal {
            store: store.clone(),
            enquiries: store.clone(),
            operators: store.clone(),
            jobs: store.clone(),
            journal: store.clone(),
            webhooks: store.clone(),
            viewings: store.clone(),
            evidence: store.clone(),
            returns: store.clone(),
            hasher: hasher.clone(),
            clock: clock.clone(),
            entropy: Arc::new(SeededEntropy::new(7)),
            tokens: build::link_tokens(),
            common_passwords: Arc::new(BTreeSet::new()),
            tries_per_minute: TRIES_PER_MINUTE,
        };
        let practice = practice(&portal, "smith").await;
        let jones = self::practice(&portal, "jones").await;
        let key = api_key(&portal, &practice, Scope::Write).await;
        let reads = api_key(&portal, &practice, Scope::Read).await;
        let foreign = api_key(&portal, &jones, Scope::Write).await;
        let woken = Arc::new(AtomicUsize::new(0));
        let counter = woken.clone();
        let mut app = App {
            portal: portal.clone(),
            views: store.clone(),
            exports: store.clone(),
            config: HttpConfig::new(BaseUrl::parse(base).expect("a base address")),
            wake: Some(Arc::new(move || {
                counter.fetch_add(1, Ordering::SeqCst);
            })),
        };
        adjust(&mut app);
        let router = app.router();
        Self {
            store,
            clock,
            portal,
            hasher,
            practice,
            jones,
            key,
            reads,
            foreign,
            woken,
            router,
            base: base.to_owned(),
        }
    }

    /// A key of the practice with this scope alone.
    pub(crate) async fn key_for(&self, scope: Scope) -> String {
        api_key(&self.portal, &self.practice, scope).await
    }

    /// The same of the other practice.
    pub(crate) async fn foreign_key_for(&self, scope: Scope) -> String {
        api_key(&self.portal, &self.jones, scope).await
    }

    pub(crate) async fn send(&self, ask: Ask) -> Answer {
        let host = self.base.split("//").nth(1).unwrap_or_default().to_owned();
        let (method, path, sent) = (ask.method.clone(), ask.path.clone(), ask.body.clone());
        let typed = ask.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let media = typed.map(|(_, value)| value.clone());
        let mut request = Request::builder().method(ask.method).uri(ask.path);
        if !ask.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            request = request.header(header::HOST, host);
        }
        for (name, value) in ask.headers {
            request = request.header(name, value.replace("{base}", &self.base));
        }
        let mut request = request.body(Body::from(ask.body)).expect("a request");
        if let Some(peer) = ask.peer {
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a body");
        let text = String::from_utf8_lossy(&body).into_owned();
        let mut answer = Answer { status: parts.status, headers: parts.headers, text };
        if answer.header("x-request-id").expect("every answer has an id").len() == MADE.len() {
            answer.headers.insert("x-request-id", HeaderValue::from_static(MADE));
        }
        contract::check(&method, &path, media.as_deref(), &sent, &answer);
        if method != Method::HEAD && answer.is_a_page() {
            markup::check(&path, &answer.text);
        }
        answer
    }

    /// A call of the host with its key.
    pub(crate) async fn host(&self, method: Method, path: &str, body: Value) -> Answer {
        self.send(Ask::new(method, &format!("/api/v1{path}")).key(&self.key).json(&body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Ask::new(Method::GET, &format!("/api/v1{path}")).key(&self.key)).await
    }

    /// A call of a front end.
    pub(crate) async fn front(&self, method: Method, path: &str, body: Value) -> Answer {
        self.send(Ask::new(method, &format!("/portal/smith/api{path}")).json(&body)).await
    }

    /// A contact with one client, activated.
    pub(crate) async fn invite(&self, contact: &str, address: &str) {
        self.host(Method::PUT, "/clients/acme", json!({"name": "Acme Ltd"})).await;
        let body = json!({"name": format!("Person {contact}"), "emails": [address], "clients": ["acme"]});
        self.host(Method::PUT, &format!("/contacts/{contact}"), body).await.is(201);
        self.host(Method::POST, &format!("/contacts/{contact}/portal/activate"), Value::Null).await.is(200);
    }

    /// A contact with a password.
    pub(crate) async fn settle(&self, contact: &str, address: &str) {
        self.invite(contact, address).await;
        let token = self.tokens().await.pop().expect("a link");
        self.front(Method::POST, &format!("/links/{token}"), json!({"password": PASSWORD})).await.is(204);
    }

    /// Signs in, and answers the cookie pair.
    pub(crate) async fn sign_in(&self, address: &str) -> String {
        let answer = self.front(Method::POST, "/session", json!({"email": address, "password": PASSWORD})).await;
        answer.is(204).cookie()
    }

    /// Decides what was asked.
    pub(crate) async fn decide(&self) {
        let now = self.clock.now();
        let until = now.after(Duration::from_secs(60));
        for enquiry in Enquiries::lease(&*self.store, now, until, 100).await.expect("enquiries") {
            self.portal.decide_enquiry(&enquiry).await.expect("a decision");
            Enquiries::settle(&*self.store, enquiry.practice, enquiry.id).await.expect("settled");
        }
    }

    /// Decides what was asked, takes what waits to be sent, and answers the tokens of its links.
    pub(crate) async fn tokens(&self) -> Vec<String> {
        self.decide().await;
        let now = self.clock.now();
        let until = now.after(Duration::from_secs(60));
        let terms = LeaseTerms::new(now, until, 100);
        let leased = Outbox::lease(&*self.store, &terms).await.expect("messages");
        let letters = leased.iter().map(|leased| leased.letter.as_ref().expect("a letter"));
        let links = letters.filter_map(|letter| Some((letter.practice.id, letter.link.as_ref()?)));
        let token = |(practice, link): (_, &portal_domain::message::Carried)| {
            link.token(&self.portal.tokens, practice).expect("a token")
        };
        links.map(token).collect()
    }

    /// Runs all jobs that are due, to their end or their pause.
    pub(crate) async fn work(&self) {
        while self.portal.run_next_job(&|| false).await.expect("a job runs") {}
    }

    /// A file to be imported.
    pub(crate) fn file(&self, query: &str, bytes: &[u8]) -> Ask {
        let path = format!("/api/v1/imports{query}");
        Ask::new(Method::POST, &path).key(&self.key).with("content-type", "text/csv").body(bytes)
    }

    /// Seals what waits in every journal.
    pub(crate) async fn seal(&self) {
        for practice in self.portal.unsealed_practices().await.expect("practices") {
            self.portal.seal_waiting(practice).await.expect("sealed");
        }
    }

    /// All that is stored, in print.
    pub(crate) fn stored(&self) -> String {
        format!("{:?}", self.store)
    }

    /// The same without the notes of when links were opened, the one thing that looking writes (L2, D5).
    pub(crate) fn stored_but_openings(&self) -> String {
        let stored = self.stored();
        let tenants = stored.split("opened: {").enumerate();
        let rest = tenants.map(|(place, part)| match place {
            0 => part,
            _ => part.split_once("sessions: ").expect("what follows the notes").1,
        });
        rest.collect()
    }
}

async fn practice(portal: &Portal, slug: &str) -> Practice {
    let context = CallContext::new(Portal::nowhere(), Caller::Program);
    let name = format!("{slug} & Partners");
    portal.create_practice(&context, &Slug::parse(slug).expect("a slug"), &name).await.expect("a practice")
}

async fn api_key(portal: &Portal, practice: &Practice, scope: Scope) -> String {
    let context = CallContext::new(practice.id, Caller::Program);
    let key = portal.create_api_key(&context, "test", vec![scope]).await.expect("a key");
    key.secret.reveal().to_owned()
}

/// A request.
#[derive(Clone)]
pub(crate) struct Ask {
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    peer: Option<SocketAddr>,
}

impl Ask {
    pub(crate) fn new(method: Method, path: &str) -> Self {
        Self { method, path: path.to_owned(), headers: Vec::new(), body: Vec::new(), peer: None }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new(Method::GET, path)
    }

    /// A form, as a browser sends it from one of our pages.
    pub(crate) fn form(path: &str, fields: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Self::new(Method::POST, path)
            .with("content-type", "application/x-www-form-urlencoded")
            .with("origin", "null")
            .with("sec-fetch-site", "same-origin")
            .body(body.as_bytes())
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(own, _)| own != name);
        self
    }

    pub(crate) fn key(self, key: &str) -> Self {
        self.with("authorization", &format!("Bearer {key}"))
    }

    pub(crate) fn cookie(self, cookie: &str) -> Self {
        self.with("cookie", cookie)
    }

    /// The header that a front end of ours sends.
    pub(crate) fn marked(self) -> Self {
        self.with("x-portal", "1")
    }

    /// From this address, as the server notes it.
    pub(crate) fn from(mut self, peer: &str) -> Self {
        self.peer = Some(SocketAddr::new(peer.parse().expect("an address"), 4321));
        self
    }

    pub(crate) fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    /// A JSON body; none for null.
    pub(crate) fn json(self, body: &Value) -> Self {
        if body.is_null() {
            return self;
        }
        self.with("content-type", "application/json").body(body.to_string().as_bytes())
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    /// A problem of this status and code.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Value {
        let body = self.clone().is(status).json();
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["status"], status);
        assert_eq!(body["type"], format!("/problems/{code}"));
        assert!(body["title"].is_string() && body["detail"].is_string());
        body
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// Whether it is HTML, and not a mail, which is shown apart from all else.
    fn is_a_page(&self) -> bool {
        let apart = self.header("content-security-policy").is_some_and(|policy| policy.contains("sandbox"));
        !apart && self.header("content-type").is_some_and(|kind| kind.starts_with("text/html"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Name and value of the cookie it sets.
    #[track_caller]
    pub(crate) fn cookie(&self) -> String {
        let line = self.header("set-cookie").expect("a cookie");
        line.split(';').next().unwrap_or_default().to_owned()
    }
}
