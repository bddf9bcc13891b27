//! A small HTTP client: one connection for each request, no magic.

use std::net::SocketAddr;

use http_body_util::{BodyExt, Full};
use hyper::{HeaderMap, Request, StatusCode, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// Sends requests with the same headers to one service.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    address: SocketAddr,
    headers: Vec<(&'static str, String)>,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Client {
    /// The same client of another service.
    #[cfg(feature = "fault-points")]
    pub(crate) fn at(&self, address: SocketAddr) -> Self {
        Self { address, headers: self.headers.clone() }
    }

    pub(crate) const fn new(address: SocketAddr) -> Self {
        Self { address, headers: Vec::new() }
    }

    /// The same client with one more header.
    pub(crate) fn with(&self, name: &'static str, value: impl Into<String>) -> Self {
        let mut client = self.clone();
        client.headers.retain(|(known, _)| *known != name);
        client.headers.push((name, value.into()));
        client
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it sends with every request.
    pub(crate) fn headers(&self) -> &[(&'static str, String)] {
        &self.headers
    }

    /// What it sends under a name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| *own == name).map(|(_, value)| value.as_str())
    }

    /// A host program with this key.
    pub(crate) fn host(&self, key: &str) -> Self {
        self.with("authorization", format!("Bearer {key}"))
    }

    /// A front end of the portal.
    pub(crate) fn front_end(&self) -> Self {
        self.with("x-portal", "1")
    }

    /// A browser on one of the pages.
    pub(crate) fn browser(&self) -> Self {
        self.with("content-type", "application/x-www-form-urlencoded").with("sec-fetch-site", "same-origin")
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, None).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send("PUT", path, Some(body.to_string().into_bytes())).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, Some(body.to_string().into_bytes())).await
    }

    /// Sends a request; a body is JSON, whether it is well formed or not.
    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<Vec<u8>>) -> Answer {
        self.attempt(method, path, body).await.expect("the service answers")
    }

    /// The same; `None` where no whole answer came, whatever became of the request.
    pub(crate) async fn attempt(&self, method: &str, path: &str, body: Option<Vec<u8>>) -> Option<Answer> {
        let mut request = Request::builder().method(method).uri(path);
        if self.header("host").is_none() {
            request = request.header("host", self.address.to_string());
        }
        if body.is_some() && self.headers.iter().all(|(name, _)| *name != "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Full::new(Bytes::from(body.unwrap_or_default()))).unwrap();
        let stream = TcpStream::connect(self.address).await.ok()?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
        // Aborted with this future too: a request that is given up is given up at once.
        let _connection = AbortOnDrop(tokio::spawn(async move { drop(connection.await) }));
        let response = sender.send_request(request).await.ok()?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        Some(Answer { status: head.status, headers: head.headers, body })
    }
}

struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Answer {
    /// The body as JSON; `null` where there is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Asserts the status and gives the body.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }

    /// Asserts a problem document with this status and code.
    #[track_caller]
    pub(crate) fn expect_problem(&self, status: u16, code: &str) -> Value {
        let body = self.expect(status);
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["status"], status, "{body}");
        assert_eq!(self.headers["content-type"], "application/problem+json");
        body
    }

    /// The cookie that was set, as it is sent back.
    #[track_caller]
    pub(crate) fn cookie(&self) -> String {
        let set = self.headers["set-cookie"].to_str().unwrap();
        set.split(';').next().unwrap().to_owned()
    }

    /// All cookies that were set, as they are sent back.
    pub(crate) fn cookies(&self) -> Vec<String> {
        let lines = self.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
        lines.map(|line| line.split(';').next().unwrap().to_owned()).collect()
    }
}
