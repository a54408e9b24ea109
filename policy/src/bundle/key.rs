//! Ed25519 public keys as they travel: SPKI DER (RFC 8410), named by the SHA-256 of that DER.

use crate::digest::Digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The DER that precedes the 32 bytes of every Ed25519 key: SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING }.
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The length of an Ed25519 key as SPKI DER.
pub const SPKI_LENGTH: usize = 44;

/// Bytes that are no usable Ed25519 public key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not SPKI DER of an Ed25519 key.
    #[error("not an Ed25519 public key in SPKI DER ({SPKI_LENGTH} bytes)")]
    Form,
    /// A point of small order, or one written in another than its one canonical form.
    #[error("a weak Ed25519 public key; make a new one")]
    Weak,
    /// Not base64.
    #[error("a key is written as base64 (standard, padded) of its SPKI DER")]
    Base64,
}

/// A key's id: the SHA-256 of its SPKI DER, 64 hex digits as text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(Digest);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.hex())
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An Ed25519 public key. Equal keys have equal bytes: weak and non-canonical points are refused.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads the 32 raw bytes.
    ///
    /// # Errors
    /// [`KeyError::Form`] for what is no point, [`KeyError::Weak`] for what no signature may rest on.
    pub fn from_raw(raw: &[u8; 32]) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(raw).map_err(|_| KeyError::Form)?;
        let canonical = key.to_edwards().compress().to_bytes() == *raw;
        if key.is_weak() || !canonical { Err(KeyError::Weak) } else { Ok(Self(key)) }
    }

    /// Reads SPKI DER.
    ///
    /// # Errors
    /// As [`PublicKey::from_raw`]; [`KeyError::Form`] also for keys of other algorithms.
    pub fn from_spki(der: &[u8]) -> Result<Self, KeyError> {
        let raw = der.strip_prefix(&SPKI_PREFIX).ok_or(KeyError::Form)?;
        Self::from_raw(raw.try_into().map_err(|_| KeyError::Form)?)
    }

    /// The SPKI DER.
    #[must_use]
    pub fn spki(&self) -> Vec<u8> {
        [SPKI_PREFIX.as_slice(), self.0.as_bytes()].concat()
    }

    /// The key's id.
    #[must_use]
    pub fn id(&self) -> KeyId {
        KeyId(Digest::of(&self.spki()))
    }

    /// Whether `signature` (64 bytes) over `message` is this key's, by the strict rules (no malleable signature).
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|signature| self.0.verify_strict(message, &signature).is_ok())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id())
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(self.spki()))
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let der = STANDARD.decode(text).map_err(|_| serde::de::Error::custom(KeyError::Base64))?;
        Self::from_spki(&der).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_is_named_by_its_hash() {
        let key = PublicKey(ed25519_dalek::SigningKey::from_bytes(&[7; 32]).verifying_key());
        assert_eq!(PublicKey::from_spki(&key.spki()), Ok(key));
        assert_eq!(key.id().to_string(), Digest::of(&key.spki()).hex());
        let text = serde_json::to_string(&key).unwrap();
        assert_eq!(serde_json::from_str::<PublicKey>(&text).unwrap(), key);
    }

    #[test]
    fn refuses_weak_and_foreign_keys() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(PublicKey::from_raw(&identity), Err(KeyError::Weak));
        assert_eq!(PublicKey::from_spki(&[0x30; SPKI_LENGTH]), Err(KeyError::Form));
        assert_eq!(PublicKey::from_spki(&[]), Err(KeyError::Form));
    }
}
