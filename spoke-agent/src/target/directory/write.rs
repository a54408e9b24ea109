//! Steps as files: checked as a server would, the row on disk before the write that it speaks of.

use super::inventory::{Book, Record};
use super::place::place;
use super::read::{self, OBJECT};
use super::{Inner, merge, yaml};
use crate::target::{Refusal, TargetError};
use jiff::Timestamp;
use policy::bundle::entry::Own;
use policy::digest::Digest;
use policy::name::Namespace;
use policy::object::{Identity, Object, ObjectId};
use policy::plan::inventory::{Row, State, Uid, Version};
use policy::plan::{Expects, Step};
use serde_json::Value;
use service::atomic;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// An apply that would be taken: where, what stands there, and what it becomes.
struct Admitted {
    path: PathBuf,
    version: Option<Digest>,
    live: Option<Value>,
    merged: Value,
    bytes: Vec<u8>,
}

impl Inner {
    pub(super) fn dry_run(&self, steps: &[Step]) -> Result<(), Refusal> {
        let mut coming = BTreeSet::new();
        for step in steps {
            if let Step::Apply { object, expects, own, .. } = step {
                self.admit(object, *own, expects, &coming)?;
                coming.insert(object.id().clone());
            }
        }
        Ok(())
    }

    /// Says whether an object was written or removed.
    pub(super) fn step(&mut self, step: &Step, now: Timestamp) -> Result<bool, Refusal> {
        match step {
            Step::Claim(row) => self.claim(row),
            Step::Apply { object, expects, own, .. } => return self.apply(object, *own, expects, now),
            Step::Release { object, after, .. } => return self.release(object, after),
            Step::Delete { id, uid, version, after } => return self.delete(id, uid, version, after),
            Step::Forget(id) => self.book.remove(id),
        }
        Ok(false)
    }

    pub(super) fn settle(&mut self) -> Result<(), TargetError> {
        self.book.flush(&self.layout)
    }

    fn claim(&mut self, row: &Row) {
        let standing = self.book.get(&row.id).filter(|record| stands(record));
        let record = match standing {
            Some(record) if record.row.digest == row.digest => Record { row: row.clone(), ..record.clone() },
            Some(record) => {
                let before = self.applied(record);
                Record { row: row.clone(), identity: record.identity.clone(), before }
            }
            None => Record { row: row.clone(), identity: Uid(self.chance.uid().into()), before: None },
        };
        self.book.put(record);
    }

    /// What was last applied under a row. What a crash left half done counts where its write was done.
    fn applied(&self, record: &Record) -> Option<Digest> {
        let settled = record.before.is_none() && matches!(record.row.state, State::Owned { .. });
        if settled {
            return Some(record.row.digest);
        }
        let meant = self.good.get(&record.row.digest).ok();
        let live = self.live(&record.row.id).ok().flatten().map(|(_, object)| Value::from(object));
        match (meant, live) {
            (Some(meant), Some(live)) if merge::apply(&live, None, meant.tree()) == live => Some(record.row.digest),
            _ => record.before,
        }
    }

    fn apply(&mut self, object: &Object, own: Own, expects: &Expects, now: Timestamp) -> Result<bool, Refusal> {
        let id = object.id();
        let mut record = claimed_first(&self.book, id)?;
        let admitted = self.admit(object, own, expects, &BTreeSet::new())?;
        let differs = admitted.live.as_ref() != Some(&admitted.merged);
        if differs {
            self.record_first(id)?;
            self.write(id, &admitted.path, &admitted.bytes)?;
        } else {
            self.left.insert(id.clone(), admitted.version);
        }
        if matches!(record.row.state, State::Claimed) {
            record.row.state = State::Owned { uid: record.identity.clone() };
            record.row.since = now;
        }
        record.before = None;
        self.book.put(record);
        Ok(differs)
    }

    /// Refuses as a server would: nothing is changed by a look.
    fn admit(
        &self,
        object: &Object,
        own: Own,
        expects: &Expects,
        coming: &BTreeSet<ObjectId>,
    ) -> Result<Admitted, Refusal> {
        let id = object.id();
        let path = self.path(id)?;
        if !self.capabilities.serves(object.api()) {
            return Err(Refusal::NotServed { id: Box::new(id.clone()), api: Box::new(object.api().clone()) });
        }
        let live = self.live(id)?;
        as_expected(id, live.as_ref().map(|(version, _)| *version), expects)?;
        if live.is_none() && own == Own::Fields {
            return Err(Refusal::Changed { id: Box::new(id.clone()) });
        }
        if live.is_none() && !id.namespace.as_ref().is_none_or(|name| self.exists(name, coming)) {
            return Err(Refusal::NoNamespace { id: Box::new(id.clone()) });
        }
        let (version, live) = live.map(|(version, object)| (version, Value::from(object))).unzip();
        let merged = self.merged(live.as_ref(), object);
        let bytes = yaml::print(&merged);
        within_limit(id, bytes.len())?;
        Ok(Admitted { path, version, live, merged, bytes })
    }

    fn merged(&self, live: Option<&Value>, object: &Object) -> Value {
        let last = self.last(object.id());
        let Some(live) = live else { return object.tree().clone() };
        merge::apply(live, last.as_ref().map(Object::tree), object.tree())
    }

