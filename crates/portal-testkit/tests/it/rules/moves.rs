use portal_domain::{
    message::MessageBody,
    practice::SessionsOnMove,
    usecase::{CallContext, ContactAnswer},
};
use portal_testkit::{
    conformance::run,
    machine::{KEYS, SPELLINGS, Spelling},
};

use super::{
    desk::{DAY, Desk, HOUR, MINUTE, OTHER, SECRET, code, mails_of, ruled},
    same_keys,
};

#[test]
fn m1_below_the_first_and_another_spelling_of_it_change_nothing_for_the_portal() {
    run(async {
        for (one, other) in same_keys() {
            let desk = Desk::with(&[("ada", one.typed)]).await;
            let session = desk.onboard("ada", SECRET).await;
            desk.resend("ada").await.unwrap();
            let link = desk.newest_token().await;
            let mails = desk.written().await.1;
            for list in [&[one.typed, "second@x.example"][..], &[other.typed, "third@x.example", "second@x.example"]] {
                let changed = desk.emails("ada", list).await.unwrap();
                assert!(changed.changed && changed.effects.messages.is_empty());
                assert_eq!((changed.effects.links_ended, changed.effects.sessions_ended), (0, 0));
                assert_eq!(changed.effects.password.code(), "kept");
            }
            assert_eq!(desk.written().await.1, mails);
            assert!(desk.valid(&session).await && desk.link(&link).await == "usable");
            assert!(desk.lets_in(one.typed, SECRET).await && desk.lets_in(other.typed, SECRET).await);
            // The stored form changed, and mail goes there (E4).
            assert_eq!(mails_of(&desk.resend("ada").await.unwrap()), [format!("activation {}", other.stored)]);
        }
    });
}

#[test]
fn m1_a_contact_without_access_moves_nothing_and_gets_nothing() {
    run(async {
        let desk = Desk::with(&[("ada", "ada@smith.example")]).await;
        for deactivated in [false, true] {
            if deactivated {
                desk.onboard("ada", SECRET).await;
                desk.deactivate("ada").await.unwrap();
            }
            let mails = desk.written().await.1;
            let moved = desk.emails("ada", &["eve@jones.example"]).await.unwrap();
            assert!(moved.effects.messages.is_empty() && moved.effects.login_after.is_none());
            assert_eq!(desk.written().await.1, mails);
            desk.emails("ada", &["ada@smith.example"]).await.unwrap();
        }
    });
}

#[test]
fn e1_what_was_removed_is_remembered_of_an_address_that_is_given_back_as_it_was_shown() {
    run(async {
        let removed = |answer: &ContactAnswer| {
            let emails = &answer.contact.as_ref().expect("a contact").emails;
            emails.iter().map(|email| email.removed().map(str::to_owned)).collect::<Vec<_>>()
        };
        let note = || Some("a trailing no-break space was removed".to_owned());
        for granted in [false, true] {
            let desk = Desk::with(&[("ada", "ada@smith.example\u{a0}")]).await;
            if granted {
                desk.activate("ada").await.unwrap();
            }
            assert!(!desk.emails("ada", &["ada@smith.example"]).await.unwrap().changed, "A1");
            assert!(!desk.put("ada", &["ada@smith.example"]).await.changed, "A1");
            let below = desk.emails("ada", &["ada@smith.example", "new@smith.example"]).await.unwrap();
            assert_eq!(removed(&below), [note(), None]);
            let moved = desk.emails("ada", &["new@smith.example", "ada@smith.example"]).await.unwrap();
            assert_eq!(removed(&moved), [None, note()]);
            let anew = desk.emails("ada", &["new@smith.example ", " ada@smith.example"]).await.unwrap();
            let space = |end| Some(format!("a {end} space was removed"));
            assert_eq!(removed(&anew), [space("trailing"), space("leading")]);
            let spelled = desk.emails("ada", &["New@smith.example"]).await.unwrap();
            assert_eq!(removed(&spelled), [None], "another spelling was typed anew");
        }
    });
}

#[test]
fn m2_the_same_password_signs_in_with_the_new_address_and_the_old_one_no_longer() {
    run(async {
        for old in SPELLINGS {
            for new in KEYS.iter().filter(|key| **key != old.key).map(|key| Spelling::of_key(key).unwrap()) {
                let desk = Desk::with(&[("ada", old.typed)]).await;
                desk.onboard("ada", SECRET).await;
                let moved = desk.emails("ada", &[new.typed, old.typed]).await.unwrap();
                assert_eq!(moved.effects.password.code(), "kept");
                assert!(desk.lets_in(new.typed, SECRET).await);
                assert!(!desk.lets_in(old.typed, SECRET).await, "F4: a secondary address never signs in");
            }
        }
    });
}

