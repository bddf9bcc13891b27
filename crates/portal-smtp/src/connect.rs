//! From a transport to a mailer.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use portal_domain::port::Mailer;

use crate::{capture::CaptureMailer, mailer::SmtpMailer, transport::MailTransport};

/// What else a mailer needs to know.
///
/// ```
/// use std::time::Duration;
///
/// assert_eq!(portal_smtp::SmtpOptions::default().deadline, Duration::from_secs(120));
/// ```
#[derive(Clone, Debug)]
pub struct SmtpOptions {
    /// Further certificate authorities to trust, beside those of the web: PEM, one or more certificates.
    pub extra_roots_pem: Option<Vec<u8>>,
    /// Our name in EHLO; if left out, the address that the connection comes from.
    pub hello_name: Option<String>,
    /// How long one message may take, from looking up the server to its last word (S16).
    pub deadline: Duration,
}

impl Default for SmtpOptions {
    fn default() -> Self {
        Self { extra_roots_pem: None, hello_name: None, deadline: Duration::from_secs(120) }
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
