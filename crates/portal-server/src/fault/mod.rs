//! Faults on purpose, for tests: compiled in with the feature `fault-points`, otherwise nothing.
//!
//! `PORTAL_FAULT=HOW@PLACE[:NTH]` ends the program (`abort`) or what it is doing (`panic`) the nth time that it comes by the
//! place. `PORTAL_FAULT_CLOCK=FILE` sets the clock ahead, or back, by the seconds that the file says at that moment.
//!
//! | place | is passed |
//! |---|---|
//! | `clock` | whenever a use case or a worker asks for the time |
//! | `leased` | after messages were leased |
//! | `send`, `sent` | before a mail is handed over, and after it was |
//! | `settled` | after what became of it was written |
//! | `answer` | after a request was carried out, before its answer goes out |
//! | `import` | after a batch of an import was written |
//! | `export` | after some lines of an export were written |

#[cfg(not(feature = "fault-points"))]
mod absent;
#[cfg(feature = "fault-points")]
mod armed;

#[cfg(not(feature = "fault-points"))]
pub(crate) use absent::{arm, clock, mailer, outbox, point, router};
#[cfg(feature = "fault-points")]
pub(crate) use armed::{arm, clock, mailer, outbox, point, router};
