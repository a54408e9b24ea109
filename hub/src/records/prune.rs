//! A released removal: what the cluster's next head says.

use super::Record;
use policy::digest::Digest;
use policy::name::ClusterName;
use serde::{Deserialize, Serialize};

/// The rows whose removal a person released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PruneRelease {
    /// The digest of the sorted rows, as the spoke reported it.
    pub digest: Digest,
}

impl Record for PruneRelease {
    const NAME: &'static str = "prune";
    type Id = ClusterName;
}
