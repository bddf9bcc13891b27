//! One address, as it was typed.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{EmailFault, LoginKey, trim};

/// An e-mail address as it was typed, after E1, with its key and what was removed from it (E1–E4).
///
/// It is kept as typed for display and for mail: mail goes to exactly [`as_str`](Self::as_str). Whoever wants to know
/// whether two addresses are the same login compares [`key`](Self::key); `==` compares spelling and note too.
///
/// ```
/// use portal_domain::email::EmailAddress;
///
/// let address = EmailAddress::parse("Ada@Smith.example\u{A0}")?;
/// assert_eq!(address.as_str(), "Ada@Smith.example");
/// assert_eq!(address.key().as_str(), "ada@smith.example");
/// assert_eq!(address.removed(), Some("a trailing no-break space was removed"));
/// # Ok::<(), portal_domain::email::EmailFault>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "Stored", try_from = "Stored")]
pub struct EmailAddress {
    address: String,
    removed: Option<String>,
    key: LoginKey,
}

impl EmailAddress {
    /// Takes an address in at a door of the system: trims it (E1), judges it (E2), computes its key (E3).
    ///
    /// # Errors
    ///
    /// The first fault of E2 that holds. A text that is empty after E1 is [`EmailFault::MissingAt`].
    ///
    /// ```
    /// use portal_domain::email::{EmailAddress, EmailFault};
    ///
    /// assert!(EmailAddress::parse("j.o'neil@smith.example").is_ok());
    ///
    /// // As word processors write it. Nothing is replaced silently.
    /// assert_eq!(EmailAddress::parse("j.o’neil@smith.example"), Err(EmailFault::BadLocalCharacter));
    /// assert_eq!(EmailAddress::parse("a@smith–sons.example"), Err(EmailFault::InvalidDomain));
    /// assert_eq!(EmailAddress::parse("  "), Err(EmailFault::MissingAt));
    /// ```
    pub fn parse(raw: &str) -> Result<Self, EmailFault> {
        let (address, removed) = trim::trim(raw);
        let key = LoginKey::compute(address)?;
        Ok(Self { address: address.to_owned(), removed, key })
    }

    /// Reads an address back from where it was stored, with the note that was stored beside it. For stores.
    ///
    /// A stored address was trimmed when it entered, so nothing is trimmed here.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse); hidden characters at the ends are [`EmailFault::HiddenCharacter`] (spaces, the fault
    /// of the part where they stand).
    ///
    /// ```
    /// use portal_domain::email::EmailAddress;
    ///
    /// let typed = EmailAddress::parse(" ada@smith.example")?;
    /// let note = typed.removed().map(str::to_owned);
    /// assert_eq!(EmailAddress::from_stored(typed.as_str(), note)?, typed);
    /// assert!(EmailAddress::from_stored(" ada@smith.example", None).is_err());
    /// # Ok::<(), portal_domain::email::EmailFault>(())
    /// ```
    pub fn from_stored(address: &str, removed: Option<String>) -> Result<Self, EmailFault> {
        let key = LoginKey::compute(address)?;
        Ok(Self { address: address.to_owned(), removed, key })
    }

    /// The stored form: as typed, after E1. What is displayed and where mail goes (E4).
    pub fn as_str(&self) -> &str {
        &self.address
    }

    /// The identity of the login that this address stands for (E3).
    pub fn key(&self) -> &LoginKey {
        &self.key
    }

    /// What E1 removed, as a sentence for staff; `None` where nothing was removed.
    ///
    /// The wording is stable. It names up to three kinds of characters at each end, in order of first appearance.
    ///
    /// ```
    /// use portal_domain::email::EmailAddress;
    ///
    /// let address = EmailAddress::parse("  ada@smith.example\u{200B}")?;
    /// assert_eq!(
    ///     address.removed(),
    ///     Some("2 leading spaces and a trailing zero-width space were removed"),
    /// );
    /// assert_eq!(EmailAddress::parse("ada@smith.example")?.removed(), None);
    /// # Ok::<(), portal_domain::email::EmailFault>(())
    /// ```
    pub fn removed(&self) -> Option<&str> {
        self.removed.as_deref()
    }

    /// The part before the `@`, as stored.
    pub fn local_part(&self) -> &str {
        self.parts().0
    }

    /// The part after the `@`, as stored.
    pub fn domain(&self) -> &str {
        self.parts().1
    }

    /// The local part as stored, with the domain as A-labels: the same mailbox, for a mail server without SMTPUTF8 (E4).
    ///
    /// Only of use where [`local_is_ascii`](Self::local_is_ascii); otherwise such a server can't take the address.
    ///
    /// ```
    /// use portal_domain::email::EmailAddress;
    ///
    /// let address = EmailAddress::parse("Ada@bücher.example")?;
    /// assert_eq!(address.domain_as_a_labels(), "Ada@xn--bcher-kva.example");
    /// # Ok::<(), portal_domain::email::EmailFault>(())
    /// ```
    pub fn domain_as_a_labels(&self) -> String {
        format!("{}@{}", self.local_part(), self.key.domain())
    }

    /// Whether the local part is plain ASCII, so that a mail server without SMTPUTF8 can take the address (E4).
    ///
    /// ```
    /// use portal_domain::email::EmailAddress;
    ///
    /// assert!(EmailAddress::parse("ada@bücher.example")?.local_is_ascii());
    /// assert!(!EmailAddress::parse("zoë@smith.example")?.local_is_ascii());
    /// # Ok::<(), portal_domain::email::EmailFault>(())
    /// ```
    pub fn local_is_ascii(&self) -> bool {
        self.local_part().is_ascii()
    }

    fn parts(&self) -> (&str, &str) {
        // Every accepted address has exactly one `@`.
        self.address.split_once('@').unwrap_or((&self.address, ""))
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

impl AsRef<str> for EmailAddress {
    fn as_ref(&self) -> &str {
        &self.address
    }
}

/// How an address is serialised: the key follows from it and is never a second truth.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    address: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    removed: Option<String>,
}

impl From<EmailAddress> for Stored {
    fn from(email: EmailAddress) -> Self {
        Self { address: email.address, removed: email.removed }
    }
}

impl TryFrom<Stored> for EmailAddress {
    type Error = EmailFault;

    fn try_from(stored: Stored) -> Result<Self, EmailFault> {
        Self::from_stored(&stored.address, stored.removed)
    }
}
