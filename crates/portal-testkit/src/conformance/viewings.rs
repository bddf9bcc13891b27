//! The laws of `Viewings`: looks of staff at the portal, and who may look (V1).

use std::collections::BTreeSet;

use portal_domain::{
    change::Change,
    contact::Contact,
    id::{UserId, WorkspaceSessionId},
    practice::PracticeUser,
    session::ProfileId,
    viewing::{Viewing, ViewingFacts},
};

use super::{Harness, scene::Scene};
use crate::build::{self, NOON, Plan, later};

/// A practice with `uma`, who is signed in to the workspace, and `ada` with a client.
async fn staffed(harness: &Harness, slug: &str) -> (Scene, PracticeUser) {
    let scene = Scene::set(harness, slug).await;
    let uma = build::user("uma", "uma@smith.example");
    let client = build::client("acme");
    let ada = Contact { clients: vec![client.id], ..build::contact("ada", &["ada@smith.example"]) };
    let plan = Plan::new().put_user(&uma).then(Change::PutClient(client)).put_contact(&ada);
    scene.write(plan.then(Change::OpenWorkspaceSession(build::workspace_session("s", &uma)))).await;
    (scene, uma)
}

fn view(name: &str) -> Viewing {
    let profile = ProfileId { contact: build::id("ada"), client: build::id("acme") };
    view_of(name, build::id("s"), profile)
}

/// A view of a profile, in a session of the workspace, that lasts for half an hour.
pub(super) fn view_of(name: &str, session: WorkspaceSessionId, profile: ProfileId) -> Viewing {
    Viewing {
        id: build::id(name),
        session,
        profile,
        hash: build::view_hash(name),
        created_at: NOON,
        expires_at: later(1800),
        ended_at: None,
    }
}

fn opened(viewing: &Viewing) -> Plan {
    Plan::new().then(Change::OpenViewing(viewing.clone()))
}

impl Scene {
    async fn viewing(&self, name: &str) -> Option<ViewingFacts> {
        self.store.viewing(self.id, &build::view_hash(name)).await.expect("the store answers")
    }

    async fn viewers(&self) -> BTreeSet<UserId> {
        self.store.viewers(self.id).await.expect("the store answers")
    }
}

/// A view comes back as it was opened, valid or not, with its session of the workspace and its user as that is now.
pub async fn a_view_comes_back_with_who_looks(harness: &Harness) {
    let (scene, uma) = staffed(harness, "smith").await;
    let over = Viewing { expires_at: NOON, ended_at: Some(NOON), ..view("over") };
    scene.write(opened(&view("v")).then(Change::OpenViewing(over.clone()))).await;
    let uma = PracticeUser { name: "Uma Ünal".to_owned(), version: 2, ..uma };
    scene.write(Plan::new().put_user(&uma)).await;
    for viewing in [view("v"), over] {
        let facts = scene.store.viewing(scene.id, &viewing.hash).await.expect("the store answers");
        let facts = facts.expect("the view is there");
        assert_eq!((facts.viewing, facts.granted), (viewing, false));
        assert_eq!((facts.staff.session, facts.staff.user), (build::workspace_session("s", &uma), uma.clone()));
    }
    assert_eq!(scene.viewing("nowhere").await, None);
    scene.refuse(opened(&Viewing { id: build::id("twin"), ..view("v") })).await;
}

/// A view ends once; one that is not there or ended already is a conflict.
pub async fn a_view_is_ended_once(harness: &Harness) {
    let (scene, _) = staffed(harness, "smith").await;
    scene.write(opened(&view("v")).then(Change::OpenViewing(view("w")))).await;
    let end = |name, at| Plan::new().then(Change::EndViewing { viewing: build::id(name), at });
    scene.write(end("v", later(1))).await;
    scene.refuse(end("v", later(2)).tell(build::event("again"))).await;
    scene.refuse(end("nowhere", later(2))).await;
    assert_eq!(scene.viewing("v").await.expect("it stays").viewing.ended_at, Some(later(1)));
    assert_eq!(scene.viewing("w").await.expect("it stays").viewing.ended_at, None);
}

