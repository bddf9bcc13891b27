//! Passwords: what may be set, and how it is kept.

mod foreign;

use std::{collections::BTreeSet, fmt};

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;
use zxcvbn::{Score, zxcvbn};

pub use self::foreign::{ForeignHash, HashFault, Prf, Recipe, Scheme};

/// Most code points of a password (P1). Longer ones are refused before anything costly is done.
pub const MAX_LENGTH: usize = 256;

/// The product's own name, which no password is made of.
const PRODUCT: &str = "portal";

/// A password as it is kept: a PHC string, or until its first sign-in a hash of another system. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes a hash as text; a hasher judges whether it can be verified.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The hash as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// A password as somebody typed it, in NFC and of bounded length. Never printed, wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct TypedPassword(Zeroizing<String>);

impl TypedPassword {
    /// Takes what was typed; `None` where it is longer than [`MAX_LENGTH`] and so nobody's password.
    pub fn new(typed: &str) -> Option<Self> {
        // Decomposed, a code point may come as several: what is counted is what NFC makes of them.
        if typed.len() > MAX_LENGTH * 16 {
            return None;
        }
        let text: String = typed.nfc().collect();
        (text.chars().count() <= MAX_LENGTH).then(|| Self(Zeroizing::new(text)))
    }

    /// The text to be hashed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TypedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedPassword(…)")
    }
}

/// A password that may be set (P1). Never printed, wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct NewPassword(TypedPassword);

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPassword(…)")
    }
}

/// Why a password can't be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    /// Fewer code points than the practice asks for.
    #[error("the password is too short: use at least {least} characters, for instance four random words")]
    TooShort {
        /// How many are asked for.
        least: usize,
    },
    /// More than [`MAX_LENGTH`] code points.
    #[error("the password is too long: use at most {MAX_LENGTH} characters")]
    TooLong,
    /// Easily guessed.
    #[error("the password is too easy to guess: use three or four random words")]
    Common,
    /// Made of a name or an address.
    #[error("the password is made of a name or an address: use three or four random words")]
    Personal,
    /// The current password, which has to be given to change it, is not right.
    #[error("the current password is not right")]
    CurrentPassword,
}

impl PasswordFault {
    /// The fault's name in the API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooShort { .. } => "too_short",
            Self::TooLong => "too_long",
            Self::Common => "common",
            Self::Personal => "personal",
            Self::CurrentPassword => "current_password",
        }
    }
}

/// What a password is judged against.
#[derive(Clone, Debug, Default)]
pub struct PasswordPolicy<'a> {
    /// Least number of code points; taken as 8 where it is less.
    pub min_length: usize,
    /// Names and addresses of the person and the practice.
    pub personal: Vec<&'a str>,
    /// A larger list of common passwords, in lower case.
    pub common: Option<&'a BTreeSet<String>>,
}

impl NewPassword {
    /// Judges a password: 12–256 code points (per practice, never below 8) after NFC, not common, not personal.
    /// There are no rules of composition.
    ///
    /// ```
    /// use portal_domain::password::{NewPassword, PasswordFault, PasswordPolicy};
    /// let policy = PasswordPolicy { min_length: 12, personal: vec!["Ada Smith", "ada@smith.example"], common: None };
    /// assert!(NewPassword::parse("four quiet paper boats", &policy).is_ok());
    /// assert_eq!(NewPassword::parse("Ada-Smith 2024", &policy), Err(PasswordFault::Personal));
    /// assert_eq!(NewPassword::parse("qwertyuiop12", &policy), Err(PasswordFault::Common));
    /// assert_eq!(NewPassword::parse("short", &policy), Err(PasswordFault::TooShort { least: 12 }));
    /// ```
    pub fn parse(typed: &str, policy: &PasswordPolicy<'_>) -> Result<Self, PasswordFault> {
        let password = TypedPassword::new(typed).ok_or(PasswordFault::TooLong)?;
        let least = policy.min_length.max(8);
        if password.as_str().chars().count() < least {
            return Err(PasswordFault::TooShort { least });
        }
        let lower = Zeroizing::new(password.as_str().to_lowercase());
        if made_of_names(&lower, &policy.personal) {
            return Err(PasswordFault::Personal);
        }
        let listed = policy.common.is_some_and(|list| list.contains(lower.as_str()));
        if listed || easily_guessed(&lower) {
            return Err(PasswordFault::Common);
        }
        Ok(Self(password))
    }

    /// The password, to be hashed.
    pub const fn typed(&self) -> &TypedPassword {
        &self.0
    }
}

/// A strong beginning makes a strong whole, so only the first hundred characters are estimated.
fn easily_guessed(lower: &str) -> bool {
    let beginning = Zeroizing::new(lower.chars().take(100).collect::<String>());
    zxcvbn(&beginning, &[]).score() < Score::Two
}

/// Whether the letters of the password, in whatever spacing and with whatever digits, are nothing but words of these names.
fn made_of_names(lower: &str, names: &[&str]) -> bool {
    let letters: Zeroizing<Vec<char>> = Zeroizing::new(lower.chars().filter(|c| c.is_alphabetic()).collect());
    if letters.is_empty() {
        return false;
    }
    let words: BTreeSet<Vec<char>> = names
        .iter()
        .copied()
        .chain([PRODUCT])
        .flat_map(|name| {
            let lower = name.nfc().collect::<String>().to_lowercase();
            lower.split(|c: char| !c.is_alphabetic()).map(|word| word.chars().collect()).collect::<Vec<Vec<char>>>()
        })
        .filter(|word| !word.is_empty())
        .collect();
    let mut reached = vec![false; letters.len() + 1];
    reached[0] = true;
    for start in 0..letters.len() {
        if !reached[start] {
            continue;
        }
        for word in &words {
            if letters[start..].starts_with(word) {
                reached[start + word.len()] = true;
            }
        }
    }
    reached[letters.len()]
}
