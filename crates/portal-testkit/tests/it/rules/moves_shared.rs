use portal_domain::message::MessageBody;
use portal_testkit::conformance::run;

use super::desk::{Desk, MINUTE, OTHER, SECRET, code, mails_of, names};

const HOME: &str = "ada@smith.example";
const AWAY: &str = "eve@jones.example";

/// Ada and Bob behind one login with a password, and an open session of it.
async fn shared() -> (Desk, portal_domain::session::SessionToken) {
    let desk = Desk::with(&[("ada", HOME), ("bob", "Ada@smith.example")]).await;
    let session = desk.onboard("ada", SECRET).await;
    desk.wait(MINUTE);
    desk.activate("bob").await.unwrap();
    (desk, session)
}

#[test]
fn m6_moving_one_of_several_splits_it_off_without_the_password() {
    run(async {
        for who in ["ada", "bob"] {
            let (desk, session) = shared().await;
            desk.resend("ada").await.unwrap();
            let link = desk.newest_token().await;
            let before = desk.written().await.1;
            let moved = desk.emails(who, &[AWAY]).await.unwrap();
            assert_eq!((moved.effects.password.code(), moved.effects.shared_with.len()), ("ended", 0));
            let spelled = if who == "ada" { HOME } else { "Ada@smith.example" };
            assert_eq!(mails_of(&moved), [format!("activation {AWAY}"), format!("login_moved_old {spelled}")]);
            let split = desk.messages().await[before..].iter().any(|message| {
                matches!(&message.body, MessageBody::LoginMovedOld { split: true, new_address, .. } if new_address == "e…e@j…s.example")
            });
            assert!(split, "the old address is told that it still signs in");
            // Password, sessions and links belong to those who stay.
            assert!(desk.valid(&session).await && desk.link(&link).await == "usable");
            assert!(desk.lets_in(HOME, SECRET).await && !desk.lets_in(AWAY, SECRET).await);
            let stays = if who == "ada" { "bob/acme" } else { "ada/acme" };
            assert_eq!(desk.profiles(&session).await, [stays]);
        }
    });
}

#[test]
fn m6_moving_onto_a_live_login_joins_it_and_ones_own_ends() {
    run(async {
        let desk = Desk::with(&[("ada", HOME), ("bob", AWAY)]).await;
        let adas = desk.onboard("ada", SECRET).await;
        let bobs = desk.onboard("bob", OTHER).await;
        desk.resend("bob").await.unwrap();
        let bobs_link = desk.newest_token().await;
        desk.resend("ada").await.unwrap();
        let adas_link = desk.newest_token().await;
        let joined = desk.join("bob", &[HOME]).await.unwrap();
        assert_eq!((joined.effects.password.code(), names(&joined.effects.shared_with)), ("shared", "ada".to_owned()));
        assert_eq!(mails_of(&joined), [format!("access_added {HOME}"), format!("login_moved_old {AWAY}")]);
        assert!(!desk.valid(&bobs).await && desk.link(&bobs_link).await == "dead");
        assert!(desk.valid(&adas).await && desk.link(&adas_link).await == "usable");
        assert!(
            desk.lets_in(HOME, SECRET).await && !desk.lets_in(AWAY, OTHER).await && !desk.lets_in(HOME, OTHER).await
        );
    });
}

#[test]
fn m6_joining_a_login_without_password_ends_the_movers_own() {
    run(async {
        let desk = Desk::with(&[("ada", HOME), ("bob", AWAY)]).await;
        desk.activate("ada").await.unwrap();
        desk.onboard("bob", OTHER).await;
        let joined = desk.join("bob", &[HOME]).await.unwrap();
        assert_eq!(joined.effects.password.code(), "ended");
        assert_eq!(mails_of(&joined), [format!("activation {HOME}"), format!("login_moved_old {AWAY}")]);
        assert!(!desk.lets_in(HOME, OTHER).await);
    });
}

#[test]
fn m9_a_wrong_address_of_one_of_several_leaves_what_is_the_others() {
    run(async {
        let (desk, session) = shared().await;
        let moved = desk.wrong("bob", &[AWAY]).await.unwrap();
        assert_eq!(mails_of(&moved), [format!("activation {AWAY}")]);
        assert!(desk.valid(&session).await && desk.lets_in(HOME, SECRET).await);
        // Where it joins a login with password, the new address gets the announcement.
        let back = desk.wrong("bob", &[HOME]).await.unwrap();
        assert_eq!(mails_of(&back), [format!("access_added {HOME}")]);
    });
}

/// E4: mail about a contact goes to its spelling, mail about a login to that of the contact longest behind it.
#[test]
fn e4_a_message_goes_to_the_spelling_of_whom_it_is_about() {
    run(async {
        let (desk, session) = shared().await;
        let before = desk.written().await.1;
        desk.resend("bob").await.unwrap();
        desk.reset("ADA@SMITH.example").await;
        desk.change(&session, SECRET, OTHER).await.unwrap();
        let mail = desk.mail_since(before).await;
        assert_eq!(
            mail,
            ["activation Ada@smith.example", "password_changed ada@smith.example", "reset ada@smith.example"]
        );
        // When the eldest leaves, the next one's spelling counts.
        desk.deactivate("ada").await.unwrap();
        let before = desk.written().await.1;
        desk.reset(HOME).await;
        assert_eq!(desk.mail_since(before).await, ["reset Ada@smith.example"]);
        assert_eq!(code(&desk.resend("ada").await), "portal_deactivated");
    });
}

/// F2, F4: there is no fall-through to a second address.
#[test]
fn f2_there_is_no_fall_through_to_the_second_address() {
    run(async {
        let desk = Desk::new().await;
        desk.user("boss", HOME).await.unwrap();
        desk.put("ada", &[HOME, AWAY]).await;
        assert_eq!(code(&desk.activate("ada").await), "practice_user_email");
        assert_eq!(desk.status("ada").await, "conflict");
        desk.emails("ada", &[AWAY, HOME]).await.unwrap();
        desk.onboard("ada", SECRET).await;
        let before = desk.written().await.1;
        desk.reset(HOME).await;
        assert_eq!(desk.written().await.1, before, "F4: a secondary address never receives a link");
    });
}
