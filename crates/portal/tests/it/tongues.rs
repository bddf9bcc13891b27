//! The language of a mail: the contact's, else the practice's.

use portal::Workers;
use portal_domain::{
    id::Ref,
    port::OutgoingMail,
    practice::{Role, Settings},
    usecase::{EmailsInput, PutContactInput, PutUserInput},
};
use portal_testkit::{conformance::run, fixture::Fixture};

use super::{sender, settings};

const ENGLISH: &str = "Your access to the client portal of Smith & Sons";
const GERMAN: &str = "Ihr Zugang zum Mandantenportal von Smith & Sons";

fn reference(text: &str) -> Ref {
    Ref::parse(text).expect("a reference")
}

async fn invite(fixture: &Fixture, name: &str, locale: Option<&str>) {
    let emails = Some(EmailsInput { emails: vec![format!("{name}@smith.example")], ..EmailsInput::default() });
    let locale = Some(locale.map(str::to_owned));
    let input = PutContactInput { name: Some(name.to_owned()), emails, locale, ..PutContactInput::default() };
    fixture.portal.put_contact(&fixture.call(), &reference(name), &input).await.expect("put");
    fixture.portal.activate(&fixture.call(), &reference(name)).await.expect("activated");
}

async fn practice_speaks(fixture: &Fixture, locale: &str) {
    let edit = |settings: Settings| Settings { locale: locale.to_owned(), ..settings };
    fixture.portal.put_settings(&fixture.call(), edit).await.expect("put");
}

/// What leaves now.
async fn mails(fixture: &Fixture) -> Vec<OutgoingMail> {
    let before = fixture.mailer.mails().len();
    sender(fixture).drain(1, || {}).await.expect("drained");
    fixture.mailer.mails().split_off(before)
}

#[test]
fn a_mail_is_in_the_contacts_language_else_the_practices_and_in_english_where_nobody_wrote_that() {
    run(async {
        let fixture = Fixture::in_memory("smith").await;
        for (number, practice, contact, subject) in [
            (1, "en", None, ENGLISH),
            (2, "en", Some("de"), GERMAN),
            (3, "en", Some("de-AT"), GERMAN),
            (4, "de-CH", None, GERMAN),
            (5, "de", Some("en-GB"), ENGLISH),
            // Whose language is known to be another reads English rather than the practice's.
            (6, "de", Some("fr"), ENGLISH),
            (7, "fr", None, ENGLISH),
        ] {
            practice_speaks(&fixture, practice).await;
            invite(&fixture, &format!("c{number}"), contact).await;
            let mail = mails(&fixture).await.remove(0);
            assert_eq!(mail.subject, subject, "{practice}, {contact:?}");
            let code = if subject == GERMAN { "de" } else { "en" };
            assert!(mail.html.contains(&format!("<html lang=\"{code}\"")), "{}", mail.html);
        }
    });
}

#[test]
fn a_mail_is_in_the_language_that_its_contact_has_when_it_leaves() {
    run(async {
        let fixture = Fixture::in_memory("smith").await;
        invite(&fixture, "ada", None).await;
        let german = PutContactInput { locale: Some(Some("de".to_owned())), ..PutContactInput::default() };
        fixture.portal.put_contact(&fixture.call(), &reference("ada"), &german).await.expect("put");
        let mail = mails(&fixture).await.remove(0);
        assert_eq!(mail.subject, GERMAN);
        assert!(mail.text.contains("Der Link gilt einmal, bis zum "), "{}", mail.text);
        assert!(mail.text.contains(" Uhr Weltzeit (UTC)."), "{}", mail.text);
    });
}

#[test]
fn mail_to_staff_is_in_the_practices_language() {
    run(async {
        let fixture = Fixture::in_memory("smith").await;
        let tina = PutUserInput {
            reference: reference("tina"),
            name: "Tina".to_owned(),
            email: "tina@partners.example".to_owned(),
            role: Role::Admin,
        };
        fixture.portal.put_user(&fixture.call(), &tina).await.expect("put");
        for (locale, subject) in [
            ("en", "Your access to the workspace of Smith & Sons"),
            ("de", "Ihr Zugang zum Arbeitsbereich von Smith & Sons"),
            ("fr", "Your access to the workspace of Smith & Sons"),
        ] {
            practice_speaks(&fixture, locale).await;
            fixture.portal.invite_user(&fixture.call(), &tina.reference).await.expect("invited");
            assert_eq!(mails(&fixture).await.remove(0).subject, subject, "{locale}");
        }
    });
}

#[test]
fn whoever_asks_where_the_portal_is_reads_it_in_the_contacts_language() {
    run(async {
        let fixture = Fixture::in_memory("smith").await;
        invite(&fixture, "ada", Some("de")).await;
        mails(&fixture).await;
        fixture.portal.ask_for_portal_address(&fixture.call(), "ada@smith.example").await.expect("asked");
        let workers = Workers::new(fixture.portal.clone(), fixture.store.clone(), fixture.mailer.clone(), settings());
        assert_eq!(workers.decide_enquiries().await, Ok(1));
        assert_eq!(mails(&fixture).await.remove(0).subject, "Hier finden Sie das Mandantenportal von Smith & Sons");
    });
}

#[test]
fn m6_who_stays_behind_an_address_is_not_greeted_by_the_name_of_who_moved() {
    run(async {
        let fixture = Fixture::in_memory("smith").await;
        invite(&fixture, "ada", None).await;
        let same = EmailsInput { emails: vec!["ada@smith.example".to_owned()], ..EmailsInput::default() };
        let input = PutContactInput { name: Some("Bob".to_owned()), emails: Some(same), ..PutContactInput::default() };
        fixture.portal.put_contact(&fixture.call(), &reference("bob"), &input).await.expect("put");
        fixture.portal.activate(&fixture.call(), &reference("bob")).await.expect("joined");
        let own = EmailsInput { emails: vec!["bob@smith.example".to_owned()], ..EmailsInput::default() };
        fixture.portal.put_emails(&fixture.call(), &reference("bob"), &own).await.expect("split");
        let mails = mails(&fixture).await;
        let told =
            mails.iter().find(|mail| mail.subject.starts_with("The profile of Bob has moved")).expect("the note");
        assert_eq!(told.to.as_str(), "ada@smith.example");
        assert!(told.text.starts_with("Hello,\n\nThe profile of Bob has moved"), "{}", told.text);
    });
}
