//! Pushing to the endpoints of hosts, with a receiver in the test's hands.

mod trouble;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use portal::{Pusher, Workers};
use portal_domain::{
    decide::{PutClient, PutWebhook},
    event::RecordedEvent,
    id::Ref,
    link::{KeyId, LinkTokens},
    port::{Page, PortalViews, WebhookCall, WebhookSender},
    usecase::{PutContactInput, WebhookView},
    webhook::{EndReason, Pushed, WebhookDelivery},
};
use portal_testkit::fixture::Fixture;
use standardwebhooks::Webhook as Verifier;

type Answer = Box<dyn Fn(&WebhookCall) -> Pushed + Send + Sync>;

/// A receiver that keeps what it took, and answers what it is told to.
struct Receiver {
    answer: Mutex<Answer>,
    calls: Mutex<Vec<(WebhookCall, Pushed)>>,
}

impl Receiver {
    fn new() -> Arc<Self> {
        Arc::new(Self { answer: Mutex::new(Box::new(|_| Pushed::Answered(204))), calls: Mutex::default() })
    }

    fn answers(&self, answer: impl Fn(&WebhookCall) -> Pushed + Send + Sync + 'static) {
        *self.answer.lock().unwrap() = Box::new(answer);
    }

    fn calls(&self) -> Vec<(WebhookCall, Pushed)> {
        self.calls.lock().unwrap().clone()
    }

    /// Numbers of the events that were received, in their order.
    fn received(&self) -> Vec<i64> {
        let calls = self.calls();
        calls.iter().filter(|(_, pushed)| pushed.is_received()).map(|(call, _)| number(call)).collect()
    }

    fn tried(&self) -> Vec<i64> {
        self.calls().iter().map(|(call, _)| number(call)).collect()
    }
}

#[async_trait]
impl WebhookSender for Receiver {
    async fn push(&self, call: &WebhookCall) -> Pushed {
        let pushed = (self.answer.lock().unwrap())(call);
        self.calls.lock().unwrap().push((call.clone(), pushed.clone()));
        pushed
    }
}

/// What the tests push of an event: its number, kind and contact.
fn body(event: &RecordedEvent, contact: Option<&Ref>) -> Vec<u8> {
    format!("{} {} {}", event.number, event.kind, contact.map_or("-", Ref::as_str)).into_bytes()
}

fn words(call: &WebhookCall) -> Vec<String> {
    String::from_utf8(call.body.clone()).unwrap().split(' ').map(str::to_owned).collect()
}

fn number(call: &WebhookCall) -> i64 {
    words(call)[0].parse().unwrap()
}

struct Stage {
    fixture: Fixture,
    receiver: Arc<Receiver>,
    pusher: Pusher,
    secret: String,
}

fn name(text: &str) -> Ref {
    Ref::parse(text).unwrap()
}

fn command(kinds: Option<&[&str]>) -> PutWebhook {
    PutWebhook {
        reference: name("crm"),
        url: Some("https://crm.example/hook".to_owned()),
        description: None,
        kinds: kinds.map(|kinds| kinds.iter().map(|kind| (*kind).to_owned()).collect()),
        enabled: None,
        rotate_secret: false,
    }
}

impl Stage {
    async fn set(kinds: Option<&[&str]>) -> Self {
        let fixture = Fixture::in_memory("smith").await;
        fixture.portal.seal_waiting(fixture.practice.id).await.unwrap();
        let made = fixture.portal.put_webhook(&fixture.call(), &command(kinds)).await.unwrap();
        let receiver = Receiver::new();
        let views: Arc<dyn PortalViews> = fixture.store.clone();
        let pusher = Pusher::new(fixture.portal.clone(), views, receiver.clone(), Arc::new(body));
        Self { fixture, receiver, pusher, secret: made.secret.unwrap() }
    }

    async fn contact(&self, reference: &str, new_name: &str) {
        let input = PutContactInput { name: Some(new_name.to_owned()), ..PutContactInput::default() };
        self.fixture.portal.put_contact(&self.fixture.call(), &name(reference), &input).await.unwrap();
    }