/// Who may look is listed until that is taken back or the user is gone, and a view tells of it; both are harmless when repeated.
pub async fn looking_is_granted_and_taken_back(harness: &Harness) {
    let (scene, uma) = staffed(harness, "smith").await;
    let vic = build::user("vic", "vic@smith.example");
    scene.write(opened(&view("v")).put_user(&vic)).await;
    let grant = |user: &PracticeUser| Plan::new().then(Change::GrantViewing(user.id));
    for _ in 0..2 {
        scene.write(grant(&uma)).await;
    }
    scene.write(grant(&vic)).await;
    assert_eq!(scene.viewers().await, [uma.id, vic.id].into());
    assert!(scene.viewing("v").await.expect("there").granted);
    for _ in 0..2 {
        scene.write(Plan::new().then(Change::RevokeViewing(uma.id))).await;
    }
    assert_eq!(scene.viewers().await, [vic.id].into());
    assert!(!scene.viewing("v").await.expect("there").granted);
    let release = Change::ReleaseKey(vic.email.key().clone());
    scene.write(Plan::new().then(release).then(Change::DeleteUser(vic.id))).await;
    assert_eq!(scene.viewers().await, BTreeSet::new());
}

/// A view goes with whoever looks, with the contact, and with the client.
pub async fn a_view_goes_with_its_user_contact_or_client(harness: &Harness) {
    for (slug, number) in [("smith", 0), ("jones", 1), ("brown", 2)] {
        let (scene, uma) = staffed(harness, slug).await;
        scene.write(opened(&view("v"))).await;
        let plan = match number {
            0 => Plan::new().then(Change::ReleaseKey(uma.email.key().clone())).then(Change::DeleteUser(uma.id)),
            1 => Plan::new().then(Change::DeleteContact(build::id("ada"))),
            _ => Plan::new().then(Change::DeleteClient(build::id("acme"))),
        };
        scene.write(plan).await;
        assert_eq!(scene.viewing("v").await, None, "{slug}");
        scene.refuse(opened(&view("late"))).await;
    }
}

/// A view of another practice is unknown, and so is who may look there.
pub async fn views_stay_inside_their_practice(harness: &Harness) {
    let ((smith, uma), (jones, _)) = (staffed(harness, "smith").await, staffed(harness, "jones").await);
    smith.write(opened(&view("v")).then(Change::GrantViewing(uma.id))).await;
    jones.write(opened(&view("w"))).await;
    assert_eq!((jones.viewing("v").await, smith.viewing("w").await), (None, None));
    assert_eq!(jones.viewers().await, BTreeSet::new());
    assert!(!jones.viewing("w").await.expect("there").granted);
    jones.write(Plan::new().then(Change::EndViewing { viewing: build::id("w"), at: later(1) })).await;
    jones.refuse(Plan::new().then(Change::EndViewing { viewing: build::id("v"), at: later(1) })).await;
    assert_eq!(smith.viewing("v").await.expect("there").viewing.ended_at, None);
}

/// Views that were over before a time are forgotten, a few at a time, and no others.
pub async fn views_are_forgotten_in_their_time(harness: &Harness) {
    let (scene, _) = staffed(harness, "smith").await;
    for (name, over) in [("a", 10), ("b", 20), ("c", 30)] {
        scene.write(opened(&Viewing { expires_at: later(over), ..view(name) })).await;
    }
    let forget = async |before, most| scene.store.forget_viewings(before, most).await.expect("the store answers");
    assert_eq!(forget(later(30), 1).await, 1);
    assert_eq!(forget(later(30), 10).await, 1);
    assert_eq!(forget(later(30), 10).await, 0);
    assert_eq!((scene.viewing("a").await, scene.viewing("b").await), (None, None));
    assert!(scene.viewing("c").await.is_some());
}

/// A trial client's person is one as long as that is put.
pub async fn a_trial_contact_comes_back_as_one(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let trial = Contact { trial: true, ..build::contact("tim", &["tim@smith.example"]) };
    scene.write(Plan::new().put_contact(&trial).put_contact(&build::contact("ada", &[]))).await;
    assert_eq!(scene.contact("tim").await.contact, Some(trial.clone()));
    assert!(!scene.contact("ada").await.contact.expect("there").trial);
    let renamed = Contact { name: "Tim Trial".to_owned(), version: 2, ..trial.clone() };
    scene.write(Plan::new().put_contact(&renamed)).await;
    assert_eq!(scene.contact("tim").await.contact, Some(renamed.clone()));
    let real = Contact { trial: false, version: 3, ..renamed };
    scene.write(Plan::new().put_contact(&real)).await;
    assert_eq!(scene.contact("tim").await.contact, Some(real));
}
