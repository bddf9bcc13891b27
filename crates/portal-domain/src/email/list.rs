//! The ordered addresses of a contact (rules F).

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::{EmailAddress, EmailListFault, trim};

/// The addresses of a contact in the practice's order; the first is the login (F1–F5).
///
/// Blank entries were dropped and entries with an equal key collapsed to the first of them. There are at most
/// [`MAX`](Self::MAX).
///
/// ```
/// use portal_domain::email::EmailList;
///
/// let list = EmailList::parse(&["", "Ada@smith.example", "bob@smith.example", "ada@SMITH.example "])?;
/// assert_eq!(list.first().map(|email| email.as_str()), Some("Ada@smith.example"));
/// assert_eq!(list.len(), 2);
/// # Ok::<(), portal_domain::email::EmailListFault>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "Vec<EmailAddress>", try_from = "Vec<EmailAddress>")]
pub struct EmailList(Vec<EmailAddress>);

impl EmailList {
    /// The most addresses that a list holds after F1 (F5).
    pub const MAX: usize = 20;

    /// Takes a list in at a door of the system.
    ///
    /// # Errors
    ///
    /// [`EmailListFault::Invalid`] for the first entry that is neither blank nor an address, wherever it stands; only
    /// then [`EmailListFault::TooMany`], if more than [`MAX`](Self::MAX) addresses are left after F1 (F5).
    ///
    /// ```
    /// use portal_domain::email::{EmailFault, EmailList, EmailListFault};
    ///
    /// let fault = EmailList::parse(&["ada@smith.example", " ", "a b@smith.example"]).unwrap_err();
    /// assert_eq!(fault, EmailListFault::Invalid { index: 2, fault: EmailFault::BadLocalCharacter });
    ///
    /// let many: Vec<String> = (0..21).map(|n| format!("a{n}@smith.example")).collect();
    /// assert_eq!(EmailList::parse(&many), Err(EmailListFault::TooMany { count: 21 }));
    /// ```
    pub fn parse<S: AsRef<str>>(entries: &[S]) -> Result<Self, EmailListFault> {
        let mut addresses = Vec::with_capacity(entries.len().min(Self::MAX));
        for (index, entry) in entries.iter().enumerate() {
            let entry = entry.as_ref();
            if trim::without_hidden_ends(entry).is_empty() {
                continue;
            }
            let address = EmailAddress::parse(entry).map_err(|fault| EmailListFault::Invalid { index, fault })?;
            addresses.push(address);
        }
        Self::from_addresses(addresses)
    }

    /// A list of addresses that were parsed one by one.
    ///
    /// # Errors
    ///
    /// [`EmailListFault::TooMany`] if more than [`MAX`](Self::MAX) are left after F1.
    ///
    /// ```
    /// use portal_domain::email::{EmailAddress, EmailList};
    ///
    /// let ada = EmailAddress::parse("ada@smith.example").unwrap();
    /// let list = EmailList::from_addresses(vec![ada.clone(), ada]).unwrap();
    /// assert_eq!(list.len(), 1);
    /// ```
    pub fn from_addresses(mut addresses: Vec<EmailAddress>) -> Result<Self, EmailListFault> {
        let mut seen = HashSet::with_capacity(addresses.len());
        addresses.retain(|address| seen.insert(address.key().clone()));
        if addresses.len() > Self::MAX {
            return Err(EmailListFault::TooMany { count: addresses.len() });
        }
        Ok(Self(addresses))
    }

    /// A list without addresses.
    ///
    /// ```
    /// assert!(portal_domain::email::EmailList::empty().first().is_none());
    /// ```
    pub fn empty() -> Self {
        Self::default()
    }

    /// The login email: the first address, and none but it (F2, F4).
    pub fn first(&self) -> Option<&EmailAddress> {
        self.0.first()
    }

    /// The addresses in order.
    pub fn iter(&self) -> std::slice::Iter<'_, EmailAddress> {
        self.0.iter()
    }

    /// How many addresses there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same list, with what is remembered of those that stood in another list as they stand here: an address that is given
    /// back as it was shown brings no note of what was removed when it entered (E1).
    ///
    /// ```
    /// use portal_domain::email::EmailList;
    ///
    /// let entered = EmailList::parse(&["ada@smith.example\u{A0}"])?;
    /// let given_back = EmailList::parse(&["ada@smith.example"])?;
    /// assert_eq!(given_back.remembering(&entered), entered);
    /// # Ok::<(), portal_domain::email::EmailListFault>(())
    /// ```
    #[must_use]
    pub fn remembering(mut self, before: &Self) -> Self {
        for address in self.0.iter_mut().filter(|address| address.removed().is_none()) {
            if let Some(known) = before.iter().find(|known| known.as_str() == address.as_str()) {
                address.clone_from(known);
            }
        }
        self
    }

    /// The addresses in order, as a slice.
    pub fn as_slice(&self) -> &[EmailAddress] {
        &self.0
    }
}

impl<'a> IntoIterator for &'a EmailList {
    type Item = &'a EmailAddress;
    type IntoIter = std::slice::Iter<'a, EmailAddress>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl From<EmailList> for Vec<EmailAddress> {
    fn from(list: EmailList) -> Self {
        list.0
    }
}

impl TryFrom<Vec<EmailAddress>> for EmailList {
    type Error = EmailListFault;

    fn try_from(addresses: Vec<EmailAddress>) -> Result<Self, EmailListFault> {
        Self::from_addresses(addresses)
    }
}
