//! Receivers that are down, events that never arrive, and what must not stop the rest.

use portal_domain::{
    Refusal, decide,
    event::Caller,
    id::{PracticeId, WebhookId},
    port::{Clock, Commit, StoreError, Webhooks},
    time::Timestamp,
    usecase::{CallContext, Error},
    webhook::{SealedSecret, Webhook},
};
use portal_testkit::{conformance::FullStore, memory::TestClock};

use super::*;

impl Stage {
    /// An endpoint that is down, whose receiver has just come back.
    async fn down() -> Self {
        let stage = Self::set(None).await;
        stage.receiver.answers(|_| Pushed::Answered(500));
        for number in 0..6 {
            stage.contact(&format!("c{number}"), "C").await;
        }
        stage.push().await;
        assert_eq!(stage.receiver.tried().len(), 5, "then it counts as down");
        stage.receiver.answers(|_| Pushed::Answered(200));
        stage
    }

    fn kinds(&self) -> Vec<String> {
        self.receiver.calls().iter().map(|(call, _)| words(call)[1].clone()).collect()
    }

    fn with_clock(&self, clock: impl Clock + 'static) -> Pusher {
        let portal = portal::Portal { clock: Arc::new(clock), ..self.fixture.portal.clone() };
        self.pusher_of(portal)
    }

    fn pusher_of(&self, portal: portal::Portal) -> Pusher {
        let views: Arc<dyn PortalViews> = self.fixture.store.clone();
        Pusher::new(portal, views, self.receiver.clone(), Arc::new(body))
    }
}

#[tokio::test]
async fn an_endpoint_that_is_down_and_asks_for_fewer_kinds_goes_on() {
    let stage = Stage::down().await;
    stage.put(|command| command.kinds = Some(vec!["client.*".to_owned()])).await;
    stage.push_all().await;
    stage.client("acme").await;
    stage.push_all().await;
    assert_eq!(stage.kinds().pop().as_deref(), Some("client.created"));
    assert_eq!(stage.view().await.cursor, stage.fixture.events().await.len() as i64);
}

#[tokio::test]
async fn j2_one_event_that_never_arrives_stops_nobody_else_s() {
    let stage = Stage::set(Some(&["contact.*"])).await;
    stage.receiver.answers(|call| match words(call)[2].as_str() {
        "ada" => Pushed::Answered(500),
        _ => Pushed::Answered(200),
    });
    stage.contact("ada", "Ada").await;
    stage.push().await;
    for _ in 0..9 {
        stage.fixture.clock.set(stage.view().await.next_attempt_at.unwrap());
        stage.push().await;
    }
    assert_eq!(stage.receiver.tried().len(), 10);
    stage.contact("bob", "Bob").await;
    stage.push().await;
    assert_eq!(stage.receiver.received().len(), 1);
    assert!(stage.view().await.failing_since.is_some());
}

