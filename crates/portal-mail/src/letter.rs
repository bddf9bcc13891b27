//! A letter: what text and HTML are both made of.

use crate::plain::Line;

/// The words of one mail, harmless and in order.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    /// One line.
    pub(crate) subject: Line,
    /// "Hello Ada Smith,".
    pub(crate) greeting: String,
    /// Why this mail came and what it is about.
    pub(crate) opening: Vec<String>,
    /// The practice's own words.
    pub(crate) note: Option<Note>,
    /// What to do, if there is a page to do it on.
    pub(crate) action: Option<Action>,
    /// What else is good to know; at last, what to do if the mail was not expected.
    pub(crate) closing: Vec<String>,
}

/// A note of the practice.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    /// "A note from …:"
    pub(crate) heading: String,
    /// At least one.
    pub(crate) lines: Vec<Line>,
}

/// A page to open.
#[derive(Clone, Debug)]
pub(crate) struct Action {
    /// Words on the button.
    pub(crate) label: &'static str,
    /// The sentence before the address, ending in a colon.
    pub(crate) lead: String,
    /// The address.
    pub(crate) url: String,
    /// The sentence after it.
    pub(crate) after: Option<String>,
}
