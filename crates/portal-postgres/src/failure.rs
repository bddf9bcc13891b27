//! What an error of the database means to the caller.

use portal_domain::port::{Commit, StoreError};

/// Why a transaction did not end well.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Others were faster: nothing was written, decide again.
    Conflict,
    /// The store could not do its work.
    Store(StoreError),
}

impl Failure {
    /// The answer of a commit that failed so.
    pub(crate) fn answer(self) -> Result<Commit, StoreError> {
        match self {
            Self::Conflict => Ok(Commit::Conflict),
            Self::Store(error) => Err(error),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        match code(&error).as_deref() {
            // A key, reference, slug or receipt is there already; what a row refers to has just been deleted.
            Some("23505" | "23503")
            // No order could be found in which this commit and others might have come; a deadlock; a lock not given.
            | Some("40001" | "40P01" | "55P03") => Self::Conflict,
            _ => Self::Store(store_error(error)),
        }
    }
}

/// An error outside a commit, and in a commit one that is no conflict.
pub(crate) fn store_error(error: sqlx::Error) -> StoreError {
    use sqlx::Error;
    // A value that a column can't hold, or a check it breaks, is not mended by repeating. All the rest, such as a lost
    // connection, a cancelled statement, a full disk or a standby, may be.
    let unfit = code(&error)
        .is_some_and(|code| code.starts_with("22") || matches!(&*code, "23502" | "23503" | "23505" | "23514"));
    let text = error.to_string();
    if matches!(error, Error::PoolTimedOut) {
        metrics::counter!("portal_database_acquire_timeouts_total").increment(1);
    }
    match error {
        Error::ColumnDecode { .. } | Error::Decode(_) | Error::Encode(_) | Error::RowNotFound => {
            StoreError::Damaged(text)
        }
        Error::Database(_) if unfit => StoreError::Damaged(text),
        _ => StoreError::Unavailable(text),
    }
}

fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(std::borrow::Cow::into_owned)
}
