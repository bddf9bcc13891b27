use portal_domain::{
    event::Caller,
    port::{LeaseTerms, Outbox, Page},
    practice::Place,
};
use portal_testkit::{conformance::run, machine::SPELLINGS};

use super::{
    desk::{Desk, MINUTE, OTHER, SECRET, code},
    worlds,
};

/// Wherever histories led: every message that a change caused is in the outbox, once, and can be sent.
#[test]
fn d1_a_message_is_written_with_the_change_that_causes_it_and_none_is_lost() {
    run(async {
        let desk = Desk::with(&[("ada", "ada@smith.example"), ("bob", "bob@other.example")]).await;
        let mut promised = Vec::new();
        for _ in 0..3 {
            for who in ["ada", "bob"] {
                promised.extend(desk.activate(who).await.unwrap().effects.messages);
                promised.extend(desk.resend(who).await.unwrap().effects.messages);
                promised.extend(desk.deactivate(who).await.unwrap().effects.messages);
                desk.wait(MINUTE);
            }
        }
        promised.sort();
        let now = desk.fixture.portal.now();
        let terms = LeaseTerms::new(now, now.after(MINUTE), 1000);
        let leased = Outbox::lease(&*desk.fixture.store, &terms).await.unwrap();
        let letters = leased.iter().map(|leased| leased.letter.as_ref().unwrap());
        let mut found: Vec<_> = letters.map(|letter| (letter.message.kind(), letter.message.to.to_string())).collect();
        found.sort();
        assert_eq!(found, promised.into_iter().map(|mail| (mail.kind, mail.to)).collect::<Vec<_>>());
    });
}

#[test]
fn d1_a_refused_command_leaves_no_message() {
    run(async {
        let desk = Desk::with(&[("ada", "ada@smith.example")]).await;
        desk.user("boss", "ada@smith.example").await.unwrap();
        let before = desk.written().await;
        assert_eq!(code(&desk.activate("ada").await), "practice_user_email");
        assert_eq!(desk.written().await, before);
    });
}

#[test]
fn j1_every_change_writes_one_event_that_says_who_what_and_when() {
    run(async {
        let desk = Desk::with(&[("ada", "ada@smith.example")]).await;
        let mut written = desk.events().await.len();
        let mut expect = async |kind: &str| {
            let events = desk.events().await;
            assert_eq!(events.len(), written + 1, "{kind}");
            let event = events.last().unwrap();
            assert_eq!((event.kind.as_str(), event.at), (kind, desk.fixture.portal.now()));
            written = events.len();
            desk.wait(MINUTE);
            event.clone()
        };
        desk.activate("ada").await.unwrap();
        let event = expect("contact.activated").await;
        assert_eq!(event.facts["access_before"], "not_activated");
        assert_eq!(event.facts["access_after"], "granted");
        assert_eq!(event.caller, Caller::Host(portal_testkit::build::id("host")).describe());
        let token = desk.newest_token().await;
        desk.redeem(&token, SECRET).await.unwrap();
        expect("login.password_set").await;
        let session = desk.sign_in("ada@smith.example", SECRET).await.unwrap();
        expect("session.opened").await;
        desk.change(&session, SECRET, OTHER).await.unwrap();
        expect("login.password_changed").await;
        desk.emails("ada", &["eve@jones.example"]).await.unwrap();
        let event = expect("contact.emails_changed").await;
        let personal = event.personal.unwrap();
        assert_eq!(
            (&*personal["emails_before"], &*personal["emails_after"]),
            ("ada@smith.example", "eve@jones.example")
        );
        desk.resend("ada").await.unwrap();
        expect("contact.invitation_resent").await;
        desk.deactivate("ada").await.unwrap();
        expect("contact.deactivated").await;
        desk.reactivate("ada").await.unwrap();
        expect("contact.reactivated").await;
        desk.delete("ada").await.unwrap();
        expect("contact.deleted").await;
        desk.settings(|settings| settings.session_idle_minutes = 5).await;
        expect("practice.settings_changed").await;
        desk.user("boss", "boss@x.example").await.unwrap();
        expect("user.created").await;
    });
}

/// Wherever histories led: personal values stand beside the event, which holds their digest.
#[test]
fn j1_personal_values_stand_beside_the_event() {
    run(async {
        let mut with_personal = 0;
        for world in worlds(52).await {
            for event in world.views.events(world.id(), None, &Page { after: None, limit: 1000 }).await.unwrap() {
                let public = format!("{:?} {} {:?}", event.facts, event.caller, event.origin).to_lowercase();
                for spelling in SPELLINGS {
                    assert!(!public.contains(&spelling.stored.to_lowercase()), "{event:?}");
                }
                assert_ne!(event.digest, [0; 32]);
                with_personal += usize::from(event.personal.is_some_and(|personal| !personal.is_empty()));
            }
        }
        assert!(with_personal > 100, "{with_personal}");
    });
}

/// A logo is told by its digest, and what is free text stands among what is personal.
#[test]
fn j1_settings_are_told_before_and_after() {
    run(async {
        let desk = Desk::new().await;
        let logo = "data:image/png;base64,iVBORw0KGgo=";
        let address = "https://files.elm.example/".to_owned();
        let place = Place { name: "Files".to_owned(), address: address.clone(), sentence: "Ask Mary".to_owned() };
        desk.settings(|settings| {
            settings.accent = Some("#1a5276".to_owned());
            settings.logo = Some(logo.to_owned());
            settings.places = vec![place.clone()];
            settings.return_addresses = vec![address.clone()];
        })
        .await;
        let event = desk.events().await.pop().unwrap();
        assert_eq!(event.kind, "practice.settings_changed");
        let told = |name: &str| (&*event.facts[&format!("{name}_before")], &*event.facts[&format!("{name}_after")]);
        assert_eq!(told("accent"), ("null", "\"#1a5276\""));
        assert_eq!(told("return_addresses"), ("[]", "[\"https://files.elm.example/\"]"));
        let (before, after) = told("logo");
        assert!(before == "null" && after.starts_with("\"sha256:") && after.len() == 73, "{after}");
        let personal = event.personal.clone().unwrap();
        assert_eq!(personal["places_before"], "[]");
        assert!(personal["places_after"].contains("Ask Mary") && !format!("{:?}", event.facts).contains("Mary"));
        let events = desk.events().await.len();
        desk.settings(|settings| settings.logo = Some(logo.to_owned())).await;
        assert_eq!(desk.events().await.len(), events, "the same again changes nothing");
        desk.settings(|settings| settings.logo = Some(logo.replace("Ggo=", "GgoA"))).await;
        assert_eq!(desk.events().await.len(), events + 1);
    });
}
