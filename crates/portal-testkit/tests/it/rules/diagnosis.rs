//! Why somebody can't get in (X).

use std::collections::BTreeSet;

use portal_domain::{
    contact::Contact,
    decide::{self, Moment},
    email::EmailAddress,
    event::Caller,
    facts::ContactFacts,
    finding::{Diagnosis, Finding, FindingCode, Remedy, RemedyCommand, Severity},
    id::{Ids, Ref},
    message::SendOutcome,
    password::TypedPassword,
    port::{LeaseTerms, Verdict},
    practice::SharedLogin,
    usecase::{EmailsInput, PutContactInput, SignInInput},
};
use portal_testkit::{
    build,
    machine::{PASSPHRASES, World, block_on},
};

use super::{
    access::people,
    desk::{DAY, Desk, HOUR, MINUTE, OTHER, SECRET, facts, reference, ruled},
    lately::looked,
    returns::meant,
    worlds,
};

const ADA: &str = "ada@smith.example";

impl Desk {
    pub(super) async fn diagnose(&self, who: &str) -> Vec<Finding> {
        self.fixture.portal.diagnose(&self.call, &reference(who)).await.expect("there is that contact").findings
    }

    /// The codes of all findings, in their order.
    async fn codes(&self, who: &str) -> String {
        codes(&self.diagnose(who).await)
    }

    async fn told(&self, typed: &str) -> Diagnosis {
        self.fixture.portal.diagnose_address(&self.call, typed).await.expect("an answer")
    }

    /// Hands everything over that is due, and is told this.
    pub(super) async fn send(&self, outcome: &SendOutcome) {
        let now = self.fixture.portal.now();
        let leased = self.fixture.store.lease_mail(now).await;
        for leased in leased {
            let [one, .., two] = leased.lease.message.to_bytes();
            let ids = Ids::from_seed([one ^ two ^ u8::try_from(leased.attempts).expect("few"); 32]);
            let (caller, signed_with) = (Caller::Worker, build::signing_key());
            let mut moment = Moment { now, ids, signed_with, caller, origin: None };
            let held_back = leased.letter.as_ref().ok().and_then(|letter| letter.suppressed.as_ref());
            let settlement = match held_back {
                Some(suppressed) => decide::withheld(&leased, suppressed, &mut moment),
                None => decide::handed_over(&leased, outcome, meant(outcome), Some(looked()), &mut moment),
            };
            assert!(
                portal_domain::port::Outbox::settle(&*self.fixture.store, &leased.lease, &settlement).await.unwrap()
            );
        }
    }

    pub(super) async fn fail(&self, typed: &str, times: usize) {
        for _ in 0..times {
            assert!(self.sign_in(typed, "not the password at all").await.is_err());
        }
    }
}

trait LeaseMail {
    async fn lease_mail(&self, now: portal_domain::time::Timestamp) -> Vec<portal_domain::message::Leased>;
}

impl LeaseMail for dyn portal_testkit::conformance::FullStore {
    async fn lease_mail(&self, now: portal_domain::time::Timestamp) -> Vec<portal_domain::message::Leased> {
        portal_domain::port::Outbox::lease(self, &LeaseTerms::new(now, now.after(MINUTE), 100)).await.unwrap()
    }
}

pub(super) fn codes(findings: &[Finding]) -> String {
    findings.iter().map(|finding| finding.code.code()).collect::<Vec<_>>().join(" ")
}

pub(super) fn accepted() -> SendOutcome {
    SendOutcome::Accepted { reply: "250 2.0.0 ok".to_owned() }
}

fn remedy(findings: &[Finding], code: FindingCode) -> Option<RemedyCommand> {
    findings.iter().find(|finding| finding.code == code)?.remedy.as_ref().map(|remedy| remedy.command)
}

