//! What went wrong in a conversation with a mail server, and what that means for the message.

use std::{fmt, time::Duration};

use lettre::transport::smtp::response::{Code, Response, Severity};
use portal_domain::port::SendOutcome;

use crate::hand_shake::Distrust;

/// What an attempt says whose end nobody knows: the server may have taken the message, and it goes again all the same.
const HANDED_OVER: &str = "the line broke after the message was handed over; it may arrive twice";

/// How far the conversation had come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stage {
    /// Waiting for one of the few connections to be free.
    Turn,
    /// Looking the server up, and reaching it.
    Connect,
    /// Its first word.
    Greeting,
    /// What it offers.
    Hello,
    /// The change to TLS.
    StartTls,
    /// The hand-shake of TLS.
    Tls,
    /// Who we are.
    Login,
    /// Whether it still listens.
    Ping,
    /// Forgetting what was refused before.
    Reset,
    /// The sender of the envelope.
    Sender,
    /// The recipient.
    Recipient,
    /// The server's go-ahead.
    Data,
    /// The message, from its first byte to the server's word on it.
    End,
}

impl Stage {
    /// Whether a refusal here is about us. The sender is ours; no recipient is known yet when it is refused.
    const fn is_about_us(self) -> bool {
        !matches!(self, Self::Recipient | Self::Data | Self::End)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Turn => "waiting for a free connection",
            Self::Connect => "the connection",
            Self::Greeting => "the greeting",
            Self::Hello => "EHLO",
            Self::StartTls => "STARTTLS",
            Self::Tls => "the TLS hand-shake",
            Self::Login => "AUTH",
            Self::Ping => "NOOP",
            Self::Reset => "RSET",
            Self::Sender => "MAIL",
            Self::Recipient => "RCPT",
            Self::Data => "DATA",
            Self::End => "the end of the message",
        })
    }
}

/// A conversation that did not go on, with where it stopped and why.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) stage: Stage,
    pub(crate) cause: Cause,
}

/// Why a conversation did not go on.
#[derive(Debug)]
pub(crate) enum Cause {
    /// The server said no: 4xx or 5xx.
    Refused(Response),
    /// It said yes to something else.
    OutOfTurn(Response),
    /// What it said is no reply.
    Garbage(String),
    /// It said more than a reply may hold.
    Verbose,
    /// The connection failed, or was ended.
    Broken(String),
    /// It said nothing in time.
    Slow {
        /// The time there was.
        limit: Duration,
        /// Whether that was the time of the whole message, and not of this stage.
        whole: bool,
    },
    /// A fault of configuration: of TLS, or of what the server offers.
    Setting(String),
    /// The same, of the server's certificate.
    Certificate {
        /// What is wrong with it.
        distrust: Distrust,
        /// The same in words.
        words: String,
    },
}

impl Cause {
    /// A reply that did not say yes.
    pub(crate) fn of(reply: Response) -> Self {
        if reply.is_positive() { Self::OutOfTurn(reply) } else { Self::Refused(reply) }
    }
}

impl Fault {
    /// What it means for the message. The words are raw: whoever keeps them bounds them first.
    pub(crate) fn outcome(&self) -> SendOutcome {
        let words = self.words();
        match &self.cause {
            Cause::Refused(reply) => refusal(reply.code(), words, self.stage),
            Cause::Setting(_) | Cause::Certificate { .. } => SendOutcome::Misconfigured { reply: words },
            _ if self.stage == Stage::End => SendOutcome::Transient { reply: format!("{HANDED_OVER} ({words})") },
            _ => SendOutcome::Transient { reply: words },
        }
    }

    /// Whether it only says that an old connection had died, so that the message is as new on another one.
    ///
    /// Never once the message was handed over. Silence counts at the first word only: a server that is slow with a
    /// recipient is slow on every connection.
    pub(crate) fn is_of_a_dead_line(&self) -> bool {
        match &self.cause {
            _ if self.stage == Stage::End => false,
            Cause::Broken(_) => true,
            Cause::Refused(reply) => reply.has_code(421),
            Cause::Slow { whole, .. } => !whole && matches!(self.stage, Stage::Reset | Stage::Sender),
            _ => false,
        }
    }

    /// Whether the server still listens, and waits for the next command.
    pub(crate) fn leaves_the_line_usable(&self) -> bool {
        matches!(&self.cause, Cause::Refused(reply) if !reply.has_code(421))
    }

    pub(crate) fn words(&self) -> String {
        let stage = self.stage;
        match &self.cause {
            Cause::Refused(reply) => said(reply),
            Cause::OutOfTurn(reply) => format!("the mail server answered out of turn, at {stage}: {}", said(reply)),
            Cause::Garbage(line) => format!("the mail server's answer is none, at {stage}: {line}"),
            Cause::Verbose => format!("the mail server said too much, at {stage}"),
            Cause::Broken(words) if stage == Stage::Connect => format!("the mail server can't be reached: {words}"),
            Cause::Broken(words) => format!("the connection to the mail server broke, at {stage}: {words}"),
            Cause::Slow { limit, whole: false } => {
                format!("the mail server did not answer within {} s, at {stage}", limit.as_secs_f32())
            }
            Cause::Slow { limit, whole: true } => {
                format!("the message was not handed over within {} s, at {stage}", limit.as_secs_f32())
            }
            Cause::Setting(words) | Cause::Certificate { words, .. } => words.clone(),
        }
    }
}

fn refusal(code: Code, reply: String, stage: Stage) -> SendOutcome {
    match u16::from(code) {
        400..500 => SendOutcome::Transient { reply },
        // Authentication required, too weak, failed; encryption required.
        530 | 534 | 535 | 538 => SendOutcome::Misconfigured { reply },
        // Commands that are not understood, or come in an order that the server won't have: no recipient causes that.
        500 | 502 | 503 | 504 => SendOutcome::Misconfigured { reply },
        _ if stage.is_about_us() => SendOutcome::Misconfigured { reply },
        _ => SendOutcome::Permanent { reply },
    }
}

/// The reply on one line. An enhanced code (RFC 2034) that every line repeats is said once.
pub(crate) fn said(reply: &Response) -> String {
    let code = enhanced_code(reply);
    let mut said = reply.code().to_string();
    for (index, line) in reply.message().enumerate() {
        let repeated = code.filter(|_| index > 0).and_then(|code| line.strip_prefix(code)?.strip_prefix(' '));
        said.push(' ');
        said.push_str(repeated.unwrap_or(line));
    }
    said
}

fn enhanced_code(reply: &Response) -> Option<&str> {
    let class = match reply.code().severity {
        Severity::PositiveCompletion => "2.",
        Severity::TransientNegativeCompletion => "4.",
        Severity::PermanentNegativeCompletion => "5.",
        Severity::PositiveIntermediate => return None,
    };
    let word = reply.first_word()?;
    let digits = |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    (word.starts_with(class) && word.split('.').count() == 3 && word.split('.').all(digits)).then_some(word)
}
