//! The store against real files.

mod commit;
mod conformance;
mod deletion;
mod journal;
mod kit;
mod leases;
mod plans;
mod process;
mod race;
mod reading;
mod retention;
mod schema;
mod takeout;
