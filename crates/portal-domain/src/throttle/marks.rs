//! Where tries to sign in were, as it is kept: keyed digests, from which nobody reads an address.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::{email::LoginKey, id::PracticeId, link::LinkTokens};

/// The mark of a key at which somebody tried: an HMAC-SHA-256 under a key of one practice, derived from the program's.
///
/// Whoever knows the key and has the program's keys finds the notes at it; the database alone tells no address, and not even that two
/// practices were asked for the same one. It is good for looking up, and says nothing to anybody: so it is not printed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TryMark(pub [u8; 32]);

impl fmt::Debug for TryMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TryMark(…)")
    }
}

/// Makes the marks of one practice, under all keys of the program.
///
/// ```
/// use portal_domain::{email::LoginKey, id::PracticeId, link::{KeyId, LinkTokens}, throttle::TryMarks};
/// let key = |name, secret| (KeyId::parse(name).unwrap(), [secret; 32]);
/// let (smith, jones) = (PracticeId::from_bytes([1; 16]), PracticeId::from_bytes([2; 16]));
/// let before = LinkTokens::new(vec![key("k1", 3)]).unwrap();
/// let after = LinkTokens::new(vec![key("k2", 4), key("k1", 3)]).unwrap();
/// let ada = LoginKey::parse("ada@smith.example")?;
///
/// let noted = TryMarks::new(&before, smith).newest(&ada);
/// assert!(TryMarks::new(&after, smith).all(&ada).any(|mark| mark == noted));
/// assert_ne!(TryMarks::new(&after, smith).newest(&ada), noted);
/// assert_ne!(TryMarks::new(&before, jones).newest(&ada), noted);
/// assert_eq!(format!("{noted:?}"), "TryMark(…)");
/// # Ok::<(), portal_domain::email::LoginKeyFault>(())
/// ```
#[derive(Clone)]
pub struct TryMarks {
    newest: Hmac<Sha256>,
    older: Vec<Hmac<Sha256>>,
}

impl fmt::Debug for TryMarks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TryMarks(…)")
    }
}

impl TryMarks {
    /// The marks of a practice under these keys, of which the newest makes those of new notes.
    pub fn new(tokens: &LinkTokens, practice: PracticeId) -> Self {
        let of_practice = |secret: &[u8; 32]| {
            let derived = mac(secret).chain_update(b"portal try v1\0").chain_update(practice.to_bytes());
            mac(&derived.finalize().into_bytes())
        };
        let older = tokens.secrets().skip(1).map(of_practice).collect();
        Self { newest: of_practice(tokens.newest_secret()), older }
    }

    /// The mark that a new note at a key gets.
    pub fn newest(&self, key: &LoginKey) -> TryMark {
        mark(&self.newest, key)
    }

    /// All marks that notes at a key may have, that of the newest key first.
    pub fn all(&self, key: &LoginKey) -> impl Iterator<Item = TryMark> {
        [&self.newest].into_iter().chain(&self.older).map(|mac| mark(mac, key))
    }
}

fn mac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length")
}

fn mark(mac: &Hmac<Sha256>, key: &LoginKey) -> TryMark {
    TryMark(mac.clone().chain_update(key.as_str()).finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::KeyId;

    /// Marks are at rest in databases: another one would lose thirty days of notes.
    #[test]
    fn m8_marks_stay_as_they_are() {
        let tokens = LinkTokens::new(vec![(KeyId::parse("k1").unwrap(), [3; 32])]).unwrap();
        let marks = TryMarks::new(&tokens, PracticeId::from_bytes([1; 16]));
        let mark = marks.newest(&LoginKey::parse("ada@smith.example").unwrap());
        let hex: String = mark.0.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "5c3a79ca3564f424c44ceea7887c5bd0f57d0a951d9be269eb74a5488e8e3523");
    }
}
