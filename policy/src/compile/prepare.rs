//! What is made ready once for a revision, so that each cluster costs little.

use super::assign::Set;
use super::choice::Choice;
use super::companions::Companions;
use super::levels::Levels;
use crate::bundle::entry::{Owner, Risk};
use crate::canonical;
use crate::catalog::{Catalog, Rule, region_of};
use crate::compile::slot::Overridable;
use crate::digest::Digest;
use crate::facts::Declared;
use crate::kinds;
use crate::kinds::kind::Reference;
use crate::kinds::translator::{Lens, Translator};
use crate::mode::Mode;
use crate::name::{RegionName, RuleName};
use crate::selector::Term;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;

/// A catalog made ready for compiling.
pub struct Prepared<'c> {
    pub(super) rules: Vec<PreparedRule<'c>>,
    pub(super) companions: Companions<'c>,
    levels: Levels<'c>,
}

/// A rule whose kind has a translator.
pub(super) struct PreparedRule<'c> {
    pub(super) rule: &'c Rule,
    pub(super) translator: &'static dyn Translator,
    pub(super) lens: Box<dyn Lens>,
    pub(super) references: Vec<Reference>,
    /// The rule sets that include it.
    pub(super) sets: Vec<Arc<Set<'c>>>,
    /// Of what it says, parameters not filled in.
    pub(super) base: Digest,
}

/// Makes a catalog ready for compiling.
#[must_use]
pub fn prepare(catalog: &Catalog) -> Prepared<'_> {
    let sets = Set::all(catalog);
    let rules = catalog.rules.values().filter_map(|rule| PreparedRule::of(rule, &sets)).collect();
    Prepared { rules, companions: Companions::of(catalog), levels: Levels::of(catalog) }
}

impl<'c> Prepared<'c> {
    /// How each rule holds in `cluster`, in order of the rules' names.
    pub(super) fn choices<'p>(&'p self, cluster: &Declared) -> impl Iterator<Item = Choice<'p, 'c>> {
        let seen = self.levels.seen_by(cluster);
        self.rules.iter().filter_map(move |rule| Choice::of(rule, cluster, seen))
    }

    /// How `rule` holds in `cluster`; none where it does not.
    pub(super) fn choice<'p>(&'p self, rule: &'p PreparedRule<'c>, cluster: &Declared) -> Option<Choice<'p, 'c>> {
        Choice::of(rule, cluster, self.levels.seen_by(cluster))
    }
}

impl<'c> PreparedRule<'c> {
    fn of(rule: &'c Rule, sets: &[Arc<Set<'c>>]) -> Option<Self> {
        let translator = kinds::row(rule.name.kind())?.translator?;
        let mut references = translator.references(&rule.spec);
        // In the order of their places, whatever order the document has them in.
        references.sort_by(|one, other| one.place.cmp(&other.place));
        let includes = |set: &&Arc<Set<'c>>| set.set.include.contains(&rule.name);
        Some(Self {
            rule,
            translator,
            lens: translator.lens(&rule.spec),
            references,
            sets: sets.iter().filter(includes).cloned().collect(),
            base: base(rule),
        })
    }
}

/// All of a rule that its entry depends on. Which clusters it governs does not enter the entry.
#[derive(Serialize)]
struct Base<'a> {
    name: &'a RuleName,
    owner: &'a Owner,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<RegionName>,
    rationale: &'a str,
    controls: &'a [String],
    risk: Risk,
    mode: Mode,
    namespaces: &'a Option<Term>,
    overridable: &'a [Overridable],
    spec: &'a Value,
}

/// A spec without canonical form cannot be rendered either, so its key may be any that changes with it.
fn base(rule: &Rule) -> Digest {
    let governance = &rule.governance;
    let base = Base {
        name: &rule.name,
        owner: &governance.owner,
        region: region_of(&rule.doc.file),
        rationale: &governance.rationale,
        controls: &governance.controls,
        risk: governance.risk,
        mode: governance.mode,
        namespaces: &governance.scope.namespaces,
        overridable: &governance.overridable,
        spec: &rule.spec,
    };
    canonical::digest(&base).unwrap_or_else(|_| Digest::of(rule.spec.to_string().as_bytes()))
}
