use portal_domain::{Refusal, practice::SharedLogin};
use portal_testkit::conformance::run;

use super::{
    desk::{DAY, Desk, MINUTE, OTHER, SECRET, code, mails_of, names},
    same_keys, worlds,
};

#[test]
fn c1_an_address_of_staff_in_any_spelling_is_no_live_login() {
    run(async {
        for (staff, contact) in same_keys() {
            let desk = Desk::with(&[("ada", contact.typed), ("bob", "bob@other.example")]).await;
            desk.user("boss", staff.typed).await.unwrap();
            desk.activate("bob").await.unwrap();
            let before = desk.written().await;
            assert_eq!(code(&desk.activate("ada").await), "practice_user_email");
            assert_eq!(code(&desk.join("bob", &[contact.typed]).await), "practice_user_email");
            assert_eq!(desk.status("ada").await, "conflict");
            assert_eq!(desk.written().await, before);
            // A secondary address is no login, so staff may have it (F4).
            desk.emails("bob", &["bob@other.example", contact.typed]).await.unwrap();
        }
    });
}

#[test]
fn c1_reactivation_is_refused_on_an_address_of_staff() {
    run(async {
        let desk = Desk::with(&[("ada", "ada@smith.example")]).await;
        desk.activate("ada").await.unwrap();
        desk.deactivate("ada").await.unwrap();
        desk.user("boss", "ADA@smith.example").await.unwrap();
        assert_eq!(code(&desk.reactivate("ada").await), "practice_user_email");
    });
}

