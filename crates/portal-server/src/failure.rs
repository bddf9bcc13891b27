//! Why the program ends, in one line and one number.

use std::process::ExitCode;

use portal::domain::{Refusal, port::StoreError};

/// What the exit code says; `--help` prints the same table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The command, or a row of an import, was refused by the rules; or a journal is not valid, or one of several
    /// mails can't be read.
    Refused = 1,
    /// A setting, an argument or a file can't be used; nothing was done.
    Usage = 2,
    /// The database, an address to listen on or another thing outside is not available. Repeating may help.
    Unavailable = 3,
    /// A fault of the program or damaged data.
    Fault = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command was not done.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) exit: Exit,
    /// One line that says what is wrong, and what to do next.
    pub(crate) text: String,
}

impl Failure {
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, text: text.into() }
    }

    pub(crate) fn refused(text: impl Into<String>) -> Self {
        Self { exit: Exit::Refused, text: text.into() }
    }

    pub(crate) fn unavailable(text: impl Into<String>) -> Self {
        Self { exit: Exit::Unavailable, text: text.into() }
    }

    pub(crate) fn fault(text: impl Into<String>) -> Self {
        Self { exit: Exit::Fault, text: text.into() }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::unavailable(format!("{error}: check `database_url`, then try again")),
            StoreError::Damaged(_) => Self::fault(error.to_string()),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::refused(format!("{refusal} ({})", refusal.code()))
    }
}

impl From<portal::Error> for Failure {
    fn from(error: portal::Error) -> Self {
        match error {
            portal::Error::Refused(refusal) => refusal.into(),
            portal::Error::Store(error) => error.into(),
            portal::Error::Overloaded => Self::unavailable(error.to_string()),
            portal::Error::HashFailed => Self::fault(error.to_string()),
        }
    }
}
