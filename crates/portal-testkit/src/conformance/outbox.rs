//! Laws of `Outbox`.

use std::collections::BTreeSet;

use portal_domain::{
    change::{Aggregate, Change},
    contact::Contact,
    event::{Event, Subject},
    link::{Link, LinkPurpose},
    login::Login,
    message::{Carried, DeliveryState, Message, MessageBody},
    port::{Lease, LeaseTerms, Leased, Letter, Outbox},
    practice::Practice,
    time::Timestamp,
};

use super::{Harness, overlap::Overlaps, scene::Scene};
use crate::build::{self, Plan, later};

async fn lease(scene: &Scene, now: u64, until: u64, most: u32) -> Vec<Leased> {
    let terms = LeaseTerms::new(later(now), later(until), most);
    Outbox::lease(&*scene.store, &terms).await.expect("the store answers")
}

async fn settle(scene: &Scene, leased: &Leased, name: &str, state: DeliveryState, at: u64, next: Option<u64>) -> bool {
    let mut settlement = build::settlement(name, state, later(at));
    settlement.next_attempt_at = next.map(later);
    Outbox::settle(&*scene.store, &leased.lease, &settlement).await.expect("the store answers")
}

fn letter(leased: &Leased) -> &Letter {
    leased.letter.as_ref().expect("what was written can be read")
}

fn names(leased: &[Leased]) -> Vec<&str> {
    leased.iter().map(|leased| letter(leased).message.name.as_str()).collect()
}

struct Post {
    scene: Scene,
    ada: Contact,
    login: Login,
}

impl Post {
    async fn office(harness: &Harness) -> Self {
        let scene = Scene::set(harness, "smith").await;
        let (ada, login) = scene.live("ada", "ada@smith.example").await;
        Self { scene, ada, login }
    }

    async fn queue(&self, name: &str, body: MessageBody, at: u64) {
        let message = Message {
            name: name.to_owned(),
            body,
            created_at: later(at),
            ..build::message(name, &self.ada, &self.login, None)
        };
        self.scene.write(Plan::new().mail(message)).await;
    }

    /// State and attempts of a message.
    async fn delivery(&self, name: &str) -> (DeliveryState, usize) {
        let all = self.scene.messages("ada").await;
        let found = all.iter().find(|delivery| delivery.message.name == name).expect("the message is there");
        (found.state, found.attempts.len())
    }
}

/// A message is leased to one worker, until its lease runs out.
pub async fn a_message_is_leased_once(harness: &Harness) {
    let post = Post::office(harness).await;
    post.queue("m", MessageBody::Activation, 0).await;
    let first = lease(&post.scene, 10, 70, 10).await;
    assert_eq!(names(&first), ["m"]);
    assert_eq!(post.delivery("m").await, (DeliveryState::Sending, 0));
    for now in [10, 11, 69] {
        assert!(lease(&post.scene, now, now + 60, 10).await.is_empty());
    }
}

/// A lease that ran out is given again, and whoever had it before can settle nothing.
pub async fn a_lease_that_ran_out_is_given_again(harness: &Harness) {
    let post = Post::office(harness).await;
    post.queue("m", MessageBody::Activation, 0).await;
    let first = lease(&post.scene, 10, 70, 10).await.remove(0);
    let second = lease(&post.scene, 70, 130, 10).await.remove(0);
    assert_eq!((first.lease.until, second.lease.until), (later(70), later(130)));
    assert_eq!((&first.letter, first.attempts), (&second.letter, second.attempts));
    assert!(!settle(&post.scene, &first, "late", DeliveryState::Failed, 71, None).await);
    assert_eq!(post.delivery("m").await, (DeliveryState::Sending, 0));
    assert!(post.scene.events().await.is_empty(), "nothing is written without a lease");
    assert!(settle(&post.scene, &second, "good", DeliveryState::Accepted, 72, None).await);
    assert!(!settle(&post.scene, &first, "later", DeliveryState::Failed, 73, None).await);
    assert_eq!(post.delivery("m").await, (DeliveryState::Accepted, 1));
    assert_eq!(post.scene.events().await.len(), 1);
}