#[test]
fn c2_no_practice_user_comes_onto_a_live_login_in_any_spelling() {
    run(async {
        for (staff, contact) in same_keys() {
            let desk = Desk::with(&[("ada", contact.typed), ("bob", contact.typed)]).await;
            desk.user("boss", "boss@smith.example").await.unwrap();
            desk.activate("ada").await.unwrap();
            desk.activate("bob").await.unwrap();
            let before = desk.written().await;
            for user in ["boss", "new"] {
                match desk.user(user, staff.typed).await {
                    Err(Refusal::EmailIsAPortalLogin { contacts }) => assert_eq!(names(&contacts), "ada bob"),
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(code(&desk.user("new", "Boss@smith.example").await), "email_taken");
            assert_eq!(desk.written().await, before);
        }
    });
}

#[test]
fn c3_activation_joins_by_the_setting_alone() {
    run(async {
        for (one, other) in same_keys() {
            let desk = Desk::with(&[("ada", one.typed), ("bob", other.typed)]).await;
            let session = desk.onboard("ada", SECRET).await;
            desk.wait(MINUTE);
            let joined = desk.activate("bob").await.unwrap();
            assert_eq!(names(&joined.effects.shared_with), "ada");
            assert_eq!(joined.effects.password.code(), "shared");
            assert_eq!(mails_of(&joined), [format!("access_added {}", other.stored)]);
            assert_eq!(desk.profiles(&session).await, ["ada/acme", "bob/acme"]);

            let desk = Desk::with(&[("ada", one.typed), ("bob", other.typed)]).await;
            desk.settings(|settings| settings.shared_login = SharedLogin::Refuse).await;
            desk.activate("ada").await.unwrap();
            match desk.activate("bob").await {
                Err(Refusal::LoginEmailTaken { contacts }) => assert_eq!(names(&contacts), "ada"),
                answer => panic!("{answer:?}"),
            }
        }
    });
}

#[test]
fn c3_a_move_joins_only_when_the_command_says_so() {
    run(async {
        let desk = Desk::with(&[("ada", "ada@smith.example"), ("bob", "bob@other.example")]).await;
        desk.onboard("ada", SECRET).await;
        desk.onboard("bob", OTHER).await;
        let before = desk.written().await;
        assert_eq!(code(&desk.emails("bob", &["Ada@smith.example"]).await), "login_email_taken");
        assert_eq!(desk.written().await, before);
        let joined = desk.join("bob", &["Ada@smith.example"]).await.unwrap();
        assert_eq!(names(&joined.effects.shared_with), "ada");
        assert!(desk.lets_in("ada@smith.example", SECRET).await);
        assert!(!desk.lets_in("ada@smith.example", OTHER).await);
    });
}

#[test]
fn c3_a_live_login_with_unconfirmed_password_is_not_joined() {
    run(async {
        let desk = Desk::with(&[("ada", "ada@smith.example"), ("bob", "eve@jones.example")]).await;
        desk.onboard("ada", SECRET).await;
        desk.emails("ada", &["eve@jones.example"]).await.unwrap();
        assert_eq!(code(&desk.activate("bob").await), "login_email_taken");
        assert_eq!(desk.status("bob").await, "conflict");
        // Cured when a link mailed there is used.
        desk.reset("eve@jones.example").await;
        let token = desk.newest_token().await;
        desk.redeem(&token, OTHER).await.unwrap();
        assert_eq!(desk.status("bob").await, "not_activated");
        assert_eq!(desk.activate("bob").await.unwrap().effects.password.code(), "shared");
    });
}

#[test]
fn c4_a_dormant_login_is_never_found_by_its_key_nor_taken_over() {
    run(async {
        let desk = Desk::with(&[("ada", "ada@smith.example"), ("bob", "ada@smith.example")]).await;
        desk.onboard("ada", SECRET).await;
        desk.deactivate("ada").await.unwrap();
        assert!(!desk.lets_in("ada@smith.example", SECRET).await);
        let begun = desk.activate("bob").await.unwrap();
        assert_eq!(begun.effects.password.code(), "none", "the dormant login is not taken over");
        assert!(!desk.lets_in("ada@smith.example", SECRET).await);
        // Joining erases one's own dormant login.
        let joined = desk.reactivate("ada").await.unwrap();
        assert_eq!(joined.effects.password.code(), "ended");
        desk.deactivate("bob").await.unwrap();
        desk.deactivate("ada").await.unwrap();
        assert_eq!(desk.reactivate("ada").await.unwrap().effects.password.code(), "none");
    });
}

/// Whoever leaves while others stay leaves for good.
#[test]
fn c4_who_leaves_a_shared_login_leaves_it_for_good() {
    run(async {
        let desk = Desk::with(&[("ada", "ada@smith.example"), ("bob", "ada@smith.example")]).await;
        desk.onboard("ada", SECRET).await;
        desk.activate("bob").await.unwrap();
        assert_eq!(desk.deactivate("bob").await.unwrap().effects.password.code(), "ended");
        assert!(!desk.part("bob").await.password_set);
        assert!(desk.lets_in("ada@smith.example", SECRET).await);
    });
}

#[test]
fn c5_contacts_activated_at_once_join_or_one_of_them_wins() {
    for shared in [SharedLogin::Join, SharedLogin::Refuse] {
        run(async {
            let people = ["c-1", "c-2", "c-3", "c-4", "c-5"];
            let desk = Desk::new().await;
            desk.settings(|settings| settings.shared_login = shared).await;
            for who in people {
                desk.put(who, &["ada@smith.example"]).await;
            }
            let portal = &desk.fixture.portal;
            let refs = people.map(super::desk::reference);
            let answers = tokio::join!(
                portal.activate(&desk.call, &refs[0]),
                portal.activate(&desk.call, &refs[1]),
                portal.activate(&desk.call, &refs[2]),
                portal.activate(&desk.call, &refs[3]),
                portal.activate(&desk.call, &refs[4]),
            );
            let answers = [answers.0, answers.1, answers.2, answers.3, answers.4].map(super::desk::ruled);
            let granted = answers.iter().filter(|answer| answer.is_ok()).count();
            let others = answers.iter().flatten().map(|outcome| outcome.effects.shared_with.len()).max();
            match shared {
                SharedLogin::Join => assert_eq!((granted, others), (5, Some(4))),
                SharedLogin::Refuse => {
                    assert_eq!((granted, others), (1, Some(0)));
                    let refused = answers.iter().filter(|answer| answer.is_err());
                    assert!(refused.map(code).all(|code| code == "login_email_taken"));
                }
            }
            assert_eq!(desk.messages().await.len(), granted, "A4");
        });
    }
}

#[test]
fn c5_staff_and_a_contact_never_both_get_one_address() {
    run(async {
        for _ in 0..50 {
            let desk = Desk::with(&[("ada", "ada@smith.example")]).await;
            let (user, contact) = tokio::join!(desk.user("boss", "Ada@smith.example"), desk.activate("ada"));
            match (code(&user), code(&contact)) {
                ("not refused", "practice_user_email") | ("email_is_a_portal_login", "not refused") => {}
                other => panic!("{other:?}"),
            }
        }
    });
}

/// Wherever histories led: flipping the setting ends no session, no link and no sharing.
#[test]
fn c6_switching_the_setting_ends_nothing() {
    run(async {
        for world in worlds(6).await {
            let (portal, call) = (&world.portal, &world.context);
            let picture = async || {
                let mut picture = Vec::new();
                for token in &world.links {
                    picture.push(format!("{:?}", portal.view_link(call, token).await.unwrap().state));
                }
                for (token, _) in &world.sessions {
                    let session = portal.peek_session(&call.practice.into(), token).await.unwrap();
                    picture
                        .push(session.map_or("over".to_owned(), |view| format!("{} behind", view.login.members.len())));
                }
                picture
            };
            let before = picture().await;
            for shared in [SharedLogin::Refuse, SharedLogin::Join, SharedLogin::Refuse] {
                portal
                    .put_settings(call, |settings| portal_domain::practice::Settings {
                        shared_login: shared,
                        ..settings
                    })
                    .await
                    .unwrap();
                assert_eq!(picture().await, before);
            }
        }
    });
}

#[test]
fn c6_a_shared_login_goes_on_under_refuse() {
    run(async {
        let desk = Desk::with(&[("ada", "ada@smith.example"), ("bob", "ada@smith.example")]).await;
        desk.onboard("ada", SECRET).await;
        desk.activate("bob").await.unwrap();
        desk.settings(|settings| settings.shared_login = SharedLogin::Refuse).await;
        desk.wait(DAY);
        let session = desk.sign_in("ada@smith.example", SECRET).await.unwrap();
        assert_eq!(desk.profiles(&session).await, ["ada/acme", "bob/acme"]);
        // It decides at the moment of joining.
        desk.deactivate("bob").await.unwrap();
        assert_eq!(code(&desk.reactivate("bob").await), "login_email_taken");
    });
}
