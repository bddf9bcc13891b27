//! Passwords and links of practice users.

use portal_domain::{
    change::{Aggregate, Change, Which},
    erasure::Purge,
    facts::{StaffFacts, StaffSignIn},
    message::{DeliveryState, Message},
    port::{LeaseTerms, Outbox},
    practice::PracticeUser,
    staff::{StaffCredential, StaffLink, StaffLinkKind},
    time::Timestamp,
};

use crate::{
    build::{self, Plan, later},
    conformance::{Harness, scene::Scene},
};

/// A practice with two users.
async fn staffed(harness: &Harness) -> (Scene, PracticeUser, PracticeUser) {
    let scene = Scene::set(harness, "smith").await;
    let (uma, vic) = (build::user("uma", "uma@smith.example"), build::user("vic", "vic@smith.example"));
    scene.write(Plan::new().put_user(&uma).put_user(&vic)).await;
    (scene, uma, vic)
}

async fn facts(scene: &Scene, user: &PracticeUser, at: u64) -> Option<StaffFacts> {
    scene.store.staff(scene.id, user.id, later(at)).await.expect("the store answers")
}

async fn sign_in(scene: &Scene, key: &str) -> Option<StaffSignIn> {
    scene.store.staff_sign_in(scene.id, &build::key(key)).await.expect("the store answers")
}

async fn link(scene: &Scene, name: &str) -> Option<StaffLink> {
    scene.store.staff_link(scene.id, build::id(name)).await.expect("the store answers")
}

fn put(credential: &StaffCredential, user: &PracticeUser) -> Plan {
    Plan::new().then(Change::PutStaffCredential { user: user.id, credential: credential.clone() })
}

fn opened<'a>(links: impl IntoIterator<Item = &'a StaffLink>) -> Plan {
    links.into_iter().fold(Plan::new(), |plan, link| plan.then(Change::OpenStaffLink(link.clone())))
}

/// A practice user comes with its password, its latest invitation whatever became of it, the links that work, oldest first, and the
/// sessions that are not over.
pub async fn staff_facts_hold_all_that_hangs_on_a_user(harness: &Harness) {
    let (scene, uma, vic) = staffed(harness).await;
    let bare =
        StaffFacts { user: uma.clone(), credential: None, invitation: None, links: Vec::new(), sessions: Vec::new() };
    assert_eq!(facts(&scene, &uma, 1).await, Some(bare));
    let credential = build::staff_credential("c", &uma);
    let second = StaffLink { created_at: later(5), kind: StaffLinkKind::Reset, ..build::staff_link("a", &uma) };
    let first = build::staff_link("b", &uma);
    let expired = StaffLink { expires_at: later(60), ..build::staff_link("expired", &uma) };
    let ended = StaffLink { ended_at: Some(later(1)), ..build::staff_link("ended", &uma) };
    let used = StaffLink { used_at: Some(later(1)), created_at: later(4), ..build::staff_link("used", &uma) };
    let (session, others) = (build::workspace_session("s", &uma), build::workspace_session("vic's", &vic));
    let all = [&second, &first, &expired, &ended, &used, &build::staff_link("vic's", &vic)];
    scene.write(opened(all)).await;
    scene.write(put(&credential, &uma)).await;
    let begin = [&session, &others].into_iter().cloned().map(Change::OpenWorkspaceSession);
    scene.write(begin.fold(Plan::new(), Plan::then)).await;
    let (links, sessions) = (vec![first.clone(), second], vec![session]);
    let invitation = Some(used.clone());
    let full = StaffFacts { user: uma.clone(), credential: Some(credential), invitation, links, sessions };
    assert_eq!(facts(&scene, &uma, 60).await, Some(full));
    let over = facts(&scene, &uma, 8 * 24 * 3600).await.expect("the user is there");
    assert_eq!((over.links, over.sessions), (Vec::new(), Vec::new()), "their time is over");
    assert_eq!(over.invitation.as_ref(), Some(&used), "that it was sent stays known");
    for open in [first, expired, ended, used] {
        let found = scene.store.staff_link(scene.id, open.id).await.expect("the store answers");
        assert_eq!(found, Some(open), "a link is found whatever became of it");
    }
    assert_eq!(link(&scene, "none").await, None);
}

