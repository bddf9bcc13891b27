use portal_domain::{
    change::{Aggregate, Change, Decision},
    contact::Contact,
    port::{Commit, PracticeSelector, Receipt, RequestKey},
    practice::{Client, Practice, PracticeUser},
};

use crate::{
    build::{self, Plan},
    conformance::{Harness, scene::Scene},
};

/// A second contact, client or practice user of one reference is a conflict.
pub async fn a_second_thing_of_one_reference_is_a_conflict(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    // The same reference for things of different kinds is none.
    let plan = Plan::new().put_contact(&build::contact("x", &[])).put_client(&build::client("x"));
    scene.write(plan.put_user(&build::user("x", "x@smith.example"))).await;
    scene.refuse(Plan::new().put_contact(&Contact { id: build::id("y"), ..build::contact("x", &[]) })).await;
    scene.refuse(Plan::new().put_client(&Client { id: build::id("y"), ..build::client("x") })).await;
    let user = PracticeUser { id: build::id("y"), ..build::user("x", "y@smith.example") };
    scene.refuse(Plan::new().put_user(&user)).await;
    assert_eq!(scene.contact("x").await.contact, Some(build::contact("x", &[])));
    assert_eq!(scene.clients().await, [build::client("x")]);
    assert_eq!(scene.user("x", Some(build::key("y@smith.example"))).await.holder, None);
}

/// One batch can't bring two things of one reference either.
pub async fn two_things_of_one_reference_in_a_batch_are_a_conflict(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let twin = Contact { id: build::id("y"), ..build::contact("x", &[]) };
    let decisions = [Plan::new().put_contact(&build::contact("x", &[])).done(), Plan::new().put_contact(&twin).done()];
    assert_eq!(scene.commit(&decisions, None).await, Commit::Conflict);
    assert!(!scene.knows("x").await);
}

/// A second practice of one slug is a conflict.
pub async fn a_second_practice_of_one_slug_is_a_conflict(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let twin = Practice { id: build::id("twin"), ..build::practice("smith") };
    let there = Scene { id: twin.id, ..scene.clone() };
    there.refuse(Plan::new().put_practice(&twin)).await;
    let by = PracticeSelector::Id(twin.id);
    assert_eq!(scene.store.practice(&by).await, Ok(None));
    scene.refuse(Plan::new().put_practice(&build::practice("smith"))).await;
}

/// A receipt is kept as it was left, and found by its whole key.
pub async fn a_receipt_is_kept(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let receipt = Receipt { outcome: (0..=255).collect(), at: build::later(3), ..build::receipt("one – ü") };
    assert_eq!(scene.commit(&[], Some(&receipt)).await, Commit::Committed);
    let find = async |key: &RequestKey| scene.store.receipt(scene.id, key).await.expect("the store answers");
    assert_eq!(find(&receipt.request).await.as_ref(), Some(&receipt));
    let request = receipt.request;
    assert_eq!(find(&RequestKey { scope: "enquiry".to_owned(), ..request.clone() }).await, None);
    assert_eq!(find(&RequestKey { key: "one".to_owned(), ..request }).await, None);
}

/// A receipt is forgotten when it was left before the time that is named, and not otherwise.
pub async fn receipts_are_forgotten_in_their_time(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let left = |name: &str, seconds| Receipt { at: build::later(seconds), ..build::receipt(name) };
    for receipt in [left("a", 1), left("b", 2), left("c", 3), left("d", 3)] {
        assert_eq!(scene.commit(&[], Some(&receipt)).await, Commit::Committed);
    }
    let forget = async |seconds, most| scene.store.forget_receipts(build::later(seconds), most).await;
    let kept = async |name: &str| scene.store.receipt(scene.id, &left(name, 0).request).await.unwrap().is_some();
    assert_eq!(forget(1, 10).await, Ok(0));
    assert_eq!(forget(3, 1).await, Ok(1), "no more than asked for");
    assert_eq!(forget(3, 10).await, Ok(1));
    assert_eq!((kept("a").await, kept("b").await, kept("c").await, kept("d").await), (false, false, true, true));
    assert_eq!(scene.commit(&[], Some(&left("a", 9))).await, Commit::Committed, "its name can be used again");
    assert_eq!(forget(4, 10).await, Ok(2));
}

