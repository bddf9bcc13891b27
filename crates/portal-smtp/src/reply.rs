//! The server's words without the link of the mail that they are about (traps 11 and 12).

use portal_domain::{decide::fit_words, port::OutgoingMail};

/// What begins the secret part of a link.
const LINK: &str = "/link/";

/// Words that can be kept, whatever part of the mail they repeat: filters like to quote what they dislike.
pub(crate) fn words(reply: &str, mail: &OutgoingMail) -> String {
    let tokens = tokens(&mail.text).chain(tokens(&mail.html));
    fit_words(&tokens.fold(reply.to_owned(), |reply, token| reply.replace(token, "[…]")))
}

/// What follows `/link/` anywhere in a text, as long as it is a token. Short ones would hit innocent words.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(LINK).skip(1).map(token).filter(|token| token.len() >= 8)
}

fn token(text: &str) -> &str {
    let end =
        text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~'))).unwrap_or(text.len());
    &text[..end]
}
