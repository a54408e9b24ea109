//! What rows say of objects, and what is noted in them.

use super::kinds::known;
use super::left::Left;
use super::served::Kind;
use super::write::Apply;
use super::{Inner, manager, part};
use jiff::Timestamp;
use policy::digest::Digest;
use policy::object::{ApiVersion, ObjectId};
use policy::plan::inventory::{Before, Row, State, Uid, Written};
use serde_json::Value;
use std::collections::BTreeMap;

impl Inner {
    /// Of a row that says no longer which object is ours, it is remembered.
    pub(super) fn claim(&mut self, row: &Row) {
        if let Some(uid) = self.owned(&row.id).filter(|_| row.state == State::Claimed) {
            self.uids.insert(row.id.clone(), uid);
        }
        self.book.put(row.clone());
    }

    /// Drops a row, unless what it speaks of was deleted just now and something holds it: that stays ours until it is gone.
    pub(super) fn forget(&mut self, id: &ObjectId) {
        if self.left.get(id) != Some(&Left::Held) {
            self.book.remove(id);
        }
    }

    /// Forgets the objects that were ours of rows that are not Claimed, or that nobody asks about any more.
    pub(super) fn prune_uids(&mut self, at: &BTreeMap<&ObjectId, &ApiVersion>) {
        let is_claimed = |id: &ObjectId| self.book.get(id).is_some_and(|row| row.state == State::Claimed);
        self.uids.retain(|id, _| at.contains_key(id) && is_claimed(id));
    }

    /// Notes what an apply left: in the row, and for the watch, which need not tell it.
    pub(super) fn wrote(&mut self, apply: Apply<'_>, left: &Value, now: Timestamp) {
        let (id, Some(known)) = (apply.object.id(), known(left)) else { return };
        self.left.insert(id.clone(), Left::At(known.version.clone()));
        self.uids.remove(id);
        let part = part::digest(left, &manager(apply.own, apply.rule));
        if let Some(mut row) = self.book.get(id).cloned() {
            let is_new = !matches!(&row.state, State::Owned { uid } if *uid == known.uid);
            row.since = if is_new { now } else { row.since };
            row.state = State::Owned { uid: known.uid.clone() };
            row.written = part.map(|part| Written { version: known.version.clone(), part });
            self.book.put(row);
        }
        self.kinds.wrote(&Kind::of(id, apply.object.api()), id, known);
    }

    /// Our object that an apply brings back, by its uid. All of its fields were ours, so they are taken back whatever its
    /// version is by now: somebody who writes it all the time does not keep us from that.
    pub(super) fn repairs(&self, apply: &Apply<'_>) -> Option<Uid> {
        let row = self.book.get(apply.object.id())?;
        match &row.state {
            State::Owned { uid } if row.written.is_some() && row.digest == apply.object.digest() => Some(uid.clone()),
            _ => None,
        }
    }

    /// The digest of what we applied last, as the row tells it: one that is claimed for another version, of which nothing
    /// is written yet, says what that replaces.
    pub(super) fn last_applied(&self, id: &ObjectId) -> Option<Digest> {
        let row = self.book.get(id).filter(|row| row.owned())?;
        if !row.is_open() || row.written.is_some() {
            return Some(row.digest);
        }
        match row.replaces {
            Some(Before::Version(before)) => Some(before),
            _ => None,
        }
    }

    /// The uid of the object that is ours, as its row has it.
    pub(super) fn owned(&self, id: &ObjectId) -> Option<Uid> {
        match self.book.get(id).map(|row| &row.state) {
            Some(State::Owned { uid }) => Some(uid.clone()),
            _ => None,
        }
    }
}
