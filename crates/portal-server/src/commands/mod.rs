//! One module for each command. A command reads arguments, calls a use case and says what came of it.

pub(crate) mod api_key;
pub(crate) mod bounce;
pub(crate) mod diagnose;
pub(crate) mod doctor;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod journal;
pub(crate) mod migrate;
pub(crate) mod practice;
pub(crate) mod user;

/// So many things are read at once for a list.
const PAGE: u32 = 200;
