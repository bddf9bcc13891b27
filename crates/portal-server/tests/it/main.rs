//! The program from outside: the real binary, a real mail server's end of SMTP, both databases.

mod support;

mod canary;
mod cli;
mod demo;
mod erasure;
mod errors;
#[cfg(feature = "fault-points")]
mod faults;
mod flood;
mod guessing;
mod jobs;
mod journal;
mod life;
mod moving_in;
mod parallel;
mod passages;
mod sample;
mod sending;
mod service;
mod webhooks;
