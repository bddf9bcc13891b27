//! See `portal_fuzz`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| portal_fuzz::request_key(bytes));
