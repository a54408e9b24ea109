//! The only public keys that Writ certifies: P-256, uncompressed.

use policy::digest::Digest;
use std::fmt;

/// SPKI of id-ecPublicKey on prime256v1 with an uncompressed point, up to the point's coordinates (RFC 5480).
const PREFIX: [u8; 27] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];
const COORDINATES: usize = 64;

/// Bytes that are no such key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the public key must be P-256, uncompressed, as SPKI DER")]
pub struct NotAPublicKey;

/// A P-256 public key as SPKI DER. Its one encoding makes its digest a name for it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(Vec<u8>);

impl PublicKey {
    /// Takes SPKI DER in its one accepted form.
    ///
    /// # Errors
    /// [`NotAPublicKey`] for another algorithm, curve or encoding.
    pub fn from_der(der: &[u8]) -> Result<Self, NotAPublicKey> {
        match der.strip_prefix(&PREFIX) {
            Some(point) if point.len() == COORDINATES => Ok(Self(der.to_vec())),
            _ => Err(NotAPublicKey),
        }
    }

    /// SPKI DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0
    }

    /// The digest of the SPKI DER: what a registration stores.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }

    /// The uncompressed point.
    pub(crate) fn point(&self) -> &[u8] {
        self.0.get(PREFIX.len() - 1..).unwrap_or_default()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.digest())
    }
}
