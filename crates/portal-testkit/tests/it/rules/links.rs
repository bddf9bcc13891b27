use portal_domain::link::LinkPurpose;
use portal_testkit::{build, conformance::run};

use super::{
    desk::{DAY, Desk, HOUR, MINUTE, OTHER, SECRET, code, reference},
    worlds,
};

const HOME: &str = "ada@smith.example";

/// Wherever histories led: a token opens its own link in its own practice, and no other text opens anything.
#[test]
fn l1_a_token_opens_one_link_of_one_practice_and_is_stored_nowhere() {
    run(async {
        let worlds = worlds(31).await;
        for pair in worlds.chunks(2) {
            for (here, there) in [(&pair[0], &pair[1]), (&pair[1], &pair[0])] {
                for token in &here.links {
                    assert_eq!(token.len(), 64, "an id and 256 bits");
                    here.portal.view_link(&here.context, token).await.expect("it opens its link");
                    there.portal.view_link(&there.context, token).await.expect_err("it is of another practice");
                    let id = here.portal.tokens.link_id(token).unwrap();
                    let stored = here.portal.store.link(here.id(), id, here.portal.now()).await.unwrap().unwrap();
                    assert!(!format!("{stored:?}").contains(&token[22..]), "what is stored is no token");
                    for at in [22, 40, 63] {
                        let mut forged = token.clone().into_bytes();
                        forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
                        let forged = String::from_utf8(forged).unwrap();
                        here.portal.view_link(&here.context, &forged).await.expect_err("one character is another");
                    }
                }
            }
        }
    });
}

#[test]
fn l1_a_repeated_delivery_carries_the_same_link() {
    run(async {
        let desk = Desk::with(&[("ada", HOME)]).await;
        desk.activate("ada").await.unwrap();
        let message = desk.messages().await.pop().unwrap();
        assert_eq!(desk.token(&message).await, desk.token(&message).await);
    });
}

/// Wherever histories led: looking at all links, often, writes nothing and changes no state.
#[test]
fn l2_looking_changes_nothing() {
    run(async {
        for world in worlds(32).await {
            let events = world.events_after(0).await.unwrap();
            for token in &world.links {
                let first = world.portal.view_link(&world.context, token).await.unwrap();
                for _ in 0..5 {
                    assert_eq!(world.portal.view_link(&world.context, token).await.unwrap(), first);
                }
            }
            assert_eq!(world.events_after(0).await.unwrap(), events);
        }
    });
}

#[test]
fn l2_a_link_is_consumed_only_together_with_an_accepted_password() {
    run(async {
        let desk = Desk::with(&[("ada", HOME)]).await;
        desk.activate("ada").await.unwrap();
        let token = desk.newest_token().await;
        let before = desk.written().await;
        for refused in ["", "too short", "aaaaaaaaaaaaaaaa", "The ada 123456", &"x y ".repeat(65)] {
            assert_eq!(code(&desk.redeem(&token, refused).await), "password_refused", "{refused}");
        }
        assert_eq!((desk.link(&token).await.as_str(), desk.written().await), ("usable", before));
        desk.redeem(&token, SECRET).await.unwrap();
        assert_eq!(desk.link(&token).await, "used");
    });
}

#[test]
fn l3_a_link_works_once_until_exactly_its_limit() {
    run(async {
        for (reset, life) in [(false, 7 * DAY), (true, HOUR)] {
            for late in [false, true] {
                let desk = Desk::with(&[("ada", HOME)]).await;
                desk.activate("ada").await.unwrap();
                if reset {
                    desk.reset(HOME).await;
                }
                let token = desk.newest_token().await;
                desk.wait(life - std::time::Duration::from_micros(u64::from(!late)));
                let answer = desk.redeem(&token, SECRET).await;
                assert_eq!(code(&answer), if late { "link_expired" } else { "not refused" });
                let second = desk.redeem(&token, OTHER).await;
                assert_eq!(code(&second), if late { "link_expired" } else { "link_used" });
                assert!(!desk.lets_in(HOME, OTHER).await);
            }
        }
    });
}

