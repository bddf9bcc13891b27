//! The laws of `Returns`: what comes back of mail, and what is suppressed since (D3, D4).

use portal_domain::{
    change::{Aggregate, Change},
    contact::Contact,
    erasure::Purge,
    id::MessageId,
    login::Login,
    message::{DeliveryState, Leased, Message, MessageBody, Settlement},
    port::{LeaseTerms, Outbox, Returns},
    returned::{Reason, Suppression},
};

use super::{Harness, scene::Scene, store::personal::erasure};
use crate::build::{self, NOON, Plan, key, later};

const ADA: &str = "ada@smith.example";

/// A practice with a contact, and mail to it.
struct Desk {
    scene: Scene,
    ada: Contact,
    login: Login,
}

impl Desk {
    async fn set(harness: &Harness) -> Self {
        let scene = Scene::set(harness, "smith").await;
        let (ada, login) = scene.live("ada", ADA).await;
        Self { scene, ada, login }
    }

    /// Queues a message, written at this time.
    async fn queue(&self, name: &str, at: u64) -> MessageId {
        let message = Message { created_at: later(at), ..build::message(name, &self.ada, &self.login, None) };
        let id = message.id;
        self.scene.write(Plan::new().mail(message)).await;
        id
    }

    async fn lease(&self, now: u64, until: u64) -> Vec<Leased> {
        let terms = LeaseTerms::new(later(now), later(until), 10);
        Outbox::lease(&*self.scene.store, &terms).await.expect("the store answers")
    }

    /// Queues a message and hands it over.
    async fn sent(&self, name: &str, at: u64) -> MessageId {
        let id = self.queue(name, at).await;
        for leased in self.lease(at, at + 60).await {
            let settlement = build::settlement(&format!("{name}-taken"), DeliveryState::Accepted, later(at));
            assert!(Outbox::settle(&*self.scene.store, &leased.lease, &settlement).await.expect("it settles"));
        }
        id
    }

    async fn came_back(&self, message: MessageId, settlement: &Settlement) -> bool {
        Returns::came_back(&*self.scene.store, self.scene.id, message, settlement).await.expect("the store writes")
    }

    /// State and states of all attempts of a message.
    async fn states(&self, message: MessageId) -> (DeliveryState, Vec<DeliveryState>) {
        let all = self.scene.messages("ada").await;
        let found = all.into_iter().find(|delivery| delivery.message.id == message).expect("it is there");
        (found.state, found.attempts.into_iter().map(|attempt| attempt.state).collect())
    }

    async fn suppressed(&self) -> Option<Suppression> {
        self.scene.contact("ada").await.suppressed.get(&key(ADA)).cloned()
    }

    async fn lift(&self, at: u64) {
        let lift = Change::LiftSuppression { key: key(ADA), at: later(at) };
        self.scene.write(Plan::new().then(lift)).await;
    }
}

fn report(name: &str, state: DeliveryState, at: u64) -> Settlement {
    build::settlement(name, state, later(at))
}

/// A bounce that says the address is wrong for good.
fn hard(name: &str, at: u64) -> Settlement {
    let mut settlement = report(name, DeliveryState::Bounced, at);
    settlement.attempt.reason = Some(Reason::UserUnknown);
    let words = settlement.attempt.reply.clone();
    let suppression = Suppression { key: key(ADA), since: later(at), reason: Reason::UserUnknown, words };
    Settlement { suppress: Some(suppression), ..settlement }
}

