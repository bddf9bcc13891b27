//! A practice in memory, and short words for what happens in it.

use std::{collections::BTreeSet, sync::Mutex, time::Duration};

use portal_domain::{
    Refusal,
    decide::PutClient,
    event::{Caller, RecordedEvent},
    finding::Finding,
    id::{ContactId, Ref, Slug},
    message::Message,
    port::{Clock, Page},
    practice::{Role, Settings},
    returned::{DeliveryReport, Reason, Returned, Taken, Why},
    session::SessionToken,
    status::{PortalPart, portal_part},
    time::Timestamp,
    usecase::{
        CallContext, ChangePassword, ContactAnswer, EmailsInput, Error, Portal, PutContactInput, PutUserInput,
        RedeemLink, SignInInput,
    },
};
use portal_testkit::{build, fixture::Fixture};

pub(super) const SECRET: &str = "winding copper lanterns drift";
pub(super) const OTHER: &str = "seven tractors hum by lakes";
pub(super) const MINUTE: Duration = Duration::from_secs(60);
pub(super) const HOUR: Duration = Duration::from_secs(3600);
pub(super) const DAY: Duration = Duration::from_secs(24 * 3600);

/// What came of a command: an outcome, or the refusal.
pub(super) type Ruled<T> = Result<T, Refusal>;

pub(super) struct Desk {
    pub(super) fixture: Fixture,
    pub(super) call: CallContext,
    people: Mutex<BTreeSet<ContactId>>,
}

pub(super) fn reference(text: &str) -> Ref {
    build::reference(text)
}

/// Everything but a refusal is no answer of a rule.
pub(super) fn ruled<T>(answer: Result<T, Error>) -> Ruled<T> {
    match answer {
        Ok(outcome) => Ok(outcome),
        Err(Error::Refused(refusal)) => Err(refusal),
        Err(error) => panic!("{error}"),
    }
}

/// The code of the refusal, or what there is instead of one.
pub(super) fn code<T>(answer: &Ruled<T>) -> &'static str {
    answer.as_ref().err().map_or("not refused", Refusal::code)
}

/// What was seen, as a reader reads it.
pub(super) fn facts(finding: &Finding) -> Vec<String> {
    finding.evidence.iter().map(|it| it.fact.to_string()).collect()
}

/// The refs that a list names, joined.
pub(super) fn names(named: &[portal_domain::Named]) -> String {
    named.iter().map(|named| named.reference.as_str()).collect::<Vec<_>>().join(" ")
}

/// Kind and address of each mail, sorted.
pub(super) fn mails_of(outcome: &ContactAnswer) -> Vec<String> {
    outcome.effects.messages.iter().map(|mail| format!("{} {}", mail.kind.code(), mail.to)).collect()
}

impl Desk {
    /// A practice with the client `acme`.
    pub(super) async fn new() -> Self {
        let fixture = Fixture::in_memory("elm").await;
        let desk = Self { call: fixture.call(), fixture, people: Mutex::default() };
        let client = PutClient { reference: reference("acme"), name: "Acme".to_owned() };
        ruled(desk.fixture.portal.put_client(&desk.call, &client).await).expect("a client");
        desk
    }

    /// Another practice on the same store.
    pub(super) async fn beside(&self, slug: &str) -> Self {
        let (portal, slug) = (&self.fixture.portal, Slug::parse(slug).expect("a slug"));
        let nowhere = CallContext::new(Portal::nowhere(), Caller::Program);
        let practice = portal.create_practice(&nowhere, &slug, "Elm").await.expect("a practice");
        let fixture = Fixture { practice, ..self.fixture.clone() };
        let desk = Self { call: fixture.call(), fixture, people: Mutex::default() };
        let client = PutClient { reference: reference("acme"), name: "Acme".to_owned() };
        ruled(desk.fixture.portal.put_client(&desk.call, &client).await).expect("a client");
        desk
    }

    /// With contacts of these refs and first addresses.
    pub(super) async fn with(contacts: &[(&str, &str)]) -> Self {
        let desk = Self::new().await;
        for (who, email) in contacts {
            desk.put(who, &[email]).await;
        }
        desk
    }

    pub(super) fn wait(&self, span: Duration) {
        self.fixture.clock.advance(span);
    }

    /// Sets the clock back.
    pub(super) fn set_back(&self, span: Duration) {
        let clock = &self.fixture.clock;
        let micros = i64::try_from(span.as_micros()).expect("a short span");
        clock.set(Timestamp::from_micros(clock.now().as_micros() - micros));
    }

    /// Puts a contact of `acme`.
    pub(super) async fn put(&self, who: &str, emails: &[&str]) -> ContactAnswer {
        let input = PutContactInput {
            name: Some(format!("The {who}")),
            clients: Some(vec![reference("acme")]),
            emails: Some(EmailsInput { emails: owned(emails), ..EmailsInput::default() }),
            ..PutContactInput::default()
        };
        let outcome = self.fixture.portal.put_contact(&self.call, &reference(who), &input).await;
        let outcome = ruled(outcome).expect("a contact is put");
        self.people.lock().unwrap().extend(outcome.contact.as_ref().map(|contact| contact.id));
        outcome
    }

