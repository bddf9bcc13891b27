//! A hint for who tries another address of theirs (M8).

use std::time::Duration;

use portal_domain::{
    message::{About, MessageKind},
    port::EnquiryKind,
};
use portal_testkit::conformance::run;

use super::desk::{DAY, Desk, HOUR, MINUTE, SECRET, reference, ruled};

const HOME: &str = "Ada@Smith.example";
const SECOND: &str = "ada@second.example";
const OLD: &str = "ada@old.example";

/// Ada signs in at home, has a second address, and had an old one.
async fn moved() -> Desk {
    let desk = Desk::with(&[("ada", OLD)]).await;
    desk.onboard("ada", SECRET).await;
    desk.emails("ada", &[HOME, SECOND]).await.expect("a move");
    desk
}

/// The addresses to which hints went.
async fn hints(desk: &Desk) -> Vec<String> {
    let messages = desk.messages().await.into_iter();
    let hints = messages.filter(|message| message.kind() == MessageKind::Hint);
    hints.map(|message| message.to.as_str().to_owned()).collect()
}

#[test]
fn m8_who_tries_a_former_or_secondary_address_is_told_of_the_current_one() {
    run(async {
        for tried in [OLD, SECOND, "ADA@second.example", " ada@old.example\u{a0}"] {
            for by_reset in [true, false] {
                let desk = moved().await;
                let before = desk.messages().await.len();
                if by_reset {
                    desk.reset(tried).await
                } else {
                    desk.try_in_vain(tried).await
                }
                assert_eq!(desk.mail_since(before).await, [format!("hint {HOME}")], "{tried}");
                let hint = desk.messages().await.pop().expect("the hint");
                assert!(hint.link.is_none() && hint.awaited() && hint.kind().invites_to_sign_in());
                assert_eq!(hint.asked_at.as_ref().map(|key| key.as_str()), Some("ada@smith.example"));
                let text = format!("{hint:?}");
                assert!(!text.contains("second.example") && !text.contains("old.example"), "{text}");
                let told = desk.events().await.pop().expect("an event");
                assert_eq!(told.kind, "login.hinted");
                assert_eq!(told.subject.contact, hint.about.contact());
                assert!(desk.lets_in(HOME, SECRET).await, "nothing else has changed");
            }
        }
    });
}

#[test]
fn m8_g3_one_hint_a_day_and_as_much_as_a_mailbox_may_be_sent() {
    run(async {
        let desk = moved().await;
        desk.try_in_vain(OLD).await;
        for pause in [Duration::ZERO, HOUR, DAY - HOUR - MINUTE] {
            desk.wait(pause);
            desk.reset(SECOND).await;
            desk.try_in_vain(OLD).await;
            assert_eq!(hints(&desk).await.len(), 1);
        }
        desk.wait(MINUTE);
        desk.try_in_vain(SECOND).await;
        assert_eq!(hints(&desk).await.len(), 2);
        // The same day at another address is the same day.
        desk.wait(HOUR);
        desk.emails("ada", &["ada@new.example", SECOND]).await.expect("a move");
        desk.reset(SECOND).await;
        assert_eq!(hints(&desk).await.len(), 2);
        desk.wait(DAY);
        for _ in 0..3 {
            desk.reset("ada@new.example").await;
        }
        desk.reset(SECOND).await;
        assert_eq!(hints(&desk).await.len(), 2, "the mailbox is full");
        desk.wait(HOUR);
        desk.reset(SECOND).await;
        assert_eq!(hints(&desk).await.len(), 3);
        // And a hint counts.
        for _ in 0..3 {
            desk.reset("ada@new.example").await;
        }
        let lately = desk.messages().await.into_iter().rev().take(3).map(|message| message.kind()).collect::<Vec<_>>();
        assert_eq!(lately, [MessageKind::Reset, MessageKind::Reset, MessageKind::Hint]);
    });
}

#[test]
fn m8_a_clock_that_goes_back_sends_no_second_hint() {
    run(async {
        let desk = moved().await;
        desk.wait(DAY);
        desk.try_in_vain(OLD).await;
        desk.set_back(MINUTE);
        desk.try_in_vain(OLD).await;
        assert_eq!(hints(&desk).await.len(), 1);
    });
}

#[test]
fn m8_l7_none_where_the_address_is_somebody_elses_or_leads_nowhere() {
    run(async {
        let desk = moved().await;
        desk.put("bob", &["bob@smith.example", SECOND]).await;
        desk.try_in_vain(SECOND).await;
        assert_eq!(hints(&desk).await, [HOME], "who has no access doesn't count");
        desk.wait(DAY);
        desk.onboard("bob", SECRET).await;
        desk.reset(SECOND).await;
        desk.try_in_vain(SECOND).await;
        assert_eq!(hints(&desk).await, [HOME], "it is of two with access");
        let before = desk.messages().await.len();
        for typed in ["nobody@smith.example", "ada@", "", HOME, "bob@smith.example"] {
            desk.try_in_vain(typed).await;
        }
        assert!(desk.mail_since(before).await.is_empty());
        desk.put("cy", &[OLD]).await;
        desk.onboard("cy", SECRET).await;
        let before = desk.messages().await.len();
        desk.try_in_vain(OLD).await;
        assert!(desk.mail_since(before).await.is_empty(), "a live login has it");
        desk.delete("cy").await.unwrap();
        desk.user("uma", OLD).await.unwrap();
        desk.try_in_vain(OLD).await;
        desk.reset(OLD).await;
        assert!(desk.mail_since(before).await.is_empty(), "a practice user has it");
        desk.fixture.portal.delete_user(&desk.call, &reference("uma")).await.unwrap();
        desk.try_in_vain(OLD).await;
        assert_eq!(desk.mail_since(before).await, [format!("hint {HOME}")]);
    });
}

