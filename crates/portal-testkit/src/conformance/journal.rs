//! Laws of `Journal`.

use std::collections::BTreeMap;

use portal_domain::{
    contact::Contact,
    event::{Event, RecordedEvent, Subject},
    id::kind,
    journal::{Head, Sealing},
    port::{Commit, DayCount, Happening},
};

use super::{
    Harness,
    overlap::Overlaps,
    scene::{EVERYTHING, Scene},
};
use crate::build::{self, Plan};

async fn tell(scene: &Scene, names: &[&str]) {
    scene.write(names.iter().fold(Plan::new(), |plan, name| plan.tell(build::event(name)))).await;
}

/// Events as readers see them, whatever waits.
async fn seen(scene: &Scene) -> Vec<RecordedEvent> {
    scene.store.events(scene.id, None, &EVERYTHING).await.expect("the store answers")
}

async fn head(scene: &Scene) -> Option<Head> {
    scene.store.head(scene.id).await.expect("the store answers")
}

async fn waiting(scene: &Scene) -> u64 {
    scene.store.unsealed_count(scene.id).await.expect("the store answers")
}

/// Seals for these events after a head.
fn sealing(scene: &Scene, head: Option<&Head>, events: &[RecordedEvent]) -> Sealing {
    let sealing = build::journal_keys().seal(scene.id, head, events).expect("the head is whole");
    sealing.expect("there are events")
}

/// The journal bears its seals, from the first event to the head.
async fn must_be_whole(scene: &Scene, events: usize) {
    let report = super::verify(&*scene.store, scene.id).await;
    assert!(report.is_valid(), "{report:?}");
    assert_eq!((report.checked, report.unsealed), (events as u64, 0));
}

/// An event is seen by readers once it is sealed, and not before.
pub async fn only_sealed_events_are_seen(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let practices = async || scene.store.unsealed_practices().await.expect("the store answers");
    assert_eq!((seen(&scene).await, waiting(&scene).await), (vec![], 0));
    assert!(practices().await.is_empty());
    tell(&scene, &["a", "b", "c"]).await;
    assert_eq!((seen(&scene).await, waiting(&scene).await), (vec![], 3));
    assert_eq!(practices().await, [scene.id]);
    assert_eq!(scene.seal_some(2).await, Some(true));
    let ids: Vec<_> = seen(&scene).await.into_iter().map(|event| event.id).collect();
    assert_eq!((ids, waiting(&scene).await), (vec![build::id("a"), build::id("b")], 1));
    scene.seal().await;
    assert_eq!((seen(&scene).await.len(), waiting(&scene).await), (3, 0));
    assert!(practices().await.is_empty());
}