#[test]
fn m2_moving_back_keeps_the_password_only_where_it_is_confirmed() {
    run(async {
        let (home, away) = ("ada@smith.example", "eve@jones.example");
        for renewed_away in [false, true] {
            let desk = Desk::with(&[("ada", home)]).await;
            desk.onboard("ada", SECRET).await;
            desk.emails("ada", &[away]).await.unwrap();
            if renewed_away {
                desk.reset(away).await;
                let token = desk.newest_token().await;
                desk.redeem(&token, OTHER).await.unwrap();
            }
            let back = desk.emails("ada", &[home]).await.unwrap();
            if renewed_away {
                assert_eq!(back.effects.password.code(), "ended");
                assert_eq!(mails_of(&back), [format!("activation {home}"), format!("login_moved_old {away}")]);
                assert!(!desk.lets_in(home, OTHER).await);
            } else {
                assert_eq!(back.effects.password.code(), "kept");
                assert!(desk.lets_in(home, SECRET).await);
            }
        }
    });
}

#[test]
fn m3_all_open_links_die_and_sessions_end_by_the_setting() {
    run(async {
        for keep in [false, true] {
            let desk = Desk::with(&[("ada", "ada@smith.example")]).await;
            let setting = if keep { SessionsOnMove::Keep } else { SessionsOnMove::End };
            desk.settings(|settings| settings.sessions_on_move = setting).await;
            let session = desk.onboard("ada", SECRET).await;
            desk.resend("ada").await.unwrap();
            let invitation = desk.newest_token().await;
            desk.reset("ada@smith.example").await;
            let reset = desk.newest_token().await;
            let moved = desk.emails("ada", &["eve@jones.example"]).await.unwrap();
            assert_eq!((moved.effects.links_ended, moved.effects.sessions_ended), (2, usize::from(!keep)));
            assert_eq!((desk.link(&invitation).await, desk.link(&reset).await), ("dead".into(), "dead".into()));
            assert_eq!(desk.valid(&session).await, keep);
            // They always end where the password ends.
            if keep {
                desk.wrong("ada", &["ada@other.example"]).await.unwrap();
                assert!(!desk.valid(&session).await);
            }
        }
    });
}

#[test]
fn m4_each_address_gets_one_mail_and_the_old_one_sees_the_new_one_masked() {
    run(async {
        for new in SPELLINGS.into_iter().filter(|new| new.key != "ada@smith.example") {
            let desk = Desk::with(&[("ada", "ADA@smith.example")]).await;
            desk.onboard("ada", SECRET).await;
            let before = desk.written().await.1;
            desk.emails("ada", &[new.typed]).await.unwrap();
            let mail = desk.mail_since(before).await;
            assert_eq!(
                mail,
                [format!("login_moved_new {}", new.stored), "login_moved_old ADA@smith.example".to_owned()]
            );
            for message in &desk.messages().await[before..] {
                assert!(message.link.is_none(), "no link");
                if let MessageBody::LoginMovedOld { new_address, changed_by, split } = &message.body {
                    assert_eq!((new_address.as_str(), *split), (new.masked, false));
                    assert!(!changed_by.is_empty(), "who changed it");
                }
            }
        }
    });
}

#[test]
fn m4_without_password_the_new_address_gets_the_activation_mail() {
    run(async {
        let desk = Desk::with(&[("ada", "ada@smith.example")]).await;
        desk.activate("ada").await.unwrap();
        let moved = desk.emails("ada", &["eve@jones.example"]).await.unwrap();
        assert_eq!(mails_of(&moved), ["activation eve@jones.example", "login_moved_old ada@smith.example"]);
    });
}

#[test]
fn m4_for_seven_days_the_old_address_is_told_of_a_password_set_at_the_new_one() {
    run(async {
        for (days, told) in [(0, true), (6, true), (8, false)] {
            let desk = Desk::with(&[("ada", "ada@smith.example")]).await;
            desk.onboard("ada", SECRET).await;
            desk.emails("ada", &["eve@jones.example"]).await.unwrap();
            desk.wait(days * DAY);
            desk.reset("eve@jones.example").await;
            let token = desk.newest_token().await;
            let before = desk.written().await.1;
            desk.redeem(&token, OTHER).await.unwrap();
            let mut expected = vec!["password_changed eve@jones.example"];
            if told {
                expected.insert(0, "password_changed ada@smith.example");
            }
            assert_eq!(desk.mail_since(before).await, expected);
        }
    });
}

