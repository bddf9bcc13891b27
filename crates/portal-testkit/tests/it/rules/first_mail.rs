//! What is said before the first mail goes out.

use std::collections::BTreeMap;

use portal_domain::{
    Named, Refusal,
    contact::{Access, Contact},
    decide::{FirstMail, Hindrance},
    email::EmailWarning,
    facts::{ContactFacts, Holder},
    practice::{Client, Practice, SharedLogin},
};
use portal_testkit::build;

fn facts(name: &str, addresses: &[&str]) -> ContactFacts {
    let client = build::client("acme");
    let contact = Contact { clients: vec![client.id], ..build::contact(name, addresses) };
    ContactFacts { contact: Some(contact), clients: vec![client], ..ContactFacts::default() }
}

fn practice(shared_login: SharedLogin) -> Practice {
    let mut practice = build::practice("smith");
    practice.settings.shared_login = shared_login;
    practice
}

#[test]
fn e5_c1_c3_what_will_keep_a_contact_out_is_known_before_the_first_mail() {
    let practice = practice(SharedLogin::Join);
    let of = |facts: &ContactFacts| FirstMail::default().look(&practice, facts);
    assert_eq!(of(&facts("ada", &["ada@smith.example", "info@smith.example"])), []);
    assert_eq!(of(&ContactFacts::default()), []);
    assert_eq!(of(&facts("ada", &[])), [Hindrance::Refused(Refusal::NoEmail)]);
    let user = build::user("bob", "bob@smith.example");
    let named = Named { reference: user.reference.clone(), name: user.name.clone() };
    let held = BTreeMap::from([(build::key("bob@smith.example"), Holder::User(user))]);
    let in_the_way = ContactFacts { holders: held, ..facts("ada", &["bob@smith.example"]) };
    assert_eq!(of(&in_the_way), [Hindrance::Refused(Refusal::PracticeUserEmail { user: named })]);
    let mut blind = facts("ada", &["ada@gmial.com"]);
    blind.clients = vec![Client { suspended: true, ..build::client("acme") }];
    let typo = EmailWarning::LikelyTypo { instead: "ada@gmail.com".to_owned() };
    assert_eq!(of(&blind), [Hindrance::NoProfile, Hindrance::Doubtful(typo.clone())]);
    // Those who were invited already are past it.
    let mut past = facts("ada", &[]);
    past.contact.as_mut().expect("a contact").access = Access::Granted;
    assert_eq!(of(&past), []);
    assert!(Hindrance::Doubtful(typo).keeps_out() && Hindrance::Refused(Refusal::NoEmail).keeps_out());
    assert!(!Hindrance::NoProfile.keeps_out() && !Hindrance::Doubtful(EmailWarning::RoleAddress).keeps_out());
}

#[test]
fn c3_those_of_one_address_share_it_or_are_refused_as_the_practice_has_set() {
    for (setting, hindrance) in [
        (SharedLogin::Join, Hindrance::Shares as fn(Named) -> Hindrance),
        (SharedLogin::Refuse, |other| Hindrance::Refused(Refusal::LoginEmailTaken { contacts: vec![other] })),
    ] {
        let (practice, mut look) = (practice(setting), FirstMail::default());
        let ada = facts("ada", &["both@smith.example"]);
        let named = ada.contact.as_ref().expect("a contact");
        let named = Named { reference: named.reference.clone(), name: named.name.clone() };
        assert_eq!(look.look(&practice, &ada), []);
        assert_eq!(look.look(&practice, &facts("bob", &["BOTH@smith.example"])), [hindrance(named)]);
        assert_eq!(look.look(&practice, &facts("cy", &["cy@smith.example"])), []);
    }
}