/// A second receipt of one key is a conflict: the first stays, and nothing beside it is written.
pub async fn a_second_receipt_is_a_conflict(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let first = build::receipt("r");
    let decision = Plan::new().put_contact(&build::contact("a", &[])).tell(build::event("a")).done();
    assert_eq!(scene.commit(&[decision], Some(&first)).await, Commit::Committed);
    let second = Receipt { outcome: b"other".to_vec(), ..first.clone() };
    let decision = Plan::new().put_contact(&build::contact("b", &[])).tell(build::event("b")).done();
    assert_eq!(scene.commit(std::slice::from_ref(&decision), Some(&second)).await, Commit::Conflict);
    assert_eq!(scene.commit(&[], Some(&second)).await, Commit::Conflict);
    assert!(!scene.knows("b").await);
    assert_eq!(scene.events().await.len(), 1);
    assert_eq!(scene.store.receipt(scene.id, &first.request).await, Ok(Some(first)));
    assert_eq!(scene.commit(&[decision], None).await, Commit::Committed);
}

/// A deleted contact's reference is free, in the same commit already.
pub async fn a_deleted_reference_is_free(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let first = build::contact("x", &["a@smith.example"]);
    scene.write(Plan::new().put_contact(&first)).await;
    let second = Contact { id: build::id("second"), ..build::contact("x", &[]) };
    let gone = Plan::new().changed(Aggregate::Contact(first.id), 1).then(Change::DeleteContact(first.id));
    scene.write(gone.put_contact(&second)).await;
    assert_eq!(scene.contact("x").await.contact.as_ref(), Some(&second));
    let gone = Plan::new().changed(Aggregate::Contact(second.id), 1).then(Change::DeleteContact(second.id));
    scene.write(gone).await;
    assert!(!scene.knows("x").await);
    let third = Contact { id: build::id("third"), ..build::contact("x", &[]) };
    scene.write(Plan::new().put_contact(&third)).await;
    assert_eq!(scene.contact("x").await.contact, Some(third));
}

/// A message or link of an id that is there already is a conflict.
pub async fn a_second_message_or_link_of_one_id_is_a_conflict(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (ada, login) = scene.live("ada", "ada@smith.example").await;
    let link = build::link("l", &login, &ada);
    let message = build::message("m", &ada, &login, None);
    scene.write(Plan::new().then(Change::OpenLink(link.clone())).mail(message.clone())).await;
    scene.refuse(Plan::new().then(Change::OpenLink(link)).tell(build::event("e"))).await;
    scene.refuse(Plan::new().mail(message).tell(build::event("e"))).await;
    assert_eq!(scene.messages("ada").await.len(), 1);
    assert!(scene.events().await.is_empty());
}

/// A practice that has to be the first one is written where there is no other, and is a conflict otherwise.
pub async fn a_practice_that_has_to_be_the_first_is_so_or_not_at_all(harness: &Harness) {
    let found = async |slug: &str| {
        let practice = build::practice(slug);
        let plan = Plan::new().then(Change::BeFirst).put_practice(&practice);
        harness.store.commit(practice.id, &[plan.into()], None).await.expect("the store answers")
    };
    assert_eq!(found("smith").await, Commit::Committed);
    for slug in ["jones", "smith"] {
        assert_eq!(found(slug).await, Commit::Conflict);
    }
    let by = PracticeSelector::Slug(build::practice("jones").slug);
    assert_eq!(harness.store.practice(&by).await, Ok(None));
    Scene::set(harness, "jones").await;
}

/// Of many practices that have to be the first one, founded at once, one is.
pub async fn of_many_first_practices_one_is_founded(harness: &Harness) {
    let mut tasks = Vec::new();
    for number in 0..8 {
        let store = harness.turn(number);
        tasks.push(tokio::spawn(async move {
            let practice = build::practice(&format!("practice-{number}"));
            let decision = Decision::from(Plan::new().then(Change::BeFirst).put_practice(&practice));
            store.commit(practice.id, &[decision], None).await.expect("the store answers")
        }));
    }
    let mut founded = 0;
    for task in tasks {
        founded += usize::from(task.await.expect("a commit ends") == Commit::Committed);
    }
    assert_eq!(founded, 1);
}