/// A password is put, replaced and taken away, and goes with its user.
pub async fn a_staff_password_is_put_replaced_and_dropped(harness: &Harness) {
    let (scene, uma, vic) = staffed(harness).await;
    let found = async || sign_in(&scene, "uma@smith.example").await.and_then(|found| found.credential);
    assert_eq!(sign_in(&scene, "uma@smith.example").await, Some(StaffSignIn { user: uma.clone(), credential: None }));
    let (first, second) = (build::staff_credential("c1", &uma), build::staff_credential("c2", &uma));
    scene.write(put(&first, &uma)).await;
    assert_eq!(found().await.as_ref(), Some(&first));
    scene.write(put(&second, &uma)).await;
    assert_eq!(found().await, Some(second));
    scene.write(put(&build::staff_credential("vic's", &vic), &vic)).await;
    scene.write(Plan::new().then(Change::DropStaffCredential(uma.id))).await;
    assert_eq!(found().await, None);
    assert!(sign_in(&scene, "vic@smith.example").await.is_some_and(|vic| vic.credential.is_some()));
    // Harmless where there is none.
    scene.write(Plan::new().then(Change::DropStaffCredential(uma.id))).await;
    let gone =
        Plan::new().changed(Aggregate::User(vic.id), 1).release(vic.email.key()).then(Change::DeleteUser(vic.id));
    scene.write(gone).await;
    assert_eq!(sign_in(&scene, "vic@smith.example").await, None);
    scene.refuse(put(&build::staff_credential("late", &vic), &vic).tell(build::event("late"))).await;
}

/// A link of the workspace is used once, while it works.
pub async fn a_staff_link_is_used_once_and_in_time(harness: &Harness) {
    let (scene, uma, _) = staffed(harness).await;
    let expired = StaffLink { expires_at: later(60), ..build::staff_link("expired", &uma) };
    let ended = StaffLink { ended_at: Some(later(1)), ..build::staff_link("ended", &uma) };
    scene.write(opened([&build::staff_link("l", &uma), &expired, &ended])).await;
    let used = |name: &str, at| {
        let used = Change::UseStaffLink { link: build::id(name), at: later(at) };
        Plan::new().then(used).tell(build::event(&format!("{name} {at}")))
    };
    for name in ["expired", "ended", "none"] {
        scene.refuse(used(name, 60)).await;
    }
    scene.write(used("l", 70)).await;
    scene.refuse(used("l", 71)).await;
    assert_eq!(link(&scene, "l").await.and_then(|link| link.used_at), Some(later(70)));
    assert_eq!(link(&scene, "expired").await, Some(expired));
}

/// Links of a practice user end: one, or all, but none that the same commit opens or uses, nor one of another user, nor twice.
pub async fn staff_links_end_one_or_all(harness: &Harness) {
    const ALL: [&str; 5] = ["a", "b", "used", "fresh", "vic's"];
    let (scene, uma, vic) = staffed(harness).await;
    let ended = async |scene: &Scene| {
        let mut all: Vec<Option<Timestamp>> = Vec::new();
        for name in ALL {
            all.push(link(scene, name).await.and_then(|link| link.ended_at));
        }
        all
    };
    let mine = ["a", "b", "used"].map(|name| build::staff_link(name, &uma));
    scene.write(opened(mine.iter().chain([&build::staff_link("vic's", &vic)]))).await;
    let end = |which, at| Change::EndStaffLinks { user: uma.id, which, at: later(at) };
    scene.write(Plan::new().then(end(Which::One(build::id("a")), 1))).await;
    scene.write(Plan::new().then(end(Which::One(build::id("vic's")), 2))).await;
    assert_eq!(ended(&scene).await, [Some(later(1)), None, None, None, None]);
    let used = Change::UseStaffLink { link: build::id("used"), at: later(3) };
    let fresh = build::staff_link("fresh", &uma);
    scene.write(opened([&fresh]).then(end(Which::All, 3)).then(used)).await;
    assert_eq!(ended(&scene).await, [Some(later(1)), Some(later(3)), None, None, None]);
    let gone = Plan::new()
        .changed(Aggregate::User(uma.id), 1)
        .then(end(Which::All, 4))
        .release(uma.email.key())
        .then(Change::DeleteUser(uma.id));
    scene.write(gone).await;
    assert_eq!(
        ended(&scene).await,
        [Some(later(1)), Some(later(3)), None, Some(later(4)), None],
        "they outlive the user"
    );
}

