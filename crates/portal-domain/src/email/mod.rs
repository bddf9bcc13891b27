//! E-mail addresses, the keys by which logins are found, and lists of addresses (rules E and F).
//!
//! An address enters the system through [`EmailAddress::parse`] and nowhere else. That one step removes hidden
//! characters from the ends (E1), judges the characters as they came (E2) and computes the [`LoginKey`] (E3). From
//! then on the address is never changed, and its key is never computed by a database or a mail library.
//!
//! # Invariants
//!
//! * An [`EmailAddress`] was accepted by E2, and so was its key.
//! * The key of a key is that key.
//! * An [`EmailList`] holds at most [`EmailList::MAX`] addresses, no two with an equal key.
//! * Nothing here asks `std` about characters beyond ASCII: the compiler's tables follow the toolchain and not
//!   [`UNICODE_VERSION`].

mod address;
mod domain;
mod fault;
mod hidden;
mod key;
mod list;
mod mask;
mod mend;
mod near;
mod shape;
mod syntax;
mod trim;
mod warning;

pub use address::EmailAddress;
pub use fault::{EmailFault, EmailListFault, LoginKeyFault};
pub(crate) use hidden::is_hidden;
pub use key::LoginKey;
pub use list::EmailList;
pub use mask::{mask, mask_name};
pub use mend::mend;
pub use warning::EmailWarning;

/// The one version of Unicode that every table behind these rules carries (E6).
///
/// Normalisation, general categories, UTS 46 and the list of hidden characters all follow it; a test compares them.
/// Raising it is a migration: every key is computed anew, and keys that then collide are listed.
///
/// ```
/// assert_eq!(portal_domain::email::UNICODE_VERSION, (18, 0, 0));
/// ```
pub const UNICODE_VERSION: (u8, u8, u8) = (18, 0, 0);
