//! Integration tests of the Argon2 adapter.

mod bound;
mod fixture;
mod foreign;
mod stored;
mod verify;