/// A settlement changes nothing but under its lease: not twice, and not for a message that was never leased.
pub async fn a_settlement_needs_its_lease(harness: &Harness) {
    let post = Post::office(harness).await;
    for (name, at) in [("a", 0), ("b", 1)] {
        post.queue(name, MessageBody::Activation, at).await;
    }
    let leased = lease(&post.scene, 10, 70, 1).await.remove(0);
    let other = post.scene.messages("ada").await.remove(1).message;
    let forged = Leased { lease: Lease { message: other.id, ..leased.lease }, ..leased.clone() };
    assert!(!settle(&post.scene, &forged, "forged", DeliveryState::Failed, 11, None).await);
    let until = Timestamp::from_micros(leased.lease.until.as_micros() + 1);
    let shifted = Leased { lease: Lease { until, ..leased.lease }, ..leased.clone() };
    assert!(!settle(&post.scene, &shifted, "shifted", DeliveryState::Failed, 11, None).await);
    assert_eq!(post.delivery("a").await, (DeliveryState::Sending, 0));
    assert_eq!(post.delivery("b").await, (DeliveryState::Queued, 0));
    assert!(settle(&post.scene, &leased, "first", DeliveryState::Accepted, 12, None).await);
    assert!(!settle(&post.scene, &leased, "second", DeliveryState::Failed, 13, None).await);
    assert_eq!(post.delivery("a").await, (DeliveryState::Accepted, 1));
    assert_eq!(post.scene.events().await.len(), 1);
}

/// What somebody waits for goes first, then the oldest.
pub async fn awaited_messages_go_first(harness: &Harness) {
    let post = Post::office(harness).await;
    let queued = [
        ("bulk2", MessageBody::Activation, 2),
        ("bulk1", MessageBody::AccessAdded, 1),
        ("reset5", MessageBody::Reset, 5),
        ("bulk3", MessageBody::PasswordChanged, 3),
        ("reset4", MessageBody::Reset, 4),
    ];
    for (name, body, at) in queued {
        post.queue(name, body, at).await;
    }
    assert_eq!(names(&lease(&post.scene, 10, 70, 3).await), ["reset4", "reset5", "bulk1"]);
    assert_eq!(names(&lease(&post.scene, 10, 70, 1).await), ["bulk2"]);
    assert_eq!(names(&lease(&post.scene, 10, 70, 5).await), ["bulk3"]);
}

/// Messages of every practice are leased, no more than asked for.
pub async fn messages_of_all_practices_are_leased(harness: &Harness) {
    let mut expected = Vec::new();
    for (number, slug) in ["smith", "jones", "brown"].into_iter().enumerate() {
        let scene = Scene::set(harness, slug).await;
        let (ada, login) = scene.live("ada", "ada@smith.example").await;
        let at = later(number as u64);
        // The same id in every practice: a message is named by its practice too.
        let message = Message { name: slug.to_owned(), created_at: at, ..build::message("m", &ada, &login, None) };
        scene.write(Plan::new().mail(message)).await;
        expected.push((build::practice(slug), slug.to_owned()));
    }
    let scene = Scene { store: std::sync::Arc::clone(&harness.store), id: build::id("smith") };
    assert!(lease(&scene, 10, 70, 0).await.is_empty());
    let mut leased = lease(&scene, 10, 70, 2).await;
    assert_eq!(leased.len(), 2);
    leased.extend(lease(&scene, 10, 70, 2).await);
    let found: Vec<_> =
        leased.iter().map(|it| (letter(it).practice.clone(), letter(it).message.name.clone())).collect();
    assert_eq!(found, expected);
    assert!(settle(&scene, &leased[1], "s", DeliveryState::Accepted, 11, None).await);
    let state = async |slug: &str| {
        let scene = Scene { id: build::id(slug), ..scene.clone() };
        (scene.messages("ada").await[0].state, scene.events().await.len())
    };
    assert_eq!(state("smith").await, (DeliveryState::Sending, 0));
    assert_eq!(state("jones").await, (DeliveryState::Accepted, 1));
    assert_eq!(state("brown").await, (DeliveryState::Sending, 0));
}

