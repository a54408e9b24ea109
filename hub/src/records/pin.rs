//! The pin: all change of rules stopped by a person.

use super::{Accepted, Only, Record};
use crate::store::Actor;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// While it stands, the catalog is read from these commits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pin {
    /// The commits.
    pub accepted: Accepted,
    /// By whom.
    pub by: Actor,
    /// Since when.
    pub at: Timestamp,
    /// Why, where they said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Record for Pin {
    const NAME: &'static str = "pin";
    type Id = Only;
}
