//! Why a rule or an object is as it is in one cluster, as far as its hub knows: from what is published for it, and from its
//! last report.

mod asked;

pub use asked::{Asked, NotAsked};

use jiff::Timestamp;
use policy::bundle::entry::{Owner, Risk};
use policy::mode::Mode;
use policy::name::{ClusterName, RuleName};
use policy::outcome::Finding;
use policy::report::UnitReport;
use serde::{Deserialize, Serialize};

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// Which cluster.
    pub cluster: ClusterName,
    /// What was asked about: `Kind/name`.
    pub of: String,
    /// The revision that is published for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// The revision that its spoke enforced when it reported last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforced: Option<String>,
    /// When that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported: Option<Timestamp>,
    /// The rules that touch it.
    pub items: Vec<Explained>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Explained {
    /// Its name.
    pub rule: RuleName,
    /// The least of its own mode, its rule sets' and the cluster's.
    pub mode: Mode,
    /// Who answers for it.
    pub owner: Owner,
    /// Why it exists.
    pub rationale: String,
    /// What is at stake.
    pub risk: Risk,
    /// Its units that the report names: those that are not applied, or were repaired lately.
    pub units: Vec<UnitReport>,
    /// What else was found of it, such as overrides that do not count.
    pub findings: Vec<Finding>,
}