#[tokio::test]
async fn x2_the_way_of_an_invitation_is_told() {
    let desk = Desk::with(&[("ada", ADA)]).await;
    assert_eq!(desk.codes("ada").await, "not_activated");
    desk.activate("ada").await.unwrap();
    assert_eq!(desk.codes("ada").await, "mail_queued password_not_set");
    desk.send(&SendOutcome::Transient { reply: "451 4.7.1 try again later".to_owned() }).await;
    assert_eq!(desk.codes("ada").await, "mail_deferred password_not_set");
    desk.wait(2 * MINUTE);
    desk.send(&accepted()).await;
    assert_eq!(desk.codes("ada").await, "mail_accepted_unused password_not_set");
    let token = desk.newest_token().await;
    // A scanner opens it at once, and the client later.
    desk.wait(MINUTE / 30);
    desk.link(&token).await;
    assert_eq!(desk.codes("ada").await, "mail_accepted_unused password_not_set");
    desk.wait(HOUR);
    desk.link(&token).await;
    let findings = desk.diagnose("ada").await;
    assert_eq!(codes(&findings), "link_opened_not_used password_not_set");
    let facts = facts(&findings[0]);
    assert!(facts[0].contains("1 hour after") && facts[1].contains("2 seconds after"), "{facts:?}");
    desk.wait(8 * DAY);
    assert_eq!(desk.codes("ada").await, "link_expired password_not_set");
    desk.resend("ada").await.unwrap();
    desk.send(&accepted()).await;
    desk.wait(MINUTE);
    desk.link(&token).await;
    assert_eq!(desk.codes("ada").await, "newer_link_sent mail_accepted_unused password_not_set");
    desk.redeem(&desk.newest_token().await, SECRET).await.unwrap();
    assert_eq!(desk.codes("ada").await, "all_clear");
    desk.wait(MINUTE);
    let session = desk.sign_in(ADA, SECRET).await.unwrap();
    desk.wait(MINUTE / 60);
    desk.touch(&session).await.unwrap();
    desk.wait(2 * MINUTE);
    assert_eq!(desk.codes("ada").await, "all_clear signed_in_recently");
}

#[tokio::test]
async fn x2_refused_mail_is_told_and_who_is_to_blame() {
    let desk = Desk::with(&[("ada", ADA), ("bob", "bob@smith.example")]).await;
    desk.activate("ada").await.unwrap();
    desk.send(&SendOutcome::Permanent { reply: "550 5.1.1 no such user".to_owned() }).await;
    let findings = desk.diagnose("ada").await;
    assert_eq!(codes(&findings), "mail_failed address_suppressed password_not_set");
    assert!(facts(&findings[0])[0].contains("550 5.1.1 no such user"), "the server's own words");
    desk.activate("bob").await.unwrap();
    desk.send(&SendOutcome::Permanent { reply: "550-5.7.26 this mail is unauthenticated".to_owned() }).await;
    assert_eq!(desk.codes("bob").await, "sender_not_authenticated mail_failed password_not_set");
    desk.resend("bob").await.unwrap();
    desk.send(&SendOutcome::Permanent { reply: "550 5.7.30 REQUIRETLS support required".to_owned() }).await;
    assert_eq!(desk.codes("bob").await, "mail_failed password_not_set", "that says nothing of whose mail it is");
}

#[tokio::test]
async fn x2_what_keeps_access_away_is_told_with_what_helps() {
    let desk = Desk::with(&[("ada", ADA), ("eve", "eve@smith.example")]).await;
    desk.put("none", &[]).await;
    assert_eq!(desk.codes("none").await, "no_email not_activated");
    desk.user("uma", "uma@smith.example").await.unwrap();
    desk.put("staff", &["uma@smith.example", "own@smith.example"]).await;
    let findings = desk.diagnose("staff").await;
    assert_eq!(codes(&findings), "practice_user_email not_activated");
    let remedy = findings[0].remedy.as_ref().unwrap();
    assert_eq!((remedy.command, remedy.address.as_deref()), (RemedyCommand::UseNextAddress, Some("own@smith.example")));
    assert!(findings[1].remedy.is_none(), "activation would be refused");
    desk.settings(|settings| settings.shared_login = SharedLogin::Refuse).await;
    desk.onboard("ada", SECRET).await;
    desk.put("twin", &[ADA]).await;
    assert_eq!(desk.codes("twin").await, "login_email_taken not_activated");
    desk.onboard("eve", OTHER).await;
    desk.deactivate("eve").await.unwrap();
    assert_eq!(desk.codes("eve").await, "deactivated");
}