/// A deferred message waits for its time and counts its attempts.
pub async fn a_deferred_message_waits_for_its_time(harness: &Harness) {
    let post = Post::office(harness).await;
    post.queue("m", MessageBody::Activation, 0).await;
    let mut now = 10;
    for attempts in 0..3_u32 {
        let leased = lease(&post.scene, now, now + 60, 1).await.remove(0);
        assert_eq!(leased.attempts, attempts);
        let name = format!("deferred {attempts}");
        assert!(settle(&post.scene, &leased, &name, DeliveryState::Deferred, now + 1, Some(now + 600)).await);
        assert_eq!(post.delivery("m").await, (DeliveryState::Deferred, attempts as usize + 1));
        assert!(lease(&post.scene, now + 599, now + 700, 9).await.is_empty());
        now += 600;
    }
    assert_eq!(lease(&post.scene, now, now + 60, 1).await[0].attempts, 3);
}

/// What was accepted, failed or cancelled is never leased again.
pub async fn a_settled_message_is_never_leased_again(harness: &Harness) {
    let post = Post::office(harness).await;
    for (number, state) in
        [DeliveryState::Accepted, DeliveryState::Failed, DeliveryState::Cancelled].into_iter().enumerate()
    {
        let (name, now) = (state.code(), 1000 * number as u64);
        post.queue(name, MessageBody::Reset, now).await;
        let leased = lease(&post.scene, now, now + 60, 1).await.remove(0);
        assert!(settle(&post.scene, &leased, name, state, now + 1, None).await);
        assert_eq!(post.delivery(name).await, (state, 1));
        assert!(lease(&post.scene, now + 900, now + 960, 9).await.is_empty());
    }
}

/// A lease carries message, practice and link as they are now, and names itself.
pub async fn a_lease_carries_all_that_is_needed(harness: &Harness) {
    let post = Post::office(harness).await;
    let link = build::link("l", &post.login, &post.ada);
    let message = build::message("m", &post.ada, &post.login, Some(&link));
    post.scene.write(Plan::new().then(Change::OpenLink(link.clone())).mail(message.clone())).await;
    let mut practice = build::practice("smith");
    (practice.version, practice.name) = (2, "Renamed".to_owned());
    let ended = Change::EndLink { link: link.id, at: later(5) };
    post.scene.write(Plan::new().put_practice(&practice).then(ended)).await;
    let until = Timestamp::from_micros(later(70).as_micros() + 321);
    let terms = LeaseTerms::new(later(10), until, 1);
    let leased = Outbox::lease(&*post.scene.store, &terms).await.expect("the store answers");
    let link = portal_domain::link::Link { ended_at: Some(later(5)), ..link };
    let lease = Lease { practice: practice.id, message: message.id, until };
    let signs_in_at = post.login.key.clone();
    let letter = Letter {
        practice,
        message,
        link: Some(Carried::Portal(link)),
        overtaken: false,
        signs_in_at,
        locale: None,
        suppressed: None,
    };
    assert_eq!(leased, [Leased { lease, attempts: 0, letter: Ok(letter) }]);
}