#[tokio::test]
async fn an_address_that_was_corrected_is_tried_at_once() {
    let stage = Stage::down().await;
    stage.push().await;
    assert!(stage.receiver.received().is_empty(), "there is a pause");
    stage.put(|command| command.url = Some("https://new.example/".to_owned())).await;
    stage.push().await;
    let mut received = stage.receiver.received();
    received.sort_unstable();
    assert_eq!(received, (2..=stage.fixture.events().await.len() as i64).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_test_is_pushed_at_once_to_an_endpoint_that_was_down() {
    let stage = Stage::down().await;
    let since = stage.view().await.failing_since;
    stage.fixture.portal.test_webhook(&stage.fixture.call(), &name("crm")).await.unwrap();
    assert_eq!(stage.view().await.failing_since, since, "what failed has failed");
    stage.push().await;
    assert_eq!(stage.kinds().pop().as_deref(), Some("webhook.test"));
}

/// A test that is asked for while a worker has the endpoint: nobody else takes it before that worker's time is over.
#[tokio::test]
async fn a_test_leaves_the_endpoint_with_the_worker_that_has_it() {
    let stage = Stage::down().await;
    let portal = &stage.fixture.portal;
    stage.fixture.clock.set(stage.view().await.next_attempt_at.unwrap());
    let held = portal.lease_webhook().await.unwrap().expect("it is due");
    portal.test_webhook(&stage.fixture.call(), &name("crm")).await.unwrap();
    portal.seal_waiting(stage.fixture.practice.id).await.unwrap();
    assert!(portal.lease_webhook().await.unwrap().is_none(), "it is pushed to by one at a time");
    assert_eq!(portal.settle_push(&held).await, Ok(false), "what it writes comes too late");
    stage.fixture.clock.set(held.webhook.leased_until.unwrap());
    stage.push().await;
    assert_eq!(stage.kinds().pop().as_deref(), Some("webhook.test"));
}

/// A clock that shows a second more whenever somebody looks.
struct Hasty(Arc<TestClock>);

impl Clock for Hasty {
    fn now(&self) -> Timestamp {
        self.0.advance(Duration::from_secs(1))
    }
}

#[tokio::test]
async fn reading_what_nobody_wants_ends_with_the_stretch_and_goes_on_from_there() {
    let stage = Stage::set(Some(&["client.*"])).await;
    for number in 0..500 {
        stage.contact("ada", &format!("Ada {number}")).await;
    }
    stage.client("acme").await;
    let last = stage.fixture.events().await.len() as i64;
    let (pusher, mut cursor) = (stage.with_clock(Hasty(stage.fixture.clock.clone())), 1);
    let mut turns = 0;
    while stage.receiver.received().is_empty() {
        let begun = stage.fixture.portal.now();
        assert!(pusher.push_next().await.unwrap(), "it is due at once");
        assert!(stage.fixture.portal.now().since(begun) < Duration::from_secs(40), "within the lease");
        let now_at = stage.view().await.cursor;
        assert!(now_at > cursor, "what was read is kept");
        (cursor, turns) = (now_at, turns + 1);
    }
    assert!(turns > 1, "not all at a stretch");
    assert_eq!(stage.view().await.cursor, last);
}

#[tokio::test]
async fn s10_an_instance_without_the_key_leaves_the_endpoint_to_those_who_have_it() {
    let stage = Stage::set(None).await;
    let keyless = LinkTokens::new(vec![(KeyId::parse("k9").unwrap(), [9; 32])]).unwrap();
    let keyless = stage.pusher_of(portal::Portal { tokens: keyless, ..stage.fixture.portal.clone() });
    stage.client("acme").await;
    stage.fixture.portal.seal_waiting(stage.fixture.practice.id).await.unwrap();
    let begun = stage.fixture.portal.now();
    while stage.fixture.portal.now().since(begun) < Duration::from_secs(4 * 24 * 3600) {
        keyless.push_next().await.unwrap();
        assert_eq!(keyless.push_next().await, Ok(false), "there is a pause");
        stage.fixture.clock.advance(Duration::from_secs(600));
    }
    let view = stage.view().await;
    assert!(view.enabled && view.failing_since.is_none() && stage.deliveries().await.is_empty());
    stage.push().await;
    assert_eq!(stage.receiver.received(), [2, 3]);
}

/// The key under which the former secret lies is gone: the current one signs alone, and nothing waits.
#[tokio::test]
async fn s10_a_former_secret_that_is_lost_stops_nothing() {
    let stage = Stage::set(None).await;
    let key = |name: &str, byte| (KeyId::parse(name).unwrap(), [byte; 32]);
    let with = |keys| portal::Portal { tokens: LinkTokens::new(keys).unwrap(), ..stage.fixture.portal.clone() };
    let both = with(vec![key("k2", 9), key("k1", 7)]);
    let rotation = PutWebhook { rotate_secret: true, ..command(None) };
    let secret = both.put_webhook(&stage.fixture.call(), &rotation).await.unwrap().secret.unwrap();
    stage.fixture.portal.seal_waiting(stage.fixture.practice.id).await.unwrap();
    let only_new = with(vec![key("k2", 9)]);
    assert_eq!(only_new.reseal_webhooks(stage.fixture.practice.id).await, Ok(0), "others may still open it");
    stage.pusher_of(only_new).push_next().await.unwrap();
    let calls = stage.receiver.calls();
    assert!(!calls.is_empty() && calls.iter().all(|(call, _)| verified(&secret, call)));
    assert!(calls.iter().all(|(call, _)| call.signature.split(' ').count() == 1));
    // Whoever has the key signs with both.
    stage.client("acme").await;
    both.seal_waiting(stage.fixture.practice.id).await.unwrap();
    stage.pusher_of(both).push_next().await.unwrap();
    let (last, _) = stage.receiver.calls().pop().unwrap();
    assert!(verified(&stage.secret, &last) && verified(&secret, &last));
}

/// Endpoints, those of one practice damaged.
struct Damaged(Arc<dyn FullStore>, PracticeId);

#[async_trait]
impl Webhooks for Damaged {
    async fn webhooks(&self, practice: PracticeId) -> Result<Vec<Webhook>, StoreError> {
        match practice == self.1 {
            true => Err(StoreError::Damaged("a row".to_owned())),
            false => self.0.webhooks(practice).await,
        }
    }

    async fn due_webhooks(
        &self,
        now: Timestamp,
        latest: Timestamp,
        most: u32,
    ) -> Result<Vec<(PracticeId, Webhook)>, StoreError> {
        self.0.due_webhooks(now, latest, most).await
    }

    async fn deliveries(
        &self,
        practice: PracticeId,
        webhook: WebhookId,
        page: &Page<i64>,
    ) -> Result<Vec<WebhookDelivery>, StoreError> {
        self.0.deliveries(practice, webhook, page).await
    }

    async fn forget_deliveries(&self, _: Timestamp, _: u32) -> Result<u64, StoreError> {
        Err(StoreError::Unavailable("away".to_owned()))
    }
}

#[tokio::test]
async fn s10_one_damaged_endpoint_keeps_no_other_from_being_sealed_anew() {
    let stage = Stage::set(None).await;
    let (fixture, store) = (&stage.fixture, stage.fixture.store.clone());
    let nowhere = CallContext::new(portal::Portal::nowhere(), Caller::Program);
    let first =
        fixture.portal.create_practice(&nowhere, &portal_domain::id::Slug::parse("abc").unwrap(), "Abc").await.unwrap();
    let damaged: Arc<dyn Webhooks> = Arc::new(Damaged(store.clone(), first.id));
    let key = |name: &str, byte| (KeyId::parse(name).unwrap(), [byte; 32]);
    let tokens = LinkTokens::new(vec![key("k2", 9), key("k1", 7)]).unwrap();
    let both = portal::Portal { tokens, webhooks: damaged, ..fixture.portal.clone() };
    let swept = stage.pusher_of(both).sweep().await;
    assert!(swept.is_err(), "that the log could not be swept is said");
    let only_new = LinkTokens::new(vec![key("k2", 9)]).unwrap();
    let only_new = portal::Portal { tokens: only_new, ..fixture.portal.clone() };
    let webhook = store.webhooks(fixture.practice.id).await.unwrap().remove(0);
    assert!(only_new.signing_secrets(fixture.practice.id, &webhook).is_ok());
}

#[tokio::test]
async fn s10_an_endpoint_that_a_worker_has_is_sealed_anew_and_stays_with_it() {
    let stage = Stage::set(None).await;
    stage.fixture.portal.seal_waiting(stage.fixture.practice.id).await.unwrap();
    let lost = stage.fixture.portal.lease_webhook().await.unwrap().expect("there is something to do");
    let key = |name: &str, byte| (KeyId::parse(name).unwrap(), [byte; 32]);
    let tokens = LinkTokens::new(vec![key("k2", 9), key("k1", 7)]).unwrap();
    let both = portal::Portal { tokens, ..stage.fixture.portal.clone() };
    assert_eq!(both.reseal_webhooks(stage.fixture.practice.id).await, Ok(1));
    let pusher = stage.pusher_of(both);
    assert_eq!(pusher.push_next().await, Ok(false), "another has it");
    assert_eq!(stage.fixture.portal.settle_push(&lost).await, Ok(false));
    stage.fixture.clock.advance(Duration::from_secs(40));
    assert_eq!(pusher.push_next().await, Ok(true));
    assert_eq!(stage.receiver.received(), [2]);
}

/// Two calls that both saw room for one endpoint more: one is written, the other decides again.
#[tokio::test]
async fn endpoints_are_counted_by_who_comes_second() {
    let stage = Stage::set(None).await;
    let (fixture, store, call) = (&stage.fixture, &stage.fixture.store, stage.fixture.call());
    let put = |text: &str| PutWebhook { reference: name(text), ..command(None) };
    for number in 0..8 {
        fixture.portal.put_webhook(&call, &put(&format!("w{number}"))).await.unwrap();
    }
    let practice = fixture.portal.practice(&call).await.unwrap();
    let all = store.webhooks(practice.id).await.unwrap();
    let mut commits = Vec::new();
    for (index, text) in ["tenth", "eleventh"].into_iter().enumerate() {
        let mut moment = decide::Moment {
            now: fixture.portal.now(),
            ids: portal_domain::id::Ids::from_seed([index as u8; 32]),
            signed_with: KeyId::parse("k1").unwrap(),
            caller: Caller::Program,
            origin: None,
        };
        let decided = decide::put_webhook((&practice, &all), &put(text), &SealedSecret(vec![7]), 0, &mut moment);
        commits.push(store.commit(practice.id, &[decided.unwrap().decision], None).await.unwrap());
    }
    assert_eq!(commits, [Commit::Committed, Commit::Conflict]);
    let eleventh = fixture.portal.put_webhook(&call, &put("eleventh")).await;
    assert!(matches!(eleventh, Err(Error::Refused(Refusal::TooManyWebhooks { .. }))));
}
