//! Captured mail, readable in the browser. Mounted in the demo only: it shows links to whoever asks.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use askama::Template;
use axum::{Router, extract::State, http::StatusCode, response::Response, routing};
use mail_parser::{Address, MessageParser};

use crate::{
    Inner,
    pages::{Shell, show},
    problem::Problem,
};

/// So many mails are shown.
const MOST: usize = 50;
/// A longer file is no mail of ours.
const LONGEST: u64 = 1024 * 1024;

pub(crate) fn routes() -> Router<Arc<Inner>> {
    Router::new().route("/demo/mail", routing::get(list))
}

#[derive(Template)]
#[template(path = "mails.html")]
struct MailsPage {
    shell: Shell,
    mails: Vec<Mail>,
}

/// A mail as it is shown: nothing in it is taken for HTML.
struct Mail {
    subject: String,
    to: String,
    date: String,
    text: Vec<Piece>,
}

/// A piece of a mail's text.
enum Piece {
    /// Plain text.
    Plain(String),
    /// A link to this very service.
    Link(String),
}

async fn list(State(app): State<Arc<Inner>>) -> Result<Response, Problem> {
    let folder = app.config.demo_mail.clone().unwrap_or_default();
    let base = app.config.base_url.as_str().to_owned();
    let read = tokio::task::spawn_blocking(move || mails(&folder, &base));
    let mails = read.await.map_err(|_| Problem::internal())?;
    Ok(show(StatusCode::OK, &MailsPage { shell: Shell::bare(), mails }))
}

/// The mails of a folder, newest first. What can't be read is left out.
fn mails(folder: &Path, base: &str) -> Vec<Mail> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<(SystemTime, PathBuf)> = entries
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "eml"))
        .filter_map(|entry| Some((entry.metadata().ok()?, entry.path())))
        .filter(|(metadata, _)| metadata.is_file() && metadata.len() <= LONGEST)
        .filter_map(|(metadata, path)| Some((metadata.modified().ok()?, path)))
        .collect();
    files.sort();
    let newest = files.into_iter().rev().take(MOST);
    newest.filter_map(|(_, path)| mail(&std::fs::read(path).ok()?, base)).collect()
}

fn mail(bytes: &[u8], base: &str) -> Option<Mail> {
    let message = MessageParser::default().parse(bytes)?;
    Some(Mail {
        subject: message.subject().unwrap_or_default().to_owned(),
        to: message.to().map(addresses).unwrap_or_default(),
        date: message.date().map(mail_parser::DateTime::to_rfc3339).unwrap_or_default(),
        text: pieces(&message.body_text(0).unwrap_or_default(), base),
    })
}

fn addresses(to: &Address<'_>) -> String {
    let all: Vec<_> = to.iter().filter_map(|address| address.address.as_deref()).collect();
    all.join(", ")
}

/// Cuts a text at the links to this service; no other address becomes a link.
fn pieces(text: &str, base: &str) -> Vec<Piece> {
    let start = format!("{base}/");
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(&start) {
        let (before, from) = rest.split_at(at);
        let end = from.find(|c: char| c.is_whitespace() || "<>\"'".contains(c)).unwrap_or(from.len());
        pieces.push(Piece::Plain(before.to_owned()));
        pieces.push(Piece::Link(from[..end].to_owned()));
        rest = &from[end..];
    }
    pieces.push(Piece::Plain(rest.to_owned()));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "To: <ada@smith.example>\r\nSubject: =?utf-8?q?=3Cscript=3E?=\r\n\
        Date: Mon, 6 Jan 2025 10:00:00 +0000\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
        <b>bold</b> http://localhost:8080/portal/x/link/abc http://evil.example/ javascript:alert(1)\r\n";

    #[test]
    fn a_hostile_mail_is_text_and_only_our_own_links_are_links() {
        let mail = mail(HOSTILE.as_bytes(), "http://localhost:8080").expect("a mail");
        assert_eq!(mail.subject, "<script>");
        assert_eq!(mail.to, "ada@smith.example");
        let links = mail.text.iter().filter_map(|piece| match piece {
            Piece::Link(link) => Some(link.as_str()),
            Piece::Plain(_) => None,
        });
        assert_eq!(links.collect::<Vec<_>>(), ["http://localhost:8080/portal/x/link/abc"]);
        let page = MailsPage { shell: Shell::bare(), mails: vec![mail] }.render().expect("a page");
        assert!(!page.contains("<script>") && !page.contains("<b>bold"));
        assert_eq!(page.matches("<a ").count(), 1);
    }
}
