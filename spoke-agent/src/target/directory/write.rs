//! Steps as files: checked as a server would, the row on disk before the write that it speaks of.

use super::inventory::{Book, Record};
use super::layout::{CLUSTER, Layout};
use super::read::{self, OBJECT};
use super::{Inner, merge, yaml};
use crate::target::{Refusal, TargetError};
use jiff::{SignedDuration, Timestamp};
use policy::bundle::entry::Own;
use policy::digest::Digest;
use policy::name::Namespace;
use policy::object::{Object, ObjectId};
use policy::plan::Step;
use policy::plan::inventory::{Row, State, Uid, Version};
use serde_json::Value;
use service::atomic::{self, Access};
use service::fault::FileError;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// How long the row of a removed object stays.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// An apply that would be taken: where, what stands there, and what it becomes.
struct Admitted {
    path: PathBuf,
    live: Option<Value>,
    merged: Value,
    bytes: Vec<u8>,
}

impl Inner {
    pub(super) fn dry_run(&self, steps: &[Step]) -> Result<(), Refusal> {
        let mut coming = BTreeSet::new();
        for step in steps {
            if let Step::Apply { object, expects, .. } = step {
                self.admit(object, expects.as_ref(), &coming)?;
                coming.insert(object.id().clone());
            }
        }
        Ok(())
    }

    pub(super) fn step(&mut self, step: &Step, now: Timestamp) -> Result<(), Refusal> {
        match step {
            Step::Claim(row) => self.claim(row),
            Step::Apply { object, expects, .. } => self.apply(object, expects.as_ref(), now),
            Step::Release(id) => self.release(id),
            Step::Delete { id, uid, version } => self.delete(id, uid, version, now),
            Step::Leave { id, since } => self.leave(id, *since),
        }
    }

    pub(super) fn settle(&mut self, now: Timestamp) -> Result<(), TargetError> {
        self.book.forget(|record| match record.row.state {
            State::Removed { at } => record.removing.is_none() && now.duration_since(at) > REMEMBERED,
            _ => false,
        });
        self.book.flush(&self.layout)
    }

    fn claim(&mut self, row: &Row) -> Result<(), Refusal> {
        let record = match self.book.get(&row.id) {
            Some(record) if !matches!(record.row.state, State::Removed { .. }) => {
                let before = self.applied_before(record);
                Record { row: row.clone(), identity: record.identity.clone(), before, removing: None }
            }
            _ => Record { row: row.clone(), identity: Uid(self.chance.uid()), before: None, removing: None },
        };
        self.book.put(record);
        Ok(())
    }

    /// What was last applied under a row. A claim that a crash left behind counts when its write was done.
    fn applied_before(&self, record: &Record) -> Option<Digest> {
        let claimed = match record.row.state {
            State::Owned { .. } => return Some(record.row.digest),
            _ => self.good.get(&record.row.digest).ok(),
        };
        let live = self.live(&record.row.id).ok().flatten().map(|(_, object)| Value::from(object));
        match (claimed, live) {
            (Some(claimed), Some(live)) if merge::apply(&live, None, claimed.tree()) == live => Some(record.row.digest),
            _ => record.before,
        }
    }

    fn apply(&mut self, object: &Object, expects: Option<&Version>, now: Timestamp) -> Result<(), Refusal> {
        let id = object.id();
        let mut record = claimed_first(&self.book, id)?;
        let admitted = self.admit(object, expects, &BTreeSet::new())?;
        if admitted.live.as_ref() != Some(&admitted.merged) {
            self.record_first(id)?;
            place(&admitted.path, &admitted.bytes).map_err(|error| unwritable(id, &error))?;
        }
        record.row.state = State::Owned { uid: record.identity.clone() };
        record.row.since = now;
        record.before = None;
        self.book.put(record);
        Ok(())
    }

    /// Refuses as a server would: nothing is changed by a look.
    fn admit(
        &self,
        object: &Object,
        expects: Option<&Version>,
        coming: &BTreeSet<ObjectId>,
    ) -> Result<Admitted, Refusal> {
        let id = object.id();
        let path = self.layout.object(id).map_err(|why| Refusal::BadName { id: id.clone(), why })?;
        if !self.capabilities.serves(object.api()) {
            return Err(Refusal::NotServed { id: id.clone(), api: object.api().clone() });
        }
        let (version, live) = self.live(id)?.unzip();
        let version = version.map(|version| Version(version.to_string()));
        as_expected(id, version.as_ref(), expects)?;
        if version.is_none() && !id.namespace.as_ref().is_none_or(|name| self.exists(name, coming)) {
            return Err(Refusal::NoNamespace { id: id.clone() });
        }
        let live = live.map(Value::from);
        let last = self.last(id);
        let merged = live.as_ref().map_or_else(
            || object.tree().clone(),
            |live| merge::apply(live, last.as_ref().map(Object::tree), object.tree()),
        );
        let bytes = yaml::print(&merged);
        if bytes.len() > OBJECT {
            return Err(Refusal::TooLarge { id: id.clone(), size: bytes.len(), limit: OBJECT });
        }
        Ok(Admitted { path, live, merged, bytes })
    }

    /// What we applied last, whose fields are ours to take back.
    fn last(&self, id: &ObjectId) -> Option<Object> {
        let record = self.book.get(id)?;
        let digest = match record.row.state {
            State::Claimed => record.before?,
            State::Owned { .. } => record.row.digest,
            State::Removed { .. } => return None,
        };
        self.good.get(&digest).ok()
    }

