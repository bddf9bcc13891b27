use portal_domain::{
    change::{Aggregate, Change, Which},
    practice::{PracticeUser, Role},
    session::{SessionHash, WorkspaceSession, WorkspaceSessionHash},
    time::Timestamp,
};

use crate::{
    build::{self, NOON, Plan, later},
    conformance::{Harness, scene::Scene},
};

fn began(sessions: impl IntoIterator<Item = WorkspaceSession>) -> Plan {
    sessions.into_iter().fold(Plan::new(), |plan, session| plan.then(Change::OpenWorkspaceSession(session)))
}

/// A practice with two users.
async fn staffed(harness: &Harness) -> (Scene, PracticeUser, PracticeUser) {
    let scene = Scene::set(harness, "smith").await;
    let (uma, vic) = (build::user("uma", "uma@smith.example"), build::user("vic", "vic@smith.example"));
    scene.write(Plan::new().put_user(&uma).put_user(&vic)).await;
    (scene, uma, vic)
}

async fn ended(scene: &Scene, names: &[&str]) -> Vec<Option<Timestamp>> {
    let mut all = Vec::new();
    for name in names {
        all.push(scene.workspace_session(name).await.expect("the session is there").session.ended_at);
    }
    all
}

/// A session of the workspace comes back as it was opened, valid or not, with its user as that is now.
pub async fn a_workspace_session_is_found_valid_or_not(harness: &Harness) {
    let (scene, uma, _) = staffed(harness).await;
    let plain = build::workspace_session("plain", &uma);
    let bare = WorkspaceSession { origin: None, user_agent: None, ..build::workspace_session("bare", &uma) };
    let past = WorkspaceSession { expires_at: Timestamp::from_micros(1), ..build::workspace_session("past", &uma) };
    scene.write(began([plain.clone(), bare.clone(), past.clone()])).await;
    let which = Which::One(plain.id);
    scene.write(Plan::new().then(Change::EndWorkspaceSessions { user: uma.id, which, at: later(1) })).await;
    let after = PracticeUser { name: "Uma Ünal".to_owned(), role: Role::Admin, version: 2, ..uma };
    scene.write(Plan::new().put_user(&after)).await;
    let plain = WorkspaceSession { ended_at: Some(later(1)), ..plain };
    for (name, session) in [("plain", plain), ("bare", bare), ("past", past)] {
        let facts = scene.workspace_session(name).await.expect("the session is there");
        assert_eq!((facts.session, facts.user), (session, after.clone()));
    }
    assert_eq!(scene.workspace_session("nowhere").await, None);
}

/// Sessions of a practice user end: all, one, or all but one. Others are left alone, and none ends twice.
pub async fn workspace_sessions_end_all_one_or_all_but_one(harness: &Harness) {
    const ALL: [&str; 5] = ["a", "b", "c", "d", "vic's"];
    let (scene, uma, vic) = staffed(harness).await;
    let mine = ["a", "b", "c", "d"].map(|name| build::workspace_session(name, &uma));
    scene.write(began(mine).then(Change::OpenWorkspaceSession(build::workspace_session("vic's", &vic)))).await;
    let end = |which, at| Plan::new().then(Change::EndWorkspaceSessions { user: uma.id, which, at });
    scene.write(end(Which::One(build::id("a")), later(1))).await;
    assert_eq!(ended(&scene, &ALL).await, [Some(later(1)), None, None, None, None]);
    // A session of another user is not this user's to end.
    scene.write(end(Which::One(build::id("vic's")), later(2))).await;
    scene.write(end(Which::AllBut(build::id("b")), later(3))).await;
    assert_eq!(ended(&scene, &ALL).await, [Some(later(1)), None, Some(later(3)), Some(later(3)), None]);
    scene.write(end(Which::All, later(4))).await;
    assert_eq!(ended(&scene, &ALL).await, [Some(later(1)), Some(later(4)), Some(later(3)), Some(later(3)), None]);
}

/// Ending a user's sessions spares those opened by the same commit.
pub async fn ending_workspace_sessions_spares_those_of_the_same_commit(harness: &Harness) {
    let (scene, uma, _) = staffed(harness).await;
    scene.write(began([build::workspace_session("old", &uma)])).await;
    let end = Change::EndWorkspaceSessions { user: uma.id, which: Which::All, at: later(5) };
    scene.write(began([build::workspace_session("fresh", &uma)]).then(end)).await;
    assert_eq!(ended(&scene, &["old", "fresh"]).await, [Some(later(5)), None]);
}

fn touch(name: &str, seconds: u64) -> Plan {
    let (at, idle_until) = (later(seconds), later(seconds + 1800));
    Plan::new().then(Change::TouchWorkspaceSession { session: build::id(name), at, idle_until })
}

/// A session of the workspace is noted as used only forward, and by itself.
pub async fn a_workspace_session_is_touched_only_forward(harness: &Harness) {
    let (scene, uma, _) = staffed(harness).await;
    scene.write(began(["a", "b"].map(|name| build::workspace_session(name, &uma)))).await;
    for (touched, noted) in [(60, 60), (30, 60), (60, 60), (61, 61)] {
        scene.write(touch("a", touched)).await;
        let session = scene.workspace_session("a").await.expect("the session is there").session;
        assert_eq!((session.last_seen_at, session.idle_until), (later(noted), later(noted + 1800)));
    }
    assert_eq!(scene.workspace_session("b").await.expect("there").session, build::workspace_session("b", &uma));
    // Harmless where there is no such session any more.
    scene.write(touch("none", 70)).await;
}

