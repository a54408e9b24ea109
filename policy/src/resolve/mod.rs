//! Who wins, in one place: from a bundle, what is seen and the time, to what is wanted of each unit.

use crate::bundle::entry::Template;
use crate::facts::Labels;
use crate::mode::Mode;
use crate::name::Namespace;
use crate::object::{Object, ObjectId};
use crate::outcome::UnitId;
use crate::plan::inventory::{Inventory, Uid, Version};
use jiff::Timestamp;
use std::collections::BTreeMap;

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
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Namespaces.
    pub namespaces: BTreeMap<Namespace, NamespaceSeen>,
    /// Objects of the kinds in use, ours and foreign.
    pub objects: BTreeMap<ObjectId, Observed>,
    /// What Writ has claimed, owns, or has removed.
    pub inventory: Inventory,
    /// The last good objects that rows name, by digest, checked against it.
    pub good: BTreeMap<crate::digest::Digest, Object>,
}

/// Why something is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// A commit removed the rule or its scope.
    Commit,
    /// The namespace no longer matches.
    Scope,
    /// The rule cannot be rendered for this cluster.
    Unsupported(String),
    /// A constraint says no.
    Vetoed(String),
    /// An exception waives it.
    Excepted(String),
}

/// An object to be, in its namespace.
#[derive(Debug, Clone, PartialEq)]
pub struct Desired {
    /// Whole or fields, adopt.
    pub template: Template,
    /// The object itself.
    pub object: Object,
}

/// What is wanted of one unit.
#[derive(Debug, Clone, PartialEq)]
pub enum Want {
    /// Enforce.
    Have(Vec<Desired>),
    /// A lesser mode: compare, write nothing, keep what stands.
    Show(Vec<Desired>, Mode),
    /// Last good, repaired.
    Keep(Why),
    /// Leave standing, no longer ours.
    Disown(Why),
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
