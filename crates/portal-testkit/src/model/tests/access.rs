//! A: the life-cycle of access.

use super::*;

#[test]
fn a1_activate_twice_is_activate_once() {
    let mut desk = Desk::with(&[("ada", "Ada@x.example")]);
    let first = desk.effects(&activate("ada"));
    assert_eq!(line(&first), "-->Ada@x.example with[] none links-0 sessions-0 [activation>Ada@x.example]");
    let again = desk.unchanged(&activate("ada")).unwrap();
    assert_eq!(line(&again), "Ada@x.example->Ada@x.example with[] none links-0 sessions-0 []");
    desk.unchanged(&reactivate("ada"));
}

#[test]
fn a1_reactivate_and_deactivate_are_idempotent() {
    let mut desk = Desk::with(&[("ada", "ada@x.example")]);
    desk.onboard("ada", SECRET);
    desk.changed(&deactivate("ada"));
    let again = desk.unchanged(&deactivate("ada")).unwrap();
    assert_eq!(line(&again), "-->- with[] kept links-0 sessions-0 []");
    desk.changed(&reactivate("ada"));
    desk.unchanged(&reactivate("ada"));
    desk.unchanged(&activate("ada"));
}

#[test]
fn a1_unchanged_is_decided_before_any_conflict() {
    let mut desk = Desk::with(&[("ada", "ada@x.example")]);
    desk.changed(&user("boss", "boss@x.example", Role::Admin));
    desk.changed(&activate("ada"));
    desk.changed(&sharing(SharedLogin::Refuse));
    desk.unchanged(&activate("ada"));
    desk.unchanged(&emails("ada", &["ada@x.example"]));
    desk.unchanged(&put("ada", Some(&["ada@x.example"]), Some(&["acme"])));
    desk.unchanged(&put("ada", None, None));
    desk.unchanged(&user("boss", "boss@x.example", Role::Admin));
    desk.unchanged(&sharing(SharedLogin::Refuse));
}

#[test]
fn a1_resend_sends_anew_each_time() {
    let mut desk = Desk::with(&[("ada", "ada@x.example")]);
    desk.changed(&activate("ada"));
    for _ in 0..2 {
        let effects = desk.effects(&resend("ada"));
        assert_eq!(
            line(&effects),
            "ada@x.example->ada@x.example with[] none links-0 sessions-0 [activation>ada@x.example]"
        );
    }
}

#[test]
fn a_table_of_commands_by_state() {
    let mut desk = Desk::with(&[("ada", "ada@x.example")]);
    assert_eq!(desk.refused(&resend("ada")), "not_activated");
    assert_eq!(desk.refused(&deactivate("ada")), "not_activated");
    assert_eq!(desk.refused(&reactivate("ada")), "not_activated");
    desk.changed(&activate("ada"));
    desk.changed(&deactivate("ada"));
    assert_eq!(desk.refused(&resend("ada")), "portal_deactivated");
    // Activation of a deactivated contact is reactivation.
    let effects = desk.effects(&activate("ada"));
    assert_eq!(line(&effects), "-->ada@x.example with[] none links-0 sessions-0 [activation>ada@x.example]");
    for cmd in [activate("x"), resend("x"), deactivate("x"), reactivate("x"), delete("x")] {
        assert_eq!(desk.refused(&cmd), "not_found");
    }
    assert_eq!(desk.refused(&emails("x", &["ada@x.example"])), "not_found");
}

#[test]
fn a_resend_keeps_the_password_until_the_link_is_used() {
    let mut desk = Desk::with(&[("ada", "ada@x.example")]);
    desk.onboard("ada", SECRET);
    let session = desk.session("ada@x.example", SECRET);
    let effects = desk.effects(&resend("ada"));
    assert_eq!(
        line(&effects),
        "ada@x.example->ada@x.example with[] kept links-0 sessions-0 [activation>ada@x.example]"
    );
    assert!(desk.lets_in("ada@x.example", SECRET) && desk.is_valid(session));
    let link = desk.newest_link();
    desk.changed(&redeem(link, OTHER_SECRET));
    assert!(!desk.lets_in("ada@x.example", SECRET) && !desk.is_valid(session));
    assert!(desk.lets_in("ada@x.example", OTHER_SECRET));
}