    async fn client(&self, reference: &str) {
        let command = PutClient { reference: name(reference), name: reference.to_owned() };
        self.fixture.portal.put_client(&self.fixture.call(), &command).await.unwrap();
    }

    /// Seals and pushes until nothing is to be done now.
    async fn push(&self) {
        self.fixture.portal.seal_waiting(self.fixture.practice.id).await.unwrap();
        while self.pusher.push_next().await.unwrap() {}
    }

    /// Lets time pass until all has arrived.
    async fn push_all(&self) {
        self.push().await;
        while let Some(next) = self.view().await.next_attempt_at {
            self.fixture.clock.set(next.max(self.fixture.portal.now()));
            self.push().await;
        }
    }

    async fn view(&self) -> WebhookView {
        self.fixture.portal.webhook(&self.fixture.call(), &name("crm")).await.unwrap()
    }

    async fn deliveries(&self) -> Vec<WebhookDelivery> {
        let page = Page { after: None, limit: 10_000 };
        let call = self.fixture.call();
        self.fixture.portal.webhook_deliveries(&call, &name("crm"), &page).await.unwrap()
    }

    async fn put(&self, change: impl FnOnce(&mut PutWebhook)) -> Option<String> {
        let mut command = command(None);
        change(&mut command);
        self.fixture.portal.put_webhook(&self.fixture.call(), &command).await.unwrap().secret
    }

    /// Of each contact, the numbers of its events.
    async fn journal(&self) -> BTreeMap<Option<String>, Vec<i64>> {
        let mut all: BTreeMap<_, Vec<i64>> = BTreeMap::new();
        for event in self.fixture.events().await.into_iter().filter(|event| event.number > 1) {
            all.entry(event.subject.contact.map(|it| it.to_string())).or_default().push(event.number);
        }
        all
    }
}

/// Whether the signature is one that another implementation makes. (It verifies only what was just signed, and this clock
/// stands still in another year; the real program's test has it verify.)
fn verified(secret: &str, call: &WebhookCall) -> bool {
    let at = i64::try_from(call.at.as_millis() / 1000).unwrap();
    let expected = Verifier::new(secret).unwrap().sign(&call.id, at, &call.body).unwrap();
    call.signature.split(' ').any(|signature| signature == expected)
}

#[tokio::test]
async fn j2_sealed_events_are_pushed_in_order_and_signed() {
    let stage = Stage::set(None).await;
    stage.contact("ada", "Ada").await;
    while stage.pusher.push_next().await.unwrap() {}
    assert!(stage.receiver.calls().is_empty(), "what is not sealed is not pushed");
    stage.push().await;
    stage.client("acme").await;
    stage.contact("ada", "Ada B").await;
    stage.push().await;
    let last = stage.fixture.events().await.last().unwrap().clone();
    assert_eq!(stage.receiver.received(), (2..=last.number).collect::<Vec<_>>(), "from where it was made on");
    let (call, _) = stage.receiver.calls().pop().unwrap();
    assert_eq!((call.id.clone(), call.url.as_str()), (last.id.to_string(), "https://crm.example/hook"));
    assert_eq!(words(&call)[1..], ["contact.changed", "ada"]);
    assert!(stage.receiver.calls().iter().all(|(call, _)| verified(&stage.secret, call)));
    let forged = WebhookCall { body: b"x".to_vec(), ..call };
    assert!(!verified(&stage.secret, &forged));
    let log = stage.deliveries().await;
    assert_eq!(log.len(), stage.receiver.calls().len());
    assert_eq!((log[0].number, log[0].status, log[0].attempt, log[0].received), (last.number, Some(204), 1, true));
}

