//! One conversation with a mail server, and what its end means for the message.

use std::{error::Error as _, io};

use lettre::transport::smtp::{
    Error,
    client::AsyncSmtpConnection,
    commands::Data,
    response::{Code, Response},
};
use portal_domain::port::SendOutcome;

use crate::route::Route;

/// How far the conversation had come when it failed. It decides whom a refusal is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stage {
    /// Until the server knows us: a refusal is about our configuration and never about a recipient.
    Opening,
    /// The change to TLS: a fault of certificates or protocol is one of configuration.
    Securing,
    /// The message itself.
    Message,
}

/// Hands one message over on an open connection. The words are raw: whoever keeps them bounds them first.
pub(crate) async fn deliver(connection: &mut AsyncSmtpConnection, route: &Route, message: &[u8]) -> SendOutcome {
    match transact(connection, route, message).await {
        Ok(reply) => SendOutcome::Accepted { reply: said(&reply) },
        Err(outcome) => outcome,
    }
}

async fn transact(
    connection: &mut AsyncSmtpConnection,
    route: &Route,
    message: &[u8],
) -> Result<Response, SendOutcome> {
    // Written here and not by lettre's own commands: its `Address` would judge what the domain has already judged.
    let parameters = if route.utf8 { " SMTPUTF8 BODY=8BITMIME" } else { "" };
    let failed = |error: Error| outcome(&error, Stage::Message);
    let sender = format!("MAIL FROM:<{}>{parameters}\r\n", route.return_path);
    expect_done(&connection.command(sender).await.map_err(failed)?)?;
    let recipient = format!("RCPT TO:<{}>\r\n", route.recipient);
    expect_done(&connection.command(recipient).await.map_err(failed)?)?;
    let go_ahead = connection.command(Data).await.map_err(failed)?;
    if !go_ahead.has_code(354) {
        return Err(unexpected(&go_ahead));
    }
    let end = connection.message(message).await.map_err(failed)?;
    expect_done(&end)?;
    Ok(end)
}

/// Whether a positive answer is a final one: lettre counts 3xx as positive too.
fn expect_done(response: &Response) -> Result<(), SendOutcome> {
    if u16::from(response.code()) / 100 == 2 { Ok(()) } else { Err(unexpected(response)) }
}

fn unexpected(response: &Response) -> SendOutcome {
    SendOutcome::Transient { reply: format!("the mail server answered out of turn: {}", said(response)) }
}

/// What an error means, with the server's words where it spoke.
pub(crate) fn outcome(error: &Error, stage: Stage) -> SendOutcome {
    let words = words(error);
    if let Some(code) = error.status() {
        return refusal(code, format!("{code} {words}"), stage);
    }
    // lettre's "client" errors are those of what the server offers: no STARTTLS, no way to log in that we know.
    if error.is_client() || error.is_tls() || (stage == Stage::Securing && is_tls_fault(error)) {
        return SendOutcome::Misconfigured { reply: words };
    }
    SendOutcome::Transient { reply: words }
}

fn refusal(code: Code, reply: String, stage: Stage) -> SendOutcome {
    match u16::from(code) {
        // Authentication required, too weak, failed; encryption required.
        530 | 534 | 535 | 538 => SendOutcome::Misconfigured { reply },
        400..500 => SendOutcome::Transient { reply },
        _ if stage != Stage::Message => SendOutcome::Misconfigured { reply },
        _ => SendOutcome::Permanent { reply },
    }
}

/// The last cause in the chain: the outer ones are lettre's, and say less.
fn words(error: &Error) -> String {
    let mut cause = error.source();
    let mut words = error.to_string();
    while let Some(inner) = cause {
        words = inner.to_string();
        cause = inner.source();
    }
    words
}

/// Whether the hand-shake itself failed, as opposed to the connection below it: rustls' errors come as invalid data.
fn is_tls_fault(error: &Error) -> bool {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::InvalidData) {
            return true;
        }
        cause = inner.source();
    }
    false
}

fn said(response: &Response) -> String {
    let lines: Vec<&str> = response.message().collect();
    format!("{} {}", response.code(), lines.join(" "))
}
