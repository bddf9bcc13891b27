//! Tests of the rules, through the public surface of the crate.

mod email;
mod export;
mod foreign;
mod retention;
mod return_path;
mod rules;
mod seal;