#[test]
fn a2_deactivation_of_the_last_ends_sessions_and_links() {
    let mut desk = Desk::with(&[("ada", "ada@x.example")]);
    desk.onboard("ada", SECRET);
    let session = desk.session("ada@x.example", SECRET);
    desk.run(&reset("ada@x.example"));
    let link = desk.newest_link();
    let effects = desk.effects(&deactivate("ada"));
    assert_eq!(line(&effects), "ada@x.example->- with[] kept links-1 sessions-1 []");
    assert!(!desk.is_valid(session) && !desk.lets_in("ada@x.example", SECRET));
    assert_eq!(desk.link(link), "dead");

    // Reactivation revives neither, but keeps the password that is confirmed at the address.
    let effects = desk.effects(&reactivate("ada"));
    assert_eq!(line(&effects), "-->ada@x.example with[] kept links-0 sessions-0 [activation>ada@x.example]");
    assert!(!desk.is_valid(session) && desk.lets_in("ada@x.example", SECRET));
    assert_eq!(desk.link(link), "dead");
}

#[test]
fn a2_reactivation_at_another_address_ends_the_password() {
    let mut desk = Desk::with(&[("ada", "ada@x.example")]);
    desk.onboard("ada", SECRET);
    desk.changed(&deactivate("ada"));
    let effects = desk.effects(&emails("ada", &["new@x.example"]));
    assert_eq!(line(&effects), "-->- with[] kept links-0 sessions-0 []");
    let effects = desk.effects(&reactivate("ada"));
    assert_eq!(line(&effects), "-->new@x.example with[] ended links-0 sessions-0 [activation>new@x.example]");
    assert!(!desk.lets_in("new@x.example", SECRET));
    assert_eq!(desk.status("ada"), "invited");
}

#[test]
fn a2_reactivation_joins_who_holds_the_key_by_then() {
    let mut desk = Desk::with(&[("ada", "us@x.example"), ("bob", "us@x.example")]);
    desk.onboard("ada", SECRET);
    desk.changed(&deactivate("ada"));
    desk.onboard("bob", OTHER_SECRET);
    let effects = desk.effects(&reactivate("ada"));
    assert_eq!(line(&effects), "-->us@x.example with[bob] shared links-0 sessions-0 [access_added>us@x.example]");
    // C4: its own dormant login is gone.
    assert!(desk.lets_in("us@x.example", OTHER_SECRET) && !desk.lets_in("us@x.example", SECRET));
    desk.changed(&deactivate("bob"));
    let effects = desk.effects(&deactivate("ada"));
    assert_eq!(line(&effects), "us@x.example->- with[] kept links-0 sessions-0 []");
}

#[test]
fn a3_others_behind_the_login_lose_nothing() {
    let mut desk = Desk::with(&[("ada", "us@x.example"), ("bob", "us@x.example")]);
    desk.onboard("ada", SECRET);
    let session = desk.session("us@x.example", SECRET);
    desk.changed(&activate("bob"));
    // Who joins is seen by open sessions at the next request.
    let both = [("ada".to_owned(), "acme".to_owned()), ("bob".to_owned(), "acme".to_owned())];
    assert_eq!(desk.see().sessions[session.0].profiles, both);
    desk.run(&reset("us@x.example"));
    let link = desk.newest_link();
    let effects = desk.effects(&deactivate("bob"));
    assert_eq!(line(&effects), "us@x.example->- with[] ended links-0 sessions-0 []");
    assert!(desk.is_valid(session) && desk.lets_in("us@x.example", SECRET));
    assert_eq!(desk.link(link), "usable");
    assert_eq!(desk.see().sessions[session.0].profiles, both[..1]);
    // The same for the one who was first, and for a deletion.
    desk.changed(&reactivate("bob"));
    let effects = desk.effects(&delete("ada"));
    assert_eq!(line(&effects), "us@x.example->- with[] ended links-0 sessions-0 []");
    assert_eq!(desk.see().sessions[session.0].profiles, both[1..]);
}

