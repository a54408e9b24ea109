//! What the hub knows of a cluster.

use crate::mode::Mode;
use crate::name::{ClusterName, RegionName};
use crate::object::ApiVersion;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Labels, as Kubernetes has them.
pub type Labels = BTreeMap<String, String>;

/// What the catalog declares of a cluster: travels in the head.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Declared {
    /// The cluster's name.
    pub name: ClusterName,
    /// Its region.
    pub region: RegionName,
    /// Its labels, which scopes select by.
    pub labels: Labels,
    /// The most that may happen there.
    pub mode: Mode,
}

/// What a cluster can do: pinned in the catalog, or reported by its spoke (reported wins).
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Capabilities {
    /// Kubernetes minor, such as `1.36`.
    pub kubernetes: String,
    /// Served APIs beside the core's `v1`, which every cluster has.
    #[serde(default)]
    pub apis: BTreeSet<ApiVersion>,
}

impl Capabilities {
    /// Whether `api` is served.
    #[must_use]
    pub fn serves(&self, api: &ApiVersion) -> bool {
        (api.group.is_empty() && api.version == "v1") || self.apis.contains(api)
    }
}

/// Declared and known, together: the input of compiling for one cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// From the catalog.
    #[serde(flatten)]
    pub declared: Declared,
    /// From the spoke, else pinned in the catalog.
    pub capabilities: Capabilities,
}
