//! The clock and the randomness of the program; nobody else has any.

use std::time::UNIX_EPOCH;

use portal::domain::{
    port::{Clock, Entropy},
    time::Timestamp,
};

/// The system's clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the program's one clock")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OsEntropy;

impl Entropy for OsEntropy {
    #[expect(clippy::disallowed_methods, reason = "this is the program's one source of randomness")]
    fn fill(&self, bytes: &mut [u8]) {
        // Without randomness nothing may go on: a predictable token is worse than no service.
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}
