//! An entry: one rule for one cluster, named by the hash of its canonical JSON.

use crate::compile::slot::Slot;
use crate::mode::Mode;
use crate::name::{RuleName, TeamName};
use crate::selector::NamespaceSelector;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What governs a rule, as the spoke needs it: mode and scope are the effective ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// Who answers for the rule.
    pub owner: Owner,
    /// Why it exists.
    pub rationale: String,
    /// What an auditor maps it to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub controls: Vec<String>,
    /// What is at stake.
    pub risk: Risk,
    /// The least of the rule's and its rule sets' modes; the cluster's comes with the head.
    pub mode: Mode,
    /// The namespaces it governs; none: the cluster as one unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<NamespaceSelector>,
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
    /// The object.
    pub manifest: Value,
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
