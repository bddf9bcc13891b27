use portal_domain::{
    change::{Change, Which},
    session::{PortalSession, ProfileId},
    time::Timestamp,
};

use crate::{
    build::{self, Plan, later},
    conformance::{
        Harness,
        scene::{Scene, next},
    },
};

fn began(sessions: impl IntoIterator<Item = PortalSession>) -> Plan {
    sessions.into_iter().fold(Plan::new(), |plan, session| plan.then(Change::OpenSession(session)))
}

/// A session comes back as it was opened, and is found valid or not.
pub async fn a_session_is_found_valid_or_not(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (_, login) = scene.live("ada", "ada@smith.example").await;
    let plain = build::session("plain", &login);
    let bare = PortalSession { origin: None, user_agent: None, ..build::session("bare", &login) };
    let past = PortalSession { expires_at: Timestamp::from_micros(1), ..build::session("past", &login) };
    let stale = PortalSession { epoch: login.epoch - 1, ..build::session("stale", &login) };
    scene.write(began([plain.clone(), bare.clone(), past.clone(), stale.clone()])).await;
    let which = Which::One(plain.id);
    scene.write(Plan::new().then(Change::EndSessions { login: login.id, which, at: later(1) })).await;
    let ended = PortalSession { ended_at: Some(later(1)), ..plain };
    for (name, session) in [("plain", ended), ("bare", bare), ("past", past), ("stale", stale)] {
        let facts = scene.session(name).await.expect("the session is there");
        assert_eq!(facts.session, session);
        assert_eq!(facts.login, scene.login("ada@smith.example").await);
    }
    assert_eq!(scene.session("nowhere").await, None);
}

/// Sessions of a login end: all, one, or all but one. Others are left alone, and none ends twice.
pub async fn sessions_end_all_one_or_all_but_one(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (_, login) = scene.live("ada", "ada@smith.example").await;
    let (_, other) = scene.live("bob", "bob@smith.example").await;
    let mine = ["a", "b", "c", "d"].map(|name| build::session(name, &login));
    scene.write(began(mine).then(Change::OpenSession(build::session("bob's", &other)))).await;
    let end = |which, at| Plan::new().then(Change::EndSessions { login: login.id, which, at });
    let ended = |scene: Scene| async move {
        let mut all = Vec::new();
        for name in ["a", "b", "c", "d", "bob's"] {
            all.push(scene.session_ended(name).await);
        }
        all
    };
    scene.write(end(Which::One(build::id("a")), later(1))).await;
    assert_eq!(ended(scene.clone()).await, [Some(later(1)), None, None, None, None]);
    // A session of another login is not this login's to end.
    scene.write(end(Which::One(build::id("bob's")), later(2))).await;
    scene.write(end(Which::AllBut(build::id("b")), later(3))).await;
    let so_far = [Some(later(1)), None, Some(later(3)), Some(later(3)), None];
    assert_eq!(ended(scene.clone()).await, so_far);
    assert_eq!(scene.login("ada@smith.example").await.expect("live").sessions, [build::session("b", &login)]);
    scene.write(end(Which::All, later(4))).await;
    assert_eq!(ended(scene.clone()).await, [so_far[0], Some(later(4)), so_far[2], so_far[3], None]);
    assert!(scene.login("ada@smith.example").await.expect("live").sessions.is_empty());
}

/// Ending a login's sessions spares those opened by the same commit.
pub async fn ending_sessions_spares_those_of_the_same_commit(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (_, login) = scene.live("ada", "ada@smith.example").await;
    scene.write(began([build::session("old", &login)])).await;
    let login = portal_domain::login::Login { epoch: 2, ..next(&login) };
    let fresh = build::session("fresh", &login);
    let end = Change::EndSessions { login: login.id, which: Which::All, at: later(5) };
    scene.write(Plan::new().then(end).put_login(&login).then(Change::OpenSession(fresh.clone()))).await;
    assert_eq!(scene.session_ended("old").await, Some(later(5)));
    assert_eq!(scene.login("ada@smith.example").await.expect("live").sessions, [fresh]);
}

/// A session is noted as used only forward, and by itself.
pub async fn a_session_is_touched_only_forward(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (_, login) = scene.live("ada", "ada@smith.example").await;
    scene.write(began(["a", "b"].map(|name| build::session(name, &login)))).await;
    let touch = |name: &str, seconds| {
        let (at, idle_until) = (later(seconds), later(seconds + 5000));
        Plan::new().then(Change::TouchSession { session: build::id(name), at, idle_until })
    };
    for (touched, noted) in [(60, 60), (30, 60), (60, 60), (61, 61)] {
        scene.write(touch("a", touched)).await;
        let session = scene.session("a").await.expect("the session is there").session;
        assert_eq!((session.last_seen_at, session.idle_until), (later(noted), later(noted + 5000)));
    }
    assert_eq!(scene.session("b").await.expect("there").session, build::session("b", &login));
    // Harmless where there is no such session any more.
    scene.write(touch("none", 70)).await;
}

/// Using a session that has ended or is past one of its limits revives nothing, however late the note is written.
pub async fn a_session_that_is_over_is_not_touched(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (_, login) = scene.live("ada", "ada@smith.example").await;
    let limits = |name, idle, absolute| PortalSession {
        idle_until: later(idle),
        expires_at: later(absolute),
        ..build::session(name, &login)
    };
    let sessions = [limits("idle", 100, 5000), limits("old", 5000, 100), limits("ended", 5000, 5000)];
    scene.write(began(sessions.clone())).await;
    let which = Which::One(build::id("ended"));
    scene.write(Plan::new().then(Change::EndSessions { login: login.id, which, at: later(99) })).await;
    for session in sessions {
        let touch = Change::TouchSession { session: session.id, at: later(100), idle_until: later(1900) };
        scene.write(Plan::new().then(touch)).await;
    }
    for name in ["idle", "old", "ended"] {
        let session = scene.session(name).await.expect("the session is there").session;
        assert_eq!(session.last_seen_at, build::session(name, &login).last_seen_at, "{name}");
        assert_ne!(session.idle_until, later(1900), "{name}");
    }
    let touch = Change::TouchSession { session: build::id("idle"), at: later(99), idle_until: later(1899) };
    scene.write(Plan::new().then(touch)).await;
    assert_eq!(scene.session("idle").await.expect("there").session.idle_until, later(1899));
}

/// The profile that a session looks at is chosen, and chosen anew.
pub async fn a_profile_is_chosen(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    let clients = ["k1", "k2"].map(build::client);
    scene.write(Plan::new().put_client(&clients[0]).put_client(&clients[1])).await;
    scene.write(began(["a", "b"].map(|name| build::session(name, &login)))).await;
    for client in &clients {
        let profile = ProfileId { contact: ada.id, client: client.id };
        scene.write(Plan::new().then(Change::SelectProfile { session: build::id("a"), profile })).await;
        assert_eq!(scene.session("a").await.expect("there").session.profile, Some(profile));
    }
    assert_eq!(scene.session("b").await.expect("there").session.profile, None);
}