/// Numbers are 1, 2, 3 …, however many sealers in turn gave them.
pub async fn numbers_begin_at_one_and_have_no_gaps(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    for round in 0..5 {
        let names: Vec<_> = (0..4).map(|number| format!("{round}-{number}")).collect();
        tell(&scene, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
        scene.turn(harness, round).seal_some(3).await;
        scene.turn(harness, round + 1).seal_some(3).await;
    }
    let numbers: Vec<_> = scene.events().await.into_iter().map(|event| event.number).collect();
    assert_eq!(numbers, (1..=20).collect::<Vec<_>>());
    must_be_whole(&scene, 20).await;
}

/// What waits is given in the order in which it was written, whatever its time, numbered on from the head.
pub async fn events_are_sealed_in_the_order_they_were_written(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let names: Vec<_> = (0..30).map(|number| format!("e{number}")).collect();
    for (number, name) in names.iter().enumerate() {
        let event = Event { at: build::later(1000 - number as u64), ..build::event(name) };
        scene.write(Plan::new().tell(event)).await;
    }
    scene.seal_some(7).await;
    let rest = scene.store.unsealed(scene.id, 100).await.expect("the store answers");
    assert_eq!(rest.head, head(&scene).await);
    assert_eq!(rest.events.iter().map(|event| event.number).collect::<Vec<_>>(), (8..=30).collect::<Vec<_>>());
    let ids: Vec<_> = scene.events().await.into_iter().map(|event| event.id).collect();
    assert_eq!(ids, names.iter().map(|name| build::id::<kind::Event>(name)).collect::<Vec<_>>());
}

/// Seals are written after the head they were made after, and after no other.
pub async fn a_seal_needs_the_head_it_was_made_after(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    tell(&scene, &["a", "b", "c"]).await;
    let all = scene.store.unsealed(scene.id, 3).await.expect("the store answers").events;
    let first = sealing(&scene, None, &all[..1]);
    let late = sealing(&scene, None, &all[1..2]);
    assert_eq!(scene.store.seal(scene.id, None, &first).await, Ok(true));
    assert_eq!(scene.store.seal(scene.id, None, &late).await, Ok(false), "there is a head already");
    let second = sealing(&scene, Some(&first.head), &all[1..2]);
    let late = sealing(&scene, Some(&first.head), &all[2..]);
    assert_eq!(scene.store.seal(scene.id, Some(&first.head), &second).await, Ok(true));
    assert_eq!(scene.store.seal(scene.id, Some(&first.head), &late).await, Ok(false), "the head has moved on");
    assert_eq!((head(&scene).await, waiting(&scene).await), (Some(second.head), 1));
    assert_eq!(scene.events().await.len(), 3);
    must_be_whole(&scene, 3).await;
}

/// A sealed event is never sealed again: then nothing of the sealing is written, the head neither.
pub async fn an_event_is_sealed_once(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    tell(&scene, &["a", "b"]).await;
    let all = scene.store.unsealed(scene.id, 2).await.expect("the store answers").events;
    let first = sealing(&scene, None, &all[..1]);
    assert_eq!(scene.store.seal(scene.id, None, &first).await, Ok(true));
    let before = scene.store.sealed(scene.id, 0, 9).await;
    let swapped = [all[1].clone(), all[0].clone()];
    let again = sealing(&scene, Some(&first.head), &swapped);
    assert_eq!(scene.store.seal(scene.id, Some(&first.head), &again).await, Ok(false));
    assert_eq!(scene.store.sealed(scene.id, 0, 9).await, before);
    assert_eq!((head(&scene).await, waiting(&scene).await), (Some(first.head), 1));
}

/// The head moves on with every sealing, and comes back as it was written.
pub async fn the_head_is_that_of_the_last_event(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    assert_eq!(head(&scene).await, None);
    for name in ["a", "b", "c"] {
        tell(&scene, &[name]).await;
        let waiting = scene.store.unsealed(scene.id, 9).await.expect("the store answers");
        let sealing = sealing(&scene, waiting.head.as_ref(), &waiting.events);
        assert_eq!(scene.store.seal(scene.id, waiting.head.as_ref(), &sealing).await, Ok(true));
        assert_eq!(head(&scene).await, Some(sealing.head));
    }
}

/// A sealed event comes back with all that it was told with, its salt, its seal and the name of the key, in chunks.
pub async fn sealed_events_come_back_whole(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let subject = Subject { contact: Some(build::id("c")), user: Some(build::id("u")), login: Some(build::id("l")) };
    let events = [1_u8, 2, 3].map(|number| Event {
        subject: if number == 2 { Subject::default() } else { subject },
        origin: (number == 1).then(|| "2001:db8::7".to_owned()),
        facts: BTreeMap::from([("fact ü".to_owned(), format!("“{number}”"))]),
        personal: (0..number - 1).map(|count| (format!("p{count}"), "\u{feff}ö".to_owned())).collect(),
        salt: [number; 16],
        ..build::event(&format!("e{number}"))
    });
    scene.write(events.iter().cloned().fold(Plan::new(), Plan::tell)).await;
    let waiting = scene.store.unsealed(scene.id, 9).await.expect("the store answers");
    let sealing = sealing(&scene, None, &waiting.events);
    assert_eq!(scene.store.seal(scene.id, None, &sealing).await, Ok(true));
    let mut rows = scene.store.sealed(scene.id, 0, 2).await.expect("the store answers");
    assert_eq!(rows.len(), 2);
    rows.extend(scene.store.sealed(scene.id, 2, 2).await.expect("the store answers"));
    assert_eq!(rows.len(), 3);
    let recorded = seen(&scene).await;
    for (((row, event), seal), recorded) in rows.into_iter().zip(&events).zip(&sealing.seals).zip(recorded) {
        let sealed = row.content.expect("an event");
        assert_eq!((row.number, sealed.seal, sealed.event.id), (seal.number, seal.seal, seal.event));
        assert_eq!((&sealed.event, &sealed.key), (&recorded, &sealing.head.key));
        assert_eq!((sealed.salt, sealed.event.personal.as_ref()), (Some(event.salt), Some(&event.personal)));
        assert_eq!((sealed.event.id, sealed.event.digest), (event.id, event.digest()));
    }
    must_be_whole(&scene, 3).await;
}

/// Every practice has a journal of its own, with numbers of its own.
pub async fn journals_of_practices_are_apart(harness: &Harness) {
    let (smith, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    for scene in [&smith, &jones] {
        tell(scene, &["a", "b"]).await;
    }
    let mut both = smith.store.unsealed_practices().await.expect("the store answers");
    both.sort();
    let mut expected = [smith.id, jones.id];
    expected.sort();
    assert_eq!(both, expected);
    smith.seal().await;
    assert_eq!((waiting(&smith).await, waiting(&jones).await), (0, 2));
    assert_eq!(head(&jones).await, None);
    assert_eq!(jones.store.sealed(jones.id, 0, 9).await, Ok(vec![]));
    assert_eq!(smith.store.unsealed_practices().await, Ok(vec![jones.id]));
    jones.seal().await;
    for scene in [&smith, &jones] {
        assert_eq!(scene.events().await.iter().map(|event| event.number).collect::<Vec<_>>(), [1, 2]);
        must_be_whole(scene, 2).await;
    }
}

/// Sealers on several instances at once give every event one number, without gaps, and one chain.
pub async fn two_sealers_give_every_event_one_number(harness: &Harness) {
    const EVENTS: usize = 120;
    let scene = Scene::set(harness, "smith").await;
    let names: Vec<_> = (0..EVENTS).map(|number| format!("e{number}")).collect();
    tell(&scene, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let overlaps = Overlaps::new();
    let (mut lost, mut rounds) = (0, 0);
    while waiting(&scene).await > 0 {
        rounds += 1;
        assert!(rounds <= EVENTS, "of several sealers one gets on");
        let sealers = (0..4).map(|number| {
            let scene = scene.turn(harness, number);
            async move { scene.seal_some(3).await }
        });
        let answers = overlaps.at_once(sealers.collect()).await;
        lost += answers.iter().filter(|answer| answer.is_none()).count();
    }
    assert!(lost > 0, "no sealer was ever too late: this race proved nothing");
    let ids: Vec<_> = scene.events().await.into_iter().map(|event| event.id).collect();
    assert_eq!(ids, names.iter().map(|name| build::id::<kind::Event>(name)).collect::<Vec<_>>());
    must_be_whole(&scene, EVENTS).await;
    overlaps.must_be_real();
}

/// While commits and sealers go on beside each other, events about one contact are numbered in the order of its commits.
pub async fn events_of_one_contact_keep_their_order_while_sealed(harness: &Harness) {
    const EACH: i64 = 20;
    let scene = Scene::set(harness, "smith").await;
    let overlaps = Overlaps::new();
    let names = ["a", "b", "c", "d"];
    for name in names {
        scene.write(Plan::new().put_contact(&build::contact(name, &[]))).await;
    }
    let writers = (0..8).map(|number| {
        let (scene, name) = (scene.turn(harness, number), names[number / 2]);
        let work: Work = Box::pin(async move { write_versions(&scene, name, EACH).await });
        work
    });
    let sealers = (0..2).map(|number| {
        let scene = scene.turn(harness, number);
        let work: Work = Box::pin(async move {
            while scene.store.unsealed_count(scene.id).await.expect("the store answers") > 0
                || seen(&scene).await.len() < names.len() * EACH as usize
            {
                scene.seal_some(5).await;
                tokio::task::yield_now().await;
            }
        });
        work
    });
    overlaps.at_once(writers.chain(sealers).collect()).await;
    let events = scene.events().await;
    for name in names {
        let about = events.iter().filter(|event| event.subject.contact == Some(build::id(name)));
        let versions: Vec<_> = about.map(|event| event.facts["version"].clone()).collect();
        assert_eq!(versions, (2..EACH + 2).map(|version| version.to_string()).collect::<Vec<_>>(), "{name}");
    }
    must_be_whole(&scene, events.len()).await;
    overlaps.must_be_real();
}

/// What happened is counted by kind and day, of sealed events alone, and of no more than were asked for.
pub async fn days_are_counted_of_sealed_events(harness: &Harness) {
    const DAY: u64 = 24 * 3600;
    let (scene, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    let at = |name: String, kind, seconds, fact: Option<(&str, &str)>| Event {
        at: build::later(seconds),
        kind,
        facts: fact.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        ..build::event(&name)
    };
    let mut events = Vec::new();
    for (number, seconds) in [0, 60, DAY, DAY + 60, 2 * DAY].into_iter().enumerate() {
        let told = [
            ("session.opened", None),
            ("message.accepted", Some(("message_kind", "activation"))),
            ("message.accepted", Some(("message_kind", "reset"))),
            ("login.password_set", Some(("replaced", "false"))),
            ("login.password_set", Some(("replaced", "true"))),
            ("session.signed_out", None),
        ];
        for (place, (kind, fact)) in told.into_iter().enumerate() {
            events.push(at(format!("{number} {place}"), kind, seconds, fact));
        }
    }
    scene.write(events.into_iter().fold(Plan::new(), Plan::tell)).await;
    jones.write(Plan::new().tell(at("theirs".to_owned(), "session.opened", 0, None))).await;
    let days = async |since, most| scene.store.days(scene.id, since, most).await.expect("the store answers");
    assert_eq!(days(build::later(0), 100).await, [], "nothing is sealed");
    scene.seal().await;
    let first = build::later(0).as_micros() / (24 * 3600 * 1_000_000);
    let all = |counts: [(i64, u64); 3]| {
        let of = |what| counts.map(|(day, count)| DayCount { what, day: first + day, count });
        Happening::ALL.map(of).concat()
    };
    assert_eq!(days(build::later(0), 100).await, all([(0, 2), (1, 2), (2, 1)]));
    assert_eq!(days(build::later(60), 100).await, all([(0, 1), (1, 2), (2, 1)]));
    let newest = Happening::ALL.map(|what| DayCount { what, day: first + 2, count: 1 });
    assert_eq!(days(build::later(0), 5).await, newest);
}

type Work = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// Changes a contact until it was changed so often, by whomever, and tells each time.
async fn write_versions(scene: &Scene, name: &str, times: i64) {
    loop {
        let before = scene.contact(name).await.contact.expect("there");
        let version = before.version + 1;
        if version > times + 1 {
            return;
        }
        let after = Contact { name: format!("{name} {version}"), version, ..before };
        let event = Event {
            subject: Subject { contact: Some(after.id), ..Subject::default() },
            facts: BTreeMap::from([("version".to_owned(), version.to_string())]),
            ..build::event(&format!("{name} {version}"))
        };
        let commit = scene.offer(Plan::new().put_contact(&after).tell(event)).await;
        assert!(matches!(commit, Commit::Committed | Commit::Conflict));
    }
}
