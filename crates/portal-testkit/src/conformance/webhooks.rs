//! Laws of `Webhooks`.

use std::{collections::BTreeSet, slice};

use portal_domain::{
    change::{Aggregate, Change},
    id::{PracticeId, kind},
    port::{Commit, Page},
    practice::Practice,
    time::Timestamp,
    webhook::{EndReason, Ended, FormerSecret, Held, LOGGED, Progress, SealedSecret, Terms, Webhook, WebhookDelivery},
};

use super::{Harness, overlap::Overlaps, scene::Scene};
use crate::build::{self, NOON, Plan, later};

/// An endpoint of this reference, at version 1, that begins with the journal.
pub(super) fn endpoint(name: &str) -> Webhook {
    Webhook {
        id: build::id(name),
        reference: build::reference(name),
        enabled: true,
        terms: Terms {
            url: format!("https://{name}.example/hook?a=%20"),
            description: "Zoë's <b>".to_owned(),
            kinds: vec!["contact.*".to_owned()],
            secret: SealedSecret(vec![0, 255, 7]),
            former: None,
            ended: None,
            created_at: NOON,
        },
        progress: Progress::default(),
        leased_until: None,
        served_at: NOON,
        version: 1,
    }
}

fn next(webhook: &Webhook) -> Webhook {
    Webhook { version: webhook.version + 1, ..webhook.clone() }
}

fn put(webhook: &Webhook) -> Plan {
    Plan::new().then(Change::PutWebhook(webhook.clone()))
}

pub(super) fn delivery(webhook: &Webhook, place: i64, at: Timestamp) -> WebhookDelivery {
    WebhookDelivery {
        webhook: webhook.id,
        place,
        event: build::id(&format!("event {place}")),
        number: place * 3,
        kind: "contact.activated".to_owned(),
        at,
        took_millis: 17,
        attempt: 2,
        received: place % 2 == 0,
        status: (place % 2 == 0).then_some(204),
        words: "said in words".to_owned(),
        next_attempt_at: (place % 2 == 1).then(|| at.after(std::time::Duration::from_micros(1))),
    }
}

fn log(deliveries: impl IntoIterator<Item = WebhookDelivery>) -> Plan {
    deliveries.into_iter().fold(Plan::new(), |plan, it| plan.then(Change::LogDelivery(it)))
}

async fn all(scene: &Scene) -> Vec<Webhook> {
    scene.store.webhooks(scene.id).await.expect("the store answers")
}

/// Names of the endpoints that are due so many seconds after noon, in their order.
async fn due(scene: &Scene, seconds: u64) -> Vec<String> {
    let found = scene.store.due_webhooks(later(seconds), later(100_000), 10).await.expect("the store answers");
    found.into_iter().map(|(_, webhook)| webhook.reference.to_string()).collect()
}

async fn logged(scene: &Scene, webhook: &Webhook, after: Option<i64>, limit: u32) -> Vec<WebhookDelivery> {
    let page = Page { after, limit };
    scene.store.deliveries(scene.id, webhook.id, &page).await.expect("the store answers")
}

/// Writes and seals an event.
async fn go_on(scene: &Scene, name: &str) {
    scene.write(Plan::new().tell(build::event(name))).await;
    scene.seal().await;
}

/// Endpoints come by reference, byte by byte, with all that was put, and are replaced whole.
pub async fn endpoints_come_back_as_they_were_put_by_reference(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    assert!(all(&scene).await.is_empty());
    let (upper, lower) = (endpoint("Zoo"), endpoint("a"));
    scene.write(put(&lower)).await;
    scene.write(put(&upper)).await;
    assert_eq!(all(&scene).await, [upper.clone(), lower.clone()]);
    let held = Held { contact: Some(build::id("c")), from: 5, tries: 2, since: Some(later(3)), due_at: later(8) };
    let full = Webhook {
        enabled: false,
        terms: Terms {
            kinds: Vec::new(),
            former: Some(FormerSecret { secret: SealedSecret(vec![9]), until: later(9) }),
            ended: Some(Ended { at: later(7), why: EndReason::Failing }),
            ..upper.terms.clone()
        },
        progress: Progress { cursor: 7, held: vec![held], strikes: 6, paused_until: Some(later(20)), tries: 11 },
        leased_until: Some(later(40)),
        served_at: later(1),
        ..next(&upper)
    };
    scene.write(put(&full)).await;
    assert_eq!(all(&scene).await, [full, lower]);
}

