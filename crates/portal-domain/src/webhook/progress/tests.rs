use std::collections::BTreeMap;

use super::*;

const MIDDLE: u16 = u16::MAX / 2;

fn contact(number: u8) -> Option<ContactId> {
    Some(ContactId::from_bytes([number; 16]))
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros(1_000_000_000_000).after(Duration::from_secs(seconds))
}

#[test]
fn j2_a_contact_whose_event_failed_waits_and_others_go_on() {
    let mut progress = Progress::after(10);
    assert_eq!(progress.step(at(0)), Step::New);
    assert_eq!(progress.failed(contact(1), 11, at(0), MIDDLE).0, 1);
    assert!(progress.holds(contact(1)) && !progress.holds(contact(2)) && !progress.holds(None));
    assert_eq!((progress.cursor, progress.step(at(0))), (11, Step::New));
    progress.received(contact(2), 12, at(0));
    progress.pass(13);
    assert_eq!(progress.cursor, 13);
    assert_eq!(progress.step(at(2)), Step::Held { contact: contact(1), from: 11 });
    assert_eq!(progress.received(contact(1), 11, at(2)), 2);
    // What came meanwhile is still to be looked for.
    assert_eq!(progress.step(at(2)), Step::Held { contact: contact(1), from: 12 });
    progress.release(contact(1));
    assert_eq!((progress.step(at(2)), progress.due_at()), (Step::New, None));
}

#[test]
fn pauses_grow_and_after_three_days_there_is_no_hope() {
    let (mut progress, mut now, mut tries) = (Progress::default(), at(0), 0);
    let begun = now;
    let mut pauses = Vec::new();
    while !progress.is_hopeless(now) {
        let (attempt, next) = progress.failed(None, 1, now, MIDDLE);
        tries += 1;
        assert_eq!(attempt, tries);
        pauses.push(next.since(now));
        assert!(next > now && progress.due_at() == Some(next), "{tries}");
        assert!(!matches!(progress.step(next.before(Duration::from_micros(1))), Step::Held { .. }));
        now = next;
    }
    assert!(pauses.is_sorted(), "{pauses:?}");
    assert!((12..40).contains(&tries), "{tries}");
    let lasted = now.since(begun).as_secs() / 3600;
    assert!((72..84).contains(&lasted), "{lasted}");
    progress.begin_anew(now);
    assert!(!progress.is_hopeless(now));
    assert_eq!(progress.step(now), Step::Held { contact: None, from: 1 });
}

#[test]
fn pauses_are_spread_by_a_fifth_either_way() {
    for tries in 1..20 {
        let (least, usual, most) = (pause(tries, 0), pause(tries, MIDDLE), pause(tries, u16::MAX));
        assert!(least >= usual * 79 / 100 && least <= usual * 81 / 100, "{tries}");
        assert!(most >= usual * 119 / 100 && most <= usual * 121 / 100, "{tries}");
    }
}

#[test]
fn an_endpoint_that_is_down_is_tried_once_per_pause_and_begins_nothing_new() {
    let mut progress = Progress::default();
    for number in 1..=5 {
        assert!(progress.is_open());
        progress.failed(contact(number), i64::from(number), at(0), MIDDLE);
    }
    assert!(!progress.is_open());
    assert_eq!(progress.step(at(0)), Step::Rest);
    let next = progress.due_at().unwrap();
    assert!(matches!(progress.step(next), Step::Held { .. }));
    let Step::Held { contact: first, from } = progress.step(next) else { unreachable!() };
    progress.failed(first, from, next, MIDDLE);
    // The others, though due, wait too.
    assert_eq!(progress.step(next.after(Duration::from_secs(3))), Step::Rest);
    let next = progress.due_at().unwrap();
    let Step::Held { contact: second, from } = progress.step(next) else { unreachable!() };
    assert_ne!(first, second);
    progress.received(second, from, next);
    assert!(progress.is_open());
    assert!(progress.held.iter().all(|held| held.due_at <= next), "all are tried at once");
}

#[test]
fn j2_one_event_that_fails_again_and_again_stops_nobody_else() {
    let (mut progress, mut now) = (Progress::default(), at(0));
    for _ in 0..10 {
        now = progress.failed(contact(1), 1, now, MIDDLE).1;
        assert!(progress.is_open());
    }
    progress.received(contact(2), 2, now);
    assert_eq!((progress.cursor, progress.strikes), (2, 0));
    // The same contact's next event is another one.
    progress.received(contact(1), 1, now);
    progress.failed(contact(1), 3, now, MIDDLE);
    assert_eq!(progress.strikes, 1);
}

#[test]
fn an_endpoint_of_which_nothing_waits_any_more_begins_anew() {
    let mut progress = Progress::default();
    for number in 1..=5 {
        progress.failed(contact(number), i64::from(number), at(0), MIDDLE);
    }
    for number in 1..=5 {
        assert!(!progress.is_open() && progress.due_at().is_some(), "{number}");
        progress.release(contact(number));
    }
    assert_eq!((progress.step(at(0)), progress), (Step::New, Progress { cursor: 5, tries: 5, ..Progress::default() }));
}