/// A settlement writes the attempt with its words, and its event.
pub async fn a_settlement_writes_attempt_and_event(harness: &Harness) {
    let post = Post::office(harness).await;
    post.queue("m", MessageBody::Activation, 0).await;
    let mut settlements = Vec::new();
    for number in 0..3_u64 {
        let leased = lease(&post.scene, 100 * number, 100 * number + 60, 1).await.remove(0);
        let state = if number == 2 { DeliveryState::Accepted } else { DeliveryState::Deferred };
        let mut settlement = build::settlement(&format!("e{number}"), state, later(100 * number + 1));
        settlement.next_attempt_at = (number < 2).then(|| later(100 * number + 100));
        settlement.event = Event {
            subject: Subject { contact: Some(post.ada.id), ..Subject::default() },
            personal: [("to".to_owned(), "ada@smith.example".to_owned())].into(),
            ..settlement.event
        };
        assert_eq!(Outbox::settle(&*post.scene.store, &leased.lease, &settlement).await, Ok(true));
        settlements.push(settlement);
    }
    let delivery = post.scene.messages("ada").await.remove(0);
    let attempts: Vec<_> = settlements.iter().map(|settlement| settlement.attempt.clone()).collect();
    assert_eq!(delivery.attempts, attempts);
    let events = post.scene.events().await;
    assert_eq!(events.len(), 3);
    for (event, settlement) in events.iter().zip(&settlements) {
        assert_eq!((event.id, event.subject), (settlement.event.id, settlement.event.subject));
        assert_eq!(event.personal.as_ref(), Some(&settlement.event.personal));
        assert_eq!(event.digest, settlement.event.digest());
    }
}

/// Many workers on many instances never have the same message, and leave none.
pub async fn many_workers_never_share_a_message(harness: &Harness) {
    let post = Post::office(harness).await;
    let queued = (0..120).map(|number| build::message(&format!("m{number}"), &post.ada, &post.login, None));
    post.scene.write(queued.fold(Plan::new(), Plan::mail)).await;
    let overlaps = Overlaps::new();
    let (mut all, mut rounds) = (Vec::new(), 0);
    while all.len() < 120 {
        rounds += 1;
        assert!(rounds < 100, "what is due is leased");
        let workers = (0..8).map(|number| {
            let scene = post.scene.turn(harness, number);
            async move { lease(&scene, 10, 70, 3).await }
        });
        let leased = overlaps.at_once(workers.collect()).await;
        all.extend(leased.into_iter().flatten().map(|leased| leased.lease.message));
    }
    let different: BTreeSet<_> = all.iter().collect();
    assert_eq!((all.len(), different.len()), (120, 120));
    overlaps.must_be_real();
}

/// A lease tells at which key the contact signs in now, and nothing where it has no access.
pub async fn a_lease_tells_where_the_contact_signs_in(harness: &Harness) {
    let post = Post::office(harness).await;
    post.queue("m", MessageBody::AccessAdded, 0).await;
    let key = || build::key("ada@smith.example");
    let first = lease(&post.scene, 10, 20, 1).await.remove(0);
    assert_eq!(letter(&first).signs_in_at, Some(key()));
    let dormant = Login { key: None, ..super::scene::next(&post.login) };
    let gone = Contact {
        access: portal_domain::contact::Access::Deactivated,
        behind_since: None,
        version: post.ada.version + 1,
        ..post.ada.clone()
    };
    post.scene.write(Plan::new().release(&key()).put_login(&dormant).put_contact(&gone)).await;
    let second = lease(&post.scene, 20, 30, 1).await.remove(0);
    assert_eq!(letter(&second).signs_in_at, None);
}

/// A lease tells the language that its contact has now, whatever became of its access; a practice user has none, and nor has
/// whom nobody gave one, though another practice did.
pub async fn a_lease_tells_the_contacts_language_of_now(harness: &Harness) {
    let elsewhere = Scene::set(harness, "jones").await;
    let other = Contact { locale: Some("fr".to_owned()), ..build::contact("ada", &[]) };
    elsewhere.write(Plan::new().put_contact(&other)).await;
    let post = Post::office(harness).await;
    post.queue("m", MessageBody::PasswordChanged, 0).await;
    let uma = build::user("uma", "uma@smith.example");
    post.scene.write(Plan::new().put_user(&uma).mail(build::staff_message("s", &uma, None))).await;
    let told = async |now| {
        let leased = lease(&post.scene, now, now + 10, 9).await;
        let locales: std::collections::BTreeMap<_, _> =
            leased.iter().map(|it| (letter(it).message.about.user().is_some(), letter(it).locale.clone())).collect();
        (locales[&false].clone(), locales[&true].clone())
    };
    assert_eq!(told(10).await, (None, None));
    let german = Contact { locale: Some("de-AT".to_owned()), version: post.ada.version + 1, ..post.ada.clone() };
    post.scene.write(Plan::new().put_contact(&german)).await;
    assert_eq!(told(20).await, (Some("de-AT".to_owned()), None));
    let dormant = Login { key: None, ..super::scene::next(&post.login) };
    let gone = Contact {
        access: portal_domain::contact::Access::Deactivated,
        behind_since: None,
        version: german.version + 1,
        ..german
    };
    let key = build::key("ada@smith.example");
    post.scene.write(Plan::new().release(&key).put_login(&dormant).put_contact(&gone)).await;
    assert_eq!(told(30).await, (Some("de-AT".to_owned()), None));
}

