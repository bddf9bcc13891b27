//! Calls to real sockets on this machine.

mod refused;
mod tls;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use portal_domain::{port::WebhookCall, time::Timestamp, webhook::WebhookSecret};
use portal_webhook::{Resolve, WebhookClient, WebhookOptions};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
};

const BODY: &[u8] = br#"{"type":"webhook.test"}"#;

/// A server that answers every connection with the same bytes, and keeps what it was sent.
struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
}

impl Server {
    async fn answering(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, connections) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
        let (kept, counted) = (Arc::clone(&asked), Arc::clone(&connections));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(answer_once(stream, answer, Arc::clone(&kept)));
            }
        });
        Self { address, asked, connections }
    }

    fn url(&self, scheme: &str, host: &str) -> String {
        format!("{scheme}://{host}:{}/hook?a=%20b", self.address.port())
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn answer_once<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, answer: &str, kept: Arc<Mutex<Vec<String>>>) {
    let mut read = Vec::new();
    let mut chunk = [0; 4096];
    while !read.ends_with(BODY) {
        match stream.read(&mut chunk).await {
            Ok(count @ 1..) => read.extend_from_slice(&chunk[..count]),
            _ => return,
        }
    }
    kept.lock().unwrap().push(String::from_utf8(read).unwrap());
    drop(stream.write_all(answer.as_bytes()).await);
    drop(stream.shutdown().await);
}

/// Names that mean whatever a test wants.
struct Names(Vec<IpAddr>);

#[async_trait]
impl Resolve for Names {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        if self.0.is_empty() { Err(io::Error::other("no such name")) } else { Ok(self.0.clone()) }
    }
}

fn names(addresses: &[&str]) -> Arc<dyn Resolve> {
    Arc::new(Names(addresses.iter().map(|address| address.parse().unwrap()).collect()))
}

fn call(url: &str) -> WebhookCall {
    let at = Timestamp::from_micros(1_700_000_000_999_999);
    let signature = WebhookSecret::new([7; 32]).sign("msg-1", at, BODY);
    WebhookCall { url: url.to_owned(), id: "msg-1".to_owned(), at, signature, body: BODY.to_vec() }
}

/// A client for tests on this machine.
fn local() -> WebhookClient {
    let allowed = Arc::new(|address: IpAddr| address.is_loopback());
    WebhookClient::new(WebhookOptions { allowed, ..WebhookOptions::default() }).unwrap()
}
