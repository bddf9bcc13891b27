//! The workers, on the in-memory store.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use portal::{CallContext, MailSettings, Portal, Sender, Workers};
use portal_domain::{
    contact::Access,
    email::EmailAddress,
    event::Caller,
    id::{EnquiryId, PracticeId, Ref, Slug},
    link::{KeyId, LinkTokens},
    message::{DeliveryState, SendOutcome, Settlement},
    port::{Enquiries, Enquiry, EnquiryKind, Leased, Outbox, StoreError},
    time::Timestamp,
    usecase::{EmailsInput, PutContactInput, RedeemLink},
};
use portal_testkit::{
    build,
    conformance::{FullStore, run},
    fixture::Fixture,
};

const MINUTE: Duration = Duration::from_secs(60);

fn settings() -> MailSettings {
    let from = EmailAddress::parse("portal@smith.example").expect("an address");
    MailSettings { base_url: "https://portal.example".to_owned(), from }
}

fn sender(fixture: &Fixture) -> Sender {
    Sender::new(fixture.portal.clone(), fixture.store.clone(), fixture.mailer.clone(), settings())
}

fn ada() -> Ref {
    Ref::parse("ada").expect("a reference")
}

async fn invited(address: &str) -> Fixture {
    let fixture = Fixture::in_memory("smith").await;
    let emails = Some(EmailsInput { emails: vec![address.to_owned()], ..EmailsInput::default() });
    let input = PutContactInput { name: Some("Ada Smith".to_owned()), emails, ..PutContactInput::default() };
    fixture.portal.put_contact(&fixture.call(), &ada(), &input).await.expect("put");
    fixture.portal.activate(&fixture.call(), &ada()).await.expect("activated");
    fixture
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
    async fn lease(&self, now: Timestamp, until: Timestamp, most: u32) -> Result<Vec<Leased>, StoreError> {
        Outbox::lease(&*self.inner, now, until, most).await
    }

    async fn settle(&self, leased: &Leased, settlement: &Settlement) -> Result<bool, StoreError> {
        if self.lost.swap(false, std::sync::atomic::Ordering::SeqCst) {
            return Err(StoreError::Unavailable("cut off".to_owned()));
        }
        Outbox::settle(&*self.inner, leased, settlement).await
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
        let minutes: Vec<_> = pauses.iter().take(9).map(|pause| pause.as_secs() / 60).collect();
        assert_eq!(minutes, [0, 1, 2, 4, 8, 16, 32, 64, 120]);
        let total: Duration = pauses.iter().sum();
        assert!(total > Duration::from_secs(20 * 3600) && total < Duration::from_secs(24 * 3600), "{total:?}");
    });
}

#[test]
fn d1_a_message_whose_link_died_is_cancelled_and_not_sent() {
    run(async {
        let fixture = invited("ada@smith.example").await;
        let outcome = fixture.portal.deactivate(&fixture.call(), &ada()).await.expect("deactivated");
        assert_eq!(outcome.after.contact.expect("a contact").access, Access::Deactivated);
        assert_eq!(sender(&fixture).send_next().await, Ok(Some(DeliveryState::Cancelled)));
        assert!(fixture.mailer.mails().is_empty());
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
