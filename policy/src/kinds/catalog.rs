//! `Catalog`: the one document in `writ.yaml`.

use crate::name::{RegionName, TeamName};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// As documents write it.
pub const KIND: &str = "Catalog";

/// What `writ.yaml` says of the whole catalog.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Spec {
    /// The regions that there are.
    pub regions: Vec<RegionName>,
    /// The teams, by name.
    #[serde(default)]
    pub teams: BTreeMap<TeamName, Team>,
    /// Who owns what lies below a path.
    #[serde(default)]
    pub domains: Vec<Domain>,
    /// Fields that stay local: intents do not touch them.
    #[serde(default)]
    pub local_domains: BTreeSet<String>,
    /// Which commits must be signed.
    #[serde(default)]
    pub verify: Verify,
}

/// One team.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Team {
    /// The people in it.
    #[serde(default)]
    pub members: Vec<String>,
    /// How to reach it.
    #[serde(default)]
    pub contact: Option<String>,
}

/// Who owns what lies below a path.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Domain {
    /// A folder of the catalog, such as `intents/payments`.
    pub path: String,
    /// The team that answers for it.
    pub owner: TeamName,
}

/// Which commits must be signed before they are taken up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Verify {
    /// None.
    #[default]
    None,
    /// The newest.
    Head,
    /// The tag that is followed.
    Tag,
    /// Every one.
    Every,
}
