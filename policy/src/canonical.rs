//! Canonical JSON (RFC 8785): the one byte form of everything that is hashed or signed.

use crate::digest::Digest;
use serde::Serialize;

/// A value that has no canonical form: a map with keys that are not strings, or a number that JSON cannot hold.
#[derive(Debug, thiserror::Error)]
#[error("this value has no canonical JSON form")]
pub struct NotCanonical(#[source] serde_json::Error);

/// The canonical bytes of `value`.
///
/// # Errors
/// [`NotCanonical`] when `value` does not serialize to JSON.
pub fn to_vec<T: Serialize>(value: &T) -> Result<Vec<u8>, NotCanonical> {
    serde_json_canonicalizer::to_vec(value).map_err(NotCanonical)
}

/// The digest of the canonical bytes of `value`.
///
/// # Errors
/// [`NotCanonical`] when `value` does not serialize to JSON.
pub fn digest<T: Serialize>(value: &T) -> Result<Digest, NotCanonical> {
    to_vec(value).map(|bytes| Digest::of(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_keys_and_drops_blanks() {
        let value = serde_json::json!({"b": 1.0, "a": {"d": "é", "c": []}});
        assert_eq!(to_vec(&value).unwrap(), r#"{"a":{"c":[],"d":"é"},"b":1}"#.as_bytes());
    }
}
