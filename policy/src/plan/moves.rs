//! The moves: each step with its way back, every row before the write it speaks of.

use super::inventory::{Row, State};
use super::{Expects, Move, Step, Undo, diff};
use crate::kube_kinds;
use crate::object::{Object, ObjectId};
use crate::resolve::Desired;
use crate::seen::Observed;

/// Writes a row over the one that stands. What is about to be made and is never deleted keeps its row: the next round
/// sees what came of it.
pub(super) fn claim(row: Row, before: Option<&Row>) -> Move {
    let stays = is_never_deleted(&row.id) && row.live() && !before.is_some_and(Row::live);
    let undo = if stays { Vec::new() } else { vec![back_to(&row.id, before)] };
    Move { step: Step::Claim(row), undo }
}

/// Invariant 29: deleting an object of these kinds deletes what others have put into it meanwhile.
pub(super) fn is_never_deleted(id: &ObjectId) -> bool {
    kube_kinds::Row::of(id).never_deleted
}

/// Drops a row.
pub(super) fn forget(row: &Row) -> Move {
    Move { step: Step::Forget(row.id.clone()), undo: vec![back_to(&row.id, Some(row))] }
}

/// Writes an object where there is none.
pub(super) fn create(desired: &Desired, row: &Row) -> Move {
    let undo = if is_never_deleted(&row.id) { Vec::new() } else { vec![Undo::Withdraw(row.id.clone())] };
    Move { step: apply(desired, row, Expects::Absent), undo }
}

/// Writes an object over what stands.
pub(super) fn update(desired: &Desired, row: &Row, observed: &Observed) -> Move {
    let step = apply(desired, row, Expects::At(observed.version.clone()));
    Move { step, undo: vec![restore(row, observed)] }
}

/// Deletes our object; the row stands as `after` then.
pub(super) fn delete(row: &Row, observed: &Observed, after: Row) -> Move {
    let (id, uid, version) = (row.id.clone(), observed.uid.clone(), observed.version.clone());
    let claimed = Row { state: State::Claimed, since: after.since, ..row.clone() };
    let undo = vec![back_to(&id, Some(&claimed)), restore(row, observed)];
    Move { step: Step::Delete { id, uid, version, after }, undo }
}

/// Gives up our fields; the row stands as `after` then.
pub(super) fn release(row: &Row, observed: &Observed, fields: &Object, after: Row) -> Move {
    let undo = vec![back_to(&row.id, Some(row)), restore(row, observed)];
    Move { step: Step::Release { object: fields.clone(), rule: row.rule.clone(), after }, undo }
}

fn apply(desired: &Desired, row: &Row, expects: Expects) -> Step {
    Step::Apply {
        object: desired.object.clone(),
        own: desired.own,
        rule: row.rule.clone(),
        expects,
        adopt: desired.adopt,
    }
}

fn restore(row: &Row, observed: &Observed) -> Undo {
    let as_applied = observed.as_applied.is_some();
    let before = if as_applied { observed.object.clone() } else { diff::restorable(&observed.object) };
    Undo::Restore { before, as_applied, own: row.own, rule: row.rule.clone() }
}

fn back_to(id: &ObjectId, before: Option<&Row>) -> Undo {
    Undo::Row(id.clone(), before.cloned().map(Box::new))
}
