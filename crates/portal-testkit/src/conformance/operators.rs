//! Laws of `Operators`.

use portal_domain::{
    change::{Aggregate, Change},
    contact::Contact,
    facts::ContactFacts,
    job::{HeadsDigest, ToldColumns},
    port::{Commit, Deletion, Enquiry, EnquiryKind, Page, PracticeSelector},
    practice::{OperatorKey, Practice},
    session::ProfileId,
    throttle::{Bucket, Try},
};

use super::{
    Harness,
    overlap::Overlaps,
    scene::{EVERYTHING, Scene},
};
use crate::build::{self, NOON, Plan, key, later};

fn operator_key(name: &str, at: u64) -> OperatorKey {
    let hash = portal_domain::practice::ApiKeyHash(build::digest(name));
    OperatorKey { id: build::id(name), name: name.to_owned(), hash, created_at: later(at), revoked_at: None }
}

/// An operator's key opens until it is revoked, and is told ever after. A host's key is none.
pub async fn an_operators_key_opens_until_it_is_revoked(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (first, second) = (operator_key("first", 1), operator_key("second", 2));
    for key in [&second, &first] {
        scene.store.add_operator_key(key).await.expect("the store keeps it");
    }
    scene.write(Plan::new().then(Change::AddApiKey(build::api_key("host", scene.id)))).await;
    assert_eq!(scene.store.operator(&first.hash).await, Ok(Some(first.clone())));
    assert_eq!(scene.store.operator(&build::api_key("host", scene.id).hash).await, Ok(None));
    assert_eq!(scene.store.caller(&first.hash).await, Ok(None));
    assert_eq!(scene.store.revoke_operator_key(first.id, later(5)).await, Ok(true));
    assert_eq!(scene.store.revoke_operator_key(first.id, later(6)).await, Ok(false));
    assert_eq!(scene.store.operator(&first.hash).await, Ok(None));
    let ended = OperatorKey { revoked_at: Some(later(5)), ..first };
    assert_eq!(scene.store.operator_keys().await, Ok(vec![ended, second]));
}

/// A practice that is to be deleted at this second of noon.
async fn doom(scene: &Scene, at: u64) -> Practice {
    let before = scene.practice().await;
    let after = Practice {
        suspended_at: Some(NOON),
        delete_after: Some(later(at)),
        version: before.version + 1,
        ..before.clone()
    };
    scene.write(Plan::new().changed(Aggregate::Practice(scene.id), before.version).put_practice(&after)).await;
    assert_eq!(scene.practice().await, after, "suspension and deletion come back");
    after
}