/// Links, logins and staff of one practice are not found in the other area, whatever their ids are (P4).
pub async fn links_of_portal_and_workspace_never_meet(harness: &Harness) {
    let (scene, uma, _) = staffed(harness).await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    scene.write(opened([&build::staff_link("staff's", &uma)])).await;
    scene.write(Plan::new().then(Change::OpenLink(build::link("portal's", &login, &ada)))).await;
    assert_eq!(link(&scene, "portal's").await, None);
    let strayed = scene.store.link(scene.id, build::id("staff's"), later(1)).await.expect("the store answers");
    assert_eq!(strayed, None);
    assert_eq!(sign_in(&scene, "ada@smith.example").await, None, "a client is nobody at the workspace");
    let client = scene.store.sign_in(scene.id, uma.email.key()).await.expect("the store answers");
    assert_eq!(client, None, "and staff nobody at the portal");
    // The same id in both areas: still two links.
    let twin = StaffLink { id: build::id("portal's"), ..build::staff_link("twin", &uma) };
    scene.write(opened([&twin])).await;
    scene.write(Plan::new().then(Change::EndStaffLinks { user: uma.id, which: Which::All, at: later(5) })).await;
    let portal = scene.store.link(scene.id, twin.id, later(6)).await.expect("the store answers");
    assert_eq!(portal.and_then(|facts| facts.link.ended_at), None);
}

/// Passwords and links of staff are known in their own practice only, even where ids are the same.
pub async fn staff_facts_stay_inside_their_practice(harness: &Harness) {
    let (smith, uma, _) = staffed(harness).await;
    let jones = Scene::set(harness, "jones").await;
    smith.write(opened([&build::staff_link("l", &uma)])).await;
    smith.write(put(&build::staff_credential("c", &uma), &uma)).await;
    assert_eq!((facts(&jones, &uma, 1).await, link(&jones, "l").await), (None, None));
    assert_eq!(sign_in(&jones, "uma@smith.example").await, None);
    jones.write(Plan::new().put_user(&uma)).await;
    assert_eq!(facts(&jones, &uma, 1).await.map(|facts| (facts.credential, facts.links)), Some((None, Vec::new())));
    jones.write(Plan::new().then(Change::DropStaffCredential(uma.id))).await;
    jones.write(Plan::new().then(Change::EndStaffLinks { user: uma.id, which: Which::All, at: later(5) })).await;
    let there = facts(&smith, &uma, 6).await.expect("the user is there");
    assert!(there.credential.is_some() && there.links.len() == 1);
}

/// Mail to staff that is settled, and links of the workspace, are removed when their time is over, a few at a time; mail that waits,
/// mail to contacts and younger ones stay.
pub async fn j3_mail_and_links_of_staff_are_purged_in_their_time(harness: &Harness) {
    let (scene, uma, _) = staffed(harness).await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    let mail = |name: &str, at| Message { created_at: later(at), ..build::staff_message(name, &uma, None) };
    let to_ada = build::message("ada's", &ada, &login, None);
    scene.write(Plan::new().mail(to_ada).mail(mail("a", 1)).mail(mail("b", 2)).mail(mail("young", 1000))).await;
    let terms = LeaseTerms::new(later(1000), later(1060), 9);
    let leased = Outbox::lease(&*scene.store, &terms).await.expect("the store answers");
    for one in leased.iter().filter(|one| one.lease.message != build::id("b")) {
        let settlement = build::settlement(&one.lease.message.to_string(), DeliveryState::Accepted, later(1001));
        assert!(Outbox::settle(&*scene.store, &one.lease, &settlement).await.expect("the store answers"));
    }
    let over = StaffLink { expires_at: later(10), ..build::staff_link("over", &uma) };
    scene.write(opened([&over, &build::staff_link("young", &uma)])).await;
    let purge = async |before| scene.store.purge(Purge::Staff(later(before)), 10).await.expect("the store purges");
    assert_eq!(purge(1).await, 0);
    assert_eq!(purge(1000).await, 2, "a mail and a link");
    assert_eq!(purge(1000).await, 0, "what waits is not over");
    assert_eq!((link(&scene, "over").await, link(&scene, "young").await.is_some()), (None, true));
    let again = Outbox::lease(&*scene.store, &LeaseTerms::new(later(2000), later(2060), 9)).await;
    let waiting: Vec<_> = again.expect("the store answers").iter().map(|one| one.lease.message).collect();
    assert_eq!(waiting, [build::id("b")]);
    let kept = scene.store.messages(scene.id, ada.id, &portal_domain::port::Page { after: None, limit: 9 }).await;
    assert_eq!(kept.expect("the store answers").len(), 1);
}
