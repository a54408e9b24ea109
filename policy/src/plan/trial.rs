//! New versions that have to show that they work. While one does not, within T_health, nothing of the version before is
//! given up; after that the version before comes back.
//!
//! This is state between rounds, and it survives a restart: it stands in the rows.

use super::back::for_good;
use super::inventory::Row;
use super::round::Round;
use super::{Ends, Move, Step};
use crate::health::{Health, has_notion};
use crate::object::ObjectId;
use crate::outcome::{Outcome, OutcomeCode, UnitId};
use crate::resolve::Desired;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Where a unit stands with the version that it has after its moves.
pub(super) enum Stage {
    /// Nothing has to be shown any longer.
    Over {
        /// The moves then.
        moves: Vec<Move>,
        /// What ends with them.
        ends: Ends,
    },
    /// Something has, or begins to.
    On {
        /// The moves.
        moves: Vec<Move>,
        /// What ends with them.
        ends: Ends,
        /// What is told meanwhile.
        outcome: Outcome,
        /// When to look again at the latest.
        again: Timestamp,
    },
    /// It was not shown in time.
    Lost(Outcome),
}

/// Where a unit stands that becomes `desired` by `moves`: a new version begins anew, a repair changes nothing.
pub(super) fn stage(round: &Round<'_>, unit: &UnitId, desired: &[Desired], moves: Vec<Move>) -> Stage {
    let open = open(round, desired, &moves);
    let rows: Vec<&Row> = round.rows(unit).filter(|row| row.trial_since.is_some()).collect();
    let mut new = open.iter().filter(|(_, new)| **new).map(|(id, _)| id);
    if new.clone().any(has_notion) || (!rows.is_empty() && new.next().is_some()) {
        let ends = open.into_iter().map(|(id, new)| (id, new.then_some(round.now))).collect();
        let outcome = Outcome::new(OutcomeCode::Applied, AWAITED).saying("a new version was written just now");
        return Stage::On { moves, ends, outcome, again: round.now };
    }
    let ends: Ends = open.into_keys().map(|id| (id, None)).collect();
    let Some(since) = rows.iter().filter_map(|row| row.trial_since).max() else {
        return Stage::Over { moves, ends };
    };
    // What is repaired in this very round has not shown anything yet.
    let written: BTreeSet<&ObjectId> = moves.iter().map(|step| step.step.id()).collect();
    let until = since.checked_add(round.health).unwrap_or(Timestamp::MAX);
    let found: Vec<Ailment> =
        rows.iter().filter_map(|row| ailment(round, &row.id, written.contains(&row.id))).collect();
    match found.iter().find(|ailment| ailment.is_known).or(found.first()) {
        None => Stage::Over { moves: moves.into_iter().chain(rows.into_iter().map(for_good)).collect(), ends },
        Some(Ailment { outcome, is_known: true }) if round.now >= until => Stage::Lost(outcome.clone()),
        Some(Ailment { outcome, .. }) => {
            let message = format!("{}; it has until {until:.0}", outcome.message);
            let outcome =
                Outcome { message, code: OutcomeCode::Applied, reason: AWAITED.to_owned(), ..outcome.clone() };
            let soon = round.now.checked_add(SOON).unwrap_or(Timestamp::MAX);
            Stage::On { moves, ends, outcome, again: until.max(soon) }
        }
    }
}

/// When to ask again about what could not be read when its time was over.
const SOON: SignedDuration = SignedDuration::from_secs(10);

/// Why an object has not shown that it works.
struct Ailment {
    outcome: Outcome,
    /// Whether that is known, as against that nobody could say.
    is_known: bool,
}

/// The reason while a new version has still to show that it works.
const AWAITED: &str = "AwaitingHealth";

/// Those of `desired` whose row, after `moves`, is of a transaction that has not ended; and whether its version is
/// another than what worked last.
pub(super) fn open(round: &Round<'_>, desired: &[Desired], moves: &[Move]) -> BTreeMap<ObjectId, bool> {
    let claimed: BTreeMap<&ObjectId, &Row> =
        moves.iter().filter_map(|step| row_of(&step.step)).map(|row| (&row.id, row)).collect();
    let ids = desired.iter().map(|desired| desired.object.id());
    let rows = ids.filter_map(|id| claimed.get(id).copied().or_else(|| round.row(id)));
    let open = rows.filter(|row| row.is_open());
    open.map(|row| (row.id.clone(), !row.only_brings_back())).collect()
}

fn row_of(step: &Step) -> Option<&Row> {
    match step {
        Step::Claim(row) | Step::Delete { after: row, .. } => Some(row),
        Step::Apply { .. } | Step::Release { .. } | Step::Forget(_) => None,
    }
}

/// Why an object on trial has not shown that it works; none: it has, or its kind has nothing to show.
fn ailment(round: &Round<'_>, id: &ObjectId, written: bool) -> Option<Ailment> {
    let (is_known, why) = match round.seen.health.get(id) {
        _ if !has_notion(id) => return None,
        _ if written || !round.seen.objects.contains_key(id) => (true, "it had to be repaired"),
        Some(Health::Well) => return None,
        Some(Health::Ailing(why)) => (true, why.as_str()),
        Some(Health::Unknown(why)) => (false, why.as_str()),
        None => (false, "nothing is known of it"),
    };
    let says = if is_known { "does not work" } else { "has not shown that it works" };
    let outcome = Outcome::new(OutcomeCode::RolledBack, "Unhealthy").saying(format!("{id} {says}: {why}")).about(id);
    Some(Ailment { outcome, is_known })
}
