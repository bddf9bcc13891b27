//! What was seen, in words of ours and with what was put into them.

use std::fmt;

use crate::email::EmailAddress;

/// A part of a [`Fact`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactPart {
    /// Words of ours: the same whomever they are about.
    Words(&'static str),
    /// A code, a number or a span of time of ours.
    Value(String),
    /// An address.
    Address(String),
    /// A name, or what was given as an address and is none.
    Name(String),
    /// From where somebody came: an address of the network.
    Origin(String),
    /// What a mail server, a browser or somebody else outside said, whatever it is.
    Quoted(String),
}

/// What was seen, as a sentence. Its parts are kept apart, so that a report can tell our own words and mask the rest.
///
/// Words of ours are constants: no name gets among them.
///
/// ```
/// use portal_domain::finding::{Fact, FactPart};
///
/// let fact = Fact::said("written to ").address("ada@bakery.example");
/// assert_eq!(fact.to_string(), "written to ada@bakery.example");
/// assert_eq!(fact.parts()[1], FactPart::Address("ada@bakery.example".to_owned()));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fact {
    parts: Vec<FactPart>,
}

impl Fact {
    /// Begins with words of ours.
    ///
    /// ```
    /// # use portal_domain::finding::Fact;
    /// assert_eq!(Fact::said("signed in").to_string(), "signed in");
    /// ```
    pub fn said(words: &'static str) -> Self {
        Self::default().and(words)
    }

    /// Begins with a name.
    ///
    /// ```
    /// # use portal_domain::finding::Fact;
    /// assert_eq!(Fact::of("Bakery Ltd").and(" is suspended").to_string(), "Bakery Ltd is suspended");
    /// ```
    pub fn of(name: &str) -> Self {
        Self::default().name(name)
    }

    /// Goes on with words of ours.
    #[must_use]
    pub fn and(self, words: &'static str) -> Self {
        self.with(FactPart::Words(words))
    }

    /// Goes on with a code, a number or a span of time.
    ///
    /// ```
    /// # use portal_domain::finding::Fact;
    /// assert_eq!(Fact::said("refused as ").value("no_email").to_string(), "refused as no_email");
    /// ```
    #[must_use]
    pub fn value(self, value: impl fmt::Display) -> Self {
        self.with(FactPart::Value(value.to_string()))
    }

    /// Goes on with an address.
    #[must_use]
    pub fn address(self, address: impl fmt::Display) -> Self {
        self.with(FactPart::Address(address.to_string()))
    }

    /// Goes on with a name.
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        self.with(FactPart::Name(name.to_owned()))
    }

    /// Goes on with what somebody gave as an address, whether it is one or not.
    ///
    /// ```
    /// # use portal_domain::finding::{Fact, FactPart};
    /// let fact = Fact::default().given_as_address("Ada (at) home");
    /// assert_eq!(fact.parts(), [FactPart::Name("Ada (at) home".to_owned())]);
    /// ```
    #[must_use]
    pub fn given_as_address(self, given: &str) -> Self {
        match EmailAddress::parse(given) {
            Ok(_) => self.address(given),
            Err(_) => self.name(given),
        }
    }

    /// Goes on with where somebody came from.
    ///
    /// ```
    /// # use portal_domain::finding::Fact;
    /// let fact = Fact::said("tried to sign in from ").origin("203.0.113.9");
    /// assert_eq!(fact.to_string(), "tried to sign in from 203.0.113.9");
    /// ```
    #[must_use]
    pub fn origin(self, origin: &str) -> Self {
        self.with(FactPart::Origin(origin.to_owned()))
    }

    /// Goes on with what somebody outside said.
    ///
    /// ```
    /// # use portal_domain::finding::Fact;
    /// let fact = Fact::said("put off: ").quoted("450 4.7.1 greylisted");
    /// assert_eq!(fact.to_string(), "put off: 450 4.7.1 greylisted");
    /// ```
    #[must_use]
    pub fn quoted(self, words: impl Into<String>) -> Self {
        self.with(FactPart::Quoted(words.into()))
    }

    /// The parts, in the order in which they are read.
    pub fn parts(&self) -> &[FactPart] {
        &self.parts
    }

    fn with(mut self, part: FactPart) -> Self {
        self.parts.push(part);
        self
    }
}

impl From<&'static str> for Fact {
    fn from(words: &'static str) -> Self {
        Self::said(words)
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            FactPart::Words(words) => f.write_str(words),
            FactPart::Value(text)
            | FactPart::Address(text)
            | FactPart::Name(text)
            | FactPart::Origin(text)
            | FactPart::Quoted(text) => f.write_str(text),
        })
    }
}
