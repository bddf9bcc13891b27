//! P3 and P1's "confirmed at": sessions.

use super::*;

fn use_it(session: SessionNo) -> Cmd {
    Cmd::UseSession { session }
}

fn change(session: SessionNo, current: &str, new: &str) -> Cmd {
    Cmd::ChangePassword { session, current: current.into(), new: new.into() }
}

fn select(session: SessionNo, contact: &str, client: &str) -> Cmd {
    Cmd::SelectProfile { session, contact: contact.into(), client: client.into() }
}

fn onboarded() -> Desk {
    let mut desk = Desk::with(&[("ada", "ada@x.example")]);
    desk.onboard("ada", SECRET);
    desk
}

#[test]
fn p2_sign_in_fails_alike_for_every_reason() {
    let mut desk = onboarded();
    desk.changed(&user("boss", "boss@x.example", Role::Admin));
    desk.changed(&put("bob", Some(&["bob@x.example"]), None));
    desk.changed(&put("eve", Some(&["eve@x.example"]), None));
    desk.changed(&activate("eve"));
    for (key, password) in [
        ("ada@x.example", OTHER_SECRET),
        ("boss@x.example", SECRET),
        ("bob@x.example", SECRET),
        ("eve@x.example", SECRET),
        ("eve@x.example", ""),
        ("who@x.example", SECRET),
    ] {
        assert_eq!(desk.refused(&sign_in(key, password)), "sign_in_failed");
    }
}

#[test]
fn g1_ten_wrong_ones_are_free_and_then_pauses_grow() {
    let mut desk = onboarded();
    let wrong = sign_in("ada@x.example", OTHER_SECRET);
    for _ in 0..11 {
        desk.refused(&wrong);
    }
    assert_eq!(desk.view("ada").status.as_str(), "locked");
    let mut minutes = Vec::new();
    for _ in 0..8 {
        let mut waited = 0;
        while desk.view("ada").status.as_str() == "locked" {
            desk.now += MINUTE;
            waited += 1;
        }
        minutes.push(waited);
        desk.refused(&wrong);
    }
    assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 60, 60]);
    assert_eq!(desk.refused(&sign_in("ada@x.example", SECRET)), "sign_in_failed");
    desk.now += HOUR;
    desk.changed(&sign_in("ada@x.example", SECRET));
}

#[test]
fn p3_a_session_unused_for_half_an_hour_is_over() {
    let mut desk = onboarded();
    let session = desk.session("ada@x.example", SECRET);
    let mut at = desk.now;
    for _ in 0..3 {
        at += 30 * MINUTE - 1;
        assert_eq!(desk.model.apply(at, &use_it(session)), Answer::done(Outcome::Unchanged));
    }
    at += 30 * MINUTE;
    assert_eq!(desk.model.apply(at, &use_it(session)).code(), Some(Code::Unauthorized));
}

#[test]
fn p3_a_session_is_over_after_twelve_hours() {
    let mut desk = onboarded();
    let session = desk.session("ada@x.example", SECRET);
    let born = desk.now;
    for minutes in (20..720).step_by(20) {
        desk.model.apply(born + minutes * MINUTE, &use_it(session));
    }
    assert!(desk.model.observe(born + 12 * HOUR - 1).sessions[session.0].valid);
    assert!(!desk.model.observe(born + 12 * HOUR).sessions[session.0].valid);
}

#[test]
fn p3_limits_are_those_of_the_practice() {
    let mut desk = onboarded();
    let old = desk.session("ada@x.example", SECRET);
    desk.changed(&Cmd::PutSettings(SettingsPatch {
        session_idle_minutes: Some(5),
        session_absolute_hours: Some(1),
        ..SettingsPatch::default()
    }));
    let new = desk.session("ada@x.example", SECRET);
    desk.now += 5 * MINUTE;
    assert!(desk.is_valid(old) && !desk.is_valid(new));
}