/// A lease tells whether the activation link that a message carries was overtaken: by a password, or by a newer activation link of
/// its login, whatever became of that one.
pub async fn a_lease_tells_whether_an_invitation_was_overtaken(harness: &Harness) {
    let post = Post::office(harness).await;
    let of =
        |name: &str, purpose, at| Link { purpose, created_at: later(at), ..build::link(name, &post.login, &post.ada) };
    let (first, reset) = (of("first", LinkPurpose::Activation, 1), of("reset", LinkPurpose::Reset, 2));
    let (bob, other) = post.scene.live("bob", "bob@smith.example").await;
    let bobs = build::link("bobs", &other, &bob);
    let plan = [("a", &first), ("b", &reset), ("c", &bobs)].into_iter().fold(Plan::new(), |plan, (name, link)| {
        let message = build::message(name, &post.ada, &post.login, Some(link));
        plan.then(Change::OpenLink(link.clone())).mail(message)
    });
    post.scene.write(plan).await;
    let overtaken = async |now| {
        let leased = lease(&post.scene, now, now + 10, 9).await;
        let overtaken = leased.iter().map(letter).filter(|letter| letter.overtaken);
        overtaken.filter_map(|letter| letter.message.link).collect::<BTreeSet<_>>()
    };
    assert_eq!(overtaken(10).await, BTreeSet::new());
    let newer = Link { ended_at: Some(later(21)), ..of("newer", LinkPurpose::Activation, 20) };
    post.scene.write(Plan::new().then(Change::OpenLink(newer))).await;
    assert_eq!(overtaken(30).await, [first.id].into());
    let credential = Some(build::credential("c", None));
    post.scene.write(Plan::new().put_login(&Login { credential, ..super::scene::next(&other) })).await;
    assert_eq!(overtaken(50).await, [first.id, bobs.id].into());
}

/// What anybody asked for is awaited whatever its kind, and comes back as it was written.
pub async fn what_was_asked_for_goes_first_whatever_its_kind(harness: &Harness) {
    let post = Post::office(harness).await;
    post.queue("bulk", MessageBody::Activation, 0).await;
    let asked = Message {
        name: "asked".to_owned(),
        created_at: later(5),
        asked_at: Some(build::key("ada@smith.example")),
        ..build::message("asked", &post.ada, &post.login, None)
    };
    post.scene.write(Plan::new().mail(asked.clone())).await;
    let leased = lease(&post.scene, 10, 70, 2).await;
    assert_eq!(names(&leased), ["asked", "bulk"]);
    assert_eq!(letter(&leased[0]).message, asked);
}

/// Two messages may carry one link, as a reminder repeats an invitation's.
pub async fn messages_may_share_a_link(harness: &Harness) {
    let post = Post::office(harness).await;
    let link = build::link("l", &post.login, &post.ada);
    let messages = ["a", "b"].map(|name| build::message(name, &post.ada, &post.login, Some(&link)));
    let plan = Plan::new().then(Change::OpenLink(link.clone()));
    post.scene.write(messages.into_iter().fold(plan, Plan::mail)).await;
    let leased = lease(&post.scene, 10, 70, 9).await;
    let links: Vec<_> = leased.iter().map(|leased| letter(leased).link.clone()).collect();
    assert_eq!(links, [Some(Carried::Portal(link.clone())), Some(Carried::Portal(link))]);
}

