//! Slots: the places where an override's value lands, found by probing.

use serde::{Deserialize, Serialize};

/// Where the value of one overridable field lands in the rendered objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Slot {
    /// The field's path, as the intent writes it.
    pub field: String,
}

/// Who may fill a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum By {
    /// The region, in the catalog.
    Region,
    /// The cluster's operator.
    Cluster,
}

/// A field that an intent declares overridable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Overridable {
    /// The field's path, as people write it: `spec.quota[requests.cpu]`.
    pub field: String,
    /// Who may fill it.
    pub by: By,
}
