//! Events pushed by the real program to a real receiver, which fails, is slow, and meets a program that is killed.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use tokio::{net::TcpListener, time::Instant};

use crate::support::{Bed, Client, Database, on_both_databases};

on_both_databases!(
    j2_events_arrive_in_order_per_contact_through_failures_and_a_kill,
    j2_a_slow_receiver_delays_no_command,
    a_receiver_inside_is_refused_without_the_setting,
);

/// How a receiver behaves.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Takes,
    Fails,
    Sleeps,
}

/// A receiver that verifies what it takes as its host would.
#[derive(Clone)]
struct Receiver {
    address: SocketAddr,
    secret: Arc<Mutex<String>>,
    mood: Arc<Mutex<Mood>>,
    taken: Arc<Mutex<Vec<Value>>>,
    refused: Arc<Mutex<usize>>,
    slept: Arc<Mutex<usize>>,
}

impl Receiver {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            address: listener.local_addr().unwrap(),
            secret: Arc::default(),
            mood: Arc::new(Mutex::new(Mood::Takes)),
            taken: Arc::default(),
            refused: Arc::default(),
            slept: Arc::default(),
        };
        let own = receiver.clone();
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let own = own.clone();
                let service = service_fn(move |request| own.clone().take(request));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(tcp), service));
            }
        });
        receiver
    }

    async fn take(self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let mood = *self.mood.lock().unwrap();
        if mood == Mood::Sleeps {
            *self.slept.lock().unwrap() += 1;
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        let verified = Webhook::new(&self.secret.lock().unwrap()).unwrap().verify(&body, &head.headers);
        let mut answer = Response::new(Full::default());
        if mood == Mood::Takes && verified.is_ok() {
            let mut event: Value = serde_json::from_slice(&body).unwrap();
            event["webhook-id"] = head.headers["webhook-id"].to_str().unwrap().into();
            self.taken.lock().unwrap().push(event);
        } else {
            *self.refused.lock().unwrap() += 1;
            *answer.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
        }
        Ok(answer)
    }

    fn feels(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn taken(&self) -> Vec<Value> {
        self.taken.lock().unwrap().clone()
    }

    /// Makes the webhook; answers the first number that is pushed to it.
    async fn put(&self, host: &Client) -> i64 {
        let url = format!("http://{}/hook", self.address);
        let made = host.put("/api/v1/webhooks/crm", json!({ "url": url })).await.expect(201);
        *self.secret.lock().unwrap() = made["secret"].as_str().unwrap().to_owned();
        made["cursor"].as_i64().unwrap() + 1
    }

    /// Waits until the events from this number on have all been taken.
    async fn has_all(&self, host: &Client, from: i64) -> Vec<Value> {
        let begun = Instant::now();
        loop {
            let page = host.get(&format!("/api/v1/events?after={}&limit=200", from - 1)).await.expect(200);
            let events = page["items"].as_array().unwrap().clone();
            let taken = self.taken();
            let missing = events.iter().find(|event| !taken.iter().any(|it| it["data"]["id"] == event["id"]));
            if missing.is_none() && !events.is_empty() {
                return events;
            }
            assert!(begun.elapsed() < Duration::from_secs(100), "not taken: {missing:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

async fn until(what: &str, done: impl AsyncFn() -> bool) {
    let begun = Instant::now();
    while !done().await {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn bed(database: Database) -> Bed {
    let mut bed = Bed::new(database);
    bed.set("PORTAL_WEBHOOK_PRIVATE", "127.0.0.0/8");
    bed
}

async fn change_contacts(host: &Client, round: usize) {
    for contact in ["ada", "bob", "cyd"] {
        let answer = host.put_contact(contact, &format!("{contact} {round}"), &[]).await;
        assert!(answer.status.is_success());
    }
}

/// What is told of the tries.
async fn tries(host: &Client) -> Vec<Value> {
    let log = host.get("/api/v1/webhooks/crm/deliveries?limit=200").await.expect(200);
    log["items"].as_array().unwrap().clone()
}

fn failed(told: &Value) -> bool {
    told["status"] == 500 && told["received"] == false
}

async fn j2_events_arrive_in_order_per_contact_through_failures_and_a_kill(database: Database) {
    let bed = bed(database);
    let key = bed.practice("smith").await;
    let receiver = Receiver::new().await;
    let service = bed.serve().await;
    let host = service.client().host(&key);
    let first = receiver.put(&host).await;
    change_contacts(&host, 0).await;
    receiver.feels(Mood::Fails);
    change_contacts(&host, 1).await;
    until("a try that failed is told", async || tries(&host).await.iter().any(failed)).await;
    receiver.feels(Mood::Sleeps);
    change_contacts(&host, 2).await;
    until("a try is under way", async || *receiver.slept.lock().unwrap() > 0).await;
    // The power fails with a lease held and its try under way; the receiver is well again when the program is.
    service.kill().await;
    receiver.feels(Mood::Takes);
    let service = bed.serve().await;
    let host = service.client().host(&key);
    change_contacts(&host, 3).await;
    let events = receiver.has_all(&host, first).await;

    // What was pushed is what is read.
    let taken = receiver.taken();
    for event in &events {
        let pushed = taken.iter().find(|it| it["data"]["id"] == event["id"]).unwrap();
        assert_eq!((&pushed["data"], &pushed["type"], &pushed["timestamp"]), (event, &event["kind"], &event["at"]));
        assert_eq!(pushed["webhook-id"], event["id"]);
    }
    // In order per contact: the first time each event was taken.
    let mut seen: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for it in &taken {
        let numbers = seen.entry(it["data"]["contact"].to_string()).or_default();
        let number = it["data"]["number"].as_i64().unwrap();
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    assert!(seen.len() >= 4, "{seen:?}");
    for (contact, numbers) in &seen {
        assert!(numbers.is_sorted(), "{contact}: {numbers:?}");
    }
    let tries = tries(&host).await;
    assert!(tries.iter().any(failed), "{tries:?}");
    assert!(tries.iter().any(|it| it["attempt"].as_i64() > Some(1) && it["received"] == true), "{tries:?}");
    let (status, printed) = service.stop().await;
    assert!(status.success() && !printed.contains("whsec_"), "{printed}");
}

async fn j2_a_slow_receiver_delays_no_command(database: Database) {
    let bed = bed(database);
    let key = bed.practice("smith").await;
    let receiver = Receiver::new().await;
    let service = bed.serve().await;
    let host = service.client().host(&key);
    receiver.put(&host).await;
    receiver.feels(Mood::Sleeps);
    change_contacts(&host, 0).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let begun = Instant::now();
    for round in 0..10 {
        change_contacts(&host, round + 1).await;
    }
    // Thirty commands; each waits for its fsync and for nobody else.
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(receiver.taken().is_empty());
}

async fn a_receiver_inside_is_refused_without_the_setting(database: Database) {
    let bed = Bed::new(database);
    let key = bed.practice("smith").await;
    let receiver = Receiver::new().await;
    let service = bed.serve().await;
    let host = service.client().host(&key);
    receiver.put(&host).await;
    let path = "/api/v1/webhooks/crm/deliveries";
    until("a try is logged", async || host.get(path).await.expect(200)["items"] != json!([])).await;
    let log = host.get(path).await.expect(200);
    assert_eq!((&log["items"][0]["status"], &log["items"][0]["received"]), (&Value::Null, &json!(false)));
    assert!(log["items"][0]["detail"].as_str().unwrap().contains("`http`"), "{log}");
    assert!(receiver.taken().is_empty() && *receiver.refused.lock().unwrap() == 0);
}