/// An endpoint is replaced, or deleted, at the version that was seen, and at no other.
pub async fn an_endpoint_is_replaced_at_its_version_alone(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let first = endpoint("a");
    scene.refuse(put(&next(&first))).await;
    scene.write(put(&first)).await;
    scene.refuse(put(&first)).await;
    let second = next(&first);
    scene.write(put(&second)).await;
    scene.refuse(put(&second)).await;
    scene.refuse(put(&next(&next(&second)))).await;
    scene.refuse(Plan::new().then(Change::DeleteWebhook { webhook: first.id, version: 1 })).await;
    assert_eq!(all(&scene).await, [second]);
}

/// Two endpoints never have one reference.
pub async fn a_second_endpoint_of_one_reference_is_a_conflict(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    scene.write(put(&endpoint("a"))).await;
    scene.refuse(put(&Webhook { id: build::id("other"), ..endpoint("a") })).await;
    assert_eq!(all(&scene).await.len(), 1);
}

/// A deleted endpoint is gone, and its log with it; deleting it again is a conflict.
pub async fn a_deleted_endpoint_is_gone_with_its_log(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (gone, stays) = (endpoint("a"), endpoint("b"));
    for webhook in [&gone, &stays] {
        scene.write(put(webhook)).await;
        scene.write(log([delivery(webhook, 1, NOON)])).await;
    }
    let delete = || Plan::new().then(Change::DeleteWebhook { webhook: gone.id, version: 1 });
    scene.write(delete()).await;
    scene.refuse(delete()).await;
    assert_eq!(all(&scene).await, slice::from_ref(&stays));
    assert!(logged(&scene, &gone, None, 9).await.is_empty());
    assert_eq!(logged(&scene, &stays, None, 9).await.len(), 1);
}

/// An endpoint is due once an event after its cursor is sealed, where it is enabled and something new may be begun.
pub async fn an_endpoint_is_due_when_the_journal_goes_on(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let first = endpoint("a");
    scene.write(put(&first)).await;
    assert!(due(&scene, 0).await.is_empty(), "there is no journal");
    scene.write(Plan::new().tell(build::event("e"))).await;
    assert!(due(&scene, 0).await.is_empty(), "what is not sealed is not pushed");
    scene.seal().await;
    assert_eq!(due(&scene, 0).await, ["a"]);
    let served = Webhook { progress: Progress::after(1), ..next(&first) };
    scene.write(put(&served)).await;
    assert!(due(&scene, 0).await.is_empty());
    go_on(&scene, "f").await;
    assert_eq!(due(&scene, 0).await, ["a"]);
    let down = Progress { strikes: 5, ..served.progress.clone() };
    let down = Webhook { progress: down, ..next(&served) };
    scene.write(put(&down)).await;
    assert!(due(&scene, 0).await.is_empty());
    let disabled = Webhook { enabled: false, progress: Progress::after(1), ..next(&down) };
    scene.write(put(&disabled)).await;
    assert!(due(&scene, 0).await.is_empty());
}

