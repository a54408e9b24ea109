//! Going back: a unit whose transaction was cut off, or whose version did not work, and that does not go on, becomes what
//! it was before. All of it, whatever of the new version stands by now.

use super::have::ending;
use super::inventory::{Before, Row};
use super::keep::{is_written, repairs, version};
use super::round::{Round, Standing};
use super::{Ends, Move, UnitPlan, diff, leave, moves, trial};
use crate::bundle::entry::Own;
use crate::kube_kinds;
use crate::object::ObjectId;
use crate::outcome::{Outcome, UnitId};
use crate::resolve::Desired;
use std::collections::BTreeSet;

/// Whether a transaction of the unit did not end, and something of what it meant does not stand.
pub(super) fn is_cut_off(round: &Round<'_>, unit: &UnitId) -> bool {
    round.rows(unit).any(|row| row.is_open() && !stands(round, row))
}

fn stands(round: &Round<'_>, row: &Row) -> bool {
    match (round.standing_of(row), version(round, row, row.digest)) {
        (Standing::Ours(observed), Some(meant)) => diff::stands_marked(&meant, observed),
        _ => false,
    }
}

/// What stood before comes back: what there was is applied again, and what was made new goes, unless its kind is never
/// deleted or somebody else had made it. What cannot come back stays as it is. `first` comes before.
pub(super) fn back(round: &Round<'_>, unit: &UnitId, first: Vec<Move>, outcome: Outcome) -> UnitPlan {
    let done: BTreeSet<ObjectId> = first.iter().map(|step| step.step.id().clone()).collect();
    let rows: Vec<&Row> = round.rows(unit).filter(|row| !done.contains(&row.id)).collect();
    let good: Vec<Desired> = rows.iter().filter_map(|row| good(round, row)).collect();
    let (repairs, had) = repairs(round, unit, &good);
    let mut moves: Vec<Move> = first.into_iter().chain(repairs).collect();
    let (mut new, old): (Vec<&Row>, Vec<&Row>) =
        rows.into_iter().partition(|row| row.replaces == Some(Before::Nothing));
    new.sort_by_key(|row| std::cmp::Reverse((kube_kinds::Row::of(&row.id).stage, &row.id)));
    moves.extend(new.into_iter().flat_map(|row| taken_away(round, row)));
    let ends: Ends = trial::open(round, &had, &moves).into_keys().map(|id| (id, None)).collect();
    let had: BTreeSet<&ObjectId> = had.iter().map(|desired| desired.object.id()).collect();
    moves.extend(old.into_iter().filter(|row| row.replaces.is_some() && !had.contains(&row.id)).map(for_good));
    ending(moves, &good, ends, outcome)
}

/// What stood before of a row; none: nothing of ours.
fn good(round: &Round<'_>, row: &Row) -> Option<Desired> {
    match row.replaces {
        Some(Before::Version(before)) => version(round, row, before),
        Some(Before::Nothing | Before::Theirs) => None,
        None => version(round, row, row.digest).filter(|_| is_written(round, row)),
    }
}

/// The row of what stands for good: it forgets what it replaced.
pub(super) fn for_good(row: &Row) -> Move {
    moves::claim(row.clone().ended(None), Some(row))
}

/// How an object that was made new goes. Its row goes with it: it was never good, so this is no removal.
fn taken_away(round: &Round<'_>, row: &Row) -> Vec<Move> {
    let never_deleted = row.own == Own::Whole && kube_kinds::Row::of(&row.id).never_deleted;
    match round.standing_of(row) {
        Standing::Ours(_) if never_deleted => vec![for_good(row)],
        Standing::Ours(observed) => {
            let moves = leave::removal(round, row, observed);
            moves.into_iter().chain([moves::forget(row)]).collect()
        }
        Standing::Absent | Standing::Foreign(_) => vec![moves::forget(row)],
    }
}
