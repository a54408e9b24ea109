//! New versions that have to show that they work. While one does not, within T_health, nothing of the version before is
//! given up; after that the version before comes back.
//!
//! This is state between rounds, and it survives a restart: it stands in the rows.

use super::have::{self, in_order, planned};
use super::inventory::{Before, Row, Trial};
use super::round::{Round, Standing};
use super::{Move, Step, UnitPlan, leave, moves};
use crate::bundle::entry::Own;
use crate::health::{Health, has_notion};
use crate::kube_kinds;
use crate::object::ObjectId;
use crate::outcome::{Outcome, OutcomeCode, UnitId};
use crate::resolve::Desired;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Where a unit stands with the version that it has after `moves`.
pub(super) enum Stage {
    /// Nothing has to be shown any longer: these are the moves then.
    Over(Vec<Move>),
    /// Something has, or begins to.
    On {
        /// The moves.
        moves: Vec<Move>,
        /// What is told meanwhile.
        outcome: Outcome,
        /// When to look again at the latest.
        again: Timestamp,
    },
    /// It was not shown in time.
    Lost(Outcome),
}

/// Where a unit stands, whose writes are `moves`: a new version begins anew, a repair changes nothing.
pub(super) fn stage(round: &Round<'_>, unit: &UnitId, moves: Vec<Move>) -> Stage {
    let changed: BTreeSet<ObjectId> = moves.iter().filter_map(|step| changes(round, &step.step)).cloned().collect();
    if changed.iter().any(has_notion) {
        return begun(round, moves, &changed);
    }
    let rows: Vec<&Row> = round.rows(unit).filter(|row| row.trial.is_some()).collect();
    let Some(since) = rows.iter().filter_map(|row| Some(row.trial.as_ref()?.since)).max() else {
        return Stage::Over(moves);
    };
    // What is repaired in this very round has not shown anything yet.
    let written: BTreeSet<&ObjectId> = moves.iter().map(|step| step.step.id()).collect();
    let until = since.checked_add(round.health).unwrap_or(Timestamp::MAX);
    match rows.iter().find_map(|row| ailment(round, &row.id, written.contains(&row.id))) {
        None => Stage::Over(moves.into_iter().chain(rows.into_iter().map(passed)).collect()),
        Some(outcome) if round.now < until => {
            let message = format!("{}; it has until {until:.0}", outcome.message);
            let outcome = Outcome { message, code: OutcomeCode::Applied, reason: AWAITED.to_owned(), ..outcome };
            Stage::On { moves, outcome, again: until }
        }
        Some(outcome) => Stage::Lost(outcome),
    }
}

/// The reason while a new version has still to show that it works.
const AWAITED: &str = "AwaitingHealth";

/// The object of which `step` makes another version than stands.
fn changes<'s>(round: &Round<'_>, step: &'s Step) -> Option<&'s ObjectId> {
    let Step::Apply { object, .. } = step else { return None };
    // What was claimed and is not there was never written.
    let stands = round.row(object.id()).is_some_and(|row| row.owned() && row.digest == object.digest());
    (!stands).then_some(object.id())
}

/// The same moves, by which the rows of what is `changed` say that it has to show that it works.
fn begun(round: &Round<'_>, mut moves: Vec<Move>, changed: &BTreeSet<ObjectId>) -> Stage {
    // A claim that was cut off stands already; its time begins now.
    let claimed: BTreeSet<ObjectId> =
        moves.iter().filter_map(|step| row_of(&step.step)).map(|row| row.id.clone()).collect();
    let cut_off = changed.difference(&claimed).filter_map(|id| round.row(id));
    let renewed: Vec<Move> = cut_off.map(|row| moves::claim(row.clone(), Some(row))).collect();
    moves.splice(0..0, renewed);
    for step in &mut moves {
        if let Step::Claim(row) | Step::Delete { after: row, .. } = &mut step.step
            && row.live()
            && changed.contains(&row.id)
        {
            row.trial = trial(round, row);
        }
    }
    let outcome = Outcome::new(OutcomeCode::Applied, AWAITED).saying("a new version was written just now");
    Stage::On { moves, outcome, again: round.now }
}

