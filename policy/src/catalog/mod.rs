//! The catalog as a whole: all documents of one revision, typed and checked against each other.

mod budget;
mod cedar_files;
mod check;
mod fleet;
mod ledger;
mod named;
mod owners;
mod place;
mod read;
mod regional;
mod root;
mod rule_sets;
mod rules;
mod scopes;
mod values;

pub use crate::kinds::governance::Scope;
pub use check::{Checker, check};
pub use named::rules_at;
pub use place::{ALLOWED_SIGNERS, OPENPGP, has_effect, is_folder, is_of_signers, region_of, stray};

use crate::bundle::entry::{Owner, Risk};
use crate::constraint;
use crate::diagnostic::{Diagnostic, Severity};
use crate::digest::Digest;
use crate::document::Doc;
use crate::facts::{Capabilities, Declared};
use crate::kinds;
use crate::local::OverrideSpec;
use crate::mode::Mode;
use crate::name::{ClusterName, DocumentName, RegionName, RuleName};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The files of one revision: path relative to the catalog's root (with `/`), and text.
pub type Sources = BTreeMap<String, Arc<str>>;

/// One cluster as its document declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// What travels in the head.
    pub declared: Declared,
    /// Facts pinned for offline work; what a spoke reports wins.
    pub pinned: Option<Capabilities>,
}

/// What governs a rule, as its document says it, with defaults and the owner filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Governance {
    /// Who answers for it; inherited from the longest matching domain where the document is silent.
    pub owner: Owner,
    /// Why it exists.
    pub rationale: String,
    /// What an auditor maps it to.
    pub controls: Vec<String>,
    /// What is at stake.
    pub risk: Risk,
    /// Its own mode.
    pub mode: Mode,
    /// Where it holds.
    pub scope: Scope,
    /// `spec.overridable`, each as `{field, by, bounds}`.
    pub overridable: Vec<crate::compile::slot::Overridable>,
}

/// One rule: an intent or a guardrail.
#[derive(Debug, Clone)]
pub struct Rule {
    /// `Kind/name`.
    pub name: RuleName,
    /// What governs it.
    pub governance: Governance,
    /// `spec` without the governance fields; `{$param: name}` still in place.
    pub spec: Value,
    /// The document, to place diagnostics.
    pub doc: Arc<Doc>,
}

/// Rules assigned together.
#[derive(Debug, Clone)]
pub struct RuleSet {
    /// Which rules.
    pub include: BTreeSet<RuleName>,
    /// Narrows the rules' own scopes.
    pub scope: Scope,
    /// Caps the rules' own modes.
    pub mode: Mode,
    /// Values for its rules.
    pub parameters: BTreeMap<String, Value>,
}

/// Values of parameters, by level. Names are global to the catalog.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parameters {
    /// For every cluster.
    pub global: BTreeMap<String, Value>,
    /// For a region's clusters.
    pub regions: BTreeMap<RegionName, BTreeMap<String, Value>>,
    /// For one cluster.
    pub clusters: BTreeMap<ClusterName, BTreeMap<String, Value>>,
}

/// A region's value for a field of a rule.
#[derive(Debug, Clone)]
pub struct RegionalOverride {
    /// What it says.
    pub spec: OverrideSpec,
    /// Of rule, field and value: enters the digest of what the rule says there.
    pub digest: Digest,
    /// The document, to place diagnostics.
    pub doc: Arc<Doc>,
}

/// A region's constraint.
#[derive(Debug, Clone)]
pub struct RegionalConstraint {
    /// What it says.
    pub spec: constraint::Spec,
    /// The document, to place diagnostics.
    pub doc: Arc<Doc>,
}

/// A catalog that may be published: no diagnostic of severity error was found in it.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// Its name.
    pub name: DocumentName,
    /// The fleet.
    pub clusters: BTreeMap<ClusterName, Cluster>,
    /// All rules.
    pub rules: BTreeMap<RuleName, Rule>,
    /// All rule sets.
    pub rule_sets: BTreeMap<DocumentName, RuleSet>,
    /// All parameters.
    pub parameters: Parameters,
    /// Which regions there are.
    pub regions: BTreeSet<RegionName>,
    /// What regions override, each in order of its overrides' names.
    pub overrides: BTreeMap<RegionName, Vec<RegionalOverride>>,
    /// What may be applied in a region, by `LocalConstraint/name`.
    pub constraints: BTreeMap<RegionName, BTreeMap<RuleName, RegionalConstraint>>,
    /// The files of authority/, by path: who may do what.
    pub authority: Sources,
    /// What writ.yaml says: teams, domains, what stays local, which commits must be signed.
    pub root: kinds::catalog::Spec,
}

/// What checking came to.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The catalog, when nothing of severity error was found.
    pub catalog: Option<Catalog>,
    /// Everything found, sorted by file and place.
    pub diagnostics: Vec<Diagnostic>,
}

impl Checked {
    /// Whether the revision must be refused.
    #[must_use]
    pub fn refused(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}
