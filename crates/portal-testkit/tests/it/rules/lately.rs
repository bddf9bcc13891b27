//! What happens while the client is on the phone, and what a delivered mail looks like (X1, X2).

use std::time::Duration;

use portal_domain::{
    finding::Happened,
    message::{SendOutcome, SentAs},
    returned::{Reason, Returned, Why},
};

use super::{
    desk::{Desk, MINUTE, SECRET, facts, reference},
    diagnosis::accepted,
};

const ADA: &str = "ada@smith.example";

/// How every mail looks here.
pub(super) fn looked() -> SentAs {
    SentAs { subject: "Your access".to_owned(), sender: "Elm & Partners <portal@elm.example>".to_owned() }
}

impl Desk {
    /// What happened lately, the newest first, each in a word and with its age in seconds.
    async fn lately(&self, who: &str) -> Vec<String> {
        let diagnosis = self.fixture.portal.diagnose(&self.call, &reference(who)).await.expect("there is that contact");
        let now = self.fixture.portal.now();
        let word = |what: &Happened| match what {
            Happened::Mail { state, sent_as, words, .. } => {
                let looks = sent_as.as_ref().map(|it| format!(" as {}", it.subject)).unwrap_or_default();
                format!("{}{looks}{}", state.code(), words.as_ref().map(|it| format!(": {it}")).unwrap_or_default())
            }
            Happened::Opened => "opened".to_owned(),
            Happened::PasswordSet => "set".to_owned(),
            Happened::SignedIn => "signed in".to_owned(),
            Happened::Refused(key) => format!("refused {key}"),
            Happened::AskedInVain(key) => format!("asked at {key}"),
        };
        diagnosis.lately.iter().map(|it| format!("{} {}s", word(&it.what), now.since(it.at).as_secs())).collect()
    }
}

#[tokio::test]
async fn x1_what_becomes_of_a_remedy_is_seen_as_it_happens() {
    let desk = Desk::with(&[("ada", ADA)]).await;
    assert!(desk.lately("ada").await.is_empty());
    desk.activate("ada").await.unwrap();
    let second = Duration::from_secs(1);
    desk.wait(second);
    assert_eq!(desk.lately("ada").await, ["queued 1s"]);
    desk.send(&accepted()).await;
    desk.wait(second);
    assert_eq!(desk.lately("ada").await, ["accepted as Your access 1s"]);
    let token = desk.newest_token().await;
    assert_eq!(desk.link(&token).await, "usable");
    desk.wait(second);
    assert_eq!(desk.lately("ada").await, ["opened 1s", "accepted as Your access 2s"]);
    desk.redeem(&token, SECRET).await.unwrap();
    desk.wait(second);
    desk.try_in_vain(ADA).await;
    desk.wait(second);
    desk.sign_in(ADA, SECRET).await.unwrap();
    let told = desk.lately("ada").await;
    let seen = ["signed in 0s", "refused ada@smith.example 1s", "set 2s", "opened 3s", "accepted as Your access 4s"];
    assert_eq!(told, seen);
    desk.wait(30 * MINUTE);
    assert!(desk.lately("ada").await.is_empty(), "a call is over by then");
}

#[tokio::test]
async fn x1_what_did_not_arrive_is_told_in_the_words_of_the_other_server() {
    let desk = Desk::with(&[("ada", ADA)]).await;
    desk.activate("ada").await.unwrap();
    desk.send(&SendOutcome::Transient { reply: "450 4.2.0 later".to_owned() }).await;
    assert_eq!(desk.lately("ada").await, ["deferred: 450 4.2.0 later 0s"]);
    desk.wait(3 * MINUTE);
    desk.send(&accepted()).await;
    let message = desk.messages().await.pop().expect("a mail");
    let gone = Returned::Bounced(Why { reason: Reason::UserUnknown, lasting: true });
    desk.fixture.portal.take_report(&desk.report(&message, gone)).await.unwrap();
    let told = desk.lately("ada").await;
    assert!(told[0].starts_with("bounced: ") && !told[0].contains(" as "), "{told:?}");
}

#[tokio::test]
async fn x2_a_delivered_mail_is_told_by_its_subject_and_sender() {
    let desk = Desk::with(&[("ada", ADA)]).await;
    desk.activate("ada").await.unwrap();
    desk.send(&accepted()).await;
    let finding = desk.diagnose("ada").await.remove(0);
    assert_eq!(finding.code.code(), "mail_accepted_unused");
    let look = "look for “Your access” from Elm & Partners <portal@elm.example>, in spam";
    assert!(finding.explanation.contains(look), "{}", finding.explanation);
}

