use std::time::Duration;

use portal_domain::{
    Refusal,
    email::LoginKey,
    throttle::{Bucket, Tally, Try, TryMark, mailbox_is_full, refusing_unnoted},
    time::Timestamp,
    usecase::{CallContext, SignInInput},
};
use portal_testkit::{build, conformance::run};
use proptest::prelude::*;

use super::desk::{DAY, Desk, HOUR, MINUTE, OTHER, Ruled, SECRET, code, ruled};

const HOME: &str = "ada@smith.example";
const WRONG: &str = "certainly not this one";

impl Desk {
    /// A sign-in from a browser with this cookie. The cookie it has from then on.
    async fn try_from(&self, cookie: Option<&str>, typed: &str, password: &str) -> Ruled<String> {
        let input = SignInInput { email: typed, password, user_agent: None, presented: None, known: cookie };
        ruled(self.fixture.portal.sign_in(&self.call, &input).await).map(|signed_in| signed_in.known)
    }

    /// So many wrong passwords; how many of them were looked at.
    async fn guess(&self, cookie: Option<&str>, typed: &str, times: usize) -> u64 {
        let before = self.fixture.hasher.verified();
        for _ in 0..times {
            assert_eq!(code(&self.try_from(cookie, typed, WRONG).await), "sign_in_failed");
        }
        self.fixture.hasher.verified() - before
    }

    fn from(&self, origin: &str) -> CallContext {
        CallContext { origin: Some(origin.to_owned()), ..self.call.clone() }
    }

    async fn asked(&self, typed: &str) -> usize {
        let before = self.mailed().await;
        self.reset(typed).await;
        self.mailed().await - before
    }

    async fn mailed(&self) -> usize {
        let waiting = self.fixture.store.waiting(self.call.practice).await.unwrap();
        waiting.iter().map(|kind| usize::try_from(kind.count).unwrap()).sum()
    }
}

#[test]
fn g1_ten_wrong_passwords_are_free_and_each_further_one_starts_a_longer_pause() {
    run(async {
        let desk = Desk::with(&[("ada", HOME)]).await;
        desk.onboard("ada", SECRET).await;
        assert_eq!(desk.guess(None, HOME, 30).await, 11);
        // In the pause the right one is refused like any other, and nothing is hashed.
        assert_eq!(code(&desk.try_from(None, HOME, SECRET).await), "sign_in_failed");
        for minutes in [1, 2, 4, 8, 16, 32, 60, 60] {
            desk.wait(minutes * MINUTE - Duration::from_micros(1));
            assert_eq!(desk.guess(None, HOME, 3).await, 0, "before {minutes} minutes");
            desk.wait(Duration::from_micros(1));
            assert_eq!(desk.guess(None, HOME, 3).await, 1, "after {minutes} minutes");
        }
        desk.wait(HOUR);
        desk.try_from(None, HOME, SECRET).await.expect("outside a pause the right one signs in");
        desk.wait(DAY);
        assert_eq!(desk.guess(None, HOME, 30).await, 11, "a day without a wrong one forgets all");
    });
}

#[test]
fn g1_a_known_browser_has_a_counter_of_its_own() {
    run(async {
        let desk = Desk::with(&[("ada", HOME)]).await;
        desk.onboard("ada", SECRET).await;
        let cookie = desk.try_from(None, HOME, SECRET).await.unwrap();
        desk.guess(None, HOME, 30).await;
        desk.try_from(Some(&cookie), HOME, SECRET).await.expect("a stranger's guesses don't keep the owner out");
        assert_eq!(code(&desk.try_from(None, HOME, SECRET).await), "sign_in_failed");
        assert_eq!(desk.guess(Some(&cookie), HOME, 30).await, 11, "but its own guesses are counted too");
        // The other way round: a browser that was paused says nothing about strangers.
        desk.wait(DAY + MINUTE);
        desk.guess(Some(&cookie), HOME, 30).await;
        assert_eq!(desk.guess(None, HOME, 5).await, 5);
    });
}

