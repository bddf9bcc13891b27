//! A named sample of every kind and state, for tests, previews and people who judge the words.

use portal_domain::time::Timestamp;

use crate::{
    context::{Link, MailBody, MailContext, Practice},
    tongue::Tongue,
};

/// A context with a name of its own.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Kind and state, such as `activation_with_note`; usable as a file name.
    pub name: &'static str,
    /// What the mail says.
    pub context: MailContext,
}

/// A text that tries to leave its place: markup, line ends, terminal codes, quotes, a turn of direction, a format, and a
/// link of the form that sets a password.
pub const NAUGHTY: &str = "<script>alert(1)</script>\r\nBcc: all@evil.example\r\n\r\n\u{1b}[31m\"'`&amp;\u{202e}gnp.exe\
    \u{2028}{{ 7 * 7 }}\n--\nhttps://portal.example/portal/partners/link/forged\n\0%s";

/// 23 November 2026, 14:00 UTC.
const CHANGED: Timestamp = Timestamp::from_micros(1_795_442_400_000_000);
/// 30 November 2026, 14:00 UTC.
const UNTIL: Timestamp = Timestamp::from_micros(1_796_047_200_000_000);

/// A note of a practice.
const NOTE: &str = "Dear clients,\n\nfrom now on your tax papers come this way.\nYour partners";
/// A practice that is made up.
const PRACTICE: &str = "Example & Partners";

/// What the mails of a practice have of their own.
pub struct Own<'a> {
    /// What they are written in.
    pub tongue: Tongue,
    /// The practice, with the address of the portal's sign-in page.
    pub practice: &'a Practice,
    /// The address of the workspace's sign-in page.
    pub workspace: &'a str,
    /// Its note in invitations; may be empty.
    pub note: &'a str,
    /// The present time.
    pub now: Timestamp,
    /// How long a link in such a mail works.
    pub works_until: &'a dyn Fn(&MailBody) -> Timestamp,
}

/// Every kind and state as they look in the mails of a practice, written to people who are made up.
///
/// ```
/// use portal_domain::time::Timestamp;
/// use portal_mail::{Own, Practice, Tongue, examples, render};
///
/// let practice = Practice {
///     name: "Smith & Smith".into(),
///     contact_line: String::new(),
///     sign_in_url: "https://portal.example/portal/smith/sign-in".into(),
/// };
/// let own = Own {
///     tongue: Tongue::German,
///     practice: &practice,
///     workspace: "https://portal.example/workspace/smith/sign-in",
///     note: "Welcome.",
///     now: Timestamp::from_micros(1_795_442_400_000_000),
///     works_until: &|_| Timestamp::from_micros(1_796_047_200_000_000),
/// };
/// for example in examples(&own) {
///     assert!(render(&example.context).is_ok_and(|mail| mail.subject.contains("Smith & Smith")));
/// }
/// ```
#[must_use]
pub fn examples(own: &Own<'_>) -> Vec<Sample> {
    let text = |text: &str| match text {
        NOTE => own.note.to_owned(),
        _ => text.replace(PRACTICE, &own.practice.name),
    };
    let example = |(name, _, mut body): (&'static str, &str, MailBody)| {
        let staff = body.is_for_staff();
        let sign_in_url = if staff { own.workspace.to_owned() } else { own.practice.sign_in_url.clone() };
        let works_until = (own.works_until)(&body);
        if let Some(link) = body.link_mut() {
            *link = Link { url: sign_in_url.replace("/sign-in", "/link/example"), works_until };
        }
        let to = if staff { "Tina Taxman" } else { "Ada Smith" };
        let practice = Practice { sign_in_url, ..own.practice.clone() };
        Sample { name, context: MailContext { tongue: own.tongue, practice, name: to.to_owned(), body } }
    };
    bodies(&text, &link(), own.now).into_iter().map(example).collect()
}

/// Every kind and state in a language, each with plain and with naughty texts.
///
/// ```
/// use portal_mail::{Tongue, render, samples};
///
/// for sample in samples(Tongue::German) {
///     assert!(render(&sample.context).is_ok(), "{}", sample.name);
/// }
/// ```
#[must_use]
pub fn samples(tongue: Tongue) -> Vec<Sample> {
    let mut samples = plain();
    samples.extend(
        bodies(&|_| NAUGHTY.to_owned(), &link(), CHANGED)
            .into_iter()
            .map(|(_, name, body)| sample(name, practice(NAUGHTY, NAUGHTY), NAUGHTY, body)),
    );
    samples.iter_mut().for_each(|sample| sample.context.tongue = tongue);
    samples
}

