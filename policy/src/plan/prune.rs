//! The hold on large removals (T_prune of formats.md): whoever says so, removing much waits for a person.

use super::inventory::{Inventory, Row, State};
use super::{Plan, Step, UnitPlan};
use crate::bundle::entry::Own;
use crate::canonical::{self, NotCanonical};
use crate::digest::Digest;
use crate::name::{Namespace, RuleName};
use crate::object::ObjectId;
use crate::outcome::{Outcome, OutcomeCode};
use crate::time::TrustedTime;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// So many rows may always go in a day.
const ALWAYS: usize = 5;
/// And one in so many of all rows (20 %).
const ONE_IN: usize = 5;

/// What identifies a row in a hold: the same in every round, whatever else changes in the row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldRow {
    /// The object.
    pub id: ObjectId,
    /// The rule that wanted it.
    pub rule: RuleName,
    /// The namespace of its unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Namespace>,
    /// Whole or fields.
    pub own: Own,
}

impl From<&Row> for HeldRow {
    fn from(row: &Row) -> Self {
        Self { id: row.id.clone(), rule: row.rule.clone(), unit: row.unit.clone(), own: row.own }
    }
}

/// Removals that wait for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Held {
    /// The digest of the canonical JSON of the sorted rows: what a release names.
    pub digest: Digest,
    /// How many rows.
    pub total: u64,
    /// The rows; in a report the first of them.
    pub rows: Vec<HeldRow>,
}

impl Held {
    /// All of the rows, in their order.
    ///
    /// # Errors
    /// [`NotCanonical`] when the rows have no digest.
    pub fn new(mut rows: Vec<HeldRow>) -> Result<Self, NotCanonical> {
        rows.sort();
        Ok(Self { digest: canonical::digest(&rows)?, total: rows.len() as u64, rows })
    }
}

/// Lets a plan's removals pass, or holds them: `released` is the digest that the head names in `prune`.
/// Everything else proceeds.
///
/// # Errors
/// [`NotCanonical`] when the rows have no digest; nothing of the plan may be carried out then.
pub fn admit(
    mut plan: Plan,
    inventory: &Inventory,
    released: Option<Digest>,
    now: TrustedTime,
) -> Result<Plan, NotCanonical> {
    let wanted: BTreeSet<&ObjectId> = plan.units.values().flat_map(|unit| &unit.removes).collect();
    if is_small(wanted.len(), inventory, now.get()) {
        return Ok(plan);
    }
    let held = held(&wanted, inventory, released)?;
    if is_released(&held, released) {
        plan.units.values_mut().for_each(|unit| goes_under(unit, held.digest));
    } else {
        plan.units.values_mut().for_each(hold);
        plan.held = Some(held);
    }
    Ok(plan)
}

/// Whether the removals of the last day (those under a released hold do not count) and those wanted now are few.
fn is_small(wanted: usize, inventory: &Inventory, now: Timestamp) -> bool {
    let counts = |row: &&Arc<Row>| matches!(row.state, State::Removed { released: None, .. }) && !row.expired(now);
    let recent = inventory.values().filter(counts).count();
    let all = recent + inventory.values().filter(|row| row.live()).count();
    let removals = recent + wanted;
    wanted == 0 || removals <= ALWAYS.max(all / ONE_IN)
}

fn is_released(held: &Held, released: Option<Digest>) -> bool {
    released == Some(held.digest)
}

/// The hold on these removals. Rows that have gone under the released hold already still belong to it, so that a
/// removal that was cut off goes on.
fn held(wanted: &BTreeSet<&ObjectId>, inventory: &Inventory, released: Option<Digest>) -> Result<Held, NotCanonical> {
    let gone =
        |row: &Row| matches!(row.state, State::Removed { released: under, .. } if under.is_some() && under == released);
    let member = |row: &&Arc<Row>| wanted.contains(&row.id) || gone(row);
    Held::new(inventory.values().filter(member).map(|row| HeldRow::from(&**row)).collect())
}

/// Marks a unit's removals as released.
fn goes_under(unit: &mut UnitPlan, hold: Digest) {
    let moves = unit.transaction.iter_mut().flat_map(|transaction| &mut transaction.moves);
    for row in moves.filter_map(|step| ending(&mut step.step)) {
        if let State::Removed { released, .. } = &mut row.state {
            *released = Some(hold);
        }
    }
}

/// The row that a step ends, if it does.
fn ending(step: &mut Step) -> Option<&mut Row> {
    match step {
        Step::Claim(row) | Step::Release { after: row, .. } | Step::Delete { after: row, .. } => {
            (!row.live()).then_some(row)
        }
        Step::Apply { .. } | Step::Forget(_) => None,
    }
}

/// A unit's removals wait; until a person decides, what stands of it is repaired (invariant 26).
fn hold(unit: &mut UnitPlan) {
    if unit.removes.is_empty() {
        return;
    }
    let message = format!("{} removals wait for a person: see `writ hold list`", unit.removes.len());
    unit.removes.clear();
    unit.transaction = unit.held.take();
    unit.outcome = Outcome::new(OutcomeCode::Held, "LargeRemoval").saying(message);
}
