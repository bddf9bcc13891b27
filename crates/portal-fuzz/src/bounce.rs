//! Mails that came back (D3, D4).

use portal_bounce::{Kind, LONGEST_WORDS, MOST_PATHS, Reason, classify};

/// Mails that came back (D3, D4).
///
/// # Panics
///
/// Where what must hold does not.
pub fn bounce(bytes: &[u8]) {
    let report = classify(bytes);
    let judged = matches!(report.kind, Kind::Bounce | Kind::Delayed);
    assert_eq!(report.reason.is_some(), judged, "D3: {report:?}");
    let wrong_for_good = matches!(report.reason, Some(Reason::UserUnknown | Reason::HostUnknown));
    assert!(!report.hard || report.kind == Kind::Bounce && wrong_for_good, "D4: {report:?}");
    assert!(report.return_path.len() <= MOST_PATHS, "S16: {report:?}");
    let texts = [&report.words, &report.recipient, &report.original_message_id, &report.reporting_mta];
    let texts = texts.into_iter().flatten().chain(&report.return_path);
    for text in texts {
        assert!(crate::is_one_line(text), "S11: {text:?}");
        assert!(text.chars().count() <= LONGEST_WORDS, "S16: {text:?}");
    }
    assert_eq!(classify(bytes), report, "a mail says the same each time");
}
