use async_trait::async_trait;

use crate::{email::EmailAddress, message::SendOutcome, time::Timestamp};

/// Hands one mail over to a mail server.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends the mail. MUST use exactly one envelope recipient, the address of [`OutgoingMail::to`] as
    /// stored; where the server offers no SMTPUTF8, its domain as A-labels; and where then its local
    /// part is not ASCII, MUST answer `Permanent` (E4). MUST answer in bounded time.
    async fn send(&self, mail: &OutgoingMail) -> SendOutcome;
}

/// A mail, ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingMail {
    /// The Message-ID, without angle brackets; the same for every delivery of one message.
    pub message_id: String,
    /// Whom it comes from.
    pub from: MailFrom,
    /// Where answers go.
    pub reply_to: Option<EmailAddress>,
    /// Where reports go, where that is not the sender.
    pub return_path: Option<String>,
    /// The one recipient.
    pub to: EmailAddress,
    /// The subject, one line.
    pub subject: String,
    /// The text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// The date in its head.
    pub date: Timestamp,
}

impl std::fmt::Debug for OutgoingMail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OutgoingMail").field("message_id", &self.message_id).finish_non_exhaustive()
    }
}

/// Sender of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailFrom {
    /// The practice's name.
    pub name: String,
    /// The configured address.
    pub address: EmailAddress,
}
