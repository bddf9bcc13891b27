//! What a caller names its request by, `Idempotency-Key`.

use portal_domain::port::RequestKey;

/// What a caller names its request by, `Idempotency-Key`: the lines are the values of the header, in which no line ends.
///
/// # Panics
///
/// Where what must hold does not.
pub fn request_key(bytes: &[u8]) {
    let values: Vec<_> = bytes.split(|byte| *byte == b'\n').collect();
    let read = RequestKey::given(values.iter().copied());
    let is_plain = |value: &[u8]| value.iter().all(|byte| *byte == b' ' || byte.is_ascii_graphic());
    let expected = match values.as_slice() {
        [only] if !only.is_empty() && only.len() < 256 && is_plain(only) => std::str::from_utf8(only).ok(),
        _ => None,
    };
    assert_eq!(read, expected);
    assert_eq!(RequestKey::given([]), None, "where there is none, there is none");
}
