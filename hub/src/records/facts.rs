//! What a spoke said of its cluster. An observation.

use super::Record;
use jiff::Timestamp;
use policy::facts::Capabilities;
use policy::name::ClusterName;
use serde::{Deserialize, Serialize};

/// Reported facts; they win over pinned ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportedFacts {
    /// Versions and APIs.
    pub capabilities: Capabilities,
    /// The cluster's own uid, made once.
    pub uid: String,
    /// When they were first reported so.
    pub at: Timestamp,
}

impl Record for ReportedFacts {
    const NAME: &'static str = "facts";
    type Id = ClusterName;
}
