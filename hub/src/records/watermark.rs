//! The highest sequence that a cluster has shown of a life before this store's. An observation: new sequences continue
//! above it.

use super::Record;
use policy::name::ClusterName;
use serde::{Deserialize, Serialize};

/// The sequence of a verified head that the store does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Watermark {
    /// The sequence.
    pub sequence: u64,
}

impl Record for Watermark {
    const NAME: &'static str = "watermark";
    type Id = ClusterName;
}