#[test]
fn g1_the_device_cookie_dies_with_the_password_and_is_of_one_login_and_practice() {
    run(async {
        let desk = Desk::with(&[("ada", HOME), ("bob", "bob@other.example")]).await;
        let session = desk.onboard("ada", SECRET).await;
        desk.onboard("bob", OTHER).await;
        let cookie = desk.try_from(None, HOME, SECRET).await.unwrap();
        // At another login, or forged, it is no more than none.
        desk.guess(None, "bob@other.example", 30).await;
        assert_eq!(code(&desk.try_from(Some(&cookie), "bob@other.example", OTHER).await), "sign_in_failed");
        let mut forged = cookie.clone().into_bytes();
        forged[60] ^= 1;
        let forged = String::from_utf8(forged).unwrap();
        desk.guess(None, HOME, 30).await;
        assert_eq!(code(&desk.try_from(Some(&forged), HOME, SECRET).await), "sign_in_failed");
        // With a new password the browser is a stranger.
        desk.change(&session, SECRET, OTHER).await.unwrap();
        assert_eq!(code(&desk.try_from(Some(&cookie), HOME, OTHER).await), "sign_in_failed");
    });
}

#[test]
fn g1_a_browser_is_known_to_several_logins_at_once() {
    run(async {
        let addresses = ["a@x.example", "b@x.example", "c@x.example", "d@x.example", "e@x.example", "f@x.example"];
        let contacts: Vec<_> = ["a", "b", "c", "d", "e", "f"].into_iter().zip(addresses).collect();
        let desk = Desk::with(&contacts).await;
        let mut cookie = None;
        for (who, address) in &contacts {
            desk.onboard(who, SECRET).await;
            cookie = Some(desk.try_from(cookie.as_deref(), address, SECRET).await.unwrap());
        }
        for address in addresses {
            desk.guess(None, address, 30).await;
        }
        let mut known = Vec::new();
        for address in addresses {
            known.push(desk.try_from(cookie.as_deref(), address, SECRET).await.is_ok());
        }
        assert_eq!(known, [false, true, true, true, true, true], "the five latest");
    });
}

#[test]
fn g1_unknown_keys_count_like_known_ones() {
    run(async {
        let desk = Desk::with(&[("ada", HOME), ("eve", "eve@smith.example")]).await;
        desk.onboard("ada", SECRET).await;
        desk.activate("eve").await.unwrap();
        desk.user("boss", "boss@smith.example").await.unwrap();
        for typed in [HOME, "eve@smith.example", "boss@smith.example", "nobody@smith.example", "no address"] {
            assert_eq!(desk.guess(None, typed, 25).await, 11, "{typed}");
        }
    });
}

#[test]
fn g1_right_passwords_are_given_back_however_many() {
    run(async {
        let desk = Desk::with(&[("ada", HOME)]).await;
        desk.onboard("ada", SECRET).await;
        for _ in 0..40 {
            desk.try_from(None, HOME, SECRET).await.unwrap();
        }
        assert_eq!(desk.guess(None, HOME, 30).await, 11);
    });
}

#[test]
fn g1_never_locks_an_open_session_nor_the_way_through_a_reset() {
    run(async {
        let desk = Desk::with(&[("ada", HOME)]).await;
        let session = desk.onboard("ada", SECRET).await;
        desk.guess(None, HOME, 30).await;
        desk.touch(&session).await.expect("an open session goes on");
        desk.change(&session, SECRET, OTHER).await.expect("and may change its password");
        assert_eq!(desk.asked(HOME).await, 1);
        let token = desk.newest_token().await;
        desk.redeem(&token, SECRET).await.unwrap();
        desk.try_from(None, HOME, SECRET).await.expect("a completed reset clears the pauses");
    });
}

