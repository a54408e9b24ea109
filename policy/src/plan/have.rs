//! What it takes for a unit's objects to stand: all of them or none.

use super::inventory::{Before, Row, State};
use super::leave::{Leaving, leave};
use super::round::{Round, Standing};
use super::trial::{self, Stage};
use super::{Ends, Move, Transaction, UnitPlan, back, diff, immutable, keep, moves};
use crate::bundle::entry::Own;
use crate::canonical;
use crate::digest::Digest;
use crate::kube_kinds::Order;
use crate::mode::Mode;
use crate::object::ObjectId;
use crate::outcome::{Outcome, OutcomeCode, UnitId};
use crate::resolve::Desired;
use crate::seen::Observed;

/// What one object takes, or why it cannot be had. A claim on what turned out not to be ours is dropped all the same.
pub(super) type Verdict = Result<Vec<Move>, Blocked>;

/// Why an object cannot be had.
pub(super) struct Blocked {
    pub outcome: Outcome,
    pub moves: Vec<Move>,
}

/// Plans a unit that is wanted as `desired`. Where one object cannot be had, the unit stays at its last good version.
pub(super) fn have(round: &Round<'_>, unit: &UnitId, desired: &[Desired]) -> UnitPlan {
    let mut steps = Vec::new();
    for desired in in_order(desired) {
        match object(round, unit, desired) {
            Ok(moves) => steps.extend(moves),
            Err(blocked) => return keep::last_good(round, unit, blocked.moves, blocked.outcome),
        }
    }
    let (steps, ends) = match trial::stage(round, unit, desired, steps) {
        Stage::Over { moves, ends } => (moves, ends),
        Stage::On { moves, ends, outcome, again } => {
            return UnitPlan { again: Some(again), ..ending(moves, desired, ends, outcome) };
        }
        Stage::Lost(outcome) => {
            return UnitPlan { gives_up: Some(becomes(desired)), ..back::back(round, unit, Vec::new(), outcome) };
        }
    };
    let wanted = |row: &&Row| !desired.iter().any(|desired| *desired.object.id() == row.id);
    let Leaving { moves, stays, removes, until: again, .. } = leave(round, round.rows(unit).filter(wanted));
    let outcome = Outcome::new(OutcomeCode::Applied, "AsWanted");
    let held = transaction(steps.iter().cloned().chain(stays).collect(), desired, ends.clone());
    let steps = steps.into_iter().chain(moves).collect();
    UnitPlan { removes, held, again, ..ending(steps, desired, ends, outcome) }
}

/// The plan of a unit that becomes `desired`, and of which nothing leaves.
pub(super) fn ending(moves: Vec<Move>, desired: &[Desired], ends: Ends, outcome: Outcome) -> UnitPlan {
    let transaction = transaction(moves, desired, ends);
    UnitPlan { transaction, outcome, removes: Vec::new(), held: None, gives_up: None, again: None }
}

/// The same, of which no row is of a transaction that has still to end.
pub(super) fn planned(moves: Vec<Move>, desired: &[Desired], outcome: Outcome) -> UnitPlan {
    ending(moves, desired, Ends::new(), outcome)
}

/// Where nothing moves or ends there is no transaction, and nobody asks what the unit becomes.
pub(super) fn transaction(moves: Vec<Move>, desired: &[Desired], ends: Ends) -> Option<Transaction> {
    let some = !(moves.is_empty() && ends.is_empty());
    some.then(|| Transaction { moves, becomes: becomes(desired), ends })
}

/// Objects in the order of writing.
pub(super) fn in_order(desired: &[Desired]) -> Vec<&Desired> {
    let mut desired: Vec<_> = desired.iter().collect();
    desired.sort_by_cached_key(|desired| Order::of(&desired.object));
    desired
}

/// The digest of what a unit becomes: of the digests of its objects, in the order of writing.
#[must_use]
pub fn becomes(desired: &[Desired]) -> Digest {
    let digests: Vec<_> = in_order(desired).into_iter().map(|desired| desired.object.digest()).collect();
    canonical::digest(&digests).unwrap_or_else(|_| Digest::of(&[]))
}

/// What one object takes.
pub(super) fn object(round: &Round<'_>, unit: &UnitId, desired: &Desired) -> Verdict {
    let id = desired.object.id();
    if let Some(holder) = round.holder(id).filter(|holder| *holder != unit) {
        return Err(taken(id, &format!("belongs to {holder}"), "OtherRule", Vec::new()));
    }
    let before = round.row(id);
    match round.standing(desired) {
        Standing::Absent if desired.own == Own::Fields => Err(missing(id)),
        Standing::Absent => Ok(created(round, unit, desired, before)),
        Standing::Ours(observed) => repaired(round, unit, desired, before, observed),
        // What others made of it while it was not ours is taken back, as a repair would.
        Standing::Disowned(observed) => {
            let desired = Desired { adopt: true, ..desired.clone() };
            Ok(adopted(round, unit, &desired, round.any_row(id), observed))
        }
        Standing::Foreign(observed) if desired.adopt => Ok(adopted(round, unit, desired, before, observed)),
        Standing::Foreign(_) => {
            let claim = before.filter(|row| row.state == State::Claimed).map(moves::forget);
            Err(taken(id, "exists and is not ours", "Foreign", claim.into_iter().collect()))
        }
    }
}

