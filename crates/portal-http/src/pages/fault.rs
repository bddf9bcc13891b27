//! What is wrong with a form that was sent.

use super::sentence;

/// What is wrong with what was typed, and in which field; nothing yet, where the form was not sent.
#[derive(Default)]
pub(super) struct Fault(Option<(&'static str, String)>);

impl Fault {
    /// A refusal's text, as people write sentences.
    pub(super) fn of(field: &'static str, text: &str) -> Self {
        Self(Some((field, sentence(text))))
    }

    pub(super) fn not_the_same() -> Self {
        Self::of("repeated", "the two passwords are not the same: type it twice")
    }

    /// Field and text.
    pub(super) fn told(&self) -> Option<(&'static str, &str)> {
        self.0.as_ref().map(|(field, text)| (*field, text.as_str()))
    }

    /// What is wrong with a field.
    pub(super) fn at(&self, field: &str) -> Option<&str> {
        self.told().filter(|(own, _)| *own == field).map(|(_, text)| text)
    }
}
