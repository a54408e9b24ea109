//! The governance fields that every rule carries in its spec.

use crate::bundle::entry::{Owner, Risk};
use crate::compile::slot::Overridable;
use crate::mode::Mode;
use crate::name::RuleName;
use crate::selector::{ClusterSelector, Term};
use crate::time::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// Their names: what remains of a rule's spec is its kind's own.
pub const FIELDS: &[&str] = &[
    "owner",
    "rationale",
    "controls",
    "risk",
    "mode",
    "onUnavailable",
    "scope",
    "overridable",
    "exceptions",
    "deprecated",
];

/// Governance as a document writes it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Spec {
    /// Who answers for it; inherited from the domain of its path where it is left out.
    #[serde(default)]
    pub owner: Option<Owner>,
    /// Why it exists, in a sentence.
    pub rationale: String,
    /// What an auditor maps it to.
    #[serde(default)]
    pub controls: Vec<String>,
    /// What is at stake: low, medium, high or critical.
    pub risk: Risk,
    /// How far it goes: audit, warn or enforce.
    pub mode: Mode,
    /// What admission does while the webhook cannot be asked.
    #[serde(default)]
    pub on_unavailable: OnUnavailable,
    /// Where it holds: the outer limit.
    pub scope: Scope,
    /// The fields that others may fill.
    #[serde(default)]
    pub overridable: Vec<Overridable>,
    /// Whether and how it may be waived.
    #[serde(default)]
    pub exceptions: Exceptions,
    /// That it will go.
    #[serde(default)]
    pub deprecated: Option<Deprecated>,
}

/// Where a rule holds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scope {
    /// Which clusters; `{}` is all.
    pub clusters: ClusterSelector,
    /// Which namespaces; without it, the cluster as one unit.
    #[serde(default)]
    pub namespaces: Option<Term>,
}

/// What admission does while the webhook cannot be asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OnUnavailable {
    /// Lets requests pass.
    #[default]
    Allow,
    /// Denies them.
    Deny,
}

/// Whether and how a rule may be waived.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exceptions {
    /// Whether at all.
    #[serde(default)]
    pub allowed: bool,
    /// For how long at most.
    #[serde(default)]
    pub max_duration: Option<Span>,
    /// Who must agree.
    #[serde(default)]
    pub approval: Option<Approval>,
}

/// Who must agree to an exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Approval {
    /// Nobody.
    Automatic,
    /// One person.
    One,
    /// Two people.
    Two,
}

/// That a rule will go.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Deprecated {
    /// The day, as `2027-03-01`.
    pub after: String,
    /// The rule that takes its place.
    #[serde(default)]
    pub replaced_by: Option<RuleName>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::schema::shape;
    use std::collections::BTreeSet;

    #[test]
    fn the_names_are_those_of_the_struct() {
        let schema = shape::of::<Spec>();
        let names: BTreeSet<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, FIELDS.iter().copied().collect());
    }
}
