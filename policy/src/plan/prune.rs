//! The hold on large removals (T_prune of formats.md).

use super::inventory::Row;
use crate::bundle::entry::Own;
use crate::digest::Digest;
use crate::name::{Namespace, RuleName};
use crate::object::ObjectId;
use serde::{Deserialize, Serialize};

/// What identifies a row in a hold: the same in every round, whatever else changes in the row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldRow {
    /// The object.
    pub id: ObjectId,
    /// The rule that wanted it.
    pub rule: RuleName,
    /// The namespace of its unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Namespace>,
    /// Whole or fields.
    pub own: Own,
}

impl From<&Row> for HeldRow {
    fn from(row: &Row) -> Self {
        Self { id: row.id.clone(), rule: row.rule.clone(), unit: row.unit.clone(), own: row.own }
    }
}

/// Removals that wait for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Held {
    /// The digest of the canonical JSON of the sorted rows: what a release names.
    pub digest: Digest,
    /// How many rows.
    pub total: u64,
    /// The rows; in a report the first of them.
    pub rows: Vec<HeldRow>,
}
