//! Reading the setting.

use portal_smtp::{MailSetupError, MailTransport, MailUrlError, SmtpOptions, connect};
use secrecy::ExposeSecret;

/// The parts in one line, password and all.
fn parts(url: &str) -> String {
    let (kind, server, login) = match MailTransport::parse(url).expect(url) {
        MailTransport::Plain { server } => ("plain", server, None),
        MailTransport::StartTls { server, login } => ("starttls", server, login),
        MailTransport::Tls { server, login } => ("tls", server, login),
        MailTransport::Capture { dir } => return format!("capture {}", dir.display()),
    };
    let login = login.map(|login| format!(" {} {}", login.user, login.password.expose_secret()));
    format!("{kind} {} {}{}", server.host, server.port, login.unwrap_or_default())
}

#[test]
fn urls_are_read() {
    let cases = [
        ("smtp://localhost:1025", "plain localhost 1025"),
        ("smtp://relay.example", "plain relay.example 25"),
        ("smtp://relay.example/", "plain relay.example 25"),
        ("SMTP://[::1]:25", "plain ::1 25"),
        ("smtp://[::1]", "plain ::1 25"),
        ("smtp://mail_pit:1025", "plain mail_pit 1025"),
        ("smtp+starttls://relay.example", "starttls relay.example 587"),
        ("smtp+starttls://ada:safe@relay.example:2525", "starttls relay.example 2525 ada safe"),
        ("smtp+starttls://ada%40x.example:p%3A%2f%25@relay.example", "starttls relay.example 587 ada@x.example p:/%"),
        ("smtp+starttls://ada@x.example:safe@relay.example", "starttls relay.example 587 ada@x.example safe"),
        ("smtp+starttls://ada:a:b@relay.example", "starttls relay.example 587 ada a:b"),
        ("smtps://ada:safe@relay.example", "tls relay.example 465 ada safe"),
        ("capture:./mail", "capture ./mail"),
        ("capture:/var/mail/portal", "capture /var/mail/portal"),
        ("capture:///var/mail/portal", "capture /var/mail/portal"),
    ];
    for (url, expected) in cases {
        assert_eq!(parts(url), expected, "{url}");
    }
}

#[test]
fn s10_faults_are_named_and_never_show_a_password() {
    let cases = [
        ("", MailUrlError::NoScheme),
        ("relay.example:25", MailUrlError::NoScheme),
        ("hunter2://relay.example", MailUrlError::NoScheme),
        ("https://hunter2@relay.example", MailUrlError::UnknownScheme("https".to_owned())),
        ("smtp://ada:hunter2@relay.example:25", MailUrlError::LoginInTheClear),
        ("smtp://", MailUrlError::Host),
        ("smtp://:25", MailUrlError::Host),
        ("smtp://rel ay.example", MailUrlError::Host),
        ("smtp://relay.example\r\n.example", MailUrlError::Host),
        ("smtp://[::1", MailUrlError::Host),
        ("smtp://[relay]:25", MailUrlError::Host),
        ("smtp://relay.example:0", MailUrlError::Port),
        ("smtp://relay.example:65536", MailUrlError::Port),
        ("smtp://relay.example:", MailUrlError::Port),
        ("smtp+starttls://ada:hunter2", MailUrlError::Port),
        ("smtp+starttls://ada:hunter2@relay.example:hunter2", MailUrlError::Port),
        ("smtp+starttls://ada:hun/ter2@relay.example", MailUrlError::Tail),
        ("smtp://relay.example:25/mail?x=hunter2", MailUrlError::Tail),
        ("smtp+starttls://hunter2@relay.example", MailUrlError::Login),
        ("smtp+starttls://:hunter2@relay.example", MailUrlError::Login),
        ("smtp+starttls://ada:@relay.example", MailUrlError::Login),
        ("smtp+starttls://ada:hunter2%@relay.example", MailUrlError::Escape),
        ("smtp+starttls://ada:hunter2%zz@relay.example", MailUrlError::Escape),
        ("smtp+starttls://ada:hunter2%ff@relay.example", MailUrlError::Escape),
        ("smtp+starttls://ada:hunter2%0d%0aX@relay.example", MailUrlError::Escape),
        ("capture:", MailUrlError::CaptureDir),
        ("capture://", MailUrlError::CaptureDir),
    ];
    for (url, expected) in cases {
        let error = MailTransport::parse(url).expect_err(url);
        assert_eq!(error, expected, "{url}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{url}");
        assert!(!error.to_string().contains('\n'));
    }
}

#[test]
fn names_to_greet_with_are_checked() {
    let transport = MailTransport::parse("smtp://localhost").expect("a transport");
    let with =
        |name: &str| connect(&transport, &SmtpOptions { hello_name: Some(name.to_owned()), ..SmtpOptions::default() });
    assert!(with("portal.example").is_ok());
    for name in ["", "a b", "a\r\nMAIL FROM:<>", "a..b", "ä.example"] {
        assert!(matches!(with(name), Err(MailSetupError::HelloName(_))), "{name:?}");
    }
}
