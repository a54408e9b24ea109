//! `Parameters`: values for every cluster, a region's, or one cluster.

use crate::name::{ClusterName, RegionName};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// As documents write it.
pub const KIND: &str = "Parameters";

/// Values and the level that they hold at.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Spec {
    /// For this region's clusters only.
    #[serde(default)]
    pub region: Option<RegionName>,
    /// For this cluster only.
    #[serde(default)]
    pub cluster: Option<ClusterName>,
    /// The values, by parameter name.
    pub values: BTreeMap<String, Value>,
}