#[test]
fn g1_wrong_current_passwords_are_counted_in_their_session_alone() {
    run(async {
        let desk = Desk::with(&[("ada", HOME)]).await;
        let session = desk.onboard("ada", SECRET).await;
        let before = desk.fixture.hasher.verified();
        for _ in 0..30 {
            assert_eq!(code(&desk.change(&session, WRONG, OTHER).await), "password_refused");
        }
        assert_eq!(desk.fixture.hasher.verified() - before, 11);
        assert_eq!(code(&desk.change(&session, SECRET, OTHER).await), "password_refused");
        desk.try_from(None, HOME, SECRET).await.expect("nobody else is kept out");
    });
}

#[test]
fn a6_a_contact_who_would_be_refused_now_is_locked_until_then() {
    run(async {
        let desk = Desk::with(&[("ada", HOME)]).await;
        desk.onboard("ada", SECRET).await;
        desk.guess(None, HOME, 10).await;
        assert_eq!(desk.part("ada").await.status.code(), "active");
        desk.guess(None, HOME, 1).await;
        let part = desk.part("ada").await;
        assert_eq!(part.status.code(), "locked");
        assert_eq!(part.locked_until, Some(desk.fixture.portal.now().after(MINUTE)));
        desk.wait(MINUTE);
        assert_eq!(desk.part("ada").await.status.code(), "active");
    });
}

#[test]
fn g2_sixty_tries_a_minute_from_one_origin_whatever_they_are() {
    run(async {
        let desk = Desk::with(&[("ada", HOME)]).await;
        desk.onboard("ada", SECRET).await;
        let (portal, call) = (&desk.fixture.portal, desk.from("2001:db8:1:2::7"));
        let input = SignInInput { email: HOME, password: SECRET, user_agent: None, presented: None, known: None };
        for _ in 0..20 {
            portal.sign_in(&call, &input).await.unwrap();
            portal.ask_for_reset(&call, "nobody@smith.example").await.unwrap();
            assert_eq!(portal.ask_for_renewal(&call, "no token").await, Ok(false));
        }
        let neighbour = desk.from("2001:db8:1:2:3:4:5:6");
        for refused in [
            ruled(portal.sign_in(&call, &input).await.map(drop)),
            ruled(portal.ask_for_reset(&call, HOME).await),
            ruled(portal.ask_for_renewal(&neighbour, "no token").await.map(drop)),
        ] {
            let Err(Refusal::TooManyRequests { retry_after }) = refused else { panic!("{refused:?}") };
            assert!((1..=66).contains(&retry_after), "{retry_after}");
        }
        portal.sign_in(&desk.from("192.0.2.9"), &input).await.expect("others may");
        desk.wait(Duration::from_secs(66));
        portal.sign_in(&call, &input).await.expect("a minute later");
    });
}

#[test]
fn g3_at_most_three_mails_an_hour_and_ten_a_day_that_anybody_can_ask_for() {
    run(async {
        let desk = Desk::with(&[("ada", HOME)]).await;
        desk.onboard("ada", SECRET).await;
        let spellings = [HOME, "ADA@smith.example", " ada@SMITH.example "];
        let mut sent = 0;
        for number in 0..60 {
            sent += desk.asked(spellings[number % 3]).await;
        }
        assert_eq!(sent, 3);
        let token = desk.newest_token().await;
        let before = desk.mailed().await;
        assert!(desk.renew(&token).await, "the answer does not change");
        assert_eq!(desk.mailed().await, before, "a new link is such mail too");
        for hour in 1..12 {
            desk.wait(HOUR);
            for _ in 0..5 {
                sent += desk.asked(HOME).await;
            }
            assert!(sent <= 3 * (hour + 1) && sent <= 10, "{sent}");
        }
        assert_eq!(sent, 10);
        desk.wait(DAY);
        assert_eq!(desk.asked(HOME).await, 1);
    });
}

