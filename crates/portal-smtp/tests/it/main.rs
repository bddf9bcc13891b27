//! Integration tests of the mail adapter, against a scripted server.

mod addresses;
mod capture;
mod hand_shake;
mod message;
mod outcomes;
mod reuse;
mod sink;
mod tls;
mod transport;
