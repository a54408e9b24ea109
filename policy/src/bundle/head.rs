//! The head: "cluster C, number N: these contents, fresh until T", signed.

use crate::digest::Digest;
use crate::facts::Declared;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The DSSE payload type of a head.
pub const PAYLOAD_TYPE: &str = "application/vnd.writ.head+json";

/// The payload of a head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// The cluster it is for, as the catalog declares it.
    pub cluster: Declared,
    /// Rises when contents, revision or anything in `cluster` changes.
    pub sequence: u64,
    /// The digest of the contents.
    pub contents: Digest,
    /// The commit.
    pub revision: String,
    /// The commit that the region's own folder is at.
    pub region_revision: String,
    /// When it was signed.
    pub issued_at: Timestamp,
    /// Until when an agent may call itself fresh.
    pub fresh_until: Timestamp,
    /// Where hubs answer.
    pub hubs: Vec<String>,
    /// The newest version of the trust document.
    pub trust: u64,
    /// The digest of the sorted rows whose removal a person released.
    pub prune: Option<Digest>,
}

/// What a head says, and may not say otherwise at the same sequence. Its other fields may differ from one issue to the
/// next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Says<'a> {
    /// The cluster, as the catalog declares it.
    pub cluster: &'a Declared,
    /// The digest of the contents.
    pub contents: Digest,
    /// The commit.
    pub revision: &'a str,
    /// The commit that the region's own folder is at.
    pub region_revision: &'a str,
}

impl Head {
    /// What it says.
    #[must_use]
    pub fn says(&self) -> Says<'_> {
        let Self { cluster, contents, revision, region_revision, .. } = self;
        Says { cluster, contents: *contents, revision, region_revision }
    }
}
