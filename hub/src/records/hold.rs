//! Holds: changes that wait for a person, each bound to a digest.

use super::Record;
use crate::store::Actor;
use jiff::Timestamp;
use policy::digest::Digest;
use policy::name::{ClusterName, RuleName};
use policy::object::ObjectId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum HoldKind {
    /// Spokes hold removals above T_prune: all of them the same rows, which is what the digest says.
    Removals {
        /// Whose.
        clusters: BTreeSet<ClusterName>,
        /// What would go: the first of them, sorted.
        objects: Vec<ObjectId>,
        /// How many would go.
        count: u64,
        /// The digest of the rows that the clusters have named: where that is not all of them, it is the only thing
        /// that tells whether another cluster means the same. None: an older Writ took the hold in unchecked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        named: Option<Digest>,
    },
    /// Renderings changed by a new version of Writ alone.
    Rendering {
        /// Which rules, by cluster.
        rules: BTreeMap<ClusterName, BTreeSet<RuleName>>,
        /// The published revision, where it can no longer be read: then all rules are named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unreadable: Option<String>,
    },
    /// Commits that somebody made without the authority for them.
    Changes {
        /// The revision that was accepted before them; none: there was none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// The last of them.
        revision: String,
        /// What was changed by whom: the first of it.
        refused: Vec<String>,
        /// How many changes there are that nobody may make.
        count: u64,
    },
    /// This hub signed heads that its store does not know: it was restored.
    Restored {
        /// The first cluster that showed such a head.
        cluster: ClusterName,
        /// The sequence it showed.
        shown: u64,
        /// The sequence that the store has.
        stored: u64,
    },
}

/// One hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    /// What it is bound to: releasing it lets exactly this pass.
    pub digest: Digest,
    /// What waits.
    #[serde(flatten)]
    pub kind: HoldKind,
    /// Since when.
    pub since: Timestamp,
    /// Who let it pass, once somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<(Actor, Timestamp)>,
    /// When what waited was no longer wanted, if nobody had let it pass before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lapsed: Option<Timestamp>,
}

impl Hold {
    /// Whether it still waits for a person.
    #[must_use]
    pub const fn stands(&self) -> bool {
        self.released.is_none() && self.lapsed.is_none()
    }
}

impl Record for Hold {
    const NAME: &'static str = "hold";
    type Id = Digest;
}
