//! From the text of a setting to its value.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use portal::domain::email::EmailAddress;
use portal_http::{BaseUrl, Network};

/// An address to listen on.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("is `{text}`, not an address with a port such as 127.0.0.1:8080"))
}

/// A folder with `new` and `cur` in it.
pub(crate) fn maildir(text: &str) -> Result<PathBuf, String> {
    let folder = PathBuf::from(text);
    match ["new", "cur"].into_iter().find(|inner| !folder.join(inner).is_dir()) {
        None => Ok(folder),
        Some(missing) => Err(format!("is `{text}`, not a Maildir: there is no folder `{missing}` in it")),
    }
}

/// The address of a DNS resolver, with port 53 where none is said.
pub(crate) fn resolver(text: &str) -> Result<SocketAddr, String> {
    let address = text.parse().or_else(|_| text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53)));
    address.map_err(|_| format!("is `{text}`, not an address such as 192.0.2.53 or [2001:db8::53]:5353"))
}

/// A number of at least one.
pub(crate) fn count(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| format!("is `{text}`, not a whole number from 1"))
}

/// Addresses and networks, separated by commas or spaces.
pub(crate) fn networks(text: &str) -> Result<Vec<Network>, String> {
    let nets = text.split([',', ' ']).filter(|net| !net.is_empty()).map(|net| {
        Network::parse(net).ok_or_else(|| format!("holds `{net}`, not an address or a network such as 10.0.0.0/8"))
    });
    let nets: Vec<_> = nets.collect::<Result<_, _>>()?;
    if nets.is_empty() { Err("names no address or network".to_owned()) } else { Ok(nets) }
}

/// The sender of all mail.
pub(crate) fn sender(text: &str) -> Result<EmailAddress, String> {
    EmailAddress::parse(text).map_err(|fault| format!("is `{text}`, not a usable address: {fault}"))
}

/// How browsers reach the portal.
pub(crate) fn base_url(text: &str) -> Result<BaseUrl, String> {
    // What stands before an `@` may be a password.
    let shown = if text.contains('@') { "…" } else { text };
    BaseUrl::parse(text).map_err(|fault| format!("is `{shown}`: {fault}"))
}

/// The address itself, where it is listened on loopback: links can't name any other.
pub(crate) fn base_url_of(listener: SocketAddr) -> Option<BaseUrl> {
    let usable = listener.ip().is_loopback() && listener.port() != 0;
    usable.then(|| BaseUrl::parse(&format!("http://{listener}")).ok()).flatten()
}

/// An address to send from where none is configured: a host on the net has mail of its own, this machine needs none.
pub(crate) fn usual_sender(base_url: &BaseUrl) -> Option<EmailAddress> {
    let host = match base_url.as_str().strip_prefix("https://") {
        Some(authority) => authority.split(':').next()?,
        None => "portal.localhost",
    };
    EmailAddress::parse(&format!("portal@{host}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_base_is_loopback_only() {
        let base = |listener: &str| base_url_of(listener.parse().unwrap()).map(|url| url.as_str().to_owned());
        assert_eq!(base("[::1]:80").unwrap(), "http://[::1]");
        assert_eq!(base("127.0.0.1:8080").unwrap(), "http://127.0.0.1:8080");
        assert!(base("0.0.0.0:8080").is_none() && base("127.0.0.1:0").is_none());
    }

    #[test]
    fn the_usual_sender_is_an_address() {
        let sender = |url: &str| usual_sender(&BaseUrl::parse(url).unwrap()).map(|it| it.as_str().to_owned());
        assert_eq!(sender("https://portal.practice.example:8443").unwrap(), "portal@portal.practice.example");
        assert_eq!(sender("http://127.0.0.1:8080").unwrap(), "portal@portal.localhost");
        assert_eq!(sender("https://192.0.2.1"), None);
        assert_eq!(sender("https://[2001:db8::1]"), None);
    }

    #[test]
    fn s10_a_base_url_is_not_repeated_where_it_may_hold_a_password() {
        assert!(!base_url("https://user:hunter2@portal.example").unwrap_err().contains("hunter2"));
        assert!(base_url("http://portal.example").unwrap_err().contains("http://portal.example"));
    }

    #[test]
    fn a_resolver_has_the_usual_port() {
        for (text, address) in [
            ("192.0.2.53", "192.0.2.53:53"),
            ("192.0.2.53:5353", "192.0.2.53:5353"),
            ("2001:db8::53", "[2001:db8::53]:53"),
        ] {
            assert_eq!(resolver(text), Ok(address.parse().unwrap()));
        }
        for text in ["", "dns.example", "192.0.2.53:", "192.0.2"] {
            assert!(resolver(text).unwrap_err().contains("not an address"), "{text}");
        }
    }

    #[test]
    fn networks_and_counts_are_checked() {
        assert_eq!(networks("10.0.0.0/8, 192.0.2.1 2001:db8::/32").unwrap().len(), 3);
        for text in ["", ",", "10.0.0.0/33", "10.0.0/8", "host", "10.0.0.0/", "::/129"] {
            assert!(networks(text).is_err(), "{text}");
        }
        assert_eq!(count("60"), Ok(60));
        for text in ["0", "-1", "1.5", "sixty", "4294967296"] {
            assert!(count(text).is_err(), "{text}");
        }
    }
}
