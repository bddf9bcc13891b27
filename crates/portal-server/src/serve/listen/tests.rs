use std::{sync::Arc, time::Duration};

use axum::{Router, routing::get};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, duplex},
    net::{TcpListener, TcpStream},
    sync::{Notify, oneshot},
    task::JoinHandle,
    time::timeout,
};

use super::{Limits, Patient, answer};

/// Far longer than anything here takes: who waits for it has failed.
const LONG: Duration = Duration::from_secs(60);
/// A deadline that is to pass.
const SHORT: Duration = Duration::from_millis(150);
/// Larger than what the kernel takes for both ends of a connection.
const LARGE: usize = 64 * 1024 * 1024;

const ASK: &[u8] = b"GET /small HTTP/1.1\r\nhost: here\r\n\r\n";

struct Running {
    address: std::net::SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    ended: JoinHandle<()>,
    go_on: Arc<Notify>,
    begun: Arc<Notify>,
}

impl Running {
    async fn start(limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (go_on, begun) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (waits, tells) = (Arc::clone(&go_on), Arc::clone(&begun));
        let slow = async move || {
            tells.notify_one();
            waits.notified().await;
            "slow"
        };
        let router = Router::new()
            .route("/small", get(async || "small"))
            .route("/large", get(async || vec![b'x'; LARGE]))
            .route("/slow", get(slow));
        let (stop, stopped) = oneshot::channel::<()>();
        let ended = tokio::spawn(answer(listener, router, limits, async { drop(stopped.await) }));
        Self { address, stop: Some(stop), ended, go_on, begun }
    }

    async fn connect(&self, ask: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(ask).await.unwrap();
        stream
    }

    /// Asks until there is a place; answers what came.
    async fn until_answered(&self) -> String {
        let all = async {
            loop {
                let mut stream = self.connect(b"GET /small HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n").await;
                let answer = rest(&mut stream).await;
                if !answer.starts_with("HTTP/1.1 503 ") {
                    return answer;
                }
            }
        };
        timeout(LONG, all).await.expect("a place is free in the end")
    }
}

fn limits() -> Limits {
    Limits { head: LONG, write: LONG, ..Limits::default() }
}

/// All that comes before the other end closes, which it has to.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let ended = timeout(LONG, stream.read_to_end(&mut bytes)).await;
    drop(ended.expect("the connection is closed"));
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn s16_an_idle_connection_is_closed() {
    let running = Running::start(Limits { head: SHORT, ..limits() }).await;
    assert_eq!(rest(&mut running.connect(b"").await).await, "", "nothing was ever asked");
    let answered = rest(&mut running.connect(ASK).await).await;
    assert!(answered.starts_with("HTTP/1.1 200 ") && answered.ends_with("small"), "{answered}");
    assert_eq!(answered.matches("HTTP/1.1").count(), 1);
}

#[tokio::test]
async fn s16_a_head_that_never_ends_is_cut_off() {
    let running = Running::start(Limits { head: SHORT, ..limits() }).await;
    let cut = rest(&mut running.connect(b"GET /small HTTP/1.1\r\nhost: ").await).await;
    assert!(!cut.contains("200"), "{cut}");
}

#[tokio::test]
async fn s16_who_does_not_take_the_answer_loses_the_place() {
    let running = Running::start(Limits { connections: 1, write: SHORT, ..limits() }).await;
    let mut lazy = running.connect(b"GET /large HTTP/1.1\r\nhost: here\r\n\r\n").await;
    let mut first = [0; 12];
    lazy.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    // There is one place only, so an answer says that the lazy one has lost it.
    assert!(running.until_answered().await.ends_with("small"));
    let mut bytes = Vec::new();
    drop(timeout(LONG, lazy.read_to_end(&mut bytes)).await.expect("the connection is closed"));
    assert!(bytes.len() < LARGE, "the answer is not whole");
}

#[tokio::test]
async fn s16_a_trickle_is_as_good_as_nothing_and_a_steady_reader_is_served() {
    let (near, mut far) = duplex(1024);
    let trickle = tokio::spawn(async move {
        let mut byte = [0];
        while far.read(&mut byte).await.is_ok_and(|read| read > 0) {
            tokio::time::sleep(SHORT / 10).await;
        }
    });
    let mut patient = Patient::new(near, SHORT);
    let written = timeout(LONG, patient.write_all(&vec![b'x'; LARGE])).await.expect("it gives up");
    assert_eq!(written.unwrap_err().kind(), std::io::ErrorKind::TimedOut);
    drop(patient);
    trickle.await.unwrap();

    let (near, mut far) = duplex(1024);
    let steady = tokio::spawn(async move { tokio::io::copy(&mut far, &mut tokio::io::sink()).await });
    let mut patient = Patient::new(near, LONG);
    patient.write_all(&vec![b'x'; LARGE]).await.unwrap();
    drop(patient);
    assert_eq!(steady.await.unwrap().unwrap(), LARGE as u64);
}

#[tokio::test]
async fn n11_beyond_the_last_place_the_answer_is_503_at_once() {
    let running = Running::start(Limits { connections: 1, refused: 1, refusal: SHORT, ..limits() }).await;
    let held = running.connect(b"GET /slow HTTP/1.1\r\nhost: here\r\n\r\n").await;
    running.begun.notified().await;
    // Said without being asked, to several that neither speak nor close, one after another.
    let mut silent = Vec::new();
    for _ in 0..3 {
        silent.push(running.connect(b"").await);
    }
    for stream in &mut silent {
        let answer = rest(stream).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("\r\nretry-after: 1\r\n"), "{head}");
        assert!(head.contains(&format!("\r\ncontent-length: {}", body.len())), "{head}");
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!((&body["code"], &body["status"]), (&"overloaded".into(), &503.into()));
        assert!(portal_http::problem_table().contains("| 503 | `overloaded` | Too much at once |"));
    }
    running.go_on.notify_one();
    drop(held);
    assert!(running.until_answered().await.ends_with("small"));
}

#[tokio::test]
async fn s13_the_end_waits_for_what_is_being_answered() {
    let mut running = Running::start(Limits { finish: LONG, ..limits() }).await;
    let mut idle = running.connect(ASK).await;
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.unwrap();
    let mut slow = running.connect(b"GET /slow HTTP/1.1\r\nhost: here\r\n\r\n").await;
    running.begun.notified().await;
    drop(running.stop.take());
    rest(&mut idle).await;
    assert!(TcpStream::connect(running.address).await.is_err(), "nothing new is taken");
    assert!(!running.ended.is_finished());
    running.go_on.notify_one();
    assert!(rest(&mut slow).await.ends_with("slow"));
    timeout(LONG, running.ended).await.unwrap().unwrap();
}

#[tokio::test]
async fn s13_the_end_does_not_wait_for_ever() {
    let mut running = Running::start(Limits { finish: SHORT, ..limits() }).await;
    let _slow = running.connect(b"GET /slow HTTP/1.1\r\nhost: here\r\n\r\n").await;
    running.begun.notified().await;
    drop(running.stop.take());
    timeout(LONG, running.ended).await.unwrap().unwrap();
}
