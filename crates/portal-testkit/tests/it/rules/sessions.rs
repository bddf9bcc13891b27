use std::{
    any::TypeId,
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use portal_domain::{
    Refusal,
    change::Decision,
    decide::{self, ChangedPassword, Moment, SignIn},
    event::Caller,
    facts::SessionFacts,
    id::{Ids, LoginId, SessionId, UserId},
    password::{PasswordHash, TypedPassword},
    port::{Commit, HashError, PasswordHasher, Verdict},
    practice::SessionsOnMove,
    session::{SessionHash, SessionToken},
    throttle::{Admission, Bucket, CountedTry},
    time::Timestamp,
    usecase::{CallContext, ChangePassword, EmailsInput, Error, Portal, SignInInput},
};
use portal_testkit::{build, conformance::run, memory::PlainHasher};

use super::{
    desk::{Desk, HOUR, MINUTE, OTHER, SECRET, code, reference},
    worlds,
};

const HOME: &str = "ada@smith.example";

#[test]
fn p1_a_password_is_the_same_in_every_composition_and_long_enough_by_the_setting() {
    run(async {
        let desk = Desk::with(&[("ada", HOME)]).await;
        desk.activate("ada").await.unwrap();
        let token = desk.newest_token().await;
        desk.settings(|settings| settings.password_min_length = 20).await;
        assert_eq!(code(&desk.redeem(&token, "rowing teal goose 9").await), "password_refused");
        desk.settings(|settings| settings.password_min_length = 8).await;
        desk.redeem(&token, "zwo\u{308}lf gru\u{308}ne bla\u{308}tter").await.unwrap();
        assert!(desk.lets_in(HOME, "zw\u{f6}lf gr\u{fc}ne bl\u{e4}tter").await);
        assert!(!desk.lets_in(HOME, "Zw\u{f6}lf gr\u{fc}ne bl\u{e4}tter").await);
    });
}

#[test]
fn p1_a_hash_is_made_anew_at_sign_in_when_the_parameters_rise() {
    run(async {
        let desk = Desk::with(&[("ada", HOME)]).await;
        let session = desk.onboard("ada", SECRET).await;
        desk.fixture.hasher.raise();
        let before = desk.fixture.hasher.hashed();
        assert!(desk.lets_in(HOME, SECRET).await);
        assert_eq!(desk.fixture.hasher.hashed(), before + 1);
        assert!(desk.lets_in(HOME, SECRET).await);
        assert_eq!(desk.fixture.hasher.hashed(), before + 1, "once");
        assert!(desk.valid(&session).await, "the password is the same");
    });
}

#[test]
fn p3_a_session_ends_exactly_at_its_idle_and_its_absolute_limit() {
    run(async {
        let desk = Desk::with(&[("ada", HOME)]).await;
        let session = desk.onboard("ada", SECRET).await;
        let moment = std::time::Duration::from_micros(1);
        desk.wait(30 * MINUTE - moment);
        assert!(desk.valid(&session).await);
        desk.wait(moment);
        assert!(!desk.valid(&session).await, "idle for thirty minutes");
        assert_eq!(code(&desk.touch(&session).await), "unauthorized", "nothing revives it");

        let session = desk.sign_in(HOME, SECRET).await.unwrap();
        for _ in 0..48 {
            desk.touch(&session).await.unwrap();
            desk.wait(15 * MINUTE - moment);
        }
        desk.touch(&session).await.expect("used all the time");
        desk.wait(48 * moment);
        assert!(!desk.valid(&session).await, "twelve hours old");
    });
}

/// No jump of the clock lengthens a session: one of a clock that ran ahead is not taken by the clock that was set right.
#[test]
fn p3_a_session_that_was_used_in_the_future_is_not_valid() {
    run(async {
        let desk = Desk::with(&[("ada", HOME)]).await;
        let session = desk.onboard("ada", SECRET).await;
        desk.set_back(2 * MINUTE);
        assert!(desk.valid(&session).await, "clocks of instances may be apart");
        desk.set_back(MINUTE);
        assert!(!desk.valid(&session).await, "begun in the future");
        desk.wait(3 * MINUTE);
        assert!(desk.valid(&session).await);
        desk.wait(20 * MINUTE);
        desk.touch(&session).await.unwrap();
        desk.set_back(20 * MINUTE);
        assert!(!desk.valid(&session).await, "used in the future");
        assert_eq!(code(&desk.touch(&session).await), "unauthorized");
    });
}

/// A setting is that of the last use: a longer one revives nothing, a shorter one ends nothing that was promised.
#[test]
fn p3_the_idle_limit_is_the_one_of_the_last_use() {
    run(async {
        let desk = Desk::with(&[("ada", HOME)]).await;
        let session = desk.onboard("ada", SECRET).await;
        desk.wait(30 * MINUTE);
        desk.settings(|settings| settings.session_idle_minutes = 1440).await;
        assert!(!desk.valid(&session).await);
        let session = desk.sign_in(HOME, SECRET).await.unwrap();
        desk.wait(10 * HOUR);
        assert!(desk.valid(&session).await);
    });
}

#[test]
fn p3_a_password_changed_inside_ends_all_others_kills_all_links_and_gives_a_new_session() {
    run(async {
        let desk = Desk::with(&[("ada", HOME)]).await;
        let here = desk.onboard("ada", SECRET).await;
        let there = desk.sign_in(HOME, SECRET).await.unwrap();
        desk.resend("ada").await.unwrap();
        let link = desk.newest_token().await;
        let before = desk.written().await;
        assert_eq!(code(&desk.change(&here, OTHER, OTHER).await), "password_refused", "the current one is another");
        assert_eq!(desk.written().await, before);
        let fresh = desk.change(&here, SECRET, OTHER).await.unwrap();
        assert_eq!((desk.valid(&here).await, desk.valid(&there).await, desk.valid(&fresh).await), (false, false, true));
        assert_eq!(desk.link(&link).await, "dead");
        assert_eq!(desk.mail_since(before.1).await, [format!("password_changed {HOME}")]);
        // Within the old one's absolute limit.
        desk.wait(12 * HOUR);
        assert!(!desk.valid(&fresh).await);
    });
}

/// A try that was counted, as every password that is looked at.
fn counted(address: &str) -> CountedTry {
    CountedTry { bucket: Bucket::strangers(&build::key(address)), at: Timestamp::from_micros(0), noted: None }
}

/// What is decided on one picture of the facts, as by two requests at once: whichever is committed first, the other is a
/// conflict and decides again.
struct AtOnce<'a>(&'a Desk);

