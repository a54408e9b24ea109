//! Who wins, in one place: from a bundle, what is seen and the time, to what is wanted of each unit.

mod instantiate;
mod table;
mod units;
#[cfg(test)]
mod who_wins;
mod without_bundle;

use crate::bundle::entry::Own;
use crate::bundle::verify::Bundle;
use crate::digest::Digest;
use crate::facts::Labels;
use crate::mode::Mode;
use crate::name::Namespace;
use crate::object::{Object, ObjectId};
use crate::outcome::{Outcome, UnitId};
use crate::plan::inventory::{Inventory, Uid, Version};
use crate::time::TrustedTime;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

pub use without_bundle::without_bundle;

/// One object that exists, as the target reads it.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// The object.
    pub object: Object,
    /// Its identity over time.
    pub uid: Uid,
    /// Its version: changes with every write.
    pub version: Version,
}

/// One namespace that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamespaceSeen {
    /// Its labels.
    pub labels: Labels,
    /// Whether it is being deleted.
    pub terminating: bool,
}

/// All that an agent sees of its cluster in one round.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    /// Namespaces.
    pub namespaces: BTreeMap<Namespace, NamespaceSeen>,
    /// Objects of the kinds in use, ours and foreign.
    pub objects: BTreeMap<ObjectId, Observed>,
    /// What Writ has claimed, owns, or has removed.
    pub inventory: Inventory,
    /// The last good objects that rows name, by digest, checked against it.
    pub good: BTreeMap<Digest, Object>,
    /// What was refused and is not to be tried again yet: by unit and by what it would have become, what became of it.
    pub refused: BTreeMap<UnitId, BTreeMap<Digest, Outcome>>,
}

/// What an operator may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// `T_linger`: how long objects stay in a namespace that no longer matches.
    pub linger: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { linger: Duration::from_secs(24 * 3600) }
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
    /// Delete, not before `after`.
    Gone {
        /// Why it leaves.
        why: Why,
        /// Not before.
        after: Timestamp,
    },
}

/// What is wanted of every unit.
pub type Wants = BTreeMap<UnitId, Want>;

/// What is wanted of every unit: those in scope, and those that only have rows. Pure.
#[must_use]
pub fn resolve(bundle: &Bundle, seen: &Seen, settings: &Settings, now: TrustedTime) -> Wants {
    let cases = units::cases(bundle, seen, settings, now.get()).into_iter();
    let decided = cases.map(|case| {
        let want = table::who_wins(&case);
        (case.unit, want)
    });
    decided.collect()
}
