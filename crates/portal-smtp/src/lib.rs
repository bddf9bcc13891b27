//! Adapter: mail out over SMTP, and mail captured in files.
//!
//! [`MailTransport::parse`] reads the setting `PORTAL_SMTP_URL`, [`connect`] makes the [`Mailer`] it asks for:
//! [`SmtpMailer`] or [`CaptureMailer`]. What both promise:
//!
//! - Exactly one envelope recipient, the stored address byte for byte; where the server offers no SMTPUTF8, its domain
//!   as A-labels, or a visible failure where its local part is not ASCII (rulebook E4, promise S2).
//! - An answer in bounded time: each stage of a conversation has a deadline, and so has each message (S16).
//! - No text of a user makes a header (S11); no link, text or password is printed or kept in a reply (S10).
//! - What the server says is bounded in size before it is read, and on one line without control characters after.
//!
//! [`Mailer`]: portal_domain::port::Mailer

mod capture;
mod connect;
mod connection;
mod encode;
mod fault;
mod hand_shake;
mod limits;
mod mailer;
mod message;
mod open;
mod pool;
mod reply;
mod route;
mod tls;
mod transport;
mod wire;

pub use crate::{
    capture::CaptureMailer,
    connect::{MailSetupError, SmtpOptions, connect},
    hand_shake::{Distrust, HandShake, HandShakeFault, HandShakeFaultKind},
    mailer::SmtpMailer,
    transport::{Login, MailTransport, MailUrlError, Server},
};
