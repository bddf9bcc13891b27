//! Every body holds for its seeds and for what they become by a few changes.

use std::{fs, path::Path};

use portal_fuzz::{TARGETS, Target};
use proptest::{collection::vec, prelude::*, sample::Index};

/// The seeds of a target, in the order of their names.
fn seeds(target: &Target) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target.name);
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// Tells which bytes a body could not take: a panic alone says nothing of them.
fn takes(target: &Target, bytes: &[u8]) {
    let body = std::panic::catch_unwind(|| (target.body)(bytes));
    assert!(body.is_ok(), "{} can't take \"{}\"", target.name, bytes.escape_ascii());
}

/// The libFuzzer half, beside `cargo xtask fuzz`, has these targets and no others.
#[test]
fn every_target_has_seeds_and_a_program() {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../xtask/fuzz");
    let manifest = fs::read_to_string(programs.join("Cargo.toml")).unwrap();
    assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
    for target in TARGETS {
        let seeds = seeds(&target);
        assert!(seeds.len() >= 8, "{} has {} seeds", target.name, seeds.len());
        assert!(seeds.iter().all(|seed| seed.len() <= 4096), "seeds of {} are small", target.name);
        assert!(manifest.contains(&format!("name = \"{}\"\npath = \"targets/{}.rs\"", target.name, target.name)));
        let program = fs::read_to_string(programs.join(format!("targets/{}.rs", target.name))).unwrap();
        assert!(program.contains(&format!("portal_fuzz::{}", target.name)), "{program}");
    }
}

#[test]
fn every_body_holds_for_its_seeds() {
    for target in TARGETS {
        seeds(&target).iter().for_each(|seed| takes(&target, seed));
    }
}

/// A change of bytes: what libFuzzer does too, without its eyes.
#[derive(Clone, Debug)]
enum Slip {
    Put(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, Index),
    Repeat(Index, Index),
    Splice(Index, Index),
}

fn slip() -> impl Strategy<Value = Slip> {
    // Bytes that mean something to one reader or another.
    let special =
        prop::sample::select(&b"@.,;:<>\"'()[]{}=\\\t\r\n \0-_+/|%&\xa0\xc3\xef\xbb\xbf\xff\xfe\xe2\x80\x8b"[..]);
    let byte = prop_oneof![special, any::<u8>()];
    let at = any::<Index>;
    prop_oneof![
        4 => (at(), byte.clone()).prop_map(|(at, byte)| Slip::Put(at, byte)),
        4 => (at(), vec(byte, 1..4)).prop_map(|(at, bytes)| Slip::Insert(at, bytes)),
        2 => (at(), at()).prop_map(|(from, to)| Slip::Remove(from, to)),
        1 => (at(), at()).prop_map(|(from, to)| Slip::Repeat(from, to)),
        1 => (at(), at()).prop_map(|(at, other)| Slip::Splice(at, other)),
    ]
}

fn changed(mut bytes: Vec<u8>, slips: Vec<Slip>, seeds: &[Vec<u8>]) -> Vec<u8> {
    for slip in slips {
        let length = bytes.len();
        let place = |at: Index| at.index(length + 1);
        let range = |one: Index, other: Index| place(one).min(place(other))..place(one).max(place(other));
        match slip {
            Slip::Put(at, byte) if length > 0 => bytes[at.index(length)] = byte,
            Slip::Put(..) => {}
            Slip::Insert(at, more) => drop(bytes.splice(place(at)..place(at), more)),
            Slip::Remove(one, other) => drop(bytes.drain(range(one, other))),
            Slip::Repeat(one, other) => bytes.extend_from_within(range(one, other)),
            Slip::Splice(at, other) => {
                bytes.truncate(place(at));
                bytes.extend_from_slice(&seeds[other.index(seeds.len())]);
            }
        }
        bytes.truncate(16 * 1024);
    }
    bytes
}

proptest! {
    #[test]
    fn every_body_holds_for_changed_seeds(seed in any::<Index>(), slips in vec(slip(), 0..8)) {
        for target in TARGETS {
            let seeds = seeds(&target);
            let bytes = seeds[seed.index(seeds.len())].clone();
            takes(&target, &changed(bytes, slips.clone(), &seeds));
        }
    }

    #[test]
    fn every_body_holds_for_anything(bytes in vec(any::<u8>(), 0..300)) {
        for target in TARGETS {
            takes(&target, &bytes);
        }
    }
}
