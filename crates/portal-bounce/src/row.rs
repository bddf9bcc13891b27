//! A row of the table of words: phrases that mean the same, and where they do.

use std::borrow::Cow;

use crate::{Reason, text::Said};

/// Where a row holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    /// Everywhere.
    Always,
    /// Unless a code says that it is only for now.
    ForGood,
    /// Where, besides, no code says that it is a matter of policy.
    OfAddress,
    /// Where a code says that it is about an address or the way to it.
    ToldOfAddress,
    /// Where no server has replied: the reporting one found it out by itself.
    Unreplied,
}

/// What it takes before an address that a row speaks of is wrong for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// The words are enough.
    Words,
    /// A code has to say so too.
    Code,
    /// The words are too vague, whatever a code says.
    Never,
}

/// Phrases that mean the same.
pub(crate) struct Row {
    pub(crate) holds: Where,
    pub(crate) reason: Reason,
    pub(crate) proof: Proof,
    /// With what its phrases begin: one of these each, or nothing.
    about: &'static str,
    says: &'static str,
}

impl Row {
    /// The same row, which takes more to prove.
    pub(crate) const fn proved(self, proof: Proof) -> Self {
        Self { proof, ..self }
    }

    /// Its phrases.
    pub(crate) fn phrases(&self) -> impl Iterator<Item = Cow<'static, str>> {
        let abouts = self.about.split(" | ").filter(|about| !about.is_empty());
        let both = abouts.flat_map(|about| self.says.split(" | ").map(move |says| format!("{about}{says}").into()));
        let alone = self.says.split(" | ").filter(|_| self.about.is_empty());
        alone.map(Cow::Borrowed).chain(both)
    }

    /// Whether a text says one of them.
    pub(crate) fn is_said(&self, said: &Said) -> bool {
        // Most texts speak of nothing of this kind.
        let spoken = |about: &str| said.says(about.trim_end_matches(['…', '‥']));
        (self.about.is_empty() || self.about.split(" | ").any(spoken))
            && self.phrases().any(|phrase| said.says(&phrase))
    }
}

/// A row that holds everywhere.
pub(crate) const fn row(reason: Reason, says: &'static str) -> Row {
    on(Where::Always, reason, says)
}

/// A row that holds under a condition.
pub(crate) const fn on(holds: Where, reason: Reason, says: &'static str) -> Row {
    Row { holds, reason, proof: Proof::Words, about: "", says }
}

/// A row of pairs: what is spoken of, with the gap behind it, and what is said of that.
pub(crate) const fn of(reason: Reason, about: &'static str, says: &'static str) -> Row {
    Row { holds: Where::Always, reason, proof: Proof::Words, about, says }
}
