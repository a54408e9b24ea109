//! The fleet on one screen.

use super::catalog::CatalogStatus;
use super::cluster::State;
use super::pin::Pin;
use policy::name::{ClusterName, DocumentName, TeamName};
use policy::outcome::{Finding, OutcomeCode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The fleet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The catalog's name, once one was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<DocumentName>,
    /// The hub's own version.
    pub version: String,
    /// The catalog as the hub last read it.
    pub catalog: CatalogStatus,
    /// How many clusters stand in each state.
    pub clusters: BTreeMap<State, u64>,
    /// How many clusters enforce exactly what is published.
    pub current: u64,
    /// How many units came to each outcome, in all clusters.
    pub units: BTreeMap<OutcomeCode, u64>,
    /// How many findings there are, in all clusters.
    pub findings: u64,
    /// What clusters would have otherwise: overrides that do not count, and vetoes. The first of them where there are many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proposals: Vec<Proposal>,
    /// How many more of them there are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_proposals: u64,
    /// The pin, while one holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<Pin>,
    /// How many changes wait for a person.
    pub holds: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What one cluster would have otherwise, for the owner of the rule to weigh: a value that it was refused, or objects that a
/// constraint there says no to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Proposal {
    /// Which cluster.
    pub cluster: ClusterName,
    /// Who answers for the rule; none: the catalog no longer has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<TeamName>,
    /// What its spoke told.
    pub finding: Finding,
}
