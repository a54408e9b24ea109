//! The custom resources of group `writ.dev`: what a spoke tells in its own cluster, and what people there may say.
//!
//! The two that tell have a status only; the three that ask have a spec too. What a schema can check (a name, an order
//! of times, one of two fields) it checks, so that a mistake is told by `kubectl apply`.

#![expect(clippy::duplicated_attributes, reason = "two printer columns of one type are no repetition")]

mod enforcement;
mod exception_request;
mod local_constraint;
mod overrides;
mod rule_status;

pub use enforcement::{BrakeStatus, Enforcement, EnforcementFields, EnforcementStatus, HeldRemovals};
pub use exception_request::{
    Category, ExceptionRequest, ExceptionRequestSpec, ExceptionRequestStatus, ObjectReference, Phase,
};
pub use local_constraint::{LocalConstraint, LocalConstraintSpec};
pub use overrides::{Override, OverrideSpec};
pub use rule_status::{RuleStatus, RuleStatusFields, RuleStatusStatus, name_of};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt as _;
use policy::report::Truth;
use policy::time::moment;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// The API group.
pub const GROUP: &str = "writ.dev";
/// The version.
pub const VERSION: &str = "v1alpha1";
/// The name of the one Enforcement.
pub const ENFORCEMENT: &str = "writ";

/// The definitions of all of them.
#[must_use]
pub fn definitions() -> Vec<CustomResourceDefinition> {
    vec![Enforcement::crd(), RuleStatus::crd(), LocalConstraint::crd(), Override::crd(), ExceptionRequest::crd()]
}

/// What became of a request: conditions, as Kubernetes writes them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// Whether it is accepted, and why not
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Told>,
}

/// One condition of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// Which
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it holds
    pub status: Truth,
    /// Why, in a word
    pub reason: String,
    /// Why, for people
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Since when the status is what it is
    #[schemars(schema_with = "moment")]
    pub last_transition_time: jiff::Timestamp,
}

/// How many of something.
fn count(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "integer", "format": "int64", "minimum": 0})
}

/// How many of each.
fn counts(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object", "additionalProperties": {"type": "integer", "format": "int64", "minimum": 0}})
}

/// Anything: judged by whoever reads it.
fn anything(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"x-kubernetes-preserve-unknown-fields": true})
}

/// An object that is judged by whoever reads it.
fn any_object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object", "x-kubernetes-preserve-unknown-fields": true})
}

/// A text with something in it, and not too much.
fn text(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "minLength": 1, "maxLength": 1024})
}

#[cfg(test)]
mod tests;
