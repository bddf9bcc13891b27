//! From a transport to a mailer.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use portal_domain::port::Mailer;

use crate::{capture::CaptureMailer, mailer::SmtpMailer, transport::MailTransport};

/// What else a mailer needs to know.
///
/// ```
/// use std::time::Duration;
///
/// let options = portal_smtp::SmtpOptions::default();
/// assert_eq!((options.stage_deadline, options.deadline), (Duration::from_secs(30), Duration::from_secs(120)));
/// ```
#[derive(Clone, Debug)]
pub struct SmtpOptions {
    /// Further certificate authorities to trust, beside those of the web: PEM, one or more certificates.
    pub extra_roots_pem: Option<Vec<u8>>,
    /// Our name in EHLO; if left out, the address that the connection comes from.
    pub hello_name: Option<String>,
    /// How long each stage may take: the connection, the greeting, the answer to each command, the end of the message (S16).
    pub stage_deadline: Duration,
    /// How long one message may take, from waiting for a free connection to the server's last word.
    pub deadline: Duration,
    /// Connections at once, at least one.
    pub connections: usize,
    /// How long a connection is kept without a message.
    pub idle: Duration,
    /// After how many messages a connection is replaced.
    pub messages_per_connection: u32,
}

impl Default for SmtpOptions {
    fn default() -> Self {
        Self {
            extra_roots_pem: None,
            hello_name: None,
            stage_deadline: Duration::from_secs(30),
            deadline: Duration::from_secs(120),
            connections: 4,
            idle: Duration::from_secs(30),
            messages_per_connection: 100,
        }
    }
}

/// Why no mailer could be made.
#[derive(Debug, thiserror::Error)]
pub enum MailSetupError {
    /// The further certificate authorities could not be read, or there is none.
    #[error("the mail server's certificate authorities are not PEM certificates")]
    Roots,
    /// A name that no host has.
    #[error("`{0}` is not a host name to greet a mail server with")]
    HelloName(String),
    /// TLS could not be set up.
    #[error("TLS for the mail server could not be set up: {0}")]
    Tls(String),
    /// The folder for captured mail can't be made or written.
    #[error("mail can't be captured in `{}`", dir.display())]
    Capture {
        /// The folder.
        dir: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Makes the mailer for a transport. Nothing is sent and no server is asked; a folder to capture in is made.
///
/// # Errors
///
/// [`MailSetupError`] where options or folder are unusable.
///
/// ```
/// use portal_smtp::{MailTransport, SmtpOptions, connect};
///
/// let transport = MailTransport::parse("smtp://localhost:25")?;
/// assert!(connect(&transport, &SmtpOptions::default()).is_ok());
///
/// let options = SmtpOptions { hello_name: Some("not a name".into()), ..SmtpOptions::default() };
/// assert!(connect(&transport, &options).is_err());
/// # Ok::<(), portal_smtp::MailUrlError>(())
/// ```
pub fn connect(transport: &MailTransport, options: &SmtpOptions) -> Result<Arc<dyn Mailer>, MailSetupError> {
    match transport {
        MailTransport::Capture { dir } => Ok(Arc::new(CaptureMailer::new(dir.clone())?)),
        transport => Ok(Arc::new(SmtpMailer::new(transport, options)?)),
    }
}
