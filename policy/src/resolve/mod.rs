//! Who wins, in one place: from a bundle, what is seen and the time, to what is wanted of each unit.

mod decided;
mod instantiate;
mod memo;
mod say;
mod table;
#[cfg(test)]
mod together;
mod units;
#[cfg(test)]
mod who_wins;
mod without_bundle;

use crate::bundle::entry::Own;
use crate::bundle::verify::Bundle;
use crate::mode::Mode;
use crate::name::RuleName;
use crate::object::Object;
use crate::outcome::{Note, Outcome, UnitId};
use crate::seen::Seen;
use crate::time::TrustedTime;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub use decided::{Decided, LIFELINE, Modes};
pub use memo::Memo;
#[cfg(test)]
pub(crate) use table::rows;
pub use without_bundle::without_bundle;

/// What an operator may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// `T_linger`: how long objects stay in a namespace that no longer matches.
    pub linger: Duration,
    /// `T_health`: how long a new version may take to work.
    pub health: Duration,
    /// How long an object's repair may have to wait before its unit is Contested.
    pub contested: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        let minute = Duration::from_secs(60);
        Self { linger: Duration::from_secs(24 * 3600), health: minute, contested: minute }
    }
}

/// Why a unit leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// A commit removed the rule or its scope.
    Commit,
    /// The namespace no longer matches.
    Scope,
    /// The namespace is being deleted, and its objects with it.
    NamespaceTerminating,
    /// The namespace is no longer there.
    NamespaceGone,
}

/// An object to be, in its namespace.
#[derive(Debug, Clone, PartialEq)]
pub struct Desired {
    /// Whole or fields.
    pub own: Own,
    /// Whether an object that exists already is taken over.
    pub adopt: bool,
    /// The object itself, with Writ's marks where it is owned as a whole.
    pub object: Object,
}

/// What is wanted of one unit.
#[derive(Debug, Clone, PartialEq)]
pub enum Want {
    /// Enforce.
    Have(Vec<Desired>),
    /// A lesser mode: compare, write nothing, keep what stands.
    Show(Vec<Desired>, Mode),
    /// The last good version; repaired only where the mode is enforce.
    Keep {
        /// Why it is not the version that the rule asks for.
        outcome: Outcome,
        /// The mode in force.
        mode: Mode,
    },
    /// A constraint vetoes it: leave standing, no longer ours.
    Disown(Outcome),
    /// An exception waives it: delete, and have it again at its end.
    Waive(Outcome),
    /// Delete, not before `after`.
    Gone {
        /// Why it leaves.
        why: Why,
        /// Not before.
        after: Timestamp,
    },
}

impl Want {
    /// The objects that are wanted or shown.
    #[must_use]
    pub fn desired(&self) -> &[Desired] {
        match self {
            Self::Have(desired) | Self::Show(desired, _) => desired,
            Self::Keep { .. } | Self::Disown(_) | Self::Waive(_) | Self::Gone { .. } => &[],
        }
    }
}

/// What is wanted of every unit.
pub type Wants = BTreeMap<UnitId, Want>;

/// What resolving comes to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resolved {
    /// What is wanted of every unit.
    pub wants: Wants,
    /// What decided over each of them; nothing does without a bundle.
    pub decided: BTreeMap<UnitId, Decided>,
    /// The constraints that would have vetoed and were overruled, in words, of units where there are any.
    pub overruled: BTreeMap<UnitId, BTreeSet<String>>,
    /// What else someone may act on: overrides that do not count, constraints that are faulty. In order.
    pub notes: Vec<Note>,
    /// The rules of the region's own folder: an object that a rule for everybody wants is not theirs.
    pub regional: BTreeSet<RuleName>,
    /// When the answer changes by itself: the next beginning or end of an exception or a brake.
    pub again: Option<Timestamp>,
}

/// What is wanted of every unit: those in scope, and those that only have rows. Pure: what `memo` remembers of earlier
/// rounds changes nothing but the time that this takes.
#[must_use]
pub fn resolve(bundle: &Bundle, seen: &Seen, settings: &Settings, now: TrustedTime, memo: &mut Memo) -> Resolved {
    let say = memo.say(bundle, &seen.local);
    let cases = units::cases(bundle, seen, settings, &say, now, memo);
    let overruled = cases.iter().filter_map(|case| Some((case.unit.clone(), case.overruled()?.clone()))).collect();
    // In the order of the units: of many thousand, a tree grows faster from all of them than one by one.
    let (wants, decided): (Vec<_>, Vec<_>) = cases.into_iter().map(won).unzip();
    let (wants, decided) = (wants.into_iter().collect(), decided.into_iter().collect());
    memo.keep(&wants);
    let waivers = say.waivers.iter().flat_map(|waiver| waiver.from.into_iter().chain([waiver.until]));
    let again = waivers.chain(seen.local.brakes.ends()).filter(|at| *at > now.get()).min();
    let regional = bundle.entries().values().filter(|entry| entry.envelope.region.is_some());
    let regional = regional.map(|entry| entry.name.clone()).collect();
    Resolved { wants, decided, overruled, notes: say.notes.clone(), regional, again }
}

fn won(case: units::Case<'_>) -> ((UnitId, Want), (UnitId, Decided)) {
    let (want, by) = table::who_wins(&case);
    ((case.unit.clone(), want), (case.unit, by))
}
