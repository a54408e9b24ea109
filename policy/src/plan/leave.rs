//! How objects leave: only what a row says is ours, by its uid and version.

use super::have::{planned, transaction};
use super::inventory::{Row, State};
use super::round::{Round, Standing};
use super::{Ends, Move, UnitPlan, keep, moves};
use crate::bundle::entry::Own;
use crate::kube_kinds::{self, Order};
use crate::object::ObjectId;
use crate::outcome::{Outcome, OutcomeCode, UnitId};
use crate::resolve::{Desired, Why};
use crate::seen::Observed;
use jiff::Timestamp;
use std::cmp::Reverse;

/// Plans a unit that is no longer wanted, not before `after`.
pub(super) fn gone(round: &Round<'_>, unit: &UnitId, why: Why, after: Timestamp) -> UnitPlan {
    match why {
        Why::NamespaceGone => with_namespace(round, unit),
        Why::NamespaceTerminating => {
            let outcome = Outcome::new(OutcomeCode::Removing, "NamespaceTerminating");
            planned(Vec::new(), NOTHING, outcome)
        }
        Why::Commit => removed(round, unit, "NotInCatalog", after),
        Why::Scope => removed(round, unit, "OutOfScope", after),
    }
}

/// Plans a unit that an exception waives: its objects leave now, and are back at its end.
pub(super) fn waived(round: &Round<'_>, unit: &UnitId, outcome: &Outcome) -> UnitPlan {
    UnitPlan { outcome: outcome.clone(), ..removed(round, unit, "Excepted", round.now) }
}

/// What a unit becomes that leaves.
const NOTHING: &[Desired] = &[];

/// What was in a namespace that is gone is gone with it: its rows are dropped. What the cluster had for it leaves, and is
/// no removal that a person must release: nobody is left whom it concerned.
fn with_namespace(round: &Round<'_>, unit: &UnitId) -> UnitPlan {
    let may_come = |row: &Row| row.id.namespace.is_none() && row.may_be_made_until(round.now).is_some();
    let stands = |row: &&Row| round.seen.objects.contains_key(&row.id) || may_come(row);
    let (stands, gone): (Vec<_>, Vec<_>) = round.rows(unit).partition(stands);
    let of_cluster = stands.into_iter().filter(|row| row.id.namespace.is_none());
    let Leaving { moves: leaving, until: again, .. } = leave(round, of_cluster);
    let outcome = Outcome::new(OutcomeCode::Removed, "NamespaceGone");
    let moves = gone.into_iter().map(moves::forget).chain(leaving).collect();
    UnitPlan { again, ..planned(moves, NOTHING, outcome) }
}

fn removed(round: &Round<'_>, unit: &UnitId, reason: &str, after: Timestamp) -> UnitPlan {
    let (due, waiting): (Vec<_>, Vec<_>) = round.rows(unit).partition(|row| is_due(row, after, round.now));
    let Leaving { moves, stays, removes, going, until } = leave(round, due.into_iter());
    let lingering = waiting.iter().filter(|row| row.leaving.is_none()).map(|row| lingers(row, round.now));
    let lingering: Vec<Move> = lingering.collect();
    let stays = stays.into_iter().chain(lingering.clone()).collect();
    let held = transaction(stays, &keep::good(round, unit), Ends::new());
    let steps = moves.into_iter().chain(lingering).collect();
    let outcome = match (waiting.len(), going.first(), until) {
        (0, None, None) => Outcome::new(OutcomeCode::Removed, reason),
        (0, Some(held), _) => removing(held, going.len()),
        (0, None, Some(until)) => unanswered(until),
        (waiting, ..) => {
            Outcome::new(OutcomeCode::Lingering, reason).saying(format!("{waiting} objects stay until {after}"))
        }
    };
    let again = (!waiting.is_empty()).then_some(after).into_iter().chain(until).min();
    UnitPlan { removes, held, again, ..planned(steps, NOTHING, outcome) }
}

