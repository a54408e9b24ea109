//! Signed envelopes: DSSE v1 (github.com/secure-systems-lab/dsse) with Ed25519.

use super::key::{KeyId, PublicKey};
use super::trust::KeySet;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The most bytes that an envelope may have, as JSON. Checked before anything is decoded.
pub const MAX_ENVELOPE: usize = 256 * 1024;
/// The most signatures that an envelope may carry.
pub const MAX_SIGNATURES: usize = 32;

/// A DSSE envelope as JSON. What it carries is believed only through [`Envelope::verified`].
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

/// Why an envelope is not believed.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// More than [`MAX_ENVELOPE`] bytes, or more than [`MAX_SIGNATURES`] signatures.
    #[error("a signed envelope has at most {MAX_ENVELOPE} bytes and {MAX_SIGNATURES} signatures")]
    Oversized,
    /// Not JSON of the shape.
    #[error("not a DSSE envelope")]
    Malformed(#[source] serde_json::Error),
    /// The payload is not base64.
    #[error("the payload of the envelope is not base64")]
    Payload,
    /// It carries something else.
    #[error("the envelope carries `{found}` where `{expected}` belongs")]
    PayloadType {
        /// What it says.
        found: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// Fewer distinct keys signed than must.
    #[error("{signed} of the trusted keys signed where {threshold} must")]
    Threshold {
        /// How many distinct trusted keys did.
        signed: usize,
        /// How many must.
        threshold: u32,
    },
}

/// The bytes that are signed: DSSE's pre-authentication encoding.
#[must_use]
pub fn pre_authentication(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

impl Envelope {
    /// An envelope that nobody has signed yet.
    #[must_use]
    pub fn unsigned(payload_type: &str, payload: &[u8]) -> Self {
        Self { payload_type: payload_type.to_owned(), payload: STANDARD.encode(payload), signatures: Vec::new() }
    }

    /// The same with the 64 bytes that `key` made over [`pre_authentication`].
    #[must_use]
    pub fn with_signature(mut self, key: &PublicKey, signature: &[u8; 64]) -> Self {
        self.signatures.push(Signature { keyid: key.id().to_string(), sig: STANDARD.encode(signature) });
        self
    }

    /// Reads an envelope, its size first. Nothing in it is believed yet.
    ///
    /// # Errors
    /// [`EnvelopeError::Oversized`] or [`EnvelopeError::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        within_limit(bytes.len(), MAX_ENVELOPE)?;
        let envelope: Self = serde_json::from_slice(bytes).map_err(EnvelopeError::Malformed)?;
        within_limit(envelope.signatures.len(), MAX_SIGNATURES)?;
        Ok(envelope)
    }

    /// The payload's bytes, believed or not.
    ///
    /// # Errors
    /// [`EnvelopeError::Payload`] when it is not base64.
    pub fn payload(&self) -> Result<Vec<u8>, EnvelopeError> {
        STANDARD.decode(&self.payload).map_err(|_| EnvelopeError::Payload)
    }

    /// The payload's bytes, if it is of the type and enough distinct keys of `keys` signed it.
    ///
    /// # Errors
    /// [`EnvelopeError`] names what is missing.
    pub fn verified(&self, expected: &'static str, keys: &KeySet) -> Result<Vec<u8>, EnvelopeError> {
        within_limit(self.signatures.len(), MAX_SIGNATURES)?;
        is_of_type(&self.payload_type, expected)?;
        let payload = self.payload()?;
        let signers = self.signers(&pre_authentication(&self.payload_type, &payload), keys);
        signatures_meet_threshold(signers.len(), keys.threshold)?;
        Ok(payload)
    }

    /// The distinct keys of `keys` that signed `message`. Ids are computed from the keys, never taken from the envelope,
    /// so a key that is listed twice, or signs twice, counts once.
    fn signers(&self, message: &[u8], keys: &KeySet) -> BTreeSet<KeyId> {
        let keys: BTreeMap<String, &PublicKey> = keys.keys.iter().map(|key| (key.id().to_string(), key)).collect();
        let signed = |signature: &Signature| {
            let key = keys.get(&signature.keyid)?;
            let bytes = STANDARD.decode(&signature.sig).ok()?;
            key.verifies(message, &bytes).then(|| key.id())
        };
        self.signatures.iter().filter_map(signed).collect()
    }
}

impl Envelope {
    /// The JSON that travels and is stored.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::json!(self).to_string().into_bytes()
    }
}

fn within_limit(size: usize, limit: usize) -> Result<(), EnvelopeError> {
    if size > limit { Err(EnvelopeError::Oversized) } else { Ok(()) }
}

fn is_of_type(found: &str, expected: &'static str) -> Result<(), EnvelopeError> {
    if found == expected { Ok(()) } else { Err(EnvelopeError::PayloadType { found: found.to_owned(), expected }) }
}

fn signatures_meet_threshold(signed: usize, threshold: u32) -> Result<(), EnvelopeError> {
    let enough = threshold > 0 && u32::try_from(signed).is_ok_and(|signed| signed >= threshold);
    if enough { Ok(()) } else { Err(EnvelopeError::Threshold { signed, threshold }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::fixture::Keys;

    const TYPE: &str = "application/test";

    fn signed(keys: &Keys, by: &[u8]) -> Envelope {
        keys.sign(TYPE, b"orders", by)
    }

    #[test]
    fn inv02_one_key_counts_once_however_often_it_signs_or_is_listed() {
        let keys = Keys;
        let mut set = keys.set(2, &[1, 2]);
        let refused = |envelope: &Envelope, set: &KeySet| {
            matches!(envelope.verified(TYPE, set), Err(EnvelopeError::Threshold { signed: 1, threshold: 2 }))
        };
        assert_eq!(signed(&keys, &[1, 2]).verified(TYPE, &set).unwrap(), b"orders");
        assert!(refused(&signed(&keys, &[1, 1]), &set), "one signature given twice");
        assert!(refused(&signed(&keys, &[1, 3]), &set), "a stranger's signature");
        set = keys.set(2, &[1, 1]);
        assert!(refused(&signed(&keys, &[1, 1]), &set), "one key listed twice");
    }

    #[test]
    fn inv02_a_signature_under_another_keys_id_does_not_count() {
        let keys = Keys;
        let mut envelope = signed(&keys, &[1, 1]);
        envelope.signatures[1].keyid = keys.public(2).id().to_string();
        assert!(envelope.verified(TYPE, &keys.set(2, &[1, 2])).is_err());
    }

    #[test]
    fn inv02_a_threshold_of_none_is_met_by_nobody() {
        let keys = Keys;
        assert!(signed(&keys, &[]).verified(TYPE, &keys.set(0, &[1])).is_err());
    }

    #[test]
    fn inv02_refuses_other_types_and_sizes_before_decoding() {
        let keys = Keys;
        let envelope = signed(&keys, &[1]);
        let other = envelope.verified("application/other", &keys.set(1, &[1]));
        assert!(matches!(other, Err(EnvelopeError::PayloadType { .. })));
        assert!(matches!(Envelope::parse(&vec![b' '; MAX_ENVELOPE + 1]), Err(EnvelopeError::Oversized)));
        let many = vec![1; MAX_SIGNATURES + 1];
        assert!(matches!(Envelope::parse(&signed(&keys, &many).to_bytes()), Err(EnvelopeError::Oversized)));
        assert!(matches!(Envelope::parse(&envelope.to_bytes()[1..]), Err(EnvelopeError::Malformed(_))));
    }
}
