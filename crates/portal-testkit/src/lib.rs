//! Everything that tests of Portal share.
//!
//! | to … | look at |
//! |---|---|
//! | test an adapter of your own | [`conformance`]: one macro per port |
//! | run rules without a database | [`memory`] |
//! | run commands against a store | [`fixture`] |
//! | see that the suite catches mistakes | [`mutants`] |
//! | know what the rulebook would answer | [`model`] |
//! | run generated histories on model and store | [`machine`] |
//! | make things by hand | [`build`] |
//! | make things at random | [`strategies`] |

pub mod build;
pub mod conformance;
pub mod fixture;
pub mod machine;
pub mod memory;
pub mod model;
pub mod mutants;
pub mod strategies;
