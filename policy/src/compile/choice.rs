//! A choice: one rule with the rule sets and parameter values by which it holds in one cluster.

use super::assign;
use super::assign::Set;
use super::levels::{Found, Seen};
use super::prepare::PreparedRule;
use crate::bundle::entry::Envelope;
use crate::catalog::{RegionalOverride, region_of};
use crate::digest::Digest;
use crate::document::pointer::segments;
use crate::facts::Declared;
use crate::kinds::kind::Reference;
use serde_json::{Value, json};

/// Where a rule says what it says, in its document and in field paths.
const SPEC: &str = "spec";

/// How one rule holds in one cluster. Clusters of the same choice and view share an entry.
pub(super) struct Choice<'p, 'c> {
    pub(super) rule: &'p PreparedRule<'c>,
    pub(super) sets: Vec<&'p Set<'c>>,
    /// One for each of the rule's references.
    pub(super) values: Vec<Option<Found<'p, 'c>>>,
    /// What the cluster's region overrides of it.
    pub(super) overrides: Vec<&'c RegionalOverride>,
}

impl<'p, 'c> Choice<'p, 'c> {
    /// How `rule` holds in `cluster`; none where it does not.
    pub(super) fn of(rule: &'p PreparedRule<'c>, cluster: &Declared, seen: Seen<'p, 'c>) -> Option<Self> {
        let sets = assign::assigned(rule.rule, &rule.sets, cluster)?;
        let values = rule.references.iter().map(|reference| seen.find(&reference.name, &sets)).collect();
        Some(Self { rule, sets, values, overrides: seen.overrides(&rule.rule.name) })
    }

    /// The digest of the rule as it is filled in here, without filling it in: what it says, the rule sets' modes and
    /// namespaces, and the value of each reference.
    pub(super) fn digest(&self) -> Digest {
        let mut key = Vec::with_capacity(33 * (1 + self.sets.len() + self.values.len()));
        key.extend_from_slice(self.rule.base.as_bytes());
        for set in &self.sets {
            key.push(b's');
            key.extend_from_slice(set.digest.as_bytes());
        }
        for value in &self.values {
            match value {
                Some(found) => {
                    key.push(b'v');
                    key.extend_from_slice(found.valued.digest.as_bytes());
                }
                None => key.push(b'-'),
            }
        }
        for given in &self.overrides {
            key.push(b'o');
            key.extend_from_slice(given.digest.as_bytes());
        }
        Digest::of(&key)
    }

    /// The same, without what the region overrides.
    pub(super) fn without_overrides(&self) -> Self {
        let Self { rule, sets, values, .. } = self;
        Self { rule, sets: sets.clone(), values: values.clone(), overrides: Vec::new() }
    }

    /// The rule's spec with the values in their places: of parameters, and over those what the region overrides.
    pub(super) fn spec(&self) -> Value {
        let mut document = json!({SPEC: self.with_parameters()});
        for given in &self.overrides {
            let pointer = given.spec.field.pointer_in(&document);
            if let Some(here) = pointer.and_then(|pointer| document.pointer_mut(&pointer)) {
                *here = given.spec.value.clone();
            }
        }
        document.get_mut(SPEC).map(Value::take).unwrap_or_default()
    }

    fn with_parameters(&self) -> Value {
        let mut spec = self.rule.rule.spec.clone();
        for (reference, found) in self.filled() {
            put(&mut spec, &reference.place, found.valued.value);
        }
        spec
    }

    /// Each reference that has a value, with it.
    pub(super) fn filled(&self) -> impl Iterator<Item = (&'p Reference, &Found<'p, 'c>)> {
        self.rule
            .references
            .iter()
            .zip(&self.values)
            .filter_map(|(reference, found)| Some((reference, found.as_ref()?)))
    }

    /// References without any value.
    pub(super) fn unresolved(&self) -> impl Iterator<Item = &'p Reference> {
        let pairs = self.rule.references.iter().zip(&self.values);
        pairs.filter(|(reference, found)| found.is_none() && !reference.defaulted).map(|(reference, _)| reference)
    }

    /// What governs the rule here.
    pub(super) fn envelope(&self) -> Envelope {
        let governance = &self.rule.rule.governance;
        let (namespaces, assignments) = assign::namespaces(self.rule.rule, &self.sets);
        Envelope {
            owner: governance.owner.clone(),
            region: region_of(&self.rule.rule.doc.file),
            rationale: governance.rationale.clone(),
            controls: governance.controls.clone(),
            risk: governance.risk,
            mode: assign::mode(self.rule.rule, &self.sets),
            namespaces,
            assignments,
        }
    }
}

/// Puts a value at the pointer; the last segment may be a field that is not there yet.
fn put(tree: &mut Value, pointer: &str, value: &Value) {
    if let Some(here) = tree.pointer_mut(pointer) {
        *here = value.clone();
        return;
    }
    let Some((parent, _)) = pointer.rsplit_once('/') else { return };
    let field = segments(pointer).last();
    if let (Some(Value::Object(map)), Some(field)) = (tree.pointer_mut(parent), field) {
        map.insert(field.into_owned(), value.clone());
    }
}
