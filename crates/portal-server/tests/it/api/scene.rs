//! A practice with its keys, and who asks what of the program that serves it.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep},
};

use crate::support::{Answer, Bed, Client, Database, Sink, bed::Served};

pub(super) static DOCUMENT: LazyLock<Value> = LazyLock::new(portal_http::openapi);

pub(super) const PASSWORD: &str = "nine copper kettles";

/// Operations by their names, with the status and the code that each was seen to answer.
type Seen = Arc<Mutex<BTreeSet<(String, u16, String)>>>;

/// An operation of the document.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) scope: Option<String>,
    said: &'static Value,
}

/// A practice `smith`, whose host has a key of each scope.
pub(super) struct Scene {
    pub(super) bed: Bed,
    pub(super) sink: Sink,
    pub(super) service: Served,
    /// Of scope `write`.
    pub(super) host: Asker,
    /// Of scope `read`.
    pub(super) reads: Asker,
    /// Of scope `sign_in`.
    pub(super) signs: Asker,
    /// Of scope `credentials`.
    pub(super) moves: Asker,
    /// Whoever runs the service.
    pub(super) operator: Asker,
    /// A front end of the portal, or a browser without a cookie.
    pub(super) front_end: Asker,
    seen: Seen,
}

/// Asks, and notes what is answered.
#[derive(Clone)]
pub(super) struct Asker {
    client: Client,
    base: &'static str,
    seen: Seen,
}

impl Operation {
    /// All there are.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let paths = DOCUMENT["paths"].as_object().expect("paths").iter();
        paths.flat_map(|(path, item)| {
            item.as_object().expect("operations").iter().map(move |(method, said)| Self {
                method: method.to_uppercase(),
                path: path.clone(),
                scope: said["security"][0]["api_key"][0].as_str().map(str::to_owned),
                said,
            })
        })
    }

    /// Its name, which is that of its test.
    pub(super) fn name(&self) -> &'static str {
        self.said["operationId"].as_str().expect("a name")
    }

    /// Whether it takes a body.
    pub(super) fn takes_body(&self) -> bool {
        !self.said["requestBody"].is_null()
    }

    /// The statuses of its answers.
    fn statuses(&self) -> impl Iterator<Item = u16> {
        let responses = self.said["responses"].as_object().expect("responses");
        responses.keys().map(|status| status.parse().expect("a status"))
    }

    /// What it may refuse with, by status.
    pub(super) fn codes(&self) -> impl Iterator<Item = (u16, &'static str)> {
        self.said["responses"].as_object().expect("responses").iter().flat_map(|(status, response)| {
            let response = match response["$ref"].as_str() {
                Some(target) => DOCUMENT.pointer(target.trim_start_matches('#')).expect("a response"),
                None => response,
            };
            let schema = &response["content"]["application/problem+json"]["schema"];
            let codes = schema["allOf"][1]["properties"]["code"]["enum"].as_array().into_iter().flatten();
            codes.map(|code| (status.parse().expect("a status"), code.as_str().expect("a code")))
        })
    }

    /// Whether a request is one of these, and how many parts of its path stand for anything.
    fn fits(&self, method: &str, path: &str) -> Option<usize> {
        let given: Vec<_> = path.split('?').next().unwrap_or_default().split('/').collect();
        let own: Vec<_> = self.path.split('/').collect();
        let fit = |(own, given): (&&str, &&str)| own == given || (own.starts_with('{') && !given.is_empty());
        let fits = self.method == method && own.len() == given.len() && own.iter().zip(&given).all(fit);
        fits.then(|| self.path.matches('{').count())
    }
}

impl Scene {
    pub(super) async fn new(database: Database) -> Self {
        Self::with(database, 1000).await
    }

    /// The same, with so many tries in a minute.
    pub(super) async fn with(database: Database, tries: u32) -> Self {
        let sink = Sink::with_utf8().await;
        let mut bed = Bed::new(database).with_mail(&sink.url());
        bed.set("PORTAL_WEBHOOK_PRIVATE", "127.0.0.0/8");
        bed.set("PORTAL_SIGN_INS_PER_MINUTE", &tries.to_string());
        let key = bed.done(&["api-key", "create", "--operator", "--name", "tests"]).await;
        let service = bed.serve().await;
        let seen = Seen::default();
        let asker = |key: &str| Asker { client: service.client().host(key), base: "/api/v1", seen: Arc::clone(&seen) };
        let operator = asker(key.trim());
        operator.put("/operator/practices/smith", json!({ "name": "Smith & Sons" })).await.expect(201);
        let mut keys = Vec::new();
        for scope in ["write", "read", "sign_in", "credentials"] {
            let order = json!({ "name": scope, "scopes": [scope] });
            let made = operator.post("/operator/practices/smith/api-keys", order).await.expect(201);
            keys.push(asker(made["key"].as_str().expect("a key")));
        }
        let [host, reads, signs, moves] = <[Asker; 4]>::try_from(keys).unwrap_or_else(|_| panic!("four keys"));
        let front_end =
            Asker { client: service.client().front_end(), base: "/portal/smith/api", seen: Arc::clone(&seen) };
        Self { bed, sink, service, host, reads, signs, moves, operator, front_end, seen }
    }

    /// Says that the mail of this number came back, since nobody has the address.
    pub(super) async fn came_back(&self, number: usize) {
        let mail = self.sink.mail(number).await;
        let report = json!({ "event": "bounced", "return_path": mail.sender, "words": "550 5.1.1 no such user here" });
        let told = self.operator.post("/operator/delivery-reports", report).await.expect(200);
        assert_eq!(told["outcome"], "taken");
    }

