//! STARTTLS, trust and logging in (S10, D2).

use std::sync::Arc;

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

use crate::sink::{Script, Sink, mail};

/// A certificate authority, and a server with a certificate of it for `name`.
fn authority_and_server(name: &str) -> (Vec<u8>, TlsAcceptor) {
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

fn script(acceptor: TlsAcceptor) -> Script {
    Script { tls: Some(acceptor), ..Script::offering(&["8BITMIME", "STARTTLS", "AUTH PLAIN LOGIN"]) }
}

async fn send(sink: &Sink, login: &str, roots: Option<Vec<u8>>) -> SendOutcome {
    let url = format!("smtp+starttls://{login}localhost:{}", sink.port);
    let transport = MailTransport::parse(&url).expect("a transport");
    let options = SmtpOptions { extra_roots_pem: roots, ..SmtpOptions::default() };
    SmtpMailer::new(&transport, &options).expect("a mailer").send(&mail("ada@smith.example")).await
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