#[test]
fn p3_signing_out_ends_one_session() {
    let mut desk = onboarded();
    let one = desk.session("ada@x.example", SECRET);
    let other = desk.session("ada@x.example", SECRET);
    assert_ne!(one, other);
    desk.changed(&Cmd::SignOut { session: one });
    assert!(!desk.is_valid(one) && desk.is_valid(other));
    assert_eq!(desk.refused(&Cmd::SignOut { session: one }), "unauthorized");
    assert_eq!(desk.refused(&use_it(SessionNo(9))), "unauthorized");
}

#[test]
fn p3_a_password_changed_inside_a_session() {
    let mut desk = onboarded();
    let mine = desk.session("ada@x.example", SECRET);
    let other = desk.session("ada@x.example", SECRET);
    desk.changed(&select(mine, "ada", "acme"));
    desk.run(&reset("ada@x.example"));
    let link = desk.newest_link();
    let before = desk.model.messages.len();
    let answer = desk.run(&change(mine, SECRET, OTHER_SECRET));
    let new = answer.session().unwrap();
    assert!(desk.is_valid(new) && !desk.is_valid(mine) && !desk.is_valid(other));
    assert_eq!(desk.link(link), "dead");
    assert!(desk.lets_in("ada@x.example", OTHER_SECRET) && !desk.lets_in("ada@x.example", SECRET));
    assert_eq!(desk.model.messages[before..].len(), 1);
    assert_eq!(desk.model.messages[before].kind.as_str(), "password_changed");
    // The same browser goes on where it was.
    assert_eq!(desk.see().sessions[new.0].selected, Some(("ada".into(), "acme".into())));
}

#[test]
fn p3_a_changed_password_does_not_make_a_session_younger() {
    let mut desk = onboarded();
    let mut session = desk.session("ada@x.example", SECRET);
    let born = desk.now;
    for minutes in (20..720).step_by(20) {
        desk.model.apply(born + minutes * MINUTE, &use_it(session));
    }
    let at = born + 12 * HOUR - MINUTE;
    session = desk.model.apply(at, &change(session, SECRET, OTHER_SECRET)).session().unwrap();
    assert!(!desk.model.observe(born + 12 * HOUR).sessions[session.0].valid);
}

#[test]
fn p3_a_wrong_current_password_is_refused() {
    let mut desk = onboarded();
    let session = desk.session("ada@x.example", SECRET);
    let fault = |answer: Answer| match answer {
        Answer::Refused(refusal) => refusal.fault.map(Fault::as_str),
        other => panic!("{other:?}"),
    };
    assert_eq!(fault(desk.run(&change(session, OTHER_SECRET, "another twelve"))), Some("current_password"));
    assert_eq!(fault(desk.run(&change(session, SECRET, "short"))), Some("too_short"));
    assert!(desk.is_valid(session) && desk.lets_in("ada@x.example", SECRET));
    let dead = SessionNo(7);
    assert_eq!(desk.refused(&change(dead, SECRET, OTHER_SECRET)), "unauthorized");
}

#[test]
fn p1_a_password_changed_inside_a_session_is_confirmed_where_the_one_before_was() {
    let mut desk = Desk::with(&[("ada", "old@x.example"), ("bob", "new@x.example")]);
    desk.onboard("ada", SECRET);
    desk.changed(&emails("ada", &["new@x.example"]));
    let session = desk.session("new@x.example", SECRET);
    desk.run(&change(session, SECRET, OTHER_SECRET));
    // Still not confirmed at the new address (C3), and still at the old one (A2).
    assert_eq!(desk.refused(&activate("bob")), "login_email_taken");
    desk.changed(&deactivate("ada"));
    desk.changed(&emails("ada", &["old@x.example"]));
    assert_eq!(desk.effects(&reactivate("ada")).password, PasswordEffect::Kept);
    assert!(desk.lets_in("old@x.example", OTHER_SECRET));
}

