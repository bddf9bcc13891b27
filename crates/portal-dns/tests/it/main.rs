//! What is said of a sender's domain, against a DNS server of the tests' own.

mod sender;
mod zone;
