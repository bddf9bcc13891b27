//! Questions to the DNS, and answers in bounded time.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use hickory_resolver::{
    TokioResolver,
    config::{NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts},
    net::{DnsError, NetError, NoRecords, runtime::TokioRuntimeProvider},
    proto::{
        op::ResponseCode,
        rr::{Name, RData, RecordType},
    },
    system_conf::read_system_conf,
};

/// Asks one resolver, or those of the system.
///
/// Every name is asked as it is, without the system's search list, and `/etc/hosts` is not looked at: what counts is
/// what receivers see.
#[derive(Clone)]
pub struct Resolver {
    inner: TokioResolver,
    patience: Duration,
    asked: String,
}

/// Why there is no resolver.
#[derive(Debug, thiserror::Error)]
pub enum ResolverError {
    /// The system names none that can be used.
    #[error("the system's resolver in /etc/resolv.conf can't be used: {0}")]
    System(String),
    /// It could not be set up.
    #[error("the resolver can't be set up: {0}")]
    Setup(String),
}

/// Why a question has no records for an answer.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unanswered {
    /// There is no such name (NXDOMAIN).
    #[error("there is no such name in the DNS")]
    NoName,
    /// The name is there, a record of this kind is not.
    #[error("the name has no such record")]
    NoRecord,
    /// The resolver could not find out (SERVFAIL): the domain's servers are away or wrong, or its signatures are.
    #[error("the resolver says SERVFAIL")]
    ServerFailed,
    /// The resolver refused, or answered with another error.
    #[error("the resolver says {0}")]
    Refused(String),
    /// Nothing came in time.
    #[error("the resolver did not answer within {} s", .0.as_secs_f32())]
    Silent(Duration),
    /// The resolver can't be reached, or what it says is no answer.
    #[error("the resolver can't be asked: {0}")]
    Broken(String),
    /// The name can't be asked for: a label is too long or empty.
    #[error("it is no name of the DNS")]
    Malformed,
}

impl Unanswered {
    /// Whether it is an answer: that there is nothing.
    #[must_use]
    pub const fn is_absence(&self) -> bool {
        matches!(self, Self::NoName | Self::NoRecord | Self::Malformed)
    }
}

/// A server that takes mail for a domain.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Exchange {
    /// The lowest is asked first.
    pub preference: u16,
    /// Its name without the dot at the end; empty where the domain says that it takes no mail (RFC 7505).
    pub host: String,
}

impl Resolver {
    /// The resolver at an address, or without one those of the system. Nothing is asked yet.
    ///
    /// An answer comes within `patience`; half of it is waited for the first try.
    ///
    /// # Errors
    ///
    /// [`ResolverError`] where the system names none.
    pub fn new(server: Option<SocketAddr>, patience: Duration) -> Result<Self, ResolverError> {
        let (config, mut options) = match server {
            Some(server) => (only(server), ResolverOpts::default()),
            None => read_system_conf().map_err(|error| ResolverError::System(error.to_string()))?,
        };
        let servers: Vec<_> = config.name_servers().iter().map(|server| server.ip.to_string()).collect();
        let asked = server.map_or_else(|| servers.join(", "), |server| server.to_string());
        options.use_hosts_file = ResolveHosts::Never;
        options.timeout = patience / 2;
        options.attempts = 1;
        let inner = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        let inner = inner.with_options(options).build().map_err(|error| ResolverError::Setup(error.to_string()))?;
        Ok(Self { inner, patience, asked })
    }

    /// Whom it asks, for people.
    #[must_use]
    pub fn asked(&self) -> &str {
        &self.asked
    }

    /// The texts of a name, the strings of each put together (RFC 7208, 3.3).
    ///
    /// # Errors
    ///
    /// [`Unanswered`] where there is none, or none could be had.
    pub async fn texts(&self, name: &str) -> Result<Vec<String>, Unanswered> {
        let text = |data: &RData| match data {
            RData::TXT(text) => Some(String::from_utf8_lossy(&text.txt_data.concat()).into_owned()),
            _ => None,
        };
        self.ask(name, RecordType::TXT, text).await
    }

    /// The servers that take mail for a name, those first that are asked first.
    ///
    /// # Errors
    ///
    /// As [`texts`](Self::texts).
    pub async fn exchanges(&self, name: &str) -> Result<Vec<Exchange>, Unanswered> {
        let exchange = |data: &RData| match data {
            RData::MX(mx) => {
                let host = mx.exchange.to_ascii();
                Some(Exchange { preference: mx.preference, host: host.trim_end_matches('.').to_owned() })
            }
            _ => None,
        };
        let mut all = self.ask(name, RecordType::MX, exchange).await?;
        all.sort();
        Ok(all)
    }

    /// The addresses of a name, of both kinds; where one kind could be had, the other is not needed.
    ///
    /// # Errors
    ///
    /// As [`texts`](Self::texts), where there is neither kind.
    pub async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, Unanswered> {
        let address = |data: &RData| match data {
            RData::A(address) => Some(IpAddr::V4(address.0)),
            RData::AAAA(address) => Some(IpAddr::V6(address.0)),
            _ => None,
        };
        let (four, six) =
            tokio::join!(self.ask(name, RecordType::A, address), self.ask(name, RecordType::AAAA, address));
        match (four, six) {
            (Ok(mut four), six) => {
                four.extend(six.unwrap_or_default());
                Ok(four)
            }
            (Err(_), Ok(six)) => Ok(six),
            // That one kind is missing says nothing where the other could not be asked for.
            (Err(four), Err(six)) => Err(if four.is_absence() { six } else { four }),
        }
    }

    async fn ask<T>(
        &self,
        name: &str,
        kind: RecordType,
        read: impl Fn(&RData) -> Option<T>,
    ) -> Result<Vec<T>, Unanswered> {
        let mut name = Name::from_ascii(name).map_err(|_| Unanswered::Malformed)?;
        name.set_fqdn(true);
        let answer = tokio::time::timeout(self.patience, self.inner.lookup(name, kind)).await;
        let silent = |_| Unanswered::Silent(self.patience);
        let found = answer.map_err(silent)?.map_err(|error| self.why(&error))?;
        let found: Vec<_> = found.answers().iter().filter_map(|record| read(&record.data)).collect();
        if found.is_empty() { Err(Unanswered::NoRecord) } else { Ok(found) }
    }

    fn why(&self, error: &NetError) -> Unanswered {
        match error {
            NetError::Dns(DnsError::NoRecordsFound(NoRecords { response_code, .. })) => match *response_code {
                ResponseCode::NXDomain => Unanswered::NoName,
                ResponseCode::NoError => Unanswered::NoRecord,
                code => refused(code),
            },
            NetError::Dns(DnsError::ResponseCode(code)) => refused(*code),
            NetError::Timeout => Unanswered::Silent(self.patience),
            error => Unanswered::Broken(error.to_string()),
        }
    }
}

fn refused(code: ResponseCode) -> Unanswered {
    match code {
        ResponseCode::ServFail => Unanswered::ServerFailed,
        code => Unanswered::Refused(code.to_str().to_owned()),
    }
}

fn only(server: SocketAddr) -> ResolverConfig {
    let mut one = NameServerConfig::udp_and_tcp(server.ip());
    for connection in &mut one.connections {
        connection.port = server.port();
    }
    ResolverConfig::from_name_servers(vec![one])
}
