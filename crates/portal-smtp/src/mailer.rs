//! The port [`Mailer`], kept over SMTP.

use std::{fmt, net::IpAddr, time::Duration};

use async_trait::async_trait;
use lettre::transport::smtp::{
    authentication::{Credentials, Mechanism},
    client::{AsyncSmtpConnection, Certificate, TlsParameters},
    extension::{ClientId, Extension},
};
use portal_domain::port::{Mailer, OutgoingMail, SendOutcome};
use secrecy::ExposeSecret;
use tokio::{net::TcpStream, time::timeout};

use crate::{
    connect::{MailSetupError, SmtpOptions},
    dialogue::{self, Stage},
    message, reply,
    route::Route,
    stream::LineStream,
    transport::{Login, MailTransport, Server},
};

/// How long a goodbye may take. Its answer matters to nobody.
const GOODBYE: Duration = Duration::from_secs(2);

/// Hands mail to a mail server, one connection for each message.
///
/// | what happens | outcome |
/// |---|---|
/// | 2xx after the message | `Accepted` |
/// | 4xx, no connection, no answer within the deadline, an answer that is none | `Transient` |
/// | 5xx to sender, recipient or message; a local part that needs SMTPUTF8 | `Permanent` |
/// | 530, 534, 535, 538; 5xx before the sender is named; no STARTTLS; a certificate that is not trusted | `Misconfigured` |
///
/// The server's words are kept: on one line, at most 500 characters, without links of the mail. `Debug` prints host, port
/// and the way of securing, nothing else.
pub struct SmtpMailer {
    server: Server,
    security: Security,
    login: Option<Login>,
    hello: Option<ClientId>,
    deadline: Duration,
}

/// How a connection is secured.
enum Security {
    None,
    StartTls(TlsParameters),
    Tls(TlsParameters),
}

impl SmtpMailer {
    /// A mailer for a server. Nothing is opened before the first message.
    ///
    /// # Errors
    ///
    /// [`MailSetupError`] where the options are unusable, or the transport is no server.
    pub fn new(transport: &MailTransport, options: &SmtpOptions) -> Result<Self, MailSetupError> {
        let (server, login, security) = match transport {
            MailTransport::Plain { server } => (server, None, Security::None),
            MailTransport::StartTls { server, login } => {
                (server, login.clone(), Security::StartTls(tls(&server.host, options)?))
            }
            MailTransport::Tls { server, login } => (server, login.clone(), Security::Tls(tls(&server.host, options)?)),
            MailTransport::Capture { .. } => return Err(MailSetupError::Tls("a folder is no mail server".to_owned())),
        };
        let hello = options.hello_name.as_deref().map(hello).transpose()?;
        Ok(Self { server: server.clone(), security, login, hello, deadline: options.deadline })
    }

    /// One attempt, with the connection as it was left, if it can still be said goodbye on.
    async fn attempt(&self, mail: &OutgoingMail) -> (SendOutcome, Option<AsyncSmtpConnection>) {
        let mut connection = match self.open().await {
            Ok(connection) => connection,
            Err(outcome) => return (outcome, None),
        };
        let offers_utf8 = connection.server_info().supports_feature(Extension::SmtpUtfEight);
        let composed = Route::choose(mail, offers_utf8)
            .and_then(|route| message::compose(mail, &route).map(|message| (route, message)));
        let outcome = match composed {
            Ok((route, message)) => dialogue::deliver(&mut connection, &route, &message).await,
            Err(outcome) => outcome,
        };
        (outcome, Some(connection))
    }

    /// A connection on which the server knows us.
    async fn open(&self) -> Result<AsyncSmtpConnection, SendOutcome> {
        let mut connection = match &self.security {
            Security::Tls(tls) => self.open_tls(tls).await?,
            Security::None | Security::StartTls(_) => self.open_plain().await?,
        };
        if let Some(Login { user, password }) = &self.login {
            let credentials = Credentials::new(user.clone(), password.expose_secret().to_owned());
            let answer = connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await;
            answer.map_err(|error| dialogue::outcome(&error, Stage::Opening))?;
        }
        Ok(connection)
    }

