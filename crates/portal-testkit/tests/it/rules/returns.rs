//! Mail that comes back (D3), addresses that nothing is mailed to since (D4), and what is told of it (D5).

use std::collections::BTreeSet;

use portal_domain::{
    Refusal,
    id::{MessageId, Slug},
    link::{KeyId, LinkTokens},
    message::{DeliveryState, SendOutcome},
    port::{Evidence, Page, PortalViews},
    returned::{DeliveryReport, Reason, Returned, Taken, Why},
};
use portal_testkit::build;

use super::{
    desk::{DAY, Desk, HOUR, OTHER, SECRET, facts, reference},
    diagnosis::{accepted, codes},
};

const ADA: &str = "ada@smith.example";
const GONE: Returned = Returned::Bounced(Why { reason: Reason::UserUnknown, lasting: true });

impl Desk {
    /// A contact whose invitation was taken by the other server.
    async fn invited() -> Self {
        let desk = Self::with(&[("ada", ADA)]).await;
        desk.activate("ada").await.unwrap();
        desk.send(&accepted()).await;
        desk
    }

    async fn take(&self, report: &DeliveryReport) -> Taken {
        self.fixture.portal.take_report(report).await.expect("the store answers")
    }

    /// A report about the newest mail.
    async fn newest_report(&self, what: Returned) -> DeliveryReport {
        self.report(&self.messages().await.pop().expect("there is a mail"), what)
    }

    /// The states of all attempts for the newest mail, and its own.
    async fn way(&self) -> (Vec<&'static str>, &'static str) {
        let contact = self.fixture.portal.contact(&self.call, &reference("ada")).await.unwrap().1.contact.unwrap().id;
        let store = &self.fixture.store;
        let newest = Evidence::newest_messages(&**store, self.call.practice, contact, 1).await.unwrap().remove(0);
        (newest.attempts.iter().map(|attempt| attempt.state.code()).collect(), newest.state.code())
    }

    /// All kinds of events so far.
    async fn kinds(&self) -> Vec<String> {
        self.fixture.portal.seal_waiting(self.call.practice).await.unwrap();
        let page = Page { after: None, limit: 200 };
        let events = PortalViews::events(&*self.fixture.store, self.call.practice, None, &page).await.unwrap();
        events.into_iter().map(|event| event.kind).collect()
    }
}

#[tokio::test]
async fn d3_what_came_back_is_noted_with_its_message_once() {
    let desk = Desk::invited().await;
    assert_eq!(desk.status("ada").await, "invited");
    let report = desk.newest_report(GONE).await;
    assert_eq!(desk.take(&report).await, Taken::Noted);
    assert_eq!(desk.way().await, (vec!["accepted", "bounced"], "bounced"));
    assert_eq!(desk.status("ada").await, "invitation_undelivered");
    assert_eq!(desk.take(&report).await, Taken::Known);
    assert_eq!(desk.way().await.0.len(), 2);
    let complaint = desk.newest_report(Returned::Complained).await;
    assert_eq!(desk.take(&complaint).await, Taken::Noted);
    assert_eq!(desk.way().await, (vec!["accepted", "bounced", "complained"], "bounced"));
    let kinds = desk.kinds().await;
    let told: Vec<_> = kinds.iter().filter(|kind| kind.starts_with("message.")).collect();
    assert_eq!(told, ["message.accepted", "message.bounced", "message.complained"]);
}

#[tokio::test]
async fn d3_forged_and_foreign_reports_change_nothing() {
    let desk = Desk::invited().await;
    let (true_one, before) = (desk.newest_report(GONE).await, desk.kinds().await);
    let message = desk.messages().await.pop().unwrap();
    let slug = Slug::parse("elm").unwrap();
    let strangers = LinkTokens::new(vec![(KeyId::parse("k1").unwrap(), [9; 32])]).unwrap().return_paths();
    let ours = &desk.fixture.portal.tokens.return_paths();
    let path = |made: String| DeliveryReport { paths: vec![made], ..true_one.clone() };
    let by_id = |id: String, recipient: Option<&str>| DeliveryReport {
        paths: Vec::new(),
        message_id: Some(id),
        recipient: recipient.map(str::to_owned),
        ..true_one.clone()
    };
    let id = format!("<{}@portal.example>", message.id);
    let forged = [
        path(strangers.make(&slug, message.id, "portal.example")),
        path(ours.make(&Slug::parse("jones").unwrap(), message.id, "portal.example")),
        path(ours.make(&slug, MessageId::from_bytes([7; 16]), "portal.example")),
        path(true_one.paths[0].replace("b+elm.", "b+elm.a")),
        path("ada@smith.example".to_owned()),
        by_id(id.clone(), None),
        by_id(id.clone(), Some("bob@smith.example")),
        by_id(id.clone(), Some("no address")),
        by_id(format!("{}", message.id), Some(ADA)),
        by_id("<somebody@portal.example>".to_owned(), Some(ADA)),
        by_id(format!("<{}@portal.example>", MessageId::from_bytes([7; 16])), Some(ADA)),
    ];
    for report in &forged {
        assert_eq!(desk.take(report).await, Taken::Foreign, "{report:?}");
    }
    assert_eq!(desk.kinds().await, before);
    assert_eq!(desk.status("ada").await, "invited");
    assert_eq!(
        desk.take(&by_id(id, Some("ADA@SMITH.example"))).await,
        Taken::Noted,
        "who saw the mail, and names its address"
    );
}

