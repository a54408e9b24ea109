//! Rule sets: rules assigned together.

use super::ledger::Ledger;
use super::read::Found;
use super::root::{Root, typed};
use super::rules::rule_exists;
use super::{RuleSet, scopes};
use crate::diagnostic::{Code, Diagnostic};
use crate::kinds::rule_set::{KIND, Spec};
use crate::name::DocumentName;
use std::collections::{BTreeMap, BTreeSet};

/// The rule sets that are sound.
pub(super) fn rule_sets(
    documents: &[Found],
    root: Option<&Root>,
    ledger: &Ledger<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<DocumentName, RuleSet> {
    let mut sets = BTreeMap::new();
    for found in documents.iter().filter(|found| found.row.name == KIND) {
        let Some((metadata, spec)) = typed::<Spec>(found, diagnostics) else { continue };
        let mut include = BTreeSet::new();
        for (index, rule) in spec.include.into_iter().enumerate() {
            let at = format!("/spec/include/{index}");
            rule_exists(&found.doc, &at, &rule, ledger, diagnostics);
            if include.contains(&rule) {
                diagnostics.push(
                    found.doc.error(Code::Duplicate, &at, format!("`{rule}` stands twice")).help("remove one of them"),
                );
            }
            include.insert(rule);
        }
        scopes::check(&found.doc, &spec.scope, root, ledger, diagnostics);
        sets.entry(metadata.name).or_insert(RuleSet {
            include,
            scope: spec.scope,
            mode: spec.mode,
            parameters: spec.parameters,
        });
    }
    sets
}