    async fn replace(&self, who: &str, emails: &[&str], join: bool, wrong_address: bool) -> Ruled<ContactAnswer> {
        let input = EmailsInput { emails: owned(emails), join, wrong_address };
        ruled(self.fixture.portal.put_emails(&self.call, &reference(who), &input).await)
    }

    pub(super) async fn emails(&self, who: &str, emails: &[&str]) -> Ruled<ContactAnswer> {
        self.replace(who, emails, false, false).await
    }

    pub(super) async fn join(&self, who: &str, emails: &[&str]) -> Ruled<ContactAnswer> {
        self.replace(who, emails, true, false).await
    }

    pub(super) async fn wrong(&self, who: &str, emails: &[&str]) -> Ruled<ContactAnswer> {
        self.replace(who, emails, true, true).await
    }

    pub(super) async fn activate(&self, who: &str) -> Ruled<ContactAnswer> {
        ruled(self.fixture.portal.activate(&self.call, &reference(who)).await)
    }

    pub(super) async fn resend(&self, who: &str) -> Ruled<ContactAnswer> {
        ruled(self.fixture.portal.resend(&self.call, &reference(who)).await)
    }

    pub(super) async fn lift(&self, who: &str) -> Ruled<ContactAnswer> {
        ruled(self.fixture.portal.lift_suppression(&self.call, &reference(who)).await)
    }

    /// The newest mail comes back, with this reason.
    pub(super) async fn bounce(&self, reason: Reason) {
        let newest = self.messages().await.pop().expect("there is a mail");
        let report = self.report(&newest, Returned::Bounced(Why { reason, lasting: true }));
        assert_eq!(self.fixture.portal.take_report(&report).await.unwrap(), Taken::Noted);
    }

    /// A report about a message that came to its return path.
    pub(super) fn report(&self, message: &Message, what: Returned) -> DeliveryReport {
        let slug = Slug::parse("elm").expect("a slug");
        let path = self.fixture.portal.tokens.return_paths().make(&slug, message.id, "portal.example");
        let (recipient, words) = (Some(message.to.as_str().to_owned()), "550 the words of a server".to_owned());
        DeliveryReport { paths: vec![path], message_id: None, what, recipient, final_recipient: None, words }
    }

    pub(super) async fn deactivate(&self, who: &str) -> Ruled<ContactAnswer> {
        ruled(self.fixture.portal.deactivate(&self.call, &reference(who)).await)
    }

    pub(super) async fn reactivate(&self, who: &str) -> Ruled<ContactAnswer> {
        ruled(self.fixture.portal.reactivate(&self.call, &reference(who)).await)
    }

    pub(super) async fn delete(&self, who: &str) -> Ruled<ContactAnswer> {
        ruled(self.fixture.portal.delete_contact(&self.call, &reference(who)).await)
    }

    pub(super) async fn settings(&self, edit: impl Fn(&mut Settings) + Send + Sync) {
        let edit = |mut settings: Settings| {
            edit(&mut settings);
            settings
        };
        ruled(self.fixture.portal.put_settings(&self.call, edit).await).expect("settings within their bounds");
    }

    pub(super) async fn user(&self, who: &str, email: &str) -> Ruled<()> {
        let input = PutUserInput {
            reference: reference(who),
            name: who.to_owned(),
            email: email.to_owned(),
            role: Role::Staff,
        };
        ruled(self.fixture.portal.put_user(&self.call, &input).await).map(drop)
    }

    /// Somebody asks for a reset, and a worker decides.
    pub(super) async fn reset(&self, typed: &str) {
        ruled(self.fixture.portal.ask_for_reset(&self.call, typed).await).expect("always accepted");
        self.work().await;
    }

    /// Somebody asks where the portal is, and a worker decides.
    pub(super) async fn ask_the_way(&self, typed: &str) {
        ruled(self.fixture.portal.ask_for_portal_address(&self.call, typed).await).expect("always accepted");
        self.work().await;
    }

    /// Somebody asks for a new link in place of one, and a worker decides. Answers whether the token is known.
    pub(super) async fn renew(&self, token: &str) -> bool {
        let known = ruled(self.fixture.portal.ask_for_renewal(&self.call, token).await).expect("always answered");
        self.work().await;
        known
    }

    /// Somebody tries in vain to sign in, and a worker decides what that leads to.
    pub(super) async fn try_in_vain(&self, typed: &str) {
        self.sign_in(typed, "wrong horse battery staple").await.expect_err("nobody has this password");
        self.work().await;
    }

    pub(super) async fn work(&self) {
        let (portal, now) = (&self.fixture.portal, self.fixture.portal.now());
        for enquiry in portal.enquiries.lease(now, now.after(MINUTE), 10).await.unwrap() {
            portal.decide_enquiry(&enquiry).await.unwrap();
            portal.enquiries.settle(enquiry.practice, enquiry.id).await.unwrap();
        }
    }

