//! Where the service is reached, and whom it believes.

use std::{net::IpAddr, path::PathBuf};

use axum::http::Uri;

use crate::first_start::FirstStart;

/// What the routers have to know of the program's configuration.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// The address under which browsers reach the service; links and cookies follow it, and no request ever does.
    pub base_url: BaseUrl,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Folder of captured mail to be shown at `/demo/mail`. Only ever set by the demo.
    pub demo_mail: Option<PathBuf>,
    /// The way to the first practice, where there is none yet.
    pub first_start: Option<FirstStart>,
}

impl HttpConfig {
    /// A service at this address, behind no proxy.
    pub const fn new(base_url: BaseUrl) -> Self {
        Self { base_url, trusted_proxies: Vec::new(), demo_mail: None, first_start: None }
    }
}

/// The address under which the service is reached: `https://host[:port]`, or `http://` on loopback only.
///
/// ```
/// use portal_http::BaseUrl;
/// let base = BaseUrl::parse("https://Portal.example/").unwrap();
/// assert_eq!(base.as_str(), "https://portal.example");
/// assert!(BaseUrl::parse("http://127.0.0.1:8080").is_ok());
/// assert!(BaseUrl::parse("http://portal.example").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    text: String,
    authority: String,
    https: bool,
    loopback: bool,
}

/// Why a text is no base address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlFault {
    /// It is not an address at all.
    #[error("not an address such as `https://portal.example`")]
    Malformed,
    /// It has more than scheme, host and port.
    #[error("only scheme, host and port may stand in it")]
    TooMuch,
    /// Plain HTTP to a host that is not this machine.
    #[error("`http` is allowed on loopback only; use `https`")]
    PlainHttp,
}

impl BaseUrl {
    /// Reads a base address.
    ///
    /// # Errors
    ///
    /// [`BaseUrlFault`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, BaseUrlFault> {
        let uri: Uri = text.parse().map_err(|_| BaseUrlFault::Malformed)?;
        let https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(BaseUrlFault::Malformed),
        };
        let authority = uri.authority().ok_or(BaseUrlFault::Malformed)?.as_str().to_ascii_lowercase();
        let bare = matches!(uri.path(), "" | "/") && uri.query().is_none() && !text.contains('#');
        if !bare || authority.contains('@') {
            return Err(BaseUrlFault::TooMuch);
        }
        let (host, port) = split(&authority).ok_or(BaseUrlFault::Malformed)?;
        let loopback = is_loopback(host);
        if !https && !loopback {
            return Err(BaseUrlFault::PlainHttp);
        }
        let usual = if https { 443 } else { 80 };
        let authority = match port {
            Some(port) if port != usual => format!("{host}:{port}"),
            _ => host.to_owned(),
        };
        let scheme = if https { "https" } else { "http" };
        Ok(Self { text: format!("{scheme}://{authority}"), authority, https, loopback })
    }

    /// The address, without a slash at its end. It is an origin, too.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether browsers speak HTTPS with the service.
    pub const fn is_https(&self) -> bool {
        self.https
    }

    /// Whether a `Host` header names this service: the base's own host; on loopback every name of this machine.
    pub(crate) fn knows_host(&self, host: &str) -> bool {
        let lower = host.to_ascii_lowercase();
        let Some((name, port)) = split(&lower) else { return false };
        if self.loopback && is_loopback(name) {
            return true;
        }
        let usual = if self.https { 443 } else { 80 };
        match port {
            Some(port) if port != usual => self.authority == format!("{name}:{port}"),
            _ => self.authority == name,
        }
    }

    /// Whether an `Origin` header names a page of this service. On loopback the name may be any of this
    /// machine's, as long as it is the one the request itself was sent to.
    pub(crate) fn knows_origin(&self, origin: &str, host: &str) -> bool {
        let own = self.loopback && !self.https && origin.strip_prefix("http://") == Some(host);
        origin == self.text || (own && self.knows_host(host))
    }
}

/// Host and port of an authority; `None` where it is neither.
fn split(authority: &str) -> Option<(&str, Option<u16>)> {
    let after_host = if authority.starts_with('[') { authority.find(']')? + 1 } else { 0 };
    let (host, port) = match authority[after_host..].rfind(':') {
        Some(colon) => {
            let at = after_host + colon;
            (&authority[..at], Some(authority[at + 1..].parse().ok()?))
        }
        None => (authority, None),
    };
    (!host.is_empty()).then_some((host, port))
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    address || host == "localhost" || host.ends_with(".localhost")
}

/// A network, such as `10.0.0.0/8` or a single address.
///
/// ```
/// use portal_http::Network;
/// let network = Network::parse("10.0.0.0/8").unwrap();
/// assert!(network.contains("10.1.2.3".parse().unwrap()));
/// assert!(!network.contains("11.1.2.3".parse().unwrap()));
/// assert!(Network::parse("10.0.0.0/33").is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Reads a network in CIDR notation, or a single address; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(most);
        (prefix <= most).then_some(Self { address, prefix })
    }

    /// Whether an address belongs to the network.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_base_s_own_host_is_known() {
        let base = BaseUrl::parse("https://portal.example:443").unwrap();
        for host in ["portal.example", "PORTAL.example:443"] {
            assert!(base.knows_host(host), "{host}");
        }
        for host in ["portal.example:8443", "evil.example", "portal.example.evil.example", "", ":443", "localhost"] {
            assert!(!base.knows_host(host), "{host}");
        }
    }

    #[test]
    fn on_loopback_every_name_of_this_machine_is_known() {
        let base = BaseUrl::parse("http://127.0.0.1:8080").unwrap();
        for host in ["127.0.0.1:8080", "localhost:8080", "demo.localhost", "[::1]:8080", "127.9.9.9"] {
            assert!(base.knows_host(host), "{host}");
        }
        assert!(!base.knows_host("evil.example:8080"));
        assert!(base.knows_origin("http://localhost:8080", "localhost:8080"));
        assert!(!base.knows_origin("http://localhost:9090", "localhost:8080"));
        assert!(!base.knows_origin("null", "localhost:8080"));
    }

    #[test]
    fn what_is_no_base_address_is_refused() {
        for (text, fault) in [
            ("portal.example", BaseUrlFault::Malformed),
            ("ftp://portal.example", BaseUrlFault::Malformed),
            ("https://portal.example/app", BaseUrlFault::TooMuch),
            ("https://portal.example/?a", BaseUrlFault::TooMuch),
            ("https://user@portal.example", BaseUrlFault::TooMuch),
            ("http://10.0.0.1", BaseUrlFault::PlainHttp),
        ] {
            assert_eq!(BaseUrl::parse(text), Err(fault), "{text}");
        }
    }
}
