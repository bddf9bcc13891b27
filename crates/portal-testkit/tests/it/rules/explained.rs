//! What a finding says is true, and leads to what helps (X1).

use std::time::Duration;

use portal_domain::{
    Refusal,
    finding::Finding,
    message::SendOutcome,
    practice::SharedLogin,
    returned::{Reason, Returned, Why},
    usecase::{EmailsInput, PutContactInput},
};

use super::{
    desk::{DAY, Desk, HOUR, MINUTE, SECRET, facts, reference, ruled},
    diagnosis::{accepted, codes},
};

const ADA: &str = "ada@smith.example";
const OWN: &str = "own@smith.example";
const SECOND: Duration = Duration::from_secs(1);

impl Desk {
    /// The finding of this code.
    async fn found(&self, who: &str, code: &str) -> Finding {
        let findings = self.diagnose(who).await;
        let told = codes(&findings);
        findings.into_iter().find(|it| it.code.code() == code).unwrap_or_else(|| panic!("{code} is not among {told}"))
    }

    /// What is said first of an address that was typed.
    async fn first_of(&self, typed: &str) -> (&'static str, String) {
        let diagnosis = self.fixture.portal.diagnose_address(&self.call, typed).await.expect("an answer");
        let first = diagnosis.findings.into_iter().next().expect("a finding");
        (first.code.code(), first.explanation)
    }
}

/// A mail server that says this, and tries again.
fn later(reply: &str) -> SendOutcome {
    SendOutcome::Transient { reply: reply.to_owned() }
}

#[tokio::test]
async fn x2_an_opening_within_seconds_may_have_been_the_client() {
    let desk = Desk::with(&[("ada", ADA)]).await;
    desk.activate("ada").await.unwrap();
    desk.send(&accepted()).await;
    let finding = desk.found("ada", "mail_accepted_unused").await;
    assert!(finding.explanation.contains("nobody opened its link yet"), "{}", finding.explanation);
    desk.wait(5 * SECOND);
    desk.link(&desk.newest_token().await).await;
    desk.wait(MINUTE);
    let finding = desk.found("ada", "mail_accepted_unused").await;
    assert!(!finding.explanation.contains("nobody"), "{}", finding.explanation);
    for told in ["within seconds", "scans mail, or by the client", "a page to set a password", "look for “Your access”"]
    {
        assert!(finding.explanation.contains(told), "{told}: {}", finding.explanation);
    }
    assert!(!finding.title.contains("not opened"), "{}", finding.title);
    assert!(facts(&finding)[0].contains("opened, 5 seconds after"), "{:?}", finding.evidence);
}

#[tokio::test]
async fn d5_whoever_types_a_password_has_opened_the_link() {
    let desk = Desk::with(&[("ada", ADA)]).await;
    desk.activate("ada").await.unwrap();
    desk.send(&accepted()).await;
    desk.wait(5 * SECOND);
    let token = desk.newest_token().await;
    desk.link(&token).await;
    desk.wait(4 * SECOND);
    desk.redeem(&token, "short").await.expect_err("it is too short");
    assert_eq!(codes(&desk.diagnose("ada").await), "mail_accepted_unused password_not_set", "too early to tell");
    desk.wait(MINUTE);
    assert_eq!(desk.redeem(&token, "short").await.expect_err("it is too short").code(), "password_refused");
    let findings = desk.diagnose("ada").await;
    assert_eq!(codes(&findings), "link_opened_not_used password_not_set");
    assert_eq!(findings[0].evidence[0].at, Some(desk.fixture.portal.now()));
    assert_eq!(desk.link(&token).await, "usable");
}

