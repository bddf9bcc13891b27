//! Secrets that have to be readable again, sealed with an AEAD under the program's keys.
//!
//! What only has to be recognised (sessions, API keys) is kept as a digest, what can be derived (links) is not kept at all. The
//! rest, such as the secret of a webhook or a receipt that repeats one, stands in the database sealed by a [`SecretBox`].

use std::fmt;

use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::{
    id::PracticeId,
    link::{KeyId, LinkTokens},
};

/// What stands before the key's name in all that is sealed.
const FORM: u8 = 1;

/// Bytes of the nonce, which is drawn anew for each sealing.
pub const NONCE: usize = 24;

/// Seals and opens, with XChaCha20-Poly1305 under keys derived from the program's.
///
/// ```
/// use portal_domain::{id::PracticeId, link::{KeyId, LinkTokens}, seal::{Place, SecretBox}};
/// let tokens = LinkTokens::new(vec![(KeyId::parse("k1").unwrap(), [3; 32])]).unwrap();
/// let secrets = SecretBox::of(&tokens);
/// let place = Place { what: "webhook secret", practice: PracticeId::from_bytes([1; 16]), name: b"crm" };
/// let sealed = secrets.seal(place, [9; 24], b"whsec_...");
/// assert_eq!(secrets.open(place, &sealed).unwrap(), b"whsec_...");
/// assert!(secrets.open(Place { name: b"other", ..place }, &sealed).is_err());
/// ```
#[derive(Clone)]
pub struct SecretBox {
    keys: Vec<(KeyId, [u8; 32])>,
}

impl fmt::Debug for SecretBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|(id, _)| id)).finish()
    }
}

/// Where a sealed secret stands. One that was moved elsewhere by somebody who can write to the database does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// What it is, in words that never change.
    pub what: &'static str,
    /// Whose it is.
    pub practice: PracticeId,
    /// What names it there.
    pub name: &'a [u8],
}

impl Place<'_> {
    fn bytes(&self) -> Vec<u8> {
        [self.what.as_bytes(), &[0], &self.practice.to_bytes(), self.name].concat()
    }
}

/// Why a sealed secret does not open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOpened {
    /// The program does not have the key it was sealed under.
    #[error("sealed under the key `{}`, which the program was not given", .0.as_str())]
    UnknownKey(KeyId),
    /// It is not what was sealed here.
    #[error("not what was sealed here")]
    Damaged,
}

impl SecretBox {
    /// A box under the server keys of the link tokens: the newest seals, all open.
    pub fn of(tokens: &LinkTokens) -> Self {
        Self { keys: tokens.keys().iter().map(|(id, key)| (id.clone(), derived(key))).collect() }
    }

    /// Seals a secret for its place. The nonce MUST be fresh randomness.
    pub fn seal(&self, place: Place<'_>, nonce: [u8; NONCE], secret: &[u8]) -> Vec<u8> {
        let (id, key) = &self.keys[0];
        let payload = Payload { msg: secret, aad: &place.bytes() };
        let sealed = cipher(key).encrypt(&XNonce::from(nonce), payload).expect("a secret is no gigabyte long");
        let name = id.as_str().as_bytes();
        let length = u8::try_from(name.len()).expect("a key's name has at most 32 bytes");
        [&[FORM, length], name, &nonce[..], &sealed].concat()
    }

    /// What was sealed for this place.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, NotOpened> {
        let (id, rest) = key_of(sealed).ok_or(NotOpened::Damaged)?;
        let Some((_, key)) = self.keys.iter().find(|(known, _)| *known == id) else {
            return Err(NotOpened::UnknownKey(id));
        };
        let (nonce, msg) = rest.split_first_chunk::<NONCE>().ok_or(NotOpened::Damaged)?;
        let payload = Payload { msg, aad: &place.bytes() };
        cipher(key).decrypt(&XNonce::from(*nonce), payload).map_err(|_| NotOpened::Damaged)
    }

    /// Whether something was sealed under another key than the newest: seal it anew, and the older key can be retired.
    pub fn is_old(&self, sealed: &[u8]) -> bool {
        key_of(sealed).is_none_or(|(id, _)| id != self.keys[0].0)
    }
}

fn key_of(sealed: &[u8]) -> Option<(KeyId, &[u8])> {
    let ([form, length], rest) = sealed.split_first_chunk::<2>()?;
    let (name, rest) = rest.split_at_checked(usize::from(*length))?;
    let id = KeyId::parse(std::str::from_utf8(name).ok()?)?;
    (*form == FORM).then_some((id, rest))
}

fn derived(key: &[u8; 32]) -> [u8; 32] {
    let mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.chain_update(b"portal secret box v1\0").finalize().into_bytes().into()
}

fn cipher(key: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.into())
}