#[test]
fn g3_what_staff_send_is_not_counted() {
    run(async {
        let desk = Desk::with(&[("ada", HOME)]).await;
        desk.activate("ada").await.unwrap();
        for _ in 0..6 {
            desk.resend("ada").await.unwrap();
        }
        assert_eq!(desk.asked(HOME).await, 1);
    });
}

#[test]
fn m8_every_try_to_sign_in_is_noted_for_hints_and_diagnosis() {
    run(async {
        let desk = Desk::with(&[("ada", HOME)]).await;
        desk.onboard("ada", SECRET).await;
        let start = desk.fixture.portal.now();
        desk.wait(MINUTE);
        desk.guess(None, "old@smith.example", 13).await;
        desk.try_from(None, HOME, SECRET).await.unwrap();
        let tries = async |address: &str| {
            let mark = desk.fixture.portal.try_marks(desk.call.practice).newest(&portal_testkit::build::key(address));
            desk.fixture.store.tries(desk.call.practice, &[mark], start, 100).await.unwrap()
        };
        assert_eq!(tries("old@smith.example").await.iter().filter(|it| !it.right).count(), 13);
        let own = tries(HOME).await;
        assert_eq!((own.len(), own[0].right), (1, true));
        desk.wait(30 * DAY - 2 * MINUTE);
        desk.fixture.portal.forget_tries().await.unwrap();
        assert_eq!(tries("old@smith.example").await.len(), 13, "for thirty days");
        desk.wait(2 * MINUTE);
        desk.fixture.portal.forget_tries().await.unwrap();
        assert!(tries("old@smith.example").await.is_empty(), "not for ever");
    });
}

fn strangers() -> Bucket {
    Bucket::strangers(&LoginKey::parse(HOME).unwrap())
}

/// Steps of a history of one counter: seconds that pass, and whether the password is right.
fn history() -> impl Strategy<Value = Vec<(u32, bool)>> {
    let seconds = prop_oneof![3 => 0..5_u32, 2 => 5..120_u32, 1 => 100..5000_u32];
    prop::collection::vec((seconds, prop::bool::weighted(0.2)), 1..120)
}