#[tokio::test]
async fn only_the_kinds_that_are_asked_for_are_pushed_and_a_test_whatever_they_are() {
    let stage = Stage::set(Some(&["client.*"])).await;
    stage.contact("ada", "Ada").await;
    stage.client("acme").await;
    stage.fixture.portal.test_webhook(&stage.fixture.call(), &name("crm")).await.unwrap();
    stage.push().await;
    let kinds: Vec<_> = stage.receiver.calls().iter().map(|(call, _)| words(call)[1].clone()).collect();
    assert_eq!(kinds, ["client.created", "webhook.test"]);
    assert_eq!(stage.view().await.cursor, stage.fixture.events().await.len() as i64);
}

#[tokio::test]
async fn j2_while_a_contact_s_event_fails_its_later_ones_wait_and_others_go_on() {
    let stage = Stage::set(Some(&["contact.*", "client.*"])).await;
    stage.receiver.answers(|call| match words(call)[2].as_str() {
        "ada" => Pushed::Answered(500),
        _ => Pushed::Answered(200),
    });
    for round in 0..3 {
        stage.contact("ada", &format!("Ada {round}")).await;
        stage.contact("bob", &format!("Bob {round}")).await;
        stage.client(&format!("c{round}")).await;
    }
    stage.push().await;
    let view = stage.view().await;
    assert!(view.failing_since.is_some() && view.next_attempt_at.is_some());
    let ada: Vec<_> = stage.receiver.calls().into_iter().filter(|(call, _)| words(call)[2] == "ada").collect();
    assert_eq!(ada.len(), 1, "her later events wait");
    assert_eq!(stage.receiver.received().len(), 6);
    stage.receiver.answers(|_| Pushed::Answered(200));
    stage.push_all().await;
    let numbers = |contact: &str| {
        let all = stage.receiver.calls();
        let own = all.into_iter().filter(|(call, pushed)| pushed.is_received() && words(call)[2] == contact);
        own.map(|(call, _)| number(&call)).collect::<Vec<_>>()
    };
    assert_eq!(numbers("ada").len(), 3);
    assert!(numbers("ada").is_sorted() && numbers("bob").is_sorted());
    let log = stage.deliveries().await;
    let failed = log.iter().find(|it| !it.received).unwrap();
    assert_eq!((failed.status, failed.words.as_str()), (Some(500), "the receiver did not take it"));
    assert!(failed.next_attempt_at.is_some());
    assert_eq!(log.iter().find(|it| it.number == failed.number && it.received).unwrap().attempt, 2);
    assert_eq!(stage.view().await.failing_since, None);
}

