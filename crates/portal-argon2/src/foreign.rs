//! Hashes of other systems, computed to be compared.

use bcrypt::bcrypt;
use pbkdf2::pbkdf2_hmac;
use portal_domain::password::{ForeignHash, Prf, Recipe};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// So much of a password bcrypt looks at, with the nought behind it.
const BCRYPT_BYTES: usize = 72;

/// The recipe of a stored text that is another system's hash, but for Argon2, which is read as our own is.
pub(crate) fn parse(text: &str) -> Option<Recipe> {
    let foreign = ForeignHash::parse(text).ok()?;
    Some(foreign.recipe().clone()).filter(|recipe| *recipe != Recipe::Argon2)
}

/// Whether the password is the one; how far the outputs agree, nobody can measure.
pub(crate) fn matches(recipe: &Recipe, password: &[u8]) -> bool {
    match recipe {
        Recipe::Argon2 => false,
        Recipe::Bcrypt { cost, salt, output } => {
            let computed = Zeroizing::new(bcrypt(*cost, *salt, &bcrypt_key(password)));
            computed[..output.len()].ct_eq(output).into()
        }
        Recipe::Pbkdf2 { prf, iterations, salt, output } => {
            let mut computed = Zeroizing::new(vec![0; output.len()]);
            let derive = match prf {
                Prf::Sha1 => pbkdf2_hmac::<Sha1>,
                Prf::Sha256 => pbkdf2_hmac::<Sha256>,
                Prf::Sha512 => pbkdf2_hmac::<Sha512>,
            };
            derive(password, salt, *iterations, &mut computed);
            computed.ct_eq(output).into()
        }
    }
}

/// The password with a nought behind it, as far as bcrypt looks.
fn bcrypt_key(password: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::with_capacity(BCRYPT_BYTES));
    key.extend(password.iter().copied().chain([0]).take(BCRYPT_BYTES));
    key
}
