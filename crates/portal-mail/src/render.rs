//! From a context to the parts of a mail.

use std::fmt;

use askama::Template;

use crate::{
    context::MailContext,
    letter::{Footer, Letter},
    plain, words,
};

/// The parts of a mail. Texts and links are never printed by `Debug`.
#[derive(Clone, Eq, PartialEq)]
pub struct RenderedMail {
    /// One line without control characters.
    pub subject: String,
    /// The text part; lines end with `\n`.
    pub text: String,
    /// The HTML part, a whole document; lines end with `\n`.
    pub html: String,
}

impl fmt::Debug for RenderedMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RenderedMail").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// A mail could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The link is not the address of a page of the web: `base_url` is not what it should be.
    #[error("the link to set a password is not an http or https address")]
    Link,
    /// A text is not there in the mail's language, or has a variable that the mail knows nothing of.
    #[error("the text `{0}` of a mail is not there, or lacks a word")]
    Text(&'static str),
    /// A template failed.
    #[error("a mail could not be written")]
    Template(#[from] askama::Error),
}

/// Writes a mail: the same context gives the same bytes.
///
/// # Errors
///
/// [`RenderError::Link`] where there is a link and it is no `http` or `https` address. With links made of a checked
/// configuration there are no others. What else there is, tests rule out.
///
/// See the [crate's example](crate).
pub fn render(context: &MailContext) -> Result<RenderedMail, RenderError> {
    if context.body.link().is_some_and(|link| plain::url(&link.url).is_empty()) {
        return Err(RenderError::Link);
    }
    let letter = words::letter(context)?;
    let text = Text { letter: &letter, footer: &letter.footer }.render()?;
    let html = Html { letter: &letter, footer: &letter.footer }.render()?;
    Ok(RenderedMail { subject: letter.subject.to_string(), text, html })
}

#[derive(Template)]
#[template(path = "letter.txt")]
struct Text<'a> {
    letter: &'a Letter,
    footer: &'a Footer,
}

#[derive(Template)]
#[template(path = "letter.html")]
struct Html<'a> {
    letter: &'a Letter,
    footer: &'a Footer,
}
