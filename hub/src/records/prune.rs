//! A released removal: what the cluster's heads of one sequence say.

use super::Record;
use policy::digest::Digest;
use policy::name::ClusterName;
use serde::{Deserialize, Serialize};

/// The rows whose removal a person released. It holds for one sequence: the same removal, wanted again later, waits for
/// a person again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PruneRelease {
    /// The digest of the sorted rows, as the spoke reported it.
    pub digest: Digest,
    /// The sequence that wants them removed.
    pub sequence: u64,
}

impl Record for PruneRelease {
    const NAME: &'static str = "prune";
    type Id = ClusterName;
}
