//! `Cluster`: one cluster of the declared fleet.

use crate::facts::Capabilities;
use crate::mode::Mode;
use crate::name::RegionName;
use schemars::JsonSchema;
use serde::Deserialize;

/// As documents write it.
pub const KIND: &str = "Cluster";

/// What is declared of a cluster.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Spec {
    /// The region that it belongs to.
    pub region: RegionName,
    /// The most that may happen there; a cluster without mode is only observed.
    #[serde(default = "observed")]
    pub mode: Mode,
    /// What it can do, pinned for offline work; what its spoke reports wins.
    #[serde(default)]
    pub facts: Option<Capabilities>,
}

const fn observed() -> Mode {
    Mode::Audit
}