#[tokio::test]
async fn d3_what_was_never_tried_can_not_have_come_back() {
    let desk = Desk::with(&[("ada", ADA)]).await;
    desk.activate("ada").await.unwrap();
    let report = desk.newest_report(GONE).await;
    assert_eq!(desk.take(&report).await, Taken::Foreign);
    assert_eq!(desk.status("ada").await, "invited");
}

#[tokio::test]
async fn d4_an_address_that_is_wrong_for_good_is_suppressed_and_lifted_with_one_command() {
    let desk = Desk::invited().await;
    desk.bounce(Reason::UserUnknown).await;
    let findings = desk.diagnose("ada").await;
    assert_eq!(codes(&findings), "mail_bounced address_suppressed password_not_set");
    assert!(findings.iter().take(2).all(|it| it.remedy.as_ref().unwrap().command.code() == "lift_and_resend"));
    desk.resend("ada").await.unwrap();
    assert_eq!(desk.status("ada").await, "invitation_undelivered", "it won't leave");
    desk.send(&accepted()).await;
    assert_eq!(desk.way().await, (vec!["failed"], "failed"), "nothing left");
    let findings = desk.diagnose("ada").await;
    assert_eq!(codes(&findings), "address_suppressed password_not_set");
    desk.wait(HOUR);
    let lifted = desk.lift("ada").await.unwrap();
    assert!(lifted.changed && lifted.effects.messages.len() == 1);
    assert_eq!(desk.status("ada").await, "invited");
    desk.send(&accepted()).await;
    assert_eq!(desk.way().await, (vec!["accepted"], "accepted"));
    desk.redeem(&desk.newest_token().await, SECRET).await.unwrap();
    assert_eq!(desk.status("ada").await, "active");
    let kinds = desk.kinds().await;
    assert_eq!(kinds.iter().filter(|kind| *kind == "contact.suppression_lifted").count(), 1);
}

#[tokio::test]
async fn d4_only_the_address_itself_is_ever_to_blame() {
    for reason in Reason::ALL {
        for lasting in [true, false] {
            let desk = Desk::invited().await;
            let report = desk.newest_report(Returned::Bounced(Why { reason, lasting })).await;
            assert_eq!(desk.take(&report).await, Taken::Noted);
            let hard = lasting && matches!(reason, Reason::UserUnknown | Reason::HostUnknown);
            let findings = codes(&desk.diagnose("ada").await);
            assert_eq!(findings.contains("address_suppressed"), hard, "{reason:?} {lasting}");
            let first =
                if reason == Reason::SenderNotAuthenticated { "sender_not_authenticated" } else { "mail_bounced" };
            assert!(findings.starts_with(first), "{findings}");
            desk.resend("ada").await.unwrap();
            desk.send(&accepted()).await;
            assert_eq!(desk.way().await.1, if hard { "failed" } else { "accepted" });
        }
    }
}

#[tokio::test]
async fn d4_a_complaint_and_what_a_forward_says_suppress_nothing() {
    let desk = Desk::invited().await;
    assert_eq!(desk.take(&desk.newest_report(Returned::Complained).await).await, Taken::Noted);
    assert_eq!(desk.status("ada").await, "invited", "it arrived");
    let findings = desk.diagnose("ada").await;
    assert_eq!(codes(&findings), "mail_accepted_unused password_not_set");
    assert!(facts(&findings[0]).iter().any(|fact| fact.contains("unwanted")), "{:?}", findings[0].evidence);
    let elsewhere = Some("ada@far.example".to_owned());
    let report = DeliveryReport { recipient: elsewhere.clone(), ..desk.newest_report(GONE).await };
    assert_eq!(desk.take(&report).await, Taken::Noted);
    assert_eq!(codes(&desk.diagnose("ada").await), "mail_bounced password_not_set");
    let desk = Desk::invited().await;
    let report = DeliveryReport { final_recipient: elsewhere, ..desk.newest_report(GONE).await };
    assert_eq!(desk.take(&report).await, Taken::Noted);
    assert_eq!(codes(&desk.diagnose("ada").await), "mail_bounced password_not_set", "it was sent on");
}

