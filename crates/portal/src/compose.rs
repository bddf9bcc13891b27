//! From a message and its practice to a mail that can be sent.

use jiff::tz::TimeZone;
use portal_domain::{
    email::EmailAddress,
    link::LinkTokens,
    message::{About, Carried, Message, MessageBody},
    port::{Letter, MailFrom, OutgoingMail},
    practice::Practice,
    time::Timestamp,
};
use portal_mail::{Link, MailBody, MailContext, RenderError, Tongue, render};

/// What every mail has in common; from configuration only.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// Where the portal is reached, without a slash at the end.
    pub base_url: String,
    /// The sender's address (D6).
    pub from: EmailAddress,
    /// At most so many mails in an hour, of all practices together (D7).
    pub mails_per_hour: Option<u32>,
}

impl MailSettings {
    /// The practice's sign-in page.
    pub fn sign_in_url(&self, practice: &Practice) -> String {
        format!("{}/portal/{}/sign-in", self.base_url, practice.slug)
    }

    /// The sign-in page of the practice's workspace.
    pub fn workspace_url(&self, practice: &Practice) -> String {
        format!("{}/workspace/{}/sign-in", self.base_url, practice.slug)
    }
}

/// Why a mail can't be written.
#[derive(Debug)]
pub(crate) enum ComposeError {
    /// The server key that the link was made under is gone.
    KeyGone,
    /// The texts could not be rendered.
    Render(RenderError),
}

/// Writes the mail of a message. Written twice, it has the same Message-ID and the same link (D1).
pub(crate) fn compose(
    letter: &Letter,
    tokens: &LinkTokens,
    settings: &MailSettings,
) -> Result<OutgoingMail, ComposeError> {
    let Letter { practice, message, locale, .. } = letter;
    let context = MailContext {
        tongue: Tongue::for_reader(locale.as_deref(), &practice.settings.locale),
        practice: portal_mail::Practice {
            name: practice.name.clone(),
            contact_line: practice.settings.contact_line.clone(),
            sign_in_url: match message.about {
                About::Contact { .. } => settings.sign_in_url(practice),
                About::User(_) => settings.workspace_url(practice),
            },
        },
        name: greeted(message).to_owned(),
        body: body(letter, tokens, settings)?,
    };
    let mail = render(&context).map_err(ComposeError::Render)?;
    let reply_to = practice.settings.mail_reply_to.as_deref().map(EmailAddress::parse);
    let domain = settings.from.key().domain();
    Ok(OutgoingMail {
        message_id: format!("{}@{domain}", message.id),
        from: MailFrom { name: practice.name.clone(), address: settings.from.clone() },
        reply_to: reply_to.and_then(Result::ok),
        return_path: Some(tokens.return_paths().make(&practice.slug, message.id, domain)),
        to: message.to.clone(),
        subject: mail.subject,
        text: mail.text,
        html: mail.html,
        date: message.created_at,
    })
}

/// Who is greeted by name. Mail after a split is about who left, and goes to those who stay.
fn greeted(message: &Message) -> &str {
    match message.body {
        MessageBody::LoginMovedOld { split: true, .. } => "",
        _ => &message.name,
    }
}

fn body(letter: &Letter, tokens: &LinkTokens, settings: &MailSettings) -> Result<MailBody, ComposeError> {
    let Message { to, name, clients, body, created_at: when, .. } = &letter.message;
    let (address, when) = (to.as_str().to_owned(), *when);
    Ok(match body.clone() {
        MessageBody::Activation => MailBody::Activation {
            address,
            clients: clients.clone(),
            invitation_note: letter.practice.settings.invitation_note.clone(),
            link: link(letter, tokens, settings)?,
        },
        MessageBody::Reset => MailBody::Reset { address, link: link(letter, tokens, settings)? },
        MessageBody::AccessAdded => MailBody::AccessAdded { address, clients: clients.clone() },
        MessageBody::LoginMovedNew { changed_by } => MailBody::LoginMovedNew { address, changed_by, changed_on: when },
        MessageBody::LoginMovedOld { new_address, changed_by, split: false } => {
            MailBody::LoginMovedOld { address, new_address, changed_by, changed_on: when }
        }
        MessageBody::LoginMovedOld { new_address, changed_by, split: true } => {
            MailBody::ProfileMovedAway { address, moved: name.clone(), new_address, changed_by, changed_on: when }
        }
        MessageBody::StaffInvitation => MailBody::StaffInvitation { address, link: link(letter, tokens, settings)? },
        MessageBody::StaffReset => MailBody::StaffReset { address, link: link(letter, tokens, settings)? },
        MessageBody::StaffPasswordChanged => MailBody::StaffPasswordChanged { address, changed_on: when },
        MessageBody::PasswordChanged => MailBody::PasswordChanged { address, changed_on: when },
        MessageBody::PortalAddress => MailBody::PortalAddress { address },
        MessageBody::Hint => MailBody::Hint { address },
        MessageBody::Reminder => {
            MailBody::Reminder { address, clients: clients.clone(), link: link(letter, tokens, settings)? }
        }
        MessageBody::Test => {
            MailBody::Test { address, invitation_note: letter.practice.settings.invitation_note.clone() }
        }
        MessageBody::PasswordSetAfterMove { new_address } => {
            MailBody::PasswordSetAfterMove { address, new_address, set_on: when }
        }
    })
}

fn link(letter: &Letter, tokens: &LinkTokens, settings: &MailSettings) -> Result<Link, ComposeError> {
    let carried = letter.link.as_ref().ok_or(ComposeError::KeyGone)?;
    let token = carried.token(tokens, letter.practice.id).ok_or(ComposeError::KeyGone)?;
    let area = match carried {
        Carried::Portal(_) => "portal",
        Carried::Workspace(_) => "workspace",
    };
    let url = format!("{}/{area}/{}/link/{token}", settings.base_url, letter.practice.slug);
    Ok(Link { url, works_until: carried.expires_at() })
}

/// A time as commands write it: `30 November 2026, 14:00 UTC`.
///
/// ```
/// use portal::{domain::time::Timestamp, in_words};
/// assert_eq!(in_words(Timestamp::from_micros(1_796_047_200_000_000)), "30 November 2026, 14:00 UTC");
/// ```
pub fn in_words(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or(jiff::Timestamp::MAX);
    at.to_zoned(TimeZone::UTC).strftime("%-d %B %Y, %H:%M UTC").to_string()
}
