//! What a document says.

use crate::quantity::Quantity;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Amounts by resource, such as `requests.cpu` or `memory`.
pub(super) type Amounts = BTreeMap<String, Quantity>;

/// Bounds of each selected namespace.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Spec {
    /// What a namespace may use in all, by the resources that a ResourceQuota counts.
    #[serde(default)]
    pub(super) quota: Option<Amounts>,
    /// What one container gets and may ask for.
    #[serde(default)]
    pub(super) containers: Option<Containers>,
}

/// What one container gets and may ask for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Containers {
    /// Requests of containers that say none.
    #[serde(default)]
    pub(super) default_request: Option<Amounts>,
    /// Limits of containers that say none.
    #[serde(default)]
    pub(super) default: Option<Amounts>,
    /// The greatest limits.
    #[serde(default)]
    pub(super) max: Option<Amounts>,
}
