//! Stored hashes: PHC strings, read with bounds and written.

use argon2::{
    Algorithm, Version,
    password_hash::phc::{self, Output, ParamsString, Salt},
};

use crate::params::{CURRENT_VERSION, Params};

/// Bytes of the salts that are made here.
pub(crate) const SALT_BYTES: usize = 16;
/// Bytes of the outputs that are made here.
pub(crate) const OUTPUT_BYTES: usize = 32;
/// Bytes of the largest output that is computed.
pub(crate) const MAX_OUTPUT_BYTES: usize = 64;

const MIN_STORED_OUTPUT_BYTES: usize = 16;
const MAX_PHC_BYTES: usize = 512;

/// A stored hash whose cost and lengths are within bounds.
pub(crate) struct Stored {
    pub(crate) algorithm: Algorithm,
    pub(crate) version: Version,
    pub(crate) params: Params,
    pub(crate) salt: Salt,
    pub(crate) output: Output,
}

impl Stored {
    /// Reads a PHC string. `None` for whatever is no Argon2 hash, or one beyond our bounds.
    ///
    /// Salts have 8 to 48 bytes and outputs 16 to 64.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_PHC_BYTES {
            return None;
        }
        let hash = phc::PasswordHash::new(text).ok()?;
        let algorithm = Algorithm::try_from(hash.algorithm.as_str()).ok()?;
        // A string without a version is from before versions were written (the format's own rule).
        let version = hash.version.map_or(Ok(Version::V0x10), Version::try_from).ok()?;
        let params = parse_params(&hash.params)?;
        let output = hash.hash?;
        if output.len() < MIN_STORED_OUTPUT_BYTES {
            return None;
        }
        Some(Self { algorithm, version, params, salt: hash.salt?, output })
    }

    /// Whether a hash made with `current` would be a better one to keep.
    pub(crate) fn is_outdated(&self, current: &Params) -> bool {
        self.algorithm != Algorithm::Argon2id
            || self.version != CURRENT_VERSION
            || self.params.memory_kib < current.memory_kib
            || self.params.iterations < current.iterations
            || self.params.parallelism != current.parallelism
            || self.salt.len() < SALT_BYTES
            || self.output.len() < OUTPUT_BYTES
    }
}

/// Exactly `m`, `t` and `p`, each once, within bounds: any other parameter would change what is computed.
fn parse_params(params: &ParamsString) -> Option<Params> {
    if params.iter().count() != 3 {
        return None;
    }
    let params = Params {
        memory_kib: params.get_decimal("m")?,
        iterations: params.get_decimal("t")?,
        parallelism: params.get_decimal("p")?,
    };
    params.check().ok()?;
    Some(params)
}

/// Writes a hash made with `params`, Argon2id and the current version. `None` if salt or output have lengths that
/// the format does not know.
pub(crate) fn format(params: &Params, salt: &[u8], output: &[u8]) -> Option<String> {
    let hash = phc::PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(CURRENT_VERSION.into()),
        params: ParamsString::try_from(params.argon2(output.len())?).ok()?,
        salt: Some(Salt::new(salt).ok()?),
        hash: Some(Output::new(output).ok()?),
    };
    Some(hash.to_string())
}