    pub(super) async fn redeem(&self, token: &str, password: &str) -> Ruled<()> {
        let command = RedeemLink { token, password };
        ruled(self.fixture.portal.redeem_link(&self.call, &command).await).map(drop)
    }

    /// The state of a link, as its page says it.
    pub(super) async fn link(&self, token: &str) -> String {
        let view = ruled(self.fixture.portal.view_link(&self.call, token).await);
        view.map_or_else(|refusal| refusal.code().to_owned(), |view| format!("{:?}", view.state).to_lowercase())
    }

    pub(super) async fn sign_in(&self, typed: &str, password: &str) -> Ruled<SessionToken> {
        let input = SignInInput { email: typed, password, user_agent: None, presented: None, known: None };
        ruled(self.fixture.portal.sign_in(&self.call, &input).await).map(|signed_in| signed_in.token)
    }

    /// Whether the password opens the door, by a session that ends at once.
    pub(super) async fn lets_in(&self, typed: &str, password: &str) -> bool {
        let Ok(session) = self.sign_in(typed, password).await else { return false };
        ruled(self.fixture.portal.sign_out(&self.call, &session).await).expect("a session")
    }

    pub(super) async fn valid(&self, session: &SessionToken) -> bool {
        self.fixture.portal.peek_session(&self.call.practice.into(), session).await.unwrap().is_some()
    }

    /// Uses the session, as every request with it does.
    pub(super) async fn touch(&self, session: &SessionToken) -> Ruled<()> {
        ruled(self.fixture.portal.use_session(&self.call.practice.into(), session).await).map(drop)
    }

    pub(super) async fn change(&self, session: &SessionToken, current: &str, new: &str) -> Ruled<SessionToken> {
        let command = ChangePassword { session, current, new, known: None };
        ruled(self.fixture.portal.change_password(&self.call, &command).await).map(|signed_in| signed_in.token)
    }

    /// The profiles a session sees, `contact/client`.
    pub(super) async fn profiles(&self, session: &SessionToken) -> Vec<String> {
        let view = self
            .fixture
            .portal
            .peek_session(&self.call.practice.into(), session)
            .await
            .unwrap()
            .expect("a valid session");
        let profiles = view.login.profiles();
        profiles.iter().map(|it| format!("{}/{}", it.contact.reference, it.client.reference)).collect()
    }

    pub(super) async fn part(&self, who: &str) -> PortalPart {
        let (practice, facts) =
            self.fixture.portal.contact(&self.call, &reference(who)).await.expect("there is that contact");
        portal_part(&practice, &facts, self.fixture.portal.now()).expect("there is that contact")
    }

    pub(super) async fn status(&self, who: &str) -> &'static str {
        self.part(who).await.status.code()
    }

    /// Every message, in the order in which they were queued.
    pub(super) async fn messages(&self) -> Vec<Message> {
        let people = self.people.lock().unwrap().clone();
        let mut all = Vec::new();
        for contact in people {
            let page = Page { after: None, limit: 200 };
            let messages = self.fixture.store.messages(self.call.practice, contact, &page).await.unwrap();
            all.extend(messages.into_iter().map(|(delivery, place)| (place, delivery.message)));
        }
        all.sort_by_key(|(place, _)| *place);
        all.into_iter().map(|(_, message)| message).collect()
    }

    /// Kind and address of every mail since there were so many.
    pub(super) async fn mail_since(&self, before: usize) -> Vec<String> {
        let all = self.messages().await;
        let mut mail: Vec<_> = all[before..].iter().map(|it| format!("{} {}", it.kind().code(), it.to)).collect();
        mail.sort();
        mail
    }

    /// The token of the newest link that was mailed.
    pub(super) async fn newest_token(&self) -> String {
        let newest = self.messages().await.into_iter().rev().find(|message| message.link.is_some());
        self.token(&newest.expect("a mail with a link")).await
    }

    /// The token that a message carries.
    pub(super) async fn token(&self, message: &Message) -> String {
        let (portal, now) = (&self.fixture.portal, self.fixture.portal.now());
        let id = message.link.expect("the mail carries a link");
        let facts = portal.store.link(self.call.practice, id, now).await.unwrap().expect("the link is there");
        let token = portal.tokens.issue(&facts.link.signed_with, self.call.practice, id, facts.link.purpose);
        token.expect("its key is known")
    }

    /// Activates a contact, sets a password by its link, and signs in.
    pub(super) async fn onboard(&self, who: &str, password: &str) -> SessionToken {
        self.activate(who).await.expect("activation");
        let token = self.newest_token().await;
        self.redeem(&token, password).await.expect("a password");
        let (_, facts) = self.fixture.portal.contact(&self.call, &reference(who)).await.unwrap();
        let first = facts.contact.and_then(|contact| contact.emails.first().cloned()).expect("an address");
        self.sign_in(first.as_str(), password).await.expect("the password signs in")
    }

    pub(super) async fn events(&self) -> Vec<RecordedEvent> {
        self.fixture.events().await
    }

    /// How much was ever written: events and messages. The same number means that nothing was.
    pub(super) async fn written(&self) -> (usize, usize) {
        (self.events().await.len(), self.messages().await.len())
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
