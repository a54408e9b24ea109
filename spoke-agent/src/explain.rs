//! Why a rule or an object is as it is: which units touch it, what decided, and what became of them. Read-only, from what
//! the last round was made of.

use crate::agent::Agent;
use crate::history::Transition;
use policy::name::Namespace;
use policy::object::ObjectId;
use policy::outcome::{NoteCode, Outcome, OutcomeCode, UnitId};
use policy::plan::inventory::{Inventory, State};
use policy::resolve::{Decided, Wants};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

/// So many units are explained at once.
const UNITS: usize = 50;
/// So many objects of each are named.
const OBJECTS: usize = 20;

/// What a round was made of.
#[derive(Debug, Default)]
pub struct Grounds {
    /// What was wanted of every unit.
    pub wants: Wants,
    /// What decided over each.
    pub decided: BTreeMap<UnitId, Decided>,
    /// The rows when it began.
    pub inventory: Inventory,
}

/// What is asked about: a rule or an object, as `Kind/name`, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The kind.
    pub kind: String,
    /// The name.
    pub name: String,
    /// The namespace; none: all of them.
    pub namespace: Option<Namespace>,
}

impl Asked {
    /// Reads `Kind/name` and a namespace; none where it is neither a rule nor an object.
    #[must_use]
    pub fn read(of: &str, namespace: Option<&str>) -> Option<Self> {
        let (kind, name) = of.split_once('/')?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b':');
        let is_name = |text: &str| !text.is_empty() && text.bytes().all(plain);
        let namespace = namespace.map(str::parse).transpose().ok()?;
        (is_name(kind) && is_name(name)).then(|| Self { kind: kind.to_owned(), name: name.to_owned(), namespace })
    }

    fn is_rule(&self, unit: &UnitId) -> bool {
        unit.rule.kind() == self.kind
            && unit.rule.name().as_str() == self.name
            && self.is_there(unit.namespace.as_ref())
    }

    fn is_object(&self, id: &ObjectId) -> bool {
        id.kind == self.kind && id.name == self.name && self.is_there(id.namespace.as_ref())
    }

    fn is_there(&self, namespace: Option<&Namespace>) -> bool {
        self.namespace.is_none() || self.namespace.as_ref() == namespace
    }
}

/// The answer; none before the first round.
#[must_use]
pub fn explain(agent: &Agent, asked: &Asked) -> Option<Value> {
    let grounds = agent.grounds.borrow().clone()?;
    let round = agent.round.borrow().clone()?;
    let units = touching(&grounds, asked);
    let force = agent.force();
    let head = force.bundle.as_ref().map(|bundle| bundle.head());
    let history = agent.history.lock().unwrap_or_else(PoisonError::into_inner);
    let one = |unit: &UnitId| {
        let entry = force.bundle.as_ref().and_then(|bundle| bundle.entries().get(&unit.rule));
        let envelope = entry.map(|entry| &entry.envelope);
        let decided = grounds.decided.get(unit);
        let transitions: Vec<&Transition> = history.of(unit).collect();
        json!({
            "unit": unit,
            "owner": envelope.map(|envelope| &envelope.owner),
            "rationale": envelope.map(|envelope| &envelope.rationale),
            "row": decided.map(|decided| decided.row),
            "mode": decided.map(|decided| decided.modes.least()),
            "modes": decided.map(|decided| decided.modes),
            "outcome": round.outcomes.get(unit).cloned().unwrap_or_else(unheard),
            "overrides": overrides(&round, unit),
            "objects": objects(&grounds, unit, round.outcomes.get(unit)),
            "transitions": transitions,
        })
    };
    let items: Vec<Value> = units.iter().take(UNITS).map(one).collect();
    Some(json!({
        "apiVersion": "writ.dev/v1alpha1",
        "kind": "Explanation",
        "cluster": agent.cluster,
        "revision": head.map(|head| &head.revision),
        "sequence": head.map(|head| head.sequence),
        "of": {"kind": asked.kind, "name": asked.name, "namespace": asked.namespace},
        "items": items,
        "more": units.len().saturating_sub(UNITS),
    }))
}

/// A unit of which rows alone tell, such as one that a constraint vetoed and a commit removed.
fn unheard() -> Outcome {
    Outcome::new(OutcomeCode::Removed, "NotPlanned")
}

/// The units that the rule has, or that want the object or have a row of it.
fn touching(grounds: &Grounds, asked: &Asked) -> BTreeSet<UnitId> {
    let wants = grounds.wants.iter().filter(|(unit, want)| {
        asked.is_rule(unit) || want.desired().iter().any(|desired| asked.is_object(desired.object.id()))
    });
    let rows = grounds.inventory.values().filter(|row| asked.is_object(&row.id)).map(|row| row.unit());
    wants.map(|(unit, _)| unit.clone()).chain(rows).collect()
}

/// The values of this cluster for the rule, and which of them do not count.
fn overrides(round: &crate::reconcile::Round, unit: &UnitId) -> Vec<Value> {
    let of_rule = round.local.overrides.iter().filter(|one| one.spec.rule == unit.rule);
    let refused = |id: &ObjectId| {
        let mut notes = round.notes.iter().filter(|note| note.code == NoteCode::OverrideRefused);
        notes.find(|note| note.object.as_ref() == Some(id))
    };
    let one = |one: &policy::local::LocalOverride| {
        let note = refused(&one.id);
        json!({"name": one.name, "field": one.spec.field, "value": one.spec.value, "counts": note.is_none(),
            "why": note.map(|note| &note.message)})
    };
    of_rule.map(one).collect()
}

/// The unit's objects: those that are wanted, and those that have rows.
fn objects(grounds: &Grounds, unit: &UnitId, outcome: Option<&Outcome>) -> Vec<Value> {
    // Rows are those of when the round began: what it wrote is ours since.
    let applied = outcome.is_some_and(|outcome| outcome.code == OutcomeCode::Applied);
    let wanted = grounds.wants.get(unit).map(|want| want.desired()).unwrap_or_default();
    let mut all: BTreeMap<&ObjectId, bool> = wanted.iter().map(|desired| (desired.object.id(), true)).collect();
    for row in grounds.inventory.values().filter(|row| row.rule == unit.rule && row.unit == unit.namespace) {
        all.entry(&row.id).or_insert(false);
    }
    let one = |(id, wanted): (&ObjectId, bool)| {
        let row = grounds.inventory.get(id).filter(|row| row.rule == unit.rule && row.unit == unit.namespace);
        let state = if wanted && applied { Some("Owned") } else { row.map(|row| state(&row.state)) };

        json!({"object": id, "wanted": wanted, "state": state, "since": row.map(|row| row.since)})
    };
    all.into_iter().take(OBJECTS).map(one).collect()
}

const fn state(state: &State) -> &'static str {
    match state {
        State::Claimed => "Claimed",
        State::Owned { .. } => "Owned",
        State::Disowned { .. } => "Disowned",
        State::Removed { .. } => "Removed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_about_is_a_kind_and_a_name() {
        let read = |of: &str, namespace| Asked::read(of, namespace).is_some();
        assert!(read("ResourceGuard/team-quota", None) && read("ConfigMap/otel.v1", Some("shop")));
        for wrong in ["otel", "/otel", "ConfigMap/", "ConfigMap/a/b", "ConfigMap/a&b=c", "Config Map/a"] {
            assert!(!read(wrong, None), "{wrong}");
        }
        assert!(!read("ConfigMap/otel", Some("No Name")));
    }
}
