//! The server's words, fit to be kept and shown (traps 11 and 12).

use portal_domain::port::OutgoingMail;

/// Characters of a reply that are kept.
const KEPT: usize = 500;
/// What begins the secret part of a link.
const LINK: &str = "/link/";

/// One line of bounded length, without control characters, and without the links of the mail: filters like to repeat what
/// they dislike.
pub(crate) fn words(reply: &str, mail: &OutgoingMail) -> String {
    let mut reply = on_one_line(reply);
    for token in tokens(&mail.text).chain(tokens(&mail.html)) {
        reply = reply.replace(token, "[…]");
    }
    bounded(&without_links(&reply))
}

/// The same where there is no mail.
pub(crate) fn alone(reply: &str) -> String {
    bounded(&without_links(&on_one_line(reply)))
}

fn on_one_line(reply: &str) -> String {
    let spaced: String = reply.chars().map(|c| if is_unprintable(c) { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn bounded(reply: &str) -> String {
    match reply.char_indices().nth(KEPT) {
        Some((end, _)) => format!("{}…", &reply[..end]),
        None => reply.to_owned(),
    }
}

fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
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

fn without_links(reply: &str) -> String {
    let mut parts = reply.split(LINK);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(char::is_whitespace).unwrap_or(part.len());
        out.push_str(LINK);
        out.push_str("[…]");
        out.push_str(&part[end..]);
    }
    out
}
