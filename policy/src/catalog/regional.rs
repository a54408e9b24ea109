//! What a region says over the rules that hold in its clusters: overrides and constraints.

use super::ledger::Ledger;
use super::read::Found;
use super::root::typed;
use super::rules::rule_exists;
use super::{RegionalConstraint, RegionalOverride};
use crate::canonical;
use crate::constraint;
use crate::diagnostic::{Code, Diagnostic};
use crate::digest::Digest;
use crate::document::Doc;
use crate::local::{OVERRIDE, OverrideSpec};
use crate::name::{RegionName, RuleName};
use std::collections::BTreeMap;

/// All overrides, by region. Of two on one field the second is a fault.
pub(super) fn overrides(
    documents: &[Found],
    ledger: &Ledger<'_>,
    found: &mut Vec<Diagnostic>,
) -> BTreeMap<RegionName, Vec<RegionalOverride>> {
    let mut all: BTreeMap<RegionName, Vec<RegionalOverride>> = BTreeMap::new();
    for document in documents.iter().filter(|document| document.row.name == OVERRIDE) {
        let Some((_, spec)) = typed::<OverrideSpec>(document, found) else { continue };
        let (doc, Some(region)) = (&document.doc, &document.region) else { continue };
        rule_exists(doc, "/spec/rule", &spec.rule, ledger, found);
        let given = all.entry(region.clone()).or_default();
        let same = |one: &&RegionalOverride| one.spec.rule == spec.rule && one.spec.field == spec.field;
        if let Some(first) = given.iter().find(same) {
            found.push(twice(doc, &spec, &first.doc));
            continue;
        }
        let said = (&spec.rule, &spec.field, &spec.value);
        let digest = canonical::digest(&said).unwrap_or_else(|_| Digest::of(format!("{said:?}").as_bytes()));
        given.push(RegionalOverride { spec, digest, doc: doc.clone() });
    }
    all
}

fn twice(doc: &Doc, spec: &OverrideSpec, first: &Doc) -> Diagnostic {
    let message = format!("{} of {} is overridden in this region already", spec.field, spec.rule);
    let help = format!("the other stands at {}:{}; remove one of them", first.file, first.span("/spec/field").line);
    doc.error(Code::Duplicate, "/spec/field", message).help(help)
}

/// All constraints, by region. Here a fault is an error: whoever writes it is still there to mend it.
pub(super) fn constraints(
    documents: &[Found],
    ledger: &Ledger<'_>,
    found: &mut Vec<Diagnostic>,
) -> BTreeMap<RegionName, BTreeMap<RuleName, RegionalConstraint>> {
    let mut all: BTreeMap<RegionName, BTreeMap<RuleName, RegionalConstraint>> = BTreeMap::new();
    for document in documents.iter().filter(|document| document.row.name == constraint::KIND) {
        let Some((metadata, spec)) = typed::<constraint::Spec>(document, found) else { continue };
        let (doc, Some(region)) = (&document.doc, &document.region) else { continue };
        for fault in constraint::faults(&spec) {
            let help = "`writ catalog schema --cedar constraints` prints what it may ask";
            found.push(doc.error(fault.code, "/spec/policy", fault.message).help(help));
        }
        for rule in constraint::named(&spec) {
            let mut unknown = Vec::new();
            match rule.parse() {
                Ok(rule) => rule_exists(doc, "/spec/policy", &rule, ledger, &mut unknown),
                Err(_) => {
                    unknown.push(doc.error(Code::UnknownReference, "/spec/policy", format!("`{rule}` is no rule")))
                }
            }
            // It may have been removed on purpose: then the constraint only says more than it need.
            found.extend(unknown.into_iter().map(Diagnostic::lessened));
        }
        let name = RuleName::new(constraint::KIND, metadata.name);
        all.entry(region.clone()).or_default().insert(name, RegionalConstraint { spec, doc: doc.clone() });
    }
    all
}
