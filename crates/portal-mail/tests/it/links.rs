//! The one link of a mail, and mails that have none.

use portal_domain::time::Timestamp;
use portal_mail::{Link, MailBody, MailContext, Practice, RenderError, RenderedMail, Tongue, render, samples};

fn mails() -> Vec<(&'static str, MailContext, RenderedMail)> {
    Tongue::ALL
        .into_iter()
        .flat_map(samples)
        .map(|sample| {
            let mail = render(&sample.context).expect("a mail");
            (sample.name, sample.context, mail)
        })
        .collect()
}

#[test]
fn l1_the_link_stands_alone_on_its_line_and_is_the_only_one() {
    for (name, context, mail) in mails() {
        let Some(link) = context.body.link() else { continue };
        let form = &link.url[..=link.url.rfind('/').expect("a path")];
        let lines: Vec<&str> = mail.text.lines().filter(|line| line.contains("/link/")).collect();
        assert_eq!(lines, [link.url.as_str()], "{name}");
        assert_eq!(mail.text.matches(form).count(), 1, "{name}");
        // Once behind the button and once to be read.
        assert_eq!(mail.html.matches(form).count(), 2, "{name}");
        assert_eq!(mail.html.matches(&link.url).count(), 2, "{name}");
        assert!(!mail.subject.contains("/link/"), "{name}");
    }
}

#[test]
fn m4_mails_without_a_link_have_none_of_its_form() {
    let mut seen = 0;
    for (name, context, mail) in mails() {
        if context.body.link().is_some() {
            continue;
        }
        seen += 1;
        for part in [&mail.subject, &mail.text, &mail.html] {
            assert!(!part.contains("/link/"), "{name}");
        }
    }
    assert!(seen >= 24);
}

#[test]
fn m4_mails_to_old_addresses_and_about_changed_passwords_have_nothing_to_click() {
    for (name, context, mail) in mails() {
        let quiet = matches!(
            context.body,
            MailBody::LoginMovedOld { .. }
                | MailBody::ProfileMovedAway { .. }
                | MailBody::PasswordChanged { .. }
                | MailBody::PasswordSetAfterMove { .. }
                | MailBody::StaffPasswordChanged { .. }
        );
        assert_eq!(mail.html.contains("href="), !quiet, "{name}");
    }
}

#[test]
fn d6_every_mail_bears_the_practice_and_the_way_to_its_portal() {
    for (name, context, mail) in mails() {
        if name.ends_with("naughty") {
            continue;
        }
        for part in [&mail.subject, &mail.text] {
            assert!(part.contains(&context.practice.name), "{name}");
        }
        assert!(mail.text.contains(&context.practice.contact_line), "{name}");
        assert!(mail.text.lines().any(|line| line == context.practice.sign_in_url), "{name}");
        assert!(mail.html.contains(&context.practice.sign_in_url), "{name}");
    }
}

#[test]
fn d6_a_note_keeps_its_lines_and_takes_nothing_away() {
    let (_, context, mail) = mails().into_iter().find(|(name, ..)| *name == "activation").expect("the sample");
    let MailBody::Activation { invitation_note, link, .. } = &context.body else { panic!("the kind") };
    for line in invitation_note.lines().filter(|line| !line.is_empty()) {
        assert!(mail.text.contains(&format!("\n    {line}\n")), "{line}");
        assert!(mail.html.contains(line), "{line}");
    }
    assert!(mail.text.contains(&format!("\n{}\n", link.url)));
}

#[test]
fn a_link_that_is_no_page_of_the_web_is_refused() {
    for url in ["", "javascript:alert(1)", "/portal/partners/link/x", " ftp://portal.example/x"] {
        let context = MailContext {
            tongue: Tongue::English,
            practice: Practice { name: "P".into(), contact_line: String::new(), sign_in_url: String::new() },
            name: "X".into(),
            body: MailBody::Reset {
                address: "x@x.example".into(),
                link: Link { url: url.into(), works_until: Timestamp::from_micros(0) },
            },
        };
        assert!(matches!(render(&context), Err(RenderError::Link)), "{url}");
    }
}
