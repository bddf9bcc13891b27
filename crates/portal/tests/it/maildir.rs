//! Mail that came back, from a Maildir (D3).

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use portal::{LookFault, Maildir, Portal, Read, Workers};
use portal_domain::{
    id::{MessageId, PracticeId},
    message::{DeliveryState, Settlement},
    port::{Evidence, Returns, StoreError},
    returned::SentMessage,
};
use portal_testkit::{
    build,
    conformance::{FullStore, run},
    fixture::Fixture,
};
use tempfile::TempDir;

use super::{ada, invited, sender};

const QUESTION: &str = "From: ada@smith.example\nSubject: Question\n\nWhen are you open?\n";

struct Mailbox {
    folder: TempDir,
    maildir: Maildir,
}

impl Mailbox {
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

    /// As if it lay there since long ago.
    fn age(&self, name: &str) {
        let file = fs::File::open(self.folder.path().join(name)).expect("it is there");
        file.set_modified(SystemTime::UNIX_EPOCH).expect("it is dated");
    }

    fn names(&self, inner: &str) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path().join(inner)).expect("the folder");
        let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name().into_string();
        let mut names: Vec<_> = entries.map(|entry| name(entry).expect("a name")).collect();
        names.sort();
        names
    }

    async fn look(&self, fixture: &Fixture) -> Read {
        self.maildir.look(&fixture.portal, &|| false).await.expect("it can be read")
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
        let ((fixture, path), mails) = (sent().await, Mailbox::new());
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
        let ((fixture, path), mails) = (sent().await, Mailbox::new());
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
        assert_eq!(mails.names("cur"), [1, 2, 3, 4, 5, 6].map(|number| format!("{number}.put_by_portal:2,S")));
        assert_eq!(mails.look(&fixture).await.total(), 0);
    });
}

#[test]
fn d3_what_can_not_be_read_says_so() {
    run(async {
        let (fixture, mails) = (sent().await.0, Mailbox::new());
        fs::remove_dir(mails.folder.path().join("new")).expect("removed");
        let error = mails.maildir.look(&fixture.portal, &|| false).await.expect_err("there is nothing to read");
        assert!(matches!(error.fault, LookFault::Folder(_)), "{error}");
        assert!(error.to_string().starts_with("the Maildir can't be read: "), "{error}");
    });
}

#[test]
fn d3_one_file_that_can_not_be_cared_for_keeps_no_other_from_it() {
    run(async {
        let ((fixture, path), mails) = (sent().await, Mailbox::new());
        for name in ["1", "2"] {
            mails.put(name, QUESTION);
            // Its place in `cur` is taken by something that it can't replace.
            let place = format!("cur/{name}.put_by_portal:2,S/full");
            fs::create_dir_all(mails.folder.path().join(place)).expect("a folder in the way");
        }
        mails.put("3", &bounce(&path, "ada@smith.example"));
        let error = mails.maildir.look(&fixture.portal, &|| false).await.expect_err("some are left");
        assert!(matches!(error.fault, LookFault::Folder(_)), "{error}");
        assert_eq!(error.files, 2);
        assert_eq!(state(&fixture).await, (DeliveryState::Bounced, 2));
        assert_eq!(mails.names("new"), ["1", "2"]);
    });
}

#[test]
fn d3_who_is_told_to_stop_reads_no_further_file() {
    run(async {
        let (fixture, mails) = (sent().await.0, Mailbox::new());
        ["1", "2", "3"].iter().for_each(|name| mails.put(name, QUESTION));
        let asked = AtomicUsize::new(0);
        let read = mails.maildir.look(&fixture.portal, &|| asked.fetch_add(1, SeqCst) == 2).await;
        assert_eq!(read.expect("it can be read"), Read { reports: 0, others: 2 });
        assert_eq!(mails.names("new"), ["3"]);
    });
}

/// A store in which looking for a message fails.
struct Failing {
    store: Arc<dyn FullStore>,
    asked: Arc<AtomicUsize>,
    /// With a panic, the first time; else with an error, each time.
    panics: bool,
}

impl Failing {
    fn portal(fixture: &Fixture, panics: bool) -> (Portal, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let returns = Arc::new(Self { store: fixture.store.clone(), asked: asked.clone(), panics });
        (Portal { returns, ..fixture.portal.clone() }, asked)
    }
}

#[async_trait]
impl Returns for Failing {
    async fn sent(&self, message: MessageId) -> Result<Option<SentMessage>, StoreError> {
        match (self.asked.fetch_add(1, SeqCst), self.panics) {
            (0, true) => panic!("on purpose"),
            (_, true) => Returns::sent(&*self.store, message).await,
            (_, false) => Err(StoreError::Damaged("on purpose".to_owned())),
        }
    }

