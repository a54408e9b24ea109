//! The newest report of each cluster. An observation.

use super::Record;
use jiff::Timestamp;
use policy::name::ClusterName;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A report, with the time of its arrival.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptReport {
    /// The report as it came, checked by intake.
    pub report: Value,
    /// When it arrived.
    pub at: Timestamp,
}

impl Record for KeptReport {
    const NAME: &'static str = "report";
    type Id = ClusterName;
}
