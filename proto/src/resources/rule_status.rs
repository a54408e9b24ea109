//! `RuleStatus`: what became of one rule in this cluster.

use super::counts;
use kube::CustomResource;
use policy::bundle::entry::{Owner, Risk};
use policy::mode::Mode;
use policy::name::RuleName;
use policy::outcome::OutcomeCode;
use policy::report::UnitReport;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// It says nothing but its status.
#[derive(CustomResource, Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "writ.dev",
    version = "v1alpha1",
    kind = "RuleStatus",
    plural = "rulestatuses",
    shortname = "rstat",
    category = "writ",
    no_spec,
    status = "RuleStatusStatus",
    derive = "PartialEq",
    doc = "What became of one rule in this cluster: how far it goes, in how many units it is applied, why not in the \
           others, and who answers for it. Written by the spoke",
    printcolumn(
        name = "Mode",
        type_ = "string",
        json_path = ".status.mode",
        description = "How far the rule goes here: audit, warn or enforce"
    ),
    printcolumn(
        name = "Applied",
        type_ = "string",
        json_path = ".status.applied",
        description = "In how many units (namespaces, or the cluster) it is applied, of how many"
    ),
    printcolumn(
        name = "Why-Not",
        type_ = "string",
        json_path = ".status.whyNot",
        description = "What became of the others"
    ),
    printcolumn(
        name = "Owner",
        type_ = "string",
        json_path = ".status.owner.team",
        description = "The team that answers for the rule"
    ),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = ".status.message",
        priority = 1,
        description = "The first of the others, in full"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
pub struct RuleStatusFields {}

/// What became of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RuleStatusStatus {
    /// The rule, as the catalog names it: Kind/name
    pub rule: RuleName,
    /// The least of its own mode, its rule sets', the cluster's and a brake's; none once no bundle holds the rule any more
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// In how many units it is applied, of how many
    pub applied: String,
    /// What became of the units that are not applied: how many came to which outcome
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why_not: String,
    /// The first of them, in full
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Who answers for the rule
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// Why the rule exists
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rationale: Option<String>,
    /// What is at stake
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<Risk>,
    /// How many units came to each outcome
    #[serde(default)]
    #[schemars(schema_with = "counts")]
    pub counts: BTreeMap<OutcomeCode, u64>,
    /// The first units that are not applied
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<UnitReport>,
}

/// The name of a rule's status: names of Kubernetes objects are in lower case and have no slash.
#[must_use]
pub fn name_of(rule: &RuleName) -> String {
    format!("{}.{}", rule.kind().to_ascii_lowercase(), rule.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_named_after_its_rule() {
        assert_eq!(name_of(&"ResourceGuard/team-quota".parse().unwrap()), "resourceguard.team-quota");
    }
}
