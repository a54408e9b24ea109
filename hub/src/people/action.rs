//! What people can ask for: one Cedar action each.

use std::fmt;

/// A Cedar action of the people API. Closed; the schema of authority/ lists the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Have the catalog read and published now.
    Publish,
    /// Let a cluster in.
    Invite,
    /// End a cluster's identity.
    Revoke,
    /// Stop all change of rules, or let rules change again.
    Pin,
    /// Let a held change happen.
    Release,
    /// Read the fleet on one screen.
    ReadStatus,
    /// Read all clusters.
    ReadClusters,
    /// Read one cluster.
    ReadCluster,
    /// Read the pin.
    ReadPin,
    /// Read all holds.
    ReadHolds,
    /// Read one hold.
    ReadHold,
}

impl Action {
    /// Its id in Cedar: `Writ::Action::"…"`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Invite => "invite",
            Self::Revoke => "revoke",
            Self::Pin => "pin",
            Self::Release => "release",
            Self::ReadStatus => "readStatus",
            Self::ReadClusters => "readClusters",
            Self::ReadCluster => "readCluster",
            Self::ReadPin => "readPin",
            Self::ReadHolds => "readHolds",
            Self::ReadHold => "readHold",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