#[tokio::test]
async fn x1_tries_of_strangers_push_nothing_of_the_call_away() {
    let desk = Desk::with(&[("ada", ADA)]).await;
    desk.activate("ada").await.unwrap();
    desk.send(&accepted()).await;
    for _ in 0..7 {
        desk.wait(Duration::from_secs(1));
        desk.try_in_vain(ADA).await;
    }
    let told = desk.lately("ada").await;
    assert_eq!(told, ["refused ada@smith.example 0s", "refused ada@smith.example 1s", "accepted as Your access 7s"]);
}

#[tokio::test]
async fn x2_what_went_wrong_here_is_not_blamed_on_the_address() {
    let desk = Desk::with(&[("ada", ADA), ("bob", "bob@smith.example")]).await;
    desk.activate("ada").await.unwrap();
    let ours = SendOutcome::Misconfigured { reply: "535 5.7.8 authentication failed".to_owned() };
    desk.send(&ours).await;
    let finding = desk.diagnose("ada").await.remove(0);
    assert_eq!(finding.code.code(), "mail_deferred");
    assert!(finding.explanation.contains("address is not to blame"), "{}", finding.explanation);
    desk.activate("bob").await.unwrap();
    desk.send(&SendOutcome::Permanent { reply: "the mail could not be written: no text".to_owned() }).await;
    let finding = desk.diagnose("bob").await.remove(0);
    assert_eq!(finding.code.code(), "mail_failed");
    assert!(finding.explanation.contains("address is not to blame"), "{}", finding.explanation);
    desk.wait(3 * MINUTE);
    desk.send(&SendOutcome::Transient { reply: "450 4.2.0 later".to_owned() }).await;
    let finding = desk.diagnose("ada").await.remove(0);
    assert!(finding.explanation.contains("asked to try again"), "{}", finding.explanation);
}

#[tokio::test]
async fn m8_a_link_that_was_asked_for_with_another_address_is_seen_like_a_try() {
    let desk = Desk::with(&[("ada", ADA)]).await;
    desk.put("ada", &[ADA, "ada@second.example"]).await;
    desk.activate("ada").await.unwrap();
    desk.send(&accepted()).await;
    desk.redeem(&desk.newest_token().await, SECRET).await.unwrap();
    desk.sign_in(ADA, SECRET).await.unwrap();
    desk.wait(Duration::from_secs(1));
    // At the address that signs in it is no wrong password.
    desk.reset(ADA).await;
    desk.send(&accepted()).await;
    let findings = desk.diagnose("ada").await;
    assert!(findings.iter().all(|it| it.code.code() != "wrong_password_recently"), "{findings:?}");
    desk.wait(Duration::from_secs(1));
    desk.reset("ada@second.example").await;
    desk.wait(Duration::from_secs(1));
    desk.reset("adaa@smith.example").await;
    let findings = desk.diagnose("ada").await;
    let told: Vec<_> = findings.iter().map(|it| (it.code.code(), facts(it))).collect();
    assert!(
        told.contains(&("not_the_first_address", vec!["asked for a link: ada@second.example".to_owned()])),
        "{told:?}"
    );
    assert!(told.contains(&("near_miss_address", vec!["asked for a link: adaa@smith.example".to_owned()])), "{told:?}");
    let told = desk.lately("ada").await;
    let asked: Vec<_> = told.iter().filter(|it| it.starts_with("asked")).collect();
    assert_eq!(asked, ["asked at adaa@smith.example 0s", "asked at ada@second.example 1s"]);
}

#[tokio::test]
async fn m8_a_link_that_somebody_else_asked_for_at_their_own_address_is_not_in_vain() {
    let desk = Desk::with(&[("ada", ADA), ("bob", ADA)]).await;
    desk.activate("ada").await.unwrap();
    desk.wait(Duration::from_secs(1));
    desk.reset(ADA).await;
    assert!(desk.lately("bob").await.iter().all(|it| !it.starts_with("asked")), "{:?}", desk.lately("bob").await);
}

#[tokio::test]
async fn m8_a_link_asked_for_at_an_address_of_staff_is_in_vain() {
    let desk = Desk::with(&[("ada", ADA)]).await;
    desk.user("uma", ADA).await.unwrap();
    desk.reset(ADA).await;
    assert_eq!(desk.lately("ada").await, [format!("asked at {ADA} 0s")]);
}
