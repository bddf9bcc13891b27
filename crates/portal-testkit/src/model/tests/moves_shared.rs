//! M4, M6, M9 where several contacts are behind a login.

use super::*;

/// Ada and Bob behind one login with a password.
fn couple() -> Desk {
    let mut desk = Desk::with(&[("ada", "us@x.example"), ("bob", "Us@x.example")]);
    desk.onboard("ada", SECRET);
    desk.changed(&activate("bob"));
    desk
}

#[test]
fn m6_split_gives_the_mover_a_login_without_password() {
    let mut desk = couple();
    let session = desk.session("us@x.example", SECRET);
    desk.changed(&resend("bob"));
    let link = desk.newest_link();
    let effects = desk.effects(&emails("bob", &["bob@x.example"]));
    assert_eq!(
        line(&effects),
        "Us@x.example->bob@x.example with[] ended links-0 sessions-0 \
         [activation>bob@x.example login_moved_old>Us@x.example]"
    );
    // Password, sessions and links belong to who stays, links written to the mover too.
    assert!(desk.lets_in("us@x.example", SECRET) && desk.is_valid(session));
    assert_eq!(desk.link(link), "usable");
    assert_eq!(desk.see().sessions[session.0].profiles, [("ada".into(), "acme".into())]);
    assert!(!desk.lets_in("bob@x.example", SECRET));
    assert_eq!((desk.status("ada"), desk.status("bob")), ("active", "invited"));
    assert!(desk.view("ada").shared_with.is_empty());
}

#[test]
fn m6_split_without_a_password() {
    let mut desk = Desk::with(&[("ada", "us@x.example"), ("bob", "us@x.example")]);
    desk.changed(&activate("ada"));
    desk.changed(&activate("bob"));
    let effects = desk.effects(&emails("ada", &["ada@x.example"]));
    assert_eq!(
        line(&effects),
        "us@x.example->ada@x.example with[] none links-0 sessions-0 \
         [activation>ada@x.example login_moved_old>us@x.example]"
    );
}

#[test]
fn m6_joining_by_move_ends_the_movers_own() {
    let mut desk = Desk::with(&[("ada", "ada@x.example"), ("bob", "bob@x.example")]);
    desk.onboard("ada", SECRET);
    desk.onboard("bob", OTHER_SECRET);
    let adas = desk.session("ada@x.example", SECRET);
    let bobs = desk.session("bob@x.example", OTHER_SECRET);
    desk.run(&reset("ada@x.example"));
    let adas_link = desk.newest_link();
    desk.run(&reset("bob@x.example"));
    let bobs_link = desk.newest_link();
    let effects = desk.effects(&joining("bob", &["Ada@x.example"]));
    assert_eq!(
        line(&effects),
        "bob@x.example->Ada@x.example with[ada] shared links-1 sessions-1 \
         [access_added>Ada@x.example login_moved_old>bob@x.example]"
    );
    assert!(desk.is_valid(adas) && !desk.is_valid(bobs));
    assert!(desk.lets_in("ada@x.example", SECRET));
    assert!(!desk.lets_in("ada@x.example", OTHER_SECRET));
    assert!(!desk.lets_in("bob@x.example", OTHER_SECRET));
    assert_eq!((desk.link(adas_link), desk.link(bobs_link)), ("usable", "dead"));
    // Its login is erased: a renewal of its links sends nothing.
    assert!(desk.mail_of(&Cmd::RenewLink { link: bobs_link }).is_empty());
    assert_eq!(desk.see().sessions[adas.0].profiles.len(), 2);
}

#[test]
fn m6_joining_a_login_without_password_ends_the_movers() {
    let mut desk = Desk::with(&[("ada", "ada@x.example"), ("bob", "bob@x.example")]);
    desk.changed(&activate("ada"));
    desk.onboard("bob", OTHER_SECRET);
    let effects = desk.effects(&joining("bob", &["ada@x.example"]));
    assert_eq!(
        line(&effects),
        "bob@x.example->ada@x.example with[ada] ended links-0 sessions-0 \
         [activation>ada@x.example login_moved_old>bob@x.example]"
    );
    assert!(!desk.lets_in("ada@x.example", OTHER_SECRET));
}

#[test]
fn m6_from_one_shared_login_to_another() {
    let mut desk = couple();
    desk.run(&put("eve", Some(&["eve@x.example"]), Some(&["acme"])));
    desk.onboard("eve", OTHER_SECRET);
    let session = desk.session("us@x.example", SECRET);
    let effects = desk.effects(&joining("bob", &["eve@x.example"]));
    assert_eq!(
        line(&effects),
        "Us@x.example->eve@x.example with[eve] shared links-0 sessions-0 \
         [access_added>eve@x.example login_moved_old>Us@x.example]"
    );
    assert!(desk.is_valid(session) && desk.lets_in("us@x.example", SECRET));
}