    async fn open_plain(&self) -> Result<AsyncSmtpConnection, SendOutcome> {
        let tcp = TcpStream::connect((self.server.host.as_str(), self.server.port)).await.map_err(unreachable)?;
        let hello = self.hello.clone().unwrap_or_else(|| address_of(&tcp));
        let stream = LineStream::new(tcp).map_err(unreachable)?;
        let mut connection = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello)
            .await
            .map_err(|error| dialogue::outcome(&error, Stage::Opening))?;
        if let Security::StartTls(tls) = &self.security {
            let secured = connection.starttls(tls.clone(), &hello).await;
            secured.map_err(|error| dialogue::outcome(&error, Stage::Securing))?;
        }
        Ok(connection)
    }

    async fn open_tls(&self, tls: &TlsParameters) -> Result<AsyncSmtpConnection, SendOutcome> {
        let place = (self.server.host.as_str(), self.server.port);
        let hello = self.hello.clone().unwrap_or_default();
        AsyncSmtpConnection::connect_tokio1(place, Some(self.deadline), &hello, Some(tls.clone()), None)
            .await
            .map_err(|error| dialogue::outcome(&error, Stage::Securing))
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &OutgoingMail) -> SendOutcome {
        let outcome = match timeout(self.deadline, self.attempt(mail)).await {
            Ok((outcome, connection)) => {
                if let Some(mut connection) = connection.filter(|connection| !connection.has_broken()) {
                    let _answer = timeout(GOODBYE, connection.quit()).await;
                }
                outcome
            }
            Err(_) => SendOutcome::Transient {
                reply: format!("the mail server did not answer within {} s", self.deadline.as_secs_f32()),
            },
        };
        with_words(outcome, |words| reply::words(words, mail))
    }
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let security = match &self.security {
            Security::None => "none",
            Security::StartTls(_) => "starttls",
            Security::Tls(_) => "tls",
        };
        f.debug_struct("SmtpMailer").field("server", &self.server).field("security", &security).finish_non_exhaustive()
    }
}

fn with_words(outcome: SendOutcome, change: impl Fn(&str) -> String) -> SendOutcome {
    match outcome {
        SendOutcome::Accepted { reply } => SendOutcome::Accepted { reply: change(&reply) },
        SendOutcome::Transient { reply } => SendOutcome::Transient { reply: change(&reply) },
        SendOutcome::Permanent { reply } => SendOutcome::Permanent { reply: change(&reply) },
        SendOutcome::Misconfigured { reply } => SendOutcome::Misconfigured { reply: change(&reply) },
    }
}

fn unreachable(error: std::io::Error) -> SendOutcome {
    SendOutcome::Transient { reply: format!("the mail server can't be reached: {error}") }
}

fn address_of(tcp: &TcpStream) -> ClientId {
    match tcp.local_addr().map(|address| address.ip().to_canonical()) {
        Ok(IpAddr::V4(address)) => ClientId::Ipv4(address),
        Ok(IpAddr::V6(address)) => ClientId::Ipv6(address),
        Err(_) => ClientId::default(),
    }
}

fn hello(name: &str) -> Result<ClientId, MailSetupError> {
    let label =
        |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if name.len() <= 253 && name.split('.').all(label) {
        Ok(ClientId::Domain(name.to_owned()))
    } else {
        Err(MailSetupError::HelloName(name.to_owned()))
    }
}

fn tls(host: &str, options: &SmtpOptions) -> Result<TlsParameters, MailSetupError> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(pem) = &options.extra_roots_pem {
        if !pem.windows(11).any(|window| window == b"-----BEGIN ") {
            return Err(MailSetupError::Roots);
        }
        builder = builder.add_root_certificate(Certificate::from_pem(pem).map_err(|_| MailSetupError::Roots)?);
    }
    builder.build().map_err(|error| MailSetupError::Tls(error.to_string()))
}
