//! The program from outside: the real binary, a real mail server's end of SMTP, both databases.

mod support;

mod api;
mod bounce;
mod canary;
mod cli;
mod demo;
mod diagnose;
mod doctor;
mod erasure;
mod errors;
#[cfg(feature = "fault-points")]
mod faults;
mod first_start;
mod flood;
mod guessing;
mod http_host;
mod jobs;
mod journal;
mod life;
mod metrics;
mod moving_in;
mod parallel;
mod passages;
mod returned;
mod sample;
mod sending;
mod service;
mod takeout;
#[cfg(feature = "fault-points")]
mod unasked;
mod webhooks;
/// The DNS server that the tests of the adapter have.
#[path = "../../../portal-dns/tests/it/zone.rs"]
mod zone;
