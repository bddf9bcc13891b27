//! The setting `PORTAL_SMTP_URL`, read.

use std::{fmt, net::IpAddr, path::PathBuf};

use secrecy::SecretString;

/// Where mail goes.
///
/// | form | what it is |
/// |---|---|
/// | `smtp://host:port` | a relay in the clear (port 25 if left out), without a login |
/// | `smtp+starttls://user:pass@host:port` | STARTTLS is required (port 587 if left out); the login may be left out |
/// | `smtps://user:pass@host:port` | TLS from the first byte (port 465 if left out); the login may be left out |
/// | `capture:DIR` | one `.eml` file for each message, for its owner only |
///
/// User and password are percent-encoded where they hold `%`, `@`, `:` or `/`. In the clear there is never a login, not
/// even on loopback; links do travel in the clear then, so see [`in_the_clear_beyond_loopback`].
///
/// [`in_the_clear_beyond_loopback`]: Self::in_the_clear_beyond_loopback
///
/// ```
/// use portal_smtp::{MailTransport, MailUrlError};
///
/// let MailTransport::StartTls { server, login } = MailTransport::parse("smtp+starttls://ada:s%40fe@mx.example:2525")?
/// else { panic!() };
/// assert_eq!((server.host.as_str(), server.port), ("mx.example", 2525));
/// assert_eq!(login.expect("a login").user, "ada");
///
/// // The password is never part of an error.
/// let error = MailTransport::parse("smtp://ada:hunter2@mx.example:25").unwrap_err();
/// assert_eq!(error, MailUrlError::LoginInTheClear);
/// assert!(!error.to_string().contains("hunter2"));
/// # Ok::<(), MailUrlError>(())
/// ```
#[derive(Clone, Debug)]
pub enum MailTransport {
    /// In the clear.
    Plain {
        /// The relay.
        server: Server,
    },
    /// In the clear until STARTTLS, which is required.
    StartTls {
        /// The relay.
        server: Server,
        /// Who we are there.
        login: Option<Login>,
    },
    /// TLS from the first byte.
    Tls {
        /// The relay.
        server: Server,
        /// Who we are there.
        login: Option<Login>,
    },
    /// Files in a folder.
    Capture {
        /// The folder.
        dir: PathBuf,
    },
}

/// A mail server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Server {
    /// Name or IP address, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// Who we are at a mail server. The password is never printed and is wiped when dropped.
#[derive(Clone)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password.
    pub password: SecretString,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

/// What is wrong with the setting. Nothing of it is repeated but a scheme, since the rest may hold a password.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum MailUrlError {
    /// There is no scheme at all.
    #[error("the mail server has no scheme: write smtp://, smtp+starttls://, smtps:// or capture:DIR")]
    NoScheme,
    /// There is another one.
    #[error("`{0}` is no way to send mail: write smtp://, smtp+starttls://, smtps:// or capture:DIR")]
    UnknownScheme(String),
    /// No host, or one with characters that no host has.
    #[error("the mail server's host is missing or malformed")]
    Host,
    /// Not a number from 1 to 65535.
    #[error("the mail server's port is not a number from 1 to 65535")]
    Port,
    /// A path, query or fragment.
    #[error("nothing may follow the mail server's host and port; a `/`, `?` or `#` in the login is percent-encoded")]
    Tail,
    /// A user without a password or the other way round.
    #[error("the mail server's login needs both a user and a password, as user:password@host")]
    Login,
    /// A `%` without two hexadecimal digits, or bytes that are no text.
    #[error("the mail server's login is not percent-encoded: a `%` is written %25")]
    Escape,
    /// A login with `smtp://`.
    #[error("smtp:// would send the password in the clear: use smtp+starttls:// or smtps://")]
    LoginInTheClear,
    /// `capture:` and nothing.
    #[error("capture: needs a folder, as in capture:./mail")]
    CaptureDir,
}

