//! Chance that can be repeated: `PORTAL_FAULT_SEED` names it, and a test that fails has printed it.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    ops::Range,
    time::Duration,
};

/// A small generator (SplitMix64).
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// Fresh dice, or those of the seed in the environment. Prints the seed.
    #[expect(clippy::print_stderr, clippy::disallowed_methods, reason = "a run that failed can be repeated")]
    pub(crate) fn new() -> Self {
        let given = std::env::var("PORTAL_FAULT_SEED").ok().map(|text| text.parse().expect("a number"));
        let seed = given.unwrap_or_else(|| RandomState::new().build_hasher().finish());
        eprintln!("PORTAL_FAULT_SEED={seed}");
        Self(seed)
    }

    /// Other dice, drawn from these.
    pub(crate) fn split(&mut self) -> Self {
        Self(self.next())
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn within(&mut self, range: Range<u64>) -> u64 {
        range.start + self.next() % (range.end - range.start)
    }

    pub(crate) fn pause(&mut self, most: Duration) -> Duration {
        Duration::from_micros(self.within(0..u64::try_from(most.as_micros()).unwrap().max(1)))
    }
}
