//! Units that stay at their last good version, whatever the rule asks for.

use super::have::{self, ending, in_order, planned};
use super::inventory::{Row, State};
use super::round::Round;
use super::trial::{self, Stage};
use super::{Move, UnitPlan, back, diff, immutable, moves};
use crate::digest::Digest;
use crate::mode::Mode;
use crate::outcome::{Outcome, UnitId};
use crate::resolve::Desired;
use crate::seen::Observed;

/// Plans a unit that stays at its last good version, repaired where it is enforced.
pub(super) fn keep(round: &Round<'_>, unit: &UnitId, outcome: &Outcome, mode: Mode) -> UnitPlan {
    if mode == Mode::Enforce {
        last_good(round, unit, Vec::new(), outcome.clone())
    } else {
        as_it_is(round, unit, outcome.clone(), mode)
    }
}

/// Invariant 26: what stood before is repaired although the unit is not as it is wanted. What of it cannot be had is
/// left as it is; `first` comes before.
pub(super) fn last_good(round: &Round<'_>, unit: &UnitId, first: Vec<Move>, outcome: Outcome) -> UnitPlan {
    if back::is_cut_off(round, unit) {
        return back::back(round, unit, first, outcome);
    }
    let good = good(round, unit);
    let (repairs, had) = repairs(round, unit, &good);
    let moves = first.iter().cloned().chain(repairs).collect();
    // What stands may have to show yet that it works, although something newer is wanted.
    match trial::stage(round, unit, &had, moves) {
        Stage::Over { moves, ends } => ending(moves, &good, ends, outcome),
        Stage::On { moves, ends, again, .. } => UnitPlan { again: Some(again), ..ending(moves, &good, ends, outcome) },
        Stage::Lost(_) => back::back(round, unit, first, outcome),
    }
}

/// What it takes for these objects to stand, and those of them that can be had.
pub(super) fn repairs(round: &Round<'_>, unit: &UnitId, good: &[Desired]) -> (Vec<Move>, Vec<Desired>) {
    let (mut moves, mut had) = (Vec::new(), Vec::new());
    for desired in in_order(good) {
        if let Ok(steps) = have::object(round, unit, desired) {
            moves.extend(steps);
            had.push(desired.clone());
        }
    }
    (moves, had)
}

/// What it takes for our object to stand as it was last applied, its row untouched: it leaves once a person says so.
/// What was not enforced is not repaired, nor what stands half-way between two versions.
pub(super) fn stays(round: &Round<'_>, row: &Row, observed: &Observed) -> Option<Move> {
    let object = round.seen.good.get(&row.digest).filter(|_| row.mode == Mode::Enforce && !row.is_open())?.clone();
    let good = Desired { own: row.own, adopt: false, object };
    let drifted = !diff::stands_marked(&good, observed) && !immutable::differs(&good.object, &observed.object);
    drifted.then(|| moves::update(&good, row, observed))
}

/// The objects of a unit as they were applied last. What was claimed and never written was never good, unless it was so
/// before.
pub(super) fn good(round: &Round<'_>, unit: &UnitId) -> Vec<Desired> {
    let rows = round.rows(unit).filter(|row| row.only_brings_back() || is_written(round, row));
    rows.filter_map(|row| version(round, row, row.digest)).collect()
}

/// Whether the object of a row was written, as far as can be seen.
pub(super) fn is_written(round: &Round<'_>, row: &Row) -> bool {
    row.state != State::Claimed || round.seen.objects.contains_key(&row.id)
}

/// This version of a row's object, where its copy is there.
pub(super) fn version(round: &Round<'_>, row: &Row, digest: Digest) -> Option<Desired> {
    let object = round.seen.good.get(&digest)?.clone();
    Some(Desired { own: row.own, adopt: false, object })
}

/// A unit of which nothing is written but, in its rows, the lesser mode: it holds without a bundle too.
pub(super) fn as_it_is(round: &Round<'_>, unit: &UnitId, outcome: Outcome, mode: Mode) -> UnitPlan {
    let gone = gone_with_namespace(round, unit);
    let news = round.rows(unit).filter(|row| row.mode != mode && !gone.contains(row));
    let marks = news.map(|row| moves::claim(Row { mode, ..row.clone() }, Some(row)));
    planned(gone.iter().map(|row| moves::forget(row)).chain(marks).collect(), &[], outcome)
}

/// The rows of what was in a namespace that is gone: it is gone with it, in every mode.
pub(super) fn gone_with_namespace<'r>(round: &Round<'r>, unit: &'r UnitId) -> Vec<&'r Row> {
    let is_gone = |row: &&Row| {
        let namespace = row.id.namespace.as_ref();
        namespace.is_some_and(|namespace| !round.seen.namespaces.contains_key(namespace))
            && unit.namespace.as_ref() == namespace
            && !round.seen.objects.contains_key(&row.id)
    };
    round.rows(unit).filter(is_gone).collect()
}