fn row_of(step: &Step) -> Option<&Row> {
    match step {
        Step::Claim(row) | Step::Delete { after: row, .. } => Some(row),
        Step::Apply { .. } | Step::Release { .. } | Step::Forget(_) => None,
    }
}

/// What the version of `row` begins with. The one before may have been on trial too: then what was good before it counts.
fn trial(round: &Round<'_>, row: &Row) -> Option<Trial> {
    let before = match round.row(&row.id) {
        Some(Row { trial: Some(trial), .. }) => trial.before.clone(),
        Some(before) if before.owned() => Before::Version(before.digest),
        Some(_) => Before::Nothing,
        None if row.own == Own::Whole && round.seen.objects.contains_key(&row.id) => Before::Theirs,
        None => Before::Nothing,
    };
    (before != Before::Version(row.digest)).then_some(Trial { since: round.now, before })
}

/// Why an object on trial has not shown that it works; none: it has, or its kind has nothing to show.
fn ailment(round: &Round<'_>, id: &ObjectId, written: bool) -> Option<Outcome> {
    let why = match round.seen.health.get(id) {
        _ if !has_notion(id) => return None,
        _ if written || !round.seen.objects.contains_key(id) => "it had to be repaired".to_owned(),
        Some(Health::Well) => return None,
        Some(Health::Ailing(why)) => why.clone(),
        None => "nothing is known of it".to_owned(),
    };
    let message = format!("{id} does not work: {why}");
    Some(Outcome::new(OutcomeCode::RolledBack, "Unhealthy").saying(message).about(id))
}

/// The row of what has shown that it works.
fn passed(row: &Row) -> Move {
    moves::claim(Row { trial: None, ..row.clone() }, Some(row))
}

/// What stood before the version on trial comes back: what there was before is applied again, and what was made new
/// goes, unless its kind is never deleted or somebody else had made it.
pub(super) fn back(round: &Round<'_>, unit: &UnitId, outcome: Outcome) -> UnitPlan {
    let rows: Vec<(&Row, &Before)> =
        round.rows(unit).filter_map(|row| Some((row, &row.trial.as_ref()?.before))).collect();
    let good: Vec<Desired> = rows.iter().filter_map(|(row, before)| good(round, row, before)).collect();
    let mut moves: Vec<Move> =
        in_order(&good).into_iter().flat_map(|good| have::object(round, unit, good).unwrap_or_default()).collect();
    let mut new: Vec<&Row> =
        rows.iter().filter(|(_, before)| **before == Before::Nothing).map(|(row, _)| *row).collect();
    new.sort_by_key(|row| std::cmp::Reverse((kube_kinds::Row::of(&row.id).stage, &row.id)));
    moves.extend(new.into_iter().flat_map(|row| taken_away(round, row)));
    let written: BTreeSet<ObjectId> = moves.iter().map(|step| step.step.id().clone()).collect();
    moves.extend(rows.iter().map(|(row, _)| *row).filter(|row| !written.contains(&row.id)).map(passed));
    planned(moves, &good, outcome)
}

fn good(round: &Round<'_>, row: &Row, before: &Before) -> Option<Desired> {
    let Before::Version(digest) = before else { return None };
    let object = round.seen.good.get(digest)?.clone();
    Some(Desired { own: row.own, adopt: false, object })
}

/// How an object that was made new goes. Its row goes with it: it was never good, so this is no removal.
fn taken_away(round: &Round<'_>, row: &Row) -> Vec<Move> {
    let never_deleted = row.own == Own::Whole && kube_kinds::Row::of(&row.id).never_deleted;
    match round.standing_of(row) {
        Standing::Ours(_) if never_deleted => vec![passed(row)],
        Standing::Ours(observed) => {
            let moves = leave::removal(round, row, observed);
            moves.into_iter().chain([moves::forget(row)]).collect()
        }
        Standing::Absent | Standing::Foreign(_) => vec![moves::forget(row)],
    }
}