#[test]
fn m5_a_refused_move_changes_nothing() {
    run(async {
        let desk = Desk::with(&[("ada", "ada@smith.example"), ("bob", "bob@other.example")]).await;
        desk.user("boss", "boss@smith.example").await.unwrap();
        let session = desk.onboard("ada", SECRET).await;
        desk.activate("bob").await.unwrap();
        let before = desk.written().await;
        for (list, refusal) in [
            (&["boss@smith.example"][..], "practice_user_email"),
            (&["BOB@other.example"], "login_email_taken"),
            (&[], "login_email_required"),
            (&[" "], "login_email_required"),
            (&["eve@jones.example", "no address"], "invalid_email"),
        ] {
            assert_eq!(code(&desk.emails("ada", list).await), refusal);
        }
        assert_eq!(desk.written().await, before);
        assert!(desk.valid(&session).await && desk.lets_in("ada@smith.example", SECRET).await);
    });
}

/// A preview, and then the deed, of everything that can be asked.
#[test]
fn m7_a_preview_answers_what_the_deed_does_and_does_nothing() {
    run(async {
        let mut changed = 0;
        for world in super::worlds(7).await {
            let portal = &world.portal;
            let preview = CallContext { preview: true, ..world.context.clone() };
            for who in portal_testkit::machine::CONTACTS.map(super::desk::reference) {
                for command in ["emails", "activate", "resend", "deactivate", "reactivate", "contact", "delete"] {
                    let ask = async |call: &CallContext| {
                        let emails = vec!["new@x.example".to_owned(), "ada@smith.example".to_owned()];
                        let emails = portal_domain::usecase::EmailsInput { emails, join: true, wrong_address: false };
                        let contact = portal_domain::usecase::PutContactInput {
                            name: Some("Another".to_owned()),
                            emails: Some(portal_domain::usecase::EmailsInput {
                                emails: vec!["ada@smith.example".to_owned()],
                                ..emails.clone()
                            }),
                            ..Default::default()
                        };
                        ruled(match command {
                            "emails" => portal.put_emails(call, &who, &emails).await,
                            "activate" => portal.activate(call, &who).await,
                            "resend" => portal.resend(call, &who).await,
                            "deactivate" => portal.deactivate(call, &who).await,
                            "reactivate" => portal.reactivate(call, &who).await,
                            "contact" => portal.put_contact(call, &who, &contact).await,
                            _ => portal.delete_contact(call, &who).await,
                        })
                    };
                    let said = ask(&preview).await;
                    assert_eq!(
                        ask(&preview).await.map(|it| it.effects),
                        said.clone().map(|it| it.effects),
                        "asked twice"
                    );
                    let done = ask(&world.context).await;
                    changed += usize::from(done.as_ref().is_ok_and(|outcome| outcome.changed));
                    let told = |answer: Result<portal_domain::usecase::ContactAnswer, _>| {
                        answer.map(|outcome| (outcome.changed, outcome.created, outcome.effects))
                    };
                    assert_eq!(told(said), told(done), "{command} of {who}");
                }
            }
        }
        assert!(changed > 50, "much was changed: {changed}");
    });
}

#[test]
fn m9_a_wrong_address_takes_password_links_and_sessions_with_it_and_is_never_told() {
    run(async {
        let desk = Desk::with(&[("ada", "ada@smith.example")]).await;
        desk.settings(|settings| settings.sessions_on_move = SessionsOnMove::Keep).await;
        let session = desk.onboard("ada", SECRET).await;
        desk.resend("ada").await.unwrap();
        let link = desk.newest_token().await;
        let before = desk.written().await.1;
        let moved = desk.wrong("ada", &["eve@jones.example"]).await.unwrap();
        assert_eq!(moved.effects.password.code(), "ended");
        assert!(!desk.valid(&session).await && desk.link(&link).await == "dead");
        desk.wait(HOUR);
        let token = desk.newest_token().await;
        desk.redeem(&token, OTHER).await.unwrap();
        desk.wait(MINUTE);
        assert_eq!(
            desk.mail_since(before).await,
            ["activation eve@jones.example"],
            "the old one nothing, then or later"
        );
    });
}