impl AtOnce<'_> {
    fn moment(&self, seed: u8) -> Moment {
        Moment {
            now: self.0.fixture.portal.now(),
            ids: Ids::from_seed([seed; 32]),
            signed_with: build::signing_key(),
            caller: Caller::Anyone,
            origin: None,
        }
    }

    async fn facts(&self, session: &SessionToken) -> SessionFacts {
        let portal = &self.0.fixture.portal;
        let facts = portal.store.session(self.0.call.practice, &session.hash(), portal.now()).await;
        facts.expect("the store is there").expect("the session is there")
    }

    async fn commit(&self, decision: &Decision) -> Commit {
        let store = &self.0.fixture.portal.store;
        store.commit(self.0.call.practice, std::slice::from_ref(decision), None).await.expect("the store is there")
    }
}

#[test]
fn p3_a_session_that_ends_meanwhile_can_t_change_the_password() {
    run(async {
        let desk = Desk::with(&[("ada", HOME)]).await;
        let (stolen, own) = (desk.onboard("ada", SECRET).await, desk.sign_in(HOME, SECRET).await.unwrap());
        let at_once = AtOnce(&desk);
        let (facts, owners) = (at_once.facts(&stolen).await, at_once.facts(&own).await);
        let login = facts.login.clone().expect("the login is there").login;
        let command = ChangedPassword {
            credential: login.credential.expect("there is a password").id,
            hash: PasswordHash::new("$plain$"),
            session: SessionHash([9; 32]),
            new_id: build::id("new"),
            counted: counted(HOME),
        };
        let change = decide::change_password(&desk.fixture.practice, Some(&facts), &command, &mut at_once.moment(1));
        let end = decide::end_own_sessions(Some(&owners), Some(facts.session.id), &mut at_once.moment(2));
        assert_eq!(at_once.commit(&end.unwrap().decision).await, Commit::Committed);
        assert_eq!(at_once.commit(&change.unwrap().decision).await, Commit::Conflict);
        assert_eq!((desk.valid(&stolen).await, desk.valid(&own).await), (false, true));
    });
}

