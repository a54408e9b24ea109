//! Why a rule or an object is as it is: which units touch it, what decided, and what became of them. Read-only, from what
//! the last round was made of.

use crate::agent::Agent;
use crate::history::Transition;
use policy::object::ObjectId;
use policy::outcome::{NoteCode, Outcome, OutcomeCode, UnitId};
use policy::plan::inventory::{Inventory, State};
use policy::resolve::{Decided, Wants};
use proto::rest::explain::Asked;
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

fn is_rule(unit: &UnitId, asked: &Asked) -> bool {
    let UnitId { rule, namespace } = unit;
    rule.kind() == asked.kind && rule.name().as_str() == asked.name && asked.is_there(namespace.as_ref())
}

fn is_object(id: &ObjectId, asked: &Asked) -> bool {
    id.kind == asked.kind && id.name == asked.name && asked.is_there(id.namespace.as_ref())
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
        is_rule(unit, asked) || want.desired().iter().any(|desired| is_object(desired.object.id(), asked))
    });
    let rows = grounds.inventory.values().filter(|row| is_object(&row.id, asked)).map(|row| row.unit());
    wants.map(|(unit, _)| unit.clone()).chain(rows).collect()
}

/// The values of this cluster for the rule, and which of them do not count.
fn overrides(round: &crate::reconcile::Round, unit: &UnitId) -> Vec<Value> {
    let of_rule = round.local.overrides.values().filter(|one| one.spec.rule == unit.rule);
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
