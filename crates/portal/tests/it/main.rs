//! The workers, on the in-memory store.

mod deletion;
mod maildir;
mod tongues;
mod turns;
mod webhooks;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use async_trait::async_trait;
use portal::{CallContext, MailSettings, Portal, Sender, Workers};
use portal_domain::{
    contact::Access,
    email::EmailAddress,
    event::Caller,
    id::{EnquiryId, PracticeId, Ref, Slug},
    link::{KeyId, LinkTokens},
    message::{DeliveryState, SendOutcome, Settlement},
    port::{
        Enquiries, Enquiry, EnquiryKind, Entropy, Lease, LeaseTerms, Leased, Mailer, Outbox, OutgoingMail, Page,
        StoreError,
    },
    practice::Settings,
    time::Timestamp,
    usecase::{EmailsInput, PutContactInput, RedeemLink},
};
use portal_testkit::{
    build,
    conformance::{FullStore, run},
    fixture::Fixture,
    memory::SeededEntropy,
};

const MINUTE: Duration = Duration::from_secs(60);

fn settings() -> MailSettings {
    let from = EmailAddress::parse("portal@smith.example").expect("an address");
    MailSettings { base_url: "https://portal.example".to_owned(), from, mails_per_hour: None }
}

fn sender(fixture: &Fixture) -> Sender {
    Sender::new(fixture.portal.clone(), fixture.store.clone(), fixture.mailer.clone(), settings())
}

fn ada() -> Ref {
    Ref::parse("ada").expect("a reference")
}

async fn invited(address: &str) -> Fixture {
    let fixture = Fixture::in_memory("smith").await;
    invite(&fixture, address).await;
    fixture
}

async fn invite(fixture: &Fixture, address: &str) {
    let emails = Some(EmailsInput { emails: vec![address.to_owned()], ..EmailsInput::default() });
    let input = PutContactInput { name: Some("Ada Smith".to_owned()), emails, ..PutContactInput::default() };
    fixture.portal.put_contact(&fixture.call(), &ada(), &input).await.expect("put");
    fixture.portal.activate(&fixture.call(), &ada()).await.expect("activated");
}

/// The token in a mail: what follows the last slash of the one line that is a link.
fn token(text: &str) -> String {
    let mut links = text.lines().filter(|line| line.starts_with("https://portal.example/portal/smith/link/"));
    let link = links.next().expect("a link on a line of its own");
    assert_eq!(links.next(), None, "only one link");
    link.rsplit('/').next().expect("a token").to_owned()
}

#[test]
fn d1_an_activation_sends_one_mail_to_the_stored_address_and_its_link_works() {
    run(async {
        let fixture = invited(" Ada.Smith@Bücher.example ").await;
        let sent = sender(&fixture).drain(4, || {}).await.expect("drained");
        assert_eq!((sent.accepted, sent.total()), (1, 1));
        let mails = fixture.mailer.mails();
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].to.as_str(), "Ada.Smith@Bücher.example");
        let token = token(&mails[0].text);
        let command = RedeemLink { token: &token, password: "four quiet paper boats" };
        let redeemed = fixture.portal.redeem_link(&fixture.call(), &command).await.expect("redeemed");
        assert_eq!(redeemed.login_email, "Ada.Smith@Bücher.example");
    });
}

/// An outbox whose first settlement is lost, as by a crash between the other server's answer and the commit.
struct Forgetful {
    inner: Arc<dyn FullStore>,
    lost: std::sync::atomic::AtomicBool,
}

#[async_trait]
impl Outbox for Forgetful {
    async fn lease(&self, terms: &LeaseTerms) -> Result<Vec<Leased>, StoreError> {
        Outbox::lease(&*self.inner, terms).await
    }

    async fn recall(&self, now: Timestamp, latest: Timestamp) -> Result<u64, StoreError> {
        self.inner.recall(now, latest).await
    }

