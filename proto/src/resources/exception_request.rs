//! `ExceptionRequest`: a team asks that one rule be waived for a while.

use super::text;
use jiff::Timestamp;
use kube::CustomResource;
use policy::name::{ClusterName, Namespace, RuleName};
use policy::time::moment;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is asked for.
#[derive(CustomResource, Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "writ.dev",
    version = "v1alpha1",
    kind = "ExceptionRequest",
    plural = "exceptionrequests",
    shortname = "exreq",
    category = "writ",
    namespaced,
    status = "ExceptionRequestStatus",
    derive = "PartialEq",
    doc = "A request that one rule be waived for a while. It is forwarded to the hub, and its answer is mirrored into the \
           status",
    validation = kube::core::Rule::new("!has(self.spec.from) || self.spec.from < self.spec.until")
        .message("an exception begins before it ends: spec.from is not before spec.until"),
    validation = kube::core::Rule::new("!(has(self.spec.workloads) && has(self.spec.objects))")
        .message("name spec.workloads or spec.objects, not both"),
    printcolumn(name = "Rule", type_ = "string", json_path = ".spec.rule"),
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "Until", type_ = "string", json_path = ".spec.until"),
    printcolumn(name = "Why", type_ = "string", json_path = ".status.why", priority = 1),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct ExceptionRequestSpec {
    /// The rule: Kind/name
    pub rule: RuleName,
    /// In which clusters; without it, in this one
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    pub clusters: Option<Vec<ClusterName>>,
    /// In which namespaces; without it, in the request's own
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    pub namespaces: Option<Vec<Namespace>>,
    /// For which workloads: these objects, and what their controllers make
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    pub workloads: Option<Vec<ObjectReference>>,
    /// For which objects
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    pub objects: Option<Vec<ObjectReference>>,
    /// Who asks; the hub knows it better where it can
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub requested_by: Option<String>,
    /// Waiver: nothing stands in for the rule; Mitigated: something else does
    pub category: Category,
    /// Why
    #[schemars(schema_with = "text")]
    pub reason: String,
    /// Where it is discussed
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub ticket: Option<String>,
    /// From when on; without it, as soon as it is granted
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "moment")]
    pub from: Option<Timestamp>,
    /// Until when
    #[schemars(schema_with = "moment")]
    pub until: Timestamp,
}

/// What stands in for the rule meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Category {
    /// Nothing.
    Waiver,
    /// Something else.
    Mitigated,
}

/// One object by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectReference {
    /// Its API
    #[schemars(length(min = 1, max = 253))]
    pub api_version: String,
    /// Its kind
    #[schemars(length(min = 1, max = 63))]
    pub kind: String,
    /// Its name
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}

/// What became of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExceptionRequestStatus {
    /// Where it stands
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// The person or the policy that decided
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// Why
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Phase {
    /// Nobody has decided.
    Pending,
    /// Granted, and not begun.
    Approved,
    /// In force.
    Active,
    /// Refused.
    Denied,
    /// Over.
    Expired,
    /// Taken back by who asked.
    Withdrawn,
    /// Taken back by who may.
    Revoked,
}
