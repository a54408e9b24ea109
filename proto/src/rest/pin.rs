//! The pin: no change of rules while it holds. Exceptions and revocations pass it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Asks for a pin.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PinRequest {
    /// The commit to stay at; where absent, the one that is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Why, for the audit log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A pin that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pin {
    /// The commit that the fleet stays at.
    pub revision: String,
    /// Who pinned it.
    pub by: String,
    /// Why, where they said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Since when.
    pub since: Timestamp,
}

/// Whether there is a pin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pinned {
    /// The pin, while one holds.
    pub pin: Option<Pin>,
    /// The pin that held before, where this answers a change of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<Pin>,
}