#[tokio::test]
async fn x1_a_suspended_practice_is_told_as_what_it_is() {
    let desk = Desk::with(&[("ada", ADA), ("bob", "bob@smith.example"), ("cy", "cy@smith.example")]).await;
    desk.onboard("ada", SECRET).await;
    desk.activate("bob").await.unwrap();
    desk.send(&later("451 later")).await;
    desk.activate("cy").await.unwrap();
    desk.wait(2 * DAY);
    let at = desk.fixture.portal.now();
    ruled(desk.fixture.portal.suspend_practice(&desk.call, true).await).unwrap();
    desk.wait(HOUR);
    for who in ["ada", "bob", "cy"] {
        let first = desk.diagnose(who).await.remove(0);
        assert_eq!((first.code.code(), first.severity.code()), ("unexplained", "blocks"), "{who}");
        assert_eq!((first.title, first.remedy), ("The practice's portal is closed", None));
        for told in ["is suspended", "nobody can sign in", "no mail leaves", "opens it again"] {
            assert!(first.explanation.contains(told), "{told}: {}", first.explanation);
        }
        assert_eq!(first.evidence[0].at, Some(at));
    }
    for typed in [ADA, "nobody@smith.example", "adaa@smith.example", "no address"] {
        let told = desk.fixture.portal.diagnose_address(&desk.call, typed).await.unwrap().findings;
        assert_eq!(told[0].title, "The practice's portal is closed", "{typed}");
        assert_eq!(told.iter().filter(|it| it.title == told[0].title).count(), 1, "{typed}");
    }
    // Nothing of this leaves by itself, or is tried again by itself, while that lasts.
    desk.send(&accepted()).await;
    for (who, code) in [("bob", "mail_deferred"), ("cy", "mail_queued")] {
        let finding = desk.found(who, code).await;
        assert!(!finding.explanation.contains("by itself"), "{}", finding.explanation);
        assert!(finding.explanation.contains("while the practice is suspended"), "{}", finding.explanation);
        assert!(!finding.title.contains("tried again"), "{}", finding.title);
    }
    ruled(desk.fixture.portal.suspend_practice(&desk.call, false).await).unwrap();
    assert_eq!(codes(&desk.diagnose("ada").await), "all_clear");
    assert_eq!(codes(&desk.diagnose("cy").await), "mail_queued password_not_set");
}

#[tokio::test]
async fn x2_a_mail_that_waits_is_not_promised_to_leave() {
    let desk = Desk::with(&[("ada", ADA)]).await;
    desk.activate("ada").await.unwrap();
    let finding = desk.found("ada", "mail_queued").await;
    assert!(!finding.explanation.contains("by itself"), "there may be no mail server: {}", finding.explanation);
    assert!(finding.explanation.contains("portal doctor"), "{}", finding.explanation);
}

#[tokio::test]
async fn x2_a_mail_that_is_put_off_is_told_by_its_reason() {
    for (reply, told) in [
        ("451 4.4.4 5.1.2 host not found", "after the @ is not found"),
        ("452 4.2.2 5.2.2 mailbox full", "mailbox is full"),
        ("451 4.7.1 greylisted", "asked to try again later"),
    ] {
        let desk = Desk::with(&[("ada", ADA)]).await;
        desk.activate("ada").await.unwrap();
        desk.send(&later(reply)).await;
        let finding = desk.found("ada", "mail_deferred").await;
        assert!(finding.explanation.contains(told), "{reply}: {}", finding.explanation);
    }
}

#[tokio::test]
async fn x3_a_domain_that_is_not_found_is_mended_by_another_address() {
    let desk = Desk::with(&[("ada", ADA)]).await;
    desk.activate("ada").await.unwrap();
    desk.send(&later("451 4.4.4 5.1.2 host not found")).await;
    let remedy = desk.found("ada", "mail_deferred").await.remedy.expect("a command mends it");
    assert_eq!(remedy.command.code(), "change_address");
    desk.emails("ada", &[OWN]).await.unwrap();
    assert_eq!(codes(&desk.diagnose("ada").await), "mail_queued password_not_set");
}

#[tokio::test]
async fn x2_a_refusal_of_which_nothing_is_known_blames_nobody() {
    let desk = Desk::with(&[("ada", ADA)]).await;
    desk.activate("ada").await.unwrap();
    desk.send(&SendOutcome::Permanent { reply: "554 5.7.1 Relay access denied".to_owned() }).await;
    let finding = desk.found("ada", "mail_failed").await;
    assert!(!finding.explanation.contains("Most often"), "{}", finding.explanation);
    assert!(finding.explanation.contains("name the cause"), "{}", finding.explanation);
    assert!(facts(&finding)[0].contains("Relay access denied"), "{:?}", finding.evidence);
}

#[tokio::test]
async fn d4_what_a_forward_says_does_not_blame_the_address_of_the_contact() {
    let else_where = Some("somebody@else.example".to_owned());
    for reason in [Reason::UserUnknown, Reason::HostUnknown] {
        for last in [true, false] {
            let desk = Desk::with(&[("ada", ADA)]).await;
            desk.activate("ada").await.unwrap();
            desk.send(&accepted()).await;
            let message = desk.messages().await.pop().expect("a mail");
            let mut report = desk.report(&message, Returned::Bounced(Why { reason, lasting: true }));
            match last {
                true => report.final_recipient.clone_from(&else_where),
                false => report.recipient.clone_from(&else_where),
            }
            desk.fixture.portal.take_report(&report).await.unwrap();
            let findings = desk.diagnose("ada").await;
            assert_eq!(codes(&findings), "mail_bounced password_not_set", "nothing is suppressed");
            assert_eq!(facts(&findings[0])[0], "came back: somebody@else.example: 550 the words of a server");
            let said = &findings[0].explanation;
            assert!(!said.contains("nobody has this address") && !said.contains("takes no mail"), "{said}");
            assert!(said.contains("passed on"), "{said}");
        }
    }
}