    async fn came_back(
        &self,
        practice: PracticeId,
        message: MessageId,
        settlement: &Settlement,
    ) -> Result<bool, StoreError> {
        Returns::came_back(&*self.store, practice, message, settlement).await
    }
}

#[test]
fn d3_a_panic_over_one_report_keeps_no_other_from_being_noted() {
    run(async {
        let ((fixture, path), mails) = (sent().await, Mailbox::new());
        ["1", "2"].iter().for_each(|name| mails.put(name, &bounce(&path, "ada@smith.example")));
        let (portal, _) = Failing::portal(&fixture, true);
        let error = mails.maildir.look(&portal, &|| false).await.expect_err("one is left");
        assert!(matches!(error.fault, LookFault::Program(_)), "{error}");
        assert_eq!((error.files, state(&fixture).await), (1, (DeliveryState::Bounced, 2)));
        assert_eq!(mails.names("new"), ["1"]);
        assert_eq!(mails.look(&fixture).await.reports, 1);
    });
}

#[test]
fn d3_what_can_not_be_noted_is_not_read_again_at_once() {
    run(async {
        let ((fixture, path), mails) = (sent().await, Mailbox::new());
        mails.put("1", &bounce(&path, "ada@smith.example"));
        let (portal, asked) = Failing::portal(&fixture, false);
        let running = Workers::without_mail(portal).with_maildir(mails.maildir.clone()).start();
        while asked.load(SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // Where all is well it looks every two seconds.
        tokio::time::sleep(Duration::from_millis(2500)).await;
        assert_eq!(asked.load(SeqCst), 1);
        let stopped = tokio::time::timeout(Duration::from_secs(20), running.stop()).await;
        stopped.expect("the pause ends when it is told to stop");
    });
}

#[test]
fn j3_what_was_put_by_is_forgotten_in_its_time() {
    run(async {
        let (fixture, mails) = (sent().await.0, Mailbox::new());
        ["1", "2"].iter().for_each(|name| mails.put(name, QUESTION));
        // Its time does not begin before it is put by.
        mails.age("new/1");
        assert_eq!(mails.look(&fixture).await.others, 2);
        let put_by = fixture.portal.now();
        // People looked at it.
        let [seen, answered] = ["2.put_by_portal:2,S", "2.put_by_portal:2,FRS"];
        let cur = mails.folder.path().join("cur");
        fs::rename(cur.join(seen), cur.join(answered)).expect("renamed");
        assert_eq!(mails.maildir.forget(put_by.before(Duration::from_secs(1))).await.expect("it can be read"), 0);
        assert_eq!(mails.names("cur"), ["1.put_by_portal:2,S", answered]);
        assert_eq!(mails.maildir.forget(put_by).await.expect("it can be read"), 2);
        assert!(mails.names("cur").is_empty());
    });
}

#[test]
fn j3_what_other_programs_put_into_the_folder_is_not_forgotten() {
    run(async {
        let (fixture, mails) = (sent().await.0, Mailbox::new());
        let others = ["1.host:2,", "2.host:2,S", "3.portal:2,S", "own"];
        for name in others {
            fs::write(mails.folder.path().join("cur").join(name), "of somebody else").expect("a file");
            mails.age(&format!("cur/{name}"));
        }
        fs::create_dir(mails.folder.path().join("cur/4.put_by_portal:2,S")).expect("a folder that is no mail");
        assert_eq!(mails.maildir.forget(fixture.portal.now()).await.expect("it can be read"), 0);
        assert_eq!(mails.names("cur"), ["1.host:2,", "2.host:2,S", "3.portal:2,S", "4.put_by_portal:2,S", "own"]);
    });
}

/// What one of them has listed the other has deleted.
#[test]
fn j3_several_who_forget_at_once_are_in_nobodys_way() {
    run(async {
        let (fixture, mails) = (sent().await.0, Mailbox::new());
        for number in 0..2000 {
            let name = format!("cur/{number}.put_by_portal:2,S");
            fs::write(mails.folder.path().join(&name), "").expect("a file");
            mails.age(&name);
        }
        let until = fixture.portal.now();
        let all = tokio::join!(mails.maildir.forget(until), mails.maildir.forget(until), mails.maildir.forget(until));
        let all = [all.0, all.1, all.2].map(|forgotten| forgotten.expect("one that is gone is no fault"));
        assert_eq!(all.iter().sum::<u64>(), 2000);
    });
}
