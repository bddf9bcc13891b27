//! M: when the address of a single contact changes.

use super::*;

fn moved() -> Desk {
    let mut desk = Desk::with(&[("ada", "Old@x.example")]);
    desk.onboard("ada", SECRET);
    desk.effects(&emails("ada", &["new@x.example"]));
    desk
}

#[test]
fn m1_below_the_first_nothing_changes() {
    let mut desk = Desk::with(&[("ada", "ada@x.example")]);
    desk.onboard("ada", SECRET);
    let session = desk.session("ada@x.example", SECRET);
    desk.changed(&resend("ada"));
    let quiet = "ada@x.example->ada@x.example with[] kept links-0 sessions-0 []";
    for list in [
        ["ada@x.example", "b@x.example", "c@x.example"],
        ["ada@x.example", "c@x.example", "b@x.example"],
        ["ada@x.example", "d@x.example", "b@x.example"],
    ] {
        assert_eq!(line(&desk.effects(&emails("ada", &list))), quiet);
    }
    assert!(desk.is_valid(session) && desk.link(desk.newest_link()) == "usable");
}

#[test]
fn m1_another_spelling_of_the_first_only_changes_the_stored_form() {
    let mut desk = Desk::with(&[("ada", "ada@x.example")]);
    desk.onboard("ada", SECRET);
    let session = desk.session("ada@x.example", SECRET);
    let effects = desk.effects(&wrong("ada", &["Ada@X.example"]));
    assert_eq!(line(&effects), "ada@x.example->Ada@X.example with[] kept links-0 sessions-0 []");
    assert!(desk.is_valid(session));
    // E4: mail goes to the stored address.
    assert_eq!(desk.mail_of(&reset("ada@x.example")), [("reset", "Ada@X.example".to_owned())]);
}

#[test]
fn m1_without_access_nothing_moves() {
    let mut desk = Desk::with(&[("ada", "ada@x.example")]);
    let effects = desk.effects(&emails("ada", &["new@x.example"]));
    assert_eq!(line(&effects), "-->- with[] none links-0 sessions-0 []");
    let effects = desk.effects(&emails("ada", &[]));
    assert_eq!(line(&effects), "-->- with[] none links-0 sessions-0 []");
}

#[test]
fn m2_the_same_password_signs_in_with_the_new_address() {
    let mut desk = Desk::with(&[("ada", "Old@x.example")]);
    desk.onboard("ada", SECRET);
    let session = desk.session("old@x.example", SECRET);
    desk.run(&reset("old@x.example"));
    let link = desk.newest_link();
    let effects = desk.effects(&emails("ada", &["New@x.example", "Old@x.example"]));
    // M3, M4.
    assert_eq!(
        line(&effects),
        "Old@x.example->New@x.example with[] kept links-1 sessions-1 \
         [login_moved_new>New@x.example login_moved_old>Old@x.example]"
    );
    assert!(desk.lets_in("new@x.example", SECRET) && !desk.lets_in("old@x.example", SECRET));
    assert!(!desk.is_valid(session));
    assert_eq!(desk.link(link), "dead");
    assert_eq!(desk.refused(&redeem(link, OTHER_SECRET)), "link_dead");
}

#[test]
fn m2_moving_back_ends_a_password_that_is_not_confirmed_there() {
    let mut desk = moved();
    desk.run(&reset("new@x.example"));
    let link = desk.newest_link();
    desk.changed(&redeem(link, OTHER_SECRET));
    let effects = desk.effects(&emails("ada", &["old@x.example"]));
    assert_eq!(
        line(&effects),
        "new@x.example->old@x.example with[] ended links-0 sessions-0 \
         [activation>old@x.example login_moved_old>new@x.example]"
    );
    assert!(!desk.lets_in("old@x.example", OTHER_SECRET));
    assert_eq!(desk.status("ada"), "invited");
}

#[test]
fn m2_moving_back_keeps_a_password_that_is_confirmed_there() {
    let mut desk = moved();
    let effects = desk.effects(&emails("ada", &["old@x.example"]));
    assert_eq!(
        line(&effects),
        "new@x.example->old@x.example with[] kept links-0 sessions-0 \
         [login_moved_new>old@x.example login_moved_old>new@x.example]"
    );
    // Forth again: new was first while it had access, and the password is confirmed at old.
    let effects = desk.effects(&emails("ada", &["new@x.example"]));
    assert_eq!(effects.password, PasswordEffect::Ended);
}

#[test]
fn m2_an_address_that_was_first_without_access_is_none_to_move_back_to() {
    let mut desk = Desk::with(&[("ada", "draft@x.example")]);
    desk.changed(&emails("ada", &["ada@x.example"]));
    desk.onboard("ada", SECRET);
    let effects = desk.effects(&emails("ada", &["draft@x.example"]));
    assert_eq!(effects.password, PasswordEffect::Kept);
}

#[test]
fn m3_sessions_stay_if_the_practice_says_so() {
    let mut desk = Desk::with(&[("ada", "old@x.example")]);
    desk.changed(&Cmd::PutSettings(SettingsPatch {
        sessions_on_move: Some(SessionsOnMove::Keep),
        ..SettingsPatch::default()
    }));
    desk.onboard("ada", SECRET);
    desk.changed(&resend("ada"));
    let session = desk.session("old@x.example", SECRET);
    let effects = desk.effects(&emails("ada", &["new@x.example"]));
    assert_eq!((effects.links_ended, effects.sessions_ended), (1, 0));
    assert!(desk.is_valid(session));
    // They always end where the password ends.
    desk.run(&reset("new@x.example"));
    let link = desk.newest_link();
    desk.changed(&redeem(link, OTHER_SECRET));
    let session = desk.session("new@x.example", OTHER_SECRET);
    let effects = desk.effects(&emails("ada", &["old@x.example"]));
    assert_eq!((effects.password, effects.sessions_ended), (PasswordEffect::Ended, 1));
    assert!(!desk.is_valid(session));
}

