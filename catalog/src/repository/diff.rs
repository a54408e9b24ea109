//! The paths at which two trees differ.

use super::budget::{Budget, Spent};
use crate::read::MAX_TREE;
use gix::ObjectId;
use gix::objs::tree::EntryKind;
use std::collections::{BTreeMap, BTreeSet};

/// The deepest that folders are compared.
const DEPTH: usize = 64;
/// The most bytes of a path.
const LONGEST: usize = 4096;

/// Why nothing can be told.
pub(super) enum Fault {
    /// The repository is damaged.
    Git(gix::Error),
    /// It is more than may be told, or costs more than it may.
    TooLarge,
}

impl From<gix::Error> for Fault {
    fn from(error: gix::Error) -> Self {
        Self::Git(error)
    }
}

impl From<Spent> for Fault {
    fn from(Spent: Spent) -> Self {
        Self::TooLarge
    }
}

/// What differs so far.
struct Diff<'r> {
    repository: &'r gix::Repository,
    budget: &'r mut Budget,
    paths: BTreeSet<String>,
}

/// One folder's entries; a file's kind is told apart from a link's and a submodule's, not from an executable's.
type Folder = BTreeMap<Vec<u8>, (EntryKind, ObjectId)>;

/// The files at which the trees differ, those in folders of one side among them; none: the empty tree.
pub(super) fn between(
    repository: &gix::Repository,
    one: Option<ObjectId>,
    other: Option<ObjectId>,
    budget: &mut Budget,
) -> Result<BTreeSet<String>, Fault> {
    let mut diff = Diff { repository, budget, paths: BTreeSet::new() };
    diff.trees(one, other, "", 0)?;
    Ok(diff.paths)
}

impl Diff<'_> {
    fn trees(&mut self, one: Option<ObjectId>, other: Option<ObjectId>, at: &str, depth: usize) -> Result<(), Fault> {
        if one == other {
            return Ok(());
        }
        if depth > DEPTH {
            return Err(Fault::TooLarge);
        }
        let (ones, others) = (self.folder(one)?, self.folder(other)?);
        let names: BTreeSet<&Vec<u8>> = ones.keys().chain(others.keys()).collect();
        for name in names {
            let (here, there) = (ones.get(name), others.get(name));
            if here != there {
                let name = String::from_utf8_lossy(name);
                let path = if at.is_empty() { name.into_owned() } else { format!("{at}/{name}") };
                self.entries(here.copied(), there.copied(), &path, depth)?;
            }
        }
        Ok(())
    }

    /// A folder on one side and a file on the other are two things: all that is in the one, and the other.
    fn entries(
        &mut self,
        here: Option<(EntryKind, ObjectId)>,
        there: Option<(EntryKind, ObjectId)>,
        path: &str,
        depth: usize,
    ) -> Result<(), Fault> {
        if path.len() > LONGEST {
            return Err(Fault::TooLarge);
        }
        let tree = |entry: Option<(EntryKind, ObjectId)>| entry.filter(|(kind, _)| *kind == EntryKind::Tree);
        let file = |entry: Option<(EntryKind, ObjectId)>| entry.filter(|(kind, _)| *kind != EntryKind::Tree);
        if file(here) != file(there) {
            self.budget.tells()?;
            self.paths.insert(path.to_owned());
        }
        self.trees(tree(here).map(|(_, id)| id), tree(there).map(|(_, id)| id), path, depth + 1)
    }

    fn folder(&mut self, id: Option<ObjectId>) -> Result<Folder, Fault> {
        let Some(id) = id else { return Ok(Folder::new()) };
        if self.repository.find_header(id)?.size() > MAX_TREE {
            return Err(Fault::TooLarge);
        }
        let tree = self.repository.find_tree(id)?;
        let entries = tree.decode()?.entries;
        self.budget.looks_at(entries.len())?;
        let kind = |kind| if kind == EntryKind::BlobExecutable { EntryKind::Blob } else { kind };
        let entry = |entry: gix::objs::tree::EntryRef<'_>| {
            (entry.filename.to_vec(), (kind(entry.mode.kind()), entry.oid.to_owned()))
        };
        Ok(entries.into_iter().map(entry).collect())
    }
}
