//! The highest sequence that a cluster has shown. An observation: new sequences continue above it.

use super::Record;
use policy::name::ClusterName;
use serde::{Deserialize, Serialize};

/// A verified head's sequence that was above ours.
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
