//! `portal bounce classify`: one line for each file, and what is said of files that are none.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use portal::domain::{
    email::EmailAddress,
    port::{MailFrom, Mailer, OutgoingMail, SendOutcome},
    time::Timestamp,
};
use portal_mail::{Tongue, render, samples};
use portal_smtp::CaptureMailer;
use serde_json::{Value, json};
use tempfile::TempDir;

const BOUNCE: &str = "From: MAILER-DAEMON@relay.portal.example\nTo: b+smith.a.b@portal.example\n\
    Subject: Undelivered Mail Returned to Sender\n\
    Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\
    Content-Type: message/delivery-status\n\nReporting-MTA: dns; relay.portal.example\n\n\
    Final-Recipient: rfc822; ada@home.example\nAction: failed\nStatus: 5.1.1\n--b\n\
    Content-Type: text/rfc822-headers\n\nMessage-ID: <m1@portal.example>\n--b--\n";

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.0.path().join(name), bytes).unwrap();
    }

    /// The program, without any setting: it needs none, and leaves nothing behind.
    fn classify(&self, files: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portal"));
        command.args(["bounce", "classify"]).args(files).current_dir(self.0.path()).env_clear();
        command
    }

    fn run(&self, files: &[&str]) -> (Option<i32>, Vec<Value>, String) {
        let output = self.classify(files).stdin(Stdio::null()).output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        let lines = out.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
        (output.status.code(), lines, String::from_utf8(output.stderr).unwrap())
    }
}

#[test]
fn d3_each_file_is_a_line_in_their_order() {
    let folder = Folder::new();
    folder.put("2.eml", BOUNCE.as_bytes());
    folder.put("1.eml", b"From: ada@home.example\nSubject: Hello\n\nHello\n");
    folder.put("empty", b"");
    folder.put("noise", &[0xff, 0, 0x1b, b'\n'].repeat(1000));
    let (code, lines, err) = folder.run(&["2.eml", "1.eml", "empty", "noise"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let unrelated = |file: &str| {
        json!({
            "file": file, "kind": "unrelated", "status": null, "reason": null, "hard": false, "recipient": null,
            "original_message_id": null
        })
    };
    let bounce = json!({
        "file": "2.eml", "kind": "bounce", "status": "5.1.1", "reason": "user_unknown", "hard": true,
        "recipient": "ada@home.example", "original_message_id": "m1@portal.example"
    });
    assert_eq!(lines, [bounce, unrelated("1.eml"), unrelated("empty"), unrelated("noise")]);
    assert_eq!(std::fs::read_dir(folder.0.path()).unwrap().count(), 4, "nothing is left behind");
}

#[test]
fn d3_a_file_that_cannot_be_read_keeps_no_other_from_being_read() {
    let folder = Folder::new();
    folder.put("mail.eml", BOUNCE.as_bytes());
    std::fs::create_dir(folder.0.path().join("cur")).unwrap();
    let (code, lines, err) = folder.run(&["gone", "cur", "mail.eml"]);
    assert_eq!(code, Some(1));
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["file"], "mail.eml");
    let said: Vec<_> = err.lines().collect();
    assert_eq!(said.len(), 2, "{err}");
    assert!(said[0].starts_with("error: `gone` can't be read: ") && said[0].ends_with("who may read it"), "{err}");
    assert_eq!(said[1], "error: `cur` is a directory: name the files in it, as in `cur/*`");

    let (code, lines, err) = folder.run(&[]);
    assert_eq!((code, lines.len()), (Some(2), 0));
    assert!(err.contains("FILE"), "{err}");
}

#[test]
fn d3_a_mail_may_come_by_standard_input() {
    let folder = Folder::new();
    let mut command = folder.classify(&["-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(BOUNCE.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let line: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((line["file"].as_str(), line["reason"].as_str()), (Some("-"), Some("user_unknown")));
}

#[test]
fn s11_names_and_mails_cannot_speak_to_the_terminal() {
    let folder = Folder::new();
    let name = "a\u{202e}\u{1b}[31m.eml";
    folder.put(
        name,
        "From: MAILER-DAEMON@x.example\nSubject: failure notice\n\n<a\u{202e}da@home.example>: user unknown\n"
            .as_bytes(),
    );
    let output = folder.classify(&[name, "gone\u{1b}[2J"]).output().unwrap();
    let all = [output.stdout.clone(), output.stderr].concat();
    let text = String::from_utf8(all).unwrap();
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
    let line: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(line["file"], name);
}

/// Every mail that the program can write, in each language, as the capture writes it.
async fn own_mails() -> Vec<(String, Vec<u8>)> {
    let address = |text: &str| EmailAddress::parse(text).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mailer = CaptureMailer::new(folder.path().to_owned()).unwrap();
    let mut mails = Vec::new();
    for sample in Tongue::ALL.into_iter().flat_map(samples) {
        let rendered = render(&sample.context).unwrap();
        let message_id = format!("own-{}@portal.example", mails.len());
        let mail = OutgoingMail {
            message_id: message_id.clone(),
            from: MailFrom { name: "Smith & Sons".to_owned(), address: address("portal@portal.example") },
            reply_to: None,
            return_path: Some("b+smith.a.b@portal.example".to_owned()),
            to: address("ada@home.example"),
            subject: rendered.subject,
            text: rendered.text,
            html: rendered.html,
            date: Timestamp::from_micros(1_796_047_200_000_000),
        };
        assert!(matches!(mailer.send(&mail).await, SendOutcome::Accepted { .. }), "{}", sample.name);
        let bytes = std::fs::read(folder.path().join(format!("{message_id}.eml"))).unwrap();
        mails.push((message_id, bytes));
    }
    mails
}

#[tokio::test]
async fn d3_our_own_mails_are_unrelated_and_say_nothing_in_a_bounce() {
    let folder = Folder::new();
    let mails = own_mails().await;
    assert!(mails.len() > 40, "{}", mails.len());
    let (mut own, mut returned) = (Vec::new(), Vec::new());
    for (number, (_, mail)) in mails.iter().enumerate() {
        own.push(format!("{number}.own"));
        folder.put(&own[number], mail);
        let report = "From: MAILER-DAEMON@relay.portal.example\nSubject: failure notice\n\n\
            Hi. This is the qmail-send program.\n\n<ada@home.example>:\nRemote host said: 550 no\n\n\
            --- Below this line is a copy of the message.\n\n";
        returned.push(format!("{number}.back"));
        folder.put(&returned[number], &[report.as_bytes(), mail].concat());
    }
    let names = |names: &[String]| folder.run(&names.iter().map(String::as_str).collect::<Vec<_>>()).1;
    for line in names(&own) {
        assert_eq!(line["kind"], "unrelated", "{line}");
    }
    for (line, (message_id, _)) in names(&returned).iter().zip(&mails) {
        assert_eq!(line["reason"], "other", "{line}");
        assert_eq!(line["original_message_id"], *message_id, "{line}");
    }
}
