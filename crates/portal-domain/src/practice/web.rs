//! Addresses of other sites: places that a practice shows, and where it lets its clients return to.
//!
//! Browsers mend what they are given, each rule of theirs a way to mean another site than the one that was read. So there is
//! no mending here: what is doubtful is refused.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    id::Slug,
    sign_in_code::{CodeToken, HostState},
};

/// Most characters of an address.
const LONGEST: usize = 2000;

/// Another site of the practice's, shown to its clients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// What it is called: 1–80 characters.
    pub name: String,
    /// Its address: `https://`, or `http://` on this machine only.
    pub address: String,
    /// What it is for, in at most 200 characters.
    pub sentence: String,
}

/// Where clients may be sent back to after signing in. Requests name it, and never say an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnAddress {
    /// By which requests name it: of the same form as a practice's slug.
    pub name: String,
    /// The address, without fragment.
    pub address: String,
}

impl ReturnAddress {
    /// The member that is out of its bounds, and what they are.
    pub(super) fn fault(&self) -> Option<(&'static str, &'static str)> {
        if Slug::parse(&self.name).is_none() {
            return Some(("name", "2 to 40 of `a`–`z`, `0`–`9` and `-`"));
        }
        if !is_web_address(&self.address) {
            return Some(("address", BOUNDS));
        }
        has_fragment(&self.address).then_some(("address", "without fragment"))
    }

    /// The address with a code, and what the host handed in, added to its query.
    ///
    /// ```
    /// use portal_domain::{practice::ReturnAddress, sign_in_code::{CodeToken, HostState}};
    /// let app = ReturnAddress { name: "app".to_owned(), address: "https://app.example/back?a=1".to_owned() };
    /// let url = app.with(&CodeToken::from_entropy([0; 32]), &HostState::parse("x y&z=%").unwrap());
    /// assert_eq!(url, format!("https://app.example/back?a=1&code={}&state=x%20y%26z%3D%25", "A".repeat(43)));
    /// ```
    pub fn with(&self, code: &CodeToken, state: &HostState) -> String {
        let joint = if self.address.contains('?') { '&' } else { '?' };
        let state = state.as_str().bytes().map(|byte| match byte {
            byte if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        });
        format!("{}{joint}code={}&state={}", self.address, code.reveal(), state.collect::<String>())
    }

    /// Scheme, host and port of the address.
    ///
    /// ```
    /// use portal_domain::practice::ReturnAddress;
    /// let app = ReturnAddress { name: "app".to_owned(), address: "https://app.example:8443?a=/1".to_owned() };
    /// assert_eq!(app.origin(), "https://app.example:8443");
    /// ```
    pub fn origin(&self) -> &str {
        origin(&self.address)
    }
}

/// Reads named addresses. Before they had names there was a list of mere addresses: those are read as `return-1`, `return-2` …
pub(super) fn read_return_addresses<'de, D: Deserializer<'de>>(reader: D) -> Result<Vec<ReturnAddress>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Kept {
        Named(ReturnAddress),
        Bare(String),
    }
    let named = |(index, kept)| match kept {
        Kept::Named(named) => named,
        Kept::Bare(address) => ReturnAddress { name: format!("return-{}", index + 1), address },
    };
    Ok(Vec::<Kept>::deserialize(reader)?.into_iter().enumerate().map(named).collect())
}

/// What an address may be, in words.
pub(crate) const BOUNDS: &str = "an absolute `https://` address in ASCII, host in lower case, without user name, `.` or `..` \
                                 in its path, at most 2000 characters; `http://` only for this machine";

impl Place {
    /// The host that the address leads to, with its port, as people read it.
    ///
    /// ```
    /// use portal_domain::practice::Place;
    /// let address = "https://papers.smith.example:8443/in?a=b".to_owned();
    /// let place = Place { name: "Papers".to_owned(), address, sentence: String::new() };
    /// assert_eq!(place.host(), "papers.smith.example:8443");
    /// ```
    pub fn host(&self) -> &str {
        origin(&self.address).split_once("://").map_or("", |(_, host)| host)
    }

    /// The member that is out of its bounds, and what they are.
    pub(super) fn fault(&self) -> Option<(&'static str, &'static str)> {
        if !is_line(&self.name, 80) || self.name.chars().all(crate::email::is_hidden) {
            return Some(("name", "1 to 80 characters, without control characters"));
        }
        if !is_web_address(&self.address) {
            return Some(("address", BOUNDS));
        }
        let short = is_line(&self.sentence, 200);
        (!short).then_some(("sentence", "at most 200 characters, without control characters"))
    }
}

/// Scheme, host and port of an address.
fn origin(address: &str) -> &str {
    let start = address.find("://").map_or(0, |place| place + 3);
    let end = address[start..].find(['/', '?', '#']).map_or(address.len(), |place| start + place);
    &address[..end]
}

fn is_line(text: &str, most: usize) -> bool {
    text.chars().count() <= most && !text.chars().any(char::is_control)
}

/// Whether a text is the address of a site, and leaves no doubt of which.
pub(crate) fn is_web_address(text: &str) -> bool {
    let (rest, secure) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(rest), _) => (rest, true),
        (_, Some(rest)) => (rest, false),
        _ => return false,
    };
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let Some((host, loopback)) = host_of(authority) else { return false };
    text.len() <= LONGEST && host.len() <= 253 && (secure || loopback) && is_tail(tail)
}

/// Whether an address has a fragment, which is never sent to the site.
pub(crate) fn has_fragment(text: &str) -> bool {
    text.contains('#')
}

