//! Captured mail is for its owner only (trap 11), whole, and once for each message (S14).

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use mail_parser::MessageParser;
use portal_domain::port::{Mailer, OutgoingMail, SendOutcome};
use portal_smtp::{CaptureMailer, MailTransport, SmtpOptions, connect};

use crate::sink::{TOKEN, mail};

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

async fn capture(dir: &Path, mail: &OutgoingMail) -> SendOutcome {
    CaptureMailer::new(dir.to_owned()).expect("a folder").send(mail).await
}

#[tokio::test]
async fn trap_11_files_are_readable_by_their_owner_only() {
    let home = tempfile::tempdir().expect("a folder");
    let dir = home.path().join("deep").join("mail");
    let outcome = capture(&dir, &mail("zoë@smith.example")).await;
    assert_eq!(outcome, SendOutcome::Accepted { reply: "captured as 0198c0de@portal.example.eml".to_owned() });
    assert_eq!(names(&dir), ["0198c0de@portal.example.eml"]);
    assert_eq!(mode(&dir.join("0198c0de@portal.example.eml")), 0o600);
    assert_eq!(mode(&dir), 0o700);

    let bytes = fs::read(dir.join("0198c0de@portal.example.eml")).expect("a file");
    let text = String::from_utf8(bytes.clone()).expect("UTF-8");
    assert!(
        text.starts_with("Return-Path: <bounce+0198c0de@mail.example>\r\nDelivered-To: zoë@smith.example\r\nDate: ")
    );
    let parsed = MessageParser::default().parse(&bytes).expect("a message");
    let link = format!("https://portal.example/portal/partners/link/{TOKEN}");
    assert!(parsed.body_text(0).expect("a text part").lines().any(|line| line == link));
}

#[tokio::test]
async fn s14_a_repeated_delivery_replaces_its_file() {
    let home = tempfile::tempdir().expect("a folder");
    let mut mail = mail("ada@smith.example");
    for subject in ["first", "second"] {
        mail.subject = subject.to_owned();
        assert!(matches!(capture(home.path(), &mail).await, SendOutcome::Accepted { .. }));
    }
    assert_eq!(names(home.path()), ["0198c0de@portal.example.eml"]);
    let text = fs::read_to_string(home.path().join("0198c0de@portal.example.eml")).expect("a file");
    assert!(text.contains("\r\nSubject: second\r\n"));
}

#[tokio::test]
async fn many_at_once_leave_one_whole_file_each() {
    let home = tempfile::tempdir().expect("a folder");
    let mailer = CaptureMailer::new(home.path().to_owned()).expect("a folder");
    let tasks: Vec<_> = (0..40)
        .map(|number| {
            let mailer = mailer.clone();
            let mut mail = mail("ada@smith.example");
            mail.message_id = format!("{}@portal.example", number % 10);
            tokio::spawn(async move { mailer.send(&mail).await })
        })
        .collect();
    for task in tasks {
        assert!(matches!(task.await.expect("no panic"), SendOutcome::Accepted { .. }));
    }
    assert_eq!(names(home.path()).len(), 10);
}

#[tokio::test]
async fn message_ids_stay_in_the_folder() {
    let home = tempfile::tempdir().expect("a folder");
    let dir = home.path().join("mail");
    for id in ["../evil", "/etc/evil", "..", ".hidden", "a%2Fb", "a/b", "A/B"] {
        let mut mail = mail("ada@smith.example");
        mail.message_id = id.to_owned();
        assert!(matches!(capture(&dir, &mail).await, SendOutcome::Accepted { .. }), "{id}");
    }
    assert_eq!(names(home.path()), ["mail"]);
    assert_eq!(
        names(&dir),
        ["%2E.%2Fevil.eml", "%2E..eml", "%2Ehidden.eml", "%2Fetc%2Fevil.eml", "A%2FB.eml", "a%252Fb.eml", "a%2Fb.eml"]
    );
}

#[tokio::test]
async fn a_folder_that_went_away_is_transient_and_leaves_nothing() {
    let home = tempfile::tempdir().expect("a folder");
    let dir = home.path().join("mail");
    let mailer = CaptureMailer::new(dir.clone()).expect("a folder");
    fs::remove_dir(&dir).expect("gone");
    let outcome = mailer.send(&mail("ada@smith.example")).await;
    assert!(matches!(outcome, SendOutcome::Transient { .. }), "{outcome:?}");
    assert!(names(home.path()).is_empty());
}

#[tokio::test]
async fn the_setting_makes_a_mailer() {
    let home = tempfile::tempdir().expect("a folder");
    let transport = MailTransport::parse(&format!("capture:{}", home.path().display())).expect("a transport");
    let mailer = connect(&transport, &SmtpOptions::default()).expect("a mailer");
    assert!(matches!(mailer.send(&mail("ada@smith.example")).await, SendOutcome::Accepted { .. }));
    assert_eq!(names(home.path()).len(), 1);
}
