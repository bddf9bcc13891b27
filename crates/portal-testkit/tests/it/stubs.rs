use std::time::Duration;

use portal_domain::{
    password::TypedPassword,
    port::{Clock, Entropy, MailFrom, Mailer, OutgoingMail, PasswordHasher, SendOutcome, Verdict},
};
use portal_testkit::{
    build::{self, NOON},
    conformance::run,
    memory::{PlainHasher, RecordingMailer, SeededEntropy, TestClock},
};

#[test]
fn a_clock_goes_where_it_is_put() {
    let clock = TestClock::default();
    assert_eq!(clock.now(), NOON);
    assert_eq!(clock.advance(Duration::from_secs(60)), build::later(60));
    clock.set(NOON);
    assert_eq!(clock.now(), NOON);
}

#[test]
fn entropy_repeats_itself_for_a_seed_only() {
    let draw = |entropy: &SeededEntropy| {
        let mut bytes = [0; 48];
        entropy.fill(&mut bytes);
        bytes
    };
    let (one, same, other) = (SeededEntropy::new(1), SeededEntropy::new(1), SeededEntropy::new(2));
    let first = draw(&one);
    assert_eq!(first, draw(&same));
    assert_ne!(first, draw(&one));
    assert_ne!(first, draw(&other));
}

#[test]
fn a_raised_hasher_asks_for_new_hashes_and_counts() {
    run(async {
        let hasher = PlainHasher::new();
        let typed = TypedPassword::new("four quiet paper boats").expect("a password");
        let old = hasher.hash(&typed).await.expect("hashed");
        hasher.raise();
        assert_eq!(hasher.verify(&typed, Some(&old)).await, Ok(Verdict::MatchButRehash));
        let new = hasher.hash(&typed).await.expect("hashed");
        assert_eq!(hasher.verify(&typed, Some(&new)).await, Ok(Verdict::Match));
        assert_eq!((hasher.hashed(), hasher.verified()), (2, 2));
    });
}

#[test]
fn a_mailer_keeps_mails_and_follows_its_script() {
    run(async {
        let mailer = RecordingMailer::new();
        let mail = OutgoingMail {
            message_id: "m@smith.example".to_owned(),
            from: MailFrom { name: "Smith".to_owned(), address: build::email("office@smith.example") },
            reply_to: None,
            return_path: None,
            to: build::email("ada@smith.example"),
            subject: "Hello".to_owned(),
            text: String::new(),
            html: String::new(),
            date: NOON,
        };
        let busy = SendOutcome::Transient { reply: "450 later".to_owned() };
        mailer.then(busy.clone());
        assert_eq!(mailer.send(&mail).await, busy);
        assert!(matches!(mailer.send(&mail).await, SendOutcome::Accepted { .. }));
        assert_eq!(mailer.mails(), [mail.clone(), mail]);
    });
}