proptest! {
    /// In no quarter of an hour are more wrong passwords looked at than ten and one for each pause that fits into it.
    #[test]
    fn g1_wrong_passwords_in_any_quarter_of_an_hour_are_bounded(steps in history()) {
        let (mut tally, mut now) = (Tally::default(), Timestamp::from_micros(1_800_000_000_000_000));
        let mut wrong = Vec::new();
        for (seconds, right) in steps {
            now = now.after(Duration::from_secs(seconds.into()));
            if let Ok((counted, at)) = strangers().count(tally.clone(), now) {
                tally = if right { counted.without(at) } else { wrong.push(now); counted };
            }
        }
        for first in &wrong {
            let lately = wrong.iter().filter(|at| *at >= first && at.since(*first) < Duration::from_secs(15 * 60));
            prop_assert!(lately.count() <= 15);
        }
    }

    /// A try that is given back before the next one leaves the counter as if it had never been.
    #[test]
    fn g1_what_is_given_back_was_never_counted(before in history()) {
        let mut now = Timestamp::from_micros(1_800_000_000_000_000);
        let mut tally = Tally::default();
        for (seconds, _) in before {
            now = now.after(Duration::from_secs(seconds.into()));
            let Ok((counted, mine)) = strangers().count(tally.clone(), now) else { continue };
            let given_back = counted.clone().without(mine);
            prop_assert_eq!(given_back.paused_until(now), None);
            let next = |tally: &Tally| strangers().count(tally.clone(), now).map(|(tally, _)| tally.paused_until(now));
            prop_assert_eq!(next(&given_back), next(&tally));
            tally = counted;
        }
    }

    /// Right passwords in flight at once, up to ten, leave nothing behind, whatever the order in which they are given back.
    #[test]
    fn g1_ten_right_ones_at_once_leave_no_pause(order in Just((0..10_usize).collect::<Vec<_>>()).prop_shuffle()) {
        let noon = Timestamp::from_micros(1_800_000_000_000_000);
        let (mut tally, mut counted) = (Tally::default(), Vec::new());
        for _ in 0..10 {
            let (next, at) = strangers().count(tally, noon).expect("ten are free");
            tally = next;
            counted.push(at);
        }
        for place in order {
            tally = tally.without(counted[place]);
        }
        prop_assert_eq!(tally, Tally::default());
    }

    /// A clock that goes back never unlocks early.
    #[test]
    fn g1_a_clock_that_goes_back_unlocks_nothing(back in 0..100_000_u64) {
        let noon = Timestamp::from_micros(1_800_000_000_000_000);
        let mut tally = Tally::default();
        for _ in 0..11 {
            tally = strangers().count(tally, noon).expect("ten and one").0;
        }
        prop_assert!(strangers().count(tally.clone(), noon.before(Duration::from_secs(back))).is_err());
        prop_assert!(tally.paused_until(noon.before(Duration::from_secs(back))).is_some());
    }

    /// In no minute more tries than the limit.
    #[test]
    fn g2_tries_in_any_minute_are_bounded(pauses in prop::collection::vec(0..20_000_u64, 1..200), limit in 1..30_u32) {
        let origin = Bucket::origin("192.0.2.7", limit);
        let (mut tally, mut now) = (Tally::default(), Timestamp::from_micros(1_800_000_000_123_456));
        let mut admitted = Vec::new();
        for millis in pauses {
            now = now.after(Duration::from_millis(millis));
            match origin.count(tally.clone(), now) {
                Ok((counted, _)) => { tally = counted; admitted.push(now); }
                Err(until) => {
                    prop_assert!(until > now && until.since(now) <= Duration::from_secs(66));
                    prop_assert!(origin.count(tally.clone(), until).is_ok());
                }
            }
        }
        for first in &admitted {
            let within = admitted.iter().filter(|at| *at >= first && at.since(*first) < Duration::from_secs(60));
            prop_assert!(within.count() <= limit as usize);
        }
    }

    /// Three an hour and ten a day, however they are spread.
    #[test]
    fn g3_mail_in_any_hour_and_day_is_bounded(minutes in prop::collection::vec(0..90_u64, 1..150)) {
        let mut now = Timestamp::from_micros(1_800_000_000_000_000);
        let mut sent: Vec<Timestamp> = Vec::new();
        for pause in minutes {
            now = now.after(Duration::from_secs(60 * pause));
            let lately: Vec<_> = sent.iter().copied().filter(|at| now.since(*at) < DAY).collect();
            if !mailbox_is_full(&lately, now) {
                sent.push(now);
            }
        }
        for first in &sent {
            let within = |span| sent.iter().filter(|at| *at >= first && at.since(*first) < span).count();
            prop_assert!(within(HOUR) <= 3 && within(DAY) <= 10);
        }
    }
}

#[test]
fn g2_a_flood_is_refused_beside_the_line_whether_or_not_it_would_be_noted() {
    let (origin, key) = (Bucket::origin("192.0.2.7", 1), Bucket::strangers(&LoginKey::parse("a@b.example").unwrap()));
    let at = Timestamp::from_micros(0);
    let (id, mark) = (build::id("t"), TryMark([0; 32]));
    let noted = Try { id, mark, origin: None, known_browser: false, for_reset: true, at };
    assert_eq!(refusing_unnoted(&[origin], Some(&noted)), Some(&origin));
    assert_eq!(refusing_unnoted(&[origin, key], Some(&noted)), Some(&origin));
    assert_eq!(refusing_unnoted(&[key], None), Some(&key));
    assert_eq!(refusing_unnoted(&[key], Some(&noted)), None, "a try in a pause is noted");
    assert_eq!(refusing_unnoted(&[], Some(&noted)), None);
}
