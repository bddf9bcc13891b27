//! What the program is told: by file, environment and flag, in rising order.
//!
//! Names stand in [`names`]; [`raw`] gathers texts, this module makes values of them. Whatever is unknown or malformed
//! stops the start with one line that names it, and no line repeats a secret.

pub(crate) mod keys;
pub(crate) mod names;
pub(crate) mod raw;
pub(crate) mod value;

use std::{net::SocketAddr, path::PathBuf};

use portal::domain::{email::EmailAddress, link::LinkTokens};
use portal_http::{BaseUrl, Network};
use portal_smtp::MailTransport;
use tracing_subscriber::EnvFilter;

use self::raw::{Given, Raw};
use crate::{failure::Failure, stores::Database};

/// Where everything is kept when nothing else is said, under the working directory.
pub(crate) const DATA: &str = "data";

/// The settings of the program.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Where the data is.
    pub(crate) database: Database,
    /// Where requests are answered.
    pub(crate) listen: SocketAddr,
    /// Where metrics are answered, if anywhere.
    pub(crate) metrics_listen: Option<SocketAddr>,
    /// How browsers reach the portal, where it is said.
    pub(crate) base_url: Option<BaseUrl>,
    /// Where mail goes.
    pub(crate) mail: Option<MailTransport>,
    /// Sender of all mail.
    pub(crate) mail_from: Option<EmailAddress>,
    /// Keys of links.
    pub(crate) secret_keys: Option<LinkTokens>,
    /// Whose `X-Forwarded-For` is believed.
    pub(crate) trusted_proxies: Vec<Network>,
    /// Tries to get in that one origin has in a minute, where it is said (G2).
    pub(crate) sign_ins_per_minute: Option<u32>,
    /// From where mail that came back is read, if it is.
    pub(crate) bounce_maildir: Option<PathBuf>,
    /// Mails in an hour, of all practices, where it is said (D7).
    pub(crate) mails_per_hour: Option<u32>,
    /// Addresses that events may be pushed to though they are not public.
    pub(crate) webhook_private: Vec<Network>,
    /// Which DNS resolver is asked, where it is said.
    pub(crate) dns_resolver: Option<SocketAddr>,
    /// What is logged, where it is said.
    pub(crate) log: Option<String>,
}

impl Settings {
    /// Reads what was gathered.
    pub(crate) fn read(raw: &Raw) -> Result<Self, Failure> {
        let database = match raw.get("database_url") {
            Some(given) => Database::parse(given.text()).map_err(|why| given.malformed(why))?,
            None => Database::in_file(PathBuf::from(DATA).join("portal.db")),
        };
        let listen = read(raw, "listen", value::address)?.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080)));
        let mail = read(raw, "smtp_url", |text| {
            MailTransport::parse(text).map_err(|error| format!("can't be used: {error}"))
        })?;
        let log = raw.get("log").map(log_filter).transpose()?;
        Ok(Self {
            database,
            listen,
            metrics_listen: read(raw, "metrics_listen", value::address)?,
            base_url: read(raw, "base_url", value::base_url)?,
            mail,
            mail_from: read(raw, "mail_from", value::sender)?,
            secret_keys: read(raw, "secret_key", |text| keys::parse(text).map_err(str::to_owned))?,
            trusted_proxies: read(raw, "trusted_proxies", value::networks)?.unwrap_or_default(),
            sign_ins_per_minute: read(raw, "sign_ins_per_minute", value::count)?,
            bounce_maildir: read(raw, "bounce_maildir", value::maildir)?,
            mails_per_hour: read(raw, "mails_per_hour", value::count)?,
            webhook_private: read(raw, "webhook_private", value::networks)?.unwrap_or_default(),
            dns_resolver: read(raw, "dns_resolver", value::resolver)?,
            log,
        })
    }

    /// How browsers reach what is listened on at `address`.
    pub(crate) fn base_url_at(&self, address: SocketAddr) -> Result<BaseUrl, Failure> {
        let usual = || value::base_url_of(address);
        let base_url = self.base_url.clone().or_else(usual).ok_or_else(|| {
            Failure::usage(format!(
                "`PORTAL_BASE_URL` is needed, since `{address}` is no address on loopback that links could name: \
                 set it to https:// and the host that browsers use"
            ))
        })?;
        if !base_url.is_https() && !address.ip().is_loopback() {
            return Err(Failure::usage(format!(
                "`PORTAL_BASE_URL` must be https://, since `{address}` can be reached from elsewhere: set it to the host \
                 that browsers use, or listen on loopback"
            )));
        }
        Ok(base_url)
    }

    /// The sender of all mail.
    pub(crate) fn sender(&self, base_url: &BaseUrl) -> Result<EmailAddress, Failure> {
        let from = self.mail_from.clone().or_else(|| value::usual_sender(base_url));
        from.ok_or_else(|| Failure::usage("`PORTAL_MAIL_FROM` is needed: set it to the address that mail comes from"))
    }
}

fn read<T>(raw: &Raw, key: &'static str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, Failure> {
    raw.get(key).map(|given| parse(given.text()).map_err(|why| given.malformed(why))).transpose()
}

fn log_filter(given: &Given) -> Result<String, Failure> {
    match EnvFilter::try_new(given.text()) {
        Ok(_) => Ok(given.text().to_owned()),
        Err(_) => {
            Err(given.malformed(format!("is `{}`, not a filter such as info or portal=debug,warn", given.text())))
        }
    }
}

#[cfg(test)]
mod tests;
