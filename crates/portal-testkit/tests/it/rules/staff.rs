//! Staff's own password and links (W1), and what ends them (W2): random histories against a small model of their own.

use proptest::{prelude::*, sample::Index};

use portal_domain::{
    Refusal,
    decide::{self, UserEffects},
    link::LinkState,
    message::MessageKind,
    port::{LeaseTerms, Outbox},
    practice::Role,
    session::WorkspaceToken,
    usecase::{ChangeStaffPassword, PutUserInput, StaffSignInInput},
};
use portal_testkit::conformance::run;

use super::desk::{DAY, Desk, HOUR, OTHER, Ruled, SECRET, code, reference, ruled};

const ADDRESSES: [&str; 2] = ["uma@elm.example", "una@elm.example"];
const PASSWORDS: [&str; 2] = [SECRET, OTHER];

/// What happens to `uma`, and what she does.
#[derive(Clone, Debug)]
enum Step {
    Invite,
    Put { address: usize, admin: bool },
    Redeem { link: Index, password: usize },
    SignIn { password: usize },
    Change { session: Index, current: usize, new: usize },
    EndOthers { session: Index },
    Leave { session: Index },
    Remove,
    Wait { hours: u32 },
}

fn step() -> impl Strategy<Value = Step> {
    let index = any::<Index>;
    prop_oneof![
        3 => Just(Step::Invite),
        2 => (0..2usize, any::<bool>()).prop_map(|(address, admin)| Step::Put { address, admin }),
        4 => (index(), 0..2usize).prop_map(|(link, password)| Step::Redeem { link, password }),
        4 => (0..2usize).prop_map(|password| Step::SignIn { password }),
        2 => (index(), 0..2usize, 0..2usize).prop_map(|(session, current, new)| Step::Change { session, current, new }),
        1 => index().prop_map(|session| Step::EndOthers { session }),
        1 => index().prop_map(|session| Step::Leave { session }),
        1 => Just(Step::Remove),
        1 => prop_oneof![Just(5u32), Just(13), Just(100)].prop_map(|hours| Step::Wait { hours }),
    ]
}

/// What becomes of a link, as the model sees it.
#[derive(Clone, Debug)]
struct Sent {
    token: String,
    made: u32,
    used: bool,
    dead: bool,
}

/// The user, its links and sessions.
#[derive(Default)]
struct Model {
    hour: u32,
    user: Option<(usize, bool)>,
    password: Option<usize>,
    links: Vec<Sent>,
    /// Each with the hour when it began.
    sessions: Vec<(WorkspaceToken, u32)>,
}

impl Model {
    fn end_all(&mut self) {
        self.sessions.clear();
        let hour = self.hour;
        for sent in self.links.iter_mut().filter(|sent| !sent.used && hour < sent.made + 168) {
            sent.dead = true;
        }
    }

    fn state(&self, sent: &Sent) -> LinkState {
        match (sent.used, sent.dead, self.hour >= sent.made + 168) {
            (true, ..) => LinkState::Used,
            (false, true, _) => LinkState::Dead,
            (false, false, true) => LinkState::Expired,
            (false, false, false) => LinkState::Usable,
        }
    }

    /// Of six that work the oldest ends.
    fn open(&mut self, token: String) {
        let open: Vec<_> =
            (0..self.links.len()).filter(|at| self.state(&self.links[*at]) == LinkState::Usable).collect();
        if open.len() >= 5 {
            self.links[open[0]].dead = true;
        }
        self.links.push(Sent { token, made: self.hour, used: false, dead: false });
    }
}

/// A desk, and what the model says of it.
struct Story {
    desk: Desk,
    model: Model,
}

impl Story {
    async fn begin() -> Self {
        let desk = Desk::new().await;
        // So that only the clock's hours count, and not its minutes.
        desk.settings(|settings| settings.session_idle_minutes = 1440).await;
        let story = Self { desk, model: Model::default() };
        story.put("boss", "boss@elm.example", Role::Admin).await.expect("a boss");
        story
    }

    async fn put(&self, who: &str, email: &str, role: Role) -> Ruled<()> {
        let input =
            PutUserInput { reference: reference(who), name: format!("The {who}"), email: email.to_owned(), role };
        ruled(self.desk.fixture.portal.put_user(&self.desk.call, &input).await).map(drop)
    }

