//! What is published: a pointer to the map of the fleet, which is content.

use super::{Accepted, Only, Record};
use policy::bundle::head::Says;
use policy::digest::Digest;
use policy::facts::Declared;
use policy::name::ClusterName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The one record that a publish moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pointer {
    /// The digest of the [`Fleet`].
    pub fleet: Digest,
    /// The commits it was made from.
    pub accepted: Accepted,
    /// What the translators' versions were: another digest means another Writ made the renderings.
    pub translators: Digest,
}

impl Record for Pointer {
    const NAME: &'static str = "published";
    type Id = Only;
}

/// Everything that was last issued.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fleet {
    /// Clusters that get heads.
    pub clusters: BTreeMap<ClusterName, Issued>,
    /// The last sequence of clusters whose document is gone: it never falls, should they come back.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub retired: BTreeMap<ClusterName, u64>,
}

/// What one cluster was last issued: a head without its times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Issued {
    /// The cluster as the catalog declared it.
    pub cluster: Declared,
    /// The sequence.
    pub sequence: u64,
    /// The digest of the contents.
    pub contents: Digest,
    /// The digest of the contents before, which a spoke may still fetch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Digest>,
    /// The commit.
    pub revision: String,
    /// The commit that the region's own folder is at.
    pub region_revision: String,
    /// Digests of what the newest heads before said, by sequence: how a store that was restored is told.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub before: BTreeMap<u64, Digest>,
}

impl Issued {
    /// What its head says.
    #[must_use]
    pub fn says(&self) -> Says<'_> {
        let Self { cluster, contents, revision, region_revision, .. } = self;
        Says { cluster, contents: *contents, revision, region_revision }
    }
}
