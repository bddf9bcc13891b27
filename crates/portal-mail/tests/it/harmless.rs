//! Names can't speak (S11): whatever stands in a field, the mail keeps its shape.

use portal_mail::{MailBody, MailContext, NAUGHTY, Sample, Tongue, render};

/// Texts that tried to leave their place somewhere, sometime.
const NAUGHTY_TEXTS: [&str; 12] = [
    NAUGHTY,
    "<script>alert(1)</script>",
    "</p></div></body></html><p>",
    "X\r\nBcc: all@evil.example\r\n\r\nbody",
    "X\nX\rX\u{85}X\u{2028}X\u{2029}X",
    "\u{1b}]0;title\u{7}\u{1b}[2J\u{9b}31m",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "\u{202e}moc.elpmaxe\u{202c}\u{2066}\u{200f}",
    "<!-- --> <![CDATA[ ]]> &lt;b&gt; &#0;",
    "{{ 7 * 7 }} {% if %} ${x} %0d%0aX",
    "\0\u{1}\u{7f}\t",
];

/// Every sample in every language.
fn samples() -> impl Iterator<Item = Sample> {
    Tongue::ALL.into_iter().flat_map(portal_mail::samples)
}

/// The same mail with `text` in every field that somebody can write.
fn with_text(context: &MailContext, text: &str) -> MailContext {
    let mut context = context.clone();
    context.name = text.to_owned();
    context.practice.name = text.to_owned();
    context.practice.contact_line = text.to_owned();
    let fields: Vec<&mut String> = match &mut context.body {
        MailBody::Activation { address, clients, invitation_note, .. } => {
            let mut fields = vec![address, invitation_note];
            fields.extend(clients);
            fields
        }
        MailBody::AccessAdded { address, clients } | MailBody::Reminder { address, clients, .. } => {
            let mut fields = vec![address];
            fields.extend(clients);
            fields
        }
        MailBody::LoginMovedNew { address, changed_by, .. } => vec![address, changed_by],
        MailBody::LoginMovedOld { address, new_address, changed_by, .. } => vec![address, new_address, changed_by],
        MailBody::ProfileMovedAway { address, moved, new_address, changed_by, .. } => {
            vec![address, moved, new_address, changed_by]
        }
        MailBody::PasswordSetAfterMove { address, new_address, .. } => vec![address, new_address],
        MailBody::Reset { address, .. }
        | MailBody::StaffInvitation { address, .. }
        | MailBody::StaffReset { address, .. }
        | MailBody::PasswordChanged { address, .. }
        | MailBody::StaffPasswordChanged { address, .. }
        | MailBody::PortalAddress { address }
        | MailBody::Hint { address } => vec![address],
        MailBody::Test { address, invitation_note } => vec![address, invitation_note],
    };
    for field in fields {
        text.clone_into(field);
    }
    context
}

/// Everything between `<` and `>`: tags with all their attributes.
fn structure(html: &str) -> Vec<&str> {
    html.split('<').skip(1).map(|tag| tag.split('>').next().unwrap_or_default()).collect()
}

#[test]
fn s11_html_keeps_its_structure() {
    for sample in samples() {
        let expected = render(&with_text(&sample.context, "X X")).expect("a mail").html;
        for naughty in NAUGHTY_TEXTS {
            // Never empty, so that no part is left out.
            let text = format!("X {naughty} X");
            let html = render(&with_text(&sample.context, &text)).expect("a mail").html;
            assert_eq!(structure(&html), structure(&expected), "{} with {naughty:?}", sample.name);
            assert!(!html.contains("<script"), "{} with {naughty:?}", sample.name);
        }
    }
}

#[test]
fn s11_subjects_are_one_harmless_line() {
    for sample in samples() {
        for naughty in NAUGHTY_TEXTS {
            let subject = render(&with_text(&sample.context, naughty)).expect("a mail").subject;
            assert!(!subject.is_empty());
            let harmful = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}');
            assert!(!subject.contains(harmful), "{} with {naughty:?}: {subject:?}", sample.name);
        }
    }
}

#[test]
fn s11_text_has_no_control_and_no_line_of_a_stranger() {
    for sample in samples() {
        let usual = render(&with_text(&sample.context, "X X")).expect("a mail").text;
        for naughty in NAUGHTY_TEXTS {
            let context = with_text(&sample.context, &format!("X {naughty} X"));
            let text = render(&context).expect("a mail").text;
            let control = |c: char| c != '\n' && (c.is_control() || matches!(c, '\u{2028}' | '\u{202e}'));
            assert!(!text.contains(control), "{} with {naughty:?}", sample.name);
            // Only a note has lines of its own, and they are set in.
            let flush = |text: &str| text.lines().filter(|line| !line.starts_with("    ") && !line.is_empty()).count();
            assert_eq!(flush(&text), flush(&usual), "{} with {naughty:?}", sample.name);
        }
    }
}

#[test]
fn s10_debug_prints_no_link_and_no_text() {
    for sample in samples() {
        let mail = render(&sample.context).expect("a mail");
        for printed in [format!("{:?}", sample.context.body.link()), format!("{mail:?}")] {
            assert!(!printed.contains("c2FtcGxl"), "{printed}");
            assert!(!printed.contains("client portal, ") && !printed.contains("Mandantenportal, "), "{printed}");
        }
    }
}

#[test]
fn html_needs_no_images_no_scripts_and_no_foreign_resources() {
    for sample in samples() {
        let html = render(&sample.context).expect("a mail").html;
        let start = format!("<!DOCTYPE html>\n<html lang=\"{}\"", sample.context.tongue.code());
        assert!(html.starts_with(&start), "{}", sample.name);
        for tag in structure(&html) {
            for refused in ["img", "script", "link", "table", "iframe", "style"] {
                assert!(tag.split([' ', '/']).next() != Some(refused), "{}: <{tag}>", sample.name);
            }
            assert!(!tag.contains("src=") && !tag.contains("url("), "{}: <{tag}>", sample.name);
        }
    }
}
