//! Holds: changes that wait for a person.

use jiff::Timestamp;
use policy::digest::Digest;
use policy::name::ClusterName;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One hold. It has no name but its digest: releasing it lets exactly what the digest names happen, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    /// Exactly what is held.
    pub digest: Digest,
    /// Why.
    pub reason: Reason,
    /// The clusters that it is about; none: the whole fleet.
    #[serde(default)]
    pub clusters: Vec<ClusterName>,
    /// Since when it waits.
    pub since: Timestamp,
    /// What would happen on release, for people.
    pub message: String,
    /// What is concerned, one line each; the first of them.
    #[serde(default)]
    pub items: Vec<String>,
    /// How many there are in all.
    #[serde(default)]
    pub items_total: u64,
    /// Who let it happen, once somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<Released>,
}

/// Who let a held change happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Released {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Why something waits for a person. Closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Reason {
    /// A spoke would remove more than T_prune.
    Removals,
    /// A new version of Writ renders the same rules differently.
    Rendering,
    /// Somebody made commits without the authority for them.
    Changes,
    /// The hub saw a head newer than its store: it was restored from a backup.
    Restored,
}

impl Reason {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Removals => "Removals",
            Self::Rendering => "Rendering",
            Self::Changes => "Changes",
            Self::Restored => "Restored",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Releases a hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReleaseRequest {
    /// Why, for the audit log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_written_as_they_are_read() {
        for reason in [Reason::Removals, Reason::Rendering, Reason::Changes, Reason::Restored] {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
        }
    }
}
