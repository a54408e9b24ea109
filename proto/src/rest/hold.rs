//! Holds: changes that wait for a person.

use jiff::Timestamp;
use policy::digest::Digest;
use policy::name::{ClusterName, DocumentName};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    /// Its name.
    pub metadata: Metadata,
    /// What is held, and why.
    pub spec: Spec,
}

/// The name of a hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// As `writ hold release` takes it.
    pub name: DocumentName,
    /// Since when it waits.
    pub creation_timestamp: Timestamp,
}

/// What is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Spec {
    /// Why.
    pub reason: Reason,
    /// Exactly what: releasing names it, so that nothing else is released by mistake.
    pub digest: Digest,
    /// The cluster, where only one is concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterName>,
    /// What would happen on release, for people.
    pub message: String,
    /// What is concerned, one line each; at most the first hundred.
    #[serde(default)]
    pub items: Vec<String>,
    /// How many there are in all.
    #[serde(default)]
    pub items_total: u64,
}

/// Why something waits for a person. Closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Reason {
    /// A spoke would remove more than T_prune.
    Removals,
    /// A new version of Writ renders the same rules differently.
    Rendering,
    /// The hub saw a head newer than its store: it was restored from a backup.
    RestoredHub,
    /// A commit was refused for its signers.
    Signers,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Releases a hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReleaseRequest {
    /// What the person has seen; another digest than the hold's is refused.
    pub digest: Digest,
    /// Why, for the audit log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