    async fn settle(&self, lease: &Lease, settlement: &Settlement) -> Result<bool, StoreError> {
        if self.lost.swap(false, std::sync::atomic::Ordering::SeqCst) {
            return Err(StoreError::Unavailable("cut off".to_owned()));
        }
        Outbox::settle(&*self.inner, lease, settlement).await
    }
}

#[test]
fn d1_a_repeated_delivery_carries_the_same_message_id_and_link() {
    run(async {
        let fixture = invited("ada@smith.example").await;
        let outbox = Arc::new(Forgetful { inner: fixture.store.clone(), lost: true.into() });
        let sender = Sender::new(fixture.portal.clone(), outbox, fixture.mailer.clone(), settings());
        assert!(sender.send_next().await.is_err());
        assert_eq!(sender.send_next().await, Ok(None), "the lease still holds");
        fixture.clock.advance(10 * MINUTE);
        assert_eq!(sender.send_next().await, Ok(Some(DeliveryState::Accepted)));
        let mails = fixture.mailer.mails();
        assert_eq!(mails.len(), 2);
        assert_eq!(mails[0].message_id, mails[1].message_id);
        assert_eq!(mails[0].text, mails[1].text);
        assert_eq!(mails[0].return_path, mails[1].return_path);
    });
}

#[test]
fn d3_the_return_path_of_a_mail_names_its_message() {
    run(async {
        let fixture = invited("ada@smith.example").await;
        sender(&fixture).drain(1, || {}).await.expect("drained");
        let mail = fixture.mailer.mails().remove(0);
        let path = mail.return_path.expect("a return path");
        // The configured address's domain, where a report comes to us.
        assert!(path.starts_with("b+smith.") && path.ends_with("@smith.example"), "{path}");
        let read = fixture.portal.tokens.return_paths().read(&path).expect("ours");
        assert_eq!(mail.message_id, format!("{}@smith.example", read.message));
        assert!(read.may_be_of(&fixture.practice.slug));
    });
}

#[test]
fn d6_a_mail_bears_the_practice_and_answers_go_to_it() {
    run(async {
        let fixture = Fixture::in_memory("smith").await;
        let edit = |settings: Settings| Settings {
            mail_reply_to: Some("office@partners.example".to_owned()),
            contact_line: "Call 0123 456 789".to_owned(),
            invitation_note: "Bring your papers.".to_owned(),
            ..settings
        };
        fixture.portal.put_settings(&fixture.call(), edit).await.expect("put");
        invite(&fixture, "ada@smith.example").await;
        sender(&fixture).drain(1, || {}).await.expect("drained");
        let mail = fixture.mailer.mails().remove(0);
        assert_eq!(mail.from.name, fixture.practice.name);
        assert_eq!(mail.from.address.as_str(), "portal@smith.example");
        assert_eq!(mail.reply_to.as_ref().map(EmailAddress::as_str), Some("office@partners.example"));
        let footer = mail.text.rsplit("\n-- \n").next().expect("a footer");
        assert!(footer.contains("Call 0123 456 789"), "{footer}");
        assert!(footer.lines().any(|line| line == "https://portal.example/portal/smith/sign-in"), "{footer}");
        assert!(mail.text.contains("\n    Bring your papers.\n"));
        token(&mail.text);
    });
}

#[test]
fn d1_a_temporary_fault_is_tried_again_with_growing_pauses_and_ends_after_a_day() {
    run(async {
        let fixture = invited("ada@smith.example").await;
        let sender = sender(&fixture);
        let mut pauses = Vec::new();
        let mut last = DeliveryState::Queued;
        let mut waited = Duration::ZERO;
        while last != DeliveryState::Failed {
            fixture.mailer.then(SendOutcome::Transient { reply: "451 later".to_owned() });
            match sender.send_next().await.expect("the store is there") {
                Some(state) => {
                    last = state;
                    pauses.push(waited);
                    waited = Duration::ZERO;
                }
                None => {
                    fixture.clock.advance(MINUTE);
                    waited += MINUTE;
                }
            }
        }
        for (pause, minutes) in pauses.iter().zip([0, 1, 2, 4, 8, 16, 32, 64, 120, 120]) {
            // Up to a twelfth shorter or longer, and found out by looking once a minute.
            let usual = minutes * MINUTE;
            assert!(*pause >= usual * 11 / 12 && *pause <= usual * 13 / 12 + MINUTE, "{pauses:?}");
        }
        let total: Duration = pauses.iter().sum();
        assert!(total > Duration::from_secs(20 * 3600) && total < Duration::from_secs(24 * 3600), "{total:?}");
    });
}