/// An endpoint is due when the first of what waits is, and not before the pause of an endpoint that is down.
pub async fn an_endpoint_is_due_when_what_waits_is(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let held = |name: &str, seconds| Held {
        contact: Some(build::id(name)),
        from: 1,
        tries: 1,
        since: Some(NOON),
        due_at: later(seconds),
    };
    let progress = Progress { cursor: 5, held: vec![held("x", 90), held("y", 60)], ..Progress::default() };
    let waiting = Webhook { progress, ..endpoint("a") };
    scene.write(put(&waiting)).await;
    assert!(due(&scene, 59).await.is_empty());
    assert_eq!(due(&scene, 60).await, ["a"]);
    let progress = Progress { strikes: 5, paused_until: Some(later(70)), ..waiting.progress.clone() };
    scene.write(put(&Webhook { progress, ..next(&waiting) })).await;
    assert!(due(&scene, 69).await.is_empty());
    assert_eq!(due(&scene, 70).await, ["a"]);
}

/// What a worker has is given to nobody until its lease is over.
pub async fn an_endpoint_that_a_worker_has_is_given_to_no_other(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let first = endpoint("a");
    scene.write(put(&first)).await;
    go_on(&scene, "e").await;
    scene.write(put(&Webhook { leased_until: Some(later(40)), ..next(&first) })).await;
    assert!(due(&scene, 39).await.is_empty());
    assert_eq!(due(&scene, 40).await, ["a"]);
}

/// A lease or a pause beyond what there can be was written while the clock ran ahead.
pub async fn a_time_that_no_lease_reaches_counts_as_over(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let leased = Webhook { leased_until: Some(later(200_000)), ..endpoint("leased") };
    let held = Held { contact: None, from: 1, tries: 1, since: Some(NOON), due_at: later(200_000) };
    let progress = Progress { cursor: 9, held: vec![held], ..Progress::default() };
    scene.write(put(&leased)).await;
    scene.write(put(&Webhook { progress, ..endpoint("paused") })).await;
    go_on(&scene, "e").await;
    assert_eq!(
        due(&scene, 0).await.into_iter().collect::<BTreeSet<_>>(),
        ["leased", "paused"].map(str::to_owned).into()
    );
    let found = scene.store.due_webhooks(NOON, later(200_000), 10).await.expect("the store answers");
    assert!(found.is_empty());
}

