//! Units that stay at their last good version, whatever the rule asks for.

use super::have::{self, in_order, planned};
use super::inventory::{Row, State};
use super::round::Round;
use super::trial::{self, Stage};
use super::{Move, UnitPlan, diff, immutable, moves};
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
    let good = good(round, unit);
    let repairs =
        in_order(&good).into_iter().flat_map(|desired| have::object(round, unit, desired).unwrap_or_default());
    let moves = first.into_iter().chain(repairs).collect();
    // What stands may have to show yet that it works, although something newer is wanted.
    match trial::stage(round, unit, moves) {
        Stage::Over(moves) => planned(moves, &good, outcome),
        Stage::On { moves, again, .. } => UnitPlan { again: Some(again), ..planned(moves, &good, outcome) },
        Stage::Lost(_) => trial::back(round, unit, outcome),
    }
}

/// What it takes for our object to stand as it was last applied, its row untouched: it leaves once a person says so.
/// What was not enforced is not repaired.
pub(super) fn stays(round: &Round<'_>, row: &Row, observed: &Observed) -> Option<Move> {
    let object = round.seen.good.get(&row.digest).filter(|_| row.mode == Mode::Enforce)?.clone();
    let good = Desired { own: row.own, adopt: false, object };
    let drifted = !diff::stands_marked(&good, observed) && !immutable::differs(&good.object, &observed.object);
    drifted.then(|| moves::update(&good, row, observed))
}

/// The last good objects of a unit. What was claimed and never written was never good.
pub(super) fn good(round: &Round<'_>, unit: &UnitId) -> Vec<Desired> {
    let written = |row: &&Row| row.state != State::Claimed || round.seen.objects.contains_key(&row.id);
    let good = round.rows(unit).filter(written).filter_map(|row| {
        let object = round.seen.good.get(&row.digest)?.clone();
        Some(Desired { own: row.own, adopt: false, object })
    });
    good.collect()
}

/// A unit of which nothing is written but, in its rows, the lesser mode: it holds without a bundle too.
pub(super) fn as_it_is(round: &Round<'_>, unit: &UnitId, outcome: Outcome, mode: Mode) -> UnitPlan {
    let news = round.rows(unit).filter(|row| row.mode != mode);
    let marks = news.map(|row| moves::claim(Row { mode, ..row.clone() }, Some(row)));
    planned(marks.collect(), &[], outcome)
}