#[test]
fn d1_a_message_whose_link_died_is_cancelled_and_not_sent() {
    run(async {
        let fixture = invited("ada@smith.example").await;
        let outcome = fixture.portal.deactivate(&fixture.call(), &ada()).await.expect("deactivated");
        assert_eq!(outcome.contact.expect("a contact").portal.access, Access::Deactivated);
        assert_eq!(sender(&fixture).send_next().await, Ok(Some(DeliveryState::Cancelled)));
        assert!(fixture.mailer.mails().is_empty());
    });
}

#[test]
fn d2_news_of_an_address_that_is_stale_by_now_is_cancelled_and_old_addresses_are_still_told() {
    run(async {
        let fixture = invited("ada@smith.example").await;
        sender(&fixture).drain(1, || {}).await.expect("drained");
        let token = token(&fixture.mailer.mails()[0].text);
        let command = RedeemLink { token: &token, password: "four quiet paper boats" };
        fixture.portal.redeem_link(&fixture.call(), &command).await.expect("redeemed");
        let emails = |address: &str| EmailsInput { emails: vec![address.to_owned()], ..EmailsInput::default() };
        fixture.portal.put_emails(&fixture.call(), &ada(), &emails("new@smith.example")).await.expect("moved");
        fixture.portal.deactivate(&fixture.call(), &ada()).await.expect("deactivated");
        let sent = sender(&fixture).drain(1, || {}).await.expect("drained");
        assert_eq!((sent.accepted, sent.cancelled), (1, 1));
        assert_eq!(fixture.mailer.mails()[1].to.as_str(), "ada@smith.example");
    });
}

/// An outbox that gives every message as one that can't be read.
struct Damaged(Arc<dyn FullStore>);

#[async_trait]
impl Outbox for Damaged {
    async fn lease(&self, terms: &LeaseTerms) -> Result<Vec<Leased>, StoreError> {
        let mut leased = Outbox::lease(&*self.0, terms).await?;
        leased.iter_mut().for_each(|leased| leased.letter = Err("its body is no JSON".to_owned()));
        Ok(leased)
    }

    async fn recall(&self, now: Timestamp, latest: Timestamp) -> Result<u64, StoreError> {
        self.0.recall(now, latest).await
    }

    async fn settle(&self, lease: &Lease, settlement: &Settlement) -> Result<bool, StoreError> {
        Outbox::settle(&*self.0, lease, settlement).await
    }
}

/// A mailer that panics over every mail.
struct Panicking;

#[async_trait]
impl Mailer for Panicking {
    async fn send(&self, _: &OutgoingMail) -> SendOutcome {
        panic!("on purpose")
    }
}

/// Tries until the message is given up; says how often, and with which last words.
async fn until_it_fails(fixture: &Fixture, sender: &Sender) -> (usize, String) {
    for _ in 0..200 {
        let sent = sender.drain(2, || {}).await.expect("the store is there");
        if sent.failed == 1 {
            break;
        }
        fixture.clock.advance(30 * MINUTE);
    }
    let contact = fixture.portal.contact(&fixture.call(), &ada()).await.expect("there").1.contact.expect("there").id;
    let page = Page { after: None, limit: 9 };
    let messages = fixture.store.messages(fixture.practice.id, contact, &page).await.expect("messages");
    let delivery = &messages[0].0;
    assert_eq!(delivery.state, DeliveryState::Failed);
    (delivery.attempts.len(), delivery.attempts[0].reply.clone())
}

