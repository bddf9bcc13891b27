//! Laws of `Enquiries`.

use std::{collections::BTreeSet, slice, sync::Arc};

use portal_domain::port::{Enquiries, Enquiry, EnquiryKind, Pile, TRY_WAITS};

use super::{FullStore, Harness, overlap::Overlaps, scene::Scene};
use crate::build::{self, later};

fn enquiry(scene: &Scene, name: &str, at: u64) -> Enquiry {
    let kind = EnquiryKind::Reset { address: format!(" {name}@smith.example") };
    Enquiry { id: build::id(name), practice: scene.id, kind, origin: None, at: later(at) }
}

async fn lease(store: &Arc<dyn FullStore>, now: u64, until: u64, most: u32) -> Vec<Enquiry> {
    Enquiries::lease(&**store, later(now), later(until), most).await.expect("the store answers")
}

/// Enquiries come oldest first, of all practices, as they were put, no more than asked for.
pub async fn enquiries_come_oldest_first_as_they_were_put(harness: &Harness) {
    let (smith, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    let odd = EnquiryKind::Reset { address: "\u{feff} Ünïcode, <b>@\n".to_owned() };
    let all = [
        Enquiry { kind: odd, origin: Some("2001:db8::1".to_owned()), ..enquiry(&smith, "second", 2) },
        Enquiry { kind: EnquiryKind::Renew { link: build::id("l") }, ..enquiry(&jones, "first", 1) },
        Enquiry { kind: EnquiryKind::Reset { address: String::new() }, ..enquiry(&jones, "third", 3) },
        Enquiry { kind: EnquiryKind::StaffReset { address: "uma@x".to_owned() }, ..enquiry(&jones, "fourth", 4) },
        Enquiry { kind: EnquiryKind::StaffRenew { link: build::id("l") }, ..enquiry(&smith, "fifth", 5) },
        Enquiry {
            kind: EnquiryKind::PortalAddress { address: "ada@smith.example".to_owned() },
            ..enquiry(&smith, "sixth", 6)
        },
    ];
    for enquiry in &all {
        smith.store.put(enquiry).await.expect("the store keeps it");
    }
    assert!(lease(&smith.store, 10, 70, 0).await.is_empty());
    assert_eq!(lease(&smith.store, 10, 70, 2).await, [all[1].clone(), all[0].clone()]);
    assert_eq!(lease(&smith.store, 10, 70, 4).await, all[2..]);
}

/// Nobody waits for what becomes of a try to sign in: it comes after all others, as it was put.
pub async fn tries_to_sign_in_are_decided_after_all_others(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let tried = |name: &str, address: &str, at| {
        let kind = EnquiryKind::SignIn { address: address.to_owned() };
        Enquiry { kind, origin: Some("2001:db8::1".to_owned()), ..enquiry(&scene, name, at) }
    };
    let all = [tried("first", "ada@old.example", 1), tried("second", "", 2), enquiry(&scene, "third", 3)];
    for enquiry in &all {
        scene.store.put(enquiry).await.expect("the store keeps it");
    }
    let [first, second, third] = all;
    assert_eq!(lease(&scene.store, 10, 70, 2).await, [third, first]);
    assert_eq!(lease(&scene.store, 10, 70, 2).await, [second]);
}

/// An enquiry is leased to one worker, and comes back when its lease ran out.
pub async fn an_enquiry_is_leased_once_until_its_lease_ran_out(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let asked = enquiry(&scene, "a", 0);
    scene.store.put(&asked).await.expect("the store keeps it");
    assert_eq!(lease(&scene.store, 10, 70, 9).await, slice::from_ref(&asked));
    assert!(lease(&scene.store, 10, 70, 9).await.is_empty());
    assert!(lease(&scene.store, 69, 130, 9).await.is_empty());
    assert_eq!(lease(&scene.store, 70, 130, 9).await, [asked]);
}

/// A decided enquiry is forgotten, once and for all; forgetting it again is harmless, and others stay.
pub async fn a_decided_enquiry_is_forgotten(harness: &Harness) {
    let (smith, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    let (ours, theirs) = (enquiry(&smith, "a", 0), enquiry(&jones, "a", 1));
    for enquiry in [&ours, &theirs] {
        smith.store.put(enquiry).await.expect("the store keeps it");
    }
    assert_eq!(lease(&smith.store, 10, 70, 9).await.len(), 2);
    for _ in 0..2 {
        Enquiries::settle(&*smith.store, smith.id, ours.id).await.expect("the store forgets it");
    }
    Enquiries::settle(&*smith.store, smith.id, build::id("nothing")).await.expect("harmless");
    assert_eq!(lease(&smith.store, 500, 560, 9).await, [theirs], "the same id of another practice stays");
}

/// Many workers on many instances never have the same enquiry, and leave none.
pub async fn many_workers_never_share_an_enquiry(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    for number in 0..60 {
        scene.store.put(&enquiry(&scene, &format!("e{number}"), 0)).await.expect("the store keeps it");
    }
    let overlaps = Overlaps::new();
    let (mut all, mut rounds) = (Vec::new(), 0);
    while all.len() < 60 {
        rounds += 1;
        assert!(rounds < 100, "what is due is leased");
        let workers = (0..8).map(|number| {
            let store = harness.turn(number);
            async move { lease(&store, 10, 70, 3).await }
        });
        let leased = overlaps.at_once(workers.collect()).await;
        all.extend(leased.into_iter().flatten().map(|enquiry| enquiry.id));
    }
    let different: BTreeSet<_> = all.iter().collect();
    assert_eq!((all.len(), different.len()), (60, 60));
    overlaps.must_be_real();
}

/// A try to sign in that waited for more than its minute is forgotten unlooked, and nothing else is.
pub async fn tries_that_waited_too_long_are_forgotten(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let tried = |name: &str, at| {
        let kind = EnquiryKind::SignIn { address: format!("{name}@old.example") };
        Enquiry { kind, ..enquiry(&scene, name, at) }
    };
    let (stale, fresh, reset) = (tried("stale", 0), tried("fresh", 30), enquiry(&scene, "reset", 0));
    for enquiry in [&stale, &fresh, &reset] {
        scene.store.put(enquiry).await.expect("the store keeps it");
    }
    let now = TRY_WAITS.as_secs() + 1;
    assert_eq!(lease(&scene.store, now, now + 60, 9).await, [reset, fresh]);
}

/// A try whose decision fails again and again, and one that a worker has just then, are forgotten in their minute all the same.
pub async fn j3_a_try_lives_for_its_minute_however_often_it_is_leased(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let tried = |name: &str| {
        let kind = EnquiryKind::SignIn { address: format!("{name}@old.example") };
        Enquiry { kind, ..enquiry(&scene, name, 0) }
    };
    for name in ["a", "b"] {
        scene.store.put(&tried(name)).await.expect("the store keeps it");
    }
    let [at_once, over] = [0, TRY_WAITS.as_secs() + 1];
    assert_eq!(lease(&scene.store, at_once, 30, 9).await.len(), 2);
    assert_eq!(lease(&scene.store, 30, over, 1).await.len(), 1);
    assert_eq!(lease(&scene.store, 30, over + 20, 1).await.len(), 1);
    assert!(lease(&scene.store, over, over + 30, 9).await.is_empty(), "its lease ran out");
    let waiting = scene.store.backlog(later(over), 9).await.expect("the store answers").enquiries;
    assert_eq!(waiting, Pile::default(), "nor is the other kept");
}
