//! The inventory: what Writ has claimed, owns, or has removed. Only what it lists can be removed.

use crate::bundle::entry::Own;
use crate::digest::Digest;
use crate::mode::Mode;
use crate::name::{Namespace, RuleName};
use crate::object::{ApiVersion, ObjectId};
use crate::outcome::UnitId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An object's identity over time, as the target gives it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Uid(pub Arc<str>);

/// An object's version, as the target gives it: changes with every write.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub Arc<str>);

/// `Claimed -> Owned -> Removed`, or `Disowned`. A claim is written before the object, and an owned row stays until the object is gone,
/// so that a crash between the two orphans nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "state")]
pub enum State {
    /// About to be written.
    Claimed,
    /// Written by us.
    Owned {
        /// The object that we wrote.
        uid: Uid,
    },
    /// Left standing, and ours no longer: a constraint vetoes its unit. Nothing writes it and nothing deletes it; should the
    /// veto end while this very object stands, it is ours again.
    Disowned {
        /// The object that was ours.
        uid: Uid,
        /// Since when it is not.
        at: Timestamp,
    },
    /// Deleted, released or given up by us; the row stays for a day.
    Removed {
        /// When.
        at: Timestamp,
        /// The released hold it went under: such removals do not count towards the next hold.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        released: Option<Digest>,
    },
}

/// What the last write left, as the target told it: by this it knows later whether somebody else has written our part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Written {
    /// The object's version after the write.
    pub version: Version,
    /// The digest of our part of it.
    pub part: Digest,
}

/// What stood before a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Before {
    /// Nothing of ours: what we made is taken away again.
    Nothing,
    /// An object of somebody else's that was taken over: it stays.
    Theirs,
    /// The last good version, by the digest of its copy.
    Version(Digest),
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Which object.
    pub id: ObjectId,
    /// The API version it was written in.
    pub api: ApiVersion,
    /// The rule that wants it.
    pub rule: RuleName,
    /// The namespace of the unit it belongs to; none: the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Namespace>,
    /// Whole or fields.
    pub own: Own,
    /// The digest of the desired object: names the last good copy.
    pub digest: Digest,
    /// Since when the row is in this state; of a claim, when it was last claimed to be written.
    pub since: Timestamp,
    /// Since when the object is no longer wanted, while it lingers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaving: Option<Timestamp>,
    /// The mode under which its unit was last planned: without a bundle, what was not enforced then is not repaired.
    #[serde(default = "enforce", skip_serializing_if = "is_enforce")]
    pub mode: Mode,
    /// What the last write of this very digest left, where the target tells that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<Written>,
    /// What the version replaces, and what comes back in its place: until the transaction that wrote it has ended, and
    /// then as long as it is on trial. A claim without it, which an earlier agent wrote, replaces nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Before>,
    /// Since when the version is on trial: it has still to show that it works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial_since: Option<Timestamp>,
    /// Whether its unit is on its way back to what it replaces: an agent that is cut off there goes on back.
    #[serde(default, skip_serializing_if = "is_false")]
    pub going_back: bool,
    /// Where it stands.
    pub state: State,
}

const fn enforce() -> Mode {
    Mode::Enforce
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_enforce(mode: &Mode) -> bool {
    matches!(mode, Mode::Enforce)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(is: &bool) -> bool {
    !*is
}

/// How long after a claim its object may come to be, though no answer told of it: a kube-apiserver goes on with a request
/// for a minute at most (its `--request-timeout`); the rest is for the round, which claims everything before it writes.
const MAY_BE_MADE: SignedDuration = SignedDuration::from_mins(5);

/// How long the row of a removal stays.
const REMOVED_STAYS: SignedDuration = SignedDuration::from_hours(24);

impl Row {
    /// The unit it belongs to.
    #[must_use]
    pub fn unit(&self) -> UnitId {
        UnitId { rule: self.rule.clone(), namespace: self.unit.clone() }
    }

    /// Whether its object is there, as far as the row knows, or about to be.
    #[must_use]
    pub const fn live(&self) -> bool {
        !matches!(self.state, State::Removed { .. } | State::Disowned { .. })
    }

    /// Whether its object is known to have been written.
    #[must_use]
    pub const fn owned(&self) -> bool {
        matches!(self.state, State::Owned { .. })
    }

    /// The digests of the last good copies that it needs while it is live: of the version that stands, and of the one
    /// that may come back.
    pub fn copies(&self) -> impl Iterator<Item = Digest> {
        let before = match self.replaces {
            Some(Before::Version(digest)) => Some(digest),
            Some(Before::Nothing | Before::Theirs) | None => None,
        };
        [self.digest].into_iter().chain(before).filter(|_| self.live())
    }

    /// Whether the transaction that wrote its version, or was about to, has not ended: an agent that finds it so was cut
    /// off.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.live() && self.replaces.is_some() && self.trial_since.is_none()
    }

    /// Whether it only brings back what stood before.
    #[must_use]
    pub fn only_brings_back(&self) -> bool {
        self.replaces == Some(Before::Version(self.digest))
    }

    /// The row once its transaction has ended: its version is on trial since then, or stands for good.
    #[must_use]
    pub fn ended(self, trial_since: Option<Timestamp>) -> Self {
        let replaces = self.replaces.filter(|_| trial_since.is_some());
        Self { replaces, trial_since, going_back: false, ..self }
    }

    /// Until when an object that is only claimed may come to be, where that is not over: as long the row is not dropped,
    /// although nothing is there.
    #[must_use]
    pub fn may_be_made_until(&self, now: Timestamp) -> Option<Timestamp> {
        let until = self.since.checked_add(MAY_BE_MADE).unwrap_or(Timestamp::MAX);
        (self.state == State::Claimed && now < until).then_some(until)
    }

    /// Whether it speaks of what has ended a day ago.
    #[must_use]
    pub fn expired(&self, now: Timestamp) -> bool {
        matches!(self.state, State::Removed { at, .. } | State::Disowned { at, .. } if now.duration_since(at) >= REMOVED_STAYS)
    }
}

/// All rows, by object. A round is made of many thousand, so those who hold the same rows share them.
pub type Inventory = BTreeMap<ObjectId, Arc<Row>>;
