//! L: links.

use super::*;

fn renew(link: LinkNo) -> Cmd {
    Cmd::RenewLink { link }
}

#[test]
fn l3_a_link_works_once_and_takes_the_others_along() {
    let mut desk = Desk::with(&[("ada", "ada@x.example")]);
    desk.changed(&activate("ada"));
    let first = desk.newest_link();
    desk.changed(&resend("ada"));
    let second = desk.newest_link();
    // L4: resending does not kill earlier ones.
    assert_eq!((desk.link(first), desk.link(second)), ("usable", "usable"));
    desk.changed(&redeem(first, SECRET));
    assert_eq!((desk.link(first), desk.link(second)), ("used", "dead"));
    assert_eq!(desk.refused(&redeem(first, OTHER_SECRET)), "link_used");
    assert_eq!(desk.refused(&redeem(second, OTHER_SECRET)), "link_dead");
    assert_eq!(desk.refused(&redeem(LinkNo(9), OTHER_SECRET)), "not_found");
    // Used it stays, and dead, when their time is over.
    desk.now += 8 * DAY;
    assert_eq!((desk.link(first), desk.link(second)), ("used", "dead"));
}

#[test]
fn l3_a_link_works_until_it_expires() {
    let mut desk = Desk::with(&[("ada", "ada@x.example")]);
    desk.changed(&activate("ada"));
    let link = desk.newest_link();
    let born = desk.now;
    desk.now = born + 7 * DAY - 1;
    assert_eq!(desk.link(link), "usable");
    desk.now = born + 7 * DAY;
    assert_eq!(desk.link(link), "expired");
    assert_eq!(desk.refused(&redeem(link, SECRET)), "link_expired");
    // Killed after it expired, it is expired and not dead.
    desk.changed(&deactivate("ada"));
    assert_eq!(desk.link(link), "expired");
}

#[test]
fn l3_the_practice_sets_how_long_links_live() {
    let mut desk = Desk::with(&[("ada", "ada@x.example")]);
    desk.changed(&Cmd::PutSettings(SettingsPatch {
        activation_link_hours: Some(2),
        reset_link_minutes: Some(10),
        ..SettingsPatch::default()
    }));
    desk.changed(&activate("ada"));
    let invitation = desk.newest_link();
    desk.run(&reset("ada@x.example"));
    let by_reset = desk.newest_link();
    desk.now += 10 * MINUTE;
    assert_eq!((desk.link(invitation), desk.link(by_reset)), ("usable", "expired"));
    desk.now += 2 * HOUR;
    assert_eq!(desk.link(invitation), "expired");
}

#[test]
fn l2_a_refused_password_consumes_nothing() {
    let mut desk = Desk::with(&[("ada", "ada@x.example")]);
    desk.changed(&activate("ada"));
    let link = desk.newest_link();
    assert_eq!(desk.refused(&redeem(link, "elevenchars")), "password_refused");
    assert_eq!(desk.refused(&redeem(link, &"x".repeat(257))), "password_refused");
    assert_eq!(desk.link(link), "usable");
    desk.changed(&redeem(link, "twelve chars"));
    // What became of the link is said before what is wrong with the password.
    assert_eq!(desk.refused(&redeem(link, "short")), "link_used");
}

#[test]
fn l4_the_sixth_ends_the_oldest() {
    let mut desk = Desk::with(&[("ada", "ada@x.example")]);
    desk.changed(&activate("ada"));
    let first = desk.newest_link();
    for _ in 0..4 {
        assert_eq!(desk.effects(&resend("ada")).links_ended, 0);
    }
    assert_eq!(desk.effects(&resend("ada")).links_ended, 1);
    assert_eq!(desk.link(first), "dead");
    assert_eq!(desk.model.usable_links(desk.now).len(), 5);
    // Another purpose counts for itself.
    let day = SettingsPatch { reset_link_minutes: Some(24 * 60), ..SettingsPatch::default() };
    desk.changed(&Cmd::PutSettings(day));
    for _ in 0..6 {
        desk.now += HOUR;
        desk.run(&reset("ada@x.example"));
    }
    assert_eq!(desk.model.usable_links(desk.now).len(), 10);
}