impl MailTransport {
    /// Reads the setting. Nothing is looked up or opened.
    ///
    /// # Errors
    ///
    /// The [`MailUrlError`] that says what is wrong first.
    pub fn parse(url: &str) -> Result<Self, MailUrlError> {
        let url = url.trim();
        if let Some(dir) = url.strip_prefix("capture:") {
            let dir = dir.strip_prefix("//").unwrap_or(dir);
            return match dir {
                "" => Err(MailUrlError::CaptureDir),
                dir => Ok(Self::Capture { dir: PathBuf::from(dir) }),
            };
        }
        let (scheme, rest) = url.split_once("://").ok_or(MailUrlError::NoScheme)?;
        match scheme.to_ascii_lowercase().as_str() {
            "smtp" => match authority(rest, 25)? {
                (server, None) => Ok(Self::Plain { server }),
                (_, Some(_)) => Err(MailUrlError::LoginInTheClear),
            },
            "smtp+starttls" => authority(rest, 587).map(|(server, login)| Self::StartTls { server, login }),
            "smtps" => authority(rest, 465).map(|(server, login)| Self::Tls { server, login }),
            _ => Err(unknown(scheme)),
        }
    }

    /// Whether messages, and the links in them, cross a network in the clear. Allowed, since relays of a private network
    /// often know no TLS, and worth a warning at the start.
    ///
    /// ```
    /// use portal_smtp::MailTransport;
    ///
    /// let warn = |url| MailTransport::parse(url).is_ok_and(|it| it.in_the_clear_beyond_loopback());
    /// assert!(warn("smtp://relay.example:25"));
    /// assert!(!warn("smtp://localhost:25") && !warn("smtp://[::1]:25") && !warn("smtp+starttls://relay.example:25"));
    /// ```
    #[must_use]
    pub fn in_the_clear_beyond_loopback(&self) -> bool {
        matches!(self, Self::Plain { server } if !server.is_loopback())
    }
}

impl Server {
    fn is_loopback(&self) -> bool {
        let named = self.host.eq_ignore_ascii_case("localhost");
        named || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// Repeats a scheme only if it can be nothing else: a password may stand where a scheme was forgotten.
fn unknown(scheme: &str) -> MailUrlError {
    let known =
        ["http", "https", "imap", "imaps", "mailto", "pop3", "sendmail", "smtp+tls", "smtps+starttls", "starttls"];
    match known.iter().find(|known| known.eq_ignore_ascii_case(scheme)) {
        Some(known) => MailUrlError::UnknownScheme((*known).to_owned()),
        None => MailUrlError::NoScheme,
    }
}

fn authority(rest: &str, usual_port: u16) -> Result<(Server, Option<Login>), MailUrlError> {
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (login, place) = match rest.rsplit_once('@') {
        Some((login, place)) => (Some(login), place),
        None => (None, rest),
    };
    if rest.contains(['/', '?', '#']) {
        return Err(MailUrlError::Tail);
    }
    let (host, port) = host_and_port(place)?;
    let port = match port {
        None => usual_port,
        Some(port) => port.parse().ok().filter(|port| *port != 0).ok_or(MailUrlError::Port)?,
    };
    let login = login.map(parse_login).transpose()?;
    Ok((Server { host: host.to_owned(), port }, login))
}

fn host_and_port(place: &str) -> Result<(&str, Option<&str>), MailUrlError> {
    if let Some(literal) = place.strip_prefix('[') {
        let (host, port) = literal.split_once(']').ok_or(MailUrlError::Host)?;
        host.parse::<std::net::Ipv6Addr>().map_err(|_| MailUrlError::Host)?;
        return match port.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if port.is_empty() => Ok((host, None)),
            None => Err(MailUrlError::Host),
        };
    }
    let (host, port) = match place.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (place, None),
    };
    let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if host.is_empty() || host.len() > 253 || !host.chars().all(named) {
        return Err(MailUrlError::Host);
    }
    Ok((host, port))
}

fn parse_login(login: &str) -> Result<Login, MailUrlError> {
    let (user, password) = login.split_once(':').ok_or(MailUrlError::Login)?;
    if user.is_empty() || password.is_empty() {
        return Err(MailUrlError::Login);
    }
    Ok(Login { user: unescape(user)?, password: SecretString::from(unescape(password)?) })
}

fn unescape(text: &str) -> Result<String, MailUrlError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => hexadecimal(rest.next())? * 16 + hexadecimal(rest.next())?,
            byte => byte,
        });
    }
    let text = String::from_utf8(bytes).map_err(|_| MailUrlError::Escape)?;
    if text.contains(char::is_control) { Err(MailUrlError::Escape) } else { Ok(text) }
}

fn hexadecimal(digit: Option<u8>) -> Result<u8, MailUrlError> {
    let value = digit.and_then(|digit| char::from(digit).to_digit(16)).ok_or(MailUrlError::Escape)?;
    u8::try_from(value).map_err(|_| MailUrlError::Escape)
}
