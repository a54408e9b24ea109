//! The last accepted revision.

use super::{Only, Record};
use policy::name::RegionName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which commits the catalog is read from.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    /// The commit.
    pub revision: String,
    /// Regions whose own folder stays at an earlier commit, because that of `revision` has faults. An empty commit:
    /// the region has no accepted documents yet.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub regions: BTreeMap<RegionName, String>,
    /// Whether its catalog has signatures verified: then what comes next is judged by it, and by nobody once it cannot
    /// be read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub signed: bool,
}

impl Accepted {
    /// The whole catalog at one commit.
    #[must_use]
    pub fn at(revision: &str) -> Self {
        Self { revision: revision.to_owned(), ..Self::default() }
    }

    /// The commit that a region's own folder is at.
    #[must_use]
    pub fn region_revision(&self, region: &RegionName) -> &str {
        self.regions.get(region).unwrap_or(&self.revision)
    }
}

impl Record for Accepted {
    const NAME: &'static str = "accepted";
    type Id = Only;
}