#[test]
fn l3_it_dies_on_use_of_another_on_a_change_of_password_on_a_move_and_on_the_end_of_access() {
    run(async {
        for way in ["use", "change", "move", "deactivate", "delete"] {
            let desk = Desk::with(&[("ada", HOME)]).await;
            let session = desk.onboard("ada", SECRET).await;
            desk.resend("ada").await.unwrap();
            let token = desk.newest_token().await;
            desk.reset(HOME).await;
            let reset = desk.newest_token().await;
            match way {
                "use" => desk.redeem(&reset, OTHER).await.unwrap(),
                "change" => desk.change(&session, SECRET, OTHER).await.map(drop).unwrap(),
                "move" => desk.emails("ada", &["eve@jones.example"]).await.map(drop).unwrap(),
                "deactivate" => desk.deactivate("ada").await.map(drop).unwrap(),
                _ => desk.delete("ada").await.map(drop).unwrap(),
            }
            assert_eq!(
                (desk.link(&token).await.as_str(), code(&desk.redeem(&token, OTHER).await)),
                ("dead", "link_dead")
            );
            // Killed before it expired, it stays dead when it would have expired.
            desk.wait(8 * DAY);
            assert_eq!(desk.link(&token).await, "dead", "{way}");
        }
    });
}

#[test]
fn l3_a_link_that_expired_first_is_expired_whatever_kills_it_later() {
    run(async {
        let desk = Desk::with(&[("ada", HOME)]).await;
        desk.activate("ada").await.unwrap();
        let token = desk.newest_token().await;
        desk.wait(7 * DAY);
        desk.deactivate("ada").await.unwrap();
        assert_eq!(desk.link(&token).await, "expired");
    });
}

#[test]
fn l4_five_links_of_a_kind_work_and_the_sixth_ends_the_oldest() {
    run(async {
        let desk = Desk::with(&[("ada", HOME), ("bob", HOME)]).await;
        desk.activate("ada").await.unwrap();
        desk.wait(MINUTE);
        desk.activate("bob").await.unwrap();
        let bobs = desk.newest_token().await;
        desk.reset(HOME).await;
        let reset = desk.newest_token().await;
        let mut adas = vec![desk.token(&desk.messages().await[0]).await];
        for sent in 2..=8_usize {
            desk.wait(MINUTE);
            let effects = desk.resend("ada").await.unwrap().effects;
            assert_eq!(effects.links_ended, usize::from(sent > 5), "after {sent}");
            adas.push(desk.newest_token().await);
            let mut states = Vec::new();
            for token in &adas {
                states.push(desk.link(token).await);
            }
            let dead = sent.saturating_sub(5);
            assert!(
                states[..dead].iter().all(|state| state == "dead")
                    && states[dead..].iter().all(|state| state == "usable")
            );
        }
        assert_eq!((desk.link(&bobs).await, desk.link(&reset).await), ("usable".into(), "usable".into()));
    });
}

#[test]
fn l4_a_new_link_goes_to_the_address_of_today_whatever_became_of_the_old_one() {
    run(async {
        for way in ["expired", "used", "dead", "usable"] {
            let desk = Desk::with(&[("ada", HOME)]).await;
            desk.activate("ada").await.unwrap();
            let token = desk.newest_token().await;
            match way {
                "expired" => desk.wait(8 * DAY),
                "used" => desk.redeem(&token, SECRET).await.unwrap(),
                "dead" => desk.emails("ada", &["eve@jones.example"]).await.map(drop).unwrap(),
                _ => {}
            }
            assert_eq!(desk.link(&token).await, way);
            let before = desk.written().await.1;
            assert!(desk.renew(&token).await);
            let today = if way == "dead" { "eve@jones.example" } else { HOME };
            assert_eq!(desk.mail_since(before).await, [format!("activation {today}")], "of the same purpose");
            // No login is live behind it: the same answer, and nothing is sent.
            desk.deactivate("ada").await.unwrap();
            let before = desk.written().await;
            assert!(desk.renew(&token).await);
            assert_eq!(desk.written().await, before);
        }
    });
}

