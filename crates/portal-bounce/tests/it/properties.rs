//! Whatever comes, there is an answer, and it keeps its bounds.

use portal_bounce::{Kind, LONGEST_WORDS, MOST_PATHS, Reason, Report, classify};
use proptest::{collection::vec, prelude::*, sample::Index};

use crate::sample::samples;

/// What holds of every report (D4).
fn is_sound(report: &Report) -> Result<(), TestCaseError> {
    let judged = matches!(report.kind, Kind::Bounce | Kind::Delayed);
    prop_assert_eq!(report.reason.is_some(), judged);
    prop_assert!(!report.hard || report.kind == Kind::Bounce);
    prop_assert!(!report.hard || matches!(report.reason, Some(Reason::UserUnknown | Reason::HostUnknown)));
    prop_assert!(report.kind != Kind::Delayed || report.reason != Some(Reason::UserUnknown));
    prop_assert!(report.return_path.len() <= MOST_PATHS);
    let one_line = |text: &String| text.chars().count() <= LONGEST_WORDS && !text.chars().any(char::is_control);
    prop_assert!([&report.words, &report.recipient, &report.original_message_id].into_iter().flatten().all(one_line));
    prop_assert!(report.recipient.as_ref().is_none_or(|address| address.contains('@')));
    Ok(())
}

fn mail() -> impl Strategy<Value = Vec<u8>> {
    let mails: Vec<_> = samples().into_iter().map(|sample| sample.mail.into_bytes()).collect();
    prop::sample::select(mails)
}

/// Words that reports are made of, so that generated mails are more than noise.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let words: Vec<&[u8]> = vec![
        b"From: MAILER-DAEMON@x.example\n",
        b"Subject: failure notice\n",
        b"Content-Type: multipart/report; boundary=b\n",
        b"Content-Type: multipart/mixed; boundary=\"\"\n",
        b"Content-Type: message/rfc822\n",
        b"Content-Type: message/delivery-status; charset=utf-16\n",
        b"Content-Type: text/html; charset=iso-2022-jp\n",
        b"Content-Transfer-Encoding: base64\n",
        b"Content-Transfer-Encoding: quoted-printable\n",
        b"\n",
        b"--b\n",
        b"--b--\n",
        b"Final-Recipient: rfc822; ada@x.example\n",
        b"Action: failed\n",
        b"Status: 5.1.1\n",
        b"Diagnostic-Code: smtp; 550-5.1.1 user\n 550 unknown\n",
        b"Message-ID: <a@b>\n",
        b"Message-ID:\n",
        b"To: =?utf-8?Q?=FF?= <a@@b>\n",
        b"550 5.1.1 ... <@>",
        b"\x1b$B\x1b(",
        b"=",
        b"@",
        b"+2B+",
    ];
    prop_oneof![4 => prop::sample::select(words).prop_map(<[u8]>::to_vec), 1 => vec(any::<u8>(), 0..8)]
}

proptest! {
    #[test]
    fn d3_any_bytes_have_an_answer(bytes in vec(any::<u8>(), 0..600)) {
        is_sound(&classify(&bytes))?;
    }

    #[test]
    fn d3_anything_like_a_report_has_an_answer(pieces in vec(piece(), 0..60)) {
        is_sound(&classify(&pieces.concat()))?;
    }

    #[test]
    fn d3_any_sample_may_be_cut_anywhere(mail in mail(), at in any::<Index>()) {
        is_sound(&classify(&mail[..at.index(mail.len())]))?;
        is_sound(&classify(&mail[at.index(mail.len())..]))?;
    }

    #[test]
    fn d3_any_sample_may_be_changed_anywhere(
        mail in mail(),
        changes in vec((any::<Index>(), any::<u8>(), 0_u8..3), 1..30),
    ) {
        let mut mail = mail;
        for (at, byte, how) in changes {
            let at = at.index(mail.len());
            match how {
                0 => mail[at] = byte,
                1 => mail.insert(at, byte),
                _ if mail.len() > 1 => drop(mail.remove(at)),
                _ => {}
            }
        }
        is_sound(&classify(&mail))?;
    }

    #[test]
    fn d3_two_samples_may_be_one(first in mail(), second in mail(), at in any::<Index>()) {
        let mut mail = first[..at.index(first.len())].to_vec();
        mail.extend_from_slice(&second);
        is_sound(&classify(&mail))?;
    }

    #[test]
    fn ordinary_mails_are_unrelated(subject in "[a-zA-Z ]{0,30}", body in "[a-zA-Z0-9 .,\n]{0,400}") {
        let mail = format!("From: Ada <ada@home.example>\nTo: office@practice.example\nSubject: x{subject}\n\n{body}\n");
        prop_assert_eq!(classify(mail.as_bytes()).kind, Kind::Unrelated);
    }
}