#[test]
fn d1_a_message_that_can_t_be_read_is_tried_again_and_then_reported_failed() {
    run(async {
        let fixture = invited("ada@smith.example").await;
        let outbox = Arc::new(Damaged(fixture.store.clone()));
        let sender = Sender::new(fixture.portal.clone(), outbox, fixture.mailer.clone(), settings());
        let (tries, words) = until_it_fails(&fixture, &sender).await;
        assert_eq!((tries, words.as_str()), (18, "the message can't be read: its body is no JSON"));
        assert!(fixture.mailer.mails().is_empty());
    });
}

#[test]
fn d1_a_message_over_which_the_program_panics_is_never_stuck() {
    run(async {
        let fixture = invited("ada@smith.example").await;
        let sender = Sender::new(fixture.portal.clone(), fixture.store.clone(), Arc::new(Panicking), settings());
        let (tries, words) = until_it_fails(&fixture, &sender).await;
        assert_eq!((tries, words.as_str()), (18, "the program failed over this message; its log says more"));
    });
}

#[test]
fn j1_every_state_of_a_message_leaves_an_event() {
    run(async {
        let fixture = invited("ada@smith.example").await;
        fixture.mailer.then(SendOutcome::Transient { reply: "451 later".to_owned() });
        let sender = sender(&fixture);
        sender.send_next().await.expect("sent");
        fixture.clock.advance(10 * MINUTE);
        sender.send_next().await.expect("sent");
        let events = fixture.events().await;
        let kinds: Vec<_> =
            events.iter().map(|event| event.kind.as_str()).filter(|kind| kind.starts_with("message.")).collect();
        assert_eq!(kinds, ["message.deferred", "message.accepted"]);
    });
}

#[test]
fn l7_a_reset_is_decided_by_the_worker_and_goes_to_the_stored_address_only() {
    run(async {
        let fixture = invited("Ada@smith.example").await;
        sender(&fixture).drain(1, || {}).await.expect("drained");
        for typed in ["ada@SMITH.example ", "nobody@smith.example", "ada@smith.example, eve@evil.example", "\u{0}"] {
            fixture.portal.ask_for_reset(&fixture.call(), typed).await.expect("kept");
        }
        let workers = Workers::new(fixture.portal.clone(), fixture.store.clone(), fixture.mailer.clone(), settings());
        assert_eq!(workers.decide_enquiries().await, Ok(4));
        sender(&fixture).drain(1, || {}).await.expect("drained");
        let resets: Vec<_> =
            fixture.mailer.mails().into_iter().skip(1).map(|mail| mail.to.as_str().to_owned()).collect();
        assert_eq!(resets, ["Ada@smith.example"]);
    });
}

/// Enquiries of which the oldest is always one of a practice that is gone.
struct WithABadOne(Arc<dyn FullStore>);

#[async_trait]
impl Enquiries for WithABadOne {
    async fn put(&self, enquiry: &Enquiry) -> Result<(), StoreError> {
        Enquiries::put(&*self.0, enquiry).await
    }

    async fn lease(&self, now: Timestamp, until: Timestamp, most: u32) -> Result<Vec<Enquiry>, StoreError> {
        let mut enquiries = Enquiries::lease(&*self.0, now, until, most).await?;
        let kind = EnquiryKind::Reset { address: "ada@smith.example".to_owned() };
        let (id, practice) = (build::id("bad"), build::id("a practice that is gone"));
        enquiries.insert(0, Enquiry { id, practice, kind, origin: None, at: now });
        Ok(enquiries)
    }

    async fn settle(&self, practice: PracticeId, enquiry: EnquiryId) -> Result<(), StoreError> {
        Enquiries::settle(&*self.0, practice, enquiry).await
    }
}

