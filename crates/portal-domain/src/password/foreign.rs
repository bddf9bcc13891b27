//! Hashes that another system made, as they are brought in (P1).
//!
//! What comes in is hostile input: it is read with bounds, so that nothing is kept that would cost too much to verify.

use std::{fmt, ops::RangeInclusive};

use base64::{
    Engine, alphabet,
    engine::{
        GeneralPurpose, GeneralPurposeConfig,
        general_purpose::{NO_PAD, STANDARD, STANDARD_NO_PAD},
    },
};

use super::PasswordHash;

/// bcrypt's own base64. The last characters of salt and output carry bits that mean nothing, and that not everybody wrote as noughts.
const BCRYPT_64: GeneralPurpose = GeneralPurpose::new(&alphabet::BCRYPT, LENIENT);
const LENIENT: GeneralPurposeConfig = NO_PAD.with_decode_allow_trailing_bits(true);

/// Most bytes of a hash as text.
const MAX_BYTES: usize = 512;
/// Bytes of a salt, and of what was derived, where the scheme doesn't fix them.
const SALT_BYTES: RangeInclusive<usize> = 8..=48;
const OUTPUT_BYTES: RangeInclusive<usize> = 16..=64;
/// What ASP.NET Identity writes before the salt: a mark, and three numbers of four bytes.
const IDENTITY_HEAD: usize = 13;

/// Which system's hash it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Argon2i, Argon2d or Argon2id, as a PHC string.
    Argon2,
    /// bcrypt, marked `2a`, `2b` or `2y`.
    Bcrypt,
    /// Django's `pbkdf2_sha256`.
    DjangoPbkdf2,
    /// Version 3 of ASP.NET Identity.
    AspNetIdentity,
}

impl Scheme {
    /// The scheme's name in the journal.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Argon2 => "argon2",
            Self::Bcrypt => "bcrypt",
            Self::DjangoPbkdf2 => "django_pbkdf2",
            Self::AspNetIdentity => "aspnet_identity",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Argon2 => "argon2",
            Self::Bcrypt => "bcrypt",
            Self::DjangoPbkdf2 => "Django's pbkdf2_sha256",
            Self::AspNetIdentity => "version 3 of ASP.NET Identity",
        }
    }

    const fn bounds(self) -> &'static str {
        match self {
            Self::Argon2 => "at most 262144 KiB, 16 passes, 16 lanes, and 1048576 KiB written in all",
            Self::Bcrypt => "a cost of 4 to 14",
            Self::DjangoPbkdf2 | Self::AspNetIdentity => "1000 iterations at least, 2000000 in all blocks at most",
        }
    }

    /// The scheme that a text claims to be of.
    fn of(text: &str) -> Option<Self> {
        let begins = |beginnings: &[&str]| beginnings.iter().any(|beginning| text.starts_with(beginning));
        if begins(&["$argon2i$", "$argon2d$", "$argon2id$"]) {
            Some(Self::Argon2)
        } else if begins(&["$2a$", "$2b$", "$2y$"]) {
            Some(Self::Bcrypt)
        } else if begins(&["pbkdf2_sha256$"]) {
            Some(Self::DjangoPbkdf2)
        } else if begins(&["AQAA"]) {
            // Base64 of the mark 0x01, and the upper half of a small number.
            Some(Self::AspNetIdentity)
        } else {
            None
        }
    }
}

/// Why a hash can't be imported. It never says the hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashFault {
    /// It is none that we know.
    #[error(
        "the hash is of no scheme that can be imported: send argon2, bcrypt, Django's pbkdf2_sha256 or version 3 of ASP.NET Identity"
    )]
    UnknownScheme,
    /// It begins like one that we know, and goes on differently.
    #[error("the hash begins like {} and is not whole: send it exactly as the other system keeps it", .0.words())]
    Malformed(Scheme),
    /// It would cost too little to be safe, or too much to be computed.
    #[error(
        "the hash is beyond the cost that is taken in ({}: {}): leave it out, and let its owner set a password by a link",
        .0.words(),
        .0.bounds()
    )]
    CostOutOfBounds(Scheme),
}

impl HashFault {
    /// The fault's name in the API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownScheme => "unknown_scheme",
            Self::Malformed(_) => "malformed",
            Self::CostOutOfBounds(_) => "cost_out_of_bounds",
        }
    }
}