#[tokio::test]
async fn d4_what_was_lifted_and_comes_back_again_is_suppressed_again() {
    let desk = Desk::invited().await;
    desk.bounce(Reason::UserUnknown).await;
    desk.wait(HOUR);
    desk.lift("ada").await.unwrap();
    desk.send(&accepted()).await;
    desk.bounce(Reason::UserUnknown).await;
    assert_eq!(codes(&desk.diagnose("ada").await), "mail_bounced address_suppressed password_not_set");
    desk.wait(HOUR);
    desk.lift("ada").await.unwrap();
    desk.send(&SendOutcome::Permanent { reply: "550 5.1.1 no such user".to_owned() }).await;
    assert_eq!(codes(&desk.diagnose("ada").await), "mail_failed address_suppressed password_not_set");
}

#[tokio::test]
async fn d4_who_once_saw_a_mail_does_not_decide_of_its_address_for_ever() {
    let desk = Desk::invited().await;
    desk.redeem(&desk.newest_token().await, SECRET).await.unwrap();
    let report = desk.newest_report(GONE).await;
    desk.wait(14 * DAY);
    assert_eq!(desk.take(&report).await, Taken::Noted);
    assert_eq!(codes(&desk.diagnose("ada").await), "all_clear");
}

#[tokio::test]
async fn l1_s10_of_a_mail_that_came_back_no_link_is_kept() {
    let desk = Desk::invited().await;
    let token = desk.newest_token().await;
    let words = format!(
        "550 5.7.1 refused, contains https://portal.example/portal/elm/link/{token} <portal%2Felm%2Flink%2F{token}> {token} \u{202e}\u{1b}[2J end"
    );
    let report = DeliveryReport { words, ..desk.newest_report(GONE).await };
    assert_eq!(desk.take(&report).await, Taken::Noted);
    let told = format!("{:?}", desk.diagnose("ada").await);
    assert!(!told.contains(&token) && !told.contains("link/"), "{told}");
    assert!(told.contains("550 5.7.1 refused, contains […] […] […] [2J end"), "{told}");
}

#[tokio::test]
async fn d4_a_refusal_at_the_hand_over_suppresses_as_a_mail_that_came_back() {
    let desk = Desk::with(&[("ada", ADA)]).await;
    desk.activate("ada").await.unwrap();
    desk.send(&SendOutcome::Permanent { reply: "550 5.1.1 no such user".to_owned() }).await;
    assert_eq!(codes(&desk.diagnose("ada").await), "mail_failed address_suppressed password_not_set");
    desk.lift("ada").await.unwrap();
    desk.send(&SendOutcome::Permanent { reply: "552 5.2.2 mailbox full".to_owned() }).await;
    assert_eq!(codes(&desk.diagnose("ada").await), "mail_failed password_not_set");
}

#[tokio::test]
async fn d4_a_late_report_does_not_suppress_what_was_lifted_since() {
    let desk = Desk::invited().await;
    desk.resend("ada").await.unwrap();
    desk.send(&accepted()).await;
    let late = desk.newest_report(GONE).await;
    let messages = desk.messages().await;
    desk.wait(HOUR);
    assert_eq!(desk.take(&desk.report(&messages[0], GONE)).await, Taken::Noted);
    desk.wait(HOUR);
    desk.lift("ada").await.unwrap();
    desk.wait(HOUR);
    assert_eq!(desk.take(&late).await, Taken::Noted);
    assert_eq!(desk.status("ada").await, "invited");
}

