//! Columns into the domain's types. What doesn't fit is damage, named by its column and never by its content.

use portal_domain::{
    email::{EmailAddress, LoginKey},
    id::{Id, Ref},
    port::StoreError,
    time::Timestamp,
};
use serde::de::DeserializeOwned;

pub(crate) fn damaged(column: &str) -> StoreError {
    StoreError::Damaged(format!("`{column}` does not hold what it should"))
}

pub(crate) fn id<K>(bytes: &[u8], column: &str) -> Result<Id<K>, StoreError> {
    bytes.try_into().map(Id::from_bytes).map_err(|_| damaged(column))
}

pub(crate) fn maybe_id<K>(bytes: Option<&[u8]>, column: &str) -> Result<Option<Id<K>>, StoreError> {
    bytes.map(|bytes| id(bytes, column)).transpose()
}

pub(crate) fn digest(bytes: &[u8], column: &str) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| damaged(column))
}

pub(super) fn email(address: &str, removed: Option<String>, column: &str) -> Result<EmailAddress, StoreError> {
    EmailAddress::from_stored(address, removed).map_err(|_| damaged(column))
}

pub(crate) fn key(text: &str, column: &str) -> Result<LoginKey, StoreError> {
    LoginKey::parse(text).map_err(|_| damaged(column))
}

pub(crate) fn reference(text: &str, column: &str) -> Result<Ref, StoreError> {
    Ref::parse(text).ok_or_else(|| damaged(column))
}

pub(crate) fn json<T: DeserializeOwned>(text: &str, column: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| damaged(column))
}

pub(crate) fn maybe_time(micros: Option<i64>) -> Option<Timestamp> {
    micros.map(Timestamp::from_micros)
}
