//! C: conflicts inside a practice.

use super::*;

fn named(answer: &Answer) -> Vec<String> {
    match answer {
        Answer::Refused(refusal) => refusal.contacts.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn c1_a_practice_users_address_is_no_live_login() {
    let mut desk = Desk::with(&[("ada", "Boss@x.example"), ("bob", "bob@x.example")]);
    desk.changed(&user("boss", "boss@x.example", Role::Admin));
    assert_eq!(desk.refused(&activate("ada")), "practice_user_email");
    assert_eq!(desk.status("ada"), "conflict");
    desk.changed(&activate("bob"));
    assert_eq!(desk.refused(&joining("bob", &["boss@x.example"])), "practice_user_email");
    assert_eq!(desk.refused(&put("bob", Some(&["boss@x.example", "bob@x.example"]), None)), "practice_user_email");
    // Below the first it does no harm.
    desk.changed(&emails("bob", &["bob@x.example", "boss@x.example"]));
    // And on a contact without access none either, until it is to be reactivated.
    desk.changed(&deactivate("bob"));
    desk.changed(&emails("bob", &["boss@x.example"]));
    assert_eq!(desk.refused(&reactivate("bob")), "practice_user_email");
    assert_eq!(desk.status("bob"), "deactivated");
    assert_eq!(desk.view("bob").refusal, Some(Code::PracticeUserEmail));
}

#[test]
fn c2_no_practice_user_on_a_live_login() {
    let mut desk = Desk::with(&[("ada", "us@x.example"), ("bob", "us@x.example")]);
    desk.changed(&activate("bob"));
    desk.changed(&activate("ada"));
    let answer = desk.run(&user("boss", "US@x.example", Role::Admin));
    assert_eq!(answer.code(), Some(Code::EmailIsAPortalLogin));
    assert_eq!(named(&answer), ["ada", "bob"]);
    desk.changed(&user("boss", "boss@x.example", Role::Admin));
    assert_eq!(desk.refused(&user("boss", "us@x.example", Role::Admin)), "email_is_a_portal_login");
    // C4: a dormant login holds no key.
    desk.changed(&deactivate("ada"));
    desk.changed(&deactivate("bob"));
    desk.changed(&user("boss", "us@x.example", Role::Admin));
    assert_eq!(desk.refused(&reactivate("bob")), "practice_user_email");
}

#[test]
fn c2_two_practice_users_never_share_a_key() {
    let mut desk = Desk::default();
    desk.changed(&user("boss", "boss@x.example", Role::Admin));
    assert_eq!(desk.refused(&user("aid", "BOSS@x.example", Role::Staff)), "email_taken");
    desk.changed(&user("aid", "aid@x.example", Role::Staff));
    assert_eq!(desk.refused(&user("aid", "boss@x.example", Role::Staff)), "email_taken");
    // Another spelling of one's own is no conflict.
    desk.changed(&user("aid", "Aid@x.example", Role::Staff));
    desk.changed(&Cmd::DeleteUser { user: "aid".into() });
    desk.changed(&user("new", "aid@x.example", Role::Staff));
}

#[test]
fn c3_activation_joins_by_the_setting_alone() {
    let mut desk = Desk::with(&[("ada", "us@x.example"), ("bob", "Us@x.example")]);
    desk.changed(&activate("ada"));
    let effects = desk.effects(&activate("bob"));
    assert_eq!(line(&effects), "-->Us@x.example with[ada] none links-0 sessions-0 [activation>Us@x.example]");
    assert_eq!(desk.view("ada").shared_with, ["bob"]);
    // One password for both, set with either's link.
    let link = desk.newest_link();
    desk.changed(&redeem(link, SECRET));
    assert_eq!((desk.status("ada"), desk.status("bob")), ("active", "active"));
}

#[test]
fn c3_refuse_names_the_other_contacts() {
    let mut desk = Desk::with(&[("ada", "us@x.example"), ("bob", "us@x.example")]);
    desk.changed(&sharing(SharedLogin::Refuse));
    desk.changed(&activate("ada"));
    let answer = desk.run(&activate("bob"));
    assert_eq!(answer.code(), Some(Code::LoginEmailTaken));
    assert_eq!(named(&answer), ["ada"]);
    assert_eq!(desk.status("bob"), "conflict");
}

#[test]
fn c3_a_move_joins_only_when_the_command_says_so() {
    let mut desk = Desk::with(&[("ada", "ada@x.example"), ("bob", "bob@x.example")]);
    desk.changed(&activate("ada"));
    desk.changed(&activate("bob"));
    assert_eq!(desk.refused(&emails("bob", &["ada@x.example"])), "login_email_taken");
    desk.changed(&sharing(SharedLogin::Refuse));
    assert_eq!(desk.refused(&joining("bob", &["ada@x.example"])), "login_email_taken");
    desk.changed(&sharing(SharedLogin::Join));
    desk.changed(&joining("bob", &["ada@x.example"]));
    assert_eq!(desk.view("bob").shared_with, ["ada"]);
}

#[test]
fn c3_a_password_not_confirmed_at_its_key_is_not_joined() {
    let mut desk = Desk::with(&[("ada", "old@x.example"), ("bob", "new@x.example")]);
    desk.onboard("ada", SECRET);
    desk.changed(&emails("ada", &["new@x.example"]));
    // The password came along, yet nobody has proved to read mail at the new address.
    assert!(desk.lets_in("new@x.example", SECRET));
    assert_eq!(desk.refused(&activate("bob")), "login_email_taken");
    assert_eq!(desk.status("bob"), "conflict");
    // It is cured when a link mailed there is used.
    desk.run(&reset("new@x.example"));
    let link = desk.newest_link();
    desk.changed(&redeem(link, OTHER_SECRET));
    let effects = desk.effects(&activate("bob"));
    assert_eq!(line(&effects), "-->new@x.example with[ada] shared links-0 sessions-0 [access_added>new@x.example]");
}

#[test]
fn c4_a_dormant_login_is_never_found_nor_taken_over() {
    let mut desk = Desk::with(&[("ada", "us@x.example"), ("bob", "us@x.example")]);
    desk.onboard("ada", SECRET);
    desk.changed(&deactivate("ada"));
    assert!(desk.mail_of(&reset("us@x.example")).is_empty());
    let effects = desk.effects(&activate("bob"));
    assert_eq!(line(&effects), "-->us@x.example with[] none links-0 sessions-0 [activation>us@x.example]");
    assert!(!desk.lets_in("us@x.example", SECRET));
}

#[test]
fn c4_joining_a_login_without_password_ends_ones_own_dormant_one() {
    let mut desk = Desk::with(&[("ada", "us@x.example"), ("bob", "us@x.example")]);
    desk.onboard("ada", SECRET);
    desk.changed(&deactivate("ada"));
    desk.changed(&activate("bob"));
    let effects = desk.effects(&reactivate("ada"));
    assert_eq!(line(&effects), "-->us@x.example with[bob] ended links-0 sessions-0 [activation>us@x.example]");
    assert!(!desk.lets_in("us@x.example", SECRET));
}

#[test]
fn c6_switching_the_setting_ends_nothing() {
    let mut desk = Desk::with(&[("ada", "us@x.example"), ("bob", "us@x.example")]);
    desk.onboard("ada", SECRET);
    desk.changed(&activate("bob"));
    let session = desk.session("us@x.example", SECRET);
    desk.changed(&sharing(SharedLogin::Refuse));
    assert_eq!(desk.view("ada").shared_with, ["bob"]);
    assert_eq!(desk.see().sessions[session.0].profiles.len(), 2);
    // The moment of joining decides: once out, bob is not let in again.
    desk.changed(&deactivate("bob"));
    assert_eq!(desk.refused(&reactivate("bob")), "login_email_taken");
}
