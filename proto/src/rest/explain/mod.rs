//! Why a rule or an object is as it is in one cluster: one answer for the spoke, which says it of now, and for its hub,
//! which says it as of the spoke's last report.

mod asked;
mod text;

pub use asked::{Asked, NotAsked};

use jiff::Timestamp;
use policy::bundle::entry::{Envelope, Owner, Risk};
use policy::mode::Mode;
use policy::name::{ClusterName, Namespace, RuleName};
use policy::object::ObjectId;
use policy::outcome::{Finding, Outcome, UnitId};
use policy::report::{Decision, Transition};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// Which cluster.
    pub cluster: ClusterName,
    /// What was asked about: `Kind/name`.
    pub of: String,
    /// Only in this namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Namespace>,
    /// The revision that the hub publishes for it; a spoke cannot tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// The revision in force there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforced: Option<String>,
    /// As of when: of a spoke now, of a hub the arrival of the last report. None: there is no report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Timestamp>,
    /// The rules that touch it, by name.
    pub items: Vec<Explained>,
    /// How many more units there are: of a spoke, those beyond what one answer holds; of a hub, those of any rule of which
    /// there was something to tell, and which the report had no room for.
    pub more: u64,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Explained {
    /// Its name.
    pub rule: RuleName,
    /// What it says of itself; none: it is no rule of this cluster any longer, and something of it is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stated: Option<Stated>,
    /// The values of the cluster's operators for it; a hub learns only of those that do not count, as findings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Given>,
    /// What else was found of it, such as overrides that do not count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Its units: of a spoke, those that touch what was asked about; of a hub, those that the report names, which are all
    /// but the ones that are applied and were not repaired lately.
    pub units: Vec<ExplainedUnit>,
}

/// What a rule says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stated {
    /// The most it comes to: the least of its own mode, its rule sets' and the cluster's. A brake, or a rule set of one
    /// namespace, lowers what is in force for its units.
    pub mode: Mode,
    /// Who answers for it.
    pub owner: Owner,
    /// Why it exists.
    pub rationale: String,
    /// What is at stake.
    pub risk: Risk,
}

impl Stated {
    /// By a rule of a cluster with this mode.
    #[must_use]
    pub fn of(envelope: &Envelope, cluster: Mode) -> Self {
        let Envelope { mode, owner, rationale, risk, .. } = envelope.clone();
        Self { mode: mode.min(cluster), owner, rationale, risk }
    }
}

/// A value that an operator gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Given {
    /// The override's name.
    pub name: String,
    /// The field.
    pub field: String,
    /// The value.
    pub value: Value,
    /// Whether it counts; if not, a finding says why.
    pub counts: bool,
}

/// One unit of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplainedUnit {
    /// Which.
    pub unit: UnitId,
    /// What became of it.
    pub outcome: Outcome,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// What decided; nothing does without a bundle, and a report of many units may lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<Decision>,
    /// The constraints that say no to it and are overruled, in words, which a hub does not learn of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overruled: Vec<String>,
    /// Its objects, which a hub does not learn of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<Touched>,
    /// Its last transitions, the oldest first.
    pub transitions: Vec<Transition>,
}

/// An object of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Touched {
    /// Which.
    pub object: ObjectId,
    /// Whether it is to be.
    pub wanted: bool,
    /// Of its row: Claimed, Owned, Disowned or Removed; none: it was never written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Since when the row is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}
