//! Mail that somebody waits for, and ten thousand invitations that nobody does (D7).

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use portal::{CallContext, Portal, Workers};
use portal_domain::{
    event::Caller,
    id::{PracticeId, Slug},
    message::SendOutcome,
    port::{Commit, Mailer, OutgoingMail},
    usecase::{EmailsInput, PutContactInput},
};
use portal_testkit::{
    build::{self, Plan},
    fixture::Fixture,
    memory::MemoryStore,
};
use tokio::sync::Semaphore;

use super::{sender, settings};

const INVITATIONS: usize = 10_000;
/// Of the workers, besides the one for awaited mail.
const SENDERS: usize = 4;
/// Who waits.
const BOB: &str = "bob@smith.example";

/// A mailer that says to whom mail went, in order, and gives way to others while it sends.
#[derive(Default)]
struct Line {
    begun: Mutex<Vec<String>>,
    /// Where there is one, nobody's mail but Bob's gets past it.
    barrier: Option<Semaphore>,
}

impl Line {
    fn begun(&self) -> Vec<String> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn until(&self, count: usize) -> Vec<String> {
        while self.begun().len() < count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.begun()
    }
}

#[async_trait]
impl Mailer for Line {
    async fn send(&self, mail: &OutgoingMail) -> SendOutcome {
        let to = mail.to.as_str().to_owned();
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).push(to.clone());
        match &self.barrier {
            Some(barrier) if to != BOB => drop(barrier.acquire().await),
            _ => tokio::task::yield_now().await,
        }
        SendOutcome::Accepted { reply: "250 ok".to_owned() }
    }
}

/// Three practices whose invitations wait, and Bob, who has his.
async fn house() -> Fixture {
    let fixture = Fixture::in_memory("smith").await;
    invite(&fixture, fixture.practice.id, "bob", BOB).await;
    sender(&fixture).drain(1, || {}).await.expect("drained");
    let mut practices = vec![fixture.practice.id];
    for slug in ["jones", "brown"] {
        let nowhere = CallContext::new(Portal::nowhere(), Caller::Program);
        let slug = Slug::parse(slug).expect("a slug");
        practices.push(fixture.portal.create_practice(&nowhere, &slug, "A practice").await.expect("created").id);
    }
    for (number, practice) in practices.into_iter().enumerate() {
        let address = format!("of-practice-{number}@first.example");
        invite(&fixture, practice, "many", &address).await;
        queue(&fixture, practice, INVITATIONS / 3 + 1).await;
    }
    fixture
}

async fn invite(fixture: &Fixture, practice: PracticeId, who: &str, address: &str) {
    let call = CallContext::new(practice, Caller::Program);
    let emails = Some(EmailsInput { emails: vec![address.to_owned()], ..EmailsInput::default() });
    let input = PutContactInput { name: Some(who.to_owned()), emails, ..PutContactInput::default() };
    fixture.portal.put_contact(&call, &build::reference(who), &input).await.expect("put");
    fixture.portal.activate(&call, &build::reference(who)).await.expect("activated");
}

/// So many more invitations of the same kind.
async fn queue(fixture: &Fixture, practice: PracticeId, count: usize) {
    let call = CallContext::new(practice, Caller::Program);
    let (_, facts) = fixture.portal.contact(&call, &build::reference("many")).await.expect("there");
    let (contact, login) = (facts.contact.expect("a contact"), facts.login.expect("a login"));
    let plan = (0..count).fold(Plan::new(), |plan, number| {
        plan.mail(build::message(&format!("{practice} {number}"), &contact, &login.login, login.links.first()))
    });
    let written = fixture.store.commit(practice, &[plan.done()], None).await;
    assert_eq!(written, Ok(Commit::Committed));
}

/// On one thread, where tasks take turns, so that an order is the same each time.
fn in_turn(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime can be built").block_on(test);
}

#[test]
fn d7_a_reset_goes_before_ten_thousand_invitations() {
    in_turn(async {
        let fixture = house().await;
        let line = Arc::new(Line::default());
        // These workers know of no wishes: the test decides them, to see what goes out afterwards.
        let portal = Portal { enquiries: Arc::new(MemoryStore::new()), ..fixture.portal.clone() };
        let running = Workers::new(portal, fixture.store.clone(), line.clone(), settings()).start();
        let first: BTreeSet<_> = line.until(40).await.into_iter().take(12).collect();
        assert_eq!(first.len(), 3, "practices take turns: {first:?}");

        fixture.portal.ask_for_reset(&fixture.call(), BOB).await.expect("kept");
        let deciding = Workers::without_mail(fixture.portal.clone());
        assert_eq!(deciding.decide_enquiries().await, Ok(1));
        let before = line.begun().len();
        running.wake();
        let begun = line.until(before + 2 * SENDERS).await;
        let place = begun.iter().position(|to| to == BOB).expect("the reset was handed over");
        let further = place.saturating_sub(before);
        assert!(further <= SENDERS + 1, "{further} invitations went before the reset");
        let waiting = fixture.store.waiting(fixture.practice.id).await.expect("counted");
        assert!(waiting.iter().map(|kind| kind.count).sum::<u64>() > 3000, "they still wait: {waiting:?}");
        running.stop().await;
    });
}

#[test]
fn d7_a_reset_goes_out_while_all_invitations_hang() {
    in_turn(async {
        let fixture = house().await;
        let line = Arc::new(Line { barrier: Some(Semaphore::new(0)), ..Line::default() });
        let running = Workers::new(fixture.portal.clone(), fixture.store.clone(), line.clone(), settings()).start();
        assert!(!line.until(SENDERS).await.contains(&BOB.to_owned()));
        for resets in 1..=2 {
            fixture.portal.ask_for_reset(&fixture.call(), BOB).await.expect("kept");
            running.wake();
            let begun = line.until(SENDERS + resets).await;
            assert_eq!(begun[SENDERS..], vec![BOB.to_owned(); resets], "nothing else could begin");
        }
        line.barrier.as_ref().expect("one").close();
        running.stop().await;
    });
}
