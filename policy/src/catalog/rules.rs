//! Rules: intents and guardrails with what governs them.

use super::ledger::{Ledger, unknown};
use super::read::Found;
use super::root::{Root, team_exists, typed};
use super::{Governance, Rule, scopes};
use crate::bundle::entry::Owner;
use crate::compile::slot::Overridable;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::Doc;
use crate::kinds;
use crate::kinds::governance::{self, Spec};
use crate::name::RuleName;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The rules that are sound.
pub(super) fn rules(
    documents: &[Found],
    root: Option<&Root>,
    ledger: &Ledger<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<RuleName, Rule> {
    let mut rules = BTreeMap::new();
    for found in documents.iter().filter(|found| found.row.governed) {
        let Some((metadata, spec)) = typed::<Spec>(found, diagnostics) else { continue };
        let name = RuleName::new(found.row.name, metadata.name);
        if let Some(governance) = govern(found, spec, root, ledger, diagnostics) {
            let rule =
                Rule { name: name.clone(), governance, spec: own_spec(&found.doc.value), doc: found.doc.clone() };
            rules.entry(name).or_insert(rule);
        }
    }
    rules
}

fn govern(
    found: &Found,
    mut spec: Spec,
    root: Option<&Root>,
    ledger: &Ledger<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Governance> {
    let doc = &found.doc;
    scopes::check(doc, &spec.scope, root, ledger, diagnostics);
    scopes::within_region(doc, &mut spec.scope, found.region.as_ref(), diagnostics);
    deprecation(doc, &spec, ledger, diagnostics);
    for (index, field) in spec.overridable.iter().enumerate() {
        let within = |other: &&Overridable| {
            let (outer, inner) = (other.field.steps(), field.field.steps());
            outer.len() < inner.len() && inner.starts_with(outer)
        };
        if let Some(outer) = spec.overridable.iter().find(within) {
            let message = format!("{} lies within {}, which is overridable too", field.field, outer.field);
            let at = format!("/spec/overridable/{index}/field");
            let help = "declare one of them: whoever fills the outer one would go past the bounds of this one";
            diagnostics.push(doc.error(Code::InvalidValue, &at, message).help(help));
        }
        if let Some(why) = field.bounds.contain_nothing() {
            let message = format!("no value is within these bounds: {why}");
            let at = format!("/spec/overridable/{index}/bounds");
            diagnostics.push(doc.error(Code::InvalidValue, &at, message).help("widen them, or leave the field out"));
        }
    }
    if spec.rationale.trim().is_empty() {
        diagnostics.push(
            doc.error(Code::InvalidValue, "/spec/rationale", "a rationale says why the rule exists")
                .help("write a sentence"),
        );
    }
    let owner = owner(doc, spec.owner, root?, diagnostics)?;
    let Spec { rationale, controls, risk, mode, scope, overridable, .. } = spec;
    Some(Governance { owner, rationale, controls, risk, mode, scope, overridable })
}

fn owner(doc: &Doc, written: Option<Owner>, root: &Root, diagnostics: &mut Vec<Diagnostic>) -> Option<Owner> {
    if let Some(owner) = written {
        team_exists(doc, "/spec/owner/team", &owner.team, &root.spec, diagnostics);
        if let Some(team) = owner.escalation.as_ref().and_then(|team| team.parse().ok()) {
            team_exists(doc, "/spec/owner/escalation", &team, &root.spec, diagnostics);
        }
        return Some(owner);
    }
    let inherited =
        root.spec.owner_of(&doc.file).map(|team| Owner { team: team.clone(), contact: None, escalation: None });
    if inherited.is_none() {
        let message = "missing field `owner`, and no domain of writ.yaml covers this file";
        diagnostics.push(
            doc.key_error(Code::MissingField, "/spec", message)
                .help("add `owner: {team: …}`, or a domain for its path to writ.yaml"),
        );
    }
    inherited
}

fn deprecation(doc: &Doc, spec: &Spec, ledger: &Ledger<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let Some(deprecated) = &spec.deprecated else { return };
    if deprecated.after.parse::<jiff::civil::Date>().is_err() {
        let message = format!("`{}` is not a day", deprecated.after);
        diagnostics
            .push(doc.error(Code::InvalidValue, "/spec/deprecated/after", message).help("write it as 2027-03-01"));
    }
    if let Some(rule) = &deprecated.replaced_by {
        rule_exists(doc, "/spec/deprecated/replacedBy", rule, ledger, diagnostics);
    }
}

/// That a rule which is named is there, and is a rule.
pub(super) fn rule_exists(
    doc: &Doc,
    at: &str,
    rule: &RuleName,
    ledger: &Ledger<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let governed = kinds::row(rule.kind()).is_some_and(|row| row.governed);
    if !governed || ledger.lacks(rule.kind(), rule.name().as_str()) {
        let all: Vec<String> = kinds::TABLE
            .iter()
            .filter(|row| row.governed)
            .flat_map(|row| ledger.names(row.name).map(move |name| format!("{}/{name}", row.name)))
            .collect();
        diagnostics.push(unknown(doc, at, "rule", &rule.to_string(), all.iter().map(String::as_str)));
    }
}

/// `spec` without the governance fields.
fn own_spec(document: &Value) -> Value {
    let spec = document.get("spec").and_then(Value::as_object);
    let own = spec.into_iter().flatten().filter(|(key, _)| !governance::FIELDS.contains(&key.as_str()));
    Value::Object(own.map(|(key, value)| (key.clone(), value.clone())).collect::<Map<_, _>>())
}
