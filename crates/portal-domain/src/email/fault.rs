//! What can be wrong with an address, a stored key or a list.

use unicode_normalization::UnicodeNormalization as _;

use super::hidden;

/// Why a text is not an e-mail address (E2).
///
/// The variants stand in the order in which E2 looks for them; [`EmailAddress::parse`](super::EmailAddress::parse)
/// answers with the first that holds. `Display` is one sentence in plain words that says what is wrong and what to
/// do about it; [`code`](Self::code) is the name of the fault in the API.
///
/// ```
/// use portal_domain::email::{EmailAddress, EmailFault};
///
/// let fault = EmailAddress::parse("Ada <ada@smith.example>").unwrap_err();
/// assert_eq!(fault, EmailFault::DisplayName);
/// assert_eq!(fault.code(), "display_name");
///
/// let fault = EmailAddress::parse("a\u{200B}da@smith.example").unwrap_err();
/// assert_eq!(fault.code(), "hidden_character");
/// assert_eq!(
///     fault.to_string(),
///     "there is a zero-width space (U+200B) inside the address; delete it or type the address again",
/// );
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum EmailFault {
    /// Two or more parts with an `@`, separated by comma, semicolon, slash, bar, white space or line end.
    #[error("this is more than one address; enter each address on its own")]
    List,
    /// An address in angle brackets at the end, as in `Ada <ada@smith.example>`.
    #[error("there is a name around the address; keep only what stands between `<` and `>`")]
    DisplayName,
    /// A route in front of the address, as in `@relay.example:ada@smith.example`.
    #[error("there is a route in front of the address; keep only what follows the last `:`")]
    SourceRoute,
    /// A remark in round brackets.
    #[error("there is a remark in round brackets; leave it out")]
    Comment,
    /// A local part in quotation marks, as in `"ada smith"@smith.example`.
    #[error("the part before the `@` is in quotation marks, which is not supported; ask for another address")]
    QuotedLocalPart,
    /// White space other than the plain space, or a character that isn't displayed, inside the address.
    #[error("there is a {} (U+{:04X}) inside the address; delete it or type the address again", hidden::name(*.character), u32::from(*.character))]
    HiddenCharacter {
        /// The first such character.
        character: char,
    },
    /// A control character.
    #[error("there is a control character inside the address; delete it or type the address again")]
    ControlCharacter,
    /// A character without a meaning in Unicode, private use included.
    #[error("there is a character without a public meaning inside the address; type the address again")]
    UnassignedCharacter,
    /// A character that would silently become plain ASCII, such as the fullwidth `＠`.
    #[error("the character U+{:04X} is not the plain `{}` it stands for; type it on a plain keyboard", u32::from(*.character), plain(*.character))]
    CompatibilityCharacter {
        /// The first such character.
        character: char,
    },
    /// There is no `@`.
    #[error("there is no `@`; enter a whole address such as `ada@smith.example`")]
    MissingAt,
    /// There are two or more `@` and it isn't a list.
    #[error("there is more than one `@`; keep the one in front of the domain")]
    SeveralAt,
    /// A network address in square brackets in place of a domain.
    #[error("there is a network address in square brackets after the `@`; enter the name of the domain")]
    AddressLiteral,
    /// Nothing stands before the `@`.
    #[error("there is nothing before the `@`; enter the whole address")]
    EmptyLocalPart,
    /// The local part begins or ends with a dot, or has two in a row.
    #[error("there is a dot too many before the `@`; a dot stands only between two other characters")]
    MisplacedDot,
    /// The local part has a character that is none of those allowed, or a mark with nothing to stand on.
    #[error("a character before the `@` is not allowed in an address, a space or `’` for example; check the spelling")]
    BadLocalCharacter,
    /// The local part has more than 64 octets, as typed or in its key.
    #[error("the part before the `@` is too long; it may have at most 64 bytes")]
    LocalPartTooLong,
    /// The domain is no name that DNS and IDNA allow.
    #[error("the part after the `@` is not the name of a domain; check the spelling")]
    InvalidDomain,
    /// The domain has one label only.
    #[error("the part after the `@` has no ending such as `.example`; enter the whole address")]
    DomainWithoutDot,
    /// The last label of the domain is a number.
    #[error("the part after the `@` ends in a number; enter the name of the domain")]
    NumericDomain,
    /// The whole address has more than 254 octets, as typed or in its key.
    #[error("the address is too long; it may have at most 254 bytes")]
    AddressTooLong,
}

