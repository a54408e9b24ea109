//! The trust document: every key of the system, versioned, signed m of n by root keys.

use serde::{Deserialize, Serialize};

/// The DSSE payload type of a trust document.
pub const PAYLOAD_TYPE: &str = "application/vnd.writ.trust+json";

/// A set of keys and how many of them must sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeySet {
    /// How many distinct keys must sign.
    pub threshold: u32,
    /// Ed25519 public keys, base64 of the SPKI DER.
    pub keys: Vec<String>,
}

/// The payload of a trust document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trust {
    /// Rises by one.
    pub version: u64,
    /// The trust domain of SPIFFE URIs.
    pub trust_domain: String,
    /// Who signs this document (and the next one).
    pub root: KeySet,
    /// Who signs heads.
    pub bundles: KeySet,
    /// Who signs checkpoints of the audit log.
    pub audit: KeySet,
    /// CA certificates for transport, base64 of the DER.
    pub authorities: Vec<String>,
}