#[test]
fn g3_three_mails_an_hour_and_ten_a_day_at_one_key() {
    let mut desk = Desk::with(&[("ada", "ada@x.example")]);
    desk.changed(&activate("ada"));
    let mut sent = Vec::new();
    for _ in 0..13 {
        let before = desk.model.messages.len();
        for _ in 0..5 {
            desk.run(&reset("ada@x.example"));
            desk.run(&renew(desk.newest_link()));
        }
        sent.push(desk.model.messages.len() - before);
        desk.now += HOUR;
    }
    assert_eq!(sent, [3, 3, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    desk.now += 11 * HOUR;
    desk.run(&reset("ada@x.example"));
    assert_eq!(desk.model.asked["ada@x.example"].len(), 11);
}

#[test]
fn l4_the_cap_counts_per_contact_written_to() {
    let mut desk = Desk::with(&[("ada", "us@x.example"), ("bob", "us@x.example")]);
    desk.changed(&activate("ada"));
    desk.changed(&activate("bob"));
    for contact in ["ada", "bob"] {
        for _ in 0..4 {
            assert_eq!(desk.effects(&resend(contact)).links_ended, 0);
        }
    }
    assert_eq!(desk.model.usable_links(desk.now).len(), 10);
    assert_eq!(desk.effects(&resend("bob")).links_ended, 1);
}

#[test]
fn l4_expired_links_do_not_count() {
    let mut desk = Desk::with(&[("ada", "ada@x.example")]);
    desk.changed(&activate("ada"));
    let first = desk.newest_link();
    desk.now += 7 * DAY;
    for _ in 0..5 {
        assert_eq!(desk.effects(&resend("ada")).links_ended, 0);
    }
    assert_eq!(desk.link(first), "expired");
    assert_eq!(desk.effects(&resend("ada")).links_ended, 1);
}

#[test]
fn l4_renewal_sends_the_same_purpose_to_the_address_of_today() {
    let mut desk = Desk::with(&[("ada", "old@x.example")]);
    desk.changed(&activate("ada"));
    let invitation = desk.newest_link();
    desk.changed(&emails("ada", &["new@x.example"]));
    // A dead link of a login that moved.
    assert_eq!(desk.mail_of(&renew(invitation)), [("activation", "new@x.example".to_owned())]);
    desk.run(&reset("new@x.example"));
    let by_reset = desk.newest_link();
    desk.now += HOUR;
    assert_eq!(desk.mail_of(&renew(by_reset)), [("reset", "new@x.example".to_owned())]);
    let link = desk.newest_link();
    desk.changed(&redeem(link, SECRET));
    assert_eq!(desk.mail_of(&renew(link)), [("reset", "new@x.example".to_owned())]);
}

#[test]
fn l4_the_answer_is_the_same_whatever_the_case() {
    let mut desk = Desk::with(&[("ada", "ada@x.example")]);
    desk.changed(&activate("ada"));
    let link = desk.newest_link();
    assert_eq!(desk.run(&renew(link)), Answer::Accepted);
    desk.changed(&deactivate("ada"));
    let before = desk.model.clone();
    assert_eq!(desk.run(&renew(link)), Answer::Accepted);
    assert!(desk.model == before);
    desk.changed(&delete("ada"));
    assert_eq!(desk.run(&renew(link)), Answer::Accepted);
    assert_eq!(desk.refused(&renew(LinkNo(99))), "not_found");
}

#[test]
fn l5_a_password_set_by_link_ends_the_sessions_of_that_login_alone() {
    let mut desk = Desk::with(&[("ada", "ada@x.example"), ("bob", "bob@x.example")]);
    desk.onboard("ada", SECRET);
    desk.onboard("bob", SECRET);
    let adas = [desk.session("ada@x.example", SECRET), desk.session("ada@x.example", SECRET)];
    let bobs = desk.session("bob@x.example", SECRET);
    desk.run(&reset("ada@x.example"));
    let link = desk.newest_link();
    let answer = desk.run(&redeem(link, OTHER_SECRET));
    // It starts none.
    assert_eq!(answer, Answer::done(Outcome::Changed));
    assert!(!desk.is_valid(adas[0]) && !desk.is_valid(adas[1]) && desk.is_valid(bobs));
}

#[test]
fn l7_a_reset_works_for_every_live_login_and_for_no_other_address() {
    let mut desk = Desk::with(&[("ada", "ada@x.example"), ("bob", "bob@x.example")]);
    desk.changed(&user("boss", "boss@x.example", Role::Admin));
    desk.changed(&activate("ada"));
    assert_eq!(desk.mail_of(&reset("ada@x.example")), [("reset", "ada@x.example".to_owned())]);
    // It counts as accepting the invitation.
    let link = desk.newest_link();
    desk.changed(&redeem(link, SECRET));
    assert_eq!(desk.status("ada"), "active");
    desk.changed(&deactivate("ada"));
    for nobody in ["ada@x.example", "bob@x.example", "boss@x.example", "who@x.example"] {
        let before = desk.model.clone();
        assert_eq!(desk.run(&reset(nobody)), Answer::Accepted);
        assert!(desk.model == before);
    }
}

#[test]
fn p3_every_password_that_replaces_another_is_told() {
    let mut desk = Desk::with(&[("ada", "Ada@x.example")]);
    desk.changed(&activate("ada"));
    let link = desk.newest_link();
    assert!(desk.mail_of(&redeem(link, SECRET)).is_empty());
    desk.changed(&resend("ada"));
    let link = desk.newest_link();
    assert_eq!(desk.mail_of(&redeem(link, OTHER_SECRET)), [("password_changed", "Ada@x.example".to_owned())]);
}

#[test]
fn l3_a_link_killed_twice_died_the_first_time() {
    let mut desk = Desk::with(&[("ada", "ada@x.example")]);
    desk.changed(&activate("ada"));
    let link = desk.newest_link();
    desk.changed(&emails("ada", &["new@x.example"]));
    desk.now += 8 * DAY;
    // All links of the login die once more, this one after its time.
    desk.changed(&deactivate("ada"));
    assert_eq!(desk.link(link), "dead");
}