#[test]
fn p3_of_two_that_end_all_others_at_once_one_decides_again() {
    run(async {
        let desk = Desk::with(&[("ada", HOME)]).await;
        let (one, other) = (desk.onboard("ada", SECRET).await, desk.sign_in(HOME, SECRET).await.unwrap());
        let at_once = AtOnce(&desk);
        let (first, second) = (at_once.facts(&one).await, at_once.facts(&other).await);
        let first = decide::end_own_sessions(Some(&first), None, &mut at_once.moment(1)).unwrap().decision;
        let second = decide::end_own_sessions(Some(&second), None, &mut at_once.moment(2)).unwrap().decision;
        assert_eq!(at_once.commit(&first).await, Commit::Committed);
        assert_eq!(at_once.commit(&second).await, Commit::Conflict);
        assert_eq!((desk.valid(&one).await, desk.valid(&other).await), (true, false));
    });
}

/// A new id at every sign-in: the browser's session before ends with the same commit, whoever's it was.
#[test]
fn p3_a_sign_in_replaces_the_session_that_the_browser_had() {
    run(async {
        let desk = Desk::with(&[("ada", HOME), ("bob", "bob@smith.example")]).await;
        let old = desk.onboard("ada", SECRET).await;
        desk.onboard("bob", OTHER).await;
        let at_once = AtOnce(&desk);
        let (presented, portal) = (at_once.facts(&old).await, &desk.fixture.portal);
        for (address, token) in [(HOME, 1), ("bob@smith.example", 2)] {
            let key = build::key(address);
            let login = portal.store.sign_in(desk.call.practice, &key).await.unwrap().unwrap();
            let credential = login.login.credential.as_ref().expect("there is a password").id;
            let hash = SessionHash([token; 32]);
            let command = SignIn { credential, hash, user_agent: None, rehashed: None, counted: counted(HOME) };
            let (login, replaced) = (Some(&login), Some(&presented));
            let practice = &desk.fixture.practice;
            let decided = decide::open_session(practice, login, replaced, &command, &mut at_once.moment(token));
            let committed = at_once.commit(&decided.unwrap().decision).await;
            let expected = if token == 1 { Commit::Committed } else { Commit::Conflict };
            assert_eq!(committed, expected, "a session is replaced once");
        }
        assert!(!desk.valid(&old).await);
    });
}

/// A hasher during whose work something else happens, once.
struct Meanwhile {
    inner: Arc<PlainHasher>,
    what: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
}

#[async_trait]
impl PasswordHasher for Meanwhile {
    async fn hash(&self, password: &TypedPassword) -> Result<PasswordHash, HashError> {
        self.inner.hash(password).await
    }

    async fn verify(&self, password: &TypedPassword, hash: Option<&PasswordHash>) -> Result<Verdict, HashError> {
        let what = self.what.lock().unwrap().take();
        if let Some(what) = what {
            what.await;
        }
        self.inner.verify(password, hash).await
    }

    async fn pretend(&self) -> Result<(), HashError> {
        self.inner.pretend().await
    }
}