impl EmailFault {
    /// The name of the fault in answers of the API and in the table of mends, as E2 lists it.
    ///
    /// ```
    /// assert_eq!(portal_domain::email::EmailFault::MissingAt.code(), "missing_at");
    /// ```
    pub const fn code(&self) -> &'static str {
        match self {
            Self::List => "list",
            Self::DisplayName => "display_name",
            Self::SourceRoute => "source_route",
            Self::Comment => "comment",
            Self::QuotedLocalPart => "quoted_local_part",
            Self::HiddenCharacter { .. } => "hidden_character",
            Self::ControlCharacter => "control_character",
            Self::UnassignedCharacter => "unassigned_character",
            Self::CompatibilityCharacter { .. } => "compatibility_character",
            Self::MissingAt => "missing_at",
            Self::SeveralAt => "several_at",
            Self::AddressLiteral => "address_literal",
            Self::EmptyLocalPart => "empty_local_part",
            Self::MisplacedDot => "misplaced_dot",
            Self::BadLocalCharacter => "bad_local_character",
            Self::LocalPartTooLong => "local_part_too_long",
            Self::InvalidDomain => "invalid_domain",
            Self::DomainWithoutDot => "domain_without_dot",
            Self::NumericDomain => "numeric_domain",
            Self::AddressTooLong => "address_too_long",
        }
    }
}

/// Why a text is not a login key (E3).
///
/// ```
/// use portal_domain::email::{EmailFault, LoginKey, LoginKeyFault};
///
/// assert_eq!(LoginKey::parse("Ada@smith.example").unwrap_err(), LoginKeyFault::NotCanonical);
/// assert_eq!(LoginKey::parse("ada").unwrap_err(), LoginKeyFault::Address(EmailFault::MissingAt));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum LoginKeyFault {
    /// It isn't an address at all.
    #[error(transparent)]
    Address(EmailFault),
    /// It is an address whose key is another text.
    #[error("this is an address but not its own login key; keys are computed and never typed")]
    NotCanonical,
}

/// Why entries don't make a list of addresses (F5).
///
/// ```
/// use portal_domain::email::{EmailFault, EmailList, EmailListFault};
///
/// // Blank entries count for the index that is named.
/// let fault = EmailList::parse(&["", "ada@smith.example", "bob"]).unwrap_err();
/// assert_eq!(fault, EmailListFault::Invalid { index: 2, fault: EmailFault::MissingAt });
/// assert_eq!(fault.code(), "invalid_email");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum EmailListFault {
    /// An entry is not an address.
    #[error("entry {} of the list: {fault}", .index + 1)]
    Invalid {
        /// Where the entry stood as submitted, counted from 0, blank entries included.
        index: usize,
        /// What is wrong with it.
        fault: EmailFault,
    },
    /// More than 20 addresses are left after F1.
    #[error("the list has {count} addresses; it may have at most {}", super::EmailList::MAX)]
    TooMany {
        /// How many addresses are left after F1.
        count: usize,
    },
}

impl EmailListFault {
    /// The code of the refusal in answers of the API: `invalid_email` or `too_many_emails`.
    ///
    /// ```
    /// let fault = portal_domain::email::EmailListFault::TooMany { count: 21 };
    /// assert_eq!(fault.code(), "too_many_emails");
    /// ```
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Invalid { .. } => "invalid_email",
            Self::TooMany { .. } => "too_many_emails",
        }
    }
}

/// What a compatibility character becomes in ASCII, for the sentence to staff.
fn plain(character: char) -> String {
    match character {
        '\u{3002}' | '\u{FF61}' => ".".to_owned(),
        _ => std::iter::once(character).nfkc().filter(char::is_ascii_graphic).collect(),
    }
}
