//! The addresses of one delivery, as the server can take them (E4).

use portal_domain::{
    email::EmailAddress,
    port::{OutgoingMail, SendOutcome},
};

/// How addresses stand in the envelope and in the headers of one delivery.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Route {
    /// Where reports go; empty for nowhere.
    pub(crate) return_path: String,
    /// The one recipient, in envelope and header alike.
    pub(crate) recipient: String,
    /// The sender in the header.
    pub(crate) from: String,
    /// Where answers go.
    pub(crate) reply_to: Option<String>,
    /// Whether any of them is beyond ASCII, so that the delivery has to be declared SMTPUTF8.
    pub(crate) utf8: bool,
}

impl Route {
    /// Decides for one server. The recipient is the stored address, byte for byte, wherever the server can take it.
    ///
    /// Our own addresses go out with A-labels wherever they can: the same mailbox, and no need of SMTPUTF8.
    pub(crate) fn choose(mail: &OutgoingMail, offers_utf8: bool) -> Result<Self, SendOutcome> {
        let recipient = recipient(&mail.to, offers_utf8)?;
        let from = own(&mail.from.address, offers_utf8, "sender")?;
        let reply_to = mail.reply_to.as_ref().map(|address| own(address, offers_utf8, "reply")).transpose()?;
        let return_path = match &mail.return_path {
            None => from.clone(),
            Some(path) if is_path(path) => path.clone(),
            Some(_) => return Err(misconfigured("the return path is not an address in ASCII")),
        };
        let utf8 = [&recipient, &from].into_iter().chain(&reply_to).any(|address| !address.is_ascii());
        Ok(Self { return_path, recipient, from, reply_to, utf8 })
    }
}

fn recipient(to: &EmailAddress, offers_utf8: bool) -> Result<String, SendOutcome> {
    if to.as_str().is_ascii() || offers_utf8 {
        Ok(to.as_str().to_owned())
    } else if to.local_is_ascii() {
        Ok(to.domain_as_a_labels())
    } else {
        Err(SendOutcome::Permanent {
            reply: "the mail server does not offer SMTPUTF8, which an address with such characters before the @ needs"
                .to_owned(),
        })
    }
}

fn own(address: &EmailAddress, offers_utf8: bool, role: &str) -> Result<String, SendOutcome> {
    if address.local_is_ascii() {
        Ok(address.domain_as_a_labels())
    } else if offers_utf8 {
        Ok(address.as_str().to_owned())
    } else {
        let reply = format!("the mail server does not offer SMTPUTF8, which the {role} address needs");
        Err(SendOutcome::Misconfigured { reply })
    }
}

/// Whether a return path of ours (a VERP address, or none) can stand between `<` and `>`.
fn is_path(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"' | b'\\' | b',' | b';');
    path.is_empty()
        || (path.len() <= 254 && path.bytes().all(plain) && path.matches('@').count() == 1 && !path.ends_with('@'))
}

fn misconfigured(reply: &str) -> SendOutcome {
    SendOutcome::Misconfigured { reply: reply.to_owned() }
}