#[test]
fn who_was_not_tried_for_days_is_not_without_hope() {
    let (mut progress, mut now) = (Progress::default(), at(0));
    for _ in 0..10 {
        now = progress.failed(None, 1, now, MIDDLE).1;
    }
    now = now.after(4 * PATIENCE);
    let mut tries = 10;
    while !progress.is_hopeless(now) {
        now = progress.failed(None, 1, now, MIDDLE).1;
        tries += 1;
    }
    assert_eq!(tries, TRIED);
}

/// However many wait, and wherever the pauses fall: three days of failures disable, and less does not.
#[test]
fn an_endpoint_that_is_down_with_many_waiting_is_without_hope_after_three_days() {
    for (contacts, share) in [(5, 0), (5, u16::MAX), (50, MIDDLE)] {
        let (mut progress, mut now) = (Progress::default(), at(0));
        for number in 0..contacts {
            progress.failed(contact(number), i64::from(number) + 1, now, share);
        }
        while !progress.is_hopeless(now) {
            now = progress.due_at().unwrap();
            let Step::Held { contact, from } = progress.step(now) else { unreachable!() };
            progress.failed(contact, from, now, share);
        }
        let lasted = now.since(at(0)).as_secs() / 3600;
        assert!((72..84).contains(&lasted), "{contacts} {share}: {lasted}");
    }
}

#[test]
fn lifting_a_pause_tries_at_once_and_forgets_no_failure() {
    let mut progress = Progress::default();
    for number in 1..=5 {
        progress.failed(contact(number), i64::from(number), at(0), MIDDLE);
    }
    progress.lift(at(0));
    assert!(progress.is_open() && matches!(progress.step(at(0)), Step::Held { .. }));
    assert!(progress.held.iter().all(|held| held.since == Some(at(0)) && held.tries == 1));
}

#[test]
fn no_more_than_fifty_contacts_are_held() {
    let mut progress = Progress::default();
    for number in 0..50 {
        assert!(progress.is_open());
        progress.failed(contact(number), i64::from(number) * 2 + 1, at(0), MIDDLE);
        progress.received(contact(200), i64::from(number) * 2 + 2, at(0));
    }
    assert!(!progress.is_open());
    assert_eq!(progress.held.len(), 50);
    progress.release(contact(7));
    assert!(progress.is_open());
}

#[test]
fn going_back_forgets_what_comes_again_anyway() {
    let mut progress = Progress::after(20);
    progress.held = vec![
        Held { contact: contact(1), from: 5, tries: 3, since: Some(at(0)), due_at: at(900) },
        Held { contact: contact(2), from: 15, tries: 3, since: Some(at(0)), due_at: at(900) },
    ];
    progress.rewind(30, at(1));
    assert_eq!((progress.cursor, progress.held.len()), (20, 2));
    progress.rewind(10, at(1));
    assert_eq!((progress.cursor, progress.held.len()), (10, 1));
    assert_eq!(progress.step(at(1)), Step::Held { contact: contact(1), from: 5 });
}

/// A receiver that fails at random is pushed all events in the end, each contact's in their order.
#[test]
fn j2_every_event_arrives_in_order_per_contact_whatever_fails() {
    for seed in 0..200_u64 {
        let mut dice = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut roll = |sides: u64| {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            dice % sides
        };
        let about = |number: i64| if number % 7 == 0 { None } else { contact(u8::try_from(number % 5).unwrap()) };
        let wanted = |number: i64| number % 11 != 0;
        let last = 60;
        let (mut progress, mut now) = (Progress::default(), at(0));
        let mut seen: BTreeMap<_, Vec<i64>> = BTreeMap::new();
        for _ in 0..5000 {
            let next = match progress.step(now) {
                Step::Rest => {
                    now = progress.due_at().unwrap();
                    continue;
                }
                Step::Held { contact, from } => {
                    let more = (from..=progress.cursor).find(|number| about(*number) == contact && wanted(*number));
                    if more.is_none() {
                        progress.release(contact);
                    }
                    more
                }
                Step::New => {
                    let number = progress.cursor + 1;
                    if number > last {
                        match progress.due_at() {
                            Some(due) => now = now.max(due),
                            None => break,
                        }
                        continue;
                    }
                    let begins = wanted(number) && !progress.holds(about(number));
                    if !begins {
                        progress.pass(number);
                    }
                    begins.then_some(number)
                }
            };
            let Some(number) = next else { continue };
            if roll(3) == 0 {
                seen.entry(about(number)).or_default().push(number);
                progress.received(about(number), number, now);
            } else {
                progress.failed(about(number), number, now, MIDDLE);
            }
        }
        for (contact, numbers) in &seen {
            let all: Vec<_> = (1..=last).filter(|number| about(*number) == *contact && wanted(*number)).collect();
            assert_eq!(*numbers, all, "seed {seed}");
        }
        assert_eq!(seen.values().map(Vec::len).sum::<usize>(), (1..=last).filter(|it| wanted(*it)).count());
    }
}
