//! Units that are not enforced: what would be written is told, and last good versions are kept.

use super::have::{self, Blocked, planned};
use super::round::Round;
use super::{Move, UnitPlan};
use crate::digest::Digest;
use crate::outcome::{Outcome, OutcomeCode, UnitId};
use crate::resolve::Desired;

/// Plans a unit at a lesser mode: nothing is written.
pub(super) fn show(round: &Round<'_>, unit: &UnitId, desired: &[Desired]) -> UnitPlan {
    let mut differs = Vec::new();
    for desired in desired {
        match have::object(round, unit, desired) {
            Err(Blocked { outcome, .. }) => return without_writes(outcome),
            Ok(moves) if moves.is_empty() => {}
            Ok(_) => differs.push(format!("{} would be written", desired.object.id())),
        }
    }
    let wanted = |row: &crate::plan::inventory::Row| desired.iter().any(|desired| *desired.object.id() == row.id);
    let extra = round.rows(unit).filter(|row| !wanted(row));
    differs.extend(extra.map(|row| format!("{} would be removed", row.id)));
    without_writes(told(&differs))
}

fn told(differs: &[String]) -> Outcome {
    if differs.is_empty() {
        return Outcome::new(OutcomeCode::Kept, "AsWanted");
    }
    Outcome::new(OutcomeCode::WouldApply, "NotEnforced").saying(differs.join("; "))
}

/// Plans a unit that stays at its last good version. What of it cannot be had is left as it is.
pub(super) fn keep(round: &Round<'_>, unit: &UnitId, unsupported: &str, repair: bool) -> UnitPlan {
    let good = round.rows(unit).filter(|_| repair).filter_map(|row| {
        let object = round.seen.good.get(&row.digest)?.clone();
        Some(Desired { own: row.own, adopt: false, object })
    });
    let good: Vec<_> = good.collect();
    let moves: Vec<Move> =
        good.iter().flat_map(|desired| have::object(round, unit, desired).unwrap_or_default()).collect();
    let outcome = Outcome::new(OutcomeCode::Unsupported, "Unsupported").saying(unsupported);
    planned(moves, have::becomes(&good.iter().collect::<Vec<_>>()), outcome, Vec::new())
}

fn without_writes(outcome: Outcome) -> UnitPlan {
    planned(Vec::new(), Digest::of(&[]), outcome, Vec::new())
}
