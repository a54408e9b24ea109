//! `Enforcement`: what is in force in this cluster.

use super::{any_object, count, counts};
use jiff::Timestamp;
use kube::CustomResource;
use policy::digest::Digest;
use policy::mode::Mode;
use policy::name::{ClusterName, RuleName};
use policy::outcome::{Finding, OutcomeCode};
use policy::report::{Condition, UnitReport};
use policy::time::moment;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// It says nothing but its status.
#[derive(CustomResource, Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "writ.dev",
    version = "v1alpha1",
    kind = "Enforcement",
    plural = "enforcements",
    shortname = "enf",
    category = "writ",
    no_spec,
    status = "EnforcementStatus",
    derive = "PartialEq",
    doc = "What Writ enforces in this cluster: the revision in force, how fresh it is, and what became of it. Written by \
           the spoke; there is one, named writ",
    validation = kube::core::Rule::new("self.metadata.name == 'writ'")
        .message("there is one Enforcement in a cluster, named writ"),
    printcolumn(name = "Mode", type_ = "string", json_path = ".status.mode",
        description = "How far rules may go in this cluster: audit, warn or enforce"),
    printcolumn(name = "Revision", type_ = "string", json_path = ".status.revision",
        description = "The commit of the catalog that is in force"),
    printcolumn(name = "Sequence", type_ = "integer", json_path = ".status.sequence",
        description = "Its number; it never goes down"),
    printcolumn(name = "Fresh", type_ = "string", json_path = ".status.conditions[?(@.type==\"Fresh\")].status",
        description = "Whether a hub has confirmed it lately"),
    printcolumn(name = "Applied", type_ = "string", json_path = ".status.applied",
        description = "How many units (one rule in one namespace, or in the cluster) are applied, of how many"),
    printcolumn(name = "Findings", type_ = "integer", json_path = ".status.findings",
        description = "How many units are as someone may want to act on"),
    printcolumn(name = "Braked", type_ = "string", json_path = ".status.conditions[?(@.type==\"Braked\")].status",
        description = "Whether a brake caps how far rules may go"),
    printcolumn(name = "Degraded", type_ = "string", priority = 1,
        json_path = ".status.conditions[?(@.type==\"Degraded\")].message",
        description = "What is wrong with the agent itself"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
pub struct EnforcementFields {}

/// What is in force, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnforcementStatus {
    /// Which cluster of the fleet this is
    pub cluster: ClusterName,
    /// The most that rules may do here
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// The commit of the catalog in force
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Its number for this cluster; it never goes down
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "count")]
    pub sequence: Option<u64>,
    /// Until when it counts as fresh without another word of a hub
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "moment")]
    pub fresh_until: Option<Timestamp>,
    /// How many units are applied, of how many
    pub applied: String,
    /// How many units are as someone may want to act on
    #[schemars(schema_with = "count")]
    pub findings: u64,
    /// How many units came to each outcome
    #[serde(default)]
    #[schemars(schema_with = "counts")]
    pub counts: BTreeMap<OutcomeCode, u64>,
    /// Connected, Fresh, Applied, Degraded, Braked, ClockSuspect
    #[serde(default)]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// The first units that are not applied, and why
    #[serde(default)]
    pub units: Vec<UnitReport>,
    /// The first findings that are no unit's: overrides that do not count, constraints that are faulty
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Finding>,
    /// The brakes that are set, those that have ended too
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub brakes: Vec<BrakeStatus>,
    /// Removals that wait for a person
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<HeldRemovals>,
    /// The newest head ever seen, signed: nothing below it is taken up, whatever happens to the agent's disk
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "any_object")]
    pub watermark: Option<Value>,
}

/// A brake that is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BrakeStatus {
    /// The one rule that is braked; none: every rule
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleName>,
    /// When it ends by trusted time: no later than a day after it was first seen
    #[schemars(schema_with = "moment")]
    pub until: Timestamp,
    /// When it was asked for, by the clock of who asked, where it holds for a span from when it was first seen
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "moment")]
    pub asked: Option<Timestamp>,
    /// Whether its end is reached: it stands there, and holds no longer
    #[serde(default, skip_serializing_if = "is_false")]
    pub over: bool,
    /// Why
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Since when it is seen
    #[schemars(schema_with = "moment")]
    pub since: Timestamp,
}

/// Removals that wait for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeldRemovals {
    /// What `writ hold release` takes
    #[schemars(with = "String")]
    pub digest: Digest,
    /// How many objects
    #[schemars(schema_with = "count")]
    pub total: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}
