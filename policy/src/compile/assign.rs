//! Where a rule holds and how far: within both scopes, by the greatest mode of its rule sets, never above its own.

use super::levels::{Values, valued};
use crate::bundle::entry::Assignment;
use crate::catalog::{Catalog, Rule, RuleSet};
use crate::digest::Digest;
use crate::facts::Declared;
use crate::mode::Mode;
use crate::name::DocumentName;
use crate::selector::NamespaceSelector;
use std::sync::Arc;

/// A rule set, made ready once for all clusters.
pub(super) struct Set<'c> {
    pub(super) name: &'c DocumentName,
    pub(super) set: &'c RuleSet,
    pub(super) values: Values<'c>,
    /// Of what it assigns: mode and namespaces.
    pub(super) digest: Digest,
}

impl<'c> Set<'c> {
    pub(super) fn all(catalog: &'c Catalog) -> Vec<Arc<Self>> {
        let set = |(name, set): (&'c DocumentName, &'c RuleSet)| {
            let assigns = serde_json::to_vec(&(set.mode, &set.scope.namespaces)).unwrap_or_default();
            Arc::new(Self { name, set, values: valued(&set.parameters), digest: Digest::of(&assigns) })
        };
        catalog.rule_sets.iter().map(set).collect()
    }
}

/// The rule sets by which `rule` holds in `cluster`; none where it does not hold. A rule that no rule set includes
/// holds by itself; one that some include holds where at least one of them does.
pub(super) fn assigned<'p, 'c>(rule: &Rule, sets: &'p [Arc<Set<'c>>], cluster: &Declared) -> Option<Vec<&'p Set<'c>>> {
    if !rule.governance.scope.clusters.matches(cluster) {
        return None;
    }
    let here = sets.iter().filter(|set| set.set.scope.clusters.matches(cluster));
    let here: Vec<&Set<'c>> = here.map(AsRef::as_ref).collect();
    (sets.is_empty() || !here.is_empty()).then_some(here)
}

/// How far `rule` goes under these rule sets.
pub(super) fn mode(rule: &Rule, sets: &[&Set<'_>]) -> Mode {
    let own = rule.governance.mode;
    sets.iter().map(|set| set.set.mode).max().map_or(own, |greatest| greatest.min(own))
}

/// The namespaces that the rule governs, and how rule sets that select different ones assign it.
pub(super) fn namespaces(rule: &Rule, sets: &[&Set<'_>]) -> (Option<NamespaceSelector>, Vec<Assignment>) {
    let Some(own) = rule.governance.scope.namespaces.clone() else { return (None, Vec::new()) };
    let greatest = mode(rule, sets);
    let everywhere = |set: &&&Set<'_>| set.set.scope.namespaces.is_none() && set.set.mode.min(greatest) == greatest;
    if sets.is_empty() || sets.iter().find(everywhere).is_some() {
        return (Some(NamespaceSelector { all: vec![own] }), Vec::new());
    }
    if let [set] = sets {
        let all = std::iter::once(own).chain(set.set.scope.namespaces.clone()).collect();
        return (Some(NamespaceSelector { all }), Vec::new());
    }
    let assignment = |set: &&Set<'_>| Assignment {
        namespaces: set.set.scope.namespaces.clone(),
        mode: set.set.mode.min(rule.governance.mode),
    };
    (Some(NamespaceSelector { all: vec![own] }), sets.iter().map(assignment).collect())
}
