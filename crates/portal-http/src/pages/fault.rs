//! What is wrong with a form that was sent.

use portal_domain::password::{MAX_LENGTH, PasswordFault};

/// What is wrong with what was typed, and in which field; nothing yet, where the form was not sent.
#[derive(Default)]
pub(super) struct Fault(Option<(&'static str, Told)>);

/// How it is told: a text and the number that stands in it.
pub(crate) struct Told {
    pub(super) key: &'static str,
    pub(super) number: u64,
}

impl Fault {
    /// Of a new password, or of the one until now.
    pub(super) fn of(fault: &PasswordFault) -> Self {
        let (field, key, number) = match fault {
            PasswordFault::TooShort { least } => ("password", "fault-too-short", *least),
            PasswordFault::TooLong => ("password", "fault-too-long", MAX_LENGTH),
            PasswordFault::Common => ("password", "fault-common", 0),
            PasswordFault::Personal => ("password", "fault-personal", 0),
            PasswordFault::CurrentPassword => ("current", "fault-current", 0),
        };
        Self(Some((field, Told { key, number: number.try_into().unwrap_or(u64::MAX) })))
    }

    pub(super) fn not_the_same() -> Self {
        Self(Some(("repeated", Told { key: "fault-same", number: 0 })))
    }

    /// Field and text.
    pub(super) fn told(&self) -> Option<(&'static str, &Told)> {
        self.0.as_ref().map(|(field, told)| (*field, told))
    }

    /// What is wrong with a field.
    pub(super) fn at(&self, field: &str) -> Option<&Told> {
        self.told().filter(|(own, _)| *own == field).map(|(_, told)| told)
    }
}
