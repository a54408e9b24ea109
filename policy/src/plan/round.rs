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
use std::collections::{BTreeSet, HashMap};

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
    /// A round asks for places by the ten thousand, so they are hashed; nobody walks over them.
    places: HashMap<&'a ObjectId, Place<'a>>,
    rows: HashMap<UnitId, Vec<&'a Row>>,
}

/// What there is to know of one object's place.
#[derive(Default)]
struct Place<'a> {
    /// The unit that has it.
    holder: Option<&'a UnitId>,
    /// Its row, live or not.
    row: Option<&'a Row>,
    /// What stands there.
    observed: Option<&'a Observed>,
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
        let mut places: HashMap<_, Place<'a>> = HashMap::with_capacity(seen.objects.len().max(seen.inventory.len()));
        for (id, row) in &seen.inventory {
            places.entry(id).or_default().row = Some(row.as_ref());
        }
        for (id, observed) in &seen.objects {
            places.entry(id).or_default().observed = Some(observed);
        }
        give(&mut places, wants, regional, &rows);
        Self { seen, now, health, places, rows }
    }

    /// The unit that has the object: only that one writes it.
    pub(super) fn holder(&self, id: &ObjectId) -> Option<&'a UnitId> {
        self.places.get(id)?.holder
    }

    /// The live row of an object.
    pub(super) fn row(&self, id: &ObjectId) -> Option<&'a Row> {
        self.any_row(id).filter(|row| row.live())
    }

    /// The row of an object, live or not.
    pub(super) fn any_row(&self, id: &ObjectId) -> Option<&'a Row> {
        self.places.get(id)?.row
    }

    /// What stands in an object's place.
    pub(super) fn observed(&self, id: &ObjectId) -> Option<&'a Observed> {
        self.places.get(id)?.observed
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
        let Some(observed) = self.observed(id) else { return Standing::Absent };
        let as_wanted = diff::stands(desired, observed);
        let ours = self.row(id).is_some_and(|row| self.is_ours(row, observed, as_wanted));
        if self.was_disowned(id, observed) {
            return Standing::Disowned(observed);
        }
        if ours || desired.own == Own::Fields { Standing::Ours(observed) } else { Standing::Foreign(observed) }
    }

    /// What stands where a row says that something of ours does.
    pub(super) fn standing_of(&self, row: &Row) -> Standing<'a> {
        match self.observed(&row.id) {
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
        let row = self.any_row(id);
        row.is_some_and(|row| matches!(&row.state, State::Disowned { uid, .. } if *uid == observed.uid))
    }

    fn as_claimed(&self, row: &Row, observed: &Observed) -> bool {
        let claimed = self.seen.good.get(&row.digest).cloned();
        let claimed = claimed.map(|object| Desired { own: row.own, adopt: false, object });
        claimed.is_some_and(|claimed| diff::stands(&claimed, observed))
    }
}

/// Gives each object to the unit that has its row while it still wants it, else to the first that would enforce it. What a
/// region adds takes nothing from what holds for everybody: its rules come after all others, whoever was there first.
fn give<'a>(
    places: &mut HashMap<&'a ObjectId, Place<'a>>,
    wants: &'a Wants,
    regional: &BTreeSet<RuleName>,
    rows: &HashMap<UnitId, Vec<&'a Row>>,
) {
    for of_region in [false, true] {
        let asked = || wants.iter().filter(|(unit, _)| comes_after(&unit.rule, regional) == of_region);
        let kept = asked().filter_map(|(unit, want)| Some((unit, want, rows.get(unit)?)));
        for (unit, want, rows) in kept {
            for row in rows.iter().filter(|row| stays(want, &row.id)) {
                places.entry(&row.id).or_default().holder.get_or_insert(unit);
            }
        }
        for (unit, want) in asked() {
            let Want::Have(desired) = want else { continue };
            for desired in desired {
                places.entry(desired.object.id()).or_default().holder.get_or_insert(unit);
            }
        }
    }
}

/// Whether what the rule wants comes after what others want.
fn comes_after(rule: &RuleName, regional: &BTreeSet<RuleName>) -> bool {
    regional.contains(rule)
}

/// The live rows by their units, each unit's in the order of the inventory.
fn rows(inventory: &Inventory) -> HashMap<UnitId, Vec<&Row>> {
    let mut rows: HashMap<_, Vec<&Row>> = HashMap::new();
    for row in inventory.values().filter(|row| row.live()) {
        rows.entry(row.unit()).or_default().push(row);
    }
    rows
}

/// Whether a unit that has the row of `id` goes on having it.
fn stays(want: &Want, id: &ObjectId) -> bool {
    match want {
        Want::Have(desired) => desired.iter().any(|desired| desired.object.id() == id),
        Want::Show(..) | Want::Keep { .. } => true,
        Want::Disown(_) | Want::Waive(_) | Want::Gone { .. } => false,
    }
}
