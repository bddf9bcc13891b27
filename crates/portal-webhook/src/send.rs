//! One call, from a name to a status.

use std::{fmt, io, net::IpAddr, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Uri, header, uri::Scheme};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use portal_domain::{
    port::{WebhookCall, WebhookSender},
    webhook::Pushed,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};

use crate::{TlsSetupError, WebhookOptions, guard::is_public, tls};

/// So long a try may take, from the name to the status.
const DEADLINE: Duration = Duration::from_secs(15);
/// So much of a head, and so much of an answer, is read.
const READ: usize = 16 * 1024;
/// And for so long the rest of an answer is waited for, which is thrown away.
const REST: Duration = Duration::from_secs(2);
/// So many addresses of one name are tried.
const ADDRESSES: usize = 4;

/// Posts to the endpoints of hosts. See the crate's page for what it refuses.
pub struct WebhookClient {
    options: WebhookOptions,
    tls: TlsConnector,
}

impl fmt::Debug for WebhookClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookClient").finish_non_exhaustive()
    }
}

impl WebhookClient {
    /// A client that may do this.
    ///
    /// # Errors
    ///
    /// [`TlsSetupError`] where the certificates can't be read.
    pub fn new(options: WebhookOptions) -> Result<Self, TlsSetupError> {
        let tls = tls::connector(options.extra_roots.as_deref())?;
        Ok(Self { options, tls })
    }

    async fn call(&self, call: &WebhookCall) -> Result<u16, Refused> {
        let uri: Uri = call.url.parse().map_err(|_| Refused::Address)?;
        let secure = uri.scheme() == Some(&Scheme::HTTPS);
        if !secure && uri.scheme() != Some(&Scheme::HTTP) {
            return Err(Refused::Address);
        }
        let host = uri.host().ok_or(Refused::Address)?.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let tcp = connect(&self.looked_at(&host, secure).await?, port).await?;
        let request = request(&uri, call)?;
        if !secure {
            return exchange(tcp, request).await;
        }
        let name = ServerName::try_from(host).map_err(|_| Refused::Address)?;
        exchange(self.tls.connect(name, tcp).await.map_err(Refused::tls)?, request).await
    }

    /// The addresses of a host, every one of which may be reached.
    async fn looked_at(&self, host: &str, secure: bool) -> Result<Vec<IpAddr>, Refused> {
        let mut addresses = match host.parse() {
            Ok(address) => vec![address],
            Err(_) => self.options.resolver.resolve(host).await.map_err(|_| Refused::Name)?,
        };
        let reachable = |address: &IpAddr| {
            let allowed = (self.options.allowed)(*address);
            if secure { allowed || is_public(*address) } else { allowed && address.is_loopback() }
        };
        if addresses.is_empty() {
            return Err(Refused::Name);
        }
        if !addresses.iter().all(reachable) {
            return Err(if secure { Refused::Inside } else { Refused::Plain });
        }
        addresses.truncate(ADDRESSES);
        Ok(addresses)
    }
}

#[async_trait]
impl WebhookSender for WebhookClient {
    async fn push(&self, call: &WebhookCall) -> Pushed {
        match tokio::time::timeout(DEADLINE, self.call(call)).await {
            Ok(Ok(status)) => Pushed::Answered(status),
            Ok(Err(refused)) => Pushed::Unanswered(refused.to_string()),
            Err(_) => Pushed::Unanswered(format!("no answer within {} seconds", DEADLINE.as_secs())),
        }
    }
}

/// Why there was no answer. No text of the other side stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Refused {
    #[error("the address is not one that can be posted to")]
    Address,
    #[error("the name of the host can't be resolved")]
    Name,
    #[error("the host has an address that is not public")]
    Inside,
    #[error("`http` is allowed only where the program is set up for tests on this machine")]
    Plain,
    #[error("the host can't be connected to")]
    Connection,
    #[error("the host's certificate or its TLS was not accepted")]
    Tls,
    #[error("the connection broke before an answer came")]
    Broken,
}

impl Refused {
    fn tls(error: io::Error) -> Self {
        // As which rustls' own errors come; the rest is the network's.
        if error.kind() == io::ErrorKind::InvalidData { Self::Tls } else { Self::Broken }
    }
}

/// Connects to the first that answers, of exactly these.
async fn connect(addresses: &[IpAddr], port: u16) -> Result<TcpStream, Refused> {
    // None may use up the time of the others.
    let each = DEADLINE / u32::try_from(addresses.len() + 1).unwrap_or(u32::MAX);
    for address in addresses {
        if let Ok(Ok(tcp)) = tokio::time::timeout(each, TcpStream::connect((*address, port))).await {
            // Head and body are written apart.
            return tcp.set_nodelay(true).map(|()| tcp).map_err(|_| Refused::Connection);
        }
    }
    Err(Refused::Connection)
}

fn request(uri: &Uri, call: &WebhookCall) -> Result<Request<Full<Bytes>>, Refused> {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let authority = uri.authority().ok_or(Refused::Address)?.as_str();
    Request::post(path)
        .header(header::HOST, authority)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, concat!("portal-webhook/", env!("CARGO_PKG_VERSION")))
        .header(header::CONNECTION, "close")
        .header("webhook-id", &call.id)
        .header("webhook-timestamp", call.at.as_millis() / 1000)
        .header("webhook-signature", &call.signature)
        .body(Full::new(Bytes::from(call.body.clone())))
        .map_err(|_| Refused::Address)
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<u16, Refused>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let http = hyper::client::conn::http1::Builder::new().max_buf_size(READ).handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = http.map_err(|_| Refused::Broken)?;
    // Ends with this call, whatever becomes of it.
    let connection = Ended(tokio::spawn(connection));
    let response = sender.send_request(request).await.map_err(|_| Refused::Broken)?;
    let status = response.status().as_u16();
    rest(response.into_body()).await;
    drop(connection);
    Ok(status)
}

/// A task that is ended with its handle.
struct Ended<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for Ended<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Reads a little of what else is said, so that the other side is not cut off, and keeps none of it.
async fn rest(body: Incoming) {
    let mut body = Limited::new(body, READ);
    let all = async { while let Some(Ok(_)) = body.frame().await {} };
    let _ = tokio::time::timeout(REST, all).await;
}
