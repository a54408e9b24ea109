//! `LocalConstraint`: what may be applied in this cluster, said by who operates it.

use super::Answer;
use kube::CustomResource;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// What may be applied here.
#[derive(CustomResource, Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "writ.dev",
    version = "v1alpha1",
    kind = "LocalConstraint",
    plural = "localconstraints",
    shortname = "lcon",
    category = "writ",
    status = "Answer",
    derive = "PartialEq",
    doc = "What may be applied in this cluster, as a Cedar policy over the action Writ::Action::\"apply\". Written by who \
           operates the cluster",
    printcolumn(name = "Title", type_ = "string", json_path = ".spec.title"),
    printcolumn(name = "Strength", type_ = "string", json_path = ".spec.strength"),
    printcolumn(
        name = "Accepted",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Accepted\")].status",
        description = "Whether the spoke understands it"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct LocalConstraintSpec {
    /// Cedar: `forbid` policies; principal is the rule, resource the object
    #[schemars(schema_with = "cedar")]
    pub policy: String,
    /// What it is for, in a few words
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub title: Option<String>,
    /// How strong it is; the catalog may overrule constraints by this, not by their names
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub strength: Option<String>,
}

fn cedar(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "minLength": 1, "maxLength": 65536})
}
