//! What a hash costs, and how much of it we ever agree to pay.

use argon2::Version;
use portal_domain::password::ForeignHash;

/// The cost of one hash (rulebook P1).
///
/// ```
/// use portal_argon2::Params;
///
/// let params = Params::default();
/// assert_eq!((params.memory_kib, params.iterations, params.parallelism), (19_456, 2, 1));
/// assert!(params.check().is_ok());
/// assert!(Params { iterations: 0, ..params }.check().is_err());
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Params {
    /// Memory in KiB; at least 8 for each lane.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes. They are computed one after the other: raising this makes a hash no faster here.
    pub parallelism: u32,
}

impl Default for Params {
    fn default() -> Self {
        Self { memory_kib: 19_456, iterations: 2, parallelism: 1 }
    }
}

impl Params {
    /// The most memory, in KiB, that any hash may take, whether configured or found in the store (256 MiB).
    pub const MAX_MEMORY_KIB: u32 = ForeignHash::ARGON2_MEMORY_KIB;
    /// The most passes that any hash may take.
    pub const MAX_ITERATIONS: u32 = ForeignHash::ARGON2_ITERATIONS;
    /// The most lanes that any hash may have.
    pub const MAX_PARALLELISM: u32 = ForeignHash::ARGON2_PARALLELISM;
    /// The most memory times passes, in KiB: four passes over the largest memory (1 GiB written in all).
    pub const MAX_WORK_KIB: u64 = ForeignHash::ARGON2_WORK_KIB;

    /// Whether these are parameters that this adapter computes at all.
    ///
    /// # Errors
    ///
    /// The [`ParamsError`] that names the first bound that is passed.
    pub fn check(&self) -> Result<(), ParamsError> {
        let Self { memory_kib, iterations, parallelism } = *self;
        if !(1..=Self::MAX_PARALLELISM).contains(&parallelism) {
            return Err(ParamsError::Parallelism(parallelism));
        }
        if !(8 * parallelism..=Self::MAX_MEMORY_KIB).contains(&memory_kib) {
            return Err(ParamsError::Memory(memory_kib));
        }
        if !(1..=Self::MAX_ITERATIONS).contains(&iterations) {
            return Err(ParamsError::Iterations(iterations));
        }
        if u64::from(memory_kib) * u64::from(iterations) > Self::MAX_WORK_KIB {
            return Err(ParamsError::Work { memory_kib, iterations });
        }
        Ok(())
    }

    pub(crate) fn argon2(&self, output_bytes: usize) -> Option<argon2::Params> {
        argon2::Params::new(self.memory_kib, self.iterations, self.parallelism, Some(output_bytes)).ok()
    }
}

/// Why parameters, or the size of the gate, are refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ParamsError {
    /// Less than 8 KiB for each lane, or more than [`Params::MAX_MEMORY_KIB`].
    #[error("memory of `{0}` KiB is outside 8 KiB per lane to {max} KiB", max = Params::MAX_MEMORY_KIB)]
    Memory(u32),
    /// None, or more than [`Params::MAX_ITERATIONS`].
    #[error("`{0}` iterations are outside 1 to {max}", max = Params::MAX_ITERATIONS)]
    Iterations(u32),
    /// None, or more than [`Params::MAX_PARALLELISM`].
    #[error("`{0}` lanes are outside 1 to {max}", max = Params::MAX_PARALLELISM)]
    Parallelism(u32),
    /// Memory times passes is more than [`Params::MAX_WORK_KIB`].
    #[error("`{iterations}` iterations over `{memory_kib}` KiB are more work than one hash may be")]
    Work {
        /// Memory in KiB.
        memory_kib: u32,
        /// Passes over it.
        iterations: u32,
    },
    /// No permit: nothing could ever be hashed.
    #[error("at least one hash must be allowed at a time")]
    NoPermits,
    /// More permits, or a longer queue, than can be counted.
    #[error("`{0}` places are too many to hash or wait in")]
    TooManyPlaces(usize),
}

/// The version that new hashes are made with.
pub(crate) const CURRENT_VERSION: Version = Version::V0x13;
