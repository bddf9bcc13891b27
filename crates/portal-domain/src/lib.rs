//! The rules of client-portal access, and nothing else.
//!
//! Every promise of the rulebook is a pure function here: facts and a command go in, a
//! [`change::Decision`] or a [`Refusal`] comes out. There is no clock, no randomness, no I/O and no
//! runtime in this crate; the outside is asked before a rule and told after it, through the traits
//! in [`port`].
//!
//! | to … | look at |
//! |---|---|
//! | parse an address as people really type it | [`email`] |
//! | see how a command is decided | [`decide`] |
//! | run a command against a store | [`usecase::Portal`] |
//! | write an adapter | [`port`], and `portal-testkit` to test it |

pub mod browser;
pub mod change;
pub mod contact;
pub mod decide;
pub mod email;
pub mod erasure;
pub mod event;
pub mod export;
pub mod facts;
pub mod finding;
pub mod handoff;
pub mod id;
pub mod job;
pub mod journal;
pub mod link;
pub mod login;
pub mod message;
pub mod password;
pub mod port;
pub mod practice;
mod refusal;
pub mod retention;
pub mod return_path;
pub mod returned;
pub mod seal;
pub mod search;
pub mod session;
pub mod set_up;
pub mod sign_in_code;
pub mod staff;
pub mod status;
pub mod throttle;
pub mod time;
mod token;
pub mod usecase;
pub mod view;
pub mod viewing;
pub mod webhook;

pub use refusal::{Door, Named, Refusal};