    async fn sign_in(&self, address: usize, password: usize) -> Ruled<WorkspaceToken> {
        let input = StaffSignInInput {
            email: ADDRESSES[address],
            password: PASSWORDS[password],
            user_agent: None,
            presented: None,
            known: None,
        };
        let done = self.desk.fixture.portal.sign_in_staff(&self.desk.call, &input).await;
        ruled(done).map(|done| done.signed_in.token)
    }

    /// Hours pass: after each password one, so that no pause of G1 begins.
    fn pass(&mut self, hours: u32) {
        self.desk.wait(HOUR * hours);
        self.model.hour += hours;
    }

    fn session(&self, index: &Index) -> Option<WorkspaceToken> {
        let open = &self.model.sessions;
        (!open.is_empty()).then(|| index.get(open).0.clone())
    }

    /// What was foreseen is what the model says will end (M7).
    fn foresaw(&self, effects: &UserEffects, changed: bool, ends: bool, moves: bool) {
        let model = &self.model;
        let usable = model.links.iter().filter(|sent| model.state(sent) == LinkState::Usable).count();
        let expected = UserEffects {
            changed,
            sessions_ended: if ends { model.sessions.len() } else { 0 },
            links_ended: if ends { usable } else { 0 },
            password_ended: moves && model.password.is_some(),
        };
        assert_eq!(*effects, expected);
    }

    async fn tell(&mut self, step: &Step) {
        // So that no two links are of one age.
        self.desk.wait(std::time::Duration::from_millis(1));
        let (portal, call) = (self.desk.fixture.portal.clone(), self.desk.call.clone());
        let uma = reference("uma");
        match step {
            Step::Invite => {
                let token = ruled(portal.invite_user_by_hand(&call, &uma).await);
                assert_eq!(token.is_ok(), self.model.user.is_some(), "{token:?}");
                if let Ok(token) = token {
                    self.model.open(token);
                }
            }
            Step::Put { address, admin } => {
                let role = if *admin { Role::Admin } else { Role::Staff };
                let email = ADDRESSES[*address].to_owned();
                let input = PutUserInput { reference: uma, name: "The uma".to_owned(), email, role };
                let foreseen = ruled(portal.foresee_user(&call, &input).await).expect("nobody else has the address");
                let ends = self.model.user.is_some_and(|(held, was)| held != *address || (was && !admin));
                let moves = self.model.user.is_some_and(|(held, _)| held != *address);
                self.foresaw(&foreseen, self.model.user != Some((*address, *admin)), ends, moves);
                self.put("uma", ADDRESSES[*address], role).await.expect("nobody else has the address");
                let before = self.model.user.replace((*address, *admin));
                if before.is_some_and(|(held, _)| held != *address) {
                    self.model.password = None;
                    self.model.end_all();
                } else if before.is_some_and(|(_, was)| was && !admin) {
                    self.model.end_all();
                }
            }
            Step::Redeem { link, password } => {
                if self.model.links.is_empty() {
                    return;
                }
                let at = link.index(self.model.links.len());
                let sent = self.model.links[at].clone();
                let done = ruled(portal.redeem_staff_link(&call, &sent.token, PASSWORDS[*password]).await);
                assert_eq!(done.is_ok(), self.model.state(&sent) == LinkState::Usable, "{sent:?}: {done:?}");
                if done.is_ok() {
                    self.model.links[at].used = true;
                    self.model.end_all();
                    self.model.password = Some(*password);
                }
            }
            Step::SignIn { password } => {
                let address = self.model.user.map_or(0, |(address, _)| address);
                let done = self.sign_in(address, *password).await;
                assert_eq!(done.is_ok(), self.model.password == Some(*password), "{:?}", code(&done));
                self.model.sessions.extend(done.ok().map(|token| (token, self.model.hour)));
                self.pass(1);
            }
            Step::Change { session, current, new } => {
                let Some(token) = self.session(session) else { return };
                let began = self.model.sessions.iter().find(|(open, _)| *open == token).map(|(_, began)| *began);
                let command = ChangeStaffPassword {
                    session: &token,
                    current: PASSWORDS[*current],
                    new: PASSWORDS[*new],
                    known: None,
                };
                let done = ruled(portal.change_staff_password(&call, &command).await);
                assert_eq!(done.is_ok(), self.model.password == Some(*current), "{:?}", code(&done));
                if let Ok(done) = done {
                    self.model.end_all();
                    self.model.sessions.push((done.signed_in.token, began.expect("it was open")));
                    self.model.password = Some(*new);
                }
                self.pass(1);
            }
            Step::EndOthers { session } => {
                let Some(token) = self.session(session) else { return };
                let ended = ruled(portal.end_own_workspace_sessions(&call, &token, None).await).expect("it is open");
                assert_eq!(ended, self.model.sessions.len() - 1);
                self.model.sessions.retain(|(open, _)| *open == token);
            }
            Step::Leave { session } => {
                let Some(token) = self.session(session) else { return };
                assert!(ruled(portal.leave_workspace(&call, &token).await).expect("always answered"));
                self.model.sessions.retain(|(open, _)| *open != token);
            }
            Step::Remove => {
                let foreseen = ruled(portal.foresee_removal(&call, &uma).await);
                assert_eq!(foreseen.is_ok(), self.model.user.is_some());
                if let Ok(foreseen) = foreseen {
                    self.foresaw(&foreseen, true, true, true);
                }
                let done = ruled(portal.delete_user(&call, &uma).await);
                assert_eq!(done.is_ok(), self.model.user.is_some());
                self.model.end_all();
                (self.model.user, self.model.password) = (None, None);
            }
            Step::Wait { hours } => {
                self.pass(*hours);
            }
        }
        let hour = self.model.hour;
        self.model.sessions.retain(|(_, began)| hour < began + 12);
    }

