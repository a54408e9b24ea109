//! Contents: the list of one cluster's entries. No time and no cluster in it, so equal clusters share one.

use crate::digest::Digest;
use crate::name::RuleName;
use serde::{Deserialize, Serialize};

/// The version of the format.
pub const FORMAT: u32 = 1;

/// One line of contents. Sorted by name; each name once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// `Kind/name`.
    pub name: RuleName,
    /// The entry's digest.
    pub digest: Digest,
    /// The entry's length in bytes.
    pub size: u64,
}

/// What one cluster gets, by hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Contents {
    /// [`FORMAT`].
    pub format: u32,
    /// Sorted by name.
    pub entries: Vec<Line>,
}