#[tokio::test]
async fn d4_lifting_is_refused_like_a_new_invitation_and_foreseen_like_it() {
    let desk = Desk::with(&[("ada", ADA)]).await;
    assert_eq!(desk.lift("ada").await.unwrap_err(), Refusal::NotActivated);
    desk.activate("ada").await.unwrap();
    desk.send(&accepted()).await;
    desk.bounce(Reason::HostUnknown).await;
    let mut asking = desk.call.clone();
    asking.preview = true;
    let foreseen = desk.fixture.portal.lift_suppression(&asking, &reference("ada")).await.unwrap();
    assert_eq!(foreseen.contact.as_ref().unwrap().portal.status.code(), "invited");
    assert_eq!(desk.status("ada").await, "invitation_undelivered", "nothing was written");
    desk.deactivate("ada").await.unwrap();
    assert_eq!(desk.lift("ada").await.unwrap_err(), Refusal::PortalDeactivated);
    desk.reactivate("ada").await.unwrap();
    assert_eq!(desk.status("ada").await, "invitation_undelivered");
    desk.lift("ada").await.unwrap();
    assert_eq!(desk.status("ada").await, "invited");
    let again = desk.lift("ada").await.unwrap();
    assert!(again.changed, "a resend, where nothing is suppressed");
}

#[tokio::test]
async fn d4_who_has_a_password_signs_in_whatever_came_back() {
    let desk = Desk::invited().await;
    desk.redeem(&desk.newest_token().await, SECRET).await.unwrap();
    desk.wait(DAY);
    desk.bounce(Reason::UserUnknown).await;
    assert_eq!(desk.status("ada").await, "active");
    assert_eq!(codes(&desk.diagnose("ada").await), "address_suppressed all_clear");
    assert!(desk.sign_in(ADA, SECRET).await.is_ok());
}

#[tokio::test]
async fn d4_mail_to_staff_is_noted_and_never_held_back() {
    let desk = Desk::with(&[("ada", ADA)]).await;
    desk.user("uma", "uma@smith.example").await.unwrap();
    let invited = desk.fixture.portal.invite_user(&desk.call, &reference("uma")).await;
    assert!(invited.is_ok(), "{invited:?}");
    let now = desk.fixture.portal.now();
    let terms = portal_domain::port::LeaseTerms::new(now, now.after(HOUR), 10);
    let leased = portal_domain::port::Outbox::lease(&*desk.fixture.store, &terms).await.unwrap().remove(0);
    let message = leased.letter.unwrap().message;
    assert_eq!(desk.take(&desk.report(&message, GONE)).await, Taken::Noted);
    let settled = build::settlement("sent", DeliveryState::Deferred, now);
    let settled = portal_domain::message::Settlement { next_attempt_at: Some(now), ..settled };
    assert!(portal_domain::port::Outbox::settle(&*desk.fixture.store, &leased.lease, &settled).await.unwrap());
    let again = portal_domain::port::Outbox::lease(&*desk.fixture.store, &terms).await.unwrap().remove(0);
    assert_eq!(again.letter.unwrap().suppressed, None);
}

#[tokio::test]
async fn d5_the_whole_way_of_a_mail_is_told() {
    let desk = Desk::with(&[("ada", ADA)]).await;
    desk.activate("ada").await.unwrap();
    desk.send(&SendOutcome::Transient { reply: "450 4.2.0 greylisted".to_owned() }).await;
    desk.wait(HOUR);
    desk.send(&accepted()).await;
    desk.link(&desk.newest_token().await).await;
    desk.redeem(&desk.newest_token().await, OTHER).await.unwrap();
    desk.bounce(Reason::MailboxFull).await;
    assert_eq!(desk.way().await, (vec!["deferred", "accepted", "bounced"], "bounced"));
    let kinds: BTreeSet<_> = desk.kinds().await.into_iter().collect();
    for kind in ["message.deferred", "message.accepted", "message.bounced", "login.password_set"] {
        assert!(kinds.contains(kind), "{kind}");
    }
}

/// What replies of these tests mean, in the place of an adapter that reads what servers say.
pub(super) fn meant(outcome: &SendOutcome) -> Option<Why> {
    let (SendOutcome::Permanent { reply } | SendOutcome::Transient { reply }) = outcome else { return None };
    if !reply.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let reasons = [
        ("5.1.1", Reason::UserUnknown),
        ("5.1.2", Reason::HostUnknown),
        ("5.2.2", Reason::MailboxFull),
        ("5.7.26", Reason::SenderNotAuthenticated),
        ("5.7.9", Reason::SenderNotAuthenticated),
        ("5.7.515", Reason::SenderNotAuthenticated),
    ];
    let found = reasons.into_iter().find(|(code, _)| reply.contains(code));
    let lasting = matches!(outcome, SendOutcome::Permanent { .. });
    Some(Why { reason: found.map_or(Reason::Other, |(_, reason)| reason), lasting })
}