/// A session of the workspace that ended, or whose time was over when it was used, stays as it is.
pub async fn a_workspace_session_is_never_revived(harness: &Harness) {
    let (scene, uma, _) = staffed(harness).await;
    let idle = build::workspace_session("idle", &uma);
    let old = WorkspaceSession { expires_at: later(600), ..build::workspace_session("old", &uma) };
    let over = build::workspace_session("over", &uma);
    scene.write(began([idle.clone(), old.clone(), over.clone()])).await;
    let which = Which::One(over.id);
    scene.write(Plan::new().then(Change::EndWorkspaceSessions { user: uma.id, which, at: later(60) })).await;
    let over = WorkspaceSession { ended_at: Some(later(60)), ..over };
    scene.write(touch("over", 120)).await;
    scene.write(touch("old", 600)).await;
    scene.write(touch("idle", 1800)).await;
    for session in [&idle, &old, &over] {
        let found = scene.store.workspace_session(scene.id, &session.hash).await.expect("the store answers");
        assert_eq!(found.map(|facts| facts.session).as_ref(), Some(session));
    }
    scene.write(touch("idle", 1799)).await;
    let idle = scene.workspace_session("idle").await.expect("there").session;
    assert_eq!((idle.last_seen_at, idle.idle_until), (later(1799), later(1799 + 1800)), "a moment before, it works");
}

/// A practice user's sessions go with the user, and nobody else's; to open one needs its user.
pub async fn a_workspace_session_goes_with_its_user(harness: &Harness) {
    let (scene, uma, vic) = staffed(harness).await;
    scene.write(began([build::workspace_session("uma's", &uma), build::workspace_session("vic's", &vic)])).await;
    let gone = Plan::new()
        .changed(Aggregate::User(uma.id), 1)
        .then(Change::EndWorkspaceSessions { user: uma.id, which: Which::All, at: later(5) })
        .release(uma.email.key())
        .then(Change::DeleteUser(uma.id));
    scene.write(gone).await;
    assert_eq!(scene.workspace_session("uma's").await, None);
    assert_eq!(scene.workspace_session("vic's").await.map(|facts| facts.user), Some(vic));
    scene.refuse(began([build::workspace_session("late", &uma)]).tell(build::event("late"))).await;
    assert!(scene.events().await.is_empty());
}

/// A session of the workspace is known in its own practice only, even where ids and users are the same.
pub async fn workspace_sessions_stay_inside_their_practice(harness: &Harness) {
    let (smith, uma, _) = staffed(harness).await;
    let jones = Scene::set(harness, "jones").await;
    jones.write(Plan::new().put_user(&build::user("uma", "uma@smith.example"))).await;
    let at_smith = build::workspace_session("s", &uma);
    let at_jones = WorkspaceSession { hash: build::workspace_session_hash("at jones"), ..at_smith.clone() };
    smith.write(began([at_smith.clone()])).await;
    assert_eq!(jones.workspace_session("s").await, None);
    jones.write(began([at_jones.clone()])).await;
    assert_eq!((jones.workspace_session("s").await, smith.workspace_session("at jones").await), (None, None));
    let end = Change::EndWorkspaceSessions { user: uma.id, which: Which::All, at: later(90) };
    jones.write(touch("s", 60)).await;
    jones.write(Plan::new().then(end)).await;
    assert_eq!(smith.workspace_session("s").await.map(|facts| facts.session), Some(at_smith));
    let touched = jones.workspace_session("at jones").await.expect("there").session;
    assert_eq!((touched.last_seen_at, touched.ended_at), (later(60), Some(later(90))));
}

/// A session of one area is not found in the other, not even by the same digest; and what ends or touches the one leaves the
/// other, whatever their ids are.
pub async fn sessions_of_portal_and_workspace_never_meet(harness: &Harness) {
    let (scene, uma, _) = staffed(harness).await;
    let (_, login) = scene.live("ada", "ada@smith.example").await;
    let portal = build::session("portal's", &login);
    let workspace = build::workspace_session("workspace's", &uma);
    scene.write(began([workspace.clone()]).then(Change::OpenSession(portal.clone()))).await;
    let as_workspace = WorkspaceSessionHash(portal.hash.0);
    assert_eq!(scene.store.workspace_session(scene.id, &as_workspace).await, Ok(None));
    let as_portal = SessionHash(workspace.hash.0);
    assert_eq!(scene.store.session(scene.id, &as_portal, NOON).await, Ok(None));

    // The same ids and the same digest in both areas: still two sessions.
    let twin = WorkspaceSession {
        id: portal_domain::id::Id::from_uuid(portal.id.to_uuid()),
        hash: as_workspace,
        ..workspace.clone()
    };
    scene.write(began([twin.clone()])).await;
    let end = Change::EndWorkspaceSessions { user: uma.id, which: Which::All, at: later(5) };
    scene
        .write(Plan::new().then(end).then(Change::TouchWorkspaceSession {
            session: twin.id,
            at: later(4),
            idle_until: later(2000),
        }))
        .await;
    assert_eq!(scene.session("portal's").await.map(|facts| facts.session), Some(portal.clone()));
    let other = WorkspaceSession { id: build::id("other"), hash: build::workspace_session_hash("other"), ..workspace };
    scene.write(began([other.clone()])).await;
    scene.write(Plan::new().then(Change::EndSessions { login: login.id, which: Which::All, at: later(6) })).await;
    assert_eq!(scene.session_ended("portal's").await, Some(later(6)));
    assert_eq!(scene.workspace_session("other").await.map(|facts| facts.session), Some(other));
}
