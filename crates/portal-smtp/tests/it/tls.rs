//! STARTTLS, trust and logging in (S10, D2).

use std::{sync::Arc, time::Duration};

use portal_domain::port::{Mailer, SendOutcome};
use portal_smtp::{MailSetupError, MailTransport, SmtpMailer, SmtpOptions};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

use crate::sink::{CLOSE, HANG, Script, Sink, mail};

/// A certificate authority, and a server with a certificate of it for `name`.
pub(crate) fn authority_and_server(name: &str) -> (Vec<u8>, TlsAcceptor) {
    let mut params = CertificateParams::new(Vec::<String>::new()).expect("parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(vec![name.to_owned()]).expect("parameters").signed_by(&key, &authority);
    let leaf = leaf.expect("a certificate");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .expect("a server");
    (authority.pem().into_bytes(), TlsAcceptor::from(Arc::new(config)))
}

pub(crate) fn script(acceptor: TlsAcceptor) -> Script {
    Script { tls: Some(acceptor), ..Script::offering(&["8BITMIME", "STARTTLS", "AUTH PLAIN LOGIN"]) }
}

/// The same, with TLS from the first byte.
pub(crate) fn script_of_smtps(acceptor: TlsAcceptor) -> Script {
    Script { tls_first: true, offers: vec!["8BITMIME", "PIPELINING", "AUTH LOGIN PLAIN"], ..script(acceptor) }
}

fn mailer(scheme: &str, sink: &Sink, login: &str, roots: Option<Vec<u8>>) -> SmtpMailer {
    let url = format!("{scheme}://{login}localhost:{}", sink.port);
    let transport = MailTransport::parse(&url).expect("a transport");
    let options = SmtpOptions { extra_roots_pem: roots, ..SmtpOptions::default() };
    SmtpMailer::new(&transport, &options).expect("a mailer")
}

async fn send(sink: &Sink, login: &str, roots: Option<Vec<u8>>) -> SendOutcome {
    mailer("smtp+starttls", sink, login, roots).send(&mail("ada@smith.example")).await
}

async fn send_smtps(sink: &Sink, login: &str, roots: Option<Vec<u8>>) -> SendOutcome {
    mailer("smtps", sink, login, roots).send(&mail("ada@smith.example")).await
}

fn words(outcome: SendOutcome) -> String {
    match outcome {
        SendOutcome::Misconfigured { reply } => reply,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn s10_login_and_message_travel_under_tls_only() {
    let (roots, acceptor) = authority_and_server("localhost");
    let sink = Sink::start(script(acceptor)).await;
    let outcome = send(&sink, "ada:s%40fe@", Some(roots)).await;
    assert!(matches!(outcome, SendOutcome::Accepted { .. }), "{outcome:?}");
    let told = sink.told();
    let in_the_clear = &told.commands[..told.commands.len() - told.secured.len()];
    assert_eq!(in_the_clear, ["EHLO [127.0.0.1]", "STARTTLS"]);
    // "\0ada\0s@fe" in base64.
    assert_eq!(told.secured[..2], ["EHLO [127.0.0.1]", "AUTH PLAIN AGFkYQBzQGZl"]);
    assert_eq!(told.messages.len(), 1);
}

#[tokio::test]
async fn d2_an_authority_that_is_not_trusted_is_a_fault_of_configuration() {
    let (_, acceptor) = authority_and_server("localhost");
    let (other, _) = authority_and_server("localhost");
    for roots in [None, Some(other)] {
        let sink = Sink::start(script(acceptor.clone())).await;
        let reply = words(send(&sink, "ada:safe@", roots).await);
        assert!(reply.contains("certificate"), "{reply}");
        assert!(sink.told().secured.is_empty());
    }
}

#[tokio::test]
async fn d2_a_certificate_for_another_name_is_a_fault_of_configuration() {
    let (roots, acceptor) = authority_and_server("elsewhere.example");
    let sink = Sink::start(script(acceptor)).await;
    let reply = words(send(&sink, "", Some(roots)).await);
    assert!(reply.contains("certificate"), "{reply}");
    assert!(sink.told().secured.is_empty());
}

#[tokio::test]
async fn s10_without_starttls_nothing_is_sent() {
    let sink = Sink::start(Script::offering(&["8BITMIME", "AUTH PLAIN"])).await;
    let reply = words(send(&sink, "ada:safe@", None).await);
    assert!(reply.contains("STARTTLS"), "{reply}");
    assert!(!sink.told().commands.iter().any(|command| command.starts_with("AUTH") || command.starts_with("MAIL")));
}

#[tokio::test]
async fn replies_slipped_in_before_tls_are_not_believed() {
    let (roots, acceptor) = authority_and_server("localhost");
    let injected = "250-forged.example\r\n250 AUTH PLAIN\r\n235 welcome\r\n";
    let sink = Sink::start(Script { injected, ..script(acceptor) }).await;
    let outcome = send(&sink, "ada:safe@", Some(roots)).await;
    assert!(matches!(outcome, SendOutcome::Misconfigured { .. }), "{outcome:?}");
    assert!(sink.told().secured.is_empty());
}

#[tokio::test]
async fn d2_refused_logins_are_faults_of_configuration() {
    let (roots, acceptor) = authority_and_server("localhost");
    for (answer, misconfigured) in [("535 5.7.8 wrong", true), ("504 5.5.4 how?", true), ("454 4.7.0 later", false)] {
        let answers = vec![("AUTH", answer.to_owned())];
        let sink = Sink::start(Script { answers, ..script(acceptor.clone()) }).await;
        let outcome = send(&sink, "ada:safe@", Some(roots.clone())).await;
        let printed = format!("{outcome:?}");
        assert_eq!(matches!(outcome, SendOutcome::Misconfigured { .. }), misconfigured, "{printed}");
        assert_eq!(matches!(outcome, SendOutcome::Transient { .. }), !misconfigured, "{printed}");
        assert!(printed.contains(answer), "{printed}");
        assert!(!sink.told().commands.iter().any(|command| command.starts_with("MAIL")));
    }
    let (roots, acceptor) = authority_and_server("localhost");
    let sink = Sink::start(Script { offers: vec!["STARTTLS", "AUTH GSSAPI"], ..script(acceptor) }).await;
    assert!(words(send(&sink, "ada:safe@", Some(roots)).await).contains("authentication mechanism"));
}

#[tokio::test]
async fn s10_smtps_is_tls_from_the_first_byte() {
    let (roots, acceptor) = authority_and_server("localhost");
    let sink = Sink::start(script_of_smtps(acceptor)).await;
    let mailer = mailer("smtps", &sink, "ada:s%40fe@", Some(roots));
    for _ in 0..3 {
        let outcome = mailer.send(&mail("ada@smith.example")).await;
        assert!(matches!(outcome, SendOutcome::Accepted { .. }), "{outcome:?}");
    }
    drop(mailer);
    let told = sink.until(|told| told.ended == 1).await;
    assert_eq!(told.commands, told.secured);
    assert_eq!(told.secured[..2], ["EHLO [127.0.0.1]", "AUTH PLAIN AGFkYQBzQGZl"]);
    assert_eq!(told.messages.len(), 3);
    assert_eq!(told.connections.len(), 1);
    assert_eq!(told.connections[0].last().map(String::as_str), Some("QUIT"));
}

#[tokio::test]
async fn d2_faults_of_tls_and_login_with_smtps_are_faults_of_configuration() {
    let (roots, acceptor) = authority_and_server("localhost");
    let (elsewhere, elsewhere_acceptor) = authority_and_server("elsewhere.example");
    let untrusted = [(acceptor.clone(), None), (acceptor.clone(), Some(elsewhere.clone()))];
    for (acceptor, roots) in untrusted.into_iter().chain([(elsewhere_acceptor, Some(elsewhere))]) {
        let sink = Sink::start(script_of_smtps(acceptor)).await;
        let reply = words(send_smtps(&sink, "ada:safe@", roots).await);
        assert!(reply.contains("certificate"), "{reply}");
        assert!(sink.told().commands.is_empty());
    }
    // A server that speaks in the clear on this port.
    let sink = Sink::start(Script::offering(&["8BITMIME"])).await;
    words(send_smtps(&sink, "ada:safe@", Some(roots.clone())).await);
    let answers = vec![("AUTH", "535 5.7.8 wrong".to_owned())];
    let sink = Sink::start(Script { answers, ..script_of_smtps(acceptor.clone()) }).await;
    assert_eq!(words(send_smtps(&sink, "ada:safe@", Some(roots.clone())).await), "535 5.7.8 wrong");
    let sink = Sink::start(Script { offers: vec!["8BITMIME"], ..script_of_smtps(acceptor) }).await;
    assert!(words(send_smtps(&sink, "ada:safe@", Some(roots)).await).contains("authentication mechanism"));
}

#[tokio::test]
async fn d2_the_network_under_tls_is_transient() {
    for url in ["smtps", "smtp+starttls"] {
        let (roots, acceptor) = authority_and_server("localhost");
        for verb in ["CONNECT", "AUTH", "MAIL", "."] {
            let answers = vec![(verb, CLOSE.to_owned())];
            let base = if url == "smtps" { script_of_smtps(acceptor.clone()) } else { script(acceptor.clone()) };
            let sink = Sink::start(Script { answers, ..base }).await;
            let outcome = mailer(url, &sink, "ada:safe@", Some(roots.clone())).send(&mail("ada@smith.example")).await;
            assert!(matches!(outcome, SendOutcome::Transient { .. }), "{url} {verb}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn s16_a_hand_shake_that_hangs_is_left() {
    // It answers in the clear, with nothing: the hand-shake waits for a server that never shakes.
    let silent = Sink::start(Script::answering("CONNECT", HANG)).await;
    let transport = MailTransport::parse(&format!("smtps://localhost:{}", silent.port)).expect("a transport");
    let options = SmtpOptions { stage_deadline: Duration::from_secs(1), ..SmtpOptions::default() };
    let mailer = SmtpMailer::new(&transport, &options).expect("a mailer");
    let reply = "the mail server did not answer within 1 s, at the TLS hand-shake".to_owned();
    assert_eq!(mailer.send(&mail("ada@smith.example")).await, SendOutcome::Transient { reply });
}

#[tokio::test]
async fn s10_a_login_in_two_steps_travels_under_tls() {
    let (roots, acceptor) = authority_and_server("localhost");
    let turns = vec![
        ("AUTH", 1, "334 VXNlcm5hbWU6".to_owned()),
        ("YWRh", 1, "334 UGFzc3dvcmQ6".to_owned()),
        ("c2FmZQ==", 1, "235 welcome".to_owned()),
    ];
    let offers = vec!["AUTH LOGIN"];
    let sink = Sink::start(Script { turns, offers, ..script_of_smtps(acceptor) }).await;
    let outcome = send_smtps(&sink, "ada:safe@", Some(roots)).await;
    assert!(matches!(outcome, SendOutcome::Accepted { .. }), "{outcome:?}");
    assert_eq!(sink.told().secured[1..4], ["AUTH LOGIN", "YWRh", "c2FmZQ=="]);
}

#[tokio::test]
async fn d2_a_starttls_that_fails_for_now_is_transient() {
    let (roots, acceptor) = authority_and_server("localhost");
    for (answer, transient) in [("454 4.3.0 not now", true), ("501 5.5.4 not here", false)] {
        let answers = vec![("STARTTLS", answer.to_owned())];
        let sink = Sink::start(Script { answers, ..script(acceptor.clone()) }).await;
        let outcome = send(&sink, "", Some(roots.clone())).await;
        assert_eq!(matches!(outcome, SendOutcome::Transient { .. }), transient, "{outcome:?}");
        assert_eq!(matches!(outcome, SendOutcome::Misconfigured { .. }), !transient, "{outcome:?}");
    }
}

#[tokio::test]
async fn s10_debug_prints_no_password() {
    let transport = MailTransport::parse("smtp+starttls://ada:hunter2@mx.example:587").expect("a transport");
    let mailer = SmtpMailer::new(&transport, &SmtpOptions::default()).expect("a mailer");
    for printed in [format!("{transport:?}"), format!("{mailer:?}")] {
        assert!(printed.contains("mx.example"), "{printed}");
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}

#[test]
fn roots_that_are_none_are_refused() {
    let transport = MailTransport::parse("smtp+starttls://mx.example").expect("a transport");
    for pem in ["", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n"] {
        let options = SmtpOptions { extra_roots_pem: Some(pem.into()), ..SmtpOptions::default() };
        assert!(matches!(SmtpMailer::new(&transport, &options), Err(MailSetupError::Roots)), "{pem}");
    }
}
