//! The message itself, read back by another library (S11, D6, L1).

use mail_parser::{MessageParser, MimeHeaders};
use portal_domain::port::{OutgoingMail, SendOutcome};

use crate::sink::{Script, Sink, TOKEN, mail, undotted};

async fn sent(mail: &OutgoingMail) -> Vec<u8> {
    let sink = Sink::start(Script::offering(&["8BITMIME"])).await;
    let outcome = sink.send(mail).await;
    assert!(matches!(outcome, SendOutcome::Accepted { .. }), "{outcome:?}");
    undotted(&sink.told().messages[0])
}

#[tokio::test]
async fn d6_headers_say_what_they_should() {
    let bytes = sent(&mail("ada@smith.example")).await;
    let text = String::from_utf8(bytes.clone()).expect("ASCII");
    let head = text.split("\r\n\r\n").next().expect("a head");
    assert_eq!(
        head,
        "Date: Mon, 30 Nov 2026 14:00:00 +0000\r\n\
         From: \"Example & Partners\" <portal@mail.example>\r\n\
         Reply-To: <office@partners.example>\r\n\
         To: <ada@smith.example>\r\n\
         Subject: Your access to the client portal\r\n\
         Message-ID: <0198c0de@portal.example>\r\n\
         Auto-Submitted: auto-generated\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: multipart/alternative;\r\n boundary=\"=_alternative_of_portal\""
    );
    let parsed = MessageParser::default().parse(&bytes).expect("a message");
    assert_eq!(parsed.message_id(), Some("0198c0de@portal.example"));
    assert_eq!(parsed.to().and_then(|to| to.first()).and_then(|to| to.address()), Some("ada@smith.example"));
    assert!(parsed.cc().is_none() && parsed.bcc().is_none());
}

#[tokio::test]
async fn s14_the_same_mail_is_the_same_bytes() {
    let mail = mail("ada@smith.example");
    assert_eq!(sent(&mail).await, sent(&mail).await);
}

#[tokio::test]
async fn l1_both_parts_come_back_and_the_link_stands_alone() {
    let mut mail = mail("ada@smith.example");
    mail.text.push_str(&format!("Zoë \u{1F4EC} = tab\t \nlast line {}", "long ".repeat(400)));
    mail.html.push_str(&"<p>Grüße</p>".repeat(300));
    let bytes = sent(&mail).await;
    let parsed = MessageParser::default().parse(&bytes).expect("a message");
    let text = parsed.body_text(0).expect("a text part").replace("\r\n", "\n");
    assert_eq!(text.trim_end(), mail.text.trim_end());
    assert_eq!(parsed.body_html(0).expect("an HTML part").replace("\r\n", "\n").trim_end(), mail.html.trim_end());
    let link = format!("https://portal.example/portal/partners/link/{TOKEN}");
    assert_eq!(text.lines().filter(|line| *line == link).count(), 1);
    let kinds: Vec<String> = parsed
        .parts
        .iter()
        .filter_map(|part| part.content_type())
        .map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()))
        .collect();
    assert_eq!(kinds, ["multipart/alternative", "text/plain", "text/html"]);
}

#[tokio::test]
async fn lines_are_short_and_end_with_crlf() {
    let mut mail = mail("ada@smith.example");
    mail.from.name = "Ä".repeat(300);
    mail.subject = "Ö\u{1F4EC} ".repeat(120);
    mail.text = "x".repeat(5000);
    mail.html = "ü".repeat(5000);
    let bytes = sent(&mail).await;
    assert!(bytes.is_ascii());
    let text = String::from_utf8(bytes.clone()).expect("ASCII");
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    assert_eq!(text.matches('\r').count(), text.matches("\r\n").count());
    for line in text.split("\r\n") {
        assert!(line.len() <= 76, "{line}");
    }
    let parsed = MessageParser::default().parse(&bytes).expect("a message");
    assert_eq!(parsed.subject(), Some(mail.subject.trim_end()));
    assert_eq!(parsed.from().and_then(|from| from.first()).and_then(|from| from.name()), Some(mail.from.name.as_str()));
}

#[tokio::test]
async fn s11_names_and_subjects_make_no_headers() {
    let naughty = [
        "X\r\nBcc: all@evil.example",
        "X\nBcc: all@evil.example\n\nbody",
        "X\rBcc: all@evil.example",
        "X\u{85}Bcc: all@evil.example\u{2028}Y\u{2029}",
        "\"Evil\" <all@evil.example>, X",
        "X\\\"\\",
        "=?UTF-8?Q?X=0D=0ABcc:_all@evil.example?=",
        "\u{1b}[31mX\0\u{7f}\u{202e}Y",
        "X\u{200d}é =?utf-8?b?",
        "",
        " \r\n ",
    ];
    let names = |bytes: &[u8]| -> Vec<String> {
        let parsed = MessageParser::default().parse(bytes).expect("a message");
        parsed.headers().iter().map(|header| header.name().to_owned()).collect()
    };
    let expected = names(&sent(&mail("ada@smith.example")).await);
    for text in naughty {
        let mut mail = mail("ada@smith.example");
        mail.from.name = text.to_owned();
        mail.subject = text.to_owned();
        let bytes = sent(&mail).await;
        assert_eq!(names(&bytes), expected, "{text:?}");
        let parsed = MessageParser::default().parse(&bytes).expect("a message");
        let from = parsed.from().expect("a sender");
        assert_eq!(from.iter().count(), 1, "{text:?}");
        assert_eq!(from.first().and_then(|from| from.address()), Some("portal@mail.example"), "{text:?}");
        for said in [parsed.subject(), from.first().and_then(|from| from.name())].into_iter().flatten() {
            assert!(!said.contains(|c: char| c.is_control() || c == '\u{202e}'), "{said:?}");
        }
    }
}

#[tokio::test]
async fn s11_a_malformed_message_id_is_refused() {
    for id in ["", "a b", "a>\r\nBcc: x@evil.example", "<a@b>", "ä@b.example"] {
        let sink = Sink::start(Script::offering(&["8BITMIME"])).await;
        let mut mail = mail("ada@smith.example");
        mail.message_id = id.to_owned();
        assert!(matches!(sink.send(&mail).await, SendOutcome::Permanent { .. }), "{id:?}");
        assert_eq!(sink.recipients(), [""; 0]);
    }
}

#[tokio::test]
async fn dates_beyond_the_calendar_do_no_harm() {
    for micros in [i64::MIN, -1, 0, i64::MAX] {
        let mut mail = mail("ada@smith.example");
        mail.date = portal_domain::time::Timestamp::from_micros(micros);
        let text = String::from_utf8(sent(&mail).await).expect("ASCII");
        assert!(text.starts_with("Date: ") && text.contains(" +0000\r\n"), "{micros}: {text}");
    }
}
