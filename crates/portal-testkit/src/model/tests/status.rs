//! A6: the computed status.

use super::*;

#[test]
fn a6_the_first_that_holds() {
    let mut desk = Desk::with(&[("ada", "ada@x.example")]);
    assert_eq!(desk.status("ada"), "not_activated");
    desk.changed(&activate("ada"));
    assert_eq!(desk.status("ada"), "invited");
    desk.now += 7 * DAY;
    assert_eq!(desk.status("ada"), "invitation_expired");
    // A reset link counts: it accepts the invitation (L7).
    desk.run(&reset("ada@x.example"));
    assert_eq!(desk.status("ada"), "invited");
    let link = desk.newest_link();
    desk.changed(&redeem(link, SECRET));
    assert_eq!(desk.status("ada"), "active");
    desk.changed(&put("ada", None, Some(&[])));
    assert_eq!(desk.status("ada"), "no_profile");
    desk.changed(&deactivate("ada"));
    assert_eq!(desk.status("ada"), "deactivated");
}

#[test]
fn a6_no_profile_looks_at_the_contacts_own_clients() {
    let mut desk = Desk::with(&[("ada", "us@x.example"), ("bob", "us@x.example")]);
    desk.changed(&put("bob", None, Some(&[])));
    desk.onboard("ada", SECRET);
    desk.changed(&activate("bob"));
    assert_eq!((desk.status("ada"), desk.status("bob")), ("active", "no_profile"));
}

#[test]
fn a6_conflict_comes_and_goes_with_its_cause() {
    let mut desk = Desk::with(&[("ada", "us@x.example"), ("bob", "us@x.example")]);
    desk.changed(&sharing(SharedLogin::Refuse));
    desk.changed(&activate("ada"));
    assert_eq!(desk.status("bob"), "conflict");
    assert_eq!(desk.view("bob").refusal, Some(Code::LoginEmailTaken));
    desk.changed(&sharing(SharedLogin::Join));
    assert_eq!((desk.status("bob"), desk.view("bob").refusal), ("not_activated", None));
    desk.changed(&sharing(SharedLogin::Refuse));
    desk.changed(&deactivate("ada"));
    assert_eq!(desk.status("bob"), "not_activated");
}

#[test]
fn f2_the_login_email_is_the_first_address_whatever_the_access() {
    let mut desk = Desk::with(&[("ada", "Ada@x.example")]);
    desk.changed(&emails("ada", &["B@x.example", "Ada@x.example"]));
    assert_eq!(desk.view("ada").login_email.as_deref(), Some("B@x.example"));
    assert_eq!(desk.view("ada").access, Access::NotActivated);
    // F4: a secondary address never signs in and never receives a link.
    desk.onboard("ada", SECRET);
    assert!(desk.lets_in("b@x.example", SECRET) && !desk.lets_in("ada@x.example", SECRET));
    // M8: where it does is said, without a link.
    assert_eq!(desk.mail_of(&reset("ada@x.example")), [("hint", "B@x.example".to_owned())]);
}
