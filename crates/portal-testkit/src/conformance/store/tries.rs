use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use portal_domain::{
    Refusal,
    change::{Aggregate, Change},
    contact::{Access, Contact},
    event::Caller,
    id::PracticeId,
    login::{Credential, Login},
    message::{Message, MessageBody, MessageKind},
    password::{PasswordHash, TypedPassword},
    port::{Commit, HashError, PasswordHasher, StoreError, Verdict},
    throttle::{Admission, Bucket, BucketName, CountedTry, NOTES_AT_A_MARK, RecordedTry, Try},
    time::Timestamp,
    usecase::{CallContext, Error, Portal, SignInInput, TRIES_PER_MINUTE},
};

use crate::{
    build::{self, NOON, Plan, key, later},
    conformance::{
        Harness,
        overlap::Overlaps,
        scene::{Scene, next},
    },
    memory::{PlainHasher, SeededEntropy, TestClock},
};

impl Scene {
    async fn admit(&self, buckets: &[Bucket], noted: Option<&Try>, now: Timestamp) -> Admission {
        self.store.admit(self.id, buckets, noted, now).await.expect("the store answers")
    }

    /// Counts in one bucket; the time under which it was counted, or until when to wait.
    async fn count(&self, bucket: &Bucket, now: Timestamp) -> Result<Timestamp, Timestamp> {
        match self.admit(&[*bucket], None, now).await {
            Admission::Go(counted) => Ok(counted[0]),
            Admission::Wait { until, .. } => Err(until),
        }
    }

    async fn give_back(&self, bucket: &Bucket, at: Timestamp, noted: Option<&Try>) {
        let counted = CountedTry { bucket: *bucket, at, noted: noted.map(|noted| noted.id) };
        self.write(Plan::new().then(Change::GiveBack(counted))).await;
    }

    async fn tries(&self, address: &str, since: Timestamp) -> Vec<RecordedTry> {
        let mut newest_first =
            self.store.tries(self.id, &[self.mark(address)], since, 1000).await.expect("the store answers");
        newest_first.reverse();
        newest_first
    }

    async fn forget(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.store.forget_tries(now, 100).await
    }
}

fn noted(scene: &Scene, name: &str, at: Timestamp) -> Try {
    let origin = Some("192.0.2.7".to_owned());
    Try {
        id: build::id(name),
        mark: scene.mark("ada@smith.example"),
        origin,
        known_browser: false,
        for_reset: false,
        at,
    }
}

/// A login is found for a sign-in by its live key, with a password or without, and with the one who is behind it; never by any other key.
pub async fn a_sign_in_finds_a_login_by_its_live_key_alone(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let find = async |address: &str| scene.store.sign_in(scene.id, &key(address)).await.expect("the store answers");
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    let found = find("ada@smith.example").await.expect("live");
    assert_eq!((found.login, found.only_member), (login.clone(), Some(ada.id)));
    let bob = build::granted(build::contact("bob", &["ada@smith.example"]), &login);
    let never = build::contact("never", &["ada@smith.example"]);
    scene.write(Plan::new().put_contact(&bob).put_contact(&never)).await;
    assert_eq!(find("ada@smith.example").await.expect("live").only_member, None, "there are two");
    let gone =
        Contact { access: Access::Deactivated, behind_since: None, login: None, version: bob.version + 1, ..bob };
    scene.write(Plan::new().put_contact(&gone)).await;
    assert_eq!(find("ada@smith.example").await.expect("live").only_member, Some(ada.id));
    let with = Login { credential: Some(build::credential("c", login.key.clone())), ..next(&login) };
    scene.write(Plan::new().put_login(&with)).await;
    assert_eq!(find("ada@smith.example").await.expect("live").login, with);
    assert_eq!(find("nobody@smith.example").await, None);
    scene.write(Plan::new().put_user(&build::user("u", "u@smith.example"))).await;
    assert_eq!(find("u@smith.example").await, None, "a practice user has no login");
    let dormant = Login { key: None, ..next(&with) };
    let gone = Contact { access: Access::Deactivated, behind_since: None, version: ada.version + 1, ..ada };
    scene.write(Plan::new().release(&key("ada@smith.example")).put_login(&dormant).put_contact(&gone)).await;
    assert_eq!(find("ada@smith.example").await, None, "a dormant login is never found");
}