#[tokio::test]
async fn x2_clients_are_told_of() {
    let desk = Desk::with(&[("ada", ADA)]).await;
    desk.onboard("ada", SECRET).await;
    desk.wait(2 * DAY);
    desk.fixture.portal.suspend_client(&desk.call, &reference("acme"), true).await.unwrap();
    let findings = desk.diagnose("ada").await;
    assert_eq!((codes(&findings).as_str(), findings[0].severity), ("client_suspended", Severity::Blocks));
    let client = findings[0].remedy.as_ref().unwrap().client.clone();
    assert_eq!(client, Some(reference("acme")));
    let input = PutContactInput { clients: Some(Vec::new()), ..PutContactInput::default() };
    desk.fixture.portal.put_contact(&desk.call, &reference("ada"), &input).await.unwrap();
    assert!(desk.codes("ada").await.starts_with("no_profile"));
}

#[tokio::test]
async fn x2_tries_are_told_by_where_they_were() {
    let desk = Desk::new().await;
    desk.put("ada", &[ADA, "second@smith.example"]).await;
    desk.put("bob", &["bda@smith.example"]).await;
    let session = desk.onboard("ada", SECRET).await;
    desk.wait(MINUTE);
    desk.touch(&session).await.unwrap();
    desk.wait(2 * DAY);
    assert_eq!(desk.codes("ada").await, "all_clear");
    desk.fail("second@smith.example", 1).await;
    assert_eq!(desk.codes("ada").await, "not_the_first_address all_clear");
    desk.wait(MINUTE);
    desk.fail("adda@smith.example", 1).await;
    desk.fail("bda@smith.example", 1).await;
    let findings = desk.diagnose("ada").await;
    assert_eq!(codes(&findings), "near_miss_address not_the_first_address all_clear");
    assert_eq!(findings[0].evidence.len(), 1, "what is somebody else's address is theirs");
    desk.wait(MINUTE);
    desk.fail(ADA, 2).await;
    assert!(desk.codes("ada").await.starts_with("wrong_password_recently near_miss_address"));
    assert!(desk.codes("ada").await.ends_with("all_clear no_reset_requested"));
    desk.fail(ADA, 12).await;
    assert!(desk.codes("ada").await.starts_with("locked_until wrong_password_recently"));
    // Who got in is past all that.
    desk.wait(2 * HOUR);
    desk.sign_in(ADA, SECRET).await.unwrap();
    assert_eq!(desk.codes("ada").await, "all_clear signed_in_recently");
    desk.wait(2 * MINUTE);
    assert_eq!(desk.codes("ada").await, "session_never_used all_clear signed_in_recently");
    desk.emails("ada", &["new@smith.example"]).await.unwrap();
    desk.wait(2 * DAY);
    desk.fail(ADA, 1).await;
    assert!(desk.codes("ada").await.contains("former_address"));
}

#[tokio::test]
async fn x2_a_try_at_another_address_is_remembered_for_thirty_days() {
    let desk = Desk::new().await;
    desk.put("ada", &[ADA, "second@smith.example"]).await;
    desk.onboard("ada", SECRET).await;
    desk.wait(2 * DAY);
    desk.fail("adda@smith.example", 1).await;
    desk.fail("second@smith.example", 1).await;
    desk.fail(ADA, 1).await;
    let at = desk.fixture.portal.now();
    desk.wait(8 * DAY);
    let findings = desk.diagnose("ada").await;
    assert_eq!(
        codes(&findings),
        "all_clear near_miss_address not_the_first_address",
        "a wrong password of then says nothing"
    );
    for told in &findings[1..] {
        assert_eq!((told.severity, told.evidence[0].at), (Severity::Info, Some(at)), "{told:?}");
    }
    // A newer one is what the call is about.
    desk.fail("adda@smith.example", 1).await;
    let findings = desk.diagnose("ada").await;
    assert_eq!(codes(&findings), "near_miss_address all_clear not_the_first_address");
    assert_eq!((findings[0].severity, findings[0].evidence.len()), (Severity::Hinders, 2));
    desk.wait(22 * DAY);
    assert_eq!(desk.codes("ada").await, "all_clear near_miss_address");
    desk.wait(8 * DAY);
    assert_eq!(desk.codes("ada").await, "all_clear");
}

#[tokio::test]
async fn x2_tries_are_found_after_the_program_got_a_newer_key() {
    let mut desk = Desk::new().await;
    desk.put("ada", &[ADA]).await;
    desk.onboard("ada", SECRET).await;
    desk.wait(2 * DAY);
    desk.fail("adda@smith.example", 1).await;
    desk.fixture.portal.tokens = build::rotated_tokens();
    desk.fail("ada@smiht.example", 1).await;
    let found = desk.diagnose("ada").await.remove(0);
    assert_eq!((codes(std::slice::from_ref(&found)).as_str(), found.evidence.len()), ("near_miss_address", 2));
}