fn plain() -> Vec<Sample> {
    let usual = || practice(PRACTICE, "0123 456 789, office@partners.example");
    let mut samples: Vec<Sample> = bodies(&str::to_owned, &link(), CHANGED)
        .into_iter()
        .map(|(name, _, body)| sample(name, usual(), "Ada Smith", body))
        .collect();
    let address = || "bob@builder.example".to_owned();
    let clients = |names: &[&str]| names.iter().copied().map(str::to_owned).collect();
    let activation = |names: &[&str]| MailBody::Activation {
        address: address(),
        clients: clients(names),
        invitation_note: String::new(),
        link: link(),
    };
    let access_added = |names: &[&str]| MailBody::AccessAdded { address: address(), clients: clients(names) };
    let three = ["Bob Builder Ltd", "Builder & Sons", "Bob Builder"];
    samples.extend([
        sample("activation_without_note", usual(), "Bob Builder", activation(&["Bob Builder Ltd"])),
        sample("activation_without_client", usual(), "Bob Builder", activation(&[])),
        sample("activation_of_a_bare_practice", practice(PRACTICE, ""), "", activation(&three)),
        sample("access_added_to_several", usual(), "Bob Builder", access_added(&three)),
        sample("access_added_without_client", usual(), "Bob Builder", access_added(&[])),
    ]);
    samples
}

/// Each kind and state with a name for plain texts and one for naughty ones; `text` makes the texts.
fn bodies(text: &dyn Fn(&str) -> String, link: &Link, at: Timestamp) -> Vec<(&'static str, &'static str, MailBody)> {
    let address = || text("ada@smith.example");
    let old = || text("ada@old.example");
    let masked = || text("a…a@s…h.example");
    let by = || text("Tina Taxman of Example & Partners");
    vec![
        (
            "activation",
            "activation_naughty",
            MailBody::Activation {
                address: address(),
                clients: vec![text("Bob Builder Ltd"), text("Ada Smith")],
                invitation_note: text(NOTE),
                link: link.clone(),
            },
        ),
        ("reset", "reset_naughty", MailBody::Reset { address: address(), link: link.clone() }),
        (
            "access_added",
            "access_added_naughty",
            MailBody::AccessAdded { address: address(), clients: vec![text("Bob Builder Ltd")] },
        ),
        (
            "login_moved_new",
            "login_moved_new_naughty",
            MailBody::LoginMovedNew { address: address(), changed_by: by(), changed_on: at },
        ),
        (
            "login_moved_old",
            "login_moved_old_naughty",
            MailBody::LoginMovedOld { address: old(), new_address: masked(), changed_by: by(), changed_on: at },
        ),
        (
            "login_moved_old_after_a_split",
            "login_moved_old_after_a_split_naughty",
            MailBody::ProfileMovedAway {
                address: old(),
                moved: text("Bob Builder Ltd"),
                new_address: masked(),
                changed_by: by(),
                changed_on: at,
            },
        ),
        (
            "password_changed",
            "password_changed_naughty",
            MailBody::PasswordChanged { address: address(), changed_on: at },
        ),
        (
            "password_changed_after_a_move",
            "password_changed_after_a_move_naughty",
            MailBody::PasswordSetAfterMove { address: old(), new_address: masked(), set_on: at },
        ),
        ("portal_address", "portal_address_naughty", MailBody::PortalAddress { address: address() }),
        ("hint", "hint_naughty", MailBody::Hint { address: address() }),
        (
            "reminder",
            "reminder_naughty",
            MailBody::Reminder {
                address: address(),
                clients: vec![text("Bob Builder Ltd"), text("Ada Smith")],
                link: link.clone(),
            },
        ),
    ]
    .into_iter()
    .chain(staff_bodies(text, link, at))
    .collect()
}

fn staff_bodies(
    text: &dyn Fn(&str) -> String,
    link: &Link,
    at: Timestamp,
) -> [(&'static str, &'static str, MailBody); 4] {
    let address = || text("tina@partners.example");
    let link = || Link { url: link.url.replace("/portal/", "/workspace/"), ..link.clone() };
    [
        (
            "staff_invitation",
            "staff_invitation_naughty",
            MailBody::StaffInvitation { address: address(), link: link() },
        ),
        ("staff_reset", "staff_reset_naughty", MailBody::StaffReset { address: address(), link: link() }),
        (
            "staff_password_changed",
            "staff_password_changed_naughty",
            MailBody::StaffPasswordChanged { address: address(), changed_on: at },
        ),
        ("test", "test_naughty", MailBody::Test { address: address(), invitation_note: text(NOTE) }),
    ]
}

fn sample(name: &'static str, practice: Practice, contact: &str, body: MailBody) -> Sample {
    let area = if body.is_for_staff() { "/workspace/" } else { "/portal/" };
    let practice = Practice { sign_in_url: practice.sign_in_url.replace("/portal/", area), ..practice };
    Sample { name, context: MailContext { tongue: Tongue::English, practice, name: contact.to_owned(), body } }
}

fn practice(name: &str, contact_line: &str) -> Practice {
    Practice {
        name: name.to_owned(),
        contact_line: contact_line.to_owned(),
        sign_in_url: "https://portal.example/portal/partners/sign-in".to_owned(),
    }
}

fn link() -> Link {
    Link {
        url: "https://portal.example/portal/partners/link/c2FtcGxlIHRva2VuIG9mIGEgbGluaw".to_owned(),
        works_until: UNTIL,
    }
}