/// The host of an authority, and whether it is this machine. There is no `@`, so there is no user either.
fn host_of(authority: &str) -> Option<(&str, bool)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        let address: Ipv6Addr = host.parse().ok()?;
        return (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
            .then_some((host, address.is_loopback()));
    }
    let (host, port) = authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
    if !port.is_none_or(is_port) {
        return None;
    }
    // A host that ends in a number is an address of four numbers to every browser, or none.
    let last = host.rsplit('.').next()?;
    if last.starts_with(|c: char| c.is_ascii_digit()) {
        let address: Ipv4Addr = host.parse().ok()?;
        return Some((host, address.is_loopback()));
    }
    let loopback = host == "localhost" || host.ends_with(".localhost");
    let named = host.split('.').all(is_label) && (loopback || host.contains('.'));
    named.then_some((host, loopback))
}

fn is_port(port: &str) -> bool {
    let digits = !port.starts_with('0') && port.bytes().all(|byte| byte.is_ascii_digit());
    digits && port.parse::<u16>().is_ok()
}

fn is_label(label: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&label.len()) && label.bytes().all(plain) && !label.starts_with('-') && !label.ends_with('-')
}

/// Whether path, query and fragment are made of what may stand there (RFC 3986), whole escapes included.
fn is_tail(tail: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@/?%".contains(c);
    let (sent, fragment) = tail.split_once('#').unwrap_or((tail, ""));
    let path = sent.split('?').next().unwrap_or_default().to_ascii_lowercase().replace("%2e", ".");
    let straight = !path.split('/').any(|part| part == "." || part == "..");
    let escaped = |part: &str| part.len() >= 2 && part.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    sent.chars().chain(fragment.chars()).all(plain) && tail.split('%').skip(1).all(escaped) && straight
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn return_addresses_of_before_they_had_names_are_still_read() {
        let kept = r#"{"return_addresses": ["https://a.example/", {"name": "app", "address": "https://b.example/"}]}"#;
        let settings: super::super::Settings = serde_json::from_str(kept).expect("settings");
        let read = |name: &str| settings.return_address(name).map(|place| place.address.as_str());
        assert_eq!((read("return-1"), read("app")), (Some("https://a.example/"), Some("https://b.example/")));
        assert!(settings.check().is_ok());
        for odd in [r#"{"return_addresses": [7]}"#, r#"{"return_addresses": [{"name": "app"}]}"#] {
            assert!(serde_json::from_str::<super::super::Settings>(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn plain_addresses_are_taken() {
        for address in [
            "https://files.smith.example",
            "https://files.smith.example/",
            "https://files.smith.example:8443/a/b.html?c=d&e=%C3%A9#f",
            "https://xn--bcher-kva.example/?q=a/../b",
            "https://192.0.2.7/",
            "https://[2001:db8::1]:8443/",
            "https://a.b.c-d.example/~x/(y);z=1,2:3@4!$&'*+",
            "http://localhost",
            "http://localhost:3000/back",
            "http://app.localhost:3000/",
            "http://127.0.0.1:8080/",
            "http://[::1]:8080/",
            "https://localhost/",
        ] {
            assert!(is_web_address(address), "{address}");
        }
    }

    #[test]
    fn whatever_is_doubtful_is_refused() {
        for address in [
            "",
            "files.smith.example",
            "/files",
            "//files.smith.example/",
            "ftp://files.smith.example/",
            "javascript:alert(1)",
            "data:text/html,x",
            "HTTPS://files.smith.example/",
            "https:/files.smith.example/",
            "https:files.smith.example",
            "https:///files.smith.example/",
            "https://",
            "https:///",
            "https://?x",
            "https://Files.smith.example/",
            "https://user@files.smith.example/",
            "https://user:pass@files.smith.example/",
            "https://@files.smith.example/",
            "https://files.smith.example\\@evil.example/",
            "https://files.smith.example/\\..\\x",
            "https://intranet/",
            "https://.example/",
            "https://files..example/",
            "https://files.example./",
            "https://-files.example/",
            "https://files-.example/",
            "https://fi_les.example/",
            "https://files.example:/",
            "https://files.example:0/",
            "https://files.example:0443/",
            "https://files.example:65536/",
            "https://files.example:+80/",
            "https://files.example:80:80/",
            "https://files.example%2eevil.example/",
            "https://bücher.example/",
            "https://ﬁles.example/",
            "https://files.example/ü",
            "https://files.example/a b",
            "https://files.example/a\tb",
            "https://files.example/\n",
            " https://files.example/",
            "https://files.example/\u{0}",
            "https://files.example/\u{85}",
            "https://files.example/%",
            "https://files.example/%4",
            "https://files.example/%4g",
            "https://files.example/<b>",
            "https://files.example/\"x",
            "https://files.example/{x}",
            "https://files.example/a#b#c",
            "https://files.example/../x",
            "https://files.example/a/./x",
            "https://files.example/a/%2E%2e",
            "https://files.example/a/.%2E/x",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://127.1/",
            "https://192.0.2.256/",
            "https://192.0.2.07/",
            "https://files.1a/",
            "https://[::1/",
            "https://[::1]x/",
            "https://[fe80::1%25eth0]/",
            "https://[192.0.2.7]/",
            "http://files.smith.example/",
            "http://192.0.2.7/",
            "http://localhost.evil.example/",
            "http://[2001:db8::1]/",
            "http://127.0.0.1.evil.example/",
        ] {
            assert!(!is_web_address(address), "{address}");
        }
        let long = |length: usize| format!("https://a.example/{}", "x".repeat(length - 18));
        assert!(is_web_address(&long(2000)) && !is_web_address(&long(2001)));
        let host = |labels: usize| format!("https://{}example/", "a.".repeat(labels));
        assert!(is_web_address(&host(123)) && !is_web_address(&host(124)));
        assert!(!is_web_address(&format!("https://{}.example/", "a".repeat(64))));
    }
}
