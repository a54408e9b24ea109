//! One rule: as it is written, and as it is filled in for a group of clusters.

use super::tally::Tally;
use super::{Group, overrides};
use crate::authority::Authority;
use crate::bundle::entry::{Body, Entry};
use crate::compile::levels::Found;
use crate::compile::prepare::PreparedRule;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::document::Doc;
use crate::document::pointer::join;
use crate::document::schema::{Schema, validate_filled};
use crate::kinds::kind::{Fault, Intent, Reference};
use crate::kinds::translator::Sight;
use serde_json::Value;

/// Where a rule's spec stands in its document.
const SPEC: &str = "/spec";

/// What is wrong with the rule as it is written; `unassigned`: it holds in no cluster, so nothing else judges it.
pub(super) fn written(rule: &PreparedRule<'_>, unassigned: bool, tally: &mut Tally<'_>) {
    let doc = &rule.rule.doc;
    in_text(&rule.rule.spec, SPEC, &mut |place| {
        let message = "`$param` stands for one whole value, never for text inside a string";
        let help = "make the whole value a parameter: {$param: name}";
        tally.everywhere(doc.error(Code::InvalidValue, place, message).help(help));
    });
    if unassigned {
        let namespaced = rule.rule.governance.scope.namespaces.is_some();
        let intent = Intent { name: rule.rule.name.name(), namespaced, spec: &rule.rule.spec };
        rule.translator.inspect(&intent).into_iter().for_each(|fault| tally.everywhere(diagnostic(doc, fault)));
    }
    for set in rule.sets.iter().filter(|set| set.set.scope.namespaces.is_some()) {
        if rule.rule.governance.scope.namespaces.is_none() {
            let message =
                format!("rule set {} selects namespaces, but this rule holds in the cluster as one unit", set.name);
            let help = "select namespaces in the rule's own scope, or leave them out of the rule set's";
            let place = "/spec/scope";
            tally.everywhere(doc.warning(Code::SelectsNothing, place, message).help(help));
        }
    }
}

/// Calls `found` with the place of each text that has `{$param` inside.
fn in_text(value: &Value, at: &str, found: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) if names_parameter(text) => found(at),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| in_text(item, &join(at, &index.to_string()), found));
        }
        Value::Object(map) => map.iter().for_each(|(key, value)| in_text(value, &join(at, key), found)),
        _ => (),
    }
}

fn names_parameter(text: &str) -> bool {
    let opened =
        |rest: &str| rest.trim_start().strip_prefix("$param").is_some_and(|rest| rest.trim_start().starts_with(':'));
    text.split('{').skip(1).any(opened)
}

/// What is wrong with the rule as it is filled in for the group; its entry in a cluster that serves everything, when
/// nothing is.
pub(super) fn filled<'c>(
    group: &Group<'_, 'c>,
    schema: &Schema,
    authority: &Authority,
    tally: &mut Tally<'c>,
) -> Option<Entry> {
    let rule = group.choice.rule;
    let unclear = group.choice.unresolved().map(|reference| unresolved(rule, reference));
    let unclear: Vec<_> = unclear.chain(group.choice.filled().filter_map(|(one, _)| ambiguous(group, one))).collect();
    if !unclear.is_empty() {
        unclear.into_iter().for_each(|fault| tally.within(fault, group.clusters.iter().copied()));
        return None;
    }
    if overrides::refused(group, authority, tally) {
        return None;
    }
    let faults = faults(group, schema);
    let refused = faults.iter().any(|fault| fault.severity == Severity::Error);
    faults.into_iter().for_each(|fault| told(group, fault, tally));
    if refused {
        return None;
    }
    Some(group.choice.entry(Sight::Best)).filter(|entry| rendered(group, entry, tally))
}

