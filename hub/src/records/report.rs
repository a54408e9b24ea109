//! The newest report of each cluster. An observation.

use super::Record;
use jiff::Timestamp;
use policy::name::ClusterName;
use policy::report::Report;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// A report, with the time of its arrival.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptReport {
    /// The report, as intake has read and checked it; none where another version of Writ kept one that this cannot read.
    #[serde(deserialize_with = "readable")]
    pub report: Option<Report>,
    /// When it arrived.
    pub at: Timestamp,
}

impl Record for KeptReport {
    const NAME: &'static str = "report";
    type Id = ClusterName;
}

/// One report that cannot be read hides neither itself nor the others: that it came is still known.
fn readable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Report>, D::Error> {
    let told = |error: &serde_json::Error| tracing::debug!(%error, "a report of another version cannot be read");
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).inspect_err(told).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_report_is_read_as_it_was_kept_and_one_of_another_version_is_none() {
        let report = crate::spokes::fixture::report(None);
        let kept = KeptReport { report: Some(report), at: Timestamp::UNIX_EPOCH };
        let mut stored = serde_json::to_value(&kept).unwrap();
        assert_eq!(serde_json::from_value::<KeptReport>(stored.clone()).unwrap(), kept);
        stored["report"]["conditions"] = json!([{"type": "Enlightened"}]);
        let read: KeptReport = serde_json::from_value(stored).unwrap();
        assert_eq!(read, KeptReport { report: None, ..kept });
    }
}