/// Mail to staff carries a link of the workspace as it is now, and no look-up by contact or login meets it.
pub async fn mail_to_staff_carries_a_link_of_the_workspace(harness: &Harness) {
    let post = Post::office(harness).await;
    let uma = build::user("uma", "uma@smith.example");
    post.scene.write(Plan::new().put_user(&uma)).await;
    let link = build::staff_link("l", &uma);
    let (carrying, bare) = (build::staff_message("a", &uma, Some(&link)), build::staff_message("b", &uma, None));
    let plan = Plan::new().then(Change::OpenStaffLink(link.clone()));
    post.scene.write(plan.mail(carrying.clone()).mail(bare.clone())).await;
    let which = portal_domain::change::Which::All;
    post.scene.write(Plan::new().then(Change::EndStaffLinks { user: uma.id, which, at: later(5) })).await;
    let leased = lease(&post.scene, 10, 70, 9).await;
    let ended = portal_domain::staff::StaffLink { ended_at: Some(later(5)), ..link };
    let found: Vec<_> = leased.iter().map(|it| (letter(it).message.clone(), letter(it).link.clone())).collect();
    assert_eq!(found, [(carrying, Some(Carried::Workspace(ended))), (bare, None)]);
    assert!(leased.iter().all(|it| letter(it).signs_in_at.is_none()));
}

/// Who takes only what is awaited gets nothing else.
pub async fn awaited_messages_can_be_asked_for_alone(harness: &Harness) {
    let post = Post::office(harness).await;
    post.queue("bulk", MessageBody::Activation, 0).await;
    post.queue("reset", MessageBody::Reset, 1).await;
    let terms = LeaseTerms { awaited_only: true, ..LeaseTerms::new(later(10), later(70), 9) };
    let leased = Outbox::lease(&*post.scene.store, &terms).await.expect("the store answers");
    assert_eq!(names(&leased), ["reset"]);
    assert_eq!(names(&lease(&post.scene, 10, 70, 9).await), ["bulk"]);
}

/// Practices take turns, however much one of them has queued, and whenever.
pub async fn practices_take_turns(harness: &Harness) {
    let mut scene = None;
    for (slug, queued) in [("smith", 4), ("jones", 2), ("brown", 1)] {
        let own = Scene::set(harness, slug).await;
        let (ada, login) = own.live("ada", "ada@smith.example").await;
        let messages = (0..queued).map(|number| Message {
            name: format!("{slug} {number}"),
            ..build::message(&format!("{slug} {number}"), &ada, &login, None)
        });
        own.write(messages.fold(Plan::new(), Plan::mail)).await;
        scene = Some(own);
    }
    let scene = scene.expect("three practices");
    let mut order = Vec::new();
    for _ in 0..7 {
        let leased = lease(&scene, 10, 70, 1).await;
        order.push(letter(&leased[0]).practice.slug.as_str().to_owned());
    }
    // All were due at once, so that who begins is open; from then on nobody is served twice before the others.
    let round: BTreeSet<_> = order[..3].iter().collect();
    assert_eq!(round.len(), 3, "{order:?}");
    let second: BTreeSet<_> = order[3..5].iter().map(String::as_str).collect();
    assert_eq!(second, BTreeSet::from(["jones", "smith"]), "{order:?}");
    assert_eq!(order[5..], ["smith", "smith"]);
}