/// The hash function below PBKDF2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prf {
    /// HMAC-SHA-1, of old installations of ASP.NET Identity.
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
}

impl Prf {
    const fn bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

/// What has to be computed to verify a password against a foreign hash.
#[derive(Clone, PartialEq, Eq)]
pub enum Recipe {
    /// Argon2; the text is a PHC string and says all of it.
    Argon2,
    /// bcrypt over the first 72 bytes of the password and a nought.
    Bcrypt {
        /// Logarithm of the rounds.
        cost: u32,
        /// The salt.
        salt: [u8; 16],
        /// What has to come out.
        output: [u8; 23],
    },
    /// PBKDF2.
    Pbkdf2 {
        /// The function below.
        prf: Prf,
        /// Rounds.
        iterations: u32,
        /// The salt.
        salt: Vec<u8>,
        /// What has to come out.
        output: Vec<u8>,
    },
}

/// A hash that another system made, of a scheme that we verify, and at a cost that we pay. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct ForeignHash {
    text: PasswordHash,
    scheme: Scheme,
    recipe: Recipe,
}

impl fmt::Debug for ForeignHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ForeignHash({}, …)", self.scheme.code())
    }
}

impl ForeignHash {
    /// The most memory of Argon2, in KiB (256 MiB).
    pub const ARGON2_MEMORY_KIB: u32 = 262_144;
    /// The most passes of Argon2.
    pub const ARGON2_ITERATIONS: u32 = 16;
    /// The most lanes of Argon2.
    pub const ARGON2_PARALLELISM: u32 = 16;
    /// The most memory times passes of Argon2, in KiB: four passes over the largest memory (1 GiB written in all).
    pub const ARGON2_WORK_KIB: u64 = 4 * Self::ARGON2_MEMORY_KIB as u64;
    /// The costs of bcrypt.
    pub const BCRYPT_COST: RangeInclusive<u32> = 4..=14;
    /// The iterations of PBKDF2; the upper end holds for those of all blocks of the output together.
    pub const PBKDF2_ITERATIONS: RangeInclusive<u32> = 1_000..=2_000_000;

    /// Reads a hash as the other system keeps it: not trimmed, not mended.
    ///
    /// ```
    /// use portal_domain::password::{ForeignHash, HashFault, Scheme};
    /// let bcrypt = ForeignHash::parse("$2b$12$abcdefghijklmnopqrstuuVQbzmvSnQkZlbbhJcPYBXBRDmkGAEQK");
    /// assert_eq!(bcrypt.map(|hash| hash.scheme()), Ok(Scheme::Bcrypt));
    /// assert_eq!(ForeignHash::parse("5f4dcc3b5aa765d61d8327deb882cf99"), Err(HashFault::UnknownScheme));
    /// ```
    pub fn parse(text: &str) -> Result<Self, HashFault> {
        let scheme = Scheme::of(text).ok_or(HashFault::UnknownScheme)?;
        if text.len() > MAX_BYTES {
            return Err(HashFault::Malformed(scheme));
        }
        let read = match scheme {
            Scheme::Argon2 => argon2(text),
            Scheme::Bcrypt => bcrypt(text),
            Scheme::DjangoPbkdf2 => django(text),
            Scheme::AspNetIdentity => identity(text),
        };
        match read {
            None => Err(HashFault::Malformed(scheme)),
            Some(Cost::Beyond) => Err(HashFault::CostOutOfBounds(scheme)),
            Some(Cost::Within(recipe)) => Ok(Self { text: PasswordHash::new(text), scheme, recipe }),
        }
    }

    /// The hash as it is kept until the first sign-in.
    pub const fn kept(&self) -> &PasswordHash {
        &self.text
    }

    /// Whose scheme it is.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// How it is verified.
    pub const fn recipe(&self) -> &Recipe {
        &self.recipe
    }
}

/// Something whole, at a cost within or beyond the bounds.
enum Cost {
    Within(Recipe),
    Beyond,
}

impl Cost {
    fn judged(within: bool, recipe: Recipe) -> Self {
        if within { Self::Within(recipe) } else { Self::Beyond }
    }
}

