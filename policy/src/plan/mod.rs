//! Planning: which writes, in which order, and how to undo them. Pure.

pub mod inventory;

use crate::bundle::entry::Own;
use crate::digest::Digest;
use crate::name::RuleName;
use crate::object::{Object, ObjectId};
use inventory::{Row, Uid, Version};

/// One write. All of them may be repeated without harm.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Write the row that speaks of the write to come.
    Claim(Row),
    /// Write the object (or the fields of it that are ours), as `rule`.
    Apply {
        /// The object.
        object: Object,
        /// Whole or fields.
        own: Own,
        /// The rule that wants it.
        rule: RuleName,
        /// The version it must still have; none: it must not exist.
        expects: Option<Version>,
    },
    /// Give up the fields that are ours, and the row.
    Release(ObjectId),
    /// Delete, if it is still this very object at this very version.
    Delete {
        /// What.
        id: ObjectId,
        /// Its identity.
        uid: Uid,
        /// Its version.
        version: Version,
    },
    /// Remember in the row that the object is no longer wanted since then.
    Leave {
        /// What.
        id: ObjectId,
        /// Since when.
        since: jiff::Timestamp,
    },
}

/// All writes of one unit: all of them or none.
#[derive(Debug, Clone, PartialEq)]
pub struct Transaction {
    /// In order.
    pub steps: Vec<Step>,
    /// What restores the state before, in order.
    pub undo: Vec<Step>,
    /// The digest of what the unit becomes.
    pub becomes: Digest,
}