    /// A contact with this address.
    pub(super) async fn contact(&self, reference: &str, email: &str) {
        let body = json!({ "name": format!("Person {reference}"), "emails": [email], "clients": [] });
        self.host.put(&format!("/contacts/{reference}"), body).await.expect(201);
    }

    /// The same, with access; answers the link that was mailed.
    pub(super) async fn invited(&self, reference: &str, email: &str) -> String {
        let before = self.sink.mails().len();
        self.contact(reference, email).await;
        self.host.order(reference, "activate").await.expect(200);
        self.sink.mail(before).await.token()
    }

    /// The same, with a password.
    pub(super) async fn settled(&self, reference: &str, email: &str) {
        let token = self.invited(reference, email).await;
        self.front_end.post(&format!("/links/{token}"), json!({ "password": PASSWORD })).await.expect(204);
    }

    /// A front end with the session of who has this address.
    pub(super) async fn signed_in(&self, email: &str) -> Asker {
        let answer = self.front_end.post("/session", json!({ "email": email, "password": PASSWORD })).await;
        answer.expect(204);
        self.front_end.with("cookie", answer.cookie())
    }

    /// That an operation gave every answer that the document has for its success.
    #[track_caller]
    pub(super) fn answers(&self, name: &str) {
        let operation = Operation::all().find(|operation| operation.name() == name).expect("the document has it");
        let wanted: BTreeSet<_> = operation.statuses().filter(|status| *status < 300).collect();
        let seen = self.seen.lock().expect("a set");
        let got: BTreeSet<_> =
            seen.iter().filter(|(it, status, _)| it == name && *status < 300).map(|(_, status, _)| *status).collect();
        assert!(!wanted.is_empty(), "{name} never succeeds");
        assert_eq!(got, wanted, "{name}");
    }

    /// That every operation which the document lets refuse with a code did, and no other.
    #[track_caller]
    pub(super) fn refuse(&self, code: &str) {
        let mut wanted = BTreeSet::new();
        for operation in Operation::all() {
            let own = operation.codes().filter(|(_, own)| *own == code);
            wanted.extend(own.map(|(status, _)| (operation.name().to_owned(), status)));
        }
        let seen = self.seen.lock().expect("a set");
        let got: BTreeSet<_> =
            seen.iter().filter(|(.., own)| own == code).map(|(name, status, _)| (name.clone(), *status)).collect();
        assert!(!wanted.is_empty(), "no operation refuses with {code}");
        assert_eq!(got, wanted, "{code}");
    }
}

impl Asker {
    pub(super) fn with(&self, name: &'static str, value: impl Into<String>) -> Self {
        Self { client: self.client.with(name, value), ..self.clone() }
    }

    /// The same below another path.
    pub(super) fn at(&self, base: &'static str) -> Self {
        Self { base, ..self.clone() }
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None).await
    }

    pub(super) async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, None).await
    }

    pub(super) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send("PUT", path, Some(body.to_string().into_bytes())).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, Some(body.to_string().into_bytes())).await
    }

    /// A call that has nothing to say but its path.
    pub(super) async fn call(&self, path: &str) -> Answer {
        self.send("POST", path, None).await
    }

    /// A portal command on a contact.
    pub(super) async fn order(&self, reference: &str, command: &str) -> Answer {
        self.call(&format!("/contacts/{reference}/portal/{command}")).await
    }

    pub(super) async fn send(&self, method: &str, path: &str, body: Option<Vec<u8>>) -> Answer {
        let path = format!("{}{path}", self.base);
        let fitting = Operation::all().filter_map(|it| it.fits(method, &path).map(|open| (open, it)));
        let (_, operation) = fitting.min_by_key(|(open, _)| *open).unwrap_or_else(|| panic!("{method} {path}"));
        let answer = self.client.send(method, &path, body).await;
        self.note(&operation, answer.status.as_u16(), &answer.json());
        answer
    }

    fn note(&self, operation: &Operation, status: u16, told: &Value) {
        let code = told["code"].as_str().unwrap_or_default().to_owned();
        self.seen.lock().expect("a set").insert((operation.name().to_owned(), status, code));
    }

    /// Announces a body of so many bytes, sends none of them, and reads what comes.
    pub(super) async fn announce(&self, operation: &Operation, path: &str, bytes: u64) -> (u16, Value) {
        let address = self.client.address();
        let mut head = format!("{} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n", operation.method);
        for (name, value) in self.client.headers() {
            write!(head, "{name}: {value}\r\n").expect("text");
        }
        if self.client.header("content-type").is_none() {
            head.push_str("content-type: application/json\r\n");
        }
        write!(head, "content-length: {bytes}\r\n\r\n").expect("text");
        let mut stream = TcpStream::connect(address).await.expect("the service listens");
        stream.write_all(head.as_bytes()).await.expect("a head is taken");
        let mut told = String::new();
        stream.read_to_string(&mut told).await.expect("an answer");
        let status = told.split(' ').nth(1).expect("a status").parse().expect("a number");
        let body = told.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
        let told = serde_json::from_str(body).unwrap_or_default();
        self.note(operation, status, &told);
        (status, told)
    }

    /// Asks until the answer is as wanted.
    pub(super) async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let told = self.get(path).await.expect(200);
            if wanted(&told) {
                return told;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{path}: {told}");
            sleep(Duration::from_millis(20)).await;
        }
    }
}