#[tokio::test]
async fn x2_resets_have_their_limit() {
    let desk = Desk::with(&[("ada", ADA)]).await;
    desk.onboard("ada", SECRET).await;
    desk.wait(2 * DAY);
    for _ in 0..4 {
        desk.wait(MINUTE);
        desk.reset(ADA).await;
    }
    let codes = desk.codes("ada").await;
    assert!(codes.contains("mail_limit_reached") && codes.contains("mail_queued"), "{codes}");
    assert!(codes.contains("all_clear"), "the password signs in all the same");
}

#[tokio::test]
async fn x1_an_address_is_diagnosed_as_it_is_told() {
    let desk = Desk::new().await;
    desk.put("ada", &[ADA, "second@smith.example"]).await;
    desk.user("uma", "uma@smith.example").await.unwrap();
    desk.onboard("ada", SECRET).await;
    desk.wait(2 * DAY);
    let told = async |typed: &str| {
        let diagnosis = desk.told(typed).await;
        let who = diagnosis.contact.map(|named| named.reference.as_str().to_owned()).unwrap_or_default();
        format!("{who}: {}", codes(&diagnosis.findings[..1]))
    };
    let blanks = desk.told("  ADA@Smith.example\u{a0}").await.findings;
    assert_eq!(codes(&blanks), "all_clear address_was_trimmed");
    assert_eq!(told(ADA).await, "ada: all_clear");
    assert_eq!(told("second@smith.example").await, "ada: not_the_first_address");
    let remedy = desk.told("SECOND@smith.example").await.findings.remove(0).remedy.expect("it can be moved");
    assert_eq!(remedy.address.as_deref(), Some("second@smith.example"), "as the contact has it");
    assert_eq!(told("uma@smith.example").await, ": practice_user_email");
    assert_eq!(told("adda@smith.example").await, ": near_miss_address");
    assert_eq!(desk.told("adda@smith.example").await.others[0].reference, reference("ada"));
    assert_eq!(told("nobody@elsewhere.example").await, ": unknown_address");
    assert_eq!(told("ada at smith").await, ": unknown_address");
    desk.emails("ada", &["new@smith.example"]).await.unwrap();
    assert_eq!(told(ADA).await, "ada: former_address");
}

/// The password that is the login's, whichever it is.
async fn right_password(world: &World, facts: &ContactFacts) -> Option<&'static str> {
    let hash = &facts.login.as_ref()?.login.credential.as_ref()?.hash;
    for phrase in PASSPHRASES {
        let typed = TypedPassword::new(phrase)?;
        if world.portal.hasher.verify(&typed, Some(hash)).await.unwrap() != Verdict::NoMatch {
            return Some(phrase);
        }
    }
    None
}

/// Whether the right password gets a browser in that never was here, to a profile of the contact.
async fn gets_in(world: &World, contact: &Contact, password: Option<&str>) -> bool {
    let (Some(first), Some(password)) = (contact.emails.first(), password) else { return false };
    let input = SignInInput { email: first.as_str(), password, user_agent: None, presented: None, known: None };
    let Ok(signed_in) = ruled(world.portal.sign_in(&world.context, &input).await) else { return false };
    let view = world.portal.peek_session(&world.id().into(), &signed_in.token).await.unwrap().expect("a session");
    view.login.profiles().iter().any(|profile| profile.contact.id == contact.id)
}

#[test]
fn x3_all_clear_is_told_exactly_where_the_right_password_shows_a_profile() {
    block_on(async {
        let (mut clear, mut not) = (0, 0);
        for world in worlds(31).await {
            for (who, facts) in people(&world).await {
                let findings = world.portal.diagnose(&world.context, &who).await.unwrap().findings;
                let told = findings.iter().any(|finding| finding.code == FindingCode::AllClear);
                let blocked = findings.iter().any(|finding| finding.severity == Severity::Blocks);
                assert_ne!(told, blocked, "{who}: {}", codes(&findings));
                let password = right_password(&world, &facts).await;
                let contact = facts.contact.as_ref().expect("a contact");
                assert_eq!(told, gets_in(&world, contact, password).await, "{who}: {}", codes(&findings));
                *if told { &mut clear } else { &mut not } += 1;
            }
        }
        assert!(clear > 5 && not > 5, "{clear} and {not}");
    });
}