#[tokio::test]
async fn d3_of_a_forward_whatever_else_it_says_is_kept() {
    let desk = Desk::with(&[("ada", ADA)]).await;
    desk.activate("ada").await.unwrap();
    desk.send(&accepted()).await;
    let message = desk.messages().await.pop().expect("a mail");
    let full = Returned::Bounced(Why { reason: Reason::MailboxFull, lasting: true });
    let mut report = desk.report(&message, full);
    report.final_recipient = Some("somebody@else.example".to_owned());
    report.words = String::new();
    desk.fixture.portal.take_report(&report).await.unwrap();
    let finding = desk.found("ada", "mail_bounced").await;
    assert!(finding.explanation.contains("mailbox is full"), "{}", finding.explanation);
    assert_eq!(facts(&finding)[0], "came back: somebody@else.example: no reason was given");
}

#[tokio::test]
async fn x1_nobody_is_sent_to_an_address_that_is_somebody_elses() {
    let desk = Desk::with(&[("eve", "eve@smith.example")]).await;
    desk.user("uma", "uma@smith.example").await.unwrap();
    desk.put("ada", &["uma@smith.example", OWN]).await;
    let (code, said) = desk.first_of(OWN).await;
    assert_eq!(code, "not_the_first_address");
    assert!(!said.contains("signs in with uma@") && said.contains("belongs to somebody of the practice"), "{said}");
    assert!(said.contains("own@smith.example is to be moved to the top"), "{said}");
    desk.settings(|settings| settings.shared_login = SharedLogin::Refuse).await;
    desk.onboard("eve", SECRET).await;
    desk.put("twin", &["eve@smith.example", "twin@smith.example"]).await;
    let (code, said) = desk.first_of("twin@smith.example").await;
    assert_eq!(code, "not_the_first_address");
    assert!(!said.contains("client signs in with eve@") && said.contains("is taken"), "{said}");
    // Of one's own first address it is said.
    desk.put("bob", &["bob@smith.example", "b@smith.example"]).await;
    desk.activate("bob").await.unwrap();
    assert!(desk.first_of("b@smith.example").await.1.contains("Either the client signs in with bob@smith.example"));
}

#[tokio::test]
async fn x1_of_a_former_address_no_other_is_named_that_is_not_the_clients() {
    let desk = Desk::with(&[("ada", ADA), ("bob", "bob@smith.example")]).await;
    desk.user("uma", "uma@smith.example").await.unwrap();
    for who in ["ada", "bob"] {
        desk.activate(who).await.unwrap();
        desk.deactivate(who).await.unwrap();
    }
    desk.emails("ada", &[]).await.unwrap();
    let (code, said) = desk.first_of(ADA).await;
    assert_eq!(code, "former_address");
    assert!(said.ends_with("The contact has no address now."), "{said}");
    desk.emails("bob", &["uma@smith.example"]).await.unwrap();
    let (code, said) = desk.first_of("bob@smith.example").await;
    assert_eq!(code, "former_address");
    assert!(said.contains("belongs to somebody of the practice"), "{said}");
}

#[tokio::test]
async fn x1_a_refused_change_to_no_address_is_told_as_that() {
    let desk = Desk::with(&[("ada", ADA)]).await;
    desk.activate("ada").await.unwrap();
    let none = EmailsInput { emails: Vec::new(), ..EmailsInput::default() };
    let input = PutContactInput { emails: Some(none), ..PutContactInput::default() };
    let refused: Result<_, Refusal> =
        ruled(desk.fixture.portal.put_contact(&desk.call, &reference("ada"), &input).await);
    let code = refused.expect_err("a live login needs an address").code();
    let finding = desk.found("ada", "host_update_refused").await;
    assert_eq!(facts(&finding)[0], format!("refused as {code}, with no address"));
}

#[tokio::test]
async fn x2_a_hint_that_counts_is_not_told_as_a_link() {
    let desk = Desk::new().await;
    desk.put("ada", &[ADA, OWN]).await;
    desk.onboard("ada", SECRET).await;
    desk.wait(2 * DAY);
    desk.try_in_vain(OWN).await;
    desk.wait(MINUTE);
    desk.reset(ADA).await;
    desk.wait(MINUTE);
    desk.reset(ADA).await;
    let finding = desk.found("ada", "mail_limit_reached").await;
    let hint = "the right address was mailed, after a try at another";
    assert_eq!(facts(&finding), ["a link was asked for", "a link was asked for", hint]);
}