/// Endpoints of all practices take turns: the one that was served longest ago is next, and no more are given than asked for.
pub async fn who_was_served_longest_ago_is_next(harness: &Harness) {
    let (smith, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    for (scene, name, served) in [(&smith, "a", 3), (&jones, "b", 1), (&smith, "c", 2)] {
        scene.write(put(&Webhook { served_at: later(served), ..endpoint(name) })).await;
    }
    go_on(&smith, "e").await;
    go_on(&jones, "e").await;
    assert_eq!(due(&smith, 9).await, ["b", "c", "a"]);
    let first = smith.store.due_webhooks(later(9), later(100_000), 1).await.expect("the store answers");
    assert_eq!(first, [(jones.id, Webhook { served_at: later(1), ..endpoint("b") })]);
}

/// Tries come back as they were written, the last one first, in pages.
pub async fn deliveries_come_back_last_one_first(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (webhook, other) = (endpoint("a"), endpoint("b"));
    scene.write(put(&webhook)).await;
    scene.write(put(&other)).await;
    scene.write(log((1..=5).map(|place| delivery(&webhook, place, later(7))))).await;
    scene.write(log([delivery(&other, 9, NOON)])).await;
    let tries = |places: [i64; 2]| places.map(|place| delivery(&webhook, place, later(7)));
    assert_eq!(logged(&scene, &webhook, None, 2).await, tries([5, 4]));
    assert_eq!(logged(&scene, &webhook, Some(4), 2).await, tries([3, 2]));
    assert_eq!(logged(&scene, &webhook, Some(2), 2).await.len(), 1);
}

/// A log forgets what stands too far back by itself, and what is too old when it is told to, a few at a time.
pub async fn a_log_is_bounded_in_places_and_in_time(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (webhook, other) = (endpoint("a"), endpoint("b"));
    scene.write(put(&webhook)).await;
    scene.write(put(&other)).await;
    scene.write(log([delivery(&other, 1, later(1))])).await;
    scene.write(log((1..=3).map(|place| delivery(&webhook, place, later(1))))).await;
    scene.write(log([delivery(&webhook, LOGGED + 1, later(2)), delivery(&webhook, LOGGED + 2, later(9))])).await;
    let places =
        async |webhook: &Webhook| logged(&scene, webhook, None, 9).await.iter().map(|it| it.place).collect::<Vec<_>>();
    assert_eq!((places(&webhook).await, places(&other).await), (vec![LOGGED + 2, LOGGED + 1, 3], vec![1]));
    let forget = async |seconds, most| scene.store.forget_deliveries(later(seconds), most).await;
    assert_eq!(
        (forget(1, 9).await, forget(3, 2).await, forget(3, 9).await, forget(3, 9).await),
        (Ok(0), Ok(2), Ok(1), Ok(0))
    );
    assert_eq!((places(&webhook).await, places(&other).await), (vec![LOGGED + 2], vec![]));
}

/// Endpoints and logs of another practice are neither found nor touched.
pub async fn endpoints_stay_inside_their_practice(harness: &Harness) {
    let (smith, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    let ours = endpoint("a");
    let theirs = Webhook { served_at: later(5), ..endpoint("a") };
    for (scene, webhook) in [(&smith, &ours), (&jones, &theirs)] {
        scene.write(put(webhook)).await;
        scene.write(log([delivery(webhook, 1, webhook.served_at)])).await;
    }
    go_on(&jones, "e").await;
    let found = smith.store.due_webhooks(later(9), later(100_000), 9).await.expect("the store answers");
    let owners: Vec<PracticeId> = found.iter().map(|(practice, _)| *practice).collect();
    assert_eq!(owners, [jones.id], "only the journal of the same practice counts");
    smith.write(Plan::new().then(Change::DeleteWebhook { webhook: ours.id, version: 1 })).await;
    assert!(all(&smith).await.is_empty() && logged(&smith, &ours, None, 9).await.is_empty());
    assert_eq!((all(&jones).await, logged(&jones, &theirs, None, 9).await.len()), (vec![theirs], 1));
}

/// Of many workers that take one endpoint at once, one has it.
pub async fn many_workers_never_share_an_endpoint(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let mut webhook = endpoint("a");
    scene.write(put(&webhook)).await;
    go_on(&scene, "e").await;
    let overlaps = Overlaps::new();
    for round in 0..10_u64 {
        let taken = Webhook { leased_until: Some(later(round + 1)), served_at: later(round), ..next(&webhook) };
        let workers = (0..8).map(|number| {
            let (scene, taken) = (scene.turn(harness, number), taken.clone());
            async move { scene.offer(put(&taken)).await }
        });
        let takers = overlaps.at_once(workers.collect()).await;
        assert_eq!(takers.iter().filter(|taker| **taker == Commit::Committed).count(), 1);
        webhook = taken;
        assert_eq!(all(&scene).await, [webhook.clone()]);
    }
    overlaps.must_be_real();
    assert_eq!(webhook.id, build::id::<kind::Webhook>("a"));
}

/// Nothing of a suspended practice is pushed; when it is resumed, its endpoint is due again.
pub async fn an_endpoint_of_a_suspended_practice_waits(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    scene.write(put(&endpoint("crm"))).await;
    go_on(&scene, "e").await;
    assert_eq!(due(&scene, 1).await, ["crm"]);
    for (suspended_at, expected) in [(Some(NOON), &[][..]), (None, &["crm"])] {
        let before = scene.practice().await;
        let after = Practice { suspended_at, version: before.version + 1, ..before.clone() };
        scene.write(Plan::new().changed(Aggregate::Practice(scene.id), before.version).put_practice(&after)).await;
        assert_eq!(due(&scene, 1).await, expected);
    }
}
