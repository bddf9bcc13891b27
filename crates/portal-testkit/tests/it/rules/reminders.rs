//! Invitations that nobody has accepted yet (D8).

use std::time::Duration;

use portal_domain::{
    decide::{remind_at, unwanted},
    message::MessageKind,
    port::{LeaseTerms, Outbox},
    usecase::InvitationsDealtWith,
};
use portal_testkit::{build, conformance::run};

use super::desk::{DAY, Desk, HOUR, MINUTE, SECRET, reference, ruled};

const HOME: &str = "ada@smith.example";
const HASH: &str = "$2b$10$abcdefghijklmnopqrstuuhn9xkWbdrvYdBAwp5FMQF8QThuS0dOK";
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

impl Desk {
    /// A worker looks at invitations: how many reminders it wrote, and how many it told the end of.
    async fn look(&self) -> (usize, usize) {
        let done = self.fixture.portal.remind_invited(&|| false).await.expect("the store answers");
        assert_eq!(done.failed, []);
        (done.reminded, done.expired)
    }

    async fn expired(&self) -> usize {
        self.events().await.iter().filter(|event| event.kind == "invitation.expired").count()
    }

    async fn reminders(&self) -> usize {
        self.messages().await.iter().filter(|message| message.kind() == MessageKind::Reminder).count()
    }

    /// Why the outbox would not send what waits, newest last.
    async fn unwanted(&self) -> Vec<Option<&'static str>> {
        let now = self.fixture.portal.now();
        let terms = LeaseTerms::new(now, now.after(MINUTE), 50);
        let leased = Outbox::lease(&*self.fixture.store, &terms).await.expect("the store answers");
        let reminders = leased.iter().filter_map(|leased| leased.letter.as_ref().ok());
        let reminders = reminders.filter(|letter| letter.message.kind() == MessageKind::Reminder);
        reminders.map(|letter| unwanted(letter, now)).collect()
    }
}

async fn invited() -> Desk {
    let desk = Desk::with(&[("ada", HOME)]).await;
    desk.activate("ada").await.expect("activated");
    desk
}

#[test]
fn d8_one_message_repeats_the_link_and_an_event_tells_of_its_end() {
    run(async {
        let desk = invited().await;
        let link = desk.newest_token().await;
        desk.wait(WEEK - 2 * DAY - MINUTE);
        assert_eq!(desk.look().await, (0, 0));
        desk.wait(MINUTE);
        assert_eq!((desk.look().await, desk.look().await), ((1, 0), (0, 0)));
        let reminder = desk.messages().await.pop().expect("a message");
        assert_eq!((reminder.kind(), reminder.to.as_str(), reminder.awaited()), (MessageKind::Reminder, HOME, false));
        assert_eq!((desk.token(&reminder).await, desk.link(&link).await.as_str()), (link, "usable"));
        assert_eq!(desk.events().await.pop().expect("an event").kind, "invitation.reminded");
        assert_eq!(desk.unwanted().await, [None]);
        desk.wait(2 * DAY - MINUTE);
        assert_eq!((desk.look().await, desk.status("ada").await), ((0, 0), "invited"));
        desk.wait(MINUTE);
        assert_eq!((desk.look().await, desk.look().await), ((0, 1), (0, 0)));
        assert_eq!((desk.status("ada").await, desk.expired().await), ("invitation_expired", 1));
        let told = desk.events().await.pop().expect("an event");
        assert_eq!((told.kind.as_str(), told.subject.contact), ("invitation.expired", reminder.about.contact()));
        assert_eq!(told.caller, "worker");
        desk.set_back(3 * DAY);
        assert_eq!(desk.look().await, (0, 0), "a clock that goes back says nothing twice");
        desk.wait(9 * DAY);
        assert_eq!((desk.look().await, desk.unwanted().await), ((0, 0), vec![Some("its link no longer works")]));
        desk.resend("ada").await.unwrap();
        desk.wait(WEEK);
        assert_eq!(desk.look().await, (0, 1), "another invitation has an end of its own");
    });
}

#[test]
fn d8_each_number_of_days_reminds_once_and_who_is_late_reminds_once_for_all() {
    run(async {
        let desk = invited().await;
        desk.settings(|settings| settings.reminder_days = vec![3, 1]).await;
        for (wait, reminded) in [(4 * DAY, 1), (DAY, 0), (DAY, 1), (23 * HOUR, 0)] {
            desk.wait(wait);
            assert_eq!(desk.look().await, (reminded, 0));
        }
        desk.settings(|settings| settings.reminder_days = vec![5, 3, 1]).await;
        assert_eq!(desk.look().await, (0, 0));
        desk.resend("ada").await.unwrap();
        desk.wait(WEEK - HOUR);
        assert_eq!((desk.look().await, desk.look().await), ((1, 0), (0, 0)));
        desk.resend("ada").await.unwrap();
        desk.settings(|settings| settings.reminder_days = Vec::new()).await;
        desk.wait(WEEK - HOUR);
        assert_eq!(desk.look().await, (0, 0));
        desk.wait(HOUR);
        assert_eq!(desk.look().await, (0, 1));
    });
}

