//! Integration tests of the Argon2 adapter.

mod bound;
mod fixture;
mod stored;
mod verify;
