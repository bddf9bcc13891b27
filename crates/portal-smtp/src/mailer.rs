//! The port [`Mailer`], kept over SMTP.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use lettre::transport::smtp::extension::ClientId;
use portal_domain::port::{Mailer, OutgoingMail, SendOutcome};

use crate::{
    connect::{MailSetupError, SmtpOptions},
    connection::Connection,
    fault::{self, Fault, Stage},
    limits::Limits,
    message,
    open::{Opener, Security},
    pool::Pool,
    reply,
    route::Route,
    tls::Tls,
    transport::MailTransport,
};

/// Hands mail to a mail server, over a few connections that are kept and used again.
///
/// | what happens | outcome |
/// |---|---|
/// | 2xx after the message | `Accepted` |
/// | 4xx, 421 among them, wherever it comes; no connection, no answer in time, an answer that is none | `Transient` |
/// | 5xx to recipient or message; a local part that needs SMTPUTF8 | `Permanent` |
/// | 5xx before a recipient is named, to the sender too; 500, 502, 503, 504, 530, 534, 535, 538 wherever they come; no STARTTLS; a certificate that is not trusted | `Misconfigured` |
///
/// A kept connection that turns out to have died is replaced, and the message begun again, as long as it was not handed
/// over. A line that breaks after that is `Transient`, with words that say so: the message may arrive twice.
///
/// The server's words are kept: on one line, at most 500 characters, without links of the mail. `Debug` prints host, port
/// and the way of securing, nothing else.
pub struct SmtpMailer {
    opener: Opener,
    pool: Pool,
    stage_deadline: Duration,
    deadline: Duration,
}

impl SmtpMailer {
    /// A mailer for a server. Nothing is opened before the first message.
    ///
    /// # Errors
    ///
    /// [`MailSetupError`] where the options are unusable, or the transport is no server.
    pub fn new(transport: &MailTransport, options: &SmtpOptions) -> Result<Self, MailSetupError> {
        let tls = |host: &str| Tls::new(host, options.extra_roots_pem.as_deref());
        let (server, login, security) = match transport {
            MailTransport::Plain { server } => (server, None, Security::None),
            MailTransport::StartTls { server, login } => {
                (server, login.clone(), Security::StartTls(tls(&server.host)?))
            }
            MailTransport::Tls { server, login } => (server, login.clone(), Security::Tls(tls(&server.host)?)),
            MailTransport::Capture { .. } => return Err(MailSetupError::Tls("a folder is no mail server".to_owned())),
        };
        let hello = options.hello_name.as_deref().map(hello).transpose()?;
        Ok(Self {
            opener: Opener { server: server.clone(), security, login, hello },
            pool: Pool::new(options.connections, options.idle, options.messages_per_connection),
            stage_deadline: options.stage_deadline,
            deadline: options.deadline,
        })
    }

    /// The time of one message, from now on.
    pub(crate) fn begin(&self) -> Limits {
        Limits::begin(self.stage_deadline, self.deadline)
    }

    /// What connections are opened by.
    pub(crate) const fn opener(&self) -> &Opener {
        &self.opener
    }

    async fn attempt(&self, mail: &OutgoingMail, limits: &Limits) -> Result<SendOutcome, Fault> {
        let _place = limits.in_all(Stage::Turn, self.pool.place()).await?;
        if let Some(connection) = self.pool.take() {
            match self.hand_over(connection, mail, limits).await {
                Err(fault) if fault.is_of_a_dead_line() => {}
                result => return result,
            }
        }
        let connection = self.opener.open(limits).await?;
        self.hand_over(connection, mail, limits).await
    }

    async fn hand_over(
        &self,
        mut connection: Connection,
        mail: &OutgoingMail,
        limits: &Limits,
    ) -> Result<SendOutcome, Fault> {
        let composed = Route::choose(mail, connection.offers_utf8())
            .and_then(|route| message::compose(mail, &route).map(|message| (route, message)));
        let result = match composed {
            Ok((route, message)) => {
                let said = connection.deliver(limits, &route, &message).await;
                said.map(|reply| SendOutcome::Accepted { reply: fault::said(&reply) })
            }
            Err(outcome) => Ok(outcome),
        };
        self.pool.give_back(connection);
        result
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &OutgoingMail) -> SendOutcome {
        let limits = self.begin();
        let outcome = self.attempt(mail, &limits).await.unwrap_or_else(|fault| fault.outcome());
        with_words(outcome, |words| reply::words(words, mail))
    }
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let security = match &self.opener.security {
            Security::None => "none",
            Security::StartTls(_) => "starttls",
            Security::Tls(_) => "tls",
        };
        let server = &self.opener.server;
        f.debug_struct("SmtpMailer").field("server", server).field("security", &security).finish_non_exhaustive()
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

fn hello(name: &str) -> Result<ClientId, MailSetupError> {
    let label =
        |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if name.len() <= 253 && name.split('.').all(label) {
        Ok(ClientId::Domain(name.to_owned()))
    } else {
        Err(MailSetupError::HelloName(name.to_owned()))
    }
}
