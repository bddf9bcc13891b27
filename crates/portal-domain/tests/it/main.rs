//! Tests of the rules, through the public surface of the crate.

mod email;
mod return_path;
mod rules;
