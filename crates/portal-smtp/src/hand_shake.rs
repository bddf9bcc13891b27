//! Everything that comes before a message, tried without one.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use portal_domain::decide::fit_words;
use secrecy::ExposeSecret;

use crate::{
    fault::{Cause, Fault, Stage},
    mailer::SmtpMailer,
    open::Security,
    transport::Login,
};

/// What a mail server agreed to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HandShake {
    /// Whether all that matters was said under TLS.
    pub encrypted: bool,
    /// Whether it knows us, by a login.
    pub logged_in: bool,
    /// Whether it takes addresses beyond ASCII.
    pub utf8: bool,
}

/// Why no message could be begun.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HandShakeFault {
    /// What it is about.
    pub kind: HandShakeFaultKind,
    /// What happened: on one line, bounded, and without the password, whoever said it.
    pub words: String,
}

/// What keeps a message from being begun, told apart by what is to be done about it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HandShakeFaultKind {
    /// No such name, or nobody listens there.
    Unreachable,
    /// Somebody is there and says nothing.
    Silent,
    /// It does not offer STARTTLS, or not in a way that can be trusted.
    NoStartTls,
    /// Its certificate is not to be trusted.
    Certificate(Distrust),
    /// It does not speak TLS as we do, or not at all.
    Tls,
    /// It offers no way to log in that we know.
    NoMechanism,
    /// It does not let us in.
    LoginRefused,
    /// It says no to something else.
    Refused,
    /// It does not speak as a mail server does, or ends the conversation.
    Talk,
}

/// Why a certificate is not to be trusted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Distrust {
    /// It is for another name.
    WrongName,
    /// It comes from an authority that we don't know.
    UnknownIssuer,
    /// It is not valid any more.
    Expired,
    /// It is not valid yet.
    NotYet,
    /// Another fault.
    Other,
}

impl fmt::Display for HandShakeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl SmtpMailer {
    /// Does all that comes before a message, as a message would: connection, TLS, EHLO, login. Then NOOP and QUIT: nothing
    /// is handed over, and no sender named.
    ///
    /// # Errors
    ///
    /// [`HandShakeFault`], within the deadlines of the options.
    pub async fn shake_hands(&self) -> Result<HandShake, HandShakeFault> {
        let limits = self.begin();
        let opener = self.opener();
        let shaken = async {
            let mut connection = opener.open(&limits).await?;
            connection.ping(&limits).await?;
            Ok(connection.offers_utf8())
        };
        let utf8 = shaken.await.map_err(|fault: Fault| HandShakeFault {
            kind: kind(&fault),
            words: fit_words(&without_login(&fault.words(), opener.login.as_ref())),
        })?;
        Ok(HandShake { encrypted: !matches!(opener.security, Security::None), logged_in: opener.login.is_some(), utf8 })
    }
}

fn kind(fault: &Fault) -> HandShakeFaultKind {
    match (&fault.cause, fault.stage) {
        (Cause::Certificate { distrust, .. }, _) => HandShakeFaultKind::Certificate(*distrust),
        (Cause::Slow { .. }, _) => HandShakeFaultKind::Silent,
        (Cause::Broken(_), Stage::Connect) => HandShakeFaultKind::Unreachable,
        (Cause::Setting(_), Stage::StartTls) => HandShakeFaultKind::NoStartTls,
        (Cause::Setting(_), Stage::Login) => HandShakeFaultKind::NoMechanism,
        (Cause::Setting(_) | Cause::Broken(_), Stage::Tls) | (Cause::Setting(_), _) => HandShakeFaultKind::Tls,
        (Cause::Refused(_), Stage::Login) => HandShakeFaultKind::LoginRefused,
        (Cause::Refused(_), _) => HandShakeFaultKind::Refused,
        (Cause::Broken(_) | Cause::OutOfTurn(_) | Cause::Garbage(_) | Cause::Verbose, _) => HandShakeFaultKind::Talk,
    }
}

/// Servers like to repeat what they refuse (S10).
fn without_login(words: &str, login: Option<&Login>) -> String {
    let Some(login) = login else { return words.to_owned() };
    let password = login.password.expose_secret();
    let plain = format!("\0{}\0{password}", login.user);
    [STANDARD.encode(plain), STANDARD.encode(password), password.to_owned()]
        .iter()
        .filter(|secret| !secret.is_empty())
        .fold(words.to_owned(), |words, secret| words.replace(secret.as_str(), "[…]"))
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    #[test]
    fn s10_what_a_server_repeats_is_left_out() {
        let login = Login { user: "ada".to_owned(), password: SecretString::from("s@fe") };
        let said = without_login("535 no s@fe, AGFkYQBzQGZl or c0BmZQ== for ada", Some(&login));
        assert_eq!(said, "535 no […], […] or […] for ada");
    }
}
