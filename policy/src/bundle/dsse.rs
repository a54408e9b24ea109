//! Signed envelopes: DSSE v1 (github.com/secure-systems-lab/dsse) with Ed25519.

use serde::{Deserialize, Serialize};

/// A DSSE envelope as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// What the payload is.
    pub payload_type: String,
    /// Base64 (standard, padded) of the payload.
    pub payload: String,
    /// One per key.
    pub signatures: Vec<Signature>,
}

/// One signature of an envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Key id: SHA-256 hex of the key's SPKI DER.
    pub keyid: String,
    /// Base64 of the 64 bytes.
    pub sig: String,
}

/// The bytes that are signed: DSSE's pre-authentication encoding.
#[must_use]
pub fn pre_authentication(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}
