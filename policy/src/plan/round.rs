//! What a planner looks at in one round.

use super::diff;
use super::inventory::{Inventory, Row, State};
use crate::bundle::entry::Own;
use crate::name::RuleName;
use crate::object::ObjectId;
use crate::outcome::UnitId;
use crate::resolve::{Desired, Settings, Want, Wants};
use crate::seen::{Observed, Seen};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What stands where an object is wanted.
pub(super) enum Standing<'a> {
    /// Nothing.
    Absent,
    /// Our object.
    Ours(&'a Observed),
    /// What a veto had us disown, and nobody has made anew since.
    Disowned(&'a Observed),
    /// Somebody else's.
    Foreign(&'a Observed),
}

/// Wants, what is seen, and which unit has each object.
pub(super) struct Round<'a> {
    pub seen: &'a Seen,
    pub now: Timestamp,
    /// `T_health`: how long a new version may take to work.
    pub health: SignedDuration,
    holders: BTreeMap<&'a ObjectId, &'a UnitId>,
    rows: BTreeMap<UnitId, Vec<&'a Row>>,
}

impl<'a> Round<'a> {
    pub(super) fn new(
        wants: &'a Wants,
        regional: &BTreeSet<RuleName>,
        seen: &'a Seen,
        settings: &Settings,
        now: Timestamp,
    ) -> Self {
        let health = SignedDuration::try_from(settings.health).unwrap_or(SignedDuration::MAX);
        let rows = rows(&seen.inventory);
        Self { seen, now, health, holders: holders(wants, regional, &rows), rows }
    }

    /// The unit that has the object: only that one writes it.
    pub(super) fn holder(&self, id: &ObjectId) -> Option<&'a UnitId> {
        self.holders.get(id).copied()
    }

    /// The live row of an object.
    pub(super) fn row(&self, id: &ObjectId) -> Option<&'a Row> {
        self.seen.inventory.get(id).map(Arc::as_ref).filter(|row: &&Row| row.live())
    }

    /// The row of an object, live or not.
    pub(super) fn any_row(&self, id: &ObjectId) -> Option<&'a Row> {
        self.seen.inventory.get(id).map(Arc::as_ref)
    }

    /// The live rows of a unit whose objects no other unit has taken over.
    pub(super) fn rows(&self, unit: &UnitId) -> impl Iterator<Item = &'a Row> {
        self.all_rows(unit).iter().copied().filter(move |row| self.holder(&row.id).is_none_or(|holder| holder == unit))
    }

    /// All live rows of a unit.
    pub(super) fn all_rows(&self, unit: &UnitId) -> &[&'a Row] {
        self.rows.get(unit).map_or(&[], Vec::as_slice)
    }

    /// What stands where `desired` is wanted. Fields lie over what others own, so they take any object for theirs.
    pub(super) fn standing(&self, desired: &Desired) -> Standing<'a> {
        let id = desired.object.id();
        let Some(observed) = self.seen.objects.get(id) else { return Standing::Absent };
        let as_wanted = diff::stands(desired, observed);
        let ours = self.row(id).is_some_and(|row| self.is_ours(row, observed, as_wanted));
        if self.was_disowned(id, observed) {
            return Standing::Disowned(observed);
        }
        if ours || desired.own == Own::Fields { Standing::Ours(observed) } else { Standing::Foreign(observed) }
    }

    /// What stands where a row says that something of ours does.
    pub(super) fn standing_of(&self, row: &Row) -> Standing<'a> {
        match self.seen.objects.get(&row.id) {
            None => Standing::Absent,
            Some(observed) if self.is_ours(row, observed, false) => Standing::Ours(observed),
            Some(observed) => Standing::Foreign(observed),
        }
    }

    /// An owned object is ours by its uid. A claimed one (we were cut off between the claim and its record) is ours
    /// when it stands as the claim meant it, or as it is wanted now.
    fn is_ours(&self, row: &Row, observed: &Observed, as_wanted: bool) -> bool {
        match &row.state {
            State::Owned { uid } => *uid == observed.uid,
            State::Claimed => as_wanted || self.as_claimed(row, observed),
            State::Removed { .. } | State::Disowned { .. } => false,
        }
    }

    fn was_disowned(&self, id: &ObjectId, observed: &Observed) -> bool {
        let row = self.seen.inventory.get(id);
        row.is_some_and(|row| matches!(&row.state, State::Disowned { uid, .. } if *uid == observed.uid))
    }

    fn as_claimed(&self, row: &Row, observed: &Observed) -> bool {
        let claimed = self.seen.good.get(&row.digest).cloned();
        let claimed = claimed.map(|object| Desired { own: row.own, adopt: false, object });
        claimed.is_some_and(|claimed| diff::stands(&claimed, observed))
    }
}

/// Which unit has each object: the one that has its row while it still wants it, else the first that would enforce it. What
/// a region adds takes nothing from what holds for everybody: its rules come after all others, whoever was there first.
fn holders<'a>(
    wants: &'a Wants,
    regional: &BTreeSet<RuleName>,
    rows: &BTreeMap<UnitId, Vec<&'a Row>>,
) -> BTreeMap<&'a ObjectId, &'a UnitId> {
    let kept = |of_region: bool| {
        let rows = rows.iter().filter(move |(unit, _)| regional.contains(&unit.rule) == of_region);
        let kept = rows.filter_map(|(unit, rows)| Some((wants.get_key_value(unit)?, rows)));
        kept.flat_map(|((unit, want), rows)| {
            rows.iter().filter(|row| stays(want, &row.id)).map(move |row| (&row.id, unit))
        })
    };
    let wanted = |of_region: bool| {
        let wants = wants.iter().filter(move |(unit, _)| regional.contains(&unit.rule) == of_region);
        let have = wants.filter_map(|(unit, want)| if let Want::Have(all) = want { Some((unit, all)) } else { None });
        have.flat_map(|(unit, all)| all.iter().map(move |desired| (desired.object.id(), unit)))
    };
    let mut holders: BTreeMap<_, _> = kept(false).collect();
    for (id, unit) in wanted(false).chain(kept(true)).chain(wanted(true)) {
        holders.entry(id).or_insert(unit);
    }
    holders
}

/// The live rows by their units. Sorted first: of many thousand, a tree grows faster from all of them than one by one.
fn rows(inventory: &Inventory) -> BTreeMap<UnitId, Vec<&Row>> {
    let live = inventory.values().filter(|row| row.live());
    let mut rows: Vec<(UnitId, &Row)> = live.map(|row| (row.unit(), row.as_ref())).collect();
    rows.sort_by(|(one, _), (other, _)| one.cmp(other));
    let units = rows.chunk_by(|(one, _), (other, _)| one == other);
    units.filter_map(|of| Some((of.first()?.0.clone(), of.iter().map(|(_, row)| *row).collect()))).collect()
}

/// Whether a unit that has the row of `id` goes on having it.
fn stays(want: &Want, id: &ObjectId) -> bool {
    match want {
        Want::Have(desired) => desired.iter().any(|desired| desired.object.id() == id),
        Want::Show(..) | Want::Keep { .. } => true,
        Want::Disown(_) | Want::Waive(_) | Want::Gone { .. } => false,
    }
}
