//! What an agent sees of its cluster, before anybody asks what is wanted of it.

use crate::digest::Digest;
use crate::facts::Labels;
use crate::health::Health;
use crate::local::Local;
use crate::name::Namespace;
use crate::object::{Object, ObjectId};
use crate::outcome::{Outcome, UnitId};
use crate::plan::inventory::{Inventory, Uid, Version};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// One object that exists, as the target reads it.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// The object; where it stands as applied, that which was applied.
    pub object: Object,
    /// The digest of what was applied last, where the target knows that our part of the object stands exactly as that
    /// left it. A server fills in defaults and writes values its own way, so trees alone do not tell.
    pub as_applied: Option<Digest>,
    /// What somebody else made of our part of it, where the target can tell.
    pub drifted: Option<Drifted>,
    /// Whether it is being deleted, and only what holds it (a finalizer) keeps it.
    pub terminating: bool,
    /// Its identity over time.
    pub uid: Uid,
    /// Its version: changes with every write.
    pub version: Version,
}

/// What somebody else made of our part of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drifted {
    /// The fields that are no longer ours.
    pub fields: Vec<String>,
    /// Who has them now; none: nobody is known.
    pub by: Option<Writer>,
}

/// Somebody who writes to objects, as a server notes it with the fields that they hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writer {
    /// The field manager.
    pub manager: String,
    /// How it wrote: `Apply`, `Update`, or `Update of scale`.
    pub operation: String,
    /// When, as the server wrote it.
    pub at: String,
}

impl fmt::Display for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.manager, self.operation)
    }
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
    pub namespaces: Arc<BTreeMap<Namespace, NamespaceSeen>>,
    /// What the cluster's operators say: overrides, constraints, brakes.
    pub local: Arc<Local>,
    /// Objects of the kinds in use, ours and foreign.
    pub objects: BTreeMap<ObjectId, Observed>,
    /// What Writ has claimed, owns, or has removed.
    pub inventory: Inventory,
    /// Objects in question that could not be looked at, with what that makes of their units.
    pub unseen: BTreeMap<ObjectId, Outcome>,
    /// How objects are whose version has still to show that it works.
    pub health: BTreeMap<ObjectId, Health>,
    /// The last good objects that rows name, by digest, checked against it.
    pub good: BTreeMap<Digest, Object>,
    /// What was refused and is not to be tried again yet: by unit and by what it would have become, what became of it.
    pub refused: BTreeMap<UnitId, BTreeMap<Digest, Outcome>>,
}