#[test]
fn p3_sessions_are_ended_by_their_owner() {
    let mut desk = onboarded();
    desk.changed(&put("bob", Some(&["bob@x.example"]), None));
    desk.onboard("bob", SECRET);
    let mine = desk.session("ada@x.example", SECRET);
    let second = desk.session("ada@x.example", SECRET);
    let third = desk.session("ada@x.example", SECRET);
    let bobs = desk.session("bob@x.example", SECRET);
    let end = |target| Cmd::EndOwnSession { by: mine, target };
    desk.changed(&end(second));
    // Gone, and other logins' sessions, are not to be found.
    for target in [second, bobs, SessionNo(99)] {
        assert_eq!(desk.run(&end(target)).code(), Some(Code::NotFound));
    }
    desk.changed(&Cmd::EndOtherSessions { by: mine });
    assert!(desk.is_valid(mine) && !desk.is_valid(third) && desk.is_valid(bobs));
    let again = desk.run(&Cmd::EndOtherSessions { by: mine });
    assert_eq!(again.outcome(), Some(Outcome::Unchanged));
    desk.changed(&end(mine));
    assert_eq!(desk.refused(&end(mine)), "unauthorized");
}

#[test]
fn p3_sessions_are_ended_by_staff() {
    let mut desk = Desk::with(&[("ada", "us@x.example"), ("bob", "us@x.example")]);
    desk.changed(&put("eve", Some(&["eve@x.example"]), None));
    desk.onboard("ada", SECRET);
    desk.changed(&activate("bob"));
    desk.onboard("eve", SECRET);
    let shared = desk.session("us@x.example", SECRET);
    let eves = desk.session("eve@x.example", SECRET);
    let end = |contact: &str| Cmd::EndSessions { contact: contact.into() };
    desk.changed(&end("bob"));
    assert!(!desk.is_valid(shared) && desk.is_valid(eves));
    desk.unchanged(&end("bob"));
    assert_eq!(desk.refused(&end("who")), "not_found");
    desk.changed(&Cmd::EndAllSessions);
    assert!(!desk.is_valid(eves));
    desk.unchanged(&Cmd::EndAllSessions);
}

#[test]
fn a3_a_profile_is_selected_while_it_is_there() {
    let mut desk = Desk::with(&[("ada", "us@x.example"), ("bob", "us@x.example")]);
    desk.onboard("ada", SECRET);
    let session = desk.session("us@x.example", SECRET);
    assert_eq!(desk.see().sessions[session.0].selected, None);
    assert_eq!(desk.refused_but_used(&select(session, "bob", "acme")), "not_found");
    desk.changed(&activate("bob"));
    desk.changed(&select(session, "bob", "acme"));
    let again = desk.run(&select(session, "bob", "acme"));
    assert_eq!(again.outcome(), Some(Outcome::Unchanged));
    assert_eq!(desk.see().sessions[session.0].selected, Some(("bob".into(), "acme".into())));
    desk.changed(&delete("bob"));
    assert_eq!(desk.see().sessions[session.0].selected, None);
    // A new contact of that ref is another one.
    desk.changed(&put("bob", Some(&["us@x.example"]), Some(&["acme"])));
    desk.changed(&activate("bob"));
    assert_eq!(desk.see().sessions[session.0].selected, None);
}

impl Desk {
    /// A refused request is still a use of its session.
    fn refused_but_used(&mut self, cmd: &Cmd) -> String {
        let before = self.see();
        let answer = self.run(cmd);
        assert_eq!(self.see(), before);
        answer.code().expect("a refusal").to_string()
    }
}

#[test]
fn a5_a_selected_profile_hides_with_its_client_and_goes_with_it() {
    let mut desk = onboarded();
    let session = desk.session("ada@x.example", SECRET);
    let acme = || "acme".to_owned();
    desk.changed(&select(session, "ada", "acme"));
    desk.changed(&Cmd::SuspendClient { client: acme() });
    assert_eq!(desk.see().sessions[session.0].selected, None);
    desk.changed(&Cmd::ResumeClient { client: acme() });
    assert_eq!(desk.see().sessions[session.0].selected, Some(("ada".into(), acme())));
    // The same ref later is a new client.
    desk.changed(&Cmd::DeleteClient { client: acme() });
    desk.changed(&Cmd::PutClient { client: acme() });
    desk.changed(&put("ada", None, Some(&["acme"])));
    assert_eq!(desk.see().sessions[session.0].profiles.len(), 1);
    assert_eq!(desk.see().sessions[session.0].selected, None);
}