/// Of each kind a report is noted once, with its words, its reason and its event; a bounce before a complaint.
pub async fn a_report_is_noted_once_of_each_kind(harness: &Harness) {
    use DeliveryState::{Accepted, Bounced, Complained};
    let desk = Desk::set(harness).await;
    let message = desk.sent("m", 10).await;
    let sent = Returns::sent(&*desk.scene.store, message).await.expect("it answers").expect("it is there");
    assert_eq!((sent.practice, sent.slug.as_str(), sent.state), (desk.scene.id, "smith", Accepted));
    assert_eq!(sent.message.to.key(), &key(ADA));
    let complained = report("complained", Complained, 20);
    assert!(desk.came_back(message, &complained).await);
    assert_eq!(desk.states(message).await, (Complained, vec![Accepted, Complained]));
    let bounced = hard("bounced", 30);
    assert!(desk.came_back(message, &bounced).await);
    assert_eq!(desk.states(message).await, (Bounced, vec![Accepted, Complained, Bounced]));
    assert!(!desk.came_back(message, &report("again", Complained, 40)).await);
    assert!(!desk.came_back(message, &hard("again", 50)).await);
    assert_eq!(desk.states(message).await, (Bounced, vec![Accepted, Complained, Bounced]));
    let other = desk.sent("other", 55).await;
    assert!(desk.came_back(other, &report("other-bounced", Bounced, 60)).await);
    assert!(desk.came_back(other, &report("other-complained", Complained, 65)).await);
    assert_eq!(desk.states(other).await, (Bounced, vec![Accepted, Bounced, Complained]));
    let all = desk.scene.messages("ada").await;
    assert_eq!(all[0].attempts.last(), Some(&bounced.attempt));
    let found = Returns::sent(&*desk.scene.store, message).await.expect("it answers").expect("it is there");
    assert_eq!(found.state, Bounced);
    let told = desk.scene.events().await;
    let told = |wanted: &Settlement| told.iter().filter(|it| it.id == wanted.event.id).count();
    assert_eq!((told(&complained), told(&bounced)), (1, 1));
    let other = Scene::set(harness, "jones").await;
    let elsewhere = Returns::came_back(&*other.store, other.id, message, &hard("elsewhere", 60)).await;
    assert!(!elsewhere.expect("the store answers"), "another practice's");
    let nobody = build::id("nobody's");
    assert_eq!(Returns::sent(&*desk.scene.store, nobody).await.expect("it answers"), None);
    assert!(!desk.came_back(nobody, &hard("nobody's", 70)).await);
}

/// Whoever has a message goes on with it, and what waits goes on waiting; what was accepted then shows what came of it.
pub async fn a_report_leaves_whoever_sends_in_peace(harness: &Harness) {
    use DeliveryState::{Accepted, Bounced, Deferred, Sending};
    let desk = Desk::set(harness).await;
    let message = desk.queue("m", 0).await;
    let leased = desk.lease(10, 70).await;
    assert!(desk.came_back(message, &report("early", Bounced, 20)).await);
    assert_eq!(desk.states(message).await, (Sending, vec![Bounced]));
    let mut later_on = report("deferred", Deferred, 30);
    later_on.next_attempt_at = Some(later(100));
    assert!(Outbox::settle(&*desk.scene.store, &leased[0].lease, &later_on).await.expect("it settles"));
    assert_eq!(desk.states(message).await, (Deferred, vec![Bounced, Deferred]));
    assert!(desk.came_back(message, &report("unwanted", DeliveryState::Complained, 40)).await);
    let again = desk.lease(100, 160).await;
    assert_eq!(again.len(), 1, "it is due as before");
    let taken = report("taken", Accepted, 110);
    assert!(Outbox::settle(&*desk.scene.store, &again[0].lease, &taken).await.expect("it settles"));
    assert_eq!(desk.states(message).await.0, Bounced);
}

