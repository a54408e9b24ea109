//! Units that are not enforced: what would be written is told.

use super::have::{self, Blocked, planned};
use super::keep::{self, as_it_is};
use super::round::Round;
use super::{Step, UnitPlan, moves};
use crate::mode::Mode;
use crate::outcome::{Outcome, OutcomeCode, UnitId};
use crate::resolve::Desired;

/// Plans a unit at a lesser mode: nothing of the cluster is written.
pub(super) fn show(round: &Round<'_>, unit: &UnitId, desired: &[Desired], mode: Mode) -> UnitPlan {
    let gone = keep::gone_with_namespace(round, unit);
    if desired.is_empty() && !gone.is_empty() && gone.len() == round.rows(unit).count() {
        let outcome = Outcome::new(OutcomeCode::Removed, "NamespaceGone");
        return planned(gone.into_iter().map(moves::forget).collect(), &[], outcome);
    }
    as_it_is(round, unit, compared(round, unit, desired), mode)
}

fn compared(round: &Round<'_>, unit: &UnitId, desired: &[Desired]) -> Outcome {
    let mut differs = Vec::new();
    for desired in desired {
        match have::object(round, unit, desired) {
            Err(Blocked { outcome, .. }) => return outcome,
            Ok(moves) if moves.iter().all(|step| matches!(step.step, Step::Claim(_))) => {}
            Ok(_) => differs.push(format!("{} would be written", desired.object.id())),
        }
    }
    let wanted = |row: &crate::plan::inventory::Row| desired.iter().any(|desired| *desired.object.id() == row.id);
    let gone = keep::gone_with_namespace(round, unit);
    let extra = round.rows(unit).filter(|row| !wanted(row) && !gone.contains(row));
    differs.extend(extra.map(|row| format!("{} would be removed", row.id)));
    told(&differs)
}

fn told(differs: &[String]) -> Outcome {
    if differs.is_empty() {
        return Outcome::new(OutcomeCode::Kept, "AsWanted");
    }
    Outcome::new(OutcomeCode::WouldApply, "NotEnforced").saying(differs.join("; "))
}