#[test]
fn l7_an_enquiry_that_can_t_be_decided_keeps_nobody_else_waiting() {
    run(async {
        let fixture = invited("ada@smith.example").await;
        let enquiries = Arc::new(WithABadOne(fixture.store.clone()));
        let portal = Portal { enquiries, ..fixture.portal.clone() };
        portal.ask_for_reset(&fixture.call(), "ada@smith.example").await.expect("kept");
        let workers = Workers::new(portal, fixture.store.clone(), fixture.mailer.clone(), settings());
        assert_eq!(workers.decide_enquiries().await, Ok(2));
        let sent = sender(&fixture).drain(1, || {}).await.expect("drained");
        assert_eq!(sent.accepted, 2, "the invitation and the reset");
    });
}

/// Otherwise its address would be kept for ever.
#[test]
fn j3_an_enquiry_that_can_t_be_decided_is_given_up_after_an_hour() {
    run(async {
        let fixture = invited("ada@smith.example").await;
        let panicking = Portal { entropy: PanickingEntropy::times(usize::MAX), ..fixture.portal.clone() };
        let at = fixture.portal.now();
        for (portal, practice) in
            [(&fixture.portal, build::id("a practice that is gone")), (&panicking, fixture.practice.id)]
        {
            let kind = EnquiryKind::Reset { address: "ada@smith.example".to_owned() };
            let wish = Enquiry { id: build::id("wish"), practice, kind, origin: None, at };
            for (age, settled) in [(60 * MINUTE - Duration::from_secs(1), 0), (60 * MINUTE, 1)] {
                fixture.clock.set(at.after(age));
                let (mut wishes, wish) = (MockWishes::new(), wish.clone());
                wishes.expect_lease().times(1).returning(move |_, _, _| Ok(vec![wish.clone()]));
                wishes.expect_settle().times(settled).returning(|_, _| Ok(()));
                let portal = Portal { enquiries: Arc::new(wishes), ..portal.clone() };
                let workers = Workers::new(portal, fixture.store.clone(), fixture.mailer.clone(), settings());
                assert_eq!(workers.decide_enquiries().await, Ok(1));
            }
        }
    });
}

/// Randomness over which the program panics so many times.
struct PanickingEntropy {
    times: usize,
    asked: AtomicUsize,
    then: SeededEntropy,
}

impl PanickingEntropy {
    fn times(times: usize) -> Arc<Self> {
        Arc::new(Self { times, asked: 0.into(), then: SeededEntropy::new(99) })
    }
}

impl Entropy for PanickingEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        assert!(self.asked.fetch_add(1, SeqCst) >= self.times, "on purpose");
        self.then.fill(bytes);
    }
}

#[test]
fn l7_an_enquiry_over_which_the_program_panics_keeps_nobody_else_waiting() {
    run(async {
        let fixture = invited("ada@smith.example").await;
        for _ in 0..2 {
            fixture.portal.ask_for_reset(&fixture.call(), "ada@smith.example").await.expect("kept");
        }
        let portal = Portal { entropy: PanickingEntropy::times(1), ..fixture.portal.clone() };
        let workers = Workers::new(portal, fixture.store.clone(), fixture.mailer.clone(), settings());
        for (leased, mails) in [(2, 2), (0, 0)] {
            assert_eq!(workers.decide_enquiries().await, Ok(leased));
            assert_eq!(sender(&fixture).drain(1, || {}).await.expect("drained").accepted, mails);
        }
        fixture.clock.advance(MINUTE);
        assert_eq!(workers.decide_enquiries().await, Ok(1), "it comes up again");
        assert_eq!(sender(&fixture).drain(1, || {}).await.expect("drained").accepted, 1);
    });
}

mockall::mock! {
    Wishes {}

    #[async_trait]
    impl Enquiries for Wishes {
        async fn put(&self, enquiry: &Enquiry) -> Result<(), StoreError>;
        async fn lease(&self, now: Timestamp, until: Timestamp, most: u32) -> Result<Vec<Enquiry>, StoreError>;
        async fn settle(&self, practice: PracticeId, enquiry: EnquiryId) -> Result<(), StoreError>;
    }
}

