//! What reads the bytes of strangers, and what has to hold of it whatever they are.
//!
//! Each [`Target`] has a body, which panics where something does not hold. libFuzzer calls it millions of times
//! (`cargo xtask fuzz`), a plain test with the seeds and a few hundred changes of them, so that no body can rot.
//!
//! ```
//! for target in portal_fuzz::TARGETS {
//!     (target.body)(b"whatever comes");
//! }
//! ```

mod address;
mod bounce;
mod import;
mod package;
mod request_key;

pub use self::{address::address, bounce::bounce, import::import, request_key::request_key};

/// A reader of strangers' bytes.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, which is that of its folder of seeds too.
    pub name: &'static str,
    /// Reads the bytes. Panics where what must hold does not.
    pub body: fn(&[u8]),
}

/// All of them.
pub const TARGETS: [Target; 4] = [
    Target { name: "address", body: address },
    Target { name: "bounce", body: bounce },
    Target { name: "import", body: import },
    Target { name: "request_key", body: request_key },
];

/// Nothing in it ends a line or speaks to a terminal (S11).
fn is_one_line(text: &str) -> bool {
    !text.chars().any(char::is_control)
}