/// What is said of objects that were deleted, and that something holds.
fn removing(held: &ObjectId, all: usize) -> Outcome {
    let others = if all > 1 { format!(" and {} others", all - 1) } else { String::new() };
    let message = format!("{held}{others} being deleted: finalizers hold what is left");
    Outcome::new(OutcomeCode::Removing, "Finalizers").saying(message).about(held)
}

/// What is said of objects that are not there, and may come to be.
fn unanswered(until: Timestamp) -> Outcome {
    let message = format!("a write that nobody answered may be done yet: what it makes until {until:.0} leaves too");
    Outcome::new(OutcomeCode::Removing, "Unanswered").saying(message)
}

/// Access leaves at once; everything else when its time has come.
fn is_due(row: &Row, after: Timestamp, now: Timestamp) -> bool {
    now >= after || kube_kinds::Row::of(&row.id).leaves_at_once
}

fn lingers(row: &Row, now: Timestamp) -> Move {
    moves::claim(Row { leaving: Some(now), ..row.clone() }, Some(row))
}

/// How objects leave.
#[derive(Default)]
pub(super) struct Leaving {
    /// The moves by which they do.
    pub moves: Vec<Move>,
    /// The moves instead, while the removals among them wait for a person.
    pub stays: Vec<Move>,
    /// Those of them that are removals.
    pub removes: Vec<ObjectId>,
    /// Those that were deleted before, and are not gone yet: nothing more is done about them.
    pub going: Vec<ObjectId>,
    /// Until when one may come to be that is not there, and was claimed lately: its row stays.
    pub until: Option<Timestamp>,
}

/// How the objects of `rows` leave, last written first. An object that somebody else has removed already is no removal
/// of ours: nobody wants it, so it is not made anew.
pub(super) fn leave<'r>(round: &Round<'_>, rows: impl Iterator<Item = &'r Row>) -> Leaving {
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by_cached_key(|row| order(round, row));
    let mut leaving = Leaving::default();
    for row in rows {
        let gone = match round.standing_of(row) {
            Standing::Ours(observed) if observed.terminating && row.own == Own::Whole => {
                leaving.going.push(row.id.clone());
                continue;
            }
            Standing::Ours(observed) => {
                leaving.moves.extend(removal(round, row, observed));
                leaving.stays.extend(keep::stays(round, row, observed));
                leaving.removes.push(row.id.clone());
                continue;
            }
            Standing::Absent if row.may_be_made_until(round.now).is_some() => {
                leaving.until = leaving.until.max(row.may_be_made_until(round.now));
                continue;
            }
            Standing::Absent if row.state != State::Claimed => moves::claim(ended(row, round.now), Some(row)),
            Standing::Absent | Standing::Disowned(_) | Standing::Foreign(_) => moves::forget(row),
        };
        leaving.moves.push(gone.clone());
        leaving.stays.push(gone);
    }
    leaving
}

/// What was written last leaves first.
pub(super) fn order(round: &Round<'_>, row: &Row) -> Reverse<Order> {
    Reverse(Order::at(&row.id, round.observed(&row.id).map(|observed| &observed.object)))
}

/// How our object leaves: fields are released, what holds other things is disowned, everything else is deleted.
pub(super) fn removal(round: &Round<'_>, row: &Row, observed: &Observed) -> Vec<Move> {
    let owned = Row { state: State::Owned { uid: observed.uid.clone() }, ..row.clone() };
    let record = (*row != owned).then(|| moves::claim(owned.clone(), Some(row)));
    let after = ended(row, round.now);
    let last = match (row.own, round.seen.good.get(&row.digest)) {
        (Own::Fields, Some(fields)) => moves::release(&owned, observed, fields, after),
        (Own::Fields, None) => moves::claim(after, Some(&owned)),
        (Own::Whole, _) if moves::is_never_deleted(&row.id) => moves::claim(after, Some(&owned)),
        (Own::Whole, _) => moves::delete(&owned, observed, after),
    };
    record.into_iter().chain([last]).collect()
}

fn ended(row: &Row, now: Timestamp) -> Row {
    Row { state: State::Removed { at: now, released: None }, since: now, ..row.clone() }.ended(None)
}