/// What is suspended, or to be deleted later, stays; the deletion begins once.
pub async fn a_practice_is_deleted_when_its_time_is_over(harness: &Harness) {
    let (smith, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    let practice = doom(&smith, 100).await;
    assert_eq!(smith.store.doomed(later(99)).await, Ok(Vec::new()));
    assert_eq!(smith.store.begin_deletion(smith.id, later(99)).await, Ok(false));
    assert_eq!(smith.store.begin_deletion(jones.id, later(200)).await, Ok(false));
    assert_eq!(smith.store.delete_some(smith.id, 10, later(200)).await, Ok(true), "nothing has begun");
    assert_eq!(smith.practice().await, practice);

    smith.write(Plan::new().then(Change::AddApiKey(build::api_key("host", smith.id)))).await;
    assert_eq!(smith.store.doomed(later(100)).await, Ok(vec![smith.id]));
    assert_eq!(smith.store.begin_deletion(smith.id, later(100)).await, Ok(true));
    assert_eq!(smith.store.begin_deletion(smith.id, later(101)).await, Ok(false));
    assert_eq!(smith.store.doomed(later(101)).await, Ok(vec![smith.id]), "until it is finished");
    for by in [PracticeSelector::Id(smith.id), PracticeSelector::Slug(practice.slug.clone())] {
        assert_eq!(smith.store.practice(&by).await, Ok(None));
    }
    assert_eq!(smith.store.caller(&build::api_key("host", smith.id).hash).await, Ok(None));
    assert!(smith.store.open_export(smith.id).await.expect("the store answers").is_none(), "there is no whole of it");
    // Whoever decided on the practice as it was comes too late.
    let key = Change::AddApiKey(build::api_key("late", smith.id));
    smith.refuse(Plan::new().looked_at(Aggregate::Practice(smith.id), practice.version).then(key)).await;
    let resumed =
        Practice { suspended_at: None, delete_after: None, version: practice.version + 1, ..practice.clone() };
    smith.refuse(Plan::new().changed(Aggregate::Practice(smith.id), practice.version).put_practice(&resumed)).await;
}

/// Something of every kind that a practice can hold.
async fn furnish(scene: &Scene) -> Contact {
    let (client, user) = (build::client("acme"), build::user("ann", "ann@practice.example"));
    scene.write(Plan::new().put_client(&client).put_user(&user)).await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    let ada = Contact { clients: vec![client.id], version: 2, ..ada };
    let link = build::link("l", &login, &ada);
    let plan = Plan::new().changed(Aggregate::Contact(ada.id), 1).put_contact(&ada);
    let plan = plan.mail(build::message("m", &ada, &login, Some(&link))).then(Change::OpenLink(link));
    let plan = plan.then(Change::OpenSession(build::session("s", &login))).tell(build::event("sealed"));
    let plan = plan.then(Change::OpenWorkspaceSession(build::workspace_session("w", &user)));
    let endpoint = super::webhooks::endpoint("crm");
    let delivery = Change::LogDelivery(super::webhooks::delivery(&endpoint, 1, NOON));
    let plan = plan.then(Change::PutWebhook(endpoint)).then(delivery);
    let plan = plan.then(Change::OpenHandoff(build::handoff("h", &login, &ada)));
    let profile = ProfileId { contact: ada.id, client: client.id };
    let viewing = super::viewings::view_of("v", build::id("w"), profile);
    let plan = plan.then(Change::OpenViewing(viewing)).then(Change::GrantViewing(user.id));
    let code = build::sign_in_code("code", &build::session("s", &login), profile);
    let plan = plan.then(Change::IssueCode(code)).then(Change::TellSession(build::id("s")));
    let plan = plan.then(Change::RememberKey { contact: ada.id, key: key("old@smith.example"), wrong: false });
    let job = super::jobs::import(scene, "job");
    let plan = plan.then(Change::PutJob(Box::new(job.clone())));
    let plan = plan.then(Change::StageRows { job: job.id, rows: (0..3).map(super::jobs::row).collect() });
    scene.write(plan.then(Change::AddApiKey(build::api_key("host", scene.id)))).await;
    scene.seal().await;
    scene.write(Plan::new().tell(build::event("unsealed"))).await;
    assert_eq!(scene.commit(&[], Some(&build::receipt("r"))).await, portal_domain::port::Commit::Committed);
    let enquiry = EnquiryKind::Reset { address: "ada@smith.example".to_owned() };
    let enquiry = Enquiry { id: build::id("q"), practice: scene.id, kind: enquiry, origin: None, at: later(100_000) };
    scene.store.put(&enquiry).await.expect("the store keeps it");
    let bucket = Bucket::origin("192.0.2.1", 60);
    let (id, origin) = (build::id("t"), Some("192.0.2.1".to_owned()));
    let noted =
        Try { id, mark: scene.mark("ada@smith.example"), origin, known_browser: false, for_reset: false, at: NOON };
    scene.store.admit(scene.id, &[bucket], Some(&noted), NOON).await.expect("the store counts");
    for number in 0..5 {
        let name = format!("c{number}");
        scene.live(&name, &format!("{name}@smith.example")).await;
    }
    let told = ToldColumns { heads: heads(), said: "ref".to_owned(), told_at: NOON };
    scene.store.keep_columns(scene.id, &told, 9).await.expect("the store keeps it");
    ada
}

fn heads() -> HeadsDigest {
    HeadsDigest(build::digest("heads"))
}

/// A deletion leaves nothing of the practice but its receipt, a few rows at a time, and of other practices everything.
pub async fn a_deletion_leaves_nothing_but_its_receipt(harness: &Harness) {
    let (smith, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    furnish(&smith).await;
    let ada = furnish(&jones).await;
    let practice = doom(&smith, 100).await;
    assert_eq!(smith.store.begin_deletion(smith.id, later(100)).await, Ok(true));
    let mut steps = 0;
    while !smith.store.delete_some(smith.id, 2, later(100 + steps)).await.expect("the store deletes") {
        steps += 1;
        assert!(steps < 50, "it comes to an end");
    }
    assert!(steps > 1, "not all at once");
    assert_eq!(smith.store.doomed(later(200)).await, Ok(Vec::new()));
    let receipt = Deletion {
        practice: smith.id,
        slug: practice.slug.clone(),
        due_at: later(100),
        begun_at: later(100),
        finished_at: Some(later(100 + steps)),
        contacts: 6,
        users: 1,
        clients: 1,
        messages: 1,
        events: 2,
    };
    assert_eq!(smith.store.deletions().await, Ok(vec![receipt]));

    // Were anything left, the same practice could not begin anew, or would find it.
    smith.write(Plan::new().put_practice(&build::practice("smith"))).await;
    assert_eq!(smith.contact("ada").await, ContactFacts::default());
    assert_eq!((smith.session("s").await, smith.link("l").await), (None, None));
    assert_eq!(smith.workspace_session("w").await, None);
    assert!(smith.events().await.is_empty() && smith.messages("ada").await.is_empty());
    let page = Page { after: None, limit: 10 };
    assert_eq!(smith.store.users(smith.id, &page).await, Ok(Vec::new()));
    assert_eq!(smith.store.receipt(smith.id, &build::receipt("r").request).await, Ok(None));
    assert_eq!(smith.store.kept_columns(smith.id, heads()).await, Ok(None));
    furnish(&smith).await;

    assert_eq!(jones.contact("ada").await.contact, Some(ada));
    assert!(jones.session("s").await.is_some() && jones.link("l").await.is_some());
    assert_eq!((jones.messages("ada").await.len(), jones.clients().await.len()), (1, 1));
    assert_eq!(jones.store.kept_columns(jones.id, heads()).await, Ok(Some("ref".to_owned())));
    assert_eq!(jones.store.events(jones.id, None, &EVERYTHING).await.map(|events| events.len()), Ok(1));
    assert!(jones.store.receipt(jones.id, &build::receipt("r").request).await.expect("the store answers").is_some());
}

/// Instances that delete one practice at once don't fail, and one of them begins.
pub async fn many_that_delete_at_once_end_well(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    furnish(&scene).await;
    doom(&scene, 100).await;
    let overlaps = Overlaps::new();
    let begin = (0..4).map(|number| {
        let scene = scene.turn(harness, number);
        async move { scene.store.begin_deletion(scene.id, later(100)).await }
    });
    let mut begun = overlaps.at_once(begin.collect()).await;
    begun.sort_by_key(|begun| begun.clone().ok());
    assert_eq!(begun, [Ok(false), Ok(false), Ok(false), Ok(true)]);
    let delete = (0..4).map(|number| {
        let scene = scene.turn(harness, number);
        async move {
            loop {
                match scene.store.delete_some(scene.id, 1, later(101)).await {
                    Ok(false) => {}
                    ended => return ended,
                }
            }
        }
    });
    let ended = overlaps.at_once(delete.collect()).await;
    assert!(ended.iter().all(|ended| *ended == Ok(true)), "{ended:?}");
    let receipts = scene.store.deletions().await.expect("the store answers");
    let numbers = receipts.iter().map(|it| (it.contacts, it.users, it.clients, it.messages, it.events));
    assert_eq!(numbers.collect::<Vec<_>>(), [(6, 1, 1, 1, 2)]);
    assert_eq!(receipts[0].finished_at, Some(later(101)));
}

/// A practice that is being deleted has no name any more, and keeps no other from being the first.
pub async fn a_practice_that_is_being_deleted_keeps_none_from_being_the_first(harness: &Harness) {
    let smith = Scene::set(harness, "smith").await;
    doom(&smith, 100).await;
    let found = async || {
        let practice = build::practice("jones");
        let plan = Plan::new().then(Change::BeFirst).put_practice(&practice);
        harness.store.commit(practice.id, &[plan.into()], None).await
    };
    assert_eq!(found().await, Ok(Commit::Conflict));
    assert_eq!(smith.store.begin_deletion(smith.id, later(100)).await, Ok(true));
    assert_eq!(found().await, Ok(Commit::Committed));
    while !smith.store.delete_some(smith.id, 2, later(101)).await.expect("the store deletes") {}
    let by = PracticeSelector::Slug(build::practice("jones").slug);
    assert_eq!(harness.store.practice(&by).await.map(|found| found.is_some()), Ok(true));
}
