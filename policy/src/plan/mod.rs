//! Planning: which writes, in which order, and how to undo them. Pure.

mod back;
pub mod diff;
mod disown;
pub mod fields;
mod have;
mod immutable;
pub mod inventory;
mod keep;
mod leave;
pub mod marks;
mod moves;
pub mod prune;
pub mod rest;
mod round;
#[cfg(test)]
mod rounds;
#[cfg(test)]
pub(crate) mod simulation;
mod tell;
mod trial;
mod turn;
pub mod unenforced;

use crate::bundle::entry::Own;
use crate::digest::Digest;
use crate::health;
use crate::name::RuleName;
use crate::object::{ApiVersion, Object, ObjectId};
use crate::outcome::{Outcome, UnitId};
use crate::resolve::{Settings, Want, Wants};
use crate::seen::Seen;
use crate::time::TrustedTime;
use inventory::{Inventory, Row, Uid, Version};
use jiff::Timestamp;
use round::Round;
use std::collections::{BTreeMap, BTreeSet};

pub use have::becomes;
pub use turn::{Turn, side_by_side};

/// What an [`Step::Apply`] finds, or else fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expects {
    /// No such object.
    Absent,
    /// The object at this very version.
    At(Version),
}

/// One write. All of them may be repeated without harm.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Write the row. For a new object its state is Claimed, and this comes before the [`Step::Apply`].
    Claim(Row),
    /// Write the object (or the fields of it that are ours), as `rule`. Once it stands, a row that is Claimed becomes
    /// Owned with the object's uid.
    Apply {
        /// The object.
        object: Object,
        /// Whole or fields.
        own: Own,
        /// The rule that wants it.
        rule: RuleName,
        /// What must be there.
        expects: Expects,
        /// Whether fields that others hold are taken from them.
        adopt: bool,
    },
    /// Give up the fields that are ours (those of `object`, as last applied); then write `after`.
    Release {
        /// The fields.
        object: Object,
        /// The rule that had them.
        rule: RuleName,
        /// The row as it stands then.
        after: Row,
    },
    /// Delete, if it is still this very object at this very version; then write `after`.
    Delete {
        /// What.
        id: ObjectId,
        /// Its identity.
        uid: Uid,
        /// Its version.
        version: Version,
        /// The row as it stands then.
        after: Row,
    },
    /// Drop the row: what it speaks of is not there, or not ours.
    Forget(ObjectId),
}

impl Step {
    /// The object that it is about.
    #[must_use]
    pub fn id(&self) -> &ObjectId {
        match self {
            Self::Claim(row) => &row.id,
            Self::Apply { object, .. } | Self::Release { object, .. } => object.id(),
            Self::Delete { id, .. } | Self::Forget(id) => id,
        }
    }
}

/// What takes one step back. Does nothing where somebody else has written since.
#[derive(Debug, Clone, PartialEq)]
pub enum Undo {
    /// Delete the object that the step created, while it is as the step left it.
    Withdraw(ObjectId),
    /// Write the object as it was before the step, over what the step left (or, after a deletion, anew). Where the
    /// row is Claimed then, it becomes Owned.
    Restore {
        /// The whole object as it was, less what the server fills in; or what was applied, where that stood.
        before: Object,
        /// Whether `before` is what was applied: then applying it again brings it back.
        as_applied: bool,
        /// Whether the step had written all of it or fields.
        own: Own,
        /// The rule that wrote.
        rule: RuleName,
    },
    /// Write the row as it was; none: drop it.
    Row(ObjectId, Option<Box<Row>>),
}

/// A step and its way back.
#[derive(Debug, Clone, PartialEq)]
pub struct Move {
    /// The step.
    pub step: Step,
    /// In order. Steps that were done are taken back last first.
    pub undo: Vec<Undo>,
}

/// All writes of one unit: all of them or none. Before the first of them, every object that it applies is stored as a
/// last good copy, so that no row names one that is not there.
#[derive(Debug, Clone, PartialEq)]
pub struct Transaction {
    /// In order.
    pub moves: Vec<Move>,
    /// The digest of what the unit becomes: what a refusal is remembered by.
    pub becomes: Digest,
    /// What ends with the last of its moves.
    pub ends: Ends,
}

/// The rows of which a transaction wrote the version, or an earlier one that was cut off: those that are on trial from
/// now on, and since when. The others stand for good, and forget what they replaced.
pub type Ends = BTreeMap<ObjectId, Option<Timestamp>>;

