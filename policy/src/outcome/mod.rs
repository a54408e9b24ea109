//! What became of a unit: closed, exactly one each round.

mod note;

pub use note::{Note, NoteCode, NoteReason};

use crate::name::{Namespace, RuleName};
use crate::object::ObjectId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// One rule in one namespace, or in the cluster: all of its objects or none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnitId {
    /// The rule.
    pub rule: RuleName,
    /// The namespace; none: the cluster as one unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Namespace>,
}

impl fmt::Display for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} in {namespace}", self.rule),
            None => write!(f, "{}", self.rule),
        }
    }
}

/// The closed list of formats.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum OutcomeCode {
    /// All of its objects stand as wanted.
    Applied,
    /// Refused by the target; what stood before stands again.
    RolledBack,
    /// The agent may not write that kind.
    NotPermitted,
    /// An object of that name exists and is not ours.
    NameTaken,
    /// A field belongs to another manager.
    Conflicted,
    /// Somebody else keeps changing it back.
    Contested,
    /// The target could not be written at all.
    Failed,
    /// Would be written, were the mode enforce.
    WouldApply,
    /// Stands already, and is kept without repair.
    Kept,
    /// Cannot be rendered for this cluster.
    Unsupported,
    /// A constraint says no.
    Vetoed,
    /// An exception waives it.
    Excepted,
    /// Its namespace no longer matches; goes after T_linger.
    Lingering,
    /// Waits for a person.
    Held,
    /// Being deleted.
    Removing,
    /// Deleted.
    Removed,
}

impl OutcomeCode {
    /// As reports write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "Applied",
            Self::RolledBack => "RolledBack",
            Self::NotPermitted => "NotPermitted",
            Self::NameTaken => "NameTaken",
            Self::Conflicted => "Conflicted",
            Self::Contested => "Contested",
            Self::Failed => "Failed",
            Self::WouldApply => "WouldApply",
            Self::Kept => "Kept",
            Self::Unsupported => "Unsupported",
            Self::Vetoed => "Vetoed",
            Self::Excepted => "Excepted",
            Self::Lingering => "Lingering",
            Self::Held => "Held",
            Self::Removing => "Removing",
            Self::Removed => "Removed",
        }
    }
}

/// The reason of an outcome Applied while it is told that somebody else had changed an object.
pub const REPAIRED: &str = "Repaired";

impl fmt::Display for OutcomeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl OutcomeCode {
    /// Whether someone may act on it: everything but what stands as wanted, is kept, or goes away as it should.
    #[must_use]
    pub const fn is_finding(self) -> bool {
        !matches!(self, Self::Applied | Self::Kept | Self::Removing | Self::Removed)
    }
}

/// The code of a finding: what became of a unit, or what else there is to act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FindingCode {
    /// Of a unit.
    Unit(OutcomeCode),
    /// Of something else.
    Note(NoteCode),
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unit(code) => code.fmt(f),
            Self::Note(code) => code.fmt(f),
        }
    }
}

/// How many of the counted units are findings. A cluster says of itself how many it has, so the sum stops at the top
/// instead of overflowing.
#[must_use]
pub fn findings(counts: &BTreeMap<OutcomeCode, u64>) -> u64 {
    let found = counts.iter().filter(|(code, _)| code.is_finding());
    found.fold(0, |sum, (_, count)| sum.saturating_add(*count))
}

/// What became of one unit in one round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// What.
    #[schemars(with = "String")]
    pub code: OutcomeCode,
    /// Why, in a word.
    pub reason: String,
    /// Why, for people; empty when there is nothing to add.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The one object that it is about, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<Box<ObjectId>>,
    /// Who caused it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

impl Outcome {
    /// An outcome with nothing to add.
    #[must_use]
    pub fn new(code: OutcomeCode, reason: &str) -> Self {
        Self { code, reason: reason.to_owned(), message: String::new(), object: None, by: None }
    }

    /// The same with a message for people.
    #[must_use]
    pub fn saying(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// The same, of one object.
    #[must_use]
    pub fn about(mut self, object: &ObjectId) -> Self {
        self.object = Some(Box::new(object.clone()));
        self
    }

    /// The same, caused by somebody who may be known.
    #[must_use]
    pub fn caused_by(mut self, who: Option<String>) -> Self {
        self.by = who;
        self
    }

    /// Whether someone may act on it: what its code says, and what somebody else had changed.
    #[must_use]
    pub fn is_finding(&self) -> bool {
        self.code.is_finding() || (self.code == OutcomeCode::Applied && self.reason == REPAIRED)
    }

    /// Whether a report names the unit: all but those that are applied, of which there is nothing to tell.
    #[must_use]
    pub const fn is_told(&self) -> bool {
        !matches!(self.code, OutcomeCode::Applied) || !self.message.is_empty()
    }
}

/// An outcome or condition on which someone may act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What.
    #[schemars(with = "String")]
    pub outcome: FindingCode,
    /// Why, in a word.
    pub reason: String,
    /// The rule, or the constraint that it is about.
    pub rule: RuleName,
    /// The namespace of the unit; none: the cluster as one unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Namespace>,
    /// The object, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectId>,
    /// For people.
    pub message: String,
    /// Since when it holds.
    #[schemars(schema_with = "crate::time::moment")]
    pub since: Timestamp,
    /// Who caused it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}
