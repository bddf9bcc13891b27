use portal_domain::{
    change::{Change, Which},
    contact::Contact,
    facts::{CodeFacts, HandoffFacts},
    handoff::Handoff,
    login::Login,
    port::Commit,
    session::{Factor, PortalSession, ProfileId},
    sign_in_code::SignInCode,
    time::Timestamp,
};

use crate::{
    build::{self, NOON, Plan, later},
    conformance::{
        Harness,
        overlap::Overlaps,
        scene::{Scene, next},
    },
};

impl Scene {
    async fn handoff(&self, name: &str) -> Option<HandoffFacts> {
        self.store.handoff(self.id, &build::handoff_hash(name), NOON).await.expect("the store answers")
    }

    async fn code(&self, name: &str) -> Option<CodeFacts> {
        self.store.sign_in_code(self.id, &build::code_hash(name), NOON).await.expect("the store answers")
    }

    async fn over(&self, now: Timestamp) -> Vec<portal_domain::session::SessionHash> {
        let over = self.store.over_sessions(now, 100).await.expect("the store answers");
        over.into_iter().filter(|(practice, _)| *practice == self.id).map(|(_, session)| session).collect()
    }
}

fn made(handoffs: impl IntoIterator<Item = Handoff>) -> Plan {
    handoffs.into_iter().fold(Plan::new(), |plan, handoff| plan.then(Change::OpenHandoff(handoff)))
}

fn used(name: &str, at: Timestamp) -> Plan {
    Plan::new().then(Change::UseHandoff { handoff: build::id(name), at })
}

fn taken(name: &str, at: Timestamp) -> Plan {
    Plan::new().then(Change::UseCode { code: build::id(name), at })
}

fn profile(contact: &Contact) -> ProfileId {
    ProfileId { contact: contact.id, client: build::client("k").id }
}

/// A session, and codes that tell of it.
fn issued<const N: usize>(names: [&str; N], login: &Login, ada: &Contact) -> Plan {
    let session = build::session("s", login);
    let codes = names.map(|name| build::sign_in_code(name, &session, profile(ada)));
    let begun = Plan::new().then(Change::OpenSession(session));
    codes.into_iter().fold(begun, |plan, code| plan.then(Change::IssueCode(code)))
}

/// A hand-over comes back as it was made, with its login.
pub async fn a_hand_over_comes_back_whole(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    let plain = build::handoff("plain", &login, &ada);
    let named = Handoff { client: Some(build::client("k").id), ..build::handoff("named", &login, &ada) };
    scene.write(made([plain.clone(), named.clone()])).await;
    for (name, handoff) in [("plain", plain), ("named", named)] {
        let facts = scene.handoff(name).await.expect("it is there");
        assert_eq!((facts.handoff, facts.login), (handoff, scene.login("ada@smith.example").await));
    }
    assert_eq!(scene.handoff("nowhere").await, None);
    // The same token twice is none that was drawn.
    let twin = Handoff { hash: build::handoff_hash("plain"), ..build::handoff("twin", &login, &ada) };
    scene.refuse(made([twin])).await;
}

/// A hand-over is used once, and until it expires, not at that moment.
pub async fn a_hand_over_is_used_once_and_in_time(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    scene.write(made(["once", "late"].map(|name| build::handoff(name, &login, &ada)))).await;
    let session = Change::OpenSession(build::session("second", &login));
    scene.write(used("once", later(59))).await;
    scene.refuse(used("once", later(59)).then(session.clone())).await;
    assert_eq!(scene.session("second").await, None, "no session without its hand-over");
    scene.refuse(used("late", later(60))).await;
    scene.refuse(used("nowhere", NOON)).await;
    let times = [scene.handoff("once").await, scene.handoff("late").await].map(|it| it.expect("there").handoff.used_at);
    assert_eq!(times, [Some(later(59)), None]);
}

/// What ends the links of a login ends its hand-overs, but for those made or used by the same commit and other logins'.
pub async fn ending_links_ends_hand_overs(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    let (bob, other) = scene.live("bob", "bob@smith.example").await;
    let mine = ["open", "used", "using"].map(|name| build::handoff(name, &login, &ada));
    scene.write(made(mine).then(Change::OpenHandoff(build::handoff("bob's", &other, &bob)))).await;
    scene.write(used("used", later(1))).await;
    let fresh = Change::OpenHandoff(build::handoff("fresh", &login, &ada));
    let end = Change::EndLinks { login: login.id, at: later(5) };
    scene.write(used("using", later(5)).then(end).then(fresh)).await;
    let mut ended = Vec::new();
    for name in ["open", "used", "using", "fresh", "bob's"] {
        ended.push(scene.handoff(name).await.expect("there").handoff.ended_at);
    }
    assert_eq!(ended, [Some(later(5)), None, None, None, None]);
    scene.refuse(used("open", later(6))).await;
}

