//! E3: the key by which a login is found.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use super::{EmailAddress, LoginKeyFault, syntax};

/// The identity of a login inside a practice (E3, S1).
///
/// NFC of the ASCII-lower-cased NFC of the local part, `@`, and the domain as A-labels. Two addresses are the same
/// login exactly when their keys are equal; dots and `+tags` count. Keys are compared byte by byte, here and in every
/// store, and are computed nowhere but when an [`EmailAddress`] is parsed.
///
/// ```
/// use portal_domain::email::EmailAddress;
///
/// let typed = EmailAddress::parse("Ada.Smith+tax@BÜCHER.example")?;
/// assert_eq!(typed.key().as_str(), "ada.smith+tax@xn--bcher-kva.example");
///
/// // Only ASCII letters lose their case in the local part; the domain follows IDNA.
/// let greek = EmailAddress::parse("Ζωή@παράδειγμα.example")?;
/// assert_eq!(greek.key().as_str(), "Ζωή@xn--hxajbheg2az3al.example");
/// # Ok::<(), portal_domain::email::EmailFault>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct LoginKey(String);

impl LoginKey {
    /// A key read back from where it was stored.
    ///
    /// The text must be the key of itself: anything that is typed goes through [`EmailAddress::parse`] instead.
    ///
    /// # Errors
    ///
    /// [`LoginKeyFault::Address`] if it is no address, [`LoginKeyFault::NotCanonical`] if its key is another text.
    ///
    /// ```
    /// use portal_domain::email::{LoginKey, LoginKeyFault};
    ///
    /// assert_eq!(LoginKey::parse("ada@smith.example")?.as_str(), "ada@smith.example");
    /// assert_eq!(LoginKey::parse("ADA@smith.example"), Err(LoginKeyFault::NotCanonical));
    /// # Ok::<(), LoginKeyFault>(())
    /// ```
    pub fn parse(stored: &str) -> Result<Self, LoginKeyFault> {
        let key = Self::compute(stored).map_err(LoginKeyFault::Address)?;
        if key.0 == stored { Ok(key) } else { Err(LoginKeyFault::NotCanonical) }
    }

    /// The key at which what is no address is looked up and counted. No address has it, so nobody ever holds it.
    ///
    /// ```
    /// use portal_domain::email::LoginKey;
    ///
    /// assert!(LoginKey::parse(LoginKey::nobody().as_str()).is_err());
    /// ```
    pub fn nobody() -> Self {
        Self("nobody".to_owned())
    }

    /// The key of an address. It was computed when the address was parsed and is not computed again.
    ///
    /// ```
    /// use portal_domain::email::{EmailAddress, LoginKey};
    ///
    /// let address = EmailAddress::parse("Ada@smith.example")?;
    /// assert_eq!(LoginKey::of(&address).as_str(), "ada@smith.example");
    /// # Ok::<(), portal_domain::email::EmailFault>(())
    /// ```
    pub fn of(address: &EmailAddress) -> Self {
        address.key().clone()
    }

    /// The key as text: what stores keep and compare byte by byte.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The domain, as A-labels.
    ///
    /// ```
    /// let key = portal_domain::email::LoginKey::parse("ada@xn--bcher-kva.example")?;
    /// assert_eq!(key.domain(), "xn--bcher-kva.example");
    /// # Ok::<(), portal_domain::email::LoginKeyFault>(())
    /// ```
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }

    /// A key made of two parts that were judged.
    pub(super) const fn judged(key: String) -> Self {
        Self(key)
    }

    /// The one place where keys come from: judges a trimmed address and computes its key.
    pub(super) fn compute(address: &str) -> Result<Self, super::EmailFault> {
        syntax::judge(address).map(Self)
    }
}

impl fmt::Display for LoginKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for LoginKey {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for LoginKey {
    /// Takes a string and validates it as [`LoginKey::parse`] does.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = String::deserialize(deserializer)?;
        Self::parse(&stored).map_err(serde::de::Error::custom)
    }
}

/// NFC(ASCII-lower-case(NFC(local part))).
///
/// The second NFC is needed: `h` with a line below exists as one character, `H` with it doesn't.
pub(super) fn canonical_local(local: &str) -> String {
    let mut composed: String = local.nfc().collect();
    composed.make_ascii_lowercase();
    composed.nfc().collect()
}

/// The key of a canonical local part at a domain in A-labels.
pub(super) fn join(canonical_local: &str, a_labels: &str) -> String {
    format!("{canonical_local}@{a_labels}")
}
