//! `Override`: a local value for a field that a rule declares overridable.

use super::{Answer, anything, text};
use kube::CustomResource;
use policy::name::RuleName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A local value.
#[derive(CustomResource, Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "writ.dev",
    version = "v1alpha1",
    kind = "Override",
    plural = "overrides",
    category = "writ",
    status = "Answer",
    derive = "PartialEq",
    doc = "A value of this cluster's own for a field that a rule declares overridable, within the bounds that the rule \
           gives. Written by who operates the cluster",
    printcolumn(name = "Rule", type_ = "string", json_path = ".spec.rule"),
    printcolumn(name = "Field", type_ = "string", json_path = ".spec.field"),
    printcolumn(
        name = "Accepted",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Accepted\")].status",
        description = "Whether its value counts"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct OverrideSpec {
    /// The rule: Kind/name
    pub rule: RuleName,
    /// The field of the rule, as it declares it overridable: spec.quota[requests.cpu]
    #[schemars(schema_with = "text")]
    pub field: String,
    /// The value
    #[schemars(schema_with = "anything")]
    pub value: Value,
    /// Why this cluster needs it
    #[schemars(schema_with = "text")]
    pub reason: String,
}
