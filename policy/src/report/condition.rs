//! Conditions of a spoke, as Kubernetes writes conditions: in reports, in the status document, at the hub.

use crate::time::moment;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Which condition of a spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ConditionKind {
    /// A hub is heard.
    Connected,
    /// Trusted time is below the head's freshUntil.
    Fresh,
    /// Every unit is as wanted.
    Applied,
    /// Something of the agent itself does not work.
    Degraded,
    /// A brake is set.
    Braked,
    /// The wall clock jumped further than anything explains.
    ClockSuspect,
}

impl ConditionKind {
    /// As reports write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "Connected",
            Self::Fresh => "Fresh",
            Self::Applied => "Applied",
            Self::Degraded => "Degraded",
            Self::Braked => "Braked",
            Self::ClockSuspect => "ClockSuspect",
        }
    }
}

impl fmt::Display for ConditionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Truth {
    /// It does.
    True,
    /// It does not.
    False,
    /// Nobody can tell.
    Unknown,
}

impl Truth {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

impl fmt::Display for Truth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One condition of a spoke.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// Which
    #[serde(rename = "type")]
    #[schemars(with = "String")]
    pub kind: ConditionKind,
    /// Whether it holds
    pub status: Truth,
    /// Why, in a word
    pub reason: String,
    /// Why, for people
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Since when the status is what it is
    #[schemars(schema_with = "moment")]
    pub last_transition_time: Timestamp,
}
