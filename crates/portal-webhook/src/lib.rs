//! Events pushed to the endpoints of hosts, over HTTPS, and to nothing else.
//!
//! A host says where its events go, and whoever has a key of the host could say anything: an address inside, a name that
//! resolves to one, a redirect there. So [`WebhookClient`] resolves once, looks at every address with [`is_public`], connects to
//! exactly what it has looked at, and follows nothing.

mod guard;
mod send;
mod tls;

use std::{fmt, io, net::IpAddr, sync::Arc};

use async_trait::async_trait;

pub use self::{guard::is_public, send::WebhookClient, tls::TlsSetupError};

/// Whether an address that is not public may be reached all the same.
pub type Allowed = Arc<dyn Fn(IpAddr) -> bool + Send + Sync>;

/// What a client may do. The default reaches public addresses only.
#[derive(Clone)]
pub struct WebhookOptions {
    /// Addresses that may be reached though they are not public; plain HTTP goes to such a one on loopback, and to no other.
    pub allowed: Allowed,
    /// Certificates in PEM that are trusted besides those of the web.
    pub extra_roots: Option<Vec<u8>>,
    /// Who resolves names.
    pub resolver: Arc<dyn Resolve>,
}

impl Default for WebhookOptions {
    fn default() -> Self {
        Self { allowed: Arc::new(|_| false), extra_roots: None, resolver: Arc::new(SystemResolver) }
    }
}

impl fmt::Debug for WebhookOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookOptions").finish_non_exhaustive()
    }
}

/// Resolves names.
#[async_trait]
pub trait Resolve: Send + Sync {
    /// The addresses of a name.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// Resolves as the operating system does.
#[derive(Clone, Copy, Debug)]
pub struct SystemResolver;

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
    }
}