#[test]
fn m6_splitting_back_and_joining_again() {
    let mut desk = couple();
    desk.changed(&emails("bob", &["bob@x.example"]));
    let link = desk.newest_link();
    desk.changed(&redeem(link, OTHER_SECRET));
    assert_eq!(desk.refused(&emails("bob", &["us@x.example"])), "login_email_taken");
    let effects = desk.effects(&joining("bob", &["us@x.example"]));
    assert_eq!(
        line(&effects),
        "bob@x.example->us@x.example with[ada] shared links-0 sessions-0 \
         [access_added>us@x.example login_moved_old>bob@x.example]"
    );
}

#[test]
fn m4_both_members_old_addresses_are_told_once_each() {
    let mut desk = Desk::with(&[("ada", "one@x.example"), ("bob", "One@x.example")]);
    desk.changed(&activate("ada"));
    desk.changed(&activate("bob"));
    // Bob splits off, Ada follows: both were at the same address, spelled otherwise.
    desk.changed(&emails("bob", &["us@x.example"]));
    desk.changed(&joining("ada", &["us@x.example"]));
    let link = desk.newest_link();
    // Bob is behind the login longer; his spelling it is.
    assert_eq!(desk.mail_of(&redeem(link, SECRET)), [("password_changed", "One@x.example".to_owned())]);
}

#[test]
fn m4_a_password_set_by_another_member_is_told_too() {
    let mut desk = Desk::with(&[("ada", "us@x.example"), ("bob", "bob@x.example")]);
    desk.changed(&activate("ada"));
    let adas_link = desk.newest_link();
    desk.changed(&activate("bob"));
    desk.changed(&joining("bob", &["us@x.example"]));
    assert_eq!(desk.mail_of(&redeem(adas_link, SECRET)), [("password_changed", "bob@x.example".to_owned())]);
}

#[test]
fn m4_a_note_outlives_deactivation_and_not_a_change_without_access() {
    let mut desk = Desk::with(&[("ada", "old@x.example")]);
    desk.changed(&activate("ada"));
    desk.changed(&emails("ada", &["new@x.example"]));
    desk.changed(&deactivate("ada"));
    let mut other = desk.clone();
    desk.changed(&reactivate("ada"));
    let link = desk.newest_link();
    assert_eq!(desk.mail_of(&redeem(link, SECRET)), [("password_changed", "old@x.example".to_owned())]);
    other.changed(&emails("ada", &["newer@x.example"]));
    other.changed(&emails("ada", &["new@x.example"]));
    other.changed(&reactivate("ada"));
    let link = other.newest_link();
    assert!(other.mail_of(&redeem(link, SECRET)).is_empty());
}

#[test]
fn m9_a_wrong_address_spares_the_others_behind_the_login() {
    let mut desk = couple();
    let session = desk.session("us@x.example", SECRET);
    desk.run(&reset("us@x.example"));
    let link = desk.newest_link();
    let effects = desk.effects(&wrong("bob", &["bob@x.example"]));
    assert_eq!(
        line(&effects),
        "Us@x.example->bob@x.example with[] ended links-0 sessions-0 [activation>bob@x.example]"
    );
    assert!(desk.is_valid(session) && desk.lets_in("us@x.example", SECRET));
    assert_eq!(desk.link(link), "usable");
}

#[test]
fn m9_a_wrong_address_that_joins_gets_the_announcement() {
    let mut desk = Desk::with(&[("ada", "ada@x.example"), ("bob", "bob@x.example")]);
    desk.onboard("ada", SECRET);
    desk.onboard("bob", OTHER_SECRET);
    let effects = desk.effects(&wrong("bob", &["ada@x.example"]));
    assert_eq!(
        line(&effects),
        "bob@x.example->ada@x.example with[ada] shared links-0 sessions-0 [access_added>ada@x.example]"
    );
}

#[test]
fn e4_a_message_about_a_login_goes_to_who_is_longest_behind_it() {
    let mut desk = couple();
    let told = |kind, to: &str| [(kind, to.to_owned())];
    assert_eq!(desk.mail_of(&reset("us@x.example")), told("reset", "us@x.example"));
    let link = desk.newest_link();
    assert_eq!(desk.mail_of(&redeem(link, OTHER_SECRET)), told("password_changed", "us@x.example"));
    // Ada leaves and comes back: now Bob is longest behind it.
    desk.changed(&deactivate("ada"));
    desk.changed(&reactivate("ada"));
    assert_eq!(desk.mail_of(&reset("us@x.example")), told("reset", "Us@x.example"));
}

#[test]
fn e4_of_two_at_once_the_lesser_ref() {
    let mut model = Model::new();
    for (contact, address) in [("b", "Us@x.example"), ("a", "us@x.example")] {
        model.apply(5, &put(contact, Some(&[address]), None));
        model.apply(5, &activate(contact));
    }
    model.apply(5, &reset("us@x.example"));
    assert_eq!(model.messages.last().unwrap().to, "us@x.example");
}