#[test]
fn m4_without_a_password_the_new_address_gets_the_activation_mail() {
    let mut desk = Desk::with(&[("ada", "old@x.example")]);
    desk.changed(&activate("ada"));
    let effects = desk.effects(&emails("ada", &["new@x.example"]));
    assert_eq!(
        line(&effects),
        "old@x.example->new@x.example with[] none links-1 sessions-0 \
         [activation>new@x.example login_moved_old>old@x.example]"
    );
    let link = desk.newest_link();
    // The later note to the old address; no password was replaced.
    assert_eq!(desk.mail_of(&redeem(link, SECRET)), [("password_changed", "old@x.example".to_owned())]);
}

#[test]
fn m4_the_old_address_is_told_of_a_password_within_seven_days() {
    let mut desk = moved();
    let at_new = || ("password_changed", "new@x.example".to_owned());
    let at_old = || ("password_changed", "Old@x.example".to_owned());
    desk.now += 7 * DAY - 10 * MINUTE;
    // Each time in the window, spelled as it was.
    for _ in 0..2 {
        desk.run(&reset("new@x.example"));
        let link = desk.newest_link();
        assert_eq!(desk.mail_of(&redeem(link, SECRET)), [at_new(), at_old()]);
    }
    // Not of one changed inside a session.
    let session = desk.session("new@x.example", SECRET);
    let change = Cmd::ChangePassword { session, current: SECRET.into(), new: OTHER_SECRET.into() };
    assert_eq!(desk.mail_of(&change), [at_new()]);
    desk.now += 10 * MINUTE;
    desk.run(&reset("new@x.example"));
    let link = desk.newest_link();
    assert_eq!(desk.mail_of(&redeem(link, SECRET)), [at_new()]);
}

#[test]
fn m4_the_seventh_day_is_counted_to_its_end() {
    let mut desk = moved();
    let moved_at = desk.now;
    desk.run(&reset("new@x.example"));
    let mut later = desk.clone();
    let week = SettingsPatch { reset_link_minutes: Some(14 * 24 * 60), ..SettingsPatch::default() };
    desk.changed(&Cmd::PutSettings(week));
    desk.run(&reset("new@x.example"));
    let link = desk.newest_link();
    let told = |now: i64, model: &Model| {
        let mut model = model.clone();
        let before = model.messages.len();
        model.apply(now, &redeem(link, SECRET));
        model.messages.len() - before
    };
    assert_eq!(told(moved_at + 7 * DAY, &desk.model), 2);
    assert_eq!(told(moved_at + 7 * DAY + 1, &desk.model), 1);
    // A link lives as long as it was given at its making.
    let link = later.newest_link();
    later.now += HOUR;
    assert_eq!(later.refused(&redeem(link, SECRET)), "link_expired");
}

#[test]
fn m5_a_refused_move_changes_nothing() {
    let mut desk = Desk::with(&[("ada", "ada@x.example"), ("bob", "bob@x.example")]);
    desk.changed(&user("boss", "boss@x.example", Role::Admin));
    desk.onboard("ada", SECRET);
    desk.changed(&activate("bob"));
    assert_eq!(desk.refused(&emails("ada", &["boss@x.example"])), "practice_user_email");
    assert_eq!(desk.refused(&emails("ada", &["bob@x.example"])), "login_email_taken");
    assert_eq!(desk.refused(&emails("ada", &[])), "login_email_required");
    assert_eq!(desk.view("ada").emails, ["ada@x.example"]);
}

#[test]
fn m7_preview_answers_what_the_command_will() {
    let mut desk = Desk::with(&[("ada", "ada@x.example"), ("bob", "bob@x.example")]);
    desk.onboard("ada", SECRET);
    for cmd in [
        activate("bob"),
        joining("bob", &["ada@x.example"]),
        emails("ada", &["new@x.example"]),
        emails("ada", &["bob@x.example"]),
        deactivate("ada"),
        delete("bob"),
    ] {
        let before = desk.model.clone();
        let preview = desk.model.preview(desk.now + 1, &cmd);
        assert!(desk.model == before);
        assert_eq!(desk.run(&cmd), preview);
    }
}

#[test]
fn m9_a_wrong_address_ends_the_password_and_is_told_nothing() {
    let mut desk = Desk::with(&[("ada", "stranger@x.example")]);
    desk.changed(&Cmd::PutSettings(SettingsPatch {
        sessions_on_move: Some(SessionsOnMove::Keep),
        ..SettingsPatch::default()
    }));
    desk.onboard("ada", SECRET);
    let session = desk.session("stranger@x.example", SECRET);
    desk.changed(&resend("ada"));
    let effects = desk.effects(&wrong("ada", &["ada@x.example"]));
    assert_eq!(
        line(&effects),
        "stranger@x.example->ada@x.example with[] ended links-1 sessions-1 [activation>ada@x.example]"
    );
    assert!(!desk.is_valid(session) && !desk.lets_in("ada@x.example", SECRET));
    // Nothing later either.
    let link = desk.newest_link();
    assert!(desk.mail_of(&redeem(link, OTHER_SECRET)).is_empty());
}

#[test]
fn m9_a_wrong_address_forgets_the_move_before_it() {
    let mut desk = moved();
    desk.changed(&wrong("ada", &["right@x.example"]));
    let link = desk.newest_link();
    assert!(desk.mail_of(&redeem(link, OTHER_SECRET)).is_empty());
}