#[tokio::test]
async fn j2_every_event_arrives_in_order_per_contact_through_a_receiver_that_fails_at_random() {
    let stage = Stage::set(None).await;
    let dice = Mutex::new(7_u64);
    stage.receiver.answers(move |_| {
        let mut dice = dice.lock().unwrap();
        *dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        match *dice >> 62 {
            0 | 3 => Pushed::Answered(200),
            1 => Pushed::Answered(503),
            _ => Pushed::Unanswered("no answer".to_owned()),
        }
    });
    for round in 0..30 {
        for contact in ["ada", "bob", "cyd", "dan"] {
            stage.contact(contact, &format!("{contact} {round}")).await;
        }
        stage.client(&format!("c{round}")).await;
        stage.push().await;
    }
    stage.push_all().await;
    let journal = stage.journal().await;
    let received = stage.receiver.received();
    for numbers in journal.values() {
        let own: Vec<_> = received.iter().copied().filter(|number| numbers.contains(number)).collect();
        assert_eq!(own, *numbers);
    }
    assert_eq!(received.len(), journal.values().map(Vec::len).sum::<usize>());
    assert!(stage.view().await.enabled);
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_pushed_nothing_more() {
    let stage = Stage::set(None).await;
    stage.receiver.answers(|_| Pushed::Answered(410));
    stage.client("acme").await;
    stage.client("beta").await;
    stage.push().await;
    let view = stage.view().await;
    assert_eq!((view.enabled, view.ended.unwrap().why, view.next_attempt_at), (false, EndReason::Gone, None));
    assert_eq!(stage.receiver.tried().len(), 1);
    let told = stage.fixture.events().await.pop().unwrap();
    assert_eq!((told.kind.as_str(), told.facts["reason"].as_str()), ("webhook.disabled", "gone"));
    // Enabled again, it goes on where it stood.
    stage.receiver.answers(|_| Pushed::Answered(200));
    stage.put(|command| command.enabled = Some(true)).await;
    assert!(stage.view().await.ended.is_none());
    stage.push_all().await;
    let last = stage.fixture.events().await.len() as i64;
    let mut received = stage.receiver.received();
    received.sort_unstable();
    assert_eq!(received, (2..=last).collect::<Vec<_>>());
}

#[tokio::test]
async fn after_three_days_of_failures_an_endpoint_is_disabled() {
    let stage = Stage::set(None).await;
    stage.receiver.answers(|_| Pushed::Unanswered("the host can't be connected to".to_owned()));
    stage.client("acme").await;
    let begun = stage.fixture.portal.now();
    stage.push_all().await;
    let ended = stage.view().await.ended.unwrap();
    assert_eq!(ended.why, EndReason::Failing);
    let lasted = ended.at.since(begun).as_secs() / 3600;
    assert!((72..84).contains(&lasted), "{lasted}");
    assert!(stage.receiver.tried().len() < 40, "{}", stage.receiver.tried().len());
}

#[tokio::test]
async fn both_secrets_sign_for_a_day_after_a_rotation() {
    let stage = Stage::set(None).await;
    let fresh = stage.put(|command| command.rotate_secret = true).await.unwrap();
    stage.push().await;
    let (call, _) = stage.receiver.calls().pop().unwrap();
    assert!(verified(&stage.secret, &call) && verified(&fresh, &call));
    assert_eq!(call.signature.split(' ').count(), 2);
    stage.fixture.clock.advance(Duration::from_secs(24 * 3600));
    stage.client("acme").await;
    stage.push().await;
    let (call, _) = stage.receiver.calls().pop().unwrap();
    assert!(!verified(&stage.secret, &call) && verified(&fresh, &call));
}

#[tokio::test]
async fn all_since_a_time_is_pushed_again_under_the_same_ids() {
    let stage = Stage::set(None).await;
    stage.client("acme").await;
    stage.push().await;
    let since = stage.fixture.clock.advance(Duration::from_secs(3600));
    stage.client("beta").await;
    stage.client("cyan").await;
    stage.push().await;
    let before = stage.receiver.calls();
    let views = &*stage.fixture.store;
    stage.fixture.portal.recover_webhook(&stage.fixture.call(), views, &name("crm"), since).await.unwrap();
    stage.push().await;
    let again: Vec<_> = stage.receiver.calls().split_off(before.len());
    let ids = |calls: &[(WebhookCall, Pushed)]| calls.iter().map(|(call, _)| call.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&again)[..2], ids(&before)[before.len() - 2..]);
    assert_eq!(words(&again[2].0)[1], "webhook.recovered");
    assert_eq!(again.len(), 3);
}

#[tokio::test]
async fn what_was_pushed_before_a_crash_goes_again_once_the_lease_is_over() {
    let stage = Stage::set(None).await;
    stage.client("acme").await;
    stage.fixture.portal.seal_waiting(stage.fixture.practice.id).await.unwrap();
    let lost = stage.fixture.portal.lease_webhook().await.unwrap().expect("there is something to do");
    stage.push().await;
    assert!(stage.receiver.calls().is_empty(), "another has it");
    stage.fixture.clock.advance(Duration::from_secs(41));
    stage.push().await;
    assert_eq!(stage.receiver.received().len(), 2);
    assert_eq!(stage.fixture.portal.settle_push(&lost).await, Ok(false), "who comes too late writes nothing");
    assert_eq!(stage.view().await.cursor, 3);
}