/// The request looks at the token alone: even of a link that is gone it says no more than of any other (P2).
#[test]
fn l4_a_renewal_is_asked_for_by_the_token_whatever_became_of_the_link() {
    run(async {
        let desk = Desk::with(&[("ada", HOME)]).await;
        let (tokens, practice) = (&desk.fixture.portal.tokens, desk.call.practice);
        let before = desk.messages().await.len();
        for (purpose, known) in
            [(LinkPurpose::Activation, true), (LinkPurpose::Reset, true), (LinkPurpose::Workspace, false)]
        {
            let token = tokens.issue(tokens.newest(), practice, build::id("gone"), purpose).unwrap();
            assert_eq!(desk.renew(&token).await, known, "{purpose:?}");
            let elsewhere = tokens.issue(tokens.newest(), build::id("elsewhere"), build::id("gone"), purpose).unwrap();
            assert!(!desk.renew(&elsewhere).await, "{purpose:?}");
        }
        assert_eq!(desk.messages().await.len(), before);
    });
}

#[test]
fn l5_setting_the_password_ends_every_session_of_that_login_and_touches_no_other() {
    run(async {
        let desk = Desk::with(&[("ada", HOME), ("eve", "eve@jones.example")]).await;
        let one = desk.onboard("ada", SECRET).await;
        let two = desk.sign_in(HOME, SECRET).await.unwrap();
        let eves = desk.onboard("eve", OTHER).await;
        desk.reset(HOME).await;
        let token = desk.newest_token().await;
        desk.link(&token).await;
        assert!(desk.valid(&one).await && desk.valid(&two).await, "opening a link changes no session");
        desk.redeem(&token, OTHER).await.unwrap();
        assert_eq!((desk.valid(&one).await, desk.valid(&two).await, desk.valid(&eves).await), (false, false, true));
    });
}

#[test]
fn l6_a_link_never_signs_in_and_sets_nothing_but_a_password() {
    run(async {
        let desk = Desk::with(&[("ada", HOME)]).await;
        desk.activate("ada").await.unwrap();
        let token = desk.newest_token().await;
        let facts = async || {
            let (_, facts) = desk.fixture.portal.contact(&desk.call, &reference("ada")).await.unwrap();
            let contact = facts.contact.unwrap();
            (contact.access, contact.emails, contact.clients, facts.login.unwrap().sessions.len())
        };
        let before = facts().await;
        desk.redeem(&token, SECRET).await.unwrap();
        assert_eq!(facts().await, before, "no session began, and the contact is as it was");
    });
}

#[test]
fn l7_a_reset_works_for_every_live_login_and_for_nobody_else() {
    run(async {
        let desk = Desk::with(&[("ada", HOME), ("never", "never@x.example"), ("gone", "gone@x.example")]).await;
        desk.user("boss", "boss@x.example").await.unwrap();
        desk.activate("ada").await.unwrap();
        desk.onboard("gone", SECRET).await;
        desk.deactivate("gone").await.unwrap();
        let before = desk.written().await;
        for typed in ["never@x.example", "gone@x.example", "boss@x.example", "who@x.example", "no address", "", "@"] {
            desk.reset(typed).await;
        }
        assert_eq!(desk.written().await, before, "they send nothing");
        // With or without a password, and it counts as accepting the invitation.
        for password in [SECRET, OTHER] {
            desk.reset("  ADA@Smith.example\u{a0}").await;
            let token = desk.newest_token().await;
            desk.redeem(&token, password).await.unwrap();
            assert!(desk.lets_in(HOME, password).await);
        }
        assert_eq!(desk.status("ada").await, "active");
    });
}
