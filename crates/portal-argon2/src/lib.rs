//! Adapter: password hashing with Argon2, bounded, and off the async threads. Hashes that came from other systems (bcrypt, PBKDF2
//! as Django and ASP.NET Identity keep it) are verified behind the same bound, until they are replaced.
//!
//! [`Argon2Hasher`] keeps the promises of the port [`PasswordHasher`] (rulebook P1 and G4, promise S16):
//!
//! - at most `permits` hashes run at once, at most `queue` more wait, and whoever comes beyond that is told
//!   [`HashError::Overloaded`] at once, with nothing hashed;
//! - a caller that goes away does not free its place while its hash still runs;
//! - memory is bounded by `permits` blocks, which are allocated once and used again;
//! - a login that cannot match costs one hash with the same parameters as one that can;
//! - the first sign-in against another system's hash answers that it should be hashed anew;
//! - a stored hash is hostile input: parameters beyond [`Params::MAX_MEMORY_KIB`] and its neighbours are never computed.
//!
//! [`HashError::Overloaded`]: portal_domain::port::HashError::Overloaded
//! [`PasswordHasher`]: portal_domain::port::PasswordHasher

mod foreign;
mod gate;
mod hasher;
mod params;
mod phc;

pub use crate::{
    gate::Gauge,
    hasher::Argon2Hasher,
    params::{Params, ParamsError},
};
