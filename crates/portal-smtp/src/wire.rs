//! Commands out, replies in: a line to a mail server that is read in bounds.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use lettre::transport::smtp::response::Response;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

use crate::fault::Cause;

/// Bytes in one reply at most, whatever came before on the same connection. A usual one has less than a hundred.
const REPLY: usize = 64 * 1024;
/// Bytes that are received at once.
const CHUNK: usize = 4096;

/// What a line may run over.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A line to a mail server.
///
/// Replies are read here and not by lettre's connection: that one has no time of its own for each stage, keeps of EHLO only
/// what it knows itself (PIPELINING is not among it), and reads a reply anew for each of its lines.
pub(crate) struct Wire<S> {
    stream: S,
    /// Received and not yet read.
    waiting: Vec<u8>,
    /// How much of `waiting` is read.
    read: usize,
}

impl<S: Stream> Wire<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, waiting: Vec::with_capacity(CHUNK), read: 0 }
    }

    /// The stream alone; what was received and not read is lost.
    pub(crate) fn into_stream(self) -> S {
        self.stream
    }

    /// Sends all of it, at once.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), Cause> {
        self.stream.write_all(bytes).await.map_err(broken)?;
        self.stream.flush().await.map_err(broken)
    }

    /// Sends a command, which ends its own line, and reads the reply.
    pub(crate) async fn ask(&mut self, command: &str) -> Result<Response, Cause> {
        self.write(command.as_bytes()).await?;
        self.reply().await
    }

    /// The server's next reply, whatever it says.
    pub(crate) async fn reply(&mut self) -> Result<Response, Cause> {
        let mut raw = Vec::new();
        loop {
            let start = raw.len();
            self.line(&mut raw).await?;
            if raw.get(start + 3) != Some(&b'-') {
                return parse(&raw, start);
            }
        }
    }

    async fn line(&mut self, raw: &mut Vec<u8>) -> Result<(), Cause> {
        loop {
            let rest = &self.waiting[self.read..];
            let end = rest.iter().position(|&byte| byte == b'\n');
            let taken = end.map_or(rest.len(), |end| end + 1);
            if raw.len() + taken > REPLY {
                return Err(Cause::Verbose);
            }
            raw.extend_from_slice(&rest[..taken]);
            self.read += taken;
            if end.is_some() {
                return Ok(());
            }
            self.receive().await?;
        }
    }

    async fn receive(&mut self) -> Result<(), Cause> {
        self.waiting.clear();
        self.read = 0;
        match self.stream.read_buf(&mut self.waiting).await {
            Ok(0) => Err(Cause::Broken("the mail server ended it".to_owned())),
            Ok(_) => Ok(()),
            Err(error) => Err(broken(error)),
        }
    }

    /// Whether more was received than the replies that were read.
    pub(crate) fn has_more(&self) -> bool {
        self.read < self.waiting.len()
    }

    /// Whether the line is open and the server has said nothing more. One that it ended, or that it spoke on unasked, is of
    /// no use. Nothing is waited for: a line that dies at this moment is found out by the next command.
    pub(crate) fn is_quiet(&mut self) -> bool {
        let (mut byte, mut context) = ([0], Context::from_waker(Waker::noop()));
        let mut byte = ReadBuf::new(&mut byte);
        !self.has_more() && Pin::new(&mut self.stream).poll_read(&mut context, &mut byte).is_pending()
    }

    /// Says goodbye without waiting for the answer, which matters to nobody.
    pub(crate) fn say_goodbye(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(Ok(_)) = Pin::new(&mut self.stream).poll_write(&mut context, b"QUIT\r\n") {
            let _sent = Pin::new(&mut self.stream).poll_flush(&mut context);
        }
    }
}

fn parse(raw: &[u8], last: usize) -> Result<Response, Cause> {
    let mut text = String::from_utf8_lossy(&raw[..last]).into_owned();
    let line = String::from_utf8_lossy(&raw[last..]);
    // A code without words is a reply, too (RFC 5321, section 4.2).
    match line.strip_suffix("\r\n") {
        Some(code) if code.len() == 3 => text.push_str(&format!("{code} \r\n")),
        _ => text.push_str(&line),
    }
    text.parse().map_err(|_| Cause::Garbage(text))
}

fn broken(error: io::Error) -> Cause {
    Cause::Broken(error.to_string())
}
