//! W2, clients, settings, contacts as such.

use super::*;

#[test]
fn w2_the_last_admin_stays() {
    let mut desk = Desk::default();
    // The first user may be staff.
    desk.changed(&user("aid", "aid@x.example", Role::Staff));
    desk.changed(&user("boss", "boss@x.example", Role::Admin));
    assert_eq!(desk.refused(&user("boss", "boss@x.example", Role::Staff)), "last_admin");
    assert_eq!(desk.refused(&Cmd::DeleteUser { user: "boss".into() }), "last_admin");
    desk.changed(&user("aid", "aid@x.example", Role::Admin));
    desk.changed(&user("boss", "boss@x.example", Role::Staff));
    assert_eq!(desk.refused(&Cmd::DeleteUser { user: "aid".into() }), "last_admin");
    desk.changed(&Cmd::DeleteUser { user: "boss".into() });
    assert_eq!(desk.refused(&Cmd::DeleteUser { user: "boss".into() }), "not_found");
}

#[test]
fn a7_deleting_a_practice_user_frees_the_key() {
    let mut desk = Desk::with(&[("ada", "aid@x.example")]);
    desk.changed(&user("aid", "aid@x.example", Role::Staff));
    assert_eq!(desk.refused(&activate("ada")), "practice_user_email");
    desk.changed(&Cmd::DeleteUser { user: "aid".into() });
    desk.changed(&activate("ada"));
}

#[test]
fn put_contact_wants_known_clients_before_all_else() {
    let mut desk = Desk::with(&[("ada", "ada@x.example")]);
    assert_eq!(desk.refused(&put("ada", None, Some(&["acme", "none"]))), "unknown_client");
    assert_eq!(desk.refused(&put("new", None, Some(&["none"]))), "unknown_client");
    assert!(!desk.see().contacts.contains_key("new"));
    // What is left out stays.
    desk.changed(&put("ada", Some(&["ada@x.example", "b@x.example"]), None));
    assert_eq!(desk.view("ada").clients, ["acme"]);
    desk.changed(&put("ada", None, Some(&[])));
    assert_eq!(desk.view("ada").emails, ["ada@x.example", "b@x.example"]);
}

#[test]
fn put_contact_refused_changes_nothing_of_it() {
    let mut desk = Desk::with(&[("ada", "ada@x.example")]);
    desk.changed(&activate("ada"));
    assert_eq!(desk.refused(&put("ada", Some(&[]), Some(&[]))), "login_email_required");
    assert_eq!(desk.view("ada").clients, ["acme"]);
    // Only the name changes: nothing happens to the login.
    let rename = Cmd::PutContact {
        contact: "ada".into(),
        name: "Ada Smith".into(),
        emails: None,
        clients: None,
        join: false,
        wrong_address: true,
    };
    let effects = desk.effects(&rename);
    assert_eq!(line(&effects), "ada@x.example->ada@x.example with[] none links-0 sessions-0 []");
}

#[test]
fn a_deleted_client_takes_its_profiles_along() {
    let mut desk = Desk::with(&[("ada", "ada@x.example")]);
    desk.onboard("ada", SECRET);
    let acme = || "acme".to_owned();
    desk.changed(&Cmd::DeleteClient { client: acme() });
    assert_eq!(desk.refused(&Cmd::DeleteClient { client: acme() }), "not_found");
    assert_eq!(desk.refused(&Cmd::SuspendClient { client: acme() }), "not_found");
    assert_eq!(desk.status("ada"), "no_profile");
    // The same ref later is a new client, which nobody is linked to.
    desk.changed(&Cmd::PutClient { client: acme() });
    desk.unchanged(&Cmd::PutClient { client: acme() });
    assert_eq!(desk.status("ada"), "no_profile");
    assert!(desk.view("ada").clients.is_empty());
}

#[test]
fn settings_left_out_stay() {
    let mut desk = Desk::default();
    desk.unchanged(&Cmd::PutSettings(SettingsPatch::default()));
    desk.unchanged(&sharing(SharedLogin::Join));
    desk.changed(&sharing(SharedLogin::Refuse));
    desk.unchanged(&Cmd::PutSettings(SettingsPatch { reset_link_minutes: Some(60), ..SettingsPatch::default() }));
}
