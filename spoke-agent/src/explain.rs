//! Why a rule or an object is as it is: which units touch it, what decided, and what became of them. Read-only, from what
//! the last round was made of.

use crate::agent::{Agent, Force};
use crate::history::History;
use crate::reconcile::Round;
use policy::local::LocalOverride;
use policy::name::RuleName;
use policy::object::ObjectId;
use policy::outcome::{NoteCode, Outcome, OutcomeCode, UnitId};
use policy::plan::inventory::{Inventory, State};
use policy::report::MAX_OF_ONE;
use policy::resolve::{Decided, Wants};
use proto::rest::explain::{Asked, Explained, ExplainedUnit, Explanation, Given, Stated, Touched};
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
    /// The constraints that would have vetoed units and were overruled, in words.
    pub overruled: BTreeMap<UnitId, BTreeSet<String>>,
    /// The rows when it began.
    pub inventory: Inventory,
}

fn is_rule(unit: &UnitId, asked: &Asked) -> bool {
    let UnitId { rule, namespace } = unit;
    asked.is_rule(rule) && asked.is_there(namespace.as_ref())
}

/// The answer; none before the first round.
#[must_use]
pub fn explain(agent: &Agent, asked: &Asked) -> Option<Explanation> {
    let grounds = agent.grounds.borrow().clone()?;
    let round = agent.round.borrow().clone()?;
    let units = touching(&grounds, asked);
    let force = agent.force();
    let history = agent.history.lock().unwrap_or_else(PoisonError::into_inner);
    let mut items: BTreeMap<&RuleName, Explained> = BTreeMap::new();
    for id in units.iter().take(UNITS) {
        let item = items.entry(&id.rule).or_insert_with(|| rule(&id.rule, agent, &force, &round));
        item.units.push(unit(id, &grounds, &round, &history));
    }
    Some(Explanation {
        cluster: agent.cluster.clone(),
        of: asked.of(),
        namespace: asked.namespace.clone(),
        published: None,
        enforced: force.bundle.as_ref().map(|bundle| bundle.head().revision.clone()),
        as_of: Some(agent.time.now().get()),
        items: items.into_values().collect(),
        more: units.len().saturating_sub(UNITS) as u64,
    })
}

/// A rule, without its units.
fn rule(rule: &RuleName, agent: &Agent, force: &Force, round: &Round) -> Explained {
    let entry = force.bundle.as_ref().and_then(|bundle| Some((bundle.head(), bundle.entries().get(rule)?)));
    let report = agent.report.borrow().clone();
    let noted = report.iter().flat_map(|report| report.notes_of(rule));
    Explained {
        rule: rule.clone(),
        stated: entry.map(|(head, entry)| Stated::of(&entry.envelope, head.cluster.mode)),
        overrides: overrides(round, rule),
        findings: noted.cloned().collect(),
        units: Vec::new(),
    }
}

fn unit(unit: &UnitId, grounds: &Grounds, round: &Round, history: &History) -> ExplainedUnit {
    let transitions = history.last(unit, MAX_OF_ONE);
    ExplainedUnit {
        unit: unit.clone(),
        outcome: round.outcomes.get(unit).cloned().unwrap_or_else(unheard),
        since: transitions.last().map(|last| last.at),
        decided: grounds.decided.get(unit).copied().map(Into::into),
        overruled: grounds.overruled.get(unit).into_iter().flatten().cloned().collect(),
        objects: objects(grounds, unit, round.outcomes.get(unit)),
        transitions,
    }
}

/// A unit of which rows alone tell, such as one that a constraint vetoed and a commit removed.
fn unheard() -> Outcome {
    Outcome::new(OutcomeCode::Removed, "NotPlanned")
}

/// The units that the rule has, or that want the object or have a row of it.
fn touching(grounds: &Grounds, asked: &Asked) -> BTreeSet<UnitId> {
    let wants = grounds.wants.iter().filter(|(unit, want)| {
        is_rule(unit, asked) || want.desired().iter().any(|desired| asked.is_object(desired.object.id()))
    });
    let rows = grounds.inventory.values().map(|row| (&row.id, row.unit()));
    let rows = rows.filter(|(id, unit)| is_rule(unit, asked) || asked.is_object(id)).map(|(_, unit)| unit);
    wants.map(|(unit, _)| unit.clone()).chain(rows).collect()
}

/// The values of this cluster for the rule, and which of them do not count.
fn overrides(round: &Round, rule: &RuleName) -> Vec<Given> {
    let refused = |id: &ObjectId| {
        let mut notes = round.notes.iter().filter(|note| note.code == NoteCode::OverrideRefused);
        notes.any(|note| note.object.as_ref() == Some(id))
    };
    let given = |one: &LocalOverride| Given {
        name: one.name.to_string(),
        field: one.spec.field.to_string(),
        value: one.spec.value.clone(),
        counts: !refused(&one.id),
    };
    round.local.overrides.values().filter(|one| one.spec.rule == *rule).map(given).collect()
}

/// The unit's objects: those that are wanted, and those that have rows.
fn objects(grounds: &Grounds, unit: &UnitId, outcome: Option<&Outcome>) -> Vec<Touched> {
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
        let (object, state, since) = (id.clone(), state.map(ToOwned::to_owned), row.map(|row| row.since));
        Touched { object, wanted, state, since }
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