/// Signs in with the right password while something else happens; and whether the try is noted as right and counts no more.
async fn signs_in_while(desk: &Desk, what: impl Future<Output = ()> + Send + 'static) -> bool {
    let hasher = Meanwhile { inner: Arc::clone(&desk.fixture.hasher), what: Mutex::new(Some(Box::pin(what))) };
    let portal = Portal { hasher: Arc::new(hasher), ..desk.fixture.portal.clone() };
    let input = SignInInput { email: HOME, password: SECRET, user_agent: None, presented: None, known: None };
    desk.wait(MINUTE);
    let since = portal.now().before(MINUTE);
    let signed_in = portal.sign_in(&desk.call, &input).await;
    assert!(matches!(signed_in, Ok(_) | Err(Error::Refused(Refusal::SignInFailed))));
    let mark = portal.try_marks(desk.call.practice).newest(&build::key(HOME));
    let tries = desk.fixture.store.tries(desk.call.practice, &[mark], since, 100).await.unwrap();
    assert!(tries.first().is_some_and(|noted| noted.right), "whatever came of it, the password was right");
    let bucket = Bucket::strangers(&build::key(HOME));
    for _ in 0..10 {
        let admitted = portal.store.admit(desk.call.practice, &[bucket], None, portal.now()).await.unwrap();
        assert!(matches!(admitted, Admission::Go(_)), "it is given back");
    }
    signed_in.is_ok()
}

#[test]
fn p3_a_sign_in_sees_what_happened_while_its_password_was_looked_at() {
    run(async {
        let settled = async || {
            let desk = Desk::with(&[("ada", HOME)]).await;
            let session = desk.onboard("ada", SECRET).await;
            (desk.fixture.portal.clone(), desk.call.clone(), session, desk)
        };
        let (portal, call, _, desk) = settled().await;
        let deactivated = async move { drop(portal.deactivate(&call, &reference("ada")).await.unwrap()) };
        assert!(!signs_in_while(&desk, deactivated).await, "its access ended");

        let (portal, call, _, desk) = settled().await;
        desk.settings(|settings| settings.sessions_on_move = SessionsOnMove::Keep).await;
        let input = EmailsInput { emails: vec!["new@smith.example".to_owned()], ..EmailsInput::default() };
        let moved = async move { drop(portal.put_emails(&call, &reference("ada"), &input).await.unwrap()) };
        assert!(!signs_in_while(&desk, moved).await, "its address is another");

        let (portal, call, session, desk) = settled().await;
        let changed = async move {
            let command = ChangePassword { session: &session, current: SECRET, new: OTHER, known: None };
            drop(portal.change_password(&call, &command).await.unwrap());
        };
        assert!(!signs_in_while(&desk, changed).await, "its password is another");

        let (portal, call, session, desk) = settled().await;
        let signed_out = async move { assert!(portal.sign_out(&call, &session).await.unwrap()) };
        assert!(signs_in_while(&desk, signed_out).await, "what changed does not matter to it");
    });
}

/// What is over by the clock of the instance that ends it, and not yet by another's, ends all the same.
#[test]
fn p3_all_sessions_end_by_a_clock_that_runs_ahead() {
    run(async {
        let desk = Desk::with(&[("ada", HOME)]).await;
        let (one, other) = (desk.onboard("ada", SECRET).await, desk.sign_in(HOME, SECRET).await.unwrap());
        desk.wait(29 * MINUTE);
        desk.touch(&one).await.unwrap();
        let at_once = AtOnce(&desk);
        let ahead = |seed| Moment {
            now: desk.fixture.portal.now().after(100 * Duration::from_secs(1)),
            ..at_once.moment(seed)
        };
        let owners = at_once.facts(&one).await;
        let decided = decide::end_own_sessions(Some(&owners), None, &mut ahead(1)).unwrap();
        assert_eq!(decided.outcome, 0, "it is over by that clock");
        assert_eq!(at_once.commit(&decided.decision).await, Commit::Committed);
        assert_eq!((desk.valid(&one).await, desk.valid(&other).await), (true, false));

        desk.wait(29 * MINUTE);
        let (_, facts) = desk.fixture.portal.contact(&desk.call, &reference("ada")).await.unwrap();
        let (contact, login) = (facts.contact.unwrap().id, facts.login.unwrap());
        let decided = decide::end_contact_sessions(contact, &login, &mut ahead(2));
        assert_eq!(decided.outcome, 0);
        assert_eq!(at_once.commit(&decided.decision).await, Commit::Committed);
        assert!(!desk.valid(&one).await);
        let (_, facts) = desk.fixture.portal.contact(&desk.call, &reference("ada")).await.unwrap();
        let again = decide::end_contact_sessions(contact, &facts.login.unwrap(), &mut ahead(3));
        assert!(again.outcome == 0 && again.decision.events.is_empty(), "and there is nothing left to tell of");
    });
}