/// What is planned for one unit.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitPlan {
    /// The writes; none when nothing needs to be written.
    pub transaction: Option<Transaction>,
    /// What becomes of the unit if all of them succeed.
    pub outcome: Outcome,
    /// The rows whose objects leave for good by this transaction.
    pub removes: Vec<ObjectId>,
    /// The writes instead, while these removals wait for a person: what stands is repaired.
    pub held: Option<Transaction>,
    /// The digest of what the unit was and is to be no longer, because it does not work: not tried again at once.
    pub gives_up: Option<Digest>,
    /// When the plan changes by itself.
    pub again: Option<Timestamp>,
}

/// What is planned for one round: every unit exactly once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// By unit.
    pub units: BTreeMap<UnitId, UnitPlan>,
    /// Rows of what has ended a day ago.
    pub expired: Vec<ObjectId>,
    /// Removals that wait for a person.
    pub held: Option<prune::Held>,
}

impl Plan {
    /// When it changes by itself, at the earliest.
    #[must_use]
    pub fn again(&self) -> Option<Timestamp> {
        self.units.values().filter_map(|unit| unit.again).min()
    }
}

/// Plans one round: what it takes of every unit, and how to take it back. Of two units that want one object, that of a rule
/// for everybody has it before one of a `regional` rule. Pure.
#[must_use]
pub fn plan(wants: &Wants, regional: &BTreeSet<RuleName>, seen: &Seen, settings: &Settings, now: TrustedTime) -> Plan {
    let round = Round::new(wants, regional, seen, settings, now.get());
    let units = wants.iter().map(|(unit, want)| (unit.clone(), unit_plan(&round, unit, want)));
    Plan { units: units.collect(), expired: expired(&round, wants), held: None }
}

fn unit_plan(round: &Round<'_>, unit: &UnitId, want: &Want) -> UnitPlan {
    if let Some(outcome) = unseen(round, unit, want) {
        return have::planned(Vec::new(), &[], outcome);
    }
    match want {
        Want::Have(desired) => have::have(round, unit, desired),
        Want::Show(desired, mode) => tell::show(round, unit, desired, *mode),
        Want::Keep { outcome, mode } => keep::keep(round, unit, outcome, *mode),
        Want::Waive(outcome) => leave::waived(round, unit, outcome),
        Want::Disown(outcome) => disown::disown(round, unit, outcome),
        Want::Gone { why, after } => leave::gone(round, unit, *why, *after),
    }
}

/// What is said of a unit of which an object cannot be looked at: nothing is planned blindly.
fn unseen(round: &Round<'_>, unit: &UnitId, want: &Want) -> Option<Outcome> {
    if round.seen.unseen.is_empty() {
        return None;
    }
    let rows = round.all_rows(unit).iter().map(|row| &row.id);
    let desired = want.desired().iter().map(|desired| desired.object.id());
    rows.chain(desired).find_map(|id| round.seen.unseen.get(id)).cloned()
}

/// The objects whose version has still to show that it works, each in the version that it is written in.
#[must_use]
pub fn on_trial(inventory: &Inventory) -> BTreeMap<ObjectId, ApiVersion> {
    let rows = inventory.values().filter(|row| row.live() && row.trial_since.is_some() && health::has_notion(&row.id));
    rows.map(|row| (row.id.clone(), row.api.clone())).collect()
}

/// The objects that a round must look at: what is wanted and what rows speak of, each in the version that it is written
/// in.
#[must_use]
pub fn in_question<'a>(wants: &'a Wants, inventory: &'a Inventory) -> BTreeMap<&'a ObjectId, &'a ApiVersion> {
    let rows = inventory.values().filter(|row| row.live()).map(|row| (&row.id, &row.api));
    let desired = wants.values().flat_map(Want::desired).map(|desired| &desired.object);
    rows.chain(desired.map(|object| (object.id(), object.api()))).collect()
}

/// Rows of what has ended a day ago, unless the object is wanted again, or still vetoed.
fn expired(round: &Round<'_>, wants: &Wants) -> Vec<ObjectId> {
    let vetoed = |row: &Row| matches!(wants.get(&row.unit()), Some(Want::Disown(_)));
    let rows = round.seen.inventory.values().filter(|row| row.expired(round.now) && !vetoed(row));
    rows.map(|row| row.id.clone()).filter(|id| round.holder(id).is_none()).collect()
}
