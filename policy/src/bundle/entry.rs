//! An entry: one rule for one cluster, named by the hash of its canonical JSON.

use crate::compile::slot::Slot;
use crate::facts::Labels;
use crate::mode::Mode;
use crate::name::{Namespace, RegionName, RuleName, TeamName};
use crate::selector::{NamespaceSelector, Term};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What governs a rule, as the spoke needs it: mode and scope are the effective ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// Who answers for the rule.
    pub owner: Owner,
    /// The region in whose folder it stands: it only adds to what holds for everybody. None: the rule is everybody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<RegionName>,
    /// Why it exists.
    pub rationale: String,
    /// What an auditor maps it to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub controls: Vec<String>,
    /// What is at stake.
    pub risk: Risk,
    /// The rule's mode under its rule sets (their greatest, never above the rule's own); the cluster's comes with the
    /// head. In one namespace it may be less: read it through [`Envelope::mode_in`].
    pub mode: Mode,
    /// The namespaces it governs; none: the cluster as one unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<NamespaceSelector>,
    /// How rule sets that select different namespaces assign it; empty: alike in all namespaces that it governs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assignments: Vec<Assignment>,
}

/// How one rule set assigns a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Assignment {
    /// Where; none: in all namespaces that the rule governs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<Term>,
    /// At most this far.
    pub mode: Mode,
}

impl Envelope {
    /// The mode in the namespace `name` with these labels; none where the rule does not govern it.
    #[must_use]
    pub fn mode_in(&self, name: &Namespace, labels: &Labels) -> Option<Mode> {
        if !self.namespaces.as_ref().is_some_and(|selector| selector.matches(name, labels)) {
            return None;
        }
        let here = |assignment: &&Assignment| {
            assignment.namespaces.as_ref().is_none_or(|term| term.matches(name.as_str(), labels))
        };
        if self.assignments.is_empty() {
            return Some(self.mode);
        }
        self.assignments.iter().filter(here).map(|assignment| assignment.mode).max()
    }
}

/// Who answers for a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// The team.
    pub team: TeamName,
    /// How to reach it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// Who is next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation: Option<String>,
}

/// What is at stake: gates exceptions, overrides and approvals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Risk {
    /// Little.
    Low,
    /// Some.
    Medium,
    /// Much.
    High,
    /// Everything.
    Critical,
}

impl Risk {
    /// As catalogs write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// Whether Writ owns all of an object or only the fields it gives.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Own {
    /// Created, kept and deleted as a whole.
    #[default]
    Whole,
    /// Only the given fields: never created, never deleted, released when no longer wanted.
    Fields,
}

/// An object to be, before its namespace is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Template {
    /// Whole or fields.
    #[serde(default)]
    pub own: Own,
    /// Whether an object that exists already is taken over.
    #[serde(default)]
    pub adopt: bool,
    /// Whether the spoke makes one in every selected namespace (`metadata.namespace` is absent then).
    pub per_namespace: bool,
    /// JSON pointers in the manifest at which the selected namespace's name stands, beside `metadata.namespace`. An
    /// object of the cluster that is made once per namespace is named after it: `NAME.NAMESPACE`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub namespace_at: Vec<String>,
    /// The object.
    pub manifest: Value,
}

impl Template {
    /// An object that Writ owns as a whole.
    #[must_use]
    pub const fn whole(manifest: Value, per_namespace: bool) -> Self {
        Self { own: Own::Whole, adopt: false, per_namespace, namespace_at: Vec::new(), manifest }
    }
}

/// One rule for one cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// `Kind/name`.
    pub name: RuleName,
    /// What governs it.
    pub envelope: Envelope,
    /// What it says.
    pub body: Body,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Body {
    /// Objects that must hold.
    Objects {
        /// In catalog order; the kind table orders the writes.
        templates: Vec<Template>,
        /// Where regional and local values may go.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        slots: Vec<Slot>,
    },
    /// The rule cannot be rendered for this cluster.
    Unsupported {
        /// Why, for people.
        why: String,
    },
}
