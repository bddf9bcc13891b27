//! A letter: what text and HTML are both made of.

use crate::{plain::Line, tongue::Tongue};

/// The words of one mail, harmless and in order.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    /// What it is written in.
    pub(crate) tongue: Tongue,
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
    /// Below all of it.
    pub(crate) footer: Footer,
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
    pub(crate) label: String,
    /// The sentence before the address, ending in a colon.
    pub(crate) lead: String,
    /// The address.
    pub(crate) url: String,
    /// What to do where the button does not work.
    pub(crate) button_fails: String,
    /// The sentence after it.
    pub(crate) after: Option<String>,
}

/// Who writes, whom to ask, and where the portal is.
#[derive(Clone, Debug)]
pub(crate) struct Footer {
    /// The practice's name.
    pub(crate) practice: Line,
    /// Whom to ask.
    pub(crate) questions: String,
    /// The sentence before the address, ending in a colon.
    pub(crate) way: String,
    /// The address of the sign-in page; may be empty.
    pub(crate) sign_in_url: String,
}
