//! A stream whose other end has to take what is written, within a time.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

/// So many bytes have to be taken within the time. Who takes fewer, but some, is as good as gone.
const STRETCH: usize = 16 * 1024;

/// Ends with an error when a stretch of what is written is not taken in time. Reading is as it was.
pub(super) struct Patient<S> {
    stream: S,
    time: Duration,
    waiting: Option<Waiting>,
}

/// The other end is slower than we are.
struct Waiting {
    until: Pin<Box<Sleep>>,
    taken: usize,
}

impl<S> Patient<S> {
    pub(super) const fn new(stream: S, time: Duration) -> Self {
        Self { stream, time, waiting: None }
    }

    /// Notes how a write of `asked` bytes went.
    fn note(
        &mut self,
        asked: usize,
        written: Poll<io::Result<usize>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let Poll::Ready(Ok(taken)) = written else {
            return if written.is_pending() { self.wait(cx).map(Err) } else { written };
        };
        if taken >= asked {
            self.waiting = None;
        } else if let Some(waiting) = &mut self.waiting {
            waiting.taken += taken;
            if waiting.taken >= STRETCH {
                waiting.taken = 0;
                waiting.until.as_mut().reset(Instant::now() + self.time);
            }
        }
        Poll::Ready(Ok(taken))
    }

    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let time = self.time;
        let waiting = self.waiting.get_or_insert_with(|| Waiting { until: Box::pin(sleep(time)), taken: 0 });
        ready!(waiting.until.as_mut().poll(cx));
        Poll::Ready(io::Error::new(io::ErrorKind::TimedOut, "the other end does not take the answer"))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note(bytes.len(), written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.note(parts.iter().map(|part| part.len()).sum(), written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
