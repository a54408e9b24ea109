//! Slots: the places where an override's value lands, found by probing, so that a spoke fills them without knowing
//! the kind.

pub mod bounds;
mod fill;
#[cfg(test)]
mod law;
pub mod probe;

pub use fill::{Refused, fill};

use crate::document::path::FieldPath;
pub use bounds::Bounds;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where the value of one overridable field lands in the rendered objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Slot {
    /// The field's path, as the intent writes it.
    pub field: FieldPath,
    /// Who may fill it.
    pub by: By,
    /// What values it takes, beside those of its form.
    #[serde(default, skip_serializing_if = "Bounds::is_empty")]
    pub bounds: Bounds,
    /// What sort of value the field takes.
    pub form: Form,
    /// The value that the objects hold now.
    pub default: Value,
    /// Everywhere that the value lands.
    pub places: Vec<Place>,
}

/// One place where a value lands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// Which of the entry's templates, from 0.
    pub template: usize,
    /// JSON pointer in its manifest: of the value, or of the list that its items go into.
    pub pointer: String,
    /// How items of a list value are written there; none: the value stands there as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Items>,
}

/// Items of a list value among other items of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Items {
    /// How many items stand before them.
    pub before: usize,
    /// How many other overridable lists, which hold nothing either, have their items between those and these.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub behind: usize,
    /// What is written for each item, such as `{"ipBlock": {"cidr": null}}`.
    pub wrapper: Value,
    /// JSON pointer in the wrapper at which the item stands.
    pub hole: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
const fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// What sort of value a field takes, as its translator lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Form {
    /// Any text.
    Text,
    /// A Kubernetes quantity, as text.
    Quantity,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A list of texts.
    Texts,
    /// A list of anything.
    List,
    /// A map.
    Map,
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
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Overridable {
    /// The field's path, as people write it: `spec.quota[requests.cpu]`.
    pub field: FieldPath,
    /// Who may fill it.
    pub by: By,
    /// What values it takes.
    #[serde(default, skip_serializing_if = "Bounds::is_empty")]
    pub bounds: Bounds,
}