fn argon2(text: &str) -> Option<Cost> {
    let mut parts = text.split('$').skip(2);
    let first = parts.next()?;
    // Without a version it is from before versions were written.
    let params = match first.strip_prefix("v=") {
        Some("16" | "19") => parts.next()?,
        Some(_) => return None,
        None => first,
    };
    let (salt, output) = (parts.next()?, parts.next()?);
    let mut params = params.split(',');
    let mut number = |name| params.next()?.strip_prefix(name).and_then(decimal);
    let (memory, passes, lanes) = (number("m=")?, number("t=")?, number("p=")?);
    let whole = params.next().is_none()
        && parts.next().is_none()
        && SALT_BYTES.contains(&STANDARD_NO_PAD.decode(salt).ok()?.len())
        && OUTPUT_BYTES.contains(&STANDARD_NO_PAD.decode(output).ok()?.len());
    let within = (1..=ForeignHash::ARGON2_PARALLELISM.into()).contains(&lanes)
        && (8 * lanes..=ForeignHash::ARGON2_MEMORY_KIB.into()).contains(&memory)
        && (1..=ForeignHash::ARGON2_ITERATIONS.into()).contains(&passes)
        && memory * passes <= ForeignHash::ARGON2_WORK_KIB;
    whole.then(|| Cost::judged(within, Recipe::Argon2))
}

fn bcrypt(text: &str) -> Option<Cost> {
    let (cost, rest) = text.get(4..)?.split_once('$')?;
    let cost = decimal(cost.strip_prefix('0').unwrap_or(cost)).filter(|_| cost.len() == 2)?;
    let (salt, output) = (rest.get(..22)?, rest.get(22..)?);
    let salt = BCRYPT_64.decode(salt).ok()?.try_into().ok()?;
    let output = BCRYPT_64.decode(output).ok()?.try_into().ok()?;
    let cost = u32::try_from(cost).ok()?;
    let within = ForeignHash::BCRYPT_COST.contains(&cost);
    Some(Cost::judged(within, Recipe::Bcrypt { cost, salt, output }))
}

fn django(text: &str) -> Option<Cost> {
    let mut parts = text.split('$').skip(1);
    let (iterations, salt, output) = (decimal(parts.next()?)?, parts.next()?, STANDARD.decode(parts.next()?).ok()?);
    let visible = salt.bytes().all(|byte| byte.is_ascii_graphic());
    let whole = parts.next().is_none() && visible && output.len() == 32 && SALT_BYTES.contains(&salt.len());
    whole.then(|| pbkdf2(Prf::Sha256, iterations, salt.as_bytes(), &output))
}

fn identity(text: &str) -> Option<Cost> {
    let bytes = STANDARD.decode(text).ok()?;
    let number = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let prf = match number(1)? {
        0 => Prf::Sha1,
        1 => Prf::Sha256,
        2 => Prf::Sha512,
        _ => return None,
    };
    let (iterations, salt_bytes) = (number(5)?, usize::try_from(number(9)?).ok()?);
    let rest = bytes.get(IDENTITY_HEAD..)?;
    let (salt, output) = rest.split_at_checked(salt_bytes)?;
    let whole = bytes[0] == 1 && SALT_BYTES.contains(&salt.len()) && OUTPUT_BYTES.contains(&output.len());
    whole.then(|| pbkdf2(prf, iterations.into(), salt, output))
}

fn pbkdf2(prf: Prf, iterations: u64, salt: &[u8], output: &[u8]) -> Cost {
    let (least, most) = (*ForeignHash::PBKDF2_ITERATIONS.start(), *ForeignHash::PBKDF2_ITERATIONS.end());
    let blocks = output.len().div_ceil(prf.bytes()) as u64;
    match u32::try_from(iterations) {
        Ok(iterations) if iterations >= least && u64::from(iterations) * blocks <= most.into() => {
            Cost::Within(Recipe::Pbkdf2 { prf, iterations, salt: salt.to_vec(), output: output.to_vec() })
        }
        _ => Cost::Beyond,
    }
}

/// A whole number, written in the only way; one that is too large to matter is the largest.
fn decimal(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let shortest = text == "0" || !text.starts_with('0');
    (digits && shortest).then(|| text.parse().unwrap_or(u64::from(u32::MAX)))
}