    /// Links and sessions are what the model says.
    async fn compare(&self) {
        let (portal, call) = (&self.desk.fixture.portal, &self.desk.call);
        for sent in &self.model.links {
            let view = portal.view_staff_link(call, &sent.token).await.expect("links are known for ever");
            assert_eq!(view.state, self.model.state(sent), "{sent:?} at hour {}", self.model.hour);
        }
        for (token, _) in &self.model.sessions {
            assert!(portal.peek_workspace_session(call, token).await.expect("answered").is_some());
        }
        let open = self.model.sessions.first().map(|(token, _)| token);
        if let Some(token) = open {
            let listed = ruled(portal.own_workspace_sessions(call, token).await).expect("it is open");
            assert_eq!(listed.len(), self.model.sessions.len(), "none more than the model knows");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn w1_w2_links_sessions_and_password_of_staff_live_and_die_as_they_should(
        steps in prop::collection::vec(step(), 1..40),
    ) {
        run(async move {
            let mut story = Story::begin().await;
            for step in &steps {
                story.tell(step).await;
                story.compare().await;
            }
        });
    }
}

/// What keeps a contact out of the workspace keeps staff out of the portal: an address is known in one area at most (C1, C2).
#[test]
fn w1_a_staff_password_is_none_of_the_portal() {
    run(async {
        let story = Story::begin().await;
        let (portal, call) = (&story.desk.fixture.portal, &story.desk.call);
        story.put("uma", ADDRESSES[0], Role::Staff).await.expect("a user");
        let token = ruled(portal.invite_user_by_hand(call, &reference("uma")).await).expect("a link");
        ruled(portal.redeem_staff_link(call, &token, SECRET).await).expect("a password");
        assert_eq!(code(&story.desk.sign_in(ADDRESSES[0], SECRET).await), "sign_in_failed");
        assert_eq!(code(&ruled(portal.view_link(call, &token).await)), "not_found");
        assert!(story.sign_in(0, 0).await.is_ok());
    });
}

/// A password that was confirmed at one address opens nothing at another, and what is mailed there sets a new one.
#[test]
fn w2_another_address_has_to_be_proved_anew() {
    run(async {
        let story = Story::begin().await;
        let (portal, call) = (&story.desk.fixture.portal, &story.desk.call);
        story.put("uma", ADDRESSES[0], Role::Staff).await.expect("a user");
        let token = ruled(portal.invite_user_by_hand(call, &reference("uma")).await).expect("a link");
        ruled(portal.redeem_staff_link(call, &token, SECRET).await).expect("a password");
        story.put("uma", ADDRESSES[1], Role::Staff).await.expect("she moves");
        story.put("uma", ADDRESSES[0], Role::Staff).await.expect("and comes back");
        assert_eq!(code(&story.sign_in(0, 0).await), "sign_in_failed");
        story.desk.wait(DAY);
        let token = ruled(portal.invite_user_by_hand(call, &reference("uma")).await).expect("a link");
        ruled(portal.redeem_staff_link(call, &token, OTHER).await).expect("a password");
        assert!(story.sign_in(0, 1).await.is_ok());
    });
}

/// An invitation whose link died before it left is not sent (D2), be it by a newer password, another address or removal.
#[test]
fn w2_an_invitation_whose_link_died_is_not_worth_sending() {
    run(async {
        for deed in ["redeem", "move", "remove", "nothing"] {
            let story = Story::begin().await;
            let (portal, call) = (&story.desk.fixture.portal, &story.desk.call);
            story.put("uma", ADDRESSES[0], Role::Staff).await.expect("a user");
            let by_hand = ruled(portal.invite_user_by_hand(call, &reference("uma")).await).expect("a link");
            let to = ruled(portal.invite_user(call, &reference("uma")).await).expect("a mail");
            assert_eq!(to, ADDRESSES[0]);
            match deed {
                "redeem" => drop(ruled(portal.redeem_staff_link(call, &by_hand, SECRET).await).expect("a password")),
                "move" => story.put("uma", ADDRESSES[1], Role::Staff).await.expect("she moves"),
                "remove" => ruled(portal.delete_user(call, &reference("uma")).await).expect("she goes"),
                _ => {}
            }
            let now = portal.now();
            let terms = LeaseTerms::new(now, now.after(HOUR), 9);
            let leased = Outbox::lease(&*story.desk.fixture.store, &terms).await.expect("the store answers");
            let [leased] = leased.as_slice() else { panic!("one mail, by hand none: {leased:?}") };
            let letter = leased.letter.as_ref().expect("a letter");
            assert_eq!(decide::unwanted(letter, now).is_some(), deed != "nothing", "{deed}");
        }
    });
}

/// Adding somebody touches nobody who is there already.
#[test]
fn w1_adding_a_practice_user_changes_none_that_is_there() {
    run(async {
        let story = Story::begin().await;
        let (portal, call) = (&story.desk.fixture.portal, &story.desk.call);
        let input = |email: &str| PutUserInput {
            reference: reference("uma"),
            name: "The uma".to_owned(),
            email: email.to_owned(),
            role: Role::Staff,
        };
        let added = ruled(portal.add_user(call, &input(ADDRESSES[0])).await).expect("nobody is there");
        for email in ADDRESSES {
            assert_eq!(ruled(portal.add_user(call, &input(email)).await), Err(Refusal::PreconditionFailed));
        }
        assert_eq!(ruled(portal.user(call, &reference("uma")).await), Ok(added));
    });
}

/// A test mail goes to its user's own address, goes before bulk mail, and is as rare as mail that anybody can ask for; neither
/// shuts the other out.
#[test]
fn g3_test_mails_are_few_and_counted_apart() {
    run(async {
        let story = Story::begin().await;
        let (portal, call) = (&story.desk.fixture.portal, &story.desk.call);
        story.put("uma", ADDRESSES[0], Role::Staff).await.expect("a user");
        ruled(portal.invite_user_by_hand(call, &reference("uma")).await).expect("a link");
        let test = async || code(&ruled(portal.send_test_mail(call, &reference("uma")).await));
        for _ in 0..3 {
            portal.ask_for_staff_reset(call, ADDRESSES[0]).await.expect("always taken");
        }
        story.desk.work().await;
        for expected in ["not refused", "not refused", "not refused", "too_many_requests"] {
            assert_eq!(test().await, expected);
        }
        story.desk.wait(HOUR);
        portal.ask_for_staff_reset(call, ADDRESSES[0]).await.expect("always taken");
        story.desk.work().await;
        assert_eq!(test().await, "not refused");
        let now = portal.now();
        let leased = Outbox::lease(&*story.desk.fixture.store, &LeaseTerms::new(now, now.after(HOUR), 99)).await;
        let letters =
            leased.expect("the store answers").into_iter().map(|leased| leased.letter.expect("a letter").message);
        let letters: Vec<_> = letters.collect();
        let of = |kind| letters.iter().filter(|message| message.kind() == kind).count();
        assert_eq!((of(MessageKind::Test), of(MessageKind::Reset)), (4, 4));
        assert!(letters.iter().all(|message| message.awaited() && message.to.as_str() == ADDRESSES[0]));
        assert_eq!(code(&ruled(portal.send_test_mail(call, &reference("nobody")).await)), "not_found");
    });
}
