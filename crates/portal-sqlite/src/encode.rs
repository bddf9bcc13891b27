//! Rows on their way into a statement: one JSON array per kind, ids and digests as hexadecimal text.

use std::fmt;

use portal_domain::{id::Id, time::Timestamp};
use serde::{Serialize, Serializer};
use uuid::Uuid;

/// The rows of one kind, as a statement takes them.
#[derive(Debug)]
pub(crate) struct Rows {
    /// A JSON array.
    pub(crate) json: String,
    /// How many there are.
    pub(crate) count: usize,
}

impl Rows {
    pub(crate) fn of<T: Serialize>(rows: &[T]) -> Self {
        let json = if rows.is_empty() { "[]".to_owned() } else { json(&rows) };
        Self { json, count: rows.len() }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// A value of ours as JSON; all of them are text, numbers, and lists and maps of them.
pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("text and numbers can be written as JSON")
}

/// A list of ids as a JSON array.
pub(crate) fn ids<'a, K: 'a>(ids: impl IntoIterator<Item = &'a Id<K>>) -> String {
    let ids: Vec<_> = ids.into_iter().map(|id| hex(*id)).collect();
    json(&ids)
}

/// A list of texts as a JSON array.
pub(crate) fn texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let texts: Vec<_> = texts.into_iter().collect();
    json(&texts)
}

/// Sixteen bytes as 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hex(Uuid);

pub(crate) const fn hex<K>(id: Id<K>) -> Hex {
    Hex(id.to_uuid())
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.simple())
    }
}

/// Any number of bytes as hexadecimal digits.
pub(crate) struct HexBytes<const N: usize>(pub(crate) [u8; N]);

impl<const N: usize> fmt::Display for HexBytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl<const N: usize> Serialize for HexBytes<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A time that may be missing.
pub(crate) fn micros(time: Option<Timestamp>) -> Option<i64> {
    time.map(Timestamp::as_micros)
}
