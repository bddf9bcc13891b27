//! Connections: accepted up to a bound, each with deadlines, all finished before the end (S16).

mod patience;
mod refuse;
#[cfg(test)]
mod tests;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, extract::ConnectInfo};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tower::ServiceExt;

use self::patience::Patient;
use crate::failure::Failure;

/// A pause after a connection that could not be accepted, as when there are no files left.
const PAUSE: Duration = Duration::from_millis(100);

/// What connections may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Most connections at once.
    connections: usize,
    /// Most connections beyond, which are told that there is no place. Any further wait to be accepted.
    refused: usize,
    /// How long the head of a request may take, the wait for the next one on an open connection included.
    head: Duration,
    /// How long the other end may take for a stretch of the answer.
    write: Duration,
    /// How long a connection without a place may take to hear so.
    refusal: Duration,
    /// How long requests may go on after the end was asked for.
    finish: Duration,
}

impl Default for Limits {
    /// As many connections as the usual limit of 1,024 files leaves beside the database.
    fn default() -> Self {
        Self {
            connections: 860,
            refused: 40,
            head: Duration::from_secs(10),
            write: Duration::from_secs(30),
            refusal: Duration::from_secs(1),
            finish: Duration::from_secs(10),
        }
    }
}

impl Limits {
    /// The same for the port of metrics: whoever reads them is one or two.
    pub(crate) fn of_metrics() -> Self {
        Self { connections: 16, refused: 4, write: Duration::from_secs(10), ..Self::default() }
    }
}

/// Takes the address, which `flag` sets. Whatever stands in the way is one line.
pub(crate) async fn bind(address: SocketAddr, flag: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => Failure::unavailable(format!(
            "`{address}` is taken by another program: stop that one, or listen elsewhere with {flag}"
        )),
        _ => Failure::unavailable(format!("`{address}` can't be listened on: {error}")),
    })
}

/// Answers requests until `stop`, then lets those that are being answered finish.
pub(crate) async fn answer(listener: TcpListener, router: Router, limits: Limits, stop: impl Future<Output = ()>) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let refusals = Arc::new(Semaphore::new(limits.refused));
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.head);
    let mut full = false;
    tokio::pin!(stop);
    loop {
        let next = async {
            let refusal = Arc::clone(&refusals).acquire_owned().await;
            (refusal, listener.accept().await)
        };
        let (refusal, accepted) = tokio::select! {
            biased;
            () = &mut stop => break,
            next = next => next,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            metrics::counter!("portal_overload_rejections_total", "at" => "connection").increment(1);
            if !std::mem::replace(&mut full, true) {
                tracing::warn!(places = limits.connections, "there is no place for more connections");
            }
            tokio::spawn(async move {
                let _refusal = refusal;
                refuse::refuse(stream, limits.refusal).await;
            });
            continue;
        };
        full = false;
        prepare(&stream);
        let stream = TokioIo::new(Patient::new(stream, limits.write));
        let connection = http.serve_connection(stream, service(router.clone(), peer));
        tokio::spawn(keep(graceful.watch(connection), place, peer));
    }
    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => {}
        () = tokio::time::sleep(limits.finish) => {
            tracing::warn!("some requests did not finish in time and were cut off");
        }
    }
}

/// The router, told who asks.
fn service(
    router: Router,
    peer: SocketAddr,
) -> impl hyper::service::Service<
    Request<Incoming>,
    Response = axum::response::Response,
    Error = std::convert::Infallible,
    Future: Send,
> {
    service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    })
}

/// Keeps the place until the connection ends.
async fn keep(connection: impl Future<Output = hyper::Result<()>>, place: OwnedSemaphorePermit, peer: SocketAddr) {
    if let Err(error) = connection.await {
        tracing::debug!(%error, %peer, "a connection ended badly");
    }
    drop(place);
}

fn prepare(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection will answer a little later than it could");
    }
}