    /// What we applied last, whose fields are ours to take back.
    fn last(&self, id: &ObjectId) -> Option<Object> {
        let record = self.book.get(id)?;
        let owned = matches!(record.row.state, State::Owned { .. }).then_some(record.row.digest);
        self.good.get(&record.before.or(owned)?).ok()
    }

    fn release(&mut self, fields: &Object, after: &Row) -> Result<bool, Refusal> {
        let (id, mut differs) = (fields.id(), false);
        if let Some((version, live)) = self.live(id)? {
            let left = merge::release(live.tree(), fields.tree());
            differs = left != *live.tree();
            if differs {
                self.write(id, &self.path(id)?, &yaml::print(&left))?;
            } else {
                self.left.insert(id.clone(), Some(version));
            }
        }
        self.write_after(id, after);
        Ok(differs)
    }

    fn delete(&mut self, id: &ObjectId, uid: &Uid, version: &Version, after: &Row) -> Result<bool, Refusal> {
        let record = claimed_first(&self.book, id)?;
        let live = self.live(id)?;
        if let Some((live, _)) = &live {
            is_the_very_object(id, (&record.identity, uid), (&Version(live.to_string().into()), version))?;
            self.record_first(id)?;
            self.left.insert(id.clone(), None);
            atomic::remove(&self.path(id)?).map_err(|error| unwritable(id, &error))?;
        }
        self.left.insert(id.clone(), None);
        self.write_after(id, after);
        Ok(live.is_some())
    }

    /// Writes an object. What it leaves is known before: a write may fail after its rename, and is taken back by this.
    pub(super) fn write(&mut self, id: &ObjectId, path: &Path, bytes: &[u8]) -> Result<(), Refusal> {
        self.left.insert(id.clone(), Some(Digest::of(bytes)));
        place(path, bytes).map_err(|error| unwritable(id, &error))
    }

    fn write_after(&mut self, id: &ObjectId, after: &Row) {
        let identity = self.book.get(id).map_or_else(|| Uid("".into()), |record| record.identity.clone());
        self.book.put(Record { row: after.clone(), identity, before: None });
    }

    /// Invariant 35: the row stands on disk before the write that it speaks of.
    pub(super) fn record_first(&mut self, id: &ObjectId) -> Result<(), Refusal> {
        if self.book.stands(id) {
            return Ok(());
        }
        self.book.flush(&self.layout).map_err(|error| unwritable(id, &error))
    }

    pub(super) fn path(&self, id: &ObjectId) -> Result<PathBuf, Refusal> {
        self.layout.object(id).map_err(|why| Refusal::BadName { id: Box::new(id.clone()), why })
    }

    /// What stands there now.
    pub(super) fn live(&self, id: &ObjectId) -> Result<Option<(Digest, Object)>, Refusal> {
        let path = self.path(id)?;
        let file = read::one(&path, id.namespace.as_ref(), &self.parsed).or_else(|why| {
            let row = self.book.get(id).filter(|record| stands(record)).map(|record| &record.row);
            let torn = row.and_then(|row| read::torn(&path, row));
            torn.map(Some).ok_or_else(|| Refusal::Unwritable { id: Box::new(id.clone()), why })
        })?;
        Ok(file.map(|file| (file.version, file.object)))
    }

    fn exists(&self, name: &Namespace, coming: &BTreeSet<ObjectId>) -> bool {
        let (kind, name) = ("Namespace".to_owned(), name.as_str().to_owned());
        let id = ObjectId::from(Identity { group: String::new(), kind, namespace: None, name });
        let there = |object: &Object| object.tree().pointer("/metadata/deletionTimestamp").is_none_or(Value::is_null);
        coming.contains(&id) || self.live(&id).ok().flatten().is_some_and(|(_, object)| there(&object))
    }
}

const fn stands(record: &Record) -> bool {
    !matches!(record.row.state, State::Removed { .. })
}

/// Invariant 35: what no row speaks of is neither written nor removed.
fn claimed_first(book: &Book, id: &ObjectId) -> Result<Record, Refusal> {
    let record = book.get(id).filter(|record| stands(record));
    record.cloned().ok_or_else(|| Refusal::Unclaimed { id: Box::new(id.clone()) })
}

/// The version precondition: what was looked at is what is written over.
fn as_expected(id: &ObjectId, live: Option<Digest>, expects: &Expects) -> Result<(), Refusal> {
    let holds = match (live, expects) {
        (None, Expects::Absent) => true,
        (Some(live), Expects::At(version)) => live.to_string() == *version.0,
        _ => false,
    };
    if holds { Ok(()) } else { Err(Refusal::Changed { id: Box::new(id.clone()) }) }
}

/// Invariant 29: a removal is of this very object at this very version.
fn is_the_very_object(id: &ObjectId, uids: (&Uid, &Uid), versions: (&Version, &Version)) -> Result<(), Refusal> {
    if uids.0 == uids.1 && versions.0 == versions.1 {
        Ok(())
    } else {
        Err(Refusal::Changed { id: Box::new(id.clone()) })
    }
}

fn within_limit(id: &ObjectId, size: usize) -> Result<(), Refusal> {
    if size > OBJECT { Err(Refusal::TooLarge { id: Box::new(id.clone()), size, limit: OBJECT }) } else { Ok(()) }
}

pub(super) fn unwritable(id: &ObjectId, error: &(dyn std::error::Error + 'static)) -> Refusal {
    Refusal::Unwritable { id: Box::new(id.clone()), why: service::exit::chain(error) }
}
