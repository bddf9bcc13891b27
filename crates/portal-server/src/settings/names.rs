//! The names of all settings: one table for file, environment, flags and help.

/// A setting's name and what it is for.
pub(crate) struct Name {
    /// The key in the file; in capitals and after `PORTAL_` the variable, with hyphens and after `--` the flag.
    pub(crate) key: &'static str,
    /// Whether its value is never printed, and may also come from a file named by `…_file`.
    pub(crate) secret: bool,
    /// What the value looks like.
    pub(crate) value: &'static str,
    /// One line for `--help`.
    pub(crate) help: &'static str,
}

impl Name {
    /// `PORTAL_DATABASE_URL`.
    pub(crate) fn variable(&self) -> String {
        format!("PORTAL_{}", self.key.to_ascii_uppercase())
    }
}

/// `database-url`.
pub(crate) fn hyphens(key: &str) -> String {
    key.replace('_', "-")
}

/// What is behind a name that ends in `_file`.
pub(crate) const FILE_SUFFIX: &str = "_file";

/// Prefixes that container platforms inject for a service called `portal`; they are none of ours.
pub(crate) const INJECTED: [&str; 2] = ["PORTAL_PORT", "PORTAL_SERVICE_"];

const fn open(key: &'static str, value: &'static str, help: &'static str) -> Name {
    Name { key, secret: false, value, help }
}

const fn secret(key: &'static str, value: &'static str, help: &'static str) -> Name {
    Name { key, secret: true, value, help }
}

/// Every setting of the program.
pub(crate) const NAMES: [Name; 14] = [
    secret("database_url", "URL", "sqlite:///path/portal.db or postgres://…; default sqlite file data/portal.db"),
    open("listen", "ADDR:PORT", "where requests are answered; default 127.0.0.1:8080"),
    open(
        "metrics_listen",
        "ADDR:PORT",
        "where Prometheus reads metrics, by `GET /metrics`; nowhere where it is not set",
    ),
    open(
        "base_url",
        "URL",
        "how browsers reach the portal; default http:// and the address listened on, loopback only",
    ),
    secret("smtp_url", "URL", "smtp://host:port, smtp+starttls://user:pass@host:port, smtps://… or capture:DIR"),
    open("mail_from", "ADDRESS", "sender of all mail; default portal@ and the host of the base URL"),
    secret(
        "secret_key",
        "KEYS",
        "32 bytes in base64, or several as id:base64, newest first; made beside an embedded database",
    ),
    open("trusted_proxies", "NETS", "addresses or networks of proxies whose X-Forwarded-For is believed"),
    open(
        "sign_ins_per_minute",
        "N",
        "tries to sign in, reset and renew in a minute, of one practice and origin; default 60",
    ),
    open(
        "bounce_maildir",
        "DIR",
        "Maildir of the return path, from which mail that came back is read; none where it is not set",
    ),
    open("mails_per_hour", "N", "most mails in an hour, of all practices"),
    open(
        "webhook_private",
        "NETS",
        "addresses or networks that webhooks may reach though they are not public; on loopback by http too",
    ),
    open("dns_resolver", "ADDR[:PORT]", "DNS resolver that `portal doctor` asks; default those of /etc/resolv.conf"),
    open("log", "FILTER", "what is logged, such as info or portal=debug,warn; default info"),
];

/// The setting of this key.
pub(crate) fn find(key: &str) -> Option<&'static Name> {
    NAMES.iter().find(|name| name.key == key)
}

/// The setting that a key or a key with `_file` belongs to.
pub(crate) fn find_with_file(key: &str) -> Option<(&'static Name, bool)> {
    if let Some(name) = find(key) {
        return Some((name, false));
    }
    let name = find(key.strip_suffix(FILE_SUFFIX)?)?;
    name.secret.then_some((name, true))
}
