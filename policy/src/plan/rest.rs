//! Repairs that wait: an object that somebody else keeps changing back is left alone for a while. Everything else of its
//! unit, and a newer version of the object itself, proceeds.

use super::{Plan, Step, Transaction};
use crate::object::ObjectId;
use crate::seen::Seen;
use std::collections::BTreeSet;

/// Whether `step` brings an object back that is ours already, as it was written last.
#[must_use]
pub fn is_repair(seen: &Seen, step: &Step) -> bool {
    let Step::Apply { object, .. } = step else { return false };
    let row = seen.inventory.get(object.id());
    row.is_some_and(|row| row.owned() && !row.is_open() && row.digest == object.digest())
}

/// Takes the repairs of `resting` objects out of the plan. Gives those that would have been repaired.
pub fn put_off(plan: &mut Plan, seen: &Seen, resting: &BTreeSet<ObjectId>) -> BTreeSet<ObjectId> {
    let mut waiting = BTreeSet::new();
    if resting.is_empty() {
        return waiting;
    }
    for unit in plan.units.values_mut() {
        for transaction in [&mut unit.transaction, &mut unit.held] {
            *transaction = transaction.take().and_then(|found| without(found, seen, resting, &mut waiting));
        }
    }
    waiting
}

/// The transaction without repairs of `resting` objects, and without the rest of what they take.
fn without(
    mut transaction: Transaction,
    seen: &Seen,
    resting: &BTreeSet<ObjectId>,
    waiting: &mut BTreeSet<ObjectId>,
) -> Option<Transaction> {
    let repairs = transaction.moves.iter().map(|step| &step.step).filter(|step| is_repair(seen, step));
    let rests: BTreeSet<ObjectId> = repairs.map(Step::id).filter(|id| resting.contains(*id)).cloned().collect();
    transaction.moves.retain(|step| !rests.contains(step.step.id()));
    waiting.extend(rests);
    (!(transaction.moves.is_empty() && transaction.ends.is_empty())).then_some(transaction)
}
