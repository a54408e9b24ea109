//! Who a cluster is: the one public key registered for it.

use super::Record;
use crate::store::Actor;
use jiff::Timestamp;
use policy::digest::Digest;
use policy::name::ClusterName;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The digest of a public key's SPKI DER.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(pub Digest);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.hex())
    }
}

/// When and by whom an identity was revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Revocation {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Actor,
}

/// A cluster's identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// Whose it is.
    pub cluster: ClusterName,
    /// The registered key. Another key of the same cluster, an older one too, is nobody's.
    pub key: KeyId,
    /// When it was registered.
    pub joined: Timestamp,
    /// Set once, never taken back: who is revoked must be invited anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Revocation>,
}

impl Identity {
    /// Whether `key` speaks for the cluster now.
    #[must_use]
    pub fn is_live(&self, key: KeyId) -> bool {
        self.revoked.is_none() && self.key == key
    }
}

impl Record for Identity {
    const NAME: &'static str = "identity";
    type Id = ClusterName;
}

/// Whose a key is: how `Renew` finds the identity. A key is registered once, for one cluster, for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyOwner {
    /// The cluster.
    pub cluster: ClusterName,
}

impl Record for KeyOwner {
    const NAME: &'static str = "key";
    type Id = KeyId;
}