/// What came back for good is suppressed: facts and letters tell it, of this practice and this address alone, until it is lifted.
pub async fn what_came_back_for_good_is_suppressed_until_it_is_lifted(harness: &Harness) {
    let desk = Desk::set(harness).await;
    let bob = desk.scene.live("bob", "bob@smith.example").await;
    let other = Scene::set(harness, "jones").await;
    let elsewhere = other.live("ada", ADA).await;
    let message = desk.sent("m", 10).await;
    assert_eq!(desk.suppressed().await, None);
    let bounced = hard("bounced", 20);
    assert!(desk.came_back(message, &bounced).await);
    assert_eq!(desk.suppressed().await, bounced.suppress);
    let second = desk.sent("second", 30).await;
    assert!(desk.came_back(second, &hard("second-bounced", 40)).await);
    assert_eq!(desk.suppressed().await, bounced.suppress, "it stands already");
    let mail = Message { created_at: later(50), ..build::message("to-bob", &bob.0, &bob.1, None) };
    desk.scene.write(Plan::new().mail(mail)).await;
    let mail = Message { created_at: later(50), ..build::message("elsewhere", &elsewhere.0, &elsewhere.1, None) };
    other.write(Plan::new().mail(mail)).await;
    desk.queue("third", 50).await;
    let leased = desk.lease(60, 120).await;
    let letters = leased.iter().map(|it| it.letter.as_ref().expect("it can be read"));
    let mut told: Vec<_> = letters.map(|it| (it.message.name.as_str(), it.suppressed.clone())).collect();
    told.sort_by_key(|(name, _)| *name);
    let name = build::message("third", &desk.ada, &desk.login, None).name;
    assert_eq!(told.iter().filter(|(_, suppressed)| suppressed.is_some()).count(), 1, "{told:?}");
    assert!(told.contains(&(name.as_str(), bounced.suppress.clone())), "{told:?}");
    desk.lift(130).await;
    assert_eq!(desk.suppressed().await, None);
    desk.lift(140).await;
    let again = desk.lease(200, 260).await;
    assert!(again.iter().all(|it| it.letter.as_ref().expect("it can be read").suppressed.is_none()));
    let (third, settled) = (again.iter().find(|it| it.lease.practice == desk.scene.id), hard("refused", 210));
    let third = third.expect("it is due again");
    let refused = Settlement { attempt: report("refused", DeliveryState::Failed, 210).attempt, ..settled };
    assert!(Outbox::settle(&*desk.scene.store, &third.lease, &refused).await.expect("it settles"));
    assert_eq!(desk.suppressed().await, None, "it was written before the address was lifted");
    desk.queue("fourth", 220).await;
    let fourth = desk.lease(230, 290).await.into_iter().find(|it| it.lease.practice == desk.scene.id);
    let refused = Settlement { event: build::event("refused-again"), ..refused };
    let lease = fourth.expect("it is due").lease;
    assert!(Outbox::settle(&*desk.scene.store, &lease, &refused).await.expect("it settles"));
    assert_eq!(desk.suppressed().await, refused.suppress, "a refusal suppresses as well");
}

/// A message that was written before an address was lifted is noted, and suppresses nothing anew; one from after that does.
pub async fn a_late_report_suppresses_nothing_that_was_lifted_since(harness: &Harness) {
    let desk = Desk::set(harness).await;
    let (first, second) = (desk.sent("first", 10).await, desk.sent("second", 20).await);
    assert!(desk.came_back(first, &hard("first-bounced", 30)).await);
    desk.lift(40).await;
    assert!(desk.came_back(second, &hard("second-bounced", 50)).await);
    assert_eq!(desk.states(second).await.0, DeliveryState::Bounced);
    assert_eq!(desk.suppressed().await, None);
    // The mail of the lift itself.
    let third = desk.sent("third", 40).await;
    let bounced = hard("third-bounced", 70);
    assert!(desk.came_back(third, &bounced).await);
    assert_eq!(desk.suppressed().await, bounced.suppress);
}

