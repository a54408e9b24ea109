//! `status/inventory.yaml`: the rows, and beside each what only a directory must remember.

use super::layout::Layout;
use super::yaml;
use crate::files;
use crate::target::TargetError;
use policy::digest::Digest;
use policy::object::ObjectId;
use policy::plan::Ends;
use policy::plan::inventory::{Row, Uid};
use serde::{Deserialize, Serialize};
use service::atomic::{self, Access};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const LIMIT: usize = 64 << 20;

/// One row as it stands in the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    #[serde(flatten)]
    pub(super) row: Row,
    /// The object's identity, made at claim: a file has none of its own.
    pub(super) identity: Uid,
    /// What was applied before the claim that still stands: the fields to take back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<Digest>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    api_version: String,
    kind: String,
    rows: Vec<Record>,
}

/// The inventory in memory, and what of it is on disk.
#[derive(Debug, Default)]
pub(super) struct Book {
    records: BTreeMap<ObjectId, Record>,
    written: BTreeMap<ObjectId, Record>,
    version: Option<Digest>,
}

impl Book {
    /// Reads the file; empty where there is none.
    pub(super) fn read(layout: &Layout) -> Result<Self, TargetError> {
        let path = layout.inventory();
        let Some(bytes) = files::read(&path, LIMIT)? else { return Ok(Self::default()) };
        Self::parse(&path, &bytes)
    }

    /// Reads the file again where somebody else wrote it, such as a restored backup.
    pub(super) fn reread(&mut self, layout: &Layout) -> Result<(), TargetError> {
        let path = layout.inventory();
        let bytes = files::read(&path, LIMIT)?;
        if bytes.as_deref().map(Digest::of) != self.version {
            *self = bytes.map_or_else(|| Ok(Self::default()), |bytes| Self::parse(&path, &bytes))?;
        }
        Ok(())
    }

    fn parse(path: &Path, bytes: &[u8]) -> Result<Self, TargetError> {
        let corrupt = |why: String| TargetError::Corrupt(path.to_owned(), why);
        let value = yaml::parse(bytes).map_err(|error| corrupt(error.to_string()))?;
        let document: Document = serde_json::from_value(value).map_err(|error| corrupt(error.to_string()))?;
        let records: BTreeMap<_, _> = document.rows.into_iter().map(|record| (record.row.id.clone(), record)).collect();
        Ok(Self { written: records.clone(), records, version: Some(Digest::of(bytes)) })
    }

    pub(super) fn get(&self, id: &ObjectId) -> Option<&Record> {
        self.records.get(id)
    }

    pub(super) fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.values()
    }

    pub(super) fn put(&mut self, record: Record) {
        self.records.insert(record.row.id.clone(), record);
    }

    pub(super) fn remove(&mut self, id: &ObjectId) {
        self.records.remove(id);
    }

    /// Notes what has ended.
    pub(super) fn ended(&mut self, ends: &Ends) {
        for (id, trial_since) in ends {
            if let Some(record) = self.records.get_mut(id) {
                record.row = record.row.clone().ended(*trial_since);
            }
        }
    }

    /// Whether the disk says of `id` what memory says.
    pub(super) fn stands(&self, id: &ObjectId) -> bool {
        self.records.get(id) == self.written.get(id)
    }

    /// Writes the file where memory says more than the disk. Called before every write that a row speaks of.
    pub(super) fn flush(&mut self, layout: &Layout) -> Result<(), TargetError> {
        if self.records == self.written {
            return Ok(());
        }
        atomic::create_folder_within(&layout.status(), Access::Everyone)?;
        let text = self.text();
        atomic::write(&layout.inventory(), &text, Access::Everyone)?;
        self.version = Some(Digest::of(&text));
        self.written = self.records.clone();
        Ok(())
    }

    /// Removes the file, and with it everything that was ours.
    pub(super) fn give_up(&mut self, layout: &Layout) -> Result<(), TargetError> {
        atomic::remove(&layout.inventory())?;
        *self = Self::default();
        Ok(())
    }

    /// Digests of last good objects that rows need.
    pub(super) fn named(&self) -> BTreeSet<Digest> {
        self.written
            .values()
            .chain(self.records.values())
            .filter(|record| record.row.live())
            .flat_map(|record| record.row.copies().chain(record.before))
            .collect()
    }

    fn text(&self) -> Vec<u8> {
        let rows: Vec<&Record> = self.records.values().collect();
        let document = serde_json::json!({"apiVersion": "writ.dev/v1alpha1", "kind": "Inventory", "rows": rows});
        yaml::print(&document)
    }
}
