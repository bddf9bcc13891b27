//! All that comes before a message, and what keeps it from being begun.

use std::time::Duration;

use portal_smtp::{Distrust, HandShake, HandShakeFault, HandShakeFaultKind, MailTransport, SmtpMailer, SmtpOptions};
use tokio_rustls::TlsAcceptor;

use crate::{
    sink::{CLOSE, HANG, Script, Sink},
    tls::{authority_and_server, script, script_of_smtps},
};

async fn shake(url: &str, roots: Option<Vec<u8>>) -> Result<HandShake, HandShakeFault> {
    let stage_deadline = Duration::from_millis(300);
    let options = SmtpOptions { extra_roots_pem: roots, stage_deadline, ..SmtpOptions::default() };
    let transport = MailTransport::parse(url).expect("a transport");
    SmtpMailer::new(&transport, &options).expect("a mailer").shake_hands().await
}

async fn shake_with(script: Script, scheme: &str, roots: Option<Vec<u8>>) -> Result<HandShake, HandShakeFault> {
    let sink = Sink::start(script).await;
    let shaken = shake(&format!("{scheme}@localhost:{}", sink.port), roots).await;
    let told = sink.told();
    assert!(!told.commands.iter().any(|command| command.starts_with("MAIL")), "{told:?}");
    shaken
}

#[track_caller]
fn fails(shaken: Result<HandShake, HandShakeFault>, kind: HandShakeFaultKind, said: &str) {
    let fault = shaken.expect_err("a fault");
    assert!(fault.kind == kind && fault.words.contains(said), "{kind:?} `{said}` expected: {fault:?}");
    assert!(!fault.words.contains("s@fe") && !fault.words.contains("AGFkYQBzQGZl"), "{fault}");
}

#[tokio::test]
async fn everything_but_a_message_is_done() {
    let (roots, acceptor) = authority_and_server("localhost");
    let sink = Sink::start(script(acceptor)).await;
    let shaken = shake(&format!("smtp+starttls://ada:s%40fe@localhost:{}", sink.port), Some(roots)).await;
    assert_eq!(shaken, Ok(HandShake { encrypted: true, logged_in: true, utf8: false }));
    let told = sink.until(|told| told.ended == 1).await;
    assert_eq!(told.secured, ["EHLO [127.0.0.1]", "AUTH PLAIN AGFkYQBzQGZl", "NOOP", "QUIT"]);
    assert!(told.messages.is_empty());

    let sink = Sink::start(Script::offering(&["SMTPUTF8"])).await;
    let shaken = shake(&format!("smtp://localhost:{}", sink.port), None).await;
    assert_eq!(shaken, Ok(HandShake { encrypted: false, logged_in: false, utf8: true }));
}

#[tokio::test]
async fn whatever_keeps_a_message_from_being_begun_has_a_name() {
    const STARTTLS: &str = "smtp+starttls://ada:s%40fe";
    const SMTPS: &str = "smtps://ada:s%40fe";
    let (roots, acceptor) = authority_and_server("localhost");
    let (other_roots, other) = authority_and_server("elsewhere.example");
    let answering =
        |verb, answer: &str| Script { answers: vec![(verb, answer.to_owned())], ..script(acceptor.clone()) };
    let some = || Some(roots.clone());
    let in_the_clear = |offers: &[&'static str]| Script::offering(offers);
    let offering = |acceptor: &TlsAcceptor, offers| Script { offers, ..script_of_smtps(acceptor.clone()) };
    for (script, scheme, roots, kind, said) in [
        (
            answering("AUTH", "535 5.7.8 no s@fe AGFkYQBzQGZl"),
            STARTTLS,
            some(),
            HandShakeFaultKind::LoginRefused,
            "535 5.7.8 no […] […]",
        ),
        (answering("AUTH", "454 4.7.0 later"), STARTTLS, some(), HandShakeFaultKind::LoginRefused, "454"),
        (
            offering(&acceptor, vec!["8BITMIME"]),
            SMTPS,
            some(),
            HandShakeFaultKind::NoMechanism,
            "authentication mechanism",
        ),
        (in_the_clear(&["AUTH PLAIN"]), STARTTLS, some(), HandShakeFaultKind::NoStartTls, "does not offer STARTTLS"),
        (in_the_clear(&["AUTH PLAIN"]), SMTPS, some(), HandShakeFaultKind::Tls, ""),
        (
            script(acceptor.clone()),
            STARTTLS,
            None,
            HandShakeFaultKind::Certificate(Distrust::UnknownIssuer),
            "certificate",
        ),
        (
            script(other),
            STARTTLS,
            Some(other_roots),
            HandShakeFaultKind::Certificate(Distrust::WrongName),
            "certificate",
        ),
        (answering("CONNECT", "554 5.7.1 not you"), STARTTLS, some(), HandShakeFaultKind::Refused, "554"),
        (answering("EHLO", "550 5.7.1 not you"), STARTTLS, some(), HandShakeFaultKind::Refused, "550"),
        (answering("NOOP", "421 4.3.0 closing"), STARTTLS, some(), HandShakeFaultKind::Refused, "421"),
        (answering("CONNECT", HANG), STARTTLS, some(), HandShakeFaultKind::Silent, "at the greeting"),
        (answering("CONNECT", CLOSE), STARTTLS, some(), HandShakeFaultKind::Talk, "at the greeting"),
        (answering("CONNECT", "hello\u{1b}[31m"), STARTTLS, some(), HandShakeFaultKind::Talk, "hello [31m"),
    ] {
        fails(shake_with(script, scheme, roots).await, kind, said);
    }
    let nobody = shake("smtp://127.0.0.1:1", None).await;
    fails(nobody, HandShakeFaultKind::Unreachable, "can't be reached");
}
