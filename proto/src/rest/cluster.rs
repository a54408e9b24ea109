//! Clusters, as the hub sees them.

use jiff::Timestamp;
use policy::facts::{Capabilities, Labels};
use policy::mode::Mode;
use policy::name::{ClusterName, RegionName};
use policy::outcome::{Finding, NoteCode, OutcomeCode, findings};
use policy::report::Condition;
use policy::time::Span;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// One cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cluster {
    /// Its name and labels.
    pub metadata: Metadata,
    /// What the catalog declares; none once it declares the cluster no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec: Option<Spec>,
    /// What the hub knows.
    pub status: Status,
}

/// Name and labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// Its name.
    pub name: ClusterName,
    /// Its labels.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
}

/// What the catalog declares of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Spec {
    /// Its region.
    pub region: RegionName,
    /// The most that may happen there.
    pub mode: Mode,
}

/// Where a cluster stands with the hub. Closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum State {
    /// In the catalog; nobody has been invited.
    Declared,
    /// A join string is waiting to be used.
    Invited,
    /// Its spoke follows.
    Connected,
    /// It has joined, and its spoke does not follow at this moment. What it enforces, it goes on enforcing.
    Disconnected,
    /// Its identity was revoked.
    Revoked,
    /// It has joined, and the catalog no longer declares it: it gets no more heads.
    Undeclared,
}

impl State {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Declared => "Declared",
            Self::Invited => "Invited",
            Self::Connected => "Connected",
            Self::Disconnected => "Disconnected",
            Self::Revoked => "Revoked",
            Self::Undeclared => "Undeclared",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What the hub knows of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Where it stands with the hub.
    pub state: State,
    /// Why it stands there and what to do, where that is for a person to know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The sequence and revision that the hub wants there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Position>,
    /// The sequence and revision that its spoke reports to be in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforced: Option<Position>,
    /// What it can do, as reported, else as pinned in the catalog.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Capabilities>,
    /// When its spoke reported last, or now while it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Timestamp>,
    /// Until when its spoke may call itself fresh, while it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fresh_until: Option<Timestamp>,
    /// How many units came to each outcome, in the spoke's newest report.
    #[serde(default)]
    pub units: BTreeMap<OutcomeCode, u64>,
    /// How many notes there are of each code: findings that are no unit's outcome.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub notes: BTreeMap<NoteCode, u64>,
    /// The newest report's findings; the first of them where there are very many.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// Connected, Fresh, Applied, Degraded, Braked, ClockSuspect.
    #[serde(default)]
    pub conditions: Vec<Condition>,
}

impl Status {
    /// How many findings there are, named or not.
    #[must_use]
    pub fn total_findings(&self) -> u64 {
        self.notes.values().fold(findings(&self.units), |sum, count| sum.saturating_add(*count))
    }
}

/// A place in one cluster's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    /// The head's number.
    pub sequence: u64,
    /// The commit.
    pub revision: String,
}

/// Asks for a join string.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InviteRequest {
    /// How long the join string may be used; one hour where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<Span>,
    /// Whether a cluster that has joined already may be joined anew: its present identity ends when the new one joins.
    #[serde(default)]
    pub replace: bool,
}

/// A join string. Shown once: the hub keeps a hash of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    /// Whom it lets in.
    pub cluster: ClusterName,
    /// What `writ-spoke join` takes.
    pub join: String,
    /// When it can no longer be used.
    pub expires_at: Timestamp,
}

impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Invitation {{ cluster: {}, join: [redacted], expires_at: {} }}", self.cluster, self.expires_at)
    }
}

/// Ends a cluster's identity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RevokeRequest {
    /// Why, for the audit log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_join_string_is_not_printed_by_debug() {
        let expires_at = Timestamp::UNIX_EPOCH;
        let invitation = Invitation { cluster: "eu-1".parse().unwrap(), join: "writ1.canary".into(), expires_at };
        assert!(!format!("{invitation:?}").contains("canary"));
    }

    #[test]
    fn states_are_written_as_they_are_read() {
        let joined = [State::Connected, State::Disconnected, State::Revoked, State::Undeclared];
        for state in [State::Declared, State::Invited].into_iter().chain(joined) {
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
    }
}