/// No more mail leaves in an hour than practice and program allow; a part is kept for what is awaited.
pub async fn no_more_mail_leaves_than_the_hour_has_room_for(harness: &Harness) {
    let post = Post::office(harness).await;
    let mut practice = build::practice("smith");
    practice.version = 2;
    practice.settings.mails_per_hour = Some(20);
    post.scene.write(Plan::new().put_practice(&practice)).await;
    let queued = (0..60).map(|number| build::message(&format!("m{number}"), &post.ada, &post.login, None));
    post.scene.write(queued.fold(Plan::new(), Plan::mail)).await;
    let first = lease(&post.scene, 10, 70, 100).await;
    assert_eq!(first.len(), 18, "a tenth is kept");
    assert!(lease(&post.scene, 11, 70, 100).await.is_empty(), "what others hold counts");
    for (number, leased) in first.iter().enumerate() {
        let (name, state) = match number {
            0 => ("c".to_owned(), DeliveryState::Cancelled),
            1 => ("f".to_owned(), DeliveryState::Failed),
            _ => (format!("s{number}"), DeliveryState::Accepted),
        };
        assert!(settle(&post.scene, leased, &name, state, 12, None).await);
    }
    assert_eq!(lease(&post.scene, 13, 14, 100).await.len(), 2, "what was cancelled or refused did not leave");
    for name in ["reset1", "reset2", "reset3"] {
        post.queue(name, MessageBody::Reset, 13).await;
    }
    assert_eq!(names(&lease(&post.scene, 15, 16, 100).await), ["reset1", "reset2", "reset3"]);
    let hour_later = lease(&post.scene, 12 + 3600, 3700, 100).await;
    assert_eq!(hour_later.len(), 18);
    let terms = LeaseTerms { mails_per_hour: Some(1), ..LeaseTerms::new(later(9000), later(9060), 100) };
    let of_all = Outbox::lease(&*post.scene.store, &terms).await.expect("the store answers");
    assert_eq!(of_all.len(), 1, "the program's limit holds too");
}

/// What was queued, deferred or leased while the clock ran ahead is recalled; what waits for a time that may be right stays.
pub async fn what_was_written_in_the_future_is_recalled(harness: &Harness) {
    let post = Post::office(harness).await;
    let day = 24 * 3600;
    post.queue("leased", MessageBody::Activation, 0).await;
    assert_eq!(lease(&post.scene, day, day + 60, 9).await.len(), 1);
    post.queue("queued", MessageBody::Activation, day).await;
    post.queue("soon", MessageBody::Activation, 3600).await;
    let recall = async |now, latest| post.scene.store.recall(later(now), later(latest)).await;
    assert_eq!(recall(10, day + 60).await, Ok(0), "nothing is later than that");
    assert!(lease(&post.scene, 10, 70, 9).await.is_empty());
    assert_eq!(recall(10, 3600).await, Ok(2));
    let back = lease(&post.scene, 10, 70, 9).await;
    assert_eq!(names(&back).into_iter().collect::<BTreeSet<_>>(), BTreeSet::from(["leased", "queued"]));
    assert!(settle(&post.scene, &back[0], "s", DeliveryState::Accepted, 11, None).await);
    assert_eq!(recall(12, 3600).await, Ok(0));
    let rest = lease(&post.scene, 3600, 3660, 9).await;
    assert!(names(&rest).contains(&"soon"));
}

/// Mail of a suspended practice waits, is not late meanwhile, and leaves when the practice is resumed.
pub async fn mail_of_a_suspended_practice_waits(harness: &Harness) {
    let post = Post::office(harness).await;
    post.queue("m", MessageBody::Activation, 0).await;
    post.queue("asked", MessageBody::Reset, 0).await;
    let practice = post.scene.practice().await;
    let write = async |suspended_at, version| {
        let after = Practice { suspended_at, version, ..practice.clone() };
        let plan = Plan::new().changed(Aggregate::Practice(practice.id), version - 1);
        post.scene.write(plan.put_practice(&after)).await;
    };
    write(Some(later(1)), 2).await;
    assert!(lease(&post.scene, 10, 70, 10).await.is_empty());
    assert_eq!(post.scene.store.oldest_due(later(10)).await, Ok(None));
    write(None, 3).await;
    assert_eq!(lease(&post.scene, 20, 80, 10).await.len(), 2);
}
