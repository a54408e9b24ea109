//! The audit entry that is written together with each change.

use super::Revision;
use jiff::Timestamp;
use policy::name::ClusterName;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// Who made a change: taken from a certificate, never from a payload.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Actor {
    /// A person, by the name in the certificate.
    Person(String),
    /// A cluster's spoke.
    Cluster(ClusterName),
    /// The hub itself, carrying out what the catalog says.
    Hub,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(name) => write!(f, "person {name}"),
            Self::Cluster(name) => write!(f, "cluster {name}"),
            Self::Hub => f.write_str("hub"),
        }
    }
}

/// What was done: closed, one per kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// The hub was initialised.
    Init,
    /// Heads were published.
    Publish,
    /// A revision was accepted though it is not published yet (pinned or held).
    Accept,
    /// A cluster was invited.
    Invite,
    /// A spoke joined.
    Join,
    /// A cluster's identity was revoked.
    Revoke,
    /// All change of rules was stopped.
    Pin,
    /// It was let go again.
    Unpin,
    /// Something began to wait for a person.
    Hold,
    /// A person let it pass.
    Release,
    /// What waited is no longer wanted.
    Lapse,
    /// Records that have had their time were dropped.
    Tidy,
    /// A person asked for what they may not; nothing was done.
    Refuse,
}

/// Who did what, when, to what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// When, by the hub's clock.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// What.
    pub action: Action,
    /// To what: a cluster, a revision, a hold's digest.
    pub subject: String,
    /// Anything more, for people. Never a secret.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub detail: Value,
}

/// An entry with the change that it belongs to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Audited {
    /// The change.
    pub revision: Revision,
    /// Its entry.
    #[serde(flatten)]
    pub entry: AuditEntry,
}
