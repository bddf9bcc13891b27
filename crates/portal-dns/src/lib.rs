//! Adapter: what the DNS says of the domain that mail comes from, and what receivers make of it.
//!
//! [`Resolver`] asks, [`examine`] asks all there is to ask of a sender's domain and answers with [`Finding`]s. What is
//! read of the answers is pure and stands apart from the asking: [`spf`], [`dkim`], [`dmarc`], each by its RFC. Nothing
//! is ever sent but questions, and each of them has an answer in bounded time.
//!
//! A name that isn't there, one without such a record, a server that fails and one that is silent are four different
//! things ([`Unanswered`]), and are told apart in everything that is said.

pub mod dkim;
pub mod dmarc;
mod examine;
mod finding;
mod resolver;
pub mod spf;
mod tags;
mod walk;

pub use crate::{
    examine::{CUSTOMARY_SELECTORS, Sender, examine},
    finding::{Finding, State},
    resolver::{Exchange, Resolver, ResolverError, Unanswered},
    tags::Fault as TagFault,
};