#[test]
fn p3_staff_end_one_session_of_a_contact_and_no_other() {
    run(async {
        let desk = Desk::with(&[("ada", HOME), ("bob", "bob@smith.example")]).await;
        let (one, other) = (desk.onboard("ada", SECRET).await, desk.sign_in(HOME, SECRET).await.unwrap());
        let bobs = desk.onboard("bob", OTHER).await;
        let at_once = AtOnce(&desk);
        let end = async |who: &str, session: SessionId| {
            desk.fixture.portal.end_contact_session(&desk.call, &reference(who), session).await
        };
        let unknown = Err(Error::Refused(Refusal::NotFound { what: "session" }));
        let (own, foreign) = (at_once.facts(&one).await.session.id, at_once.facts(&bobs).await.session.id);
        assert_eq!(end("ada", foreign).await, unknown, "it is not the contact's");
        assert_eq!(end("ada", own).await, Ok(()));
        assert_eq!((desk.valid(&one).await, desk.valid(&other).await), (false, true));
        assert!(desk.valid(&bobs).await);
        assert_eq!(end("ada", own).await, unknown, "it ended already");
    });
}

/// Wherever histories led: of a token only a digest is stored, and no two sessions have the same.
#[test]
fn p3_only_digests_are_stored_and_every_sign_in_has_a_new_one() {
    run(async {
        let mut tokens = std::collections::BTreeSet::new();
        for world in worlds(43).await {
            for (token, _) in &world.sessions {
                assert!(tokens.insert(token.reveal()) || world.sessions.is_empty(), "a token was given twice");
                let facts = world.portal.store.session(world.id(), &token.hash(), world.portal.now()).await.unwrap();
                let stored = facts.map(|facts| format!("{:?}", facts.session)).unwrap_or_default();
                assert!(!stored.contains(&token.reveal()));
            }
            tokens.clear();
        }
    });
}

/// The types that keep portal and workspace apart; and that no practice reads another's sessions.
#[test]
fn p4_a_portal_session_is_of_a_login_in_one_practice() {
    assert_ne!(TypeId::of::<LoginId>(), TypeId::of::<UserId>());
    assert_ne!(TypeId::of::<SessionId>(), TypeId::of::<LoginId>());
    run(async {
        let desk = Desk::with(&[("ada", HOME)]).await;
        let session = desk.onboard("ada", SECRET).await;
        let view = desk.fixture.portal.peek_session(&desk.call.practice.into(), &session).await.unwrap().unwrap();
        let _: LoginId = view.session.login;
        let other = CallContext { practice: build::id("another practice"), ..desk.call.clone() };
        assert!(
            desk.fixture
                .portal
                .peek_session(&other.practice.into(), &session)
                .await
                .map_or(true, |found| found.is_none())
        );
        assert!(desk.valid(&session).await);
    });
}

/// Wherever histories led: signing in to or out of one practice leaves every other as it is.
#[test]
fn p4_every_practice_has_sessions_of_its_own() {
    run(async {
        let worlds = worlds(44).await;
        for pair in worlds.chunks(2) {
            for (token, _) in &pair[0].sessions {
                assert!(pair[1].portal.peek_session(&pair[1].id().into(), token).await.unwrap().is_none());
                assert!(!pair[1].portal.sign_out(&pair[1].context, token).await.unwrap());
            }
        }
    });
}