#[test]
fn x3_a_diagnosis_changes_nothing() {
    block_on(async {
        for world in worlds(32).await {
            let before = world.events_after(0).await.unwrap();
            for (who, facts) in people(&world).await {
                let once = world.portal.diagnose(&world.context, &who).await.unwrap();
                for address in facts.contact.iter().flat_map(|contact| contact.emails.iter()) {
                    world.portal.diagnose_address(&world.context, address.as_str()).await.unwrap();
                }
                assert_eq!(world.portal.diagnose(&world.context, &who).await.unwrap(), once);
            }
            assert_eq!(world.events_after(0).await.unwrap(), before);
            for (who, facts) in people(&world).await {
                assert_eq!(world.portal.contact(&world.context, &who).await.unwrap().1, facts);
            }
        }
    });
}

/// Carries out the remedy of a finding. `false` where it is no command.
async fn carry_out(world: &World, who: &Ref, emails: Vec<String>, remedy: &Remedy, fresh: usize) -> bool {
    let (portal, call) = (&world.portal, &world.context);
    let put = async |first: String| {
        let mut emails = emails.clone();
        emails.retain(|address| *address != first);
        emails.insert(0, first);
        emails.truncate(10);
        let input = EmailsInput { emails, join: true, wrong_address: false };
        ruled(portal.put_emails(call, who, &input).await).is_ok()
    };
    let address = remedy.address.clone();
    match remedy.command {
        RemedyCommand::Activate => portal.activate(call, who).await.is_ok(),
        RemedyCommand::Reactivate => portal.reactivate(call, who).await.is_ok(),
        RemedyCommand::Resend => portal.resend(call, who).await.is_ok(),
        RemedyCommand::LiftAndResend => portal.lift_suppression(call, who).await.is_ok(),
        RemedyCommand::MoveToTop => put(address.expect("it is named")).await,
        RemedyCommand::UseNextAddress => {
            put(address.expect("it is named")).await
                && (portal.activate(call, who).await.is_ok() || portal.reactivate(call, who).await.is_ok())
        }
        RemedyCommand::ChangeAddress => put(format!("fresh{fresh}@elsewhere.example")).await,
        RemedyCommand::ResumeClient => {
            let client = remedy.client.as_ref().expect("it is named");
            portal.suspend_client(call, client, false).await.is_ok()
        }
        RemedyCommand::AddClient => {
            let client = decide::PutClient { reference: build::reference("fresh"), name: "Fresh".to_owned() };
            portal.put_client(call, &client).await.unwrap();
            let input = PutContactInput { clients: Some(vec![client.reference]), ..PutContactInput::default() };
            portal.put_contact(call, who, &input).await.is_ok()
        }
        RemedyCommand::CopyReport => false,
    }
}

#[test]
fn x3_the_remedy_of_a_finding_removes_it() {
    block_on(async {
        let mut carried = BTreeSet::new();
        for seed in 33..37 {
            for world in worlds(seed).await {
                for (fresh, (who, _)) in people(&world).await.into_iter().enumerate() {
                    let findings = world.portal.diagnose(&world.context, &who).await.unwrap().findings;
                    for finding in &findings {
                        let Some(remedy) = &finding.remedy else { continue };
                        let facts = world.portal.contact(&world.context, &who).await.unwrap().1;
                        let listed = facts.contact.into_iter().flat_map(|contact| contact.emails.as_slice().to_vec());
                        let emails = listed.map(|address: EmailAddress| address.to_string()).collect();
                        let now = world.portal.diagnose(&world.context, &who).await.unwrap().findings;
                        let same = |it: &Finding| it.code == finding.code && it.evidence == finding.evidence;
                        let still = now.iter().any(|it| same(it) && it.remedy == finding.remedy);
                        if !still {
                            continue;
                        }
                        let done = carry_out(&world, &who, emails, remedy, fresh).await;
                        assert!(done, "{} of {who} is refused", remedy.command.code());
                        let after = world.portal.diagnose(&world.context, &who).await.unwrap().findings;
                        let left = after.iter().find(|it| same(it));
                        assert!(
                            left.is_none(),
                            "{} stays after {}: {left:?}",
                            finding.code.code(),
                            remedy.command.code()
                        );
                        carried.insert(remedy.command);
                    }
                }
            }
        }
        let often = [RemedyCommand::Activate, RemedyCommand::Reactivate, RemedyCommand::Resend];
        assert!(often.iter().all(|command| carried.contains(command)), "{carried:?}");
    });
}

