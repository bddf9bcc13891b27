//! Integration tests of the mail texts.

mod harmless;
mod links;
mod snapshots;
