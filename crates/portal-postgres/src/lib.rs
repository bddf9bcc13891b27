//! Portal's store on PostgreSQL 13 and newer.
//!
//! [`PostgresStore`] answers every port of the domain that keeps something: `PortalStore`, `PortalViews`, `Outbox`,
//! `Enquiries`, `Jobs`, `Operators`, `Journal`, `Webhooks`, `Viewings` and `Backlogs`. Everything lies in the schema `portal` and every statement names it, so
//! that the store can live in the
//! database of a host program.
//!
//! | to … | look at |
//! |---|---|
//! | connect, and see what the pool may do | [`PostgresStore::connect`], [`Limits`] |
//! | bring the schema up to date | [`PostgresStore::pending`], [`PostgresStore::migrate`] |
//! | see how it is, without a trace | [`PostgresStore::look`] |
//!
//! # How it keeps its word
//!
//! * A commit takes its guards first, in one order, and compares versions; unique keys decide the rest. READ COMMITTED
//!   is enough, because nothing rests on the isolation level.
//! * Whatever opens a transaction runs in a task of its own: a caller that goes away cuts nothing, and no connection
//!   goes back to the pool with a transaction open.
//! * One statement writes all changes of a kind, be it one decision or five hundred.
//! * Facts are read in one snapshot.

mod backlogs;
mod commit;
mod enquiries;
mod evidence;
mod export;
mod facts;
mod failure;
mod jobs;
mod journal;
mod limits;
mod look;
mod operators;
mod outbox;
mod retention;
mod returns;
mod row;
mod schema;
mod store;
mod tries;
mod viewings;
mod views;
mod webhooks;

pub use limits::Limits;
pub use look::Look;
pub use schema::{Migration, SchemaError};
pub use store::{Gauge, PostgresStore};