#[test]
fn a3_who_left_a_shared_login_comes_back_without_password() {
    let mut desk = Desk::with(&[("ada", "us@x.example"), ("bob", "us@x.example")]);
    desk.onboard("ada", SECRET);
    desk.changed(&activate("bob"));
    desk.changed(&deactivate("ada"));
    desk.changed(&deactivate("bob"));
    // C4: the dormant login belongs to bob, who lost access last.
    assert!(!desk.view("ada").password_set && desk.view("bob").password_set);
    let effects = desk.effects(&reactivate("ada"));
    assert_eq!(line(&effects), "-->us@x.example with[] none links-0 sessions-0 [activation>us@x.example]");
    let effects = desk.effects(&reactivate("bob"));
    assert_eq!(line(&effects), "-->us@x.example with[ada] ended links-0 sessions-0 [activation>us@x.example]");
}

#[test]
fn a5_suspension_hides_profiles_and_leaves_logins() {
    let mut desk = Desk::with(&[("ada", "ada@x.example")]);
    desk.onboard("ada", SECRET);
    let open = desk.session("ada@x.example", SECRET);
    let suspend = Cmd::SuspendClient { client: "acme".into() };
    desk.changed(&suspend);
    desk.unchanged(&suspend);
    assert!(desk.is_valid(open) && desk.see().sessions[open.0].profiles.is_empty());
    assert_eq!(desk.status("ada"), "no_profile");
    // A login without any profile signs in.
    let session = desk.session("ada@x.example", SECRET);
    assert!(desk.is_valid(session));
    desk.changed(&Cmd::ResumeClient { client: "acme".into() });
    assert_eq!(desk.see().sessions[open.0].profiles.len(), 1);
    assert_eq!(desk.status("ada"), "active");
}

#[test]
fn a7_deletion_ends_access_and_frees_the_key() {
    let mut desk = Desk::with(&[("ada", "ada@x.example")]);
    desk.onboard("ada", SECRET);
    let session = desk.session("ada@x.example", SECRET);
    desk.changed(&resend("ada"));
    let link = desk.newest_link();
    let effects = desk.effects(&delete("ada"));
    assert_eq!(line(&effects), "ada@x.example->- with[] ended links-1 sessions-1 []");
    assert!(!desk.is_valid(session) && desk.link(link) == "dead");
    assert_eq!(desk.refused(&delete("ada")), "not_found");
    assert!(desk.mail_of(&Cmd::RenewLink { link }).is_empty());
    desk.changed(&user("boss", "ada@x.example", Role::Admin));
    // The same ref later is a new contact.
    desk.changed(&put("ada", Some(&["new@x.example"]), None));
    let effects = desk.effects(&activate("ada"));
    assert_eq!(line(&effects), "-->new@x.example with[] none links-0 sessions-0 [activation>new@x.example]");
}

#[test]
fn a7_deletion_of_a_deactivated_contact_erases_its_dormant_login() {
    let mut desk = Desk::with(&[("ada", "ada@x.example"), ("bob", "bob@x.example")]);
    desk.onboard("ada", SECRET);
    desk.changed(&deactivate("ada"));
    assert_eq!(line(&desk.effects(&delete("ada"))), "-->- with[] ended links-0 sessions-0 []");
    assert_eq!(line(&desk.effects(&delete("bob"))), "-->- with[] none links-0 sessions-0 []");
    assert!(desk.model.logins.is_empty());
}

#[test]
fn a8_without_an_address_there_is_no_activation() {
    let mut desk = Desk::default();
    desk.changed(&put("ada", None, None));
    assert_eq!(desk.refused(&activate("ada")), "no_email");
    assert_eq!(desk.view("ada").refusal, Some(Code::NoEmail));
    assert_eq!(desk.status("ada"), "not_activated");
    desk.changed(&emails("ada", &["ada@x.example"]));
    desk.changed(&activate("ada"));
    desk.changed(&deactivate("ada"));
    desk.changed(&emails("ada", &[]));
    assert_eq!(desk.refused(&reactivate("ada")), "no_email");
}