    fn release(&mut self, id: &ObjectId) -> Result<(), Refusal> {
        let fields = self.book.get(id).is_some_and(|record| record.row.own == Own::Fields);
        let last = self.last(id).filter(|_| fields);
        if let (Some(last), Some((_, live))) = (last, self.live(id)?) {
            let left = merge::release(live.tree(), last.tree());
            let path = self.layout.object(id).map_err(|why| Refusal::BadName { id: id.clone(), why })?;
            if left != *live.tree() {
                place(&path, &yaml::print(&left)).map_err(|error| unwritable(id, &error))?;
            }
        }
        self.book.remove(id);
        Ok(())
    }

    fn delete(&mut self, id: &ObjectId, uid: &Uid, version: &Version, now: Timestamp) -> Result<(), Refusal> {
        let mut record = claimed_first(&self.book, id)?;
        let live = self.live(id)?.map(|(version, _)| version);
        let same = live.is_none_or(|live| Version(live.to_string()) == *version);
        if record.identity != *uid || !same {
            return Err(Refusal::Changed { id: id.clone() });
        }
        record.row.state = State::Removed { at: now };
        record.row.since = now;
        record.removing = live;
        self.book.put(record.clone());
        self.record_first(id)?;
        let path = self.layout.object(id).map_err(|why| Refusal::BadName { id: id.clone(), why })?;
        atomic::remove(&path).map_err(|error| unwritable(id, &error))?;
        record.removing = None;
        self.book.put(record);
        Ok(())
    }

    fn leave(&mut self, id: &ObjectId, since: Timestamp) -> Result<(), Refusal> {
        let mut record = claimed_first(&self.book, id)?;
        record.row.leaving = Some(since);
        self.book.put(record);
        Ok(())
    }

    /// Invariant 35: the row stands on disk before the write that it speaks of.
    fn record_first(&mut self, id: &ObjectId) -> Result<(), Refusal> {
        if self.book.stands(id) {
            return Ok(());
        }
        self.book.flush(&self.layout).map_err(|error| unwritable(id, &error))
    }

    fn live(&self, id: &ObjectId) -> Result<Option<(Digest, Object)>, Refusal> {
        let path = self.layout.object(id).map_err(|why| Refusal::BadName { id: id.clone(), why })?;
        let file = read::one(&path, id.namespace.as_ref(), &self.parsed);
        let file = file.map_err(|why| Refusal::Unwritable { id: id.clone(), why })?;
        Ok(file.map(|file| (file.version, file.object)))
    }

    fn exists(&self, name: &Namespace, coming: &BTreeSet<ObjectId>) -> bool {
        let (kind, name) = ("Namespace".to_owned(), name.as_str().to_owned());
        let id = ObjectId { group: String::new(), kind, namespace: None, name };
        let there = |object: &Object| object.tree().pointer("/metadata/deletionTimestamp").is_none_or(Value::is_null);
        coming.contains(&id) || self.live(&id).ok().flatten().is_some_and(|(_, object)| there(&object))
    }
}

/// Invariant 35: what no row speaks of is neither written nor removed.
fn claimed_first(book: &Book, id: &ObjectId) -> Result<Record, Refusal> {
    let standing = |record: &&Record| !matches!(record.row.state, State::Removed { .. });
    book.get(id).filter(standing).cloned().ok_or_else(|| Refusal::Unclaimed { id: id.clone() })
}

/// The version precondition: what was looked at is what is written over.
fn as_expected(id: &ObjectId, live: Option<&Version>, expects: Option<&Version>) -> Result<(), Refusal> {
    if live == expects { Ok(()) } else { Err(Refusal::Changed { id: id.clone() }) }
}

fn place(path: &Path, bytes: &[u8]) -> Result<(), TargetError> {
    if let Some(folder) = path.parent() {
        match std::fs::symlink_metadata(folder) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(TargetError::Corrupt(folder.to_owned(), "it is not a folder".to_owned())),
            Err(_) => atomic::create_folder(folder, Access::Everyone)?,
        }
    }
    Ok(atomic::write(path, bytes, Access::Everyone)?)
}

fn unwritable(id: &ObjectId, error: &(dyn std::error::Error + 'static)) -> Refusal {
    Refusal::Unwritable { id: id.clone(), why: service::exit::chain(error) }
}

/// Finishes removals that a crash interrupted: the row speaks of the very bytes that were to go.
pub(super) fn finish_removals(layout: &Layout, book: &mut Book) -> Result<(), TargetError> {
    let half: Vec<Record> = book.records().filter(|record| record.removing.is_some()).cloned().collect();
    for mut record in half {
        let Ok(path) = layout.object(&record.row.id) else { continue };
        let stands = crate::files::read(&path, OBJECT).ok().flatten().map(|bytes| Digest::of(&bytes));
        if stands.is_some() && stands == record.removing {
            atomic::remove(&path)?;
        }
        record.removing = None;
        book.put(record);
    }
    book.flush(layout)
}

/// Removes temporary files that a killed process left.
pub(super) fn sweep(layout: &Layout) -> Result<(), FileError> {
    let mut folders = vec![layout.status(), layout.objects().join(CLUSTER)];
    if let Ok(entries) = std::fs::read_dir(layout.objects()) {
        let real = |entry: &std::fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
        folders.extend(entries.flatten().filter(real).map(|entry| entry.path()));
    }
    folders.iter().filter(|folder| folder.is_dir()).try_for_each(|folder| atomic::sweep(folder))
}
