//! Mail that came back, from a Maildir (D3).

use std::{fs, time::Duration};

use portal::{LookError, Maildir, Read};
use portal_domain::{message::DeliveryState, port::Evidence};
use portal_testkit::{build, conformance::run, fixture::Fixture};
use tempfile::TempDir;

use super::{ada, invited, sender};

struct Box {
    folder: TempDir,
    maildir: Maildir,
}

impl Box {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for inner in ["new", "cur", "tmp"] {
            fs::create_dir(folder.path().join(inner)).expect("a folder in it");
        }
        Self { maildir: Maildir::new(folder.path()), folder }
    }

    fn put(&self, name: &str, mail: &str) {
        fs::write(self.folder.path().join("new").join(name), mail).expect("a mail");
    }

    fn names(&self, inner: &str) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path().join(inner)).expect("the folder");
        let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name().into_string();
        let mut names: Vec<_> = entries.map(|entry| name(entry).expect("a name")).collect();
        names.sort();
        names
    }

    async fn look(&self, fixture: &Fixture) -> Read {
        self.maildir.look(&fixture.portal).await.expect("it can be read")
    }
}

/// A report as a mail server writes it, which came to this address.
fn bounce(to: &str, recipient: &str) -> String {
    format!(
        "Delivered-To: {to}\nFrom: MAILER-DAEMON@relay.example\nTo: {to}\nSubject: Undelivered Mail Returned to Sender\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\
         Content-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example\n\n\
         Final-Recipient: rfc822; {recipient}\nAction: failed\nStatus: 5.1.1\n\
         Diagnostic-Code: smtp; 550 5.1.1 no such user here\n--b--\n"
    )
}

/// A fixture whose one mail was sent, and that mail's return path.
async fn sent() -> (Fixture, String) {
    let fixture = invited("ada@smith.example").await;
    sender(&fixture).drain(1, || {}).await.expect("drained");
    let path = fixture.mailer.mails().remove(0).return_path.expect("a return path");
    (fixture, path)
}

async fn state(fixture: &Fixture) -> (DeliveryState, usize) {
    let id = build::id("ada");
    let contact = fixture.portal.contact(&fixture.call(), &ada()).await.expect("it is there").1.contact;
    let id = contact.map_or(id, |contact| contact.id);
    let newest = Evidence::newest_messages(&*fixture.store, fixture.call().practice, id, 1).await.expect("it answers");
    (newest[0].state, newest[0].attempts.len())
}

#[test]
fn d3_a_report_is_noted_and_its_file_deleted() {
    run(async {
        let ((fixture, path), mails) = (sent().await, Box::new());
        mails.put("1.a.host", &bounce(&path, "ada@smith.example"));
        assert_eq!(mails.look(&fixture).await, Read { reports: 1, others: 0 });
        assert_eq!(state(&fixture).await, (DeliveryState::Bounced, 2));
        assert!(mails.names("new").is_empty() && mails.names("cur").is_empty());
        // The file of a look that was cut off after the commit.
        mails.put("1.a.host", &bounce(&path, "ada@smith.example"));
        assert_eq!(mails.look(&fixture).await.reports, 1);
        assert_eq!(state(&fixture).await, (DeliveryState::Bounced, 2));
        let facts = fixture.portal.contact(&fixture.call(), &ada()).await.expect("it is there").1;
        assert_eq!(facts.suppressed.len(), 1);
    });
}

#[test]
fn d3_all_other_mail_is_kept_and_changes_nothing() {
    run(async {
        let ((fixture, path), mails) = (sent().await, Box::new());
        let forged = path.replace("b+smith.", "b+jones.");
        mails.put("1", &bounce(&forged, "ada@smith.example"));
        mails.put("2:2,", &bounce("b@portal.example", "ada@smith.example"));
        let away = format!(
            "From: ada@smith.example\nTo: {path}\nAuto-Submitted: auto-replied\nSubject: Out of office\n\nBack on Monday\n"
        );
        mails.put("3", &away);
        mails.put("4", &format!("From: ada@smith.example\nTo: {path}\nSubject: Question\n\nWhen are you open?\n"));
        mails.put("5", "\u{0}\u{1}garbage");
        let delayed =
            bounce(&path, "ada@smith.example").replace("Action: failed", "Action: delayed").replace("5.1.1", "4.2.2");
        mails.put("6", &delayed.replace("550", "450"));
        fs::create_dir(mails.folder.path().join("new/folder")).expect("a folder that is no mail");
        assert_eq!(mails.look(&fixture).await, Read { reports: 0, others: 6 });
        assert_eq!(state(&fixture).await, (DeliveryState::Accepted, 1));
        assert_eq!(mails.names("cur"), ["1:2,S", "2:2,S", "3:2,S", "4:2,S", "5:2,S", "6:2,S"]);
        assert_eq!(mails.look(&fixture).await.total(), 0);
    });
}

#[test]
fn d3_what_can_not_be_read_says_so() {
    run(async {
        let (fixture, mails) = (sent().await.0, Box::new());
        fs::remove_dir(mails.folder.path().join("new")).expect("removed");
        let error = mails.maildir.look(&fixture.portal).await.expect_err("there is nothing to read");
        assert!(matches!(error, LookError::Folder(_)), "{error}");
        assert!(error.to_string().starts_with("the Maildir can't be read: "), "{error}");
    });
}

#[test]
fn d3_one_file_that_can_not_be_cared_for_keeps_no_other_from_it() {
    run(async {
        let ((fixture, path), mails) = (sent().await, Box::new());
        mails.put("1", "From: ada@smith.example\nSubject: Question\n\nWhen are you open?\n");
        // Its place in `cur` is taken by something that it can't replace.
        fs::create_dir_all(mails.folder.path().join("cur/1:2,S/full")).expect("a folder in the way");
        mails.put("2", &bounce(&path, "ada@smith.example"));
        let error = mails.maildir.look(&fixture.portal).await.expect_err("one is left");
        assert!(matches!(error, LookError::Folder(_)), "{error}");
        assert_eq!(state(&fixture).await, (DeliveryState::Bounced, 2));
        assert_eq!(mails.names("new"), ["1"]);
    });
}

#[test]
fn j3_what_was_put_by_is_forgotten_in_its_time() {
    run(async {
        let (fixture, mails) = (sent().await.0, Box::new());
        mails.put("1", "From: ada@smith.example\nSubject: Question\n\nWhen are you open?\n");
        assert_eq!(mails.look(&fixture).await.others, 1);
        fs::write(mails.folder.path().join("cur/own"), "of somebody else").expect("a file");
        assert_eq!(mails.maildir.forget(Duration::from_secs(3600)).await.expect("it can be read"), 0);
        assert_eq!(mails.maildir.forget(Duration::ZERO).await.expect("it can be read"), 1);
        assert_eq!(mails.names("cur"), ["own"]);
    });
}