#[tokio::test]
async fn x4_every_tip_of_the_paper_guide_has_its_finding() {
    let desk = Desk::new().await;
    desk.put("ada", &[ADA, "second@smith.example"]).await;
    desk.user("uma", "uma@smith.example").await.unwrap();
    desk.onboard("ada", SECRET).await;
    let first = async |typed: &str| desk.told(typed).await.findings[0].code;
    assert_eq!(first("second@smith.example").await, FindingCode::NotTheFirstAddress, "is it the first address?");
    let blanks = desk.told(" ada@smith.example ").await.findings;
    assert!(codes(&blanks).ends_with("address_was_trimmed"), "are there blanks?");
    assert_eq!(first("uma@smith.example").await, FindingCode::PracticeUserEmail, "does it belong to staff?");
    desk.put("bob", &["bob@smith.example"]).await;
    desk.activate("bob").await.unwrap();
    desk.send(&accepted()).await;
    let findings = desk.diagnose("bob").await;
    assert_eq!(findings[0].code, FindingCode::MailAcceptedUnused, "spam?");
    assert_eq!(remedy(&findings, FindingCode::MailAcceptedUnused), Some(RemedyCommand::Resend), "send it again");
    desk.deactivate("bob").await.unwrap();
    let findings = desk.diagnose("bob").await;
    assert_eq!(remedy(&findings, FindingCode::Deactivated), Some(RemedyCommand::Reactivate), "off and on again");
    desk.user("new", "eve@smith.example").await.unwrap();
    desk.put("eve", &["eve@smith.example", "own@smith.example"]).await;
    let findings = desk.diagnose("eve").await;
    assert_eq!(
        remedy(&findings, FindingCode::PracticeUserEmail),
        Some(RemedyCommand::UseNextAddress),
        "another on top"
    );
}

#[tokio::test]
async fn x2_a_support_report_says_nothing_of_who_it_is_about() {
    let desk = Desk::with(&[("ada", ADA)]).await;
    desk.activate("ada").await.unwrap();
    let reply = format!("550 5.1.1 <{ADA}>: no mailbox of (The ada) here, from 192.0.2.7.");
    desk.send(&SendOutcome::Permanent { reply }).await;
    desk.fixture.portal.seal_waiting(desk.call.practice).await.unwrap();
    let diagnosis = desk.told(ADA).await;
    let portal = &desk.fixture.portal;
    let lines = portal.support_report(&desk.call, &*desk.fixture.store, &diagnosis).await.unwrap();
    let report = lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n");
    for told in [
        "mail_failed (blocks)",
        "550 5.1.1 <a…a@s…h.example>",
        "activation to a…a@s…h.example: failed",
        "contact.activated",
    ] {
        assert!(report.contains(told), "{told} is missing: {report}");
    }
    for hidden in [ADA, "The ada", "Acme", "192.0.2.7"] {
        assert!(!report.contains(hidden), "{hidden} is told: {report}");
    }
    let nobody = desk.told("nobody@elsewhere.example").await;
    assert!(!portal.support_report(&desk.call, &*desk.fixture.store, &nobody).await.unwrap().is_empty());
}

#[tokio::test]
async fn e5_an_address_that_is_read_is_not_suspicious() {
    let desk = Desk::with(&[("ada", "ada@gmial.com"), ("eve", "eve@hotmail.ie")]).await;
    desk.activate("ada").await.unwrap();
    desk.send(&accepted()).await;
    assert!(desk.codes("ada").await.starts_with("suspicious_domain mail_accepted_unused"));
    desk.wait(HOUR);
    desk.link(&desk.newest_token().await).await;
    assert_eq!(desk.codes("ada").await, "link_opened_not_used password_not_set", "somebody reads mail there");
    desk.activate("eve").await.unwrap();
    assert_eq!(desk.codes("eve").await, "mail_queued password_not_set", "another country's is a provider of its own");
}