fn created(round: &Round<'_>, unit: &UnitId, desired: &Desired, before: Option<&Row>) -> Vec<Move> {
    let row = row(round, unit, desired, before, State::Claimed);
    let claim = (before != Some(&row)).then(|| moves::claim(row.clone(), before));
    claim.into_iter().chain([moves::create(desired, &row)]).collect()
}

fn adopted(
    round: &Round<'_>,
    unit: &UnitId,
    desired: &Desired,
    before: Option<&Row>,
    observed: &Observed,
) -> Vec<Move> {
    let row = row(round, unit, desired, before, State::Claimed);
    let claim = (before != Some(&row)).then(|| moves::claim(row.clone(), before));
    claim.into_iter().chain([moves::update(desired, &row, observed)]).collect()
}

/// What it takes for an object that is ours to stand as wanted.
fn repaired(round: &Round<'_>, unit: &UnitId, desired: &Desired, before: Option<&Row>, observed: &Observed) -> Verdict {
    let recorded = before.is_some_and(|row| row.own == Own::Whole || is_record_of(row, observed));
    if !recorded {
        return Ok(adopted(round, unit, desired, before, observed));
    }
    let row = row(round, unit, desired, before, State::Owned { uid: observed.uid.clone() });
    let stands = diff::stands_marked(desired, observed) && before.is_some_and(|before| before.digest == row.digest);
    if !stands && immutable::differs(&desired.object, &observed.object) {
        return replaced(round, desired, before, &row, observed);
    }
    let claim = (before != Some(&row)).then(|| moves::claim(row.clone(), before));
    let write = (!stands).then(|| moves::update(desired, &row, observed));
    Ok(claim.into_iter().chain(write).collect())
}

fn is_record_of(row: &Row, observed: &Observed) -> bool {
    matches!(&row.state, State::Owned { uid } if *uid == observed.uid)
}

/// A change that the server would refuse takes a deletion and a new object, where that loses nothing.
fn replaced(round: &Round<'_>, desired: &Desired, before: Option<&Row>, row: &Row, observed: &Observed) -> Verdict {
    let id = desired.object.id();
    let Some(before) = before.filter(|_| immutable::replaceable(id)) else {
        let outcome = Outcome::new(OutcomeCode::Failed, "Immutable");
        let message = format!("{id}: a field that cannot change would have to; delete the object, or keep the field");
        return Err(Blocked { outcome: outcome.saying(message).about(id), moves: Vec::new() });
    };
    let replaces = row.replaces.clone().or(Some(Before::Version(before.digest)));
    let claimed = Row { state: State::Claimed, since: round.now, replaces, ..row.clone() };
    let known = (before.state == State::Claimed).then(|| moves::claim(row.clone(), Some(before)));
    let delete = moves::delete(before, observed, claimed.clone());
    Ok(known.into_iter().chain([delete, moves::create(desired, &claimed)]).collect())
}

/// The row of an object that is wanted, in `state`; `since` stays while the state does, but that of a claim does not: it is
/// written now.
fn row(round: &Round<'_>, unit: &UnitId, desired: &Desired, before: Option<&Row>, state: State) -> Row {
    let stays = |before: &&Row| before.state == state && state != State::Claimed;
    let since = before.filter(stays).map_or(round.now, |before| before.since);
    let digest = desired.object.digest();
    let same_version = before.filter(|before| before.digest == digest);
    let same = same_version.filter(|before| before.state == state);
    Row {
        id: desired.object.id().clone(),
        api: desired.object.api().clone(),
        rule: unit.rule.clone(),
        unit: unit.namespace.clone(),
        own: desired.own,
        digest,
        since,
        leaving: None,
        mode: Mode::Enforce,
        written: same.and_then(|before| before.written.clone()),
        replaces: replaces(round, desired, before, same.is_some()),
        trial_since: same_version.and_then(|before| before.trial_since),
        going_back: false,
        state,
    }
}

/// What a claim replaces. Where an earlier transaction has not ended, or its version is on trial: what stood before that.
fn replaces(round: &Round<'_>, desired: &Desired, before: Option<&Row>, same: bool) -> Option<Before> {
    match before.filter(|before| before.live()) {
        Some(before) if same || before.replaces.is_some() => before.replaces.clone(),
        Some(before) => Some(Before::Version(before.digest)),
        None if desired.own == Own::Whole && round.seen.objects.contains_key(desired.object.id()) => {
            Some(Before::Theirs)
        }
        None => Some(Before::Nothing),
    }
}

fn taken(id: &ObjectId, why: &str, reason: &str, moves: Vec<Move>) -> Blocked {
    Blocked { outcome: Outcome::new(OutcomeCode::NameTaken, reason).saying(format!("{id} {why}")).about(id), moves }
}

fn missing(id: &ObjectId) -> Blocked {
    let message = format!("{id} does not exist; fields are only laid over what others make");
    Blocked { outcome: Outcome::new(OutcomeCode::Failed, "NoSuchObject").saying(message).about(id), moves: Vec::new() }
}
