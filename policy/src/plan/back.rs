//! Going back: a unit whose transaction was cut off, or whose version did not work, and that does not go on, becomes what
//! it was before. All of it, whatever of the new version stands by now.

use super::have::ending;
use super::inventory::{Before, Row};
use super::keep::{is_written, repairs, version};
use super::round::{Round, Standing};
use super::{Ends, Move, Step, UnitPlan, diff, leave, moves, trial};
use crate::bundle::entry::Own;
use crate::object::ObjectId;
use crate::outcome::{Outcome, UnitId};
use crate::resolve::Desired;
use crate::seen::Observed;
use std::collections::BTreeSet;

/// Whether a transaction of the unit did not end, and something new of it does not stand; or it was on its way back
/// already. What it was only to bring back is brought back whatever the unit becomes.
pub(super) fn is_cut_off(round: &Round<'_>, unit: &UnitId) -> bool {
    round
        .rows(unit)
        .filter(|row| row.is_open())
        .any(|row| row.going_back || !(row.only_brings_back() || stands(round, row)))
}

fn stands(round: &Round<'_>, row: &Row) -> bool {
    match (round.standing_of(row), version(round, row, row.digest)) {
        (Standing::Ours(observed), Some(meant)) => diff::stands_marked(&meant, observed),
        _ => false,
    }
}

/// What stood before comes back: what there was is applied again, and what was made new goes, unless its kind is never
/// deleted or somebody else had made it. What cannot come back stays as it is. First all rows that replace something say
/// where they go, and they are closed and dropped last, `first` among them: cut off in the middle, the next agent goes on.
pub(super) fn back(round: &Round<'_>, unit: &UnitId, first: Vec<Move>, outcome: Outcome) -> UnitPlan {
    let done: BTreeSet<ObjectId> = first.iter().map(|step| step.step.id().clone()).collect();
    let rows: Vec<&Row> = round.rows(unit).filter(|row| !done.contains(&row.id)).collect();
    let good: Vec<Desired> = rows.iter().filter_map(|row| good(round, row)).collect();
    let (repairs, had) = repairs(round, unit, &good);
    let mut moves = going_back(round, &rows, repairs);
    let mut ends: Ends = trial::open(round, &had, &moves).into_keys().map(|id| (id, None)).collect();
    let mut left: Vec<&Row> = rows.into_iter().filter(|row| row.replaces.is_some()).collect();
    left.retain(|row| !had.iter().any(|desired| *desired.object.id() == row.id));
    left.sort_by_cached_key(|row| leave::order(round, row));
    let (mut last, mut again) = (first, None);
    for row in left {
        let stands = round.standing_of(row);
        match (&row.replaces, stands) {
            // It goes, or may come yet: until that is over its row is all that knows of it.
            (Some(Before::Nothing), Standing::Ours(observed)) if goes(row, observed) => {}
            (Some(Before::Nothing), Standing::Absent) if row.may_be_made_until(round.now).is_some() => {
                again = again.max(row.may_be_made_until(round.now));
            }
            (Some(Before::Nothing), Standing::Ours(observed)) if !is_never_deleted(row) => {
                moves.extend(leave::removal(round, &back_row(row), observed));
                last.push(moves::forget(row));
            }
            // What was made new and is not there was never good.
            (Some(Before::Nothing), Standing::Absent | Standing::Foreign(_))
            | (Some(Before::Theirs), Standing::Foreign(_)) => last.push(moves::forget(row)),
            _ => drop(ends.insert(row.id.clone(), None)),
        }
    }
    moves.extend(last);
    UnitPlan { again, ..ending(moves, &good, ends, outcome) }
}

/// The same moves, of which every row that replaces something says that its unit goes back; and so do those that no move
/// writes.
fn going_back(round: &Round<'_>, rows: &[&Row], repairs: Vec<Move>) -> Vec<Move> {
    let (mut moves, mut said) = (Vec::new(), BTreeSet::new());
    for mut step in repairs {
        if let Step::Claim(row) | Step::Delete { after: row, .. } = &mut step.step {
            said.insert(row.id.clone());
            *row = back_row(row);
        }
        // What it says already it need not say again.
        let known = matches!(&step.step, Step::Claim(row) if round.row(&row.id) == Some(row));
        moves.extend((!known).then_some(step));
    }
    let silent = rows.iter().filter(|row| row.replaces.is_some() && !row.going_back && !said.contains(&row.id));
    let claims = silent.map(|row| moves::claim(back_row(row), Some(row)));
    claims.chain(moves).collect()
}

fn back_row(row: &Row) -> Row {
    Row { going_back: row.replaces.is_some(), trial_since: None, ..row.clone() }
}

/// Whether it was deleted before, and something holds it.
fn goes(row: &Row, observed: &Observed) -> bool {
    observed.terminating && row.own == Own::Whole && !is_never_deleted(row)
}

fn is_never_deleted(row: &Row) -> bool {
    row.own == Own::Whole && moves::is_never_deleted(&row.id)
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