#[tokio::test]
async fn l4_an_earlier_link_that_was_read_counts() {
    let desk = Desk::with(&[("ada", ADA)]).await;
    desk.activate("ada").await.unwrap();
    desk.send(&accepted()).await;
    let monday = desk.newest_token().await;
    desk.wait(DAY);
    desk.resend("ada").await.unwrap();
    desk.send(&accepted()).await;
    desk.wait(DAY);
    desk.link(&monday).await;
    let findings = desk.diagnose("ada").await;
    assert_eq!(codes(&findings), "link_opened_not_used password_not_set");
    assert!(facts(&findings[0])[0].contains("opened, 2 days after"), "{:?}", findings[0].evidence);
}

#[tokio::test]
async fn c3_what_was_sent_to_who_is_longest_behind_a_login_is_told_of_all() {
    let desk = Desk::with(&[("ada", ADA)]).await;
    desk.onboard("ada", SECRET).await;
    desk.put("bob", &[ADA]).await;
    desk.activate("bob").await.unwrap();
    desk.send(&accepted()).await;
    desk.wait(2 * DAY);
    desk.fail(ADA, 1).await;
    desk.wait(MINUTE);
    desk.reset(ADA).await;
    desk.send(&SendOutcome::Transient { reply: "451 later".to_owned() }).await;
    for who in ["ada", "bob"] {
        let codes = desk.codes(who).await;
        assert!(codes.starts_with("mail_deferred") && !codes.contains("no_reset_requested"), "{who}: {codes}");
    }
    // Mail about a login that is no longer the contact's says nothing of this one.
    desk.put("cy", &["cy@smith.example"]).await;
    desk.activate("cy").await.unwrap();
    desk.send(&accepted()).await;
    desk.join("cy", &[ADA]).await.unwrap();
    assert!(!desk.codes("cy").await.contains("link_expired"), "{}", desk.codes("cy").await);
}

#[tokio::test]
async fn x2_an_address_of_staff_that_a_contact_has_first_has_its_button() {
    let desk = Desk::new().await;
    desk.user("uma", "uma@smith.example").await.unwrap();
    desk.put("ada", &["uma@smith.example", "own@smith.example"]).await;
    let told = desk.told("uma@smith.example").await;
    assert_eq!(codes(&told.findings), "practice_user_email not_activated");
    assert_eq!(remedy(&told.findings, FindingCode::PracticeUserEmail), Some(RemedyCommand::UseNextAddress));
    assert_eq!(told.staff.map(|staff| staff.reference), Some(reference("uma")));
}

#[tokio::test]
async fn g3_where_the_portal_is_is_no_link() {
    let desk = Desk::with(&[("ada", ADA)]).await;
    desk.onboard("ada", SECRET).await;
    desk.wait(2 * DAY);
    desk.ask_the_way(ADA).await;
    desk.reset(ADA).await;
    desk.reset(ADA).await;
    assert!(!desk.codes("ada").await.contains("mail_limit_reached"), "one more goes out");
    desk.reset(ADA).await;
    assert!(desk.codes("ada").await.contains("mail_limit_reached"));
}

#[tokio::test]
async fn x2_a_support_report_masks_whatever_servers_write_of_an_address() {
    let address = "Sean.O'Neil@smith-sons.example";
    let desk = Desk::with(&[("ada", address)]).await;
    desk.user("uma", "uma@smith.example").await.unwrap();
    desk.activate("ada").await.unwrap();
    let words = "550 unknown user: sean.o'neil; name service error for name=smith-sons.example from 192.0.2.7:51234, ::1: \
                 sean.o'neil=smith-sons.example@relay.example";
    desk.send(&SendOutcome::Permanent { reply: words.to_owned() }).await;
    let portal = &desk.fixture.portal;
    for typed in [address, "uma@smith.example"] {
        let diagnosis = desk.told(typed).await;
        let lines = portal.support_report(&desk.call, &*desk.fixture.store, &diagnosis).await.unwrap();
        let report = lines.iter().map(|line| line.text.to_lowercase()).collect::<Vec<_>>().join("\n");
        for hidden in ["neil", "sean", "smith-sons", "192.0.2.7", "::1", "uma@", " uma"] {
            assert!(!report.contains(hidden), "{hidden} is told of {typed}: {report}");
        }
    }
}