/// The end of all hand-overs is that of every login, but for those made or used by the same commit and another practice's.
pub async fn all_hand_overs_of_a_practice_end_together(harness: &Harness) {
    let (scene, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    let (bob, other) = scene.live("bob", "bob@smith.example").await;
    let mine = ["open", "used", "using"].map(|name| build::handoff(name, &login, &ada));
    scene.write(made(mine).then(Change::OpenHandoff(build::handoff("bob's", &other, &bob)))).await;
    scene.write(used("used", later(1))).await;
    let (zoe, theirs) = jones.live("zoe", "zoe@jones.example").await;
    jones.write(made([build::handoff("zoe's", &theirs, &zoe)])).await;
    let fresh = Change::OpenHandoff(build::handoff("fresh", &login, &ada));
    scene.write(used("using", later(5)).then(Change::EndHandoffs { at: later(5) }).then(fresh)).await;
    let mut ended = Vec::new();
    for name in ["open", "bob's", "used", "using", "fresh"] {
        ended.push(scene.handoff(name).await.expect("there").handoff.ended_at);
    }
    assert_eq!(ended, [Some(later(5)), Some(later(5)), None, None, None]);
    assert_eq!(jones.handoff("zoe's").await.expect("there").handoff.ended_at, None);
    scene.refuse(used("bob's", later(6))).await;
}

/// Of sixteen commits that use a hand-over at once one is written, and it alone opens its session.
pub async fn of_sixteen_uses_of_a_hand_over_one_succeeds(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    scene.write(made([build::handoff("h", &login, &ada)])).await;
    let overlaps = Overlaps::new();
    let calls = (0..16).map(|number| {
        let session = build::session(&format!("s{number}"), &login);
        let plan = used("h", later(5)).then(Change::OpenSession(session)).done();
        let scene = scene.turn(harness, number);
        async move { scene.offer(plan).await }
    });
    let commits = overlaps.at_once(calls.collect()).await;
    overlaps.must_be_real();
    assert_eq!(commits.iter().filter(|commit| **commit == Commit::Committed).count(), 1);
    assert_eq!(scene.login("ada@smith.example").await.expect("live").sessions.len(), 1);
}

/// A sign-in code comes back as it was issued, with its session and the login.
pub async fn a_sign_in_code_comes_back_with_its_session(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    let session = PortalSession { factors: vec![Factor::Handoff, Factor::Password], ..build::session("s", &login) };
    let code = SignInCode {
        address: "https://app.example/?ü".to_owned(),
        ..build::sign_in_code("c", &session, profile(&ada))
    };
    scene.write(Plan::new().then(Change::OpenSession(session.clone())).then(Change::IssueCode(code.clone()))).await;
    let facts = scene.code("c").await.expect("it is there");
    assert_eq!((facts.code, facts.session.session), (code, session));
    assert_eq!(facts.session.login, scene.login("ada@smith.example").await);
    assert_eq!(scene.code("nowhere").await, None);
}

/// A sign-in code is used once, and until it expires, not at that moment.
pub async fn a_sign_in_code_is_used_once_and_in_time(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    scene.write(issued(["once", "late"], &login, &ada)).await;
    let tell = Change::TellSession(build::id("s"));
    scene.refuse(taken("late", later(60)).then(tell.clone())).await;
    assert!(!scene.session("s").await.expect("there").session.told);
    scene.write(taken("once", later(59)).then(tell)).await;
    assert!(scene.session("s").await.expect("there").session.told);
    scene.refuse(taken("once", later(59))).await;
    scene.refuse(taken("nowhere", NOON)).await;
    scene.refuse(Plan::new().then(Change::TellSession(build::id("nowhere")))).await;
    let times = [scene.code("once").await, scene.code("late").await].map(|it| it.expect("there").code.used_at);
    assert_eq!(times, [Some(later(59)), None]);
}

/// A hand-over and a code are known in their own practice only, and used there only.
pub async fn hand_overs_and_codes_stay_inside_their_practice(harness: &Harness) {
    let smith = Scene::set(harness, "smith").await;
    let jones = Scene::set(harness, "jones").await;
    let (ada, login) = smith.live("ada", "ada@smith.example").await;
    smith.write(made([build::handoff("h", &login, &ada)])).await;
    smith.write(issued(["c"], &login, &ada)).await;
    assert_eq!((jones.handoff("h").await, jones.code("c").await), (None, None));
    jones.refuse(used("h", later(5))).await;
    jones.refuse(taken("c", later(5))).await;
    jones.refuse(Plan::new().then(Change::TellSession(build::id("s")))).await;
    jones.write(Plan::new().then(Change::EndLinks { login: login.id, at: later(5) })).await;
    smith.write(used("h", later(6))).await;
    smith.write(taken("c", later(6))).await;
}

/// Hand-overs go with their login, and codes with its sessions; a code needs its session.
pub async fn hand_overs_and_codes_go_with_their_login(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    scene.write(made([build::handoff("h", &login, &ada)])).await;
    scene.write(issued(["c"], &login, &ada)).await;
    let gone = Plan::new()
        .release(&build::key("ada@smith.example"))
        .then(Change::DeleteContact(ada.id))
        .then(Change::DeleteLogin(login.id));
    scene.write(gone).await;
    assert_eq!((scene.handoff("h").await, scene.code("c").await), (None, None));
    let lost = build::sign_in_code("lost", &build::session("none", &login), profile(&ada));
    scene.refuse(Plan::new().then(Change::IssueCode(lost))).await;
}

/// A session that a host was told of is listed past its absolute limit too, until it is ended or of another epoch.
pub async fn a_told_session_is_listed_until_it_is_ended(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (_, login) = scene.live("ada", "ada@smith.example").await;
    let begun =
        |name: &str| Change::OpenSession(PortalSession { expires_at: later(60), ..build::session(name, &login) });
    scene.write(["told", "silent"].into_iter().fold(Plan::new(), |plan, name| plan.then(begun(name)))).await;
    scene.write(Plan::new().then(Change::TellSession(build::id("told")))).await;
    let listed = async |scene: &Scene| {
        let login = scene.login_at("ada@smith.example", later(60)).await.expect("live");
        login.sessions.iter().map(|session| (session.hash, session.told)).collect::<Vec<_>>()
    };
    assert_eq!(listed(&scene).await, [(build::session_hash("told"), true)]);
    let end = Change::EndSessions { login: login.id, which: Which::One(build::id("told")), at: later(61) };
    scene.write(Plan::new().then(end).put_login(&next(&login))).await;
    assert_eq!(listed(&scene).await, []);
}

/// Sessions are over at their idle or absolute limit, if a host was told of them and they are not ended; and no others are
/// listed.
pub async fn over_sessions_are_those_a_host_waits_for(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (_, login) = scene.live("ada", "ada@smith.example").await;
    let limits = |name: &str, idle, absolute| PortalSession {
        idle_until: later(idle),
        expires_at: later(absolute),
        ..build::session(name, &login)
    };
    let sessions = [limits("idle", 60, 900), limits("old", 900, 70), limits("ended", 60, 60), limits("silent", 60, 60)];
    let begun = sessions.into_iter().fold(Plan::new(), |plan, it| plan.then(Change::OpenSession(it)));
    scene.write(begun).await;
    let told = ["idle", "old", "ended"].into_iter().map(|name| Change::TellSession(build::id(name)));
    scene.write(told.fold(Plan::new(), Plan::then)).await;
    let which = Which::One(build::id("ended"));
    scene.write(Plan::new().then(Change::EndSessions { login: login.id, which, at: later(5) })).await;
    let almost = Timestamp::from_micros(later(60).as_micros() - 1);
    assert_eq!(scene.over(almost).await, []);
    assert_eq!(scene.over(later(60)).await, [build::session_hash("idle")]);
    let both = ["idle", "old"].map(build::session_hash);
    assert_eq!(scene.over(later(70)).await, both, "those first that are idle longest");
}

/// Hand-overs and codes that expired before a time are forgotten, a few at a time, and no others.
pub async fn hand_overs_and_codes_are_forgotten_in_their_time(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    let old = ["a", "b", "c"].map(|name| build::handoff(name, &login, &ada));
    let late = Handoff { expires_at: later(90), ..build::handoff("late", &login, &ada) };
    scene.write(made(old).then(Change::OpenHandoff(late))).await;
    scene.write(issued(["x", "y"], &login, &ada)).await;
    let forget = async |before, most| scene.store.forget_passages(before, most).await.expect("the store answers");
    assert_eq!(forget(later(60), 100).await, 0);
    let soon = Timestamp::from_micros(later(60).as_micros() + 1);
    assert_eq!((forget(soon, 2).await, forget(soon, 2).await, forget(soon, 2).await), (4, 1, 0));
    assert!(
        scene.handoff("late").await.is_some() && scene.handoff("a").await.is_none() && scene.code("x").await.is_none()
    );
}
