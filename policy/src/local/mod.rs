//! What the operators of one cluster say: values for slots, constraints, and the brake. Targets read the documents; what they
//! mean is said here, once for all targets.

mod annotations;
mod brake;
mod document;

pub use annotations::ANNOTATIONS;
pub use brake::{Brake, Brakes, Change};
pub use document::{BYTES, DOCUMENTS, Faulty, bytes, id};

use crate::constraint;
use crate::document::path::FieldPath;
use crate::mode::Mode;
use crate::name::{DocumentName, RuleName};
use crate::object::ObjectId;
use crate::outcome::Note;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The kind of an override, as documents write it.
pub const OVERRIDE: &str = "Override";

/// The `spec` of an Override: of a region in the catalog, or of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OverrideSpec {
    /// The rule, as `Kind/name`.
    pub rule: RuleName,
    /// The field, as the rule's `overridable` writes it.
    pub field: FieldPath,
    /// The value.
    pub value: Value,
    /// Why it differs here.
    pub reason: String,
}

/// An override of this cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalOverride {
    /// Its name.
    pub name: DocumentName,
    /// The document, as an object of the cluster.
    pub id: ObjectId,
    /// What it says.
    pub spec: OverrideSpec,
}

/// All that they say. Empty to begin with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Local {
    /// By their names.
    pub overrides: BTreeMap<DocumentName, LocalOverride>,
    /// By `LocalConstraint/name`.
    pub constraints: BTreeMap<RuleName, constraint::Spec>,
    /// How far rules may go for a while.
    pub brakes: Brakes,
    /// Documents that say nothing, and why.
    pub faulty: Vec<Note>,
    /// How many documents were taken in, those that say nothing too.
    pub documents: usize,
    /// The kinds of what they say of which not all is known: the agent may not read them, and never could; or they are too
    /// much, and what is left out may forbid.
    pub unread: BTreeSet<&'static str>,
}

impl Local {
    /// The most that any rule may do while nobody knows what they say: nothing is written over a veto or a brake unheard.
    #[must_use]
    pub fn unheard(&self) -> Option<Mode> {
        (!self.unread.is_empty()).then_some(Mode::Warn)
    }

    /// The most that `rule` may do now, where a brake caps it or nobody knows.
    #[must_use]
    pub fn cap(&self, rule: &RuleName, now: Timestamp) -> Option<Mode> {
        self.unheard().into_iter().chain(self.brakes.cap(rule, now)).min()
    }

    /// Whether it says the same of rules and objects: a brake only says how far rules may go.
    #[must_use]
    pub fn says_as(&self, other: &Self) -> bool {
        self.overrides == other.overrides && self.constraints == other.constraints && self.faulty == other.faulty
    }
}
