//! What a driver's error means.

use portal_domain::port::StoreError;

/// Why a piece of work came to nothing.
#[derive(Debug)]
pub(crate) enum Fault {
    /// It doesn't fit to what is there.
    Conflict,
    /// Somebody else writes to the file, and did not stop in time.
    Busy,
    /// The database failed, or holds what it should not.
    Store(StoreError),
}

impl Fault {
    /// The fault of somebody who only reads, or whose work can't conflict.
    pub(crate) fn into_store(self) -> StoreError {
        match self {
            Self::Conflict => StoreError::Unavailable("the row can't be written beside those that are there".into()),
            Self::Busy => StoreError::Unavailable("another program is writing to the file".into()),
            Self::Store(error) => error,
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) => {
                let code = database.code().and_then(|code| code.parse().ok()).unwrap_or_default();
                of_code(code, database.message())
            }
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_) => {
                Self::Store(StoreError::Damaged(error.to_string()))
            }
            _ => Self::Store(StoreError::Unavailable(error.to_string())),
        }
    }
}

/// By SQLite's extended result code; the lowest byte is the kind of result.
fn of_code(code: u32, message: &str) -> Fault {
    const BUSY: u32 = 5;
    const LOCKED: u32 = 6;
    const CORRUPT: u32 = 11;
    const CONSTRAINT: u32 = 19;
    const NOT_A_DATABASE: u32 = 26;
    const FOREIGN_KEY: u32 = 787;
    const PRIMARY_KEY: u32 = 1555;
    const UNIQUE: u32 = 2067;
    match (code & 0xff, code) {
        (BUSY | LOCKED, _) => Fault::Busy,
        (CONSTRAINT, FOREIGN_KEY | PRIMARY_KEY | UNIQUE) => Fault::Conflict,
        (CONSTRAINT | CORRUPT | NOT_A_DATABASE, _) => Fault::Store(StoreError::Damaged(message.to_owned())),
        _ => Fault::Store(StoreError::Unavailable(message.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, of_code};

    #[test]
    fn codes_are_read_by_kind() {
        assert!(matches!(of_code(517, ""), Fault::Busy));
        assert!(matches!(of_code(5, ""), Fault::Busy));
        assert!(matches!(of_code(2067, ""), Fault::Conflict));
        assert!(matches!(of_code(787, ""), Fault::Conflict));
        assert!(matches!(of_code(275, ""), Fault::Store(portal_domain::port::StoreError::Damaged(_))));
        assert!(matches!(of_code(13, ""), Fault::Store(portal_domain::port::StoreError::Unavailable(_))));
    }
}
