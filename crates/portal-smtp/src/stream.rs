//! A TCP connection to a mail server, which says little and one line at a time.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// Bytes that a server may send in one connection, TLS hand-shake included. A usual delivery takes about 8 KiB. lettre
/// reads a reply anew for each of its lines, so that a long one costs the square of its length.
const BUDGET: usize = 64 * 1024;

/// Hands on at most one line for each read, and no more than its budget in all.
///
/// One line at a time, because lettre keeps what it has read in advance across STARTTLS: replies that somebody on the way
/// put behind the go-ahead would count as said under TLS. Here they stay behind, and break the hand-shake instead.
#[derive(Debug)]
pub(crate) struct LineStream {
    tcp: TcpStream,
    /// Received and not yet handed on.
    waiting: Vec<u8>,
    /// How much of `waiting` is handed on.
    handed: usize,
    budget: usize,
}

impl LineStream {
    /// Small writes leave at once: with the usual delay each costs 40 ms.
    pub(crate) fn new(tcp: TcpStream) -> io::Result<Self> {
        tcp.set_nodelay(true)?;
        Ok(Self { tcp, waiting: Vec::new(), handed: 0, budget: BUDGET })
    }

    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut chunk = [0; 4096];
        let mut chunk = ReadBuf::new(&mut chunk);
        ready!(Pin::new(&mut self.tcp).poll_read(context, &mut chunk))?;
        let received = chunk.filled();
        self.budget =
            self.budget.checked_sub(received.len()).ok_or_else(|| io::Error::other("the mail server said too much"))?;
        self.waiting.clear();
        self.waiting.extend_from_slice(received);
        self.handed = 0;
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for LineStream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.handed == this.waiting.len() {
            ready!(this.poll_receive(context))?;
        }
        let rest = &this.waiting[this.handed..];
        let line = rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |end| end + 1);
        let line = line.min(out.remaining());
        out.put_slice(&rest[..line]);
        this.handed += line;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for LineStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().tcp).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_shutdown(context)
    }
}

impl AsyncTokioStream for LineStream {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.peer_addr()
    }
}
