//! Where reports about a message go (D3): an address of our own that names the message and can't be forged.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use crate::{
    id::{MessageId, Slug},
    link::LinkTokens,
};

/// Characters of a slug that are written. The rest of the 64 octets of a local part (RFC 5321) is taken.
const PRACTICE: usize = 18;
/// Bytes of the HMAC that are written: 80 bits, and no one sees whether a guess was right.
const MAC: usize = 10;
/// Digits of base 32 (RFC 4648), in the case that mailboxes leave as it is.
const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Makes and reads return paths, `b+<practice>.<message>.<mac>@<domain>`: the beginning of the practice's slug, the message's
/// id, and an HMAC-SHA-256 over both under a server key.
///
/// A mail server may write the local part in capitals; it stays readable.
///
/// ```
/// use portal_domain::{id::{MessageId, Slug}, link::{KeyId, LinkTokens}};
/// let tokens = LinkTokens::new(vec![(KeyId::parse("k1").unwrap(), [3; 32])]).unwrap();
/// let paths = tokens.return_paths();
/// let (smith, message) = (Slug::parse("smith").unwrap(), MessageId::from_bytes([7; 16]));
/// let path = paths.make(&smith, message, "portal.example");
/// assert!(path.starts_with("b+smith.") && path.ends_with("@portal.example"));
///
/// let read = paths.read(&path).unwrap();
/// assert_eq!(read.message, message);
/// assert!(read.may_be_of(&smith));
/// assert_eq!(paths.read(&path.replace("smith", "jones")), None);
/// ```
#[derive(Clone)]
pub struct ReturnPaths {
    /// Newest first.
    secrets: Vec<[u8; 32]>,
}

/// What a return path says. That it was read means that we made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnPath {
    /// The message that it stands for.
    pub message: MessageId,
    practice: String,
}

impl ReturnPath {
    /// The slug of the message's practice, as far as it is written: its first 18 characters.
    pub fn practice(&self) -> &str {
        &self.practice
    }

    /// Whether the practice of this slug may have sent the message. Of practices whose slugs begin alike, the one that has
    /// a message of this id has.
    pub fn may_be_of(&self, practice: &Slug) -> bool {
        beginning(practice) == self.practice
    }
}

impl LinkTokens {
    /// Return paths under the same keys: the first makes, all verify.
    pub fn return_paths(&self) -> ReturnPaths {
        ReturnPaths { secrets: self.secrets().copied().collect() }
    }
}

impl ReturnPaths {
    /// The return path of a message; the same for every delivery, as long as the first key is.
    pub fn make(&self, practice: &Slug, message: MessageId, domain: &str) -> String {
        let practice = beginning(practice);
        let mac = mac(&self.secrets[0], practice, message);
        format!("b+{practice}.{}.{}@{domain}", write(&message.to_bytes()), write(&mac))
    }

    /// Reads an address that a report came to; `None` where it is not one of ours. Compares in constant time, for every key.
    ///
    /// The domain is not looked at: the mail came to us, and what is written before it says enough.
    pub fn read(&self, address: &str) -> Option<ReturnPath> {
        let local = address.split_once('@').map_or(address, |(local, _)| local).to_ascii_lowercase();
        let mut parts = local.strip_prefix("b+")?.split('.');
        let (practice, message, given) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let message = MessageId::from_bytes(read(message)?);
        let given: [u8; MAC] = read(given)?;
        let mut ours = Choice::from(0);
        for secret in &self.secrets {
            ours |= mac(secret, practice, message).ct_eq(&given);
        }
        bool::from(ours).then(|| ReturnPath { message, practice: practice.to_owned() })
    }
}

impl fmt::Debug for ReturnPaths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReturnPaths").finish_non_exhaustive()
    }
}

fn beginning(practice: &Slug) -> &str {
    let slug = practice.as_str();
    slug.get(..PRACTICE).unwrap_or(slug)
}

fn mac(secret: &[u8; 32], practice: &str, message: MessageId) -> [u8; MAC] {
    let mac = Hmac::<Sha256>::new_from_slice(secret)
        .expect("HMAC takes keys of any length")
        .chain_update(b"portal return path v1\0")
        .chain_update(message.to_bytes())
        .chain_update(practice)
        .finalize()
        .into_bytes();
    std::array::from_fn(|index| mac[index])
}

fn write(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut bits, mut held) = (0_u16, 0);
    for &byte in bytes {
        bits = (bits << 8) | u16::from(byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            text.push(digit(bits >> held));
            bits &= (1 << held) - 1;
        }
    }
    if held > 0 {
        text.push(digit(bits << (5 - held)));
    }
    text
}

fn digit(value: u16) -> char {
    char::from(DIGITS[usize::from(value & 31)])
}

/// Reads what [`write`] writes, and nothing else: bits that are left over are zero.
fn read<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != (N * 8).div_ceil(5) {
        return None;
    }
    let mut bytes = [0; N];
    let (mut bits, mut held, mut filled) = (0_u16, 0, 0);
    for digit in text.bytes() {
        let value = DIGITS.iter().position(|&known| known == digit)?;
        bits = (bits << 5) | u16::try_from(value).ok()?;
        held += 5;
        if held >= 8 {
            held -= 8;
            *bytes.get_mut(filled)? = u8::try_from(bits >> held).ok()?;
            filled += 1;
            bits &= (1 << held) - 1;
        }
    }
    (bits == 0 && filled == N).then_some(bytes)
}