/// What the schema says of the rule as it is filled in; when that is nothing, what its kind says.
fn faults(group: &Group<'_, '_>, schema: &Schema) -> Vec<Diagnostic> {
    let rule = group.choice.rule;
    let spec = group.choice.spec();
    let faults = validate_filled(&rule.rule.doc, SPEC, &spec, schema);
    if !faults.is_empty() {
        return faults;
    }
    let inspected = rule.translator.inspect(&group.choice.intent(&spec));
    inspected.into_iter().map(|fault| diagnostic(&rule.rule.doc, fault)).collect()
}

/// Two rule sets of one cluster that give a parameter two values.
fn ambiguous(group: &Group<'_, '_>, reference: &Reference) -> Option<Diagnostic> {
    let Reference { name, shown, .. } = reference;
    let mut given = group.choice.sets.iter().filter_map(|set| Some((set.name, set.values.get(name.as_str())?)));
    let (first, value) = given.next()?;
    let (second, _) = given.find(|(_, other)| other.digest != value.digest)?;
    let message = format!("parameter `{name}` has two values, by the rule sets {first} and {second},");
    let help = "give it one value, or narrow the scope of one of the rule sets";
    let doc = &group.choice.rule.rule.doc;
    Some(doc.error(Code::Duplicate, &format!("{SPEC}{shown}"), message).help(help))
}

fn unresolved(rule: &PreparedRule<'_>, reference: &Reference) -> Diagnostic {
    let Reference { name, shown, .. } = reference;
    let message = format!("parameter `{name}` of {} has no value", rule.rule.name);
    let code = Code::ParameterUnresolved;
    let help = format!("give `{name}` a value in Parameters, for the cluster, its region or all clusters");
    rule.rule.doc.error(code, &format!("{SPEC}{shown}"), message).help(help)
}

fn diagnostic(doc: &Doc, fault: Fault) -> Diagnostic {
    let Fault { place, code, severity, message, help } = fault;
    Diagnostic { severity, ..doc.error(code, &format!("{SPEC}{place}"), message).help(help) }
}

/// Tells a fault; where a parameter gave the value, at the place of the `$param`, and which value from where.
fn told<'c>(group: &Group<'_, 'c>, fault: Diagnostic, tally: &mut Tally<'c>) {
    let doc = &group.choice.rule.rule.doc;
    let span = |place: &str| doc.span(&format!("{SPEC}{place}"));
    let here = |reference: &Reference| {
        let spans = [&reference.place, &reference.shown].map(|place| span(place));
        spans.iter().any(|span| (span.line, span.column) == (fault.line, fault.column))
    };
    let Some((reference, found)) = group.choice.filled().find(|(reference, _)| here(reference)) else {
        tally.everywhere(fault);
        return;
    };
    let Found { valued, level } = found;
    let message = format!("{} (parameter `{}` is {} from {level})", fault.message, reference.name, valued.value);
    let shown = doc.error(fault.code, &format!("{SPEC}{}", reference.shown), message);
    tally.within(Diagnostic { help: fault.help, severity: fault.severity, ..shown }, group.clusters.iter().copied());
}

/// Whether the entry holds objects, with a slot for every field that is declared overridable.
fn rendered<'c>(group: &Group<'_, 'c>, entry: &Entry, tally: &mut Tally<'c>) -> bool {
    let rule = group.choice.rule.rule;
    match &entry.body {
        Body::Unsupported { why } => {
            let message = format!("{} cannot be rendered: {why}", rule.name);
            tally.within(rule.doc.error(Code::InvalidValue, SPEC, message), group.clusters.iter().copied());
            false
        }
        Body::Objects { slots, .. } => {
            for (index, declared) in rule.governance.overridable.iter().enumerate() {
                if !slots.iter().any(|slot| slot.field == declared.field) {
                    tally.everywhere(no_slot(&rule.doc, index, &declared.field.to_string()));
                }
            }
            true
        }
    }
}

fn no_slot(doc: &Doc, index: usize, field: &str) -> Diagnostic {
    let message = format!("{field} cannot be overridden: its value lands in no object as it is");
    let help = "name a field that is set in this rule and whose value is written to its objects unchanged";
    doc.error(Code::NoSlot, &format!("{SPEC}/overridable/{index}/field"), message).help(help)
}
