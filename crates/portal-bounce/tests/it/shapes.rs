//! Each sample is read as it should be, whatever its lines end with, and what else a report tells.

use std::collections::BTreeSet;

use portal_bounce::{DEEPEST, Kind, LONGEST_WORDS, MOST_BYTES, MOST_PARTS, MOST_PATHS, classify};

use crate::sample::{samples, told};

#[test]
fn d3_every_sample_is_told_apart() {
    let mut wrong = Vec::new();
    for sample in samples() {
        for mail in [sample.mail.clone(), sample.mail.replace('\n', "\r\n")] {
            let told = told(&classify(mail.as_bytes()));
            if told != sample.expected {
                wrong.push(format!("{}: {told:?}, not {:?}", sample.name, sample.expected));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn samples_have_names_of_their_own_and_cover_every_kind() {
    let samples = samples();
    let names: BTreeSet<_> = samples.iter().map(|sample| sample.name).collect();
    assert_eq!(names.len(), samples.len());
    let kinds: BTreeSet<_> = samples.iter().map(|sample| sample.expected[0]).collect();
    assert_eq!(kinds.len(), 6, "{kinds:?}");
    let reasons: BTreeSet<_> = samples.iter().map(|sample| sample.expected[2]).collect();
    assert_eq!(reasons.len(), 10, "{reasons:?}");
}

/// What each enhanced code alone comes to; a report of one may be hard only where the address is wrong for good.
#[test]
fn d4_hard_is_only_where_the_address_itself_is_wrong_for_good() {
    let hard = |status: &str, action: &str| {
        let mail = format!(
            "Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; ada@home.example\nAction: {action}\n\
             Status: {status}\n"
        );
        classify(mail.as_bytes()).hard
    };
    for status in ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.4.4", "5.7.17"] {
        assert!(hard(status, "failed"), "{status}");
        assert!(!hard(status, "delayed"), "{status}");
        assert!(!hard(&status.replacen('5', "4", 1), "failed"), "{status}");
    }
    for status in [
        "5.0.0", "5.1.0", "5.1.7", "5.1.8", "5.2.0", "5.2.1", "5.2.2", "5.2.3", "5.3.0", "5.3.4", "5.4.1", "5.4.7",
        "5.5.0", "5.6.0", "5.7.0", "5.7.1", "5.7.9", "5.7.26", "5.7.515", "4.4.7", "4.2.2", "nonsense", "",
    ] {
        assert!(!hard(status, "failed"), "{status}");
    }
}

fn report_of(name: &str) -> portal_bounce::Report {
    let sample = samples().into_iter().find(|sample| sample.name == name).expect(name);
    classify(sample.mail.as_bytes())
}

#[test]
fn d3_the_words_are_the_server_s_own() {
    let report = report_of("postfix-unknown");
    let said = "550 5.1.1 <ada@home.example>: Recipient address rejected: User unknown in virtual mailbox table";
    assert_eq!(report.words.as_deref(), Some(said));
    assert_eq!(report.reporting_mta.as_deref(), Some("relay.portal.example"));
    let report = report_of("qmail-remote");
    assert!(report.words.unwrap().ends_with("Remote host said: 552 5.2.2 mailbox full Giving up on 192.0.2.7."));
}

#[test]
fn d3_addresses_that_the_mail_came_to_are_told() {
    assert_eq!(report_of("postfix-unknown").return_path, ["b+smith.aaaa.bbbb@portal.example"]);
    assert_eq!(report_of("out-of-office").return_path, ["b+smith.aaaa.bbbb@portal.example"]);
    let forwarded = report_of("forwarded-by-a-person");
    assert_eq!(forwarded.return_path, ["help@portal.example", "b+smith.aaaa.bbbb@portal.example"]);
    let many: String = (0..40).map(|number| format!("Delivered-To: a{number}@x.example\n")).collect();
    assert_eq!(classify(many.as_bytes()).return_path.len(), MOST_PATHS);
}

#[test]
fn s11_words_are_bounded_and_without_controls() {
    let long = "user unknown \u{1b}[31m\u{9b} ".repeat(200);
    let mail =
        format!("From: MAILER-DAEMON@x.example\nSubject: failure notice\n\n<ada@home.example>: 550 5.1.1 {long}\n");
    let words = classify(mail.as_bytes()).words.unwrap();
    assert!(words.chars().count() <= LONGEST_WORDS && !words.chars().any(char::is_control), "{words}");
}

#[test]
fn what_lies_too_deep_or_too_far_back_is_not_looked_at() {
    let report = |depth: usize| {
        let mut mail = "Content-Type: message/rfc822\n\n".repeat(depth);
        mail.push_str("Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n");
        mail.push_str("Final-Recipient: rfc822; ada@home.example\nAction: failed\nStatus: 5.1.1\n--b--\n");
        classify(mail.as_bytes())
    };
    assert_eq!(report(DEEPEST - 2).kind, Kind::Bounce);
    assert_eq!(report(100_000).kind, Kind::Unrelated);

    let parts = |before: usize| {
        let mut mail = "Content-Type: multipart/mixed; boundary=b\n\n".to_owned();
        mail.push_str(&"--b\nContent-Type: image/gif\n\nx\n".repeat(before));
        mail.push_str("--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; ada@home.example\n");
        mail.push_str("Action: failed\nStatus: 5.1.1\n--b--\n");
        classify(mail.as_bytes())
    };
    assert_eq!(parts(MOST_PARTS - 10).kind, Kind::Bounce);
    assert_eq!(parts(MOST_PARTS + 10).kind, Kind::Unrelated);

    let mut late = "From: a@x.example\nSubject: x\n\n".to_owned();
    late.push_str(&"x\n".repeat(MOST_BYTES / 2));
    late.push_str("\nFinal-Recipient: rfc822; ada@home.example\nAction: failed\nStatus: 5.1.1\n");
    assert_eq!(classify(late.as_bytes()).kind, Kind::Unrelated);
}