#[test]
fn d8_a_short_link_is_not_repeated_before_half_of_its_life() {
    run(async {
        let desk = Desk::with(&[("ada", HOME)]).await;
        desk.settings(|settings| settings.activation_link_hours = 24).await;
        desk.activate("ada").await.unwrap();
        for (wait, reminded) in [(Duration::ZERO, 0), (12 * HOUR - MINUTE, 0), (MINUTE, 1), (HOUR, 0)] {
            desk.wait(wait);
            assert_eq!(desk.look().await, (reminded, 0));
        }
        let ada = build::contact("ada", &[HOME]);
        let link = build::link("l", &build::login("l", HOME), &ada);
        assert_eq!(remind_at(&link, 2), link.expires_at.before(2 * DAY));
        assert_eq!(remind_at(&link, 30), link.created_at.after(WEEK / 2));
    });
}

#[test]
fn d8_only_the_newest_invitation_counts() {
    run(async {
        let desk = invited().await;
        desk.wait(DAY);
        desk.resend("ada").await.unwrap();
        desk.wait(4 * DAY);
        assert_eq!(desk.look().await, (0, 0), "the first one is not the newest");
        desk.wait(DAY);
        assert_eq!(desk.look().await, (1, 0));
        desk.wait(DAY);
        assert_eq!(desk.look().await, (0, 0), "the end of the first is nobody's news");
        desk.wait(DAY);
        assert_eq!(desk.look().await, (0, 1));
        desk.put("bob", &["bob@smith.example"]).await;
        desk.activate("bob").await.unwrap();
        desk.reset("bob@smith.example").await;
        desk.wait(WEEK);
        assert_eq!(desk.look().await, (0, 1), "a reset is no newer invitation");
    });
}

#[test]
fn d8_whoever_accepted_moved_or_lost_access_is_not_reminded() {
    run(async {
        for what in 0..5 {
            let desk = invited().await;
            let link = desk.newest_token().await;
            desk.wait(5 * DAY);
            match what {
                0 => desk.redeem(&link, SECRET).await.unwrap(),
                1 => drop(desk.deactivate("ada").await.unwrap()),
                2 => drop(desk.emails("ada", &["ada@new.example"]).await.unwrap()),
                3 => import(&desk).await,
                _ => drop(desk.delete("ada").await.unwrap()),
            }
            assert_eq!((desk.look().await, desk.reminders().await), ((0, 0), 0), "{what}");
            desk.wait(2 * DAY);
            assert_eq!((desk.look().await, desk.expired().await), ((0, 0), 0), "{what}");
        }
    });
}

async fn import(desk: &Desk) {
    ruled(desk.fixture.portal.import_credential(&desk.call, &reference("ada"), HASH).await).expect("imported");
}

#[test]
fn d8_a_reminder_that_waits_is_not_sent_when_something_came_in_between() {
    run(async {
        for what in 0..5 {
            let desk = invited().await;
            let link = desk.newest_token().await;
            desk.wait(5 * DAY);
            assert_eq!(desk.look().await, (1, 0));
            match what {
                0 => desk.redeem(&link, SECRET).await.unwrap(),
                1 => drop(desk.deactivate("ada").await.unwrap()),
                2 => drop(desk.emails("ada", &["ada@new.example"]).await.unwrap()),
                3 => import(&desk).await,
                _ => drop(desk.resend("ada").await.unwrap()),
            }
            assert!(matches!(desk.unwanted().await[..], [Some(_)]), "{what}");
        }
    });
}

#[test]
fn d8_of_several_behind_a_login_who_left_is_not_reminded() {
    run(async {
        let desk = Desk::with(&[("ada", HOME), ("bob", HOME)]).await;
        desk.activate("ada").await.unwrap();
        desk.wait(MINUTE);
        desk.activate("bob").await.unwrap();
        desk.deactivate("bob").await.unwrap();
        desk.wait(5 * DAY);
        assert_eq!(desk.look().await, (0, 0));
    });
}

#[test]
fn d8_a_suspended_practice_is_left_alone_and_others_are_not() {
    run(async {
        let desk = invited().await;
        let other = desk.beside("oak").await;
        other.put("ada", &[HOME]).await;
        other.activate("ada").await.unwrap();
        let suspend = async |suspended| ruled(desk.fixture.portal.suspend_practice(&desk.call, suspended).await);
        suspend(true).await.unwrap();
        desk.wait(5 * DAY);
        assert_eq!((desk.look().await, desk.reminders().await, other.reminders().await), ((1, 0), 0, 1));
        suspend(false).await.unwrap();
        assert_eq!((desk.look().await, desk.reminders().await), ((1, 0), 1));
        let stopped = desk.fixture.portal.remind_invited(&|| true).await;
        assert_eq!(stopped, Ok(InvitationsDealtWith::default()));
    });
}

#[test]
fn d8_more_than_one_turn_of_invitations_is_dealt_with() {
    run(async {
        let desk = Desk::new().await;
        for number in 0..103 {
            let who = format!("c{number}");
            desk.put(&who, &[&format!("{who}@smith.example")]).await;
            desk.activate(&who).await.unwrap();
        }
        desk.wait(5 * DAY);
        assert_eq!(desk.look().await, (103, 0));
        desk.wait(2 * DAY);
        assert_eq!((desk.look().await, desk.look().await), ((0, 103), (0, 0)));
    });
}