#[tokio::test]
async fn a_change_while_events_are_pushed_wins_and_they_are_pushed_again() {
    let stage = Stage::set(None).await;
    stage.client("acme").await;
    stage.fixture.portal.seal_waiting(stage.fixture.practice.id).await.unwrap();
    let push = stage.fixture.portal.lease_webhook().await.unwrap().expect("there is something to do");
    stage.put(|command| command.url = Some("https://new.example/".to_owned())).await;
    assert_eq!(stage.fixture.portal.settle_push(&push).await, Ok(false));
    stage.push().await;
    assert!(stage.receiver.calls().iter().all(|(call, _)| call.url == "https://new.example/"));
    assert_eq!(stage.receiver.received(), [2, 3, 4]);
}

#[tokio::test]
async fn a_disabled_endpoint_is_pushed_nothing_and_goes_on_where_it_stood() {
    let stage = Stage::set(None).await;
    stage.put(|command| command.enabled = Some(false)).await;
    stage.client("acme").await;
    stage.push().await;
    assert!(stage.receiver.calls().is_empty());
    stage.put(|command| command.enabled = Some(true)).await;
    stage.push().await;
    assert_eq!(stage.receiver.received(), [2, 3, 4, 5]);
}

#[tokio::test]
async fn s10_secrets_move_to_a_new_key_and_the_old_one_can_be_retired() {
    let stage = Stage::set(None).await;
    let key = |name: &str, byte| (KeyId::parse(name).unwrap(), [byte; 32]);
    let with = |keys| {
        let tokens = LinkTokens::new(keys).unwrap();
        portal::Portal { tokens, ..stage.fixture.portal.clone() }
    };
    let both = with(vec![key("k2", 9), key("k1", 7)]);
    let practice = stage.fixture.practice.id;
    assert_eq!(both.reseal_webhooks(practice).await, Ok(1));
    assert_eq!(both.reseal_webhooks(practice).await, Ok(0));
    let webhook = stage.fixture.store.webhooks(practice).await.unwrap().remove(0);
    let signing =
        |portal: &portal::Portal| portal.signing_secrets(practice, &webhook).map(|signing| signing.current.reveal());
    assert_eq!(signing(&with(vec![key("k2", 9)])), Ok(stage.secret.clone()));
    assert!(signing(&stage.fixture.portal).is_err());
    // Who can't open it pushes nothing.
    stage.client("acme").await;
    stage.push().await;
    assert!(stage.receiver.calls().is_empty() && stage.deliveries().await.is_empty());
}

#[tokio::test]
async fn what_failed_while_the_clock_ran_ahead_is_tried_when_it_is_right_again() {
    let stage = Stage::set(None).await;
    let right = stage.fixture.portal.now();
    stage.fixture.clock.advance(Duration::from_secs(30 * 24 * 3600));
    stage.receiver.answers(|_| Pushed::Answered(500));
    for number in 0..8 {
        stage.contact(&format!("c{number}"), "C").await;
    }
    stage.push().await;
    stage.fixture.clock.set(right);
    stage.receiver.answers(|_| Pushed::Answered(200));
    stage.push_all().await;
    assert!(stage.fixture.portal.now().since(right) < Duration::from_secs(60));
    assert_eq!(stage.receiver.received().len(), 9);
    assert_eq!(stage.view().await.failing_since, None);
}

#[tokio::test]
async fn tries_are_forgotten_after_two_weeks() {
    let stage = Stage::set(None).await;
    stage.client("acme").await;
    stage.push().await;
    stage.fixture.clock.advance(Duration::from_secs(14 * 24 * 3600));
    assert_eq!(stage.fixture.portal.forget_deliveries().await, Ok(0));
    stage.fixture.clock.advance(Duration::from_secs(1));
    assert_eq!(stage.fixture.portal.forget_deliveries().await, Ok(2));
    assert!(stage.deliveries().await.is_empty());
}

#[tokio::test]
async fn workers_push_what_was_just_sealed() {
    let stage = Stage::set(None).await;
    let workers = Workers::without_mail(stage.fixture.portal.clone()).with_webhooks(stage.pusher.clone()).start();
    stage.client("acme").await;
    workers.wake();
    let arrived = async {
        while stage.receiver.received().len() < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), arrived).await.expect("it arrives");
    workers.stop().await;
    assert_eq!(stage.receiver.received(), [2, 3]);
}