#[test]
fn m8_none_where_it_is_not_wanted_or_of_no_use() {
    run(async {
        let desk = moved().await;
        desk.settings(|settings| settings.hint_mail = false).await;
        desk.try_in_vain(OLD).await;
        desk.settings(|settings| settings.hint_mail = true).await;
        let portal = &desk.fixture.portal;
        ruled(portal.suspend_client(&desk.call, &reference("acme"), true).await).unwrap();
        desk.try_in_vain(OLD).await;
        ruled(portal.suspend_client(&desk.call, &reference("acme"), false).await).unwrap();
        desk.deactivate("ada").await.unwrap();
        desk.try_in_vain(OLD).await;
        desk.reactivate("ada").await.unwrap();
        ruled(portal.ask_for_reset(&desk.call, OLD).await).unwrap();
        ruled(portal.suspend_practice(&desk.call, true).await).unwrap();
        desk.work().await;
        ruled(portal.suspend_practice(&desk.call, false).await).unwrap();
        assert!(hints(&desk).await.is_empty());
        desk.try_in_vain(OLD).await;
        assert_eq!(hints(&desk).await, [HOME]);
    });
}

#[test]
fn m8_m9_an_address_that_was_wrong_gets_and_causes_nothing() {
    run(async {
        let stranger = "stranger@jones.example";
        let desk = Desk::with(&[("ada", stranger)]).await;
        desk.onboard("ada", SECRET).await;
        desk.wrong("ada", &[HOME]).await.unwrap();
        let before = desk.messages().await.len();
        desk.try_in_vain(stranger).await;
        desk.reset(stranger).await;
        desk.emails("ada", &[HOME, stranger]).await.unwrap();
        desk.try_in_vain(stranger).await;
        assert!(desk.mail_since(before).await.is_empty());
        // Said otherwise by a move away from it that was not for a wrong address.
        desk.emails("ada", &[stranger]).await.unwrap();
        desk.emails("ada", &[HOME]).await.unwrap();
        let before = desk.messages().await.len();
        desk.try_in_vain(stranger).await;
        assert_eq!(desk.mail_since(before).await, [format!("hint {HOME}")]);
    });
}

#[test]
fn m8_e4_a_hint_about_one_of_several_goes_to_the_eldests_spelling() {
    run(async {
        let desk = Desk::with(&[("bob", "Both@smith.example"), ("ada", "both@SMITH.example")]).await;
        desk.onboard("bob", SECRET).await;
        desk.wait(MINUTE);
        desk.activate("ada").await.unwrap();
        desk.emails("ada", &["both@SMITH.example", SECOND]).await.unwrap();
        desk.try_in_vain(SECOND).await;
        let hint = desk.messages().await.pop().expect("a message");
        let (practice, facts) = desk.fixture.portal.contact(&desk.call, &reference("ada")).await.unwrap();
        assert_eq!(practice.id, desk.call.practice);
        assert_eq!((hint.kind(), hint.to.as_str()), (MessageKind::Hint, "Both@smith.example"));
        assert!(matches!(hint.about, About::Contact { contact, .. } if Some(contact) == facts.contact.map(|it| it.id)));
    });
}

#[test]
fn m8_p2_every_failed_sign_in_leaves_one_enquiry_whatever_its_reason() {
    run(async {
        let desk = moved().await;
        desk.put("no", &["no@smith.example"]).await;
        desk.user("uma", "uma@smith.example").await.unwrap();
        let portal = &desk.fixture.portal;
        let kinds = async || {
            let now = portal.now();
            let mut kinds = Vec::new();
            for enquiry in portal.enquiries.lease(now, now, 100).await.unwrap() {
                portal.enquiries.settle(enquiry.practice, enquiry.id).await.unwrap();
                let EnquiryKind::SignIn { address } = &enquiry.kind else { panic!("{enquiry:?}") };
                assert!(!address.contains('@'), "it stands sealed (S10)");
                kinds.push(portal.typed(enquiry.practice, address));
            }
            kinds
        };
        for typed in [OLD, HOME, "no@smith.example", "uma@smith.example", "nobody@smith.example"] {
            desk.sign_in(typed, "wrong horse battery staple").await.expect_err("nobody has it");
            assert_eq!(kinds().await, [Some(typed.to_owned())]);
        }
        // What is no address may be a password, and is not kept (S10).
        desk.sign_in("correct horse battery staple", "ada").await.expect_err("no address");
        assert_eq!(kinds().await, [Some(String::new())]);
        for _ in 0..12 {
            desk.sign_in(OLD, "wrong horse battery staple").await.expect_err("nobody has it");
        }
        // Ten are free and the eleventh starts a pause (G1), the one above counted: what comes in it is no try.
        let kept = |typed: &Option<String>| typed.as_deref() == Some(OLD);
        let all = kinds().await;
        assert_eq!((all.len(), all.iter().filter(|kind| kept(kind)).count()), (12, 10));
        desk.lets_in(HOME, SECRET).await;
        assert!(kinds().await.is_empty(), "who gets in asks for nothing");
    });
}