/// Letters to practice users tell of no suppression: nobody could lift it.
pub async fn mail_to_staff_is_never_held_back(harness: &Harness) {
    let desk = Desk::set(harness).await;
    let message = desk.sent("m", 10).await;
    let uma = build::user("uma", ADA);
    let mut bounced = hard("bounced", 20);
    let mail = Message { created_at: later(30), ..build::staff_message("to-uma", &uma, None) };
    let to = mail.to.key().clone();
    bounced.suppress = bounced.suppress.map(|suppression| Suppression { key: to, ..suppression });
    assert!(desk.came_back(message, &bounced).await);
    desk.scene.write(Plan::new().mail(mail)).await;
    let leased = desk.lease(40, 100).await;
    assert_eq!(leased.len(), 1);
    assert_eq!(leased[0].letter.as_ref().expect("it can be read").suppressed, None);
}

/// A suppression goes with the contact that had the address, unless somebody signs in with it; and after its time.
pub async fn suppressions_are_erased_and_outlived(harness: &Harness) {
    let desk = Desk::set(harness).await;
    let message = desk.sent("m", 10).await;
    assert!(desk.came_back(message, &hard("bounced", 20)).await);
    let delete = |ada: &Contact, login: &Login| {
        let plan = Plan::new().changed(Aggregate::Contact(ada.id), ada.version);
        let plan = plan.changed(Aggregate::Login(login.id), login.version).release(&key(ADA));
        plan.then(Change::DeleteContact(ada.id)).then(Change::DeleteLogin(login.id))
    };
    desk.scene.write(delete(&desk.ada, &desk.login)).await;
    let (bob, bobs) = desk.scene.live("bob", ADA).await;
    desk.scene.write(Plan::new().then(Change::Erase(Box::new(erasure(&desk.scene, &desk.ada, None))))).await;
    let kept = async || desk.scene.contact("bob").await.suppressed.contains_key(&key(ADA));
    assert!(kept().await, "bob signs in with it now");
    desk.scene.write(delete(&bob, &bobs).then(Change::Erase(Box::new(erasure(&desk.scene, &bob, None))))).await;
    let cyd = desk.scene.live("cyd", ADA).await;
    let seen = async || desk.scene.contact("cyd").await.suppressed.contains_key(&key(ADA));
    assert!(!seen().await, "nobody was left who signs in with it");
    let mail = Message { created_at: later(110), ..build::message("new", &cyd.0, &cyd.1, None) };
    let id = mail.id;
    desk.scene.write(Plan::new().mail(mail)).await;
    assert!(desk.came_back(id, &hard("new-bounced", 120)).await);
    assert!(seen().await);
    let purge = async |before| desk.scene.store.purge(Purge::Suppressions(before), 10).await.expect("it purges");
    assert_eq!((purge(NOON).await, seen().await), (0, true));
    assert_eq!((purge(later(121)).await, seen().await), (1, false));
}

/// What became of a reminder is what became of the invitation: both carry the same link.
pub async fn a_reminder_is_the_newest_invitation(harness: &Harness) {
    let desk = Desk::set(harness).await;
    let link = build::link("invitation", &desk.login, &desk.ada);
    let mail = |name: &str, body, at| {
        let message = build::message(name, &desk.ada, &desk.login, Some(&link));
        Message { body, created_at: later(at), ..message }
    };
    let first = mail("first", MessageBody::Activation, 0);
    desk.scene.write(Plan::new().then(Change::OpenLink(link.clone())).mail(first)).await;
    let reminder = mail("reminder", MessageBody::Reminder, 10);
    let id = reminder.id;
    desk.scene.write(Plan::new().mail(reminder)).await;
    assert!(desk.came_back(id, &report("bounced", DeliveryState::Bounced, 20)).await);
    for leased in desk.lease(30, 90).await {
        let settlement = build::settlement(&leased.lease.message.to_string(), DeliveryState::Accepted, later(30));
        assert!(Outbox::settle(&*desk.scene.store, &leased.lease, &settlement).await.expect("it settles"));
    }
    let invitation = desk.scene.contact("ada").await.login.and_then(|login| login.invitation).expect("it was invited");
    assert_eq!((invitation.message, invitation.state), (id, DeliveryState::Bounced));
}