/// A crash between the commit and the settling of an enquiry: it comes up again, and its id is the request key.
#[test]
fn l7_an_enquiry_whose_settling_was_lost_sends_no_second_mail() {
    run(async {
        let fixture = invited("ada@smith.example").await;
        let kind = EnquiryKind::Reset { address: "ada@smith.example".to_owned() };
        let (id, practice, at) = (build::id("wish"), fixture.practice.id, fixture.portal.now());
        let wish = Enquiry { id, practice, kind, origin: None, at };
        let mut wishes = MockWishes::new();
        wishes.expect_lease().times(2).returning(move |_, _, _| Ok(vec![wish.clone()]));
        let mut lost = vec![Ok(()), Err(StoreError::Unavailable("cut off".to_owned()))];
        wishes.expect_settle().times(2).returning(move |_, _| lost.pop().expect("settled twice"));
        let portal = Portal { enquiries: Arc::new(wishes), ..fixture.portal.clone() };
        let workers = Workers::new(portal, fixture.store.clone(), fixture.mailer.clone(), settings());
        assert!(workers.decide_enquiries().await.is_err());
        assert_eq!(workers.decide_enquiries().await, Ok(1));
        let sent = sender(&fixture).drain(1, || {}).await.expect("drained");
        assert_eq!(sent.accepted, 2, "the invitation and one reset");
    });
}

#[test]
fn without_a_mail_server_mail_waits_as_it_is() {
    run(async {
        let fixture = invited("ada@smith.example").await;
        let running = Workers::without_mail(fixture.portal.clone()).start();
        running.wake();
        running.stop().await;
        let waiting = fixture.store.waiting(fixture.practice.id).await.expect("counted");
        assert_eq!(waiting.iter().map(|kind| kind.count).sum::<u64>(), 1);
    });
}

#[test]
fn j1_a_worker_seals_what_was_written_and_a_broken_journal_keeps_no_other_waiting() {
    run(async {
        let fixture = invited("ada@smith.example").await;
        let nowhere = CallContext::new(Portal::nowhere(), Caller::Program);
        let jones = Slug::parse("jones").expect("a slug");
        let jones = fixture.portal.create_practice(&nowhere, &jones, "Jones").await.expect("created");
        // A head under a key that is gone.
        let gone = LinkTokens::new(vec![(KeyId::parse("gone").expect("a name"), [1; 32])]).expect("a key");
        let other = Portal { tokens: gone, ..fixture.portal.clone() };
        other.seal_waiting(jones.id).await.expect("sealed");
        let input = PutContactInput { name: Some("Bob".to_owned()), ..PutContactInput::default() };
        let call = CallContext::new(jones.id, Caller::Program);
        fixture.portal.put_contact(&call, &ada(), &input).await.expect("put");
        let running = Workers::without_mail(fixture.portal.clone()).start();
        while fixture.store.unsealed_count(fixture.practice.id).await.expect("counted") > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        running.stop().await;
        let report = fixture.portal.verify_journal(fixture.practice.id, None).await.expect("read");
        assert!(report.is_valid() && report.checked >= 3, "{report:?}");
        assert_eq!(
            fixture.store.unsealed_count(jones.id).await,
            Ok(1),
            "nothing is sealed after a head of an unknown key"
        );
    });
}

#[test]
fn workers_send_what_is_queued_and_stop_when_told() {
    run(async {
        let fixture = invited("ada@smith.example").await;
        let workers = Workers::new(fixture.portal.clone(), fixture.store.clone(), fixture.mailer.clone(), settings());
        let running = workers.start();
        running.wake();
        while fixture.mailer.mails().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        running.stop().await;
        assert_eq!(fixture.mailer.mails().len(), 1);
    });
}