/// Practices are found by a key, of all those in which a live login holds it; staff and who is dormant are not looked for.
pub async fn practices_are_found_by_the_keys_of_their_live_logins(harness: &Harness) {
    let (smith, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    let third = Scene::set(harness, "third").await;
    let store = &smith.store;
    let find =
        async |address: &str, most: u32| store.practices_of(&key(address), most).await.expect("the store answers");
    let (ada, login) = smith.live("ada", "ada@smith.example").await;
    jones.live("a", "ada@smith.example").await;
    let user = build::user("u", "ada@smith.example");
    third.write(Plan::new().put_user(&user)).await;
    let mut both = [smith.id, jones.id];
    both.sort_unstable();
    assert_eq!(find("ada@smith.example", 9).await, both);
    assert_eq!(find("ada@smith.example", 1).await, both[..1]);
    assert!(find("bob@smith.example", 9).await.is_empty());
    let dormant = Login { key: None, ..next(&login) };
    let gone = Contact { access: Access::Deactivated, behind_since: None, version: ada.version + 1, ..ada };
    smith.write(Plan::new().release(&key("ada@smith.example")).put_login(&dormant).put_contact(&gone)).await;
    assert_eq!(find("ada@smith.example", 9).await, [jones.id]);
}

/// Mail that anybody asked for is counted by its kind, at the key it was asked at, and after a time.
pub async fn asked_mail_is_counted_by_key(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    let message = |name: &str, at: u64, asked: Option<&str>| Message {
        created_at: later(at),
        asked_at: asked.map(key),
        ..build::message(name, &ada, &login, None)
    };
    let mail = [
        message("a", 1, Some("ada@smith.example")),
        Message { body: MessageBody::PortalAddress, ..message("b", 2, Some("ada@smith.example")) },
        message("c", 3, Some("old@smith.example")),
        message("d", 4, None),
    ];
    scene.write(mail.iter().cloned().fold(Plan::new(), Plan::mail)).await;
    let asked = async |address: &str, since: u64| {
        let asked = scene.store.asked_mail(scene.id, &key(address), later(since)).await;
        let mut asked = asked.expect("the store answers");
        asked.sort_unstable_by_key(|(_, at)| *at);
        asked
    };
    let (first, second) = ((mail[0].kind(), later(1)), (MessageKind::PortalAddress, later(2)));
    assert_eq!(asked("ada@smith.example", 0).await, [first, second]);
    assert_eq!(asked("ada@smith.example", 1).await, [second]);
    assert_eq!(asked("old@smith.example", 0).await, [(mail[2].kind(), later(3))]);
    assert!(asked("bob@smith.example", 0).await.is_empty());
}

/// Tries are counted from call to call, by the rule of their bucket, each bucket by itself.
pub async fn tries_are_counted_and_refused(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let bucket = Bucket::strangers(&key("ada@smith.example"));
    for number in 0..11 {
        assert!(scene.count(&bucket, later(number)).await.is_ok(), "try {number}");
    }
    assert_eq!(scene.count(&bucket, later(11)).await, Err(later(70)));
    assert_eq!(scene.count(&bucket, later(69)).await, Err(later(70)));
    assert_eq!(scene.count(&bucket, later(70)).await, Ok(later(70)));
    assert_eq!(scene.count(&bucket, later(71)).await, Err(later(190)), "each pause is twice as long");
    assert!(scene.count(&Bucket::strangers(&key("bob@smith.example")), later(71)).await.is_ok());
    let origin = Bucket::origin("192.0.2.7", 2);
    assert!(scene.count(&origin, later(0)).await.is_ok() && scene.count(&origin, later(1)).await.is_ok());
    assert!(scene.count(&origin, later(2)).await.is_err());
}

/// The first bucket that says no is named. What stood before it is counted, it and the rest are not.
pub async fn buckets_are_asked_in_order(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let origin = |limit| Bucket::origin("192.0.2.7", limit);
    let bucket = Bucket::strangers(&key("ada@smith.example"));
    for _ in 0..11 {
        scene.count(&bucket, later(0)).await.expect("counted");
    }
    let refused = scene.admit(&[origin(2), bucket], None, later(1)).await;
    assert_eq!(refused, Admission::Wait { bucket: 1, until: later(60) });
    assert!(scene.count(&origin(2), later(2)).await.is_ok(), "one try of the origin was counted");
    let other = Bucket::strangers(&key("bob@smith.example"));
    let refused = scene.admit(&[origin(2), other], None, later(3)).await;
    assert!(matches!(refused, Admission::Wait { bucket: 0, .. }), "{refused:?}");
    let counted = scene.admit(&[origin(9), other], None, later(3)).await;
    assert_eq!(counted, Admission::Go(vec![later(3), later(3)]), "nothing was counted before");
    assert_eq!(scene.admit(&[], None, later(3)).await, Admission::Go(Vec::new()));
}

/// A try that is given back was never counted, nor the pause that it started; others stay.
pub async fn a_right_password_is_given_back(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let bucket = Bucket::strangers(&key("ada@smith.example"));
    for _ in 0..30 {
        let counted = scene.count(&bucket, later(5)).await.expect("nothing stays counted");
        scene.give_back(&bucket, counted, None).await;
    }
    let mut last = later(0);
    for _ in 0..11 {
        last = scene.count(&bucket, later(6)).await.expect("ten are free, and one more starts a pause");
    }
    assert!(scene.count(&bucket, later(7)).await.is_err());
    scene.give_back(&bucket, last, None).await;
    scene.give_back(&bucket, last, None).await;
    assert!(scene.count(&bucket, later(7)).await.is_ok(), "the pause went with the try that started it");
    assert_eq!(scene.count(&bucket, later(8)).await, Err(later(67)), "and the other ten stayed");
    // Harmless where nothing is counted.
    scene.give_back(&Bucket::strangers(&key("bob@smith.example")), later(5), None).await;
    // A commit that is refused gives nothing back.
    let counted = CountedTry { bucket, at: later(0), noted: None };
    let plan = Plan::new().changed(Aggregate::Practice(scene.id), 77).then(Change::GiveBack(counted));
    assert_eq!(scene.commit(&[plan.done()], None).await, Commit::Conflict);
    assert_eq!(scene.count(&bucket, later(9)).await, Err(later(67)));
}

/// A try is noted whether it may go on, has to wait, or was right; not where its origin has to wait.
pub async fn a_try_is_noted_whatever_becomes_of_it(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let bucket = Bucket::strangers(&key("ada@smith.example"));
    let buckets = [Bucket::origin("192.0.2.7", 12), bucket];
    for number in 0..13 {
        let noted = noted(&scene, &format!("t{number:02}"), later(number));
        scene.admit(&buckets, Some(&noted), later(number)).await;
    }
    let right = noted(&scene, "t03", later(3));
    scene.give_back(&bucket, later(3), Some(&right)).await;
    let found = scene.tries("ada@smith.example", later(0)).await;
    let expected: Vec<_> = (1..12).map(|number| noted(&scene, &format!("t{number:02}"), later(number))).collect();
    assert_eq!(found.iter().map(|found| found.noted.clone()).collect::<Vec<_>>(), expected);
    let right: Vec<_> = found.iter().filter(|found| found.right).map(|found| found.noted.at).collect();
    assert_eq!(right, [later(3)]);
    assert!(scene.tries("bob@smith.example", later(0)).await.is_empty());

    let lone = Bucket::origin("192.0.2.8", 1);
    for (name, number) in [("taken", 20), ("refused", 21)] {
        let wish = Try { for_reset: true, mark: scene.mark("cy@smith.example"), ..noted(&scene, name, later(number)) };
        scene.admit(&[lone], Some(&wish), later(number)).await;
    }
    let found = scene.tries("cy@smith.example", later(0)).await;
    let found: Vec<_> = found.iter().map(|it| (it.noted.id, it.noted.for_reset, it.right)).collect();
    assert_eq!(found, [(build::id("taken"), true, false)]);
}

/// Of the notes at a mark the newest are kept, so many and no more, whoever goes on trying there; those at other marks, and at the same
/// in another practice, stay.
pub async fn of_the_notes_at_a_mark_the_newest_are_kept(harness: &Harness) {
    let (scene, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    let other = Try { mark: scene.mark("bob@smith.example"), ..noted(&scene, "other", later(0)) };
    scene.admit(&[], Some(&other), later(0)).await;
    let elsewhere = Try { id: build::id("elsewhere"), ..noted(&scene, "other", later(0)) };
    jones.admit(&[], Some(&elsewhere), later(0)).await;
    let most = u64::from(NOTES_AT_A_MARK);
    for number in 0..most + 2 {
        // The last is late, by a clock that is behind.
        let at = if number == most + 1 { later(1) } else { later(number) };
        scene.admit(&[], Some(&noted(&scene, &format!("t{number}"), at)), at).await;
    }
    let kept: Vec<_> = scene.tries("ada@smith.example", NOON.before(Duration::from_secs(1))).await;
    assert_eq!(kept.iter().map(|it| it.noted.at).collect::<Vec<_>>(), (1..=most).map(later).collect::<Vec<_>>());
    assert_eq!(scene.tries("bob@smith.example", NOON.before(Duration::from_secs(1))).await.len(), 1);
    let theirs = jones.store.tries(jones.id, &[elsewhere.mark], NOON.before(Duration::from_secs(1)), 9).await;
    assert_eq!(theirs.expect("the store answers").len(), 1);
}

/// A commit forgets a counter.
pub async fn a_change_forgets_a_counter(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let bucket = Bucket::strangers(&key("ada@smith.example"));
    let other = Bucket::strangers(&key("bob@smith.example"));
    for bucket in [&bucket, &other] {
        for _ in 0..11 {
            scene.count(bucket, later(0)).await.expect("counted");
        }
    }
    scene.write(Plan::new().then(Change::ForgetTries(bucket.name()))).await;
    scene.write(Plan::new().then(Change::ForgetTries(BucketName([9; 32])))).await;
    assert!(scene.count(&bucket, later(1)).await.is_ok());
    assert!(scene.count(&other, later(1)).await.is_err());
}

/// Counters and notes are forgotten when their time is over, and not before.
pub async fn tries_are_forgotten_in_their_time(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let bucket = Bucket::strangers(&key("ada@smith.example"));
    for _ in 0..11 {
        scene.count(&bucket, later(0)).await.expect("counted");
    }
    scene.admit(&[Bucket::origin("192.0.2.7", 9)], Some(&noted(&scene, "t", later(0))), later(0)).await;
    assert_eq!(scene.forget(later(0)).await, Ok(0));
    assert!(scene.count(&bucket, later(1)).await.is_err());
    assert_eq!(scene.forget(later(120)).await, Ok(1), "the origin's");
    assert!(scene.count(&bucket, later(30)).await.is_err());
    let day = 24 * 3600;
    assert_eq!(scene.forget(later(day + 1)).await, Ok(1), "the key's");
    assert!(scene.count(&bucket, later(30)).await.is_ok());
    assert_eq!(scene.tries("ada@smith.example", Timestamp::from_micros(0)).await.len(), 1);
    assert_eq!(scene.store.forget_tries(later(30 * day), 0).await, Ok(0), "no more than asked for");
    assert_eq!(scene.forget(later(30 * day - 1)).await, Ok(1), "the key's again");
    assert_eq!(scene.forget(later(30 * day)).await, Ok(1), "and the note");
    assert!(scene.tries("ada@smith.example", Timestamp::from_micros(0)).await.is_empty());
}

/// Facts about a contact tell of a pause at its first address and at the keys that are asked about.
pub async fn facts_tell_of_a_pause(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    scene.live("ada", "ada@smith.example").await;
    for address in ["ada@smith.example", "new@smith.example"] {
        for _ in 0..11 {
            scene.count(&Bucket::strangers(&key(address)), later(0)).await.expect("counted");
        }
    }
    let locked = async |keys: &[&str], now| {
        let mut query = crate::conformance::scene::about("ada");
        query.keys = keys.iter().map(|address| key(address)).collect();
        scene.ask(&[query], now).await.remove(0).locked
    };
    assert_eq!(locked(&[], later(1)).await, [(key("ada@smith.example"), later(60))].into());
    let both = [(key("ada@smith.example"), later(60)), (key("new@smith.example"), later(60))];
    assert_eq!(locked(&["new@smith.example", "bob@smith.example"], later(1)).await, both.into());
    assert!(locked(&["new@smith.example"], later(60)).await.is_empty());
}

/// Counters and notes of one practice are nothing to another.
pub async fn tries_stay_inside_their_practice(harness: &Harness) {
    let (smith, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    let bucket = Bucket::strangers(&key("ada@smith.example"));
    for number in 0..11 {
        let noted = noted(&smith, &format!("t{number}"), later(1));
        smith.admit(&[bucket], Some(&noted), later(1)).await;
    }
    assert!(smith.count(&bucket, later(1)).await.is_err());
    let counted = jones.count(&bucket, later(1)).await.expect("another practice's counter");
    jones.give_back(&bucket, counted, None).await;
    jones.write(Plan::new().then(Change::ForgetTries(bucket.name()))).await;
    assert!(smith.count(&bucket, later(1)).await.is_err());
    assert!(jones.tries("ada@smith.example", later(0)).await.is_empty());
}

/// However many try at once, on however many instances, no more go on than the limit lets.
pub async fn of_many_tries_at_once_no_more_than_the_limit_go_on(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let bucket = Bucket::strangers(&key("ada@smith.example"));
    let overlaps = Overlaps::new();
    let tries = (0..40).map(|number| {
        let (scene, noted) = (scene.turn(harness, number), noted(&scene, &format!("t{number}"), later(1)));
        async move { matches!(scene.admit(&[bucket], Some(&noted), later(1)).await, Admission::Go(_)) }
    });
    let went_on = overlaps.at_once(tries.collect()).await;
    assert_eq!(went_on.into_iter().filter(|went_on| *went_on).count(), 11);
    overlaps.must_be_real();
}

/// Whatever mixture of right and wrong passwords races for a login at two instances, no more wrong ones are looked at than are
/// free and start a pause.
pub async fn of_many_sign_ins_at_two_instances_no_more_wrong_ones_are_looked_at(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let hasher = Arc::new(Watched::default());
    let instances = [instance(harness, 0, &hasher), instance(harness, 1, &hasher)];
    let right = TypedPassword::new(RIGHT).expect("not too long");
    let overlaps = Overlaps::new();
    for (round, one_right_in) in [2, 3, 7, 100].into_iter().enumerate() {
        let address = format!("person.{round}@smith.example");
        let (_, login) = scene.live(&format!("p{round}"), &address).await;
        let hash = hasher.hash(&right).await.expect("hashed");
        let credential = Credential { hash, ..build::credential(&format!("c{round}"), login.key.clone()) };
        scene.write(Plan::new().put_login(&Login { credential: Some(credential), ..next(&login) })).await;
        let before = hasher.mismatches();
        let tries = (1..=60).map(|number: usize| {
            let password = if number.is_multiple_of(one_right_in) { RIGHT } else { "certainly not this one" };
            sign_in(instances[number % 2].clone(), scene.id, address.clone(), password)
        });
        overlaps.at_once(tries.collect()).await;
        let looked_at = hasher.mismatches() - before;
        assert!(looked_at <= 11, "{looked_at} wrong ones were looked at, with one right in {one_right_in}");
        assert!(one_right_in < 100 || looked_at == 11, "wrong ones alone are let through as far as the limit");
    }
    overlaps.must_be_real();
}

const RIGHT: &str = "four quiet paper boats";

/// A hasher that counts the wrong passwords it looked at.
#[derive(Default)]
struct Watched {
    inner: PlainHasher,
    mismatches: AtomicU64,
}

impl Watched {
    fn mismatches(&self) -> u64 {
        self.mismatches.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl PasswordHasher for Watched {
    async fn hash(&self, password: &TypedPassword) -> Result<PasswordHash, HashError> {
        self.inner.hash(password).await
    }

    async fn verify(&self, password: &TypedPassword, hash: Option<&PasswordHash>) -> Result<Verdict, HashError> {
        let verdict = self.inner.verify(password, hash).await;
        self.mismatches.fetch_add(u64::from(verdict == Ok(Verdict::NoMatch)), Ordering::SeqCst);
        // As a real one, it takes a while, in which others are counted.
        tokio::task::yield_now().await;
        verdict
    }

    async fn pretend(&self) -> Result<(), HashError> {
        Ok(())
    }
}

/// The use cases over the instance whose turn it is.
fn instance(harness: &Harness, number: usize, hasher: &Arc<Watched>) -> Portal {
    let store = harness.turn(number);
    Portal {
        store: Arc::clone(&store) as _,
        enquiries: Arc::clone(&store) as _,
        jobs: Arc::clone(&store) as _,
        operators: Arc::clone(&store) as _,
        journal: Arc::clone(&store) as _,
        webhooks: store.clone() as _,
        viewings: store.clone() as _,
        evidence: store.clone() as _,
        returns: store as _,
        hasher: Arc::clone(hasher) as _,
        clock: Arc::new(TestClock::at(later(5))),
        entropy: Arc::new(SeededEntropy::new(100 + number as u64)),
        tokens: build::link_tokens(),
        common_passwords: Arc::default(),
        tries_per_minute: TRIES_PER_MINUTE,
    }
}

async fn sign_in(portal: Portal, practice: PracticeId, address: String, password: &str) {
    let call = CallContext::new(practice, Caller::Anyone);
    let input = SignInInput { email: &address, password, user_agent: None, presented: None, known: None };
    match portal.sign_in(&call, &input).await {
        // Overloaded is who was right, and lost too many races for a session.
        Ok(_) | Err(Error::Refused(Refusal::SignInFailed) | Error::Overloaded) => {}
        Err(error) => panic!("{error}"),
    }
}
