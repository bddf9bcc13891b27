//! A connection that is kept, and sends what it is given: as little work as an HTTP client can make of it.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};

pub(crate) struct Line {
    stream: TcpStream,
    read: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// All header lines.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The value of a header, the first of its name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.filter(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }
}

impl Line {
    pub(crate) async fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::with_capacity(4096) })
    }

    pub(crate) async fn open_many(address: SocketAddr, many: usize) -> Vec<Self> {
        let mut lines = Vec::new();
        for _ in 0..many {
            lines.push(Self::open(address).await.unwrap());
        }
        lines
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> std::io::Result<Answer> {
        self.stream.write_all(request).await?;
        self.read.clear();
        let end = loop {
            if let Some(end) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            self.more().await?;
        };
        let head = String::from_utf8_lossy(&self.read[..end]).into_owned();
        let (first, rest) = head.split_once("\r\n").unwrap_or((&head, ""));
        let status = first.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let mut answer = Answer { status, head: rest.to_owned(), body: Vec::new() };
        let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        while self.read.len() < end + 4 + length {
            self.more().await?;
        }
        answer.body.extend_from_slice(&self.read[end + 4..end + 4 + length]);
        Ok(answer)
    }

    async fn more(&mut self) -> std::io::Result<()> {
        match self.stream.read_buf(&mut self.read).await? {
            0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// A request, ready to be sent.
pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(body) = body {
        text.push_str(&format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    text.push_str(body.unwrap_or_default());
    text.into_bytes()
}

/// A form of a page, sent by the browser that shows it.
pub(crate) fn form(path: &str, fields: &[(&str, &str)]) -> Vec<u8> {
    let fields = fields.iter().map(|(name, value)| format!("{name}={}", value.replace('@', "%40").replace(' ', "+")));
    let body = fields.collect::<Vec<_>>().join("&");
    let text = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nsec-fetch-site: same-origin\r\nuser-agent: bench/1.0\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    text.into_bytes()
}

/// Answers in a second, while each connection sends its next request as soon as it has an answer. All must have one of these statuses.
pub(crate) async fn rate(lines: &mut [Line], span: Duration, statuses: &[u16], next: impl Fn() -> Vec<u8>) -> f64 {
    let asking = lines.iter_mut().map(|line| async {
        let (begun, mut count) = (Instant::now(), 0.0);
        while begun.elapsed() < span {
            let answer = line.ask(&next()).await.unwrap();
            assert!(statuses.contains(&answer.status), "{}", String::from_utf8_lossy(&answer.body));
            count += 1.0;
        }
        count / begun.elapsed().as_secs_f64()
    });
    futures_util::future::join_all(asking).await.into_iter().sum()
}
