//! The trust document: every key of the system, versioned, signed m of n by root keys.

use super::dsse::EnvelopeError;
use super::key::PublicKey;
use crate::digest::Digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The DSSE payload type of a trust document.
pub const PAYLOAD_TYPE: &str = "application/vnd.writ.trust+json";

/// A set of keys and how many of them must sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeySet {
    /// How many distinct keys must sign.
    pub threshold: u32,
    /// Ed25519 public keys, written as base64 of the SPKI DER.
    pub keys: Vec<PublicKey>,
}

/// A CA certificate: DER, written as base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority(pub Vec<u8>);

impl Serialize for Authority {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Authority {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        STANDARD.decode(String::deserialize(deserializer)?).map(Self).map_err(serde::de::Error::custom)
    }
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
    /// CA certificates for transport.
    pub authorities: Vec<Authority>,
}

/// Why a chain of trust documents is not believed.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// Too many versions at once.
    #[error("a chain of trust documents has at most {MAX_VERSIONS} versions")]
    TooLong,
    /// None of the documents is the pinned one.
    #[error("none of the trust documents is the pinned one ({0}); ask for a new join string")]
    NotPinned(Digest),
    /// Not signed as it must be.
    #[error("trust document {0} of those given is not signed as it must be")]
    Envelope(usize, #[source] EnvelopeError),
    /// Signed, but not a trust document.
    #[error("trust document {0} of those given cannot be read")]
    Malformed(usize, #[source] serde_json::Error),
    /// A version was left out, or another document took its number.
    #[error("trust document version {found} came where {expected} belongs")]
    Version {
        /// What it says.
        found: u64,
        /// One above its predecessor.
        expected: u64,
    },
    /// What was stored is no chain.
    #[error("the stored chain of trust documents cannot be read")]
    Stored(#[source] serde_json::Error),
}

/// The most versions in one chain.
pub const MAX_VERSIONS: usize = 1024;
