//! Tests against a live PostgreSQL, each in a database of its own. `cargo xtask test` starts one.

mod commits;
mod conformance;
mod deletion;
mod facts;
mod given;
mod journal;
mod kit;
mod look;
mod outbox;
mod plans;
mod races;
mod retention;
mod schema;
mod takeout;
